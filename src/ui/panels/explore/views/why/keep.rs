//! What can be taken along: the picture of the words, the weights of all maps, and how they stood the trial.

use std::sync::Arc;

use egui::{Ui, UiBuilder, pos2, vec2};

use super::map::{pieces, words};
use super::{Why, weight_words};
use crate::inspect::why::{Explanation, Method, Trial, Unit};
use crate::ui::picture::Picture;
use crate::ui::saving::Saving;
use crate::ui::theme::Palette;
use crate::ui::widgets::save::save_menu;
use crate::ui::widgets::text;
use crate::ui::widgets::word_bars::{self, Word, word_bars};
use crate::ui::{Cx, format};

const WIDTH: f32 = 860.0;
const MARGIN: f32 = 16.0;
/// Room for the title and the legend.
const HEAD: f32 = 56.0;

/// How a file is made once it is chosen.
type Make = Box<dyn Fn() -> Saving>;

/// All that a picture is drawn from.
struct Subject {
    found: Arc<Explanation>,
    pieces: bool,
    title: String,
}

impl Why {
    pub(super) fn save_ui(&self, ui: &mut Ui, found: &Arc<Explanation>, cx: &mut Cx<'_>) {
        let model = cx.workspace.explore.model.as_deref().map_or_else(String::new, format::file_name);
        let explained = &found.explained;
        let at = if explained.word.is_empty() { String::new() } else { format!(" at {}", explained.word.trim()) };
        let title = format!(
            "{model} · {}{at} {} · {}",
            explained.label,
            weight_words(explained.score),
            found.map.method.title()
        );
        let subject = Arc::new(Subject { found: found.clone(), pieces: self.pieces, title });
        let maps: Vec<Arc<Explanation>> =
            Method::ALL.iter().filter_map(|method| self.known.map(self.ways, *method).cloned()).collect();
        let trial = self.known.trial(self.ways).cloned();
        let dark = cx.palette.dark;
        let mut forms: Vec<(&str, Make)> = vec![
            ("Picture as SVG…", {
                let subject = subject.clone();
                Box::new(move || Saving::svg("why", subject.picture(dark)))
            }),
            ("Picture as PNG…", Box::new(move || Saving::png("why", subject.picture(dark)))),
            ("Words as CSV…", {
                Box::new(move || {
                    let maps = maps.clone();
                    Saving::csv("words", move || words_table(&maps))
                })
            }),
        ];
        if let Some(trial) = trial {
            forms.push((
                "Trial as CSV…",
                Box::new(move || {
                    let trial = trial.clone();
                    Saving::csv("trial", move || trial_table(&trial))
                }),
            ));
        }
        let forms: Vec<(&str, &dyn Fn() -> Saving)> = forms.iter().map(|(name, make)| (*name, &**make)).collect();
        save_menu(ui, cx, &forms);
    }
}

impl Subject {
    fn words(&self) -> Vec<Word<'_>> {
        if self.pieces { pieces(&self.found) } else { words(&self.found, None) }
    }

    fn picture(self: &Arc<Self>, dark: bool) -> Picture {
        let room = word_bars::room(&self.words(), WIDTH);
        let size = vec2(WIDTH + 2.0 * MARGIN, room + HEAD + 2.0 * MARGIN);
        let subject = self.clone();
        Picture { size, dark, draw: Arc::new(move |ui, palette| subject.draw(ui, size, palette)) }
    }

    fn draw(&self, ui: &mut Ui, size: egui::Vec2, palette: &Palette) {
        let inside = egui::Rect::from_min_max(pos2(MARGIN, MARGIN), (size - vec2(MARGIN, MARGIN)).to_pos2());
        ui.scope_builder(UiBuilder::new().max_rect(inside), |ui| {
            ui.label(text::strong(&self.title, palette));
            ui.horizontal(|ui| {
                let name = text::short_name(&self.found.explained.label, 18);
                word_bars::legend(ui, &format!("for {name}"), "against it", palette);
            });
            let words = self.words();
            let largest = words.iter().map(|word| word.weight.abs()).fold(0.0, f64::max);
            word_bars(ui, &words, largest, palette);
        });
    }
}

/// A row for each word with the weight that each map gives it.
fn words_table(maps: &[Arc<Explanation>]) -> Vec<Vec<String>> {
    let titles = maps.iter().map(|found| found.map.method.title().to_owned());
    let head = ["text", "start", "end", "word"].map(str::to_owned).into_iter().chain(titles).collect();
    let units = maps.first().map_or(&[][..], |found| &found.units);
    let row = |(place, unit): (usize, &Unit)| {
        let at = unit.place;
        let own = [at.sequence.to_string(), at.start.to_string(), at.end.to_string(), unit.word.clone()];
        let weights = maps.iter().map(|found| found.map.words.get(place).map_or_else(String::new, f64::to_string));
        own.into_iter().chain(weights).collect()
    };
    std::iter::once(head).chain(units.iter().enumerate().map(row)).collect()
}

/// A row for each point of the curves.
fn trial_table(trial: &Trial) -> Vec<Vec<String>> {
    let curves: Vec<_> = trial.maps.iter().chain([&trial.random]).collect();
    let title = |map: usize| Method::ALL.get(map).map_or("Chance", |one| one.title());
    let names = |what: &str| (0..curves.len()).map(|map| format!("{} {what}", title(map))).collect::<Vec<String>>();
    let head = std::iter::once("words".to_owned()).chain(names("hidden")).chain(names("kept")).collect();
    let row = |(point, count): (usize, &usize)| {
        let hidden = curves.iter().map(|curve| curve.deleted[point].to_string());
        let kept = curves.iter().map(|curve| curve.kept[point].to_string());
        std::iter::once(count.to_string()).chain(hidden).chain(kept).collect()
    };
    std::iter::once(head).chain(trial.counts.iter().enumerate().map(row)).collect()
}

//! What can be taken along: the picture as it is drawn, whole, and its numbers; and what all heads do.

use std::sync::Arc;
use std::time::Duration;

use egui::{Ui, pos2, vec2};

use super::lines::{self, End};
use super::running::{self, Way};
use super::shown::{Of, Shown};
use super::{AttentionView, Drawn, matrix, score};
use crate::inspect::attention::{Figures, Parts, Role, Seen, Units};
use crate::ui::picture::Picture;
use crate::ui::saving::Saving;
use crate::ui::theme::{self, Palette, size};
use crate::ui::widgets::save::save_menu;
use crate::ui::widgets::slice::Slice;
use crate::ui::{Cx, format};

/// Room around a picture, and for its title.
const MARGIN: f32 = 16.0;
const TITLE: f32 = 30.0;

/// All that a picture is drawn from.
#[derive(Clone)]
struct Subject {
    of: Of,
    seen: Arc<Seen>,
    title: String,
    drawn: Drawn,
    line: Option<End>,
    running: usize,
    way: Way,
    /// What a score is made of, and the share that comes of it.
    score: Option<(Arc<Parts>, Option<f32>)>,
}

impl AttentionView {
    pub(super) fn save_ui(&self, ui: &mut Ui, seen: &Arc<Seen>, cx: &mut Cx<'_>) {
        let Some(square) = self.square() else { return };
        let model = cx.workspace.explore.model.as_deref().map_or_else(String::new, format::file_name);
        let place = self.place_words();
        let least = (self.least / 100.0) as f32;
        let of = Of { square: square.clone(), lens: self.lens, least, dark: cx.palette.dark };
        let subject = Subject {
            of,
            seen: seen.clone(),
            title: format!("{model} · {place}"),
            drawn: self.drawn,
            line: self.line,
            running: self.running,
            way: self.way,
            score: self
                .parts_of(seen)
                .map(|parts| (parts, square.get(self.pair.0 * seen.tokens.count() + self.pair.1).copied())),
        };
        let name = format!("attention {}", place.to_lowercase());
        let (lens, tokens) = (self.lens, seen.clone());
        let made: [(&str, &dyn Fn() -> Saving); 4] = [
            ("Picture as SVG…", &|| Saving::svg(&name, subject.picture())),
            ("Picture as PNG…", &|| Saving::png(&name, subject.picture())),
            ("Numbers as CSV…", &|| {
                let (square, tokens) = (square.clone(), tokens.clone());
                Saving::csv(&name, move || numbers(&Units::of(&tokens.tokens, lens), &square))
            }),
            ("What heads do as CSV…", &|| {
                let (figures, heads) = (self.roles.figures(seen).to_vec(), seen.heads);
                Saving::csv("heads", move || heads_table(&figures, heads))
            }),
        ];
        save_menu(ui, cx, &made);
    }
}

impl Subject {
    fn shown(&self) -> Shown {
        Shown::new(self.of.clone(), &self.seen.tokens)
    }

    fn picture(&self) -> Picture {
        let shown = self.shown();
        let own = match self.drawn {
            Drawn::Matrix => matrix::size_of(&shown),
            Drawn::Lines => lines::size_of(&shown),
            Drawn::Text => running::size_of(&shown),
            Drawn::Score => vec2(720.0, 420.0),
        };
        let size = vec2(own.x.max(360.0), own.y) + vec2(2.0 * MARGIN, 2.0 * MARGIN + TITLE);
        let subject = self.clone();
        Picture { size, dark: self.of.dark, draw: Arc::new(move |ui, palette| subject.draw(ui, palette)) }
    }

    fn draw(&self, ui: &mut Ui, palette: &Palette) {
        let mut shown = self.shown();
        shown.build(ui.ctx(), palette, &mut Slice::of(Duration::MAX));
        let painter = ui.ctx().layer_painter(egui::LayerId::background());
        let font = theme::semibold(size::BODY);
        painter.text(pos2(MARGIN, MARGIN), egui::Align2::LEFT_TOP, &self.title, font, palette.text);
        let at = pos2(MARGIN, MARGIN + TITLE);
        match self.drawn {
            Drawn::Matrix => matrix::paint_whole(&painter, &shown, at, palette),
            Drawn::Lines => lines::paint_whole(&painter, &shown, at, self.line, palette),
            Drawn::Text => running::paint_whole(&painter, &shown, at, self.way, self.running),
            Drawn::Score => {
                let place = egui::Rect::from_min_size(at, vec2(720.0, 420.0));
                let mut inside = ui.new_child(egui::UiBuilder::new().max_rect(place));
                if let Some((parts, share)) = &self.score {
                    score::ui(&mut inside, parts, *share, palette);
                }
            }
        }
    }
}

/// The numbers of a square: a row for each that looks, with a column for each that is looked at.
fn numbers(units: &Units, square: &[f32]) -> Vec<Vec<String>> {
    let labels = units.all.iter().map(|unit| unit.label.clone());
    let head: Vec<String> = std::iter::once("from".to_owned()).chain(labels).collect();
    let row = |from: usize| {
        let values =
            units.row(square, from).into_iter().map(|value| value.map_or_else(String::new, |value| value.to_string()));
        std::iter::once(units.all[from].label.clone()).chain(values).collect()
    };
    std::iter::once(head).chain((0..units.all.len()).map(row)).collect()
}

/// A row for each head, of which the first of the first layer is 1 and 1: what it does most, and its figure for everything that heads do.
fn heads_table(figures: &[Figures], heads: usize) -> Vec<Vec<String>> {
    let names = Role::ALL.iter().map(|role| role.name().to_owned());
    let head = ["layer", "head", "does"].map(str::to_owned).into_iter().chain(names).collect();
    let row = |(place, figures): (usize, &Figures)| {
        let does = figures.main().map_or_else(String::new, |role| role.name().to_owned());
        let value = |role: &Role| {
            let figure = figures.of(*role);
            if figure.of == 0 { String::new() } else { figure.mean().to_string() }
        };
        let own = [(place / heads + 1).to_string(), (place % heads + 1).to_string(), does];
        own.into_iter().chain(Role::ALL.iter().map(value)).collect()
    };
    std::iter::once(head).chain(figures.iter().enumerate().map(row)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inspect::attention::{Gaze, Kind, Lens, Tokens};

    fn tokens() -> Tokens {
        Tokens {
            names: vec!["[CLS]".into(), "a, b".into(), "[SEP]".into()],
            letters: vec![String::new(), "a, b".into(), String::new()],
            words: vec![None, Some(0), None],
            sides: vec![None, Some(0), None],
            kinds: vec![Kind::First, Kind::Word, Kind::Separator],
            touches: vec![false; 3],
            cut: 0,
            has_sides: false,
        }
    }

    #[test]
    fn numbers_are_written_as_they_are() {
        let square = [0.1, 0.2, 0.7, 1.0 / 3.0, 0.0, 2.0 / 3.0, 1e-9, 0.5, 0.5];
        let rows = numbers(&Units::of(&tokens(), Lens::default()), &square);
        assert_eq!(rows[0], ["from", "[CLS]", "a, b", "[SEP]"]);
        for (from, row) in rows[1..].iter().enumerate() {
            let read: Vec<f32> = row[1..].iter().map(|cell| cell.parse().unwrap()).collect();
            assert_eq!(read, square[from * 3..from * 3 + 3], "to the bit");
        }
        let words = numbers(&Units::of(&tokens(), Lens { no_specials: true, ..Lens::default() }), &square);
        assert_eq!(words, [vec!["from".to_owned(), "a, b".into()], vec!["a, b".into(), "0".into()]]);
    }

    #[test]
    fn every_head_has_its_figures() {
        let figures = Gaze::of(&tokens()).figures(&[0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 1.0, 0.0, 0.0]);
        let rows = heads_table(&[figures, figures], 2);
        assert_eq!((rows.len(), &rows[2][..3]), (3, &["1".to_owned(), "2".into(), "previous".into()][..]));
        let of = |role: Role| &rows[1][3 + role as usize];
        assert_eq!(
            (of(Role::Previous).as_str(), of(Role::Separator).as_str(), of(Role::SameWord).as_str()),
            ("1", "0", "")
        );
    }
}

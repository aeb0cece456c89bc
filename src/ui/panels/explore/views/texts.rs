//! Whole texts and pairs of texts: a bar for each class or label, or a number.

use egui::{Label, RichText, ScrollArea, Ui};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::inspect::{AnyInquiry, Prediction, Question, Reply, Subject};
use crate::task::Task;
use crate::ui::panels::explore::colours::Classes;
use crate::ui::panels::explore::keeping::{self, Unread};
use crate::ui::panels::explore::samples;
use crate::ui::panels::explore::text_box::TextBox;
use crate::ui::panels::explore::told::{self, Told};
use crate::ui::panels::explore::view::{Changed, Kind, View, beside, tried};
use crate::ui::panels::explore::words::Words;
use crate::ui::theme::{self, Palette, size};
use crate::ui::tiles::{Layout, Pane};
use crate::ui::widgets::bars::{Bar, bars};
use crate::ui::widgets::{Button, text};
use crate::ui::{Cx, format};

pub const KIND: Kind = Kind {
    name: "",
    title: "",
    heads: &[Task::Classify, Task::MultiLabel, Task::Regress],
    make: || Box::new(Texts::default()),
};

const TEXT: Pane = Pane::new("text", "Text");
const ANSWER: Pane = Pane::new("answer", "Prediction");

/// Classes that are shown before the rest is asked for.
const FIRST: usize = 12;

#[derive(Debug)]
struct Texts {
    text_box: TextBox,
    told: Told,
    head: Task,
    all_classes: bool,
}

/// What is kept of it.
#[derive(Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Kept {
    all_classes: bool,
}

impl Default for Texts {
    fn default() -> Self {
        let text_box = TextBox::of(samples::SENTENCES[0]);
        Self { text_box, told: Told::default(), head: Task::Classify, all_classes: false }
    }
}

impl View for Texts {
    fn layout(&self) -> Layout {
        beside(vec![(1.1, TEXT.into()), (1.0, ANSWER.into())], tried())
    }

    fn pane_ui(&mut self, pane: Pane, ui: &mut Ui, cx: &mut Cx<'_>) -> Changed {
        match pane {
            TEXT => return self.text_box.ui(ui, cx, Some(self.head), false, &self.told),
            _ => self.answer_ui(ui, cx),
        }
        Changed::No
    }

    fn turn_to(&mut self, head: Task) {
        self.head = head;
    }

    fn wanted(&self, _: &Words) -> Option<AnyInquiry> {
        self.words().map(|words| words.ask(self.head))
    }

    fn told(&mut self) -> Option<&mut Told> {
        Some(&mut self.told)
    }

    fn words(&self) -> Option<Words> {
        self.text_box.words.clone().unless_blank()
    }

    fn set(&mut self, words: Words) {
        self.text_box.words = words;
    }

    fn kept(&self, _: &Words) -> Map<String, Value> {
        keeping::written(&Kept { all_classes: self.all_classes })
    }

    fn restore(&mut self, kept: Map<String, Value>, _: &Words) -> Result<(), Unread> {
        Kept { all_classes: self.all_classes } = keeping::read(kept)?;
        Ok(())
    }

    fn samples(&self, _: &Subject) -> Vec<Words> {
        samples::alone(&samples::SENTENCES)
    }

    fn verdict(&self, reply: &Reply) -> (String, String) {
        match reply.to::<Question>().map(|answer| &answer.result) {
            Some(Prediction::Classes(classes)) => {
                classes.first().map_or_else(Default::default, |(name, share)| (name.clone(), format::percent(*share)))
            }
            Some(Prediction::Labels(labels)) => {
                let given: Vec<&str> =
                    labels.iter().filter(|one| one.applies()).map(|one| one.label.as_str()).collect();
                (if given.is_empty() { "no label".into() } else { given.join(", ") }, String::new())
            }
            Some(Prediction::Value(value)) => (format!("{value:.3}"), String::new()),
            _ => <_>::default(),
        }
    }
}

impl Texts {
    fn answer_ui(&mut self, ui: &mut Ui, cx: &Cx<'_>) {
        let palette = cx.palette;
        if !told::begin(ui, cx, &self.told, &self.text_box.words) {
            return;
        }
        match self.told.answer().map(|answer| &answer.result) {
            Some(Prediction::Classes(classes)) => {
                let lines = classes.iter().enumerate().map(|(rank, (name, share))| Line {
                    name,
                    share: *share,
                    strong: rank == 0,
                    mark: None,
                });
                let lines: Vec<Line<'_>> = lines.collect();
                let first = lines.first().map(|line| (line.name, line.share));
                list_ui(ui, &self.told, &lines, first, &mut self.all_classes, palette);
            }
            Some(Prediction::Labels(labels)) => {
                let lines = labels.iter().map(|one| Line {
                    name: &one.label,
                    share: one.share,
                    strong: one.applies(),
                    mark: Some(f64::from(one.threshold)),
                });
                let lines: Vec<Line<'_>> = lines.collect();
                list_ui(ui, &self.told, &lines, None, &mut self.all_classes, palette);
            }
            Some(Prediction::Value(value)) => self.told.head_ui(ui, palette, |ui| {
                ui.label(RichText::new(format!("{value:.3}")).font(theme::number_medium(28.0)).color(palette.text));
            }),
            _ => {}
        }
    }
}

/// A class or a label in the list.
struct Line<'a> {
    name: &'a str,
    share: f64,
    /// Said of the text.
    strong: bool,
    /// The share from which on a label applies.
    mark: Option<f64>,
}

/// `first` is the class that the text is said to be; of labels it is told how many apply.
fn list_ui(
    ui: &mut Ui,
    told: &Told,
    lines: &[Line<'_>],
    first: Option<(&str, f64)>,
    all: &mut bool,
    palette: &Palette,
) {
    // Colours belong to names, not to ranks, so that a bar keeps its colour when the order changes.
    let classes = Classes::new(lines.iter().map(|line| line.name));
    let color = |name: &str| classes.color(name, palette.accent, palette);
    told.head_ui(ui, palette, |ui| {
        if let Some((name, share)) = first {
            let label = RichText::new(name).font(theme::semibold(size::TITLE)).color(color(name));
            ui.add(Label::new(label).truncate());
            ui.label(RichText::new(format::percent(share)).font(theme::number(size::HEAD)).color(palette.text_dim));
        } else {
            let given = lines.iter().filter(|line| line.strong).count();
            let words = format::plural(given as u64, "label", "labels");
            ui.label(text::head(words, palette));
        }
    });
    ui.add_space(4.0);
    let shown = if *all { lines.len() } else { lines.len().min(FIRST) };
    let list: Vec<Bar<'_>> = lines[..shown]
        .iter()
        .map(|one| Bar { mark: one.mark, ..Bar::of(one.name, one.share, color(one.name), one.strong) })
        .collect();
    ScrollArea::vertical().id_salt("classes said").auto_shrink([false, false]).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 2.0;
        bars(ui, &list, ui.available_width() * 0.35, false, palette);
        if lines.len() > FIRST {
            let words = if *all {
                "Show fewer classes".into()
            } else {
                format!("Show {} more classes", format::count((lines.len() - FIRST) as u64))
            };
            if Button::new(words).quiet().small().show(ui, palette).clicked() {
                *all = !*all;
            }
        }
    });
}

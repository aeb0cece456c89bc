//! The box to write a text in, and a second one where there is a pair: with the rows of the loaded data, what these say,
//! and below it how the model reads what is written.

use egui::{Label, ScrollArea, Ui};
use egui_material_icons::icons::{ICON_ADD, ICON_BATCH_PREDICTION, ICON_CLOSE, ICON_SWAP_VERT};

use super::rows::DataRows;
use super::tokens;
use super::told::Told;
use super::view::Changed;
use super::words::Words;
use crate::inspect::gold::Gold;
use crate::inspect::{Prediction, Request};
use crate::task::Task;
use crate::ui::theme::Palette;
use crate::ui::widgets::line;
use crate::ui::widgets::marked::{self, Look, Mark};
use crate::ui::widgets::{Button, Chip, state, text};
use crate::ui::{Cx, format};

/// Height of a field at least, and of the line below.
const LEAST_BOX: f32 = 44.0;
const LEAST_BELOW: f32 = 38.0;
/// Height of what is said of a text that is not what the model learned from.
const ODD: f32 = 22.0;

#[derive(Debug, Default)]
pub struct TextBox {
    pub words: Words,
    rows: DataRows,
    /// What the data say, and of which words.
    gold: Option<(Words, Gold)>,
}

impl TextBox {
    pub fn of(text: &str) -> Self {
        Self { words: Words::of(text), ..Self::default() }
    }

    /// What the data say of the words as they are now.
    pub fn gold(&self) -> Option<&Gold> {
        self.gold.as_ref().filter(|(words, _)| *words == self.words).map(|(_, gold)| gold)
    }

    /// The field for the text.
    pub fn field_ui(&mut self, ui: &mut Ui, look: &Look<'_>, marks: &[Mark], palette: &Palette) -> Changed {
        let typed = marked::editor(ui, &mut self.words.text, look, marks, palette).changed;
        if typed { Changed::Typed } else { Changed::No }
    }

    /// The rows of the data, where some for this task are loaded. Returns whether one was taken.
    pub fn rows_ui(&mut self, ui: &mut Ui, cx: &Cx<'_>, head: Task) -> bool {
        let Some(row) = self.rows.ui(ui, cx, head) else { return false };
        self.words = Words { text: row.text, pair: row.pair };
        self.gold = Some((self.words.clone(), row.gold));
        true
    }

    /// Returns whether the text was taken away.
    pub fn clear_ui(&mut self, ui: &mut Ui, palette: &Palette) -> bool {
        let clears = !self.words.text.is_empty()
            && Button::new("Clear").quiet().small().name("Clear the text").show(ui, palette).clicked();
        if clears {
            self.words.text.clear();
        }
        clears
    }

    /// What stands below a field: rows of the data, a way to begin anew, and how long the answer took. Returns whether
    /// another text was chosen.
    pub fn below_ui(&mut self, ui: &mut Ui, cx: &Cx<'_>, head: Task, told: &Told) -> bool {
        let taken = self.rows_ui(ui, cx, head);
        let cleared = self.clear_ui(ui, cx.palette);
        if told.answer_to(&self.words).is_some() {
            line::right(ui, |ui| told.millis_ui(ui, cx.palette));
        }
        taken | cleared
    }

    /// The whole part: one text or two, or always two. `told` is what was said of them last. Where there is no room for all
    /// of it, it is scrolled.
    pub fn ui(&mut self, ui: &mut Ui, cx: &Cx<'_>, head: Option<Task>, always_two: bool, told: &Told) -> Changed {
        if always_two {
            self.words.pair.get_or_insert_default();
        }
        let boxes = if self.words.pair.is_some() { 2.0 } else { 1.0 };
        if ui.available_height() >= LEAST_BELOW + boxes * (LEAST_BOX + 8.0) {
            return self.whole_ui(ui, cx, head, always_two, told);
        }
        let scrolled = ScrollArea::vertical().id_salt("text to try").auto_shrink([false, false]);
        scrolled.show(ui, |ui| self.whole_ui(ui, cx, head, always_two, told)).inner
    }

    fn whole_ui(&mut self, ui: &mut Ui, cx: &Cx<'_>, head: Option<Task>, always_two: bool, told: &Told) -> Changed {
        let palette = cx.palette;
        // In a small window the tokens give way to the text.
        let has_room = ui.available_height() > if self.words.pair.is_some() { 260.0 } else { 170.0 };
        let answer = told.answer_to(&self.words).filter(|answer| has_room && !answer.tokens.is_empty());
        let misfit = self.misfit(cx, head);
        let below = LEAST_BELOW + if has_room { 84.0 } else { 0.0 } + if misfit.is_some() { ODD } else { 0.0 };
        let mut changed = self.fields_ui(ui, below, palette);
        if let Some(misfit) = misfit {
            ui.add(Label::new(text::small(state::sentence(misfit), palette).color(palette.warn)).wrap());
        }
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 4.0;
            let pressed = self.buttons_ui(ui, always_two, palette);
            let file = Button::new("A file…").icon(ICON_BATCH_PREDICTION).quiet().small().name("Predict a whole file");
            if head.is_some() && file.show(ui, palette).clicked() {
                changed = Changed::Show("file", self.words.clone());
            }
            if head.is_some_and(|head| self.rows_ui(ui, cx, head)) || pressed {
                changed = Changed::Chosen;
            }
            if let Some(gold) = self.gold() {
                gold_ui(ui, gold, told.answer_to(&self.words).map(|answer| &answer.result), palette);
            }
            line::right(ui, |ui| {
                let Words { text, pair } = &self.words;
                let letters = text.chars().count() + pair.as_ref().map_or(0, |pair| pair.chars().count());
                let words = text::number_dim(format::plural(letters as u64, "character", "characters"), palette);
                // In a narrow window the buttons have the room.
                if letters > 0 && text::width(ui, words.clone()) <= ui.available_width() {
                    ui.label(words);
                }
            });
        });
        if let Some(answer) = answer {
            tokens::strip(ui, &answer.tokens, answer.cut, palette);
        }
        changed
    }

    /// What is odd about asking the model this: it answers in the same way, and nothing in the answer shows it.
    fn misfit(&self, cx: &Cx<'_>, head: Option<Task>) -> Option<&'static str> {
        let subject = cx.workspace.explore.subject.as_ref().filter(|_| !self.words.are_blank())?;
        let Words { text, pair } = self.words.clone();
        subject.misfit(head?, &Request { text, pair })
    }

    /// The fields, with room left `below`.
    fn fields_ui(&mut self, ui: &mut Ui, below: f32, palette: &Palette) -> Changed {
        let boxes = if self.words.pair.is_some() { 2.0 } else { 1.0 };
        let room = ui.available_height() - below;
        let height = (room / boxes - 8.0).max(LEAST_BOX);
        let first = Look { name: "Text to try", hint: "Type or paste a text…", height, lanes: 0 };
        let mut changed = self.field_ui(ui, &first, &[], palette);
        if let Some(pair) = &mut self.words.pair {
            let second = Look { name: "Second text to try", hint: "The second text of the pair…", ..first };
            if marked::editor(ui, pair, &second, &[], palette).changed {
                changed = Changed::Typed;
            }
        }
        changed
    }

    fn buttons_ui(&mut self, ui: &mut Ui, always_two: bool, palette: &Palette) -> bool {
        let mut changed = false;
        let Words { text, pair } = &mut self.words;
        if let Some(pair) = pair
            && Button::new("Swap").icon(ICON_SWAP_VERT).small().name("Swap the texts").show(ui, palette).clicked()
        {
            std::mem::swap(text, pair);
            changed = true;
        }
        if !always_two {
            let paired = pair.is_some();
            let (icon, words) = if paired { (ICON_CLOSE, "Without second text") } else { (ICON_ADD, "Second text") };
            if Button::new(words).icon(icon).quiet().small().show(ui, palette).clicked() {
                *pair = if paired { None } else { Some(String::new()) };
                changed = true;
            }
        }
        changed | self.clear_ui(ui, palette)
    }
}

/// What the data say, in the colour of whether the model says the same.
fn gold_ui(ui: &mut Ui, gold: &Gold, said: Option<&Prediction>, palette: &Palette) {
    let (words, right) = match gold {
        Gold::Labels(names) => {
            let mut given: Vec<&str> = match said {
                Some(Prediction::Classes(classes)) => classes.iter().take(1).map(|(name, _)| name.as_str()).collect(),
                Some(Prediction::Labels(labels)) => {
                    labels.iter().filter(|one| one.applies()).map(|one| one.label.as_str()).collect()
                }
                _ => Vec::new(),
            };
            let mut names: Vec<&str> = names.iter().map(String::as_str).collect();
            given.sort_unstable();
            names.sort_unstable();
            let words = if names.is_empty() { "no label".to_owned() } else { names.join(", ") };
            // A model of other classes is neither right nor wrong about these.
            let knows = |name: &&str| match said {
                Some(Prediction::Classes(classes)) => classes.iter().any(|(known, _)| known == name),
                Some(Prediction::Labels(labels)) => labels.iter().any(|one| one.label == *name),
                _ => false,
            };
            (words, names.iter().all(knows).then_some(given == names))
        }
        Gold::Value(value) => (format!("{value:.3}"), None),
        _ => return,
    };
    let words = format!("Data: {words}");
    let chip = match right {
        Some(true) => Chip::good(words, palette),
        Some(false) => Chip::bad(words, palette),
        None => Chip::neutral(words, palette),
    };
    chip.dot().show(ui);
}

//! Whole texts and pairs of texts: one or two fields to write in, and the tokens the model makes of them.

use std::sync::Arc;

use egui::{Align, Layout as Flow, Ui};
use egui_material_icons::icons::{ICON_ADD, ICON_CLOSE, ICON_SWAP_VERT};

use super::entities::Changed;
use super::rows::DataRows;
use super::{classes, samples, tokens};
use crate::inspect::gold::Gold;
use crate::inspect::{Answer, Prediction, Question};
use crate::task::Task;
use crate::ui::theme::Palette;
use crate::ui::widgets::marked::{self, Look};
use crate::ui::widgets::{Button, Chip, text};
use crate::ui::{Cx, format};

#[derive(Debug, Default)]
pub struct Texts {
    pub text: String,
    /// The second text of a pair, while there is one.
    pub pair: Option<String>,
    answer: Option<Arc<Answer>>,
    rows: DataRows,
    /// What the data say of the text, while it is as they have it.
    gold: Option<(String, Option<String>, Gold)>,
    all_classes: bool,
    begun: bool,
}

impl Texts {
    /// A text to begin with.
    pub fn begin(&mut self, task: Task) {
        if !self.begun && self.text.is_empty() {
            (self.text, self.pair) = samples::texts(task, "").swap_remove(0);
        }
        self.begun = true;
    }

    pub fn wanted(&self, task: Task) -> Option<Question> {
        let needs_pair = matches!(task, Task::Nsp | Task::Sop);
        let has_pair = self.pair.as_ref().is_some_and(|pair| !pair.trim().is_empty());
        (!self.text.trim().is_empty() && (has_pair || !needs_pair))
            .then(|| Question { task: Some(task), ..Question::of(self.text.clone(), self.pair.clone()) })
    }

    pub fn take(&mut self, answer: Arc<Answer>) {
        self.answer = Some(answer);
    }

    pub fn forget(&mut self) {
        self.answer = None;
    }

    pub fn set(&mut self, words: String, pair: Option<String>) {
        self.text = words;
        self.pair = pair;
        self.begun = true;
    }

    fn is_fresh(&self) -> bool {
        self.answer
            .as_ref()
            .is_some_and(|answer| answer.question.text == self.text && answer.question.pair == self.pair)
    }

    pub fn text_ui(&mut self, ui: &mut Ui, cx: &Cx<'_>, task: Task) -> Changed {
        let palette = cx.palette;
        let always_two = matches!(task, Task::Nsp | Task::Sop);
        if always_two && self.pair.is_none() {
            self.pair = Some(String::new());
        }
        // In a small window the tokens give way to the text.
        let has_room = ui.available_height() > if self.pair.is_some() { 260.0 } else { 170.0 };
        let shown = |answer: &Arc<Answer>| has_room && self.is_fresh() && !answer.tokens.is_empty();
        let answer = self.answer.clone().filter(shown);
        let mut changed = Changed::No;
        let boxes = if self.pair.is_some() { 2.0 } else { 1.0 };
        let room = ui.available_height() - 38.0 - if has_room { 84.0 } else { 0.0 };
        let height = (room / boxes - 8.0).max(44.0);
        let first = Look { name: "Text to try", hint: "Type or paste a text…", height, lanes: 0 };
        if marked::editor(ui, &mut self.text, &first, &[], palette).changed {
            changed = Changed::Typed;
        }
        if let Some(pair) = &mut self.pair {
            let second = Look { name: "Second text to try", hint: "The second text of the pair…", ..first };
            if marked::editor(ui, pair, &second, &[], palette).changed {
                changed = Changed::Typed;
            }
        }
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 4.0;
            if self.buttons_ui(ui, cx, always_two) {
                changed = Changed::Chosen;
            }
            if let Some(row) = self.rows.ui(ui, cx, task) {
                self.set(row.text, row.pair);
                self.gold = Some((self.text.clone(), self.pair.clone(), row.gold));
                changed = Changed::Chosen;
            }
            let is_of_both =
                |(text, pair, _): &&(String, Option<String>, Gold)| *text == self.text && *pair == self.pair;
            if let Some((.., gold)) = self.gold.as_ref().filter(is_of_both) {
                gold_ui(ui, gold, self.answer.as_deref().filter(|_| self.is_fresh()), palette);
            }
            ui.with_layout(Flow::right_to_left(Align::Center), |ui| {
                let letters = self.text.chars().count() + self.pair.as_ref().map_or(0, |pair| pair.chars().count());
                if letters > 0 {
                    let words = format::plural(letters as u64, "character", "characters");
                    ui.label(text::number_dim(words, palette));
                }
            });
        });
        if let Some(answer) = answer {
            tokens::strip(ui, &answer.tokens, answer.cut, palette);
        }
        changed
    }

    fn buttons_ui(&mut self, ui: &mut Ui, cx: &Cx<'_>, always_two: bool) -> bool {
        let palette = cx.palette;
        let mut changed = false;
        if let Some(pair) = &mut self.pair
            && Button::new("Swap").icon(ICON_SWAP_VERT).small().name("Swap the texts").show(ui, palette).clicked()
        {
            std::mem::swap(&mut self.text, pair);
            changed = true;
        }
        if !always_two {
            let paired = self.pair.is_some();
            let (icon, words) = if paired { (ICON_CLOSE, "Without second text") } else { (ICON_ADD, "Second text") };
            if Button::new(words).icon(icon).quiet().small().show(ui, palette).clicked() {
                self.pair = if paired { None } else { Some(String::new()) };
                changed = true;
            }
        }
        if !self.text.is_empty()
            && Button::new("Clear").quiet().small().name("Clear the text").show(ui, palette).clicked()
        {
            self.text.clear();
            changed = true;
        }
        changed
    }

    pub fn answer_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let of_texts = |answer: &&Arc<Answer>| {
            !matches!(answer.result, Prediction::Tagging(_) | Prediction::Reading(_) | Prediction::Filling(_))
        };
        let shown = self.answer.clone().filter(|answer| of_texts(&answer) && !self.text.trim().is_empty());
        let fresh = self.is_fresh();
        classes::ui(ui, shown.as_deref(), fresh, &mut self.all_classes, cx);
    }
}

/// What the data say, in the colour of whether the model says the same.
fn gold_ui(ui: &mut Ui, gold: &Gold, answer: Option<&Answer>, palette: &Palette) {
    let (words, right) = match (gold, answer.map(|answer| &answer.result)) {
        (Gold::Labels(names), said) => {
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
        (Gold::Value(value), _) => (format!("{value:.3}"), None),
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

//! Questions about a document of any length: answers where they stand, the next best, where the model looked, and which
//! window each answer came from.

use std::sync::Arc;

use egui::{Align, Layout as Flow, Margin, ScrollArea, TextEdit, Ui, vec2};
use egui_material_icons::icons::{ICON_ADD, ICON_CLOSE, ICON_CONTENT_PASTE, ICON_DONE, ICON_EDIT};

use super::entities::Changed;
use super::rows::DataRows;
use super::samples;
use crate::inspect::gold::Gold;
use crate::inspect::reading::{Candidate, Reading};
use crate::inspect::{Answer, Prediction, Question};
use crate::table::GoldAnswer;
use crate::task::Task;
use crate::train::limits;
use crate::ui::theme::{self, Palette, size};
use crate::ui::widgets::form::{self, toggle};
use crate::ui::widgets::marked::Mark;
use crate::ui::widgets::reader::Reader;
use crate::ui::widgets::{Button, Chip, Number, divider, state, text};
use crate::ui::{Cx, format};

/// A question with what was said of it.
#[derive(Debug, Default)]
pub struct Asked {
    pub text: String,
    pub answer: Option<Arc<Answer>>,
    /// The revision of the document that the answer is about.
    revision: u64,
    /// Why it cannot be answered, and the text and the revision of which that is true.
    failed: Option<(String, u64, String)>,
    /// What the data say, and of which question and revision.
    gold: Option<(String, u64, Vec<GoldAnswer>)>,
}

#[derive(Debug)]
pub struct Document {
    pub words: String,
    /// Changes with the document.
    pub revision: u64,
    pub questions: Vec<Asked>,
    pub active: usize,
    /// Which of the best answers to the active question is looked at.
    pub picked: usize,
    pub allow_no_answer: bool,
    pub threshold: f64,
    pub scroll_to: Option<usize>,
    editing: bool,
    reader: Reader,
    rows: DataRows,
}

impl Default for Document {
    fn default() -> Self {
        let ask = |text: &&str| Asked { text: (*text).to_owned(), ..Asked::default() };
        Self {
            words: samples::DOCUMENT.to_owned(),
            revision: 1,
            questions: samples::QUESTIONS.iter().take(3).map(ask).collect(),
            active: 0,
            picked: 0,
            allow_no_answer: false,
            threshold: 0.0,
            scroll_to: None,
            editing: false,
            reader: Reader::default(),
            rows: DataRows::default(),
        }
    }
}

/// Questions that can be asked side by side.
const MOST: usize = 12;

impl Document {
    /// The next question without an answer, the active one first.
    pub fn wanted(&self) -> Option<Question> {
        if self.words.trim().is_empty() {
            return None;
        }
        let order = std::iter::once(self.active).chain(0..self.questions.len());
        let mut open = order.filter_map(|place| self.questions.get(place));
        let next = open.find(|asked| {
            !asked.text.trim().is_empty() && self.current(asked).is_none() && self.failure(asked).is_none()
        })?;
        Some(Question { task: Some(Task::Qa), ..Question::of(next.text.clone(), Some(self.words.clone())) })
    }

    pub fn take(&mut self, answer: &Arc<Answer>) {
        if answer.question.pair.as_deref() != Some(self.words.as_str()) {
            return;
        }
        let revision = self.revision;
        let Some(place) = self.questions.iter().position(|asked| asked.text == answer.question.text) else { return };
        let asked = &mut self.questions[place];
        (asked.answer, asked.revision) = (Some(answer.clone()), revision);
        if place == self.active {
            self.picked = 0;
            self.scroll_to = self.reading(place).and_then(|reading| self.shown(reading)).map(|best| best.start);
        }
    }

    pub fn forget(&mut self) {
        for asked in &mut self.questions {
            (asked.answer, asked.failed) = (None, None);
        }
    }

    /// Begins with what was decided for the model.
    pub fn decide(&mut self, threshold: Option<f64>) {
        self.allow_no_answer = threshold.is_some();
        self.threshold = threshold.unwrap_or(0.0);
    }

    /// A question about a document from elsewhere.
    pub fn set(&mut self, question: String, document: Option<String>) {
        if let Some(document) = document.filter(|document| *document != self.words) {
            self.replace(document);
        }
        let known = self.questions.iter().position(|asked| asked.text == question);
        if known.is_none() {
            self.questions.retain(|asked| !asked.text.trim().is_empty());
            self.questions.truncate(MOST - 1);
            self.questions.insert(0, Asked { text: question, ..Asked::default() });
        }
        self.active = known.unwrap_or(0);
        self.picked = 0;
    }

    /// A question that was evaluated, alone: it is asked as it was judged.
    pub fn offer(&mut self, question: String, document: Option<String>, no_answer: Option<f64>) {
        self.questions.clear();
        self.set(question, document);
        self.decide(no_answer);
    }

    /// What was asked last cannot be answered; the other questions still can.
    pub fn fail(&mut self, question: &Question, error: &str) {
        if question.pair.as_deref() != Some(self.words.as_str()) {
            return;
        }
        let revision = self.revision;
        for asked in self.questions.iter_mut().filter(|asked| asked.text == question.text) {
            asked.failed = Some((asked.text.clone(), revision, error.to_owned()));
        }
    }

    fn failure<'a>(&self, asked: &'a Asked) -> Option<&'a str> {
        let (text, revision, error) = asked.failed.as_ref()?;
        (*text == asked.text && *revision == self.revision).then_some(error.as_str())
    }

    fn replace(&mut self, words: String) {
        self.words = words;
        self.revision += 1;
        self.scroll_to = Some(0);
    }

    fn current<'a>(&self, asked: &'a Asked) -> Option<&'a Answer> {
        let answer = asked.answer.as_deref()?;
        (asked.revision == self.revision && answer.question.text == asked.text).then_some(answer)
    }

    /// What was read for a question, where it is about the document and the question as they are now.
    pub fn reading(&self, place: usize) -> Option<&Reading> {
        match &self.current(self.questions.get(place)?)?.result {
            Prediction::Reading(reading) => Some(reading),
            _ => None,
        }
    }

    /// The best answer, unless "no answer" is better and may be said.
    pub fn shown<'a>(&self, reading: &'a Reading) -> Option<&'a Candidate> {
        let refused = self.allow_no_answer && reading.margin > self.threshold;
        reading.answers.first().filter(|_| !refused)
    }

    pub fn document_ui(&mut self, ui: &mut Ui, cx: &Cx<'_>) -> Changed {
        let palette = cx.palette;
        let mut changed = self.bar_ui(ui, cx);
        if self.editing || self.words.trim().is_empty() {
            self.editing = true;
            let height = ui.available_height();
            let before = self.words.len();
            ScrollArea::vertical().id_salt("document editor").auto_shrink([false, false]).show(ui, |ui| {
                let edit = TextEdit::multiline(&mut self.words)
                    .hint_text(egui::RichText::new("Paste a document…").color(palette.text_faint))
                    .font(theme::regular(size::BODY + 1.0))
                    .desired_width(f32::INFINITY)
                    .margin(Margin::same(10))
                    .min_size(vec2(0.0, height));
                if ui.add(edit).accessible_name("Document").changed() {
                    self.revision += 1;
                    changed = Changed::Typed;
                }
            });
            // What was pasted whole is to be read.
            if self.words.len() > before + 400 {
                self.editing = false;
            }
            return changed;
        }
        let (places, marks): (Vec<usize>, Vec<Mark>) = self.marks(palette).into_iter().unzip();
        let scroll_to = self.scroll_to.take();
        let text = (self.words.as_str(), self.revision);
        if let Some(mark) = self.reader.ui(ui, "Document to read", text, &marks, scroll_to, palette) {
            self.active = places[mark];
            self.picked = 0;
        }
        changed
    }

    fn bar_ui(&mut self, ui: &mut Ui, cx: &Cx<'_>) -> Changed {
        let palette = cx.palette;
        let mut changed = Changed::No;
        // A document that is pasted while nothing is being written in takes the place of this one.
        let free = !self.editing && ui.memory(|memory| memory.focused().is_none());
        let pasted = ui.input(|input| {
            input.events.iter().find_map(|event| match event {
                egui::Event::Paste(words) if free && words.chars().count() > 60 => Some(words.clone()),
                _ => None,
            })
        });
        if let Some(words) = pasted {
            self.replace(words);
            changed = Changed::Chosen;
        }
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 4.0;
            let (icon, words) = if self.editing { (ICON_DONE, "Done") } else { (ICON_EDIT, "Edit") };
            if Button::new(words).icon(icon).small().name(format!("{words} the document")).show(ui, palette).clicked() {
                self.editing = !self.editing;
            }
            if Button::new("Paste").icon(ICON_CONTENT_PASTE).quiet().small().show(ui, palette).clicked() {
                ui.ctx().memory_mut(|memory| {
                    if let Some(focused) = memory.focused() {
                        memory.surrender_focus(focused);
                    }
                });
                self.editing = false;
                ui.ctx().send_viewport_cmd(egui::ViewportCommand::RequestPaste);
            }
            if let Some(row) = self.rows.ui(ui, cx, Task::Qa) {
                self.set(row.text, row.pair);
                let revision = self.revision;
                if let (Gold::Answers(gold), Some(asked)) = (row.gold, self.questions.get_mut(self.active)) {
                    asked.gold = Some((asked.text.clone(), revision, gold));
                }
                changed = Changed::Chosen;
            }
            ui.with_layout(Flow::right_to_left(Align::Center), |ui| {
                let letters = self.words.chars().count() as u64;
                ui.label(text::number_dim(format::plural(letters, "character", "characters"), palette));
                if let Some(reading) = self.reading(self.active) {
                    let tokens = format::plural(reading.tokens.len() as u64, "token", "tokens");
                    let windows = format::plural(reading.windows.len() as u64, "window", "windows");
                    ui.label(text::number_dim(format!("{tokens} in {windows} ·"), palette));
                }
            });
        });
        changed
    }

    /// The answers where they stand, each with the place of its question.
    fn marks(&self, palette: &Palette) -> Vec<(usize, Mark)> {
        let mut marks: Vec<(usize, Mark)> = Vec::new();
        for (place, asked) in self.questions.iter().enumerate() {
            let Some(reading) = self.reading(place) else { continue };
            let active = place == self.active;
            let picked = if active && self.picked > 0 { reading.answers.get(self.picked) } else { self.shown(reading) };
            let Some(answer) = picked else { continue };
            let name = format!("Question {} {}: {}", place + 1, asked.text, answer.text);
            // Two questions may have one answer, which is marked once.
            let same = |(_, mark): &&mut (usize, Mark)| (mark.start, mark.end) == (answer.start, answer.end);
            if let Some((of, mark)) = marks.iter_mut().find(same) {
                mark.caption += &format!("   {}", place + 1);
                mark.name += &format!("\n{name}");
                if active {
                    let (color, fill) = (palette.label(place), palette.label_soft(place));
                    (*of, mark.color, mark.fill) = (place, color, fill);
                    (mark.broken, mark.strong) = (false, true);
                }
                continue;
            }
            let mark = Mark {
                start: answer.start,
                end: answer.end,
                caption: format!("{} · {}", place + 1, format::score(answer.score)),
                short: format!("{}", place + 1),
                name,
                color: palette.label(place),
                fill: if active { palette.label_soft(place) } else { palette.raised },
                lane: 0,
                broken: !active,
                strong: active,
            };
            marks.push((place, mark));
        }
        marks
    }

    /// The questions with their answers.
    pub fn questions_ui(&mut self, ui: &mut Ui, cx: &Cx<'_>) -> Changed {
        let palette = cx.palette;
        let mut changed = Changed::No;
        self.refusal_ui(ui, palette);
        divider(ui, palette);
        let mut removed = None;
        ScrollArea::vertical().id_salt("questions").auto_shrink([false, false]).show(ui, |ui| {
            for place in 0..self.questions.len() {
                match self.question_ui(ui, cx, place) {
                    Pressed::Nothing => {}
                    Pressed::Changed => changed = Changed::Typed,
                    Pressed::Remove => removed = Some(place),
                }
            }
            if self.questions.len() < MOST
                && Button::new("Another question").icon(ICON_ADD).quiet().small().show(ui, palette).clicked()
            {
                self.questions.push(Asked::default());
                self.active = self.questions.len() - 1;
                self.picked = 0;
            }
        });
        if let Some(place) = removed {
            self.questions.remove(place);
            self.active = self.active.min(self.questions.len().saturating_sub(1));
            self.picked = 0;
        }
        changed
    }

    fn refusal_ui(&mut self, ui: &mut Ui, palette: &Palette) {
        ui.horizontal(|ui| {
            toggle(ui, "Allow no answer", &mut self.allow_no_answer, palette);
            ui.label(text::dim("May say that there is no answer", palette));
        });
        if self.allow_no_answer {
            form::row(ui, "Above a margin of", "", palette, |ui| {
                let field = Number::new("Threshold for no answer", limits::ANY).show(ui, &mut self.threshold);
                field.on_hover_text(
                    "Score of \"no answer\" less that of the best span, as SQuAD 2.0 measures it; 0 is even",
                );
            });
        }
    }

    fn question_ui(&mut self, ui: &mut Ui, cx: &Cx<'_>, place: usize) -> Pressed {
        let palette = cx.palette;
        let active = place == self.active;
        let mut pressed = Pressed::Nothing;
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 6.0;
            let chip = Chip::class(format!("{}", place + 1), place, palette).selected(active);
            if chip.name(format!("Look at question {}", place + 1)).clickable().show(ui).clicked() {
                self.look_at(place);
            }
            let width = ui.available_width() - 34.0;
            let edit = TextEdit::singleline(&mut self.questions[place].text)
                .hint_text(egui::RichText::new("Ask something…").color(palette.text_faint))
                .font(theme::regular(size::BODY))
                .desired_width(width - 16.0)
                .margin(Margin::symmetric(8, 5));
            let response = ui.add(edit).accessible_name(format!("Question {}", place + 1));
            if response.gained_focus() && !active {
                self.look_at(place);
            }
            if response.changed() {
                pressed = Pressed::Changed;
            }
            let name = format!("Remove question {}", place + 1);
            if Button::icon_only(ICON_CLOSE, name).small().show(ui, palette).clicked() {
                pressed = Pressed::Remove;
            }
        });
        self.said_ui(ui, cx, place);
        ui.add_space(4.0);
        pressed
    }

    fn look_at(&mut self, place: usize) {
        self.active = place;
        self.picked = 0;
        self.scroll_to = self.reading(place).and_then(|reading| self.shown(reading)).map(|best| best.start);
    }

    /// One line with the answer to a question.
    fn said_ui(&mut self, ui: &mut Ui, cx: &Cx<'_>, place: usize) {
        let palette = cx.palette;
        let asked = &self.questions[place];
        if asked.text.trim().is_empty() {
            return;
        }
        let Some(reading) = self.reading(place) else {
            let explore = &cx.workspace.explore;
            if let Some(error) = self.failure(asked) {
                let words = state::sentence(error);
                ui.horizontal(|ui| {
                    ui.add_space(34.0);
                    ui.add(egui::Label::new(text::small(words, palette).color(palette.bad)).wrap());
                });
                return;
            }
            let progress = explore.pending.and_then(|job| cx.workspace.job(job)).and_then(|job| job.progress.as_ref());
            ui.horizontal(|ui| {
                ui.add_space(34.0);
                match progress.filter(|_| place == self.active) {
                    Some(progress) => {
                        let words = format!("Reading window {} of {}", progress.done + 1, progress.total);
                        state::loading(ui, palette, &words, progress.share());
                    }
                    None => _ = ui.label(text::faint("Waiting for its turn…", palette)),
                }
            });
            return;
        };
        let millis = self.current(asked).map_or(0.0, |answer| answer.millis);
        let shown = self.shown(reading).map(|best| (best.text.clone(), best.score));
        let gold = asked.gold.clone().filter(|(text, revision, _)| *text == asked.text && *revision == self.revision);
        let mut clicked = false;
        ui.horizontal(|ui| {
            ui.add_space(34.0);
            let (words, score) = match &shown {
                Some((words, score)) => (words.as_str(), *score),
                None => ("No answer in this document", reading.no_answer),
            };
            let color = if shown.is_some() { palette.label(place) } else { palette.text_dim };
            let line = egui::RichText::new(words).font(theme::medium(size::BODY)).color(color);
            let room = vec2((ui.available_width() - 118.0).max(40.0), 18.0);
            let label = egui::Label::new(line).truncate().sense(egui::Sense::click());
            let placed = ui.allocate_ui_with_layout(room, Flow::left_to_right(Align::Center), |ui| {
                ui.set_min_width(room.x);
                ui.add(label)
            });
            clicked = placed.inner.on_hover_text(words).clicked();
            let score = ui.label(text::number(format::score(score), palette));
            if shown.is_some() {
                score.on_hover_text("The sum over all windows that give this answer");
            }
            ui.label(text::number_dim(format!("{millis:.0} ms"), palette));
        });
        if let Some((.., gold)) = gold {
            gold_ui(ui, &gold, shown.as_ref().map_or("", |(words, _)| words), palette);
        }
        if clicked {
            self.look_at(place);
        }
    }
}

enum Pressed {
    Nothing,
    Changed,
    Remove,
}

fn gold_ui(ui: &mut Ui, gold: &[GoldAnswer], said: &str, palette: &Palette) {
    ui.horizontal(|ui| {
        ui.add_space(34.0);
        let right = if gold.is_empty() { said.is_empty() } else { gold.iter().any(|gold| gold.text == said) };
        let mark = if right { Chip::good("as in the data", palette) } else { Chip::warn("differs", palette) };
        mark.show(ui);
        let words: Vec<&str> = gold.iter().map(|gold| gold.text.as_str()).collect();
        let words = if words.is_empty() { "No answer".to_owned() } else { words.join(" / ") };
        ui.add(egui::Label::new(text::small(format!("Data: {words}"), palette)).truncate());
    });
}

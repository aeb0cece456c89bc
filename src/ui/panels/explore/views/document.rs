//! Questions about a document of any length: answers where they stand, the next best, where the model looked, and which
//! window each answer came from.

mod evidence;
mod questions;

use std::sync::Arc;

use egui::{Margin, ScrollArea, TextEdit, Ui, vec2};
use egui_material_icons::icons::{ICON_CONTENT_PASTE, ICON_DONE, ICON_EDIT};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::inspect::gold::Gold;
use crate::inspect::reading::{Candidate, Reading};
use crate::inspect::{AnyInquiry, Prediction, Question, Reply, Subject};
use crate::table::GoldAnswer;
use crate::task::Task;
use crate::ui::panels::explore::keeping::{self, Unread};
use crate::ui::panels::explore::rows::DataRows;
use crate::ui::panels::explore::samples;
use crate::ui::panels::explore::told::{self, Told};
use crate::ui::panels::explore::view::{Changed, Kind, View, beside};
use crate::ui::panels::explore::words::Words;
use crate::ui::theme::{self, Palette, size};
use crate::ui::tiles::{Layout, Pane};
use crate::ui::widgets::line;
use crate::ui::widgets::marked::Mark;
use crate::ui::widgets::reader::Reader;
use crate::ui::widgets::{Button, text};
use crate::ui::workspace::Offered;
use crate::ui::{Cx, format};

pub const KIND: Kind = Kind { name: "document", title: "", heads: &[Task::Qa], make: || Box::new(Document::default()) };

const DOCUMENT: Pane = Pane::new("document", "Document");
const WHERE: Pane = Pane::new("where", "Where it looks");
const QUESTIONS: Pane = Pane::new("questions", "Questions");
const BEST: Pane = Pane::new("best", "Best answers");

/// A question with what was said of it.
#[derive(Debug, Default)]
struct Asked {
    text: String,
    told: Told,
    /// The revision of the document that the answer is about.
    revision: u64,
    /// Why it cannot be answered, and the text and the revision of which that is true.
    failed: Option<(String, u64, String)>,
    /// What the data say, and of which question and revision.
    gold: Option<(String, u64, Vec<GoldAnswer>)>,
}

#[derive(Debug)]
struct Document {
    words: String,
    /// Changes with the document.
    revision: u64,
    questions: Vec<Asked>,
    active: usize,
    /// Which of the best answers to the active question is looked at.
    picked: usize,
    /// Which is to be looked at once they are there.
    to_pick: Option<usize>,
    allow_no_answer: bool,
    threshold: f64,
    scroll_to: Option<usize>,
    editing: bool,
    reader: Reader,
    rows: DataRows,
}

/// What is kept of it, beside the document and the question that is looked at.
#[derive(Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Kept {
    questions: Vec<String>,
    answer: usize,
    /// From which lead on there is no answer, where that may be said.
    no_answer: Option<f64>,
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
            to_pick: None,
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

impl View for Document {
    fn layout(&self) -> Layout {
        beside(vec![(1.9, DOCUMENT.into()), (1.0, WHERE.into())], vec![(1.15, QUESTIONS.into()), (1.0, BEST.into())])
    }

    fn pane_ui(&mut self, pane: Pane, ui: &mut Ui, cx: &mut Cx<'_>) -> Changed {
        match pane {
            DOCUMENT => return self.document_ui(ui, cx),
            QUESTIONS => return self.questions_ui(ui, cx),
            WHERE => {
                let words = self.waiting(cx, "Where the model looks for the answer appears here");
                evidence::where_ui(ui, self, &words, cx.palette);
            }
            _ => {
                let words = self.waiting(cx, "The best answers to the chosen question appear here");
                evidence::best_ui(ui, self, &words, cx.palette);
            }
        }
        Changed::No
    }

    fn meet(&mut self, subject: &Subject) {
        self.decide(subject.decisions.no_answer);
    }

    /// The next question without an answer, the active one first.
    fn wanted(&self, _: &Words) -> Option<AnyInquiry> {
        if self.words.trim().is_empty() {
            return None;
        }
        let order = std::iter::once(self.active).chain(0..self.questions.len());
        let mut open = order.filter_map(|place| self.questions.get(place));
        let next = open.find(|asked| {
            !asked.text.trim().is_empty() && self.current(asked).is_none() && self.failure(asked).is_none()
        })?;
        Some(Words { text: next.text.clone(), pair: Some(self.words.clone()) }.ask(Task::Qa))
    }

    fn take(&mut self, reply: &Arc<Reply>) {
        let Some(place) = self.place_of(&reply.inquiry) else { return };
        let revision = self.revision;
        let asked = &mut self.questions[place];
        asked.told.take(reply);
        asked.revision = revision;
        if place == self.active {
            self.look_at(place);
            self.picked = self.to_pick.take().unwrap_or(0);
        }
    }

    /// The other questions still can be answered.
    fn fail(&mut self, inquiry: &AnyInquiry, error: &str) {
        if let Some(place) = self.place_of(inquiry) {
            let text = self.questions[place].text.clone();
            for asked in self.questions.iter_mut().filter(|asked| asked.text == text) {
                asked.failed = Some((text.clone(), self.revision, error.to_owned()));
            }
        }
    }

    fn forget(&mut self) {
        for asked in &mut self.questions {
            asked.told.forget();
            asked.failed = None;
        }
    }

    /// The active question, and the document.
    fn words(&self) -> Option<Words> {
        let text = self.questions.get(self.active).map(|asked| asked.text.clone()).unwrap_or_default();
        Some(Words { text, pair: Some(self.words.clone()) })
    }

    /// A question about a document from elsewhere. A document without one is not asked what was to be asked of the sample.
    fn set(&mut self, words: Words) {
        if let Some(document) = words.pair.filter(|document| *document != self.words) {
            self.replace(document);
            if words.text.trim().is_empty() {
                self.questions.retain(|asked| !samples::QUESTIONS.contains(&asked.text.as_str()));
            }
        }
        let known = self.questions.iter().position(|asked| asked.text == words.text);
        if known.is_none() {
            self.questions.retain(|asked| !asked.text.trim().is_empty());
            self.questions.truncate(MOST - 1);
            self.questions.insert(0, Asked { text: words.text, ..Asked::default() });
        }
        self.active = known.unwrap_or(0);
        self.picked = 0;
    }

    fn kept(&self, _: &Words) -> Map<String, Value> {
        let questions = self.questions.iter().map(|asked| asked.text.clone()).collect();
        let no_answer = self.allow_no_answer.then_some(self.threshold);
        keeping::written(&Kept { questions, answer: self.to_pick.unwrap_or(self.picked), no_answer })
    }

    fn restore(&mut self, kept: Map<String, Value>, words: &Words) -> Result<(), Unread> {
        let Kept { questions, answer, no_answer } = keeping::read(kept)?;
        if !questions.is_empty() {
            let all = questions.into_iter().take(MOST);
            self.questions = all.map(|text| Asked { text, ..Asked::default() }).collect();
        }
        if !words.are_blank() {
            self.set(words.clone());
        }
        self.decide(no_answer);
        self.to_pick = Some(answer);
        Ok(())
    }

    /// A question that was evaluated, alone: it is asked as it was judged.
    fn offer(&mut self, offered: &Offered) {
        self.questions.clear();
        self.set(Words { text: offered.text.clone(), pair: offered.pair.clone() });
        self.decide(offered.no_answer);
    }
}

impl Document {
    /// Begins with what was decided for the model.
    fn decide(&mut self, threshold: Option<f64>) {
        self.allow_no_answer = threshold.is_some();
        self.threshold = threshold.unwrap_or(0.0);
    }

    /// The question that was asked, where it is one about the document as it is now.
    fn place_of(&self, inquiry: &AnyInquiry) -> Option<usize> {
        let question = inquiry.get::<Question>().filter(|question| question.pair.as_ref() == Some(&self.words))?;
        self.questions.iter().position(|asked| asked.text == question.text)
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

    /// What was said to a question, where that is about the document and the question as they are now.
    fn current<'a>(&self, asked: &'a Asked) -> Option<&'a Told> {
        let answer = asked.told.answer().filter(|_| asked.revision == self.revision)?;
        (answer.question.text == asked.text).then_some(&asked.told)
    }

    /// What was read for it.
    /// What stands in the place of a reading; the document is copied only where there is none.
    fn waiting(&self, cx: &Cx<'_>, empty: &str) -> String {
        match self.reading(self.active) {
            Some(_) => String::new(),
            None => told::waiting(cx, self.words().as_ref(), empty),
        }
    }

    fn reading(&self, place: usize) -> Option<&Reading> {
        match &self.current(self.questions.get(place)?)?.answer()?.result {
            Prediction::Reading(reading) => Some(reading),
            _ => None,
        }
    }

    /// The best answer, unless "no answer" is better and may be said.
    fn shown<'a>(&self, reading: &'a Reading) -> Option<&'a Candidate> {
        let refused = self.allow_no_answer && reading.margin > self.threshold;
        reading.answers.first().filter(|_| !refused)
    }

    fn document_ui(&mut self, ui: &mut Ui, cx: &Cx<'_>) -> Changed {
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
                self.set(Words { text: row.text, pair: row.pair });
                let revision = self.revision;
                if let (Gold::Answers(gold), Some(asked)) = (row.gold, self.questions.get_mut(self.active)) {
                    asked.gold = Some((asked.text.clone(), revision, gold));
                }
                changed = Changed::Chosen;
            }
            line::right(ui, |ui| {
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

    fn look_at(&mut self, place: usize) {
        self.active = place;
        self.picked = 0;
        self.scroll_to = self.reading(place).and_then(|reading| self.shown(reading)).map(|best| best.start);
    }
}

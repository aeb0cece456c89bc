//! Which words of the loaded data push the model towards each of its outputs, those first that surprise.

mod about;
mod one;
mod table;

use std::sync::{Arc, Weak};

use egui::{Label, Ui};
use egui_material_icons::icons::ICON_MATCH_WORD;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::analysis::sample::Sampling;
use crate::analysis::words::{LEAST, Order, Question, ROWS, Told, Words as Weighed};
use crate::inspect::why::Pull;
use crate::task::Reads;
use crate::ui::panels::explore::keeping::{self, Unread};
use crate::ui::panels::explore::over_rows::{self, Found, no_rows_ui, rows_ui};
use crate::ui::panels::explore::view::{Changed, Kind, View};
use crate::ui::panels::explore::words::Words;
use crate::ui::panels::explore::working;
use crate::ui::saving::Saving;
use crate::ui::theme::space;
use crate::ui::tiles::{Layout, Pane};
use crate::ui::widgets::choice::choose;
use crate::ui::widgets::help::help;
use crate::ui::widgets::line::{self, line};
use crate::ui::widgets::save::save_menu;
use crate::ui::widgets::{Button, state, text};
use crate::ui::workspace::Workspace;
use crate::ui::{Action, Cx, format};
use crate::worker::protocol::LoadedDataset;
use crate::worker::work::AnyWork;
use crate::worker::works::words::WeighWords;

pub const KIND: Kind = Kind { name: "words", title: "Words", heads: &[], make: || Box::new(WordsView::default()) };

const LIST: Pane = Pane::new("words of the data", "Words that push");
const ONE: Pane = Pane::new("one word", "One word");

/// What can be chosen of the rows; the last are all.
const ROW_CHOICES: [usize; 4] = [500, ROWS, 10_000, usize::MAX];
/// Texts that a word has to stand in.
const LEAST_CHOICES: [u32; 6] = [1, 3, LEAST, 10, 30, 100];

#[derive(Debug)]
struct WordsView {
    rows: usize,
    by: Pull,
    output: usize,
    least: u32,
    order: Order,
    /// The word that is looked at, by its place, and as it is written.
    chosen: Option<usize>,
    word: Option<String>,
    listed: Listed,
}

impl Default for WordsView {
    fn default() -> Self {
        Self {
            rows: ROWS,
            by: Pull::default(),
            output: 0,
            least: LEAST,
            order: Order::default(),
            chosen: None,
            word: None,
            listed: Listed::default(),
        }
    }
}

/// What is kept of it.
#[derive(Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Kept {
    /// None are all.
    rows: Option<usize>,
    by: Pull,
    output: usize,
    texts_at_least: u32,
    order: Order,
    word: Option<String>,
}

impl Default for Kept {
    fn default() -> Self {
        let (by, order) = (Pull::default(), Order::default());
        Self { rows: Some(ROWS), by, output: 0, texts_at_least: LEAST, order, word: None }
    }
}

/// The list as it was made last: it is made anew when something of it is another.
#[derive(Debug, Default)]
struct Listed {
    of: Weak<Weighed>,
    by: (usize, u32, Order),
    list: Arc<Vec<Told>>,
}

impl Listed {
    fn of(&mut self, found: &Arc<Weighed>, by: (usize, u32, Order)) -> Arc<Vec<Told>> {
        if Weak::as_ptr(&self.of) != Arc::as_ptr(found) || self.by != by {
            let (output, least, order) = by;
            let list = Arc::new(found.listed(output, least, order));
            *self = Self { of: Arc::downgrade(found), by, list };
        }
        self.list.clone()
    }
}

impl View for WordsView {
    fn layout(&self) -> Layout {
        Layout::Columns(vec![(1.9, LIST.into()), (1.0, ONE.into())])
    }

    fn pane_ui(&mut self, pane: Pane, ui: &mut Ui, cx: &mut Cx<'_>) -> Changed {
        if pane == LIST {
            self.list_pane_ui(ui, cx);
            return Changed::No;
        }
        let running = cx.workspace.job_of::<WeighWords>().is_some();
        let Some(Found { work, answer: Ok(found), .. }) = found(cx.workspace).filter(|_| !running) else {
            ui.label(text::dim("Press a word to see where it stands and how it is labelled", cx.palette));
            return Changed::No;
        };
        let list = self.list(found);
        let told = self.chosen.and_then(|word| list.iter().find(|told| told.word == word));
        one::ui(ui, cx, &work.question, found, self.output, told)
    }

    fn forget(&mut self) {
        (self.chosen, self.word) = (None, None);
        self.output = 0;
    }

    fn kept(&self, _: &Words) -> Map<String, Value> {
        keeping::written(&Kept {
            rows: Some(self.rows).filter(|rows| *rows != usize::MAX),
            by: self.by,
            output: self.output,
            texts_at_least: self.least,
            order: self.order,
            word: self.word.clone(),
        })
    }

    fn restore(&mut self, kept: Map<String, Value>, _: &Words) -> Result<(), Unread> {
        let Kept { rows, by, output, texts_at_least: least, order, word } = keeping::read(kept)?;
        let rows = rows.unwrap_or(usize::MAX).max(1);
        *self = Self { rows, by, output, least, order, word, ..Self::default() };
        Ok(())
    }

    fn is_of_data(&self) -> bool {
        true
    }
}

impl WordsView {
    fn list(&mut self, found: &Arc<Weighed>) -> Arc<Vec<Told>> {
        self.output = self.output.min(found.outputs.len().saturating_sub(1));
        if let (None, Some(word)) = (self.chosen, &self.word) {
            self.chosen = found.words.iter().position(|known| known.text == *word);
        }
        self.listed.of(found, (self.output, self.least, self.order))
    }

    fn list_pane_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        if let Some(job) = cx.workspace.job_of::<WeighWords>().cloned() {
            return working::ui(ui, cx, &job);
        }
        let workspace = cx.workspace;
        let (found, loaded) = (found(workspace), workspace.data.loaded.as_ref());
        match (found, loaded) {
            (Some(Found { work, answer: Ok(found), is_stale }), _) => {
                self.done_ui(ui, cx, &work.question, found, is_stale);
            }
            (_, None) => {
                let words =
                    "Open texts, and the words that push the model towards each of its answers are found in them.";
                no_rows_ui(ui, cx, ICON_MATCH_WORD, "No data to find words in", words);
            }
            (_, Some(loaded)) if !has_words(loaded) => {
                let words = "Words are weighed for classes, labels, numbers and tags. This data is for something else: \
                             choose what it is for in Data.";
                no_rows_ui(ui, cx, ICON_MATCH_WORD, "No words to weigh", words);
            }
            (Some(Found { answer: Err(why), is_stale: false, .. }), Some(loaded)) => {
                state::error(ui, cx.palette, "The words cannot be weighed", why, |_| {});
                ui.add_space(space::M);
                self.choices_ui(ui, cx, loaded, Button::new("Weigh again"));
            }
            (_, Some(loaded)) => self.ready_ui(ui, cx, loaded),
        }
    }

    fn ready_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, loaded: &Arc<LoadedDataset>) {
        let words = format!(
            "In each text of {} every word is weighed by what it adds to what the model says. The words of all texts are \
             then listed for each answer, starting with words whose pull does not match their labels.",
            format::file_name(&loaded.dataset.table.path)
        );
        let about = (ICON_MATCH_WORD, "Which words push the model?", words.as_str());
        over_rows::ready_ui(ui, cx, about, 532.0, |ui, cx| {
            self.choices_ui(ui, cx, loaded, Button::new("Weigh the words").primary());
        });
    }

    /// How many rows, by which map, and the press that begins.
    fn choices_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, loaded: &Arc<LoadedDataset>, begin: Button) {
        ui.horizontal_wrapped(|ui| {
            rows_ui(ui, cx, ("Rows to look at", 132.0), &mut self.rows, ROW_CHOICES, "All");
            ui.label(text::dim("By", cx.palette));
            choose(ui, "Map", 172.0, &mut self.by, Pull::ALL, |by| by.method().title());
            if begin.show(ui, cx.palette).clicked() {
                self.begin(cx, loaded);
            }
        });
    }

    fn begin(&mut self, cx: &mut Cx<'_>, loaded: &Arc<LoadedDataset>) {
        let Some(model) = cx.workspace.explore.model.clone() else { return };
        let question = Question {
            wanted: Sampling {
                rows: self.rows,
                seed: cx.workspace.data.rule.seed,
                max_tokens: cx.workspace.length().max_tokens,
                ..Sampling::all(model, loaded.dataset.clone())
            },
            by: self.by,
        };
        self.chosen = None;
        let learned = cx.workspace.data.learned.clone();
        cx.act(Action::Work(AnyWork::new(WeighWords { question, learned })));
    }

    fn done_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, question: &Question, found: &Arc<Weighed>, is_stale: bool) {
        if is_stale {
            over_rows::stale_ui(ui, cx, "These words were weighed", |_, _| {});
            ui.add_space(space::S);
            ui.multiply_opacity(0.6);
        }
        let list = self.list(found);
        self.head_ui(ui, cx, found, &list);
        ui.add(Label::new(text::dim(self.sentence(question, found), cx.palette)).wrap());
        for note in found.notes() {
            ui.add(Label::new(text::faint(note, cx.palette)).wrap());
        }
        ui.add_space(space::XS);
        if list.is_empty() {
            let words = "No word stands in so many texts; choose fewer above";
            ui.label(text::dim(words, cx.palette));
            return;
        }
        let mut table = table::Table { found, list: &list, order: &mut self.order, chosen: self.chosen };
        if let Some(word) = table.ui(ui, cx.palette) {
            self.chosen = Some(word);
            self.word = Some(found.words[word].text.clone());
        }
    }

    /// Of what the list is, and what can be done with it.
    fn head_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, found: &Arc<Weighed>, list: &Arc<Vec<Told>>) {
        let palette = cx.palette;
        line(ui, space::ROW, |ui| {
            help(ui, &about::WORDS, palette);
            let (output, of, rows) = (self.output, found.clone(), list.clone());
            let numbers = move || {
                let (of, rows) = (of.clone(), rows.clone());
                Saving::csv("words", move || of.table(&[(output, rows.as_ref().clone())]))
            };
            save_menu(ui, cx, &[("Words as CSV…", &numbers)]);
            line::left(ui, |ui| {
                if found.outputs.len() > 1 {
                    ui.label(text::dim("Towards", palette));
                    let outputs = 0..found.outputs.len();
                    choose(ui, "Towards", 132.0, &mut self.output, outputs, |place| &found.outputs[*place].name);
                }
                ui.label(text::dim("In", palette));
                choose(ui, "Texts at least", 148.0, &mut self.least, LEAST_CHOICES, |least| least_words(*least));
            });
        });
        ui.add_space(space::XS);
        if let Some(loaded) = cx.workspace.data.loaded.clone().filter(|loaded| has_words(loaded)) {
            self.choices_ui(ui, cx, &loaded, Button::new("Weigh again").small());
        }
    }

    /// What one sees.
    fn sentence(&self, question: &Question, found: &Weighed) -> String {
        let what = match found.outputs.get(self.output) {
            Some(output) if found.outputs.len() > 1 => format!("the logit of {}", output.name),
            _ => "the number that the model says".to_owned(),
        };
        format!(
            "What each word adds to {what} on average over its texts, by {}, in {} of {}",
            question.by.method().title().to_lowercase(),
            format::plural(found.rows as u64, "row", "rows"),
            format::file_name(&question.wanted.data.table.path)
        )
    }
}

/// What was found out about the model that is asked; what was about another says nothing.
fn found(workspace: &Workspace) -> Option<Found<'_, WeighWords>> {
    over_rows::found(workspace, |work: &WeighWords| &work.question.wanted)
}

/// Whether the head that the data are for says something that words push to.
fn has_words(loaded: &LoadedDataset) -> bool {
    match loaded.dataset.task.reads() {
        Reads::Texts | Reads::Words => true,
        Reads::Question | Reads::Running | Reads::Neighbours(_) => false,
    }
}

fn least_words(least: u32) -> String {
    if least == 1 { "any text".to_owned() } else { format!("{} texts or more", format::count(u64::from(least))) }
}

//! Explore: ask a model and see what it says while typing, for every task whose head the model has.
//!
//! What each task shows is a file of its own; here is what they share: which model is asked, which of its heads, and
//! when. An answer to anything but the text in the box is drawn faintly, or moved with its words, until its own comes.

mod asker;
mod classes;
mod document;
mod entities;
mod evidence;
mod head;
mod history;
mod lesson;
mod masks;
mod objectives;
mod replaced;
mod rows;
mod samples;
mod texts;
mod tokens;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Weak};

use egui::{Frame, Margin, Panel, Ui};

use crate::inspect::{Answer, Prediction, Question, Subject};
use crate::task::Task;
use crate::ui::Cx;
use crate::ui::theme::Palette;
use crate::ui::tiles::{Layout, PaneInfo, Tiled};
use crate::ui::widgets::text;
use crate::ui::workspace::{Offered, Workspace};
use asker::Asker;
use document::Document;
use entities::{Changed, Entities};
use history::History;
use masks::Masks;
use objectives::Objectives;
use replaced::Replaced;
use texts::Texts;

#[derive(Debug, Default)]
pub struct ExplorePanel {
    /// The model that everything here is about.
    model: Option<PathBuf>,
    subject: Option<Weak<Subject>>,
    /// What a person chose, which counts while the model has it.
    chosen: Option<Mode>,
    mode: Option<Mode>,
    asker: Asker,
    texts: Texts,
    orders: Texts,
    entities: Entities,
    document: Document,
    masks: Masks,
    replaced: Replaced,
    objectives: Objectives,
    history: BTreeMap<Task, History>,
    taken_offer: Option<Weak<Offered>>,
}

/// What the screen is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// One of the model's heads.
    Head(Task),
    /// All ways to make a training signal from a text.
    Lab,
}

const TEXT: PaneInfo = PaneInfo { key: "text", title: "Text" };
const HISTORY: PaneInfo = PaneInfo { key: "history", title: "Tried so far" };
const EXAMPLES: PaneInfo = PaneInfo { key: "examples", title: "Examples" };
const TEXTS: &[PaneInfo] = &[TEXT, PaneInfo { key: "answer", title: "Prediction" }, HISTORY, EXAMPLES];
const ENTITIES: &[PaneInfo] = &[
    TEXT,
    PaneInfo { key: "entities", title: "Entities" },
    PaneInfo { key: "tokens", title: "Tokens" },
    HISTORY,
    EXAMPLES,
];
const DOCUMENT: &[PaneInfo] = &[
    PaneInfo { key: "document", title: "Document" },
    PaneInfo { key: "where", title: "Where it looks" },
    PaneInfo { key: "questions", title: "Questions" },
    PaneInfo { key: "best", title: "Best answers" },
];
const MASKS: &[PaneInfo] = &[
    TEXT,
    PaneInfo { key: "masks", title: "Behind the masks" },
    PaneInfo { key: "own", title: "Own words" },
    HISTORY,
    EXAMPLES,
];

const LAB: &[PaneInfo] = &[
    PaneInfo { key: "lab text", title: "Text" },
    PaneInfo { key: "ways", title: "Objectives" },
    PaneInfo { key: "lesson", title: "Lesson" },
];

impl Tiled for ExplorePanel {
    fn prepare(&mut self, cx: &Cx<'_>) {
        let explore = &cx.workspace.explore;
        if self.model != explore.model {
            self.model.clone_from(&explore.model);
            self.forget();
        }
        let Some(subject) = &explore.subject else { return };
        if self.subject.as_ref().is_none_or(|known| Weak::as_ptr(known) != Arc::as_ptr(subject)) {
            self.subject = Some(Arc::downgrade(subject));
            // What was said before may be said otherwise by what is decided now.
            self.forget();
            self.document.decide(subject.decisions.no_answer);
        }
        let heads = &subject.heads;
        let known = |mode: &Mode| matches!(mode, Mode::Lab) || matches!(mode, Mode::Head(task) if heads.contains(task));
        self.mode = self.chosen.filter(known).or_else(|| heads.first().copied().map(Mode::Head));
        self.masks.begin(subject.script, subject.mask_token.as_deref().unwrap_or_default());
        self.objectives.begin(subject.script);
    }

    fn variant(&self) -> &'static str {
        match self.mode {
            Some(Mode::Head(Task::Ner)) => "entities",
            Some(Mode::Head(Task::Qa)) => "document",
            Some(Mode::Head(Task::Mlm)) => "masks",
            Some(Mode::Head(Task::Rtd)) => "replaced",
            Some(Mode::Lab) => "lab",
            _ => "",
        }
    }

    fn panes(&self) -> &'static [PaneInfo] {
        match self.mode {
            Some(Mode::Head(Task::Ner)) => ENTITIES,
            Some(Mode::Head(Task::Qa)) => DOCUMENT,
            Some(Mode::Head(Task::Mlm)) => MASKS,
            Some(Mode::Lab) => LAB,
            _ => TEXTS,
        }
    }

    fn layout(&self) -> Layout {
        let pane = Layout::Pane;
        let history = || vec![(1.0, pane("history")), (1.0, pane("examples"))];
        let tabs = || Layout::Tabs(vec![pane("examples"), pane("history")]);
        if self.mode == Some(Mode::Lab) {
            let left = Layout::Rows(vec![(1.0, pane("lab text")), (1.3, pane("ways"))]);
            return Layout::Columns(vec![(1.0, left), (2.2, pane("lesson"))]);
        }
        let (left, right) = match self.head() {
            Some(Task::Ner) => {
                (vec![(1.0, pane("text")), (1.0, Layout::Tabs(vec![pane("entities"), pane("tokens")]))], history())
            }
            Some(Task::Qa) => (
                vec![(1.9, pane("document")), (1.0, pane("where"))],
                vec![(1.15, pane("questions")), (1.0, pane("best"))],
            ),
            Some(Task::Mlm) => {
                (vec![(1.0, pane("text")), (1.15, pane("masks"))], vec![(1.0, pane("own")), (1.0, tabs())])
            }
            Some(Task::Rtd) => (vec![(0.7, pane("text")), (1.0, pane("answer"))], history()),
            _ => (vec![(1.1, pane("text")), (1.0, pane("answer"))], history()),
        };
        Layout::Columns(vec![(1.9, Layout::Rows(left)), (1.0, Layout::Rows(right))])
    }

    fn has_content(&self, cx: &Cx<'_>) -> bool {
        let explore = &cx.workspace.explore;
        explore.model.is_some() && explore.subject.is_some() && self.mode.is_some()
    }

    fn empty_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        if cx.workspace.explore.model.is_some() {
            self.head_panel_ui(ui, cx);
        }
        if head::nothing_ui(ui, cx) {
            self.chosen = Some(Mode::Lab);
        }
    }

    fn around_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        self.take_offer(cx.workspace);
        self.take_answer(ui, cx.workspace);
        let wanted = self.wanted();
        self.asker.ask(ui, cx, wanted);
        self.head_panel_ui(ui, cx);
    }

    fn pane_ui(&mut self, key: &str, ui: &mut Ui, cx: &mut Cx<'_>) {
        let changed = match key {
            "lab text" => self.objectives.text_ui(ui, cx),
            "ways" => {
                self.objectives.ways_ui(ui, cx);
                Changed::No
            }
            "lesson" => {
                self.objectives.lesson_ui(ui, cx);
                Changed::No
            }
            _ => match self.head() {
                Some(task) => self.head_pane_ui(key, task, ui, cx),
                None => Changed::No,
            },
        };
        if changed == Changed::No {
            return;
        }
        self.heed(ui, changed);
        // With this very frame: the answer can be there for the next.
        let wanted = self.wanted();
        self.asker.ask(ui, cx, wanted);
    }
}

impl ExplorePanel {
    fn head(&self) -> Option<Task> {
        match self.mode? {
            Mode::Head(task) => Some(task),
            Mode::Lab => None,
        }
    }

    /// Draws what a head's part asks, and otherwise what it says.
    fn head_pane_ui(&mut self, key: &str, task: Task, ui: &mut Ui, cx: &mut Cx<'_>) -> Changed {
        match (key, task) {
            ("history", _) => self.history_ui(ui, cx, task),
            ("examples", _) => self.examples_ui(ui, cx, task),
            ("text", Task::Ner) => self.entities.text_ui(ui, cx),
            ("text", Task::Rtd) => self.replaced.text_ui(ui, cx),
            ("text", Task::Mlm) => {
                let changed = self.masks.text_ui(ui, cx);
                if std::mem::take(&mut self.masks.lottery) {
                    self.objectives.text.clone_from(&self.masks.text);
                    self.chosen = Some(Mode::Lab);
                    return Changed::Chosen;
                }
                changed
            }
            ("text", _) => self.texts_of(task).text_ui(ui, cx, task),
            ("document", _) => self.document.document_ui(ui, cx),
            ("questions", _) => self.document.questions_ui(ui, cx),
            ("own", _) => self.masks.candidates_ui(ui, cx),
            _ => {
                self.said_ui(key, task, ui, cx);
                Changed::No
            }
        }
    }

    fn said_ui(&mut self, key: &str, task: Task, ui: &mut Ui, cx: &mut Cx<'_>) {
        match (key, task) {
            ("entities", _) => self.entities.list_ui(ui, cx),
            ("tokens", _) => self.entities.tokens_ui(ui, cx.palette),
            ("where", _) => evidence::where_ui(ui, &mut self.document, cx.palette),
            ("best", _) => evidence::best_ui(ui, &mut self.document, cx.palette),
            ("masks", _) => self.masks.masks_ui(ui, cx),
            (_, Task::Rtd) => self.replaced.answer_ui(ui, cx),
            _ => self.texts_of(task).answer_ui(ui, cx),
        }
    }

    fn heed(&mut self, ui: &Ui, changed: Changed) {
        match changed {
            Changed::No => {}
            Changed::Typed => self.asker.typed(ui),
            Changed::Chosen => self.asker.chosen(ui),
        }
    }

    fn forget(&mut self) {
        self.texts.forget();
        self.orders.forget();
        self.entities.forget();
        self.document.forget();
        self.masks.forget();
        self.replaced.forget();
        self.objectives.forget();
        self.asker.forget();
        self.history.values_mut().for_each(History::outdate);
    }

    fn texts_of(&mut self, task: Task) -> &mut Texts {
        let texts = if task.is_sequence() { &mut self.texts } else { &mut self.orders };
        texts.begin(task);
        texts
    }

    fn wanted(&mut self) -> Option<Question> {
        match self.mode? {
            Mode::Lab => self.objectives.wanted(),
            Mode::Head(Task::Ner) => self.entities.wanted(),
            Mode::Head(Task::Qa) => self.document.wanted(),
            Mode::Head(Task::Mlm) => self.masks.wanted(),
            Mode::Head(Task::Rtd) => self.replaced.wanted(),
            Mode::Head(task) => self.texts_of(task).wanted(task),
        }
    }

    fn set(&mut self, words: String, pair: Option<String>) {
        match self.head() {
            Some(Task::Ner) => self.entities.set(words),
            Some(Task::Qa) => self.document.set(words, pair),
            Some(Task::Mlm) => self.masks.set(words),
            Some(Task::Rtd) => self.replaced.text = words,
            Some(task) => self.texts_of(task).set(words, pair),
            None => {}
        }
    }

    /// A text that another screen has sent to be tried.
    fn take_offer(&mut self, workspace: &Workspace) {
        let Some(offered) = &workspace.explore.offered else { return };
        let known = self.taken_offer.as_ref().is_some_and(|taken| Weak::as_ptr(taken) == Arc::as_ptr(offered));
        if !known {
            self.taken_offer = Some(Arc::downgrade(offered));
            // It was sent for this head, whatever was looked at before; without a head there is nobody to ask.
            let heads = workspace.explore.subject.as_ref().map(|subject| subject.heads.as_slice());
            if heads.is_some_and(|heads| heads.contains(&offered.task)) {
                self.chosen = Some(Mode::Head(offered.task));
                self.mode = self.chosen;
            }
            if self.head() == Some(Task::Qa) {
                self.document.offer(offered.text.clone(), offered.pair.clone(), offered.no_answer);
            } else {
                self.set(offered.text.clone(), offered.pair.clone());
            }
        }
    }

    fn take_answer(&mut self, ui: &Ui, workspace: &Workspace) {
        let now = ui.input(|input| input.time);
        if let Some(answer) = self.asker.news(workspace) {
            if matches!(answer.result, Prediction::Lab(_)) {
                self.objectives.take(answer);
            } else {
                self.give(answer.clone());
                self.history.entry(answer.task).or_default().answered(answer, now);
            }
        }
        if let (Some(error), Some(question), None) =
            (&workspace.explore.error, self.asker.asked(), workspace.explore.pending)
        {
            self.document.fail(question, error);
        }
        let Some(task) = self.head() else { return };
        let current = self.wanted().map_or_else(String::new, |question| question.text);
        let rest = self.history.entry(task).or_default().settle(now, &current);
        if let Some(rest) = rest {
            ui.ctx().request_repaint_after(std::time::Duration::from_secs_f64(rest));
        }
    }

    fn give(&mut self, answer: Arc<Answer>) {
        match answer.task {
            Task::Ner => self.entities.take(answer),
            Task::Qa => self.document.take(&answer),
            Task::Mlm => self.masks.take(answer),
            Task::Rtd => self.replaced.take(answer),
            task => self.texts_of(task).take(answer),
        }
    }

    fn head_panel_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let fill = Frame::new().inner_margin(Margin { left: 12, right: 12, top: 12, bottom: 0 });
        Panel::top("explore head").show_separator_line(false).frame(fill).show(ui, |ui| {
            if let Some(chosen) = head::ui(ui, cx, self.mode) {
                self.chosen = Some(chosen);
                self.asker.chosen(ui);
            }
        });
    }

    fn history_ui(&mut self, ui: &mut Ui, cx: &Cx<'_>, task: Task) -> Changed {
        let chosen = self.history.entry(task).or_default().list_ui(ui, cx.palette);
        self.try_again(chosen)
    }

    fn examples_ui(&mut self, ui: &mut Ui, cx: &Cx<'_>, task: Task) -> Changed {
        let chosen = self.history.entry(task).or_default().examples_ui(ui, cx, task);
        self.try_again(chosen)
    }

    fn try_again(&mut self, chosen: Option<(String, Option<String>)>) -> Changed {
        let Some((words, pair)) = chosen else { return Changed::No };
        self.set(words, pair);
        Changed::Chosen
    }
}

/// How long the answer took.
fn millis_ui(ui: &mut Ui, answer: Option<&Answer>, palette: &Palette) {
    let Some(answer) = answer else { return };
    let millis =
        if answer.millis < 100.0 { format!("{:.1} ms", answer.millis) } else { format!("{:.0} ms", answer.millis) };
    ui.label(text::number_dim(millis, palette)).on_hover_text("From taking the request to the answer");
}

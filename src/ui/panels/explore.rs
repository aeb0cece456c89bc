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
mod masks;
mod replaced;
mod rows;
mod samples;
mod texts;
mod tokens;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Weak};

use egui::{Frame, Margin, Panel, Ui};

use crate::inspect::{Answer, Question};
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
use replaced::Replaced;
use texts::Texts;

#[derive(Debug, Default)]
pub struct ExplorePanel {
    /// The model that everything here is about.
    model: Option<PathBuf>,
    /// The head a person chose, which counts while the model has it.
    chosen: Option<Task>,
    /// The head that is asked.
    task: Option<Task>,
    asker: Asker,
    texts: Texts,
    orders: Texts,
    entities: Entities,
    document: Document,
    masks: Masks,
    replaced: Replaced,
    history: BTreeMap<Task, History>,
    taken_offer: Option<Weak<Offered>>,
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

impl Tiled for ExplorePanel {
    fn prepare(&mut self, cx: &Cx<'_>) {
        let explore = &cx.workspace.explore;
        if self.model != explore.model {
            self.model.clone_from(&explore.model);
            self.forget();
        }
        let Some(subject) = &explore.subject else { return };
        let heads = &subject.heads;
        let chosen = self.chosen.filter(|task| heads.contains(task));
        self.task = chosen.or_else(|| heads.first().copied());
        let mask = subject.mask_token.clone().unwrap_or_default();
        self.masks.begin(&masks::sample(subject.script, &mask));
    }

    fn variant(&self) -> &'static str {
        match self.task {
            Some(Task::Ner) => "entities",
            Some(Task::Qa) => "document",
            Some(Task::Mlm) => "masks",
            _ => "",
        }
    }

    fn panes(&self) -> &'static [PaneInfo] {
        match self.task {
            Some(Task::Ner) => ENTITIES,
            Some(Task::Qa) => DOCUMENT,
            Some(Task::Mlm) => MASKS,
            _ => TEXTS,
        }
    }

    fn layout(&self) -> Layout {
        let pane = Layout::Pane;
        let history = || vec![(1.0, pane("history")), (1.0, pane("examples"))];
        let tabs = || Layout::Tabs(vec![pane("examples"), pane("history")]);
        let (left, right) = match self.task {
            Some(Task::Ner) => (
                vec![(1.2, pane("text")), (1.0, Layout::Tabs(vec![pane("entities"), pane("tokens")]))],
                history(),
            ),
            Some(Task::Qa) => (
                vec![(1.9, pane("document")), (1.0, pane("where"))],
                vec![(1.15, pane("questions")), (1.0, pane("best"))],
            ),
            Some(Task::Mlm) => (vec![(1.0, pane("text")), (1.15, pane("masks"))], vec![(1.0, pane("own")), (1.0, tabs())]),
            _ => (vec![(1.1, pane("text")), (1.0, pane("answer"))], history()),
        };
        Layout::Columns(vec![(1.9, Layout::Rows(left)), (1.0, Layout::Rows(right))])
    }

    fn has_content(&self, cx: &Cx<'_>) -> bool {
        let explore = &cx.workspace.explore;
        explore.model.is_some() && explore.subject.as_ref().is_some_and(|subject| !subject.heads.is_empty())
    }

    fn empty_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        if cx.workspace.explore.model.is_some() {
            self.head_panel_ui(ui, cx);
        }
        head::nothing_ui(ui, cx);
    }

    fn around_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        self.take_offer(cx.workspace);
        self.take_answer(ui, cx.workspace);
        let wanted = self.wanted();
        self.asker.ask(ui, cx, wanted);
        self.head_panel_ui(ui, cx);
    }

    fn pane_ui(&mut self, key: &str, ui: &mut Ui, cx: &mut Cx<'_>) {
        let Some(task) = self.task else { return };
        let changed = match (key, task) {
            ("history", _) => self.history_ui(ui, cx, task),
            ("examples", _) => self.examples_ui(ui, cx, task),
            ("text", Task::Ner) => self.entities.text_ui(ui, cx),
            ("entities", _) => nothing(self.entities.list_ui(ui, cx)),
            ("tokens", _) => nothing(self.entities.tokens_ui(ui, cx.palette)),
            ("document", _) => self.document.document_ui(ui, cx),
            ("where", _) => nothing(evidence::where_ui(ui, &mut self.document, cx.palette)),
            ("questions", _) => self.document.questions_ui(ui, cx),
            ("best", _) => nothing(evidence::best_ui(ui, &mut self.document, cx.palette)),
            ("text", Task::Mlm) => self.masks.text_ui(ui, cx),
            ("masks", _) => nothing(self.masks.masks_ui(ui, cx)),
            ("own", _) => self.masks.candidates_ui(ui, cx),
            ("text", Task::Rtd) => self.replaced.text_ui(ui, cx),
            ("answer", Task::Rtd) => nothing(self.replaced.answer_ui(ui, cx)),
            ("text", _) => self.texts_of(task).text_ui(ui, cx, task),
            _ => nothing(self.texts_of(task).answer_ui(ui, cx)),
        };
        self.heed(ui, changed);
    }
}

fn nothing((): ()) -> Changed {
    Changed::No
}

impl ExplorePanel {
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
        self.asker.forget();
    }

    fn texts_of(&mut self, task: Task) -> &mut Texts {
        let texts = if task.is_sequence() { &mut self.texts } else { &mut self.orders };
        texts.begin(task);
        texts
    }

    fn wanted(&mut self) -> Option<Question> {
        match self.task? {
            Task::Ner => self.entities.wanted(),
            Task::Qa => self.document.wanted(),
            Task::Mlm => self.masks.wanted(),
            Task::Rtd => self.replaced.wanted(),
            task => self.texts_of(task).wanted(task),
        }
    }

    fn set(&mut self, words: String, pair: Option<String>) {
        match self.task {
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
            self.set(offered.text.clone(), offered.pair.clone());
        }
    }

    fn take_answer(&mut self, ui: &Ui, workspace: &Workspace) {
        let now = ui.input(|input| input.time);
        if let Some(answer) = self.asker.news(workspace) {
            self.give(answer.clone());
            self.history.entry(answer.task).or_default().answered(answer, now);
        }
        let Some(task) = self.task else { return };
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
            if let Some(chosen) = head::ui(ui, cx, self.task) {
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
        let mask = cx.workspace.explore.subject.as_ref().and_then(|subject| subject.mask_token.as_deref());
        let chosen = self.history.entry(task).or_default().examples_ui(ui, cx, task, mask.unwrap_or_default());
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

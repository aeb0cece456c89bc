//! What a view of Explore is to the rest: a name in the list of [`super::views`], some parts of the screen, a question and
//! its answer. It owns what it asks of the model, what it was told, and what is seen of it.

use std::fmt::Debug;
use std::sync::Arc;

use egui::Ui;
use serde_json::{Map, Value};

use super::keeping::Unread;
use super::told::Told;
use super::words::Words;
use crate::inspect::{AnyInquiry, Reply, Subject};
use crate::task::Task;
use crate::ui::Cx;
use crate::ui::tiles::{Layout, Pane};
use crate::ui::workspace::Offered;

/// A view as it is registered.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// Under which the layout is kept in the settings, so it must not change. Views with the same parts may share it.
    pub name: &'static str,
    /// What the switch calls it, where it is no head that is asked.
    pub title: &'static str,
    /// The tasks whose heads it asks; none for a view of every model.
    pub heads: &'static [Task],
    pub make: fn() -> Box<dyn View>,
}

/// The parts that are drawn for every view that lays them out.
pub const HISTORY: Pane = Pane::new("history", "Tried so far");
pub const EXAMPLES: Pane = Pane::new("examples", "Examples");
/// The text box of views that have none of their own: it has what a person wrote, wherever that was, and where nobody has
/// written anything the text that was looked at before.
pub const SHARED: Pane = Pane::new("shared text", "Text");

/// The text and what is said of it to the left, and to the right what is narrower.
pub fn beside(left: Vec<(f32, Layout)>, right: Vec<(f32, Layout)>) -> Layout {
    Layout::Columns(vec![(1.9, Layout::Rows(left)), (1.0, Layout::Rows(right))])
}

/// What was tried above what can be.
pub fn tried() -> Vec<(f32, Layout)> {
    vec![(1.0, HISTORY.into()), (1.0, EXAMPLES.into())]
}

/// What is looked at: a view, by its place among all, and which head it asks, where it asks one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mode {
    pub view: usize,
    pub head: Option<Task>,
}

/// A view, while the window is open. What it keeps of the model goes when [`View::forget`] is called.
pub trait View: Debug {
    /// Its parts, and where they stand at first.
    fn layout(&self) -> Layout;

    /// Draws one of its parts.
    fn pane_ui(&mut self, pane: Pane, ui: &mut Ui, cx: &mut Cx<'_>) -> Changed;

    /// Another model, or the same with something decided anew. The view was told to forget before.
    fn meet(&mut self, subject: &Subject) {
        _ = subject;
    }

    /// Which of its heads is asked from now on; for a view of every model, which was asked before it was looked at.
    fn turn_to(&mut self, head: Task) {
        _ = head;
    }

    /// The text of views without one of their own as it is now, before it is asked about.
    fn see(&mut self, shared: &Words) {
        _ = shared;
    }

    /// What is to be asked now, if anything. It is asked when it is another than what was asked last, and the newest
    /// alone. `shared` is the text of views without one of their own. Nothing where it asks of the whole data, which waits
    /// its turn with what takes the whole machine ([`crate::worker::work::Queue::Compute`]).
    fn wanted(&self, shared: &Words) -> Option<AnyInquiry> {
        _ = shared;
        None
    }

    /// What it was told last, where it keeps nothing else of its answers.
    fn told(&mut self) -> Option<&mut Told> {
        None
    }

    /// What was said to something it asked.
    fn take(&mut self, reply: &Arc<Reply>) {
        if let Some(told) = self.told() {
            told.take(reply);
        }
    }

    /// Something it asked cannot be answered.
    fn fail(&mut self, inquiry: &AnyInquiry, error: &str) {
        _ = (inquiry, error);
    }

    /// What was said so far was said by another model, or by this one before it was changed.
    fn forget(&mut self) {
        if let Some(told) = self.told() {
            told.forget();
        }
    }

    /// The text it asks about, where it has one of its own and asks about it.
    fn words(&self) -> Option<Words> {
        None
    }

    /// A text to ask about from now on.
    fn set(&mut self, words: Words) {
        _ = words;
    }

    /// A text that another screen has sent to be tried.
    fn offer(&mut self, offered: &Offered) {
        self.set(Words { text: offered.text.clone(), pair: offered.pair.clone() });
    }

    /// What is asked of these words and how that is shown, for a link that leads back: an object of JSON whose keys are the
    /// view's own.
    fn kept(&self, words: &Words) -> Map<String, Value>;

    /// Asks and shows again what was kept of these words, which were set before. What comes with an answer is taken up when
    /// that is there.
    fn restore(&mut self, kept: Map<String, Value>, words: &Words) -> Result<(), Unread>;

    /// Whether it is about the data that are open.
    fn is_of_data(&self) -> bool {
        false
    }

    /// Texts to try a model with, where no data are loaded.
    fn samples(&self, subject: &Subject) -> Vec<Words> {
        _ = subject;
        Vec::new()
    }

    /// What was said, in a few words, and how sure it was; nothing where that is kept in no list.
    fn verdict(&self, reply: &Reply) -> (String, String) {
        _ = reply;
        <_>::default()
    }
}

/// What became of a part of a view in a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Changed {
    No,
    Typed,
    /// By a press, after which there is nothing to wait for.
    Chosen,
    /// This text is to be asked about.
    Try(Words),
    /// This text is to be looked at in the view of this name.
    Show(&'static str, Words),
}

impl Changed {
    pub fn tried(words: Option<Words>) -> Self {
        words.map_or(Self::No, Self::Try)
    }
}

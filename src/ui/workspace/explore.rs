//! What Explore asks, and what other screens and links have sent there.

use std::path::PathBuf;
use std::sync::Arc;

use crate::inspect::{AnyInquiry, Reply, Subject};
use crate::table::Inputs;
use crate::task::Task;
use crate::ui::link::Link;
use crate::worker::protocol::JobId;

/// What Explore asks and was told.
#[derive(Clone, Debug, Default)]
pub struct ExploreState {
    pub model: Option<PathBuf>,
    /// Whether a person has looked at it there; then nothing but a person puts another in its place.
    pub is_used: bool,
    /// What the model can be asked, once it is open.
    pub subject: Option<Arc<Subject>>,
    /// A text from another screen that is to be tried.
    pub offered: Option<Arc<Offered>>,
    /// A view that another screen asked for.
    pub shown: Option<Arc<Shown>>,
    /// A view that a link leads to.
    pub linked: Option<Arc<Link>>,
    pub answer: Option<Arc<Reply>>,
    /// The newest request, until it is answered, and what it asks.
    pub pending: Option<JobId>,
    pub asked: Option<AnyInquiry>,
    pub error: Option<String>,
}

/// A view of Explore, by its name, that is to be looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    pub view: &'static str,
    /// A model that is set beside the one that is asked.
    pub before: Option<PathBuf>,
    /// A file that is predicted.
    pub file: Option<Inputs>,
}

/// A text to be tried in Explore, with its pair or context.
#[derive(Clone, Debug, PartialEq)]
pub struct Offered {
    /// What it is to be tried for.
    pub task: Task,
    pub text: String,
    pub pair: Option<String>,
    /// For a question, from which lead on there is no answer, where that may be said.
    pub no_answer: Option<f64>,
}

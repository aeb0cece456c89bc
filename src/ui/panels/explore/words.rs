//! What is asked about.

use crate::inspect::{AnyInquiry, Question};
use crate::task::Task;

/// A text, and the second one of its pair.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words {
    pub text: String,
    pub pair: Option<String>,
}

impl Words {
    pub fn of(text: &str) -> Self {
        Self { text: text.to_owned(), pair: None }
    }

    /// What a head is asked of them.
    pub fn ask(self, head: Task) -> AnyInquiry {
        AnyInquiry::new(Question { task: Some(head), ..Question::of(self.text, self.pair) })
    }

    /// Themselves, unless there is nothing in them.
    pub fn unless_blank(self) -> Option<Self> {
        Some(self).filter(|words| !words.are_blank())
    }

    /// Only the first text.
    pub fn alone(self) -> Self {
        Self { pair: None, ..self }
    }

    pub fn are_blank(&self) -> bool {
        self.text.trim().is_empty()
    }

    /// Whether they are the same but for a second text with nothing in it.
    pub fn say_the_same(&self, other: &Self) -> bool {
        let pair = |words: &Self| words.pair.clone().unwrap_or_default();
        self.text == other.text && pair(self) == pair(other)
    }

    /// Both in one line.
    pub fn line(&self) -> String {
        self.pair.as_ref().map_or_else(|| self.text.clone(), |pair| format!("{} · {pair}", self.text))
    }
}

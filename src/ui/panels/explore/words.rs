//! What is asked about.

use crate::inspect::{AnyInquiry, Question};
use crate::task::Task;
use crate::ui::format;

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

    /// How many words they are, or characters where no blanks part words.
    pub fn size(&self) -> String {
        let both = [Some(&self.text), self.pair.as_ref()].into_iter().flatten();
        let (words, letters) = both.fold((0, 0), |(words, letters), text| {
            (words + text.split_whitespace().count(), letters + text.trim().chars().count())
        });
        if letters > words * 40 {
            return format::plural(letters as u64, "character", "characters");
        }
        format::plural(words as u64, "word", "words")
    }

    /// Both in one line.
    pub fn line(&self) -> String {
        self.pair.as_ref().map_or_else(|| self.text.clone(), |pair| format!("{} · {pair}", self.text))
    }
}

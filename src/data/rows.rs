//! What a table is read as: the roles of its columns, the names of the classes, and what each row teaches.

use serde::{Deserialize, Serialize};

use crate::table::GoldAnswer;
use crate::task::{Annotation, Reads, Task};

/// Which column plays which part, by column name. Also the `columns` table of `RUN.toml`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Roles {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pair: Option<String>,
    /// One column, or for several labels some of 0 and 1 between commas.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub question: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answers: Option<String>,
    /// Labelled spans of characters in the text: a JSON list of `{"start", "end", "label"}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spans: Option<String>,
    /// Rows with the same value stay on one side of a split: a document, a customer, an article.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Says of each row which part it is of: to learn from, to evaluate on, or to leave for a last test. An empty name is
    /// none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub split: Option<String>,
}

impl Roles {
    /// Every part by what it is called, with its column where it has one.
    pub fn parts(&self) -> [(&'static str, &Option<String>); 11] {
        [
            ("text", &self.text),
            ("second text", &self.pair),
            ("label", &self.label),
            ("words", &self.tokens),
            ("tags", &self.tags),
            ("spans", &self.spans),
            ("question", &self.question),
            ("context", &self.context),
            ("answers", &self.answers),
            ("group", &self.group),
            ("split", &self.split),
        ]
    }

    /// The columns of all parts, in the order of [`Self::parts`].
    pub fn columns_mut(&mut self) -> [&mut Option<String>; 11] {
        [
            &mut self.text,
            &mut self.pair,
            &mut self.label,
            &mut self.tokens,
            &mut self.tags,
            &mut self.spans,
            &mut self.question,
            &mut self.context,
            &mut self.answers,
            &mut self.group,
            &mut self.split,
        ]
    }

    /// The columns that play a part, each after what the part is called.
    pub fn named(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.parts()
            .into_iter()
            .filter_map(|(role, column)| Some((role, column.as_deref().filter(|name| !name.is_empty())?)))
    }

    /// What is asked about, without what is to be learned of it.
    #[must_use]
    pub fn asked(&self) -> Self {
        Self { label: None, tags: None, spans: None, answers: None, group: None, split: None, ..self.clone() }
    }

    /// Whether labels are given by places in the texts, which do not hold where these are changed.
    pub(super) fn have_places(&self, task: Task) -> bool {
        match task.annotation() {
            Annotation::Answers => true,
            Annotation::Tags => self.spans.is_some(),
            Annotation::Label
            | Annotation::Labels
            | Annotation::Number
            | Annotation::Order(_)
            | Annotation::Nothing => false,
        }
    }

    /// Those alone that a task reads.
    #[must_use]
    pub fn read_by(&self, task: Task) -> Self {
        let all = self.clone();
        let text = Self { group: all.group.clone(), split: all.split.clone(), ..Self::default() };
        let asked = match task.reads() {
            Reads::Texts | Reads::Neighbours(_) | Reads::Running => Self { text: all.text, pair: all.pair, ..text },
            Reads::Words => Self { text: all.text, tokens: all.tokens, ..text },
            Reads::Question => Self { question: all.question, context: all.context, ..text },
        };
        match task.annotation() {
            Annotation::Label | Annotation::Labels | Annotation::Number | Annotation::Order(_) => {
                Self { label: all.label, ..asked }
            }
            Annotation::Tags => Self { tags: all.tags, spans: all.spans, ..asked },
            Annotation::Answers => Self { answers: all.answers, ..asked },
            Annotation::Nothing => asked,
        }
    }
}

/// The names of the classes, in the order of their indices.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LabelSet {
    pub names: Vec<String>,
}

impl LabelSet {
    pub fn len(&self) -> usize {
        self.names.len()
    }

    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    pub fn index(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|known| known == name)
    }
}

/// What a row teaches.
#[derive(Clone, Debug, PartialEq)]
pub enum Target {
    /// Nothing: the row is only to be predicted.
    None,
    /// One class.
    Class(u32),
    /// Any number of classes, as sorted indices.
    Classes(Vec<u32>),
    Value(f32),
    /// One tag for each word.
    Tags(Vec<u32>),
    /// Every answer that counts as right; none where the question has no answer in its context.
    Answers(Vec<GoldAnswer>),
}

impl Target {
    /// The classes of a row, or of its words.
    pub fn classes(&self) -> &[u32] {
        match self {
            Self::Class(class) => std::slice::from_ref(class),
            Self::Classes(classes) | Self::Tags(classes) => classes,
            Self::None | Self::Value(_) | Self::Answers(_) => &[],
        }
    }

    /// Puts another class in the place of each.
    pub(super) fn change_classes(&mut self, change: impl Fn(u32) -> u32) {
        match self {
            Self::Class(class) => *class = change(*class),
            Self::Tags(classes) => {
                for class in classes.iter_mut() {
                    *class = change(*class);
                }
            }
            Self::Classes(classes) => {
                for class in classes.iter_mut() {
                    *class = change(*class);
                }
                classes.sort_unstable();
                classes.dedup();
            }
            Self::None | Self::Value(_) | Self::Answers(_) => {}
        }
    }
}

/// A row as the task sees it. Its texts stay in the table.
#[derive(Clone, Debug, PartialEq)]
pub struct Example {
    /// Row in the table, from 0.
    pub row: usize,
    pub target: Target,
}

/// Which columns hold what the model reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    Text {
        text: usize,
        pair: Option<usize>,
    },
    /// Lists of words.
    Words {
        tokens: usize,
    },
    /// Texts that are cut into words, with labelled spans if there are any.
    Spans {
        text: usize,
        spans: Option<usize>,
    },
    Question {
        question: usize,
        context: usize,
    },
}

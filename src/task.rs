//! What is being learned: the one word that data, model and window share, and what follows from it.
//!
//! A task is asked for an aspect: what an example [`Reads`], what its [`Targets`] are, where its [`Labels`] come from. All
//! that is decided for a task stands in `Task::spec`, and who needs to know more matches one of these small enums with all
//! its variants, so that a task that is added is decided on wherever it makes a difference, and nowhere else.

use serde::{Deserialize, Serialize};

/// Probability from which on a label of several applies, where nobody decided otherwise.
pub const THRESHOLD: f32 = 0.5;

/// A task an encoder is fine-tuned for, under the name the command line uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Task {
    /// One label for a text or a pair of texts.
    Classify,
    /// Any number of labels for a text.
    MultiLabel,
    /// A number for a text or a pair.
    Regress,
    /// A label for each word.
    Ner,
    /// The span of a context that answers a question.
    Qa,
    /// The words behind masks.
    Mlm,
    /// Whether the second text follows the first (BERT).
    Nsp,
    /// Whether two texts stand in their original order (ALBERT).
    Sop,
    /// Which tokens were replaced (ELECTRA).
    Rtd,
}

/// What one example consists of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reads {
    /// A text, or a pair of texts.
    Texts,
    /// The words of a sentence, each of which is judged.
    Words,
    /// A question, and the context in which its answer is looked for.
    Question,
    /// Text that goes on and on, of which blocks are cut; it is its own lesson.
    Running,
    /// Two texts of which one may go on with the other; without pairs they are cut from running text, which is then its own
    /// lesson.
    Neighbours,
}

/// What is learned of an example.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Targets {
    /// One class of several.
    Class,
    /// Any number of classes.
    Classes,
    /// A number.
    Number,
    /// A class for each word, which together mark entities.
    Tags,
    /// Where in the context an answer starts and ends, if there is one.
    Span,
    /// The tokens that were hidden.
    Hidden,
    /// For each token whether it was replaced.
    Replaced,
}

/// What the outputs of a task's head are called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Labels {
    /// As the data call the classes.
    OfData,
    /// The same for all data.
    Fixed([&'static str; 2]),
    /// They are no classes.
    None,
}

/// All that is decided for a task.
struct Spec {
    name: &'static str,
    title: &'static str,
    reads: Reads,
    targets: Targets,
    labels: Labels,
    pipeline: Option<&'static str>,
}

impl Task {
    pub const ALL: [Self; 9] = [
        Self::Classify,
        Self::MultiLabel,
        Self::Regress,
        Self::Ner,
        Self::Qa,
        Self::Mlm,
        Self::Nsp,
        Self::Sop,
        Self::Rtd,
    ];

    fn spec(self) -> Spec {
        use Labels::{Fixed, OfData};
        let texts = Some("text-classification");
        let (name, title, reads, targets, labels, pipeline) = match self {
            Self::Classify => ("classify", "Text classification", Reads::Texts, Targets::Class, OfData, texts),
            Self::MultiLabel => {
                ("multilabel", "Multi-label classification", Reads::Texts, Targets::Classes, OfData, texts)
            }
            Self::Regress => ("regress", "Regression", Reads::Texts, Targets::Number, Labels::None, texts),
            Self::Ner => ("ner", "Named entities", Reads::Words, Targets::Tags, OfData, Some("token-classification")),
            Self::Qa => {
                let pipeline = Some("question-answering");
                ("qa", "Question answering", Reads::Question, Targets::Span, Labels::None, pipeline)
            }
            Self::Mlm => ("mlm", "Masked words", Reads::Running, Targets::Hidden, Labels::None, Some("fill-mask")),
            Self::Nsp => {
                let labels = Fixed(["is_next", "not_next"]);
                ("nsp", "Next sentence", Reads::Neighbours, Targets::Class, labels, None)
            }
            Self::Sop => {
                let labels = Fixed(["in_order", "swapped"]);
                ("sop", "Sentence order", Reads::Neighbours, Targets::Class, labels, None)
            }
            Self::Rtd => ("rtd", "Replaced tokens", Reads::Running, Targets::Replaced, Labels::None, None),
        };
        Spec { name, title, reads, targets, labels, pipeline }
    }

    /// The name on the command line and in `RUN.toml`.
    pub fn name(self) -> &'static str {
        self.spec().name
    }

    /// The name on screen.
    pub fn title(self) -> &'static str {
        self.spec().title
    }

    /// What transformers' pipelines and the hub call it; they have no word for some.
    pub fn pipeline(self) -> Option<&'static str> {
        self.spec().pipeline
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|task| task.name() == name)
    }

    pub fn reads(self) -> Reads {
        self.spec().reads
    }

    pub fn targets(self) -> Targets {
        self.spec().targets
    }

    pub fn labels(self) -> Labels {
        self.spec().labels
    }

    /// Whether the classes are those that the data name.
    pub fn has_classes_of_data(self) -> bool {
        match self.labels() {
            Labels::OfData => true,
            Labels::Fixed(_) | Labels::None => false,
        }
    }

    /// Whether rare classes can be made to weigh as much as frequent ones.
    pub fn takes_class_weights(self) -> bool {
        self.has_classes_of_data() && self.targets().are_exclusive()
    }

    /// Whether each example has one class of those that the data name, so that easy ones can be made to count less and rare
    /// ones be repeated.
    pub fn has_one_class(self) -> bool {
        self.has_classes_of_data() && self.targets() == Targets::Class
    }

    /// Whether targets are one class among several, of which a share can be spread over the others.
    pub fn takes_label_smoothing(self) -> bool {
        self.targets().are_exclusive()
    }

    /// Whether the task's head is the sequence head: one vector of logits for a whole text.
    pub fn is_sequence(self) -> bool {
        match self.reads() {
            Reads::Texts => true,
            Reads::Words | Reads::Question | Reads::Running | Reads::Neighbours => false,
        }
    }

    /// Whether the task's head says one thing of a text, or of a pair, as a whole.
    pub fn is_of_whole_texts(self) -> bool {
        match self.reads() {
            Reads::Texts | Reads::Neighbours => true,
            Reads::Words | Reads::Question | Reads::Running => false,
        }
    }

    /// Whether a text can be its own lesson, with targets that are made from it.
    pub fn is_self_supervised(self) -> bool {
        match self.reads() {
            Reads::Running | Reads::Neighbours => true,
            Reads::Texts | Reads::Words | Reads::Question => false,
        }
    }

    /// Whether a text that is too long is read in windows, and not cut.
    pub fn has_windows(self) -> bool {
        match self.reads() {
            Reads::Words | Reads::Question => true,
            Reads::Texts | Reads::Running | Reads::Neighbours => false,
        }
    }

    /// Whether a second model is trained along, which replaces the tokens.
    pub fn has_generator(self) -> bool {
        match self.targets() {
            Targets::Replaced => true,
            Targets::Class | Targets::Classes | Targets::Number | Targets::Tags | Targets::Span | Targets::Hidden => {
                false
            }
        }
    }
}

impl Targets {
    /// Whether each is one class among several.
    pub fn are_exclusive(self) -> bool {
        match self {
            Self::Class | Self::Tags | Self::Hidden => true,
            Self::Classes | Self::Number | Self::Span | Self::Replaced => false,
        }
    }
}

impl std::fmt::Display for Task {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_task_is_found_by_its_name_and_listed_once() {
        for task in Task::ALL {
            assert_eq!(Task::from_name(task.name()), Some(task));
            assert_eq!(serde_json::to_value(task).unwrap(), task.name(), "the name in RUN.toml");
        }
        let mut listed = Task::ALL;
        listed.sort_unstable();
        assert_eq!(listed.map(|task| task as usize), std::array::from_fn(|place| place));
    }
}

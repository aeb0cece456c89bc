//! What is being learned: the one word that data, model and window share, and what follows from it.
//!
//! A task is asked for an aspect: what an example [`Reads`], what its [`Targets`] are, what the data say of it
//! ([`Annotation`]), where its [`Labels`] come from. All
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
    Neighbours(Mismatch),
}

/// What two texts are that do not go on with each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mismatch {
    /// The second is from somewhere else.
    Elsewhere,
    /// They do, but in the other order.
    Swapped,
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

/// What the data say of an example that is learned from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Annotation {
    /// The name of its class.
    Label,
    /// The names of all classes that apply.
    Labels,
    Number,
    /// A tag for each word, or the spans that have one.
    Tags,
    Answers,
    /// One of two classes that are the same for all data.
    Order([&'static str; 2]),
    /// Its text is its own lesson.
    Nothing,
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
    annotation: Annotation,
    pipeline: Option<&'static str>,
}

/// What tasks on texts have in common.
const TEXTS: Spec = Spec {
    name: "",
    title: "",
    reads: Reads::Texts,
    targets: Targets::Class,
    annotation: Annotation::Label,
    pipeline: Some("text-classification"),
};

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
        use Annotation::{Answers, Nothing, Number, Order, Tags};
        match self {
            Self::Classify => Spec { name: "classify", title: "Text classification", ..TEXTS },
            Self::MultiLabel => {
                let (targets, annotation) = (Targets::Classes, Annotation::Labels);
                Spec { name: "multilabel", title: "Multi-label classification", targets, annotation, ..TEXTS }
            }
            Self::Regress => {
                let targets = Targets::Number;
                Spec { name: "regress", title: "Regression", targets, annotation: Number, ..TEXTS }
            }
            Self::Ner => {
                let (reads, targets, pipeline) = (Reads::Words, Targets::Tags, Some("token-classification"));
                Spec { name: "ner", title: "Named entities", reads, targets, annotation: Tags, pipeline }
            }
            Self::Qa => {
                let (reads, targets, pipeline) = (Reads::Question, Targets::Span, Some("question-answering"));
                Spec { name: "qa", title: "Question answering", reads, targets, annotation: Answers, pipeline }
            }
            Self::Mlm => {
                let (reads, targets, pipeline) = (Reads::Running, Targets::Hidden, Some("fill-mask"));
                Spec { name: "mlm", title: "Masked words", reads, targets, annotation: Nothing, pipeline }
            }
            Self::Nsp => {
                let reads = Reads::Neighbours(Mismatch::Elsewhere);
                let annotation = Order(["is_next", "not_next"]);
                Spec { name: "nsp", title: "Next sentence", reads, annotation, pipeline: None, ..TEXTS }
            }
            Self::Sop => {
                let reads = Reads::Neighbours(Mismatch::Swapped);
                let annotation = Order(["in_order", "swapped"]);
                Spec { name: "sop", title: "Sentence order", reads, annotation, pipeline: None, ..TEXTS }
            }
            Self::Rtd => {
                let (reads, targets) = (Reads::Running, Targets::Replaced);
                Spec { name: "rtd", title: "Replaced tokens", reads, targets, annotation: Nothing, pipeline: None }
            }
        }
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

    pub fn annotation(self) -> Annotation {
        self.spec().annotation
    }

    pub fn labels(self) -> Labels {
        match self.annotation() {
            Annotation::Label | Annotation::Labels | Annotation::Tags => Labels::OfData,
            Annotation::Order(names) => Labels::Fixed(names),
            Annotation::Number | Annotation::Answers | Annotation::Nothing => Labels::None,
        }
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
            Reads::Words | Reads::Question | Reads::Running | Reads::Neighbours(_) => false,
        }
    }

    /// Whether the task's head says one thing of a text, or of a pair, as a whole.
    pub fn is_of_whole_texts(self) -> bool {
        match self.reads() {
            Reads::Texts | Reads::Neighbours(_) => true,
            Reads::Words | Reads::Question | Reads::Running => false,
        }
    }

    /// Whether a text can be its own lesson, with targets that are made from it.
    pub fn is_self_supervised(self) -> bool {
        match self.reads() {
            Reads::Running | Reads::Neighbours(_) => true,
            Reads::Texts | Reads::Words | Reads::Question => false,
        }
    }

    /// Whether a text that is too long is read in windows, and not cut.
    pub fn has_windows(self) -> bool {
        match self.reads() {
            Reads::Words | Reads::Question => true,
            Reads::Texts | Reads::Running | Reads::Neighbours(_) => false,
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

impl Annotation {
    /// Whether classes of whole texts are named, in one column or each by a column of its own.
    pub fn is_named(self) -> bool {
        match self {
            Self::Label | Self::Labels => true,
            Self::Number | Self::Tags | Self::Answers | Self::Order(_) | Self::Nothing => false,
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

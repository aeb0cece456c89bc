//! The kinds of problems, in words.

use super::markup::Markup;
use super::{Finding, RARE};
use crate::data::choices::{Exclude, Fix, Mend};
use crate::data::spellings::Spellings;
use crate::table::name_list;
use crate::task::{Reads, Targets, Task};

#[derive(Clone, Debug, PartialEq)]
pub enum FindingKind {
    /// Rows that could not be read from the file.
    Unreadable,
    /// Rows that their annotators discarded, skipped or rejected.
    Rejected,
    /// Rows that were annotated several times, of which one annotation is read.
    SeveralAnnotations,
    /// Rows without a text.
    EmptyText,
    /// Rows whose label is missing, unknown or not a number; whose tags do not fit their words; whose answer stands nowhere.
    NoUsableLabel,
    /// Questions whose answer stands in the context, but not where it is said to.
    MisplacedAnswers,
    /// Questions with an answer without a place that stands several times in its context.
    PlacedFirst,
    /// Questions that are said to have no answer in their context.
    Unanswered {
        /// Whether that is plainly how the data are made.
        is_meant: bool,
    },
    /// Rows with the text of an earlier row with the same label.
    Duplicates,
    /// Rows whose text stands elsewhere with another label.
    Contradictions,
    /// Rows whose text others labelled too, as a column tells; `text` is the column of the texts.
    Annotators { column: String, text: String },
    /// Rows that nobody approved, where a column tells who approved the others.
    Unapproved { column: String },
    /// Texts that begin with the name of their own class.
    LabelInText,
    /// Texts with something that is left of the way that they came.
    Markup { markup: Markup, can_turn: bool },
    /// Texts that were UTF-8, were read as another encoding and saved: a word as it is and as it was.
    Mojibake { is: String, was: String, taken_for: &'static str, can_turn: bool },
    /// Texts with U+FFFD, which stands for characters that were lost.
    LostCharacters,
    /// Texts with characters that control a terminal and say nothing.
    ControlCharacters { can_turn: bool },
    /// Texts of a word that mostly stands for none.
    Placeholders { words: Vec<String> },
    /// Texts with letters that are written from right to left.
    RightToLeft,
    /// A column that tells rows by a number, of which a spreadsheet has kept the first digits alone.
    RoundedNumbers { column: String, example: String },
    /// Labelled spans that begin or end inside a word.
    CutWords,
    /// Sentences with an `I-` tag after `O` or after another type.
    ImpossibleTags,
    /// Classes that are one and are written in several ways.
    Spellings { classes: Vec<Spellings> },
    /// Columns of texts that are not read.
    UnusedTexts { columns: Vec<String> },
    /// A column that is read as a text and holds something else.
    NoText { column: String, holds: &'static str },
    /// Columns that could be the label as well.
    OtherLabels { columns: Vec<String> },
    /// Further columns of tags.
    OtherTags { columns: Vec<String> },
    /// Tags that are numbers, whose names the file does not say.
    NumberedTags {
        /// Whether they are read as the numbers of `B-` and `I-` tags in turn.
        are_pairs: bool,
    },
    /// A label of whole texts that holds tags of words.
    TagsAsLabel { column: String },
    /// A label that is read as one and looks like several.
    SeveralLabels { label: String },
    /// Classes that are called what stands for a missing value elsewhere.
    MayBeNoLabel { labels: Vec<String> },
    /// There is only one class, so that nothing can be told apart.
    OneClass { label: String },
    /// Labels of several that apply to every row that is learned from.
    Always { labels: Vec<String> },
    /// Classes, or types of entities, that no row of the training part has.
    NotLearned { labels: Vec<String> },
    /// One class has many times as many examples as the others have on average.
    Imbalance { label: String, share: f64 },
    /// Classes, or types of entities, with too few examples to learn from.
    RareClasses {
        labels: Vec<String>,
        /// Whether enough remains when they are left out.
        can_leave_out: bool,
    },
    /// Texts to which none of several labels applies, which may mean that they were not labelled.
    WithoutLabels,
    /// Evaluated texts that are learned from.
    Leaks,
    /// Evaluated questions about a context that other questions are learned from.
    SharedContexts,
}

impl FindingKind {
    /// Whether it tells how the data are, and nothing that is wrong with them.
    pub fn is_note(&self) -> bool {
        matches!(
            self,
            Self::Unanswered { is_meant: true }
                | Self::Rejected
                | Self::SeveralAnnotations
                | Self::Unapproved { .. }
                | Self::RightToLeft
        )
    }

    /// Whether a result means little while it lasts: what a person must know before a run begins.
    pub fn decides_the_result(&self) -> bool {
        matches!(self, Self::OneClass { .. } | Self::Always { .. } | Self::NotLearned { .. })
    }

    /// What one press puts right, where it can be done to the data themselves.
    pub fn remedy(&self) -> Option<Mend> {
        Some(match self {
            Self::Mojibake { can_turn: true, .. } | Self::ControlCharacters { can_turn: true } => {
                Mend::Fix(Fix::Encoding)
            }
            Self::Markup { can_turn: true, .. } => Mend::Fix(Fix::Entities),
            Self::MisplacedAnswers => Mend::Fix(Fix::Answers),
            Self::ImpossibleTags => Mend::Fix(Fix::Tags),
            Self::Spellings { .. } => Mend::Fix(Fix::Spellings),
            Self::Duplicates => Mend::Exclude(Exclude::Duplicates),
            Self::Contradictions => Mend::Exclude(Exclude::Conflicts),
            Self::WithoutLabels => Mend::Exclude(Exclude::Unlabelled),
            Self::RareClasses { can_leave_out: true, .. } => Mend::Exclude(Exclude::RareClasses),
            Self::Leaks => Mend::Exclude(Exclude::Leaks),
            Self::Unreadable
            | Self::Rejected
            | Self::SeveralAnnotations
            | Self::EmptyText
            | Self::NoUsableLabel
            | Self::PlacedFirst
            | Self::Unanswered { .. }
            | Self::Mojibake { .. }
            | Self::LostCharacters
            | Self::ControlCharacters { .. }
            | Self::Placeholders { .. }
            | Self::RightToLeft
            | Self::RoundedNumbers { .. }
            | Self::CutWords
            | Self::Annotators { .. }
            | Self::Markup { .. }
            | Self::Unapproved { .. }
            | Self::LabelInText
            | Self::UnusedTexts { .. }
            | Self::NoText { .. }
            | Self::OtherLabels { .. }
            | Self::OtherTags { .. }
            | Self::NumberedTags { .. }
            | Self::TagsAsLabel { .. }
            | Self::SeveralLabels { .. }
            | Self::MayBeNoLabel { .. }
            | Self::Always { .. }
            | Self::NotLearned { .. }
            | Self::OneClass { .. }
            | Self::Imbalance { .. }
            | Self::RareClasses { .. }
            | Self::SharedContexts => return None,
        })
    }

    /// A word or two for a filter.
    pub fn short(&self) -> &'static str {
        match self {
            Self::Unreadable => "unreadable",
            Self::Rejected => "thrown away",
            Self::SeveralAnnotations => "several annotations",
            Self::EmptyText => "empty texts",
            Self::NoUsableLabel => "no usable label",
            Self::MisplacedAnswers => "misplaced answers",
            Self::PlacedFirst => "answers that come again",
            Self::Unanswered { .. } => "no answer",
            Self::Duplicates => "duplicates",
            Self::Contradictions => "contradictions",
            Self::Unapproved { .. } => "not approved",
            Self::LabelInText => "label in the text",
            Self::Annotators { .. } => "several annotators",
            Self::Markup { markup, .. } => markup.short(),
            Self::Mojibake { .. } => "misread texts",
            Self::LostCharacters => "lost characters",
            Self::ControlCharacters { .. } => "control characters",
            Self::Placeholders { .. } => "possibly no text",
            Self::RightToLeft => "right to left",
            Self::RoundedNumbers { .. } => "rounded numbers",
            Self::CutWords => "words cut by spans",
            Self::ImpossibleTags => "impossible tags",
            Self::Spellings { .. } => "spelling variants",
            Self::UnusedTexts { .. } => "unused texts",
            Self::NoText { .. } => "no text",
            Self::OtherLabels { .. } => "other labels",
            Self::OtherTags { .. } => "other tags",
            Self::NumberedTags { .. } => "tags without names",
            Self::TagsAsLabel { .. } => "tags as a label",
            Self::SeveralLabels { .. } => "several labels",
            Self::MayBeNoLabel { .. } => "possibly no label",
            Self::OneClass { .. } => "one class",
            Self::Always { .. } => "always present",
            Self::NotLearned { .. } => "never learned",
            Self::Imbalance { .. } => "largest class",
            Self::RareClasses { .. } => "rare classes",
            Self::WithoutLabels => "no label applies",
            Self::Leaks => "in both sets",
            Self::SharedContexts => "shared contexts",
        }
    }
}

impl FindingKind {
    /// What is odd about the choice of columns, in words.
    fn about_columns(&self) -> String {
        match self {
            Self::UnusedTexts { columns } => unused_words(columns, ["holds texts", "hold texts"]),
            Self::OtherLabels { columns } => unused_words(columns, ["could be the label too", "could be labels too"]),
            Self::OtherTags { columns } => unused_words(columns, ["holds tags too", "hold tags too"]),
            Self::NumberedTags { are_pairs: true } => "the tags are numbers without names: 0 is read as outside, and the others \
                                                       as the beginning of an entity and what goes on with it in turn, so that 2 \
                                                       goes on with 1"
                .to_owned(),
            Self::NumberedTags { are_pairs: false } => "the tags are numbers without names: 0 is read as outside, and each other \
                                                        one as a type of entity; where some begin an entity and others continue \
                                                        it, put names such as B-PER and I-PER in their place"
                .to_owned(),
            Self::TagsAsLabel { column } => {
                format!("the column \"{column}\" holds tags of words and is read as one label of the text; the task ner reads them")
            }
            Self::SeveralLabels { label } => {
                format!("labels such as {label:?} look like several labels; the task multilabel splits them")
            }
            Self::MayBeNoLabel { labels } => {
                format!("a class is called {}, which may stand for no label", name_list(labels))
            }
            Self::NoText { column, holds } => {
                format!("the column \"{column}\" is used as the text, but holds {holds}")
            }
            _ => String::new(),
        }
    }
}

impl FindingKind {
    /// What is odd about how rows came about, in words.
    fn about_origins(&self, count: usize, rows: &str) -> String {
        let [were, have, begin] = if count == 1 { ["was", "has", "begins"] } else { ["were", "have", "begin"] };
        match self {
            Self::Rejected => format!("{count} {rows} {were} thrown away by the annotators and {were} left out"),
            Self::SeveralAnnotations => {
                format!("{count} {rows} {have} several annotations, of which the first that was not skipped is read")
            }
            Self::PlacedFirst => {
                let [answers, occur, their] =
                    if count == 1 { ["answer", "occurs", "its"] } else { ["answers", "occur", "their"] };
                format!("{count} {answers} {occur} more than once in {their} context, and the first place is taken")
            }
            Self::Annotators { column, text } => format!(
                "{count} {rows} with texts that several annotators labelled, as the column \"{column}\" tells: each is learned from \
                 as it stands, and copies of a text stay on one side only with group = \"{text}\""
            ),
            Self::Markup { markup, .. } => format!("{count} {rows} with {}, all of it read as text", markup.words()),
            Self::RightToLeft => format!(
                "{count} {rows} {have} text written from right to left; the window shows its words in reversed order. \
                 Training and predictions are not affected"
            ),
            Self::Unapproved { column } => {
                format!("{count} {rows} {have} nobody in the column \"{column}\" and {were} kept like the others")
            }
            Self::LabelInText => {
                format!(
                    "{count} {rows} {begin} with the name of their class, which is then learned instead of the text"
                )
            }
            _ => String::new(),
        }
    }
}

impl FindingKind {
    /// How texts and numbers came damaged, in words.
    fn about_damage(&self, count: usize, rows: &str, row: &str) -> String {
        match self {
            Self::Mojibake { is, was, taken_for, .. } => format!(
                "{count} {rows} with a text that was read in a wrong encoding and saved, such as {is:?} for {was:?} (UTF-8 \
                 taken for {taken_for})"
            ),
            Self::LostCharacters => {
                format!("{count} {rows} with characters that were lost, where \u{fffd} stands")
            }
            Self::ControlCharacters { .. } => {
                format!("{count} {rows} with control characters, a sign of a wrong encoding or of a damaged file")
            }
            Self::Placeholders { words } => {
                const NAMED: usize = 3;
                let named = words.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(" or ");
                format!("{count} {rows} whose whole text is {named}, which may stand for no text")
            }
            Self::RoundedNumbers { column, example } => format!(
                "{count} {row} with a rounded number in {column:?}, such as {example}: a spreadsheet has cut its last digits, \
                 so it tells rows apart no more"
            ),
            _ => String::new(),
        }
    }
}

/// Classes with their other spellings, of which the first few are named.
fn spellings_words(count: usize, rows: &str, classes: &[Spellings]) -> String {
    const NAMED: usize = 3;
    let class = |spellings: &Spellings| {
        let others: Vec<String> =
            spellings.iter().skip(1).take(NAMED).map(|(name, count)| format!("{name:?} ({count})")).collect();
        format!("{:?} also as {}", spellings.first().map_or("", |(name, _)| name), others.join(" and "))
    };
    let named: Vec<String> = classes.iter().take(NAMED).map(class).collect();
    let more = if classes.len() > NAMED { ", and more" } else { "" };
    format!("{count} {rows} with a different spelling of a class: {}{more}", named.join(", "))
}

/// Columns that are not used though they hold something, or could be it.
fn unused_words(columns: &[String], [one, several]: [&str; 2]) -> String {
    const NAMED: usize = 8;
    let names: Vec<String> = columns.iter().take(NAMED).map(|name| format!("\"{name}\"")).collect();
    let more = if columns.len() > NAMED { format!(" and {} more", columns.len() - NAMED) } else { String::new() };
    let [noun, does, is] = if columns.len() == 1 { ["column", one, "is"] } else { ["columns", several, "are"] };
    format!("the {noun} {}{more} {does} and {is} not used", names.join(", "))
}

fn one_class_words(task: Task, label: &str) -> String {
    match task.targets() {
        Targets::Tags => "no word belongs to an entity, so there is nothing to learn".to_owned(),
        Targets::Span => "no question has an answer in its context, so there is nothing to learn".to_owned(),
        Targets::Class | Targets::Classes | Targets::Number | Targets::Hidden | Targets::Replaced => {
            format!("every row has the label {label:?}, so there is nothing to learn")
        }
    }
}

fn always_words(labels: &[String]) -> String {
    let [noun, carries] = if labels.len() == 1 { ["label applies", "carries"] } else { ["labels apply", "carry"] };
    format!("{} {noun} to every training row and {carries} no information: {}", labels.len(), name_list(labels))
}

fn not_learned_words(task: Task, labels: &[String]) -> String {
    let one = labels.len() == 1;
    let [single, several] = match task.targets() {
        Targets::Tags => ["type is", "types are"],
        Targets::Classes => ["label is", "labels are"],
        Targets::Class | Targets::Number | Targets::Span | Targets::Hidden | Targets::Replaced => {
            ["class is", "classes are"]
        }
    };
    let noun = if one { single } else { several };
    let them = if one { "it" } else { "them" };
    let (count, names) = (labels.len(), name_list(labels));
    format!("{count} {noun} never learned, as no training row has {them}: {names}")
}

fn leaks_words(task: Task, count: usize) -> String {
    let [one, several] = match task.reads() {
        Reads::Words => ["sentence", "sentences"],
        Reads::Question => ["question", "questions"],
        Reads::Texts | Reads::Running | Reads::Neighbours(_) => ["text", "texts"],
    };
    let words = if count == 1 { format!("{one} also occurs") } else { format!("{several} also occur") };
    format!("{count} evaluation {words} in the training set")
}

impl Finding {
    /// Texts that come again, in words.
    fn about_repeats(&self, rows: &str) -> String {
        let count = self.count;
        let is_same = self.kind == FindingKind::Duplicates;
        match self.task.reads() {
            Reads::Words if is_same => format!("{count} {rows} with the same words and tags as an earlier one"),
            Reads::Words => format!("{count} {rows} whose words also occur with different tags"),
            Reads::Question if is_same => format!("{count} {rows} with the same context and answers as an earlier one"),
            Reads::Question => {
                format!("{count} {rows} whose question also occurs with a different answer in the same context")
            }
            Reads::Texts if is_same => format!("{count} {rows} with the text and label of an earlier row"),
            Reads::Running | Reads::Neighbours(_) if is_same => {
                format!("{count} {rows} with the text of an earlier row")
            }
            Reads::Texts | Reads::Running | Reads::Neighbours(_) => {
                format!("{count} {rows} with the same text as another row but a different label")
            }
        }
    }
}

impl Finding {
    /// The finding in words.
    pub fn message(&self) -> String {
        let count = self.count;
        let one = count == 1;
        let row = if one { "row" } else { "rows" };
        let rows = match (self.task.reads(), one) {
            (Reads::Words, true) => "sentence",
            (Reads::Words, false) => "sentences",
            (Reads::Question, true) => "question",
            (Reads::Question, false) => "questions",
            (Reads::Texts | Reads::Running | Reads::Neighbours(_), _) => row,
        };
        match &self.kind {
            FindingKind::Unreadable => format!("{count} {row} could not be read"),
            FindingKind::EmptyText => match self.task.reads() {
                Reads::Words => format!("{count} {rows} without words"),
                Reads::Question => format!("{count} {row} without a question or a context"),
                Reads::Texts | Reads::Running | Reads::Neighbours(_) => format!("{count} {rows} without a text"),
            },
            FindingKind::NoUsableLabel => match self.task.reads() {
                Reads::Words => format!("{count} {rows} without usable tags"),
                Reads::Question => format!("{count} {rows} without a usable answer"),
                Reads::Texts | Reads::Running | Reads::Neighbours(_) => {
                    format!("{count} {rows} without a usable label")
                }
            },
            FindingKind::MisplacedAnswers => {
                format!("{count} {rows} with an answer that is not at its stated position but elsewhere in the context")
            }
            FindingKind::Unanswered { .. } => format!("{count} {rows} without an answer in the context"),
            FindingKind::Duplicates | FindingKind::Contradictions => self.about_repeats(rows),
            FindingKind::Annotators { .. }
            | FindingKind::Markup { .. }
            | FindingKind::Unapproved { .. }
            | FindingKind::LabelInText
            | FindingKind::RightToLeft
            | FindingKind::SeveralAnnotations
            | FindingKind::PlacedFirst
            | FindingKind::Rejected => self.kind.about_origins(count, rows),
            FindingKind::Mojibake { .. }
            | FindingKind::LostCharacters
            | FindingKind::ControlCharacters { .. }
            | FindingKind::Placeholders { .. }
            | FindingKind::RoundedNumbers { .. } => self.kind.about_damage(count, rows, row),
            FindingKind::CutWords if one => "1 span begins or ends inside a word".to_owned(),
            FindingKind::CutWords => format!("{count} spans begin or end inside a word"),
            FindingKind::ImpossibleTags => {
                let has = if one { "has" } else { "have" };
                format!("{count} {rows} {has} an I- tag without a B-")
            }
            FindingKind::Spellings { classes } => spellings_words(count, rows, classes),
            FindingKind::UnusedTexts { .. }
            | FindingKind::OtherLabels { .. }
            | FindingKind::OtherTags { .. }
            | FindingKind::SeveralLabels { .. }
            | FindingKind::MayBeNoLabel { .. }
            | FindingKind::NumberedTags { .. }
            | FindingKind::TagsAsLabel { .. }
            | FindingKind::NoText { .. } => self.kind.about_columns(),
            FindingKind::OneClass { label } => one_class_words(self.task, label),
            FindingKind::Always { labels } => always_words(labels),
            FindingKind::NotLearned { labels } => not_learned_words(self.task, labels),
            FindingKind::Imbalance { label, share } => {
                format!("{:.0} % of the examples are {label:?}", share * 100.0)
            }
            FindingKind::RareClasses { labels, .. } => {
                let is_of_types = self.task.targets() == Targets::Tags;
                let [single, several, of] = if is_of_types {
                    ["type has", "types have", "entities"]
                } else {
                    ["class has", "classes have", "examples"]
                };
                let noun = if one { single } else { several };
                format!("{count} {noun} fewer than {RARE} {of}: {}", name_list(labels))
            }
            FindingKind::WithoutLabels => format!("{count} {rows} to which no label applies"),
            FindingKind::Leaks => leaks_words(self.task, count),
            FindingKind::SharedContexts => {
                let are = if one { "is" } else { "are" };
                format!("{count} evaluation {rows} {are} about a context that is also in the training set")
            }
        }
    }
}

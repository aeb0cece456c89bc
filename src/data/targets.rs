//! What the rows of a table teach: a class, several, a number, tags, answers, as their columns write them.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::DataError;
use super::columns::column;
use super::folded::folded;
use super::labels::{
    Classes, Numerals, Separator, are_ticked, flag, flag_columns, is_mark, is_missing, names_in, places, sort_names,
    unlabelled,
};
use super::rows::Content;
use super::{LabelSet, Roles, Target};
use crate::table::notation::answers;
use crate::table::notation::tags;
use crate::table::notation::tags::{Notation, Scheme, UNTYPED};
use crate::table::shorten;
use crate::table::{Table, plain_name};
use crate::task::{Annotation, Task};
use crate::words::plural;

/// The column of the starts of answers that have a column of their own.
const START: &str = "answer_start";

/// What the label column says, and how it says it.
pub(super) struct Targets {
    table: Arc<Table>,
    annotation: Annotation,
    content: Content,
    /// The column of labels, tags, spans or answers.
    column: Option<usize>,
    /// The columns of several labels, where each has one of its own.
    flags: Vec<usize>,
    /// Whether these are ticked, so that an empty cell says that a label does not apply.
    pub are_ticked: bool,
    /// The column of the starts of answers.
    start: Option<usize>,
    /// The column that says of a question that its context does not answer it.
    impossible: Option<usize>,
    /// Whether some question has answers, or is said to have none, so that others are to be asked why they say nothing.
    has_answers: bool,
    pub separator: Separator,
    /// Names that say of a row that it has no label.
    unlabelled: Vec<String>,
    pub numerals: Numerals,
    pub notation: Notation,
    pub labels: LabelSet,
    /// Tags by name, also under the names of a model that knows no `B-` or no `I-`.
    tags: HashMap<String, u32>,
    /// The same by how the names are written without what people vary, where that does not matter.
    folded_tags: HashMap<String, u32>,
    /// Whether tags are numbers that mean places among labels that are known from elsewhere.
    tags_are_places: bool,
}

impl Targets {
    pub fn new(
        table: Arc<Table>,
        task: Task,
        roles: &Roles,
        content: Content,
        labels: Option<&LabelSet>,
    ) -> Result<Self, DataError> {
        let find = |name: &Option<String>, role| column(&table, name.as_deref(), role);
        let annotation = task.annotation();
        let flags = flag_columns(&table, roles.label.as_deref().filter(|_| annotation.is_named()));
        let flags = flags.unwrap_or_default();
        let (column, start) = match annotation {
            _ if !flags.is_empty() => (flags.first().copied(), None),
            Annotation::Tags => match content {
                Content::Spans { spans, .. } => (spans, None),
                Content::Words { .. } | Content::Text { .. } | Content::Question { .. } => {
                    (find(&roles.tags, "tags")?, None)
                }
            },
            Annotation::Answers => (find(&roles.answers, "answers")?, table.column(START)),
            Annotation::Nothing => (None, None),
            Annotation::Label | Annotation::Labels | Annotation::Number | Annotation::Order(_) => {
                (find(&roles.label, "label")?, None)
            }
        };
        let start = start.filter(|start| Some(*start) != column);
        let mut targets = Self {
            numerals: Numerals::default(),
            table,
            annotation,
            content,
            column,
            are_ticked: false,
            flags,
            start,
            impossible: None,
            has_answers: false,
            separator: Separator::Single,
            unlabelled: Vec::new(),
            notation: Notation::default(),
            labels: LabelSet::default(),
            tags: HashMap::new(),
            folded_tags: HashMap::new(),
            tags_are_places: false,
        };
        targets.settle();
        targets.check_numbers()?;
        let numbers = labels.and_then(numbered_scheme);
        if let Some(scheme) = numbers.filter(|_| targets.notation.scheme.is_numbered()) {
            // What is known are numbers as well, read in one way.
            targets.notation.scheme = scheme;
        }
        targets.labels = labels.cloned().unwrap_or_else(|| LabelSet { names: targets.found() });
        targets.tags_are_places = labels.is_some()
            && numbers.is_none()
            && targets.notation.scheme.is_numbered()
            && !targets.found().iter().all(|name| targets.labels.names.contains(name));
        targets.tags = tag_indices(&targets.labels);
        Ok(targets)
    }

    /// How the column is written, which is one answer for all of its rows.
    fn settle(&mut self) {
        let Some(column) = self.column else { return };
        let of_flags = || self.flags.iter().flat_map(|column| self.cells(*column));
        self.are_ticked = !self.flags.is_empty() && are_ticked(of_flags());
        match self.annotation {
            Annotation::Label if self.flags.is_empty() => {
                self.separator = Separator::of_classes(self.cells(column));
                self.unlabelled = unlabelled(self.cells(column)).into_iter().map(str::to_owned).collect();
            }
            Annotation::Labels => self.separator = Separator::of_column(self.cells(column)),
            Annotation::Number => {
                let cells: Vec<&str> = self.cells(column).map(str::trim).filter(|cell| !cell.is_empty()).collect();
                self.numerals = Numerals::of(&self.table, &cells);
            }
            Annotation::Tags => {
                if let Content::Words { .. } = self.content {
                    let lists = || self.cells(column).map(|cell| tags::list(cell).unwrap_or_default());
                    self.notation = Notation::of_lists(lists);
                }
            }
            Annotation::Answers => {
                self.impossible = impossible(&self.table).filter(|told| *told != column);
                self.has_answers = (0..self.table.rows()).any(|row| self.says_of_answers(row, column));
            }
            Annotation::Label | Annotation::Order(_) | Annotation::Nothing => {}
        }
    }

    /// Refuses numbers of which the whole column leaves open what they are.
    fn check_numbers(&self) -> Result<(), DataError> {
        let Some((column, open)) = self.column.zip(self.numerals.doubt()) else { return Ok(()) };
        let column = self.table.columns[column].clone();
        Err(DataError::OpenNumbers { path: self.table.path.clone(), column, open: Box::new(open) })
    }

    /// Whether the rows say what is to be learned.
    pub fn has_column(&self) -> bool {
        self.column.is_some()
    }

    /// The same, but names may be written in other ways.
    pub fn folding(mut self) -> Self {
        self.folded_tags = self.tags.iter().map(|(name, index)| (folded_tag(name), *index)).collect();
        self
    }

    fn cells(&self, column: usize) -> impl Iterator<Item = &str> + Clone {
        (0..self.table.rows()).map(move |row| self.table.cell(row, column))
    }

    /// The names of the classes that the column holds, in order.
    fn found(&self) -> Vec<String> {
        if let Annotation::Order(names) = self.annotation {
            return names.map(str::to_owned).to_vec();
        }
        let Some(column) = self.column else { return Vec::new() };
        if !self.flags.is_empty() {
            return self.flags.iter().map(|column| self.table.columns[*column].clone()).collect();
        }
        let mut names = match (self.annotation, self.separator) {
            (Annotation::Label | Annotation::Labels, Separator::Places(count)) => {
                return (0..count).map(|place| format!("LABEL_{place}")).collect();
            }
            (Annotation::Label | Annotation::Labels, separator) => names_in(self.cells(column), separator),
            (Annotation::Tags, _) => return self.found_tags(column),
            (Annotation::Number | Annotation::Answers | Annotation::Order(_) | Annotation::Nothing, _) => Vec::new(),
        };
        names.retain(|name| !self.unlabelled.contains(name));
        sort_names(names)
    }

    fn found_tags(&self, column: usize) -> Vec<String> {
        let mut kinds: BTreeSet<String> = BTreeSet::new();
        for cell in self.cells(column) {
            let names: Vec<String> = match self.content {
                Content::Spans { .. } => {
                    tags::spans(cell).unwrap_or_default().into_iter().map(|span| span.label).collect()
                }
                _ => tags::list(cell).unwrap_or_default(),
            };
            for name in names {
                // The label of a span is a type, and nothing else.
                let is_tag = matches!(self.content, Content::Words { .. });
                if !(is_tag && self.notation.is_outside(&name)) {
                    let kind = if is_tag { self.notation.split(&name).1 } else { name.as_str().into() };
                    if !kinds.contains(kind.as_ref()) {
                        kinds.insert(kind.into_owned());
                    }
                }
            }
        }
        tags::label_names(&kinds.into_iter().collect::<Vec<_>>())
    }

    /// What a row teaches, or why it cannot be used.
    pub fn read(&self, row: usize, classes: &Classes<'_>) -> Result<Target, String> {
        let Some(column) = self.column else { return Ok(Target::None) };
        let cell = self.table.cell(row, column).trim();
        match self.annotation {
            Annotation::Labels if !self.flags.is_empty() => self.read_flags(row, classes).map(Target::Classes),
            Annotation::Label if !self.flags.is_empty() => match self.read_flags(row, classes)?[..] {
                [class] => Ok(Target::Class(class)),
                [] => Err("has no label: none of the columns of labels applies".into()),
                _ => Err("has several labels, expected one; the task multilabel takes several".into()),
            },
            Annotation::Labels => self.read_several(cell, classes).map(Target::Classes),
            Annotation::Tags => self.read_tags(row, cell),
            Annotation::Answers => self.read_answers(row, cell),
            Annotation::Nothing => Ok(Target::None),
            Annotation::Label | Annotation::Number | Annotation::Order(_) if cell.is_empty() => {
                Err("has no label".into())
            }
            Annotation::Number => self.numerals.read(cell).map(Target::Value),
            Annotation::Order(names) => read_order(cell, names, classes),
            Annotation::Label if self.separator.is_several() => match self.read_several(cell, classes)?[..] {
                [] => Err("has no label".into()),
                [class] => Ok(Target::Class(class)),
                _ => Err(format!(
                    "has the labels {:?}, expected one; the task multilabel takes several",
                    shorten(cell, 40)
                )),
            },
            Annotation::Label => {
                let found = classes.find(cell).map(Target::Class);
                found.map_err(|unknown| self.why_none(cell).unwrap_or(unknown))
            }
        }
    }

    /// Why a name says that a row has no label.
    fn why_none(&self, cell: &str) -> Option<String> {
        let is_none = self.unlabelled.iter().any(|name| name == cell);
        is_none.then(|| format!("has the label {cell:?}, which stands for no label here"))
    }

    /// The labels that apply in a cell, as sorted indices.
    fn read_several(&self, cell: &str, classes: &Classes<'_>) -> Result<Vec<u32>, String> {
        if let Separator::Places(count) = self.separator {
            let known = self.labels.len();
            let applies = places(cell)
                .filter(|places| places.len() == count)
                .ok_or_else(|| format!("has the labels {:?}, expected {count} places of 0 and 1", shorten(cell, 40)))?;
            if known != count {
                return Err(format!(
                    "has {count} places of 0 and 1, expected one for each of the {known} known labels"
                ));
            }
            return Ok(applies.into_iter().zip(0..).filter(|(applies, _)| *applies).map(|(_, place)| place).collect());
        }
        let names = self.separator.names(cell)?;
        let mut set = names.iter().map(|name| classes.find(name)).collect::<Result<Vec<u32>, String>>()?;
        set.sort_unstable();
        set.dedup();
        Ok(set)
    }

    /// The labels whose columns say that they apply.
    fn read_flags(&self, row: usize, classes: &Classes<'_>) -> Result<Vec<u32>, String> {
        let mut set = Vec::new();
        for &column in &self.flags {
            let (name, cell) = (&self.table.columns[column], self.table.cell(row, column).trim());
            match flag(cell) {
                None if self.are_ticked && cell.is_empty() => {}
                None if self.are_ticked && is_mark(cell) => set.push(classes.find(name)?),
                Some(true) => set.push(classes.find(name)?),
                Some(false) => {}
                None if cell.is_empty() => {
                    return Err(format!("has nothing in the column \"{name}\", expected 0 or 1"));
                }
                None if is_missing(cell) => {
                    return Err(format!("has {cell} in the column \"{name}\", which stands for no label"));
                }
                None => return Err(format!("has {:?} in the column \"{name}\", expected 0 or 1", shorten(cell, 40))),
            }
        }
        set.sort_unstable();
        Ok(set)
    }

    fn read_tags(&self, row: usize, cell: &str) -> Result<Target, String> {
        let names = match self.content {
            Content::Spans { text, .. } => {
                let text = self.table.cell(row, text);
                tags::tag_text(text, &tags::spans(cell)?)?.into_iter().map(|(_, tag)| tag).collect()
            }
            Content::Words { tokens } => {
                let words = tags::list(self.table.cell(row, tokens))?;
                let found = tags::list(cell)?;
                if words.len() != found.len() {
                    return Err(format!(
                        "has {} and {}, expected one tag for each word",
                        plural(words.len(), "word", "words"),
                        plural(found.len(), "tag", "tags")
                    ));
                }
                if self.tags_are_places {
                    return found.iter().map(|tag| self.place_of_tag(tag)).collect::<Result<_, _>>().map(Target::Tags);
                }
                self.notation.to_iob2(&found.iter().map(String::as_str).collect::<Vec<_>>())
            }
            Content::Text { .. } | Content::Question { .. } => Vec::new(),
        };
        let index = |name: &String| {
            let other =
                || (!self.folded_tags.is_empty()).then(|| self.folded_tags.get(&folded_tag(name)).copied()).flatten();
            self.tags.get(name).copied().or_else(other).ok_or_else(|| {
                let known = crate::table::name_list(&self.labels.names);
                format!(
                    "has the tag {:?}, expected one of {} known tags ({known})",
                    shorten(name, 40),
                    self.labels.len()
                )
            })
        };
        names.iter().map(index).collect::<Result<_, _>>().map(Target::Tags)
    }

    /// A tag that is written as its place among the known ones.
    fn place_of_tag(&self, tag: &str) -> Result<u32, String> {
        let known = self.labels.len();
        let place = if tag == "-100" {
            self.labels.names.iter().position(|name| tags::is_outside(name))
        } else {
            tag.parse::<usize>().ok().filter(|place| *place < known)
        };
        place.map(|place| place as u32).ok_or_else(|| {
            format!(
                "has the tag {}, expected 0 to {}, the places of the {known} known tags",
                shorten(tag, 40),
                known.saturating_sub(1)
            )
        })
    }

    /// Whether a row says something of its answers, be it that there is none.
    fn says_of_answers(&self, row: usize, column: usize) -> bool {
        let Content::Question { context, .. } = self.content else { return false };
        let cell = self.table.cell(row, column);
        !answers::is_missing(cell, self.table.cell(row, context)) || self.is_said_to_have_none(row)
    }

    fn is_impossible(&self, row: usize) -> bool {
        self.impossible.is_some_and(|column| is_true(&self.table, row, column))
    }

    /// Whether columns beside that of the answers say that there is none.
    fn is_said_to_have_none(&self, row: usize) -> bool {
        self.start.is_some_and(|start| is_nowhere(&self.table, row, start)) || self.is_impossible(row)
    }

    /// Answers that stand where the file says. Others are left out; [`super::mend`] can move them to where they stand.
    fn read_answers(&self, row: usize, cell: &str) -> Result<Target, String> {
        let Content::Question { context, .. } = self.content else { return Ok(Target::None) };
        let context = self.table.cell(row, context);
        if !self.has_answers {
            return Ok(Target::None);
        }
        let is_missing = answers::is_missing(cell, context);
        if is_missing && !self.is_said_to_have_none(row) {
            return Err("has no answers, and does not say that there is none; expected an answer, or an empty list \
                        (with answers in a column of their own, is_impossible or the start -1)"
                .into());
        }
        let start = self.start.map(|start| self.table.cell(row, start));
        let answers = if is_missing { Vec::new() } else { answers::answers(cell, start, context)? };
        if !answers.is_empty() && self.is_impossible(row) {
            return Err("is marked impossible and has answers, expected one or the other".into());
        }
        if let Some(wrong) = answers.iter().find(|answer| !answers::stands_at(context, answer)) {
            return Err(format!(
                "has the answer {:?}, which is not at character {} of its context{}",
                shorten(&wrong.text, 60),
                wrong.start,
                answers::nearest(context, wrong).map_or_else(String::new, |place| format!(" but at {place}"))
            ));
        }
        Ok(Target::Answers(answers))
    }
}

/// Whether the names of tags were made of numbers, so that numbers are no places among them.
pub fn are_of_numbers(labels: &LabelSet) -> bool {
    numbered_scheme(labels).is_some()
}

/// How numbers were read of which the names of tags were made; nothing where names are none of numbers.
fn numbered_scheme(labels: &LabelSet) -> Option<Scheme> {
    let kinds = labels.names.iter().filter(|name| !tags::is_outside(name)).map(|name| tags::split(name));
    let numbers: Option<Vec<i32>> =
        kinds.map(|(prefix, kind)| kind.parse().ok().filter(|_| prefix.is_some())).collect();
    let numbers = numbers.filter(|numbers| !numbers.is_empty())?;
    // Of pairs only odd numbers begin a type.
    let are_pairs = numbers.iter().all(|number| number % 2 != 0);
    Some(if are_pairs { Scheme::NumberedPairs } else { Scheme::Numbered })
}

/// The column that says of a question that its context does not answer it.
fn impossible(table: &Table) -> Option<usize> {
    table.columns.iter().position(|name| plain_name(name) == "isimpossible")
}

fn is_true(table: &Table, row: usize, column: usize) -> bool {
    flag(table.cell(row, column).trim()) == Some(true)
}

/// Whether an answer is said to begin at the place that stands for none.
fn is_nowhere(table: &Table, row: usize, start: usize) -> bool {
    let start = table.cell(row, start).trim().trim_matches(['[', ']']);
    start.parse::<f64>().ok() == Some(answers::NOWHERE)
}

/// Of which rows a column of its own says that the question has no answer.
pub(super) fn told_unanswered(table: &Table, roles: &Roles) -> impl Fn(usize) -> bool {
    let start = table.column(START).filter(|start| roles.answers.as_ref() != Some(&table.columns[*start]));
    let impossible = impossible(table);
    move |row| {
        start.is_some_and(|start| is_nowhere(table, row, start))
            || impossible.is_some_and(|column| is_true(table, row, column))
    }
}

/// A class of sentence order by name or number.
fn read_order(cell: &str, [first, second]: [&str; 2], classes: &Classes<'_>) -> Result<Target, String> {
    match cell {
        "0" => Ok(Target::Class(0)),
        "1" => Ok(Target::Class(1)),
        name => classes
            .find(name)
            .map(Target::Class)
            .map_err(|_unknown| format!("has the label {:?}, expected 0 or {first}, 1 or {second}", shorten(name, 40))),
    }
}

/// A tag whose type is written without what people vary.
fn folded_tag(tag: &str) -> String {
    let (prefix, kind) = tags::split(tag);
    format!("{}-{}", prefix.unwrap_or_default(), folded(kind))
}

/// Indices of tags by their names. Where the labels are a model's own and know an entity's inside only, its beginning is
/// taken as that, and the other way round; where they know one type alone, it is that of tags without a type.
fn tag_indices(labels: &LabelSet) -> HashMap<String, u32> {
    let mut indices: HashMap<String, u32> = labels.names.iter().cloned().zip(0..).collect();
    let parts = tags::split_names(&labels.names);
    let mut kinds: Vec<&str> = labels
        .names
        .iter()
        .zip(&parts)
        .filter(|(name, _)| !tags::is_outside(name))
        .map(|(_, (_, kind))| *kind)
        .collect();
    kinds.sort_unstable();
    kinds.dedup();
    let one_type = kinds.len() == 1;
    // The right letter first, then the other.
    for both in [false, true] {
        for ((name, (prefix, kind)), index) in labels.names.iter().zip(&parts).zip(0..) {
            if tags::is_outside(name) {
                continue;
            }
            for letter in ['B', 'I'] {
                if both || prefix.is_none_or(|prefix| prefix == letter) {
                    indices.entry(format!("{letter}-{kind}")).or_insert(index);
                    if one_type {
                        indices.entry(format!("{letter}-{UNTYPED}")).or_insert(index);
                    }
                }
            }
        }
    }
    indices
}

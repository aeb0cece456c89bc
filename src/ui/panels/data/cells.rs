//! Cells as a person reads them: words with their tags in colour, texts with their spans, contexts with the answer marked.

use std::borrow::Cow;
use std::ops::Range;

use egui::{Label, RichText, Ui};

use super::filter;
use crate::data::entities::Kinds;
use crate::data::{Dataset, Roles, Target};
use crate::table::Table;
use crate::table::notation::tags;
use crate::task::{Reads, Task};
use crate::ui::theme::{self, Palette, size};
use crate::ui::widgets::highlight::{self, Mark};
use crate::ui::widgets::{Chip, text};
use crate::ui::{Cx, format};

/// Letters of a cell that are laid out; a line shows fewer.
const SHOWN: usize = 320;
/// Letters of a cell that are looked through for its marks in every frame.
const LOOKED_THROUGH: usize = 200_000;
/// Columns beside those with a role.
const OTHERS: usize = 12;

/// What a column of the table on screen shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Show {
    /// The class, the classes or the number.
    Label(usize),
    Plain(usize),
    /// Words with their tags, from two columns of the file.
    Sentence {
        tokens: usize,
    },
    /// A text with its spans.
    Spans {
        text: usize,
    },
    /// A question's context with its answer.
    Context(usize),
    Answers(usize),
}

impl Show {
    pub fn column(self) -> usize {
        match self {
            Self::Label(column) | Self::Plain(column) | Self::Context(column) | Self::Answers(column) => column,
            Self::Sentence { tokens } => tokens,
            Self::Spans { text } => text,
        }
    }

    pub fn title(self, table: &Table) -> &str {
        match self {
            Self::Sentence { .. } => "Sentence",
            other => &table.columns[other.column()],
        }
    }
}

/// The columns in the order they are drawn: what has a role, then the others.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Order {
    pub main: Vec<Show>,
    pub others: Vec<usize>,
}

pub fn order(table: &Table, roles: &Roles, task: Task) -> Order {
    let place = |name: &Option<String>| name.as_deref().and_then(|name| table.column(name));
    let (text, pair, label) = (place(&roles.text), place(&roles.pair), place(&roles.label));
    let mut used: Vec<usize> = [&roles.group].into_iter().filter_map(place).collect();
    let mut main: Vec<Show> = Vec::new();
    match task.reads() {
        Reads::Words => match (place(&roles.tokens), text) {
            (Some(tokens), _) => {
                main.push(Show::Sentence { tokens });
                used.extend(place(&roles.tags));
            }
            (None, Some(text)) => {
                main.push(Show::Spans { text });
                used.extend(place(&roles.spans));
            }
            (None, None) => {}
        },
        Reads::Question => {
            main.extend(place(&roles.question).map(Show::Plain));
            main.extend(place(&roles.context).map(Show::Context));
            main.extend(place(&roles.answers).map(Show::Answers));
        }
        Reads::Texts | Reads::Running | Reads::Neighbours(_) => {
            main.extend(label.map(Show::Label));
            main.extend(text.into_iter().chain(pair).map(Show::Plain));
        }
    }
    used.extend(main.iter().map(|show| show.column()));
    let mut others: Vec<usize> = (0..table.columns.len()).filter(|column| !used.contains(column)).collect();
    // A column that keeps rows together is worth seeing first.
    if let Some(group) = place(&roles.group).filter(|group| main.iter().all(|show| show.column() != *group)) {
        others.insert(0, group);
    }
    others.truncate(OTHERS);
    Order { main, others }
}

/// A row of the table with what is known of it.
#[expect(clippy::struct_field_names, reason = "it is the row's number")]
#[derive(Clone, Copy)]
pub struct Row<'a> {
    pub table: &'a Table,
    pub dataset: Option<&'a Dataset>,
    pub kinds: &'a Kinds,
    pub row: usize,
}

impl<'a> Row<'a> {
    fn target(&self) -> Option<&'a Target> {
        let dataset = self.dataset?;
        Some(&dataset.examples[filter::example_of(dataset, self.row)?].target)
    }

    fn cell(&self, column: usize) -> &'a str {
        self.table.cell(self.row, column)
    }

    /// The text of a column and its marked parts.
    pub fn marked(&self, show: Show) -> (Cow<'a, str>, Vec<Mark<'a>>) {
        let cell = self.cell(show.column());
        if cell.len() > LOOKED_THROUGH {
            return (Cow::Borrowed(cell), Vec::new());
        }
        match show {
            Show::Sentence { .. } => {
                let words = tags::list(cell).unwrap_or_default();
                let mut places: Vec<Range<usize>> = Vec::with_capacity(words.len());
                let mut sentence = String::with_capacity(cell.len());
                for word in &words {
                    let start = sentence.len();
                    sentence.push_str(word);
                    places.push(start..sentence.len());
                    sentence.push(' ');
                }
                sentence.pop();
                let marks = self.entities(&places);
                (Cow::Owned(sentence), marks)
            }
            Show::Spans { .. } => {
                let words = self
                    .dataset
                    .and_then(|dataset| Some(dataset.word_ranges(filter::example_of(dataset, self.row)?)))
                    .unwrap_or_default();
                (Cow::Borrowed(cell), self.entities(&words))
            }
            Show::Context(_) => (Cow::Borrowed(cell), self.answers(cell)),
            Show::Label(_) | Show::Plain(_) | Show::Answers(_) => (Cow::Borrowed(cell), Vec::new()),
        }
    }

    fn entities(&self, words: &[Range<usize>]) -> Vec<Mark<'a>> {
        let Some(Target::Tags(tags)) = self.target() else { return Vec::new() };
        let entities = self.kinds.entities(tags).into_iter().filter_map(|entity| {
            let (first, last) = (words.get(entity.words.start)?, words.get(entity.words.end - 1)?);
            Some(Mark { range: first.start..last.end, color: entity.kind, name: &self.kinds.names[entity.kind] })
        });
        entities.collect()
    }

    /// Where the answers stand: the one that is learned first, then what else counts as right.
    fn answers(&self, context: &str) -> Vec<Mark<'a>> {
        let Some(Target::Answers(answers)) = self.target() else { return Vec::new() };
        let byte = |place: usize| context.char_indices().nth(place).map(|(byte, _)| byte);
        let marks = answers.iter().take(8).filter_map(|answer| {
            let start = byte(answer.start)?;
            Some(Mark { range: start..start + answer.text.len(), color: ANSWER, name: "" })
        });
        let mut marks: Vec<Mark<'a>> = marks.collect();
        marks.sort_by_key(|mark| mark.range.start);
        marks
    }
}

/// The colour of answers among the series.
pub const ANSWER: usize = 2;

/// Draws a cell in one line.
pub fn cell_ui(ui: &mut Ui, palette: &Palette, row: Row<'_>, show: Show) {
    match show {
        Show::Label(column) => label_ui(ui, palette, row, column),
        Show::Plain(column) => plain_ui(ui, palette, row.cell(column)),
        Show::Answers(column) => answers_ui(ui, palette, row, column),
        Show::Sentence { .. } | Show::Spans { .. } | Show::Context(_) => {
            let (words, marks) = row.marked(show);
            let job = highlight::line(&words, &marks, ui.available_width(), palette);
            ui.add(Label::new(job).truncate().selectable(false).show_tooltip_when_elided(false));
        }
    }
}

pub fn plain_ui(ui: &mut Ui, palette: &Palette, cell: &str) {
    let end = cell.char_indices().nth(SHOWN).map_or(cell.len(), |(place, _)| place);
    let line: String = cell[..end].chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    let words = RichText::new(line).font(theme::regular(size::BODY)).color(palette.text);
    ui.add(Label::new(words).truncate().selectable(false).show_tooltip_when_elided(false));
}

/// The different answers of a question, or that it has none.
pub fn answers_ui(ui: &mut Ui, palette: &Palette, row: Row<'_>, column: usize) {
    let Some(Target::Answers(answers)) = row.target() else {
        plain_ui(ui, palette, row.cell(column));
        return;
    };
    if answers.is_empty() {
        Chip::neutral("no answer", palette).show(ui);
        return;
    }
    let mut different: Vec<&str> = Vec::new();
    for answer in answers {
        if !different.contains(&answer.text.as_str()) {
            different.push(&answer.text);
        }
    }
    plain_ui(ui, palette, &different.join("  ·  "));
}

/// The label as a chip in the colour of its class; as plain words where the row is no example.
pub fn label_ui(ui: &mut Ui, palette: &Palette, row: Row<'_>, column: usize) {
    let cell = row.cell(column);
    let (Some(target), Some(dataset)) = (row.target(), row.dataset) else {
        let words = if cell.trim().is_empty() { "none" } else { cell };
        ui.add(Label::new(text::faint(words, palette)).truncate());
        return;
    };
    let name = |class: u32| dataset.labels.names.get(class as usize).map_or("", String::as_str);
    match target {
        Target::Class(class) => drop(Chip::class(name(*class), *class as usize, palette).show(ui)),
        Target::Classes(classes) if classes.is_empty() => drop(ui.label(text::faint("none of them", palette))),
        Target::Classes(classes) => {
            ui.spacing_mut().item_spacing.x = 4.0;
            for class in classes.iter().take(4) {
                Chip::class(name(*class), *class as usize, palette).show(ui);
            }
        }
        Target::Value(value) => drop(ui.label(text::number(format::trimmed(f64::from(*value), 4), palette))),
        _ => plain_ui(ui, palette, cell),
    }
}

/// Whether the row is learned from or held out, or why it is neither.
pub fn part_of(cx: &Cx<'_>, row: usize) -> Option<String> {
    let loaded = cx.workspace.data.loaded.as_ref()?;
    let Some(example) = filter::example_of(&loaded.dataset, row) else {
        return Some(
            loaded.dataset.why_left_out(row).map_or_else(|| "left out".into(), |why| format!("left out: {why}")),
        );
    };
    let held_out = loaded.eval.is_none() && loaded.split.eval.binary_search(&example).is_ok();
    let learned = loaded.split.train.binary_search(&example).is_ok();
    Some(match (held_out, learned) {
        (true, _) => "in the evaluation set".into(),
        (_, true) => "in the training set".into(),
        _ => "left out: also in the evaluation set".into(),
    })
}

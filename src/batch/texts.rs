//! The texts that are to be predicted: JSON Lines, line by line, so that they can come through a pipe without end, and any
//! file with rows that Attune reads, also several as one. A row that cannot be read takes its place
//! among them with the reason.
//!
//! A line is asked the same whatever is written of it: `text` and `pair` are texts, so that a number or a list there is an
//! error, and so is an empty text; a pair that is missing, null or empty is none. Where a
//! table is wanted of such lines it gives only the columns that stand beside what is said.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::iter;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;
use serde_json::{Map, Value};

use super::{BatchError, LineError};
use crate::data::Roles;
use crate::files;
use crate::inspect::Request;
use crate::inspect::json::{Asked, names};
use crate::stop::heed;
use crate::table::notation::tags;
use crate::table::{Format, Inputs, LeftOut, Part, RowProblem, Table, name_list, with_its_parts};
use crate::task::{Reads, Task};
use crate::train::columns::{Learned, columns};

/// A text that is asked about, or why it cannot be.
pub struct Item {
    /// Where it is from, such as `line 3`.
    pub place: String,
    /// Its line, from 1.
    pub line: usize,
    /// The file it is from, where several were read.
    pub file: Option<Arc<str>>,
    /// Its row, where it is one of a table.
    pub row: Option<usize>,
    /// The words, where the row lists them.
    pub words: Option<Vec<String>>,
    pub request: Result<Request, String>,
}

pub struct Texts {
    /// What they are called in messages.
    pub name: String,
    pub table: Option<Arc<Table>>,
    pub items: Items,
    /// How many they are, where that is known before they are read.
    pub total: Option<usize>,
    /// What is to be told of how they are read, where there is no table that tells it.
    pub notes: Vec<String>,
    /// Which columns are asked about, in words, where they are columns.
    pub columns: Option<String>,
    /// Columns that the model learned from and that are not there.
    pub missing: Vec<String>,
}

/// By what the columns that are asked about are known.
#[derive(Clone, Copy, Default)]
pub struct By<'a> {
    /// As a person chose them.
    pub chosen: Option<&'a Chosen>,
    /// As the model learned them.
    pub learned: Option<&'a Learned>,
}

impl By<'_> {
    /// Whether lines have the text that the model learned from under another key than requests have it.
    fn is_of_column(self, head: &str, task: Task) -> bool {
        let Some(learned) = self.learned else { return false };
        let asked = learned.asked();
        let column = match task.reads() {
            Reads::Question => asked.question,
            Reads::Words => asked.tokens.or(asked.text),
            Reads::Texts | Reads::Running | Reads::Neighbours(_) => asked.text,
        };
        let [keys, _] = names(task);
        let column = column.filter(|column| !keys.contains(&column.as_str()));
        column.is_some_and(|column| values(head).any(|value| value.get(&column).is_some()))
    }
}

/// Texts one after the other.
pub type Items = Box<dyn Iterator<Item = Result<Item, BatchError>>>;

/// The columns that are asked about, where they are not to be guessed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Chosen {
    /// The text, the question, or the list of words.
    pub first: String,
    /// The second text, or the context.
    pub second: Option<String>,
}

/// How a file is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// JSON Lines one by one; what cannot be read is answered by its reason.
    Lines,
    /// A table, also of JSON Lines, so that its columns are known.
    Table,
}

/// The texts of what is named, or of standard input where nothing is.
pub fn read(inputs: Option<&Inputs>, task: Task, how: How, by: By<'_>) -> Result<Texts, BatchError> {
    let Some(inputs) = inputs.filter(|inputs| inputs.one() != Some(Path::new("-"))) else {
        let name = "standard input".to_owned();
        let items = lines(BufReader::new(io::stdin()), name.clone(), task);
        return Ok(Texts::of_lines(name, items, Vec::new()));
    };
    let name = inputs.one().map_or_else(|| inputs.title(), |path| format!("\"{}\"", path.display()));
    let mut by_line = None;
    // Lines are read as they come, in UTF-8.
    let is_plain = by.chosen.is_none() && inputs.charset().is_none();
    if let Some(path) = inputs.one().filter(|path| is_plain && path.is_file()) {
        let unreadable = |source| BatchError::Read { name: name.clone(), source };
        let mut file = open(path).map_err(unreadable)?;
        let head = file.fill_buf().map_err(unreadable)?;
        if is_json_lines(path, head) && asks(head, task) && !by.is_of_column(text_of(head), task) {
            let (parts, notes) = with_its_parts(path);
            if how != How::Table {
                return Ok(Texts::of_lines(name, lines_of(parts, task), notes));
            }
            by_line = (parts.len() == 1).then(|| lines(file, name.clone(), task));
        }
    }
    let table = Arc::new(Table::open_inputs(inputs, Part::All)?);
    let by_line = by_line.filter(|_| table.format == Format::JsonLines && table.origins.files.len() < 2);
    let total = by_line.is_none().then(|| table.rows() + table.rows_missing().count());
    let Some(items) = by_line else {
        let columns = Columns::of(&table, task, by)?;
        let (told, missing) = (columns.words(&table, task), columns.missing.clone());
        let items = rows(&table, columns);
        return Ok(Texts { name, items, table: Some(table), total, notes: Vec::new(), columns: Some(told), missing });
    };
    let items = beside(items, table.clone());
    Ok(Texts { table: Some(table), total, ..Texts::of_lines(name, items, Vec::new()) })
}

impl Texts {
    fn of_lines(name: String, items: Items, notes: Vec<String>) -> Self {
        Self { name, table: None, items, total: None, notes, columns: None, missing: Vec::new() }
    }
}

/// How many texts a file of lines has, which is soon counted.
pub fn count_lines(path: &Path) -> io::Result<usize> {
    let mut count = 0;
    for part in with_its_parts(path).0 {
        count += count_lines_of(open(&part)?)?;
    }
    Ok(count)
}

fn count_lines_of(mut file: impl BufRead) -> io::Result<usize> {
    let (mut count, mut is_blank) = (0, true);
    loop {
        let piece = file.fill_buf()?;
        if piece.is_empty() {
            return Ok(count + usize::from(!is_blank));
        }
        for byte in piece {
            if *byte == b'\n' {
                count += usize::from(!std::mem::replace(&mut is_blank, true));
            } else {
                is_blank &= byte.is_ascii_whitespace();
            }
        }
        let length = piece.len();
        file.consume(length);
        heed();
    }
}

fn open(path: &Path) -> io::Result<BufReader<File>> {
    Ok(BufReader::with_capacity(HEAD, files::open(path)?))
}

/// The lines of a file, or of several that are parts of one, each opened when it is its turn.
fn lines_of(parts: Vec<PathBuf>, task: Task) -> Items {
    let is_alone = parts.len() < 2;
    Box::new(parts.into_iter().flat_map(move |path| -> Items {
        let name = format!("\"{}\"", path.display());
        let file = match open(&path) {
            Ok(file) => file,
            Err(source) => return Box::new(iter::once(Err(BatchError::Read { name, source }))),
        };
        let items = lines(file, name, task);
        if is_alone {
            return items;
        }
        let of: Arc<str> = files::name(&path).into();
        Box::new(items.map(move |item| {
            item.map(|item| Item { place: format!("{} of {of}", item.place), file: Some(of.clone()), ..item })
        }))
    }))
}

/// Bytes of a file that say how it is read.
const HEAD: usize = 1 << 18;

/// Whether lines ask under the keys that requests have. Where all of them are objects with other keys, or lists, or are
/// not in UTF-8, the file is a table, and its columns say what is asked.
fn asks(head: &[u8], task: Task) -> bool {
    if head.len() != text_of(head).len() && str::from_utf8(head).is_err_and(|error| error.error_len().is_some()) {
        return false;
    }
    let [keys, _] = names(task);
    let mut values = values(text_of(head)).peekable();
    values.peek().is_none() || values.any(|value| keys.iter().any(|key| value.get(key).is_some()))
}

/// What is text at the head of a file, which may end within a sign.
fn text_of(head: &[u8]) -> &str {
    let whole = str::from_utf8(head).map_or_else(|error| error.valid_up_to(), str::len);
    str::from_utf8(&head[..whole]).unwrap_or_default()
}

/// The objects and lists of the first lines.
fn values(head: &str) -> impl Iterator<Item = Value> {
    let lines = head.trim_start_matches('\u{feff}').lines();
    lines
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|value| value.is_object() || value.is_array())
}

/// Lines with the rows of the table that the same file is.
fn beside(items: Items, table: Arc<Table>) -> Items {
    let mut next = 0;
    Box::new(items.map(move |item| {
        let mut item = item?;
        while next < table.rows() && table.line(next) < item.line {
            next += 1;
        }
        item.row = (next < table.rows() && table.line(next) == item.line).then_some(next);
        Ok(item)
    }))
}

/// Whether a file is to be read line by line: one that begins with an object, or is called so. What is called JSON may be
/// one document, with its rows inside; it is read by lines where the first of them is a text.
fn is_json_lines(path: &Path, head: &[u8]) -> bool {
    let head = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head);
    let is_called =
        |endings: &[&str]| path.extension().is_some_and(|ending| endings.iter().any(|known| ending == *known));
    match head.trim_ascii_start() {
        [] => true,
        head @ [b'{', ..] if is_called(&["json"]) => is_text(head.split(|byte| *byte == b'\n').next().unwrap_or(head)),
        [first, ..] => *first == b'{' || is_called(&["jsonl", "ndjson"]),
    }
}

/// Whether a line is an object with a text to ask about.
fn is_text(line: &[u8]) -> bool {
    let object: Option<Map<String, Value>> = serde_json::from_slice(line).ok();
    object.is_some_and(|object| ["text", "question"].iter().any(|name| object.get(*name).is_some_and(Value::is_string)))
}

fn lines(reader: impl BufRead + 'static, name: String, task: Task) -> Items {
    let lines = reader.lines().enumerate().filter_map(move |(index, line)| {
        let place = format!("line {}", index + 1);
        let item =
            |request| Item { place: place.clone(), line: index + 1, file: None, row: None, words: None, request };
        let line = match line {
            Ok(line) => line,
            // The reader has passed over it.
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                return Some(Ok(item(Err("is not in UTF-8".to_owned()))));
            }
            Err(source) => return Some(Err(BatchError::ReadLine { name: name.clone(), line: index + 1, source })),
        };
        let line = if index == 0 { line.trim_start_matches('\u{feff}') } else { &line };
        if line.trim().is_empty() {
            return None;
        }
        let request = match request(line, task) {
            Ok(request) if request.text.trim().is_empty() => {
                Err(format!("has no text in its \"{}\"", names(task)[0][0]))
            }
            Ok(request) => Ok(request),
            Err(error) => Err(error.to_string()),
        };
        Some(Ok(item(request)))
    });
    Box::new(lines)
}

/// Reads a line of input.
fn request(line: &str, task: Task) -> Result<Request, LineError> {
    let asked: Asked = serde_json::from_str(line).map_err(LineError::NotAnObject)?;
    Ok(asked.request(task)?)
}

/// Cells by which a chosen column is known.
const LOOKED_AT: usize = 100;

/// Which columns of a table are asked about.
pub struct Columns {
    first: usize,
    second: Option<usize>,
    /// Whether the first lists words.
    is_list: bool,
    /// Whether they are those that the model learned from.
    is_learned: bool,
    /// What it learned from and is not there, in words.
    pub missing: Vec<String>,
}

impl Columns {
    /// Those that were chosen, that the model learned from, or that a training would read; of JSON Lines those with the
    /// names that lines are read by.
    pub fn of(table: &Table, task: Task, By { chosen, learned }: By<'_>) -> Result<Self, BatchError> {
        let columns = match chosen {
            Some(chosen) => Self::chosen(table, task, chosen)?,
            None => Self::known(table, task, learned)?,
        };
        let needs_second = match task.reads() {
            Reads::Neighbours(_) => true,
            // Where nobody chose, each row says that it has no context.
            Reads::Question => chosen.is_some(),
            Reads::Texts | Reads::Words | Reads::Running => false,
        };
        match chosen {
            _ if !needs_second || columns.second.is_some() => Ok(columns),
            Some(_) => Err(BatchError::NoSecond { task }),
            None => Err(not_recognised(table, "second text")),
        }
    }

    /// As a person would choose them.
    pub fn as_chosen(&self, table: &Table) -> Chosen {
        let name = |column: usize| table.columns[column].clone();
        Chosen { first: name(self.first), second: self.second.map(name) }
    }

    /// In words.
    pub fn words(&self, table: &Table, task: Task) -> String {
        let [first, second] = match task.reads() {
            Reads::Question => ["question", "context"],
            Reads::Words if self.is_list => ["words", ""],
            Reads::Texts | Reads::Words | Reads::Running | Reads::Neighbours(_) => ["text", "second text"],
        };
        let named = |(part, column): (&str, usize)| format!("{part} \"{}\"", table.columns[column]);
        let second = self.second.map(|column| format!(", {}", named((second, column)))).unwrap_or_default();
        let known = if self.is_learned { ", as the model's run read them" } else { "" };
        format!("the columns that are asked about: {}{second}{known}", named((first, self.first)))
    }

    /// As the model learned them, and else guessed.
    fn known(table: &Table, task: Task, learned: Option<&Learned>) -> Result<Self, BatchError> {
        // Two texts that follow each other are found as the two of a classified pair.
        let is_pair = matches!(task.reads(), Reads::Neighbours(_));
        let read = columns(learned, &Roles::default(), table, if is_pair { Task::Classify } else { task });
        let roles = read.roles;
        let place = |role: &Option<String>| role.as_ref().and_then(|name| table.column(name));
        let (mut first, mut second, what) = match task.reads() {
            Reads::Question => (place(&roles.question), place(&roles.context), "question"),
            Reads::Words => (place(&roles.text).or_else(|| place(&roles.tokens)), None, "text"),
            Reads::Texts | Reads::Running | Reads::Neighbours(_) => (place(&roles.text), place(&roles.pair), "text"),
        };
        let [text, pair] = names(task).map(|names| names.iter().find_map(|name| table.column(name)));
        if table.format == Format::JsonLines && text.is_some() && task.reads() != Reads::Words && !read.is_learned {
            (first, second) = (text, pair.filter(|pair| Some(*pair) != text));
        }
        let first = first.ok_or_else(|| not_recognised(table, what))?;
        let is_list = task.reads() == Reads::Words && place(&roles.text).is_none();
        Ok(Self { first, second, is_list, is_learned: read.is_learned, missing: read.missing })
    }

    fn chosen(table: &Table, task: Task, chosen: &Chosen) -> Result<Self, BatchError> {
        let place = |name: &String| {
            table.column(name).ok_or_else(|| BatchError::NoColumn {
                place: table.origins.inputs.place().into_owned(),
                column: name.clone(),
                columns: name_list(&table.columns),
            })
        };
        let first = place(&chosen.first)?;
        let second = chosen.second.as_ref().filter(|_| task.reads() != Reads::Words).map(place).transpose()?;
        // Cells that are lists from the first on are lists of words.
        let cells = (0..table.rows()).map(|row| table.cell(row, first)).filter(|cell| !cell.trim().is_empty());
        let is_list = task.reads() == Reads::Words && cells.take(LOOKED_AT).all(|cell| tags::list(cell).is_ok());
        Ok(Self { first, second, is_list, is_learned: false, missing: Vec::new() })
    }

    pub fn item(&self, table: &Table, row: usize) -> Item {
        let cell = table.cell(row, self.first);
        let words = tags::list(cell).ok().filter(|_| self.is_list);
        let text = words.as_ref().map_or_else(|| cell.to_owned(), |words| words.join(" "));
        let request = if text.trim().is_empty() {
            Err(format!("has no text in its column \"{}\"", table.columns[self.first]))
        } else {
            // A key that a line does not have, or that has null, is no text, as where lines are read one by one.
            let is_there = |pair: &&str| table.format != Format::JsonLines || !pair.is_empty();
            let pair = self.second.map(|column| table.cell(row, column)).filter(is_there);
            Ok(Request { text, pair: pair.map(str::to_owned) })
        };
        let file = table.origin(row).map(|file| file.name.clone());
        Item { place: table.place(row), line: table.line(row), file, row: Some(row), words, request }
    }
}

fn not_recognised(table: &Table, what: &'static str) -> BatchError {
    let place = table.origins.inputs.place().into_owned();
    BatchError::NotRecognised { place, what, columns: name_list(&table.columns) }
}

/// The rows of a table and what could not be read of it, in the order of the file.
fn rows(table: &Arc<Table>, columns: Columns) -> Items {
    let order = in_order(table);
    let table = table.clone();
    Box::new(order.into_iter().map(move |entry| {
        Ok(match entry {
            Entry::Row(row) => columns.item(&table, row),
            Entry::Problem(place) => {
                let problem = &table.problems[place];
                Item {
                    place: problem.place(),
                    line: problem.line,
                    file: problem.file.clone(),
                    row: None,
                    words: None,
                    request: Err(problem.reason.to_string()),
                }
            }
        })
    }))
}

enum Entry {
    Row(usize),
    Problem(usize),
}

/// Rows and unreadable ones as they follow each other in their files.
fn in_order(table: &Table) -> Vec<Entry> {
    let is_row = |(_, problem): &(usize, &RowProblem)| problem.what != LeftOut::Further;
    let problems = table.problems.iter().enumerate().filter(is_row);
    let mut problems: Vec<(usize, usize)> =
        problems.map(|(place, problem)| (rows_before(table, problem), place)).collect();
    problems.sort_unstable();
    let mut problems = problems.into_iter().peekable();
    let mut entries = Vec::with_capacity(table.rows() + table.problems.len());
    for row in 0..table.rows() {
        while let Some((_, place)) = problems.next_if(|(before, _)| *before <= row) {
            entries.push(Entry::Problem(place));
        }
        entries.push(Entry::Row(row));
    }
    entries.extend(problems.map(|(_, place)| Entry::Problem(place)));
    entries
}

/// How many rows stand before one that cannot be read: as its reader counted, or by the lines of its file.
fn rows_before(table: &Table, problem: &RowProblem) -> usize {
    let files = &table.origins.files;
    let counted = || {
        let of = problem.file.as_ref().and_then(|name| files.iter().position(|file| file.name == *name)).unwrap_or(0);
        let first = files.get(of).map_or(0, |file| file.first);
        let end = files.get(of + 1).map_or(table.rows(), |next| next.first);
        (first..end).take_while(|row| table.line(*row) <= problem.line).last().map_or(first, |row| row + 1)
    };
    problem.rows_before.unwrap_or_else(counted)
}

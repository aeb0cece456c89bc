//! The texts that are to be predicted: JSON Lines, line by line, so that they can come through a pipe without end, and any
//! file with rows that Attune reads, also several as one. Where rows are answered one by one, one that cannot be read
//! takes its place among them with the reason.
//!
//! A line is asked the same whatever is written of it: `text` and `pair` are texts, so that a number or a list there is an
//! error; a pair that is missing, null or empty is none; and where a file is written, an empty text is an error. Where a
//! table is wanted of such lines it gives only the columns that stand beside what is said.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::iter;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, bail};
use serde_json::{Map, Value};

use crate::data::Roles;
use crate::files;
use crate::inspect::Request;
use crate::inspect::json::{Asked, names};
use crate::table::notation::tags;
use crate::table::{Format, Inputs, Part, RowProblem, Table, name_list, with_its_parts};
use crate::task::{Reads, Task};

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
    pub items: Box<dyn Iterator<Item = anyhow::Result<Item>>>,
}

/// How a file is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// JSON Lines one by one; one that cannot be read ends it.
    Lines,
    /// The same, but what cannot be read is answered by its reason.
    LinesOneByOne,
    /// A table, also of JSON Lines, so that its columns are known.
    Table,
}

/// The texts of a file, or of standard input where none is named.
pub fn read(path: Option<&Path>, task: Task, how: How) -> anyhow::Result<Texts> {
    let Some(path) = path.filter(|path| path.as_os_str() != "-") else {
        let name = "standard input".to_owned();
        let items = lines(BufReader::new(io::stdin()), name.clone(), task, how);
        return Ok(Texts { name, table: None, items });
    };
    let name = format!("\"{}\"", path.display());
    let unreadable = || format!("cannot read {name}");
    let mut by_line = None;
    if path.is_file() {
        let mut file = open(path).with_context(unreadable)?;
        let head = file.fill_buf().with_context(unreadable)?;
        if is_json_lines(path, head) && asks(head, task) {
            let (parts, notes) = with_its_parts(path);
            if how != How::Table {
                for note in &notes {
                    eprintln!("attune: {name}: {note}");
                }
                return Ok(Texts { items: lines_of(parts, task, how), name, table: None });
            }
            by_line = (parts.len() == 1).then(|| lines(file, name.clone(), task, how));
        }
    }
    let table = Arc::new(Table::open_inputs(&Inputs::from(path), Part::All)?);
    let by_line = by_line.filter(|_| table.format == Format::JsonLines && table.origins.files.len() < 2);
    let items = match by_line {
        Some(items) => beside(items, table.clone()),
        None => rows(&table, task)?,
    };
    Ok(Texts { name, items, table: Some(table) })
}

fn open(path: &Path) -> io::Result<BufReader<File>> {
    Ok(BufReader::with_capacity(HEAD, files::open(path)?))
}

/// The lines of a file, or of several that are parts of one, each opened when it is its turn.
fn lines_of(parts: Vec<PathBuf>, task: Task, how: How) -> Box<dyn Iterator<Item = anyhow::Result<Item>>> {
    let is_alone = parts.len() < 2;
    Box::new(parts.into_iter().flat_map(move |path| -> Box<dyn Iterator<Item = anyhow::Result<Item>>> {
        let name = format!("\"{}\"", path.display());
        let file = match open(&path) {
            Ok(file) => file,
            Err(error) => {
                return Box::new(iter::once(Err::<Item, _>(error).with_context(|| format!("cannot read {name}"))));
            }
        };
        let items = lines(file, name, task, how);
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
    let text = match std::str::from_utf8(head) {
        Ok(text) => text,
        // The head may end within a sign.
        Err(error) if error.error_len().is_none() => str::from_utf8(&head[..error.valid_up_to()]).unwrap_or_default(),
        Err(_) => return false,
    };
    let [keys, _] = names(task);
    let values =
        text.trim_start_matches('\u{feff}').lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let mut values = values.filter(|value| value.is_object() || value.is_array()).peekable();
    values.peek().is_none() || values.any(|value| keys.iter().any(|key| value.get(key).is_some()))
}

/// Lines with the rows of the table that the same file is.
fn beside(
    items: impl Iterator<Item = anyhow::Result<Item>> + 'static,
    table: Arc<Table>,
) -> Box<dyn Iterator<Item = anyhow::Result<Item>>> {
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

fn lines(
    reader: impl BufRead + 'static,
    name: String,
    task: Task,
    how: How,
) -> Box<dyn Iterator<Item = anyhow::Result<Item>>> {
    let lines = reader.lines().enumerate().filter_map(move |(index, line)| {
        let line = line.with_context(|| format!("cannot read line {} of {name}", index + 1));
        let item = line.and_then(|line| {
            let line = if index == 0 { line.trim_start_matches('\u{feff}') } else { &line };
            if line.trim().is_empty() {
                return Ok(None);
            }
            let place = format!("line {}", index + 1);
            let request = match request(line, task) {
                Ok(request) if how != How::Lines && request.text.trim().is_empty() => {
                    Err(format!("has no text in its \"{}\"", names(task)[0][0]))
                }
                Ok(request) => Ok(request),
                Err(error) if how == How::Lines => return Err(error.context(format!("{place} of {name}"))),
                Err(error) => Err(error.to_string()),
            };
            Ok(Some(Item { place, line: index + 1, file: None, row: None, words: None, request }))
        });
        item.transpose()
    });
    Box::new(lines)
}

/// Reads a line of input.
fn request(line: &str, task: Task) -> anyhow::Result<Request> {
    let asked: Asked = serde_json::from_str(line).context("is not a JSON object, expected {\"text\": …}")?;
    Ok(asked.request(task)?)
}

/// Which columns of a table are asked about.
struct Columns {
    first: usize,
    second: Option<usize>,
    is_list: bool,
}

impl Columns {
    /// Those that a training would read; of JSON Lines those with the names that lines are read by.
    fn of(table: &Table, task: Task) -> anyhow::Result<Self> {
        // Two texts that follow each other are found as the two of a classified pair.
        let is_pair = matches!(task.reads(), Reads::Neighbours(_));
        let roles = Roles::guess(table, if is_pair { Task::Classify } else { task });
        let place = |role: &Option<String>| role.as_ref().and_then(|name| table.column(name));
        let (mut first, mut second, what) = match task.reads() {
            Reads::Question => (place(&roles.question), place(&roles.context), "question"),
            Reads::Words => (place(&roles.text).or_else(|| place(&roles.tokens)), None, "text"),
            Reads::Texts | Reads::Running | Reads::Neighbours(_) => (place(&roles.text), place(&roles.pair), "text"),
        };
        let [text, pair] = names(task).map(|names| names.iter().find_map(|name| table.column(name)));
        if table.format == Format::JsonLines && text.is_some() && task.reads() != Reads::Words {
            (first, second) = (text, pair.filter(|pair| Some(*pair) != text));
        }
        let unknown = |what: &str| {
            let columns = name_list(&table.columns);
            let name = table.origins.inputs.place();
            format!("no column of \"{}\" was recognised as the {what}; there are {columns}", name.display())
        };
        let Some(first) = first else { bail!(unknown(what)) };
        if is_pair && second.is_none() {
            bail!(unknown("second text"));
        }
        Ok(Self { first, second, is_list: task.reads() == Reads::Words && place(&roles.text).is_none() })
    }

    fn item(&self, table: &Table, row: usize) -> Item {
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

/// The rows of a table and what could not be read of it, in the order of the file.
fn rows(table: &Arc<Table>, task: Task) -> anyhow::Result<Box<dyn Iterator<Item = anyhow::Result<Item>>>> {
    let columns = Columns::of(table, task)?;
    let order = in_order(table);
    let table = table.clone();
    Ok(Box::new(order.into_iter().map(move |entry| {
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
                    request: Err(problem.reason.clone()),
                }
            }
        })
    })))
}

enum Entry {
    Row(usize),
    Problem(usize),
}

/// Rows and unreadable ones as they follow each other in their files.
fn in_order(table: &Table) -> Vec<Entry> {
    let problems = table.problems.iter().enumerate();
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

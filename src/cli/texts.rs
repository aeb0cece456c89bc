//! The texts that are to be predicted: JSON Lines, line by line, so that they can come through a pipe without end, and any
//! file with rows that Attune reads.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use anyhow::{Context, bail};
use serde_json::{Map, Value};

use crate::data::Roles;
use crate::inspect::Request;
use crate::inspect::json::Asked;
use crate::table::notation::tags;
use crate::table::{Table, name_list};
use crate::task::{Reads, Task};

/// A text with its line, from 1.
pub type Texts = Box<dyn Iterator<Item = anyhow::Result<(usize, Request)>>>;

/// The texts of a file, or of standard input where none is named, and what they are called in messages.
pub fn read(path: Option<&Path>, task: Task) -> anyhow::Result<(String, Texts)> {
    let Some(path) = path.filter(|path| path.as_os_str() != "-") else {
        return Ok((
            "standard input".to_owned(),
            lines(BufReader::new(io::stdin()), "standard input".to_owned(), task),
        ));
    };
    let name = format!("\"{}\"", path.display());
    let unreadable = || format!("cannot read {name}");
    let mut file = BufReader::new(File::open(path).with_context(unreadable)?);
    let is_lines = is_json_lines(path, file.fill_buf().with_context(unreadable)?);
    let texts = if is_lines { lines(file, name.clone(), task) } else { rows(path, task)? };
    Ok((name, texts))
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

fn lines(reader: impl BufRead + 'static, name: String, task: Task) -> Texts {
    let lines = reader.lines().enumerate().filter_map(move |(index, line)| {
        let line = line.with_context(|| format!("cannot read line {} of {name}", index + 1));
        let request = line.and_then(|line| {
            let line = if index == 0 { line.trim_start_matches('\u{feff}') } else { &line };
            if line.trim().is_empty() {
                return Ok(None);
            }
            let request = request(line, task).with_context(|| format!("line {} of {name}", index + 1))?;
            Ok(Some((index + 1, request)))
        });
        request.transpose()
    });
    Box::new(lines)
}

/// Reads a line of input.
fn request(line: &str, task: Task) -> anyhow::Result<Request> {
    let asked: Asked = serde_json::from_str(line).context("is not a JSON object, expected {\"text\": …}")?;
    Ok(asked.request(task)?)
}

/// The rows of a table, by the columns that a training would read.
fn rows(path: &Path, task: Task) -> anyhow::Result<Texts> {
    let table = Table::open(path)?;
    // Two texts that follow each other are found as the two of a classified pair.
    let is_pair = task.reads() == Reads::Neighbours;
    let roles = Roles::guess(&table, if is_pair { Task::Classify } else { task });
    let place = |role: &Option<String>| role.as_ref().and_then(|name| table.column(name));
    let (first, second, what) = match task.reads() {
        Reads::Question => (place(&roles.question), place(&roles.context), "question"),
        Reads::Words => (place(&roles.text).or_else(|| place(&roles.tokens)), None, "text"),
        Reads::Texts | Reads::Running | Reads::Neighbours => (place(&roles.text), place(&roles.pair), "text"),
    };
    let Some(first) = first else {
        bail!(
            "no column of \"{}\" was recognised as the {what}; there are {}",
            path.display(),
            name_list(&table.columns)
        );
    };
    if is_pair && second.is_none() {
        bail!(
            "no column of \"{}\" was recognised as the second text; there are {}",
            path.display(),
            name_list(&table.columns)
        );
    }
    for problem in &table.problems {
        eprintln!("attune: warning: line {} {}", problem.line, problem.reason);
    }
    let is_list = task.reads() == Reads::Words && place(&roles.text).is_none();
    Ok(Box::new((0..table.rows()).map(move |row| {
        let cell = table.cell(row, first);
        let text = match tags::list(cell) {
            Ok(words) if is_list => words.join(" "),
            _ => cell.to_owned(),
        };
        Ok((table.line(row), Request { text, pair: second.map(|column| table.cell(row, column).to_owned()) }))
    })))
}

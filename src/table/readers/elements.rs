//! The elements of a JSON file, found without reading them: the lines of a file, or what an array holds. Their ends are
//! found by counting brackets outside strings, so that one broken element does not take the others with it.

use std::ops::Range;

use serde::de::IgnoredAny;
use serde_json::{Map, Value};

use super::cut::line_end;
use super::lines::numbered;
use crate::stop::heed;
use crate::table::RowProblem;
use crate::table::shorten;

/// Bytes an element may have.
const LIMIT: usize = 64 << 20;

/// Where an element stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub line: usize,
    /// Its number from 1 where the whole file is one line, which tells nothing.
    pub number: Option<usize>,
}

impl Place {
    pub fn of_line(line: usize) -> Self {
        Self { line, number: None }
    }

    /// A reason that says which element it is about, where the line does not.
    pub fn told(self, reason: String) -> String {
        match self.number {
            Some(number) => format!("element {number}: {reason}"),
            None => reason,
        }
    }

    pub fn problem(self, reason: String) -> RowProblem {
        RowProblem::new(self.line, self.told(reason))
    }
}

/// An element of the file, or what stands in its place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Element<'a> {
    pub text: &'a str,
    pub place: Place,
    /// Whether its last bracket was found before the file ended.
    is_closed: bool,
}

impl Element<'_> {
    pub fn check(&self) -> Result<(), String> {
        if !self.is_closed {
            return Err(format!("begins an object that is never closed: {}", shorten(self.text, 40)));
        }
        if self.text.len() > LIMIT {
            return Err(format!("is longer than {} MiB", LIMIT >> 20));
        }
        Ok(())
    }

    pub fn object(&self) -> Result<Map<String, Value>, String> {
        self.check()?;
        serde_json::from_str(self.text).map_err(|error| unreadable(&error))
    }
}

/// The lines of a text that are not empty, each an element.
pub(super) fn lines(text: &str) -> impl Iterator<Item = Element<'_>> + Clone {
    numbered(text)
        .map(|(line, text)| {
            let text = text.trim();
            // Lines may be cut from an array.
            let bare = text.strip_suffix(',').map(str::trim_end).filter(|bare| bare.ends_with('}'));
            Element { text: bare.unwrap_or(text), place: Place::of_line(line), is_closed: true }
        })
        .filter(|element| !element.text.is_empty())
}

/// Whether a text is a single line.
pub(super) fn is_one_line(text: &str) -> bool {
    !text.trim().contains(['\n', '\r'])
}

/// What stands behind the first value of a file that is read as a single one.
pub(super) fn behind_document(text: &str) -> Option<RowProblem> {
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<IgnoredAny>();
    values.next()?.ok()?;
    let rest = text[values.byte_offset()..].trim_start();
    let line = 1 + text[..text.len() - rest.len()].bytes().filter(|byte| *byte == b'\n').count();
    let reason = || format!("stands behind the end of the JSON document and is not read: {}", shorten(rest, 40));
    (!rest.is_empty()).then(|| RowProblem::new(line, reason()))
}

/// The array under a key of the first object, or of an object in it: a path of keys.
pub(super) fn array_under<'a>(text: &'a str, path: &[&str]) -> Option<Elements<'a>> {
    let bytes = text.as_bytes();
    let (mut at, mut line) = (0, 1);
    // The strings before the brackets that are open; the last one seen.
    let mut open: Vec<Range<usize>> = Vec::new();
    let mut string = 0..0;
    while at < bytes.len() {
        match bytes[at] {
            b'\n' => line += 1,
            b'"' => {
                heed();
                let start = at + 1;
                at = start;
                while at < bytes.len() && bytes[at] != b'"' {
                    line += usize::from(bytes[at] == b'\n');
                    at += if bytes[at] == b'\\' { 2 } else { 1 };
                }
                string = start..at.min(bytes.len());
            }
            b'[' if open.len() == path.len() && is_at(bytes, &open, &string, path) => {
                return Some(Elements::new(text, at, line));
            }
            b'[' | b'{' => open.push(string.clone()),
            b']' | b'}' => drop(open.pop()),
            _ => {}
        }
        if open.is_empty() && matches!(bytes[at.min(bytes.len() - 1)], b'}' | b']') {
            return None;
        }
        at += 1;
    }
    None
}

/// Whether the keys of the open objects are those of a path, the last string being the last of them.
fn is_at(bytes: &[u8], open: &[Range<usize>], string: &Range<usize>, path: &[&str]) -> bool {
    // The outermost object is under no key.
    let keys = open.iter().skip(1).chain([string]);
    keys.zip(path).all(|(key, wanted)| &bytes[key.clone()] == wanted.as_bytes())
}

/// The elements of an array that begins at a place.
#[derive(Clone)]
pub(super) struct Elements<'a> {
    text: &'a str,
    at: usize,
    line: usize,
    depth: usize,
    has_ended: bool,
    /// Elements so far.
    count: usize,
    is_one_line: bool,
    /// Whether what stands behind the array belongs to the file as well.
    is_file: bool,
}

impl<'a> Elements<'a> {
    /// Those of the array alone, behind which other things stand.
    fn new(text: &'a str, at: usize, line: usize) -> Self {
        let is_one_line = is_one_line(text);
        Self { text, at, line, depth: 0, has_ended: false, count: 0, is_one_line, is_file: false }
    }

    /// Those of a file that begins with an array. Further arrays and objects behind it give their elements too, and each
    /// line of something else is an element that cannot be read.
    pub fn of_file(text: &'a str) -> Self {
        Self { is_file: true, ..Self::new(text, 0, 1) }
    }

    fn element(&mut self, range: Range<usize>, line: usize, is_closed: bool) -> Element<'a> {
        self.count += 1;
        let place = Place { line, number: self.is_one_line.then_some(self.count) };
        Element { text: &self.text[range], place, is_closed }
    }
}

impl<'a> Iterator for Elements<'a> {
    type Item = Element<'a>;

    fn next(&mut self) -> Option<Element<'a>> {
        loop {
            let within = self.within();
            if within.is_some() || !self.is_file {
                return within;
            }
            if self.skip_blanks()? == b'[' {
                (self.has_ended, self.depth) = (false, 0);
            } else {
                return self.behind();
            }
        }
    }
}

impl<'a> Elements<'a> {
    /// Goes to what stands behind an array that has ended, and tells its first byte.
    fn skip_blanks(&mut self) -> Option<u8> {
        let bytes = self.text.as_bytes();
        loop {
            let width = line_end(bytes, self.at);
            self.line += usize::from(width > 0);
            self.at += match bytes.get(self.at)? {
                _ if width > 0 => width,
                b' ' | b'\t' | b',' => 1,
                other => return Some(*other),
            };
        }
    }

    /// An object behind an array, or the rest of a line of something else.
    fn behind(&mut self) -> Option<Element<'a>> {
        let rest = &self.text[self.at..];
        if rest.starts_with('{') {
            // It is read as if it stood in an array of its own.
            (self.has_ended, self.depth) = (false, 1);
            let element = self.within();
            (self.has_ended, self.depth) = (true, 0);
            return element;
        }
        let from = self.at;
        self.at += rest.find(['\n', '\r']).unwrap_or(rest.len());
        Some(self.element(from..self.at, self.line, true))
    }

    /// The next element of an array that has not ended.
    fn within(&mut self) -> Option<Element<'a>> {
        heed();
        let text = self.text;
        let bytes = text.as_bytes();
        let (mut start, mut in_string) = (None, false);
        while self.at < bytes.len() && !self.has_ended {
            let at = self.at;
            let byte = bytes[at];
            let width = line_end(bytes, at);
            if width > 0 {
                self.line += 1;
                self.at += width;
                continue;
            }
            if start.is_none() && self.depth == 1 && !matches!(byte, b' ' | b'\t' | b',' | b']') {
                start = Some((at, self.line));
            }
            match byte {
                b'\\' if in_string => self.at += 1,
                b'"' => in_string = !in_string,
                b'[' | b'{' if !in_string => self.depth += 1,
                b']' | b'}' if !in_string => self.depth = self.depth.saturating_sub(1),
                _ => {}
            }
            self.at += 1;
            let closes = self.depth == 1 && matches!(byte, b'}' | b']') && !in_string;
            let separates = self.depth == 1 && byte == b',' && !in_string;
            self.has_ended = self.depth == 0 && matches!(byte, b']' | b'}');
            if let Some((from, line)) = start.filter(|_| closes || separates || self.has_ended) {
                let to = if closes { at + 1 } else { at };
                return Some(self.element(from..to, line, true));
            }
        }
        let (from, line) = start?;
        Some(self.element(from..bytes.len(), line, false))
    }
}

/// The reader's message without its line, which counts from the object's own start.
pub(super) fn unreadable(error: &serde_json::Error) -> String {
    let message = error.to_string();
    let reason = match message.rfind(" at line ") {
        Some(end) => format!("{} at column {}", &message[..end], error.column()),
        None => message,
    };
    format!("cannot be read as a JSON object: {reason}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_of_one_line_are_told_by_their_numbers() {
        let told = |text: &str| -> Vec<(usize, String)> {
            let problem = |element: Element<'_>| element.place.problem(format!("is {}", element.text.trim()));
            Elements::of_file(text).map(problem).map(|problem| (problem.line, problem.reason.to_string())).collect()
        };
        let check = |text: &str, expected: &[(usize, &str)]| {
            let expected: Vec<_> = expected.iter().map(|&(line, reason)| (line, reason.to_owned())).collect();
            assert_eq!(told(text), expected, "{text}");
        };
        check(
            "[{}, \"a, ]\",[2]]\n",
            &[(1, "element 1: is {}"), (1, "element 2: is \"a, ]\""), (1, "element 3: is [2]")],
        );
        check("[{},\n\"b\"\n]", &[(1, "is {}"), (2, "is \"b\"")]);
    }

    #[test]
    fn what_stands_behind_an_array_is_not_dropped() {
        let check = |text: &str, expected: &[(usize, &str)]| {
            let found: Vec<(usize, &str)> =
                Elements::of_file(text).map(|element| (element.place.line, element.text.trim())).collect();
            assert_eq!(found, expected, "{text}");
        };
        check("[{}]\n[{\"a\":1},\n{}]\n", &[(1, "{}"), (2, "{\"a\":1}"), (3, "{}")]);
        check("[1]\r\n\r\n[2] [3],[]", &[(1, "1"), (3, "2"), (3, "3")]);
        check("[1] no more\n]\n[2]\n", &[(1, "1"), (1, "no more"), (2, "]"), (3, "2")]);
        check("[1]\n{\"a\": [\n]}\n{}\n[2]", &[(1, "1"), (2, "{\"a\": [\n]}"), (4, "{}"), (5, "2")]);
        let is_closed: Vec<bool> = Elements::of_file("[1]\n{\"a\"").map(|element| element.check().is_ok()).collect();
        assert_eq!(is_closed, [true, false]);
    }
}

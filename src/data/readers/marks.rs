//! Labelled spans → the `spans` of a row, a list of `{"start", "end", "label"}` in characters, checked against the text.
//!
//! Label Studio counts in UTF-16 units, as browsers do, and repeats the words of each span: where the words stand at
//! the place in one of the two ways of counting, that way is meant. Words that are found in neither way make the row
//! unusable, since its labels would teach nonsense.

use serde_json::{Map, Value, json};

use crate::data::error::shorten;

pub(super) type Object = Map<String, Value>;

/// The elements of a list, none where there is something else.
pub(super) fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// A whole number, also one that was written with a fraction of zero.
pub(super) fn number(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_f64().filter(|value| *value >= 0.0 && value.fract() == 0.0).map(|v| v as u64))
}

/// A span as the tool tells it.
#[derive(Clone)]
pub(super) struct Mark {
    start: usize,
    end: usize,
    label: String,
    /// The words that the tool says stand there.
    pub text: Option<String>,
}

impl Mark {
    pub fn new(span: &Value, start: &str, end: &str, label: &str) -> Result<Self, String> {
        let number = |key: &str| span.get(key).and_then(number);
        let mut mark = Self::of(number(start), number(end), span.get(label).and_then(Value::as_str), span)?;
        mark.text = span.get("text").and_then(Value::as_str).map(str::to_owned);
        Ok(mark)
    }

    pub fn of(start: Option<u64>, end: Option<u64>, label: Option<&str>, span: &Value) -> Result<Self, String> {
        let shown = || shorten(&span.to_string(), 80);
        let (Some(start), Some(end)) = (start, end) else {
            return Err(format!("has a span without a start and an end, expected two whole numbers: {}", shown()));
        };
        let label = label.filter(|label| !label.trim().is_empty());
        let label = label.ok_or_else(|| format!("has a span without a label: {}", shown()))?.trim().to_owned();
        let place = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
        Ok(Self { start: place(start), end: place(end), label, text: None })
    }
}

/// Puts a row together, with every span in characters and checked against the text.
pub(super) fn row(text: String, mut marks: Vec<Mark>, mut others: Object) -> Result<Object, String> {
    let places = Places::new(&text, marks.iter().any(|mark| mark.text.is_some()));
    for mark in &mut marks {
        places.settle(mark)?;
    }
    marks.sort_by_key(|mark| (mark.start, mark.end));
    let spans = marks.iter().map(|mark| json!({ "start": mark.start, "end": mark.end, "label": mark.label })).collect();
    others.shift_remove("spans");
    others.shift_remove("text");
    others.shift_insert(0, "text".into(), Value::String(text));
    others.shift_insert(1, "spans".into(), Value::Array(spans));
    Ok(others)
}

/// How many marks quote words that stand where the mark says.
pub(super) fn fits(text: &str, marks: &[Mark]) -> usize {
    let quoting = || marks.iter().filter(|mark| mark.text.is_some());
    if quoting().next().is_none() {
        return 0;
    }
    let places = Places::new(text, true);
    quoting().filter(|mark| places.settle(&mut Mark::clone(mark)).is_ok()).count()
}

/// The characters of a text, and where each begins in UTF-16 where both ways of counting differ.
struct Places {
    characters: Vec<char>,
    units: Option<Vec<usize>>,
}

impl Places {
    fn new(text: &str, is_quoted: bool) -> Self {
        let characters: Vec<char> = text.chars().collect();
        let differs = is_quoted && characters.iter().any(|character| character.len_utf16() > 1);
        let units = differs.then(|| {
            let mut at = 0;
            let mut starts: Vec<usize> = Vec::with_capacity(characters.len() + 1);
            for character in &characters {
                starts.push(at);
                at += character.len_utf16();
            }
            starts.push(at);
            starts
        });
        Self { characters, units }
    }

    /// Turns the place of a mark into characters.
    fn settle(&self, mark: &mut Mark) -> Result<(), String> {
        let told = mark.text.as_deref().map(plain_blanks).filter(|text| !text.is_empty());
        let says = |start: usize, end: usize| {
            let found = self.characters.get(start..end).map(|part| plain_blanks(&part.iter().collect::<String>()));
            told.is_none() || found == told
        };
        let of_units = |units: &Vec<usize>| {
            let start = units.binary_search(&mark.start).ok()?;
            let end = units.binary_search(&mark.end).ok()?;
            (start < end && says(start, end)).then_some((start, end))
        };
        let fits = mark.start < mark.end && mark.end <= self.characters.len();
        if fits && says(mark.start, mark.end) {
            return Ok(());
        }
        if let Some((start, end)) = self.units.as_ref().and_then(of_units) {
            (mark.start, mark.end) = (start, end);
            return Ok(());
        }
        let Mark { start, end, label, .. } = mark;
        let label = shorten(label, 40);
        if start >= end {
            return Err(format!("has an empty span ({label:?}, {start} to {end})"));
        }
        if !fits {
            let length = self.characters.len();
            return Err(format!("has a span ({label:?}, {start} to {end}) past the end of its {length} characters"));
        }
        let found: String = self.characters[*start..*end].iter().collect();
        Err(format!(
            "has a span ({label:?}, {start} to {end}) that should be {:?} and is {:?}",
            shorten(&told.unwrap_or_default(), 40),
            shorten(&found, 40)
        ))
    }
}

/// Tools write line ends in quoted words in different ways.
fn plain_blanks(text: &str) -> String {
    text.replace("\\n", " ").split_whitespace().collect::<Vec<_>>().join(" ")
}

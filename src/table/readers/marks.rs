//! Labelled spans as an annotation tool tells them → the `spans` of a row, a list of `{"start", "end", "label"}`, with the
//! words that the tool quotes. In what it counted is settled for the file as a whole, in [`super::settled`].

use serde_json::{Map, Value, json};

use super::counting::{Claim, Faith, Quote, Text};
use crate::table::shorten;

pub(super) type Object = Map<String, Value>;

/// The elements of a list, none where there is something else.
pub(super) fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// A whole number, also one that was written with a fraction of zero or in quotes.
pub(super) fn number(value: &Value) -> Option<u64> {
    let whole = |value: &f64| *value >= 0.0 && value.fract() == 0.0;
    let float = || value.as_f64().filter(whole).map(|value| value as u64);
    value.as_u64().or_else(float).or_else(|| value.as_str()?.trim().parse().ok())
}

/// A span as the tool tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    pub start: usize,
    pub end: usize,
    pub label: String,
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
        // Far beyond any text, so that a number may still be added.
        let place = |number: u64| usize::try_from(number).unwrap_or(usize::MAX).min(usize::MAX / 2);
        Ok(Self { start: place(start), end: place(end), label, text: None })
    }

    /// What is to be checked of it, with the words that are quoted.
    pub fn claim(&self, faith: Faith) -> Claim<'_> {
        let text = self.text.as_deref().filter(|text| !text.trim().is_empty());
        Claim { start: self.start, end: Some(self.end), quote: text.map(|text| Quote { text, faith }) }
    }
}

/// Spans as a cell holds them.
pub(super) fn cell(marks: &[Mark]) -> Value {
    let span = |mark: &Mark| {
        let mut span = json!({ "start": mark.start, "end": mark.end, "label": mark.label });
        if let (Some(text), Value::Object(fields)) = (&mark.text, &mut span) {
            fields.insert("text".into(), Value::String(text.clone()));
        }
        span
    };
    Value::Array(marks.iter().map(span).collect())
}

/// Puts a row together.
pub(super) fn row(text: String, marks: &[Mark], mut others: Object) -> Object {
    others.shift_remove("spans");
    others.shift_remove("text");
    others.shift_insert(0, "text".into(), Value::String(text));
    others.shift_insert(1, "spans".into(), cell(marks));
    others
}

/// How many marks quote words that stand where the mark says, in one unit or another.
pub(super) fn fits(text: &str, marks: &[Mark]) -> usize {
    if marks.iter().all(|mark| mark.text.is_none()) {
        return 0;
    }
    let text = Text::new(text);
    let is_found = |mark: &&Mark| text.find_quoted(&mark.claim(Faith::Words)).is_some();
    marks.iter().filter(is_found).count()
}

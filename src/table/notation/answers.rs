//! The answers that a question's cell holds: SQuAD's lists of texts and starts, or one text.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::table::notation::literal;
use crate::table::shorten;

/// An answer as an annotator marked it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GoldAnswer {
    pub text: String,
    /// Its first character in the context, in code points.
    pub start: usize,
}

/// Every answer of a cell, with its place in the context. None where the question has no answer.
///
/// A cell is `{"text": […], "answer_start": […]}` or a list of `{"text", "answer_start"}`, as JSON or as Python prints
/// them, or an answer's plain text or a list of such texts, which are then looked for; `start` is that of a column of its
/// own.
///
/// What is no answer is written in many ways besides an empty list: an empty text wherever it is said to begin, or the
/// start -1 of a text that the context does not have. What says nothing has none either; whether that means something is
/// asked of [`is_missing`].
pub fn answers(cell: &str, start: Option<&str>, context: &str) -> Result<Vec<GoldAnswer>, String> {
    let cell = cell.trim();
    let start = start.map(str::trim).filter(|start| !start.is_empty());
    let is_value = cell.starts_with(['{', '[', '"', '\'']);
    let value = if is_value { literal::value(cell) } else { None };
    if cell.is_empty() || is_nothing(cell, value.as_ref(), context) {
        return Ok(Vec::new());
    }
    let Some(value) = value.filter(is_structure) else {
        return plain_answer(cell, start, context).map(|answer| answer.into_iter().collect());
    };
    let pairs = pairs(&value, start).ok_or_else(|| odd(cell))?;
    let answers = pairs.into_iter().map(|(text, start)| match (text, start) {
        (Value::String(text), None) => plain_answer(text.trim(), None, context),
        (text, start) => answer(text, start.as_ref().unwrap_or(&Value::Null), context, cell),
    });
    answers.filter_map(Result::transpose).collect()
}

/// Whether a cell says nothing of answers, neither what they are nor that there is none: it is empty, or holds the word of
/// a missing value, which is no part of the context.
pub fn is_missing(cell: &str, context: &str) -> bool {
    const WORDS: [&str; 7] = ["null", "none", "nan", "<na>", "na", "n/a", "#n/a"];
    let cell = cell.trim();
    cell.is_empty() || (WORDS.iter().any(|word| cell.eq_ignore_ascii_case(word)) && !context.contains(cell))
}

/// Whether it is said where the answers of a cell begin; `start` is the cell of a column of its own. Of those that are only
/// texts, [`answers`] takes the first place.
pub fn is_placed(cell: &str, start: Option<&str>) -> bool {
    let cell = cell.trim();
    let start = start.map(str::trim).filter(|start| !start.is_empty());
    let value = literal::value(cell).filter(|value| cell.starts_with(['{', '[']) && is_structure(value));
    match value.as_ref().and_then(|value| pairs(value, start)) {
        Some(pairs) => pairs.iter().all(|(_, start)| start.is_some()),
        None => start.is_some(),
    }
}

fn odd(cell: &str) -> String {
    format!("has the answers {:?}, expected {{\"text\": [\"…\"], \"answer_start\": [0]}}", shorten(cell, 60))
}

/// Whether a cell says that there is no answer, in a word that is no part of the context or in brackets without a text.
fn is_nothing(cell: &str, value: Option<&Value>, context: &str) -> bool {
    match value {
        Some(Value::String(text)) => text.trim().is_empty(),
        Some(Value::Array(list)) => list.iter().all(is_blank),
        Some(Value::Object(fields)) => fields.is_empty(),
        _ => is_missing(cell, context),
    }
}

fn is_blank(text: &Value) -> bool {
    text.is_null() || text.as_str().is_some_and(|text| text.trim().is_empty())
}

/// Whether a value is what answers are kept in, and not an answer that happens to be in brackets.
fn is_structure(value: &Value) -> bool {
    match value {
        Value::Object(_) => true,
        Value::Array(list) => list.iter().all(|one| one.is_object() || one.is_string() || one.is_null()),
        _ => false,
    }
}

/// The text of each answer with what is said of its start, where something is.
fn pairs<'a>(value: &'a Value, start: Option<&str>) -> Option<Vec<(&'a Value, Option<Value>)>> {
    let start_of = |fields: &'a Value| fields.get("answer_start").or(fields.get("start"));
    match value {
        Value::Array(list) => {
            let starts = start.and_then(literal::value);
            let start = |index: usize| match &starts {
                Some(Value::Array(starts)) => starts.get(index).cloned(),
                Some(start) if list.len() == 1 => Some(start.clone()),
                _ => None,
            };
            let pair = |(index, one): (usize, &'a Value)| match one {
                Value::Object(_) => Some((one.get("text")?, Some(start_of(one).cloned().unwrap_or_default()))),
                one => Some((one, start(index))),
            };
            list.iter().enumerate().map(pair).collect()
        }
        fields => match (fields.get("text")?, start_of(fields).unwrap_or(&Value::Null)) {
            (Value::Array(texts), _) if texts.iter().all(is_blank) => Some(Vec::new()),
            (Value::Array(texts), Value::Array(starts)) if texts.len() == starts.len() => {
                Some(texts.iter().zip(starts).map(|(text, start)| (text, Some(start.clone()))).collect())
            }
            (text, start) if !text.is_array() => Some(vec![(text, Some(start.clone()))]),
            _ => None,
        },
    }
}

/// One answer with its start; nothing where it says that there is none.
fn answer(text: &Value, start: &Value, context: &str, cell: &str) -> Result<Option<GoldAnswer>, String> {
    if is_blank(text) {
        return Ok(None);
    }
    let text = text.as_str().ok_or_else(|| odd(cell))?;
    let start = start.as_f64().or_else(|| start.as_str()?.trim().parse().ok()).ok_or_else(|| odd(cell))?;
    if start == NOWHERE {
        return nowhere(text, context);
    }
    let start = whole(start).ok_or_else(|| odd(cell))?;
    Ok(Some(GoldAnswer { text: text.to_owned(), start }))
}

/// The start of an answer that a context does not have.
pub const NOWHERE: f64 = -1.0;

/// An answer that is said to stand nowhere, and so is none, unless it does stand in its context.
pub fn nowhere(text: &str, context: &str) -> Result<Option<GoldAnswer>, String> {
    match context.find(text.trim()).filter(|_| !text.trim().is_empty()) {
        None => Ok(None),
        Some(byte) => Err(format!(
            "has the answer {:?}, which is marked as absent (-1) but occurs at character {} of its context",
            shorten(text, 60),
            context[..byte].chars().count()
        )),
    }
}

/// A place in a text. Where some rows have none, pandas writes `17.0` for 17.
fn whole(number: f64) -> Option<usize> {
    (number >= 0.0 && number.fract() == 0.0 && number < 1e15).then_some(number as usize)
}

fn plain_answer(text: &str, start: Option<&str>, context: &str) -> Result<Option<GoldAnswer>, String> {
    let start = if let Some(start) = start {
        let wrong = || format!("has the answer's start {:?}, expected a number of characters", shorten(start, 20));
        let number = start.trim_matches(['[', ']']).parse::<f64>().map_err(|_no_number| wrong())?;
        if number == NOWHERE {
            return nowhere(text, context);
        }
        whole(number).ok_or_else(wrong)?
    } else {
        let byte = context.find(text).ok_or_else(|| {
            let several = several(text, context).map_or_else(String::new, |list| {
                format!("; several answers are written as a list: {}", shorten(&list, 60))
            });
            format!("has the answer {:?}, which does not occur in its context{several}", shorten(text, 60))
        })?;
        context[..byte].chars().count()
    };
    Ok(Some(GoldAnswer { text: text.to_owned(), start }))
}

/// The list of answers that one cell holds between semicolons or bars, if all of them stand in the context.
fn several(cell: &str, context: &str) -> Option<String> {
    let answers: Vec<&str> = cell.split([';', '|']).map(str::trim).collect();
    let all_stand = answers.iter().all(|answer| !answer.is_empty() && context.contains(answer));
    (answers.len() > 1 && all_stand).then(|| serde_json::json!(answers).to_string())
}

/// Whether an answer stands where it says it does.
pub fn stands_at(context: &str, answer: &GoldAnswer) -> bool {
    let byte = context.char_indices().nth(answer.start).map(|(byte, _)| byte);
    !answer.text.is_empty() && byte.is_some_and(|byte| context[byte..].starts_with(&answer.text))
}

/// The place of an answer's text that is nearest to where it was said to stand.
pub fn nearest(context: &str, answer: &GoldAnswer) -> Option<usize> {
    if answer.text.is_empty() {
        return None;
    }
    let mut characters = 0;
    let mut last = 0;
    let places = context.match_indices(&answer.text).map(|(byte, _)| {
        characters += context[last..byte].chars().count();
        last = byte;
        characters
    });
    places.min_by_key(|place| place.abs_diff(answer.start))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONTEXT: &str = "Köln lies on the Rhine. The Rhine is long.";

    fn gold(text: &str, start: usize) -> GoldAnswer {
        GoldAnswer { text: text.into(), start }
    }

    #[test]
    fn cells_hold_answers_in_several_ways() {
        let check = |cell: &str, start: Option<&str>, expected: &[GoldAnswer]| {
            assert_eq!(answers(cell, start, CONTEXT).unwrap(), expected, "{cell}");
        };
        check(
            r#"{"text": ["Rhine", "the Rhine"], "answer_start": [17, 13]}"#,
            None,
            &[gold("Rhine", 17), gold("the Rhine", 13)],
        );
        check(r#"{"text": ["Rhine"], "answer_start": [17.0]}"#, None, &[gold("Rhine", 17)]);
        check("Rhine", Some("17.0"), &[gold("Rhine", 17)]);
        check(r#"{"text": [], "answer_start": []}"#, None, &[]);
        check(r#"[{"text": "Rhine", "answer_start": 28}]"#, None, &[gold("Rhine", 28)]);
        check(r#"{"text": "Rhine", "answer_start": 28}"#, None, &[gold("Rhine", 28)]);
        check("{'text': ['Rhine'], 'answer_start': [17]}", None, &[gold("Rhine", 17)]);
        check("{'text': [], 'answer_start': []}", None, &[]);
        check("[{'text': 'Rhine', 'answer_start': 28}]", None, &[gold("Rhine", 28)]);
        check(
            "{'text': array([\"the 'Rhine'\"], dtype=object), 'answer_start': array([13], dtype=int32)}",
            None,
            &[gold("the 'Rhine'", 13)],
        );
        check("{'text': array([], dtype=object), 'answer_start': array([], dtype=int32)}", None, &[]);
        check("Rhine", None, &[gold("Rhine", 17)]);
        check("Rhine", Some("28"), &[gold("Rhine", 28)]);
        check("  ", None, &[]);
        check("[]", None, &[]);
        check(r#"["Rhine", "long"]"#, None, &[gold("Rhine", 17), gold("long", 37)]);
        check("['Rhine']", Some("[28]"), &[gold("Rhine", 28)]);
        check("Rhine", Some("[28]"), &[gold("Rhine", 28)]);
        check(r#"{"text": ["", "Rhine"], "answer_start": [-1, 17]}"#, None, &[gold("Rhine", 17)]);
    }

    #[test]
    fn no_answer_is_written_in_many_ways() {
        for cell in [
            r#"{"text": [""], "answer_start": [0]}"#,
            r#"{"text": [""], "answer_start": [-1]}"#,
            r#"{"text": [""], "answer_start": []}"#,
            r#"{"text": [], "answer_start": [-1]}"#,
            r#"{"text": "", "answer_start": -1}"#,
            r#"{"text": "", "answer_start": 0}"#,
            r#"{"text": null, "answer_start": null}"#,
            r#"{"text": [null], "answer_start": [null]}"#,
            r#"{"text": ["unknown"], "answer_start": [-1]}"#,
            r#"[{"text": "", "answer_start": -1}]"#,
            r#"[{"text": "CANNOTANSWER", "answer_start": -1}]"#,
            "{'text': array([''], dtype=object), 'answer_start': array([-1])}",
            r#"[""]"#,
            "['']",
            "[null]",
            "{}",
            "\"\"",
            "null",
            "None",
            "nan",
            "NaN",
        ] {
            assert_eq!(answers(cell, None, CONTEXT).unwrap(), [], "{cell}");
        }
        for (cell, start) in [("", "-1"), ("no answer", "-1"), ("unknown", "-1.0")] {
            assert_eq!(answers(cell, Some(start), CONTEXT).unwrap(), [], "{cell}");
        }
        assert_eq!(answers("None", None, "None of them ran").unwrap(), [gold("None", 0)]);
    }

    #[test]
    fn what_says_nothing_is_told_from_no_answer() {
        for cell in ["", " ", "null", "None", "NaN", "NA", "<NA>", "N/A"] {
            assert!(is_missing(cell, CONTEXT), "{cell:?}");
        }
        for cell in ["[]", "{}", "\"\"", r#"{"text": [], "answer_start": []}"#, r#"[""]"#, "Rhine", "no answer"] {
            assert!(!is_missing(cell, CONTEXT), "{cell:?}");
        }
        assert!(!is_missing("None", "None of them ran"));
    }

    #[test]
    fn what_cannot_be_an_answer_says_why() {
        let check = |cell: &str, start: Option<&str>, expected: &str| {
            let error = answers(cell, start, CONTEXT).unwrap_err();
            assert!(error.contains(expected), "{error}");
        };
        check("Danube", None, "does not occur in its context");
        check("Rhine; long", None, r#"several answers are written as a list: ["Rhine","long"]"#);
        check("Rhine", Some("x"), "expected a number of characters");
        check(r#"{"text": ["Rhine"], "answer_start": []}"#, None, r#"expected {"text""#);
        check(r#"{"text": ["Rhine"], "answer_start": [-4]}"#, None, r#"expected {"text""#);
        check("{'text': ['Rhine'], 'answer_start': [None]}", None, r#"expected {"text""#);
        check("{'text': ['Rhine']", None, "does not occur in its context");
        check("Rhine", Some("-1"), "marked as absent (-1) but occurs at character 17 of its context");
        check(r#"{"text": ["Rhine"], "answer_start": [-1]}"#, None, "marked as absent (-1)");
    }

    #[test]
    fn places_count_characters() {
        assert!(stands_at(CONTEXT, &gold("lies", 5)));
        assert!(!stands_at(CONTEXT, &gold("lies", 6)));
        assert!(!stands_at(CONTEXT, &gold("", 6)));
        assert!(!stands_at(CONTEXT, &gold("x", 600)));
        assert_eq!(nearest(CONTEXT, &gold("Rhine", 26)), Some(28));
        assert_eq!(nearest(CONTEXT, &gold("Rhine", 20)), Some(17));
        assert_eq!(nearest(CONTEXT, &gold("Danube", 0)), None);
    }
}

//! The answers that a question's cell holds: SQuAD's lists of texts and starts, or one text.

use serde_json::Value;

use super::GoldAnswer;
use super::error::shorten;
use super::guess::literal;

/// Every answer of a cell, with its place in the context. None where the question has no answer.
///
/// A cell is `{"text": […], "answer_start": […]}` or a list of `{"text", "answer_start"}`, as JSON or as Python prints
/// them, or an answer's plain text, which is then looked for; `start` is that of a column of its own.
pub fn answers(cell: &str, start: Option<&str>, context: &str) -> Result<Vec<GoldAnswer>, String> {
    let cell = cell.trim();
    if cell.is_empty() {
        return Ok(Vec::new());
    }
    let structured = cell.starts_with('{') || cell.starts_with("[{") || cell == "[]";
    let Some(value) = structured.then(|| literal::value(cell)).flatten() else {
        return plain_answer(cell, start, context).map(|answer| vec![answer]);
    };
    structured_answers(&value).ok_or_else(|| {
        format!("has the answers {:?}, expected {{\"text\": [\"…\"], \"answer_start\": [0]}}", shorten(cell, 60))
    })
}

fn structured_answers(value: &Value) -> Option<Vec<GoldAnswer>> {
    match value {
        Value::Array(list) => list.iter().map(one).collect(),
        Value::Object(fields) => match (fields.get("text")?, fields.get("answer_start").or(fields.get("start"))?) {
            (Value::Array(texts), Value::Array(starts)) if texts.len() == starts.len() => {
                let pairs = texts.iter().zip(starts);
                pairs.map(|(text, start)| answer(text, start)).collect()
            }
            (text @ Value::String(_), start) => Some(vec![answer(text, start)?]),
            _ => None,
        },
        _ => None,
    }
}

fn one(value: &Value) -> Option<GoldAnswer> {
    answer(value.get("text")?, value.get("answer_start").or(value.get("start"))?)
}

fn answer(text: &Value, start: &Value) -> Option<GoldAnswer> {
    Some(GoldAnswer { text: text.as_str()?.to_owned(), start: whole(start.as_f64()?)? })
}

/// A place in a text. Where some rows have none, pandas writes `17.0` for 17.
fn whole(number: f64) -> Option<usize> {
    (number >= 0.0 && number.fract() == 0.0 && number < 1e15).then_some(number as usize)
}

fn plain_answer(text: &str, start: Option<&str>, context: &str) -> Result<GoldAnswer, String> {
    let start = if let Some(start) = start.map(str::trim).filter(|start| !start.is_empty()) {
        start.parse().ok().and_then(whole).ok_or_else(|| {
            format!("has the answer's start {:?}, expected a number of characters", shorten(start, 20))
        })?
    } else {
        let byte = context
            .find(text)
            .ok_or_else(|| format!("has the answer {:?}, which does not stand in its context", shorten(text, 60)))?;
        context[..byte].chars().count()
    };
    Ok(GoldAnswer { text: text.to_owned(), start })
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
    }

    #[test]
    fn what_cannot_be_an_answer_says_why() {
        let check = |cell: &str, start: Option<&str>, expected: &str| {
            let error = answers(cell, start, CONTEXT).unwrap_err();
            assert!(error.contains(expected), "{error}");
        };
        check("Danube", None, "does not stand in its context");
        check("Rhine", Some("x"), "expected a number of characters");
        check(r#"{"text": ["Rhine"], "answer_start": []}"#, None, r#"expected {"text""#);
        check(r#"{"text": ["Rhine"], "answer_start": [-4]}"#, None, r#"expected {"text""#);
        check("{'text': ['Rhine'], 'answer_start': [None]}", None, r#"expected {"text""#);
        check("{'text': ['Rhine']", None, "does not stand in its context");
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

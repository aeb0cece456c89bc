//! Structures in cells: JSON, or what Python prints, which pandas puts into a CSV file where a column holds lists or
//! dictionaries: quotes of either kind, `None` and `True`, tuples, and arrays of `NumPy`, which have no commas.

use std::str::Chars;

use serde_json::{Map, Number, Value};

/// Brackets within brackets, beyond which nothing is read.
const DEPTH: usize = 16;
/// What opens a string, and the quote that ends it. Python 2 printed a `u` before it.
const QUOTES: [(&str, char); 4] = [("'", '\''), ("\"", '"'), ("u'", '\''), ("u\"", '"')];

/// The value of a cell; nothing where it holds neither JSON nor what Python prints.
pub fn value(cell: &str) -> Option<Value> {
    serde_json::from_str(cell).ok().or_else(|| python(cell))
}

fn python(cell: &str) -> Option<Value> {
    let mut reader = Reader { rest: cell };
    let value = reader.value(DEPTH)?;
    reader.rest.trim_start().is_empty().then_some(value)
}

struct Reader<'a> {
    rest: &'a str,
}

impl Reader<'_> {
    /// Takes what is given if it comes next, after any white space.
    fn takes(&mut self, what: &str) -> bool {
        let Some(rest) = self.rest.trim_start().strip_prefix(what) else { return false };
        self.rest = rest;
        true
    }

    fn value(&mut self, depth: usize) -> Option<Value> {
        let depth = depth.checked_sub(1)?;
        if self.takes("{") {
            return self.dictionary(depth);
        }
        if self.takes("[") {
            return self.list("]", depth);
        }
        if self.takes("(") {
            return self.list(")", depth);
        }
        if let Some((_, quote)) = QUOTES.into_iter().find(|(open, _)| self.takes(open)) {
            return self.string(quote).map(Value::String);
        }
        self.word(depth)
    }

    fn list(&mut self, end: &str, depth: usize) -> Option<Value> {
        let mut elements = Vec::new();
        while !self.takes(end) {
            elements.push(self.value(depth)?);
            self.takes(",");
        }
        Some(Value::Array(elements))
    }

    fn dictionary(&mut self, depth: usize) -> Option<Value> {
        let mut fields = Map::new();
        while !self.takes("}") {
            let key = self.value(depth)?;
            if !self.takes(":") {
                return None;
            }
            let key = match key {
                Value::String(key) => key,
                other => other.to_string(),
            };
            fields.insert(key, self.value(depth)?);
            self.takes(",");
        }
        Some(Value::Object(fields))
    }

    /// What stands before the closing quote.
    fn string(&mut self, quote: char) -> Option<String> {
        let mut text = String::new();
        let mut letters = self.rest.chars();
        loop {
            match letters.next()? {
                '\\' => text.push(escaped(&mut letters)?),
                end if end == quote => break,
                other => text.push(other),
            }
        }
        self.rest = letters.as_str();
        Some(text)
    }

    /// A number, `None`, `True`, `False`, or what stands in a call such as `array([1, 2], dtype=int32)`.
    fn word(&mut self, depth: usize) -> Option<Value> {
        let rest = self.rest.trim_start();
        let is_part = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '.' | '+' | '-');
        let (word, rest) = rest.split_at(rest.find(|letter: char| !is_part(letter)).unwrap_or(rest.len()));
        self.rest = rest;
        if word.starts_with(|letter: char| letter.is_ascii_alphabetic()) && self.takes("(") {
            let held = self.value(depth)?;
            let (_, rest) = self.rest.split_once(')')?;
            self.rest = rest;
            return Some(held);
        }
        match word {
            "None" | "null" | "nan" | "NaN" => Some(Value::Null),
            "True" | "true" => Some(Value::Bool(true)),
            "False" | "false" => Some(Value::Bool(false)),
            _ => whole(word).or_else(|| word.parse().ok().and_then(Number::from_f64).map(Value::Number)),
        }
    }
}

fn whole(word: &str) -> Option<Value> {
    word.parse::<i64>().ok().map(Value::from)
}

/// The letter that a backslash and what comes after it stand for.
fn escaped(letters: &mut Chars<'_>) -> Option<char> {
    let digits = match letters.next()? {
        'n' => return Some('\n'),
        'r' => return Some('\r'),
        't' => return Some('\t'),
        'x' => 2,
        'u' => 4,
        'U' => 8,
        other => return Some(other),
    };
    let code = (0..digits).try_fold(0_u32, |code, _| Some(code * 16 + letters.next()?.to_digit(16)?))?;
    Some(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn what_python_prints_is_read() {
        let check = |cell: &str, expected: Value| assert_eq!(value(cell), Some(expected), "{cell}");
        check(r#"{"a": [1, 2.5, null, true]}"#, json!({ "a": [1, 2.5, null, true] }));
        check("{'a': [1, -2.5, None, True, False]}", json!({ "a": [1, -2.5, null, true, false] }));
        check("('a', 'b',)", json!(["a", "b"]));
        check(r#"["Ada's dog", 'a "b"', 'a\'b', u'ü']"#, json!(["Ada's dog", "a \"b\"", "a'b", "ü"]));
        check(r"'\x41\u00e9\U0001f600\n\\'", json!("Aé😀\n\\"));
        check("['a' 'b'\n 'c']", json!(["a", "b", "c"]));
        check("[1. 0.5 2]", json!([1.0, 0.5, 2]));
        check(
            "{'text': array(['in London'], dtype=object), 'answer_start': array([11], dtype=int32)}",
            json!({ "text": ["in London"], "answer_start": [11] }),
        );
        check("[np.int64(1), np.str_('a')]", json!([1, "a"]));
        check("array([], dtype=float64)", json!([]));
        check(" {1: 'a'} ", json!({ "1": "a" }));
    }

    #[test]
    fn what_is_neither_json_nor_python_is_nothing() {
        for cell in ["", "words", "[joy, anger]", "['a, b]", "{'a'}", "{'a': }", "[1", "[1] 2", "inf", "'\\x4", "f(1"] {
            assert_eq!(value(cell), None, "{cell}");
        }
        assert_eq!(value(&"[".repeat(100_000)), None);
        assert_eq!(value(&"a(".repeat(100_000)), None);
        let deep = |depth: usize| "(".repeat(depth) + &")".repeat(depth);
        assert!(value(&deep(DEPTH)).is_some());
        assert_eq!(value(&deep(DEPTH + 1)), None);
    }

    proptest! {
        #[test]
        fn no_cell_makes_the_reader_panic(cell in "[\\[\\](){}'\"a,:\\\\xu1 .é-]{0,40}") {
            value(&cell);
        }
    }
}

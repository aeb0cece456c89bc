//! Values as Python writes them.

use serde_json::Value;

/// A value as a literal of Python, a line for each entry of what is not short.
pub fn python(value: &Value) -> String {
    written(value, 0)
}

/// What still stands on one line.
const SHORT: usize = 100;

fn written(value: &Value, depth: usize) -> String {
    match value {
        Value::Null => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        // Escapes of JSON mean the same in Python.
        Value::Number(_) | Value::String(_) => value.to_string(),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(|item| written(item, depth + 1)).collect();
            group('[', ']', &items, depth)
        }
        Value::Object(map) => {
            let entries =
                map.iter().map(|(key, value)| format!("{}: {}", Value::from(key.as_str()), written(value, depth + 1)));
            group('{', '}', &entries.collect::<Vec<_>>(), depth)
        }
    }
}

fn group(open: char, close: char, items: &[String], depth: usize) -> String {
    let line = format!("{open}{}{close}", items.join(", "));
    if line.len() <= SHORT && !line.contains('\n') && (depth > 0 || items.is_empty()) {
        return line;
    }
    let inner = "    ".repeat(depth + 1);
    let lines: String = items.iter().map(|item| format!("{inner}{item},\n")).collect();
    format!("{open}\n{lines}{}{close}", "    ".repeat(depth))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_written_as_python_has_them() {
        let value = json!({ "a": [1, 2.5, null], "b": { "c": true }, "d": "é \"x\"\n\\" });
        assert_eq!(
            python(&value),
            "{\n    \"a\": [1, 2.5, None],\n    \"b\": {\"c\": True},\n    \"d\": \"é \\\"x\\\"\\n\\\\\",\n}"
        );
        assert_eq!(python(&json!([])), "[]");
    }
}

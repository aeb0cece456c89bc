//! A file that is one JSON object. What pandas writes of a table is read, by columns or by rows; so is a list of rows under
//! a key (`data`, `examples`, the datasets server's `rows`), and of several parts the one to learn from, which is told.
//! Any other document is refused with what it holds.

use serde_json::Value;

use super::marks::{Object, list};
use super::names::{is_known_name, plain_name, unique_names};
use crate::table::shorten;

/// How pandas wrote a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Orientation {
    /// `{"text": {"0": "a"}, "label": {"0": "x"}}`
    Columns,
    /// `{"0": {"text": "a", "label": "x"}}`
    Index,
    /// `{"text": ["a b"], "label": ["x"]}`
    Lists,
    /// `{"columns": ["text", "label"], "index": [0], "data": [["a", "x"]]}`, and what databases answer in the same way
    Split,
    /// `{"0": "a b", "1": "c d"}`
    Series,
    /// `{"a1": {"text": "a b"}, "a2": {"text": "c d"}}`, rows by names of their own
    Named,
}

/// Recognises a table in a document.
pub(super) fn orientation(document: &Object) -> Option<Orientation> {
    if split(document).is_some() {
        return Some(Orientation::Split);
    }
    let is_text = |value: &Value| value.as_str().is_some_and(|text| text.trim().contains(' '));
    if document.len() > 1 && are_numbers(document) && document.values().all(Value::is_string) {
        let texts = document.values().filter(|value| is_text(value)).count();
        return (texts * 2 >= document.len()).then_some(Orientation::Series);
    }
    let objects: Option<Vec<&Object>> = document.values().map(Value::as_object).collect();
    if let Some(objects) = objects.filter(|objects| !objects.is_empty()) {
        let first = objects.first().filter(|first| !first.is_empty())?;
        let is_even = objects.iter().all(|object| object.keys().eq(first.keys()));
        let names_columns = |object: &Object| object.keys().any(|key| is_known_name(key));
        return match (are_numbers(document), are_numbers(first)) {
            (false, true) if is_even => Some(Orientation::Columns),
            (true, false) => Some(Orientation::Index),
            // Rows have names of their own; which side has the columns, their names tell, or else that each is of one kind.
            (false, false) if is_even && first.len() > 1 && names_columns(document) && !names_columns(first) => {
                Some(Orientation::Columns)
            }
            (false, false) if is_even && objects.len() > 1 && are_texts(&objects) => Some(Orientation::Named),
            (true, true) if is_even && are_columns_of_texts(&objects) => Some(Orientation::Columns),
            _ => None,
        };
    }
    are_columns(document).then_some(Orientation::Lists)
}

fn are_numbers(object: &Object) -> bool {
    object.keys().all(|key| key.parse::<u64>().is_ok())
}

/// Whether most objects have a text of several words.
fn are_texts(objects: &[&Object]) -> bool {
    let has_text =
        |object: &&&Object| object.values().any(|value| value.as_str().is_some_and(|text| text.contains(' ')));
    objects.iter().filter(has_text).count() * 2 >= objects.len()
}

/// Whether some objects have a text in all their values, and others have none.
fn are_columns_of_texts(objects: &[&Object]) -> bool {
    let is_text = |value: &Value| value.as_str().is_some_and(|text| text.trim().contains(' '));
    let texts = objects.iter().filter(|object| object.values().all(is_text)).count();
    let others = objects.iter().filter(|object| !object.values().any(is_text)).count();
    texts > 0 && texts + others == objects.len()
}

/// What names of columns stand under, and lists of rows.
const OF_COLUMNS: &str = "columns cols fields header headers columnnames meta schema";
const OF_LISTS: &str = "data rows values records result results";

/// The names of the columns of a table that tells them apart from its rows, and the key of the rows.
fn split(document: &Object) -> Option<(Vec<String>, &String)> {
    let names = document.iter().filter(|(key, _)| is_in(OF_COLUMNS, key)).find_map(|(_, value)| column_names(value))?;
    let is_row = |row: &Value| cells(row).is_some_and(|cells| cells == names.len());
    let are_rows = |value: &Value| !list(value).is_empty() && list(value).iter().all(is_row);
    let rows = document.iter().find(|(key, value)| is_in(OF_LISTS, key) && are_rows(value))?.0;
    Some((names, rows))
}

/// Names of columns: a list of them, or of what is said of each, perhaps under a key of its own.
fn column_names(value: &Value) -> Option<Vec<String>> {
    let told = match value {
        Value::Object(schema) => schema.iter().find(|(key, _)| is_in(OF_COLUMNS, key))?.1,
        list => list,
    };
    let name = |column: &Value| column.as_str().or_else(|| column.get("name")?.as_str()).map(str::to_owned);
    let names: Vec<String> = told.as_array()?.iter().map(name).collect::<Option<_>>()?;
    (!names.is_empty()).then_some(names)
}

/// How many cells a row has: a list, or `{"f": [{"v": "a b"}, {"v": "x"}]}` as `BigQuery` answers.
fn cells(row: &Value) -> Option<usize> {
    let row = row.as_object().filter(|row| row.len() == 1).and_then(|row| row.get("f")).unwrap_or(row);
    row.as_array().map(Vec::len)
}

/// The cells of such a row.
fn row_cells(row: Value) -> Vec<Value> {
    match row {
        Value::Object(mut row) => {
            let value = |mut cell: Value| cell.get_mut("v").map(Value::take).unwrap_or_default();
            array(row.shift_remove("f").unwrap_or_default()).into_iter().map(value).collect()
        }
        row => array(row),
    }
}

/// Lists of equal length, one of them of texts. One sentence with its tags is no table: its words have no blanks.
fn are_columns(document: &Object) -> bool {
    const OF_WORDS: [&str; 5] = ["tokens", "words", "tags", "nertags", "postags"];
    let length = document.values().next().map_or(0, |first| list(first).len());
    let is_text = |column: &Value| {
        let phrases = list(column).iter().filter(|cell| cell.as_str().is_some_and(|cell| cell.trim().contains(' ')));
        phrases.count() * 2 >= length
    };
    length > 0
        && document.values().all(|column| column.is_array() && list(column).len() == length)
        && !document.keys().any(|key| OF_WORDS.contains(&plain_name(key).as_str()))
        && document.values().any(is_text)
}

/// The rows of a table.
pub(super) fn rows(mut document: Object, orientation: Orientation) -> Vec<Object> {
    match orientation {
        Orientation::Index => document.into_iter().filter_map(|(_, row)| object(row)).collect(),
        Orientation::Named => document
            .into_iter()
            .filter_map(|(name, row)| {
                let mut row = object(row)?;
                if !row.contains_key("id") {
                    row.shift_insert(0, "id".into(), Value::String(name));
                }
                Some(row)
            })
            .collect(),
        Orientation::Columns => by_rows(document.into_iter().map(|(name, column)| {
            let cells = object(column).unwrap_or_default();
            (name, cells.into_iter().map(|(_, cell)| cell).collect())
        })),
        Orientation::Lists => by_rows(document.into_iter().map(|(name, column)| (name, array(column)))),
        Orientation::Split => {
            let Some((names, key)) = split(&document).map(|(names, key)| (names, key.clone())) else {
                return Vec::new();
            };
            let names = unique_names(&names);
            let rows = array(document.shift_remove(&key).unwrap_or_default());
            rows.into_iter().map(|row| names.iter().cloned().zip(row_cells(row)).collect()).collect()
        }
        Orientation::Series => {
            document.into_iter().map(|(_, text)| Object::from_iter([("text".to_owned(), text)])).collect()
        }
    }
}

fn by_rows(columns: impl Iterator<Item = (String, Vec<Value>)>) -> Vec<Object> {
    let mut rows: Vec<Object> = Vec::new();
    for (name, cells) in columns {
        rows.resize_with(rows.len().max(cells.len()), Object::new);
        for (row, cell) in rows.iter_mut().zip(cells) {
            row.insert(name.clone(), cell);
        }
    }
    rows
}

fn object(value: Value) -> Option<Object> {
    match value {
        Value::Object(object) => Some(object),
        _ => None,
    }
}

fn array(value: Value) -> Vec<Value> {
    match value {
        Value::Array(array) => array,
        _ => Vec::new(),
    }
}

/// Names of lists of rows.
const ROWS: &str = "data rows examples items records instances samples entries documents docs dataset utterances \
                    commonexamples sentences texts reviews comments tweets statuses posts results result hits values \
                    children";
/// Names of lists that belong to one text.
const OF_A_TEXT: &str = "spans entities ents labels annotations answers qas messages conversations conversation turns \
                         dialogue tokens relations choices options";
const TRAIN: &str = "train training traindata trainset trainingdata trainingset";
const PARTS: &str = "validation validationdata valid val dev devset development test testdata testset testing eval \
                     evaluation";
/// Names of a text that is a row's own.
const TEXTS: &str = "text sentence content context question document body html";
/// Names of the words of a row.
const WORDS: &str = "tokens words tokenizedtext sentence sentences";

/// Where in a document its rows are, and what a person should know of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Nested {
    pub path: Vec<String>,
    pub note: Option<String>,
}

/// Finds a list of rows in a document.
pub(super) fn nested(document: &Object) -> Option<Nested> {
    let is_named = |names: &str, key: &str| is_in(names, key);
    if document.keys().any(|key| is_named(TRAIN, key) || is_named(PARTS, key)) {
        return part(document);
    }
    let has_text = document.iter().any(|(key, value)| value.is_string() && is_named(TEXTS, key));
    let is_list = |(key, value): &(&String, &Value)| are_objects(value) || (is_named(ROWS, key) && are_lists(value));
    let lists: Vec<&String> = document.iter().filter(is_list).map(|(key, _)| key).collect();
    let rows: Vec<&String> = lists.iter().copied().filter(|key| is_named(ROWS, key)).collect();
    let chosen = match (rows.as_slice(), lists.as_slice()) {
        _ if has_text => return None,
        ([rows], _) => *rows,
        ([], [only]) if document.len() == 1 && !is_named(OF_A_TEXT, only) => *only,
        ([], []) => return inner(document),
        _ => return None,
    };
    // The datasets server tells the columns beside the rows.
    let others: Vec<&str> =
        lists.iter().map(|key| key.as_str()).filter(|key| key != chosen && !is_of_columns(key)).collect();
    Some(Nested { path: vec![chosen.clone()], note: unread(chosen, &others) })
}

fn is_of_columns(key: &str) -> bool {
    key == "features" || is_in(OF_COLUMNS, key)
}

/// What is told of lists beside the rows.
fn unread(chosen: &str, others: &[&str]) -> Option<String> {
    (!others.is_empty())
        .then(|| format!("the rows are those under {chosen:?}; what is under {} is not read", quoted(others)))
}

/// Lists of equally many values, a text among them.
fn are_lists(value: &Value) -> bool {
    let rows = list(value);
    let width = rows.first().map_or(0, |first| list(first).len());
    let has_text =
        |row: &Value| list(row).iter().any(|cell| cell.as_str().is_some_and(|cell| cell.trim().contains(' ')));
    width > 1 && rows.iter().all(|row| list(row).len() == width) && rows.iter().any(has_text)
}

/// The list of rows in the one object of a document that has one. What a server answers is under `data`, whatever the list is
/// called there.
fn inner(document: &Object) -> Option<Nested> {
    let objects = document.iter().filter_map(|(key, value)| Some((key, value.as_object()?)));
    let found = objects.filter_map(|(key, object)| {
        let is_answer = is_in("data result response payload", key) && object.len() == 1;
        let is_named = |key: &str| is_in(ROWS, key) || (is_answer && !is_in(OF_A_TEXT, key));
        let rows = object.iter().filter(|(key, value)| is_named(key) && are_objects(value));
        let rows: Vec<&String> = rows.map(|(key, _)| key).collect();
        let [rows] = rows[..] else { return None };
        let is_other = |(key, value): &(&String, &Value)| *key != rows && are_objects(value) && !is_of_columns(key);
        let others: Vec<&str> = object.iter().filter(is_other).map(|(key, _)| key.as_str()).collect();
        Some(Nested { path: vec![key.clone(), rows.clone()], note: unread(rows, &others) })
    });
    let mut found = found.collect::<Vec<_>>();
    if found.len() == 1 { found.pop() } else { None }
}

/// The part of a document to learn from.
fn part(document: &Object) -> Option<Nested> {
    let holds_rows = |value: &&Value| match value {
        Value::Array(rows) => {
            !rows.is_empty() && (rows.iter().all(Value::is_object) || rows.iter().all(Value::is_array))
        }
        Value::Object(table) => orientation(table).is_some(),
        _ => false,
    };
    let parts: Vec<&str> =
        document.iter().filter(|(_, value)| holds_rows(value)).map(|(key, _)| key.as_str()).collect();
    let chosen = *parts.iter().find(|key| is_in(TRAIN, key)).or(match parts.as_slice() {
        [only] => Some(only),
        _ => None,
    })?;
    let others: Vec<&str> = parts.iter().copied().filter(|key| *key != chosen).collect();
    let rest = if others.len() == 1 {
        "is not, and may be given as a file of its own"
    } else {
        "are not, and may be given as files of their own"
    };
    let note = (!others.is_empty()).then(|| format!("only the part {chosen:?} is read; {} {rest}", quoted(&others)));
    Some(Nested { path: vec![chosen.to_owned()], note })
}

fn quoted(keys: &[&str]) -> String {
    let shown: Vec<String> = keys.iter().take(6).map(|key| format!("{:?}", shorten(key, 40))).collect();
    shown.join(", ") + if keys.len() > 6 { ", …" } else { "" }
}

/// Whether a value is a list of objects, and some say more than numbers.
fn are_objects(value: &Value) -> bool {
    let is_told = |cell: &Value| cell.is_string() || cell.is_object() || cell.is_array();
    let says_something = |row: &Value| row.as_object().is_some_and(|row| row.values().any(is_told));
    list(value).iter().all(Value::is_object) && list(value).iter().any(says_something)
}

fn is_in(names: &str, key: &str) -> bool {
    let key = plain_name(key);
    names.split_ascii_whitespace().any(|name| name == key)
}

/// The key under which all rows list texts that bear one label, as in `{"tag": "greeting", "patterns": ["Hi there"]}`.
pub(super) fn patterns(rows: &Value) -> Option<String> {
    const LISTS: &str = "patterns utterances examples queries phrases questions";
    const LABELS: &str = "tag intent name label";
    let first = list(rows).first()?.as_object()?;
    let is_texts = |value: &Value| value.is_array() && list(value).iter().all(Value::is_string);
    let key = first.iter().find(|(key, value)| is_in(LISTS, key) && is_texts(value))?.0;
    let has_both = |row: &Value| {
        let fields = row.as_object();
        let is_labelled = |fields: &Object| fields.iter().any(|(key, value)| is_in(LABELS, key) && value.is_string());
        row.get(key).is_some_and(is_texts) && fields.is_some_and(is_labelled)
    };
    list(rows).iter().all(has_both).then(|| key.clone())
}

/// One row for each text under a key, with what else its object says; other lists are no part of a text.
pub(super) fn spread(mut object: Object, key: &str) -> Vec<Object> {
    let texts = array(object.shift_remove(key).unwrap_or_default());
    object.retain(|_, value| !value.is_array());
    let row = |text: Value| {
        let mut row = object.clone();
        row.shift_insert(0, "text".into(), text);
        row
    };
    texts.into_iter().map(row).collect()
}

/// The key under which a row lies in what says more of it than its columns: `{"row_idx": 0, "row": {…}}` of the datasets
/// server, `{"_id": "1", "_source": {…}}` of Elasticsearch, `{"kind": "t3", "data": {…}}` of Reddit, `{"node": {…}}` of
/// GraphQL.
fn wrapper(object: &Object) -> Option<&'static str> {
    let is_wrapped = |key: &str| match key {
        "row" => object.contains_key("row_idx") || object.len() == 1,
        "_source" => object.contains_key("_id") || object.len() == 1,
        "data" => object.contains_key("kind") && object.len() == 2,
        _ => object.len() == 1,
    };
    let holds_row = |key: &&str| object.get(*key).is_some_and(Value::is_object) && is_wrapped(key);
    ["row", "_source", "data", "node"].into_iter().find(holds_row)
}

/// Whether rows are wrapped so.
pub(super) fn are_wrapped(rows: &Value) -> bool {
    list(rows).first().and_then(Value::as_object).is_some_and(|row| wrapper(row).is_some())
}

/// Such a row without what is around it.
pub(super) fn unwrapped(mut object: Object, classes: &[(String, Vec<String>)]) -> Object {
    let Some(key) = wrapper(&object) else { return object };
    let mut row = object.shift_remove(key).and_then(self::object).unwrap_or_default();
    for (column, names) in classes {
        let name = |value: &Value| names.get(usize::try_from(value.as_u64()?).ok()?).cloned().map(Value::String);
        match row.get_mut(column) {
            Some(Value::Array(values)) => {
                for value in values.iter_mut() {
                    *value = name(value).unwrap_or_else(|| value.take());
                }
            }
            Some(value) => *value = name(value).unwrap_or_else(|| value.take()),
            None => {}
        }
    }
    row
}

/// The names of the classes that the datasets server tells beside the rows, by column.
pub(super) fn classes(document: &Object) -> Vec<(String, Vec<String>)> {
    let features = document.get("features").map_or(&[][..], list);
    let class = |feature: &Value| {
        let kind = feature.get("type")?;
        let names = ["", "/feature", "/sequence"].iter().find_map(|way| kind.pointer(way)?.get("names")?.as_array())?;
        let names: Option<Vec<String>> = names.iter().map(|name| name.as_str().map(str::to_owned)).collect();
        Some((feature.get("name")?.as_str()?.to_owned(), names?))
    };
    features.iter().filter_map(class).collect()
}

/// Why a document is no file of rows. One object on one line is a row, unless it holds whole lists of them.
pub(super) fn refusal(document: &Object, is_one_line: bool) -> Option<String> {
    if let Some(error) = ["error", "detail"].iter().find_map(|key| document.get(*key)?.as_str())
        && document.len() <= 3
        && !document.keys().any(|key| is_in(TEXTS, key))
    {
        return Some(format!("it only says {:?}", shorten(error, 80)));
    }
    let is_part = |key: &&String| {
        let rows: &[Value] = document.get(key.as_str()).map_or(&[], list);
        (is_in(PARTS, key) || is_in(TRAIN, key))
            && !rows.is_empty()
            && rows.iter().all(|row| row.is_object() || row.is_array())
    };
    let parts: Vec<&str> = document.keys().filter(is_part).map(String::as_str).collect();
    if !parts.is_empty() {
        return Some(format!("it has the parts {}; give one part as a file of its own", parts.join(", ")));
    }
    if is_one_line && !document.get("data").is_some_and(Value::is_array) && !holds_rows(document) {
        return None;
    }
    let keys: Vec<&str> = document.keys().take(5).map(String::as_str).collect();
    Some(format!("its keys are {}", shorten(&keys.join(", "), 80)))
}

/// Whether an object that has no text of its own holds lists of what could be rows, or of texts alone.
fn holds_rows(document: &Object) -> bool {
    let is_text = |value: &Value| value.as_str().is_some_and(|text| text.trim().contains(' '));
    let are_words = |key: &str, value: &Value| value.is_array() && is_in(WORDS, key);
    let has_text = |(key, value): (&String, &Value)| {
        is_text(value) || are_words(key, value) || (value.is_string() && is_in(TEXTS, key))
    };
    if document.iter().any(has_text) {
        return false;
    }
    let is_own = |key: &str| is_in(OF_A_TEXT, key) || is_in("words tags nertags postags", key);
    let are_rows = |(key, value): (&String, &Value)| {
        let rows = list(value);
        !is_own(key) && rows.len() > 1 && (rows.iter().all(Value::is_object) || rows.iter().all(Value::is_array))
    };
    let within = |object: &Object| object.iter().any(are_rows);
    let is_of_texts = |value: &Value| list(value).iter().filter(|text| is_text(text)).count() > 1;
    let are_texts =
        document.values().any(is_of_texts) && document.iter().all(|(key, value)| value.is_array() && !is_own(key));
    within(document) || are_texts || document.values().filter_map(Value::as_object).any(within)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::table::Table;
    use crate::table::readers::read_bytes;

    fn open(text: &str) -> Result<Table, crate::table::ReadError> {
        read_bytes(Path::new("data.json"), text.as_bytes().to_vec())
    }

    #[test]
    fn tables_of_pandas_are_read_whichever_way_they_lie() {
        for text in [
            r#"{"text":{"0":"a b","1":"c d"},"label":{"0":1,"1":null}}"#,
            r#"{"0":{"text":"a b","label":1},"1":{"text":"c d","label":null}}"#,
            r#"{"text":["a b","c d"],"label":[1,null]}"#,
            r#"{"columns":["text","label"],"index":[0,1],"data":[["a b",1],["c d",null]]}"#,
        ] {
            let pretty = serde_json::to_string_pretty(&serde_json::from_str::<Value>(text).unwrap()).unwrap();
            for text in [text, pretty.as_str()] {
                let table = open(text).unwrap();
                assert_eq!(table.columns, ["text", "label"], "{text}");
                let cells = |row| [table.cell(row, 0), table.cell(row, 1)];
                assert_eq!((0..table.rows()).map(cells).collect::<Vec<_>>(), [["a b", "1"], ["c d", ""]], "{text}");
            }
        }
    }

    #[test]
    fn tables_of_databases_and_servers_are_read() {
        let check = |text: &str| {
            let table = open(text).unwrap();
            let column = |name: &str| table.column(name).unwrap();
            let cells = |row| [table.cell(row, column("text")), table.cell(row, column("label"))];
            assert_eq!((0..table.rows()).map(cells).collect::<Vec<_>>(), [["a b", "x"], ["c d", "y"]], "{text}");
        };
        let lists = r#"[["a b","x"],["c d","y"]]"#;
        let objects = r#"[{"text":"a b","label":"x"},{"text":"c d","label":"y"}]"#;
        let named = r#"[{"name":"text","type":"String"},{"name":"label","type":"String"}]"#;
        check(&format!(r#"{{"database":"d","columns":["text","label"],"rows":{lists},"truncated":false}}"#));
        check(&format!(r#"{{"columns":{named},"data":{lists}}}"#));
        check(&format!(r#"{{"meta":{named},"data":{lists},"rows":2}}"#));
        check(&format!(r#"{{"meta":{named},"data":{objects},"rows":2}}"#));
        check(&format!(r#"{{"schema":{{"fields":{named}}},"data":{lists}}}"#));
        check(
            &format!(r#"{{"result_type":"TuplesOk","result":[["text","label"],{}"#, &lists[1..]).replace("]]", "]]}"),
        );
        check(&format!(r#"{{"range":"A1:B3","values":[["text","label"],{}}}"#, &lists[1..]));
        let cells = r#"[{"f":[{"v":"a b"},{"v":"x"}]},{"f":[{"v":"c d"},{"v":"y"}]}]"#;
        check(&format!(r#"{{"kind":"bigquery#q","schema":{{"fields":{named}}},"rows":{cells}}}"#));
        check(&format!(r#"{{"data":{{"reviews":{objects}}}}}"#));
        check(&format!(r#"{{"statuses":{objects},"search_metadata":{{"count":2}}}}"#));
        let wrapped = |before: &str, after: &str| {
            let row = |text: &str, label: &str| format!(r#"{{{before}{{"text":"{text}","label":"{label}"}}{after}}}"#);
            format!("[{},{}]", row("a b", "x"), row("c d", "y"))
        };
        let hits = wrapped(r#""_index":"r","_id":"1","_source":"#, "");
        check(&format!(r#"{{"took":5,"hits":{{"total":{{"value":2}},"hits":{hits}}}}}"#));
        let children = wrapped(r#""kind":"t3","data":"#, "");
        check(&format!(r#"{{"kind":"Listing","data":{{"after":null,"children":{children}}}}}"#));
        // Rows have names of their own, or columns have numbers.
        check(r#"{"text":{"a1":"a b","a2":"c d"},"label":{"a1":"x","a2":"y"}}"#);
        check(r#"{"a1":{"text":"a b","label":"x"},"a2":{"text":"c d","label":"y"}}"#);
        let table = open(r#"{"0":{"0":"a b","1":"c d"},"1":{"0":"x","1":"y"}}"#).unwrap();
        assert_eq!(table.all_cells(), [["a b", "x"], ["c d", "y"]]);
        let table = open(r#"{"0":"a b","1":"c d"}"#).unwrap();
        assert_eq!((table.columns.join(" ").as_str(), table.all_cells()), ("text", vec![vec!["a b"], vec!["c d"]]));
    }

    #[test]
    fn documents_whose_rows_are_not_known_are_refused_in_one_line_too() {
        for text in [
            r#"{"page":1,"things":[{"a":1,"b":2},{"a":3,"b":4}]}"#,
            r#"{"pos":["a good film","so it is"],"neg":["a bad film"]}"#,
            r#"{"data":{"films":[{"text":"a b"},{"text":"c d"}],"people":[{"name":"n m"},{"name":"o p"}]}}"#,
            r#"{"columns":["text","label"],"rows":[["a b","x"],["c d"]]}"#,
        ] {
            let message = open(text).map(|table| table.all_cells().len()).unwrap_err().to_string();
            assert!(message.contains("its keys are "), "{message}");
        }
    }

    #[test]
    fn one_row_is_no_table_of_columns() {
        for text in [
            r#"{"tokens":["Ann","ran"],"ner_tags":["B-PER","O"]}"#,
            r#"{"text":"a","meta":{"0":1}}"#,
            r#"{"a":{"x":1},"b":{"x":2}}"#,
            r#"{"a":["x","y"],"b":["z"]}"#,
        ] {
            assert_eq!(open(text).unwrap().rows(), 1, "{text}");
        }
    }

    #[test]
    fn of_several_parts_the_one_to_learn_from_is_read() {
        let check = |text: &str, rows: &[(&str, &str)], note: Option<&str>| {
            let pretty = serde_json::to_string_pretty(&serde_json::from_str::<Value>(text).unwrap()).unwrap();
            for text in [text, pretty.as_str()] {
                let table = open(text).unwrap();
                let column = |name: &str| table.column(name).unwrap();
                let cells = |row| (table.cell(row, column("text")), table.cell(row, column("label")));
                assert_eq!((0..table.rows()).map(cells).collect::<Vec<_>>(), rows, "{text}");
                assert_eq!(table.notes.first().map(String::as_str), note, "{text}");
            }
        };
        let rows = [("a b", "x"), ("c d", "y")];
        let objects = r#"[{"text":"a b","label":"x"},{"text":"c d","label":"y"}]"#;
        let lists = r#"[["a b","x"],["c d","y"]]"#;
        let columns = r#"{"text":["a b","c d"],"label":["x","y"]}"#;
        let note = r#"only the part "train" is read; "val", "test" are not, and may be given as files of their own"#;
        for part in [objects, lists, columns] {
            check(&format!(r#"{{"val":{part},"train":{part},"test":{part}}}"#), &rows, Some(note));
            check(&format!(r#"{{"test":{part}}}"#), &rows, None);
        }
        let clinc = format!(r#"{{"oos_val":{lists},"train":{lists},"oos_train":{lists}}}"#);
        let note =
            r#"only the part "train" is read; "oos_val", "oos_train" are not, and may be given as files of their own"#;
        check(&clinc, &rows, Some(note));
        let text = format!(r#"{{"validation":{objects},"test":{objects}}}"#);
        let expected = r#""data.json" is one JSON document, expected one object a line or an array of objects: it has the parts validation, test; give one part as a file of its own"#;
        assert_eq!(open(&text).unwrap_err().to_string(), expected);
        for name in ["data", "rows", "examples", "whatever"] {
            check(&format!(r#"{{"{name}":{objects}}}"#), &rows, None);
        }
        check(&format!(r#"{{"version":1,"schema":{{"fields":[{{"name":"text"}}]}},"data":{objects}}}"#), &rows, None);
        check(&format!(r#"{{"rasa_nlu_data":{{"regex_features":[],"common_examples":{objects}}}}}"#), &rows, None);
        let note = r#"the rows are those under "utterances"; what is under "intents" is not read"#;
        check(&format!(r#"{{"name":"n","intents":[{{"name":"x"}}],"utterances":{objects}}}"#), &rows, Some(note));
        check(r#"{"a1":{"text":"a b","label":"x"},"a2":{"text":"c d","label":"y"}}"#, &rows, None);
    }

    #[test]
    fn rows_of_the_datasets_server_are_read_with_the_names_of_their_classes() {
        let text = r#"{"features":[{"feature_idx":0,"name":"text","type":{"dtype":"string","_type":"Value"}},{"feature_idx":1,"name":"label","type":{"names":["neg","pos"],"_type":"ClassLabel"}},{"feature_idx":2,"name":"tags","type":{"feature":{"names":["O","B-X"],"_type":"ClassLabel"},"_type":"Sequence"}}],
"rows":[{"row_idx":0,"row":{"text":"a b","label":1,"tags":[0,1]},"truncated_cells":[]},
{"row_idx":1,"row":{"text":"c d","label":-1,"tags":[]},"truncated_cells":[]}],"num_rows_total":2}"#;
        let table = open(text).unwrap();
        assert_eq!((table.columns.join(" ").as_str(), table.line(1)), ("text label tags", 3));
        let cells = |row| [0, 1, 2].map(|column| table.cell(row, column));
        assert_eq!((cells(0), cells(1)), (["a b", "pos", r#"["O","B-X"]"#], ["c d", "-1", "[]"]));
        let unnamed = r#"{"features":[],"rows":[{"row_idx":0,"row":{"text":"a b","label":0}}]}"#;
        assert_eq!(open(unnamed).unwrap().cell(0, 1), "0");
    }

    #[test]
    fn each_text_under_a_label_is_a_row() {
        let text = r#"{"intents":[
{"tag":"greeting","patterns":["Hi there","Good day"],"responses":["Hello"]},
{"tag":"bye","patterns":["See you"],"responses":["Bye"]}]}"#;
        let table = open(text).unwrap();
        assert_eq!(table.columns, ["text", "tag"]);
        let cells = |row| (table.line(row), table.cell(row, 0), table.cell(row, 1));
        assert_eq!(
            [0, 1, 2].map(cells),
            [(2, "Hi there", "greeting"), (2, "Good day", "greeting"), (3, "See you", "bye")]
        );
        assert_eq!(table.notes, [r#"each text under "patterns" is a row of its own"#]);
    }

    #[test]
    fn what_belongs_to_one_text_is_no_list_of_rows() {
        for text in [
            r#"{"text":"Ann ran","entities":[{"start":0,"end":3,"label":"PER"}]}"#,
            r#"{"messages":[{"role":"user","content":"hi there"}]}"#,
            r#"{"question":"q","context":"Ann ran","answers":[{"text":"Ann","answer_start":0}]}"#,
        ] {
            assert_eq!(open(text).unwrap().rows(), 1, "{text}");
        }
        let message = open(r#"{"error":"Repository not found"}"#).unwrap_err().to_string();
        assert!(message.ends_with(r#"it only says "Repository not found""#), "{message}");
    }
}

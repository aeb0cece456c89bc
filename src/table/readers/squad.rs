//! SQuAD's JSON, versions 1.1 and 2.0 → one row a question, in the columns of the Hugging Face copy: `id`, `title`,
//! `context`, `question` and `answers`, a cell being `{"text": […], "answer_start": […]}` with both lists empty where
//! there is no answer, which files also write as an answer without a text, or one that stands nowhere (-1). A question
//! whose file says nothing about answers, as in a test set, has an empty cell.
//!
//! Articles are read one by one; `plausible_answers` of unanswerable questions are no answers and are passed over. A
//! paragraph that stands without an article, as Haystack and MRQA write it, is read in the same way; of MRQA's
//! `detected_answers` the first place of each is taken.

use std::path::Path;

use serde_json::Value;

use super::builder::Builder;
use super::elements::{Element, Place};
use super::encoding::Decoded;
use super::marks::{Object, list, number};
use super::settled;
use super::unpack::size;
use crate::table::Format;
use crate::table::notation::answers;
use crate::table::notation::quoted::push_quoted;
use crate::table::shorten;
use crate::table::{ReadError, Table};

/// Whether an object is an article, a title and paragraphs with questions, or such a paragraph.
pub(super) fn is_article(object: &Object) -> bool {
    let paragraphs = object.get("paragraphs").and_then(Value::as_array);
    is_paragraph(object)
        || paragraphs.is_some_and(|paragraphs| {
            paragraphs.is_empty() || paragraphs.iter().take(20).any(|paragraph| paragraph.get("qas").is_some())
        })
}

fn is_paragraph(object: &Object) -> bool {
    object.get("context").is_some_and(Value::is_string) && object.get("qas").is_some_and(Value::is_array)
}

/// What MRQA's files begin with; it says which data set they are.
pub(super) fn is_header(object: &Object) -> bool {
    object.len() == 1 && object.get("header").is_some_and(Value::is_object)
}

/// Reads articles, each as the text of its object and the line at which it stands.
pub(super) fn read<'a>(
    path: &Path,
    decoded: &Decoded,
    articles: impl Iterator<Item = Element<'a>>,
) -> Result<Table, ReadError> {
    let columns = ["id", "title", "context", "question", "answers"].map(str::to_owned).to_vec();
    let mut table = Builder::new(columns);
    let most = MOST + REPEATED * decoded.text.len();
    for article in articles {
        let Element { text, place, .. } = article;
        match article.object() {
            Ok(object) if is_header(&object) => {}
            Ok(object) => Article { text, place, at: 0, misses: 0, most }.read(&object, &mut table),
            Err(reason) => table.problem(place.line, place.told(format!("begins an article that {reason}"))),
        }
        if table.text.len() > most {
            return Err(ReadError::Contexts { path: path.to_path_buf(), limit: size(MOST as u64) });
        }
    }
    table.finish(path, Format::Squad, decoded)
}

/// Bytes that a table of questions may have, beside so many times the file: each has its context, and a long one with
/// many questions would take all memory.
const MOST: usize = if cfg!(test) { 1 << 20 } else { 1 << 30 };
const REPEATED: usize = 8;

/// Ids that were not found where they were looked for, after which lines are no longer told apart.
const MISSES: usize = 20;

/// Where we are in an article's text.
struct Article<'a> {
    text: &'a str,
    place: Place,
    at: usize,
    misses: usize,
    /// Bytes of the table after which no more is read.
    most: usize,
}

impl Article<'_> {
    fn read(mut self, object: &Object, table: &mut Builder) {
        let title = object.get("title").map(plain).unwrap_or_default();
        if is_paragraph(object) {
            self.paragraph(Some(object), &title, table);
            return;
        }
        let Some(paragraphs) = object.get("paragraphs").and_then(Value::as_array) else {
            self.problem(table, "is an article without a list of \"paragraphs\"".into());
            return;
        };
        for paragraph in paragraphs {
            self.paragraph(paragraph.as_object(), &title, table);
        }
    }

    fn paragraph(&mut self, paragraph: Option<&Object>, title: &str, table: &mut Builder) {
        let context = paragraph.and_then(|paragraph| paragraph.get("context")?.as_str());
        let questions = paragraph.and_then(|paragraph| paragraph.get("qas")?.as_array());
        let (Some(context), Some(questions)) = (context, questions) else {
            let shown = shorten(context.unwrap_or(title), 40);
            let reason = format!("has a paragraph without a \"context\" and a list of \"qas\", near {shown:?}");
            self.problem(table, reason);
            return;
        };
        for question in questions {
            if table.text.len() > self.most {
                return;
            }
            let id = question.get("id").or_else(|| question.get("qid")).map(plain).unwrap_or_default();
            self.advance(&id);
            match answers(question, context) {
                Ok((words, answers)) => {
                    for cell in [id.as_str(), title, context, words, &answers] {
                        table.cell(cell);
                    }
                    table.end_row(self.place.line);
                }
                Err(reason) => {
                    let name =
                        if id.is_empty() { "a question without an id".into() } else { format!("question {id:?}") };
                    self.problem(table, format!("has {} that {reason}", shorten(&name, 60)));
                }
            }
        }
    }

    fn problem(&self, table: &mut Builder, reason: String) {
        table.problem(self.place.line, self.place.told(reason));
    }

    /// Goes to the line of a question, whose id is looked for from the last one on. Values have no places of their own.
    fn advance(&mut self, id: &str) {
        if !id.is_empty() && self.misses < MISSES {
            let mut quoted = String::new();
            push_quoted(&mut quoted, id);
            match self.text[self.at..].find(&quoted) {
                Some(ahead) => {
                    self.place.line += self.text[self.at..self.at + ahead].matches('\n').count();
                    self.at += ahead;
                }
                None => self.misses += 1,
            }
        }
    }
}

/// A value as the text of a cell.
fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// The words of a question and its answers' cell, or why it cannot be used.
fn answers<'a>(question: &'a Value, context: &str) -> Result<(&'a str, String), String> {
    let words = question.get("question").and_then(Value::as_str).filter(|words| !words.trim().is_empty());
    let words = words.ok_or("has no words: expected a text under \"question\"")?;
    let is_impossible = question.get("is_impossible") == Some(&Value::Bool(true));
    let given = match question.get("answers") {
        None if !is_impossible => return Ok((words, String::new())),
        Some(Value::Null) if !is_impossible => return Ok((words, settled::NULL.to_owned())),
        None | Some(Value::Null) => &[],
        Some(Value::Array(answers)) => answers.as_slice(),
        Some(one @ Value::Object(fields)) if fields.get("text").is_some_and(Value::is_string) => {
            std::slice::from_ref(one)
        }
        Some(Value::String(text)) if text.trim().is_empty() => &[],
        Some(other) => {
            return Err(format!("has answers of another kind, expected a list: {}", shorten(&other.to_string(), 40)));
        }
    };
    let (mut texts, mut starts) = (String::new(), String::new());
    let found: &[Value] = question.get("detected_answers").map_or(&[], list);
    let all = if found.is_empty() { given } else { found };
    for answer in all {
        let Some((text, start)) = answer_at(answer, context)? else { continue };
        if is_impossible {
            return Err("is marked impossible and has answers, expected one or the other".into());
        }
        if !texts.is_empty() {
            texts.push(',');
            starts.push(',');
        }
        push_quoted(&mut texts, text);
        starts.push_str(&start.to_string());
    }
    Ok((words, format!("{{\"text\":[{texts}],\"answer_start\":[{starts}]}}")))
}

/// The words of an answer and the character at which they begin; nothing where it says that there is none.
fn answer_at<'a>(answer: &'a Value, context: &'a str) -> Result<Option<(&'a str, usize)>, String> {
    let shown = || shorten(&answer.to_string(), 60);
    let is_blank = |text: &Value| text.is_null() || text.as_str().is_some_and(|text| text.trim().is_empty());
    if is_blank(answer) {
        return Ok(None);
    }
    if let Some(text) = answer.as_str() {
        let byte = context.find(text);
        let byte = byte.ok_or_else(|| format!("has the answer {}, which does not occur in its context", shown()))?;
        return Ok(Some((text, context[..byte].chars().count())));
    }
    if let Some(places) = answer.get("char_spans") {
        return detected(places, context)
            .map(Some)
            .ok_or_else(|| format!("has a detected answer that is not in its context: {}", shown()));
    }
    let text = answer.get("text");
    if text.is_some_and(is_blank) {
        return Ok(None);
    }
    let text = text.and_then(Value::as_str);
    let start = answer.get("answer_start");
    if let Some(text) = text.filter(|_| start.and_then(Value::as_f64) == Some(answers::NOWHERE)) {
        return answers::nowhere(text, context).map(|_none| None);
    }
    let (Some(text), Some(start)) = (text, start.and_then(number)) else {
        return Err(format!("has an answer without a \"text\" and a whole number as \"answer_start\": {}", shown()));
    };
    let start = usize::try_from(start).unwrap_or(usize::MAX);
    if start > context.len() {
        return Err(format!("has an answer at character {start}, past the end of its context"));
    }
    Ok(Some((text, start)))
}

/// The first of the places at which an answer was found, from its first to its last character.
fn detected<'a>(places: &Value, context: &'a str) -> Option<(&'a str, usize)> {
    let number = |value: &Value| usize::try_from(value.as_u64()?).ok();
    let [first, last] = list(list(places).first()?) else { return None };
    let (first, last) = (number(first)?, number(last)?);
    let mut bytes = context.char_indices().map(|(byte, _)| byte).chain([context.len()]);
    let start = bytes.nth(first)?;
    let end = bytes.nth(last.checked_sub(first)?)?;
    Some((&context[start..end], first))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::readers::read_bytes;

    fn open(text: &str) -> Table {
        read_bytes(Path::new("train.json"), text.as_bytes().to_vec()).unwrap()
    }

    const COLUMNS: [&str; 5] = ["id", "title", "context", "question", "answers"];

    fn check(text: &str, rows: &[(usize, [&str; 5])], problems: &[(usize, &str)]) {
        let table = open(text);
        assert_eq!((table.format, table.columns.as_slice()), (Format::Squad, COLUMNS.map(str::to_owned).as_slice()));
        let cells = |row| std::array::from_fn(|column| table.cell(row, column));
        assert_eq!((0..table.rows()).map(|row| (table.line(row), cells(row))).collect::<Vec<_>>(), rows, "{text}");
        let found: Vec<(usize, &str)> = table.problems.iter().map(|p| (p.line, p.reason.as_str())).collect();
        assert_eq!(found, problems, "{text}");
    }

    #[test]
    fn questions_of_both_versions_become_rows() {
        let text = r#"{"version": "v2.0", "data": [{"title": "Å \"b\"", "paragraphs": [{"context": "Ann ran, Ann won.", "qas": [
{"id": "1", "question": "Who?", "answers": [{"text": "Ann", "answer_start": 0}, {"text": "Ann", "answer_start": 9}], "is_impossible": false},
{"id": "2", "question": "Why?", "answers": [], "plausible_answers": [{"text": "won", "answer_start": 13}], "is_impossible": true},
{"id": "3", "question": "When?", "is_impossible": true},
{"id": "4", "question": "To whom?"}]}]},
{"title": "C", "paragraphs": []}]}"#;
        let context = "Ann ran, Ann won.";
        let title = "Å \"b\"";
        let rows = [
            (2, ["1", title, context, "Who?", r#"{"text":["Ann","Ann"],"answer_start":[0,9]}"#]),
            (3, ["2", title, context, "Why?", r#"{"text":[],"answer_start":[]}"#]),
            (4, ["3", title, context, "When?", r#"{"text":[],"answer_start":[]}"#]),
            (5, ["4", title, context, "To whom?", ""]),
        ];
        check(text, &rows, &[]);
        let flat = text.replace('\n', " ");
        check(&flat, &rows.map(|(_, cells)| (1, cells)), &[]);
        let pretty = serde_json::to_string_pretty(&serde_json::from_str::<Value>(text).unwrap()).unwrap();
        let table = open(&pretty);
        assert_eq!(table.rows(), 4);
        let lines: Vec<&str> = pretty.lines().collect();
        assert!((0..4).all(|row| lines[table.line(row) - 1].contains(&format!("\"id\": \"{}\"", row + 1))), "{pretty}");
        // A list of articles, and one article a line, are the same without the wrapping.
        let article = r#"{"paragraphs":[{"context":"c","qas":[{"id":"1","question":"q"}]}]}"#;
        for text in [format!("[{article}]"), format!("{article}\n")] {
            check(&text, &[(1, ["1", "", "c", "q", ""])], &[]);
        }
    }

    #[test]
    fn questions_that_cannot_be_used_are_told_by_their_id() {
        let text = r#"{"data": [
{"title": "T", "paragraphs": [{"context": "some context", "qas": [
{"id": "1", "question": " "},
{"id": 2, "question": "q", "answers": [{"text": "some"}]},
{"id": "3", "question": "q", "answers": [{"text": "some", "answer_start": 0}], "is_impossible": true},
{"id": "4", "question": "q", "answers": {"text": []}},
{"question": "q", "answers": [{"text": "some", "answer_start": 99}]},
{"id": "5", "question": "q", "answers": [{"text": "some", "answer_start": 0}]}]}, {"context": 5}]},
{"title": "U", "paragraphs": 5}, {"title": "V" "paragraphs"}
]}"#;
        check(
            text,
            &[(8, ["5", "T", "some context", "q", r#"{"text":["some"],"answer_start":[0]}"#])],
            &[
                (3, r#"has question "1" that has no words: expected a text under "question""#),
                (
                    3,
                    r#"has question "2" that has an answer without a "text" and a whole number as "answer_start": {"text":"some"}"#,
                ),
                (5, r#"has question "3" that is marked impossible and has answers, expected one or the other"#),
                (6, r#"has question "4" that has answers of another kind, expected a list: {"text":[]}"#),
                (6, "has a question without an id that has an answer at character 99, past the end of its context"),
                (8, r#"has a paragraph without a "context" and a list of "qas", near "T""#),
                (9, "is an article without a list of \"paragraphs\""),
                (9, "begins an article that cannot be read as a JSON object: expected `,` or `}` at column 15"),
            ],
        );
    }

    #[test]
    fn a_question_without_an_answer_may_have_an_empty_one() {
        let none = r#"{"text":[],"answer_start":[]}"#;
        for question in [
            r#""is_impossible":true,"answers":[{"text":"","answer_start":0}]"#,
            r#""is_impossible":true,"answers":[{"text":"","answer_start":-1}]"#,
            r#""is_impossible":false,"answers":[{"text":"","answer_start":-1}]"#,
            r#""is_impossible":true,"answers":null"#,
            r#""is_impossible":true,"answers":"""#,
            r#""answers":[{"text":"","answer_start":-1}]"#,
            r#""answers":[{"text":null,"answer_start":null}]"#,
            r#""answers":[{"text":"unknown","answer_start":-1}]"#,
            r#""answers":{"text":"","answer_start":-1}"#,
            r#""answers":[]"#,
            r#""answers":[""]"#,
        ] {
            let paragraph = format!(r#"{{"context":"Ann ran","qas":[{{"id":"1","question":"q",{question}}}]}}"#);
            check(
                &format!(r#"{{"data":[{{"paragraphs":[{paragraph}]}}]}}"#),
                &[(1, ["1", "", "Ann ran", "q", none])],
                &[],
            );
        }
        // Where no question has an answer, none was asked for.
        let two = r#"{"data":[{"paragraphs":[{"context":"Ann ran","qas":[{"id":"1","question":"q","answers":null},{"id":"2","question":"q"ANSWER}]}]}]}"#;
        let rows = |first, second| [(1, ["1", "", "Ann ran", "q", first]), (1, ["2", "", "Ann ran", "q", second])];
        check(&two.replace("ANSWER", ""), &rows("", ""), &[]);
        let answered = r#","answers":[{"text":"ran","answer_start":4}]"#;
        check(&two.replace("ANSWER", answered), &rows("null", r#"{"text":["ran"],"answer_start":[4]}"#), &[]);
        let said = r#"{"data":[{"paragraphs":[{"context":"Ann ran","qas":[{"id":"1","question":"q","answers":[{"text":"ran","answer_start":-1}]},{"id":"2","question":"q"}]}]}]}"#;
        let reason = r#"element 1: has question "1" that has the answer "ran", which is marked as absent (-1) but occurs at character 4 of its context"#;
        check(said, &[(1, ["2", "", "Ann ran", "q", ""])], &[(1, reason)]);
    }

    #[test]
    fn paragraphs_without_an_article_are_read() {
        let answer = r#"{"text":["ran"],"answer_start":[4]}"#;
        let haystack = r#"[{"context":"Ann ran","qas":[{"id":"1","question":"q","is_impossible":false,"answers":[{"text":"ran","answer_start":4}]}]}]"#;
        check(haystack, &[(1, ["1", "", "Ann ran", "q", answer])], &[]);
        let mrqa = r#"{"header":{"dataset":"x","split":"train"}}
{"context":"Änn ran","qas":[{"question":"q","qid":"1","answers":["RAN"],"detected_answers":[{"text":"RAN","char_spans":[[4,6],[0,2]]}]},{"question":"r","qid":"2","answers":["ran"]}]}
{"context":"c","qas":[{"question":"q","qid":"3","answers":["x"]},{"question":"q","qid":"4","answers":[],"detected_answers":[{"char_spans":[[0,1]]}]}]}"#;
        check(
            mrqa,
            &[(2, ["1", "", "Änn ran", "q", answer]), (2, ["2", "", "Änn ran", "r", answer])],
            &[
                (3, r#"has question "3" that has the answer "x", which does not occur in its context"#),
                (
                    3,
                    r#"has question "4" that has a detected answer that is not in its context: {"char_spans":[[0,1]]}"#,
                ),
            ],
        );
    }

    #[test]
    fn a_file_on_one_line_tells_the_article() {
        let table = open(
            r#"{"data":[{"paragraphs":[{"context":"c","qas":[{"id":"1","question":"q"}]}]},{"title":"T","paragraphs":5}]}"#,
        );
        let found: Vec<(usize, &str)> = table.problems.iter().map(|p| (p.line, p.reason.as_str())).collect();
        assert_eq!(found, [(1, "element 2: is an article without a list of \"paragraphs\"")]);
    }

    #[test]
    fn a_file_that_was_cut_off_keeps_its_whole_articles() {
        let article = r#"{"title":"T","paragraphs":[{"context":"c","qas":[{"id":"1","question":"q"}]}]}"#;
        let table = open(&format!("{{\"data\":[{article},\n{}", &article[..40]));
        assert_eq!((table.rows(), table.problems.len()), (1, 1));
        assert_eq!(table.problems[0].line, 2);
    }

    #[test]
    fn a_long_context_with_many_questions_does_not_take_all_memory() {
        let context = "The ferry leaves at seven. ".repeat(8000);
        let question = |number: usize| format!(r#"{{"id":"{number}","question":"When?","answers":[]}}"#);
        let questions: Vec<String> = (0..60).map(question).collect();
        let text =
            format!(r#"{{"data":[{{"paragraphs":[{{"context":"{context}","qas":[{}]}}]}}]}}"#, questions.join(","));
        let error = read_bytes(Path::new("long.json"), text.into_bytes()).unwrap_err().to_string();
        assert!(error.contains("\"long.json\" has so many questions on long contexts"), "{error}");
    }
}

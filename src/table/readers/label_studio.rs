//! Label Studio's exports → rows. What holds for a whole project is settled by all of its tasks: which key of a task's
//! data is the text that was labelled, and which controls say something of a whole task.
//!
//! Labels of places become `spans` of a column `text`; where a project has none, the columns of its data stay as they
//! are. What a control says of a whole task (classes, a rating, a number) is a column: called `label` where there is
//! one such control, else as the control is. What is said of a place besides its labels is passed over.

use std::collections::BTreeMap;
use std::iter;

use serde_json::Value;

use super::html;
use super::marks::{Mark, Object, fits, list, number, row};
use crate::table::{LeftOut, shorten};

/// Under what names the labels of a place stand.
const LABELS: [&str; 2] = ["labels", "hypertextlabels"];
/// What may be said of a place besides.
const ASIDE: [&str; 6] = ["choices", "taxonomy", "rating", "number", "datetime", "textarea"];
/// What the short export says of the annotator and not of the text.
const ABOUT_THE_WORK: [&str; 5] = ["annotator", "annotation_id", "created_at", "updated_at", "lead_time"];

/// What holds for all tasks of a file.
#[derive(Debug, Default)]
pub(super) struct Project {
    has_spans: bool,
    /// The key of the text that was labelled.
    text: Option<String>,
    /// Places are counted in what is shown of the text, which is HTML.
    is_html: bool,
    /// Controls that say something of a whole task, each with its column.
    controls: Vec<(String, String)>,
}

impl Project {
    /// Looks through tasks with their annotations.
    pub fn of_tasks(tasks: impl Iterator<Item = Object>) -> Self {
        let mut survey = Survey::default();
        for task in tasks {
            let Some(data) = task.get("data").and_then(Value::as_object) else { continue };
            let annotations = annotations(&task).unwrap_or_default();
            let result = annotations.iter().find(|annotation| !is_skipped(annotation)).and_then(|a| a.get("result"));
            let mut marks = Marks::default();
            for item in list(result.unwrap_or(&Value::Null)) {
                match Said::by(item) {
                    Said::OfPlace(value) => {
                        marks.look(value);
                        marks.target = marks.target.or(item.get("to_name").and_then(Value::as_str));
                    }
                    Said::OfTask(_) => survey.note_control(control(item)),
                    Said::Aside => {}
                }
            }
            survey.add(texts(data), &marks);
        }
        let mut project = survey.project();
        if let [(_, column)] = project.controls.as_mut_slice() {
            "label".clone_into(column);
        }
        project
    }

    /// Looks through the objects of the short export.
    pub fn of_short(objects: impl Iterator<Item = Object>) -> Self {
        let mut survey = Survey::default();
        for object in objects {
            let mut marks = Marks::default();
            for (key, value) in &object {
                match Short::of(value) {
                    Short::Spans => {
                        for span in list(value) {
                            marks.look(span);
                        }
                    }
                    Short::Answer(Value::Array(_)) => survey.note_control(key),
                    Short::Answer(_) | Short::Aside | Short::Other => {}
                }
            }
            survey.add(texts(&object).filter(|(key, _)| !ABOUT_THE_WORK.contains(key)), &marks);
        }
        survey.project()
    }

    /// The columns of what the controls say.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        self.controls.iter().map(|(_, column)| column.as_str())
    }

    /// A task gives one row: its first annotation that was not skipped. That it has others is listed.
    pub fn rows(&self, task: &Object) -> Vec<Result<Object, String>> {
        let Some(data) = task.get("data").and_then(Value::as_object) else {
            return vec![Err("is a task without \"data\"".into())];
        };
        let annotations = annotations(task).unwrap_or_default();
        if annotations.is_empty() {
            return vec![Err("is a task without an annotation".into())];
        }
        let Some(first) = annotations.iter().position(|annotation| !is_skipped(annotation)) else {
            return vec![Err(format!("{} (was_cancelled)", LeftOut::SKIPPED))];
        };
        let row = self.annotated(data.clone(), annotations[first].get("result").unwrap_or(&Value::Null));
        let several = (annotations.len() > 1 && row.is_ok()).then(|| {
            let which = match first {
                0 => "the first is read".to_owned(),
                _ => format!("annotation {} is read, as what stands before was skipped", first + 1),
            };
            Err(format!("has {}{}{which}", annotations.len(), LeftOut::ONE_READ))
        });
        iter::once(row).chain(several).collect()
    }

    fn annotated(&self, mut data: Object, result: &Value) -> Result<Object, String> {
        let mut marks = Vec::new();
        let mut answers = Object::new();
        for item in list(result) {
            match Said::by(item) {
                Said::OfPlace(value) => marks.extend(labelled(value)?),
                Said::OfTask(answer) => add(&mut answers, self.column(control(item)), answer),
                Said::Aside => {}
            }
        }
        let text = if self.has_spans { Some(self.take_text(&mut data)?) } else { None };
        for column in self.columns() {
            data.shift_remove(column);
        }
        data.extend(answers);
        match text {
            Some(text) => Ok(row(text, &marks, data)),
            None => Ok(data),
        }
    }

    /// The row of an object of the short export.
    pub fn short_row(&self, object: Object) -> Result<Object, String> {
        let mut marks = Vec::new();
        let mut others = Object::new();
        for (key, value) in object {
            if ABOUT_THE_WORK.contains(&key.as_str()) {
                continue;
            }
            let cell = match Short::of(&value) {
                Short::Spans => {
                    for span in list(&value) {
                        marks.extend(labelled(span)?);
                    }
                    continue;
                }
                Short::Aside => continue,
                Short::Answer(answer) => answer,
                Short::Other => value,
            };
            others.insert(key, cell);
        }
        if !self.has_spans {
            return Ok(others);
        }
        let text = self.take_text(&mut others)?;
        Ok(row(text, &marks, others))
    }

    fn column<'a>(&'a self, control: &'a str) -> &'a str {
        self.controls.iter().find(|(name, _)| name == control).map_or(control, |(_, column)| column)
    }

    fn take_text(&self, data: &mut Object) -> Result<String, String> {
        let key = self.text.as_deref().ok_or("is a task without a text")?;
        let Some(Value::String(text)) = data.shift_remove(key) else {
            return Err(format!("is a task without a text under {key:?}"));
        };
        // The labelled text is the column of this name.
        if let Some(other) = data.shift_remove("text") {
            data.insert("text (2)".into(), other);
        }
        Ok(if self.is_html { html::shown(&text) } else { text })
    }
}

/// The annotations of a task; the older name is `completions`.
pub(super) fn annotations(task: &Object) -> Option<&[Value]> {
    task.get("annotations").or_else(|| task.get("completions")).and_then(Value::as_array).map(Vec::as_slice)
}

fn is_skipped(annotation: &Value) -> bool {
    ["was_cancelled", "skipped"].iter().any(|key| annotation.get(*key) == Some(&Value::Bool(true)))
}

fn texts(data: &Object) -> impl Iterator<Item = (&str, &str)> {
    data.iter().filter_map(|(key, value)| Some((key.as_str(), value.as_str()?)))
}

/// The name of the control that gave a result.
fn control(item: &Value) -> &str {
    item.get("from_name").and_then(Value::as_str).filter(|name| !name.is_empty()).unwrap_or("label")
}

/// Joins what one control says more than once.
fn add(answers: &mut Object, column: &str, answer: Value) {
    let known = answers.entry(column).or_insert_with(|| Value::Array(Vec::new()));
    match (known, answer) {
        (Value::Array(names), Value::Array(more)) => names.extend(more),
        (known, answer) => *known = answer,
    }
}

/// What one result is about.
enum Said<'a> {
    OfPlace(&'a Value),
    OfTask(Value),
    /// Relations, and what is said of a place that has its labels elsewhere.
    Aside,
}

impl<'a> Said<'a> {
    fn by(item: &'a Value) -> Self {
        let Some(value) = item.get("value") else { return Self::Aside };
        if !is_place(value) {
            return answer(value).map_or(Self::Aside, Self::OfTask);
        }
        let kind = item.get("type").and_then(Value::as_str).unwrap_or_default();
        if is_aside(value) || ASIDE.contains(&kind) { Self::Aside } else { Self::OfPlace(value) }
    }
}

fn is_place(value: &Value) -> bool {
    ["start", "startOffset", "globalOffsets"].iter().any(|key| value.get(*key).is_some())
}

fn is_aside(value: &Value) -> bool {
    let has = |keys: &[&str]| keys.iter().any(|key| value.get(*key).is_some());
    has(&ASIDE) && !has(&LABELS)
}

/// The classes, or the number, that a control chose for a whole task.
fn answer(value: &Value) -> Option<Value> {
    let list_of = |key: &str| value.get(key).and_then(Value::as_array);
    if let Some(choices) = list_of("choices") {
        return Some(Value::Array(choices.clone()));
    }
    if let Some(paths) = list_of("taxonomy") {
        return Some(Value::Array(paths.iter().map(path).collect()));
    }
    ["rating", "number", "selected"].iter().find_map(|key| value.get(*key)).filter(|value| !value.is_null()).cloned()
}

/// The name of a place in a taxonomy.
fn path(names: &Value) -> Value {
    match names.as_array() {
        Some(names) => names.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" / ").into(),
        None => names.clone(),
    }
}

/// The marks of one place, which may bear several labels.
fn labelled(value: &Value) -> Result<Vec<Mark>, String> {
    let shown = || shorten(&value.to_string(), 80);
    if value.get("paragraphlabels").is_some() {
        return Err(format!("has labels in a dialogue, expected labels in one text: {}", shown()));
    }
    let labels: &[Value] = LABELS.iter().find_map(|key| value.get(*key)).map_or(&[], list);
    if labels.is_empty() {
        return Err(format!("has a span without a label: {}", shown()));
    }
    let (start, end) = own_offsets(value).or_else(|| global_offsets(value)).unzip();
    let mark = |label: &Value| -> Result<Mark, String> {
        let mut mark = Mark::of(start, end, label.as_str(), value)?;
        mark.text = value.get("text").and_then(Value::as_str).map(str::to_owned);
        Ok(mark)
    };
    labels.iter().map(mark).collect()
}

fn own_offsets(value: &Value) -> Option<(u64, u64)> {
    Some((number(value.get("start")?)?, number(value.get("end")?)?))
}

/// Where a place of HTML, which is told by its nodes, lies in the whole text.
fn global_offsets(value: &Value) -> Option<(u64, u64)> {
    own_offsets(value.get("globalOffsets")?)
}

/// What a value of the short export is.
enum Short {
    Spans,
    Answer(Value),
    Aside,
    Other,
}

impl Short {
    fn of(value: &Value) -> Self {
        if min_spans(value) {
            return Self::Spans;
        }
        if let Some(choices) = min_choices(value) {
            return Self::Answer(choices.clone());
        }
        let items = list(value);
        if items.is_empty() || !items.iter().all(Value::is_object) {
            return Self::Other;
        }
        if items.iter().all(|item| is_place(item) && is_aside(item)) {
            return Self::Aside;
        }
        let mut answers = Object::new();
        for item in items {
            match answer(item).filter(|_| !is_place(item)) {
                Some(answer) => add(&mut answers, "", answer),
                None => return Self::Other,
            }
        }
        answers.shift_remove("").map_or(Self::Other, Self::Answer)
    }
}

/// `[{"start": 0, "end": 5, "text": "…", "labels": ["PER"]}]`
pub(super) fn min_spans(value: &Value) -> bool {
    let is_span = |span: &Value| is_place(span) && LABELS.iter().any(|key| span.get(*key).is_some_and(Value::is_array));
    !list(value).is_empty() && list(value).iter().all(is_span)
}

/// `{"choices": ["a", "b"]}`
pub(super) fn min_choices(value: &Value) -> Option<&Value> {
    let object = value.as_object().filter(|object| object.len() == 1)?;
    object.get("choices").filter(|choices| choices.is_array())
}

/// What a cell of a table says that the short export wrote: classes, a place in a taxonomy, or a number.
pub(super) fn answer_in_cell(cell: &str) -> Option<String> {
    let is_one = ["{\"choices\"", "[{\"choices\"", "[{\"taxonomy\"", "[{\"rating\"", "[{\"number\""];
    if !cell.trim_start().starts_with(['{', '[']) {
        return None;
    }
    let plain: String = cell.chars().filter(|letter| !letter.is_whitespace()).take(16).collect();
    if !is_one.iter().any(|begin| plain.starts_with(begin)) {
        return None;
    }
    match Short::of(&serde_json::from_str(cell).ok()?) {
        Short::Answer(Value::String(name)) => Some(name),
        Short::Answer(answer) => Some(answer.to_string()),
        Short::Spans | Short::Aside | Short::Other => None,
    }
}

/// Whether an object says of its annotator what the short export says.
pub(super) fn is_short(object: &Object) -> bool {
    ["annotator", "annotation_id", "lead_time"].iter().all(|key| object.contains_key(*key))
}

/// The labelled places of one task.
#[derive(Default)]
struct Marks<'a> {
    places: Vec<Mark>,
    is_html: bool,
    has_spans: bool,
    /// The text that they are said to stand in.
    target: Option<&'a str>,
}

impl Marks<'_> {
    /// What cannot be read of them is told when their task is read.
    fn look(&mut self, value: &Value) {
        self.has_spans = true;
        self.is_html |= own_offsets(value).is_none() && global_offsets(value).is_some();
        self.places.extend(labelled(value).into_iter().flatten());
    }
}

/// What is known of a key of the tasks' data whose values are texts.
#[derive(Default)]
struct Candidate {
    tasks: usize,
    addresses: usize,
    bytes: usize,
    /// Marks whose words stand in it where they say.
    fits: usize,
    /// Tasks whose labels are said to be in it.
    named: usize,
}

#[derive(Default)]
struct Survey {
    tasks: usize,
    has_spans: bool,
    is_html: bool,
    candidates: BTreeMap<String, Candidate>,
    controls: Vec<String>,
}

impl Survey {
    fn note_control(&mut self, name: &str) {
        if !self.controls.iter().any(|known| known == name) {
            self.controls.push(name.to_owned());
        }
    }

    fn add<'a>(&mut self, texts: impl Iterator<Item = (&'a str, &'a str)>, marks: &Marks<'_>) {
        self.tasks += 1;
        self.has_spans |= marks.has_spans;
        self.is_html |= marks.is_html;
        for (key, text) in texts {
            let candidate = self.candidates.entry(key.to_owned()).or_default();
            candidate.tasks += 1;
            candidate.addresses += usize::from(is_address(text));
            candidate.bytes += text.len();
            candidate.named += usize::from(marks.target == Some(key));
            candidate.fits +=
                if marks.is_html { fits(&html::shown(text), &marks.places) } else { fits(text, &marks.places) };
        }
    }

    /// The key in which the labels' words stand; else one that nearly all tasks have and that is no address, the one
    /// that the labels name or that is called a text before the longest.
    fn text(&self) -> Option<&String> {
        let best = self.candidates.iter().max_by_key(|(key, candidate)| {
            let is_text = candidate.addresses * 2 <= candidate.tasks;
            let is_shared = candidate.tasks * 10 >= self.tasks * 9;
            let is_called_so = matches!(key.as_str(), "text" | "data");
            (candidate.fits, is_text, is_shared, candidate.named, is_called_so, candidate.bytes)
        });
        best.map(|(key, _)| key)
    }

    fn project(self) -> Project {
        Project {
            text: self.text().cloned(),
            has_spans: self.has_spans,
            is_html: self.is_html,
            controls: self.controls.into_iter().map(|name| (name.clone(), name)).collect(),
        }
    }
}

/// Whether a text is only where something lies.
fn is_address(text: &str) -> bool {
    let text = text.trim();
    let begins = ["/data/", "data:", "www."].iter().any(|start| text.starts_with(start));
    !text.contains(char::is_whitespace) && (begins || text.contains("://"))
}

#[cfg(test)]
mod tests {
    use crate::table::Format;
    use crate::table::Table;
    use crate::table::readers::read_bytes;

    fn open(text: &str) -> Table {
        read_bytes(std::path::Path::new("export.json"), text.as_bytes().to_vec()).unwrap()
    }

    /// Cells of all rows, then the reasons of the problems.
    fn check(text: &str, columns: &[&str], rows: &[&[&str]], problems: &[&str]) {
        let table = open(text);
        assert_eq!(table.format, Format::LabelStudio, "{text}");
        assert_eq!(table.columns, columns, "{text}");
        assert_eq!(table.all_cells(), rows, "{text}");
        let found: Vec<&str> = table.problems.iter().map(|problem| problem.reason.as_str()).collect();
        assert_eq!(found, problems, "{text}");
    }

    fn task(data: &str, results: &str) -> String {
        format!(r#"{{"id":1,"data":{data},"annotations":[{{"result":[{results}]}}]}}"#)
    }

    fn choice(control: &str, choices: &str) -> String {
        format!(r#"{{"from_name":"{control}","to_name":"text","type":"choices","value":{{"choices":{choices}}}}}"#)
    }

    const ADA: &str = r#"{"id":"a","from_name":"l","to_name":"text","type":"labels","value":{"start":0,"end":3,"text":"Ada","labels":["PER"]}}"#;
    const SPAN: &str = r#"[{"start":0,"end":3,"label":"PER"}]"#;

    #[test]
    fn the_text_is_one_key_of_the_whole_file() {
        let address = "https://example.com/a/very/long/path";
        check(
            &format!("[{}]", task(&format!(r#"{{"url":"{address}","body":"Ada ran"}}"#), ADA)),
            &["text", "spans", "url"],
            &[&["Ada ran", SPAN, address]],
            &[],
        );
        // The words of the spans tell more than the lengths, and than the name of the object.
        check(
            &format!(
                "[{},{}]",
                task(r#"{"text":"A long summary of what she did","body":"Ada ran"}"#, ADA),
                task(r#"{"text":"Short","body":"Nobody ran at all, and nobody sat"}"#, "")
            ),
            &["text", "spans", "text (2)"],
            &[
                &["Ada ran", SPAN, "A long summary of what she did"],
                &["Nobody ran at all, and nobody sat", "[]", "Short"],
            ],
            &[],
        );
        let quiet = ADA.replace(r#""text":"Ada","#, "").replace("\"to_name\":\"text\"", "\"to_name\":\"body\"");
        check(
            &format!("[{},\n{}]", task(r#"{"body":"Ada ran","title":"A much longer title"}"#, &quiet), task("{}", "")),
            &["text", "spans", "title"],
            &[&["Ada ran", SPAN, "A much longer title"]],
            &["is a task without a text under \"body\""],
        );
    }

    #[test]
    fn the_data_of_tasks_without_spans_stay_as_they_are() {
        check(
            &format!(
                "[{},{}]",
                task(r#"{"text1":"a b","text2":"c d e"}"#, &choice("c", r#"["same"]"#)),
                task(r#"{"text1":"a b c d","text2":"e"}"#, &choice("c", r#"["diff"]"#))
            ),
            &["text1", "text2", "label"],
            &[&["a b", "c d e", "same"], &["a b c d", "e", "diff"]],
            &[],
        );
        check(
            &format!("[{},{}]", task(r#"{"text":"a"}"#, ""), task(r#"{"text":"b"}"#, &choice("c", r#"["x"]"#))),
            &["text", "label"],
            &[&["a", ""], &["b", "x"]],
            &[],
        );
    }

    #[test]
    fn each_control_has_its_column() {
        let both = format!("{},{}", choice("mood", r#"["pos"]"#), choice("topic", r#"["news","art"]"#));
        check(
            &format!("[{},{}]", task(r#"{"text":"a"}"#, &both), task(r#"{"text":"b"}"#, &choice("mood", r#"["neg"]"#))),
            &["text", "mood", "topic"],
            &[&["a", "pos", r#"["news","art"]"#], &["b", "neg", ""]],
            &[],
        );
        let rating = r#"{"from_name":"stars","type":"rating","value":{"rating":4}}"#;
        check(&format!("[{}]", task(r#"{"text":"a"}"#, rating)), &["text", "label"], &[&["a", "4"]], &[]);
        let taxonomy = |paths: &str| format!(r#"{{"from_name":"t","type":"taxonomy","value":{{"taxonomy":{paths}}}}}"#);
        check(
            &format!(
                "[{},{}]",
                task(r#"{"text":"a"}"#, &taxonomy(r#"[["A","A1"],["B"]]"#)),
                task(r#"{"text":"b"}"#, &taxonomy(r#"[["B"]]"#))
            ),
            &["text", "label"],
            &[&["a", r#"["A / A1","B"]"#], &["b", r#"["B"]"#]],
            &[],
        );
    }

    #[test]
    fn what_is_said_of_a_place_besides_its_labels_is_passed_over() {
        let sure = r#"{"id":"a","from_name":"s","type":"choices","value":{"start":0,"end":3,"text":"Ada","choices":["sure"]}}"#;
        let note = r#"{"id":"a","from_name":"n","type":"textarea","value":{"start":0,"end":3,"text":["a note"]}}"#;
        check(
            &format!("[{}]", task(r#"{"text":"Ada ran"}"#, &format!("{ADA},{sure},{note}"))),
            &["text", "spans"],
            &[&["Ada ran", SPAN]],
            &[],
        );
    }

    #[test]
    fn labels_of_html_count_what_is_shown() {
        let item = r#"{"type":"hypertextlabels","value":{"start":"/p[1]/text()[1]","end":"/p[1]/text()[1]","startOffset":0,"endOffset":3,"globalOffsets":{"start":0,"end":3},"text":"Ada","hypertextlabels":["PER"]}}"#;
        check(
            &format!("[{}]", task(r#"{"html":"<p>Ada &amp; Bob</p>"}"#, item)),
            &["text", "spans"],
            &[&["Ada & Bob", SPAN]],
            &[],
        );
    }

    #[test]
    fn the_short_export_writes_lists_where_a_text_has_several_classes() {
        let object = |text: &str, mood: &str| {
            format!(
                r#"{{"text":"{text}","id":1,"mood":{mood},"annotator":1,"annotation_id":1,"created_at":"x","updated_at":"y","lead_time":1.2}}"#
            )
        };
        let columns = &["text", "id", "mood"];
        let mixed = [object("a", "\"pos\""), object("b", r#"{"choices":["pos","neu"]}"#)];
        check(
            &format!("[{}]", mixed.join(",")),
            columns,
            &[&["a", "1", r#"["pos"]"#], &["b", "1", r#"["pos","neu"]"#]],
            &[],
        );
        let plain = [object("a", "\"pos\""), object("b", "\"neg\"")];
        check(&format!("[{}]", plain.join(",")), columns, &[&["a", "1", "pos"], &["b", "1", "neg"]], &[]);
        let rated = object("a", r#"[{"rating":3}]"#);
        check(&format!("[{rated}]"), columns, &[&["a", "1", "3"]], &[]);
    }
}

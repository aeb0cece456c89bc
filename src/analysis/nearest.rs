//! The rows of a data set that a model holds for most alike to a text: where it may have learned its answer.
//!
//! Alike is the cosine of two pooled states after one layer; which rows have which states is [`rows`], the one way from here
//! to the states that are kept. Being near is no proof that a row taught the model anything: it says what the model holds
//! for alike, and a person sees whether those rows are labelled as the text is answered.

use std::sync::Arc;

use super::map::rows::{agrees, label};
use super::pooled::{OnProgress, Pooled, StatesKept, Which};
use super::sample::Sampling;
use super::training_set::TrainingSet;
use crate::data::Dataset;
use crate::inspect::predictor::Sequence;
use crate::inspect::why::Asked;
use crate::inspect::{
    GoOn, Independent, Inquiry, InspectError, OpenModel, Plane, Pooling, Prediction, Question, explore,
};
use crate::model::{HeadInput, HeadKind};
use crate::task::Task;
use crate::words::plural;

/// Rows with their states.
#[derive(Debug)]
pub struct Rows {
    pub data: Arc<Dataset>,
    pub pooled: Pooled,
    /// Which of them the run of the model learned from, where it is of one.
    pub training: Option<TrainingSet>,
}

impl Rows {
    /// What enters the first layer, and what comes out of each.
    pub fn layers(&self) -> usize {
        self.pooled.layers
    }

    /// What a person should know of the rows, in sentences.
    pub fn notes(&self) -> Vec<String> {
        let Pooled { examples, among, cut, max_tokens, .. } = &self.pooled;
        let mut notes = Vec::new();
        if examples.len() < *among {
            notes.push(format!(
                "{} of {among} rows were looked at, as many as the memory for states holds",
                examples.len()
            ));
        }
        if *cut > 0 {
            let rows = plural(*cut, "row was", "rows were");
            notes.push(format!("{rows} cut at {max_tokens} tokens"));
        }
        notes.extend(self.training.iter().map(|training| training.among(examples.iter().copied()).said()));
        notes
    }
}

/// Rows with their states, computed where they are not kept; nothing where `tell` ended it.
pub fn rows(wanted: &Sampling, kept: &StatesKept, tell: OnProgress<'_>) -> Result<Option<Rows>, InspectError> {
    let pooled = kept.states(wanted, Which::All, tell)?;
    Ok(pooled.map(|pooled| Rows { data: wanted.data.clone(), pooled, training: None }))
}

/// How the states of a task's texts are pooled: by the token that its head reads, or by all. What enters the first layer
/// is by all, since the first token is the same there in every text.
pub fn pooling(task: Task, layer: usize) -> Pooling {
    match HeadKind::for_task(task).input() {
        HeadInput::FirstToken if layer > 0 => Pooling::First,
        HeadInput::FirstToken | HeadInput::AllTokens => Pooling::Mean,
    }
}

/// Asks which rows are nearest to a text.
#[derive(Clone, Debug)]
pub struct NearestTo {
    pub asked: Asked,
    pub rows: Arc<Rows>,
    /// After which layer; 0 is what enters the first.
    pub layer: usize,
    pub pooling: Pooling,
}

/// Two of the same rows are the same question where they are of one text and layer.
impl PartialEq for NearestTo {
    fn eq(&self, other: &Self) -> bool {
        let by = |one: &Self| (one.layer, one.pooling, Arc::as_ptr(&one.rows));
        self.asked == other.asked && by(self) == by(other)
    }
}

/// The nearest rows, nearest first.
#[derive(Clone, Debug, PartialEq)]
pub struct Nearest {
    pub near: Vec<Near>,
    /// What the model says of the text, where that is a class or several.
    pub answer: Option<String>,
    /// Tokens of the text that were cut.
    pub cut: usize,
}

/// A row beside a text.
#[derive(Clone, Debug, PartialEq)]
pub struct Near {
    pub example: usize,
    pub cosine: f64,
    /// What the data say of it.
    pub label: Option<String>,
    /// Whether that is the answer; nothing where it cannot be told.
    pub agrees: Option<bool>,
    /// Whether it is the text itself.
    pub is_same: bool,
    /// Whether the model learned from it; nothing where that cannot be told.
    pub in_training: Option<bool>,
}

impl Nearest {
    /// How many have a label that is the answer, and how many another.
    pub fn agreement(&self) -> (usize, usize) {
        let count = |what| self.near.iter().filter(|near| near.agrees == Some(what)).count();
        (count(true), count(false))
    }
}

/// Rows that are told.
pub const NEAREST: usize = 20;

impl Inquiry for NearestTo {
    type Answer = Nearest;

    fn put_to(&self, model: &mut OpenModel, go_on: GoOn<'_>) -> Result<Option<Nearest>, InspectError> {
        let Self { asked, rows, layer, pooling } = self;
        model.turn_to(asked.task.unwrap_or(model.task))?;
        let most = rows.pooled.max_tokens.min(model.max_tokens);
        let encoded = model.tokenizer.encode(&asked.text, asked.pair.as_deref(), most)?;
        let sequence = std::iter::once(Ok(Sequence::from(&encoded)));
        let states = model.predictor().states(sequence, *pooling, &mut |done| go_on(done, 1))?;
        let Some(states) = states else { return Ok(None) };
        let mut answer = None;
        if model.task.is_sequence() {
            let question = Question { task: Some(model.task), ..Question::of(asked.text.clone(), asked.pair.clone()) };
            let Some(said) = explore(model, &question, go_on)? else { return Ok(None) };
            answer = spoken(said.result);
        }
        let state = states.of(0, *layer);
        let plane = Plane { pooling: *pooling, layer: *layer };
        let near = nearest(state, rows.pooled.examples.len(), |row| rows.pooled.state(plane, row)).into_iter();
        let words = (plain(&asked.text), plain(asked.pair.as_deref().unwrap_or_default()));
        let near = near.map(|(place, cosine)| {
            let (data, example) = (&rows.data, rows.pooled.examples[place]);
            let own = (plain(&data.readable(example)), plain(data.pair(example).unwrap_or_default()));
            let agrees = answer.as_ref().and_then(|answer| agrees(data, example, answer));
            let in_training = rows.training.as_ref().and_then(|training| training.has(example));
            Near { example, cosine, label: label(data, example), agrees, is_same: own == words, in_training }
        });
        Ok(Some(Nearest { near: near.collect(), answer, cut: encoded.cut }))
    }
}

/// What is said of a text as a whole, where it is a class or several.
fn spoken(said: Prediction) -> Option<String> {
    match said {
        Prediction::Classes(classes) => classes.into_iter().next().map(|(name, _)| name),
        Prediction::Labels(labels) => {
            let given = labels.into_iter().filter(Independent::applies).map(|one| one.label);
            Some(given.collect::<Vec<_>>().join(", "))
        }
        Prediction::Value(_)
        | Prediction::Tagging(_)
        | Prediction::Reading(_)
        | Prediction::Filling(_)
        | Prediction::Orders(_)
        | Prediction::Judged(_)
        | Prediction::Lab(_) => None,
    }
}

/// The states that are most alike, each with its cosine, the first of equals first.
fn nearest<'a>(state: &[f32], count: usize, of: impl Fn(usize) -> &'a [f32]) -> Vec<(usize, f64)> {
    let length = |values: &[f32]| dot(values, values).sqrt();
    let own = length(state);
    let cosine = |place: usize| {
        let other = of(place);
        let lengths = own * length(other);
        // A state of zeros points nowhere.
        if lengths > 0.0 { (dot(state, other) / lengths).clamp(-1.0, 1.0) } else { 0.0 }
    };
    let mut all: Vec<(usize, f64)> = (0..count).map(|place| (place, cosine(place))).collect();
    all.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    all.truncate(NEAREST);
    all
}

fn dot(one: &[f32], other: &[f32]) -> f64 {
    one.iter().zip(other).map(|(one, other)| f64::from(*one) * f64::from(*other)).sum()
}

/// A text without what does not make it another.
fn plain(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;
    use std::path::Path;

    use super::*;
    use crate::data::Roles;
    use crate::table::Table;

    fn wanted(model: &str, csv: &str, task: Task) -> Sampling {
        let table = Arc::new(Table::from_bytes(Path::new("rows.csv"), csv.as_bytes().to_vec()).unwrap());
        let data = Arc::new(Dataset::new(table.clone(), task, &Roles::guess(&table, task), None).unwrap());
        let model = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(model);
        Sampling { rows: 100, seed: 1, max_tokens: 64, ..Sampling::all(model, data) }
    }

    fn ask(wanted: &Sampling, text: &str, pair: Option<&str>, layer: usize) -> Nearest {
        let go_on = &mut |_: &str, _: u64, _: u64| ControlFlow::Continue(());
        let rows = Arc::new(rows(wanted, &StatesKept::default(), go_on).unwrap().unwrap());
        let task = wanted.data.task;
        let asked = Asked { task: Some(task), text: text.into(), pair: pair.map(Into::into), ..Asked::default() };
        let mut model = OpenModel::open_whole(&wanted.model).unwrap();
        let asked = NearestTo { asked, rows, layer, pooling: pooling(task, layer) };
        asked.put_to(&mut model, &mut |_, _| ControlFlow::Continue(())).unwrap().unwrap()
    }

    #[test]
    fn the_text_itself_is_nearest_and_labels_are_held_against_the_answer() {
        let texts = ["the jury met", "the film was dull", "a ferry crossed the bay", "the  film was dull"];
        let labels = ["negative", "neutral", "positive", "neutral"];
        let rows: String = texts.iter().zip(labels).map(|(text, label)| format!("{text},{label}\n")).collect();
        let wanted = wanted("bert-classify", &format!("text,label\n{rows}"), Task::Classify);
        for layer in [0, 1, 3] {
            let found = ask(&wanted, "the film was dull", None, layer);
            let same: Vec<(usize, bool)> = found.near.iter().map(|near| (near.example, near.is_same)).collect();
            assert_eq!(same[..2], [(1, true), (3, true)], "blanks make no other text");
            assert!(found.near[..2].iter().all(|near| (near.cosine - 1.0).abs() < 1e-6) && found.near.len() == 4);
            assert!(found.near.windows(2).all(|pair| pair[0].cosine >= pair[1].cosine));
            let answer = found.answer.clone().unwrap();
            for near in &found.near {
                assert_eq!(near.label.as_deref(), Some(labels[near.example]));
                assert_eq!(near.agrees, Some(labels[near.example] == answer));
            }
            let (same, other) = found.agreement();
            assert_eq!(same + other, 4);
        }
    }

    #[test]
    fn sentences_with_tags_and_questions_have_nearest_ones_and_no_answer_to_hold_them_against() {
        let sentences = "tokens,tags\n\
            \"[\"\"Maria\"\", \"\"met\"\", \"\"Okafor\"\"]\",\"[\"\"B-PER\"\", \"\"O\"\", \"\"B-PER\"\"]\"\n\
            \"[\"\"Rain\"\", \"\"fell\"\"]\",\"[\"\"O\"\", \"\"O\"\"]\"\n";
        let found = ask(&wanted("bert-ner", sentences, Task::Ner), "Maria met Okafor", None, 3);
        assert_eq!((found.near[0].example, found.near[0].is_same, &found.answer), (0, true, &None));
        assert_eq!((found.near[0].label.as_deref(), found.near[0].agrees), (Some("PER"), None));
        let questions = "question,context,answers\n\
            Who was here?,Ann was here.,\"{\"\"text\"\": [\"\"Ann\"\"], \"\"answer_start\"\": [0]}\"\n\
            When did it rain?,It rained on Monday.,\"{\"\"text\"\": [\"\"Monday\"\"], \"\"answer_start\"\": [13]}\"\n";
        let wanted = wanted("bert-qa", questions, Task::Qa);
        let found = ask(&wanted, "When did it rain?", Some("It rained on Monday."), 3);
        assert_eq!((found.near[0].example, found.near[0].is_same), (1, true));
        assert_eq!(found.near[0].label.as_deref(), Some("Monday"));
    }

    #[test]
    fn the_cosine_is_that_of_the_angle() {
        let states = [[0.0, 2.0], [3.0, 3.0], [-1.0, 0.0], [0.0, 0.0], [5.0, 0.0]];
        let found = nearest(&[1.0, 0.0], states.len(), |place| &states[place]);
        let places: Vec<usize> = found.iter().map(|(place, _)| *place).collect();
        assert_eq!(places, [4, 1, 0, 3, 2]);
        let expected = [1.0, 0.5_f64.sqrt(), 0.0, 0.0, -1.0];
        assert!(found.iter().zip(expected).all(|((_, found), expected)| (found - expected).abs() < 1e-12), "{found:?}");
    }
}

//! A trained model that another one learns from beside the labels (Hinton, Vinyals and Dean, 2015).
//!
//! The teacher is frozen: it runs without dropout and without a graph. What it says of a text is a function of the text
//! alone, so it is kept in memory where the text is the same each time, up to a limit; beyond that it is computed again, to
//! the same numbers. It has to know the task and its labels by name. Of a text as a whole it may read other tokens than the
//! student; where tokens are asked about or layers compared (`layers.rs`), both must read the same.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use candle_core::{Device, Tensor};

use super::companion::{Companion, Divisors, Expected, Joined};
use super::config::{Distill, RunConfig};
use super::evaluate::{Scores, evaluation};
use super::event::TeacherScore;
use super::layers::{self, Layers, Look};
use super::objective::{Objective, Work, evaluation_chance};
use super::soft::Taught;
use super::{Prepared, TrainError, checkpoint, prepare, student};
use crate::data::Dataset;
use crate::memory;
use crate::model::{self, Decisions, EncoderConfig, HeadKind, Model, Outputs, Param, Pass, PassDropout, Want};
use crate::task::{Targets, Task};
use crate::text::{Batch, Features, Labels, Length, Tokenizer, features};

pub const NAME: &str = "teacher";
/// The share of the free memory that its outputs may take.
const MEMORY_SHARE: u64 = 8;
/// Sequences that it is asked at once when it is evaluated.
const AT_ONCE: usize = 32;

/// The model that is learned from.
#[derive(Debug)]
pub struct Teacher {
    model: Model,
    task: Task,
    settings: Distill,
    /// Lays out what is asked, and counts it, without weights.
    objective: Objective,
    /// Where each output of the student stands among the teacher's; none where the head has no names.
    places: Vec<usize>,
    /// How it reads texts, where it reads other tokens than the student.
    reads: Option<Reading>,
    train_data: Option<Arc<Dataset>>,
    /// What of its layers the student is compared with.
    layers: Option<Layers>,
    /// None where what is asked is drawn anew each time, or its layers are computed anyway.
    kept: Option<RefCell<Kept>>,
}

#[derive(Debug)]
struct Reading {
    tokenizer: Tokenizer,
    length: Length,
}

/// What was said of a sequence, by its key.
#[derive(Debug)]
struct Kept {
    said: HashMap<(usize, Vec<u32>), Vec<f32>>,
    /// Bytes that may still be kept.
    left: u64,
}

impl Teacher {
    /// Opens the teacher of a run for the data that its student learns from.
    pub fn new(config: &RunConfig, distill: &Distill, student: &Model, data: &Prepared) -> Result<Self, TrainError> {
        let Fit { places, reads } = fit(config, distill, &student.config, data)?;
        let model = open(config.task, distill, student.device())?;
        let labels = prepare::output_names(config.task, &data.labels).len().max(1);
        let is_fixed = data.train.is_fixed() && !config.task.is_self_supervised() && config.data.hide_words == 0.0;
        let left = memory::available() / MEMORY_SHARE;
        let layers = Layers::of(distill, student, &model, config.run.seed)?;
        let keeps = is_fixed && layers.is_none();
        Ok(Self {
            model,
            task: config.task,
            settings: distill.clone(),
            objective: Objective::unweighted(config.task, labels, &config.language, &data.tokenizer)?,
            places,
            reads,
            train_data: data.train_data.clone(),
            layers,
            kept: keeps.then(|| RefCell::new(Kept { said: HashMap::new(), left })),
        })
    }

    /// What it says of sequences: (rows, outputs) in the order of the student's outputs, one list a sequence.
    fn said(&self, asked: &[&Features], data: Option<&Dataset>, keep: bool) -> Result<Vec<Vec<f32>>, TrainError> {
        let Some(kept) = self.kept.as_ref().filter(|_| keep) else { return self.say(asked, data) };
        let keys: Vec<_> = asked.iter().map(|one| self.key(one)).collect();
        let missing: Vec<&Features> = {
            let known = kept.borrow();
            let is_missing = asked.iter().zip(&keys).filter(|(_, key)| !known.said.contains_key(*key));
            is_missing.map(|(one, _)| *one).collect()
        };
        let new = if missing.is_empty() { Vec::new() } else { self.say(&missing, data)? };
        let new: BTreeMap<_, _> = missing.iter().map(|one| self.key(one)).zip(new).collect();
        let mut kept = kept.borrow_mut();
        let all = keys.iter().filter_map(|key| kept.said.get(key).or_else(|| new.get(key)).cloned()).collect();
        for (key, said) in new {
            let bytes = (size_of_val(key.1.as_slice()) + size_of_val(said.as_slice()) + size_of::<[usize; 8]>()) as u64;
            if bytes <= kept.left {
                kept.left -= bytes;
                kept.said.insert(key, said);
            }
        }
        Ok(all)
    }

    /// What it says is a function of: the example and, of one in windows, the tokens and which of them are asked about, as
    /// windows of a text that repeats itself may differ in these alone.
    fn key(&self, one: &Features) -> (usize, Vec<u32>) {
        let mut key = Vec::new();
        if self.task.has_windows() {
            key.extend_from_slice(&one.tokens.ids());
            if let Labels::Tokens(tokens) = &one.labels {
                key.extend((0..).zip(tokens).filter(|(_, class)| class.is_some()).map(|(place, _)| place));
            }
        }
        (one.example, key)
    }

    /// The same, computed.
    fn say(&self, asked: &[&Features], data: Option<&Dataset>) -> Result<Vec<Vec<f32>>, TrainError> {
        let read = match (&self.reads, data) {
            (Some(reads), Some(data)) => Some(reads.read(asked, data)?),
            _ => None,
        };
        let asked: Vec<&Features> = read.as_ref().map_or_else(|| asked.to_vec(), |read| read.iter().collect());
        let work = self.objective.work(Batch::pack(asked.iter().copied(), 0));
        if work.is_empty() {
            return Ok(vec![Vec::new(); asked.len()]);
        }
        let pass = Pass { rows: work.rows, ..Pass::default() };
        let logits: Vec<Vec<f32>> = self.model.run(self.task, &work.input, &pass)?.to_vec2()?;
        Ok(self.by_sequence(logits, &asked))
    }

    /// Rows of the head, in the order of the student's outputs, one list a sequence.
    fn by_sequence(&self, logits: Vec<Vec<f32>>, asked: &[&Features]) -> Vec<Vec<f32>> {
        let mut rows = logits.into_iter();
        let of_one = |one: &Features| rows.by_ref().take(self.rows(one)).flat_map(|row| self.ordered(row)).collect();
        asked.iter().copied().map(of_one).collect()
    }

    /// What it says of a batch, and what its layers make of it, in one pass. Both read the same tokens.
    fn look(
        &self,
        layers: &Layers,
        work: &mut Work,
        asked: &[&Features],
        update: Divisors,
    ) -> Result<Option<Vec<Vec<f32>>>, TrainError> {
        let (compared, last) = layers.look(&self.model, &work.input, update.tokens)?;
        work.compared = Some(compared);
        if work.is_empty() {
            return Ok(None);
        }
        let pass = Pass { rows: work.rows.clone(), ..Pass::default() };
        let read = self.model.read(self.task, &last, &work.input, work.rows.as_deref())?;
        let logits = self.model.logits(self.task, &read, &work.input, &pass)?.to_vec2()?;
        Ok(Some(self.by_sequence(logits, asked)))
    }

    fn ordered(&self, row: Vec<f32>) -> Vec<f32> {
        if self.places.is_empty() { row } else { self.places.iter().map(|place| row[*place]).collect() }
    }

    /// Rows of the head that a sequence has.
    fn rows(&self, one: &Features) -> usize {
        match (self.task.targets(), &one.labels) {
            (Targets::Class | Targets::Classes | Targets::Number, _) => 1,
            (Targets::Tags | Targets::Hidden, Labels::Tokens(tokens)) => tokens.iter().flatten().count(),
            (Targets::Tags | Targets::Hidden, _) => 0,
            (Targets::Span | Targets::Replaced, _) => one.tokens.len(),
        }
    }

    fn logits(&self, said: Vec<Vec<f32>>, asked: &[&Features]) -> Result<Tensor, TrainError> {
        let rows: usize = asked.iter().map(|one| self.rows(one)).sum();
        let values: Vec<f32> = said.into_iter().flatten().collect();
        let outputs = values.len() / rows.max(1);
        Ok(Tensor::from_vec(values, (rows, outputs), self.model.device())?)
    }

    /// Its metrics over what is held out; nothing where there is nothing.
    fn judged(&self, data: &Prepared) -> Result<BTreeMap<String, f64>, TrainError> {
        let mut scored = Vec::new();
        let places: Vec<usize> = (0..data.eval.len()).collect();
        for some in places.chunks(AT_ONCE) {
            let draw = |place: &usize| {
                let chance = evaluation_chance(*place);
                Ok(self.objective.draw(data.eval.get(*place, chance)?, chance))
            };
            let drawn = some.iter().map(draw).collect::<Result<Vec<_>, TrainError>>()?;
            let asked: Vec<&Features> = drawn.iter().map(AsRef::as_ref).collect();
            let work = self.objective.work(Batch::pack(asked.iter().copied(), 0));
            let logits = self.logits(self.said(&asked, data.eval_data.as_deref(), false)?, &asked)?;
            scored.extend(self.objective.scored(&logits, &work)?);
        }
        let of = Scores {
            task: self.task,
            labels: &data.labels,
            data: data.eval_data.as_deref(),
            examples: &data.eval,
            tokenizer: &data.tokenizer,
            decisions: &Decisions::default(),
        };
        Ok(evaluation(of, scored).metrics)
    }
}

impl Reading {
    /// The texts of a student's sequences as the teacher reads them.
    fn read(&self, asked: &[&Features], data: &Dataset) -> Result<Vec<Features>, TrainError> {
        let which: Vec<usize> = asked.iter().map(|one| one.example).collect();
        let read = features(data, &which, &self.tokenizer, self.length, &mut |_| ControlFlow::Continue(()))?;
        Ok(read.unwrap_or_default())
    }
}

impl Companion for Teacher {
    fn name(&self) -> &'static str {
        NAME
    }

    fn sum(&self) -> String {
        checkpoint::sum_of_model(&self.model)
    }

    /// A teacher learns nothing; what makes its student's states as wide as its own does.
    fn own_params(&self) -> Vec<Arc<Param>> {
        self.layers.iter().flat_map(Layers::params).cloned().collect()
    }

    fn asked(&self, features: &Features) -> f64 {
        self.objective.denominator([features])
    }

    fn join(
        &self,
        work: &mut Work,
        features: &[&Features],
        _dropout: PassDropout,
        update: Divisors,
    ) -> Result<Joined, TrainError> {
        let said = match &self.layers {
            Some(layers) => self.look(layers, work, features, update)?,
            None if work.is_empty() => None,
            None => Some(self.said(features, self.train_data.as_deref(), true)?),
        };
        if let Some(said) = said {
            let logits = self.logits(said, features)?;
            let Distill { temperature, soft: share, .. } = self.settings;
            work.taught = Some(Taught { logits, temperature, share, denominator: update.asked });
        }
        Ok(Joined { loss: 0.0, model_weight: 1.0 })
    }

    /// The student is judged by the labels alone.
    fn judge(&self, _work: &mut Work, _features: &[&Features], _key: u64) -> Result<(), TrainError> {
        Ok(())
    }

    fn save(&self, _beside: &Path, _other: &dyn Fn(&Param) -> Option<Tensor>) -> Result<Option<PathBuf>, TrainError> {
        Ok(None)
    }

    fn score(&self, data: &Prepared) -> Result<Option<TeacherScore>, TrainError> {
        if data.eval.is_empty() {
            return Ok(None);
        }
        Ok(Some(TeacherScore { parameters: self.model.params.count(), metrics: self.judged(data)? }))
    }
}

/// The sum of a run's teacher, which tells it from others.
pub(super) fn sum_of(task: Task, distill: &Distill, student: &Model) -> Result<String, TrainError> {
    Ok(checkpoint::sum_of_model(&open(task, distill, student.device())?))
}

/// A teacher as far as its folder's configuration tells.
pub(super) fn expected(config: &RunConfig, distill: &Distill, student: &EncoderConfig) -> Result<Expected, TrainError> {
    let encoder = model::read_config(&student::teacher_dir(distill)?)?;
    let kind = HeadKind::for_task(config.task);
    let sizes = encoder.weights(kind, encoder.output_names(config.task).len().max(1));
    let words = if kind.outputs() == Outputs::Words { config.language.share } else { 0.0 };
    let is_kept = !config.task.is_self_supervised() && config.data.hide_words == 0.0 && !distill.compares();
    let trained = layers::projected(distill, student, &encoder);
    Ok(Expected {
        name: NAME,
        held: trained + sizes.iter().map(|(_, count)| count).sum::<u64>(),
        trained,
        learns: false,
        numbers: layers::numbers(distill, student, &encoder),
        operations: layers::operations(distill, student, &encoder),
        kept: 0,
        words,
        is_kept,
        config: encoder,
    })
}

/// How what a teacher says is heard by its student.
pub(super) struct Fit {
    places: Vec<usize>,
    reads: Option<Reading>,
}

/// Refuses a teacher from which nothing can be learned for these data, before its weights are read.
pub(super) fn fit(
    config: &RunConfig,
    distill: &Distill,
    student: &EncoderConfig,
    data: &Prepared,
) -> Result<Fit, TrainError> {
    let (dir, encoder) = of_task(config.task, distill)?;
    let names = prepare::output_names(config.task, &data.labels);
    let places = places(&encoder.output_names(config.task), &names, config.task, &dir)?;
    let tokenizer = Tokenizer::open(&model::tokenizer_folder(&dir))?.for_embeddings(encoder.vocab_size)?;
    let reader =
        Reader { tokenizer: &data.tokenizer, max_tokens: data.max_tokens, has_pairs: data.columns.pair.is_some() };
    let reads = reading(config, &dir, &encoder, tokenizer, reader)?;
    layers::check(distill, student, &encoder, reads.is_none())?;
    Ok(Fit { places, reads })
}

/// A teacher that fits, as far as its folder's configuration tells.
#[derive(Clone, Debug, PartialEq)]
pub struct Facts {
    pub layers: usize,
    /// Of all layers that a student may be cut to, the most; or why it cannot be.
    pub cut: Result<usize, String>,
    /// Whether it reads the same tokens as the student.
    pub reads_alike: bool,
    /// Of what of its layers the chosen student can be compared with, why it cannot.
    pub not_compared: Vec<(Look, String)>,
}

/// What a student is asked with.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// The names of the student's outputs.
    pub labels: &'a [String],
    /// The student's tokenizer and shape; none where the student is cut from the teacher.
    pub student: Option<(&'a Tokenizer, &'a EncoderConfig)>,
    pub has_pairs: bool,
}

/// Whether a model can be the teacher of a run, before data are prepared for it: what a run would refuse is refused in the
/// same words, but for a head that lacks weights, which only these tell.
pub fn facts(config: &RunConfig, distill: &Distill, wanted: Wanted<'_>) -> Result<Facts, TrainError> {
    let (dir, encoder) = of_task(config.task, distill)?;
    places(&encoder.output_names(config.task), wanted.labels, config.task, &dir)?;
    let tokenizer = Tokenizer::open(&model::tokenizer_folder(&dir))?.for_embeddings(encoder.vocab_size)?;
    let most = encoder.max_tokens();
    // A length that is still to be recommended is no longer than what both read.
    let max_tokens = if config.open.max_tokens { config.data.max_tokens.min(most) } else { config.data.max_tokens };
    let reads = match wanted.student {
        // What is cut from it reads as it does.
        None => None,
        Some((student, _)) => {
            let student = Reader { tokenizer: student, max_tokens, has_pairs: wanted.has_pairs };
            reading(config, &dir, &encoder, tokenizer, student)?
        }
    };
    let (shape, reads_alike) = (wanted.student.map_or(&encoder, |(_, shape)| shape), reads.is_none());
    layers::check(distill, shape, &encoder, reads_alike)?;
    let why_not = |look: Look| Some((look, look.why_not(shape, &encoder, reads_alike)?));
    Ok(Facts {
        not_compared: Look::ALL.into_iter().filter_map(why_not).collect(),
        layers: encoder.num_hidden_layers,
        cut: student::most(&encoder).map_err(|error| error.expected()),
        reads_alike,
    })
}

/// The folder and the configuration of a teacher that was trained for a task.
fn of_task(task: Task, distill: &Distill) -> Result<(PathBuf, EncoderConfig), TrainError> {
    let dir = student::teacher_dir(distill)?;
    let encoder = model::read_config(&dir)?;
    if !encoder.tasks().contains(&task) {
        let known: Vec<&str> = encoder.tasks().into_iter().map(Task::name).collect();
        let known = if known.is_empty() { "no task".to_owned() } else { known.join(", ") };
        return Err(not_it(&dir, &format!("a model that was trained for {task} (this one was for {known})")));
    }
    encoder.check_outputs(task)?;
    Ok((dir, encoder))
}

/// Opens a teacher with the head that it was trained with.
fn open(task: Task, distill: &Distill, device: &Device) -> Result<Model, TrainError> {
    let (dir, encoder) = of_task(task, distill)?;
    let names = encoder.output_names(task);
    let (model, report) = model::open(&dir, Want::Head { task, labels: &names }, device, 0)?;
    report.check_asked(&model, task).map_err(|error| TrainError::unasked(&dir, error))?;
    model.train_only(|_| false);
    Ok(model)
}

fn not_it(dir: &Path, expected: &str) -> TrainError {
    TrainError::setting("distill.teacher", dir.display().to_string(), expected)
}

/// Where each of the student's outputs stands among the teacher's, by name.
fn places(teacher: &[String], student: &[String], task: Task, dir: &Path) -> Result<Vec<usize>, TrainError> {
    match task.targets() {
        Targets::Class | Targets::Classes | Targets::Tags => {}
        Targets::Number | Targets::Span | Targets::Hidden | Targets::Replaced => return Ok(Vec::new()),
    }
    let find = |name: &String| teacher.iter().position(|known| known == name);
    let found: Option<Vec<usize>> = student.iter().map(find).collect();
    found.filter(|found| found.len() == teacher.len()).ok_or_else(|| {
        let expected =
            format!("a model with the labels of the data, {} (this one has {})", some(student), some(teacher));
        not_it(dir, &expected)
    })
}

/// Names, as many as one reads.
fn some(names: &[String]) -> String {
    const SHOWN: usize = 8;
    let shown = names.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join(", ");
    let more = names.len().saturating_sub(SHOWN);
    if more > 0 { format!("{shown} and {more} more") } else { shown }
}

/// How the student reads texts.
#[derive(Clone, Copy)]
struct Reader<'a> {
    tokenizer: &'a Tokenizer,
    max_tokens: usize,
    has_pairs: bool,
}

/// How a teacher reads texts, where it does so otherwise than the student; none where it reads the same tokens.
fn reading(
    config: &RunConfig,
    dir: &Path,
    encoder: &EncoderConfig,
    tokenizer: Tokenizer,
    student: Reader<'_>,
) -> Result<Option<Reading>, TrainError> {
    let has_pairs = student.has_pairs || config.task.has_windows();
    prepare::segments_fit(encoder, &tokenizer, has_pairs)?;
    let most = encoder.max_tokens();
    if reads_alike(&tokenizer, student.tokenizer) {
        if student.max_tokens > most {
            let expected = format!("{most} or less, which is what the teacher reads");
            return Err(TrainError::setting("data.max_tokens", student.max_tokens.to_string(), &expected));
        }
        return Ok(None);
    }
    match config.task.targets() {
        Targets::Class | Targets::Classes | Targets::Number if !config.task.is_self_supervised() => {}
        _ => return Err(not_it(dir, &format!("a model with the student's tokenizer, which {} needs", config.task))),
    }
    if config.data.hide_words > 0.0 {
        let expected = "0 where teacher and student have other tokenizers";
        return Err(TrainError::setting("data.hide_words", config.data.hide_words.to_string(), expected));
    }
    let length = Length { max_tokens: student.max_tokens.min(most), stride: config.data.stride };
    Ok(Some(Reading { tokenizer, length }))
}

/// Whether two tokenizers make the same ids of texts: by their vocabularies, and by a text with all that is treated in
/// different ways.
fn reads_alike(a: &Tokenizer, b: &Tokenizer) -> bool {
    const PROBE: &str = "The QUICK brown fox doesn't jump over 1,234.5 naïve Ärzte  (or “two”)…\t日本語 e\u{301} 🙂";
    const TOKENS: usize = 512;
    let ids = |tokenizer: &Tokenizer, pair| tokenizer.encode_ids(PROBE, pair, TOKENS).ok().map(|all| all.ids);
    let same_words = a.max_id() == b.max_id() && (0..=a.max_id()).all(|id| a.id_to_token(id) == b.id_to_token(id));
    same_words && [None, Some("und")].into_iter().all(|pair| ids(a, pair) == ids(b, pair))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn outputs_are_matched_by_name() {
        let find = |task, teacher: &[&str], student: &[&str]| {
            places(&names(teacher), &names(student), task, Path::new("t")).map_err(|error| error.to_string())
        };
        assert_eq!(find(Task::Classify, &["a", "b", "c"], &["c", "a", "b"]), Ok(vec![2, 0, 1]));
        assert_eq!(find(Task::Qa, &[], &[]), Ok(vec![]));
        for student in [&["a", "b"][..], &["a", "b", "d"], &["a", "b", "c", "d"]] {
            let told = find(Task::Ner, &["a", "b", "c"], student).unwrap_err();
            assert!(told.contains("distill.teacher is t") && told.contains("(this one has a, b, c)"), "{told}");
        }
    }

    #[test]
    fn tokenizers_that_differ_in_words_or_in_how_they_read_are_told_apart() {
        let open = |name: &str| {
            Tokenizer::open(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)).unwrap()
        };
        assert!(reads_alike(&open("bert-classify"), &open("bert-classify")));
        assert!(!reads_alike(&open("bert-classify"), &open("roberta-classify")));
        assert!(!reads_alike(&open("bert-classify"), &open("albert-classify")));
    }
}

//! The rows of a table as what a run learns from: read, put right, divided and tokenized.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::Arc;

use super::config::RunConfig;
use super::data_files::{DataFiles, of_table};
use super::prepared::{Known, Prepared, Watch};
use super::scales::Scale;
use super::source::Source;
use super::{TrainError, outputs, recommend};
use crate::data::choices::{Exclude, Mend, Mended, Mends};
use crate::data::health::{self, unlearnable};
use crate::data::mend::{leave_out_leaks, undamaged};
use crate::data::{Dataset, Finding, HeldOut, Roles, Split, SplitRule, oversampled};
use crate::model::EncoderConfig;
use crate::table::{Inputs, Part, ReadError, Table, to_judge};
use crate::task::{Annotation, Reads, Task};
use crate::text::{Features, Labels, Length, Tokenizer, features, measure};
use crate::words::{noun, plural};

/// The training data of a choice, read for a task, with what is held out.
pub struct Sources {
    pub train_data: Arc<Dataset>,
    /// The same one where there is no evaluation file.
    pub eval_data: Arc<Dataset>,
    pub split: Split,
    /// What the decisions about the data came to.
    pub mended: Vec<Mended>,
    /// How the classes were found among those of the model, where that is not plain.
    pub notes: Vec<String>,
    /// What is evaluated on, where it is data of its own.
    pub held_out: Option<Inputs>,
}

/// Reads the files that a configuration names. With a model that goes on with its head, the classes are in its order.
pub(super) fn read(
    config: &RunConfig,
    model: Option<&EncoderConfig>,
    watch: &mut dyn Watch,
) -> Result<Sources, TrainError> {
    let data = &config.data;
    let table = Arc::new(Table::open_inputs(&data.train, Part::Learn)?);
    watch.learn(Known::Table(&table));
    let held_out = data.held_out(table.origins.held_out.as_ref());
    let eval = held_out.as_ref().map(open_to_judge).transpose()?.map(Arc::new);
    let roles = fill_roles(&data.columns, &table, config.task);
    let sources = divide(model, config.task, table, eval, &roles, &data.split_rule(config.run.seed), &data.mends())?;
    Ok(Sources { held_out, ..sources })
}

/// Reads what is to be evaluated on; of a folder with several parts the one that is for it by its name.
pub fn open_to_judge(inputs: &Inputs) -> Result<Table, ReadError> {
    let (judged, note) = to_judge(inputs)?;
    let mut table = Table::open_inputs(&judged, Part::All)?;
    table.notes.splice(0..0, note);
    Ok(table)
}

/// Reads tables for a task, does with them what was decided, and divides them. Of an evaluation file nothing is left out.
/// Classes that a given `model` has already stand in its order.
pub fn divide(
    model: Option<&EncoderConfig>,
    task: Task,
    table: Arc<Table>,
    eval: Option<Arc<Table>>,
    roles: &Roles,
    rule: &SplitRule,
    mends: &Mends,
) -> Result<Sources, TrainError> {
    Dataset::check_group(&table, roles)?;
    let (table, turned) = undamaged(table, task, roles, mends);
    let (mut train_data, done) = Dataset::new(table, task, roles, None)?.mended(mends);
    let mut mended: Vec<Mended> = turned.into_iter().chain(done).collect();
    let mut notes = Vec::new();
    if let Some(met) = model.and_then(|model| outputs::meet(model, &train_data)) {
        train_data = train_data.under(met.labels, &met.places);
        notes = met.notes;
    }
    let train_data = Arc::new(train_data);
    let (eval_data, mut split) = if let Some(table) = eval {
        let roles = fill_roles(roles, &table, task);
        let (table, turned) = undamaged(table, task, &roles, mends);
        let (eval_data, said) = outputs::under_learned(table, task, &roles, &train_data.labels)?;
        notes.extend(said);
        let (eval_data, fixed) = eval_data.mended(&mends.fixes());
        let fixed = turned.into_iter().chain(fixed);
        let whole = |dataset: &Dataset| (0..dataset.examples.len()).collect();
        let split = Split { train: train_data.to_learn(), eval: whole(&eval_data) };
        mended.extend(fixed.map(|fixed| Mended { in_eval_file: true, ..fixed }));
        (Arc::new(eval_data), split)
    } else {
        let one = |fold| Split::of_fold(&train_data, fold, rule);
        (train_data.clone(), rule.fold.map_or_else(|| Ok(Split::new(&train_data, rule)), one)?)
    };
    if mends.has(Mend::Exclude(Exclude::Leaks)) {
        mended.push(leave_out_leaks(&train_data, &eval_data, &mut split));
    }
    Ok(Sources { train_data, eval_data, split, mended, notes, held_out: None })
}

/// Roles a configuration leaves open are guessed.
pub fn fill_roles(given: &Roles, table: &Table, task: Task) -> Roles {
    let guess = Roles::guess(table, task);
    let explicit = given.text.is_some();
    // Words in a list and words in a text are two ways to say the same; the one that was named holds.
    let words = given.tokens.is_some() || (given.text.is_none() && given.spans.is_none());
    let or = |given: &Option<String>, guess: Option<String>| given.clone().or(guess);
    Roles {
        tokens: or(&given.tokens, guess.tokens.filter(|_| words)),
        text: or(&given.text, guess.text),
        // A second text changes the task, so it is not guessed beside a text that was named.
        pair: or(&given.pair, guess.pair.filter(|_| !explicit)),
        label: or(&given.label, guess.label),
        tags: or(&given.tags, guess.tags),
        spans: or(&given.spans, guess.spans),
        question: or(&given.question, guess.question),
        context: or(&given.context, guess.context),
        answers: or(&given.answers, guess.answers),
        // Which rows belong together is never guessed: it changes what is held out.
        group: given.group.clone(),
        split: or(&given.split, guess.split.filter(|name| given.named().all(|(_, used)| used != name))),
    }
}

impl Source for Sources {
    fn check(&self, config: &RunConfig) -> Result<(), TrainError> {
        if config.is_translation() && self.train_data.roles.pair.is_none() {
            let expected = "the column with the translation";
            return Err(TrainError::setting("data.columns.pair", "not set".into(), expected));
        }
        Ok(())
    }

    fn known(&self) -> Known<'_> {
        Known::Data { columns: &self.train_data.roles, rows: Some(&self.train_data) }
    }

    fn has_pairs(&self) -> bool {
        !self.train_data.examples.is_empty() && self.train_data.pair(0).is_some()
    }

    /// Those of texts that are spread over all of them.
    fn sample(&self, config: &RunConfig, tokenizer: &Tokenizer) -> Result<Vec<u32>, TrainError> {
        const SAMPLE: usize = 2000;
        let asked = recommend::rows_asked(&self.split, config.data.fold);
        let step = asked.len().div_ceil(SAMPLE).max(1);
        let chosen = asked.iter().step_by(step);
        let measured = chosen.map(|&example| Ok(measure(&self.train_data, example, tokenizer)?.tokens as u32));
        measured.collect()
    }

    fn sequences(
        self: Box<Self>,
        config: &RunConfig,
        tokenizer: Tokenizer,
        length: Length,
        watch: &mut dyn Watch,
    ) -> Result<Option<Prepared>, TrainError> {
        let Self { train_data, eval_data, split, mut mended, notes, held_out } = *self;
        let learned = learned(config, &train_data, &split.train);
        let (first, total) = (learned.len() as u64, (learned.len() + split.eval.len()) as u64);
        let mut made = |data: &Dataset, which: &[usize], before: u64| {
            let mut heard = |done: usize| watch.progress("tokenizing", before + done as u64, total);
            tokenized(data, which, &tokenizer, length, &mut heard)
        };
        let Some(mut train) = made(&train_data, &learned, 0)? else { return Ok(None) };
        let Some(mut eval) = made(&eval_data, &split.eval, first)? else { return Ok(None) };
        if config.data.exclude.contains(&Exclude::OverLong) {
            let divided = if held_out.is_none() { Some(&mut eval) } else { None };
            mended.push(leave_out_cut(&train_data, &mut train, divided));
        }
        if train.is_empty() {
            let reason = why_no_examples(&train_data);
            return Err(TrainError::NoExamples { path: config.data.train.place().into_owned(), reason });
        }
        let caveats = caveats(&train_data, &eval_data, &split);
        let mut warnings = [notes, caveats.clone()].concat();
        warnings.extend(config.data.fold.map(|fold| {
            let rows = split.eval.len();
            format!("fold {fold} holds {rows} rows out: they decide nothing, and the last weights predict them once")
        }));
        warnings.extend(parts_words(&train_data, &eval_data, config));
        warnings.extend(data_warnings(&train_data, &eval_data));
        if learned.len() > split.train.len() {
            let (rows, times) = (split.train.len(), learned.len());
            warnings.push(format!("rows of rare classes are repeated: an epoch has {times} rows instead of {rows}"));
        }
        let labels = train_data.labels.clone();
        let in_folds = config.data.fold.map(|fold| {
            // What is repeated for rare classes is another number in each fold.
            let is_repeated = learned.len() > split.train.len();
            let once = || train.iter().map(|one| one.example).collect::<BTreeSet<usize>>().len();
            recommend::of_one_fold(if is_repeated { once() } else { train.len() } + eval.len(), fold)
        });
        Ok(Some(Prepared {
            asked: in_folds.unwrap_or(train.len()),
            tokenizer,
            counts: count(&train, labels.len()),
            labels,
            caveats,
            columns: train_data.roles.clone(),
            files: files(&train_data, &eval_data)?,
            held_out,
            train_data: Some(train_data),
            eval_data: Some(eval_data),
            train: train.into(),
            eval: eval.into(),
            max_tokens: length.max_tokens,
            mended,
            warnings,
        }))
    }
}

/// The examples that are learned from in an epoch: those of rare classes several times, where they are to be.
pub fn learned(config: &RunConfig, data: &Dataset, train: &[usize]) -> Vec<usize> {
    if config.data.oversample { oversampled(data, train, config.run.seed) } else { train.to_vec() }
}

/// The sequences of examples of which something is asked; `None` when `on_progress`, which hears how many examples are
/// done, said to stop.
pub(super) fn tokenized(
    data: &Dataset,
    which: &[usize],
    tokenizer: &Tokenizer,
    length: Length,
    on_progress: &mut dyn FnMut(usize) -> ControlFlow<()>,
) -> Result<Option<Vec<Features>>, TrainError> {
    let asks = |one: &Features| one.labels != Labels::None || data.makes_its_own_labels();
    let made = features(data, which, tokenizer, length, on_progress)?;
    Ok(made.map(|made| made.into_iter().filter(asks).collect()))
}

/// What becomes of the rows by a column that tells their parts.
fn parts_words(train: &Dataset, eval: &Dataset, config: &RunConfig) -> Option<String> {
    let held_out = match config.data.fold {
        Some(_) => HeldOut::InFolds,
        None if std::ptr::eq(train, eval) => HeldOut::Here,
        None => HeldOut::OtherFile,
    };
    Some(format!("{}: {}", train.table.origins.inputs.title(), train.parts_words(held_out)?))
}

fn data_warnings(train: &Dataset, eval: &Dataset) -> Vec<String> {
    let mut warnings: Vec<String> = health::columns(train).iter().map(Finding::message).collect();
    warnings.extend(train.remarks().into_iter().chain(train.unusable_words()));
    if !std::ptr::eq(train, eval) {
        warnings.extend(eval.remarks().into_iter().chain(eval.unusable_words()));
    }
    warnings.extend(health::annotated_by_several(train).map(|finding| finding.message()));
    warnings.extend(word_a_row_words(train));
    warnings
}

/// The files that both parts were read from.
fn files(train: &Dataset, eval: &Dataset) -> Result<DataFiles, TrainError> {
    let own = if std::ptr::eq(train, eval) { Vec::new() } else { of_table(&eval.table) };
    Ok(DataFiles::of(&of_table(&train.table), &own)?)
}

/// What cannot be learned, and labels of an evaluation file that are not known.
fn caveats(train: &Dataset, eval: &Dataset, split: &Split) -> Vec<String> {
    let mut caveats: Vec<String> = unlearnable(train, eval, split).iter().map(Finding::message).collect();
    if !std::ptr::eq(train, eval) {
        caveats.extend(leaked(train, eval, split));
        let learned = Scale::of_rows(train, split.train.iter().copied());
        let judged = Scale::of_rows(eval, split.eval.iter().copied());
        caveats.extend(learned.zip(judged).and_then(|(learned, judged)| learned.apart(judged, "those to learn from")));
    }
    let unknown = if std::ptr::eq(train, eval) { Vec::new() } else { eval.unknown_labels() };
    if !unknown.is_empty() {
        caveats.push(format!(
            "rows of the evaluation file are left out, as their labels do not occur in the training data: {}",
            unknown.join(", ")
        ));
    }
    caveats
}

/// Texts of an evaluation file that are learned from as well.
fn leaked(train: &Dataset, eval: &Dataset, split: &Split) -> Option<String> {
    let leaked = health::leaked(train, eval, split);
    let message = leaked.message();
    match leaked.count {
        0 => None,
        count if count == split.eval.len() => {
            Some(format!("{message}, which is all of them: the scores tell what is remembered"))
        }
        _ => Some(message),
    }
}

/// What it means that every row of a table holds a single word.
fn word_a_row_words(data: &Dataset) -> Option<String> {
    let first = data.examples.len().min(200);
    (data.task.reads() == Reads::Words && first > 8 && (0..first).all(|example| data.words(example).len() < 2)).then(|| {
        "every row is a sentence of one word; a file with one word a row is read as CoNLL: the word, a blank, its tag, \
         and an empty line between sentences"
            .to_owned()
    })
}

/// What is missing in a file of which no row says what is right.
pub fn why_no_examples(data: &Dataset) -> String {
    if let Some(first) = data.excluded.first() {
        let count = data.excluded.len();
        let (rows, which) = (plural(count, "row was", "rows were"), noun(count, "", "the first "));
        return format!("{rows} left out, {which}in {}: {}", first.place(), first.reason);
    }
    if let Some(words) = word_a_row_words(data) {
        return words;
    }
    let Roles { label, tags, spans, answers, .. } = &data.roles;
    let (role, named) = match data.task.annotation() {
        Annotation::Tags => ("tags or spans", tags.as_ref().or(spans.as_ref())),
        Annotation::Answers => ("answers", answers.as_ref()),
        Annotation::Label | Annotation::Labels | Annotation::Number | Annotation::Order(_) | Annotation::Nothing => {
            ("label", label.as_ref())
        }
    };
    match named {
        Some(column) => format!("the column \"{column}\" is empty in every row"),
        None => format!(
            "no column was recognised as {role}, so name it in [data] columns; there are {}",
            data.table.columns.join(", ")
        ),
    }
}

/// Leaves out what the length limit has cut.
fn leave_out_cut(dataset: &Dataset, train: &mut Vec<Features>, held_out: Option<&mut Vec<Features>>) -> Mended {
    let mut rows = Vec::new();
    for features in std::iter::once(train).chain(held_out) {
        features.retain(|one| {
            if one.cut > 0 {
                rows.push(dataset.examples[one.example].row);
            }
            one.cut == 0
        });
    }
    rows.sort_unstable();
    rows.dedup();
    Mended { mend: Mend::Exclude(Exclude::OverLong), rows, in_eval_file: false }
}

fn count(features: &[Features], labels: usize) -> Vec<u64> {
    let mut counts = vec![0; labels];
    for features in features {
        match &features.labels {
            Labels::Class(class) => counts[*class as usize] += 1,
            Labels::Tokens(classes) => classes.iter().flatten().for_each(|class| counts[*class as usize] += 1),
            _ => {}
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Fold;
    use crate::train::open::Open;
    use crate::train::prepare;
    use crate::train::recommend::Settings;

    #[test]
    fn rows_of_an_evaluation_file_that_are_learned_from_are_told() {
        let table = |text: &str| Arc::new(Table::from_bytes("a.csv".as_ref(), text.as_bytes().to_vec()).unwrap());
        let train = "text,label\na fine film,pos\na bad film,neg\nnot for me,neg\n";
        let told = |eval: &str| {
            let (rule, mends) = (
                SplitRule { eval_fraction: 0.1, seed: 0, stratified: false, fold: None, strata_of_all: false },
                Mends::default(),
            );
            let roles = Roles::guess(&table(train), Task::Classify);
            let divided = divide(None, Task::Classify, table(train), Some(table(eval)), &roles, &rule, &mends).unwrap();
            caveats(&divided.train_data, &divided.eval_data, &divided.split)
        };
        assert_eq!(told("text,label\nso so,neg\n"), [""; 0]);
        let one = told("text,label\nso so,neg\na fine film,pos\n");
        assert_eq!(one, ["1 evaluation text also occurs in the training set"]);
        let all = "3 evaluation texts also occur in the training set, which is all of them: the scores tell what is remembered";
        assert_eq!(told(train), [all]);
    }

    #[test]
    fn every_fold_is_recommended_the_same_and_is_told_what_becomes_of_the_parts() {
        let folder = tempfile::tempdir().unwrap();
        let row = |row: usize| {
            // The long ones belong together, so that one fold holds them all out.
            let (words, group) =
                if row < 3 { ("soup ".repeat(40), "long".to_owned()) } else { ("soup ".repeat(4), row.to_string()) };
            let part = ["train", "dev", "train", "test"][row % 4];
            format!("{words}{row},{},{group},{part}\n", ["bad", "good"][row % 2])
        };
        let path = folder.path().join("rows.csv");
        let text = format!("text,label,group,split\n{}", (0..20).map(row).collect::<String>());
        std::fs::write(&path, text).unwrap();
        let text = format!(
            "task = \"classify\"\n[model]\n[data]\ntrain = {path:?}\noversample = true\n[data.columns]\ngroup = \"group\"\n"
        );
        let mut config: RunConfig = toml::from_str(&text).unwrap();
        config.open = Open::ALL;
        config.model.path = Some(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/bert-classify"));
        config.run.out = folder.path().join("run");
        let settled = [1, 2, 3].map(|number| {
            let mut own = config.clone();
            own.data.fold = Some(Fold { number, of: 3 });
            let data = prepare(&own, &mut |_, _, _| ControlFlow::Continue(())).unwrap().unwrap();
            assert_eq!(data.train_data.as_ref().map(|data| data.examples.len()), Some(20));
            let told = "tells the parts: train and dev are dealt over the folds; 5 rows of test left out";
            assert!(data.warnings.iter().any(|warning| warning.ends_with(told)), "{:?}", data.warnings);
            assert!(!data.warnings.iter().any(|warning| warning.contains("divides the rows")), "{:?}", data.warnings);
            Settings::of(&data.settled(&own).unwrap())
        });
        assert_eq!(settled[0], settled[1]);
        assert_eq!(settled[0], settled[2]);
        assert!(settled[0].max_tokens > 32, "the long texts are asked wherever they lie: {:?}", settled[0]);
        config.data.columns.split = Some("group".into());
        let refused = prepare(&config, &mut |_, _, _| ControlFlow::Continue(())).err().unwrap().to_string();
        assert!(refused.contains("it holds \"long\", \"3\", \"4\" and 15 other values"), "{refused}");
    }
}

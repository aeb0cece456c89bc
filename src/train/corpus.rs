//! Texts that are their own lesson: from a file's lines to blocks to be masked, or to segments to be paired.

use std::cell::Cell;
use std::path::PathBuf;
use std::sync::Arc;

use super::TrainError;
use super::config::RunConfig;
use super::data_files::{DataFiles, of_table};
use super::examples::Examples;
use super::prepared::{Known, Prepared, Watch};
use super::rows::fill_roles;
use super::source::Source;
use crate::corpus::{Corpus, CorpusOptions, Segments, lines_of_rows};
use crate::data::{Dataset, LabelSet, Roles, SplitRule};
use crate::random::{Purpose, key};
use crate::table::{Inputs, Part, PlainText, ReadError, Table, to_judge};
use crate::task::{Labels, Mismatch, Reads, Task};
use crate::text::{Length, Tokenizer};
use crate::words::{noun, plural};

/// Where the lines of a corpus come from.
#[derive(Debug)]
enum Text {
    /// The lines of a plain text, never in memory as a whole.
    Lines(PlainText),
    /// A column of a table.
    Rows(Arc<Dataset>),
}

/// How segments of a text are paired, where they are.
fn pairing(task: Task) -> Option<Mismatch> {
    match task.reads() {
        Reads::Neighbours(mismatch) => Some(mismatch),
        Reads::Texts | Reads::Words | Reads::Question | Reads::Running => None,
    }
}

/// A text that is its own lesson, with the columns that are read.
#[derive(Debug)]
pub struct OwnLesson {
    text: Text,
    columns: Roles,
    pairs: bool,
}

/// The text of a run's data, where it is its own lesson; `None` where rows have labels.
pub fn of(config: &RunConfig, tokenizer: &Tokenizer, watch: &mut dyn Watch) -> Result<Option<OwnLesson>, TrainError> {
    of_opened(config, None, tokenizer, watch)
}

/// The same where the table of the data was opened already.
pub(super) fn of_opened(
    config: &RunConfig,
    table: Option<Arc<Table>>,
    tokenizer: &Tokenizer,
    watch: &mut dyn Watch,
) -> Result<Option<OwnLesson>, TrainError> {
    if !config.task.is_self_supervised() {
        return Ok(None);
    }
    if config.is_translation() {
        // A pair is a sequence of its own, so there is nothing to join.
        return Ok(None);
    }
    if config.task.reads() == Reads::Running && tokenizer.mask_id().is_none() {
        return Err(TrainError::NoMaskToken);
    }
    let text = if table.is_some() { None } else { PlainText::of(&config.data.train)? };
    if let Some(text) = text {
        let columns = Roles { text: Some("text".into()), ..config.data.columns.clone() };
        return Ok(Some(OwnLesson { text: Text::Lines(text), columns, pairs: pairing(config.task).is_some() }));
    }
    let table = match table {
        Some(table) => table,
        None => Arc::new(Table::open_inputs(&config.data.train, Part::Learn)?),
    };
    let rows = rows(config, table)?;
    Dataset::check_group(&rows.table, &config.data.columns)?;
    if !rows.makes_its_own_labels() {
        return Ok(None);
    }
    watch.learn(Known::Table(&rows.table));
    let columns = rows.roles.clone();
    Ok(Some(OwnLesson { text: Text::Rows(rows), columns, pairs: pairing(config.task).is_some() }))
}

fn rows(config: &RunConfig, table: Arc<Table>) -> Result<Arc<Dataset>, TrainError> {
    let roles = fill_roles(&config.data.columns, &table, config.task);
    Ok(Arc::new(Dataset::new(table, config.task, &roles, None)?))
}

/// The lines of a file as a corpus is made of them: their number and their text.
type Lines<'a> = Box<dyn Iterator<Item = Result<(usize, String), ReadError>> + 'a>;

fn lines_of(task: Task, text: &Text) -> Lines<'_> {
    match text {
        Text::Lines(text) => Box::new(text.lines()),
        Text::Rows(data) if pairing(task).is_some() => Box::new(lines_of_rows(data).map(Ok)),
        Text::Rows(data) => {
            Box::new((0..data.examples.len()).map(|example| Ok((data.line(example), data.text(example).to_owned()))))
        }
    }
}

impl Text {
    fn files(&self) -> Vec<PathBuf> {
        match self {
            Self::Lines(text) => text.files.clone(),
            Self::Rows(data) => of_table(&data.table),
        }
    }

    /// What lies beside, by its name to evaluate on.
    fn held_out(&self) -> Option<&Inputs> {
        match self {
            Self::Lines(text) => text.held_out.as_ref(),
            Self::Rows(data) => data.table.origins.held_out.as_ref(),
        }
    }
}

impl Source for OwnLesson {
    fn check(&self, config: &RunConfig) -> Result<(), TrainError> {
        if config.data.mends().is_empty() {
            return Ok(());
        }
        let expected = "neither for self-supervised training, which uses the text as it is";
        let value = format!("{:?} and {:?}", config.data.fix, config.data.exclude);
        Err(TrainError::setting("data.fix and data.exclude", value, expected))
    }

    fn known(&self) -> Known<'_> {
        let rows = match &self.text {
            Text::Lines(_) => None,
            Text::Rows(data) => Some(data),
        };
        Known::Data { columns: &self.columns, rows }
    }

    fn has_pairs(&self) -> bool {
        self.pairs
    }

    /// Blocks are filled, however long the lines are.
    fn sample(&self, _config: &RunConfig, _tokenizer: &Tokenizer) -> Result<Vec<u32>, TrainError> {
        Ok(Vec::new())
    }

    fn sequences(
        self: Box<Self>,
        config: &RunConfig,
        tokenizer: Tokenizer,
        length: Length,
        watch: &mut dyn Watch,
    ) -> Result<Option<Prepared>, TrainError> {
        let mut warnings = match &self.text {
            Text::Lines(text) => text.notes.clone(),
            Text::Rows(_) => Vec::new(),
        };
        let max_tokens = length.max_tokens;
        let mut make =
            |inputs: &Inputs, text: &Text| made(config, inputs, text, &tokenizer, max_tokens, &mut warnings, watch);
        let Some(train) = make(&config.data.train, &self.text)? else { return Ok(None) };
        let held_out = config.data.held_out(self.text.held_out());
        let mut judged = Vec::new();
        let (train, eval) = match &held_out {
            Some(inputs) => {
                let (inputs, _) = to_judge(inputs)?;
                let own = match PlainText::of(&inputs)? {
                    Some(text) => Text::Lines(text),
                    None => Text::Rows(rows(config, Arc::new(Table::open_inputs(&inputs, Part::All)?))?),
                };
                let Some(eval) = make(&inputs, &own)? else { return Ok(None) };
                judged = own.files();
                (train, eval)
            }
            None => parted(train, &config.data.split_rule(config.run.seed)),
        };
        if train.is_empty() {
            let reason = "no line of it has any tokens".to_owned();
            return Err(TrainError::NoExamples { path: config.data.train.place().into_owned(), reason });
        }
        let files = DataFiles::of(&self.text.files(), &judged)?;
        let names = match config.task.labels() {
            Labels::Fixed(names) => names.map(str::to_owned).to_vec(),
            Labels::OfData | Labels::None => Vec::new(),
        };
        Ok(Some(Prepared {
            warnings,
            caveats: Vec::new(),
            columns: self.columns,
            tokenizer,
            labels: LabelSet { names },
            train_data: None,
            eval_data: None,
            asked: train.len(),
            train,
            eval,
            counts: Vec::new(),
            max_tokens,
            mended: Vec::new(),
            held_out,
            files,
        }))
    }
}

fn made(
    config: &RunConfig,
    inputs: &Inputs,
    text: &Text,
    tokenizer: &Tokenizer,
    max_tokens: usize,
    warnings: &mut Vec<String>,
    watch: &mut dyn Watch,
) -> Result<Option<Examples>, TrainError> {
    let unreadable = Cell::new(0);
    let lines = lines_of(config.task, text).inspect(|line| {
        let replaced = line.as_ref().map_or(0, |(_, line)| line.matches(char::REPLACEMENT_CHARACTER).count());
        unreadable.set(unreadable.get() + replaced);
    });
    let mut heard = |done: u64| watch.progress("tokenizing", done, 0);
    let examples = if let Some(mismatch) = pairing(config.task) {
        let Some(segments) = Segments::build(lines, tokenizer, max_tokens, &mut heard)? else { return Ok(None) };
        if segments.left_out() > 0 {
            let count = segments.left_out() as usize;
            let rest = noun(count, "is alone in its document and belongs", "are alone in their document and belong");
            warnings.push(format!("{} of {} {rest} to no pair", plural(count, "token", "tokens"), inputs.title()));
        }
        let which = (0..segments.len() as u32).collect();
        Examples::Pairs { segments: Arc::new(segments), which, mismatch }
    } else {
        let how = CorpusOptions { max_tokens, join_lines: config.language.join_lines };
        let Some(corpus) = Corpus::build(lines, tokenizer, how, &mut heard)? else { return Ok(None) };
        let which = (0..corpus.len() as u32).collect();
        Examples::Blocks { corpus: Arc::new(corpus), which }
    };
    if unreadable.get() > 0 {
        let count = plural(unreadable.get(), "character", "characters");
        warnings.push(format!("{count} of {} could not be decoded, read as \u{fffd}", inputs.title()));
    }
    Ok(Some(examples))
}

/// Divides places by lot, each for itself, into those learned from, of which there is always one, and those held out.
pub(super) fn divide(places: &[u32], rule: &SplitRule) -> (Vec<u32>, Vec<u32>) {
    let lot = |place: u32| key(rule.seed, Purpose::Split, &[u64::from(place)]);
    let mut drawn: Vec<(u64, u32)> = places.iter().map(|&place| (lot(place), place)).collect();
    drawn.sort_unstable();
    let held = ((places.len() as f64 * rule.eval_fraction).round() as usize).min(places.len().saturating_sub(1));
    let in_order = |part: &[(u64, u32)]| {
        let mut part: Vec<u32> = part.iter().map(|(_, place)| *place).collect();
        part.sort_unstable();
        part
    };
    (in_order(&drawn[held..]), in_order(&drawn[..held]))
}

fn parted(all: Examples, rule: &SplitRule) -> (Examples, Examples) {
    match all {
        Examples::Blocks { corpus, which } => {
            let (train, eval) = divide(&which, rule);
            (Examples::Blocks { corpus: corpus.clone(), which: train }, Examples::Blocks { corpus, which: eval })
        }
        Examples::Pairs { segments, which, mismatch } => {
            let (train, eval) = divide(&which, rule);
            (
                Examples::Pairs { segments: segments.clone(), which: train, mismatch },
                Examples::Pairs { segments, which: eval, mismatch },
            )
        }
        features @ Examples::Features(_) => (features, Examples::default()),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::ops::ControlFlow;
    use std::path::Path;
    use std::path::PathBuf;

    use super::super::config::{DataChoice, ModelChoice};
    use super::super::prepare::prepare;
    use super::*;

    /// A run of a tiny model over a file.
    pub(crate) fn config(task: Task, model: &str, train: PathBuf) -> RunConfig {
        let train = train.into();
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(model);
        RunConfig {
            model: ModelChoice { path: Some(folder), ..ModelChoice::default() },
            data: DataChoice { train, max_tokens: 32, ..DataChoice::default() },
            ..RunConfig::of(task)
        }
    }

    pub(crate) fn prepared(config: &RunConfig) -> Prepared {
        prepare(config, &mut |_, _, _| ControlFlow::Continue(())).unwrap().unwrap()
    }

    #[test]
    fn what_is_lost_of_a_text_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("text.txt");
        let alone = "alone\n\n";
        let whole = "the cat sat on the map .\nthe dog saw the soup .\n\n".repeat(8);
        let told = |task, bytes: &[u8]| {
            std::fs::write(&path, bytes).unwrap();
            let model = if task == Task::Nsp { "bert-nsp" } else { "bert-mlm" };
            prepared(&config(task, model, path.clone())).warnings
        };
        assert_eq!(told(Task::Nsp, whole.as_bytes()), [""; 0]);
        let lost = told(Task::Nsp, format!("{alone}{whole}").as_bytes());
        assert!(lost[0].contains("1 token of text.txt is alone in its document") && lost.len() == 1, "{lost:?}");
        // Valid UTF-8 for longer than an encoding is looked for, and then a byte that is none.
        let mut torn = "der Bär saß da\n".repeat(8000).into_bytes();
        torn.extend(b"\xff end\n");
        let lost = told(Task::Mlm, &torn);
        assert!(lost[0].starts_with("1 character of text.txt could not be decoded") && lost.len() == 1, "{lost:?}");
    }

    #[test]
    fn what_is_held_out_follows_the_seed_of_the_division() {
        let prose = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/samples/prose.txt");
        let held_out = |seed: u64, split_seed: Option<u64>| {
            let mut config = config(Task::Mlm, "bert-mlm", prose.clone());
            (config.run.seed, config.data.split_seed) = (seed, split_seed);
            let Examples::Blocks { which, .. } = prepared(&config).eval else { panic!("masked words are in blocks") };
            which
        };
        let first = held_out(1, Some(7));
        assert!(!first.is_empty());
        assert_eq!(held_out(2, Some(7)), first);
        assert_eq!(held_out(7, None), first, "without one it is the run's");
        assert_ne!(held_out(1, Some(8)), first);
    }

    #[test]
    fn pairs_are_made_within_rows_of_several_sentences() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("reviews.csv");
        let row = |row: usize| format!("{row},The old harbour is {row} years old. Rain fell. Nobody saw it.\n");
        std::fs::write(&file, String::from("id,text\n") + &(0..12).map(row).collect::<String>()).unwrap();
        let mut config = config(Task::Nsp, "bert-nsp", file);
        config.data.columns.text = Some("text".into());
        let Examples::Pairs { segments, .. } = prepared(&config).train else { panic!("segments are paired") };
        assert_eq!(segments.counts().documents, 12);
    }
}

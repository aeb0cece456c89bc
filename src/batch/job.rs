//! Predictions of a file as a file, from the plan to the end.
//!
//! The file has its name when it is whole. Until then it grows beside its place with a note of how far it is
//! ([`Partial`]), so that who stops it, or whom a power cut stops, goes on from there. A note says what the predictions
//! are of and made with: whatever differs is another file, and is never written behind the first half of this one. What
//! fails because of what was asked leaves nothing.

use std::io::{self, BufWriter, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::answer::answer;
use super::destination;
use super::error::{BatchError, SheetError};
use super::pace::Pace;
use super::sheet::{About, Counts, ID, Kind, Sheet, has_offsets, has_probabilities};
use super::texts::{self, By, Chosen, How, Texts};
use crate::files::Partial;
use crate::inspect::{Aggregation, OpenModel, Options};
use crate::model::Precision;
use crate::stop::piece;
use crate::table::{Inputs, Table};
use crate::task::Task;
use crate::train::columns::Learned;

/// What is to be predicted, and where to.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// A model folder.
    pub model: PathBuf,
    /// The head that is asked.
    pub task: Task,
    /// Standard input where nothing is named.
    pub input: Option<Inputs>,
    /// The columns that are asked about; otherwise they are guessed.
    pub chosen: Option<Chosen>,
    pub options: Options,
    /// In which the model is asked.
    pub precision: Precision,
    /// Whether each label has a column with its probability.
    pub probabilities: bool,
    pub out: PathBuf,
    /// Goes on with what was interrupted, where something was.
    pub resumes: bool,
}

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    pub done: usize,
    pub total: Option<usize>,
    /// Rows a second.
    pub rate: Option<f64>,
    /// Seconds that are left.
    pub left: Option<f64>,
}

impl Progress {
    /// How fast it is and how long it will take, once that is known.
    pub fn pace(&self) -> Option<String> {
        let rate = self.rate?;
        let rate = if rate < 10.0 { format!("{rate:.1} rows a second") } else { format!("{rate:.0} rows a second") };
        let Some(left) = self.left else { return Some(rate) };
        let secs = left.ceil() as u64;
        let left = match secs {
            0..60 => format!("{secs} s"),
            60..3600 => format!("{} min", secs.div_ceil(60)),
            _ => format!("{} h {:02} min", secs / 3600, secs % 3600 / 60),
        };
        Some(format!("{rate}, {left} left"))
    }
}

/// Hears how far it is, and says whether to go on.
pub type Watch<'a> = &'a mut dyn FnMut(Progress) -> ControlFlow<()>;

/// What became of it.
#[derive(Clone, Debug)]
pub enum Outcome {
    Written(Written),
    /// It was to stop. What was written is kept where it can be gone on with.
    Stopped {
        rows: usize,
        total: Option<usize>,
        kept: Option<PathBuf>,
    },
}

/// A file that is whole.
#[derive(Clone, Debug)]
pub struct Written {
    pub out: PathBuf,
    pub counts: Counts,
    /// Rows that were there from before.
    pub resumed: usize,
    /// Columns of the prediction whose usual names were taken, with those that they have.
    pub renamed: Vec<(String, String)>,
    pub read: Option<Reading>,
    /// Whether predictions say where in a text something stands, which counts the text as it was read.
    pub has_offsets: bool,
}

impl Written {
    /// What an apostrophe before a cell changes of what stands beside it, in words.
    pub fn shifted(&self) -> &'static str {
        if self.has_offsets { ", which start and end do not count" } else { "" }
    }
}

/// How rows were read, where that is not plain to see.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    pub name: String,
    pub notes: Vec<String>,
    /// Where it is another than usual.
    pub encoding: Option<&'static str>,
    /// Bytes that mean nothing in it.
    pub replaced: usize,
    /// Which columns are asked about, in words, where they are columns.
    pub columns: Option<String>,
    /// Columns that the model learned from and that are not there.
    pub missing: Vec<String>,
}

impl Reading {
    pub fn of(table: &Table) -> Self {
        Self {
            name: table.origins.inputs.title(),
            notes: table.notes.clone(),
            encoding: Some(table.encoding).filter(|name| table.format.has_encoding() && *name != "UTF-8"),
            replaced: table.replaced_characters,
            ..Self::default()
        }
    }
}

/// What lies where a file is to be written.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Place {
    /// It will be replaced.
    pub is_taken: bool,
    pub kept: Option<Kept>,
    /// Why nothing can be written there.
    pub refused: Option<String>,
}

/// What was interrupted.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept {
    pub rows: usize,
    pub total: Option<usize>,
    /// What it was predicted with, where that is another now and it cannot be gone on with.
    pub another: Option<&'static str>,
}

/// Of which form the note on a part is.
const VERSION: u32 = 1;
/// How often the note is written. What came after it is predicted again.
const OFTEN: Duration = Duration::from_secs(5);

#[derive(Serialize, Deserialize)]
struct Note {
    version: u32,
    about: Value,
    total: Option<usize>,
    counts: Counts,
    bytes: u64,
}

/// What is named of a note that is about something else.
const ABOUT: [(&str, &str); 4] = [
    ("attune", "another version of Attune"),
    ("model", "another model"),
    ("input", "other rows"),
    ("settings", "other settings"),
];

impl Note {
    fn read(text: &str) -> Result<Self, String> {
        let note: Self = serde_json::from_str(text).map_err(|error| format!("its note cannot be read ({error})"))?;
        if note.version == VERSION { Ok(note) } else { Err("its note is of another version of Attune".to_owned()) }
    }

    fn differs(&self, about: &Value) -> Option<&'static str> {
        let differs = |(key, _): &&(&str, &str)| self.about.get(key) != about.get(key);
        ABOUT.iter().find(differs).map(|(_, what)| *what)
    }
}

impl Plan {
    fn kind(&self) -> Result<Kind, BatchError> {
        let kind = Kind::of(&self.out)?;
        match (self.probabilities, kind, self.options.top_k) {
            (true, Kind::Lines | Kind::Conll | Kind::Answers, _) => Err(BatchError::NoColumns),
            (true, Kind::Csv, Some(top)) => Err(BatchError::Fewer { top }),
            (true, Kind::Csv, None) | (false, ..) => Ok(kind),
        }
    }

    /// How texts are read and answered for a kind of file.
    fn options(&self, kind: Kind) -> Options {
        let mut options = self.options.clone();
        options.by_word = kind == Kind::Conll && matches!(options.aggregation, Aggregation::None | Aggregation::First);
        if kind.wants_entities() && options.aggregation == Aggregation::None {
            options.aggregation = Aggregation::First;
        }
        options
    }

    fn is_of_standard_input(&self) -> bool {
        self.input.as_ref().is_none_or(|inputs| inputs.one() == Some(Path::new("-")))
    }

    /// What the predictions are of and made with, by which a part of them is known.
    fn about(&self, kind: Kind, dir: &Path, task: Task) -> Value {
        let own = self.out.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let is_model = |path: &PathBuf| {
            path.file_name().is_some_and(|name| own.is_empty() || !name.to_string_lossy().starts_with(&own))
        };
        let mut model: Vec<PathBuf> = destination::of_model(dir).into_iter().filter(is_model).collect();
        model.sort();
        let input = self.input.as_ref().map(destination::of_inputs).unwrap_or_default();
        let stamps = |files: &[PathBuf]| files.iter().map(|path| stamp(path)).collect::<Vec<_>>();
        json!({
            "attune": env!("CARGO_PKG_VERSION"),
            "model": stamps(&model),
            "input": stamps(&input),
            "settings": {
                "task": task.name(),
                "kind": kind,
                "columns": self.chosen,
                "options": self.options(kind),
                "precision": self.precision,
                "probabilities": self.probabilities,
            },
        })
    }
}

/// Where a file is, how large, and from when; in whole numbers, which are read as they were written.
fn stamp(path: &Path) -> Value {
    let found = std::fs::metadata(path).ok();
    let modified = found.as_ref().and_then(|file| file.modified().ok()?.duration_since(UNIX_EPOCH).ok());
    let modified = modified.map(|since| (since.as_secs(), since.subsec_nanos()));
    let place = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    json!([place, found.map(|file| file.len()), modified])
}

/// Looks at where a plan would write.
pub fn look_at(plan: &Plan, dir: &Path) -> Place {
    let mut place = Place { is_taken: plan.out.exists(), ..Place::default() };
    let read = plan.input.as_ref().map(destination::of_inputs).unwrap_or_default();
    let checked = plan.kind().and_then(|kind| {
        destination::check(&plan.out, read.iter().chain(&destination::of_model(dir)))?;
        Ok(plan.about(kind, dir, plan.task))
    });
    match checked {
        Err(error) => place.refused = Some(error.to_string()),
        Ok(about) => {
            let note = Partial::note(&plan.out).ok().flatten().and_then(|text| Note::read(&text).ok());
            place.kept =
                note.map(|note| Kept { rows: note.counts.rows, total: note.total, another: note.differs(&about) });
        }
    }
    place
}

/// Throws away what was interrupted.
pub fn discard(out: &Path) -> Result<(), BatchError> {
    Partial::discard(out).map_err(|source| unwritable(out, source))
}

fn unwritable(out: &Path, source: io::Error) -> BatchError {
    let path = out.to_owned();
    if source.kind() == io::ErrorKind::ResourceBusy {
        BatchError::Busy { path }
    } else {
        BatchError::Write { path, source }
    }
}

/// Writes what a model says to all texts; nothing where it was to stop before anything was.
pub fn write(model: &OpenModel, plan: &Plan, watch: Watch<'_>) -> Result<Option<Outcome>, BatchError> {
    let kind = plan.kind()?;
    model.check(&plan.options(kind))?;
    if plan.probabilities && !has_probabilities(model.task) {
        return Err(BatchError::NoLabels { task: model.task });
    }
    let learned = Learned::of(&model.dir);
    let Ok(read) = piece(|| read(model.task, plan, kind, learned.as_ref())) else { return Ok(None) };
    let mut texts = read?;
    let table = texts.table.clone();
    let has_ids = table.as_ref().is_some_and(|table| table.column(ID).is_some());
    kind.check(model.task, has_ids)?;
    let read = table
        .as_deref()
        .map_or_else(|| plan.input.as_ref().map(destination::of_inputs).unwrap_or_default(), destination::of_table);
    destination::check(&plan.out, read.iter().chain(&destination::of_model(&model.dir)))?;
    let labels = if plan.probabilities { model.labels.as_slice() } else { &[] };
    let about = About { kind, task: model.task, table: table.as_deref(), labels };
    let Some(mut job) = Job::begin(plan, about, plan.about(kind, &model.dir, model.task), &mut texts)? else {
        return Ok(None);
    };
    let (columns, missing) = (texts.columns.take(), std::mem::take(&mut texts.missing));
    let told = Reading { name: texts.name.clone(), notes: std::mem::take(&mut texts.notes), ..Reading::default() };
    let outcome = job.answer(model, texts, &plan.options(kind), watch);
    let mut outcome = job.end(outcome)?;
    if let Outcome::Written(written) = &mut outcome {
        let read = written.read.get_or_insert(told);
        (read.columns, read.missing) = (columns, missing);
    }
    Ok(Some(outcome))
}

/// The texts, and how many they are.
fn read(task: Task, plan: &Plan, kind: Kind, learned: Option<&Learned>) -> Result<Texts, BatchError> {
    let by_line = plan.is_of_standard_input() || kind == Kind::Lines;
    let how = if by_line { How::Lines } else { How::Table };
    let mut texts = texts::read(plan.input.as_ref(), task, how, By { chosen: plan.chosen.as_ref(), learned })?;
    if texts.total.is_none()
        && let Some(path) = plan.input.as_ref().and_then(Inputs::one).filter(|path| path.is_file())
    {
        // A count that fails is only a time that is not told.
        texts.total = texts::count_lines(path).ok();
    }
    Ok(texts)
}

/// A file while it is written.
struct Job<'a> {
    plan: &'a Plan,
    sheet: Sheet<'a, BufWriter<Partial>>,
    about: About<'a>,
    /// What the note says the predictions are of.
    identity: Value,
    total: Option<usize>,
    resumed: usize,
    noted: Instant,
    has_note: bool,
}

impl<'a> Job<'a> {
    /// Begins anew or goes on, with the texts that are still to be answered.
    fn begin(plan: &'a Plan, about: About<'a>, identity: Value, texts: &mut Texts) -> Result<Option<Self>, BatchError> {
        let out = &plan.out;
        let failed = |source| unwritable(out, source);
        let note = Partial::note(out).map_err(failed)?.map(|text| Note::read(&text));
        let wrong = |reason| BatchError::Damaged { path: out.clone(), part: Partial::path(out), reason };
        let note = note.transpose().map_err(wrong)?;
        let Some(note) = note else {
            let part = BufWriter::with_capacity(1 << 20, Partial::begin(out).map_err(failed)?);
            let sheet = Sheet::begin(part, about).map_err(failed)?;
            return Ok(Some(Self::of(plan, sheet, about, identity, texts.total, false)));
        };
        if !plan.resumes {
            let (path, part) = (out.clone(), Partial::path(out));
            return Err(BatchError::Interrupted { path, part, rows: note.counts.rows });
        }
        if let Some(what) = note.differs(&identity) {
            return Err(BatchError::Another { path: out.clone(), part: Partial::path(out), what });
        }
        let part = match Partial::go_on(out, note.bytes) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Err(wrong(error.to_string())),
            part => BufWriter::with_capacity(1 << 20, part.map_err(failed)?),
        };
        let mut sheet = Sheet::go_on(part, about, note.counts);
        let passed = piece(|| {
            let mut passed = 0;
            for item in texts.items.by_ref().take(note.counts.rows) {
                sheet.pass(&item?);
                passed += 1;
            }
            Ok::<_, BatchError>(passed)
        });
        let Ok(passed) = passed else { return Ok(None) };
        let passed = passed?;
        if passed < note.counts.rows {
            return Err(wrong(format!("it has {} rows, and there are only {passed}", note.counts.rows)));
        }
        Ok(Some(Self::of(plan, sheet, about, identity, texts.total, true)))
    }

    fn of(
        plan: &'a Plan,
        sheet: Sheet<'a, BufWriter<Partial>>,
        about: About<'a>,
        identity: Value,
        total: Option<usize>,
        has_note: bool,
    ) -> Self {
        let resumed = sheet.counts.rows;
        Self { plan, sheet, about, identity, total, resumed, noted: Instant::now(), has_note }
    }

    /// Answers what is left; returns whether all was.
    fn answer(
        &mut self,
        model: &OpenModel,
        texts: Texts,
        options: &Options,
        watch: Watch<'_>,
    ) -> Result<bool, BatchError> {
        let (begun, mut pace) = (Instant::now(), Pace::default());
        let (total, resumed) = (self.total, self.resumed);
        let mut go_on = |done: usize| {
            let done = resumed + done;
            pace.push(begun.elapsed().as_secs_f64(), done);
            watch(Progress { done, total, rate: pace.rate(), left: total.and_then(|total| pace.left(total)) })
        };
        answer(model, texts, options, &mut go_on, &mut |item, said| {
            self.sheet.write(item, said).map_err(|error| match error {
                SheetError::Write(source) => unwritable(&self.plan.out, source),
                SheetError::SameId { place, id } => BatchError::SameId { place, id },
            })?;
            if self.noted.elapsed() >= OFTEN { self.keep() } else { Ok(()) }
        })
    }

    /// Brings what is written to the disk, and notes it.
    fn keep(&mut self) -> Result<(), BatchError> {
        if self.plan.is_of_standard_input() {
            return Ok(());
        }
        let mut keep = || -> io::Result<()> {
            self.sheet.out.flush()?;
            let part = self.sheet.out.get_ref();
            let (about, counts, bytes) = (self.identity.clone(), self.sheet.counts, part.bytes());
            let note = Note { version: VERSION, about, total: self.total, counts, bytes };
            part.keep(&serde_json::to_string(&note)?)
        };
        keep().map_err(|source| unwritable(&self.plan.out, source))?;
        (self.noted, self.has_note) = (Instant::now(), true);
        Ok(())
    }

    /// Gives the file its name, keeps what there is of it, or throws it away.
    fn end(self, outcome: Result<bool, BatchError>) -> Result<Outcome, BatchError> {
        match outcome {
            Ok(true) => self.finish(),
            // Who stops it after the last row has all that was asked.
            Ok(false) if self.total == Some(self.sheet.counts.rows) => self.finish(),
            Ok(false) => self.stop(),
            // The disk may have room again.
            Err(error @ BatchError::Write { .. }) if self.has_note => Err(error),
            Err(error) => {
                self.drop_part();
                Err(error)
            }
        }
    }

    /// Keeps what is written, where there is something that can be gone on with.
    fn stop(mut self) -> Result<Outcome, BatchError> {
        let (rows, total) = (self.sheet.counts.rows, self.total);
        if rows == 0 || self.plan.is_of_standard_input() {
            self.drop_part();
            return Ok(Outcome::Stopped { rows, total, kept: None });
        }
        self.keep()?;
        Ok(Outcome::Stopped { rows, total, kept: Some(Partial::path(&self.plan.out)) })
    }

    fn finish(mut self) -> Result<Outcome, BatchError> {
        let out = &self.plan.out;
        let failed = |source| unwritable(out, source);
        self.sheet.end().map_err(failed)?;
        let (counts, resumed) = (self.sheet.counts, self.resumed);
        let part = self.sheet.out.into_inner().map_err(|error| failed(error.into_error()))?;
        part.finish().map_err(failed)?;
        let renamed = if self.about.kind == Kind::Csv { self.about.renamed() } else { Vec::new() };
        let read = self.about.table.map(Reading::of);
        let has_offsets = has_offsets(self.about.task);
        Ok(Outcome::Written(Written { out: out.clone(), counts, resumed, renamed, read, has_offsets }))
    }

    fn drop_part(self) {
        let out = &self.plan.out;
        // What is in the buffer is not to be written any more.
        let (part, _) = self.sheet.out.into_parts();
        drop(part);
        // Who cannot remove it finds it in the way the next time, and is told.
        Partial::discard(out).ok();
    }
}

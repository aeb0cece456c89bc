//! Sweeps from the window: what one would run, running it, and what came of it.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::files;
use crate::model::{self, EncoderConfig};
use crate::recipes::{self, Planner};
use crate::sweep::{Begins, DESCRIPTION, Record, Status, Study, Sweep, Trial, Watch, go};
use crate::train::config::RunConfig;
use crate::train::student_shape;
use crate::worker::work::{Failure, Queue, Tell, Work};

/// Reads what came of a sweep so far, and how much each setting matters.
#[derive(Debug)]
pub struct ReadSweep {
    pub dir: PathBuf,
}

impl Work for ReadSweep {
    /// Or why it cannot be read: that is shown where it was asked.
    type Answer = Result<Study, String>;

    fn title(&self) -> String {
        format!("Reading {}", files::name(&self.dir))
    }

    fn perform(&self, _: Tell<'_>) -> Result<Option<Self::Answer>, Failure> {
        Ok(Some(Study::read(&self.dir).map_err(|error| error.to_string())))
    }
}

/// More trials are not planned one by one: so many of them, evenly spaced, stand for all.
const PLANNED: usize = 200;

/// What a sweep comes to before it is started.
#[derive(Debug)]
pub struct PlanSweep {
    /// As it would stand in a file.
    pub description: String,
}

#[derive(Clone, Debug, PartialEq)]
pub struct PlannedSweep {
    /// With all rounds.
    pub runs: usize,
    pub rounds: usize,
    /// Of all of them, one after the other.
    pub seconds: f64,
    /// Each seed holds out rows of its own.
    pub divides_by_seed: bool,
}

impl Work for PlanSweep {
    /// Or what is wrong with it: that is shown where it was asked.
    type Answer = Result<PlannedSweep, String>;

    fn title(&self) -> String {
        "Planning the sweep".to_owned()
    }

    fn perform(&self, tell: Tell<'_>) -> Result<Option<Self::Answer>, Failure> {
        let planned = Sweep::of_text(&self.description, Path::new(DESCRIPTION));
        let planned = planned.map_err(Failure::from).and_then(|sweep| plan(&sweep, tell));
        match planned {
            Ok(None) => Ok(None),
            Ok(Some(planned)) => Ok(Some(Ok(planned))),
            Err(error) => Ok(Some(Err(error.to_string()))),
        }
    }
}

/// The time of each trial by its own plan; data that two of them share are read once.
fn plan(sweep: &Sweep, tell: Tell<'_>) -> Result<Option<PlannedSweep>, Failure> {
    let step = sweep.trials.len().div_ceil(PLANNED).max(1);
    let some: Vec<&Trial> = sweep.trials.iter().step_by(step).collect();
    let mut planner = Planner::default();
    let mut seconds = 0.0;
    for (place, trial) in some.iter().enumerate() {
        if tell("planning the trials", place as u64, some.len() as u64).is_break() {
            return Ok(None);
        }
        let (config, cut) = without_teacher(&trial.config)?;
        let Some(data) = planner.data(&config, tell)? else { return Ok(None) };
        let config = data.settled(&config)?;
        let encoder = cut.map_or_else(|| Ok(model::read_config(&config.model_dir()?)?), Ok::<_, Failure>)?;
        seconds += recipes::planned(&config, &encoder, data)?.seconds;
    }
    let first = seconds / some.len().max(1) as f64 * sweep.trials.len() as f64;
    let rounds = sweep.halving.as_ref().map_or(1, |halving| halving.rounds);
    Ok(Some(PlannedSweep {
        runs: sweep.runs(),
        rounds,
        seconds: first * sweep.times_of_first(),
        divides_by_seed: sweep.divides_by_seed(),
    }))
}

/// A student is cut when its run begins; until then it is its shape, and reads as its teacher does.
fn without_teacher(config: &RunConfig) -> Result<(RunConfig, Option<EncoderConfig>), Failure> {
    let cut = student_shape(config)?;
    let mut config = config.clone();
    if let (Some(_), Some(distill)) = (&cut, config.distill.take()) {
        config.model.path = Some(distill.teacher);
    }
    Ok((config, cut))
}

/// Runs a sweep here, one trial after the other, each a process of its own.
#[derive(Debug)]
pub struct RunSweep {
    /// The folder of the sweep.
    pub out: PathBuf,
    /// As it stands in a file; none where it lies in the folder already, and the sweep goes on.
    pub description: Option<String>,
    /// The program that trains; none is this one.
    pub program: Option<PathBuf>,
}

impl Work for RunSweep {
    /// Trials that finished, and all that were begun.
    type Answer = (usize, usize);

    fn title(&self) -> String {
        format!("Sweep {}", files::name(&self.out))
    }

    fn queue(&self) -> Queue {
        Queue::Compute
    }

    fn only_reads(&self) -> bool {
        false
    }

    fn perform(&self, tell: Tell<'_>) -> Result<Option<Self::Answer>, Failure> {
        let path = self.out.join(DESCRIPTION);
        if let Some(description) = &self.description {
            files::create_folders(&self.out)?;
            files::write_atomically(&path, |file| file.write_all(description.as_bytes()))?;
        } else if !path.is_file() {
            let words = "it was started on the command line; attune sweep with its file and --resume goes on with it";
            return Err(words.into());
        }
        let mut sweep = Sweep::read(&path)?;
        sweep.program.clone_from(&self.program);
        let mut watch = Watching {
            tell,
            done: 0,
            all: sweep.runs(),
            now: String::new(),
            failed: None,
            told: None,
            told_at: Instant::now(),
            asked_to_end: false,
        };
        let mut resume = self.description.is_none();
        let (mut begun, mut finished) = (0, 0);
        loop {
            let outcome = go(&sweep, 1, resume, &mut watch)?;
            begun += outcome.records.len();
            finished += outcome.count(Status::Finished);
            if outcome.stopped {
                return Ok(None);
            }
            let Some(next) = sweep.next(&outcome.records)? else { break };
            // It is of the same folder.
            (sweep, resume) = (next.sweep, true);
        }
        match watch.failed {
            Some(reason) if finished == 0 => Err(reason.into()),
            _ => Ok(Some((finished, begun))),
        }
    }

    fn done(&self) -> Option<&'static str> {
        Some("Sweep finished")
    }

    fn is_logged(&self) -> bool {
        true
    }
}

/// Between two looks at whether it is to end.
const PAUSE: Duration = Duration::from_millis(80);

/// Tells the window how far it is.
struct Watching<'a> {
    tell: Tell<'a>,
    done: usize,
    all: usize,
    now: String,
    failed: Option<String>,
    /// What was told last, and when: the window is drawn each time.
    told: Option<(usize, String)>,
    told_at: Instant,
    asked_to_end: bool,
}

impl Watching<'_> {
    fn tell(&mut self) -> ControlFlow<()> {
        (self.tell)(&self.now, self.done as u64, self.all as u64)
    }
}

impl Watch for Watching<'_> {
    fn begins(&mut self, trial: &Trial, _how: Begins<'_>) {
        let settings: Vec<String> = trial.settings.iter().map(|(key, value)| format!("{key} {value}")).collect();
        let now = if settings.is_empty() { trial.name.clone() } else { settings.join(", ") };
        // What follows is how many have ended.
        self.now = format!("{now} ·");
    }

    fn says(&mut self, _trial: &Trial, _line: &str) {}

    fn ended(&mut self, record: &Record) {
        self.done += 1;
        if record.status == Status::Failed {
            self.failed = self.failed.take().or_else(|| record.reason.clone());
        }
    }

    fn tells(&mut self, _words: &str) {}

    fn is_asked_to_end(&mut self) -> bool {
        let is_new = self.told.as_ref().is_none_or(|(done, now)| *done != self.done || *now != self.now);
        if is_new || self.told_at.elapsed() >= PAUSE {
            self.told = Some((self.done, self.now.clone()));
            self.told_at = Instant::now();
            self.asked_to_end |= self.tell().is_break();
        }
        self.asked_to_end
    }
}

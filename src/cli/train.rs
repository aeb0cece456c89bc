//! `attune train`: a run as its file says.

mod find_lr;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;

use super::evaluate::{metric_lines, shown};
use super::output::{Escaped, bytes, duration, grouped, plural, print_lines};
use crate::batch::destination;
use crate::data::choices::Mended;
use crate::metrics::Measure;
use crate::model::Products;
use crate::model::card::LoadReport;
use crate::stop::Stop;
use crate::task::Targets;
use crate::train::config::RunConfig;
use crate::train::event::{Ending, TrainEvent};
use crate::train::open::Open;
use crate::train::opened;
use crate::train::plan::{HOUR, PlanSummary};
use crate::train::prepare::{device, open_model};
use crate::train::prepared::{Known, Watch};
use crate::train::probes::ProbeSaid;
use crate::train::recommend::Settings;
use crate::train::run::{self, Opened, Recorder};
use crate::train::{precision, preflight, prepare_watched, train_from};

#[derive(Debug, Args)]
pub struct Train {
    /// The run's configuration
    #[arg(value_name = "RUN.toml")]
    config: PathBuf,
    /// Resume a run that was stopped or interrupted, exactly where it was; start it if there is none
    #[arg(long)]
    resume: bool,
    /// Write events as JSON Lines, including those before a resume; - is standard output
    #[arg(long, value_name = "FILE|-")]
    events: Option<PathBuf>,
    /// Train nothing, but try rising learning rates on the run's first updates and say which it wants
    #[arg(long, conflicts_with_all = ["resume", "events"])]
    find_lr: bool,
    /// Print what --find-lr found as JSON
    #[arg(long, requires = "find_lr")]
    json: bool,
}

impl Train {
    pub fn run(self) -> anyhow::Result<()> {
        let config = RunConfig::read(&self.config)?;
        precision::check(&config)?;
        if self.find_lr {
            return find_lr::run(&config, self.json);
        }
        if !config.run.seeds.is_empty() || config.run.folds > 0 {
            return self.run_several(&config);
        }
        let goes_on = run::check_folder(&config, self.resume)?;
        let config = if goes_on { run::as_it_began(&config)? } else { config };
        if self.resume && !goes_on {
            eprintln!("no run to resume in {}, so a new one starts", config.run.out.display());
        }
        let on_stdout = self.events_on_stdout();
        self.check_events(&config)?;
        let mut events = Events::open(self.events.as_deref())?;
        let asked_to_end = crate::signals::heed();
        let go_on = || {
            if asked_to_end.is_set() {
                return ControlFlow::Break(());
            }
            ControlFlow::Continue(())
        };
        let Some(mut prepared) = prepare_watched(&config, &mut Preparing { go_on: &go_on })? else {
            bail!("stopped before the first step; nothing was written");
        };
        let open = config.open;
        let config = prepared.settled(&config)?;
        tell_recommended(&config, open);
        tell_mended(&prepared.mended);
        let (model, report) = open_model(&config, &prepared.labels, &device(config.run.device)?)?;
        tell_new(&report);
        prepared.warnings.extend(opened::words(&config, &prepared.labels, &model, &report)?);
        let plan = preflight(&config, goes_on, &mut prepared, &model)?;
        tell_cost(&plan);
        tell_precision(&config);
        let Opened { folder, checkpoint, history } = run::open(&config, goes_on, &prepared, &model)?;
        let kept_in = folder.model_dir();
        let mut progress = Progress::new(&config);
        for event in &history {
            if matches!(event, TrainEvent::Started { .. }) {
                progress.tell(event);
            }
            events.write(event);
        }
        let mut on_event = |event: TrainEvent| {
            progress.tell(&event);
            events.write(&event);
        };
        let interrupt = asked_by_signals();
        let mut recorder = Recorder {
            folder,
            data: &prepared,
            on_event: &mut on_event,
            on_pause: &mut { go_on },
            is_paused: &|| false,
            // What is ordered of it is left in its folder.
            orders: &mut Vec::new,
            interrupt: &|| interrupt.clone(),
        };
        let outcome = train_from(checkpoint.as_ref(), &model, &prepared, &config, &mut recorder)?;
        if outcome.stopped {
            let (step, dir) = (outcome.ending.step, config.run.out.display());
            let which = if outcome.ending.best_step.is_some() { "best" } else { "last" };
            let then = if config.run.checkpoint_minutes > 0.0 {
                "--resume continues it"
            } else {
                "run.checkpoint_minutes is 0, so --resume would begin it again"
            };
            bail!("stopped after step {step} with the {which} weights kept in {dir}; {then}");
        }
        events.end()?;
        if on_stdout {
            return Ok(());
        }
        let mut lines = vec![format!("model in {}", kept_in.display())];
        lines.extend(outcome.evaluation.iter().flat_map(metric_lines));
        lines.extend(beside_teacher(&config, &outcome.ending, model.params.count()));
        lines.extend(outcome.ending.caveats.iter().map(|caveat| format!("note: {caveat}")));
        print_lines(&lines).context("the run is finished, but its result could not be printed")
    }
}

impl Train {
    fn events_on_stdout(&self) -> bool {
        self.events.as_ref().is_some_and(|path| path.as_os_str() == "-")
    }

    /// A run for each seed, each of which may be in folds; or one for each fold.
    fn run_several(&self, config: &RunConfig) -> anyhow::Result<()> {
        let by_seeds = !config.run.seeds.is_empty();
        if self.events.is_some() {
            let key = if by_seeds { "run.seeds" } else { "run.folds" };
            bail!("--events tells of one run, and {key} makes several; each has its events.jsonl in its folder");
        }
        let run = if by_seeds { super::sweep::run_seeds } else { super::sweep::run_folds };
        run(&self.config, self.resume)
    }

    /// Refuses to write events over what is read.
    fn check_events(&self, config: &RunConfig) -> anyhow::Result<()> {
        match self.events.as_deref().filter(|path| path.as_os_str() != "-") {
            Some(path) => Ok(destination::check(path, &self.inputs(config))?),
            None => Ok(()),
        }
    }

    /// What a run reads, and the folder that it keeps itself in.
    fn inputs(&self, config: &RunConfig) -> Vec<PathBuf> {
        let folders = [config.model.path.as_ref(), config.language.generator.as_ref()];
        let data = [Some(&config.data.train), config.data.eval.as_ref()];
        let files = folders.into_iter().flatten().flat_map(|folder| destination::of_model(folder));
        let files = files.chain(data.into_iter().flatten().flat_map(destination::of_inputs));
        files.chain([self.config.clone(), config.run.out.clone()]).collect()
    }
}

fn tell_recommended(config: &RunConfig, open: Open) {
    if open.any() {
        eprintln!("recommended: {}", Settings::of(config).words(open));
    }
}

fn tell_new(report: &LoadReport) {
    if !report.new.is_empty() {
        eprintln!("new weights: {}", report.new.join(", "));
    }
}

fn tell_precision(config: &RunConfig) {
    if let Some(name) = precision::instructions().filter(|_| config.run.precision == Products::Bf16) {
        eprintln!("layers that learn multiply in bfloat16, by the processor's {name}");
    }
}

fn tell_mended(mended: &[Mended]) {
    for done in mended.iter().filter(|done| !done.rows.is_empty()) {
        let place = if done.in_eval_file { " in the evaluation file" } else { "" };
        eprintln!("{} {}{place}", grouped(done.rows.len() as u64), done.mend.noun(done.rows.len()));
    }
}

fn tell_cost(plan: &PlanSummary) {
    eprintln!(
        "estimated memory {} of {} free, estimated time {}",
        bytes(plan.memory.total()),
        bytes(plan.memory.available),
        duration(plan.seconds)
    );
    if plan.seconds > HOUR {
        eprintln!("warning: this takes more than an hour on this machine; Ctrl-C ends it and keeps what was learned");
    }
}

/// Asked by the next request to end. Where no thread can be started, that one waits for the end of a micro-batch.
fn asked_by_signals() -> Stop {
    let interrupt = Stop::default();
    let asked = interrupt.clone();
    crate::signals::wake(move || asked.ask()).ok();
    interrupt
}

/// Tells what is read as what, and how, before anything is made of it.
struct Preparing<'a> {
    go_on: &'a dyn Fn() -> ControlFlow<()>,
}

impl Watch for Preparing<'_> {
    fn progress(&mut self, what: &str, done: u64, total: u64) -> ControlFlow<()> {
        if total > 0 && done == total {
            eprintln!("{what}: {} texts", grouped(done));
        }
        (self.go_on)()
    }

    fn learn(&mut self, known: Known<'_>) {
        let Known::Data { columns, rows } = known else { return };
        let columns: Vec<String> = columns.named().map(|(role, column)| format!("{role} \"{column}\"")).collect();
        eprintln!("columns: {}", columns.join(", "));
        if let Some(reading) = rows.and_then(|data| data.reading()) {
            eprintln!("{reading}");
        }
    }
}

/// Teacher and student on the same examples, where there is a teacher.
fn beside_teacher(config: &RunConfig, ending: &Ending, parameters: u64) -> Option<String> {
    let teacher = ending.teacher.as_ref()?;
    let measure = Measure::find(Measure::main(config.task))?;
    let of = |metrics: &BTreeMap<String, f64>, weights: u64| {
        let value = metrics.get(measure.key).copied().unwrap_or(f64::NAN);
        format!("{} with {} weights", shown(&measure, value), grouped(weights))
    };
    let (student, teacher) = (of(&ending.metrics, parameters), of(&teacher.metrics, teacher.parameters));
    Some(format!("{}: the student {student}, the teacher {teacher}", measure.title))
}

/// Where events go. After the first that cannot be written none is, so that nobody reads on behind a gap.
struct Events {
    out: Option<Box<dyn Write>>,
    failed: Option<io::Error>,
}

impl Events {
    fn open(path: Option<&Path>) -> anyhow::Result<Self> {
        let out: Option<Box<dyn Write>> = match path {
            None => None,
            Some(path) if path.as_os_str() == "-" => Some(Box::new(Escaped(io::stdout()))),
            Some(path) => {
                Some(Box::new(File::create(path).with_context(|| format!("cannot write \"{}\"", path.display()))?))
            }
        };
        Ok(Self { out, failed: None })
    }

    fn write(&mut self, event: &TrainEvent) {
        let Some(out) = &mut self.out else { return };
        if let Err(error) = write_event(out, event) {
            eprintln!("warning: events can no longer be written ({error}); the run continues");
            (self.out, self.failed) = (None, Some(error));
        }
    }

    /// Fails if not all could be written.
    fn end(self) -> anyhow::Result<()> {
        match self.failed {
            None => Ok(()),
            Some(error) => Err(error).context("the run is finished, but not all of its events could be written"),
        }
    }
}

/// One write a line, so that whoever follows the file sees whole lines.
fn write_event(out: &mut dyn Write, event: &TrainEvent) -> io::Result<()> {
    let mut line = serde_json::to_vec(event)?;
    line.push(b'\n');
    out.write_all(&line)?;
    out.flush()
}

/// What a person sees of a run: a line for each evaluation, and now and then one for the steps between.
struct Progress {
    main: Option<Measure>,
    steps: u64,
    /// Updates between two lines.
    every: u64,
    /// Loss and tokens since the last line.
    losses: Vec<f64>,
    speeds: Vec<f64>,
    /// The texts that are pinned, and what was said of each last.
    probes: Vec<(String, Option<String>)>,
    are_numbers: bool,
}

/// Lines for the updates of a whole run.
const LINES: u64 = 40;

impl Progress {
    fn new(config: &RunConfig) -> Self {
        Self {
            main: Measure::find(Measure::main(config.task)),
            steps: 0,
            every: 1,
            losses: Vec::new(),
            speeds: Vec::new(),
            probes: config.run.probes.iter().map(|probe| (probe.words(), None)).collect(),
            are_numbers: config.task.targets() == Targets::Number,
        }
    }

    /// Tells which of the pinned texts is answered otherwise than before.
    fn tell_turns(&mut self, step: u64, said: &[ProbeSaid]) {
        for ((text, before), said) in self.probes.iter_mut().zip(said) {
            let was = before.replace(said.answer.clone()).filter(|was| *was != said.answer && !self.are_numbers);
            if let Some(was) = was {
                let text: String = text.chars().take(60).collect();
                eprintln!("step {step}: \"{text}\" turned from {was} to {}", said.answer);
            }
        }
    }

    fn tell(&mut self, event: &TrainEvent) {
        match event {
            TrainEvent::Started { parameters, trainable, steps, train_examples, eval_examples, truncated, .. } => {
                self.steps = *steps;
                self.every = (steps / LINES).max(1);
                eprintln!(
                    "{}, {} held out, {} cut; {} of {} weights trained; {}",
                    plural(*train_examples, "training example", "training examples"),
                    grouped(*eval_examples as u64),
                    plural(*truncated, "text", "texts"),
                    grouped(*trainable),
                    grouped(*parameters),
                    plural(*steps as usize, "step", "steps"),
                );
            }
            TrainEvent::Step(step) => {
                self.losses.push(step.loss);
                self.speeds.push(step.tokens_per_sec);
                if step.step.is_multiple_of(self.every) || step.step == self.steps {
                    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len().max(1) as f64;
                    eprintln!(
                        "step {}/{}  loss {:.4}  lr {:.2e}  {:.0} tokens/s",
                        step.step,
                        self.steps,
                        mean(&self.losses),
                        step.lr,
                        mean(&self.speeds)
                    );
                    self.losses.clear();
                    self.speeds.clear();
                }
            }
            TrainEvent::Eval { step, metrics, best, .. } => {
                let loss = metrics.get("eval_loss").copied().unwrap_or(f64::NAN);
                let main = self.main.filter(|measure| measure.key != "eval_loss");
                let main = main.and_then(|measure| Some((measure.title, *metrics.get(measure.key)?)));
                let main = main.map(|(title, value)| format!("  {title} {value:.4}")).unwrap_or_default();
                eprintln!(
                    "step {step}: loss {loss:.4} on the held-out examples{main}{}",
                    if *best { "  (best)" } else { "" }
                );
            }
            TrainEvent::Warning { step: 0, message } => eprintln!("warning: {message}"),
            TrainEvent::Warning { step, message } => eprintln!("step {step}: warning: {message}"),
            TrainEvent::Resumed { step, seconds } => {
                eprintln!("resumes after step {step}, {} into the run", duration(*seconds));
            }
            TrainEvent::Probe { step, said } => self.tell_turns(*step, said),
            TrainEvent::Unfroze { step, blocks, .. } => eprintln!("step {step}: now trains {}", blocks.join(", ")),
            TrainEvent::Order { step, order, refused: None } => eprintln!("step {step}: ordered: {}", order.words()),
            TrainEvent::Order { step, order, refused: Some(why) } => {
                eprintln!("step {step}: not followed: {}, as {why}", order.words());
            }
            TrainEvent::Finished(ending) | TrainEvent::Stopped(ending) => ended(ending),
            // An error is told when the command ends.
            TrainEvent::Checkpoint { .. } | TrainEvent::Failed(_) => {}
        }
    }
}

fn ended(ending: &Ending) {
    let best = ending.best_step.map(|step| format!("; best at step {step}")).unwrap_or_default();
    eprintln!(
        "{} after {} and {}{best}; peak memory {}",
        ending.reason,
        plural(ending.step as usize, "step", "steps"),
        duration(ending.seconds),
        bytes(ending.peak_memory_bytes)
    );
}

//! A run as it is drawn: its series and status, folded from its events. A live run and one opened from its folder go
//! through the same fold; only the clock differs.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use super::orders::Orders;
use super::pace::{Clock, Pace};
use super::strip::Strip;
use crate::metrics::Measure;
use crate::task::Targets;
use crate::train::config::{Order, RunConfig, What};
use crate::train::event::{Ending, Step, TrainEvent};
use crate::train::run::History;
use crate::ui::widgets::curve::{Flag, FlagKind, Series};
use crate::ui::widgets::text::short_name;
use crate::words;
use crate::worker::protocol::{Lengths, OpenedRun};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Sent to the worker, which reads data and model.
    Starting,
    Running,
    Paused,
    Finished,
    Stopped,
    Failed,
    /// Opened from its folder, and its log has no ending.
    Interrupted,
}

impl Status {
    pub fn is_live(self) -> bool {
        matches!(self, Self::Starting | Self::Running | Self::Paused)
    }
}

/// The evaluation whose weights are kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Best {
    pub step: u64,
    pub metrics: BTreeMap<String, f64>,
}

#[derive(Clone, Debug)]
pub struct RunView {
    pub dir: PathBuf,
    pub config: RunConfig,
    pub status: Status,
    pub step: u64,
    pub steps: u64,
    pub steps_per_epoch: u64,
    pub epoch: f64,
    pub parameters: u64,
    pub trainable: u64,
    pub train_examples: usize,
    pub eval_examples: usize,
    pub truncated: usize,
    /// Of its texts, where it was started in this window.
    pub lengths: Option<Arc<Lengths>>,
    pub loss: Series,
    /// What the loss is made of, where it has several parts.
    pub parts: BTreeMap<String, Series>,
    /// Every metric of the evaluations, by key.
    pub metrics: BTreeMap<String, Series>,
    pub baseline: BTreeMap<String, f64>,
    /// The rate of each group that differs from the others, by its groups' names; one entry when all are the same.
    pub rates: Vec<(String, Series)>,
    /// The same for curves over those of other runs.
    pub history: History,
    pub grad_norm: Series,
    pub tokens_per_sec: Series,
    pub best: Option<Best>,
    pub flags: Vec<Flag>,
    pub skipped: u64,
    pub warnings: Vec<(u64, String)>,
    /// What its probes were answered.
    pub strip: Strip,
    /// What may be ordered of it, and what was.
    pub orders: Orders,
    pub ending: Option<Ending>,
    /// Which member of each group of equal rates is followed.
    rate_keys: Vec<String>,
    pace: Pace,
    clock: Clock,
    /// Of all steps.
    tokens: u64,
}

impl RunView {
    pub fn new(dir: PathBuf, config: RunConfig) -> Self {
        Self {
            dir,
            config,
            status: Status::Starting,
            step: 0,
            steps: 0,
            steps_per_epoch: 0,
            epoch: 0.0,
            parameters: 0,
            trainable: 0,
            train_examples: 0,
            eval_examples: 0,
            truncated: 0,
            lengths: None,
            loss: Series::default(),
            parts: BTreeMap::new(),
            metrics: BTreeMap::new(),
            baseline: BTreeMap::new(),
            rates: Vec::new(),
            history: History::default(),
            grad_norm: Series::default(),
            tokens_per_sec: Series::default(),
            best: None,
            flags: Vec::new(),
            skipped: 0,
            warnings: Vec::new(),
            strip: Strip::default(),
            orders: Orders::default(),
            ending: None,
            rate_keys: Vec::new(),
            pace: Pace::default(),
            clock: Clock::default(),
            tokens: 0,
        }
    }

    /// A run from its folder, whole.
    pub fn opened(run: &OpenedRun) -> Self {
        let mut view = Self::new(run.summary.dir.clone(), run.config.clone());
        for event in &run.events {
            view.apply(event, 0.0);
        }
        view.clock = Clock::stopped_at(run.summary.seconds);
        if view.status.is_live() {
            view.status = Status::Interrupted;
        }
        view
    }

    /// Folds in one event; `now` is the window's clock in seconds.
    pub fn apply(&mut self, event: &TrainEvent, now: f64) {
        self.history.add(event);
        match event {
            TrainEvent::Started {
                config,
                parameters,
                trainable,
                steps,
                steps_per_epoch,
                train_examples,
                eval_examples,
                truncated,
                frozen,
            } => {
                // Of a run in folds the next begins, or all of them are told of together.
                if self.config.data.fold.is_some() && self.steps > 0 {
                    self.begin_anew();
                }
                self.config = (**config).clone();
                (self.parameters, self.trainable) = (*parameters, *trainable);
                (self.steps, self.steps_per_epoch) = (*steps, *steps_per_epoch);
                (self.train_examples, self.eval_examples) = (*train_examples, *eval_examples);
                self.truncated = *truncated;
                self.orders = Orders { frozen: frozen.clone(), ..Orders::default() };
                self.status = Status::Running;
                self.clock.go_on(now);
            }
            TrainEvent::Step(step) => self.take_step(step),
            TrainEvent::Eval { step, metrics, baseline, best } => self.take_eval(*step, metrics, baseline, *best),
            TrainEvent::Checkpoint { .. } => {}
            TrainEvent::Warning { step, message } => {
                self.warnings.push((*step, message.clone()));
                self.flag(*step, FlagKind::Warning, message.clone());
            }
            TrainEvent::Resumed { step, seconds } => {
                self.status = Status::Running;
                self.clock = Clock::from(*seconds, now);
                self.flag(*step, FlagKind::Resumed, "Resumed".into());
            }
            TrainEvent::Unfroze { step, blocks, trainable } => {
                self.orders.frozen.retain(|block| !blocks.contains(block));
                self.trainable = self.trainable.max(*trainable);
                let named = blocks.iter().map(|block| words::block(block)).collect::<Vec<_>>().join(", ");
                self.flag(*step, FlagKind::Unfroze, format!("Unfroze {named}"));
            }
            TrainEvent::Order { step, order, refused } => self.take_order(*step, *order, refused.as_deref()),
            TrainEvent::Probe { step, said } => {
                self.strip.are_numbers = self.config.task.targets() == Targets::Number;
                self.strip.push(*step, said);
            }
            TrainEvent::Finished(ending) => self.end(Status::Finished, ending, now),
            TrainEvent::Stopped(ending) => self.end(Status::Stopped, ending, now),
            TrainEvent::Failed(ending) => self.end(Status::Failed, ending, now),
        }
    }

    /// The probes whose answers turned with the newest frame, in words.
    pub fn turned_words(&self, step: u64) -> Vec<String> {
        let words = |(place, was, is): (usize, &str, &str)| {
            let text = self.config.run.probes.get(place)?.words();
            let text = short_name(&text, 60);
            Some(format!("Step {step}: “{text}” turned from {was} to {is}"))
        };
        self.strip.newest_turns().into_iter().filter_map(words).collect()
    }

    /// Forgets the curves of a fold; how long all have taken stays, and how long a step takes.
    fn begin_anew(&mut self) {
        let (dir, config, lengths) = (self.dir.clone(), self.config.clone(), self.lengths.take());
        let (clock, pace) = (std::mem::take(&mut self.clock), std::mem::take(&mut self.pace));
        *self = Self { lengths, pace, clock, ..Self::new(dir, config) };
    }

    /// The run waits, or goes on.
    pub fn set_paused(&mut self, paused: bool, now: f64) {
        match (self.status, paused) {
            (Status::Running, true) => {
                self.status = Status::Paused;
                self.clock.wait(now);
            }
            (Status::Paused, false) => {
                self.status = Status::Running;
                self.clock.go_on(now);
            }
            _ => {}
        }
    }

    /// The job ended without the loop's own word, such as when the data could not be read.
    pub fn fail(&mut self, message: &str, now: f64) {
        if self.status.is_live() {
            let ending = Ending { reason: message.to_owned(), step: self.step, ..Ending::default() };
            self.end(Status::Failed, &ending, now);
        }
    }

    /// The job was stopped before the loop could say so.
    pub fn stop(&mut self, now: f64) {
        if self.status.is_live() {
            let ending = Ending { reason: "stopped".into(), step: self.step, ..Ending::default() };
            self.end(Status::Stopped, &ending, now);
        }
    }

    /// Seconds the run has taken, pauses left out.
    pub fn elapsed(&self, now: f64) -> f64 {
        match &self.ending {
            Some(ending) if ending.seconds > 0.0 => ending.seconds,
            _ => self.clock.read(now),
        }
    }

    /// With which step it ends: that of the epoch after which it was ordered to, or the last of all.
    pub fn last_step(&self) -> u64 {
        let ordered = self.orders.last_epoch.filter(|_| self.steps_per_epoch > 0);
        ordered.map_or(self.steps, |epoch| epoch.saturating_mul(self.steps_per_epoch).max(self.step).min(self.steps))
    }

    /// How long a step takes at the pace of the last ones.
    pub fn step_seconds(&self) -> Option<f64> {
        self.pace.median()
    }

    pub fn steps_per_sec(&self) -> Option<f64> {
        self.step_seconds().map(|seconds| 1.0 / seconds)
    }

    /// Over the whole run, evaluations with it, pauses left out.
    pub fn mean_steps_per_sec(&self, now: f64) -> Option<f64> {
        self.mean_per_sec(self.step, now)
    }

    pub fn mean_tokens_per_sec(&self, now: f64) -> Option<f64> {
        self.mean_per_sec(self.tokens, now)
    }

    fn mean_per_sec(&self, count: u64, now: f64) -> Option<f64> {
        let seconds = self.elapsed(now);
        (count > 0 && seconds > 0.0).then(|| count as f64 / seconds)
    }

    /// The metric the run is judged by on screen: the one that decides which weights are kept, unless that is the loss,
    /// which has a chart of its own.
    pub fn main_metric(&self) -> &str {
        let key = self.config.run.keep_best.as_str();
        let main = Measure::main(self.config.task);
        if key == "eval_loss" || key == "loss" || Measure::find(key).is_none() { main } else { key }
    }

    /// The value a metric had at the kept evaluation, or at the end.
    pub fn result(&self, key: &str) -> Option<f64> {
        let kept = self.best.as_ref().and_then(|best| best.metrics.get(key).copied());
        let last = || self.metrics.get(key).and_then(Series::last).map(|point| point[1]);
        kept.or_else(|| self.ending.as_ref().and_then(|ending| ending.metrics.get(key).copied())).or_else(last)
    }

    fn take_step(&mut self, step: &Step) {
        // What a run that goes on does again counts once.
        if step.step > self.step {
            self.tokens += step.tokens as u64;
        }
        self.step = self.step.max(step.step);
        self.epoch = step.epoch;
        let x = step.step as f64;
        if step.skipped {
            self.skipped += 1;
            self.flag(step.step, FlagKind::Skipped, "Skipped, the loss or gradient was not finite".into());
        }
        self.loss.push(x, step.loss);
        for (part, loss) in &step.parts {
            self.parts.entry(part.clone()).or_default().push(x, *loss);
        }
        self.grad_norm.push(x, step.grad_norm);
        self.tokens_per_sec.push(x, step.tokens_per_sec);
        self.take_rates(step);
        if step.tokens_per_sec > 0.0 {
            self.pace.push(step.tokens as f64 / step.tokens_per_sec);
        }
    }

    fn take_rates(&mut self, step: &Step) {
        let x = step.step as f64;
        // During the first step of a warm-up all rates may be 0; groups can only be told apart later.
        if self.rate_keys.is_empty() && step.lr > 0.0 {
            for (key, names) in equal_rates(step) {
                let mut series = Series::default();
                if let Some((_, before)) = self.rates.first() {
                    before.points().iter().for_each(|point| series.push(point[0], point[1]));
                }
                self.rate_keys.push(key);
                self.rates.push((names, series));
            }
            if self.rates.len() > self.rate_keys.len() {
                self.rates.remove(0);
            }
        }
        if self.rate_keys.is_empty() {
            if self.rates.is_empty() {
                self.rates.push(("rate".into(), Series::default()));
            }
            self.rates[0].1.push(x, step.lr);
            return;
        }
        for (key, (_, series)) in self.rate_keys.iter().zip(&mut self.rates) {
            series.push(x, step.lrs.get(key).copied().unwrap_or(step.lr));
        }
    }

    fn take_eval(&mut self, step: u64, metrics: &BTreeMap<String, f64>, baseline: &BTreeMap<String, f64>, best: bool) {
        for (key, value) in metrics {
            self.metrics.entry(key.clone()).or_default().push(step as f64, *value);
        }
        self.baseline.clone_from(baseline);
        if best {
            self.flags.retain(|flag| flag.kind != FlagKind::Best);
            self.flag(step, FlagKind::Best, "Best so far".into());
            self.best = Some(Best { step, metrics: metrics.clone() });
        }
    }

    fn take_order(&mut self, step: u64, what: What, refused: Option<&str>) {
        self.orders.told(what, refused.is_some());
        if let Some(why) = refused {
            self.flag(step, FlagKind::Warning, format!("Not followed: {}, as {why}", what.words()));
            return;
        }
        let is_there = |flag: &&mut Flag| flag.kind == FlagKind::Order && flag.step == step as f64;
        match self.flags.iter_mut().find(is_there) {
            Some(flag) => flag.text = format!("{}, {}", flag.text, what.words()),
            None => self.flag(step, FlagKind::Order, format!("Ordered: {}", what.words())),
        }
        let order = Order { step, what };
        if !self.config.run.orders.contains(&order) {
            self.config.run.orders.push(order);
        }
    }

    fn end(&mut self, status: Status, ending: &Ending, now: f64) {
        self.orders.waiting.clear();
        self.status = status;
        self.step = self.step.max(ending.step);
        self.ending = Some(ending.clone());
        self.clock.wait(now);
    }

    fn flag(&mut self, step: u64, kind: FlagKind, text: String) {
        self.flags.push(Flag { step: step as f64, kind, text });
    }
}

/// One group for each different rate, highest first: the key to follow and the names of those that share it. More than
/// six cannot be told apart in a chart, so only the highest and the lowest are followed then.
fn equal_rates(step: &Step) -> Vec<(String, String)> {
    let mut sets: Vec<(f64, Vec<&str>)> = Vec::new();
    for (name, rate) in &step.lrs {
        match sets.iter_mut().find(|(known, _)| (known - rate).abs() <= 1e-9 * known.abs()) {
            Some((_, names)) => names.push(name),
            None => sets.push((*rate, vec![name])),
        }
    }
    sets.sort_by(|one, two| two.0.total_cmp(&one.0));
    if sets.len() > 6 {
        sets = [sets.first().cloned(), sets.last().cloned()].into_iter().flatten().collect();
    }
    let alone = sets.len() == 1;
    sets.into_iter()
        .filter_map(|(_, names)| {
            let shown = if alone { "all weights".into() } else { group_title(&names) };
            names.first().map(|key| ((*key).to_owned(), shown))
        })
        .collect()
}

/// `head`, `embeddings`, or the first of several and how many more there are.
fn group_title(names: &[&str]) -> String {
    let mut stems: Vec<&str> = names.iter().map(|name| name.split(['/', ' ', ':']).next().unwrap_or(name)).collect();
    stems.dedup();
    match stems.as_slice() {
        [] => "rate".into(),
        [one] => (*one).to_owned(),
        [first, second] => format!("{first}, {second}"),
        [first, rest @ ..] => format!("{first} and {} more", rest.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::task::Task;
    use crate::train::config::LastEpoch;

    fn config() -> RunConfig {
        RunConfig::of(Task::Classify)
    }

    fn started(steps: u64) -> TrainEvent {
        TrainEvent::Started {
            config: Box::new(config()),
            parameters: 100,
            trainable: 10,
            steps,
            steps_per_epoch: steps / 2,
            train_examples: 64,
            eval_examples: 16,
            truncated: 1,
            frozen: vec!["layers.1".into(), "layers.0".into(), "embeddings".into()],
        }
    }

    fn step(step: u64, loss: f64, lrs: &[(&str, f64)]) -> TrainEvent {
        TrainEvent::Step(Step {
            step,
            epoch: step as f64 / 50.0,
            loss,
            parts: BTreeMap::new(),
            lr: lrs.first().map_or(1e-5, |rate| rate.1),
            lrs: lrs.iter().map(|(name, rate)| ((*name).to_owned(), *rate)).collect(),
            grad_norm: 1.0,
            tokens: 200,
            tokens_per_sec: 100.0,
            skipped: !loss.is_finite(),
        })
    }

    fn eval(step: u64, accuracy: f64, best: bool) -> TrainEvent {
        let metrics = |value| BTreeMap::from([("accuracy".to_owned(), value), ("eval_loss".to_owned(), 1.0 - value)]);
        TrainEvent::Eval { step, metrics: metrics(accuracy), baseline: metrics(0.5), best }
    }

    #[test]
    fn a_run_is_told_by_its_events() {
        let mut run = RunView::new("runs/one".into(), config());
        assert_eq!(run.status, Status::Starting);
        run.apply(&started(100), 10.0);
        assert_eq!((run.status, run.steps, run.trainable), (Status::Running, 100, 10));
        for place in 1..=20 {
            run.apply(&step(place, 1.0, &[]), 10.0);
        }
        run.apply(&step(21, f64::NAN, &[]), 10.0);
        run.apply(&eval(25, 0.8, true), 10.0);
        run.apply(&eval(50, 0.9, true), 10.0);
        run.apply(&eval(75, 0.7, false), 10.0);
        assert_eq!((run.step, run.skipped, run.loss.len()), (21, 1, 21));
        assert_eq!(run.best.as_ref().map(|best| best.step), Some(50));
        assert_eq!(run.flags.iter().filter(|flag| flag.kind == FlagKind::Best).count(), 1);
        assert_eq!(run.result("accuracy"), Some(0.9));
        assert_eq!(run.baseline.get("accuracy"), Some(&0.5));
        assert_eq!(run.metrics["accuracy"].len(), 3);
        assert_eq!(run.main_metric(), "accuracy", "the loss has a chart of its own");
        run.apply(&TrainEvent::Finished(Ending { step: 100, seconds: 33.0, ..Ending::default() }), 60.0);
        assert_eq!((run.status, run.step, run.elapsed(99.0)), (Status::Finished, 100, 33.0));
        assert_eq!(run.remaining(), None);
        let means = (run.mean_steps_per_sec(99.0), run.mean_tokens_per_sec(99.0));
        assert_eq!(means, (Some(100.0 / 33.0), Some(4200.0 / 33.0)), "of all, not of the last step");
    }

    #[test]
    fn the_time_left_is_the_usual_step_times_the_steps_left() {
        let mut run = RunView::new("runs/one".into(), config());
        assert_eq!(run.remaining(), None);
        run.apply(&started(100), 0.0);
        for place in 1..=40 {
            run.apply(&step(place, 1.0, &[]), 0.0);
        }
        assert_eq!(run.remaining(), Some(120.0));
        assert_eq!(run.steps_per_sec(), Some(0.5));
        // An order moves the end, and taken back it stands where it was.
        let order = |what| TrainEvent::Order { step: 40, order: What::StopAfter(what), refused: None };
        run.apply(&order(LastEpoch::Number(1)), 0.0);
        assert_eq!((run.last_step(), run.remaining()), (50, Some(20.0)));
        assert!((run.progress() - 0.8).abs() < 1e-6);
        run.apply(&order(LastEpoch::AsConfigured), 0.0);
        assert_eq!((run.last_step(), run.remaining()), (100, Some(120.0)));
    }

    #[test]
    fn time_spent_paused_is_not_counted() {
        let mut run = RunView::new("runs/one".into(), config());
        run.apply(&started(100), 10.0);
        run.set_paused(true, 15.0);
        assert_eq!((run.status, run.elapsed(500.0)), (Status::Paused, 5.0));
        run.set_paused(false, 100.0);
        assert_eq!((run.status, run.elapsed(103.0)), (Status::Running, 8.0));
    }

    #[test]
    fn a_run_that_goes_on_counts_on_from_where_it_was() {
        let mut run = RunView::new("runs/one".into(), config());
        run.apply(&started(100), 50.0);
        for place in 1..=40 {
            run.apply(&step(place, 1.0, &[]), 50.0);
        }
        run.apply(&TrainEvent::Resumed { step: 40, seconds: 700.0 }, 50.0);
        run.apply(&step(41, 1.0, &[]), 52.0);
        assert_eq!((run.status, run.step, run.loss.len()), (Status::Running, 41, 41));
        assert_eq!(run.elapsed(53.0), 703.0);
        assert_eq!(run.flags.iter().filter(|flag| flag.kind == FlagKind::Resumed).count(), 1);
    }

    #[test]
    fn groups_of_one_rate_are_one_line_from_the_first_step_on() {
        let mut run = RunView::new("runs/one".into(), config());
        run.apply(&step(1, 1.0, &[("encoder", 0.0), ("head", 0.0)]), 0.0);
        run.apply(&step(2, 1.0, &[("head", 1e-3), ("encoder", 1e-5), ("embeddings", 1e-5)]), 0.0);
        let shown: Vec<_> = run.rates.iter().map(|(name, series)| (name.as_str(), series.len())).collect();
        assert_eq!(shown, [("head", 2), ("embeddings, encoder", 2)]);
        let mut same = RunView::new("runs/one".into(), config());
        same.apply(&step(1, 1.0, &[("encoder", 1e-5), ("head", 1e-5)]), 0.0);
        assert_eq!(same.rates.len(), 1);
    }

    #[test]
    fn a_failure_before_the_first_step_ends_the_run_once() {
        let mut run = RunView::new("runs/one".into(), config());
        run.fail("no such file", 0.0);
        run.fail("again", 0.0);
        assert_eq!(run.status, Status::Failed);
        assert_eq!(run.ending.map(|ending| ending.reason), Some("no such file".into()));
    }
}

//! Which runs are listed, and in which order.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};

use crate::files;
use crate::metrics::Measure;
use crate::train::run::{RunStatus, RunSummary};
use crate::ui::format;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Column {
    Name,
    Status,
    Task,
    Strategy,
    Trained,
    Metric,
    Time,
    #[default]
    Started,
}

impl Column {
    pub fn title(self) -> &'static str {
        match self {
            Self::Name => "Run",
            Self::Status => "Status",
            Self::Task => "Task",
            Self::Strategy => "Strategy",
            Self::Trained => "Trained",
            Self::Metric => "Best metric",
            Self::Time => "Time",
            Self::Started => "Started",
        }
    }

    /// Whether the largest value stands first when it is pressed.
    fn falls(self) -> bool {
        matches!(self, Self::Trained | Self::Metric | Self::Time | Self::Started)
    }
}

/// A line of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line {
    /// A run, by its place in the list of all.
    Run(usize),
    /// A sweep, by its place among the sweeps.
    Sweep(usize),
}

/// The runs of a sweep as one line.
#[derive(Clone, Debug)]
pub struct Sweep {
    pub dir: PathBuf,
    /// What all of them come to: the best metric, the time of all, and what they have in common.
    pub whole: RunSummary,
    pub runs: usize,
    pub finished: usize,
    /// Not all have one strategy.
    pub is_mixed: bool,
}

/// The listed runs, by their places in the list of all. They are put in order when something has changed, and not with
/// every frame.
#[derive(Debug)]
pub struct Listed {
    pub filter: String,
    pub column: Column,
    pub falling: bool,
    made_for: Option<u64>,
    lines: Vec<Line>,
    sweeps: Vec<Sweep>,
    /// Runs in folds and sweeps whose runs are listed below them.
    open: BTreeSet<PathBuf>,
}

impl Default for Listed {
    fn default() -> Self {
        Self {
            filter: String::new(),
            column: Column::Started,
            falling: true,
            made_for: None,
            lines: Vec::new(),
            sweeps: Vec::new(),
            open: BTreeSet::new(),
        }
    }
}

impl Listed {
    pub fn update(&mut self, runs: &[RunSummary]) {
        let sum = self.sum(runs);
        if self.made_for == Some(sum) {
            return;
        }
        self.made_for = Some(sum);
        let words: Vec<String> = self.filter.split_whitespace().map(str::to_lowercase).collect();
        let mut places: Vec<usize> = (0..runs.len()).filter(|place| has_all(&runs[*place], &words)).collect();
        places.sort_by(|one, two| self.compare(&runs[*one], &runs[*two]));
        // What is looked for is shown wherever it is.
        let is_grouped = words.is_empty();
        self.sweeps = if is_grouped { sweeps(&places, runs) } else { Vec::new() };
        self.lines = if is_grouped { self.grouped(&places, runs) } else { places.into_iter().map(Line::Run).collect() };
    }

    /// Folds stand below the run that they belong to, and the runs of a sweep below it, where it is open, and nowhere else.
    fn grouped(&self, places: &[usize], runs: &[RunSummary]) -> Vec<Line> {
        let in_folds: BTreeSet<&Path> = runs.iter().filter(|run| run.folds > 0).map(|run| run.dir.as_path()).collect();
        let whole = |run: &RunSummary| run.dir.parent().filter(|dir| in_folds.contains(dir)).map(Path::to_path_buf);
        let above = |run: &RunSummary| whole(run).or_else(|| run.sweep.clone());
        let mut below: BTreeMap<PathBuf, Vec<usize>> = BTreeMap::new();
        for place in places {
            if let Some(above) = above(&runs[*place]) {
                below.entry(above).or_default().push(*place);
            }
        }
        let free = places.iter().filter(|place| above(&runs[**place]).is_none()).map(|place| Line::Run(*place));
        let mut top: Vec<Line> = free.chain((0..self.sweeps.len()).map(Line::Sweep)).collect();
        top.sort_by(|one, two| self.compare(self.summary(*one, runs), self.summary(*two, runs)));
        let mut grouped = Vec::new();
        for line in top {
            self.add_with(line, runs, &mut below, &mut grouped);
        }
        grouped
    }

    /// A line, and where it is open what stands below it.
    fn add_with(&self, line: Line, runs: &[RunSummary], below: &mut BTreeMap<PathBuf, Vec<usize>>, to: &mut Vec<Line>) {
        to.push(line);
        let dir = match line {
            Line::Run(place) => &runs[place].dir,
            Line::Sweep(place) => &self.sweeps[place].dir,
        };
        let Some(mut inner) = below.remove(dir).filter(|_| self.open.contains(dir)) else { return };
        if matches!(line, Line::Run(_)) {
            inner.sort_by(|one, two| natural(&runs[*one].name, &runs[*two].name));
        }
        for place in inner {
            self.add_with(Line::Run(place), runs, below, to);
        }
    }

    fn summary<'a>(&'a self, line: Line, runs: &'a [RunSummary]) -> &'a RunSummary {
        match line {
            Line::Run(place) => &runs[place],
            Line::Sweep(place) => &self.sweeps[place].whole,
        }
    }

    pub fn is_open(&self, dir: &Path) -> bool {
        self.open.contains(dir)
    }

    /// Shows the folds of a run or the runs of a sweep, or hides them.
    pub fn turn(&mut self, dir: &Path) {
        if !self.open.remove(dir) {
            self.open.insert(dir.to_owned());
        }
    }

    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    pub fn sweep(&self, place: usize) -> Option<&Sweep> {
        self.sweeps.get(place)
    }

    /// A head was pressed: by that column, then the other way round, then newest first again.
    pub fn press(&mut self, column: Column) {
        if self.column != column {
            (self.column, self.falling) = (column, column.falls());
        } else if self.falling == column.falls() {
            self.falling = !self.falling;
        } else {
            (self.column, self.falling) = (Column::Started, true);
        }
    }

    fn sum(&self, runs: &[RunSummary]) -> u64 {
        let mut sum = DefaultHasher::new();
        (&self.filter, self.column, self.falling, &self.open, runs.len()).hash(&mut sum);
        for run in runs {
            (&run.dir, run.status as u8, run.held, run.started, run.trainable, run.seconds.to_bits()).hash(&mut sum);
            run.metric.as_ref().map(|(key, value)| (key, value.to_bits())).hash(&mut sum);
        }
        sum.finish()
    }

    fn compare(&self, one: &RunSummary, two: &RunSummary) -> Ordering {
        let rising = match self.column {
            Column::Name => natural(&one.name, &two.name),
            Column::Status => (one.status as u8).cmp(&(two.status as u8)),
            Column::Task => one.task.title().cmp(two.task.title()),
            Column::Strategy => one.strategy.title().cmp(two.strategy.title()),
            Column::Trained => one.trained_share().total_cmp(&two.trained_share()),
            Column::Metric => return self.compare_metrics(one, two),
            Column::Time => one.seconds.total_cmp(&two.seconds),
            Column::Started => one.started.cmp(&two.started),
        };
        if self.falling { rising.reverse() } else { rising }
    }

    /// Only values of one metric can be compared; which of them is better is the metric's to say. A run without one comes
    /// last.
    fn compare_metrics(&self, one: &RunSummary, two: &RunSummary) -> Ordering {
        let (Some((one_key, one)), Some((two_key, two))) = (&one.metric, &two.metric) else {
            return one.metric.is_none().cmp(&two.metric.is_none());
        };
        let rises = Measure::find(one_key).is_none_or(|measure| measure.higher_is_better);
        let better = if rises { two.total_cmp(one) } else { one.total_cmp(two) };
        one_key.cmp(two_key).then(if self.falling { better } else { better.reverse() })
    }
}

/// The sweeps whose runs are listed.
fn sweeps(places: &[usize], runs: &[RunSummary]) -> Vec<Sweep> {
    let mut of: BTreeMap<&Path, Vec<&RunSummary>> = BTreeMap::new();
    for run in places.iter().map(|place| &runs[*place]) {
        if let Some(sweep) = &run.sweep {
            of.entry(sweep).or_default().push(run);
        }
    }
    of.into_iter().filter_map(|(dir, runs)| sweep(dir, &runs)).collect()
}

fn sweep(dir: &Path, runs: &[&RunSummary]) -> Option<Sweep> {
    let first = runs.first()?;
    let best = runs.iter().filter(|run| run.metric.as_ref().is_some_and(|(_, value)| value.is_finite()));
    let best = best.max_by(|one, two| worth(one).total_cmp(&worth(two))).unwrap_or(first);
    let is_held = runs.iter().any(|run| run.held && run.status == RunStatus::Open);
    let finished = runs.iter().filter(|run| run.status == RunStatus::Finished).count();
    let whole = RunSummary {
        dir: dir.to_owned(),
        name: files::name(dir).into_owned(),
        sweep: None,
        held: is_held,
        status: if finished == runs.len() { RunStatus::Finished } else { RunStatus::Open },
        seconds: runs.iter().map(|run| run.seconds).sum(),
        bytes_on_disk: runs.iter().map(|run| run.bytes_on_disk).sum(),
        started: runs.iter().map(|run| run.started).filter(|started| *started > 0).min().unwrap_or_default(),
        losses: Vec::new(),
        checkpoint: None,
        ..(*best).clone()
    };
    let is_mixed = runs.iter().any(|run| run.strategy != first.strategy);
    Some(Sweep { dir: dir.to_owned(), whole, runs: runs.len(), finished, is_mixed })
}

/// A larger one is better.
fn worth(run: &RunSummary) -> f64 {
    run.metric.as_ref().map_or(f64::NEG_INFINITY, |(key, value)| {
        if Measure::find(key).is_none_or(|measure| measure.higher_is_better) { *value } else { -value }
    })
}

/// Whether each word stands somewhere in what the table says of a run.
fn has_all(run: &RunSummary, words: &[String]) -> bool {
    let metric = run.metric.as_ref().map(|(key, _)| format::metric_title(key)).unwrap_or_default();
    let texts =
        [&run.name, &run.model, &run.data, run.task.title(), run.strategy.title(), super::status_words(run), &metric]
            .map(str::to_lowercase);
    words.iter().all(|word| texts.iter().any(|text| text.contains(word.as_str())))
}

/// `run-2` before `run-10`.
fn natural(one: &str, two: &str) -> Ordering {
    let key = |name: &str| {
        let (stem, digits) = name.split_at(name.trim_end_matches(|letter: char| letter.is_ascii_digit()).len());
        (stem.to_lowercase(), digits.parse::<u64>().unwrap_or(0))
    };
    key(one).cmp(&key(two)).then_with(|| one.cmp(two))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::task::Task;
    use crate::train::config::StrategyKind;

    fn run(name: &str, metric: Option<(&str, f64)>, started: u64) -> RunSummary {
        RunSummary {
            dir: PathBuf::from(name),
            name: name.into(),
            task: Task::Classify,
            model: "tiny".into(),
            data: "reviews.csv".into(),
            strategy: if started.is_multiple_of(2) { StrategyKind::Full } else { StrategyKind::Head },
            folds: 0,
            status: RunStatus::Finished,
            sweep: None,
            held: false,
            step: 1,
            steps: 1,
            trainable: started,
            parameters: 100,
            metric: metric.map(|(key, value)| (key.to_owned(), value)),
            seconds: 1.0,
            bytes_on_disk: 1,
            started,
            losses: Vec::new(),
            checkpoint: None,
            states: Vec::new(),
        }
    }

    fn names(listed: &mut Listed, runs: &[RunSummary]) -> Vec<String> {
        listed.update(runs);
        listed.lines().iter().map(|line| listed.summary(*line, runs).name.clone()).collect()
    }

    #[test]
    fn runs_are_listed_by_any_column_and_newest_first_again() {
        let runs = [
            run("run-10", Some(("accuracy", 0.7)), 3),
            run("run-2", Some(("accuracy", 0.9)), 1),
            run("loss-1", Some(("eval_loss", 0.2)), 4),
            run("loss-2", Some(("eval_loss", 0.1)), 2),
            run("none", None, 5),
        ];
        let mut listed = Listed::default();
        let newest = ["none", "loss-1", "run-10", "loss-2", "run-2"];
        assert_eq!(names(&mut listed, &runs), newest);
        listed.press(Column::Metric);
        assert_eq!(names(&mut listed, &runs), ["run-2", "run-10", "loss-2", "loss-1", "none"]);
        listed.press(Column::Metric);
        assert_eq!(names(&mut listed, &runs), ["run-10", "run-2", "loss-1", "loss-2", "none"]);
        listed.press(Column::Metric);
        assert_eq!(names(&mut listed, &runs), newest);
        listed.press(Column::Name);
        assert_eq!(names(&mut listed, &runs), ["loss-1", "loss-2", "none", "run-2", "run-10"]);
    }

    #[test]
    fn folds_are_listed_below_their_run_where_they_are_asked_for() {
        let whole = RunSummary { folds: 2, ..run("reviews", None, 1) };
        let fold = |number: u64| RunSummary {
            dir: PathBuf::from(format!("reviews/fold-{number}")),
            ..run(&format!("reviews/fold-{number}"), None, 5 - number)
        };
        let runs = [run("other", None, 9), fold(2), fold(1), whole, run("last", None, 0)];
        let mut listed = Listed::default();
        assert_eq!(names(&mut listed, &runs), ["other", "reviews", "last"]);
        listed.turn(Path::new("reviews"));
        assert_eq!(names(&mut listed, &runs), ["other", "reviews", "reviews/fold-1", "reviews/fold-2", "last"]);
        listed.turn(Path::new("reviews"));
        listed.filter = "fold-2".into();
        assert_eq!(names(&mut listed, &runs), ["reviews/fold-2"], "what is looked for is found");
    }

    #[test]
    fn the_runs_of_a_sweep_are_one_line_until_it_is_opened() {
        let trial = |number: u64, accuracy: f64| RunSummary {
            dir: PathBuf::from(format!("rates/trial-{number}")),
            sweep: Some("rates".into()),
            ..run(&format!("rates/trial-{number}"), Some(("accuracy", accuracy)), number)
        };
        let whole = RunSummary { folds: 1, ..trial(2, 0.9) };
        let fold = RunSummary { sweep: None, dir: "rates/trial-2/fold-1".into(), ..trial(2, 0.8) };
        let fold = RunSummary { name: "fold".into(), ..fold };
        let runs = [run("old", Some(("accuracy", 0.1)), 0), trial(1, 0.7), whole, fold, run("new", None, 9)];
        let mut listed = Listed::default();
        assert_eq!(names(&mut listed, &runs), ["new", "rates", "old"]);
        let sweep = listed.sweep(0).unwrap();
        assert_eq!((sweep.runs, sweep.finished, sweep.is_mixed), (2, 2, true));
        assert_eq!((sweep.whole.metric.clone(), sweep.whole.started), (Some(("accuracy".to_owned(), 0.9)), 1));
        listed.turn(Path::new("rates"));
        assert_eq!(names(&mut listed, &runs), ["new", "rates", "rates/trial-2", "rates/trial-1", "old"]);
        listed.turn(Path::new("rates/trial-2"));
        assert_eq!(names(&mut listed, &runs)[2..4], ["rates/trial-2", "fold"]);
        listed.press(Column::Metric);
        assert_eq!(names(&mut listed, &runs)[0], "rates", "a sweep stands where its best does");
    }

    #[test]
    fn what_is_typed_is_found_in_all_that_a_line_says() {
        let runs = [run("one", Some(("accuracy", 0.7)), 3), run("two", None, 2)];
        let mut listed = Listed::default();
        for (filter, expected) in [
            ("TW", vec!["two"]),
            ("head reviews", vec!["one"]),
            ("accuracy", vec!["one"]),
            ("finished", vec!["one", "two"]),
            ("zebra", vec![]),
        ] {
            listed.filter = filter.into();
            assert_eq!(names(&mut listed, &runs), expected, "{filter}");
        }
        let renamed = [run("two", None, 3)];
        listed.filter = "two".into();
        assert_eq!(names(&mut listed, &renamed), ["two"], "another list is put in order anew");
    }
}

//! Runs that wait for the one before them to end, and the recipes whose runs are among them.
//!
//! A run in the queue is an ordinary run that has not begun. When one is stopped by hand the queue is held, because whoever
//! stops a run wants the machine or a look; one that fails holds nothing but what would learn from it.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::recipes;
use crate::train::config::RunConfig;

/// The queue, as it is kept between launches.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Queue {
    waiting: VecDeque<Waiting>,
    /// Why nothing of it is begun by itself.
    pub held: Option<Held>,
    /// Recipes under way, and the newest of each that has ended.
    pub courses: Vec<Course>,
    next: u64,
}

/// A run that waits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Waiting {
    pub id: u64,
    #[serde(with = "as_text")]
    pub config: Box<RunConfig>,
    /// What it was estimated to take.
    pub seconds: f64,
}

/// A configuration as it stands in a file, to the last digit of its numbers.
mod as_text {
    use serde::de::Error as _;
    use serde::ser::Error as _;
    use serde::{Deserialize as _, Deserializer, Serializer};

    use super::RunConfig;

    pub fn serialize<S: Serializer>(config: &RunConfig, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&toml::to_string(config).map_err(S::Error::custom)?)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Box<RunConfig>, D::Error> {
        toml::from_str(&String::deserialize(from)?).map(Box::new).map_err(D::Error::custom)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Held {
    /// A run was stopped by hand.
    Stopped,
    /// They wait since an earlier session.
    Earlier,
}

/// What the runs of a course are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Of {
    #[default]
    Recipe,
    /// One run with several seeds, by its name.
    Seeds(String),
    /// A teacher, which is there, and the student that learns from it, by its name.
    Student(String),
}

/// A recipe under way, or what came of it; or other runs that are compared when all have ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Course {
    /// By which it is found again.
    pub recipe: String,
    #[serde(default)]
    pub of: Of,
    /// What it is run on.
    pub data: String,
    /// What is trained of the recommended epochs.
    pub share: f64,
    pub runs: Vec<CourseRun>,
    /// Whether the person was shown what came of it.
    pub is_over: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CourseRun {
    pub dir: PathBuf,
    /// Which of the recipe's runs it is.
    pub place: usize,
    pub seed: u64,
    pub outcome: Outcome,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    Waiting,
    Running,
    Finished,
    Stopped,
    Failed(String),
    /// It was taken out of the queue, and why.
    Removed(String),
}

impl Outcome {
    pub fn is_final(&self) -> bool {
        !matches!(self, Self::Waiting | Self::Running)
    }

    /// Whether there is something to compare.
    pub fn has_result(&self) -> bool {
        matches!(self, Self::Finished | Self::Stopped)
    }
}

impl Course {
    /// What a person calls it.
    pub fn title(&self) -> String {
        match &self.of {
            Of::Recipe => {
                recipes::find(&self.recipe).map_or_else(|| self.recipe.clone(), |recipe| recipe.title.clone())
            }
            Of::Seeds(name) => format!("Seeds of {name}"),
            Of::Student(name) => format!("{name} beside its teacher"),
        }
    }

    /// How many of its runs have ended.
    pub fn ended(&self) -> usize {
        self.runs.iter().filter(|run| run.outcome.is_final()).count()
    }

    /// Those that can be compared.
    pub fn results(&self) -> impl Iterator<Item = &CourseRun> {
        self.runs.iter().filter(|run| run.outcome.has_result())
    }
}

impl Queue {
    /// What was kept, if it can be read; what waited then is not begun by itself.
    pub fn read(kept: &str) -> Self {
        let mut queue: Self = serde_json::from_str(kept).unwrap_or_default();
        queue.held = (!queue.waiting.is_empty()).then_some(Held::Earlier);
        for run in queue.courses.iter_mut().flat_map(|course| &mut course.runs) {
            // The window was closed in the middle of it.
            if run.outcome == Outcome::Running {
                run.outcome = Outcome::Stopped;
            }
        }
        for course in &mut queue.courses {
            // Nobody is taken to it as soon as the window opens; Home leads there.
            course.is_over |= course.ended() == course.runs.len();
        }
        queue
    }

    pub fn kept(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    pub fn waiting(&self) -> impl ExactSizeIterator<Item = &Waiting> {
        self.waiting.iter()
    }

    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Whether a run that waits is to write a folder.
    pub fn writes(&self, dir: &Path) -> bool {
        self.waiting.iter().any(|run| run.config.run.out == dir)
    }

    pub fn add(&mut self, config: RunConfig, seconds: f64) {
        self.next += 1;
        self.waiting.push_back(Waiting { id: self.next, config: Box::new(config), seconds });
    }

    /// The next run, where it may begin.
    pub fn begin(&mut self) -> Option<Waiting> {
        if self.held.is_some() {
            return None;
        }
        let run = self.waiting.pop_front()?;
        self.set(&run.config.run.out, &Outcome::Running);
        Some(run)
    }

    /// Takes a run out, and what would learn from it.
    pub fn remove(&mut self, id: u64) {
        let Some(place) = self.waiting.iter().position(|run| run.id == id) else { return };
        if let Some(run) = self.waiting.remove(place) {
            self.leave_out(&run.config.run.out, "taken out of the queue");
        }
        self.release_where_empty();
    }

    pub fn clear(&mut self) {
        while let Some(run) = self.waiting.pop_front() {
            self.leave_out(&run.config.run.out, "taken out of the queue");
        }
        self.held = None;
    }

    /// Whether a run can change places with the one before it: a student stays behind its teacher.
    pub fn can_rise(&self, id: u64) -> bool {
        let Some(place) = self.waiting.iter().position(|run| run.id == id).filter(|place| *place > 0) else {
            return false;
        };
        !learns_from(&self.waiting[place].config, &self.waiting[place - 1].config.run.out)
    }

    /// Puts a run before the one that it stands behind.
    pub fn rise(&mut self, id: u64) {
        if self.can_rise(id)
            && let Some(place) = self.waiting.iter().position(|run| run.id == id)
        {
            self.waiting.swap(place, place - 1);
        }
    }

    /// A run has ended, whether it waited here before or not.
    pub(super) fn ended(&mut self, dir: &Path, outcome: &Outcome) {
        let stopped = *outcome == Outcome::Stopped;
        let has_model = *outcome == Outcome::Finished;
        self.set(dir, outcome);
        if !has_model {
            let why = if stopped { "its teacher was stopped" } else { "its teacher failed" };
            while let Some(place) = self.waiting.iter().position(|run| learns_from(&run.config, dir)) {
                if let Some(run) = self.waiting.remove(place) {
                    self.leave_out(&run.config.run.out, why);
                }
            }
        }
        if stopped {
            self.held = Some(Held::Stopped);
        }
        self.release_where_empty();
    }

    fn leave_out(&mut self, dir: &Path, why: &str) {
        self.set(dir, &Outcome::Removed(why.to_owned()));
        while let Some(place) = self.waiting.iter().position(|run| learns_from(&run.config, dir)) {
            if let Some(run) = self.waiting.remove(place) {
                self.set(&run.config.run.out, &Outcome::Removed(format!("its teacher was {why}")));
            }
        }
    }

    fn set(&mut self, dir: &Path, outcome: &Outcome) {
        let runs = self.courses.iter_mut().flat_map(|course| &mut course.runs);
        for run in runs.filter(|run| run.dir == dir) {
            run.outcome.clone_from(outcome);
        }
    }

    fn release_where_empty(&mut self) {
        if self.waiting.is_empty() {
            self.held = None;
        }
    }

    /// Begins a recipe, in the place of what came of it before. What came of others is found in Runs.
    pub fn begin_course(&mut self, course: Course) {
        let is_past = |known: &Course| known.is_over && (known.recipe == course.recipe || known.of != Of::Recipe);
        self.courses.retain(|known| !is_past(known));
        self.courses.push(course);
    }

    /// A recipe whose runs have all ended since this was asked last.
    pub fn take_over(&mut self) -> Option<Course> {
        let is_new = |course: &&mut Course| !course.is_over && course.ended() == course.runs.len();
        let course = self.courses.iter_mut().find(is_new)?;
        course.is_over = true;
        Some(course.clone())
    }

    /// A recipe as it was begun last.
    pub fn course(&self, recipe: &str) -> Option<&Course> {
        self.courses.iter().rev().find(|course| course.recipe == recipe)
    }
}

/// Whether a run learns from the one in a folder.
fn learns_from(config: &RunConfig, dir: &Path) -> bool {
    config.distill.as_ref().is_some_and(|distill| distill.teacher == dir)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::config::Distill;
    use crate::train::open::Open;
    use crate::ui::workspace::draft;

    fn config(out: &str, teacher: Option<&str>) -> RunConfig {
        // What was left open is settled before a run waits.
        let mut config = RunConfig { open: Open::default(), ..draft::empty() };
        config.run.out = out.into();
        config.data.train = Path::new("data.csv").into();
        config.distill = teacher.map(|teacher| Distill { teacher: teacher.into(), ..Distill::default() });
        config
    }

    /// A teacher, its student, and a run that has nothing to do with them.
    fn queue() -> Queue {
        let mut queue = Queue::default();
        let run = |dir: &str, place| CourseRun { dir: dir.into(), place, seed: 1, outcome: Outcome::Waiting };
        let runs = vec![run("teacher", 0), run("student", 1), run("other", 2)];
        let course = Course { recipe: "r".into(), of: Of::Recipe, data: "d".into(), share: 1.0, runs, is_over: false };
        queue.begin_course(course);
        queue.add(config("teacher", None), 1.0);
        queue.add(config("student", Some("teacher")), 1.0);
        queue.add(config("other", None), 1.0);
        queue
    }

    fn outcomes(queue: &Queue) -> Vec<Outcome> {
        queue.courses[0].runs.iter().map(|run| run.outcome.clone()).collect()
    }

    #[test]
    fn runs_begin_one_after_the_other_and_a_recipe_is_over_with_its_last() {
        let mut queue = queue();
        for name in ["teacher", "student", "other"] {
            assert!(queue.take_over().is_none());
            let run = queue.begin().unwrap();
            assert_eq!(run.config.run.out, PathBuf::from(name));
            queue.ended(Path::new(name), &Outcome::Finished);
        }
        let over = queue.take_over().unwrap();
        assert_eq!(over.results().count(), 3);
        assert!(queue.take_over().is_none() && queue.begin().is_none(), "it is told once");
    }

    #[test]
    fn what_would_learn_from_a_run_that_failed_goes_with_it_and_the_others_go_on() {
        let mut queue = queue();
        queue.begin();
        queue.ended(Path::new("teacher"), &Outcome::Failed("no memory".into()));
        let removed = Outcome::Removed("its teacher failed".into());
        assert_eq!(outcomes(&queue), [Outcome::Failed("no memory".into()), removed, Outcome::Waiting]);
        assert_eq!(queue.begin().unwrap().config.run.out, PathBuf::from("other"));
        queue.ended(Path::new("other"), &Outcome::Finished);
        assert_eq!(queue.take_over().unwrap().results().count(), 1);
    }

    #[test]
    fn a_run_that_is_stopped_by_hand_holds_the_queue_until_it_is_let_go_on() {
        let mut queue = queue();
        queue.begin();
        queue.ended(Path::new("teacher"), &Outcome::Stopped);
        assert!(queue.begin().is_none() && queue.held == Some(Held::Stopped));
        queue.held = None;
        assert_eq!(queue.begin().unwrap().config.run.out, PathBuf::from("other"));
        queue.ended(Path::new("other"), &Outcome::Stopped);
        assert_eq!(queue.held, None, "nothing waits any more");
    }

    #[test]
    fn a_student_never_stands_before_its_teacher() {
        let mut queue = queue();
        let ids: Vec<u64> = queue.waiting().map(|run| run.id).collect();
        assert_eq!(ids.iter().map(|id| queue.can_rise(*id)).collect::<Vec<_>>(), [false, false, true]);
        queue.rise(ids[2]);
        queue.rise(ids[2]);
        assert_eq!(queue.waiting().map(|run| run.id).collect::<Vec<_>>(), [ids[2], ids[0], ids[1]]);
        queue.remove(ids[0]);
        assert_eq!(queue.waiting().len(), 1, "its student went with it");
        queue.remove(ids[2]);
        assert!(queue.is_empty() && queue.take_over().unwrap().results().count() == 0);
    }

    #[test]
    fn what_waited_is_there_after_a_restart_and_is_not_begun_by_itself() {
        let mut queue = queue();
        queue.begin();
        let mut again = Queue::read(&queue.kept());
        assert_eq!((again.waiting().len(), again.held), (2, Some(Held::Earlier)));
        assert_eq!(outcomes(&again)[0], Outcome::Stopped, "the window was closed in the middle of it");
        assert_eq!(again.waiting().cloned().collect::<Vec<_>>(), queue.waiting().cloned().collect::<Vec<_>>());
        again.held = None;
        assert_eq!(again.begin().unwrap().config.distill, config("student", Some("teacher")).distill);
        assert!(Queue::read("nothing that can be read").is_empty());
    }
}

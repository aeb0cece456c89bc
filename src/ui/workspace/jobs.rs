//! The jobs that are followed, and what is said when they end: the activity bar, the toasts and the log.

use std::path::{Path, PathBuf};

use super::{ExploreState, RunView, Screen, Workspace, model_of};
use crate::task::Reads;
use crate::train::config::What;
use crate::train::event::TrainEvent;
use crate::worker::protocol::JobId;
use crate::worker::work::{AnyWork, Work};

use super::job::{Job, JobKind, Level, LogLine, OpenPurpose, Toast};
use super::queue::{Held, Outcome};
impl Workspace {
    /// Starts following a new job and returns its number.
    pub fn follow(&mut self, kind: JobKind, title: impl Into<String>) -> JobId {
        let id = JobId(self.next_job);
        self.next_job += 1;
        self.drop_jobs(|known| known.is_replaced_by(&kind));
        if kind == JobKind::Ask {
            self.explore.pending = Some(id);
        }
        if matches!(kind, JobKind::Train { .. }) {
            self.training = Some(id);
        }
        self.jobs.push(Job {
            id,
            kind,
            title: title.into(),
            begun: false,
            paused: false,
            stopping: false,
            progress: None,
            remedy: None,
            since: self.now,
        });
        id
    }

    /// Follows these no longer, and stops them: what they find out is about something else than what is open now.
    pub fn drop_jobs(&mut self, are: impl Fn(&JobKind) -> bool) {
        self.wants.stop.extend(self.jobs.iter().filter(|job| are(&job.kind)).map(|job| job.id));
        self.jobs.retain(|job| !are(&job.kind));
    }

    pub fn job(&self, id: JobId) -> Option<&Job> {
        self.jobs.iter().find(|job| job.id == id)
    }

    pub fn job_mut(&mut self, id: JobId) -> Option<&mut Job> {
        self.jobs.iter_mut().find(|job| job.id == id)
    }

    /// The job of a kind, for a panel that shows it is on its way.
    pub fn job_where(&self, kind: impl Fn(&JobKind) -> bool) -> Option<&Job> {
        self.jobs.iter().find(|job| kind(&job.kind))
    }

    /// The job that does work of a kind.
    pub fn job_of<W: Work>(&self) -> Option<&Job> {
        self.job_where(|kind| matches!(kind, JobKind::Work(work) if work.get::<W>().is_some()))
    }

    /// The training that is in progress.
    pub fn training_job(&self) -> Option<&Job> {
        self.training.and_then(|id| self.job(id))
    }

    pub fn say(&mut self, level: Level, text: impl Into<String>, detail: Option<String>) {
        self.log.push(LogLine { brief: None, level, text: text.into(), detail, link: None, at: self.now });
    }

    pub fn toast(&mut self, level: Level, title: impl Into<String>, text: impl Into<String>) {
        let id = self.next_toast;
        self.next_toast += 1;
        self.toasts.push(Toast { id, level, title: title.into(), text: text.into(), offers: None, since: self.now });
    }

    pub(super) fn take_train(&mut self, event: &TrainEvent) {
        if let TrainEvent::Warning { step, message } = event {
            let place = if *step == 0 { String::new() } else { format!("Step {step}: ") };
            self.say(Level::Warning, format!("{place}{message}"), None);
        }
        if let TrainEvent::Order { step, order, refused } = event {
            self.take_order(*step, *order, refused.as_deref());
        }
        // From now on it is among the runs that are listed.
        self.wants.runs |= matches!(event, TrainEvent::Started { .. });
        let Some(run) = &mut self.run else { return };
        run.apply(event, self.now);
        if let TrainEvent::Probe { step, .. } = event {
            let told = run.turned_words(*step);
            for words in told {
                self.say(Level::Info, words, None);
            }
        }
    }

    /// An order that was followed is on the curves and in the log; one that was not, a person must see.
    fn take_order(&mut self, step: u64, what: What, refused: Option<&str>) {
        match refused {
            None => self.say(Level::Info, format!("Step {step}: {}, as ordered", what.words()), None),
            Some(why) => {
                self.say(Level::Warning, format!("Step {step}: not followed: {}, as {why}", what.words()), None);
                self.toast(Level::Warning, "An order was not followed", format!("{}: {why}", what.words()));
            }
        }
    }

    pub(super) fn finished(&mut self, job: &Job) {
        self.leave(job);
        if let Some(words) = self.done_words(job) {
            self.say(Level::Info, words, None);
        }
        match &job.kind {
            JobKind::Train { out } => {
                self.run_ended(out, &Outcome::Finished);
                self.toast(Level::Good, "Training finished", crate::ui::format::file_name(out));
                self.after_training(out.clone());
            }
            JobKind::Work(work) => {
                self.after_work(work);
                if let Some(words) = work.done() {
                    self.toast(Level::Info, words, job.title.clone());
                }
            }
            JobKind::Evaluate { model } => {
                let name = self.model_name(model);
                self.toast(Level::Good, "Evaluation finished", name);
            }
            JobKind::KeepDecisions { model, decisions } => {
                if self.evaluation.as_ref().is_some_and(|evaluated| &evaluated.model == model) {
                    self.kept = Some(decisions.clone());
                }
                self.wants.subject |= self.explore.model.as_ref() == Some(model);
                self.toast(Level::Good, "Kept with the model", job.title.clone());
            }
            JobKind::Download { wanted } => self.download_finished(wanted),
            JobKind::HubDeed { .. } => {
                self.wants.models = true;
                self.wants.shelf = true;
            }
            _ => {}
        }
    }

    /// What a finished job has brought, for the log.
    fn done_words(&self, job: &Job) -> Option<String> {
        let plural = crate::ui::format::plural;
        Some(match &job.kind {
            JobKind::OpenTable { inputs } => {
                let rows = self.data.table.as_ref().map_or(0, |table| table.rows());
                format!("{} read, {}", crate::ui::format::inputs(inputs), plural(rows as u64, "row", "rows"))
            }
            JobKind::ReadDataset => {
                let loaded = self.data.loaded.as_ref()?;
                let examples = loaded.dataset.examples.len() as u64;
                let kinds = loaded.summary.counts.len() as u64;
                match loaded.dataset.task.reads() {
                    Reads::Words => {
                        let types = plural(kinds, "type of entities", "types of entities");
                        format!("{} with {types}", plural(examples, "sentence", "sentences"))
                    }
                    Reads::Question => plural(examples, "question", "questions"),
                    Reads::Texts | Reads::Running | Reads::Neighbours(_) if kinds == 0 => {
                        plural(examples, "example", "examples")
                    }
                    Reads::Texts | Reads::Running | Reads::Neighbours(_) => {
                        let classes = plural(kinds, "class", "classes");
                        format!("{} in {classes}", plural(examples, "example", "examples"))
                    }
                }
            }
            JobKind::OpenModel { dir, .. } => format!("{} opened", self.model_name(dir)),
            JobKind::Train { out } => format!("{} finished", crate::ui::format::file_name(out)),
            JobKind::Evaluate { model } => format!("{} evaluated", self.model_name(model)),
            JobKind::KeepDecisions { model, .. } => format!("Thresholds of {} kept", self.model_name(model)),
            JobKind::OpenRun { dir, purpose: OpenPurpose::Show } => {
                format!("{} opened", crate::ui::format::file_name(dir))
            }
            JobKind::Download { wanted } => format!("{} downloaded", wanted.title()),
            JobKind::HubDeed { done } => done.clone(),
            JobKind::Work(work) => match work.done() {
                Some(done) => format!("{done}: {}", job.title),
                None if work.is_logged() => format!("{}: done", job.title),
                None => return None,
            },
            JobKind::OpenRun { .. }
            | JobKind::HubSearch { .. }
            | JobKind::HubLook { .. }
            | JobKind::HubShelf
            | JobKind::HubRooms
            | JobKind::HubAccount
            | JobKind::FindModels
            | JobKind::MeasureLengths
            | JobKind::Look
            | JobKind::Plan
            | JobKind::Meet { .. }
            | JobKind::Ask
            | JobKind::FindRuns => return None,
        })
    }

    pub(super) fn stopped(&mut self, job: &Job) {
        self.leave(job);
        if !job.kind.is_quiet() {
            self.say(Level::Info, format!("{} stopped", job.title), None);
        }
        match &job.kind {
            JobKind::Download { .. } => self.download_stopped(job),
            JobKind::Train { out } => {
                if let Some(run) = &mut self.run {
                    run.stop(self.now);
                }
                self.run_ended(out, &Outcome::Stopped);
                self.toast(Level::Info, "Training stopped", "Its weights are kept, and it can be resumed");
                self.after_training(out.clone());
            }
            JobKind::ReadDataset => {
                self.without_examples();
                self.data.error =
                    Some("reading was stopped; open the file again, or change what its columns mean".into());
            }
            // Nothing is on its way any more; a model can be chosen again.
            JobKind::Meet { dir } if self.explore.subject.is_none() && self.explore.model.as_ref() == Some(dir) => {
                self.explore = ExploreState::default();
            }
            _ => {}
        }
    }

    /// The examples that were read before are not those that were asked for.
    fn without_examples(&mut self) {
        self.data.loaded = None;
        self.data.forget_tokens();
        self.drop_jobs(|kind| matches!(kind, JobKind::MeasureLengths | JobKind::Look | JobKind::Plan));
        self.forget_plan();
    }

    pub(super) fn failed(&mut self, job: &Job, message: String, detail: Option<String>) {
        self.leave(job);
        // What is said where it was asked is no error of the session.
        let level = if job.kind.asks_hub() { Level::Warning } else { Level::Error };
        let brief = Some(format!("{} failed", job.title));
        let text = format!("{}: {message}", job.title);
        self.log.push(LogLine { brief, level, text, detail, link: None, at: self.now });
        if self.hub_failed(job, &message) {
            return;
        }
        match &job.kind {
            JobKind::ReadDataset => {
                self.without_examples();
                self.data.error = Some(message);
                self.refresh_draft();
                return;
            }
            JobKind::OpenTable { .. } => {
                self.data.error = Some(message.clone());
                self.refresh_draft();
            }
            JobKind::MeasureLengths => self.plan_error = Some(message.clone()),
            JobKind::OpenModel { .. } => self.model_error = Some(message.clone()),
            JobKind::Look => {
                self.data.looked_at = None;
                self.data.look_error = Some(message);
                return;
            }
            JobKind::Plan => {
                self.plan = None;
                self.plan_error = Some(message);
                return;
            }
            JobKind::Ask | JobKind::Meet { .. } => {
                self.explore.error = Some(message);
                return;
            }
            JobKind::Evaluate { .. } => self.evaluation_error = Some(message.clone()),
            JobKind::Train { out } => {
                self.run_ended(out, &Outcome::Failed(message.clone()));
                self.wants.runs = true;
                if let Some(run) = &mut self.run {
                    run.fail(&message, self.now);
                }
            }
            JobKind::Work(work) => self.after_work(work),
            _ => {}
        }
        // Where the error stands on the screen already, it is not told once more above it.
        if shown_on(&job.kind) != Some(self.screen) {
            self.toast(Level::Error, format!("{} failed", job.title), message);
        }
    }

    /// A run has ended, and what waits hears of it.
    pub(super) fn run_ended(&mut self, dir: &Path, outcome: &Outcome) {
        self.queue.ended(dir, outcome);
        if self.queue.held == Some(Held::Stopped) {
            let words = crate::ui::format::plural(self.queue.waiting().len() as u64, "run waits", "runs wait");
            self.say(Level::Info, format!("The queue is held, as a run was stopped; {words}"), None);
        }
    }

    /// Whether a folder is, or will be, that of a run.
    pub fn is_spoken_for(&self, dir: &Path) -> bool {
        let is_live = |run: &RunView| run.status.is_live() && run.dir == dir;
        self.runs.iter().any(|run| run.dir == dir) || self.queue.writes(dir) || self.run.as_ref().is_some_and(is_live)
    }

    /// What changed something on the disk may have changed what the lists show.
    fn after_work(&mut self, work: &AnyWork) {
        self.wants.runs |= !work.only_reads();
        self.wants.models |= !work.only_reads();
    }

    fn leave(&mut self, job: &Job) {
        if self.explore.pending == Some(job.id) {
            self.explore.pending = None;
        }
        if self.training == Some(job.id) {
            self.training = None;
        }
    }

    fn after_training(&mut self, out: PathBuf) {
        self.wants.runs = true;
        self.wants.models = true;
        // The weights in this folder are others than those that were opened.
        self.wants.subject |= self.explore.model.as_ref() == Some(&model_of(&out));
        self.wants.open_run = Some(out);
    }
}

/// The screen that shows why such a job failed, where one does.
fn shown_on(kind: &JobKind) -> Option<Screen> {
    match kind {
        JobKind::OpenTable { .. } => Some(Screen::Data),
        JobKind::OpenModel { .. } => Some(Screen::Model),
        JobKind::Train { .. } => Some(Screen::Train),
        JobKind::Evaluate { .. } => Some(Screen::Evaluate),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::worker::protocol::{Event, EventKind, Payload};
    use crate::worker::work::{Failure, Tell, Work, Worked};
    use crate::worker::works::runs::DeleteRun;

    #[test]
    fn what_is_replaced_is_stopped_and_what_is_done_is_seen_to_its_end() {
        let mut workspace = Workspace::new(Vec::new(), "runs".into());
        let mut follow = |kind: JobKind| {
            let job = workspace.follow(kind, "a job");
            (job, std::mem::take(&mut workspace.wants.stop))
        };
        let evaluate = |model: &str| JobKind::Evaluate { model: model.into() };
        let (first, _) = follow(evaluate("one"));
        assert_eq!(follow(evaluate("two")).1, [first], "its answer would wait for one that nobody wants");
        let open = |purpose| JobKind::OpenRun { dir: "run".into(), purpose };
        let (cloned, _) = follow(open(OpenPurpose::Clone));
        assert!(follow(open(OpenPurpose::AfterTraining)).1.is_empty(), "a form is still waited for");
        assert_eq!(follow(open(OpenPurpose::Clone)).1, [cloned]);
        let delete = |dir: &str| JobKind::Work(AnyWork::new(DeleteRun { dir: dir.into() }));
        let (deleted, _) = follow(delete("one"));
        assert!(follow(delete("two")).1.is_empty());
        assert!(workspace.job(deleted).is_some(), "the list loses both");
    }

    #[test]
    fn an_error_is_told_where_it_is_seen_and_nowhere_twice() {
        for (screen, toasts) in [(Screen::Data, 0), (Screen::Train, 1)] {
            let mut workspace = Workspace::new(Vec::new(), "runs".into());
            workspace.screen = screen;
            let job = workspace.follow(JobKind::OpenTable { inputs: "a.csv".into() }, "Reading a.csv");
            let kind = EventKind::Failed { message: "\"a.csv\" is empty".into(), detail: None };
            workspace.apply(Event { job, kind });
            assert_eq!(workspace.toasts.len(), toasts, "{screen:?}");
            assert_eq!(workspace.data.error.as_deref(), Some("\"a.csv\" is empty"));
            let last = workspace.log.last().unwrap();
            assert_eq!(last.brief.as_deref(), Some("Reading a.csv failed"));
            assert_eq!(last.text, "Reading a.csv: \"a.csv\" is empty");
        }
    }

    #[test]
    fn a_search_for_a_rate_that_ended_by_itself_is_in_the_log() {
        let mut workspace = Workspace::new(Vec::new(), "runs".into());
        let config = serde_json::from_str(r#"{"task": "classify", "model": {}, "data": {}}"#).unwrap();
        let work = AnyWork::new(crate::worker::works::rate::FindRate { config });
        let compared = crate::worker::works::drift::MeasureDrift {
            before: crate::worker::works::drift::Before::Folder("one".into()),
            after: "two".into(),
            texts: crate::worker::works::drift::Texts::OfRun("two".into()),
        };
        assert!(work.is_logged() && AnyWork::new(compared).is_logged());
        for (end, words) in [(EventKind::Stopped, " stopped"), (EventKind::Done, ": done")] {
            let job = workspace.follow(JobKind::Work(work.clone()), work.title());
            workspace.apply(Event { job, kind: EventKind::Started });
            workspace.apply(Event { job, kind: end });
            let last = workspace.log.last().unwrap();
            assert_eq!(last.text, format!("Finding a learning rate{words}"));
        }
    }

    #[derive(Debug)]
    struct Count(u64);

    impl Work for Count {
        type Answer = u64;

        fn title(&self) -> String {
            "Counting".to_owned()
        }

        fn perform(&self, _: Tell<'_>) -> Result<Option<u64>, Failure> {
            Ok(Some(self.0))
        }
    }

    #[test]
    fn an_answer_is_there_for_whoever_asked_until_a_newer_one_comes() {
        let mut workspace = Workspace::new(Vec::new(), "runs".into());
        let mut counted = |number: u64| {
            let work = AnyWork::new(Count(number));
            let job = workspace.follow(JobKind::Work(work.clone()), work.title());
            let payload = EventKind::Payload(Payload::Worked(Worked::new(Count(number), number * 10)));
            for kind in [EventKind::Started, payload, EventKind::Done] {
                workspace.apply(Event { job, kind });
            }
            workspace.worked::<Count>().map(|(work, answer)| (work.0, *answer))
        };
        assert_eq!(counted(1), Some((1, 10)));
        assert_eq!(counted(2), Some((2, 20)));
        let (first, second) = (AnyWork::new(Count(1)), AnyWork::new(Count(2)));
        let first = workspace.follow(JobKind::Work(first), "one");
        workspace.follow(JobKind::Work(second), "two");
        assert_eq!(workspace.wants.stop, [first]);
        assert!(workspace.toasts.is_empty() && !workspace.wants.runs, "nothing on the disk was changed");
    }
}

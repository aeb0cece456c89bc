//! What the guided path sets up: the real form and the real screens, with the model inside the program.

use std::sync::Arc;

use super::App;
use crate::samples::Sample;
use crate::ui::Screen;
use crate::ui::action::{Action, GuideAction};
use crate::ui::guide::{Part, Setting, Step};
use crate::ui::workspace::{Level, Offered, draft};
use crate::worker::work::AnyWork;
use crate::worker::works::times::{SampleRun, TimeRuns};

impl App {
    pub(super) fn guide(&mut self, action: GuideAction) {
        match action {
            GuideAction::Show(is_shown) => {
                self.workspace.guide.is_hidden = !is_shown;
                if is_shown {
                    self.workspace.screen = Screen::Home;
                }
            }
            GuideAction::SetUp(part) => self.set_up(part),
            GuideAction::Time(step) => self.time(step),
        }
        self.settings.guide = self.workspace.guide.clone();
    }

    /// Remembers what was done as soon as it is seen.
    pub(super) fn follow_guide(&mut self) {
        if self.workspace.follow_guide() {
            self.settings.guide = self.workspace.guide.clone();
        }
    }

    fn set_up(&mut self, part: Part) {
        let Some(model) = self.workspace.embedded_model().map(ToOwned::to_owned) else {
            let words = "Its folder could not be written; Model says why";
            self.workspace.toast(Level::Warning, "attune-mini is not there", words);
            return;
        };
        match part.setting() {
            Setting::Runs => self.workspace.screen = Screen::Runs,
            Setting::Ask { task, text } => self.ask_about(model, task, text),
            Setting::AskTrained => match self.workspace.model_of_names() {
                Some(model) => self.actions.push(Action::ExploreWith(model)),
                None => self.workspace.toast(Level::Info, "Train on names first", "Its model is then asked here"),
            },
            Setting::Train(sample) => self.set_up_run(part, sample, model),
        }
    }

    fn ask_about(&mut self, model: std::path::PathBuf, task: crate::task::Task, text: &str) {
        self.workspace.explore_with(model);
        let offered = Offered { task, text: text.to_owned(), pair: None, no_answer: None };
        self.workspace.explore.offered = Some(Arc::new(offered));
        self.workspace.screen = Screen::Explore;
    }

    /// The form is the experiment's; data and model follow as if they had been chosen.
    fn set_up_run(&mut self, part: Part, sample: Sample, model: std::path::PathBuf) {
        self.workspace.draft = draft::empty();
        part.change(&mut self.workspace.draft);
        self.workspace.out_is_own = false;
        self.change_data(Action::OpenSample(sample));
        self.model_of_sample = Some(model);
    }

    /// How long the runs of a step take here.
    fn time(&mut self, step: Step) {
        let Some(model) = self.workspace.embedded_model().map(ToOwned::to_owned) else { return };
        let run = |part: &Part| {
            let Setting::Train(sample) = part.setting() else { return None };
            let path = self.places.samples.join(sample.file());
            let mut config = draft::of_sample(sample, &path);
            part.change(&mut config);
            config.model.path = Some(model.clone());
            Some(SampleRun { sample: sample.file(), path, config })
        };
        let runs: Vec<SampleRun> = step.parts().iter().filter(|part| part.is_timed()).filter_map(run).collect();
        if !runs.is_empty() {
            self.work(AnyWork::new(TimeRuns { of: format!("{step:?}"), runs }));
        }
    }
}

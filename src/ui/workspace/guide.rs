//! What of the guided path the workspace shows to be done.

use std::path::{Path, PathBuf};

use super::run::Status;
use super::{Workspace, model_of};
use crate::hub::embedded::Shipped;
use crate::inspect::{Prediction, Question};
use crate::task::Targets;
use crate::ui::guide::{Part, Step};
use crate::worker::works::compare::CompareRuns;
use crate::worker::works::rate::FindRate;

impl Workspace {
    /// Ticks off what is seen to be done; returns whether there was something new.
    pub fn follow_guide(&mut self) -> bool {
        let parts = Step::ALL.into_iter().flat_map(|step| step.parts().iter().copied());
        let new: Vec<Part> = parts.filter(|part| !self.guide.done.contains(part) && self.is_seen(*part)).collect();
        self.guide.done.extend(&new);
        !new.is_empty()
    }

    fn is_seen(&self, part: Part) -> bool {
        match part {
            Part::FillIn => self.has_filled() == Some(1),
            Part::Hide => self.has_filled().is_some_and(|blanks| blanks > 1),
            Part::FindRate => self.worked::<FindRate>().is_some(),
            Part::Compare => self.worked::<CompareRuns>().is_some_and(|(_, found)| found.runs.len() > 1),
            Part::TryNames => {
                let answer = self.explore.answer.as_ref().and_then(|reply| reply.to::<Question>());
                answer.is_some_and(|answer| matches!(answer.result, Prediction::Tagging(_)))
            }
            _ => self.run.as_ref().is_some_and(|run| run.status == Status::Finished && part.is_run(&run.config)),
        }
    }

    /// The folder of the encoder inside the program, where it was written without trouble.
    pub fn embedded_model(&self) -> Option<&Path> {
        self.shipped(Shipped::Mini)
    }

    /// The model of the newest run that learned names, where there is one.
    pub fn model_of_names(&self) -> Option<PathBuf> {
        let of_names =
            self.runs.iter().find(|run| run.task.targets() == Targets::Tags && run.metric.is_some() && run.folds == 0);
        of_names.map(|run| model_of(&run.dir))
    }

    /// For how many hidden words the model inside the program has just said what stands there.
    fn has_filled(&self) -> Option<usize> {
        let reply = self.explore.answer.as_ref()?;
        let is_embedded = self.embedded_model() == Some(reply.model.as_path());
        match &reply.to::<Question>().filter(|_| is_embedded)?.result {
            Prediction::Filling(filling) => Some(filling.blanks.len()),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::Sample;
    use crate::train::config::StrategyKind;
    use crate::ui::guide::Guide;
    use crate::ui::workspace::{RunView, draft};

    #[test]
    fn a_run_is_ticked_off_when_it_has_ended_and_stays_so() {
        let mut workspace = Workspace::new(Vec::new(), "/runs".into());
        let mut config = draft::empty();
        (config.strategy.kind, config.data.train) = (StrategyKind::Head, Sample::Reviews.file().into());
        workspace.run = Some(RunView::new("/runs/a".into(), config));
        assert!(!workspace.follow_guide());
        workspace.run.as_mut().unwrap().status = Status::Finished;
        assert!(workspace.follow_guide() && !workspace.follow_guide());
        workspace.run = None;
        assert_eq!(workspace.guide.done, [Part::HeadOnly].into());
        assert_eq!(workspace.guide.next(), Some(Step::Pretraining));
        workspace.guide.done.extend(Step::ALL.iter().flat_map(|step| step.parts()));
        assert_eq!(workspace.guide.next(), None);
        let kept: Guide = serde_json::from_str(&serde_json::to_string(&workspace.guide).unwrap()).unwrap();
        assert_eq!(kept, workspace.guide);
    }
}

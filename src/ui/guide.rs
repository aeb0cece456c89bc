//! The guided path through transfer learning: which experiments it has, what each sets up, and what is remembered of them.
//! What is said about them stands on Home, and whether one was done is seen by the workspace.

use std::collections::BTreeSet;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::samples::Sample;
use crate::task::Task;
use crate::train::config::{Init, RunConfig, StrategyKind};

/// A step of the path, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    Pretraining,
    Masks,
    Freezing,
    Rates,
    Tasks,
    Comparing,
}

/// An experiment. Its name is what is remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    FillIn,
    FromPretrained,
    FromRandom,
    Hide,
    LearnMasks,
    HeadOnly,
    WholeModel,
    FindRate,
    FarTooHigh,
    LearnNames,
    TryNames,
    Compare,
}

/// What is remembered of the path between launches.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Guide {
    pub is_hidden: bool,
    pub done: BTreeSet<Part>,
}

/// Where an experiment happens, and what stands there once it is set up.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Setting {
    /// Explore asks the model inside the program about a text.
    Ask { task: Task, text: &'static str },
    /// The form of the next run, on a sample and with the model inside the program.
    Train(Sample),
    /// Explore asks the model that learned names.
    AskTrained,
    /// The list of runs, where two are chosen.
    Runs,
}

const BLANK: &str = "She poured the coffee into a [MASK] and drank it slowly.";
const WHOLE: &str = "The river was so clear that we could see every stone on its bed.";
/// A rate that no pretrained encoder of this width survives: fifty times the recommended one.
const FAR_TOO_HIGH: f64 = 1e-2;
/// Above it a rate of a whole model counts as far too high.
const HIGH: f64 = 3e-3;

impl Step {
    pub const ALL: [Self; 6] =
        [Self::Pretraining, Self::Masks, Self::Freezing, Self::Rates, Self::Tasks, Self::Comparing];

    pub fn parts(self) -> &'static [Part] {
        match self {
            Self::Pretraining => &[Part::FillIn, Part::FromPretrained, Part::FromRandom],
            Self::Masks => &[Part::Hide, Part::LearnMasks],
            Self::Freezing => &[Part::HeadOnly, Part::WholeModel],
            Self::Rates => &[Part::FindRate, Part::FarTooHigh],
            Self::Tasks => &[Part::LearnNames, Part::TryNames],
            Self::Comparing => &[Part::Compare],
        }
    }
}

impl Part {
    pub fn setting(self) -> Setting {
        match self {
            Self::FillIn => Setting::Ask { task: Task::Mlm, text: BLANK },
            Self::Hide => Setting::Ask { task: Task::Mlm, text: WHOLE },
            Self::FromPretrained
            | Self::FromRandom
            | Self::HeadOnly
            | Self::WholeModel
            | Self::FindRate
            | Self::FarTooHigh => Setting::Train(Sample::Reviews),
            Self::LearnMasks => Setting::Train(Sample::Prose),
            Self::LearnNames => Setting::Train(Sample::Entities),
            Self::TryNames => Setting::AskTrained,
            Self::Compare => Setting::Runs,
        }
    }

    /// Whether it is a run of some length.
    pub fn is_timed(self) -> bool {
        matches!(self.setting(), Setting::Train(_)) && self != Self::FindRate
    }

    /// Makes a form, which nobody has changed yet, that of the run that an experiment is.
    pub fn change(self, form: &mut RunConfig) {
        match self {
            Self::FromRandom => form.model.init = Init::Random,
            Self::HeadOnly => form.strategy.kind = StrategyKind::Head,
            Self::FarTooHigh => {
                form.optim.lr = FAR_TOO_HIGH;
                form.open.lr = false;
            }
            _ => {}
        }
    }

    /// Whether a run that has ended is this experiment.
    pub fn is_run(self, config: &RunConfig) -> bool {
        let Setting::Train(sample) = self.setting() else { return false };
        let is_sample = config.data.train.one().and_then(Path::file_name).is_some_and(|name| name == sample.file());
        let (kind, is_random) = (config.strategy.kind, config.model.init == Init::Random);
        let is_usual = config.optim.lr < HIGH || kind == StrategyKind::Head;
        is_sample
            && config.task == sample.task()
            && match self {
                Self::FromRandom => is_random,
                Self::HeadOnly => kind == StrategyKind::Head && !is_random,
                Self::FarTooHigh => kind == StrategyKind::Full && !is_usual && !is_random,
                Self::FromPretrained | Self::WholeModel => kind == StrategyKind::Full && is_usual && !is_random,
                _ => !is_random,
            }
    }
}

impl Guide {
    pub fn is_step_done(&self, step: Step) -> bool {
        step.parts().iter().all(|part| self.done.contains(part))
    }

    /// The first step that is not done.
    pub fn next(&self) -> Option<Step> {
        Step::ALL.into_iter().find(|step| !self.is_step_done(*step))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_experiment_stands_in_one_step_and_is_told_by_what_it_sets_up() {
        let run = |part: Part| {
            let text = "task = \"classify\"\n[model]\n[data]\ntrain = \"a.csv\"\n[optim]\nlr = 2e-4\n";
            let mut config: RunConfig = toml::from_str(text).unwrap();
            let Setting::Train(sample) = part.setting() else { panic!("{part:?} is no run") };
            part.change(&mut config);
            (config.task, config.data.train) = (sample.task(), sample.file().into());
            config
        };
        let parts: Vec<Part> = Step::ALL.iter().flat_map(|step| step.parts()).copied().collect();
        assert_eq!(parts.iter().collect::<BTreeSet<_>>().len(), parts.len());
        let runs = parts.iter().filter(|part| matches!(part.setting(), Setting::Train(_)) && **part != Part::FindRate);
        let runs: Vec<Part> = runs.copied().collect();
        for part in &runs {
            let seen: Vec<Part> = runs.iter().copied().filter(|other| other.is_run(&run(*part))).collect();
            let is_whole = [Part::FromPretrained, Part::WholeModel].contains(part);
            let expected = if is_whole { vec![Part::FromPretrained, Part::WholeModel] } else { vec![*part] };
            assert_eq!(seen, expected, "{part:?}");
        }
    }
}

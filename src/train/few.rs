//! Whether there are few rows of each class, where other ways to learn are worth trying beside the whole model by its
//! labels, and what is then offered by one press.

use super::config::{Fit, RunConfig, StrategyKind};
use super::open::Open;
use crate::task::Task;
use crate::words::plural;

/// Rows of a class, so that there are few.
const FEWEST: u64 = 2;
const MOST: u64 = 64;

/// How many rows each class has, where that is few.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Few {
    pub least: u64,
    pub most: u64,
    pub classes: usize,
}

/// What is offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Preset {
    pub title: &'static str,
    pub why: &'static str,
    pub kind: StrategyKind,
    pub fit: Fit,
}

const PAIRS: Preset = Preset {
    title: "Learn from pairs",
    why: "A few rows make many pairs: the encoder first learns which texts are of one class, and then its head is fitted to \
          them",
    kind: StrategyKind::Full,
    fit: Fit::Contrastive,
};
const LOGISTIC: Preset = Preset {
    title: "Fit the head at once",
    why: "With so few rows the outputs of the head can be fitted at once, as logistic regression whose strength is found by \
          cross-validation",
    kind: StrategyKind::Head,
    fit: Fit::Logistic,
};

/// What is offered where rows are few, for an encoder of which perhaps only a head can be trained.
pub fn preset(only_head: bool) -> Preset {
    if only_head { LOGISTIC } else { PAIRS }
}

impl Preset {
    /// Puts it into a configuration, with what is recommended for it.
    pub fn apply(&self, config: &mut RunConfig) {
        (config.strategy.kind, config.strategy.fit) = (self.kind, self.fit);
        config.open = Open { max_tokens: config.open.max_tokens, ..Open::ALL };
    }
}

impl Few {
    /// Of the rows that are learned from, by class: there are few where no class has many and the usual one has more than
    /// one. A class without any is not counted.
    pub fn of(task: Task, counts: impl IntoIterator<Item = u64>) -> Option<Self> {
        let mut counts: Vec<u64> = counts.into_iter().filter(|count| *count > 0).collect();
        counts.sort_unstable();
        let (&least, &most) = (counts.first()?, counts.last()?);
        let usual = counts[counts.len() / 2];
        let is_few = task.has_one_class() && counts.len() > 1 && usual >= FEWEST && most <= MOST;
        is_few.then_some(Self { least, most, classes: counts.len() })
    }

    /// `Few examples per class: 8 of each of 77`
    pub fn words(&self) -> String {
        let Self { least, most, classes } = *self;
        if least == most {
            return format!("Few examples per class: {most} of each of {classes}");
        }
        format!("Few examples per class: {least} to {most} in {}", plural(classes, "class", "classes"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_few_where_no_class_has_many() {
        let of = |counts: &[u64]| Few::of(Task::Classify, counts.iter().copied());
        assert_eq!(of(&[8; 77]).map(|few| few.words()), Some("Few examples per class: 8 of each of 77".into()));
        let told = of(&[64, 0, 2, 9]).map(|few| few.words());
        assert_eq!(told, Some("Few examples per class: 2 to 64 in 3 classes".into()));
        assert_eq!(of(&[1, 8, 8]).map(|few| few.least), Some(1), "most classes have more");
        for many in [&[65, 8][..], &[1, 1, 1], &[30], &[0, 30], &[]] {
            assert_eq!(of(many), None, "{many:?}");
        }
        for task in [Task::MultiLabel, Task::Regress, Task::Ner, Task::Qa, Task::Mlm, Task::Nsp] {
            assert_eq!(Few::of(task, [8, 8]), None, "{task}");
        }
    }

    #[test]
    fn a_preset_is_a_run_that_can_be_started() {
        for only_head in [false, true] {
            let mut config = RunConfig::of(Task::Classify);
            preset(only_head).apply(&mut config);
            config.check().unwrap();
            assert!(config.strategy.fit.fits_outputs() && config.open.lr);
            assert_eq!(config.strategy.kind == StrategyKind::Head, only_head);
        }
    }
}

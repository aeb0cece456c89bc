//! Successive halving (Jamieson and Talwalkar, 2016): many settings are trained a little, the best of them longer, and
//! the best of those as long as the run says.
//!
//! A round is a sweep of its own over the same folder, and each of its trials a run with its own whole schedule: one that
//! was only cut short would be judged in the middle of its warm-up. Which settings go on follows from the records alone,
//! so that a sweep that goes on comes to the same rounds.

use toml::Value;

use super::Status;
use super::SweepError;
use super::file::Sweep;
use super::record::Record;
use super::results::Spread;
use super::trial::{Base, Trial};
use super::vary::Setting;
use crate::metrics::Measure;

/// Where a search by halving stands.
#[derive(Clone, Debug)]
pub struct Halving {
    base: Base,
    /// One of so many goes on, and is trained so many times as long.
    keep: usize,
    /// Of how many rounds this is which, from 0.
    pub round: usize,
    pub rounds: usize,
    full: Full,
    seeds: Vec<Option<u64>>,
    /// What is tried in this round, with the numbers that the settings were drawn in.
    candidates: Vec<(usize, Vec<Setting>)>,
}

/// How long the run trains by what it says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Full {
    Epochs(f64),
    Steps(u64),
}

impl Full {
    /// The key that says it.
    pub fn key(self) -> &'static str {
        match self {
            Self::Epochs(_) => "run.epochs",
            Self::Steps(_) => "run.max_steps",
        }
    }
}

/// What a round came to, and the next.
pub struct Next {
    pub sweep: Sweep,
    /// For a person.
    pub told: String,
}

impl Halving {
    pub(super) fn new(
        base: Base,
        keep: usize,
        full: Full,
        seeds: Vec<Option<u64>>,
        all: Vec<Vec<Setting>>,
    ) -> Result<Self, SweepError> {
        if !(2..=100).contains(&keep) {
            return Err(SweepError::setting("keep", keep, "2 to 100, of how many settings the best goes on"));
        }
        if all.len() < keep {
            let expected = format!("{keep} at least, as one of {keep} goes on");
            return Err(SweepError::setting("trials", all.len(), &expected));
        }
        let rounds = 1 + std::iter::successors(Some(all.len() / keep), |left| Some(left / keep))
            .take_while(|left| *left > 0)
            .count();
        let candidates = all.into_iter().enumerate().map(|(place, settings)| (place + 1, settings)).collect();
        Ok(Self { base, keep, round: 0, rounds, full, seeds, candidates })
    }

    /// How long a round trains, by the key that says it.
    fn budget(&self) -> Setting {
        let share = (self.keep as f64).powi((self.rounds - 1 - self.round) as i32);
        let length = match self.full {
            Full::Epochs(epochs) => Value::Float(epochs / share),
            Full::Steps(steps) => Value::Integer((steps as f64 / share).ceil().max(1.0) as i64),
        };
        (self.full.key().to_owned(), length)
    }

    /// Settings of this round and of each that follows.
    fn counts(&self) -> impl Iterator<Item = usize> + '_ {
        let next = |count: &usize| Some((count / self.keep).max(1));
        std::iter::successors(Some(self.candidates.len()), next).take(self.rounds - self.round)
    }

    /// Runs of this round and of those that follow.
    pub(super) fn runs(&self) -> usize {
        self.counts().sum::<usize>() * self.seeds.len()
    }

    /// Each round trains fewer settings, and each of them `keep` times as long.
    pub(super) fn times_of_first(&self) -> f64 {
        let first = self.candidates.len().max(1) as f64;
        let times = self.counts().zip(0..).map(|(count, round)| count as f64 / first * (self.keep as f64).powi(round));
        times.sum()
    }

    pub(super) fn trials(&self, out: &std::path::Path) -> Result<Vec<Trial>, SweepError> {
        let mut trials = Vec::new();
        for (number, settings) in &self.candidates {
            let settings = [&settings[..], &[self.budget()]].concat();
            for seed in &self.seeds {
                trials.push(self.base.trial(self.name(*number, *seed), out, &settings, *seed)?);
            }
        }
        Ok(trials)
    }

    fn name(&self, number: usize, seed: Option<u64>) -> String {
        let seed = seed.map(|seed| format!("-seed-{seed}")).unwrap_or_default();
        format!("round-{}-trial-{number:03}{seed}", self.round + 1)
    }
}

impl Sweep {
    /// What is trained longer, by what became of this round; `None` after the last, and where there are no rounds.
    pub fn next(&self, records: &[Record]) -> Result<Option<Next>, SweepError> {
        let Some(halving) = self.halving.as_ref().filter(|halving| halving.round + 1 < halving.rounds) else {
            return Ok(None);
        };
        let higher = Measure::find(&self.asked.metric).is_none_or(|measure| measure.higher_is_better);
        let value = |number: usize| {
            let of = |seed: &Option<u64>| records.iter().find(|record| record.trial == halving.name(number, *seed));
            let finished = halving.seeds.iter().filter_map(of).filter(|record| record.status == Status::Finished);
            let values: Vec<f64> = finished.filter_map(|record| record.metric(&self.asked.metric)).collect();
            Spread::of(&values).map(|spread| if higher { spread.mean } else { -spread.mean })
        };
        let mut ranked: Vec<(f64, &(usize, Vec<Setting>))> =
            halving.candidates.iter().filter_map(|one| Some((value(one.0)?, one))).collect();
        // Of equals the one that was drawn first.
        ranked.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.0.cmp(&b.1.0)));
        let Some((best, _)) = ranked.first().copied() else {
            return Err(SweepError::NoneFinished { round: halving.round + 1 });
        };
        let (all, going) = (halving.candidates.len(), (halving.candidates.len() / halving.keep).max(1));
        ranked.truncate(going);
        let candidates: Vec<_> = ranked.iter().map(|(_, one)| (*one).clone()).collect();
        let best = if higher { best } else { -best };
        let told = format!(
            "round {} of {}: {all} settings with {}, the best {} is {best:.4}; {} trained longer",
            halving.round + 1,
            halving.rounds,
            words(&halving.budget()),
            self.asked.metric,
            if candidates.len() == 1 { "it is".to_owned() } else { format!("{} are", candidates.len()) },
        );
        let halving = Halving { round: halving.round + 1, candidates, ..halving.clone() };
        let trials = halving.trials(&self.out)?;
        let sweep = Self {
            trials,
            halving: Some(halving),
            out: self.out.clone(),
            asked: self.asked.clone(),
            folds: None,
            program: self.program.clone(),
        };
        Ok(Some(Next { sweep, told }))
    }
}

fn words((key, value): &Setting) -> String {
    format!("{key} {value}")
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::sweep::asked::Asked;

    fn halving(trials: usize, keep: usize, full: Full) -> Result<Halving, String> {
        let text = "task = \"classify\"\n[model]\nembedded = true\n[data]\ntrain = \"a.csv\"\n";
        let base = Base { table: toml::from_str(text).unwrap(), path: "run.toml".into() };
        let all = (0..trials).map(|number| vec![("optim.lr".to_owned(), Value::Float(1e-5 * (number + 1) as f64))]);
        Halving::new(base, keep, full, vec![None], all.collect()).map_err(|error| error.to_string())
    }

    fn sweep(halving: Halving) -> Sweep {
        let (out, asked) = (Path::new("out").to_owned(), Asked::new("accuracy", &[], Some("run.epochs")));
        Sweep { trials: halving.trials(&out).unwrap(), out, asked, folds: None, halving: Some(halving), program: None }
    }

    fn record(trial: &Trial, value: Option<f64>) -> Record {
        let status = if value.is_some() { Status::Finished } else { Status::Failed };
        let metrics = [("accuracy".to_owned(), value)].into();
        let (trial, seed) = (trial.name.clone(), trial.seed);
        let settings = serde_json::Map::new();
        Record {
            trial,
            settings,
            seed,
            status,
            step: 1,
            best_step: None,
            metrics,
            seconds: 1.0,
            reason: None,
            host: None,
        }
    }

    fn names(sweep: &Sweep) -> Vec<&str> {
        sweep.trials.iter().map(|trial| trial.name.as_str()).collect()
    }

    #[test]
    fn the_best_of_each_round_are_trained_longer_up_to_what_the_run_says() {
        let first = sweep(halving(9, 3, Full::Epochs(4.5)).unwrap());
        assert_eq!((first.runs(), first.times_of_first()), (9 + 3 + 1, 3.0));
        assert_eq!(first.trials.len(), 9);
        assert!(first.trials.iter().all(|trial| trial.config.run.epochs == 0.5));
        // What failed is none of the best.
        let values = [0.1, 0.9, 0.3, 0.2, 0.8, 0.5, 0.9, 0.0, 0.4];
        let records: Vec<Record> = first
            .trials
            .iter()
            .zip(values)
            .map(|(trial, value)| record(trial, (value > 0.0).then_some(value)))
            .collect();
        let next = first.next(&records).unwrap().unwrap();
        assert_eq!(
            next.told,
            "round 1 of 3: 9 settings with run.epochs 0.5, the best accuracy is 0.9000; 3 are trained longer"
        );
        let second = next.sweep;
        assert_eq!(names(&second), ["round-2-trial-002", "round-2-trial-007", "round-2-trial-005"]);
        assert!(second.trials.iter().all(|trial| trial.config.run.epochs == 1.5));
        let records: Vec<Record> = second.trials.iter().map(|trial| record(trial, Some(0.5))).collect();
        let last = second.next(&records).unwrap().unwrap().sweep;
        assert_eq!(names(&last), ["round-3-trial-002"], "of equals the first");
        assert_eq!(last.trials[0].config.run.epochs, 4.5);
        assert!(last.next(&[]).unwrap().is_none());
        let none: Vec<Record> = first.trials.iter().map(|trial| record(trial, None)).collect();
        assert!(first.next(&none).is_err());
    }

    #[test]
    fn rounds_are_as_many_as_there_are_settings_to_choose_from() {
        let check = |trials, keep, expected: &str| {
            let told = match halving(trials, keep, Full::Steps(100)) {
                Ok(halving) => format!("{} rounds from {}", halving.rounds, words(&halving.budget())),
                Err(error) => error,
            };
            assert!(told.contains(expected), "{told}");
        };
        check(8, 2, "4 rounds from run.max_steps 13");
        check(10, 3, "3 rounds from run.max_steps 12");
        check(3, 3, "2 rounds from run.max_steps 34");
        check(2, 3, "trials is 2, expected 3 at least");
        check(8, 1, "keep is 1, expected 2 to 100");
    }
}

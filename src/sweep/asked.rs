//! What a sweep was asked to try, kept in its folder beside what its trials are started from: which keys vary and over
//! what, so that whoever looks at what came of it knows their scales. Of a sweep of an earlier version, which kept none, it
//! is read off the trials, and that is said.

use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::SweepError;
use super::process::FOLDER;
use super::record::Record;
use super::vary::{Values, Varied};
use crate::files;

/// Beside the configurations of the trials.
const NOTE: &str = "sweep.json";
/// Raised when the note changes its meaning.
const FORMAT: u32 = 1;
/// As many different numbers are taken for a range where nothing tells what was asked.
const FEW: usize = 8;
/// A range that goes over so much is taken for one over orders of magnitude where nothing tells.
const WIDE: f64 = 20.0;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Asked {
    pub(super) format: u32,
    /// By which settings are judged.
    pub metric: String,
    /// The key that says how long a round of a search by halving trains.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget: Option<String>,
    pub axes: Vec<Axis>,
    /// It is read off the trials, as the folder does not tell.
    #[serde(skip)]
    pub is_guessed: bool,
}

/// A key that varies.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Axis {
    pub key: String,
    pub over: Over,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Over {
    /// These values, numbers in their order.
    List(Vec<Value>),
    Range {
        low: f64,
        high: f64,
        log: bool,
        /// Points of a grid, evenly over the range.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        steps: Option<usize>,
    },
}

impl Asked {
    pub(super) fn new(metric: &str, varied: &[Varied], budget: Option<&str>) -> Self {
        let axis = |one: &Varied| Axis { key: one.key.clone(), over: Over::of(&one.values) };
        let axes = varied.iter().map(axis).collect();
        Self { format: FORMAT, metric: metric.to_owned(), budget: budget.map(str::to_owned), axes, is_guessed: false }
    }

    pub(super) fn write(&self, out: &Path) -> Result<(), SweepError> {
        let path = out.join(FOLDER).join(NOTE);
        let unwritable = |source| SweepError::Unwritable { path: path.clone(), source };
        let text = serde_json::to_vec(self).map_err(|error| unwritable(error.into()))?;
        files::write_where_other(&path, &text).map_err(unwritable)
    }

    /// What a folder tells, if it tells it in a way that is known.
    pub(super) fn read(out: &Path) -> Option<Self> {
        let bytes = files::read_note(&out.join(FOLDER).join(NOTE)).ok()?;
        serde_json::from_slice::<Self>(&bytes).ok().filter(|asked| asked.format == FORMAT)
    }

    /// What the trials let expect that it was.
    pub(super) fn guessed(metric: String, records: &[Record]) -> Self {
        let mut axes: Vec<Axis> = Vec::new();
        for key in records.iter().flat_map(|record| record.settings.keys()) {
            if !axes.iter().any(|axis| axis.key == *key) {
                let values = records.iter().filter_map(|record| record.settings.get(key));
                axes.push(Axis { key: key.clone(), over: Over::guessed(values) });
            }
        }
        // A round of a search by halving is named in the folder of each trial.
        let is_of_round = records.iter().any(|record| record.trial.starts_with("round-"));
        let budget = ["run.epochs", "run.max_steps"].into_iter().find(|key| axes.iter().any(|axis| axis.key == *key));
        let budget = budget.filter(|_| is_of_round).map(str::to_owned);
        axes.retain(|axis| Some(&axis.key) != budget.as_ref());
        Self { format: FORMAT, metric, budget, axes, is_guessed: true }
    }
}

impl Over {
    fn of(values: &Values) -> Self {
        match values {
            Values::List(values) => {
                Self::list(values.iter().map(|value| serde_json::to_value(value).unwrap_or_default()))
            }
            Values::Range(range) => {
                Self::Range { low: range.low, high: range.high, log: range.log, steps: range.steps }
            }
        }
    }

    /// Each value once. Numbers are put in order; words stay as they are named.
    fn list(values: impl Iterator<Item = Value>) -> Self {
        let mut list: Vec<Value> = Vec::new();
        for value in values {
            if !list.iter().any(|known| is_same(known, &value)) {
                list.push(value);
            }
        }
        if list.iter().all(Value::is_number) {
            list.sort_by(|one, two| number(one).total_cmp(&number(two)));
        }
        Self::List(list)
    }

    fn guessed<'a>(values: impl Iterator<Item = &'a Value>) -> Self {
        let Self::List(list) = Self::list(values.cloned()) else { return Self::List(Vec::new()) };
        if list.len() <= FEW || !list.iter().all(Value::is_number) {
            return Self::List(list);
        }
        let (low, high) = (number(&list[0]), number(&list[list.len() - 1]));
        Self::Range { low, high, log: low > 0.0 && high / low >= WIDE, steps: None }
    }

    /// With a value that stands among those that were tried and not among those that were named.
    pub(super) fn with(&mut self, value: &Value) {
        match self {
            Self::List(list) if !list.iter().any(|known| is_same(known, value)) => {
                list.push(value.clone());
                *self = Self::list(std::mem::take(list).into_iter());
            }
            Self::List(_) => {}
            Self::Range { low, high, .. } => {
                if let Some(value) = value.as_f64() {
                    (*low, *high) = (low.min(value), high.max(value));
                }
            }
        }
    }

    /// Where a value stands from 0 to 1; none for one that is no number where there are only numbers.
    pub fn place(&self, value: &Value) -> Option<f64> {
        match self {
            Self::List(list) => {
                let place = list.iter().position(|known| is_same(known, value))?;
                Some((place as f64 + 0.5) / list.len() as f64)
            }
            Self::Range { low, high, log, .. } => {
                let value = value.as_f64()?;
                let share = if *log && *low > 0.0 {
                    (value / low).ln() / (high / low).ln()
                } else {
                    (value - low) / (high - low)
                };
                Some(if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.5 })
            }
        }
    }
}

/// Whether two values are one: a whole number and the same with a point are.
fn is_same(one: &Value, two: &Value) -> bool {
    match (one.as_f64(), two.as_f64()) {
        (Some(one), Some(two)) => one.to_bits() == two.to_bits(),
        _ => one == two,
    }
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_stand_where_their_scale_puts_them() {
        let list = Over::list([json!(32), json!(8), json!(16.0), json!(16)].into_iter());
        let check = |over: &Over, value: Value, expected: Option<f64>| {
            let place = over.place(&value);
            assert!(
                place.zip(expected).map_or(place.is_none() && expected.is_none(), |(a, b)| (a - b).abs() < 1e-12),
                "{value} stands at {place:?}"
            );
        };
        check(&list, json!(8), Some(0.5 / 3.0));
        check(&list, json!(16), Some(0.5));
        check(&list, json!(64), None);
        let words = Over::list([json!("top"), json!("full")].into_iter());
        check(&words, json!("top"), Some(0.25));
        let rates = Over::Range { low: 1e-5, high: 1e-3, log: true, steps: None };
        check(&rates, json!(1e-4), Some(0.5));
        check(&rates, json!(1e-2), Some(1.0));
        check(&rates, json!("high"), None);
        check(&Over::Range { low: 0.0, high: 0.5, log: false, steps: None }, json!(0.1), Some(0.2));
    }

    #[test]
    fn what_was_asked_is_read_off_the_trials_where_nothing_tells() {
        let record = |trial: &str, settings: Value| Record {
            settings: settings.as_object().unwrap().clone(),
            ..Record::finished(trial, 0.5)
        };
        let records: Vec<Record> = (0..9)
            .map(|place| {
                let lr = 1e-5 * 2_f64.powi(place);
                let kind = if place % 2 == 0 { "head" } else { "full" };
                let settings = json!({ "optim.lr": lr, "strategy.kind": kind, "run.max_steps": 5 });
                record(&format!("round-1-trial-00{place}"), settings)
            })
            .collect();
        let asked = Asked::guessed("accuracy".into(), &records);
        let (low, high) = (1e-5, 1e-5 * 256.0);
        assert_eq!(asked.axes[0].over, Over::Range { low, high, log: true, steps: None });
        assert_eq!(asked.axes[1].over, Over::List(vec![json!("head"), json!("full")]));
        assert_eq!((asked.axes.len(), asked.budget.as_deref()), (2, Some("run.max_steps")));
    }
}

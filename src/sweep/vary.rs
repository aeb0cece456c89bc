//! What a sweep varies: keys of a run's configuration, each with a list of values or a range.

use std::collections::BTreeSet;

use toml::{Table, Value};

use super::SweepError;
use crate::random::{Purpose, Stream, key};

/// A key by its dotted name, and what it is set to.
pub type Setting = (String, Value);

/// A key that varies.
#[derive(Debug, PartialEq)]
pub struct Varied {
    pub key: String,
    pub values: Values,
}

#[derive(Debug, PartialEq)]
pub enum Values {
    List(Vec<Value>),
    Range(Range),
}

/// Numbers from one to another, both included.
#[derive(Debug, PartialEq)]
pub struct Range {
    pub low: f64,
    pub high: f64,
    /// Spread evenly over the orders of magnitude.
    pub log: bool,
    /// Points of a grid.
    pub steps: Option<usize>,
    /// Whole numbers alone.
    whole: bool,
}

/// More trials than anybody waits for.
const MOST_TRIALS: usize = 10_000;
/// Draws for one trial before all combinations count as tried.
const MOST_DRAWS: u64 = 1000;

/// Reads `[vary]`, where a name may be quoted (`"optim.lr"`) or not.
pub fn read(vary: &Table) -> Result<Vec<Varied>, SweepError> {
    let mut found = Vec::new();
    collect("", vary, &mut found)?;
    let mut seen = BTreeSet::new();
    match found.iter().find(|varied| !seen.insert(&varied.key)) {
        Some(twice) => Err(SweepError::setting(&format!("vary.{}", twice.key), "named twice", "each key once")),
        None => Ok(found),
    }
}

fn collect(above: &str, table: &Table, found: &mut Vec<Varied>) -> Result<(), SweepError> {
    for (name, value) in table {
        let key = if above.is_empty() { name.clone() } else { format!("{above}.{name}") };
        let wrong = |expected: &str| SweepError::setting(&format!("vary.{key}"), value, expected);
        let values = match value {
            Value::Array(values) if values.is_empty() => return Err(wrong("a list with at least one value")),
            Value::Array(values) => match values.iter().enumerate().find(|(at, value)| values[..*at].contains(value)) {
                Some((_, twice)) => return Err(wrong(&format!("each value once, and {twice} is there twice"))),
                None => Values::List(values.clone()),
            },
            Value::Table(range) if range.contains_key("low") || range.contains_key("high") => {
                Values::Range(Range::read(range).map_err(|expected| wrong(&expected))?)
            }
            Value::Table(inner) => {
                collect(&key, inner, found)?;
                continue;
            }
            _ => return Err(wrong("a list of values, or a range { low, high, log }")),
        };
        found.push(Varied { key, values });
    }
    Ok(())
}

impl Range {
    /// What was expected, where it is none.
    fn read(table: &Table) -> Result<Self, String> {
        if let Some(key) = table.keys().find(|key| !["low", "high", "log", "steps"].contains(&key.as_str())) {
            return Err(format!("a range with low, high, log and steps, and no {key}"));
        }
        let number = |key: &str| match table.get(key) {
            Some(Value::Integer(number)) => Ok(*number as f64),
            Some(Value::Float(number)) if number.is_finite() => Ok(*number),
            _ => Err("a range with numbers as low and high".to_owned()),
        };
        let (low, high) = (number("low")?, number("high")?);
        let log = match table.get("log") {
            None => false,
            Some(value) => value.as_bool().ok_or("a range whose log is true or false")?,
        };
        let steps = match table.get("steps") {
            None => None,
            Some(Value::Integer(steps @ 2..=10_000)) => Some(*steps as usize),
            Some(_) => return Err("a range whose steps are a number from 2 to 10000".to_owned()),
        };
        if low >= high {
            return Err("a range whose low is below its high".to_owned());
        }
        if log && low <= 0.0 {
            return Err("a range whose low is above 0, as it is spread over orders of magnitude".to_owned());
        }
        let whole = ["low", "high"].iter().all(|key| table.get(*key).is_some_and(Value::is_integer));
        Ok(Self { low, high, log, steps, whole })
    }

    /// The number at a share of the way.
    fn at(&self, share: f64) -> Value {
        let (low, high) = (self.low, self.high);
        let number = if self.log { low * (high / low).powf(share) } else { low + share * (high - low) };
        if self.whole {
            return Value::Integer(number.round() as i64);
        }
        // More digits would say nothing, and a person has to read them.
        let short = format!("{number:.3e}").parse().unwrap_or(number);
        Value::Float(short.clamp(low, high))
    }

    fn points(&self, steps: usize) -> Vec<Value> {
        let mut points: Vec<Value> = (0..steps).map(|step| self.at(step as f64 / (steps - 1) as f64)).collect();
        if let (false, Some(first)) = (self.whole, points.first_mut()) {
            *first = Value::Float(self.low);
        }
        if let (false, Some(last)) = (self.whole, points.last_mut()) {
            *last = Value::Float(self.high);
        }
        points.dedup();
        points
    }

    fn drawn(&self, unit: f64) -> Value {
        if self.whole && !self.log {
            // Each of the whole numbers is as likely, those at the ends too.
            let number = self.low + (unit * (self.high - self.low + 1.0)).floor();
            return Value::Integer(number.min(self.high) as i64);
        }
        self.at(unit)
    }
}

impl Values {
    /// Values that stand for all: a key or a kind that a run does not know is refused with any of them.
    pub fn samples(&self) -> Vec<Value> {
        match self {
            Self::List(values) => values.clone(),
            Self::Range(range) => vec![range.at(0.0), range.at(1.0)],
        }
    }
}

/// Every combination, the last key fastest.
pub fn grid(varied: &[Varied]) -> Result<Vec<Vec<Setting>>, SweepError> {
    let mut all: Vec<Vec<Setting>> = vec![Vec::new()];
    for one in varied {
        let values = match &one.values {
            Values::List(values) => values.clone(),
            Values::Range(range) => {
                let expected = "a list, or a range with steps = N, in a grid";
                let steps = range.steps.ok_or_else(|| {
                    SweepError::setting(&format!("vary.{}", one.key), "a range without steps", expected)
                })?;
                range.points(steps)
            }
        };
        if all.len() * values.len() > MOST_TRIALS {
            let expected = format!("at most {MOST_TRIALS} trials; method = \"random\" tries some of them");
            return Err(SweepError::setting("the grid", "larger", &expected));
        }
        let with = |before: &Vec<Setting>, value: Value| [&before[..], &[(one.key.clone(), value)]].concat();
        all = all.iter().flat_map(|before| values.iter().map(move |value| with(before, value.clone()))).collect();
    }
    Ok(all)
}

/// Combinations by chance, each once. The first of them are the same however many are asked for.
pub fn random(varied: &[Varied], trials: usize, seed: u64) -> Result<Vec<Vec<Setting>>, SweepError> {
    if !(1..=MOST_TRIALS).contains(&trials) {
        return Err(SweepError::setting("trials", trials, &format!("1 to {MOST_TRIALS}")));
    }
    let mut all: Vec<Vec<Setting>> = Vec::new();
    for trial in 0..trials as u64 {
        let new = (0..MOST_DRAWS).map(|draw| drawn(varied, seed, trial, draw)).find(|settings| !all.contains(settings));
        let Some(settings) = new else {
            let expected = format!("{} at most, as there are no more combinations", all.len());
            return Err(SweepError::setting("trials", trials, &expected));
        };
        all.push(settings);
    }
    Ok(all)
}

fn drawn(varied: &[Varied], seed: u64, trial: u64, draw: u64) -> Vec<Setting> {
    let mut chance = Stream::new(key(seed, Purpose::Search, &[trial, draw]));
    let value = |values: &Values, chance: &mut Stream| match values {
        Values::List(values) => values[chance.below(values.len() as u64) as usize].clone(),
        Values::Range(range) => range.drawn(chance.unit()),
    };
    varied.iter().map(|one| (one.key.clone(), value(&one.values, &mut chance))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn varied(text: &str) -> Result<Vec<Varied>, String> {
        read(&toml::from_str(text).unwrap()).map_err(|error| error.to_string())
    }

    fn told(settings: &[Setting]) -> String {
        settings.iter().map(|(key, value)| format!("{key} {value}")).collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn a_grid_is_every_combination_and_names_may_be_quoted_or_not() {
        let text = "\"run.batch\" = [4, 8]\noptim.lr = { low = 1e-5, high = 1e-3, log = true, steps = 3 }\n";
        let all: Vec<String> = grid(&varied(text).unwrap()).unwrap().iter().map(|one| told(one)).collect();
        assert_eq!(all.len(), 6);
        assert!(all.contains(&"optim.lr 0.0001, run.batch 8".to_owned()), "{all:?}");
        let whole = varied("run.batch = { low = 1, high = 3, steps = 10 }").unwrap();
        assert_eq!(grid(&whole).unwrap().len(), 3);
        let open = varied("optim.lr = { low = 1e-5, high = 1e-3 }").unwrap();
        assert!(grid(&open).unwrap_err().to_string().contains("steps = N"));
    }

    #[test]
    fn what_is_no_list_and_no_range_is_refused_with_its_key() {
        for (text, words) in [
            ("optim.lr = 0.1", "vary.optim.lr is 0.1, expected a list"),
            ("optim.lr = []", "at least one value"),
            ("optim.lr = { low = 2, high = 1 }", "low is below its high"),
            ("optim.lr = { low = 0, high = 1, log = true }", "above 0"),
            ("optim.lr = { low = 0, high = 1, step = 3 }", "no step"),
            ("optim.lr = { low = 0 }", "numbers as low and high"),
            ("optim.lr = [1]\n\"optim.lr\" = [2]", "named twice"),
            ("\"optim.lr\" = [1e-3, 2e-3, 1e-3]", "each value once, and 0.001 is there twice"),
        ] {
            let Ok(table) = toml::from_str::<Table>(text) else { continue };
            let error = read(&table).unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
        }
    }

    #[test]
    fn a_random_search_repeats_itself_and_nothing_else() {
        let text = "optim.lr = { low = 1e-5, high = 1e-3, log = true }\nrun.batch = [4, 8]\n\
                    strategy.top_layers = { low = 1, high = 3 }\n";
        let varied = varied(text).unwrap();
        let ten = random(&varied, 10, 7).unwrap();
        assert_eq!(random(&varied, 4, 7).unwrap(), ten[..4]);
        assert_ne!(random(&varied, 4, 8).unwrap(), ten[..4]);
        let rates: Vec<f64> = ten.iter().map(|one| one[0].1.as_float().unwrap()).collect();
        assert!(rates.iter().all(|lr| (1e-5..=1e-3).contains(lr)), "{rates:?}");
        assert!(rates.iter().any(|lr| *lr < 1e-4), "spread over orders of magnitude: {rates:?}");
        let few = read(&toml::from_str("run.batch = [4, 8]").unwrap()).unwrap();
        assert_eq!(random(&few, 2, 0).unwrap().len(), 2);
        let error = random(&few, 3, 0).unwrap_err().to_string();
        assert!(error.contains("trials is 3, expected 2 at most"), "{error}");
    }
}

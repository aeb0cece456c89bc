//! A sweep as it stands in a file.

use std::path::Path;

use toml::{Table, Value};

use crate::train::config::RunConfig;
use crate::train::run::seeds;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    Grid,
    Random,
    Halving,
}

impl Method {
    pub fn words(self) -> &'static str {
        match self {
            Self::Grid => "Every combination of the values; a range needs points",
            Self::Random => "Combinations drawn by chance: better than a grid where only some of the settings matter",
            Self::Halving => {
                "Many settings are trained a little, the best of them longer, and so on up to the epochs of the form"
            }
        }
    }

    fn key(self) -> &'static str {
        match self {
            Self::Grid => "grid",
            Self::Random => "random",
            Self::Halving => "halving",
        }
    }
}

/// How the settings are searched.
#[derive(Clone, Copy, Debug)]
pub struct Search {
    pub method: Method,
    pub trials: usize,
    pub keep: usize,
    pub seeds: usize,
}

/// The description of a sweep over a run, or why there is none.
pub fn description(
    config: &RunConfig,
    out: &Path,
    vary: Vec<(String, Value)>,
    search: Search,
) -> Result<String, String> {
    let mut config = config.clone();
    config.anchor();
    let own = seeds(config.run.seed, search.seeds.max(1));
    config.run.seeds.clear();
    let mut run = Table::try_from(&config).map_err(|error| error.to_string())?;
    // Each trial has a folder of its own below that of the sweep.
    if let Some(run) = run.get_mut("run").and_then(Value::as_table_mut) {
        run.remove("out");
    }
    let mut table = Table::new();
    table.insert("out".to_owned(), Value::String(out.to_string_lossy().into_owned()));
    table.insert("method".to_owned(), Value::String(search.method.key().to_owned()));
    if search.method != Method::Grid {
        table.insert("trials".to_owned(), Value::Integer(search.trials as i64));
    }
    if search.method == Method::Halving {
        table.insert("keep".to_owned(), Value::Integer(search.keep as i64));
    }
    if own.len() > 1 {
        table.insert(
            "seeds".to_owned(),
            Value::Array(own.into_iter().map(|seed| Value::Integer(seed as i64)).collect()),
        );
    }
    if let Some((twice, _)) =
        vary.iter().enumerate().find_map(|(at, one)| vary[..at].iter().find(|known| known.0 == one.0))
    {
        return Err(format!("{twice} varies twice, expected each key once"));
    }
    table.insert("run_file".to_owned(), Value::Table(run));
    table.insert("vary".to_owned(), Value::Table(vary.into_iter().collect()));
    toml::to_string(&table).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sweep::Sweep;
    use crate::train::open::Open;
    use crate::ui::workspace::draft;

    #[test]
    fn what_is_written_is_read_as_the_sweep_that_was_asked_for() {
        let mut config = RunConfig { open: Open::default(), ..draft::empty() };
        config.model.path = Some("/models/tiny".into());
        config.data.train = Path::new("/data/reviews.csv").into();
        let lr = Value::Array(vec![Value::Float(1e-4), Value::Float(1e-3)]);
        let batch = Value::Array(vec![Value::Integer(8), Value::Integer(16), Value::Integer(32)]);
        let vary = || vec![("optim.lr".to_owned(), lr.clone()), ("run.batch".to_owned(), batch.clone())];
        let of = |method, trials, seeds| {
            let search = Search { method, trials, keep: 2, seeds };
            let text = description(&config, Path::new("/runs/several"), vary(), search).unwrap();
            Sweep::of_text(&text, Path::new("sweep.toml")).unwrap()
        };
        let grid = of(Method::Grid, 0, 2);
        assert_eq!((grid.runs(), grid.trials[1].seed), (12, 1));
        assert_eq!(grid.trials[0].config.run.out, Path::new("/runs/several/trial-001-seed-42"));
        assert_eq!(grid.trials[0].config.optim.lr, 1e-4);
        let halving = of(Method::Halving, 4, 1);
        assert_eq!((halving.runs(), halving.times_of_first()), (4 + 2 + 1, 3.0));
        let twice = [vary(), vary()].concat();
        let search = Search { method: Method::Grid, trials: 0, keep: 2, seeds: 1 };
        let error = description(&config, Path::new("/runs/several"), twice, search).unwrap_err();
        assert_eq!(error, "optim.lr varies twice, expected each key once");
    }
}

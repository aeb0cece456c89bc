//! How fast models answer on this machine, on the same texts.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::inspect::{OpenModel, Options, Request};
use crate::train::run;
use crate::worker::work::{Failure, Queue, Tell, Work};

/// Texts that are asked: enough that one long text decides nothing.
const TEXTS: usize = 64;
/// Each model is asked so often after a first time that fills its caches; the fastest counts, as whatever else the machine
/// does only slows it.
const TIMES: u64 = 3;

/// Asks the models of runs for the texts that the first of them was evaluated on.
#[derive(Debug)]
pub struct MeasureSpeed {
    pub dirs: Vec<PathBuf>,
}

impl Work for MeasureSpeed {
    /// Of each run the texts a second, or why it was not measured.
    type Answer = Vec<Result<f64, String>>;

    fn title(&self) -> String {
        "Measuring speed".to_owned()
    }

    fn queue(&self) -> Queue {
        Queue::Compute
    }

    fn perform(&self, tell: Tell<'_>) -> Result<Option<Self::Answer>, Failure> {
        let texts = self.dirs.iter().find_map(|dir| texts(dir)).unwrap_or_default();
        if texts.is_empty() {
            return Err("none of these runs keeps texts that it was evaluated on".into());
        }
        let total = self.dirs.len() as u64 * (TIMES + 1);
        let mut found = Vec::new();
        for (place, dir) in self.dirs.iter().enumerate() {
            let mut go_on = |done: u64| tell("asking the models", place as u64 * (TIMES + 1) + done, total);
            match measured(dir, &texts, &mut go_on) {
                Ok(None) => return Ok(None),
                Ok(Some(speed)) => found.push(Ok(speed)),
                Err(error) => found.push(Err(error.to_string())),
            }
        }
        Ok(Some(found))
    }
}

fn texts(dir: &Path) -> Option<Vec<Request>> {
    let kept = run::read(dir).ok()?.evaluation?;
    let texts = kept.texts.iter().take(TEXTS).map(|(text, pair)| Request { text: text.clone(), pair: pair.clone() });
    Some(texts.collect::<Vec<_>>()).filter(|texts| !texts.is_empty())
}

/// Texts a second; nothing where it was told to stop.
fn measured(
    dir: &Path,
    texts: &[Request],
    go_on: &mut dyn FnMut(u64) -> ControlFlow<()>,
) -> Result<Option<f64>, Failure> {
    let config = run::kept_config(dir)?;
    let model = OpenModel::open(&run::model_folder(dir), Some(config.task))?;
    let options = Options { max_tokens: Some(config.data.max_tokens), ..Options::default() };
    let prepared: Vec<_> = texts.iter().map(|text| model.prepare(text.clone(), &options)).collect::<Result<_, _>>()?;
    let asked: Vec<_> = prepared.iter().collect();
    let mut fastest = f64::INFINITY;
    for time in 0..=TIMES {
        if go_on(time).is_break() {
            return Ok(None);
        }
        let began = Instant::now();
        model.predict(&asked, &options)?;
        if time > 0 {
            fastest = fastest.min(began.elapsed().as_secs_f64());
        }
    }
    Ok(Some(texts.len() as f64 / fastest.max(1e-9)))
}

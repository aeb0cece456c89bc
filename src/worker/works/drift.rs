//! Two models beside each other: what lies between them over many texts, and one layer of both over one text.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;

use crate::analysis::drift::{Both, Drift, Sample, drift, side_by_side};
use crate::analysis::sample::texts;
use crate::data::Dataset;
use crate::inspect::{OpenModel, Request};
use crate::table::{Part, Table};
use crate::train::rows::fill_roles;
use crate::train::run;
use crate::words;
use crate::worker::work::{Failure, Queue, Tell, Work};

/// The model that stands first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Before {
    Folder(PathBuf),
    /// What a run, by its folder, began from.
    BaseOf(PathBuf),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Texts {
    Given(Arc<[Request]>),
    /// Those a run, by its folder, was evaluated on, or of its training file where it has no other.
    OfRun(PathBuf),
}

/// Compares two models over some texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MeasureDrift {
    pub before: Before,
    pub after: PathBuf,
    pub texts: Texts,
}

/// What came of it.
#[derive(Debug)]
pub struct Measured {
    /// The folder of the first model.
    pub before: PathBuf,
    pub texts: Arc<[Request]>,
    pub drift: Drift,
}

/// Rows of the data that are taken.
pub const SAMPLE: usize = 256;

impl Work for MeasureDrift {
    /// Why two models cannot be compared is said where it was asked, not as an error of the session.
    type Answer = Result<Arc<Measured>, String>;

    fn title(&self) -> String {
        let other = match &self.before {
            Before::Folder(dir) => run::model_title(dir),
            Before::BaseOf(_) => "its base".to_owned(),
        };
        format!("Comparing {} with {other}", run::model_title(&self.after))
    }

    fn queue(&self) -> Queue {
        Queue::Compute
    }

    fn is_logged(&self) -> bool {
        true
    }

    fn perform(&self, tell: Tell<'_>) -> Result<Option<Self::Answer>, Failure> {
        match self.measure(tell) {
            Ok(Some(measured)) => Ok(Some(Ok(Arc::new(measured)))),
            Ok(None) => Ok(None),
            Err(failure) => Ok(Some(Err(failure.to_string()))),
        }
    }
}

impl MeasureDrift {
    fn measure(&self, tell: Tell<'_>) -> Result<Option<Measured>, Failure> {
        if tell("opening the models", 0, 0).is_break() {
            return Ok(None);
        }
        let before = self.before.folder()?;
        let texts = self.texts.read()?;
        if texts.is_empty() {
            return Err("there are no texts to compare the models over".into());
        }
        let models = [OpenModel::open_whole(&before)?, OpenModel::open_whole(&self.after)?];
        let sample = Sample { texts: texts.clone(), ..Sample::default() };
        let mut go_on = |done: usize, total: usize| -> ControlFlow<()> { tell("comparing", done as u64, total as u64) };
        let found = drift(&models[0], &models[1], &sample, &mut go_on)?;
        Ok(found.map(|drift| Measured { before, texts, drift }))
    }
}

impl Before {
    fn folder(&self) -> Result<PathBuf, Failure> {
        match self {
            Self::Folder(dir) => Ok(run::model_folder(dir)),
            Self::BaseOf(run) => Ok(run::kept_config(run)?.model_dir()?),
        }
    }
}

impl Texts {
    fn read(&self) -> Result<Arc<[Request]>, Failure> {
        let run = match self {
            Self::Given(texts) => return Ok(texts.clone()),
            Self::OfRun(run) => run,
        };
        let config = run::kept_config(run)?;
        let (inputs, part) = match &config.data.eval {
            Some(held_out) => (held_out, Part::All),
            None => (&config.data.train, Part::Learn),
        };
        let table = Arc::new(Table::open_inputs(inputs, part)?);
        let roles = fill_roles(&config.data.columns, &table, config.task);
        let data = Dataset::new(table, config.task, &roles, None)?;
        let all: Vec<usize> = (0..data.examples.len()).collect();
        Ok(texts(&data, &all, SAMPLE, config.data.split_rule(config.run.seed).seed))
    }
}

/// Looks at one layer of both models over one text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LookAtBoth {
    pub before: PathBuf,
    pub after: PathBuf,
    pub text: Request,
    pub layer: usize,
}

impl Work for LookAtBoth {
    type Answer = Result<Arc<Both>, String>;

    fn title(&self) -> String {
        format!("Looking at {} before and after", words::layer(self.layer))
    }

    fn perform(&self, tell: Tell<'_>) -> Result<Option<Self::Answer>, Failure> {
        if tell("reading the text with both models", 0, 0).is_break() {
            return Ok(None);
        }
        Ok(Some(self.look().map_err(|failure| failure.to_string())))
    }
}

impl LookAtBoth {
    fn look(&self) -> Result<Arc<Both>, Failure> {
        let models = [OpenModel::open_whole(&self.before)?, OpenModel::open_whole(&self.after)?];
        let both = side_by_side([&models[0], &models[1]], &self.text, self.layer, None)?;
        Ok(Arc::new(both.ok_or("the two models have no attention that could be laid side by side")?))
    }
}

//! What preparing a run comes to, and what is told of it on the way.

use std::ops::ControlFlow;
use std::sync::Arc;

use super::TrainError;
use super::config::{RunConfig, Strata};
use super::data_files::DataFiles;
use super::examples::Examples;
use super::open::Open;
use super::probes;
use super::recommend::{self, Settings};
use crate::data::choices::Mended;
use crate::data::{Dataset, LabelSet, Roles};
use crate::model;
use crate::table::{Inputs, Table};
use crate::text::{Length, Tokenizer};

/// Data ready to be learned from.
pub struct Prepared {
    pub tokenizer: Tokenizer,
    pub labels: LabelSet,
    /// The rows learned from and those held out; none where a text is its own lesson.
    pub train_data: Option<Arc<Dataset>>,
    pub eval_data: Option<Arc<Dataset>>,
    pub train: Examples,
    pub eval: Examples,
    /// Examples, or words, of each class among those learned from.
    pub counts: Vec<u64>,
    pub max_tokens: usize,
    /// Sequences that settings are recommended for: those learned from, or of folds as many as each learns from alike.
    pub asked: usize,
    /// What was put right and left out, as the configuration asks.
    pub mended: Vec<Mended>,
    /// What a person should know before the run begins, such as rows that cannot be used.
    pub warnings: Vec<String>,
    /// Those of them without which the result is misread: there is nothing to tell apart, or a class is never learned.
    pub caveats: Vec<String>,
    /// The columns that are read, also those that were guessed.
    pub columns: Roles,
    /// What is evaluated on, also where a name proposed it; none where it is a share of what is learned from.
    pub held_out: Option<Inputs>,
    /// What was read, file by file.
    pub files: DataFiles,
}

impl Prepared {
    /// The configuration with all that was left open filled in with what is used.
    pub fn settled(&self, config: &RunConfig) -> Result<RunConfig, TrainError> {
        let mut config = config.clone();
        config.data.columns = self.columns.clone();
        config.data.eval.clone_from(&self.held_out);
        if config.data.columns.split.as_ref().is_some_and(|name| !name.is_empty()) {
            config.data.strata.get_or_insert(Strata::Learned);
        }
        probes::name_rows(&mut config, self)?;
        if config.open.any() {
            let encoder = model::read_config(&config.model_dir()?)?;
            let recommended = recommend::settings(&config, self.asked, encoder.hidden_size);
            Settings { max_tokens: self.max_tokens, ..recommended }.fill(&mut config);
            config.open = Open::default();
        }
        Ok(config)
    }

    /// Sequences, learned from or held out, that were cut to the length limit.
    pub fn truncated(&self) -> usize {
        self.train.truncated() + self.eval.truncated()
    }
}

/// What is known of a run while it is prepared, in this order and each as soon as it is. Of a plain text, whose lines are
/// never in memory as a whole, there is no table and no data set.
#[derive(Clone, Copy, Debug)]
pub enum Known<'a> {
    Table(&'a Arc<Table>),
    /// The columns that are read, also those that were guessed, and the rows that are learned from.
    Data {
        columns: &'a Roles,
        rows: Option<&'a Arc<Dataset>>,
    },
    Length(Length),
}

/// Who follows while a run is prepared, and may stop it.
pub trait Watch {
    /// Something is being done, so much of it, and of how much; 0 where that is not known.
    fn progress(&mut self, what: &str, done: u64, total: u64) -> ControlFlow<()>;

    fn learn(&mut self, _known: Known<'_>) {}
}

/// What happens while a run is prepared: a name, how much is done, and of how much.
pub type OnProgress<'a> = &'a mut dyn FnMut(&str, u64, u64) -> ControlFlow<()>;

/// One who follows the progress alone.
pub struct Progress<'a>(pub OnProgress<'a>);

impl Watch for Progress<'_> {
    fn progress(&mut self, what: &str, done: u64, total: u64) -> ControlFlow<()> {
        (self.0)(what, done, total)
    }
}

//! Why something cannot be given to other programs.

use std::path::PathBuf;

use crate::hub::HubError;
use crate::inspect::InspectError;
use crate::model::ModelError;
use crate::text::TokenizerError;
use crate::train::TrainError;

#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    #[error("\"{}\" is not a run with a model, expected model/config.json in it, or a model folder", run.display())]
    NoModel { run: PathBuf },
    #[error("\"{}\" has no adapter; a run has one where strategy.kind is lora", run.display())]
    NoAdapter { run: PathBuf },
    #[error("\"{}\" is a model and no run, so it does not say how it was trained; a script needs a run's folder", run.display())]
    NoRun { run: PathBuf },
    #[error("\"{}\" is not empty, expected a new folder or an earlier export of the same kind", to.display())]
    NotEmpty { to: PathBuf },
    #[error("nothing is to be written, expected a format or the script")]
    Nothing,
    #[error("a receipt is checked by transformers, so it needs the format hf beside {formats}")]
    ReceiptNeedsHf { formats: String },
    #[error("the model has no head, so there are no answers that a receipt could hold")]
    NoHead,
    #[error("none of the inputs for the receipt can be read by the model: {reason}")]
    NoInputs { reason: String },
    #[error(
        "sentence-transformers embeds texts, and this model's head is for {heads}; expected a run for classify, multilabel, \
         regress or mlm, or an encoder without a head"
    )]
    EmbedsNothing { heads: String },
    #[error("the graph of a {family} encoder is not written as ONNX; expected hf, which transformers opens")]
    NoGraph { family: &'static str },
    #[error("a script of transformers' Trainer cannot reproduce this run: {reason}")]
    NoScript { reason: String },
    #[error("cannot read \"{}\": {source}", path.display())]
    Read { path: PathBuf, source: std::io::Error },
    #[error("cannot write \"{}\": {source}", path.display())]
    Write { path: PathBuf, source: std::io::Error },
    #[error(transparent)]
    Hub(#[from] HubError),
    #[error(transparent)]
    Model(#[from] ModelError),
    #[error(transparent)]
    Tokenizer(#[from] TokenizerError),
    #[error(transparent)]
    Inspect(#[from] InspectError),
    #[error(transparent)]
    Train(#[from] TrainError),
}

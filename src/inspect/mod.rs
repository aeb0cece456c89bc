//! One text through a trained model: what it predicts, with the definitions of transformers' pipelines, and what it
//! attends to.
//!
//! From the ground up: what is asked (`request.rs`) and what is said (`output.rs`), and how
//! both are written in JSON (`json.rs`); the borrowed model (`predictor.rs`), and
//! one that was opened with its tokenizer (`open.rs`); what each kind of head says (`predict.rs` and the files that it
//! asks); what Explore shows of it (`explore.rs`); and anything asked, for who passes it on (`inquiry.rs`).

pub mod attention;
pub mod explore;
pub mod filling;
pub mod gold;
pub mod guesses;
pub mod inquiry;
pub mod json;
pub mod judging;
pub mod objectives;
pub mod predictor;
pub mod reading;
pub mod squad;
pub mod switches;
pub mod tagging;
pub mod why;

mod answers;
mod entities;
mod error;
mod hiding;
mod lab;
mod masks;
mod open;
mod output;
mod pairs;
mod predict;
mod request;
mod scoring;
mod states;
mod wordtags;

pub use attention::{Attention, attention};
pub use error::InspectError;
pub use explore::{Answer, Ask, Independent, Prediction, Question, answer, explore};
pub use inquiry::{AnyInquiry, Inquiry, Reply};
pub use open::{OpenModel, Script, Subject};
pub use output::{Entity, Filled, LabelScore, Logits, Output, Predicted, Replaced};
pub use predict::Asked;
pub use predictor::{GoOn, Predictor};
pub use request::{Aggregation, Options, Prepared, Request};
pub use states::{Passed, Plane, Pooling, States, pool};

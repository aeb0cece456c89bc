//! One text through a trained model: what it predicts, with the definitions of transformers' pipelines, and what it
//! attends to.

pub mod attention;
pub mod explore;
pub mod filling;
pub mod gold;
pub mod inquiry;
pub mod judging;
pub mod objectives;
pub mod predict;
pub mod predictor;
pub mod reading;
pub mod tagging;

mod answers;
mod entities;
mod error;
mod masks;

pub use attention::{Attention, attention};
pub use entities::Aggregation;
pub use error::InspectError;
pub use explore::{Answer, Ask, GoOn, Independent, Prediction, Question, answer, explore};
pub use inquiry::{AnyInquiry, Inquiry, Reply};
pub use masks::Filled;
pub use predict::{Logits, Options, Output, Predicted, Request};
pub use predictor::{Predictor, Script, Subject};

//! What a run may ask of an encoder that is used as it is: a head on its states, and nothing that changes or replaces it.

use super::TrainError;
use super::config::{Init, LanguageObjective, RunConfig, StrategyKind};
use crate::model::EncoderConfig;
use crate::task::Targets;

/// Refuses what would train such an encoder, and what it does not compute.
pub fn check(config: &RunConfig, encoder: &EncoderConfig) -> Result<(), TrainError> {
    if encoder.frozen.is_none() {
        return Ok(());
    }
    let family = encoder.family.model_type();
    let wrong = |key, value: String, expected: &str| {
        let expected = format!("{expected}, as a {family} encoder is used as it is here");
        Err(TrainError::setting(key, value, &expected))
    };
    let kind = config.strategy.kind;
    if kind != StrategyKind::Head {
        return wrong("strategy.kind", kind.name().to_owned(), "head");
    }
    match config.model.init {
        Init::Pretrained => {}
        Init::Random => return wrong("model.init", "random".to_owned(), "pretrained"),
    }
    let hides_words = config.task.targets() == Targets::Hidden;
    let other = match config.language.objective {
        LanguageObjective::Causal if hides_words => "causal",
        LanguageObjective::Translation if hides_words => "translation",
        LanguageObjective::Masked | LanguageObjective::Causal | LanguageObjective::Translation => return Ok(()),
    };
    wrong("language.objective", other.to_owned(), "masked")
}

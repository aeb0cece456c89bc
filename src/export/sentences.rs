//! A folder of sentence-transformers: the encoder, and how the states of a text's tokens become one vector.
//!
//! The mean is taken, which is what nearly all such models do and what an encoder that was trained for something else gives
//! the most of. A head for words or for answers says nothing of whole texts, and such models are refused.

use serde_json::{Value, json};

use super::ExportError;
use crate::model::{EncoderConfig, HeadKind};

/// Whether the model embeds texts.
pub fn check(config: &EncoderConfig) -> Result<(), ExportError> {
    let heads: Vec<HeadKind> = config.architectures.iter().flat_map(|name| config.family.heads_of(name)).collect();
    let reads_texts = heads.iter().any(|kind| matches!(kind, HeadKind::Sequence | HeadKind::Mask));
    if heads.is_empty() || reads_texts {
        return Ok(());
    }
    let heads: Vec<&str> = heads.iter().map(|kind| kind.words()).collect();
    Err(ExportError::EmbedsNothing { heads: heads.join(" and ") })
}

/// What lies beside the model, by its path.
pub fn files(config: &EncoderConfig, most: usize) -> [(&'static str, Value); 3] {
    let part = |place: usize, path: &str, kind: &str| {
        let kind = format!("sentence_transformers.models.{kind}");
        json!({ "idx": place, "name": place.to_string(), "path": path, "type": kind })
    };
    let pooling = json!({
        "word_embedding_dimension": config.hidden_size,
        "pooling_mode_cls_token": false,
        "pooling_mode_mean_tokens": true,
        "pooling_mode_max_tokens": false,
        "pooling_mode_mean_sqrt_len_tokens": false,
    });
    [
        ("modules.json", json!([part(0, "", "Transformer"), part(1, "1_Pooling", "Pooling")])),
        ("1_Pooling/config.json", pooling),
        ("sentence_bert_config.json", json!({ "max_seq_length": most, "do_lower_case": false })),
    ]
}

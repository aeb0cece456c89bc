//! What an encoder attends to in one text: the attention of every head and the hidden states after every layer, whole for
//! other programs here, and piece by piece for the window (`attention/asked.rs`).

mod asked;
mod flow;
mod heads;
mod map;
mod score;
mod tokens;

use std::collections::HashMap;
use std::path::Path;

use safetensors::Dtype;
use safetensors::tensor::TensorView;

use super::InspectError;
use crate::files::write_atomically;
use crate::model::{Input, Model, Pass};
use crate::text::Tokenizer;

pub use asked::{Attend, Look, Seen, Small, Squares, What, figures, quantized};
pub use flow::MOST_TOKENS as MOST_TOKENS_OF_FLOW;
pub use heads::{Figure, Figures, Gaze, Role};
pub use map::{Between, Lens, Unit, Units};
pub use score::{Parts, Score};
pub use tokens::{Kind, Tokens};

/// All numbers row by row, in the order of the shapes.
#[derive(Clone, Debug, PartialEq)]
pub struct Attention {
    pub tokens: Vec<String>,
    /// First character and the one after the last of each token, in its text.
    pub offsets: Vec<(usize, usize)>,
    /// Tokens that did not fit the model and were cut off.
    pub cut: usize,
    pub layers: usize,
    pub heads: usize,
    pub hidden_size: usize,
    /// (layers, heads, tokens, tokens)
    pub attentions: Vec<f32>,
    /// (layers + 1, tokens, hidden), the embeddings first.
    pub hidden_states: Vec<f32>,
}

/// Runs an encoder over a text or a pair and keeps everything.
pub fn attention(
    model: &Model,
    tokenizer: &Tokenizer,
    text: &str,
    pair: Option<&str>,
) -> Result<Attention, InspectError> {
    let limit = tokenizer.most_tokens(model.config.max_tokens());
    let encoded = tokenizer.encode(text, pair, limit)?;
    let input = Input::single(encoded.ids.clone(), encoded.types.clone());
    let pass = Pass { keep_hidden: true, keep_attention: true, ..Pass::default() };
    let found = model.encode(&input, &pass)?;
    let mut hidden_states = Vec::new();
    for hidden in &found.hidden {
        hidden_states.extend(hidden.flatten_all()?.to_vec1::<f32>()?);
    }
    Ok(Attention {
        layers: found.attentions.len(),
        heads: model.config.num_attention_heads,
        hidden_size: model.config.hidden_size,
        attentions: found.attentions.concat().concat(),
        hidden_states,
        tokens: encoded.tokens,
        offsets: encoded.offsets,
        cut: encoded.cut,
    })
}

impl Attention {
    /// Writes `attentions` and `hidden_states`, with the tokens as JSON in the metadata under `tokens`.
    pub fn save(&self, path: &Path) -> Result<(), InspectError> {
        let tokens = self.tokens.len();
        let states = self.hidden_states.len() / (tokens * self.hidden_size).max(1);
        let bytes = |values: &[f32]| values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>();
        let (attentions, hidden) = (bytes(&self.attentions), bytes(&self.hidden_states));
        let write = || -> std::io::Result<()> {
            let view =
                |shape: Vec<usize>, data| TensorView::new(Dtype::F32, shape, data).map_err(std::io::Error::other);
            let tensors = [
                ("attentions", view(vec![self.layers, self.heads, tokens, tokens], &attentions)?),
                ("hidden_states", view(vec![states, tokens, self.hidden_size], &hidden)?),
            ];
            let metadata = HashMap::from([
                ("tokens".to_owned(), serde_json::to_string(&self.tokens)?),
                ("offsets".to_owned(), serde_json::to_string(&self.offsets)?),
            ]);
            let whole = safetensors::serialize(tensors, Some(metadata)).map_err(std::io::Error::other)?;
            write_atomically(path, |file| file.write_all(&whole))
        };
        write().map_err(|source| InspectError::Write { path: path.to_owned(), source })
    }
}

//! What is kept of the masks for a link, beside the text.

use serde::{Deserialize, Serialize};

use super::Masks;
use crate::ui::panels::explore::keeping::{self, Layer, Unread};
use crate::ui::panels::explore::view::View as _;
use crate::ui::panels::explore::words::Words;

#[derive(Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Kept {
    /// Characters.
    hidden: Vec<(usize, usize)>,
    one_mask: bool,
    candidates: String,
    picks: Vec<usize>,
    /// What is followed through the layers.
    mask: usize,
    word: Option<u32>,
    layer: Option<Layer>,
}

impl Kept {
    pub fn of(view: &Masks) -> Self {
        let picks = if view.to_pick.is_empty() { &view.picks } else { &view.to_pick };
        let (mask, word, layer) = view.layers.looked_at();
        Self {
            hidden: view.hidden.clone(),
            one_mask: view.one_mask,
            candidates: view.candidates.clone(),
            // The likeliest words are shown where nothing was chosen.
            picks: if picks.iter().any(|pick| *pick > 0) { picks.clone() } else { Vec::new() },
            mask,
            word,
            layer: layer.map(Layer),
        }
    }

    pub fn put_into(self, view: &mut Masks, words: &Words) -> Result<(), Unread> {
        keeping::within(&self.hidden, &words.text)?;
        view.forget();
        view.hidden = self.hidden;
        view.one_mask = self.one_mask;
        view.candidates = self.candidates;
        view.to_pick = self.picks;
        view.layers.look_at(self.mask, self.word, self.layer.map(|layer| layer.0));
        Ok(())
    }
}

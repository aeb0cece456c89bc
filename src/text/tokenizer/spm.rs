//! DeBERTa's `spm.model`: a Unigram model of SentencePiece with its special tokens among the pieces, turned into the
//! `tokenizer.json` that `DebertaV2Converter` in transformers makes of it.
//!
//! The mask is no piece: it stands behind them all. Bytes of characters that no piece spells are one unknown token, as
//! transformers' fast tokenizer has it, also where SentencePiece itself would spell them byte by byte.

use serde_json::{Value, json};
use std::path::Path;

use super::TokenizerError;
use super::legacy::{Defaults, Specials, lacks};
use super::specials::{SideFiles, added};
use super::spiece::{Model, Unigram, single_blanks, with_own_tokens};
use super::validate::id_of;

const DEBERTA: Defaults =
    Defaults { unk: "[UNK]", sep: "[SEP]", pad: "[PAD]", cls: "[CLS]", mask: "[MASK]", mask_lstrip: false };

/// DeBERTa's tokenizer.
pub(super) fn pieces(dir: &Path, side: &SideFiles) -> Result<String, TokenizerError> {
    let path = dir.join("spm.model");
    let model = Model::open(&path)?;
    let vocab = model.pieces.iter().map(|piece| json!([piece.text, f64::from(piece.score)])).collect();
    let vocab = Value::Array(vocab);
    let mut specials = Specials::find(&DEBERTA, &vocab, side).map_err(|token| lacks(&path, &token))?;
    add_mask(&mut specials, &vocab, side, model.pieces.len());
    let tokenizer = Unigram {
        added: with_own_tokens(&model, &specials),
        normalizers: normalizers(&model, side),
        parting: parting(side),
        frame: specials.template(),
        unknown: model.unk_id,
        vocab,
    };
    Ok(tokenizer.file())
}

/// The mask is special, and where no file gives it a number it has the one behind the pieces.
fn add_mask(specials: &mut Specials, vocab: &Value, side: &SideFiles, pieces: usize) {
    let mask = side.role("mask_token").unwrap_or(DEBERTA.mask);
    if id_of(vocab, mask).is_some() {
        return;
    }
    let told = specials.added.iter().position(|entry| entry["content"] == mask);
    let entry = told.map(|place| specials.added.remove(place));
    let id = entry.and_then(|entry| u32::try_from(entry["id"].as_u64()?).ok()).unwrap_or(pieces as u32);
    specials.added.push(added(id, mask, Some(&json!({ "special": true }))));
}

fn normalizers(model: &Model, side: &SideFiles) -> Vec<Value> {
    let lower = side.flag("do_lower_case").unwrap_or(false).then(|| json!({ "type": "Lowercase" }));
    let strip = json!({ "type": "Strip", "strip_left": true, "strip_right": true });
    lower.into_iter().chain([strip]).chain(model.charsmap_step()).chain([single_blanks()]).collect()
}

fn parting(side: &SideFiles) -> Vec<Value> {
    let at_signs = side.flag("split_by_punct").unwrap_or(false);
    at_signs.then(|| json!({ "type": "Punctuation", "behavior": "Isolated" })).into_iter().collect()
}

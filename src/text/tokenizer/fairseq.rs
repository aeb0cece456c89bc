//! `sentencepiece.bpe.model` of XLM-RoBERTa and CamemBERT: a Unigram model of SentencePiece whose pieces have the ids
//! that fairseq gave them, turned into a `tokenizer.json`.
//!
//! fairseq has special tokens of its own in front, so every piece stands later than SentencePiece counts it, and the
//! mask stands last. The orders are those of `XLMRobertaConverter` and `CamembertConverter` in transformers. Texts are
//! parted at white space first, as in the `tokenizer.json` that these models are published with: SentencePiece drops
//! the white space that it does not join to a word, also at the end of a text.

use serde_json::{Map, Value, json};
use std::path::Path;

use super::TokenizerError;
use super::legacy::lacks;
use super::source::component;
use super::specials::{SideFiles, added};
use super::spiece::{CONTROL, Model, Unigram, single_blanks};

/// Where the pieces of a model stand in the vocabulary of its embeddings.
struct Order {
    /// What stands in front of the pieces.
    front: &'static [(&'static str, f64)],
    /// Pieces of SentencePiece that are left out in front, because `front` has them.
    left_out: usize,
    /// Tokens that are no text although a text could spell them.
    unused: &'static [&'static str],
}

const XLM_ROBERTA: Order =
    Order { front: &[("<s>", 0.0), ("<pad>", 0.0), ("</s>", 0.0), (UNKNOWN, 0.0)], left_out: 3, unused: &[] };

/// SentencePiece's own unknown piece stands in the vocabulary too and is made all but impossible.
const CAMEMBERT: Order = Order {
    front: &[("<s>NOTUSED", 0.0), ("<pad>", 0.0), ("</s>NOTUSED", 0.0), (UNKNOWN, 0.0), ("<unk>NOTUSED", -100.0)],
    left_out: 1,
    unused: &["<s>NOTUSED", "</s>NOTUSED", "<unk>NOTUSED"],
};

const UNKNOWN: &str = "<unk>";
/// The place of the unknown token, in both orders.
const UNKNOWN_ID: u32 = 3;
const MASK: &str = "<mask>";

/// A token of the vocabulary.
struct Token<'a> {
    text: &'a str,
    score: f64,
    is_control: bool,
}

/// The tokenizer of XLM-RoBERTa, or that of CamemBERT where the folder says that it is one.
pub(super) fn pieces(dir: &Path, side: &SideFiles) -> Result<String, TokenizerError> {
    let path = dir.join("sentencepiece.bpe.model");
    let model = Model::open(&path)?;
    let order = if side.is_camembert() { &CAMEMBERT } else { &XLM_ROBERTA };
    if model.pieces.len() < order.left_out {
        return Err(component(&path, "model", "it has no pieces"));
    }
    let tokens = tokens(&model, order);
    let find = |text: &str| (0_u32..).zip(&tokens).find(|(_, token)| token.text == text).map(|(id, _)| id);
    let named = |role: &str, usual: &str| {
        let text = side.role(role).unwrap_or(usual).to_owned();
        find(&text).map(|id| (text.clone(), id)).ok_or_else(|| lacks(&path, &text))
    };
    let (cls, sep) = (named("cls_token", "<s>")?, named("sep_token", "</s>")?);
    let vocab: Vec<Value> = tokens.iter().map(|token| json!([token.text, token.score])).collect();
    let tokenizer = Unigram {
        added: specials(&tokens, order, side, [&cls, &sep]),
        normalizers: normalizers(&model),
        parting: vec![json!({ "type": "WhitespaceSplit" })],
        frame: frame(&cls, &sep),
        unknown: u64::from(UNKNOWN_ID),
        vocab: Value::Array(vocab),
    };
    Ok(tokenizer.file())
}

/// The whole vocabulary, by id.
fn tokens<'a>(model: &'a Model, order: &Order) -> Vec<Token<'a>> {
    let own = |(text, score): (&'static str, f64)| Token { text, score, is_control: false };
    let piece = |piece: &'a super::spiece::Piece| Token {
        text: piece.text.as_str(),
        score: f64::from(piece.score),
        is_control: piece.kind == CONTROL,
    };
    let front = order.front.iter().copied().map(own);
    front.chain(model.pieces.iter().skip(order.left_out).map(piece)).chain([own((MASK, 0.0))]).collect()
}

/// Entries of `added_tokens`, by id: what plays a part, what is no text, and the control tokens of the model itself.
fn specials(tokens: &[Token<'_>], order: &Order, side: &SideFiles, around: [&(String, u32); 2]) -> Vec<Value> {
    let mut entries = side.added_tokens();
    let parts = [
        side.role("unk_token").unwrap_or(UNKNOWN),
        side.role("pad_token").unwrap_or("<pad>"),
        side.role("mask_token").unwrap_or(MASK),
    ];
    let is_special = |token: &Token<'_>| {
        let text = token.text;
        token.is_control
            || parts.contains(&text)
            || order.unused.contains(&text)
            || around.iter().any(|(name, _)| name == text)
    };
    for (id, token) in (0..).zip(tokens).filter(|(_, token)| is_special(token)) {
        if !entries.iter().any(|entry| entry["content"] == token.text) {
            // As in RoBERTa, the mask takes the space before it along.
            let like = json!({ "special": true, "lstrip": token.text == parts[2] });
            entries.push(added(id, token.text, Some(&like)));
        }
    }
    entries.sort_by_key(|entry| entry["id"].as_u64());
    entries
}

fn normalizers(model: &Model) -> Vec<Value> {
    model.charsmap_step().into_iter().chain([single_blanks()]).collect()
}

/// `<s> A </s>` and `<s> A </s> </s> B </s>`, all in one segment.
fn frame(cls: &(String, u32), sep: &(String, u32)) -> Value {
    let special = |token: &(String, u32)| json!({ "SpecialToken": { "id": token.0, "type_id": 0 } });
    let text = |name: &str| json!({ "Sequence": { "id": name, "type_id": 0 } });
    let single = vec![special(cls), text("A"), special(sep)];
    let mut double = single.clone();
    double.extend([special(sep), text("B"), special(sep)]);
    let tokens: Map<String, Value> = [cls, sep]
        .into_iter()
        .map(|(token, id)| (token.clone(), json!({ "id": token, "ids": [id], "tokens": [token] })))
        .collect();
    json!({ "type": "TemplateProcessing", "single": single, "pair": double, "special_tokens": tokens })
}

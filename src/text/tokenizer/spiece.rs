//! ALBERT's `spiece.model`: pieces with scores in a protobuf, read by hand, and turned into the `tokenizer.json`
//! transformers converts it to.
//!
//! Only the few fields that matter are read; the others are stepped over. Unigram models are the only ones taken.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::TokenizerError;
use super::legacy::{Defaults, Specials, lacks};
use super::source::{component, read};
use super::specials::{SideFiles, added};
use super::validate::MAX_ID;

const ALBERT: Defaults =
    Defaults { unk: "<unk>", sep: "[SEP]", pad: "<pad>", cls: "[CLS]", mask: "[MASK]", mask_lstrip: true };

/// Pieces of this kind are never part of a text. Those that a model's maker defined are left to the scores: being
/// certain, they win, and stay inside their word as SentencePiece has them.
pub(super) const CONTROL: u64 = 3;

#[derive(Debug, Default, PartialEq)]
pub(super) struct Model {
    pub pieces: Vec<Piece>,
    /// 1 is unigram.
    algorithm: Option<u64>,
    pub unk_id: u64,
    charsmap: Vec<u8>,
}

#[derive(Debug, Default, PartialEq)]
pub(super) struct Piece {
    pub text: String,
    pub score: f32,
    pub kind: u64,
}

/// ALBERT's tokenizer.
pub(super) fn pieces(dir: &Path, side: &SideFiles) -> Result<String, TokenizerError> {
    let path = dir.join("spiece.model");
    let model = Model::open(&path)?;
    let vocab: Vec<Value> = model.pieces.iter().map(|piece| json!([piece.text, score(piece)])).collect();
    let vocab = Value::Array(vocab);
    let specials = Specials::find(&ALBERT, &vocab, side).map_err(|token| lacks(&path, &token))?;
    let tokenizer = Unigram {
        added: with_own_tokens(&model, &specials),
        normalizers: normalizers(&model, side),
        parting: vec![json!({ "type": "WhitespaceSplit" })],
        frame: specials.template(),
        unknown: model.unk_id,
        vocab,
    };
    Ok(tokenizer.file())
}

/// What a `tokenizer.json` of a Unigram model is made of.
pub(super) struct Unigram {
    /// The entries of `added_tokens`, by id.
    pub added: Vec<Value>,
    pub normalizers: Vec<Value>,
    /// How a text is parted before its words are given the blank that they begin with.
    pub parting: Vec<Value>,
    /// What stands around a text or two.
    pub frame: Value,
    pub unknown: u64,
    pub vocab: Value,
}

impl Unigram {
    /// The file, whole.
    pub fn file(self) -> String {
        let metaspace = json!({ "type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": true });
        let parting: Vec<Value> = self.parting.into_iter().chain([metaspace.clone()]).collect();
        let file = json!({
            "version": "1.0",
            "truncation": null,
            "padding": null,
            "added_tokens": self.added,
            "normalizer": { "type": "Sequence", "normalizers": self.normalizers },
            "pre_tokenizer": { "type": "Sequence", "pretokenizers": parting },
            "post_processor": self.frame,
            "decoder": metaspace,
            "model": { "type": "Unigram", "unk_id": self.unknown, "vocab": self.vocab, "byte_fallback": false },
        });
        file.to_string()
    }
}

/// ALBERT takes numbers that end in a comma apart, by making such pieces all but impossible.
fn score(piece: &Piece) -> f64 {
    let mut last = piece.text.chars().rev();
    let after_comma = (last.next() == Some(',')).then(|| last.next()).flatten();
    let ends_number = after_comma.is_some_and(char::is_numeric);
    f64::from(piece.score) - if ends_number { 100.0 } else { 0.0 }
}

/// The special tokens and the control tokens of the model itself, by id.
pub(super) fn with_own_tokens(model: &Model, specials: &Specials) -> Vec<Value> {
    let mut entries = specials.added.clone();
    for (id, piece) in (0..).zip(&model.pieces) {
        if piece.kind == CONTROL && !entries.iter().any(|entry| entry["content"] == piece.text) {
            entries.push(added(id, &piece.text, Some(&json!({ "special": true }))));
        }
    }
    entries.sort_by_key(|entry| entry["id"].as_u64());
    entries
}

fn normalizers(model: &Model, side: &SideFiles) -> Vec<Value> {
    let replace = |from: Value, to: &str| json!({ "type": "Replace", "pattern": from, "content": to });
    let mut steps = vec![replace(json!({ "String": "``" }), "\""), replace(json!({ "String": "''" }), "\"")];
    if !side.flag("keep_accents").unwrap_or(false) {
        steps.extend([json!({ "type": "NFKD" }), json!({ "type": "StripAccents" })]);
    }
    if side.flag("do_lower_case").unwrap_or(true) {
        steps.push(json!({ "type": "Lowercase" }));
    }
    steps.extend(model.charsmap_step());
    steps.push(single_blanks());
    steps
}

/// Several blanks in a row are one.
pub(super) fn single_blanks() -> Value {
    json!({ "type": "Replace", "pattern": { "Regex": " {2,}" }, "content": " " })
}

impl Model {
    /// A model that takes texts apart as is done here.
    pub fn open(path: &Path) -> Result<Self, TokenizerError> {
        let model = Self::read(&read(path)?).map_err(|reason| component(path, "content", &reason))?;
        if model.algorithm.unwrap_or(1) != 1 {
            return Err(component(path, "model", "it is not a unigram model"));
        }
        if model.pieces.len() as u64 > MAX_ID {
            return Err(component(path, "model", &format!("it has more than {MAX_ID} pieces")));
        }
        Ok(model)
    }

    /// The normalizer that the model brings along, where it has one.
    pub fn charsmap_step(&self) -> Option<Value> {
        let step = || json!({ "type": "Precompiled", "precompiled_charsmap": STANDARD.encode(&self.charsmap) });
        (!self.charsmap.is_empty()).then(step)
    }

    fn read(bytes: &[u8]) -> Result<Self, String> {
        let mut model = Self::default();
        let mut fields = Fields { bytes, at: 0 };
        while let Some(field) = fields.next()? {
            match field {
                (1, Field::Bytes(piece)) => model.pieces.push(Piece::read(piece)?),
                (2, Field::Bytes(trainer)) => model.read_trainer(trainer)?,
                (3, Field::Bytes(normalizer)) => model.read_normalizer(normalizer)?,
                _ => {}
            }
        }
        Ok(model)
    }

    fn read_trainer(&mut self, bytes: &[u8]) -> Result<(), String> {
        let mut fields = Fields { bytes, at: 0 };
        while let Some(field) = fields.next()? {
            match field {
                (3, Field::Number(algorithm)) => self.algorithm = Some(algorithm),
                (40, Field::Number(id)) => self.unk_id = id,
                _ => {}
            }
        }
        Ok(())
    }

    fn read_normalizer(&mut self, bytes: &[u8]) -> Result<(), String> {
        let mut fields = Fields { bytes, at: 0 };
        while let Some(field) = fields.next()? {
            if let (2, Field::Bytes(charsmap)) = field {
                self.charsmap = charsmap.to_vec();
            }
        }
        Ok(())
    }
}

impl Piece {
    fn read(bytes: &[u8]) -> Result<Self, String> {
        let mut piece = Self { kind: 1, ..Self::default() };
        let mut fields = Fields { bytes, at: 0 };
        while let Some(field) = fields.next()? {
            match field {
                (1, Field::Bytes(text)) => {
                    let text = str::from_utf8(text).map_err(|error| format!("a piece is not UTF-8: {error}"))?;
                    text.clone_into(&mut piece.text);
                }
                (2, Field::Four(score)) => piece.score = f32::from_le_bytes(score),
                (3, Field::Number(kind)) => piece.kind = kind,
                _ => {}
            }
        }
        if !piece.score.is_finite() {
            return Err(format!("the score of {:?} is not a number", piece.text));
        }
        Ok(piece)
    }
}

/// A value of a protobuf field.
enum Field<'a> {
    Number(u64),
    Four([u8; 4]),
    Eight,
    Bytes(&'a [u8]),
}

/// The fields of a protobuf message, one after another.
struct Fields<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Fields<'a> {
    fn next(&mut self) -> Result<Option<(u64, Field<'a>)>, String> {
        if self.at == self.bytes.len() {
            return Ok(None);
        }
        let key = self.varint()?;
        let field = match key & 7 {
            0 => Field::Number(self.varint()?),
            1 => {
                self.take(8)?;
                Field::Eight
            }
            2 => {
                let length = self.varint()?;
                Field::Bytes(self.take(length)?)
            }
            5 => Field::Four(<[u8; 4]>::try_from(self.take(4)?).map_err(|error| error.to_string())?),
            kind => return Err(format!("byte {} starts a field of the unknown kind {kind}", self.at)),
        };
        Ok(Some((key >> 3, field)))
    }

    fn varint(&mut self) -> Result<u64, String> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.take(1)?[0];
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(format!("the number at byte {} is too long", self.at))
    }

    fn take(&mut self, length: u64) -> Result<&'a [u8], String> {
        let rest = &self.bytes[self.at..];
        let taken = usize::try_from(length).ok().and_then(|length| rest.get(..length));
        let taken = taken.ok_or_else(|| format!("it ends inside the field at byte {}", self.at))?;
        self.at += taken.len();
        Ok(taken)
    }
}

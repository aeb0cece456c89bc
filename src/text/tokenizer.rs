//! Text → token ids, with offsets into the text.
//!
//! A tokenizer is read from `tokenizer.json`, else built from the older files of its family, by way of the same JSON:
//! there is one road in. Padding and truncation stored in a file are set aside; how much fits is decided here, as
//! transformers' `truncation=True` decides it, on the side that the files name, and what was cut is counted. Files are untrusted: they are checked
//! first, tried on a few texts, and refused with the name of the component that fails.

mod class;
mod cut;
mod embeddings;
mod error;
mod fairseq;
mod frame;
mod legacy;
mod save;
mod source;
mod specials;
mod spiece;
mod spm;
mod unspaced;
mod validate;
mod words;

use std::path::Path;
use std::sync::OnceLock;

use rayon::prelude::*;
use serde_json::Value;
use tokenizers::{Decoder as _, Encoding, ModelWrapper, NormalizedString, Normalizer as _, PostProcessorWrapper};

use crate::guard::guarded;
pub use class::{Lack, among};
pub use cut::CutSide;
pub use error::TokenizerError;
pub use frame::Frame;
pub use save::COMPANIONS;
pub use source::TokenizerKind;
use source::{component, read};
use specials::{ROLES, SideFiles};
pub use words::{Run, Translation};

/// Texts that reach the corners of normalizers and models: tried once, so that a broken file is refused when it is
/// opened and not in the middle of a run.
const PROBES: [&str; 10] = [
    "",
    " ",
    "Hello world, it's 12,345 o'clock!",
    "Éclair naïve Straße İstanbul a\u{301}\u{323}",
    "日本語の 中文 한국어 ไทย العربية",
    "👩‍👩‍👧‍👦 👍🏽 🇫🇷",
    "\0\u{1}\t\r\n\u{200d}\u{feff}\u{2028}\u{fffd}",
    "ﬁ ½ Ⅷ ﷺ ``quoted''  ①",
    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
    "[CLS] [MASK] <mask> <s> </s> [SEP] [UNK]▁",
];

/// A tokenized text or pair, special tokens included: one entry a token in every list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Encoded {
    pub ids: Vec<u32>,
    /// Segment of each token.
    pub types: Vec<u32>,
    /// First character and the one after the last, in the text or the pair the token is from. Characters are code
    /// points. `(0, 0)` for tokens from neither.
    pub offsets: Vec<(usize, usize)>,
    /// Whether the token was put around the texts. A mask that is written in a text is not.
    pub special: Vec<bool>,
    /// The word of its text a token is part of; a punctuation mark is one, and so is each token of a script that is written
    /// without blanks.
    pub words: Vec<Option<u32>>,
    /// 0 for the text, 1 for its pair.
    pub sequence: Vec<Option<u8>>,
    /// Each token as the vocabulary has it.
    pub tokens: Vec<String>,
    /// Tokens of the texts that the limit cut off.
    pub cut: usize,
}

impl Encoded {
    /// With words of their own where the script has no blanks between them.
    fn parted(mut self, [text, pair]: &[Vec<bool>; 2]) -> Self {
        if !(text.is_empty() && pair.is_empty()) {
            let place = |at: usize| unspaced::Place {
                word: self.words[at],
                sequence: usize::from(self.sequence[at] == Some(1)),
                characters: self.offsets[at],
            };
            self.words = unspaced::part((0..self.words.len()).map(place), [text, pair]);
        }
        self
    }
}

/// Only what training needs of a tokenized text or pair.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EncodedIds {
    pub ids: Vec<u32>,
    pub types: Vec<u32>,
    pub cut: usize,
}

/// Turns text into token ids and back.
#[derive(Clone, Debug)]
pub struct Tokenizer {
    /// Without a post-processor: special tokens are put around texts here, after they are cut.
    inner: tokenizers::Tokenizer,
    /// The same with a space before every word, made when it is first needed.
    spaced: OnceLock<Option<Box<tokenizers::Tokenizer>>>,
    post: Option<PostProcessorWrapper>,
    single: Frame,
    double: Frame,
    kind: TokenizerKind,
    json: String,
    side: SideFiles,
    /// Files beside the tokenizer that other programs need to open it.
    companions: Vec<(String, Vec<u8>)>,
    roles: [Option<(String, u32)>; ROLES.len()],
    max_id: u32,
    /// Which tokens of a text that is too long are left out.
    cut: CutSide,
    /// How many ids the model knows.
    embeddings: usize,
}

/// What the library made of a file.
struct Loaded {
    inner: tokenizers::Tokenizer,
    post: Option<PostProcessorWrapper>,
    single: Frame,
    double: Frame,
}

impl Tokenizer {
    /// Reads the tokenizer of a model folder: `tokenizer.json`, else the older files of its class: `vocab.txt`,
    /// `vocab.json` with `merges.txt`, `spiece.model`, `sentencepiece.bpe.model`, or `spm.model`. A class that is not here
    /// is refused, never replaced.
    pub fn open(dir: &Path) -> Result<Self, TokenizerError> {
        let side = SideFiles::read(dir)?;
        let kind = class::kind(dir, &side)?;
        let path = dir.join(kind.file());
        let json = match kind {
            TokenizerKind::TokenizerJson => legacy::text(&path)?,
            TokenizerKind::VocabTxt => legacy::word_pieces(dir, &side)?,
            TokenizerKind::VocabAndMerges => legacy::byte_pairs(dir, &side)?,
            TokenizerKind::SpieceModel => spiece::pieces(dir, &side)?,
            TokenizerKind::SentencePieceBpe => fairseq::pieces(dir, &side)?,
            TokenizerKind::SpmModel => spm::pieces(dir, &side)?,
        };
        let companions = save::companions(dir)?;
        Self::build(&path, kind, json, side, companions)
    }

    fn build(
        path: &Path,
        kind: TokenizerKind,
        mut json: String,
        side: SideFiles,
        companions: Vec<(String, Vec<u8>)>,
    ) -> Result<Self, TokenizerError> {
        let mut value: Value =
            serde_json::from_str(&json).map_err(|source| TokenizerError::Json { path: path.to_owned(), source })?;
        let cut = CutSide::of(&value, &side).map_err(|(name, reason)| component(path, &name, &reason))?;
        let changed = validate::prepare(&mut value, &side).map_err(|(name, reason)| component(path, &name, &reason))?;
        // Written anew only when changed, so that numbers stay as the file has them.
        if changed {
            json = value.to_string();
        }
        let loaded = load(&json).map_err(|reason| component(path, &blame(&value), &reason))?;
        let vocabulary = loaded.inner.get_vocab(true);
        let specials = loaded.single.special_ids().chain(loaded.double.special_ids());
        let max_id = vocabulary.values().copied().chain(specials).max().unwrap_or_default();
        if u64::from(max_id) >= validate::MAX_ID {
            let reason = format!("it uses the id {max_id}, ids are below {}", validate::MAX_ID);
            return Err(component(path, "post_processor", &reason));
        }
        let roles = std::array::from_fn(|index| {
            let (role, usual) = ROLES[index];
            let named = side.role(role).into_iter().chain(usual.iter().copied());
            named.into_iter().find_map(|token| Some((token.to_owned(), *vocabulary.get(token)?)))
        });
        let Loaded { inner, post, single, double } = loaded;
        let spaced = OnceLock::new();
        let embeddings = usize::MAX;
        Ok(Self { inner, spaced, post, single, double, kind, json, side, companions, roles, max_id, cut, embeddings })
    }

    /// Tokens of a text or a pair with everything known of each, at most `max_tokens` with special tokens.
    pub fn encode(&self, text: &str, pair: Option<&str>, max_tokens: usize) -> Result<Encoded, TokenizerError> {
        let room = self.room(pair.is_some(), max_tokens)?;
        let marks = [unspaced::marks(text), pair.map(unspaced::marks).unwrap_or_default()];
        caught(|| {
            let mut text = self.inner.encode_char_offsets(text, false)?;
            let mut pair = pair.map(|pair| self.inner.encode_char_offsets(pair, false)).transpose()?;
            let before = text.len() + pair.as_ref().map_or(0, Encoding::len);
            let (keep_text, keep_pair) = frame::kept(text.len(), pair.as_ref().map(Encoding::len), room);
            text = self.cut.shortened(text, keep_text);
            pair = pair.map(|pair| self.cut.shortened(pair, keep_pair));
            let framed = frame::process(self.post.as_ref(), text, pair)?;
            Ok(self.described(&framed, before - keep_text - keep_pair).parted(&marks))
        })
        .and_then(|encoded| self.known(encoded, |encoded| &encoded.ids))
    }

    /// The same ids, segments and count without the rest, faster.
    pub fn encode_ids(&self, text: &str, pair: Option<&str>, max_tokens: usize) -> Result<EncodedIds, TokenizerError> {
        let room = self.room(pair.is_some(), max_tokens)?;
        caught(|| {
            let text = self.inner.encode_fast(text, false)?;
            let pair = pair.map(|pair| self.inner.encode_fast(pair, false)).transpose()?;
            let (text, pair) = (text.get_ids(), pair.as_ref().map(Encoding::get_ids));
            let (keep_text, keep_pair) = frame::kept(text.len(), pair.map(<[u32]>::len), room);
            let cut = text.len() + pair.map_or(0, <[u32]>::len) - keep_text - keep_pair;
            let kept_pair = pair.map_or(&[][..], |pair| self.cut.kept(pair, keep_pair));
            let (ids, types) = self.frame(pair.is_some()).wrap(self.cut.kept(text, keep_text), kept_pair);
            Ok(EncodedIds { ids, types, cut })
        })
        .and_then(|encoded| self.known(encoded, |encoded| &encoded.ids))
    }

    /// [`Self::encode_ids`] of many, in order, on all cores.
    pub fn encode_all<T, P>(
        &self,
        texts: &[(T, Option<P>)],
        max_tokens: usize,
    ) -> Result<Vec<EncodedIds>, TokenizerError>
    where
        T: AsRef<str> + Sync,
        P: AsRef<str> + Sync,
    {
        let one = |(text, pair): &(T, Option<P>)| {
            self.encode_ids(text.as_ref(), pair.as_ref().map(AsRef::as_ref), max_tokens)
        };
        texts.par_iter().map(one).collect()
    }

    /// How many tokens a text or a pair has with its special tokens, uncut, and how many of them are unknown.
    pub fn count(&self, text: &str, pair: Option<&str>) -> Result<(usize, usize), TokenizerError> {
        let whole = self.encode_ids(text, pair, usize::MAX)?;
        let unknown = self.unk_id().map_or(0, |unk| whole.ids.iter().filter(|id| **id == unk).count());
        Ok((whole.ids.len(), unknown))
    }

    /// The text of ids, cleaned up where the tokenizer's configuration asks for it.
    pub fn decode(&self, ids: &[u32], skip_special: bool) -> Result<String, TokenizerError> {
        let text = guarded(|| self.inner.decode(ids, skip_special).map_err(|error| error.to_string()))
            .and_then(|text| text)
            .map_err(|reason| TokenizerError::Decode { reason })?;
        let clean = self.side.flag("clean_up_tokenization_spaces").unwrap_or(false);
        Ok(if clean { cleaned(text) } else { text })
    }

    /// The text of tokens as the vocabulary has them, joined by the tokenizer's own rule.
    pub fn join(&self, tokens: Vec<String>) -> Result<String, TokenizerError> {
        let Some(decoder) = self.inner.get_decoder() else { return Ok(tokens.join(" ")) };
        guarded(|| decoder.decode(tokens).map_err(|error| error.to_string()))
            .and_then(|text| text)
            .map_err(|reason| TokenizerError::Decode { reason })
    }

    /// Whether a token that goes on with a word shows it by a prefix, such as `##`.
    pub fn marks_continuation(&self) -> bool {
        match self.inner.get_model() {
            ModelWrapper::WordPiece(model) => !model.continuing_subword_prefix.is_empty(),
            ModelWrapper::BPE(model) => {
                model.continuing_subword_prefix.as_ref().is_some_and(|prefix| !prefix.is_empty())
            }
            ModelWrapper::WordLevel(_) | ModelWrapper::Unigram(_) => false,
        }
    }

    /// How many special tokens stand around a text, or around a pair.
    pub fn special_tokens(&self, is_pair: bool) -> usize {
        self.frame(is_pair).specials()
    }

    /// How many special tokens stand before a text.
    pub fn specials_before_text(&self) -> usize {
        self.single.before.len()
    }

    pub fn id_to_token(&self, id: u32) -> Option<String> {
        self.inner.id_to_token(id)
    }

    pub fn token_to_id(&self, token: &str) -> Option<u32> {
        self.inner.token_to_id(token)
    }

    /// How many tokens there are, added ones included.
    pub fn vocab_size(&self) -> usize {
        self.inner.get_vocab_size(true)
    }

    /// The largest id this tokenizer can give.
    pub fn max_id(&self) -> u32 {
        self.max_id
    }

    pub fn kind(&self) -> TokenizerKind {
        self.kind
    }

    pub fn mask_token(&self) -> Option<&str> {
        self.role("mask_token").map(|(token, _)| token.as_str())
    }

    pub fn mask_id(&self) -> Option<u32> {
        self.role("mask_token").map(|(_, id)| *id)
    }

    pub fn unk_id(&self) -> Option<u32> {
        self.role("unk_token").map(|(_, id)| *id)
    }

    pub fn pad_id(&self) -> Option<u32> {
        self.role("pad_token").map(|(_, id)| *id)
    }

    pub fn cls_id(&self) -> Option<u32> {
        self.role("cls_token").map(|(_, id)| *id)
    }

    pub fn sep_id(&self) -> Option<u32> {
        self.role("sep_token").map(|(_, id)| *id)
    }

    /// Ids of all tokens that play a special part, in no order: masking leaves them alone.
    pub fn special_ids(&self) -> impl Iterator<Item = u32> {
        self.roles.iter().flatten().map(|(_, id)| *id)
    }

    /// Whether capital letters reach the model. `None` where nothing can be said.
    pub fn cased(&self) -> Option<bool> {
        let Some(normalizer) = self.inner.get_normalizer() else { return Some(true) };
        let mut text = NormalizedString::from("ABC");
        let normalized = guarded(|| normalizer.normalize(&mut text).is_ok().then(|| text.get().contains("ABC")));
        normalized.ok().flatten()
    }

    /// Which tokens of a text that is too long are left out.
    pub fn cut_side(&self) -> CutSide {
        self.cut
    }

    /// The longest input by the tokenizer's own files, where they set a limit.
    pub fn model_max_length(&self) -> Option<usize> {
        self.side.model_max_length()
    }

    /// The longest input to a model that takes so many tokens.
    pub fn most_tokens(&self, of_model: usize) -> usize {
        self.model_max_length().unwrap_or(usize::MAX).min(of_model)
    }

    /// What is to be told of sequences of so many tokens, where the tokenizer's own files allow fewer.
    pub fn longer_than_allowed(&self, max_tokens: usize) -> Option<String> {
        let allowed = self.model_max_length().filter(|allowed| *allowed < max_tokens)?;
        Some(format!(
            "sequences have up to {max_tokens} tokens, and the tokenizer's files allow {allowed} (model_max_length): the model may \
             know no more, and is asked about no more afterwards"
        ))
    }

    fn described(&self, framed: &Encoding, cut: usize) -> Encoded {
        let special: Vec<bool> = framed.get_special_tokens_mask().iter().map(|mask| *mask == 1).collect();
        let sequence = framed.get_sequence_ids().into_iter().zip(&special);
        let tokens = framed.get_ids().iter().zip(framed.get_tokens());
        Encoded {
            ids: framed.get_ids().to_vec(),
            types: framed.get_type_ids().to_vec(),
            offsets: framed.get_offsets().to_vec(),
            words: framed.get_word_ids().to_vec(),
            sequence: sequence.map(|(id, special)| id.filter(|_| !special).map(|id| id as u8)).collect(),
            // The encoding has the text an unknown word or a mask stands for, with the space it swallowed.
            tokens: tokens.map(|(id, text)| self.id_to_token(*id).unwrap_or_else(|| text.clone())).collect(),
            special,
            cut,
        }
    }

    fn role(&self, role: &str) -> Option<&(String, u32)> {
        let index = ROLES.iter().position(|(name, _)| *name == role)?;
        self.roles[index].as_ref()
    }

    /// What stands around a text, or around and between two.
    pub fn frame(&self, is_pair: bool) -> &Frame {
        if is_pair { &self.double } else { &self.single }
    }

    /// Tokens left for the texts themselves.
    fn room(&self, is_pair: bool, max_tokens: usize) -> Result<usize, TokenizerError> {
        let special = self.special_tokens(is_pair);
        max_tokens.checked_sub(special).ok_or(TokenizerError::LimitTooSmall { max_tokens, special })
    }
}

/// Loads a checked file and tries it on the probes.
fn load(json: &str) -> Result<Loaded, String> {
    let text = |error: tokenizers::Error| error.to_string();
    guarded(|| {
        let mut inner = tokenizers::Tokenizer::from_bytes(json).map_err(text)?;
        let post = inner.get_post_processor().cloned();
        inner.with_post_processor(None::<PostProcessorWrapper>);
        let unframed = || "it does not keep each text whole, once and in order".to_owned();
        let single = Frame::of(post.as_ref(), false).ok_or_else(unframed)?;
        let double = Frame::of(post.as_ref(), true).ok_or_else(unframed)?;
        for probe in PROBES {
            let encoding = inner.encode_char_offsets(probe, false).map_err(text)?;
            inner.decode(encoding.get_ids(), true).map_err(text)?;
            frame::process(post.as_ref(), encoding.clone(), Some(encoding)).map_err(text)?;
        }
        Ok(Loaded { inner, post, single, double })
    })
    .and_then(|loaded| loaded)
}

/// The component at fault: the first without which the file can be used.
fn blame(json: &Value) -> String {
    let optional = ["normalizer", "pre_tokenizer", "post_processor", "decoder"];
    let guilty = optional.into_iter().find(|name| {
        let mut without = json.clone();
        let had = std::mem::take(&mut without[*name]);
        !had.is_null() && load(&without.to_string()).is_ok()
    });
    let Some(name) = guilty else { return "model".to_owned() };
    match json[name]["type"].as_str() {
        Some(kind) => format!("{name} {kind}"),
        None => name.to_owned(),
    }
}

/// Runs the library on a text. The probes cannot show every panic, so each use is caught.
fn caught<T>(work: impl FnOnce() -> tokenizers::Result<T>) -> Result<T, TokenizerError> {
    guarded(|| work().map_err(|error| error.to_string()))
        .and_then(|outcome| outcome)
        .map_err(|reason| TokenizerError::Encode { reason })
}

/// transformers' `clean_up_tokenization`.
fn cleaned(text: String) -> String {
    let marks = [
        (" .", "."),
        (" ?", "?"),
        (" !", "!"),
        (" ,", ","),
        (" ' ", "'"),
        (" n't", "n't"),
        (" 'm", "'m"),
        (" 's", "'s"),
        (" 've", "'ve"),
        (" 're", "'re"),
    ];
    marks.into_iter().fold(text, |text, (from, to)| text.replace(from, to))
}

#[cfg(test)]
mod tests;

//! On which side a text that is too long is cut: transformers' `truncation_side`.
//!
//! `tokenizer_config.json` says it, else the truncation that is kept in `tokenizer.json`. A tokenizer that keeps the last
//! tokens (of a dialogue, of a log) was trained to read those, so that cutting on the usual side would show its model texts
//! that it never learned from. Windows over a long text leave nothing out and know no side; padding has none here either.

use serde_json::Value;
use tokenizers::{Encoding, TruncationDirection};

use super::specials::SideFiles;
use super::validate::Refusal;

/// The key in `tokenizer_config.json`.
pub(super) const KEY: &str = "truncation_side";

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CutSide {
    /// The first tokens are kept.
    #[default]
    Right,
    /// The last tokens are kept.
    Left,
}

impl CutSide {
    /// As the files say.
    pub(super) fn of(json: &Value, side: &SideFiles) -> Result<Self, Refusal> {
        let refused = |value: &Value| (KEY.to_owned(), format!("it is {value}, expected \"right\" or \"left\""));
        if let Some(value) = side.config.get(KEY).filter(|value| !value.is_null()) {
            return match value.as_str() {
                Some("right") => Ok(Self::Right),
                Some("left") => Ok(Self::Left),
                Some(_) | None => Err(refused(value)),
            };
        }
        let kept = &json["truncation"]["direction"];
        match kept.as_str() {
            Some("Right") => Ok(Self::Right),
            Some("Left") => Ok(Self::Left),
            None if kept.is_null() => Ok(Self::Right),
            Some(_) | None => Err(refused(kept)),
        }
    }

    /// As the files say it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Right => "right",
            Self::Left => "left",
        }
    }

    /// Which tokens of a text are kept, in a word.
    pub fn kept_word(self) -> &'static str {
        match self {
            Self::Right => "first",
            Self::Left => "last",
        }
    }

    /// What is kept of a text.
    pub fn kept<T>(self, tokens: &[T], keep: usize) -> &[T] {
        match self {
            Self::Right => &tokens[..keep],
            Self::Left => &tokens[tokens.len() - keep..],
        }
    }

    pub(super) fn shortened(self, mut encoding: Encoding, keep: usize) -> Encoding {
        if keep < encoding.len() {
            let direction = match self {
                Self::Right => TruncationDirection::Right,
                Self::Left => TruncationDirection::Left,
            };
            encoding.truncate(keep, 0, direction);
            encoding.set_overflowing(Vec::new());
        }
        encoding
    }
}

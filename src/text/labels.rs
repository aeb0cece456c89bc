//! What a sequence of tokens teaches: the labels that a loss is of. What a row teaches, in words, tags and answers, is
//! [`Target`]; the two are different things, and [`super::features()`] makes one of the other.

use crate::data::Target;

#[derive(Clone, Debug, Default, PartialEq)]
pub enum Labels {
    /// Nothing: the sequence is only to be predicted, or its labels are drawn when it is learned from.
    #[default]
    None,
    /// One class.
    Class(u32),
    /// Any number of classes, as sorted indices.
    Classes(Vec<u32>),
    Value(f32),
    /// One class for each token; `None` is ignored by the loss.
    Tokens(Vec<Option<u32>>),
    /// First and last token of the answer.
    Span {
        start: u32,
        end: u32,
    },
}

impl Labels {
    /// Those of a row whose target is of the whole text. Tags and answers are of places in it, which only its tokens have.
    pub fn of_text(target: &Target) -> Self {
        match target {
            Target::Class(class) => Self::Class(*class),
            Target::Classes(classes) => Self::Classes(classes.clone()),
            Target::Value(value) => Self::Value(*value),
            Target::None | Target::Tags(_) | Target::Answers(_) => Self::None,
        }
    }
}

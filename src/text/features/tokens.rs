//! The tokens of one sequence: its own, or a question's with a part of a context. A context is tokenized once, and all
//! windows over it share what it came to: a long one has a thousand of them for each of its questions.

use std::borrow::Cow;
use std::fmt;
use std::ops::{Deref, Range};
use std::sync::Arc;

use crate::text::tokenizer::Frame;
use crate::text::{Tokenizer, TokenizerError};

/// Ids and segments of one sequence, special tokens included.
#[derive(Clone, Debug)]
pub enum Tokens {
    /// Its own.
    Own { ids: Vec<u32>, types: Vec<u32> },
    /// A question with a part of a context, put together when it is read.
    Window { around: Arc<Around>, part: Part },
}

impl Tokens {
    pub fn len(&self) -> usize {
        match self {
            Self::Own { ids, .. } => ids.len(),
            Self::Window { around, part } => around.tokens() + part.len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn ids(&self) -> Cow<'_, [u32]> {
        match self {
            Self::Own { ids, .. } => Cow::Borrowed(ids.as_slice()),
            Self::Window { around, part } => Cow::Owned(around.with(|token| token.0, part.ids().iter().copied())),
        }
    }

    /// Segment of each token.
    pub fn types(&self) -> Cow<'_, [u32]> {
        match self {
            Self::Own { types, .. } => Cow::Borrowed(types.as_slice()),
            Self::Window { around, part } => {
                Cow::Owned(around.with(|token| token.1, std::iter::repeat_n(around.within, part.len())))
            }
        }
    }

    /// Puts others in the place of the ids; segments stay.
    pub fn set_ids(&mut self, ids: Vec<u32>) {
        match self {
            Self::Own { ids: own, .. } => *own = ids,
            Self::Window { .. } => *self = Self::Own { types: self.types().into_owned(), ids },
        }
    }
}

impl PartialEq for Tokens {
    fn eq(&self, other: &Self) -> bool {
        self.ids() == other.ids() && self.types() == other.types()
    }
}

/// What stands in every window of a question: special tokens, and before the context the question. Each is an id with
/// its segment.
#[derive(Debug)]
pub struct Around {
    before: Vec<(u32, u32)>,
    /// The segment of the context.
    within: u32,
    after: Vec<(u32, u32)>,
}

impl Around {
    pub fn new(frame: &Frame, question: &[u32]) -> Self {
        let question = question.iter().map(|id| (*id, frame.text_type));
        let before = frame.before.iter().copied().chain(question).chain(frame.between.iter().copied());
        Self { before: before.collect(), within: frame.pair_type, after: frame.after.clone() }
    }

    pub fn tokens(&self) -> usize {
        self.before.len() + self.after.len()
    }

    /// The place of the context's first token.
    pub fn first(&self) -> usize {
        self.before.len()
    }

    /// Ids or segments of a window, given those of its part of the context.
    fn with(&self, of: fn(&(u32, u32)) -> u32, context: impl Iterator<Item = u32>) -> Vec<u32> {
        self.before.iter().map(of).chain(context).chain(self.after.iter().map(of)).collect()
    }
}

/// A context, tokenized: one entry a token in every list.
pub struct Context {
    ids: Vec<u32>,
    /// First character of each token and the one after its last.
    offsets: Vec<(u32, u32)>,
}

impl Context {
    pub fn read(text: &str, tokenizer: &Tokenizer) -> Result<Self, TokenizerError> {
        let encoded = tokenizer.encode(text, None, usize::MAX)?;
        let own: Vec<usize> = (0..encoded.ids.len()).filter(|index| encoded.sequence[*index] == Some(0)).collect();
        let characters = |(start, end): (usize, usize)| (start as u32, end as u32);
        Ok(Self {
            ids: own.iter().map(|index| encoded.ids[*index]).collect(),
            offsets: own.iter().map(|index| characters(encoded.offsets[*index])).collect(),
        })
    }

    pub fn tokens(&self) -> usize {
        self.ids.len()
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a context of {} tokens", self.tokens())
    }
}

/// A run of a context's tokens.
#[derive(Clone, Debug)]
pub struct Part {
    context: Arc<Context>,
    tokens: Range<usize>,
}

impl Part {
    pub fn new(context: &Arc<Context>, tokens: Range<usize>) -> Self {
        Self { context: Arc::clone(context), tokens }
    }

    pub fn len(&self) -> usize {
        self.tokens.len()
    }

    pub fn is_empty(&self) -> bool {
        self.tokens.is_empty()
    }

    fn ids(&self) -> &[u32] {
        &self.context.ids[self.tokens.clone()]
    }
}

/// The first character of each token of a part and the one after its last.
#[derive(Clone, Debug)]
pub struct Offsets(pub Part);

impl Deref for Offsets {
    type Target = [(u32, u32)];

    fn deref(&self) -> &Self::Target {
        &self.0.context.offsets[self.0.tokens.clone()]
    }
}

impl PartialEq for Offsets {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

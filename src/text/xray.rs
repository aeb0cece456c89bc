//! One example as a model reads it: its pieces with their ids, segments and words, what is learned of each, the windows
//! they are laid in, and what a length limit cuts off.

use std::ops::Range;

use super::features::{Unfit, shortened};
use super::windows::{NoRoom, windows, word_windows};
use super::{CutSide, Length, Tokenizer, TokenizerError};
use crate::data::entities::Kinds;
use crate::data::{Dataset, Target};
use crate::task::{Reads, Targets, Task};
use crate::text::TextError;

/// An example, whole: pieces that a limit cuts off are there too.
#[derive(Clone, Debug, PartialEq)]
pub struct Xray {
    /// Index into the dataset's examples.
    pub example: usize,
    pub task: Task,
    pub length: Length,
    pub pieces: Vec<Piece>,
    /// What the model reads at once; one for all but long sentences with tags and long contexts.
    pub windows: Vec<Window>,
    /// Pieces that lie in no window.
    pub cut: usize,
    /// Pieces that the vocabulary does not know.
    pub unknown: usize,
    pub words: usize,
    /// Types of entities, in the order of [`Role::Tag`].
    pub kinds: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    pub token: String,
    pub id: u32,
    pub segment: u32,
    /// 0 for the text, 1 for its pair or context; special tokens are of neither.
    pub part: Option<u8>,
    /// Whether a word begins here. Words are those of the file where it has words, else what the tokenizer splits at.
    pub starts_word: bool,
    pub is_unknown: bool,
    pub role: Role,
}

/// What is learned of a piece.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Role {
    /// Nothing of it alone.
    None,
    /// The first piece of a word carries the word's tag.
    Tag {
        name: String,
        /// The type of the entity it is in.
        kind: Option<usize>,
    },
    /// A further piece of a tagged word, which the loss leaves out.
    Ignored,
    /// Part of the answer.
    Answer,
}

/// A part of an example that fits the model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    /// Indices of pieces, in the order in which the model reads them.
    pub pieces: Vec<u32>,
    /// Of words with tags: the pieces whose words are predicted here and in no other window.
    pub own: Option<Range<u32>>,
    /// Of a question: whether the whole answer lies in it.
    pub has_answer: bool,
}

impl Window {
    /// The first and the last piece of the text that slides, without what stands around it.
    pub fn extent(&self, xray: &Xray) -> Option<(u32, u32)> {
        let sliding = u8::from(xray.task.reads() == Reads::Question);
        let mut inside = self
            .pieces
            .iter()
            .copied()
            .filter(|&piece| xray.pieces.get(piece as usize).is_some_and(|piece| piece.part == Some(sliding)));
        let first = inside.next()?;
        Some((first, inside.next_back().unwrap_or(first)))
    }
}

/// Looks at an example with a tokenizer, for a length limit.
pub fn xray(dataset: &Dataset, example: usize, tokenizer: &Tokenizer, length: Length) -> Result<Xray, TextError> {
    let looked = match dataset.task.reads() {
        Reads::Words => of_words(dataset, example, tokenizer, length),
        Reads::Question => of_question(dataset, example, tokenizer, length),
        Reads::Texts | Reads::Running | Reads::Neighbours(_) => {
            of_text(dataset, example, tokenizer, length).map_err(Unfit::from)
        }
    };
    let (pieces, windows) = looked.map_err(|unfit| unfit.in_row(dataset, example))?;
    let mut kept = vec![false; pieces.len()];
    for piece in windows.iter().flat_map(|window| &window.pieces) {
        kept[*piece as usize] = true;
    }
    Ok(Xray {
        example,
        task: dataset.task,
        length,
        cut: kept.iter().filter(|kept| !**kept).count(),
        unknown: pieces.iter().filter(|piece| piece.is_unknown).count(),
        words: pieces.iter().filter(|piece| piece.starts_word && piece.part.is_some()).count(),
        kinds: if dataset.task.targets() == Targets::Tags { Kinds::of(&dataset.labels).names } else { Vec::new() },
        pieces,
        windows,
    })
}

type Looked = (Vec<Piece>, Vec<Window>);

/// The pieces of a text or a pair, uncut.
fn pieces_of(text: &str, pair: Option<&str>, tokenizer: &Tokenizer) -> Result<Vec<Piece>, TokenizerError> {
    let encoded = tokenizer.encode(text, pair, usize::MAX)?;
    let unk = tokenizer.unk_id();
    let starts = |at: usize| {
        let before = at.checked_sub(1);
        before.is_none_or(|before| {
            encoded.words[before] != encoded.words[at] || encoded.sequence[before] != encoded.sequence[at]
        })
    };
    let piece = |at: usize| Piece {
        token: encoded.tokens[at].clone(),
        id: encoded.ids[at],
        segment: encoded.types[at],
        part: encoded.sequence[at],
        starts_word: starts(at),
        is_unknown: Some(encoded.ids[at]) == unk,
        role: Role::None,
    };
    Ok((0..encoded.ids.len()).map(piece).collect())
}

fn of_text(dataset: &Dataset, example: usize, tokenizer: &Tokenizer, length: Length) -> Result<Looked, TokenizerError> {
    let (text, pair) = (dataset.text(example), dataset.pair(example));
    let pieces = pieces_of(text, pair, tokenizer)?;
    let kept = tokenizer.encode(text, pair, length.max_tokens)?;
    // The pieces of each text on one side are kept, and what stands around them.
    let mut places = [0, 1].map(|part| {
        let left = kept.sequence.iter().filter(|sequence| **sequence == Some(part)).count();
        let cut = pieces.iter().filter(|piece| piece.part == Some(part)).count() - left;
        match tokenizer.cut_side() {
            CutSide::Right => (0, 0..left),
            CutSide::Left => (0, cut..cut + left),
        }
    });
    let mut keep = |piece: &Piece| {
        let Some((at, kept)) = piece.part.and_then(|part| places.get_mut(usize::from(part))) else { return true };
        let keep = kept.contains(at);
        *at += 1;
        keep
    };
    let kept = (0_u32..).zip(&pieces).filter(|(_, piece)| keep(piece)).map(|(place, _)| place).collect();
    Ok((pieces, vec![Window { pieces: kept, own: None, has_answer: false }]))
}

fn of_words(dataset: &Dataset, example: usize, tokenizer: &Tokenizer, length: Length) -> Result<Looked, Unfit> {
    let of_word = tokenizer.encode_words(&dataset.words(example))?;
    let tags = match &dataset.examples[example].target {
        Target::Tags(tags) => Some(tags.as_slice()),
        _ => None,
    };
    let special = tokenizer.special_tokens(false);
    let room = length.max_tokens.saturating_sub(special);
    if room == 0 {
        return Err(NoRoom { tokens: special, max_tokens: length.max_tokens }.into());
    }
    let ids: Vec<u32> = of_word.iter().flatten().copied().collect();
    let (framed, types) = tokenizer.frame_ids(&ids, None);
    let before = tokenizer.specials_before_text();
    let (kinds, unk) = (Kinds::of(&dataset.labels), tokenizer.unk_id());
    // The word of each piece, and its place in it.
    let places: Vec<(usize, usize)> =
        of_word.iter().enumerate().flat_map(|(word, pieces)| (0..pieces.len()).map(move |at| (word, at))).collect();
    let role = |word: usize, at: usize| match (tags, at) {
        (None, _) => Role::None,
        (Some(tags), 0) => tags.get(word).map_or(Role::None, |&tag| Role::Tag {
            name: dataset.labels.names.get(tag as usize).cloned().unwrap_or_default(),
            kind: kinds.of_tag(tag),
        }),
        (Some(_), _) => Role::Ignored,
    };
    let pieces = framed.iter().zip(types).enumerate().map(|(index, (&id, segment))| {
        let place = index.checked_sub(before).and_then(|at| places.get(at));
        Piece {
            token: tokenizer.id_to_token(id).unwrap_or_default(),
            id,
            segment,
            part: place.map(|_| 0),
            starts_word: place.is_none_or(|(_, at)| *at == 0),
            is_unknown: Some(id) == unk,
            role: place.map_or(Role::None, |&(word, at)| role(word, at)),
        }
    });
    let pieces: Vec<Piece> = pieces.collect();
    let lengths: Vec<usize> = of_word.iter().map(Vec::len).collect();
    // Where each word begins among all pieces.
    let mut starts = vec![before];
    starts.extend(lengths.iter().scan(before, |end, length| {
        *end += length;
        Some(*end)
    }));
    let windows = word_windows(&lengths, room, length.stride).into_iter().map(|window| {
        let inside = window.words.clone().flat_map(|word| starts[word]..starts[word] + lengths[word].min(room));
        let after = before + places.len()..pieces.len();
        Window {
            pieces: (0..before).chain(inside).chain(after).map(|place| place as u32).collect(),
            own: Some(starts[window.own.start] as u32..starts[window.own.end] as u32),
            has_answer: false,
        }
    });
    let windows = windows.collect();
    Ok((pieces, windows))
}

fn of_question(dataset: &Dataset, example: usize, tokenizer: &Tokenizer, length: Length) -> Result<Looked, Unfit> {
    let context = dataset.pair(example).unwrap_or_default();
    let (question, _) = shortened(dataset.text(example).trim_start(), tokenizer, length.max_tokens)?;
    let mut pieces = pieces_of(question, Some(context), tokenizer)?;
    let encoded = tokenizer.encode(question, Some(context), usize::MAX)?;
    // Training learns the first answer.
    if let Target::Answers(answers) = &dataset.examples[example].target
        && let Some(answer) = answers.first()
    {
        let end = answer.start + answer.text.chars().count();
        for (piece, offsets) in pieces.iter_mut().zip(&encoded.offsets) {
            if piece.part == Some(1) && offsets.0 < end && offsets.1 > answer.start {
                piece.role = Role::Answer;
            }
        }
    }
    let of_answer = pieces.iter().filter(|piece| piece.role == Role::Answer).count();
    let windows = windows(&encoded, 1, length.max_tokens, length.stride)?;
    let windows = windows.into_iter().map(|window| {
        let inside = window.iter().filter(|piece| pieces[**piece].role == Role::Answer).count();
        Window {
            has_answer: of_answer > 0 && inside == of_answer,
            pieces: window.into_iter().map(|place| place as u32).collect(),
            own: None,
        }
    });
    let windows = windows.collect();
    Ok((pieces, windows))
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;
    use std::path::Path;

    use super::*;
    use crate::data::Roles;
    use crate::data::dataset::tests::{roles, table};
    use crate::text::{Labels, features};

    fn tokenizer(model: &str) -> Tokenizer {
        Tokenizer::open(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(model)).unwrap()
    }

    /// What is shown is what is trained on: the same ids and segments, window by window.
    fn assert_as_trained(dataset: &Dataset, tokenizer: &Tokenizer, length: Length) {
        for example in 0..dataset.examples.len() {
            let mut go_on = |_| ControlFlow::Continue(());
            let trained = features(dataset, &[example], tokenizer, length, &mut go_on).unwrap().unwrap();
            let shown = xray(dataset, example, tokenizer, length).unwrap();
            assert_eq!(shown.windows.len(), trained.len());
            for (window, trained) in shown.windows.iter().zip(&trained) {
                let pieces: Vec<&Piece> = window.pieces.iter().map(|piece| &shown.pieces[*piece as usize]).collect();
                assert_eq!(pieces.iter().map(|piece| piece.id).collect::<Vec<_>>(), *trained.tokens.ids());
                assert_eq!(pieces.iter().map(|piece| piece.segment).collect::<Vec<_>>(), *trained.tokens.types());
                match &trained.labels {
                    Labels::Tokens(targets) => {
                        let own = window.own.clone().unwrap();
                        for ((place, piece), target) in window.pieces.iter().zip(&pieces).zip(targets) {
                            let tag = match &piece.role {
                                Role::Tag { name, .. } if own.contains(place) => dataset.labels.index(name),
                                _ => None,
                            };
                            assert_eq!(tag.map(|tag| tag as u32), *target, "{piece:?}");
                        }
                    }
                    Labels::Span { start, end } => {
                        assert_eq!(window.has_answer, (*start, *end) != (0, 0));
                        let answer: Vec<usize> =
                            (0..pieces.len()).filter(|place| pieces[*place].role == Role::Answer).collect();
                        if window.has_answer {
                            assert_eq!(answer, (*start as usize..=*end as usize).collect::<Vec<_>>());
                        }
                    }
                    _ => assert_eq!(shown.cut, trained.cut),
                }
            }
        }
    }

    #[test]
    fn texts_and_pairs_are_shown_as_they_are_trained_on() {
        let text =
            "text,pair,label\nthe film was wonderful and long,a short one,1\nfine,the end of a very long day,0\n";
        let single = Dataset::new(table(text), Task::Classify, &roles("text", Some("label")), None).unwrap();
        let roles = Roles { pair: Some("pair".into()), ..roles("text", Some("label")) };
        let double = Dataset::new(table(text), Task::Classify, &roles, None).unwrap();
        // One that keeps the end of what is too long.
        let folder = tempfile::tempdir().unwrap();
        let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/bert-classify/tokenizer.json");
        std::fs::copy(own, folder.path().join("tokenizer.json")).unwrap();
        std::fs::write(folder.path().join("tokenizer_config.json"), "{\"truncation_side\": \"left\"}").unwrap();
        let left = Tokenizer::open(folder.path()).unwrap();
        let usual = ["bert-classify", "roberta-classify", "albert-classify"].map(tokenizer);
        for tokenizer in usual.into_iter().chain([left]) {
            for max_tokens in [5, 8, 12, 64] {
                let length = Length { max_tokens, stride: 2 };
                assert_as_trained(&single, &tokenizer, length);
                assert_as_trained(&double, &tokenizer, length);
            }
        }
    }

    #[test]
    fn words_carry_their_tags_and_lie_in_windows() {
        let text = "{\"tokens\": [\"Ada\", \"Lovelace\", \"visited\", \"wonderful\", \"New\", \"Yorkshire\"], \
                    \"tags\": [\"B-PER\", \"I-PER\", \"O\", \"O\", \"B-LOC\", \"I-LOC\"]}\n\
                    {\"tokens\": [\"fine\"], \"tags\": [\"O\"]}\n";
        let roles = Roles { tokens: Some("tokens".into()), tags: Some("tags".into()), ..Roles::default() };
        let dataset = Dataset::new(table(text), Task::Ner, &roles, None).unwrap();
        for model in ["bert-ner", "roberta-ner", "albert-ner"] {
            let tokenizer = tokenizer(model);
            for max_tokens in [4, 7, 12, 64] {
                assert_as_trained(&dataset, &tokenizer, Length { max_tokens, stride: 2 });
            }
            let whole = xray(&dataset, 0, &tokenizer, Length { max_tokens: 64, stride: 2 }).unwrap();
            assert_eq!((whole.words, whole.cut, whole.kinds.len()), (6, 0, 2));
            let tags = whole.pieces.iter().filter(|piece| matches!(piece.role, Role::Tag { .. })).count();
            assert_eq!(tags, 6, "one for each word");
        }
    }

    #[test]
    fn questions_show_their_answer_and_the_windows_that_have_it() {
        let context = "the river is long . the town lies on the river . it has a bridge and a church";
        let text =
            format!("question\tcontext\tanswers\nwhere is the town ?\t{context}\ton the river\nwho ?\t{context}\t\n");
        let roles = Roles {
            question: Some("question".into()),
            context: Some("context".into()),
            answers: Some("answers".into()),
            ..Roles::default()
        };
        let dataset = Dataset::new(table(&text), Task::Qa, &roles, None).unwrap();
        for model in ["bert-qa", "roberta-qa"] {
            let tokenizer = tokenizer(model);
            for max_tokens in [24, 40, 256] {
                assert_as_trained(&dataset, &tokenizer, Length { max_tokens, stride: 6 });
            }
            let shown = xray(&dataset, 0, &tokenizer, Length { max_tokens: 24, stride: 6 }).unwrap();
            assert!(shown.windows.len() > 1 && shown.windows.iter().any(|window| window.has_answer));
            let (first, last) = shown.windows[0].extent(&shown).unwrap();
            assert!(first < last && shown.pieces[first as usize].part == Some(1));
        }
    }

    #[test]
    fn a_limit_without_room_names_the_line() {
        let dataset = Dataset::new(table("text,label\na,x\n"), Task::Classify, &roles("text", Some("label")), None);
        let error = xray(&dataset.unwrap(), 0, &tokenizer("bert-classify"), Length { max_tokens: 1, stride: 0 });
        assert!(error.unwrap_err().to_string().contains("line 2"));
    }
}

//! One text and every way to make a training signal from it: what the model is asked, what it should say, and what it
//! says with the heads it really has. Nothing is trained here.
//!
//! What is hidden is drawn by the same function as in training; a draw is a function of the seed, so that it can be
//! looked at again.

use super::{InspectError, Predictor, Question};
use crate::corpus::masking::{Cover, MaskStyle, Masking, next_tokens};
use crate::model::probability::{sigmoid, softmax};
use crate::model::{Family, HeadKind, Input, Pass};
use crate::random::{self, Purpose, Stream};
use crate::task::Task;
use crate::text::tokenizer::Encoded;

/// How the text is turned into a lesson.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LabAsk {
    pub seed: u64,
    /// Share of the tokens that is hidden or replaced.
    pub share: f64,
}

impl Default for LabAsk {
    fn default() -> Self {
        Self { seed: 1, share: 0.15 }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Lab {
    pub objectives: Vec<Objective>,
    /// Tokens of the text that did not fit.
    pub cut: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    Masked(MaskStyle),
    /// Each next token from those before it.
    Causal,
    /// Masked words in a text and its translation, each with positions of its own.
    Translation,
    NextSentence,
    SentenceOrder,
    Replaced,
}

/// One way to make a lesson.
#[derive(Clone, Debug, PartialEq)]
pub struct Objective {
    pub kind: Kind,
    /// The head that answers.
    pub head: Task,
    pub standing: Standing,
    pub cases: Vec<Case>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The model has the head, and answers.
    Answered,
    /// The folder lacks the head, which its family could have.
    NoHead,
    /// No model of this family has such a head.
    NotInFamily,
    /// The text does not do, in words.
    NotThisText(&'static str),
}

/// One thing the model is given.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Case {
    pub tokens: Vec<LabToken>,
    /// What is to be said of the whole, where that is what is asked: the right name and what was said of each.
    pub whole: Option<Whole>,
    /// Mean loss over what is asked, in nats.
    pub loss: Option<f64>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Whole {
    pub target: String,
    /// Name and probability, in the order of the head's outputs; empty where there is no head.
    pub said: Vec<(String, f64)>,
}

/// A token as it is fed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LabToken {
    /// What the model reads here.
    pub fed: String,
    /// What the text has here.
    pub original: String,
    pub special: bool,
    /// 0 for the first text, 1 for the second.
    pub segment: u32,
    pub position: u32,
    /// How it was chosen, where it was.
    pub cover: Option<Cover>,
    /// What should be said here, where something is asked.
    pub target: Option<String>,
    /// The likeliest of what the model says, and its probability.
    pub said: Option<(String, f64)>,
    /// What the model gives the target.
    pub right: Option<f64>,
}

pub(super) fn lab(predictor: &Predictor, question: &Question, ask: &LabAsk) -> Result<Lab, InspectError> {
    let text = question.text.trim();
    let second = question.pair.as_deref().map(str::trim).filter(|pair| !pair.is_empty());
    let tokenizer = &predictor.tokenizer;
    let encoded = tokenizer.encode(text, None, predictor.max_tokens)?;
    let maker = Maker { predictor, ask: *ask };
    let mut objectives = Vec::new();
    for style in MaskStyle::ALL {
        objectives.push(maker.masked(Kind::Masked(style), style, &encoded, None)?);
    }
    objectives.push(maker.causal(&encoded)?);
    objectives.push(maker.translation(text, second)?);
    let sentences = second.map(|second| (text, second)).or_else(|| halves(text));
    objectives.push(maker.next_sentence(sentences)?);
    objectives.push(maker.sentence_order(sentences)?);
    objectives.push(maker.replaced(&encoded)?);
    Ok(Lab { objectives, cut: encoded.cut })
}

/// The tokens as they stand in the text.
fn tokens(encoded: &Encoded, positions: Option<&[u32]>) -> Vec<LabToken> {
    (0..encoded.ids.len())
        .map(|index| LabToken {
            fed: encoded.tokens[index].clone(),
            original: encoded.tokens[index].clone(),
            special: encoded.special[index],
            segment: u32::from(encoded.sequence[index] == Some(1)),
            position: positions.map_or(index as u32, |positions| positions[index]),
            ..LabToken::default()
        })
        .collect()
}

/// A text cut in two after the sentence that ends nearest to its middle.
fn halves(text: &str) -> Option<(&str, &str)> {
    let ends = text.match_indices(['.', '!', '?', '。', '？', '！', '\n']).map(|(at, mark)| at + mark.len());
    let inner = ends.filter(|end| !text[*end..].trim().is_empty());
    let end = inner.min_by_key(|end| end.abs_diff(text.len() / 2))?;
    Some((text[..end].trim(), text[end..].trim()))
}

struct Maker<'a> {
    predictor: &'a Predictor,
    ask: LabAsk,
}

impl Maker<'_> {
    fn standing(&self, head: Task) -> Standing {
        if self.predictor.heads.contains(&head) {
            Standing::Answered
        } else if self.predictor.model.config.family.has_head(HeadKind::for_task(head)) {
            Standing::NoHead
        } else {
            Standing::NotInFamily
        }
    }

    fn key(&self, purpose: Purpose, place: u64) -> u64 {
        random::key(self.ask.seed, purpose, &[0, place])
    }

    fn name(&self, id: u32) -> String {
        self.predictor.tokenizer.id_to_token(id).unwrap_or_else(|| format!("#{id}"))
    }

    /// Words behind masks, in one text or in a text and its translation.
    fn masked(
        &self,
        kind: Kind,
        style: MaskStyle,
        encoded: &Encoded,
        positions: Option<Vec<u32>>,
    ) -> Result<Objective, InspectError> {
        let tokenizer = &self.predictor.tokenizer;
        let Some(mask_id) = tokenizer.mask_id() else {
            let standing = Standing::NotThisText("the tokenizer has no mask token");
            return Ok(Objective { kind, head: Task::Mlm, standing, cases: Vec::new() });
        };
        let masking = Masking {
            style,
            share: self.ask.share,
            mask_id,
            vocab_size: tokenizer.drawable(),
            specials: tokenizer.special_ids().collect(),
        };
        let drawn = masking.draw(&encoded.ids, Some(&encoded.words), self.key(Purpose::Masking, 0));
        let mut tokens = tokens(encoded, positions.as_deref());
        for (place, token) in tokens.iter_mut().enumerate() {
            token.cover = drawn.covers[place];
            token.fed = if token.cover.is_some() { self.name(drawn.ids[place]) } else { token.fed.clone() };
        }
        let input = Input { positions, ..Input::single(drawn.ids, encoded.types.clone()) };
        self.words(kind, tokens, &input, &drawn.targets)
    }

    fn causal(&self, encoded: &Encoded) -> Result<Objective, InspectError> {
        let input = Input { causal: true, ..Input::single(encoded.ids.clone(), encoded.types.clone()) };
        let targets = next_tokens(&encoded.ids);
        self.words(Kind::Causal, tokens(encoded, None), &input, &targets)
    }

    fn translation(&self, text: &str, second: Option<&str>) -> Result<Objective, InspectError> {
        let kind = Kind::Translation;
        let Some(second) = second else {
            let standing = Standing::NotThisText("it needs a second text, the translation of the first");
            return Ok(Objective { kind, head: Task::Mlm, standing, cases: Vec::new() });
        };
        let encoded = self.predictor.tokenizer.encode(text, Some(second), self.predictor.max_tokens)?;
        let first = (0..encoded.ids.len()).find(|index| encoded.sequence[*index] == Some(1)).unwrap_or(0);
        let positions = (0..encoded.ids.len()).map(|index| if index >= first { index - first } else { index } as u32);
        let positions = positions.collect();
        // Words are numbered in each text by itself.
        let mut apart = encoded;
        let most = apart.words.iter().flatten().max().copied().unwrap_or(0);
        for (word, sequence) in apart.words.iter_mut().zip(&apart.sequence) {
            if *sequence == Some(1) {
                *word = word.map(|word| word + most + 1);
            }
        }
        self.masked(kind, MaskStyle::Tokens, &apart, Some(positions))
    }

    /// What the masked-word head says where a token is asked for.
    fn words(
        &self,
        kind: Kind,
        mut tokens: Vec<LabToken>,
        input: &Input,
        targets: &[Option<u32>],
    ) -> Result<Objective, InspectError> {
        let asked: Vec<u32> =
            (0..).zip(targets).filter(|(_, target)| target.is_some()).map(|(place, _)| place).collect();
        for (token, target) in tokens.iter_mut().zip(targets) {
            token.target = target.map(|id| self.name(id));
        }
        let standing = self.standing(Task::Mlm);
        let mut loss = None;
        if standing == Standing::Answered && !asked.is_empty() {
            let pass = Pass { rows: Some(asked.clone().into()), ..Pass::default() };
            let rows = self.predictor.model.run(Task::Mlm, input, &pass)?.to_vec2::<f32>()?;
            let mut sum = 0.0;
            for (place, row) in asked.iter().zip(&rows) {
                let scores = softmax(row);
                let best = (0..scores.len()).reduce(|a, b| if scores[b] > scores[a] { b } else { a }).unwrap_or(0);
                let token = &mut tokens[*place as usize];
                let right = targets[*place as usize].and_then(|id| scores.get(id as usize)).copied().unwrap_or(0.0);
                token.said = Some((self.name(best as u32), f64::from(scores[best])));
                token.right = Some(f64::from(right));
                sum -= f64::from(right.max(f32::MIN_POSITIVE)).ln();
            }
            loss = Some(sum / asked.len() as f64);
        }
        Ok(Objective { kind, head: Task::Mlm, standing, cases: vec![Case { tokens, whole: None, loss }] })
    }

    fn next_sentence(&self, sentences: Option<(&str, &str)>) -> Result<Objective, InspectError> {
        let Some((first, second)) = sentences else {
            return Ok(Self::two_sentences(Kind::NextSentence, Task::Nsp));
        };
        let stranger = STRANGERS[Stream::new(self.key(Purpose::Shuffle, 1)).below(STRANGERS.len() as u64) as usize];
        let pairs = [(first, second, "is_next"), (first, stranger, "not_next")];
        self.wholes(Kind::NextSentence, Task::Nsp, ["is_next", "not_next"], &pairs)
    }

    fn sentence_order(&self, sentences: Option<(&str, &str)>) -> Result<Objective, InspectError> {
        let Some((first, second)) = sentences else {
            return Ok(Self::two_sentences(Kind::SentenceOrder, Task::Sop));
        };
        let pairs = [(first, second, "in_order"), (second, first, "swapped")];
        self.wholes(Kind::SentenceOrder, Task::Sop, ["in_order", "swapped"], &pairs)
    }

    fn two_sentences(kind: Kind, head: Task) -> Objective {
        let standing = Standing::NotThisText("it needs two sentences, or a second text");
        Objective { kind, head, standing, cases: Vec::new() }
    }

    /// Pairs about which one thing is asked.
    fn wholes(
        &self,
        kind: Kind,
        head: Task,
        names: [&str; 2],
        pairs: &[(&str, &str, &str)],
    ) -> Result<Objective, InspectError> {
        let standing = self.standing(head);
        let mut cases = Vec::new();
        for (first, second, target) in pairs {
            let encoded = self.predictor.tokenizer.encode(first, Some(second), self.predictor.max_tokens)?;
            let mut whole = Whole { target: (*target).to_owned(), said: Vec::new() };
            let mut loss = None;
            if standing == Standing::Answered {
                let input = Input::single(encoded.ids.clone(), encoded.types.clone());
                let logits = self.predictor.model.run(head, &input, &Pass::default())?.to_vec2::<f32>()?;
                let scores = softmax(logits.first().map_or(&[], Vec::as_slice));
                let named = names.iter().zip(&scores);
                whole.said = named.map(|(name, score)| ((*name).to_owned(), f64::from(*score))).collect();
                let right = whole.said.iter().find(|(name, _)| name == target).map_or(f64::NAN, |(_, score)| *score);
                loss = Some(-right.max(f64::MIN_POSITIVE).ln());
            }
            cases.push(Case { tokens: tokens(&encoded, None), whole: Some(whole), loss });
        }
        Ok(Objective { kind, head, standing, cases })
    }

    /// Some tokens give way to others. Without a generator in the folder they are drawn from the text's own tokens, or
    /// where it has only one kind from the vocabulary; a token drawn for itself counts as real, as in ELECTRA.
    fn replaced(&self, encoded: &Encoded) -> Result<Objective, InspectError> {
        let model = &self.predictor.model;
        let mut lots = Stream::new(self.key(Purpose::Masking, 2));
        let mut chosen: Vec<usize> = Vec::new();
        let own: Vec<usize> = (0..encoded.ids.len()).filter(|index| !encoded.special[*index]).collect();
        for index in &own {
            if lots.unit() < self.ask.share {
                chosen.push(*index);
            }
        }
        let mut ids = encoded.ids.clone();
        if self.predictor.heads.contains(&Task::Mlm) && !chosen.is_empty() {
            self.sample(&mut ids, encoded, &chosen, &mut lots)?;
        } else {
            for index in &chosen {
                ids[*index] = encoded.ids[own[lots.below(own.len() as u64) as usize]];
            }
        }
        let mut tokens = tokens(encoded, None);
        for index in &own {
            let token = &mut tokens[*index];
            token.fed = self.name(ids[*index]);
            token.cover = chosen.contains(index).then_some(Cover::Random);
            let replaced = ids[*index] != encoded.ids[*index];
            token.target = Some(if replaced { "replaced" } else { "real" }.to_owned());
        }
        let standing = self.standing(Task::Rtd);
        let mut loss = None;
        if standing == Standing::Answered {
            let input = Input::single(ids, encoded.types.clone());
            let logits = model.run(Task::Rtd, &input, &Pass::default())?.flatten_all()?.to_vec1::<f32>()?;
            let mut sum = 0.0;
            for (index, share) in own.iter().map(|index| (*index, sigmoid(&logits[*index..=*index])[0])) {
                let share = f64::from(share);
                let token = &mut tokens[index];
                let right = if token.target.as_deref() == Some("replaced") { share } else { 1.0 - share };
                let said = if share > 0.5 { ("replaced", share) } else { ("real", 1.0 - share) };
                token.said = Some((said.0.to_owned(), said.1));
                token.right = Some(right);
                sum -= right.max(f64::MIN_POSITIVE).ln();
            }
            loss = Some(sum / own.len().max(1) as f64);
        }
        Ok(Objective {
            kind: Kind::Replaced,
            head: Task::Rtd,
            standing,
            cases: vec![Case { tokens, whole: None, loss }],
        })
    }

    /// Words for the chosen places, drawn as likely as the masked-word head holds them: what a generator does.
    fn sample(
        &self,
        ids: &mut [u32],
        encoded: &Encoded,
        chosen: &[usize],
        lots: &mut Stream,
    ) -> Result<(), InspectError> {
        let Some(mask) = self.predictor.tokenizer.mask_id() else { return Ok(()) };
        let mut masked = encoded.ids.clone();
        for index in chosen {
            masked[*index] = mask;
        }
        let rows: Vec<u32> = chosen.iter().map(|index| *index as u32).collect();
        let pass = Pass { rows: Some(rows.into()), ..Pass::default() };
        let input = Input::single(masked, encoded.types.clone());
        let logits = self.predictor.model.run(Task::Mlm, &input, &pass)?.to_vec2::<f32>()?;
        for (index, row) in chosen.iter().zip(logits) {
            let (lot, mut sum) = (lots.unit(), 0.0);
            let scores = softmax(&row);
            let drawn = scores.iter().position(|score| {
                sum += f64::from(*score);
                sum > lot
            });
            ids[*index] = drawn.unwrap_or(scores.len() - 1) as u32;
        }
        Ok(())
    }
}

/// Sentences that follow nothing a person is likely to write.
const STRANGERS: [&str; 4] = [
    "Most glaciers of the region have retreated since 1850.",
    "The committee meets on the first Tuesday of every month.",
    "Add the flour slowly and stir until no lumps are left.",
    "Both trains leave from the platform behind the station hotel.",
];

impl Kind {
    pub const ALL: [Self; 8] = [
        Self::Masked(MaskStyle::Tokens),
        Self::Masked(MaskStyle::WholeWords),
        Self::Masked(MaskStyle::Spans),
        Self::Causal,
        Self::Translation,
        Self::NextSentence,
        Self::SentenceOrder,
        Self::Replaced,
    ];

    /// The name on screen.
    pub fn title(self) -> &'static str {
        match self {
            Self::Masked(MaskStyle::Tokens) => "Masked words",
            Self::Masked(MaskStyle::WholeWords) => "Whole words",
            Self::Masked(MaskStyle::Spans) => "Spans",
            Self::Causal => "Left to right",
            Self::Translation => "Translation pair",
            Self::NextSentence => "Next sentence",
            Self::SentenceOrder => "Sentence order",
            Self::Replaced => "Replaced tokens",
        }
    }

    /// The family that was pretrained so.
    pub fn family(self) -> Option<Family> {
        match self {
            Self::NextSentence => Some(Family::Bert),
            Self::SentenceOrder => Some(Family::Albert),
            Self::Replaced => Some(Family::Electra),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_halved_after_the_sentence_nearest_to_its_middle() {
        assert_eq!(halves("One. Two is longer. Three."), Some(("One. Two is longer.", "Three.")));
        assert_eq!(halves("Only one sentence."), None);
        assert_eq!(halves("Er kam。Sie ging。"), Some(("Er kam。", "Sie ging。")));
    }
}

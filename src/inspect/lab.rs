//! A text made into every kind of lesson, drawn by the same functions as in training, and what the model's heads say of
//! each.

use super::InspectError;
use super::objectives::{Case, Kind, Lab, LabAsk, LabToken, Objective, Standing, Whole};
use super::open::OpenModel;
use super::predictor::{Predictor, Rows};
use super::request::Request;
use crate::corpus::masking::{Cover, MaskStyle, Masking, next_tokens};
use crate::model::probability::{sigmoid, softmax};
use crate::model::{HeadKind, Input};
use crate::random::{self, Purpose, Stream};
use crate::task::Task;
use crate::text::tokenizer::Encoded;

pub(super) fn lab(model: &OpenModel, texts: &Request, ask: &LabAsk) -> Result<Lab, InspectError> {
    let text = texts.text.trim();
    let second = texts.pair.as_deref().map(str::trim).filter(|pair| !pair.is_empty());
    let encoded = model.tokenizer.encode(text, None, model.max_tokens)?;
    let maker = Maker { model, ask: *ask };
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
    model: &'a OpenModel,
    ask: LabAsk,
}

impl Maker<'_> {
    fn standing(&self, head: Task) -> Standing {
        if self.model.heads.contains(&head) {
            Standing::Answered
        } else if self.model.model.config.family.has_head(HeadKind::for_task(head)) {
            Standing::NoHead
        } else {
            Standing::NotInFamily
        }
    }

    /// What a head says of some tokens.
    fn ask(&self, head: Task, input: &Input, tokens: Vec<u32>) -> Result<Rows, InspectError> {
        Predictor::new(&self.model.model, head).ask(input, tokens)
    }

    fn key(&self, purpose: Purpose, place: u64) -> u64 {
        random::key(self.ask.seed, purpose, &[0, place])
    }

    fn name(&self, id: u32) -> String {
        self.model.tokenizer.id_to_token(id).unwrap_or_else(|| format!("#{id}"))
    }

    /// Words behind masks, in one text or in a text and its translation.
    fn masked(
        &self,
        kind: Kind,
        style: MaskStyle,
        encoded: &Encoded,
        positions: Option<Vec<u32>>,
    ) -> Result<Objective, InspectError> {
        let tokenizer = &self.model.tokenizer;
        let Some(mask_id) = tokenizer.mask_id() else {
            return Ok(Objective::unfit(kind, Task::Mlm, "the tokenizer has no mask token"));
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
            return Ok(Objective::unfit(kind, Task::Mlm, "it needs a second text, the translation of the first"));
        };
        let encoded = self.model.tokenizer.encode(text, Some(second), self.model.max_tokens)?;
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
        let mut losses = Vec::new();
        if standing == Standing::Answered {
            let rows = self.ask(Task::Mlm, input, asked.clone())?;
            for (place, row) in asked.iter().map(|place| *place as usize).zip(&rows) {
                let scores = softmax(row);
                let best = (0..scores.len()).reduce(|a, b| if scores[b] > scores[a] { b } else { a }).unwrap_or(0);
                let right = targets[place].and_then(|id| scores.get(id as usize)).copied().unwrap_or(0.0);
                let said = (self.name(best as u32), f64::from(scores[best]));
                losses.push(tokens[place].answer(said, f64::from(right)));
            }
        }
        Ok(Objective::of_tokens(kind, Task::Mlm, standing, tokens, &losses))
    }

    fn next_sentence(&self, sentences: Option<(&str, &str)>) -> Result<Objective, InspectError> {
        let Some((first, second)) = sentences else {
            return Ok(Objective::unfit(Kind::NextSentence, Task::Nsp, ONE_SENTENCE));
        };
        let stranger = STRANGERS[Stream::new(self.key(Purpose::Shuffle, 1)).below(STRANGERS.len() as u64) as usize];
        let pairs = [(first, second, "is_next"), (first, stranger, "not_next")];
        self.wholes(Kind::NextSentence, Task::Nsp, ["is_next", "not_next"], &pairs)
    }

    fn sentence_order(&self, sentences: Option<(&str, &str)>) -> Result<Objective, InspectError> {
        let Some((first, second)) = sentences else {
            return Ok(Objective::unfit(Kind::SentenceOrder, Task::Sop, ONE_SENTENCE));
        };
        let pairs = [(first, second, "in_order"), (second, first, "swapped")];
        self.wholes(Kind::SentenceOrder, Task::Sop, ["in_order", "swapped"], &pairs)
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
            let encoded = self.model.tokenizer.encode(first, Some(second), self.model.max_tokens)?;
            let mut whole = Whole { target: (*target).to_owned(), said: Vec::new() };
            let mut loss = None;
            if standing == Standing::Answered {
                let input = Input::single(encoded.ids.clone(), encoded.types.clone());
                let rows = self.ask(head, &input, input.first_tokens())?;
                let scores = softmax(rows.first().map_or(&[], Vec::as_slice));
                let named = names.iter().zip(&scores);
                whole.said = named.map(|(name, score)| ((*name).to_owned(), f64::from(*score))).collect();
                let right = whole.said.iter().find(|(name, _)| name == target).map_or(f64::NAN, |(_, score)| *score);
                loss = Some(nats(right));
            }
            cases.push(Case { tokens: tokens(&encoded, None), whole: Some(whole), loss });
        }
        Ok(Objective { kind, head, standing, cases })
    }

    /// Some tokens give way to others; a token drawn for itself counts as real, as in ELECTRA.
    fn replaced(&self, encoded: &Encoded) -> Result<Objective, InspectError> {
        let own: Vec<usize> = (0..encoded.ids.len()).filter(|index| !encoded.special[*index]).collect();
        let (chosen, ids) = self.replacements(encoded, &own)?;
        let mut tokens = tokens(encoded, None);
        for index in &own {
            let token = &mut tokens[*index];
            token.fed = self.name(ids[*index]);
            token.cover = chosen.contains(index).then_some(Cover::Random);
            let replaced = ids[*index] != encoded.ids[*index];
            token.target = Some(if replaced { REPLACED } else { REAL }.to_owned());
        }
        let standing = self.standing(Task::Rtd);
        let mut losses = Vec::new();
        if standing == Standing::Answered {
            let input = Input::single(ids, encoded.types.clone());
            let rows = self.ask(Task::Rtd, &input, own.iter().map(|index| *index as u32).collect())?;
            for (index, row) in own.iter().zip(&rows) {
                let share = f64::from(sigmoid(row)[0]);
                let token = &mut tokens[*index];
                let right = if token.target.as_deref() == Some(REPLACED) { share } else { 1.0 - share };
                let said = if share > 0.5 { (REPLACED, share) } else { (REAL, 1.0 - share) };
                losses.push(token.answer((said.0.to_owned(), said.1), right));
            }
        }
        Ok(Objective::of_tokens(Kind::Replaced, Task::Rtd, standing, tokens, &losses))
    }

    /// Which tokens are replaced, and all ids then. Without a masked-word head in the folder they are drawn from the
    /// text's own tokens.
    fn replacements(&self, encoded: &Encoded, own: &[usize]) -> Result<(Vec<usize>, Vec<u32>), InspectError> {
        let mut lots = Stream::new(self.key(Purpose::Masking, 2));
        let chosen: Vec<usize> = own.iter().copied().filter(|_| lots.unit() < self.ask.share).collect();
        let mut ids = encoded.ids.clone();
        if self.model.heads.contains(&Task::Mlm) && !chosen.is_empty() {
            self.sample(&mut ids, encoded, &chosen, &mut lots)?;
        } else {
            for index in &chosen {
                ids[*index] = encoded.ids[own[lots.below(own.len() as u64) as usize]];
            }
        }
        Ok((chosen, ids))
    }

    /// Words for the chosen places, drawn as likely as the masked-word head holds them: what a generator does.
    fn sample(
        &self,
        ids: &mut [u32],
        encoded: &Encoded,
        chosen: &[usize],
        lots: &mut Stream,
    ) -> Result<(), InspectError> {
        let Some(mask) = self.model.tokenizer.mask_id() else { return Ok(()) };
        let mut masked = encoded.ids.clone();
        for index in chosen {
            masked[*index] = mask;
        }
        let input = Input::single(masked, encoded.types.clone());
        let rows = self.ask(Task::Mlm, &input, chosen.iter().map(|index| *index as u32).collect())?;
        for (index, row) in chosen.iter().zip(rows) {
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

impl Objective {
    fn unfit(kind: Kind, head: Task, why: &'static str) -> Self {
        Self { kind, head, standing: Standing::NotThisText(why), cases: Vec::new() }
    }

    /// One case about single tokens, with the losses of those that were asked about.
    fn of_tokens(kind: Kind, head: Task, standing: Standing, tokens: Vec<LabToken>, losses: &[f64]) -> Self {
        let loss = (!losses.is_empty()).then(|| losses.iter().sum::<f64>() / losses.len() as f64);
        Self { kind, head, standing, cases: vec![Case { tokens, whole: None, loss }] }
    }
}

impl LabToken {
    /// Keeps what was said, and what was given to what is right; returns the loss.
    fn answer(&mut self, said: (String, f64), right: f64) -> f64 {
        self.said = Some(said);
        self.right = Some(right);
        nats(right)
    }
}

/// The loss of a probability; what single precision cannot tell from nothing counts as the least that it can.
fn nats(right: f64) -> f64 {
    -right.max(f64::from(f32::MIN_POSITIVE)).ln()
}

const REAL: &str = "real";
const REPLACED: &str = "replaced";
const ONE_SENTENCE: &str = "it needs two sentences, or a second text";

/// Sentences that follow nothing a person is likely to write.
const STRANGERS: [&str; 4] = [
    "Most glaciers of the region have retreated since 1850.",
    "The committee meets on the first Tuesday of every month.",
    "Add the flour slowly and stir until no lumps are left.",
    "Both trains leave from the platform behind the station hotel.",
];

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

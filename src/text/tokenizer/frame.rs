//! What a tokenizer puts around a text or a pair, and how much of each fits a limit.
//!
//! The post-processor of the file is run once on stand-ins for the two texts; what it put around them is the frame.
//! Training then adds special tokens without running it again, and knows how many there are before anything is cut.

use tokenizers::{Encoding, PostProcessor, PostProcessorWrapper};

/// Ids no vocabulary has: they are above the limit the vocabulary is held to.
const TEXT: [u32; 2] = [0xffff_fff0, 0xffff_fff1];
const PAIR: [u32; 2] = [0xffff_fff2, 0xffff_fff3];

/// A special token: its id and its segment.
pub type Special = (u32, u32);

/// The special tokens around one text, or around and between two.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    pub before: Vec<Special>,
    pub text_type: u32,
    pub between: Vec<Special>,
    pub pair_type: u32,
    pub after: Vec<Special>,
}

impl Frame {
    /// The frame of one text, or of a pair; `None` when the texts do not come out whole, once and in order.
    pub(super) fn of(processor: Option<&PostProcessorWrapper>, is_pair: bool) -> Option<Self> {
        let pair = is_pair.then(|| stand_in(PAIR));
        let framed = process(processor, stand_in(TEXT), pair).ok()?;
        let tokens: Vec<Special> =
            framed.get_ids().iter().copied().zip(framed.get_type_ids().iter().copied()).collect();
        let (before, text_type, rest) = split_at(&tokens, TEXT)?;
        let (between, pair_type, after) = if is_pair { split_at(rest, PAIR)? } else { (&[][..], 0, rest) };
        let specials = [before, between, after].concat();
        let stray = specials.iter().any(|(id, _)| TEXT.contains(id) || PAIR.contains(id));
        (!stray).then(|| Self {
            before: before.to_vec(),
            text_type,
            between: between.to_vec(),
            pair_type,
            after: after.to_vec(),
        })
    }

    /// How many special tokens there are.
    pub fn specials(&self) -> usize {
        self.before.len() + self.between.len() + self.after.len()
    }

    pub fn special_ids(&self) -> impl Iterator<Item = u32> {
        self.before.iter().chain(&self.between).chain(&self.after).map(|(id, _)| *id)
    }

    /// The highest segment that a token is put into.
    pub fn last_segment(&self) -> u32 {
        let specials = self.before.iter().chain(&self.between).chain(&self.after).map(|(_, segment)| *segment);
        specials.chain([self.text_type, self.pair_type]).max().unwrap_or_default()
    }

    /// The ids and segments of the framed texts.
    pub fn wrap(&self, text: &[u32], pair: &[u32]) -> (Vec<u32>, Vec<u32>) {
        let length = text.len() + pair.len() + self.specials();
        let mut ids = Vec::with_capacity(length);
        let mut types = Vec::with_capacity(length);
        let mut push = |tokens: &mut dyn Iterator<Item = Special>| {
            for (id, kind) in tokens {
                ids.push(id);
                types.push(kind);
            }
        };
        push(&mut self.before.iter().copied());
        push(&mut text.iter().map(|id| (*id, self.text_type)));
        push(&mut self.between.iter().copied());
        push(&mut pair.iter().map(|id| (*id, self.pair_type)));
        push(&mut self.after.iter().copied());
        (ids, types)
    }

    /// The place of each token when places begin anew in the pair, as in translation language modelling (Lample and
    /// Conneau, 2019): the first token of the pair has the place that the first of the text has, so that a word and its
    /// translation stand at much the same place. Special tokens before the pair but for the first, which ends the text,
    /// belong to the pair.
    pub fn places(&self, text: usize, pair: usize) -> Vec<u32> {
        let first = self.before.len();
        let closing = self.between.len().min(1);
        let opening = self.between.len() - closing;
        let of_text = 0..first + text + closing;
        let of_pair = first.saturating_sub(opening)..first.max(opening) + pair + self.after.len();
        of_text.chain(of_pair).map(|place| place as u32).collect()
    }
}

/// The texts with special tokens, as the file's post-processor has it.
pub(super) fn process(
    processor: Option<&PostProcessorWrapper>,
    text: Encoding,
    pair: Option<Encoding>,
) -> tokenizers::Result<Encoding> {
    if let Some(processor) = processor {
        return processor.process(text, pair, true);
    }
    let mut parts = vec![text];
    parts.extend(pair);
    for (index, part) in parts.iter_mut().enumerate() {
        part.set_sequence_id(index);
        part.set_type_ids(vec![index as u32; part.len()]);
    }
    Ok(Encoding::merge(parts, false))
}

/// How many tokens of a text and of its pair fit `room`: transformers' `longest_first`, by which the longer of the two
/// is cut to the length of the shorter before both are.
pub(super) fn kept(text: usize, pair: Option<usize>, room: usize) -> (usize, usize) {
    let Some(pair) = pair else { return (text.min(room), 0) };
    if text + pair <= room {
        return (text, pair);
    }
    let shorter = text.min(pair);
    let (shorter, longer) =
        if shorter <= room - shorter.min(room) { (shorter, room - shorter) } else { (room / 2, room / 2 + room % 2) };
    if text > pair { (longer, shorter) } else { (shorter, longer) }
}

fn stand_in(ids: [u32; 2]) -> Encoding {
    let tokens = ids.iter().map(|id| tokenizers::Token::new(*id, "x".to_owned(), (0, 1))).collect();
    Encoding::from_tokens(tokens, 0)
}

/// What stands before the ids, their segment, and what stands after.
fn split_at(tokens: &[Special], ids: [u32; 2]) -> Option<(&[Special], u32, &[Special])> {
    let at = tokens.windows(2).position(|two| two[0].0 == ids[0] && two[1].0 == ids[1])?;
    (tokens[at].1 == tokens[at + 1].1).then(|| (&tokens[..at], tokens[at].1, &tokens[at + 2..]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokenizers::processors::roberta::RobertaProcessing;
    use tokenizers::processors::template::TemplateProcessing;
    use tokenizers::utils::truncation::{
        TruncationDirection, TruncationParams, TruncationStrategy, truncate_encodings,
    };

    #[test]
    fn the_frame_is_what_the_post_processor_adds() {
        let template = TemplateProcessing::builder()
            .try_single("[CLS]:0 $A:0 [SEP]:0")
            .unwrap()
            .try_pair("[CLS]:0 $A:0 [SEP]:0 $B:1 [SEP]:1")
            .unwrap()
            .special_tokens(vec![("[CLS]", 2), ("[SEP]", 3)])
            .build()
            .unwrap();
        let bert = PostProcessorWrapper::Template(template);
        let pair = Frame::of(Some(&bert), true).unwrap();
        assert_eq!(pair.wrap(&[7, 8], &[9]), (vec![2, 7, 8, 3, 9, 3], vec![0, 0, 0, 0, 1, 1]));
        assert_eq!(Frame::of(Some(&bert), false).unwrap().wrap(&[], &[]), (vec![2, 3], vec![0, 0]));

        let roberta = RobertaProcessing::new(("</s>".to_owned(), 2), ("<s>".to_owned(), 0));
        let roberta = PostProcessorWrapper::Roberta(roberta);
        let pair = Frame::of(Some(&roberta), true).unwrap();
        assert_eq!(pair.wrap(&[7], &[9]), (vec![0, 7, 2, 2, 9, 2], vec![0; 6]));

        let bare = Frame::of(None, true).unwrap();
        assert_eq!(bare.wrap(&[7], &[9]), (vec![7, 9], vec![0, 1]));
    }

    #[test]
    fn places_begin_anew_in_the_pair() {
        let bert =
            Frame { before: vec![(2, 0)], text_type: 0, between: vec![(3, 0)], pair_type: 1, after: vec![(3, 1)] };
        assert_eq!(bert.places(2, 3), [0, 1, 2, 3, 1, 2, 3, 4]);
        let roberta = Frame { between: vec![(2, 0), (2, 0)], ..bert.clone() };
        assert_eq!(roberta.places(2, 3), [0, 1, 2, 3, 0, 1, 2, 3, 4]);
        let bare = Frame { before: vec![], between: vec![], after: vec![], ..bert.clone() };
        assert_eq!(bare.places(2, 1), [0, 1, 0]);
        for frame in [bert, roberta, bare] {
            let (text, pair) = ([7; 4], [8; 2]);
            assert_eq!(frame.places(text.len(), pair.len()).len(), frame.wrap(&text, &pair).0.len());
        }
    }

    #[test]
    fn a_template_that_repeats_or_drops_a_text_has_no_frame() {
        for (single, pair) in [("$A:0 $A:0", "$A:0 $B:1"), ("$A:0", "$B:0 $A:1"), ("$A:0", "$A:0 $A:1 $B:1")] {
            let template = TemplateProcessing::builder().try_single(single).unwrap().try_pair(pair).unwrap().build();
            let processor = PostProcessorWrapper::Template(template.unwrap());
            let whole = Frame::of(Some(&processor), false).and(Frame::of(Some(&processor), true));
            assert!(whole.is_none(), "{single} / {pair}");
        }
    }

    #[test]
    fn pairs_are_cut_as_the_reference_cuts_them() {
        let encoding = |n: usize| Encoding::from_tokens(vec![tokenizers::Token::new(1, "x".to_owned(), (0, 1)); n], 0);
        for text in 0..9 {
            for pair in 0..9 {
                for room in 0..14 {
                    let params = TruncationParams {
                        direction: TruncationDirection::Right,
                        max_length: room,
                        strategy: TruncationStrategy::LongestFirst,
                        stride: 0,
                    };
                    let (a, b) = truncate_encodings(encoding(text), Some(encoding(pair)), &params).unwrap();
                    let expected = (a.len(), b.unwrap().len());
                    assert_eq!(kept(text, Some(pair), room), expected, "{text} and {pair} into {room}");
                }
            }
        }
        assert_eq!(kept(5, None, 3), (3, 0));
        assert_eq!(kept(2, None, 3), (2, 0));
    }
}

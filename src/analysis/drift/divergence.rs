//! How differently two models' heads look: the Jensen-Shannon divergence of what a token gives to the tokens of its text
//! (Lin, 1991), in bits, so that 0 is the same attention and 1 attention that has no token in common.

use rayon::prelude::*;

/// What was seen of one head so far.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Divergence {
    sum: f64,
    /// Tokens that looked.
    tokens: u64,
    /// The text in which the mean over its tokens is the largest, by its place, and that mean.
    pub most: Option<(usize, f64)>,
}

impl Divergence {
    /// The mean over the tokens of all texts.
    pub fn mean(&self) -> f64 {
        self.sum / self.tokens.max(1) as f64
    }

    #[cfg(test)]
    pub fn of(bits: f64) -> Self {
        Self { sum: bits, tokens: 1, most: Some((0, bits)) }
    }

    fn add(&mut self, text: usize, sum: f64, tokens: usize) {
        self.sum += sum;
        self.tokens += tokens as u64;
        let own = sum / tokens.max(1) as f64;
        // The first of equals.
        if self.most.is_none_or(|(_, most)| own > most) {
            self.most = Some((text, own));
        }
    }
}

/// Adds the attention of a layer over some texts, the first of which has the place `first`: for each text, by its number of
/// tokens, a square for each head.
pub fn add(heads: &mut [Divergence], attention: [&[f32]; 2], tokens: &[usize], first: usize) {
    let count = heads.len();
    heads.par_iter_mut().enumerate().for_each(|(head, divergence)| {
        let mut start = 0;
        for (place, tokens) in tokens.iter().copied().enumerate() {
            let at = start + head * tokens * tokens;
            let [before, after] = attention.map(|values| &values[at..at + tokens * tokens]);
            divergence.add(first + place, of_square(before, after, tokens), tokens);
            start += count * tokens * tokens;
        }
    });
}

/// The sum over the rows of two squares.
pub fn of_square(before: &[f32], after: &[f32], tokens: usize) -> f64 {
    let rows = before.chunks(tokens.max(1)).zip(after.chunks(tokens.max(1)));
    rows.map(|(before, after)| bits(before, after)).sum()
}

/// The divergence of two distributions.
fn bits(before: &[f32], after: &[f32]) -> f64 {
    let part = |own: f64, middle: f64| if own > 0.0 { own * (own / middle).log2() } else { 0.0 };
    let each = before.iter().zip(after).map(|(before, after)| {
        let (before, after) = (f64::from(*before), f64::from(*after));
        let middle = f64::midpoint(before, after);
        part(before, middle) + part(after, middle)
    });
    // Shares that do not add up to 1 to the last digit may leave less than nothing.
    (each.sum::<f64>() / 2.0).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_attention_is_0_and_attention_on_other_tokens_1() {
        // scipy.spatial.distance.jensenshannon(before, after, base=2) ** 2
        for (before, after, expected) in [
            ([0.25, 0.25, 0.5], [0.25, 0.25, 0.5], 0.0),
            ([1.0, 0.0, 0.0], [0.0, 0.5, 0.5], 1.0),
            ([0.5, 0.5, 0.0], [0.25, 0.25, 0.5], 0.311_278_124_459_132_8),
        ] {
            assert!((bits(&before, &after) - expected).abs() < 1e-12, "{before:?} and {after:?}");
        }
    }

    #[test]
    fn every_token_counts_the_same_and_the_text_that_shows_it_most_is_kept() {
        let mut heads = [Divergence::default(); 2];
        // A text of one token and one of two, two heads each.
        let before = [vec![1.0, 1.0], vec![1.0, 0.0, 1.0, 0.0], vec![0.5; 4]].concat();
        let after = [vec![1.0, 1.0], vec![0.0, 1.0, 1.0, 0.0], vec![0.5; 4]].concat();
        add(&mut heads, [&before, &after], &[1, 2], 7);
        assert!((heads[0].mean() - 1.0 / 3.0).abs() < 1e-12);
        assert_eq!(heads[0].most, Some((8, 0.5)));
        assert_eq!((heads[1].mean(), heads[1].most), (0.0, Some((7, 0.0))));
    }
}

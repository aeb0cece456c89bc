//! A square of attention as it is looked at: pieces made words, special tokens left out, only within or across two texts.
//!
//! Nothing is scaled: what is left out takes its share with it, so that every number shown is the model's own. Where
//! pieces become words, attention to a word is the sum over its pieces and attention from it their mean (Clark et al.,
//! 2019), so that what a word gives still sums to one.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::tokens::Tokens;

/// Which pairs of tokens are looked at, where there are two sides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Between {
    #[default]
    All,
    Within,
    Across,
}

/// What is looked at of a square.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lens {
    pub words: bool,
    pub no_specials: bool,
    pub between: Between,
}

/// A row and column of what is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit {
    pub label: String,
    pub tokens: Range<usize>,
    pub side: Option<u8>,
    pub is_special: bool,
    /// Whether nothing stands between it and the one before.
    pub touches: bool,
}

/// The rows and columns of a square, and which of its cells are looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Units {
    pub all: Vec<Unit>,
    between: Between,
    tokens: usize,
}

impl Units {
    pub fn of(tokens: &Tokens, lens: Lens) -> Self {
        let runs =
            if lens.words { tokens.word_runs() } else { (0..tokens.count()).map(|token| token..token + 1).collect() };
        let unit = |run: Range<usize>| Unit {
            label: tokens.label(&run),
            side: tokens.sides[run.start],
            is_special: tokens.kinds[run.start].is_special(),
            touches: tokens.touches[run.start],
            tokens: run,
        };
        let all = runs.into_iter().map(unit).filter(|unit| !(lens.no_specials && unit.is_special)).collect();
        Self { all, between: if tokens.has_sides { lens.between } else { Between::All }, tokens: tokens.count() }
    }

    /// Whether what one gives to another is looked at.
    pub fn shows(&self, from: usize, to: usize) -> bool {
        let (from, to) = (self.all[from].side, self.all[to].side);
        match self.between {
            Between::All => true,
            Between::Within => from.is_some() && from == to,
            Between::Across => from.is_some() && to.is_some() && from != to,
        }
    }

    /// What one gives to each, from a square of tokens; `None` where it is not looked at.
    pub fn row(&self, square: &[f32], from: usize) -> Vec<Option<f32>> {
        (0..self.all.len()).map(|to| self.shows(from, to).then(|| self.value(square, from, to))).collect()
    }

    /// What one gives to another. Of single tokens it is the number in the square, to the bit.
    pub fn value(&self, square: &[f32], from: usize, to: usize) -> f32 {
        let (from, to) = (&self.all[from].tokens, &self.all[to].tokens);
        let given =
            |token: usize| square[token * self.tokens..][to.clone()].iter().copied().map(f64::from).sum::<f64>();
        let sum: f64 = from.clone().map(given).sum();
        (sum / from.len() as f64) as f32
    }
}

/// The mean of the heads of a layer: `attention` is (heads, tokens, tokens).
pub fn mean(attention: &[f32], heads: usize) -> Vec<f32> {
    let size = attention.len() / heads.max(1);
    let sums = (0..size).map(|place| (0..heads).map(|head| f64::from(attention[head * size + place])).sum::<f64>());
    sums.map(|sum| (sum / heads as f64) as f32).collect()
}

#[cfg(test)]
mod tests {
    use super::super::tokens::Kind;
    use super::*;

    /// [CLS] un ##fit [SEP] cat [SEP], a pair of one word each.
    fn tokens() -> Tokens {
        use Kind::{First, Separator, Word};
        let own = |list: [&str; 6]| list.map(str::to_owned).to_vec();
        Tokens {
            names: own(["[CLS]", "un", "##fit", "[SEP]", "cat", "[SEP]"]),
            letters: own(["", "un", "fit", "", "cat", ""]),
            words: vec![None, Some(0), Some(0), None, Some(1), None],
            sides: vec![None, Some(0), Some(0), None, Some(1), None],
            kinds: vec![First, Word, Word, Separator, Word, Separator],
            touches: vec![false, false, true, false, false, false],
            cut: 0,
            has_sides: true,
        }
    }

    fn square() -> Vec<f32> {
        (0..36).map(|place| place as f32 / 36.0).collect()
    }

    #[test]
    fn single_tokens_have_the_numbers_of_the_model() {
        let units = Units::of(&tokens(), Lens::default());
        let rows: Vec<f32> = (0..6).flat_map(|from| units.row(&square(), from)).flatten().collect();
        assert_eq!(rows, square());
        let units = Units::of(&tokens(), Lens { no_specials: true, ..Lens::default() });
        let labels: Vec<&str> = units.all.iter().map(|unit| unit.label.as_str()).collect();
        assert_eq!(labels, ["un", "fit", "cat"]);
        assert_eq!(units.value(&square(), 1, 2), square()[2 * 6 + 4]);
        assert!(units.all[1].touches && !units.all[0].touches && !units.all[2].touches);
    }

    #[test]
    fn to_a_word_is_a_sum_and_from_a_word_a_mean() {
        let units = Units::of(&tokens(), Lens { words: true, ..Lens::default() });
        assert_eq!(units.all[1].label, "unfit");
        let check = |from: usize, to: usize, thirty_sixths: f32| {
            assert!((units.value(&square(), from, to) - thirty_sixths / 36.0).abs() < 1e-6, "{from} to {to}");
        };
        check(0, 1, 1.0 + 2.0);
        check(1, 0, f32::midpoint(6.0, 12.0));
        check(1, 1, f32::midpoint(7.0 + 8.0, 13.0 + 14.0));
        check(3, 3, 28.0);
        let given: f32 = units.row(&square(), 1).into_iter().flatten().sum();
        let own: f32 = square()[6..18].iter().sum::<f32>() / 2.0;
        assert!((given - own).abs() < 1e-5, "nothing is lost");
    }

    #[test]
    fn two_texts_are_looked_at_within_and_across() {
        let shown = |between| {
            let units = Units::of(&tokens(), Lens { between, no_specials: true, ..Lens::default() });
            (0..3)
                .flat_map(|from| (0..3).map(move |to| (from, to)))
                .filter(|(a, b)| units.shows(*a, *b))
                .collect::<Vec<_>>()
        };
        assert_eq!(shown(Between::Within), [(0, 0), (0, 1), (1, 0), (1, 1), (2, 2)]);
        assert_eq!(shown(Between::Across), [(0, 2), (1, 2), (2, 0), (2, 1)]);
        let one_text = Tokens { has_sides: false, ..tokens() };
        let units = Units::of(&one_text, Lens { between: Between::Across, ..Lens::default() });
        assert!(units.shows(1, 1), "without a second text there is nothing to leave out");
    }

    #[test]
    fn the_mean_of_heads_is_taken_cell_by_cell() {
        assert_eq!(mean(&[0.0, 1.0, 0.5, 0.5], 2), [0.25, 0.75]);
    }
}

//! Masked words and replaced tokens: counted as they are scored, since no split's logits fit into memory.

use std::collections::BTreeMap;

use super::evaluation::{ClassScore, Evaluation};
use super::reports::{MaskedReport, MaskedWord};
use super::tally::{Tally, ratio};
use crate::task::Task;

/// What was said of the masked tokens of a split.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MaskedTally {
    /// Sum of the losses of all masked tokens.
    pub loss: f64,
    pub tokens: u64,
    /// Masked tokens whose own id had the highest score.
    pub hits: u64,
    /// Each id that stood behind a mask.
    pub gold: BTreeMap<u32, TokenTally>,
}

/// What was said of the masks behind which one id stood.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct TokenTally {
    pub count: u64,
    pub hits: u64,
    pub loss: f64,
}

/// Words of a report.
const MOST_WORDS: usize = 300;

impl MaskedTally {
    pub fn add(&mut self, gold: u32, loss: f64, hit: bool) {
        self.loss += loss;
        self.tokens += 1;
        self.hits += u64::from(hit);
        let token = self.gold.entry(gold).or_default();
        token.count += 1;
        token.hits += u64::from(hit);
        token.loss += loss;
    }

    /// `name` spells an id. To be put into [`Evaluation::masked`].
    pub fn report(&self, name: impl Fn(u32) -> String) -> MaskedReport {
        let mut order: Vec<(&u32, &TokenTally)> = self.gold.iter().collect();
        order.sort_by(|one, two| two.1.loss.total_cmp(&one.1.loss));
        let word = |(id, token): (&u32, &TokenTally)| MaskedWord {
            word: name(*id),
            count: token.count,
            hits: token.hits,
            loss: token.loss,
        };
        MaskedReport { words: order.into_iter().take(MOST_WORDS).map(word).collect(), loss: self.loss }
    }
}

/// `eval_loss`, the mean over the masked tokens, `perplexity`, its exponential, and `accuracy`. The baseline says of every
/// mask how frequent each token is behind the masks of this split. Of no masks the loss is 0 and the perplexity 1.
pub fn evaluate_masked(tally: &MaskedTally) -> Evaluation {
    let metrics = |loss: f64, hits: u64| -> BTreeMap<String, f64> {
        let accuracy = ratio(hits as f64, tally.tokens as f64);
        [("eval_loss", loss), ("perplexity", loss.exp()), ("accuracy", accuracy)]
            .map(|(key, value)| (key.to_owned(), value))
            .into()
    };
    let share = |count: u64| count as f64 / tally.tokens as f64;
    let entropy: f64 = tally.gold.values().map(|token| -share(token.count) * share(token.count).ln()).sum();
    let most = tally.gold.values().map(|token| token.count).max().unwrap_or(0);
    Evaluation {
        metrics: metrics(ratio(tally.loss, tally.tokens as f64), tally.hits),
        baseline: metrics(entropy, most),
        ..Evaluation::empty(Task::Mlm)
    }
}

/// What was said of the tokens of a split, some of which were replaced.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ReplacedTally {
    /// Sum of the losses of all tokens.
    pub loss: f64,
    pub tokens: u64,
    /// Tokens that are replaced, tokens said to be, and tokens that are both.
    pub replaced: u64,
    pub said: u64,
    pub right: u64,
}

impl ReplacedTally {
    #[expect(clippy::fn_params_excessive_bools, reason = "what is true and what was said of it are both yes or no")]
    pub fn add(&mut self, replaced: bool, said: bool, loss: f64) {
        self.loss += loss;
        self.tokens += 1;
        self.replaced += u64::from(replaced);
        self.said += u64::from(said);
        self.right += u64::from(replaced && said);
    }
}

/// `eval_loss`, the mean over the tokens, `accuracy`, and `precision`, `recall` and `f1` of "replaced". The baseline calls
/// every token real.
pub fn evaluate_replaced(tally: &ReplacedTally) -> Evaluation {
    let ReplacedTally { tokens, replaced, said, right, .. } = *tally;
    let metrics = |said: u64, right: u64| -> BTreeMap<String, f64> {
        let of_replaced = Tally { right, predicted: said, support: replaced };
        let agreed = (tokens + 2 * right).saturating_sub(replaced + said);
        [
            ("accuracy", ratio(agreed as f64, tokens as f64)),
            ("precision", of_replaced.precision()),
            ("recall", of_replaced.recall()),
            ("f1", of_replaced.f1()),
        ]
        .map(|(key, value)| (key.to_owned(), value))
        .into()
    };
    let labels = ["real", "replaced"];
    let of_real = Tally {
        right: (tokens + right).saturating_sub(replaced + said),
        predicted: tokens.saturating_sub(said),
        support: tokens.saturating_sub(replaced),
    };
    let of_replaced = Tally { right, predicted: said, support: replaced };
    let mut all = metrics(said, right);
    all.insert("eval_loss".into(), ratio(tally.loss, tokens as f64));
    Evaluation {
        metrics: all,
        baseline: metrics(0, 0),
        labels: labels.map(Into::into).to_vec(),
        confusion: vec![
            vec![of_real.right, of_real.support - of_real.right],
            vec![replaced.saturating_sub(right), right],
        ],
        per_class: vec![ClassScore::new(labels[0], of_real), ClassScore::new(labels[1], of_replaced)],
        ..Evaluation::empty(Task::Rtd)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn perplexity_is_judged_against_the_frequencies() {
        let mut tally = MaskedTally::default();
        for (gold, loss, hit) in [(5, 0.5, true), (5, 1.5, false), (7, 2.0, false), (9, 0.0, true)] {
            tally.add(gold, loss, hit);
        }
        let evaluation = evaluate_masked(&tally);
        assert!((evaluation.metrics["eval_loss"] - 1.0).abs() < 1e-15);
        assert!((evaluation.metrics["perplexity"] - std::f64::consts::E).abs() < 1e-15);
        assert!((evaluation.metrics["accuracy"] - 0.5).abs() < 1e-15);
        assert!((evaluation.baseline["eval_loss"] - 1.5 * 2_f64.ln()).abs() < 1e-15);
        assert!((evaluation.baseline["accuracy"] - 0.5).abs() < 1e-15);
        let report = tally.report(|id| format!("token {id}"));
        let words: Vec<(&str, u64, u64)> =
            report.words.iter().map(|word| (word.word.as_str(), word.count, word.hits)).collect();
        assert_eq!(words, [("token 5", 2, 1), ("token 7", 1, 0), ("token 9", 1, 1)]);
        assert!((report.largest_share() - 0.5).abs() < 1e-15);
    }

    #[test]
    fn replaced_tokens_are_what_is_to_be_found() {
        let mut tally = ReplacedTally::default();
        for (replaced, said) in [(true, true), (true, false), (false, true), (false, false), (false, false)] {
            tally.add(replaced, said, 0.2);
        }
        let evaluation = evaluate_replaced(&tally);
        assert_eq!(evaluation.confusion, [[2, 1], [1, 1]]);
        assert!((evaluation.metrics["accuracy"] - 0.6).abs() < 1e-15);
        assert!((evaluation.metrics["f1"] - 0.5).abs() < 1e-15);
        assert!((evaluation.metrics["eval_loss"] - 0.2).abs() < 1e-15);
        assert!((evaluation.baseline["accuracy"] - 0.6).abs() < 1e-15);
        assert_eq!(evaluation.per_class[1].support, 2);
    }

    #[test]
    fn of_nothing_there_is_nothing() {
        let evaluation = evaluate_masked(&MaskedTally::default());
        assert!(evaluation.metrics["eval_loss"].abs() < f64::EPSILON);
        assert!((evaluation.metrics["perplexity"] - 1.0).abs() < f64::EPSILON);
        let replaced = evaluate_replaced(&ReplacedTally::default());
        assert!(replaced.metrics.values().chain(replaced.baseline.values()).all(|value| value.abs() < f64::EPSILON));
    }
}

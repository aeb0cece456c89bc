//! Settings for whoever has not chosen their own: from the task, how many sequences there are, how wide the model is and
//! what of it is trained.
//!
//! The rule is a few lines and not a search, so that it can be read and foreseen. What decides on small data is the number
//! of updates, so a few hundred rows are seen many times. The best rate falls with the square of the width: 2e-4 at 384
//! as measured on the samples, which gives the 5e-5 at 768 and 3e-5 at 1024 that BERT's authors recommend (Devlin et al.,
//! 2019). A head that is trained alone wants a rate far above that of the encoder.

use serde::Serialize;

use super::config::{RunConfig, StrategyKind};
use super::open::Open;
use crate::data::{Fold, Split};
use crate::task::{Reads, Task};

impl Open {
    /// What stays open when settings are edited: what was not given another value, and what is opened again.
    #[must_use]
    pub fn after_edit(self, was: Self, before: &Settings, after: &Settings) -> Self {
        Self {
            lr: self.lr && (!was.lr || before.lr == after.lr),
            epochs: self.epochs && (!was.epochs || before.epochs == after.epochs),
            batch: self.batch && (!was.batch || before.batch == after.batch),
            warmup: self.warmup && (!was.warmup || before.warmup == after.warmup),
            max_tokens: self.max_tokens && (!was.max_tokens || before.max_tokens == after.max_tokens),
        }
    }
}

/// The values of the settings that can be left open.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Settings {
    pub lr: f64,
    pub epochs: f64,
    pub batch: usize,
    pub warmup: f64,
    pub max_tokens: usize,
}

impl Settings {
    pub fn of(config: &RunConfig) -> Self {
        Self {
            lr: config.optim.lr,
            epochs: config.run.epochs,
            batch: config.run.batch,
            warmup: config.optim.warmup,
            max_tokens: config.data.max_tokens,
        }
    }

    /// Gives a configuration these values where it leaves them open.
    pub fn fill(&self, config: &mut RunConfig) {
        let open = config.open;
        let set = |is_open: bool, to: &mut f64, value: f64| {
            if is_open {
                *to = value;
            }
        };
        set(open.lr, &mut config.optim.lr, self.lr);
        set(open.epochs, &mut config.run.epochs, self.epochs);
        set(open.warmup, &mut config.optim.warmup, self.warmup);
        if open.batch {
            config.run.batch = self.batch;
        }
        if open.max_tokens {
            config.data.max_tokens = self.max_tokens;
            // What windows share must be less than they hold.
            if config.data.stride >= self.max_tokens {
                config.data.stride = self.max_tokens / 2;
            }
        }
    }

    /// The values that were left open, under their names in `RUN.toml`.
    pub fn words(&self, open: Open) -> String {
        let named = [
            (open.lr, format!("lr {:e}", self.lr)),
            (open.warmup, format!("warmup {}", self.warmup)),
            (open.epochs, format!("epochs {}", self.epochs)),
            (open.batch, format!("batch {}", self.batch)),
            (open.max_tokens, format!("max_tokens {}", self.max_tokens)),
        ];
        let open: Vec<String> = named.into_iter().filter(|(is_open, _)| *is_open).map(|(_, words)| words).collect();
        open.join(", ")
    }
}

/// Width of the model that the rates were measured on.
const WIDTH: f64 = 384.0;
/// Highest rate of an encoder of that width.
const RATE: f64 = 2e-4;
/// Highest rate of a head alone on an encoder of that width.
const HEAD_RATE: f64 = 5e-3;
/// Highest rate of biases alone on an encoder of that width, which move little at the rates of matrices.
const BIAS_RATE: f64 = 1e-3;
/// Highest rate of adapters on an encoder of that width. It gives 5e-4 at 768 and 4e-4 at 1024, as the authors of LoRA have
/// it for RoBERTa (Hu et al., 2021, table 9).
const ADAPTER_RATE: f64 = 1e-3;
/// Updates that small data are to come to.
const UPDATES: f64 = 300.0;
/// Updates of a head alone, of which one costs next to nothing.
const HEAD_UPDATES: f64 = 600.0;
const FEWEST_EPOCHS: f64 = 3.0;
const MOST_EPOCHS: f64 = 30.0;
const WARMUP: f64 = 0.1;
const BATCH: usize = 16;
/// Sequences from which on a batch is twice as large.
const MANY: usize = 5_000;
/// Tokens of a sequence where nothing says more.
const USUAL_TOKENS: usize = 128;

/// Tokens a sequence is to have at most: enough for 99 of 100 texts, in steps of 32. `tokens` are those of each text, or of
/// a sample; `most` is what the model takes.
pub fn length(task: Task, mut tokens: Vec<u32>, most: usize) -> usize {
    const STEP: usize = 32;
    // A long text is read in windows, which cost more than they bring beyond some length, and see too little below another.
    let (least, useful) = match task.reads() {
        Reads::Words => (64, 256),
        Reads::Question => (128, 384),
        Reads::Texts | Reads::Running | Reads::Neighbours(_) => (STEP, most),
    };
    if task.is_self_supervised() || tokens.is_empty() {
        return USUAL_TOKENS.min(most);
    }
    let at = (tokens.len() - 1) * 99 / 100;
    let (_, long, _) = tokens.select_nth_unstable(at);
    (*long as usize).next_multiple_of(STEP).clamp(least, useful.max(least)).min(most)
}

/// The examples whose length decides on the one that is recommended: those learned from, and of folds all that are dealt, so
/// that all folds are recommended the same.
pub fn rows_asked(split: &Split, fold: Option<Fold>) -> Vec<usize> {
    let mut asked = split.train.clone();
    if fold.is_some() {
        asked.extend(&split.eval);
        asked.sort_unstable();
    }
    asked
}

/// How many of all sequences that are dealt each fold learns from, to within one.
pub fn of_one_fold(all: usize, fold: Fold) -> usize {
    let folds = (fold.of as usize).max(1);
    all - all / folds
}

/// Fills in the length that a configuration leaves open, for texts of so many tokens.
pub fn fill_length(config: &mut RunConfig, tokens: Vec<u32>, most: usize) {
    let max_tokens = length(config.task, tokens, most);
    Settings { max_tokens, ..Settings::of(config) }.fill(config);
}

/// What is recommended for so many sequences to learn from and an encoder of this width. The length is the configuration's.
pub fn settings(config: &RunConfig, sequences: usize, hidden_size: usize) -> Settings {
    // There is always more running text, so that an update is never the last.
    let is_pretraining = config.task.is_self_supervised();
    let batch = if is_pretraining || sequences >= MANY { 2 * BATCH } else { BATCH };
    let narrower = WIDTH / hidden_size.max(1) as f64;
    let (rate, updates) = match config.strategy.kind {
        StrategyKind::Head => (HEAD_RATE * narrower, HEAD_UPDATES),
        StrategyKind::BitFit => (BIAS_RATE * narrower, UPDATES),
        StrategyKind::Lora => (ADAPTER_RATE * narrower, UPDATES),
        StrategyKind::Full | StrategyKind::Top | StrategyKind::Gradual | StrategyKind::Custom => {
            (RATE * narrower * narrower, UPDATES)
        }
    };
    let per_epoch = sequences.max(1).div_ceil(batch) as f64;
    let epochs = (updates / per_epoch).ceil().clamp(FEWEST_EPOCHS, MOST_EPOCHS);
    Settings {
        lr: one_digit(rate.clamp(1e-5, 1e-2)),
        epochs: if is_pretraining { FEWEST_EPOCHS } else { epochs },
        batch,
        warmup: WARMUP,
        max_tokens: config.data.max_tokens,
    }
}

/// Fills in what a configuration leaves open, its length excepted.
pub fn fill(config: &mut RunConfig, sequences: usize, hidden_size: usize) {
    let settings = settings(config, sequences, hidden_size);
    settings.fill(config);
}

/// A rate as a person would type it.
fn one_digit(rate: f64) -> f64 {
    format!("{rate:.0e}").parse().unwrap_or(rate)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(text: &str) -> RunConfig {
        let text = format!("{text}\n[model]\npath = \"m\"\n[data]\ntrain = \"a.csv\"\n");
        let mut config: RunConfig = toml::from_str(&text).unwrap();
        config.open = Open::ALL;
        config
    }

    #[test]
    fn small_data_are_seen_many_times_and_wide_models_learn_slowly() {
        let check = |kind: StrategyKind, sequences: usize, width: usize, lr: f64, epochs: f64, batch: usize| {
            let mut config = config("task = \"classify\"");
            config.strategy.kind = kind;
            let found = settings(&config, sequences, width);
            assert_eq!((found.lr, found.epochs, found.batch), (lr, epochs, batch), "{kind:?} {sequences} x {width}");
        };
        check(StrategyKind::Full, 787, 384, 2e-4, 6.0, 16);
        check(StrategyKind::Full, 225, 384, 2e-4, 20.0, 16);
        check(StrategyKind::Full, 8, 384, 2e-4, 30.0, 16);
        check(StrategyKind::Full, 8_529, 768, 5e-5, 3.0, 32);
        check(StrategyKind::Full, 100_000, 1024, 3e-5, 3.0, 32);
        check(StrategyKind::Head, 787, 384, 5e-3, 12.0, 16);
        check(StrategyKind::Lora, 787, 768, 5e-4, 6.0, 16);
        check(StrategyKind::Full, 0, 16, 1e-2, 30.0, 16);
    }

    #[test]
    fn ninety_nine_of_a_hundred_texts_fit() {
        let mut tokens: Vec<u32> = vec![20; 990];
        tokens.extend([900; 10]);
        assert_eq!(length(Task::Classify, tokens.clone(), 512), 32);
        assert_eq!(length(Task::Ner, tokens.clone(), 512), 64);
        assert_eq!(length(Task::Mlm, tokens.clone(), 512), 128);
        tokens.extend([300; 200]);
        assert_eq!(length(Task::Classify, tokens.clone(), 512), 320);
        assert_eq!(length(Task::Classify, tokens.clone(), 256), 256);
        assert_eq!(length(Task::Ner, tokens, 512), 256);
        assert_eq!(length(Task::Qa, vec![5_000; 3], 512), 384);
        assert_eq!(length(Task::Classify, Vec::new(), 64), 64);
    }

    #[test]
    fn all_folds_are_asked_of_the_same_rows() {
        let split = |train: &[usize], eval: &[usize]| Split { train: train.to_vec(), eval: eval.to_vec() };
        let fold = |number: u32| Some(Fold { number, of: 3 });
        let (first, second) = (split(&[2, 3, 4], &[0, 1]), split(&[0, 1, 3], &[2, 4]));
        assert_eq!(rows_asked(&first, fold(1)), [0, 1, 2, 3, 4]);
        assert_eq!(rows_asked(&first, fold(1)), rows_asked(&second, fold(2)));
        assert_eq!(rows_asked(&first, None), [2, 3, 4]);
        assert_eq!(of_one_fold(5, Fold { number: 1, of: 3 }), 4);
        assert_eq!(of_one_fold(66, Fold { number: 2, of: 2 }), 33);
    }

    #[test]
    fn what_a_configuration_names_is_not_open_and_stays() {
        let open = |text: &str| Open::of(&toml::from_str(text).unwrap());
        assert_eq!(open("task = \"ner\""), Open::ALL);
        let named = open("[optim]\nlr = 1e-5\n[run]\nmax_steps = 3\nbatch_tokens = 4096\n[data]\nmax_tokens = 64");
        assert_eq!(named, Open { warmup: true, ..Open::default() });
        let mut config = config("task = \"classify\"");
        config.open = Open { lr: false, batch: false, ..Open::ALL };
        fill(&mut config, 225, 384);
        assert_eq!((config.optim.lr, config.run.batch, config.run.epochs), (2e-5, 16, 20.0));
        let found = Settings::of(&config);
        assert_eq!(found.words(config.open), "warmup 0.1, epochs 20, max_tokens 128");
        Settings { max_tokens: 32, ..found }.fill(&mut config);
        assert_eq!((config.data.max_tokens, config.data.stride), (32, 16));
    }

    #[test]
    fn an_edit_makes_a_setting_ones_own_until_it_is_opened_again() {
        let before = Settings::of(&config("task = \"classify\""));
        let after = Settings { lr: 1e-3, ..before };
        let edited = Open::ALL.after_edit(Open::ALL, &before, &after);
        assert_eq!(edited, Open { lr: false, ..Open::ALL });
        assert_eq!(edited.own().collect::<Vec<_>>(), ["learning rate"]);
        assert_eq!(Open::ALL.after_edit(edited, &after, &after), Open::ALL);
    }
}

//! The small model that puts plausible words in the place of others, for a larger one to find out (ELECTRA; Clark et
//! al., 2020).
//!
//! It is trained to fill in masks, at the same time and by the same optimizer; what it puts in is drawn from its
//! probabilities, and no gradient flows back through the draw. Both models learn one set of embeddings: tables of words,
//! positions and segments with their norm are the same weights, to which both losses add their gradients.

use std::path::Path;

use candle_core::Tensor;
use rayon::prelude::*;
use serde_json::{Value, json};

use super::TrainError;
use super::loss::CrossEntropy;
use crate::model::files::TensorFiles;
use crate::model::{self, EncoderConfig, Input, Model, ModelError, Params, Pass, PassDropout};
use crate::random::{Stream, mix};
use crate::task::Task;

/// What the loss over all tokens counts beside that of the masked words.
pub const DISCRIMINATOR_WEIGHT: f64 = 50.0;
/// The folder beside a trained model that holds its generator.
pub const FOLDER: &str = "generator";
/// The generator's width is the model's divided by this, though not below the width of one usual attention head.
const SHRINK: usize = 4;
const HEAD_SIZE: usize = 64;

/// A masked-word model, trained beside the one that finds replaced tokens.
#[derive(Debug)]
pub struct Generator {
    model: Model,
    /// The weights of both models.
    params: Params,
}

/// A batch in which words were replaced.
#[derive(Debug)]
pub struct Corrupted {
    pub ids: Vec<u32>,
    /// Whether the token is not the one that stood there. A drawn token that happens to be the right one is real.
    pub replaced: Vec<bool>,
    /// The generator's share of the update's loss, with its graph; `None` where nothing was masked.
    pub loss: Option<Tensor>,
    /// Masked places for which the right token was drawn.
    pub hits: usize,
}

impl Generator {
    /// A generator for a model: from a folder, or new with a quarter of the width and as many layers.
    pub fn new(discriminator: &Model, folder: Option<&Path>, seed: u64) -> Result<Self, TrainError> {
        let model = match folder {
            Some(folder) => {
                let config = model::read_config(folder)?;
                let files = TensorFiles::open(folder).map_err(ModelError::from)?;
                model::generator(discriminator, config, Some(&files), seed)?
            }
            None => model::generator(discriminator, small_config(&discriminator.config)?, None, seed)?,
        };
        let mut all: Vec<_> = discriminator.params.iter().cloned().collect();
        all.extend(model.params.iter().filter(|param| param.name.starts_with(FOLDER)).cloned());
        Ok(Self { params: Params::new(all, discriminator.device())?, model })
    }

    pub fn model(&self) -> &Model {
        &self.model
    }

    /// Every weight of both models once: what the optimizer changes, the audit looks at and a checkpoint keeps. Those of
    /// the model come first, in its own order.
    pub fn params(&self) -> &Params {
        &self.params
    }

    /// Replaces the tokens of a masked batch that have a target. `key` addresses the draws, each by the sequence's slot
    /// and the token's place, so that cutting an update into micro-batches changes nothing. The loss is the sum over
    /// masked places divided by `denominator`, the masked places of the whole update.
    pub fn corrupt(
        &self,
        masked: &Input,
        targets: &[Option<u32>],
        pass: &Pass,
        key: u64,
        denominator: f64,
    ) -> Result<Corrupted, TrainError> {
        let asked: Vec<(usize, u32)> =
            targets.iter().enumerate().filter_map(|(place, target)| Some((place, (*target)?))).collect();
        let mut ids = masked.ids.clone();
        if asked.is_empty() {
            return Ok(Corrupted { replaced: vec![false; ids.len()], ids, loss: None, hits: 0 });
        }
        let rows: Vec<u32> = asked.iter().map(|(place, _)| *place as u32).collect();
        // Both models have the same sites; decisions for one say nothing of those for the other.
        let dropout = pass.dropout.map(|dropout| PassDropout { key: mix(dropout.key ^ mix(1)), ..dropout });
        let pass = Pass { rows: Some(rows.into()), dropout, ..pass.clone() };
        let logits = self.model.run(Task::Mlm, masked, &pass)?;
        let wanted: Vec<Option<u32>> = asked.iter().map(|(_, target)| Some(*target)).collect();
        let loss = CrossEntropy::default().loss(&logits, &wanted, denominator)?;
        let lots = lots(masked, &asked, key);
        let values: Vec<f32> = logits.detach().flatten_all()?.to_vec1()?;
        let width = values.len() / asked.len();
        let drawn: Vec<u32> = values.par_chunks(width).zip(lots).map(|(row, lot)| draw(row, lot)).collect();
        let mut replaced = vec![false; ids.len()];
        for ((place, target), drawn) in asked.iter().zip(&drawn) {
            ids[*place] = *drawn;
            replaced[*place] = drawn != target;
        }
        let hits = asked.len() - replaced.iter().filter(|replaced| **replaced).count();
        Ok(Corrupted { ids, replaced, loss: Some(loss), hits })
    }

    /// Writes the generator's folder beside a model's files, so that transformers opens it as `ElectraForMaskedLM`.
    /// Returns the folder, into which the tokenizer belongs too.
    pub fn save(&self, beside: &Path) -> Result<std::path::PathBuf, TrainError> {
        let folder = beside.join(FOLDER);
        std::fs::create_dir_all(&folder).map_err(|source| TrainError::Unwritable { path: folder.clone(), source })?;
        self.model.save(&folder)?;
        Ok(folder)
    }
}

impl Corrupted {
    /// What the model has to say of each token: 1 where it was replaced.
    pub fn targets(&self) -> Vec<Option<f32>> {
        self.replaced.iter().map(|replaced| Some(f32::from(u8::from(*replaced)))).collect()
    }
}

/// A number from 0 to below 1 for each masked place.
fn lots(masked: &Input, asked: &[(usize, u32)], key: u64) -> Vec<f64> {
    let lot = |(place, _): &(usize, u32)| {
        let sequence = masked.starts.partition_point(|start| start <= place) - 1;
        let stream = Stream::new(mix(key ^ mix(u64::from(masked.slots[sequence]) + 1)));
        stream.unit_at((place - masked.starts[sequence]) as u64)
    };
    asked.iter().map(lot).collect()
}

/// The token at which the probabilities, added up in order, pass the lot.
fn draw(logits: &[f32], lot: f64) -> u32 {
    let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let weight = |logit: &f32| f64::from(logit - largest).exp();
    let mut left = lot * logits.iter().map(weight).sum::<f64>();
    for (token, logit) in (0..).zip(logits) {
        left -= weight(logit);
        if left < 0.0 {
            return token;
        }
    }
    // Rounding, or logits that are not finite, whose loss is refused.
    logits.len().saturating_sub(1) as u32
}

/// The model's configuration at a quarter of its width.
fn small_config(config: &EncoderConfig) -> Result<EncoderConfig, TrainError> {
    let hidden = (config.hidden_size / SHRINK).max(HEAD_SIZE).min(config.hidden_size);
    let heads = hidden.div_ceil(HEAD_SIZE);
    let hidden = hidden.next_multiple_of(heads);
    let inner = (config.intermediate_size * hidden / config.hidden_size).max(1);
    let mut raw = config.raw.clone();
    for key in ["id2label", "label2id", "num_labels", "problem_type", "classifier_dropout", "is_decoder"] {
        raw.shift_remove(key);
    }
    raw.insert("architectures".into(), json!(["ElectraForMaskedLM"]));
    raw.insert("embedding_size".into(), json!(config.embedding_size));
    raw.insert("hidden_size".into(), json!(hidden));
    raw.insert("num_attention_heads".into(), json!(heads));
    raw.insert("intermediate_size".into(), json!(inner));
    Ok(EncoderConfig::parse(&Value::Object(raw).to_string())?)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::sync::Arc;

    use candle_core::Device;

    use super::*;
    use crate::data::masking::{MaskStyle, Masking};
    use crate::model::Want;
    use crate::random::{Purpose, key};
    use crate::train::audit::audit;
    use crate::train::loss;
    use crate::train::optimizer::{AdamW, Optimizer, Rule};

    fn discriminator() -> Model {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/electra-rtd");
        model::open(&folder, Want::AsSaved, &Device::Cpu, 0).unwrap().0
    }

    /// Texts of these lengths, masked, with what stood there.
    fn masked(lengths: &[usize], first: u32, draw: u64) -> (Input, Vec<Option<u32>>) {
        let masking =
            Masking { style: MaskStyle::Tokens, share: 0.3, mask_id: 4, vocab_size: 700, specials: vec![0, 2, 3] };
        let mut input = Input { starts: vec![0], ..Input::default() };
        let mut targets = Vec::new();
        for (slot, length) in (first..).zip(lengths) {
            let ids: Vec<u32> = (0..*length as u32).map(|place| 10 + (slot * 37 + place * 11) % 600).collect();
            let masked = masking.draw(&ids, None, key(1, Purpose::Masking, &[draw, u64::from(slot)]));
            input.ids.extend(masked.ids);
            targets.extend(masked.targets);
            input.starts.push(input.ids.len());
            input.slots.push(slot);
        }
        input.types = vec![0; input.ids.len()];
        (input, targets)
    }

    fn gradients(params: &Params) -> Vec<Option<Vec<f32>>> {
        let found = params.iter().map(|param| param.gradient().unwrap()).collect();
        params.clear_gradients();
        found
    }

    #[test]
    fn a_new_generator_is_narrower_and_shares_the_embeddings() {
        let discriminator = discriminator();
        let generator = Generator::new(&discriminator, None, 1).unwrap();
        let own = |name: &str| generator.model.params.iter().find(|param| param.name == name).unwrap().clone();
        for name in ["embeddings.word", "embeddings.position", "embeddings.token_type", "embeddings.norm.weight"] {
            assert!(Arc::ptr_eq(&own(name), discriminator.params.find(name).unwrap()), "{name}");
        }
        let mut names: Vec<&str> = generator.params.iter().map(|param| param.name.as_str()).collect();
        assert_eq!(names.iter().filter(|name| name.starts_with("generator.")).count(), 3 * 16 + 5 + 2);
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count, "every weight once");
        let sizes = |hidden: usize| {
            let raw = serde_json::json!({"model_type": "electra", "vocab_size": 700, "hidden_size": hidden,
                "num_hidden_layers": 12, "num_attention_heads": 1, "intermediate_size": 4 * hidden,
                "max_position_embeddings": 64, "embedding_size": 128});
            let config = small_config(&EncoderConfig::parse(&raw.to_string()).unwrap()).unwrap();
            (config.hidden_size, config.num_attention_heads, config.intermediate_size, config.embedding_size)
        };
        assert_eq!(sizes(256), (64, 1, 256, 128));
        assert_eq!(sizes(768), (192, 3, 768, 128));
        assert_eq!(sizes(1024), (256, 4, 1024, 128));
        assert_eq!(sizes(324), (82, 2, 328, 128));
    }

    #[test]
    fn only_masked_places_are_replaced_and_a_right_guess_is_real() {
        let generator = Generator::new(&discriminator(), None, 1).unwrap();
        let (input, targets) = masked(&[20, 33, 8], 0, 1);
        let corrupted = generator.corrupt(&input, &targets, &Pass::default(), 5, 10.0).unwrap();
        let asked = targets.iter().flatten().count();
        for place in 0..input.ids.len() {
            match targets[place] {
                None => assert_eq!((corrupted.ids[place], corrupted.replaced[place]), (input.ids[place], false)),
                Some(target) => assert_eq!(corrupted.replaced[place], corrupted.ids[place] != target),
            }
        }
        let wrong = corrupted.targets().iter().filter(|target| **target == Some(1.0)).count();
        assert_eq!(wrong + corrupted.hits, asked);
        assert!(wrong > asked / 2, "an untrained generator is seldom right");
        let nothing = generator.corrupt(&input, &vec![None; targets.len()], &Pass::default(), 5, 10.0).unwrap();
        assert!(nothing.loss.is_none() && nothing.ids == input.ids);
    }

    #[test]
    fn cutting_an_update_changes_neither_draws_nor_loss() {
        let generator = Generator::new(&discriminator(), None, 1).unwrap();
        let lengths = [20, 33, 8, 40];
        let (input, targets) = masked(&lengths, 0, 1);
        let dropout = Some(PassDropout { key: 9, rate: Some(0.1) });
        let pass = Pass { graph: true, dropout, ..Pass::default() };
        let value = |loss: &Option<Tensor>| loss.as_ref().unwrap().to_scalar::<f32>().unwrap();
        let whole = generator.corrupt(&input, &targets, &pass, 5, 10.0).unwrap();
        let (mut ids, mut sum) = (Vec::new(), 0.0);
        for slot in 0..4_u32 {
            let (input, targets) = masked(&lengths[slot as usize..][..1], slot, 1);
            let part = generator.corrupt(&input, &targets, &pass, 5, 10.0).unwrap();
            ids.extend(part.ids);
            sum += value(&part.loss);
        }
        assert_eq!(ids, whole.ids);
        assert!((sum - value(&whole.loss)).abs() < 1e-4, "{sum} against {:?}", whole.loss);
        let other = generator.corrupt(&input, &targets, &pass, 6, 10.0).unwrap();
        assert_ne!(other.ids, whole.ids, "another key draws others");
    }

    #[test]
    fn draws_follow_the_probabilities() {
        let logits = [0.0, 1.0, -1.0, 2.0, f32::NEG_INFINITY];
        let total: f64 = logits.iter().map(|x| f64::from(*x).exp()).sum();
        let mut counts = [0.0; 5];
        let mut stream = Stream::new(1);
        for _ in 0..100_000 {
            counts[draw(&logits, stream.unit()) as usize] += 1.0;
        }
        for (token, count) in counts.iter().enumerate() {
            let expected = f64::from(logits[token]).exp() / total;
            assert!((count / 100_000.0 - expected).abs() < 0.006, "token {token}: {count}, expected {expected}");
        }
        assert_eq!(draw(&[3.0, f32::NAN], 0.5), 1, "a broken row ends the search all the same");
    }

    #[test]
    fn both_losses_add_up_in_the_shared_embeddings_and_every_weight_learns() {
        let discriminator = discriminator();
        let generator = Generator::new(&discriminator, None, 1).unwrap();
        let (input, targets) = masked(&[20, 33, 8], 0, 1);
        let pass = Pass { graph: true, ..Pass::default() };
        let corrupted = || generator.corrupt(&input, &targets, &pass, 5, 10.0).unwrap();
        let found = |corrupted: &Corrupted| {
            let replaced = Input { ids: corrupted.ids.clone(), ..input.clone() };
            let logits = discriminator.run(Task::Rtd, &replaced, &pass).unwrap();
            (loss::binary(&logits, &corrupted.targets(), 61.0).unwrap() * DISCRIMINATOR_WEIGHT).unwrap()
        };
        corrupted().loss.unwrap().backward().unwrap();
        let of_generator = gradients(generator.params());
        found(&corrupted()).backward().unwrap();
        let of_discriminator = gradients(generator.params());
        let both = corrupted();
        (both.loss.as_ref().unwrap() + found(&both)).unwrap().backward().unwrap();
        audit(generator.params()).unwrap();
        let mut shared = 0;
        for (((param, a), b), sum) in
            generator.params().iter().zip(&of_generator).zip(&of_discriminator).zip(gradients(generator.params()))
        {
            let sum = sum.unwrap();
            shared += usize::from(a.is_some() && b.is_some());
            let zero = vec![0.0; sum.len()];
            let (a, b) = (a.as_ref().unwrap_or(&zero), b.as_ref().unwrap_or(&zero));
            let largest = sum.iter().fold(1.0_f32, |largest, x| largest.max(x.abs()));
            for ((a, b), sum) in a.iter().zip(b).zip(&sum) {
                assert!((a + b - sum).abs() < 1e-5 * largest, "{}", param.name);
            }
        }
        assert_eq!(shared, 5, "tables of words, positions and segments, and the norm");
    }

    #[test]
    fn both_models_learn_from_the_same_texts() {
        let discriminator = discriminator();
        let generator = Generator::new(&discriminator, None, 1).unwrap();
        let adam = AdamW { betas: [0.9, 0.999], eps: 1e-6 };
        let mut optimizer =
            Optimizer::new(adam, generator.params(), |_| Rule { lr: 3e-3, group: "head", weight_decay: 0.0 });
        let pass = Pass { graph: true, ..Pass::default() };
        let mut losses = Vec::new();
        for step in 0..40 {
            let (input, targets) = masked(&[20, 33, 8, 40], 0, step % 4);
            let asked = targets.iter().flatten().count() as f64;
            let corrupted = generator.corrupt(&input, &targets, &pass, step, asked).unwrap();
            let replaced = Input { ids: corrupted.ids.clone(), ..input.clone() };
            let logits = discriminator.run(Task::Rtd, &replaced, &pass).unwrap();
            let found = loss::binary(&logits, &corrupted.targets(), 101.0).unwrap();
            let masked_loss = corrupted.loss.unwrap();
            losses.push((masked_loss.to_scalar::<f32>().unwrap(), found.to_scalar::<f32>().unwrap()));
            (masked_loss + (found * DISCRIMINATOR_WEIGHT).unwrap()).unwrap().backward().unwrap();
            optimizer.step(1.0, 1.0).unwrap();
            generator.params().clear_gradients();
        }
        let mean = |range: std::ops::Range<usize>| {
            let part = &losses[range];
            let sum = part.iter().fold((0.0, 0.0), |sum, loss| (sum.0 + loss.0, sum.1 + loss.1));
            (sum.0 / part.len() as f32, sum.1 / part.len() as f32)
        };
        let (first, last) = (mean(0..4), mean(36..40));
        assert!(last.0 < 0.7 * first.0, "masked words: {first:?} to {last:?}");
        assert!(last.1 < 0.7 * first.1, "replaced tokens: {first:?} to {last:?}");
    }

    #[test]
    fn a_saved_generator_opens_alone_and_beside_its_model_again() {
        let discriminator = discriminator();
        let generator = Generator::new(&discriminator, None, 1).unwrap();
        let dir = tempfile::tempdir().unwrap();
        let folder = generator.save(dir.path()).unwrap();
        let (alone, report) = model::open(&folder, Want::AsSaved, &Device::Cpu, 0).unwrap();
        assert!(report.new.is_empty() && report.left_over.is_empty(), "{report:?}");
        assert_eq!(alone.config.architectures, ["ElectraForMaskedLM"]);
        let (input, targets) = masked(&[20], 0, 1);
        let logits = |model: &Model| {
            model.run(Task::Mlm, &input, &Pass::default()).unwrap().flatten_all().unwrap().to_vec1::<f32>().unwrap()
        };
        assert_eq!(logits(&alone), logits(&generator.model));
        let again = Generator::new(&discriminator, Some(&folder), 2).unwrap();
        assert_eq!(again.params().count(), generator.params().count(), "the embeddings are shared again");
        let (a, b) = (&generator, &again);
        let ids = |generator: &Generator| generator.corrupt(&input, &targets, &Pass::default(), 5, 1.0).unwrap().ids;
        assert_eq!(ids(a), ids(b));
        // Embeddings of another origin stay the generator's own.
        let other = model::random(&folder, Want::AsSaved, &Device::Cpu, 9).unwrap().0;
        other.save(&folder).unwrap();
        let apart = Generator::new(&discriminator, Some(&folder), 2).unwrap();
        let tables: u64 =
            alone.params.iter().filter(|p| p.name.starts_with("embeddings.")).map(|p| p.count() as u64).sum();
        let projection = (16 + 1) * 32;
        assert_eq!(apart.params().count(), generator.params().count() + tables - projection);
    }

    #[test]
    fn another_vocabulary_is_refused() {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/albert-mlm");
        let error = Generator::new(&discriminator(), Some(&folder), 0).unwrap_err();
        assert!(error.to_string().contains("knows 397 tokens and the model 700"), "{error}");
    }
}

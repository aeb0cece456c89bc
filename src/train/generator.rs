//! The small model that puts plausible words in the place of others, for a larger one to find out (ELECTRA; Clark et
//! al., 2020).
//!
//! It is trained to fill in masks, at the same time and by the same optimizer; what it puts in is drawn from its
//! probabilities, and no gradient flows back through the draw. Both models learn one set of embeddings: tables of words,
//! positions and segments with their norm are the same weights, to which both losses add their gradients.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use candle_core::Tensor;
use rayon::prelude::*;
use serde_json::{Value, json};

use super::companion::{Companion, Divisors, Expected, Joined};
use super::config::Language;
use super::loss::CrossEntropy;
use super::objective::{Asked, Work};
use super::{TrainError, checkpoint};
use crate::files;
use crate::model::files::TensorFiles;
use crate::model::{self, EncoderConfig, HeadKind, Input, Model, ModelError, Param, Pass, PassDropout};
use crate::random::{Stream, mix};
use crate::task::Task;
use crate::text::{Features, Labels};

/// The folder beside a trained model that holds its generator.
pub const FOLDER: &str = "generator";
/// The generator's width is the model's divided by this, though not below the width of one usual attention head.
const SHRINK: usize = 4;
const HEAD_SIZE: usize = 64;

/// A masked-word model, trained beside the one that finds replaced tokens.
#[derive(Debug)]
pub struct Generator {
    model: Model,
    /// What the loss of the model that finds replaced tokens counts beside its own.
    pub model_weight: f64,
}

/// What a generator made of a masked batch.
#[derive(Clone, Debug, PartialEq)]
pub struct Made {
    /// The batch with drawn tokens in place of the masked ones.
    pub ids: Vec<u32>,
    /// Whether the token is not the one that stood there. A drawn token that happens to be the right one is real.
    pub replaced: Vec<bool>,
    /// The generator's own loss; 0 where nothing was masked.
    pub loss: f64,
}

/// Sets the generator's decisions apart from the model's where both have the same site and key.
const DROPOUT: u64 = 1;
const DRAWS: u64 = 2;

impl Generator {
    /// A generator for a model: from a folder, or new with a quarter of the width and as many layers.
    pub fn new(discriminator: &Model, folder: Option<&Path>, seed: u64) -> Result<Self, TrainError> {
        let config = config_of(&discriminator.config, folder)?;
        let model = match folder {
            Some(folder) => {
                let files = TensorFiles::open(folder).map_err(ModelError::from)?;
                model::generator(discriminator, config, Some(&files), seed)?
            }
            None => model::generator(discriminator, config, None, seed)?,
        };
        Ok(Self { model, model_weight: Language::default().discriminator_weight })
    }

    /// The one that was kept in the folder of the model it was trained along with.
    pub fn kept_with(dir: &Path, discriminator: &Model) -> Result<Self, TrainError> {
        let folder = dir.join(FOLDER);
        if !folder.join("config.json").is_file() {
            return Err(TrainError::NoGenerator { dir: dir.to_owned() });
        }
        Self::new(discriminator, Some(&folder), 0)
    }

    /// Replaces the tokens of a masked batch that have a target. `key` addresses the draws, each by the sequence's slot
    /// and the token's place, so that cutting an update into micro-batches changes nothing. The loss is the mean.
    pub fn sample(&self, masked: &Input, targets: &[Option<u32>], key: u64) -> Result<Made, TrainError> {
        let denominator = targets.iter().flatten().count() as f64;
        Ok(self.make(masked, targets, &Pass::default(), key, denominator)?.0)
    }

    /// The same in training, with the gradients of its loss added to its weights: the sum over masked places divided by
    /// `denominator`, the masked places of the whole update. The dropout's key addresses the draws too.
    pub fn learn(
        &self,
        masked: &Input,
        targets: &[Option<u32>],
        dropout: PassDropout,
        denominator: f64,
    ) -> Result<Made, TrainError> {
        let own = PassDropout { key: mix(dropout.key ^ mix(DROPOUT)), ..dropout };
        let pass = Pass { graph: true, dropout: Some(own), ..Pass::default() };
        let (made, loss) = self.make(masked, targets, &pass, mix(dropout.key ^ mix(DRAWS)), denominator)?;
        if let Some(loss) = loss.filter(|_| made.loss.is_finite()) {
            let store = loss.backward()?;
            for param in self.model.params.iter() {
                param.collect(&store)?;
            }
        }
        Ok(made)
    }

    /// What it makes, and the loss with its graph; no loss where nothing was masked.
    fn make(
        &self,
        masked: &Input,
        targets: &[Option<u32>],
        pass: &Pass,
        key: u64,
        denominator: f64,
    ) -> Result<(Made, Option<Tensor>), TrainError> {
        let asked: Vec<(usize, u32)> =
            targets.iter().enumerate().filter_map(|(place, target)| Some((place, (*target)?))).collect();
        let mut made = Made { ids: masked.ids.clone(), replaced: vec![false; masked.ids.len()], loss: 0.0 };
        if asked.is_empty() {
            return Ok((made, None));
        }
        let rows: Vec<u32> = asked.iter().map(|(place, _)| *place as u32).collect();
        let pass = Pass { rows: Some(rows.into()), ..pass.clone() };
        let logits = self.model.run(Task::Mlm, masked, &pass)?;
        let wanted: Vec<Option<u32>> = asked.iter().map(|(_, target)| Some(*target)).collect();
        let loss = CrossEntropy::default().loss(&logits, &wanted, denominator)?;
        made.loss = f64::from(loss.to_scalar::<f32>()?);
        let values: Vec<f32> = logits.detach().flatten_all()?.to_vec1()?;
        let lots = lots(masked, &asked, key);
        let drawn: Vec<u32> =
            values.par_chunks(values.len() / asked.len()).zip(lots).map(|(row, lot)| draw(row, lot)).collect();
        for ((place, target), drawn) in asked.iter().zip(&drawn) {
            made.ids[*place] = *drawn;
            made.replaced[*place] = drawn != target;
        }
        Ok((made, Some(loss)))
    }
}

impl Companion for Generator {
    fn name(&self) -> &'static str {
        FOLDER
    }

    fn sum(&self) -> String {
        checkpoint::sum_of_config(&self.model.config.raw)
    }

    fn own_params(&self) -> Vec<Arc<Param>> {
        self.model.params.iter().filter(|param| is_own(param)).cloned().collect()
    }

    /// The masked words.
    fn asked(&self, features: &Features) -> f64 {
        originals(features).iter().flatten().count() as f64
    }

    /// Learns from the masked words, and puts the words it says in their place.
    fn join(
        &self,
        work: &mut Work,
        features: &[&Features],
        dropout: PassDropout,
        update: Divisors,
    ) -> Result<Joined, TrainError> {
        let made = self.learn(&work.input, &all_originals(features), dropout, update.asked)?;
        let loss = made.loss;
        made.replace(work);
        Ok(Joined { loss, model_weight: self.model_weight })
    }

    fn judge(&self, work: &mut Work, features: &[&Features], key: u64) -> Result<(), TrainError> {
        self.sample(&work.input, &all_originals(features), key)?.replace(work);
        Ok(())
    }

    /// Writes a folder that transformers opens as `ElectraForMaskedLM`.
    fn save(&self, beside: &Path, other: &dyn Fn(&Param) -> Option<Tensor>) -> Result<Option<PathBuf>, TrainError> {
        let folder = beside.join(FOLDER);
        files::create_folders(&folder).map_err(|source| TrainError::Unwritable { path: folder.clone(), source })?;
        self.model.save_with(&folder, other)?;
        Ok(Some(folder))
    }
}

impl Made {
    /// Puts the drawn tokens in place of the masks, and asks which they are.
    fn replace(self, work: &mut Work) {
        work.input.ids = self.ids;
        let cells = self.replaced.iter().map(|replaced| Some(f32::from(u8::from(*replaced))));
        work.asked = Asked::Replaced(cells.collect());
    }
}

/// The original of each masked token.
fn originals(features: &Features) -> Vec<Option<u32>> {
    match &features.labels {
        Labels::Tokens(targets) => targets.clone(),
        _ => vec![None; features.tokens.len()],
    }
}

fn all_originals(features: &[&Features]) -> Vec<Option<u32>> {
    features.iter().flat_map(|one| originals(one)).collect()
}

/// A generator as far as it is known before it is opened. Whether one in a folder shares the model's embeddings is only
/// seen in its weights, so it is expected not to.
pub(super) fn expected(discriminator: &EncoderConfig, language: &Language) -> Result<Expected, TrainError> {
    let config = config_of(discriminator, language.generator.as_deref())?;
    let (own, embeddings) = sizes(&config);
    let is_new = language.generator.is_none();
    let held = if is_new { own } else { own + embeddings };
    Ok(Expected {
        name: FOLDER,
        held,
        trained: held,
        learns: true,
        numbers: 0,
        operations: 0.0,
        kept: own + embeddings,
        words: language.share,
        is_kept: false,
        config,
    })
}

/// Weights that are only a generator's, and those of its embeddings, which it may share.
fn sizes(config: &EncoderConfig) -> (u64, u64) {
    let (hidden, inner, table) = (config.hidden_size, config.intermediate_size, config.embedding_size);
    let dense = |inputs: usize, outputs: usize| (inputs + 1) * outputs;
    let layer = 4 * dense(hidden, hidden) + dense(hidden, inner) + dense(inner, hidden) + 4 * hidden;
    let projection = if config.has_projection() { dense(table, hidden) } else { 0 };
    let rows = config.vocab_size + config.max_position_embeddings + config.type_vocab_size;
    let head = HeadKind::Mask.spec(config).weights(config, 0);
    let head: u64 = head.iter().map(|(_, count)| count).sum();
    (head + (config.stored_layers() * layer + projection) as u64, ((rows + 2) * table) as u64)
}

/// The configuration of the generator for a model.
fn config_of(discriminator: &EncoderConfig, folder: Option<&Path>) -> Result<EncoderConfig, TrainError> {
    match folder {
        Some(folder) => Ok(model::read_config(folder)?),
        None => small_config(discriminator),
    }
}

/// Whether a weight is the generator's alone.
fn is_own(param: &Param) -> bool {
    param.name.starts_with(FOLDER)
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
    use candle_core::Device;

    use super::*;
    use crate::corpus::masking::{MaskStyle, Masking};
    use crate::model::Params;
    use crate::model::Want;
    use crate::model::ops::Backend;
    use crate::random::{Purpose, key};
    use crate::train::audit::audit;
    use crate::train::companion::all_params;
    use crate::train::config::Group;
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

    fn all(discriminator: &Model, generator: &Generator) -> Params {
        all_params(discriminator, Some(generator)).unwrap()
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
        let all = all(&discriminator, &generator);
        let mut names: Vec<&str> = all.iter().map(|param| param.name.as_str()).collect();
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
    fn what_is_expected_of_a_generator_is_what_it_comes_to() {
        let discriminator = discriminator();
        let count = |params: &[Arc<Param>]| params.iter().map(|param| param.count() as u64).sum::<u64>();
        let generator = Generator::new(&discriminator, None, 1).unwrap();
        let mut language = Language::default();
        let told = expected(&discriminator.config, &language).unwrap();
        let own = count(&generator.own_params());
        assert_eq!((told.held, told.trained, told.kept), (own, own, generator.model.params.count()));
        // One of another origin has embeddings of its own.
        let dir = tempfile::tempdir().unwrap();
        let folder = generator.save(dir.path(), &|_| None).unwrap().unwrap();
        model::random(&folder, Want::AsSaved, &Device::Cpu, 9).unwrap().0.save(&folder).unwrap();
        language.generator = Some(folder.clone());
        let apart = Generator::new(&discriminator, Some(&folder), 2).unwrap();
        let told = expected(&discriminator.config, &language).unwrap();
        assert_eq!((told.held, told.kept), (count(&apart.own_params()), apart.model.params.count()));
    }

    /// The loss of the model over the batch that was made, counted as ELECTRA counts it.
    fn found(discriminator: &Model, input: &Input, made: &Made, pass: &Pass) -> Tensor {
        let replaced = Input { ids: made.ids.clone(), ..input.clone() };
        let logits = discriminator.run(Task::Rtd, &replaced, pass).unwrap();
        let targets: Vec<Option<f32>> = made.replaced.iter().map(|one| Some(f32::from(u8::from(*one)))).collect();
        (loss::binary(&logits, &targets, targets.len() as f64).unwrap() * 50.0).unwrap()
    }

    #[test]
    fn only_masked_places_are_replaced_and_a_right_guess_is_real() {
        let generator = Generator::new(&discriminator(), None, 1).unwrap();
        let (input, targets) = masked(&[20, 33, 8], 0, 1);
        let made = generator.sample(&input, &targets, 5).unwrap();
        for (place, target) in targets.iter().enumerate() {
            match *target {
                None => assert_eq!((made.ids[place], made.replaced[place]), (input.ids[place], false)),
                Some(target) => assert_eq!(made.replaced[place], made.ids[place] != target),
            }
        }
        let (asked, wrong) = (targets.iter().flatten().count(), made.replaced.iter().filter(|one| **one).count());
        assert!(wrong > asked / 2, "an untrained generator is seldom right");
        // Had what it draws stood there, it would be right.
        let told: Vec<Option<u32>> = made.ids.iter().zip(&targets).map(|(id, target)| target.map(|_| *id)).collect();
        let again = generator.sample(&input, &told, 5).unwrap();
        assert_eq!((again.ids, again.replaced), (made.ids, vec![false; targets.len()]));
        let nothing = generator.sample(&input, &vec![None; targets.len()], 5).unwrap();
        assert_eq!(nothing, Made { ids: input.ids, replaced: vec![false; targets.len()], loss: 0.0 });
    }

    #[test]
    fn cutting_an_update_changes_neither_draws_nor_gradients() {
        let discriminator = discriminator();
        let generator = Generator::new(&discriminator, None, 1).unwrap();
        let params = all(&discriminator, &generator);
        let lengths = [20, 33, 8, 40];
        let (input, targets) = masked(&lengths, 0, 1);
        let dropout = PassDropout { key: 9, rate: Some(0.1) };
        let whole = generator.learn(&input, &targets, dropout, 10.0).unwrap();
        let of_whole = gradients(&params);
        let (mut ids, mut sum) = (Vec::new(), 0.0);
        for slot in 0..4_u32 {
            let (input, targets) = masked(&lengths[slot as usize..][..1], slot, 1);
            let part = generator.learn(&input, &targets, dropout, 10.0).unwrap();
            ids.extend(part.ids);
            sum += part.loss;
        }
        assert_eq!(ids, whole.ids);
        assert!((sum - whole.loss).abs() < 1e-4, "{sum} against {}", whole.loss);
        for ((param, a), b) in params.iter().zip(&of_whole).zip(gradients(&params)) {
            let (Some(a), Some(b)) = (a, &b) else {
                assert!(a.is_none() && b.is_none(), "{}", param.name);
                continue;
            };
            let apart = a.iter().zip(b).fold(0.0_f32, |most, (a, b)| most.max((a - b).abs()));
            assert!(apart < 1e-4, "{}: {apart}", param.name);
        }
        let other = generator.learn(&input, &targets, PassDropout { key: 10, rate: None }, 10.0).unwrap();
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
        for backend in [Backend::Fused, Backend::Plain] {
            let mut discriminator = discriminator();
            discriminator.backend = backend;
            let mut generator = Generator::new(&discriminator, None, 1).unwrap();
            generator.model.backend = backend;
            let params = all(&discriminator, &generator);
            let (input, targets) = masked(&[20, 33, 8], 0, 1);
            let pass = Pass { graph: true, ..Pass::default() };
            let learn = || generator.learn(&input, &targets, PassDropout { key: 5, rate: Some(0.0) }, 10.0).unwrap();
            let find = |made: &Made| {
                let store = found(&discriminator, &input, made, &pass).backward().unwrap();
                discriminator.params.iter().for_each(|param| param.collect(&store).unwrap());
            };
            let made = learn();
            let of_generator = gradients(&params);
            find(&made);
            let of_discriminator = gradients(&params);
            find(&learn());
            audit(&params, &|_| false).unwrap();
            let together = gradients(&params);
            let mut shared = 0;
            for (((param, a), b), sum) in params.iter().zip(&of_generator).zip(&of_discriminator).zip(&together) {
                shared += usize::from(a.is_some() && b.is_some());
                let sum = sum.as_ref().unwrap();
                let zero = vec![0.0; sum.len()];
                let (a, b) = (a.as_ref().unwrap_or(&zero), b.as_ref().unwrap_or(&zero));
                let largest = sum.iter().fold(1.0_f32, |largest, x| largest.max(x.abs()));
                for ((a, b), sum) in a.iter().zip(b).zip(sum) {
                    assert!((a + b - sum).abs() < 1e-5 * largest, "{} {backend:?}", param.name);
                }
            }
            assert_eq!(shared, 5, "tables of words, positions and segments, and the norm");
        }
    }

    #[test]
    fn both_models_learn_from_the_same_texts() {
        let discriminator = discriminator();
        let generator = Generator::new(&discriminator, None, 1).unwrap();
        let adam = AdamW { betas: [0.9, 0.999], eps: 1e-6 };
        let params = all(&discriminator, &generator);
        let mut optimizer = Optimizer::new(adam, &params, |_| Rule { lr: 3e-3, group: Group::Head, weight_decay: 0.0 });
        let pass = Pass { graph: true, ..Pass::default() };
        let mut losses = Vec::new();
        for step in 0..80 {
            let (input, targets) = masked(&[20, 33, 8, 40], 0, step % 4);
            let asked = targets.iter().flatten().count() as f64;
            let made = generator.learn(&input, &targets, PassDropout { key: step, rate: Some(0.0) }, asked).unwrap();
            let found = found(&discriminator, &input, &made, &pass);
            losses.push((made.loss, f64::from(found.to_scalar::<f32>().unwrap())));
            found.backward().unwrap();
            optimizer.step(1.0, 1.0).unwrap();
            params.clear_gradients();
        }
        let mean = |range: std::ops::Range<usize>| {
            let part = &losses[range];
            let sum = part.iter().fold((0.0, 0.0), |sum, loss| (sum.0 + loss.0, sum.1 + loss.1));
            (sum.0 / part.len() as f64, sum.1 / part.len() as f64)
        };
        let (first, last) = (mean(0..4), mean(76..80));
        assert!(last.0 < 0.7 * first.0, "masked words: {first:?} to {last:?}");
        assert!(last.1 < 0.7 * first.1, "replaced tokens: {first:?} to {last:?}");
    }

    #[test]
    fn a_saved_generator_opens_alone_and_beside_its_model_again() {
        let discriminator = discriminator();
        let generator = Generator::new(&discriminator, None, 1).unwrap();
        let dir = tempfile::tempdir().unwrap();
        let folder = generator.save(dir.path(), &|_| None).unwrap().unwrap();
        let (alone, report) = model::open(&folder, Want::AsSaved, &Device::Cpu, 0).unwrap();
        assert!(report.new.is_empty() && report.left_over.is_empty(), "{report:?}");
        assert_eq!(alone.config.architectures, ["ElectraForMaskedLM"]);
        let (input, targets) = masked(&[20], 0, 1);
        let logits = |model: &Model| {
            model.run(Task::Mlm, &input, &Pass::default()).unwrap().flatten_all().unwrap().to_vec1::<f32>().unwrap()
        };
        assert_eq!(logits(&alone), logits(&generator.model));
        let again = Generator::new(&discriminator, Some(&folder), 2).unwrap();
        let count = |generator: &Generator| all(&discriminator, generator).count();
        assert_eq!(count(&again), count(&generator), "the embeddings are shared again");
        let (a, b) = (&generator, &again);
        let ids = |generator: &Generator| generator.sample(&input, &targets, 5).unwrap().ids;
        assert_eq!(ids(a), ids(b));
        // Embeddings of another origin stay the generator's own.
        let other = model::random(&folder, Want::AsSaved, &Device::Cpu, 9).unwrap().0;
        other.save(&folder).unwrap();
        let apart = Generator::new(&discriminator, Some(&folder), 2).unwrap();
        let tables: u64 =
            alone.params.iter().filter(|p| p.name.starts_with("embeddings.")).map(|p| p.count() as u64).sum();
        let projection = (16 + 1) * 32;
        assert_eq!(count(&apart), count(&generator) + tables - projection);
    }

    #[test]
    fn another_vocabulary_is_refused() {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/albert-mlm");
        let error = Generator::new(&discriminator(), Some(&folder), 0).unwrap_err();
        assert!(error.to_string().contains("knows 397 tokens and the model 700"), "{error}");
    }
}

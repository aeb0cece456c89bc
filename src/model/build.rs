//! A model from named numbers: every weight is asked for once, checked against the shape that the configuration implies,
//! and noted as loaded, new or left over.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use candle_core::{Device, Tensor, Var};

use super::card::{LoadReport, Unfit};
use super::config::EncoderConfig;
use super::family::{Naming, Stored, StoredName};
use super::frozen::{self, Begins, Frozen, no_bias};
use super::kinds::{HeadInput, HeadKind, HeadSpec, Outputs};
use super::ops::attention::Heads;
use super::ops::embedding::{EmbeddingWeights, sines};
use super::ops::weights::{Dense, LayerWeights, Norm};
use super::params::{Block, Param, Params};
use super::{Body, Head, HeadSet, Model, ModelError, Shared, Source};
use crate::memory;
use crate::random::{Purpose, Stream, key};

/// How a weight that no file has begins.
#[derive(Clone, Copy)]
enum Start {
    Normal,
    Zero,
    One,
    /// Normal with a row of zeros.
    Table {
        padding: Option<u32>,
    },
    /// Fixed sine and cosine positions.
    Sines,
}

/// Where a pair of weight and bias of a head has its numbers from.
#[derive(Clone, Copy)]
struct Place<'a> {
    /// The canonical name.
    name: &'a str,
    stored: Stored,
    /// Whether it begins anew whatever the source has.
    anew: bool,
}

/// Asks a source for weights and keeps the books.
pub struct Builder<'a> {
    config: &'a EncoderConfig,
    naming: Naming,
    source: Option<&'a dyn Source>,
    device: &'a Device,
    seed: u64,
    params: Vec<Arc<Param>>,
    report: LoadReport,
    used: HashSet<String>,
    missing_encoder: Vec<String>,
    /// Put before canonical names, so that those of two models in one training differ.
    prefix: &'static str,
    /// Weights of another model that take the place of those with the same name.
    shared: Vec<Arc<Param>>,
    /// Whether the outputs of sequence and token heads are new whatever the source has.
    new_outputs: bool,
    /// Heads that are kept beside the one that is trained: their own weights are fixed.
    kept_beside: Vec<HeadKind>,
    /// Whether such a head is being built.
    is_beside: bool,
    /// Bytes that weights may still take: what a configuration claims is not allocated before it is known to fit.
    free: u64,
}

impl<'a> Builder<'a> {
    /// `source` is `None` for a model of new weights.
    pub fn new(config: &'a EncoderConfig, source: Option<&'a dyn Source>, device: &'a Device, seed: u64) -> Self {
        Self {
            config,
            naming: Naming { family: config.family, inner_group_num: config.inner_group_num },
            source,
            device,
            seed,
            params: Vec::new(),
            report: LoadReport::default(),
            used: HashSet::new(),
            missing_encoder: Vec::new(),
            prefix: "",
            shared: Vec::new(),
            new_outputs: false,
            kept_beside: Vec::new(),
            is_beside: false,
            free: memory::available(),
        }
    }

    /// For classes that are not those of the source's head: what comes before its outputs is still taken.
    #[must_use]
    pub fn with_new_outputs(self) -> Self {
        Self { new_outputs: true, ..self }
    }

    /// With heads that are there but not trained.
    #[must_use]
    pub fn keeping(self, kept_beside: Vec<HeadKind>) -> Self {
        Self { kept_beside, ..self }
    }

    /// For a model that is trained together with another: its own weights have names with this prefix and count as one
    /// block, a head; `shared` are weights that both have.
    #[must_use]
    pub fn beside(self, prefix: &'static str, shared: Vec<Arc<Param>>) -> Self {
        Self { prefix, shared, ..self }
    }

    /// Builds the encoder with these heads; `labels` is the width of sequence and token heads.
    pub fn build(mut self, kinds: &[HeadKind], labels: usize) -> Result<(Model, LoadReport), ModelError> {
        let (word, body) = self.body()?;
        if self.source.is_some() && !self.missing_encoder.is_empty() {
            return Err(ModelError::EncoderIncomplete { names: self.missing_encoder });
        }
        let heads = self.heads(kinds, labels, &word)?;
        if let Some(source) = self.source {
            self.report.left_over = source.names().into_iter().filter(|name| !self.used.contains(name)).collect();
        }
        let model = Model {
            config: self.config.clone(),
            params: Params::new(self.params, self.device)?,
            backend: Model::default_backend(self.device),
            device: self.device.clone(),
            body,
            heads,
            gates: Vec::new(),
        };
        Ok((model, self.report))
    }

    /// The encoder, and its word table.
    fn body(&mut self) -> Result<(Arc<Param>, Body), ModelError> {
        if let Some(keys) = &self.config.frozen {
            let mut weights = HashMap::new();
            for frozen::Place { name, stored, shape, begins } in frozen::places(self.config) {
                let start = match begins {
                    Begins::Normal => Start::Normal,
                    Begins::Zero => Start::Zero,
                    Begins::One => Start::One,
                };
                let param = self.encoder(&name, stored, &shape, start)?;
                weights.insert(name, param);
            }
            if self.source.is_some() && !self.missing_encoder.is_empty() {
                return Err(ModelError::EncoderIncomplete { names: std::mem::take(&mut self.missing_encoder) });
            }
            let frozen = Frozen::new(self.config, keys, &weights, self.device)?;
            return Ok((frozen.word().clone(), Body::Frozen(frozen)));
        }
        let embeddings = self.embeddings()?;
        let projection = self.projection()?;
        let layers = (0..self.config.stored_layers()).map(|layer| self.layer(layer).map(Arc::new));
        let layers = layers.collect::<Result<Vec<_>, _>>()?;
        Ok((embeddings.word.clone(), Body::Shared(Shared { embeddings: Arc::new(embeddings), projection, layers })))
    }

    fn embeddings(&mut self) -> Result<EmbeddingWeights, ModelError> {
        let config = self.config;
        let width = config.embedding_size;
        let padding = Some(config.pad_token_id);
        let word = self.table("word", [config.vocab_size, width], Start::Table { padding })?;
        let roberta = config.first_position() > 0;
        let position_padding = padding.filter(|_| roberta);
        let start = if config.sinusoidal_positions { Start::Sines } else { Start::Table { padding: position_padding } };
        let position = self.table("position", [config.max_position_embeddings, width], start)?;
        let token_type = match config.type_vocab_size {
            0 => None,
            count => Some(self.table("token_type", [count, width], Start::Normal)?),
        };
        let eps = config.norm_eps as f32;
        let norm = Norm {
            weight: self.encoder(
                "embeddings.norm.weight",
                self.naming.embeddings("norm", "weight"),
                &[width],
                Start::One,
            )?,
            bias: self.encoder(
                "embeddings.norm.bias",
                self.naming.embeddings("norm", "bias"),
                &[width],
                Start::Zero,
            )?,
            eps,
        };
        Ok(EmbeddingWeights { word, position, token_type, norm, word_padding: padding, position_padding })
    }

    fn table(&mut self, slot: &str, shape: [usize; 2], start: Start) -> Result<Arc<Param>, ModelError> {
        let stored = self.naming.embeddings(slot, "weight");
        self.encoder(&format!("embeddings.{slot}"), stored, &shape, start)
    }

    fn projection(&mut self) -> Result<Option<Dense>, ModelError> {
        if !self.config.has_projection() {
            return Ok(None);
        }
        let shape = [self.config.hidden_size, self.config.embedding_size];
        let (weight, bias) =
            (self.naming.embeddings("projection", "weight"), self.naming.embeddings("projection", "bias"));
        Ok(Some(Dense::new(
            self.encoder("embeddings.projection.weight", weight, &shape, Start::Normal)?,
            self.encoder("embeddings.projection.bias", bias, &shape[..1], Start::Zero)?,
        )))
    }

    fn layer(&mut self, layer: usize) -> Result<LayerWeights, ModelError> {
        let (hidden, inner) = (self.config.hidden_size, self.config.intermediate_size);
        let heads = self.config.num_attention_heads;
        Ok(LayerWeights {
            query: self.layer_dense(layer, "attention.query", hidden, hidden)?,
            key: self.layer_dense(layer, "attention.key", hidden, hidden)?,
            value: self.layer_dense(layer, "attention.value", hidden, hidden)?,
            output: self.layer_dense(layer, "attention.output", hidden, hidden)?,
            attention_norm: self.layer_norm(layer, "attention.norm")?,
            inner: self.layer_dense(layer, "feed_forward.inner", hidden, inner)?,
            outer: self.layer_dense(layer, "feed_forward.output", inner, hidden)?,
            feed_forward_norm: self.layer_norm(layer, "feed_forward.norm")?,
            heads: Heads { count: heads, size: hidden / heads },
            activation: self.config.activation,
        })
    }

    fn layer_dense(&mut self, layer: usize, slot: &str, inputs: usize, outputs: usize) -> Result<Dense, ModelError> {
        Ok(Dense::new(
            self.layer_param(layer, slot, "weight", &[outputs, inputs], Start::Normal)?,
            self.layer_param(layer, slot, "bias", &[outputs], Start::Zero)?,
        ))
    }

    fn layer_norm(&mut self, layer: usize, slot: &str) -> Result<Norm, ModelError> {
        let width = [self.config.hidden_size];
        Ok(Norm {
            weight: self.layer_param(layer, slot, "weight", &width, Start::One)?,
            bias: self.layer_param(layer, slot, "bias", &width, Start::Zero)?,
            eps: self.config.norm_eps as f32,
        })
    }

    fn layer_param(
        &mut self,
        layer: usize,
        slot: &str,
        part: &str,
        shape: &[usize],
        start: Start,
    ) -> Result<Arc<Param>, ModelError> {
        let stored = self.naming.layer(layer, slot, part);
        self.encoder(&format!("layers.{layer}.{slot}.{part}"), stored, shape, start)
    }

    fn heads(&mut self, kinds: &[HeadKind], labels: usize, word: &Arc<Param>) -> Result<HeadSet, ModelError> {
        let specs: Vec<HeadSpec> = kinds.iter().map(|kind| kind.spec(self.config)).collect();
        // Heads of the first token share their dense layer, which comes before all that is a head's own.
        let mut shared = None;
        for spec in specs.iter().filter(|spec| spec.kind.input() == HeadInput::FirstToken) {
            if shared.is_none() {
                shared = self.head_dense_layer(spec)?;
            }
        }
        let of_spec = |spec| self.head(spec, labels, word, shared.clone());
        Ok(HeadSet(specs.into_iter().map(of_spec).collect::<Result<_, _>>()?))
    }

    fn head(
        &mut self,
        spec: HeadSpec,
        labels: usize,
        word: &Arc<Param>,
        shared: Option<Dense>,
    ) -> Result<Head, ModelError> {
        self.is_beside = self.kept_beside.contains(&spec.kind);
        let dense = match spec.kind.input() {
            HeadInput::FirstToken => shared,
            HeadInput::AllTokens => self.head_dense_layer(&spec)?,
        };
        let width = spec.dense.as_ref().map_or(self.config.hidden_size, |dense| dense.width);
        let norm = match spec.dense.as_ref().and_then(|dense| dense.norm) {
            Some((name, stored)) => {
                let place = Place { name, stored, anew: false };
                let weight = self.head_param(place, "weight", &[width], Start::One)?;
                let has_bias = spec.dense.as_ref().is_none_or(|dense| dense.norm_bias);
                let bias = self.head_bias(place, width, has_bias)?;
                Some(Norm { weight, bias, eps: self.config.norm_eps as f32 })
            }
            None => None,
        };
        let output = self.head_outputs(&spec, [spec.width(self.config, labels), width], word)?;
        self.is_beside = false;
        Ok(Head { spec, dense, norm, output })
    }

    fn head_dense_layer(&mut self, spec: &HeadSpec) -> Result<Option<Dense>, ModelError> {
        let Some(of) = &spec.dense else { return Ok(None) };
        let place = Place { name: of.name, stored: of.stored, anew: false };
        let shape = [of.width, self.config.hidden_size];
        let weight = self.head_param(place, "weight", &shape, Start::Normal)?;
        Ok(Some(Dense::new(weight, self.head_bias(place, of.width, of.bias)?)))
    }

    fn head_bias(&mut self, place: Place<'_>, width: usize, is_there: bool) -> Result<Arc<Param>, ModelError> {
        if is_there { self.head_param(place, "bias", &[width], Start::Zero) } else { Ok(no_bias(width, self.device)?) }
    }

    fn head_outputs(&mut self, spec: &HeadSpec, shape: [usize; 2], word: &Arc<Param>) -> Result<Dense, ModelError> {
        let anew = spec.kind.outputs() == Outputs::Labels && self.new_outputs;
        let place = Place { name: spec.name, stored: spec.stored, anew };
        let weight = if spec.is_tied(self.config) {
            word.clone()
        } else {
            self.head_param(place, "weight", &shape, Start::Normal)?
        };
        Ok(Dense::new(weight, self.head_param(place, "bias", &shape[..1], Start::Zero)?))
    }

    fn head_param(
        &mut self,
        place: Place<'_>,
        part: &str,
        shape: &[usize],
        start: Start,
    ) -> Result<Arc<Param>, ModelError> {
        let stored = self.naming.head(place.stored, part);
        let found = if place.anew { None } else { self.find(&stored, shape, false)? };
        if found.is_none() && self.source.is_some() {
            self.report.new.push(stored.name.clone());
        }
        self.make(&format!("{}.{part}", place.name), stored.name, shape, start, found)
    }

    fn encoder(
        &mut self,
        name: &str,
        stored: StoredName,
        shape: &[usize],
        start: Start,
    ) -> Result<Arc<Param>, ModelError> {
        if let Some(param) = self.shared.iter().find(|param| param.name == name).cloned() {
            if param.shape() != shape {
                let (found, expected) = (param.shape().to_vec(), shape.to_vec());
                return Err(ModelError::Shape { name: stored.name, found, expected });
            }
            self.params.push(param.clone());
            return Ok(param);
        }
        let found = self.find(&stored, shape, true)?;
        if found.is_none() {
            self.missing_encoder.push(stored.name.clone());
            if self.source.is_some() {
                // The model is refused in the end, with all that is missing, so nothing of this size is made.
                return self.make(name, stored.name, &[0], Start::Zero, None);
            }
        }
        self.make(name, stored.name, shape, start, found)
    }

    /// Takes the bytes of a weight from those that are free.
    fn afford(&mut self, shape: &[usize]) -> Result<(), ModelError> {
        let bytes = shape.iter().fold(4_u64, |bytes, size| bytes.saturating_mul(*size as u64));
        match self.free.checked_sub(bytes) {
            Some(left) => self.free = left,
            None => return Err(ModelError::NoMemory { free: self.free, shape: shape.to_vec(), bytes }),
        }
        Ok(())
    }

    /// The numbers under the first of a weight's names that the source has. A head of another width is no error of
    /// who trains it anew; who asks it is refused (`untrained.rs`).
    fn find(&mut self, stored: &StoredName, shape: &[usize], strict: bool) -> Result<Option<Vec<f32>>, ModelError> {
        let Some(source) = self.source else {
            return Ok(None);
        };
        for name in std::iter::once(&stored.name).chain(&stored.others) {
            let Some(found) = source.shape(name) else {
                continue;
            };
            if found != shape {
                let (name, expected) = (name.clone(), shape.to_vec());
                if strict {
                    return Err(ModelError::Shape { name, found, expected });
                }
                self.report.unfit.push(Unfit { name, found, expected });
                continue;
            }
            self.afford(shape)?;
            let values = source.read(name)?;
            if values.iter().any(|value| !value.is_finite()) {
                return Err(ModelError::NotFinite { name: name.clone() });
            }
            self.used.insert(name.clone());
            self.report.loaded.push(name.clone());
            self.pass_over_doubles(source, stored, shape, &values)?;
            return Ok(Some(values));
        }
        Ok(None)
    }

    /// The same numbers under another of a weight's names are not left over.
    fn pass_over_doubles(
        &mut self,
        source: &dyn Source,
        stored: &StoredName,
        shape: &[usize],
        values: &[f32],
    ) -> Result<(), ModelError> {
        for name in stored.others.iter().filter(|name| !self.used.contains(*name)).cloned().collect::<Vec<_>>() {
            if source.shape(&name).is_some_and(|found| found == shape) && source.read(&name)? == values {
                self.used.insert(name);
            }
        }
        Ok(())
    }

    fn make(
        &mut self,
        name: &str,
        stored_name: String,
        shape: &[usize],
        start: Start,
        found: Option<Vec<f32>>,
    ) -> Result<Arc<Param>, ModelError> {
        let name = format!("{}{name}", self.prefix);
        let block = Block::of(&name);
        let values = if let Some(values) = found {
            values
        } else {
            self.afford(shape)?;
            self.start(&name, shape, start)
        };
        let var = Var::from_tensor(&Tensor::from_vec(values, shape, self.device)?)?;
        let mut param = Param::new(name, stored_name, block, var);
        let is_used_as_it_is = self.config.family.is_frozen() && block != Block::Head;
        param.fixed = is_used_as_it_is || self.is_beside || matches!(start, Start::Sines);
        if param.fixed {
            param.set_trainable(false);
        }
        let param = Arc::new(param);
        self.params.push(param.clone());
        Ok(param)
    }

    fn start(&self, name: &str, shape: &[usize], start: Start) -> Vec<f32> {
        let count = shape.iter().product();
        match start {
            Start::Zero => vec![0.0; count],
            Start::One => vec![1.0; count],
            Start::Normal => normal(self.seed, name, self.config.initializer_range, count),
            Start::Table { padding } => {
                let mut values = normal(self.seed, name, self.config.initializer_range, count);
                if let Some(row) = padding {
                    values[row as usize * shape[1]..][..shape[1]].fill(0.0);
                }
                values
            }
            Start::Sines => sines(shape[0], shape[1]),
        }
    }
}

/// Numbers of a new weight: normal with a deviation, a pure function of the seed and the weight's name (Box and Muller,
/// 1958).
pub fn normal(seed: u64, name: &str, deviation: f64, count: usize) -> Vec<f32> {
    let address: Vec<u64> = name.bytes().map(u64::from).collect();
    let mut stream = Stream::new(key(seed, Purpose::Init, &address));
    let mut values = Vec::with_capacity(count + 1);
    while values.len() < count {
        let radius = (-2.0 * (1.0 - stream.unit()).ln()).sqrt() * deviation;
        let angle = std::f64::consts::TAU * stream.unit();
        values.extend([(radius * angle.cos()) as f32, (radius * angle.sin()) as f32]);
    }
    values.truncate(count);
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A source that has one weight of an encoder.
    struct Nearly;

    impl Source for Nearly {
        fn names(&self) -> Vec<String> {
            vec!["embeddings.LayerNorm.weight".to_owned()]
        }

        fn shape(&self, name: &str) -> Option<Vec<usize>> {
            (name == "embeddings.LayerNorm.weight").then(|| vec![8192])
        }

        fn read(&self, _name: &str) -> Result<Vec<f32>, ModelError> {
            Ok(vec![1.0; 8192])
        }
    }

    /// Terabytes, by the largest sizes that a configuration may have.
    fn huge() -> EncoderConfig {
        let text = r#"{"model_type": "bert", "vocab_size": 1048576, "hidden_size": 8192, "num_hidden_layers": 128,
            "num_attention_heads": 64, "intermediate_size": 65536, "max_position_embeddings": 65536}"#;
        EncoderConfig::parse(text).unwrap()
    }

    #[test]
    fn what_a_configuration_claims_and_no_file_has_is_refused_before_it_is_made() {
        let config = huge();
        let refused = Builder::new(&config, Some(&Nearly), &Device::Cpu, 0).build(&[], 0).unwrap_err();
        let ModelError::EncoderIncomplete { names } = &refused else { panic!("{refused}") };
        assert_eq!(names.len(), 4 + 16 * 128);
        let refused = Builder::new(&config, None, &Device::Cpu, 0).build(&[], 0).unwrap_err();
        let ModelError::NoMemory { shape, .. } = &refused else { panic!("{refused}") };
        assert_eq!(shape, &[1_048_576, 8192]);
    }
}

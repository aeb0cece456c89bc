//! Every golden checkpoint computes what transformers computed with it: hidden states, attentions, logits, loss,
//! gradients and twelve optimizer steps, both by the fused operations and by their plain twins.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use attune::corpus::masking;
use attune::model::ops::Backend;
use attune::model::{self, Input, Model, Pass, Want};
use attune::task::Task;
use attune::train::config::{Group, ScheduleKind};
use attune::train::loss::{self, CrossEntropy};
use attune::train::optimizer::{AdamW, Optimizer, Rule, clip_scale};
use attune::train::schedule;
use candle_core::{DType, Device, Tensor};

/// Largest difference of hidden states, attentions and logits.
const CLOSE: f32 = 1e-5;
const LOSS_CLOSE: f64 = 1e-6;
const GRADIENT_CLOSE: f32 = 1e-4;
const TRAJECTORY_CLOSE: f64 = 1e-4;
/// Below this a gradient is rounding of f32 sums.
const ROUNDING: f32 = 1e-6;

pub fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

struct Case {
    name: String,
    expected: HashMap<String, Tensor>,
    notes: serde_json::Value,
    model: Model,
}

impl Case {
    fn open(dir: &Path, backend: Backend) -> Self {
        let name = dir.file_name().unwrap().to_string_lossy().into_owned();
        let expected = candle_core::safetensors::load(dir.join("expected.safetensors"), &Device::Cpu).unwrap();
        let notes = serde_json::from_str(&std::fs::read_to_string(dir.join("expected.json")).unwrap()).unwrap();
        let (mut model, report) =
            model::open(dir, Want::AsSaved, &Device::Cpu, 0).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(report.new.is_empty(), "{name}: new weights {:?}", report.new);
        model.backend = backend;
        Self { name, expected, notes, model }
    }

    fn ids(&self, key: &str) -> Option<Vec<Vec<i64>>> {
        let tensor = self.expected.get(key).filter(|tensor| tensor.rank() == 2)?;
        Some(tensor.to_dtype(DType::I64).unwrap().to_vec2().unwrap())
    }

    fn lengths(&self) -> Vec<usize> {
        let mask = self.ids("attention_mask").unwrap();
        mask.iter().map(|row| row.iter().filter(|bit| **bit == 1).count()).collect()
    }

    /// The batch; `padded` keeps padding as tokens that nothing attends to, as transformers computes it.
    fn input(&self, padded: bool) -> Input {
        let ids = self.ids("input_ids").unwrap();
        let types = self.ids("token_type_ids");
        let lengths = self.lengths();
        let mut input = Input { starts: vec![0], ..Input::default() };
        for (row, length) in lengths.iter().enumerate() {
            let take = if padded { ids[row].len() } else { *length };
            input.ids.extend(ids[row][..take].iter().map(|id| *id as u32));
            let types = types.as_ref().map(|types| types[row][..take].to_vec()).unwrap_or(vec![0; take]);
            input.types.extend(types.iter().map(|id| *id as u32));
            input.starts.push(input.ids.len());
            input.slots.push(row as u32);
        }
        input.visible = padded.then_some(lengths);
        input
    }

    /// Whether the loss counts padding: the pretraining models whose labels are their inputs, and answers, whose softmax
    /// in transformers runs over the padded row.
    fn counts_padding(&self) -> bool {
        self.expected.contains_key("label.sentence_order_label")
            || self.expected.contains_key("label.start_positions")
            || self.ids("label.labels").is_some_and(|labels| {
                let mask = self.ids("attention_mask").unwrap();
                labels.len() == mask.len()
                    && labels[0].len() == mask[0].len()
                    && labels.iter().zip(&mask).any(|(l, m)| l.iter().zip(m).any(|(l, m)| *m == 0 && *l >= 0))
                    && !self.name.contains("rtd")
                    && !self.name.contains("multilabel")
            })
    }

    fn task(&self) -> Task {
        self.model.config.task().unwrap()
    }

    fn check_hidden_states(&self) {
        let input = self.input(false);
        let pass = Pass { keep_hidden: true, keep_attention: true, ..Pass::default() };
        let encoded = self.model.encode(&input, &pass).unwrap();
        assert_eq!(self.count("hidden_states."), encoded.hidden.len(), "{}: hidden states", self.name);
        let mut tokens_compared = 0;
        for (layer, hidden) in encoded.hidden.iter().enumerate() {
            let hidden: Vec<Vec<f32>> = hidden.to_vec2().unwrap();
            let expected = &self.expected[&format!("hidden_states.{layer}")];
            let expected: Vec<Vec<Vec<f32>>> = expected.to_vec3().unwrap();
            for (row, bounds) in input.starts.windows(2).enumerate() {
                for (position, token) in (bounds[0]..bounds[1]).enumerate() {
                    close(&hidden[token], &expected[row][position], CLOSE, &format!("{} hidden {layer}", self.name));
                    tokens_compared += 1;
                }
            }
        }
        assert_eq!(tokens_compared, encoded.hidden.len() * input.tokens(), "{}: tokens compared", self.name);
        let (mut compared, mut queries) = (0, 0);
        let kept = |layer: usize| self.expected.get(&format!("attentions.{layer}"));
        let layers = (0..encoded.attentions.len()).filter(|layer| kept(*layer).is_some()).count();
        assert!(layers > 0 && layers == self.count("attentions."), "{}: attentions of {layers} layers", self.name);
        for (layer, attention) in encoded.attentions.iter().enumerate() {
            let Some(expected) = kept(layer) else { continue };
            for (row, found) in attention.iter().enumerate().take(2) {
                let tokens = input.starts[row + 1] - input.starts[row];
                let expected: Vec<Vec<Vec<f32>>> = expected.get(row).unwrap().to_vec3().unwrap();
                queries += self.model.config.num_attention_heads * tokens;
                for (head, rows) in expected.iter().enumerate() {
                    for (query, keys) in rows.iter().enumerate().take(tokens) {
                        let from = (head * tokens + query) * tokens;
                        let found = &found[from..from + tokens];
                        close(found, &keys[..tokens], CLOSE, &format!("{} attention {layer}", self.name));
                        compared += 1;
                    }
                }
            }
        }
        assert!(compared > 0 && compared == queries, "{}: {compared} of {queries} attentions", self.name);
    }

    /// How many tensors of the fixture begin with a name.
    fn count(&self, name: &str) -> usize {
        self.expected.keys().filter(|key| key.starts_with(name)).count()
    }

    /// Logits by name in the fixture, each (rows, outputs), and the loss.
    #[expect(clippy::too_many_lines, reason = "one arm for each task")]
    fn loss(&self, input: &Input) -> (Vec<(&'static str, Tensor)>, Tensor) {
        let pass = Pass { graph: true, ..Pass::default() };
        let task = self.task();
        let labels = |key: &str| {
            self.ids(key).unwrap_or_else(|| {
                let flat: Vec<i64> = self.expected[key].to_dtype(DType::I64).unwrap().to_vec1().unwrap();
                flat.into_iter().map(|label| vec![label]).collect()
            })
        };
        let flat = |key: &str| -> Vec<Option<u32>> {
            let widths = input.starts.windows(2).map(|bounds| bounds[1] - bounds[0]);
            let rows = labels(key).into_iter().zip(widths);
            rows.flat_map(|(row, width)| row.into_iter().take(width)).map(|label| u32::try_from(label).ok()).collect()
        };
        let entropy = CrossEntropy::default();
        let mean = |logits: &Tensor, targets: &[Option<u32>]| {
            let valid = targets.iter().flatten().count() as f64;
            entropy.loss(logits, targets, valid).unwrap()
        };
        if self.expected.contains_key("prediction_logits") {
            let encoded = self.model.encode(input, &pass).unwrap();
            let words = self.model.logits(Task::Mlm, &encoded.last, input, &pass).unwrap();
            let (second, name, label) = if self.model.heads.get(model::HeadKind::SentenceOrder).is_some() {
                (Task::Sop, "sop_logits", "label.sentence_order_label")
            } else {
                (Task::Nsp, "seq_relationship_logits", "label.next_sentence_label")
            };
            let first = Tensor::from_vec(input.first_tokens(), input.sequences(), &Device::Cpu).unwrap();
            let rows = encoded.last.index_select(&first, 0).unwrap();
            let order = self.model.logits(second, &rows, input, &pass).unwrap();
            let loss = (mean(&words, &flat("label.labels")) + mean(&order, &flat(label))).unwrap();
            return (vec![("prediction_logits", words), (name, order)], loss);
        }
        let logits = self.model.run(task, input, &pass).unwrap();
        let cells = |key: &str| -> Vec<Option<f32>> {
            self.expected[key]
                .to_dtype(DType::F32)
                .unwrap()
                .flatten_all()
                .unwrap()
                .to_vec1()
                .unwrap()
                .into_iter()
                .map(Some)
                .collect()
        };
        match task {
            Task::Mlm if self.model.config.causal => {
                let rows = input.starts.windows(2).map(|bounds| &input.ids[bounds[0]..bounds[1]]);
                let targets: Vec<Option<u32>> = rows.flat_map(masking::next_tokens).collect();
                let loss = mean(&logits, &targets);
                (vec![("logits", logits)], loss)
            }
            Task::Classify | Task::Nsp | Task::Ner | Task::Mlm => {
                let loss = mean(&logits, &flat("label.labels"));
                (vec![("logits", logits)], loss)
            }
            Task::MultiLabel => {
                let cells = cells("label.labels");
                let loss = loss::binary(&logits, &cells, cells.len() as f64).unwrap();
                (vec![("logits", logits)], loss)
            }
            Task::Regress => {
                let cells = cells("label.labels");
                let loss = loss::squared_error(&logits, &cells, cells.len() as f64).unwrap();
                (vec![("logits", logits)], loss)
            }
            Task::Rtd => {
                let cells: Vec<Option<f32>> =
                    flat("label.labels").into_iter().map(|label| label.map(|label| label as f32)).collect();
                let valid = cells.iter().flatten().count() as f64;
                let loss = loss::binary(&logits, &cells, valid).unwrap();
                (vec![("logits", logits)], loss)
            }
            Task::Qa => {
                let (start, end) = (flat("label.start_positions"), flat("label.end_positions"));
                let (a, b) = (span(&logits, input, 0), span(&logits, input, 1));
                let loss = ((row_losses(&a, &start) + row_losses(&b, &end)).unwrap() / 2.0).unwrap();
                (
                    vec![
                        ("start_logits", logits.narrow(1, 0, 1).unwrap()),
                        ("end_logits", logits.narrow(1, 1, 1).unwrap()),
                    ],
                    loss,
                )
            }
            Task::Sop => unreachable!("albert-sop has two heads"),
        }
    }

    fn check_logits_and_gradients(&self) {
        let input = self.input(self.counts_padding());
        let (logits, loss) = self.loss(&input);
        for (name, found) in logits {
            let expected = &self.expected[name];
            let found: Vec<Vec<f32>> = found.to_vec2().unwrap();
            let expected = flatten_rows(expected, found.len(), found[0].len(), &input);
            assert!(!found.is_empty() && found.len() == expected.len(), "{} {name}: rows", self.name);
            for (a, b) in found.iter().zip(&expected) {
                close(a, b, CLOSE, &format!("{} {name}", self.name));
            }
        }
        let expected: f32 = self.expected["loss"].flatten_all().unwrap().to_vec1::<f32>().unwrap()[0];
        let found = f64::from(loss.to_scalar::<f32>().unwrap());
        assert!((found - f64::from(expected)).abs() < LOSS_CLOSE, "{}: loss {found}, expected {expected}", self.name);
        self.backward(&loss);
        let mut compared = 0;
        let mut sorted: Vec<_> = self.expected.iter().collect();
        sorted.sort_by_key(|(name, _)| *name);
        for (name, expected) in sorted {
            let Some(name) = name.strip_prefix("grad.") else { continue };
            let param = self.model.params.iter().find(|param| param.stored_name == name);
            let param = param.unwrap_or_else(|| panic!("{}: no weight {name}", self.name));
            let found = param.gradient().unwrap().unwrap_or_default();
            let expected: Vec<f32> = expected.flatten_all().unwrap().to_vec1().unwrap();
            let largest = expected.iter().fold(0.0_f32, |a, b| a.max(b.abs()));
            // Where the softmax cannot see a weight, such as a key's bias, its gradient is rounding alone.
            let tolerance = (largest * GRADIENT_CLOSE).max(ROUNDING);
            close(&found, &expected, tolerance, &format!("{} gradient of {name}", self.name));
            compared += 1;
        }
        let trainable = self.model.params.iter().filter(|param| param.trainable()).count();
        assert_eq!(compared, trainable, "{}: gradients compared", self.name);
        self.model.params.clear_gradients();
    }

    fn backward(&self, loss: &Tensor) {
        let store = loss.backward().unwrap();
        for param in self.model.params.iter() {
            param.collect(&store).unwrap();
        }
    }

    /// Whether there is one to compare.
    fn check_trajectory(&self) -> bool {
        let plan = &self.notes["trajectory"];
        if plan.is_null() {
            return false;
        }
        let number = |key: &str| plan[key].as_f64().unwrap();
        let decayed: Vec<&str> =
            plan["decayed"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
        let adam = AdamW { betas: [0.9, 0.999], eps: number("eps") };
        let mut optimizer = Optimizer::new(adam, &self.model.params, |param| {
            let rule = attune::train::groups::decays(param);
            assert_eq!(
                rule,
                decayed.contains(&param.stored_name.as_str()),
                "{}: decay of {}",
                self.name,
                param.stored_name
            );
            Rule { lr: number("lr"), group: Group::Head, weight_decay: if rule { number("weight_decay") } else { 0.0 } }
        });
        let input = self.input(self.counts_padding());
        for step in 0..12_u64 {
            let (_, loss) = self.loss(&input);
            let at = |key: &str| plan[key][step as usize].as_f64().unwrap();
            relative(
                f64::from(loss.to_scalar::<f32>().unwrap()),
                at("loss"),
                &format!("{} loss of step {step}", self.name),
            );
            self.backward(&loss);
            let norm = optimizer.gradient_norm().unwrap();
            relative(norm, at("grad_norm"), &format!("{} norm of step {step}", self.name));
            let factor = schedule::factor(ScheduleKind::Linear, 3, step, 12);
            assert!((factor * number("lr") - at("learning_rate")).abs() < 1e-12);
            optimizer.step(factor, clip_scale(norm, 1.0)).unwrap();
            self.model.params.clear_gradients();
        }
        for (name, norm) in plan["final_norm"].as_object().unwrap() {
            let param = self.model.params.iter().find(|param| param.stored_name == *name).unwrap();
            let values = param.var().flatten_all().unwrap().to_vec1::<f32>().unwrap();
            let found = values.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>().sqrt();
            let (expected, what) = (norm.as_f64().unwrap(), format!("{} final norm of {name}", self.name));
            let gradient = self.expected[&format!("grad.{name}")].abs().unwrap().flatten_all().unwrap();
            if gradient.max(0).unwrap().to_scalar::<f32>().unwrap() < ROUNDING {
                // Adam scales rounding up to the size of the rate, in a direction of its own.
                assert!((found - expected).abs() <= 12.0 * number("lr"), "{what}: {found}, expected {expected}");
            } else {
                relative(found, expected, &what);
            }
        }
        true
    }
}

/// The span scores of each sequence as a row, at the places of the longest.
fn span(logits: &Tensor, input: &Input, column: usize) -> Vec<Tensor> {
    input
        .starts
        .windows(2)
        .map(|bounds| {
            logits
                .narrow(0, bounds[0], bounds[1] - bounds[0])
                .unwrap()
                .narrow(1, column, 1)
                .unwrap()
                .t()
                .unwrap()
                .contiguous()
                .unwrap()
        })
        .collect()
}

fn row_losses(rows: &[Tensor], targets: &[Option<u32>]) -> Tensor {
    let each = rows
        .iter()
        .zip(targets)
        .map(|(row, target)| CrossEntropy::default().loss(row, &[*target], rows.len() as f64).unwrap());
    each.reduce(|a, b| (a + b).unwrap()).unwrap()
}

/// The fixture's logits for the rows that were computed: one a sequence, or one a real token.
fn flatten_rows(expected: &Tensor, rows: usize, width: usize, input: &Input) -> Vec<Vec<f32>> {
    if rows == input.sequences() {
        return expected.reshape((rows, width)).unwrap().to_vec2().unwrap();
    }
    let (sequences, longest) = (expected.dims()[0], expected.dims()[1]);
    let all: Vec<Vec<Vec<f32>>> = expected.reshape((sequences, longest, width)).unwrap().to_vec3().unwrap();
    let lengths = input.starts.windows(2).map(|bounds| bounds[1] - bounds[0]);
    all.into_iter().zip(lengths).flat_map(|(rows, length)| rows.into_iter().take(length)).collect()
}

fn close(found: &[f32], expected: &[f32], tolerance: f32, what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (index, (a, b)) in found.iter().zip(expected).enumerate() {
        assert!((a - b).abs() <= tolerance, "{what}[{index}]: {a}, expected {b}");
    }
}

fn relative(found: f64, expected: f64, what: &str) {
    assert!((found - expected).abs() <= TRAJECTORY_CLOSE * expected.abs(), "{what}: {found}, expected {expected}");
}

fn cases(folder: &Path) -> Vec<PathBuf> {
    let mut dirs: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.join("expected.safetensors").exists())
        .collect();
    dirs.sort();
    dirs
}

/// How many checkpoints there are, and of how many losses and gradients, and twelve steps, were compared too.
fn check_all(folder: &Path, backend: Backend, expected: [usize; 3]) {
    let mut compared = [0; 3];
    for dir in cases(folder) {
        let case = Case::open(&dir, backend);
        case.check_hidden_states();
        compared[0] += 1;
        if case.expected.contains_key("loss") {
            case.check_logits_and_gradients();
            compared[1] += 1;
            compared[2] += usize::from(case.check_trajectory());
        }
    }
    assert_eq!(compared, expected);
}

#[test]
fn fused_operations_compute_what_transformers_computes() {
    check_all(&golden(), Backend::Fused, [23, 23, 23]);
}

#[test]
fn plain_operations_compute_what_transformers_computes() {
    check_all(&golden(), Backend::Plain, [23, 23, 23]);
}

#[test]
fn encoders_that_are_used_as_they_are_compute_what_transformers_computes() {
    let folder = golden().join("frozen");
    check_all(&folder, Backend::Fused, [11, 11, 11]);
    check_all(&folder, Backend::Plain, [11, 11, 11]);
}

#[test]
fn other_sizes_activations_groups_and_storage_compute_the_same() {
    check_all(&golden().join("variants"), Backend::Fused, [48, 43, 43]);
}

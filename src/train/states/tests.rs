use candle_core::{Device, Var};

use super::*;
use crate::model::ops::Backend;
use crate::model::{EncoderConfig, LoraSpec, Param, Pass, PassDropout, Slot, Want, build};
use crate::train::config::Distill;
use crate::train::layers::Layers;

fn close(found: &Tensor, expected: &Tensor, words: &str) {
    let apart = (found - expected).unwrap().abs().unwrap().flatten_all().unwrap().max(0).unwrap();
    assert!(apart.to_scalar::<f32>().unwrap() < 1e-5, "{words}: {found}, expected {expected}");
}

fn waves(rows: usize, width: usize, speed: f32) -> Tensor {
    let values: Vec<f32> = (0..rows * width).map(|place| (place as f32 * speed).sin() * 2.0).collect();
    Tensor::from_vec(values, (rows, width), &Device::Cpu).unwrap()
}

/// The losses by their definitions, in doubles.
fn defined(kind: Kind, states: &Tensor, teacher: &Tensor, denominator: f64) -> f64 {
    let rows = |all: &Tensor| -> Vec<Vec<f64>> {
        let rows: Vec<Vec<f32>> = all.to_vec2().unwrap();
        rows.into_iter().map(|row| row.into_iter().map(f64::from).collect()).collect()
    };
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let each = rows(states).into_iter().zip(rows(teacher)).map(|(a, b)| match kind {
        Kind::Squares => (dot(&a, &a) - 2.0 * dot(&a, &b) + dot(&b, &b)) / a.len() as f64,
        Kind::Cosine => 1.0 - dot(&a, &b) / dot(&a, &a).sqrt() / dot(&b, &b).sqrt(),
    });
    each.sum::<f64>() / denominator
}

#[test]
fn losses_of_states_are_those_of_their_definitions_and_their_gradients_those_of_differences() {
    const STEP: f32 = 1.0 / 256.0;
    let teacher = waves(5, 7, 0.9);
    for kind in [Kind::Squares, Kind::Cosine] {
        let states = Var::from_tensor(&waves(5, 7, 1.7)).unwrap();
        let loss = against(&states, &teacher, 6.0, kind).unwrap();
        let value = f64::from(loss.to_scalar::<f32>().unwrap());
        assert!((value - defined(kind, &states, &teacher, 6.0)).abs() < 1e-6, "{kind:?}: {value}");
        let plain = (kind.plain(&states, &teacher).unwrap().sum_all().unwrap() * (1.0 / 6.0)).unwrap();
        close(&loss, &plain, "plain");
        let (found, of_plain) = (loss.backward().unwrap(), plain.backward().unwrap());
        close(found.get(&states).unwrap(), of_plain.get(&states).unwrap(), "gradient of the plain twin");
        let found: Vec<f32> = found.get(&states).unwrap().flatten_all().unwrap().to_vec1().unwrap();
        for (place, found) in found.iter().enumerate() {
            let moved = |by: f32| {
                let mut values: Vec<f32> = states.flatten_all().unwrap().to_vec1().unwrap();
                values[place] += by;
                let moved = Tensor::from_vec(values, states.shape(), &Device::Cpu).unwrap();
                defined(kind, &moved, &teacher, 6.0)
            };
            let expected = (moved(STEP) - moved(-STEP)) / f64::from(2.0 * STEP);
            assert!((f64::from(*found) - expected).abs() < 1e-5, "{kind:?} at {place}: {found}, expected {expected}");
        }
    }
}

#[test]
fn a_state_of_zeros_has_a_finite_gradient() {
    let states =
        Var::from_tensor(&Tensor::new(&[[0.0_f32, 0.0, 0.0], [1.0, 2.0, 3.0]], &Device::Cpu).unwrap()).unwrap();
    let loss = cosine(&states, &waves(2, 3, 0.4), 2.0).unwrap();
    let found: Vec<f32> = loss.backward().unwrap().get(&states).unwrap().flatten_all().unwrap().to_vec1().unwrap();
    assert!(found.iter().all(|value| value.is_finite()), "{found:?}");
}

#[test]
fn states_of_another_shape_are_an_error() {
    let error = squares(&waves(3, 4, 1.0), &waves(3, 5, 1.0), 1.0).unwrap_err();
    assert!(error.to_string().contains("[3, 4] and the teacher's [3, 5]"), "{error}");
}

/// A small encoder with new weights that are lively enough to tell layers apart.
fn model(kind: &str, layers: usize, heads: usize, hidden: usize, seed: u64) -> Model {
    // Of some families the word vectors are narrower than the states.
    let narrow = if kind == "bert" { "" } else { r#""embedding_size": 6,"# };
    let text = format!(
        r#"{{"model_type": "{kind}", "vocab_size": 40, "hidden_size": {hidden}, {narrow}
        "num_hidden_layers": {layers}, "num_attention_heads": {heads}, "intermediate_size": 20,
        "max_position_embeddings": 16, "type_vocab_size": 2, "initializer_range": 0.3, "hidden_dropout_prob": 0.2,
        "attention_probs_dropout_prob": 0.1}}"#
    );
    build(EncoderConfig::parse(&text).unwrap(), None, Want::AsSaved, &Device::Cpu, seed).unwrap().0
}

fn input() -> Input {
    let ids = vec![1, 5, 9, 2, 1, 30, 31, 1, 7, 8, 9, 20, 2];
    let types = vec![0; ids.len()];
    Input { ids, types, starts: vec![0, 4, 7, 13], slots: vec![0, 1, 2], ..Input::default() }
}

fn all() -> Distill {
    Distill { hidden: 0.7, attention: 0.4, cosine: 0.0, ..Distill::default() }
}

/// The parts of a loss, and every gradient by name.
type Found = (Vec<(&'static str, f32)>, Vec<(String, Vec<f32>)>);

fn found(student: &Model, teacher: &Model, distill: &Distill, rate: f64) -> Found {
    let layers = Layers::of(distill, student, teacher, 11).unwrap().unwrap();
    let (compared, _) = layers.look(teacher, &input(), 26.0).unwrap();
    let pass = Pass {
        graph: true,
        dropout: Some(PassDropout { key: 3, rate: Some(rate) }),
        keep_hidden: compared.wants_states(),
        keep_scores: compared.wants_scores(),
        ..Pass::default()
    };
    let encoded = student.encode(&input(), &pass).unwrap();
    let losses = compared.losses(student, &input(), &encoded).unwrap();
    let total = losses.iter().map(|(_, loss)| loss.clone()).reduce(|a, b| (a + b).unwrap()).unwrap();
    let store = total.backward().unwrap();
    let params: Vec<Arc<Param>> = student.params.iter().chain(layers.params()).cloned().collect();
    let gradients = params.iter().filter_map(|param| {
        param.collect(&store).unwrap();
        let gradient = param.gradient().unwrap();
        param.clear_gradient();
        Some((param.name.clone(), gradient?))
    });
    let gradients = gradients.collect();
    (losses.iter().map(|(name, loss)| (*name, loss.to_scalar().unwrap())).collect(), gradients)
}

/// Finds the same with fused and with plain operations.
fn agrees(student: &mut Model, teacher: &mut Model, distill: &Distill, rate: f64) -> Found {
    let mut by = |backend| {
        (student.backend, teacher.backend) = (backend, backend);
        found(student, teacher, distill, rate)
    };
    let (fused, plain) = (by(Backend::Fused), by(Backend::Plain));
    for ((name, a), (_, b)) in fused.0.iter().zip(&plain.0) {
        assert!((a - b).abs() < 1e-5 * b.abs().max(1.0), "{name}: {a} and {b}");
    }
    let names = |found: &Found| found.1.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&fused), names(&plain));
    for ((name, a), (_, b)) in fused.1.iter().zip(&plain.1) {
        let apart = a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(apart < 1e-5, "{name} is {apart} apart");
    }
    fused
}

#[test]
fn gradients_through_the_fused_encoder_are_those_of_the_plain_one() {
    for (student, teacher) in [("bert", "bert"), ("albert", "bert"), ("electra", "albert"), ("bert", "electra")] {
        for rate in [0.0, 0.2] {
            let (mut student, mut teacher) = (model(student, 2, 3, 12, 1), model(teacher, 4, 3, 18, 2));
            teacher.train_only(|_| false);
            let (parts, gradients) = agrees(&mut student, &mut teacher, &all(), rate);
            assert_eq!(parts.iter().map(|(name, _)| *name).collect::<Vec<_>>(), ["hidden", "attention"]);
            // All that the encoder has learns, and so does what makes its states as wide.
            let learns =
                |name: &str| gradients.iter().any(|(of, values)| of == name && values.iter().any(|v| *v != 0.0));
            for name in ["embeddings.word", "layers.0.attention.query.weight", "layers.0.attention.key.bias"] {
                assert!(learns(name), "{name}");
            }
            assert!(learns("teacher.projection.weight") && learns("teacher.projection.bias"));
            assert!(student.params.iter().all(|param| learns(&param.name) || param.block == crate::model::Block::Head));
            assert!(teacher.params.iter().all(|param| param.gradient().unwrap().is_none()));
        }
    }
}

#[test]
fn scores_are_those_of_the_layer_with_what_is_dropped_before_its_adapters() {
    let (mut student, mut teacher) = (model("bert", 2, 3, 12, 1), model("bert", 4, 3, 18, 2));
    teacher.train_only(|_| false);
    let spec =
        LoraSpec { rank: 2, alpha: 4.0, dropout: 0.4, rank_stabilized: false, slots: vec![Slot::Query, Slot::Key] };
    student.adapt(&spec, 5).unwrap();
    for param in student.params.iter().filter(|param| param.name.contains("lora_B")) {
        let values: Vec<f32> = (0..param.count()).map(|place| (place as f32 * 0.7).sin() * 0.3).collect();
        param.set(&Tensor::from_vec(values, param.shape(), &Device::Cpu).unwrap()).unwrap();
    }
    student.train_only(|name| name.contains("lora"));
    let (_, gradients) = agrees(&mut student, &mut teacher, &all(), 0.2);
    let names: Vec<&str> = gradients.iter().map(|(name, _)| name.as_str()).collect();
    assert!(names.iter().all(|name| name.contains("lora") || name.starts_with("teacher.projection")), "{names:?}");
    assert_eq!(names.len(), 2 * 2 * 2 + 2);
}

#[test]
fn parts_that_are_frozen_learn_nothing_and_what_is_above_them_does() {
    let (mut student, mut teacher) = (model("bert", 3, 3, 12, 1), model("bert", 3, 3, 12, 2));
    teacher.train_only(|_| false);
    student.train_only(|name| name.starts_with("layers.1."));
    let distill = Distill { cosine: 0.5, ..all() };
    let (parts, gradients) = agrees(&mut student, &mut teacher, &distill, 0.2);
    assert_eq!(parts.iter().map(|(name, _)| *name).collect::<Vec<_>>(), ["hidden", "attention", "cosine"]);
    assert!(!gradients.is_empty() && gradients.iter().all(|(name, _)| name.starts_with("layers.1.")));
}

#[test]
fn whoever_is_its_teacher_has_nothing_to_learn_of_its_layers() {
    for kind in ["bert", "albert"] {
        let (student, teacher) = (model(kind, 3, 3, 12, 1), model(kind, 3, 3, 12, 1));
        teacher.train_only(|_| false);
        let (parts, gradients) = found(&student, &teacher, &Distill { cosine: 1.0, ..all() }, 0.0);
        assert!(parts.iter().all(|(_, loss)| loss.abs() < 1e-6), "{parts:?}");
        assert!(gradients.iter().all(|(_, values)| values.iter().all(|value| value.abs() < 1e-5)));
    }
}

#[test]
fn a_token_counts_the_same_in_any_batch() {
    let (student, teacher) = (model("bert", 2, 3, 12, 1), model("bert", 4, 3, 18, 2));
    teacher.train_only(|_| false);
    let layers = Layers::of(&all(), &student, &teacher, 11).unwrap().unwrap();
    let of = |input: &Input| -> f32 {
        let (compared, _) = layers.look(&teacher, input, 13.0).unwrap();
        let pass = Pass { keep_hidden: true, keep_scores: true, ..Pass::default() };
        let losses = compared.losses(&student, input, &student.encode(input, &pass).unwrap()).unwrap();
        losses.iter().map(|(_, loss)| loss.to_scalar::<f32>().unwrap()).sum()
    };
    let whole = input();
    let alone = whole.starts.windows(2).map(|bounds| {
        let ids = whole.ids[bounds[0]..bounds[1]].to_vec();
        of(&Input::single(ids.clone(), vec![0; ids.len()]))
    });
    assert!((of(&whole) - alone.sum::<f32>()).abs() < 1e-5);
}

fn golden(kind: &str) -> Vec<serde_json::Value> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/states.json");
    let golden: serde_json::Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    golden[kind].as_array().unwrap().clone()
}

fn matrix(value: &serde_json::Value) -> Tensor {
    let rows: Vec<Vec<f32>> = serde_json::from_value(value.clone()).unwrap();
    Tensor::new(rows, &Device::Cpu).unwrap()
}

/// Loss and gradients of a case, which are to be those of PyTorch.
fn check(case: &serde_json::Value, loss: &Tensor, learned: &[(&str, &Var)]) {
    let expected = case["loss"].as_f64().unwrap() as f32;
    close(loss, &Tensor::new(expected, &Device::Cpu).unwrap(), "loss");
    let gradients = loss.backward().unwrap();
    for (name, var) in learned {
        close(gradients.get(var).unwrap(), &matrix(&case[format!("{name}_gradient")]), name);
    }
}

#[test]
fn losses_of_states_and_their_gradients_are_those_of_pytorch() {
    for (name, kind) in [("hidden", Kind::Squares), ("cosine", Kind::Cosine)] {
        for case in golden(name) {
            let own = Var::from_tensor(&matrix(&case["own"])).unwrap();
            let loss = against(&own, &matrix(&case["teacher"]), own.dim(0).unwrap() as f64, kind).unwrap();
            check(&case, &loss, &[("own", &own)]);
        }
    }
}

#[test]
fn a_projection_between_widths_learns_as_in_pytorch() {
    for case in golden("projected") {
        let own = Var::from_tensor(&matrix(&case["own"])).unwrap();
        let bias: Vec<f32> = serde_json::from_value(case["bias"].clone()).unwrap();
        let param = |tensor: Tensor| {
            let var = Var::from_tensor(&tensor).unwrap();
            Arc::new(Param::new(String::new(), String::new(), crate::model::Block::Head, var))
        };
        let bias = Tensor::new(bias, &Device::Cpu).unwrap();
        let dense = Dense::new(param(matrix(&case["weight"])), param(bias));
        let student = model("bert", 1, 1, 2, 0);
        let projected = parts::dense(student.backend, &student.params, &dense, &own).unwrap();
        let loss = squares(&projected, &matrix(&case["teacher"]), own.dim(0).unwrap() as f64).unwrap();
        check(&case, &loss, &[("own", &own)]);
        for (param, name) in dense.params().zip(["weight_gradient", "bias_gradient"]) {
            let found = param.gradient().unwrap().unwrap();
            let expected: Vec<f32> = match name {
                "weight_gradient" => matrix(&case[name]).flatten_all().unwrap().to_vec1().unwrap(),
                _ => serde_json::from_value(case[name].clone()).unwrap(),
            };
            assert!(found.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-5), "{name}: {found:?}");
        }
    }
}

#[test]
fn losses_of_attention_scores_and_their_gradients_are_those_of_pytorch() {
    for case in golden("attention") {
        let count = case["heads"].as_u64().unwrap() as usize;
        let heads = |tensor: &Tensor| crate::model::Heads { count, size: tensor.dim(1).unwrap() / count };
        let [query, key] = ["query", "key"].map(|name| Var::from_tensor(&matrix(&case[name])).unwrap());
        let own = Scores { query: query.as_tensor().clone(), key: key.as_tensor().clone(), heads: heads(&query) };
        let [query_of, key_of] = ["teacher_query", "teacher_key"].map(|name| matrix(&case[name]));
        let of_teacher = Scores { heads: heads(&query_of), query: query_of, key: key_of };
        let starts: Vec<usize> = serde_json::from_value(case["starts"].clone()).unwrap();
        let tokens = *starts.last().unwrap();
        let causal = case["causal"].as_bool().unwrap();
        let input = Input { ids: vec![0; tokens], starts, causal, ..Input::default() };
        let loss = apart(&own, &of_teacher, &Arc::new(input.layout()), tokens as f64).unwrap();
        check(&case, &loss, &[("query", &query), ("key", &key)]);
    }
}

#[test]
fn a_models_gradients_from_the_layers_of_another_are_those_of_pytorch() {
    let open = |name: &serde_json::Value| {
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name.as_str().unwrap())
    };
    for case in golden("models") {
        let layers = case["layers"].as_u64().unwrap() as usize;
        let kept: Vec<usize> = (0..layers).collect();
        let student = crate::model::cut(&open(&case["student"]), &kept, Want::AsSaved).unwrap();
        let (teacher, _) = crate::model::open(&open(&case["teacher"]), Want::AsSaved, &Device::Cpu, 0).unwrap();
        teacher.train_only(|_| false);
        let counts = |name: &str| case["counts"][name].as_f64().unwrap();
        let distill = Distill {
            hidden: counts("hidden"),
            attention: counts("attention"),
            cosine: counts("cosine"),
            ..Distill::default()
        };
        let sequences: Vec<Vec<u32>> = serde_json::from_value(case["sequences"].clone()).unwrap();
        let ends = sequences.iter().scan(0, |end, ids| {
            *end += ids.len();
            Some(*end)
        });
        let starts: Vec<usize> = std::iter::once(0).chain(ends).collect();
        let ids = sequences.concat();
        let slots = (0..sequences.len() as u32).collect();
        let input = Input { types: vec![0; ids.len()], ids, starts, slots, ..Input::default() };
        let words = format!("{} from {}", case["student"], case["teacher"]);

        let compares = Layers::of(&distill, &student, &teacher, 0).unwrap().unwrap();
        let (compared, _) = compares.look(&teacher, &input, input.tokens() as f64).unwrap();
        let pass = Pass { graph: true, keep_hidden: true, keep_scores: true, ..Pass::default() };
        let losses = compared.losses(&student, &input, &student.encode(&input, &pass).unwrap()).unwrap();
        for (name, loss) in &losses {
            let (found, expected) =
                (f64::from(loss.to_scalar::<f32>().unwrap()), case["losses"][name].as_f64().unwrap());
            assert!(
                (found - expected).abs() < 1e-5 * expected.max(1.0),
                "{words}: {name} {found}, expected {expected}"
            );
        }
        let total = losses.into_iter().map(|(_, loss)| loss).reduce(|a, b| (a + b).unwrap()).unwrap();
        let store = total.backward().unwrap();
        let expected = case["gradients"].as_object().unwrap();
        let mut met = 0;
        for param in student.params.iter() {
            param.collect(&store).unwrap();
            let Some(gradient) = param.gradient().unwrap() else { continue };
            let name = &param.stored_name;
            let Some(expected) = expected.get(name) else { panic!("{words}: {name} has a gradient") };
            met += 1;
            let expected: Vec<f64> = serde_json::from_value(expected.clone()).unwrap();
            let gradient: Vec<f64> = gradient.into_iter().map(f64::from).collect();
            let wave = |speed: f64| (0..).zip(&gradient).map(|(place, g)| g * (f64::from(place) * speed).sin()).sum();
            let norm = gradient.iter().map(|g| g * g).sum::<f64>().sqrt();
            for (found, expected) in [norm, wave(0.37), wave(1.9)].into_iter().zip(&expected) {
                let apart = (found - expected).abs();
                assert!(apart < 1e-5 * norm.max(1.0), "{words}: {name} {found}, expected {expected}");
            }
        }
        assert_eq!(met, expected.len(), "{words}");
    }
}

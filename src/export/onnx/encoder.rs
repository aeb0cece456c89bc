//! The encoder as operators: embeddings, then each layer in the order of the schedule.
//!
//! It computes what `model/encoder.rs` computes, with padding, which other programs have: padded tokens are hidden from
//! attention by the mask, and RoBERTa counts positions without them.

use std::sync::Arc;

use super::graph::{Attribute, Graph, Precision};
use super::int8;
use crate::model::ops::activation::Activation;
use crate::model::{HeadKind, Model, Param};

/// `sqrt(2 / π)`
const TANH_SCALE: f32 = 0.797_884_6;
const INT64: i64 = 7;
pub const FLOAT: i64 = 1;

/// Writes the encoder and says what its last states are called: (batch, sequence, hidden).
pub fn write(graph: &mut Graph, model: &Model) -> String {
    let ids = graph.input("input_ids");
    let mask = graph.input("attention_mask");
    // RoBERTa's configurations have a segment table of one row, and optimum gives its models no such input.
    let has_types = model.params.find("embeddings.token_type").is_some() && !model.config.family.is_roberta();
    let types = has_types.then(|| graph.input("token_type_ids"));
    let scores = graph.within("attention_mask", |graph| hidden_scores(graph, model, &ids, &mask));
    let mut x = graph.within("embeddings", |graph| embeddings(graph, model, &ids, types.as_deref()));
    for (index, step) in model.config.schedule().iter().enumerate() {
        let place = Place { model, stored: step.stored };
        x = graph.within(&format!("layers.{index}"), |graph| layer(graph, place, &x, &scores));
    }
    x
}

/// What is added to the scores of attention: nothing, or as little as there is for tokens that are hidden.
/// (batch, 1, 1 or sequence, sequence)
fn hidden_scores(graph: &mut Graph, model: &Model, ids: &str, mask: &str) -> String {
    let (first, second) = (graph.ints(&[1]), graph.ints(&[2]));
    let wider = graph.add("Unsqueeze", &[mask, &first]);
    let wider = graph.add("Unsqueeze", &[&wider, &second]);
    let mut seen = cast(graph, &wider, FLOAT);
    if model.config.causal {
        let places = count(graph, ids);
        let (row, column) = (graph.ints(&[0]), graph.ints(&[1]));
        let (keys, queries) = (graph.add("Unsqueeze", &[&places, &row]), graph.add("Unsqueeze", &[&places, &column]));
        let later = graph.add("Greater", &[&keys, &queries]);
        let earlier = graph.add("Not", &[&later]);
        let earlier = cast(graph, &earlier, FLOAT);
        seen = graph.add("Mul", &[&seen, &earlier]);
    }
    let (one, least) = (graph.float(1.0), graph.float(f32::MIN));
    let hidden = graph.add("Sub", &[&one, &seen]);
    graph.add("Mul", &[&hidden, &least])
}

/// 0, 1, 2 … for each token of a sequence: (sequence).
fn count(graph: &mut Graph, ids: &str) -> String {
    let shape = graph.add("Shape", &[ids]);
    let (place, zero, one) = (graph.int(1), graph.int(0), graph.int(1));
    let length = graph.add("Gather", &[&shape, &place]);
    graph.add("Range", &[&zero, &length, &one])
}

pub fn cast(graph: &mut Graph, x: &str, to: i64) -> String {
    graph.add_with("Cast", &[x], vec![("to", Attribute::Int(to))])
}

fn embeddings(graph: &mut Graph, model: &Model, ids: &str, types: Option<&str>) -> String {
    let table = |name: &str| model.params.find(name);
    let positions = if model.config.family.is_roberta() {
        let padding = i64::from(model.config.pad_token_id);
        positions_without_padding(graph, ids, padding)
    } else {
        count(graph, ids)
    };
    let mut x = words(graph, model, ids);
    if let Some(segments) = table("embeddings.token_type") {
        let first = graph.int(0);
        let segment = row(graph, Some(segments), types.unwrap_or(&first));
        x = graph.add("Add", &[&x, &segment]);
    }
    let position = row(graph, table("embeddings.position"), &positions);
    x = graph.add("Add", &[&x, &position]);
    x = norm(graph, model, "embeddings.norm", &x);
    if model.config.has_projection() {
        x = graph.within("projection", |graph| dense(graph, model, "embeddings.projection", &x));
    }
    x
}

/// The rows of the word table, which are whole numbers only where no head reads the table as it is.
fn words(graph: &mut Graph, model: &Model, ids: &str) -> String {
    let table = model.params.find("embeddings.word");
    match table.filter(|_| graph.precision == Precision::Int8 && model.heads.get(HeadKind::Mask).is_none()) {
        Some(table) => int8::rows(graph, table, ids),
        None => row(graph, table, ids),
    }
}

/// Places counted among the tokens that are no padding, from the one after padding's own: (batch, sequence).
fn positions_without_padding(graph: &mut Graph, ids: &str, padding: i64) -> String {
    let (padding, axis) = (graph.int(padding), graph.int(1));
    let is_padding = graph.add("Equal", &[ids, &padding]);
    let is_token = graph.add("Not", &[&is_padding]);
    let is_token = cast(graph, &is_token, INT64);
    let counted = graph.add("CumSum", &[&is_token, &axis]);
    let counted = graph.add("Mul", &[&counted, &is_token]);
    graph.add("Add", &[&counted, &padding])
}

/// The rows of a table.
fn row(graph: &mut Graph, table: Option<&Arc<Param>>, places: &str) -> String {
    let Some(table) = table else { return places.to_owned() };
    let table = graph.weight(table);
    graph.add("Gather", &[&table, places])
}

/// A stored layer of a model.
#[derive(Clone, Copy)]
struct Place<'a> {
    model: &'a Model,
    stored: usize,
}

impl Place<'_> {
    fn dense(self, graph: &mut Graph, slot: &str, x: &str) -> String {
        graph.within(slot, |graph| dense(graph, self.model, &format!("layers.{}.{slot}", self.stored), x))
    }

    fn norm(self, graph: &mut Graph, slot: &str, x: &str) -> String {
        graph.within(slot, |graph| norm(graph, self.model, &format!("layers.{}.{slot}", self.stored), x))
    }
}

fn layer(graph: &mut Graph, place: Place<'_>, x: &str, scores: &str) -> String {
    let attended = attention(graph, place, x, scores);
    let attended = place.dense(graph, "attention.output", &attended);
    let sum = graph.add("Add", &[&attended, x]);
    let attended = place.norm(graph, "attention.norm", &sum);
    let inner = place.dense(graph, "feed_forward.inner", &attended);
    let active = activate(graph, place.model.config.activation, &inner);
    let fed = place.dense(graph, "feed_forward.output", &active);
    let sum = graph.add("Add", &[&fed, &attended]);
    place.norm(graph, "feed_forward.norm", &sum)
}

fn attention(graph: &mut Graph, place: Place<'_>, x: &str, scores: &str) -> String {
    let config = &place.model.config;
    let heads = config.num_attention_heads;
    let size = config.hidden_size / heads;
    let [query, key, value] = ["query", "key", "value"].map(|slot| {
        let x = place.dense(graph, &format!("attention.{slot}"), x);
        let shape = graph.ints(&[0, 0, heads as i64, size as i64]);
        let apart = graph.add("Reshape", &[&x, &shape]);
        // Keys are turned, so that their product with queries needs no further step.
        let order = if slot == "key" { vec![0, 2, 3, 1] } else { vec![0, 2, 1, 3] };
        graph.add_with("Transpose", &[&apart], vec![("perm", Attribute::Ints(order))])
    });
    let product = graph.add("MatMul", &[&query, &key]);
    let root = graph.float((size as f32).sqrt());
    let scaled = graph.add("Div", &[&product, &root]);
    let masked = graph.add("Add", &[&scaled, scores]);
    let shares = graph.add_with("Softmax", &[&masked], vec![("axis", Attribute::Int(-1))]);
    let mixed = graph.add("MatMul", &[&shares, &value]);
    let together = graph.add_with("Transpose", &[&mixed], vec![("perm", Attribute::Ints(vec![0, 2, 1, 3]))]);
    let shape = graph.ints(&[0, 0, config.hidden_size as i64]);
    graph.add("Reshape", &[&together, &shape])
}

/// `x Wᵀ + b`
fn dense(graph: &mut Graph, model: &Model, name: &str, x: &str) -> String {
    let find = |part: &str| model.params.find(&format!("{name}.{part}"));
    match (find("weight"), find("bias")) {
        (Some(weight), Some(bias)) if graph.precision == Precision::Int8 => int8::product(graph, weight, bias, x),
        (Some(weight), Some(bias)) => product(graph, weight, bias, x),
        _ => x.to_owned(),
    }
}

/// The same with weights that are at hand.
pub fn product(graph: &mut Graph, weight: &Arc<Param>, bias: &Arc<Param>, x: &str) -> String {
    let (weight, bias) = (graph.turned(weight), graph.weight(bias));
    let product = graph.add("MatMul", &[x, &weight]);
    graph.add("Add", &[&product, &bias])
}

fn norm(graph: &mut Graph, model: &Model, name: &str, x: &str) -> String {
    let find = |part: &str| model.params.find(&format!("{name}.{part}"));
    match (find("weight"), find("bias")) {
        (Some(weight), Some(bias)) => normed(graph, weight, bias, model.config.norm_eps as f32, x),
        _ => x.to_owned(),
    }
}

/// The same with weights that are at hand.
pub fn normed(graph: &mut Graph, weight: &Arc<Param>, bias: &Arc<Param>, eps: f32, x: &str) -> String {
    let (weight, bias) = (graph.weight(weight), graph.weight(bias));
    let attributes = vec![("axis", Attribute::Int(-1)), ("epsilon", Attribute::Float(eps))];
    graph.add_with("LayerNormalization", &[x, &weight, &bias], attributes)
}

/// An activation as opset 18 has it, which knows no GELU of its own.
pub fn activate(graph: &mut Graph, activation: Activation, x: &str) -> String {
    match activation {
        Activation::Gelu => {
            let (root, one, half) = (graph.float(std::f32::consts::SQRT_2), graph.float(1.0), graph.float(0.5));
            let scaled = graph.add("Div", &[x, &root]);
            let erf = graph.add("Erf", &[&scaled]);
            let sum = graph.add("Add", &[&erf, &one]);
            let product = graph.add("Mul", &[x, &sum]);
            graph.add("Mul", &[&product, &half])
        }
        Activation::GeluTanh => gelu_tanh(graph, x),
        Activation::QuickGelu => {
            let factor = graph.float(1.702);
            let scaled = graph.add("Mul", &[x, &factor]);
            let gate = graph.add("Sigmoid", &[&scaled]);
            graph.add("Mul", &[x, &gate])
        }
        Activation::Silu => {
            let gate = graph.add("Sigmoid", &[x]);
            graph.add("Mul", &[x, &gate])
        }
        Activation::Relu => graph.add("Relu", &[x]),
        Activation::Tanh => graph.add("Tanh", &[x]),
        Activation::Sigmoid => graph.add("Sigmoid", &[x]),
        Activation::Identity => x.to_owned(),
    }
}

fn gelu_tanh(graph: &mut Graph, x: &str) -> String {
    let (cube, scale, one, half) =
        (graph.float(0.044_715), graph.float(TANH_SCALE), graph.float(1.0), graph.float(0.5));
    let square = graph.add("Mul", &[x, x]);
    let third = graph.add("Mul", &[&square, x]);
    let third = graph.add("Mul", &[&third, &cube]);
    let sum = graph.add("Add", &[x, &third]);
    let scaled = graph.add("Mul", &[&sum, &scale]);
    let tanh = graph.add("Tanh", &[&scaled]);
    let sum = graph.add("Add", &[&tanh, &one]);
    let product = graph.add("Mul", &[x, &sum]);
    graph.add("Mul", &[&product, &half])
}

//! The heads of a model as operators, and what their outputs are called.

use super::encoder::{activate, normed, product};
use super::graph::{Attribute, BATCH, Dim, Graph, SEQUENCE};
use crate::export::outputs::names;
use crate::model::{Head, HeadInput, HeadKind, Model, Outputs};

/// Writes every head that the model has; of one without any, the hidden states are its output.
pub fn write(graph: &mut Graph, model: &Model, hidden: &str) {
    let kinds = model.heads.kinds();
    for kind in &kinds {
        if let Some(head) = model.heads.get(*kind) {
            graph.within(&scope(*kind), |graph| one(graph, head, hidden, names(*kind, kinds.len() == 1)));
        }
    }
    if kinds.is_empty() {
        graph.add("Identity", &[hidden]);
        graph.output("last_hidden_state", vec![BATCH, SEQUENCE, Dim::Size(model.config.hidden_size)]);
    }
}

fn scope(kind: HeadKind) -> String {
    format!("head.{}", format!("{kind:?}").to_lowercase())
}

fn one(graph: &mut Graph, head: &Head, hidden: &str, names: &[&'static str]) {
    let kind = head.spec.kind;
    let mut x = hidden.to_owned();
    if kind.input() == HeadInput::FirstToken {
        let first = graph.int(0);
        x = graph.add_with("Gather", &[&x, &first], vec![("axis", Attribute::Int(1))]);
    }
    if let (Some(dense), Some(of)) = (&head.dense, &head.spec.dense) {
        x = product(graph, &dense.weight, &dense.bias, &x);
        x = activate(graph, of.activation, &x);
    }
    if let Some(norm) = &head.norm {
        x = normed(graph, &norm.weight, &norm.bias, norm.eps, &x);
    }
    let outputs = head.output.widths().1;
    match (kind.outputs(), kind.input()) {
        (Outputs::Words, _) => words(graph, head, &x, names[0]),
        (Outputs::Count(1), HeadInput::AllTokens) => {
            let scores = product(graph, &head.output.weight, &head.output.bias, &x);
            let last = graph.ints(&[-1]);
            graph.add("Squeeze", &[&scores, &last]);
            graph.output(names[0], vec![BATCH, SEQUENCE]);
        }
        (Outputs::Count(_), HeadInput::AllTokens) => apart(graph, head, &x, names),
        (Outputs::Labels, HeadInput::AllTokens) => {
            product(graph, &head.output.weight, &head.output.bias, &x);
            graph.output(names[0], vec![BATCH, SEQUENCE, Dim::Size(outputs)]);
        }
        (Outputs::Labels | Outputs::Count(_), HeadInput::FirstToken) => {
            product(graph, &head.output.weight, &head.output.bias, &x);
            graph.output(names[0], vec![BATCH, Dim::Size(outputs)]);
        }
    }
}

/// The scores of each token, each with a name of its own.
fn apart(graph: &mut Graph, head: &Head, x: &str, names: &[&'static str]) {
    let scores = product(graph, &head.output.weight, &head.output.bias, x);
    for (place, name) in (0..).zip(names) {
        let place = graph.int(place);
        graph.add_with("Gather", &[&scores, &place], vec![("axis", Attribute::Int(2))]);
        graph.output(name, vec![BATCH, SEQUENCE]);
    }
}

/// A score for each word. The weight may be the word table, which is in the file once and as it is: a product that takes
/// its rows as columns needs two dimensions.
fn words(graph: &mut Graph, head: &Head, x: &str, name: &'static str) {
    let (width, count) = head.output.widths();
    let (weight, bias) = (graph.weight(&head.output.weight), graph.weight(&head.output.bias));
    let flat = graph.ints(&[-1, width as i64]);
    let rows = graph.add("Reshape", &[x, &flat]);
    let scores = graph.add_with("Gemm", &[&rows, &weight, &bias], vec![("transB", Attribute::Int(1))]);
    let shape = graph.add("Shape", &[x]);
    let (start, end, words) = (graph.ints(&[0]), graph.ints(&[2]), graph.ints(&[count as i64]));
    let lead = graph.add("Slice", &[&shape, &start, &end]);
    let shape = graph.add_with("Concat", &[&lead, &words], vec![("axis", Attribute::Int(0))]);
    graph.add("Reshape", &[&scores, &shape]);
    graph.output(name, vec![BATCH, SEQUENCE, Dim::Size(count)]);
}

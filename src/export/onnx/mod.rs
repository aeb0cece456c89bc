//! A model as an ONNX file, written by our own hand: the graph of every family and head that there is here.
//!
//! From the ground up: a graph of operators with its weights (`graph.rs`); the encoder (`encoder.rs`, with its dense
//! layers as whole numbers: `int8.rs`) and its heads (`heads.rs`) as such a graph; and the file (`file.rs`). Names of
//! inputs, outputs and free dimensions are those that optimum writes, because programs look for them. Operators are those of opset 18,
//! and of them the plain ones that PyTorch's exporter writes, which runtimes know how to fuse.

mod encoder;
mod file;
mod graph;
mod heads;
mod int8;

pub use file::{EXTERNAL, MODEL, write};
pub use graph::{Attribute, Dim, Element, Graph, Node, Numbers, Port, Precision, Weight};

use crate::model::Model;

/// The version of ONNX's operators that is used.
pub const OPSET: u64 = 18;

/// The graph of a model with the heads that it has.
pub fn graph(model: &Model, precision: Precision) -> Graph {
    let mut graph = Graph::of(precision);
    let hidden = encoder::write(&mut graph, model);
    heads::write(&mut graph, model, &hidden);
    graph
}

//! An ONNX file: the model's message around the graph, with its weights streamed from where they lie.
//!
//! A message of protocol buffers holds less than 2 GiB. Where the weights come to more they are written beside it, in one
//! file, each from a multiple of 4096 bytes on, as the format asks of data that are to be mapped.

use std::io::{self, Write};
use std::path::Path;

use super::graph::{Attribute, Dim, Element, Graph, Node, Numbers, Port, Weight};
use super::{OPSET, int8};
use crate::export::ExportError;
use crate::files::write_atomically;
use crate::protobuf::Message;

pub const MODEL: &str = "model.onnx";
/// Where weights lie that find no room in the model's file.
pub const EXTERNAL: &str = "model.onnx_data";
/// The version of the file format that opset 18 came with (ONNX 1.13).
const IR_VERSION: i64 = 8;
/// The most that is written in one message; the format's limit less room for all that is no weight.
const MOST_IN_ONE: u64 = 2_000_000_000;
/// Weights of fewer bytes stay in the model's file.
const SMALL: u64 = 1024;
const PAGE: u64 = 4096;

/// Numbers of the fields, as `onnx.proto` has them.
mod field {
    pub const IR_VERSION: u64 = 1;
    pub const PRODUCER: u64 = 2;
    pub const PRODUCER_VERSION: u64 = 3;
    pub const GRAPH: u64 = 7;
    pub const OPSET: u64 = 8;
    pub const NODE: u64 = 1;
    pub const GRAPH_NAME: u64 = 2;
    pub const INITIALIZER: u64 = 5;
    pub const INPUT: u64 = 11;
    pub const OUTPUT: u64 = 12;
}

/// Writes a graph into a folder.
pub fn write(graph: &Graph, dir: &Path) -> Result<(), ExportError> {
    write_within(graph, dir, MOST_IN_ONE)
}

/// The same with at most so many bytes of weights in the model's file.
pub(super) fn write_within(graph: &Graph, dir: &Path, most: u64) -> Result<(), ExportError> {
    let bytes: u64 = graph.weights.values().map(Weight::bytes).sum();
    let mut outside = Outside::default();
    let parts = parts(graph, (bytes > most).then_some(&mut outside));
    let path = dir.join(MODEL);
    if !outside.weights.is_empty() {
        let path = dir.join(EXTERNAL);
        let written = write_atomically(&path, |file| outside.write(file));
        written.map_err(|source| ExportError::Write { path, source })?;
    }
    let written = write_atomically(&path, |file| {
        file.write_all(&opening(&parts).0)?;
        parts.iter().try_for_each(|part| part.write(file))
    });
    written.map_err(|source| ExportError::Write { path, source })
}

/// A piece of the graph's message.
enum Part<'a> {
    Message(Message),
    Numbers(&'a Weight),
}

impl Part<'_> {
    fn bytes(&self) -> u64 {
        match self {
            Self::Message(message) => message.0.len() as u64,
            Self::Numbers(weight) => weight.bytes(),
        }
    }

    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        match self {
            Self::Message(message) => out.write_all(&message.0),
            Self::Numbers(weight) => weight.write(out),
        }
    }
}

/// Weights that lie beside the model's file.
#[derive(Default)]
struct Outside<'a> {
    weights: Vec<(u64, &'a Weight)>,
    end: u64,
}

impl<'a> Outside<'a> {
    /// Where a weight is going to lie.
    fn place(&mut self, weight: &'a Weight) -> u64 {
        let start = self.end.next_multiple_of(PAGE);
        self.end = start + weight.bytes();
        self.weights.push((start, weight));
        start
    }

    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut at = 0;
        for (start, weight) in &self.weights {
            out.write_all(&vec![0; (start - at) as usize])?;
            weight.write(out)?;
            at = start + weight.bytes();
        }
        Ok(())
    }
}

/// The model's message up to the graph, whose pieces follow.
fn opening(parts: &[Part<'_>]) -> Message {
    let mut opset = Message::default();
    opset.text(1, "").int(2, OPSET as i64);
    let mut model = Message::default();
    model.int(field::IR_VERSION, IR_VERSION);
    model.text(field::PRODUCER, "attune").text(field::PRODUCER_VERSION, env!("CARGO_PKG_VERSION"));
    model.message(field::OPSET, &opset);
    model.opening(field::GRAPH, parts.iter().map(Part::bytes).sum());
    model
}

fn parts<'a>(graph: &'a Graph, mut outside: Option<&mut Outside<'a>>) -> Vec<Part<'a>> {
    let mut head = Message::default();
    for node in &graph.nodes {
        head.message(field::NODE, &node_message(node));
    }
    head.text(field::GRAPH_NAME, "encoder");
    let mut parts = vec![Part::Message(head)];
    for (name, weight) in &graph.weights {
        let mut message = tensor(name, weight);
        match &mut outside {
            Some(outside) if weight.bytes() >= SMALL => {
                let start = outside.place(weight);
                let (start, length) = (start.to_string(), weight.bytes().to_string());
                for (key, value) in [("location", EXTERNAL), ("offset", &start), ("length", &length)] {
                    let mut entry = Message::default();
                    entry.text(1, key).text(2, value);
                    message.message(13, &entry);
                }
                message.int(14, 1);
                let mut whole = Message::default();
                whole.message(field::INITIALIZER, &message);
                parts.push(Part::Message(whole));
            }
            _ => {
                message.opening(9, weight.bytes());
                let mut whole = Message::default();
                whole.opening(field::INITIALIZER, message.0.len() as u64 + weight.bytes());
                whole.0.extend(message.0);
                parts.extend([Part::Message(whole), Part::Numbers(weight)]);
            }
        }
    }
    let mut ports = Message::default();
    for (number, list) in [(field::INPUT, &graph.inputs), (field::OUTPUT, &graph.outputs)] {
        for port in list {
            ports.message(number, &port_message(port));
        }
    }
    parts.push(Part::Message(ports));
    parts
}

fn node_message(node: &Node) -> Message {
    let mut message = Message::default();
    for input in &node.inputs {
        message.text(1, input);
    }
    for output in &node.outputs {
        message.text(2, output);
    }
    message.text(3, &node.name).text(4, node.op);
    for (name, value) in &node.attributes {
        let mut attribute = Message::default();
        attribute.text(1, name);
        match value {
            Attribute::Float(value) => attribute.float(2, *value).int(20, 1),
            Attribute::Int(value) => attribute.int(3, *value).int(20, 2),
            Attribute::Ints(values) => {
                for value in values {
                    attribute.int(8, *value);
                }
                attribute.int(20, 7)
            }
        };
        message.message(5, &attribute);
    }
    message
}

fn element_number(element: Element) -> i64 {
    match element {
        Element::Float => 1,
        Element::Int8 => 3,
        Element::Int64 => 7,
    }
}

/// A tensor without its numbers.
fn tensor(name: &str, weight: &Weight) -> Message {
    let mut message = Message::default();
    for dim in &weight.dims {
        message.int(1, *dim as i64);
    }
    message.int(2, element_number(weight.element())).text(8, name);
    message
}

fn port_message(port: &Port) -> Message {
    let mut shape = Message::default();
    for dim in &port.dims {
        let mut one = Message::default();
        match dim {
            Dim::Size(size) => one.int(1, *size as i64),
            Dim::Named(name) => one.text(2, name),
        };
        shape.message(1, &one);
    }
    let (mut tensor, mut kind, mut message) = (Message::default(), Message::default(), Message::default());
    tensor.int(1, element_number(port.element)).message(2, &shape);
    kind.message(1, &tensor);
    message.text(1, port.name).message(2, &kind);
    message
}

impl Weight {
    /// Writes the numbers, the first byte of each its lowest.
    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        match &self.numbers {
            Numbers::Ints(values) => {
                out.write_all(&values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<_>>())
            }
            Numbers::Whole(param) => int8::write_whole(out, param, false),
            Numbers::WholeTurned(param) => int8::write_whole(out, param, true),
            Numbers::Scales(param) => int8::write_scales(out, param),
            Numbers::Zeros => out.write_all(&vec![0; self.bytes() as usize]),
            Numbers::Floats(values) => write_floats(out, values.iter().copied()),
            Numbers::Of(param) => {
                let values = param.host().map_err(io::Error::other)?;
                write_floats(out, values.iter().copied())
            }
            Numbers::Turned(param) => {
                let values = param.host().map_err(io::Error::other)?;
                let (rows, columns) = (param.shape()[0], param.shape()[1]);
                write_floats(
                    out,
                    (0..columns)
                        .flat_map(|column| (0..rows).map(move |row| (row, column)))
                        .map(|(row, column)| values[row * columns + column]),
                )
            }
        }
    }
}

fn write_floats(out: &mut dyn Write, values: impl Iterator<Item = f32>) -> io::Result<()> {
    const PIECE: usize = 1 << 16;
    let mut bytes = Vec::with_capacity(PIECE + 4);
    for value in values {
        bytes.extend(value.to_le_bytes());
        if bytes.len() >= PIECE {
            out.write_all(&bytes)?;
            bytes.clear();
        }
    }
    out.write_all(&bytes)
}

#[cfg(test)]
mod tests {
    use candle_core::Device;

    use super::*;
    use crate::model::{Want, open};

    #[test]
    fn weights_that_find_no_room_lie_beside_the_model_each_from_a_page_on() {
        let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/bert-classify");
        let (model, _) = open(&golden, Want::AsSaved, &Device::Cpu, 0).unwrap();
        let graph = super::super::graph(&model, super::super::Precision::Float);
        let dir = tempfile::tempdir().unwrap();
        write_within(&graph, dir.path(), 0).unwrap();
        let beside = std::fs::read(dir.path().join(EXTERNAL)).unwrap();
        let mut outside = Outside::default();
        parts(&graph, Some(&mut outside));
        assert!(outside.weights.len() > 10);
        for (start, weight) in &outside.weights {
            let mut bytes = Vec::new();
            weight.write(&mut bytes).unwrap();
            assert_eq!((start % PAGE, &beside[*start as usize..][..bytes.len()]), (0, bytes.as_slice()));
        }
        assert_eq!(outside.end, beside.len() as u64);
        let size = || std::fs::metadata(dir.path().join(MODEL)).unwrap().len();
        let inside = size();
        write(&graph, dir.path()).unwrap();
        let large: u64 = outside.weights.iter().map(|(_, weight)| weight.bytes()).sum();
        assert!(inside < size() && size() < inside + large, "{inside} and {large}, {} in one", size());
    }
}

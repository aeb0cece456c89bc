//! Reads an ONNX file back, knowing no more of it than the format: protocol buffers by their numbers, and `onnx.proto`.

use std::collections::BTreeMap;
use std::path::Path;

/// A field of a message.
pub enum Field<'a> {
    Number(u64),
    Bytes(&'a [u8]),
    Four([u8; 4]),
}

/// The fields of a message, in their order.
pub fn fields(mut bytes: &[u8]) -> Vec<(u64, Field<'_>)> {
    let mut found = Vec::new();
    while !bytes.is_empty() {
        let key = varint(&mut bytes);
        let field = match key & 7 {
            0 => Field::Number(varint(&mut bytes)),
            2 => {
                let length = varint(&mut bytes) as usize;
                let (own, rest) = bytes.split_at(length);
                bytes = rest;
                Field::Bytes(own)
            }
            5 => {
                let (own, rest) = bytes.split_at(4);
                bytes = rest;
                Field::Four(own.try_into().unwrap())
            }
            other => panic!("a field of kind {other}"),
        };
        found.push((key >> 3, field));
    }
    found
}

fn varint(bytes: &mut &[u8]) -> u64 {
    let (mut value, mut shift) = (0, 0);
    loop {
        let (byte, rest) = bytes.split_first().unwrap();
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        shift += 7;
        if byte & 0x80 == 0 {
            return value;
        }
    }
}

/// A message by the numbers of its fields.
pub struct Message<'a>(Vec<(u64, Field<'a>)>);

impl<'a> Message<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(fields(bytes))
    }

    pub fn all(&self, number: u64) -> Vec<&'a [u8]> {
        let own = self.0.iter().filter(|(own, _)| *own == number);
        own.map(|(_, field)| match field {
            Field::Bytes(bytes) => *bytes,
            _ => panic!("field {number} is no text"),
        })
        .collect()
    }

    pub fn texts(&self, number: u64) -> Vec<String> {
        self.all(number).into_iter().map(|bytes| String::from_utf8(bytes.to_vec()).unwrap()).collect()
    }

    pub fn text(&self, number: u64) -> String {
        self.texts(number).remove(0)
    }

    pub fn messages(&self, number: u64) -> Vec<Self> {
        self.all(number).into_iter().map(Self::new).collect()
    }

    pub fn numbers(&self, number: u64) -> Vec<i64> {
        let own = self.0.iter().filter(|(own, _)| *own == number);
        own.map(|(_, field)| match field {
            Field::Number(value) => *value as i64,
            _ => panic!("field {number} is no number"),
        })
        .collect()
    }

    fn float(&self, number: u64) -> Option<f64> {
        self.0.iter().find_map(|(own, field)| match field {
            Field::Four(bytes) if *own == number => Some(f64::from(f32::from_le_bytes(*bytes))),
            _ => None,
        })
    }
}

/// Numbers with a shape; whole numbers and truths are numbers too.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    pub dims: Vec<usize>,
    pub values: Vec<f64>,
}

#[derive(Debug)]
pub struct Node {
    pub op: String,
    pub inputs: Vec<String>,
    pub outputs: Vec<String>,
    pub ints: BTreeMap<String, Vec<i64>>,
    pub floats: BTreeMap<String, f64>,
}

#[derive(Debug, PartialEq, Eq)]
pub struct Port {
    pub name: String,
    pub element: i64,
    /// Sizes, or the names of those that are free.
    pub dims: Vec<String>,
}

pub struct Model {
    pub opset: i64,
    pub ir_version: i64,
    pub nodes: Vec<Node>,
    pub weights: BTreeMap<String, Tensor>,
    pub inputs: Vec<Port>,
    pub outputs: Vec<Port>,
}

pub fn read(dir: &Path) -> Model {
    let bytes = std::fs::read(dir.join("model.onnx")).unwrap();
    let model = Message::new(&bytes);
    let graph = Message::new(model.all(7)[0]);
    let opset = model.messages(8);
    assert_eq!((opset.len(), opset[0].text(1).as_str()), (1, ""));
    Model {
        opset: opset[0].numbers(2)[0],
        ir_version: model.numbers(1)[0],
        nodes: graph.messages(1).iter().map(node).collect(),
        weights: graph.messages(5).iter().map(|one| tensor(one, dir)).collect(),
        inputs: graph.messages(11).iter().map(port).collect(),
        outputs: graph.messages(12).iter().map(port).collect(),
    }
}

fn node(message: &Message<'_>) -> Node {
    let (mut ints, mut floats) = (BTreeMap::new(), BTreeMap::new());
    for attribute in message.messages(5) {
        let name = attribute.text(1);
        match attribute.numbers(20)[0] {
            1 => drop(floats.insert(name, attribute.float(2).unwrap())),
            2 => drop(ints.insert(name, attribute.numbers(3))),
            7 => drop(ints.insert(name, attribute.numbers(8))),
            other => panic!("an attribute of type {other}"),
        }
    }
    Node { op: message.text(4), inputs: message.texts(1), outputs: message.texts(2), ints, floats }
}

fn tensor(message: &Message<'_>, dir: &Path) -> (String, Tensor) {
    let dims: Vec<usize> = message.numbers(1).into_iter().map(|dim| dim as usize).collect();
    let outside: BTreeMap<String, String> =
        message.messages(13).iter().map(|entry| (entry.text(1), entry.text(2))).collect();
    let bytes = match outside.get("location") {
        None => message.all(9)[0].to_vec(),
        Some(file) => {
            assert_eq!(message.numbers(14), [1]);
            let place = |key: &str| outside[key].parse::<usize>().unwrap();
            assert_eq!(place("offset") % 4096, 0);
            std::fs::read(dir.join(file)).unwrap()[place("offset")..][..place("length")].to_vec()
        }
    };
    let values: Vec<f64> = match message.numbers(2)[0] {
        1 => bytes.chunks(4).map(|four| f64::from(f32::from_le_bytes(four.try_into().unwrap()))).collect(),
        3 => bytes.iter().map(|byte| f64::from(*byte as i8)).collect(),
        7 => bytes.chunks(8).map(|eight| i64::from_le_bytes(eight.try_into().unwrap()) as f64).collect(),
        other => panic!("a tensor of type {other}"),
    };
    let name = message.text(8);
    assert_eq!(values.len(), dims.iter().product::<usize>(), "{name}");
    (name, Tensor { dims, values })
}

fn port(message: &Message<'_>) -> Port {
    let kind = Message::new(message.all(2)[0]);
    let tensor = Message::new(kind.all(1)[0]);
    let shape = Message::new(tensor.all(2)[0]);
    let dims = shape.messages(1);
    let dim = |dim: &Message<'_>| dim.texts(2).pop().unwrap_or_else(|| dim.numbers(1)[0].to_string());
    Port { name: message.text(1), element: tensor.numbers(1)[0], dims: dims.iter().map(dim).collect() }
}

//! A graph of operators: every node after those that it reads, every value with one name, every weight once.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::Param;

/// A model's computation, ready to be written.
#[derive(Debug, Default)]
pub struct Graph {
    pub inputs: Vec<Port>,
    pub outputs: Vec<Port>,
    pub nodes: Vec<Node>,
    /// Constants and weights by their names.
    pub weights: BTreeMap<String, Weight>,
    /// How dense layers of the encoder compute.
    pub precision: Precision,
    /// What stands for a value that was rounded, by its name: the whole numbers, their scale and their zero.
    rounded: BTreeMap<String, [String; 3]>,
    /// Where the nodes that are added belong, such as `/layers.0/attention`.
    scope: String,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Precision {
    #[default]
    Float,
    /// Whole numbers of eight bits.
    Int8,
}

/// An input or output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Port {
    pub name: &'static str,
    pub element: Element,
    pub dims: Vec<Dim>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Element {
    Float,
    Int8,
    Int64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dim {
    Size(usize),
    /// One that is free.
    Named(&'static str),
}

pub const BATCH: Dim = Dim::Named("batch_size");
pub const SEQUENCE: Dim = Dim::Named("sequence_length");

#[derive(Clone, Debug)]
pub struct Node {
    pub name: String,
    pub op: &'static str,
    pub inputs: Vec<String>,
    pub outputs: Vec<String>,
    pub attributes: Vec<(&'static str, Attribute)>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Attribute {
    Int(i64),
    Float(f32),
    Ints(Vec<i64>),
}

/// Numbers that the file holds.
#[derive(Clone, Debug)]
pub struct Weight {
    pub dims: Vec<usize>,
    pub numbers: Numbers,
}

#[derive(Clone, Debug)]
pub enum Numbers {
    Floats(Vec<f32>),
    Ints(Vec<i64>),
    /// A weight of the model as it is.
    Of(Arc<Param>),
    /// A matrix of the model with its rows as columns, which is how a product from the right takes it.
    Turned(Arc<Param>),
    /// A matrix as whole numbers, each row by its own scale.
    Whole(Arc<Param>),
    /// The same with its rows as columns.
    WholeTurned(Arc<Param>),
    /// The scale of each row of such a matrix.
    Scales(Arc<Param>),
    /// The zeros of whole numbers.
    Zeros,
}

impl Graph {
    pub fn of(precision: Precision) -> Self {
        Self { precision, ..Self::default() }
    }

    /// Adds nodes under a further name.
    pub fn within<T>(&mut self, name: &str, write: impl FnOnce(&mut Self) -> T) -> T {
        let outer = self.scope.len();
        self.scope = format!("{}/{name}", self.scope);
        let written = write(self);
        self.scope.truncate(outer);
        written
    }

    /// Adds a node with one result, and says what that is called.
    pub fn add(&mut self, op: &'static str, inputs: &[&str]) -> String {
        self.add_with(op, inputs, Vec::new())
    }

    pub fn add_with(
        &mut self,
        op: &'static str,
        inputs: &[&str],
        attributes: Vec<(&'static str, Attribute)>,
    ) -> String {
        let name = self.free_name(op);
        let output = format!("{name}_output_0");
        let inputs = inputs.iter().map(|input| (*input).to_owned()).collect();
        self.nodes.push(Node { name, op, inputs, outputs: vec![output.clone()], attributes });
        output
    }

    fn free_name(&self, op: &str) -> String {
        let first = format!("{}/{op}", self.scope);
        let taken = |name: &str| self.nodes.iter().rev().any(|node| node.name == name);
        let further = (1..).map(|count| format!("{first}_{count}"));
        std::iter::once(first.clone()).chain(further).find(|name| !taken(name)).unwrap_or(first)
    }

    /// A value rounded to whole numbers by its own range, once for all that read it: the numbers, their scale, their zero.
    pub fn rounded(&mut self, x: &str) -> [String; 3] {
        if let Some(known) = self.rounded.get(x) {
            return known.clone();
        }
        let op = "DynamicQuantizeLinear";
        let name = self.free_name(op);
        let outputs = [0, 1, 2].map(|place| format!("{name}_output_{place}"));
        let node = Node { name, op, inputs: vec![x.to_owned()], outputs: outputs.to_vec(), attributes: Vec::new() };
        self.nodes.push(node);
        self.rounded.insert(x.to_owned(), outputs.clone());
        outputs
    }

    /// A weight of the model as it is.
    pub fn weight(&mut self, param: &Arc<Param>) -> String {
        let (name, dims) = (param.stored_name.clone(), param.shape().to_vec());
        self.keep(name, Weight { dims, numbers: Numbers::Of(param.clone()) })
    }

    /// A matrix of the model, turned.
    pub fn turned(&mut self, param: &Arc<Param>) -> String {
        let dims = param.shape().iter().rev().copied().collect();
        self.keep(format!("{}.T", param.stored_name), Weight { dims, numbers: Numbers::Turned(param.clone()) })
    }

    pub fn float(&mut self, value: f32) -> String {
        self.keep(format!("constant_{value:e}"), Weight { dims: Vec::new(), numbers: Numbers::Floats(vec![value]) })
    }

    /// One whole number without a dimension.
    pub fn int(&mut self, value: i64) -> String {
        self.keep(format!("constant_{value}"), Weight { dims: Vec::new(), numbers: Numbers::Ints(vec![value]) })
    }

    /// A list of whole numbers.
    pub fn ints(&mut self, values: &[i64]) -> String {
        let names: Vec<String> = values.iter().map(i64::to_string).collect();
        let weight = Weight { dims: vec![values.len()], numbers: Numbers::Ints(values.to_vec()) };
        self.keep(format!("constants_{}", names.join("_")), weight)
    }

    /// Numbers under a name, once.
    pub fn keep(&mut self, name: String, weight: Weight) -> String {
        self.weights.entry(name.clone()).or_insert(weight);
        name
    }

    /// Declares an input.
    pub fn input(&mut self, name: &'static str) -> String {
        self.inputs.push(Port { name, element: Element::Int64, dims: vec![BATCH, SEQUENCE] });
        name.to_owned()
    }

    /// Makes the last node's only result an output of the graph.
    pub fn output(&mut self, name: &'static str, dims: Vec<Dim>) {
        if let Some(last) = self.nodes.last_mut() {
            last.outputs = vec![name.to_owned()];
        }
        self.outputs.push(Port { name, element: Element::Float, dims });
    }
}

impl Weight {
    pub fn element(&self) -> Element {
        match self.numbers {
            Numbers::Ints(_) => Element::Int64,
            Numbers::Whole(_) | Numbers::WholeTurned(_) | Numbers::Zeros => Element::Int8,
            Numbers::Floats(_) | Numbers::Of(_) | Numbers::Turned(_) | Numbers::Scales(_) => Element::Float,
        }
    }

    /// Bytes in the file.
    pub fn bytes(&self) -> u64 {
        let size = match self.element() {
            Element::Int8 => 1,
            Element::Float => 4,
            Element::Int64 => 8,
        };
        self.dims.iter().product::<usize>() as u64 * size
    }
}

//! The weights of a base with an adapter in them, one at a time as they are asked for.
//!
//! An adapter names modules as the class it was trained on does, with or without the family's prefix, and so does the base:
//! both are compared without it.

use std::collections::{BTreeMap, HashMap};

use super::error::AdapterError;
use super::settings::Settings;
use crate::model::family::{Family, Naming};
use crate::model::files::TensorFiles;
use crate::model::ops::matrix::{Into, Mat, MatMut, Threads, matmul};
use crate::model::{ModelError, Source};

/// A base with an adapter.
pub struct Adapted {
    base: TensorFiles,
    adapter: TensorFiles,
    naming: Naming,
    /// By the bare name of a module.
    products: BTreeMap<String, Product>,
    /// Tensors that are stored whole, by their bare names, with those in the adapter's file.
    whole: BTreeMap<String, String>,
    /// Those of them that the base does not have, by the names that they are asked for.
    added: Vec<String>,
}

/// Two matrices whose product is added to a weight.
struct Product {
    a: String,
    b: String,
    scale: f32,
    /// Of a table, which is stored the other way round.
    is_table: bool,
}

/// A tensor's name in the model that the adapter is for.
pub fn plain_name(name: &str) -> String {
    let name = name.strip_prefix("base_model.model.").unwrap_or(name);
    name.replace(".modules_to_save.default.", ".").replace(".modules_to_save.", ".").replace(".base_layer.", ".")
}

/// What a tensor of an adapter is.
enum Part<'a> {
    First(&'a str),
    Second(&'a str),
    FirstOfTable(&'a str),
    SecondOfTable(&'a str),
    Whole,
    Unknown,
}

fn part(name: &str) -> Part<'_> {
    let of = |mark: &str| {
        let (module, rest) = name.split_once(mark)?;
        ["", ".weight", ".default", ".default.weight"].contains(&rest).then_some(module)
    };
    let matrices = [
        of(".lora_A").map(Part::First),
        of(".lora_B").map(Part::Second),
        of(".lora_embedding_A").map(Part::FirstOfTable),
        of(".lora_embedding_B").map(Part::SecondOfTable),
    ];
    let is_other = ["lora_", ".token_adapter.", "_magnitude_vector"].iter().any(|mark| name.contains(mark));
    let whole = if is_other { Part::Unknown } else { Part::Whole };
    matrices.into_iter().flatten().next().unwrap_or(whole)
}

impl Adapted {
    pub fn new(
        base: TensorFiles,
        adapter: TensorFiles,
        settings: &Settings,
        family: Family,
    ) -> Result<Self, AdapterError> {
        let naming = Naming { family, inner_group_num: 1 };
        let mut halves: BTreeMap<(String, bool), [Option<String>; 2]> = BTreeMap::new();
        let mut whole = BTreeMap::new();
        for tensor in adapter.tensors() {
            let plain = plain_name(&tensor.name);
            let (module, is_table, half) = match part(&plain) {
                Part::First(module) => (module, false, 0),
                Part::Second(module) => (module, false, 1),
                Part::FirstOfTable(module) => (module, true, 0),
                Part::SecondOfTable(module) => (module, true, 1),
                Part::Whole => {
                    whole.insert(naming.bare(&plain).to_owned(), tensor.name.clone());
                    continue;
                }
                Part::Unknown => return Err(AdapterError::UnknownTensor { name: tensor.name.clone() }),
            };
            halves.entry((module.to_owned(), is_table)).or_default()[half] = Some(tensor.name.clone());
        }
        let known: HashMap<&str, &[usize]> =
            base.tensors().iter().map(|tensor| (naming.bare(&tensor.name), tensor.shape.as_slice())).collect();
        let mut products = BTreeMap::new();
        for ((module, is_table), names) in halves {
            let [Some(a), Some(b)] = names else { return Err(AdapterError::Half { module }) };
            let bare = naming.bare(&module).to_owned();
            let weight = known.get(format!("{bare}.weight").as_str()).copied();
            let weight = weight.ok_or_else(|| AdapterError::NotInBase { module: module.clone() })?;
            let shape = |name: &str| adapter.find(name).map(|tensor| tensor.shape.clone()).unwrap_or_default();
            let (shape_a, shape_b) = (shape(&a), shape(&b));
            if !fits(&shape_a, &shape_b, weight, is_table) {
                return Err(AdapterError::Shapes { module, a: shape_a, b: shape_b, weight: weight.to_vec() });
            }
            let scale = settings.scale(&module, shape_a[0]) as f32;
            products.insert(bare, Product { a, b, scale, is_table });
        }
        let added = whole.iter().filter(|(bare, _)| !known.contains_key(bare.as_str()));
        let added = added.map(|(_, name)| plain_name(name)).collect();
        Ok(Self { base, adapter, naming, products, whole, added })
    }

    /// The kind of number that most of the base's weights are stored in.
    pub fn dtype(&self) -> String {
        self.base.dtype()
    }

    /// Whether a product is added to a table.
    pub fn changes_table(&self) -> bool {
        self.products.values().any(|product| product.is_table)
    }

    fn stored_whole(&self, name: &str) -> Option<&str> {
        self.whole.get(self.naming.bare(name)).map(String::as_str)
    }

    fn add(&self, product: &Product, weight: &mut [f32], shape: &[usize]) -> Result<(), ModelError> {
        let (a, b) = (self.adapter.read_f32(&product.a)?, self.adapter.read_f32(&product.b)?);
        let b: Vec<f32> = b.into_iter().map(|value| value * product.scale).collect();
        let (rows, cols) = (shape[0], shape[1]);
        let rank = b.len() / if product.is_table { cols } else { rows }.max(1);
        let (left, right) = if product.is_table {
            (Mat::new(&a, rank, rows).transposed(), Mat::new(&b, cols, rank).transposed())
        } else {
            (Mat::new(&b, rows, rank), Mat::new(&a, rank, cols))
        };
        matmul(MatMut::new(weight, rows, cols), Into::Add, left, right, Threads::All);
        Ok(())
    }
}

/// Whether two matrices make a product of a weight's shape.
fn fits(a: &[usize], b: &[usize], weight: &[usize], is_table: bool) -> bool {
    let ([rank, inputs], [outputs, narrow], [rows, cols]) = (a, b, weight) else { return false };
    let product = if is_table { (inputs, outputs) } else { (outputs, inputs) };
    *rank > 0 && rank == narrow && product == (rows, cols)
}

impl Source for Adapted {
    fn names(&self) -> Vec<String> {
        let own = self.base.tensors().iter().map(|tensor| tensor.name.clone());
        own.chain(self.added.iter().cloned()).collect()
    }

    fn shape(&self, name: &str) -> Option<Vec<usize>> {
        if self.base.find(name).is_none() && !self.added.iter().any(|added| added == name) {
            return None;
        }
        let stored = self.stored_whole(name).and_then(|stored| self.adapter.find(stored));
        stored.or_else(|| self.base.find(name)).map(|tensor| tensor.shape.clone())
    }

    fn read(&self, name: &str) -> Result<Vec<f32>, ModelError> {
        if let Some(stored) = self.stored_whole(name) {
            return Ok(self.adapter.read_f32(stored)?);
        }
        let mut values = self.base.read_f32(name)?;
        let module = self.naming.bare(name).strip_suffix(".weight");
        if let Some(product) = module.and_then(|module| self.products.get(module))
            && let Some(tensor) = self.base.find(name)
        {
            self.add(product, &mut values, &tensor.shape)?;
        }
        Ok(values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tensors_are_named_by_what_they_are_for() {
        for (name, plain) in [
            ("base_model.model.classifier.weight", "classifier.weight"),
            ("base_model.model.classifier.modules_to_save.default.weight", "classifier.weight"),
            ("base_model.model.classifier.modules_to_save.out_proj.bias", "classifier.out_proj.bias"),
            ("base_model.model.bert.pooler.dense.base_layer.bias", "bert.pooler.dense.bias"),
        ] {
            assert_eq!(plain_name(name), plain);
        }
        assert!(matches!(part("a.query.lora_A.weight"), Part::First("a.query")));
        assert!(matches!(part("a.query.lora_B.default.weight"), Part::Second("a.query")));
        assert!(matches!(part("a.word.lora_embedding_A"), Part::FirstOfTable("a.word")));
        assert!(matches!(part("a.query.lora_magnitude_vector"), Part::Unknown));
        assert!(matches!(part("a.query.bias"), Part::Whole));
    }

    #[test]
    fn a_product_has_the_shape_of_its_weight() {
        assert!(fits(&[4, 32], &[72, 4], &[72, 32], false));
        assert!(fits(&[4, 700], &[32, 4], &[700, 32], true));
        for (a, b) in [([4, 32], [72, 3]), ([4, 31], [72, 4]), ([0, 32], [72, 0])] {
            assert!(!fits(&a, &b, &[72, 32], false));
        }
    }
}

//! Dynamic quantisation: dense layers whose weights are whole numbers of eight bits, a scale for each output, and whose
//! inputs are rounded to eight bits while the graph runs, by their own range.
//!
//! The nodes are those that onnxruntime's `quantize_dynamic` writes with weights per channel, so that runtimes fuse them:
//! `DynamicQuantizeLinear`, `MatMulInteger`, a cast, and the product with both scales. Weights are symmetric, from -127 to
//! 127, and their zero is zero. Rows of the word table have a scale each and are made floats again where they are taken.
//! Heads, norms, biases, positions and attention itself stay f32.

use std::io::{self, Write};
use std::sync::Arc;

use super::encoder::{FLOAT, cast};
use super::graph::{Graph, Numbers, Weight};
use crate::model::Param;

/// The largest whole number of a weight.
const MOST: f32 = 127.0;

/// `x Wᵀ + b`, with both rounded.
pub fn product(graph: &mut Graph, weight: &Arc<Param>, bias: &Arc<Param>, x: &str) -> String {
    let [rounded, scale, zero] = graph.rounded(x);
    let outputs = weight.shape()[0];
    let name = format!("{}.T", weight.stored_name);
    let turned = weight.shape().iter().rev().copied().collect();
    let mut keep = |name, dims, numbers| graph.keep(name, Weight { dims, numbers });
    let whole = keep(format!("{name}_quantized"), turned, Numbers::WholeTurned(weight.clone()));
    let scales = keep(format!("{name}_scale"), vec![outputs], Numbers::Scales(weight.clone()));
    let zeros = keep(format!("zeros_int8_{outputs}"), vec![outputs], Numbers::Zeros);
    let bias = graph.weight(bias);
    let sums = graph.add("MatMulInteger", &[&rounded, &whole, &zero, &zeros]);
    let sums = cast(graph, &sums, FLOAT);
    let scale = graph.add("Mul", &[&scale, &scales]);
    let product = graph.add("Mul", &[&sums, &scale]);
    graph.add("Add", &[&product, &bias])
}

/// The rows of a table of which each has its own scale.
pub fn rows(graph: &mut Graph, table: &Arc<Param>, places: &str) -> String {
    let name = &table.stored_name;
    let mut keep = |name, dims, numbers| graph.keep(name, Weight { dims, numbers });
    let whole = keep(format!("{name}_quantized"), table.shape().to_vec(), Numbers::Whole(table.clone()));
    let scales = keep(format!("{name}_scale"), vec![table.shape()[0], 1], Numbers::Scales(table.clone()));
    let rows = graph.add("Gather", &[&whole, places]);
    let rows = cast(graph, &rows, FLOAT);
    let scales = graph.add("Gather", &[&scales, places]);
    graph.add("Mul", &[&rows, &scales])
}

/// The scale of each row of a matrix: what one is worth.
fn scales(values: &[f32], columns: usize) -> Vec<f32> {
    let most = |row: &[f32]| row.iter().fold(0.0_f32, |most, value| most.max(value.abs()));
    // A row of zeros is zero by any scale.
    values
        .chunks_exact(columns)
        .map(|row| most(row) / MOST)
        .map(|scale| if scale > 0.0 { scale } else { 1.0 })
        .collect()
}

fn whole(value: f32, scale: f32) -> i8 {
    // Halves go to the even one, as they do while the graph runs.
    (value / scale).round_ties_even().clamp(-MOST, MOST) as i8
}

/// Writes the scales of a matrix.
pub fn write_scales(out: &mut dyn Write, param: &Param) -> io::Result<()> {
    let values = param.host().map_err(io::Error::other)?;
    let bytes: Vec<u8> = scales(&values, param.shape()[1]).into_iter().flat_map(f32::to_le_bytes).collect();
    out.write_all(&bytes)
}

/// Writes the whole numbers of a matrix, as it is or with its rows as columns.
pub fn write_whole(out: &mut dyn Write, param: &Param, is_turned: bool) -> io::Result<()> {
    let values = param.host().map_err(io::Error::other)?;
    let (rows, columns) = (param.shape()[0], param.shape()[1]);
    let scales = scales(&values, columns);
    let at = |row: usize, column: usize| whole(values[row * columns + column], scales[row]) as u8;
    if is_turned {
        (0..columns).try_for_each(|column| out.write_all(&(0..rows).map(|row| at(row, column)).collect::<Vec<u8>>()))
    } else {
        (0..rows).try_for_each(|row| out.write_all(&(0..columns).map(|column| at(row, column)).collect::<Vec<u8>>()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_weight_lies_no_further_from_itself_than_half_of_what_one_is_worth() {
        let values = [0.5, -1.0, 0.25, 0.003, 0.0, 0.0, 0.0, 0.0, 1e-3, -1e-3, 5e-4, 2e-6];
        let scales = scales(&values, 4);
        assert_eq!(scales[1], 1.0, "a row of zeros");
        for (place, value) in values.iter().enumerate() {
            let scale = scales[place / 4];
            let back = f32::from(whole(*value, scale)) * scale;
            assert!((back - value).abs() <= scale * 0.5001, "{value} became {back}");
        }
        assert_eq!(whole(values[1], scales[0]), -127);
        assert_eq!((whole(2.5, 1.0), whole(3.5, 1.0)), (2, 4));
    }
}

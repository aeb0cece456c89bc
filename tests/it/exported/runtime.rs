//! Runs a graph of ONNX by the definitions of its operators, slowly and in double precision: as many of them as an encoder
//! needs.

use std::collections::BTreeMap;

use super::onnx_file::{Model, Node, Tensor};

/// Every value of the graph, from those of its inputs.
pub fn run(model: &Model, inputs: &BTreeMap<String, Tensor>) -> BTreeMap<String, Tensor> {
    let mut values: BTreeMap<String, Tensor> = inputs.clone();
    for node in &model.nodes {
        let of =
            |name: &String| values.get(name).or_else(|| model.weights.get(name)).unwrap_or_else(|| panic!("{name}"));
        let inputs: Vec<&Tensor> = node.inputs.iter().map(of).collect();
        let outputs =
            if node.op == "DynamicQuantizeLinear" { rounded(inputs[0]).to_vec() } else { vec![compute(node, &inputs)] };
        assert_eq!(outputs.len(), node.outputs.len(), "{}", node.op);
        values.extend(node.outputs.iter().cloned().zip(outputs));
    }
    values
}

fn compute(node: &Node, inputs: &[&Tensor]) -> Tensor {
    let int = |name: &str, default: i64| node.ints.get(name).map_or(default, |list| list[0]);
    let x = inputs[0];
    match node.op.as_str() {
        "Identity" | "Cast" => x.clone(),
        "Add" => pairwise(x, inputs[1], |a, b| a + b),
        "Sub" => pairwise(x, inputs[1], |a, b| a - b),
        "Mul" => pairwise(x, inputs[1], |a, b| a * b),
        "Div" => pairwise(x, inputs[1], |a, b| a / b),
        "Equal" => pairwise(x, inputs[1], |a, b| f64::from(a == b)),
        "Greater" => pairwise(x, inputs[1], |a, b| f64::from(a > b)),
        "Not" => each(x, |a| 1.0 - a),
        "Erf" => each(x, erf),
        "Tanh" => each(x, f64::tanh),
        "Sigmoid" => each(x, |a| 1.0 / (1.0 + (-a).exp())),
        "Relu" => each(x, |a| a.max(0.0)),
        "Shape" => list(x.dims.iter().map(|dim| *dim as f64).collect()),
        "Range" => {
            let [start, limit, step] = [0, 1, 2].map(|place| inputs[place].values[0]);
            let count = ((limit - start) / step).ceil() as u32;
            list((0..count).map(|count| start + f64::from(count) * step).collect())
        }
        "Gather" => gather(x, inputs[1], int("axis", 0) as usize),
        "Unsqueeze" => {
            let mut dims = x.dims.clone();
            inputs[1].values.iter().for_each(|axis| dims.insert(*axis as usize, 1));
            Tensor { dims, values: x.values.clone() }
        }
        "Squeeze" => {
            let mut dims = x.dims.clone();
            let axis = inputs[1].values[0] as i64;
            let axis = if axis < 0 { dims.len() - axis.unsigned_abs() as usize } else { axis as usize };
            assert_eq!(dims.remove(axis), 1);
            Tensor { dims, values: x.values.clone() }
        }
        "Concat" => list(inputs.iter().flat_map(|one| one.values.clone()).collect()),
        "Slice" => list(x.values[inputs[1].values[0] as usize..inputs[2].values[0] as usize].to_vec()),
        "CumSum" => {
            assert_eq!((x.dims.len(), inputs[1].values[0]), (2, 1.0));
            let mut values = x.values.clone();
            for row in values.chunks_mut(x.dims[1]) {
                (1..row.len()).for_each(|place| row[place] += row[place - 1]);
            }
            Tensor { dims: x.dims.clone(), values }
        }
        "Reshape" => reshape(x, &inputs[1].values),
        "Transpose" => transpose(x, &node.ints["perm"]),
        "MatMul" => matmul(x, inputs[1]),
        "MatMulInteger" => matmul_integer(x, inputs[1], [inputs[2], inputs[3]]),
        "Gemm" => {
            assert_eq!(int("transB", 0), 1);
            pairwise(&matmul(x, &transpose(inputs[1], &[1, 0])), inputs[2], |a, b| a + b)
        }
        "Softmax" => {
            assert_eq!(int("axis", -1), -1);
            rows(x, |row| {
                let most = row.iter().copied().fold(f64::MIN, f64::max);
                let sum: f64 = row.iter().map(|value| (value - most).exp()).sum();
                for value in row {
                    *value = (*value - most).exp() / sum;
                }
            })
        }
        "LayerNormalization" => {
            let normal = rows(x, |row| {
                let mean = row.iter().sum::<f64>() / row.len() as f64;
                let variance = row.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / row.len() as f64;
                let deviation = (variance + node.floats["epsilon"]).sqrt();
                for value in row {
                    *value = (*value - mean) / deviation;
                }
            });
            let scaled = pairwise(&normal, inputs[1], |a, b| a * b);
            pairwise(&scaled, inputs[2], |a, b| a + b)
        }
        other => panic!("the operator {other} is not known here"),
    }
}

/// Whole numbers from 0 to 255 over the range of a tensor, which is made to hold zero; their scale; and which is zero.
fn rounded(x: &Tensor) -> [Tensor; 3] {
    let most = x.values.iter().copied().fold(0.0, f64::max);
    let least = x.values.iter().copied().fold(0.0, f64::min);
    let scale = (most - least) / 255.0;
    let zero = (-least / scale).round_ties_even().clamp(0.0, 255.0);
    let one = |value| Tensor { dims: Vec::new(), values: vec![value] };
    [each(x, |value| ((value / scale).round_ties_even() + zero).clamp(0.0, 255.0)), one(scale), one(zero)]
}

fn list(values: Vec<f64>) -> Tensor {
    Tensor { dims: vec![values.len()], values }
}

fn each(x: &Tensor, f: impl Fn(f64) -> f64) -> Tensor {
    Tensor { dims: x.dims.clone(), values: x.values.iter().map(|value| f(*value)).collect() }
}

fn rows(x: &Tensor, f: impl Fn(&mut [f64])) -> Tensor {
    let mut values = x.values.clone();
    values.chunks_mut(*x.dims.last().unwrap()).for_each(f);
    Tensor { dims: x.dims.clone(), values }
}

/// Where the place of each dimension stands, with the dimensions aligned at their ends; 0 where one is repeated.
fn strides(dims: &[usize], rank: usize) -> Vec<usize> {
    let mut strides = vec![0; rank];
    let mut step = 1;
    for (place, dim) in (0..rank).rev().zip(dims.iter().rev()) {
        strides[place] = if *dim == 1 { 0 } else { step };
        step *= dim;
    }
    strides
}

/// The place of each element of `dims` by the strides.
fn walk(dims: &[usize], strides: &[usize]) -> Vec<usize> {
    let mut places = vec![0];
    for (dim, stride) in dims.iter().zip(strides) {
        places = places.iter().flat_map(|place| (0..*dim).map(move |index| place + index * stride)).collect();
    }
    places
}

fn pairwise(a: &Tensor, b: &Tensor, f: impl Fn(f64, f64) -> f64) -> Tensor {
    let dims = broadcast(&a.dims, &b.dims);
    let (left, right) = (walk(&dims, &strides(&a.dims, dims.len())), walk(&dims, &strides(&b.dims, dims.len())));
    let values = left.iter().zip(&right).map(|(left, right)| f(a.values[*left], b.values[*right])).collect();
    Tensor { dims, values }
}

fn broadcast(a: &[usize], b: &[usize]) -> Vec<usize> {
    let rank = a.len().max(b.len());
    let at = |dims: &[usize], place: usize| (place + dims.len()).checked_sub(rank).map_or(1, |place| dims[place]);
    (0..rank)
        .map(|place| match (at(a, place), at(b, place)) {
            (one, other) if one == other || other == 1 => one,
            (1, other) => other,
            sizes => panic!("{sizes:?} in {a:?} and {b:?}"),
        })
        .collect()
}

fn gather(x: &Tensor, places: &Tensor, axis: usize) -> Tensor {
    let (before, size): (usize, usize) = (x.dims[..axis].iter().product(), x.dims[axis]);
    let after: usize = x.dims[axis + 1..].iter().product();
    let mut values = Vec::new();
    for outer in 0..before {
        for place in &places.values {
            let place = if *place < 0.0 { *place + size as f64 } else { *place } as usize;
            assert!(place < size);
            values.extend_from_slice(&x.values[(outer * size + place) * after..][..after]);
        }
    }
    let dims = [&x.dims[..axis], &places.dims, &x.dims[axis + 1..]].concat();
    Tensor { dims, values }
}

fn reshape(x: &Tensor, shape: &[f64]) -> Tensor {
    let mut dims: Vec<usize> = Vec::new();
    let mut open = None;
    for (place, size) in shape.iter().enumerate() {
        dims.push(match *size as i64 {
            0 => x.dims[place],
            -1 => {
                open = Some(place);
                1
            }
            size => size as usize,
        });
    }
    if let Some(open) = open {
        dims[open] = x.values.len() / dims.iter().product::<usize>();
    }
    assert_eq!(dims.iter().product::<usize>(), x.values.len());
    Tensor { dims, values: x.values.clone() }
}

fn transpose(x: &Tensor, order: &[i64]) -> Tensor {
    let mut own = vec![1; x.dims.len()];
    (0..x.dims.len() - 1).rev().for_each(|place| own[place] = own[place + 1] * x.dims[place + 1]);
    let dims: Vec<usize> = order.iter().map(|place| x.dims[*place as usize]).collect();
    let strides: Vec<usize> = order.iter().map(|place| own[*place as usize]).collect();
    let values = walk(&dims, &strides).into_iter().map(|place| x.values[place]).collect();
    Tensor { dims, values }
}

fn matmul(a: &Tensor, b: &Tensor) -> Tensor {
    let (rows, inner) = (a.dims[a.dims.len() - 2], a.dims[a.dims.len() - 1]);
    let columns = b.dims[b.dims.len() - 1];
    assert_eq!(inner, b.dims[b.dims.len() - 2]);
    let lead = broadcast(&a.dims[..a.dims.len() - 2], &b.dims[..b.dims.len() - 2]);
    let stride = |x: &Tensor| strides(&x.dims[..x.dims.len() - 2], lead.len());
    let (left, right) = (walk(&lead, &stride(a)), walk(&lead, &stride(b)));
    let mut values = Vec::new();
    for (left, right) in left.iter().zip(&right) {
        let (a, b) = (&a.values[left * rows * inner..], &b.values[right * inner * columns..]);
        for row in 0..rows {
            for column in 0..columns {
                values.push((0..inner).map(|k| a[row * inner + k] * b[k * columns + column]).sum());
            }
        }
    }
    Tensor { dims: [lead, vec![rows, columns]].concat(), values }
}

/// A product of whole numbers, less the zeros of each.
fn matmul_integer(a: &Tensor, b: &Tensor, zeros: [&Tensor; 2]) -> Tensor {
    assert!([a, b].iter().all(|tensor| tensor.values.iter().all(|value| value.fract() == 0.0)));
    assert_eq!(zeros[1].dims, [*b.dims.last().unwrap()], "a zero for each output");
    let less = |x: &Tensor, zero: &Tensor| pairwise(x, zero, |value, zero| value - zero);
    matmul(&less(a, zeros[0]), &less(b, zeros[1]))
}

/// By its series, and where that needs too many terms by the continued fraction of its complement (Abramowitz and Stegun,
/// 7.1.6 and 7.1.14).
fn erf(x: f64) -> f64 {
    if x < 0.0 {
        return -erf(-x);
    }
    let root = std::f64::consts::PI.sqrt();
    if x < 3.0 {
        let (mut term, mut sum) = (x, x);
        for n in 1..100 {
            term *= 2.0 * x * x / f64::from(2 * n + 1);
            sum += term;
        }
        return 2.0 / root * (-x * x).exp() * sum;
    }
    let fraction = (1..60).rev().fold(x, |rest, n| x + f64::from(n) / 2.0 / rest);
    1.0 - (-x * x).exp() / root / fraction
}

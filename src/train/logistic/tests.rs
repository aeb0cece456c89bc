use std::path::Path;

use serde::Deserialize;

use super::*;
use crate::random::Stream;

#[derive(Deserialize)]
struct Golden {
    rows: usize,
    width: usize,
    outputs: usize,
    states: Vec<f32>,
    classes: Vec<u32>,
    fits: Vec<Expected>,
}

#[derive(Deserialize)]
struct Expected {
    strength: f64,
    weights: Vec<f64>,
    biases: Vec<f64>,
    loss: f64,
}

fn golden() -> Golden {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/logistic.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn lesson_of(golden: &Golden) -> Lesson {
    Lesson {
        states: Matrix { rows: golden.rows, cols: golden.width, values: golden.states.clone() },
        classes: golden.classes.clone(),
        outputs: golden.outputs,
        groups: (0..golden.rows).collect(),
        seed: 1,
    }
}

/// Texts of classes that lie apart by so much, in `width` numbers of very different sizes.
fn lesson(classes: usize, of_each: usize, width: usize, apart: f64) -> Lesson {
    let mut stream = Stream::new(11);
    let mut normal = move || (0..12).map(|_| stream.unit()).sum::<f64>() - 6.0;
    let centres: Vec<f64> = (0..classes * width).map(|_| apart * normal()).collect();
    let classes_of: Vec<u32> = (0..classes * of_each).map(|row| (row % classes) as u32).collect();
    let mut values = Vec::new();
    for class in &classes_of {
        for at in 0..width {
            let size = 10_f64.powi(at as i32 % 4 - 2);
            values.push((size * (centres[*class as usize * width + at] + normal() + 1.0)) as f32);
        }
    }
    let rows = classes_of.len();
    let states = Matrix { rows, cols: width, values };
    Lesson { states, classes: classes_of, outputs: classes, groups: (0..rows).collect(), seed: 3 }
}

/// The probabilities of each row, computed from the states as they are.
fn said(lesson: &Lesson, fitted: &Fitted) -> Vec<Vec<f64>> {
    let of_row = |row: usize| {
        let logit = |output: usize| {
            let weights = &fitted.weights[output * lesson.states.cols..][..lesson.states.cols];
            let products = lesson.states.row(row).iter().zip(weights).map(|(x, w)| f64::from(*x) * f64::from(*w));
            products.sum::<f64>() + f64::from(fitted.biases[output])
        };
        let logits: Vec<f64> = (0..lesson.outputs).map(logit).collect();
        let most = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let sum: f64 = logits.iter().map(|logit| (logit - most).exp()).sum();
        logits.iter().map(|logit| (logit - most).exp() / sum).collect()
    };
    (0..lesson.states.rows).map(of_row).collect()
}

#[test]
fn it_is_the_regression_that_scikit_learn_fits() {
    let golden = golden();
    let lesson = lesson_of(&golden);
    for expected in &golden.fits {
        let found = fit_at(&lesson, expected.strength, &Stop::default());
        let close = |found: f32, expected: f64| (f64::from(found) - expected).abs() < 2e-3 * expected.abs().max(1.0);
        let pairs = found.weights.iter().zip(&expected.weights).chain(found.biases.iter().zip(&expected.biases));
        for (at, (found, expected)) in pairs.enumerate() {
            assert!(close(*found, *expected), "{at}: {found} instead of {expected}");
        }
        assert!((found.loss - expected.loss).abs() < 1e-4, "{} instead of {}", found.loss, expected.loss);
    }
}

#[test]
fn nothing_is_left_to_go_down() {
    let lesson = lesson(5, 8, 12, 1.0);
    let strength = 0.03;
    let fitted = fit_at(&lesson, strength, &Stop::default());
    let said = said(&lesson, &fitted);
    let (rows, cols) = (lesson.states.rows, lesson.states.cols);
    let column = |at: usize| -> Vec<f64> { (0..rows).map(|row| f64::from(lesson.states.row(row)[at])).collect() };
    let off =
        |row: usize, output: usize| said[row][output] - f64::from(u8::from(lesson.classes[row] as usize == output));
    for output in 0..lesson.outputs {
        let of_bias: f64 = (0..rows).map(|row| off(row, output)).sum::<f64>() / rows as f64;
        assert!(of_bias.abs() < 1e-4, "bias {output}: {of_bias}");
        for at in 0..cols {
            let values = column(at);
            let mean = values.iter().sum::<f64>() / rows as f64;
            let spread = (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / rows as f64).sqrt();
            let weight = f64::from(fitted.weights[output * cols + at]) * spread;
            let slope: f64 =
                (0..rows).map(|row| off(row, output) * (values[row] - mean) / spread).sum::<f64>() / rows as f64;
            assert!((slope + strength * weight).abs() < 1e-4, "{output}, {at}: {slope}, {weight}");
        }
    }
}

#[test]
fn what_is_hard_to_tell_is_held_down_more() {
    let strength = |apart| fit(&lesson(4, 12, 16, apart), &Stop::default()).strength;
    let (noise, clear) = (strength(0.0), strength(2.0));
    assert!(noise >= 0.3 && clear < noise, "{noise} and {clear}");
}

#[test]
fn the_same_is_fitted_again_and_states_as_they_are_are_told_apart() {
    let lesson = lesson(6, 8, 20, 2.0);
    let fitted = fit(&lesson, &Stop::default());
    assert_eq!(fitted, fit(&lesson, &Stop::default()));
    let said = said(&lesson, &fitted);
    let right = said.iter().zip(&lesson.classes).filter(|(said, class)| {
        let best = said.iter().copied().fold(0.0, f64::max);
        said[**class as usize] == best
    });
    assert!(right.count() > 44, "of 48 rows");
}

#[test]
fn classes_with_one_row_or_none_are_no_reason_to_fail() {
    let mut lesson = lesson(3, 4, 5, 1.0);
    lesson.outputs = 5;
    lesson.classes[0] = 4;
    let fitted = fit(&lesson, &Stop::default());
    assert_eq!((fitted.weights.len(), fitted.biases.len()), (25, 5));
    assert!(fitted.weights.iter().chain(&fitted.biases).all(|value| value.is_finite()));
    let said = said(&lesson, &fitted);
    assert!(said.iter().all(|said| said[3] < 0.05), "what nobody has is not said");
    let one = Lesson { groups: vec![0; 12], ..lesson };
    assert_eq!(fit(&one, &Stop::default()).strength, USUAL_STRENGTH, "what belongs together cannot be held out");
}

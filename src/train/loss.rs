//! Losses, each divided by a number that the caller gives: the valid labels of the whole update, so that any cut into
//! micro-batches adds up to the same gradient. Sums are in `f64` and in order on the CPU.

use candle_core::{D, DType, Result, Tensor, bail};
use rayon::prelude::*;

use super::fused::{RowLoss, fused};

/// Settings of the cross-entropy.
#[derive(Clone, Debug, Default)]
pub struct CrossEntropy {
    /// Share of the target that is spread over all classes (Szegedy et al., 2016).
    pub smoothing: f64,
    /// One weight a class; empty for none. As in PyTorch, the mean is over the weights of the labels.
    pub class_weights: Vec<f64>,
    /// Focal loss (Lin et al., 2017): a row counts the less, the surer its class; 0 for all alike. It goes with no
    /// smoothing.
    pub focal: f64,
}

impl CrossEntropy {
    /// What a label counts in the mean.
    pub fn weight(&self, class: u32) -> f64 {
        self.class_weights.get(class as usize).copied().unwrap_or(1.0)
    }

    /// What a row counts whose class has this negative log-probability.
    fn focus(&self, nll: f64) -> f64 {
        if self.focal == 0.0 { 1.0 } else { (-(-nll).exp_m1()).powf(self.focal) }
    }

    /// How much steeper or flatter the loss of such a row is than without it.
    fn focused_slope(&self, nll: f64) -> f64 {
        let unsure = -(-nll).exp_m1();
        // Where nothing is left to learn the two vanish together.
        let ratio = if unsure > 0.0 { nll / unsure } else { 1.0 };
        self.focus(nll) * (1.0 + self.focal * (-nll).exp() * ratio)
    }

    /// The sum over rows divided by `denominator`. `logits`: (rows, classes); one target a row, `None` is ignored.
    pub fn loss(&self, logits: &Tensor, targets: &[Option<u32>], denominator: f64) -> Result<Tensor> {
        let (rows, classes) = logits.dims2()?;
        if rows != targets.len() {
            bail!("{rows} rows of logits for {} targets", targets.len());
        }
        if let Some(target) = targets.iter().flatten().find(|target| **target as usize >= classes) {
            bail!("label {target} is not below the number of classes, {classes}");
        }
        if logits.device().is_cpu() {
            fused(Rows::Classes { settings: self.clone(), targets: targets.to_vec(), denominator }, logits)
        } else {
            self.plain(logits, targets, denominator)
        }
    }

    /// The same in candle's own operations.
    pub fn plain(&self, logits: &Tensor, targets: &[Option<u32>], denominator: f64) -> Result<Tensor> {
        let (rows, classes) = logits.dims2()?;
        let mut target = vec![0.0_f32; rows * classes];
        for (row, class) in targets.iter().enumerate() {
            let Some(class) = class else { continue };
            for (index, cell) in target[row * classes..][..classes].iter_mut().enumerate() {
                *cell = self.share(index, *class, classes) as f32;
            }
        }
        let target = Tensor::from_vec(target, (rows, classes), logits.device())?;
        let log_probabilities = candle_nn::ops::log_softmax(logits, D::Minus1)?;
        if self.focal == 0.0 {
            return (target * log_probabilities)?.sum_all()? * (-1.0 / denominator);
        }
        let mut right = vec![0.0_f32; rows * classes];
        for (row, class) in targets.iter().enumerate() {
            if let Some(class) = class {
                right[row * classes + *class as usize] = 1.0;
            }
        }
        let right = Tensor::from_vec(right, (rows, classes), logits.device())?;
        let unsure = (1.0 - (right * &log_probabilities)?.sum(D::Minus1)?.exp()?)?.maximum(1e-7)?;
        let losses = (target * log_probabilities)?.sum(D::Minus1)?;
        (losses * unsure.powf(self.focal)?)?.sum_all()? * (-1.0 / denominator)
    }

    /// What the negative log-probability of a class counts for a row with this label.
    fn share(&self, class: usize, label: u32, classes: usize) -> f64 {
        let spread = self.smoothing / classes as f64 * self.weight(class as u32);
        if class == label as usize { (1.0 - self.smoothing) * self.weight(label) + spread } else { spread }
    }
}

/// Binary cross-entropy of independent cells, in the form that cannot overflow. `targets`: one a cell, `None` ignored.
pub fn binary(logits: &Tensor, targets: &[Option<f32>], denominator: f64) -> Result<Tensor> {
    cells(logits, targets, denominator, Cell::Binary)
}

/// Squared error of cells.
pub fn squared_error(values: &Tensor, targets: &[Option<f32>], denominator: f64) -> Result<Tensor> {
    cells(values, targets, denominator, Cell::Squared)
}

/// The mean of the cross-entropies of the first and the last token of an answer, each over the tokens of its own sequence
/// (as in transformers, which however counts padding among the tokens). `logits`: (tokens, 2); one span a sequence, counted
/// from its first token, `None` is ignored.
pub fn spans(logits: &Tensor, starts: &[usize], spans: &[Option<(u32, u32)>], denominator: f64) -> Result<Tensor> {
    let (tokens, columns) = logits.dims2()?;
    if columns != 2 || starts.last() != Some(&tokens) || starts.len() != spans.len() + 1 {
        bail!("{tokens} rows of {columns} logits for {} sequences", spans.len());
    }
    for (bounds, span) in starts.windows(2).zip(spans) {
        if let Some((first, last)) = span.filter(|(first, last)| *first.max(last) as usize >= bounds[1] - bounds[0]) {
            bail!("an answer from token {first} to {last} in a sequence of {}", bounds[1] - bounds[0]);
        }
    }
    if logits.device().is_cpu() {
        return fused(Rows::Spans { starts: starts.to_vec(), spans: spans.to_vec(), denominator }, logits);
    }
    let mut total = Tensor::zeros((), DType::F32, logits.device())?;
    for (bounds, span) in starts.windows(2).zip(spans) {
        let Some((first, last)) = span else { continue };
        let rows = logits.narrow(0, bounds[0], bounds[1] - bounds[0])?;
        let log_probabilities = candle_nn::ops::log_softmax(&rows, 0)?;
        for (column, place) in [(0, *first), (1, *last)] {
            total = (total - log_probabilities.get(place as usize)?.get(column)?)?;
        }
    }
    total * (0.5 / denominator)
}

fn cells(values: &Tensor, targets: &[Option<f32>], denominator: f64, kind: Cell) -> Result<Tensor> {
    if values.elem_count() != targets.len() {
        bail!("{} outputs for {} targets", values.elem_count(), targets.len());
    }
    if values.device().is_cpu() {
        return fused(Rows::Cells { kind, targets: targets.to_vec(), denominator }, values);
    }
    let device = values.device();
    let mask: Vec<f32> = targets.iter().map(|target| f32::from(u8::from(target.is_some()))).collect();
    let target: Vec<f32> = targets.iter().map(|target| target.unwrap_or(0.0)).collect();
    let (mask, target) =
        (Tensor::from_vec(mask, values.shape(), device)?, Tensor::from_vec(target, values.shape(), device)?);
    let each = match kind {
        Cell::Squared => (values - target)?.sqr()?,
        Cell::Binary => {
            let correction = (values.abs()?.neg()?.exp()? + 1.0)?.log()?;
            ((values.relu()? - (values * target)?)? + correction)?
        }
    };
    (each * mask)?.sum_all()? * (1.0 / denominator)
}

#[derive(Clone, Copy, Debug)]
enum Cell {
    Binary,
    Squared,
}

impl Cell {
    /// Loss and slope.
    fn at(self, value: f64, target: f64) -> (f64, f64) {
        match self {
            Self::Squared => ((value - target).powi(2), 2.0 * (value - target)),
            Self::Binary => {
                let probability = 1.0 / (1.0 + (-value).exp());
                (value.max(0.0) - value * target + (-value.abs()).exp().ln_1p(), probability - target)
            }
        }
    }
}

enum Rows {
    Classes { settings: CrossEntropy, targets: Vec<Option<u32>>, denominator: f64 },
    Cells { kind: Cell, targets: Vec<Option<f32>>, denominator: f64 },
    Spans { starts: Vec<usize>, spans: Vec<Option<(u32, u32)>>, denominator: f64 },
}

/// One column of a sequence's rows of two.
fn column(logits: &[f32], bounds: &[usize], column: usize) -> Vec<f32> {
    logits[2 * bounds[0]..2 * bounds[1]].iter().skip(column).step_by(2).copied().collect()
}

/// The logarithm of the sum of exponentials of a row.
fn log_sum_exp(row: &[f32]) -> f64 {
    let largest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let largest = f64::from(largest);
    largest + row.iter().map(|x| (f64::from(*x) - largest).exp()).sum::<f64>().ln()
}

/// Rows for one thread at a time: one where classes are words, all of them where they are few.
fn rows_at_once(classes: usize) -> usize {
    (1 << 14) / classes.max(1) + 1
}

impl RowLoss for Rows {
    const NAME: &'static str = "loss";

    fn value(&self, logits: &[f32], classes: usize) -> f64 {
        match self {
            Self::Classes { settings, targets, denominator } => {
                let rows = logits.par_chunks(classes).zip(targets).with_min_len(rows_at_once(classes));
                let each: Vec<f64> = rows
                    .map(|(row, target)| {
                        let Some(target) = *target else { return 0.0 };
                        let total = log_sum_exp(row);
                        let nll = |class: usize| total - f64::from(row[class]);
                        if settings.smoothing == 0.0 {
                            let nll = nll(target as usize);
                            return settings.weight(target) * settings.focus(nll) * nll;
                        }
                        (0..classes).map(|class| settings.share(class, target, classes) * nll(class)).sum()
                    })
                    .collect();
                each.iter().sum::<f64>() / denominator
            }
            Self::Cells { kind, targets, denominator } => {
                let cells = logits.iter().zip(targets).filter_map(|(value, target)| Some((value, (*target)?)));
                let sum: f64 = cells.map(|(value, target)| kind.at(f64::from(*value), f64::from(target)).0).sum();
                sum / denominator
            }
            Self::Spans { starts, spans, denominator } => {
                let sequences = starts.windows(2).zip(spans).filter_map(|(bounds, span)| Some((bounds, (*span)?)));
                let sum: f64 = sequences
                    .flat_map(|(bounds, (first, last))| [(bounds, 0, first), (bounds, 1, last)])
                    .map(|(bounds, side, place)| {
                        let logits = column(logits, bounds, side);
                        log_sum_exp(&logits) - f64::from(logits[place as usize])
                    })
                    .sum();
                sum / 2.0 / denominator
            }
        }
    }

    fn slopes(&self, logits: &[f32], classes: usize, scale: f64) -> Vec<f32> {
        let mut out = vec![0.0; logits.len()];
        match self {
            Self::Classes { settings, targets, denominator } => {
                let rows = out.par_chunks_mut(classes).zip(logits.par_chunks(classes)).zip(targets);
                rows.with_min_len(rows_at_once(classes)).for_each(|((out, row), target)| {
                    let Some(target) = *target else { return };
                    let total = log_sum_exp(row);
                    let all = if settings.smoothing == 0.0 {
                        settings.weight(target) * settings.focused_slope(total - f64::from(row[target as usize]))
                    } else {
                        (0..classes).map(|class| settings.share(class, target, classes)).sum()
                    };
                    for (class, (out, x)) in out.iter_mut().zip(row).enumerate() {
                        let share = if settings.smoothing > 0.0 {
                            settings.share(class, target, classes)
                        } else if class == target as usize {
                            all
                        } else {
                            0.0
                        };
                        *out = (((f64::from(*x) - total).exp() * all - share) * scale / denominator) as f32;
                    }
                });
            }
            Self::Cells { kind, targets, denominator } => {
                for ((out, value), target) in out.iter_mut().zip(logits).zip(targets) {
                    if let Some(target) = target {
                        *out = (kind.at(f64::from(*value), f64::from(*target)).1 * scale / denominator) as f32;
                    }
                }
            }
            Self::Spans { starts, spans, denominator } => {
                for (bounds, span) in starts.windows(2).zip(spans) {
                    let Some((first, last)) = *span else { continue };
                    for (side, place) in [(0, first), (1, last)] {
                        let logits = column(logits, bounds, side);
                        let total = log_sum_exp(&logits);
                        for (token, logit) in logits.iter().enumerate() {
                            let share = f64::from(u8::from(token == place as usize));
                            let slope = (f64::from(*logit) - total).exp() - share;
                            out[2 * (bounds[0] + token) + side] = (slope * scale / 2.0 / denominator) as f32;
                        }
                    }
                }
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use candle_core::{Device, Var};

    use super::*;

    fn close(a: &Tensor, b: &Tensor) {
        let difference = (a - b).unwrap().abs().unwrap().flatten_all().unwrap().max(0).unwrap();
        assert!(difference.to_scalar::<f32>().unwrap() < 1e-6, "{a} against {b}");
    }

    #[test]
    fn the_fused_cross_entropy_equals_its_plain_twin_with_its_gradient() {
        let values: Vec<f32> = (0..20).map(|i| (i as f32 * 1.7).sin() * 3.0).collect();
        let logits = Var::from_tensor(&Tensor::from_vec(values, (5, 4), &Device::Cpu).unwrap()).unwrap();
        let targets = [Some(1), None, Some(3), Some(0), Some(0)];
        for smoothing in [0.0, 0.1] {
            for class_weights in [vec![], vec![0.5, 2.0, 1.0, 1.5]] {
                let loss = CrossEntropy { smoothing, class_weights, focal: 0.0 };
                let (fused, plain) =
                    (loss.loss(&logits, &targets, 3.5).unwrap(), loss.plain(&logits, &targets, 3.5).unwrap());
                close(&fused, &plain);
                let (a, b) = (fused.backward().unwrap(), plain.backward().unwrap());
                close(a.get(&logits).unwrap(), b.get(&logits).unwrap());
            }
        }
    }

    #[test]
    fn focal_loss_and_its_gradient_are_those_of_pytorch() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/optim.json");
        let golden: serde_json::Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        let numbers = |value: &serde_json::Value| -> Vec<f64> { serde_json::from_value(value.clone()).unwrap() };
        let matrix = |value: &serde_json::Value| {
            let rows: Vec<Vec<f32>> = serde_json::from_value(value.clone()).unwrap();
            Tensor::new(rows, &Device::Cpu).unwrap()
        };
        for case in golden["focal"].as_array().unwrap() {
            let focal = case["gamma"].as_f64().unwrap();
            let loss = CrossEntropy { focal, class_weights: numbers(&case["weights"]), smoothing: 0.0 };
            let targets: Vec<Option<u32>> =
                numbers(&case["targets"]).into_iter().map(|class| Some(class as u32)).collect();
            let logits = Var::from_tensor(&matrix(&case["logits"])).unwrap();
            let denominator = case["denominator"].as_f64().unwrap();
            let expected = case["loss"].as_f64().unwrap() as f32;
            for found in [
                loss.loss(&logits, &targets, denominator).unwrap(),
                loss.plain(&logits, &targets, denominator).unwrap(),
            ] {
                let value = found.to_scalar::<f32>().unwrap();
                assert!((value - expected).abs() < 1e-5, "{focal}: {value}, expected {expected}");
                close(found.backward().unwrap().get(&logits).unwrap(), &matrix(&case["gradient"]));
            }
        }
    }

    #[test]
    fn binary_cross_entropy_stays_finite_where_the_sigmoid_saturates() {
        let logits = Tensor::new(&[[100.0_f32, -100.0, 100.0]], &Device::Cpu).unwrap();
        let right = binary(&logits, &[Some(1.0), Some(0.0), None], 1.0).unwrap().to_scalar::<f32>().unwrap();
        assert!(right < 1e-6, "{right}");
        let wrong = binary(&logits, &[Some(0.0), Some(1.0), None], 2.0).unwrap().to_scalar::<f32>().unwrap();
        assert!((wrong - 100.0).abs() < 1e-4, "{wrong}");
    }

    #[test]
    fn answers_are_looked_for_in_their_own_sequence() {
        let values: Vec<f32> = (0..14).map(|i| (i as f32 * 1.3).cos() * 2.0).collect();
        let logits = Var::from_tensor(&Tensor::from_vec(values, (7, 2), &Device::Cpu).unwrap()).unwrap();
        let (starts, targets) = ([0, 3, 4, 7], [Some((1, 2)), None, Some((0, 2))]);
        let fused = spans(&logits, &starts, &targets, 2.0).unwrap();
        // The same, sequence by sequence and column by column, by the cross-entropy.
        let entropy = CrossEntropy::default();
        let side = |first: usize, len: usize, column: usize, place: u32| {
            let row = logits.narrow(0, first, len).unwrap().narrow(1, column, 1).unwrap().reshape((1, len)).unwrap();
            entropy.plain(&row, &[Some(place)], 4.0).unwrap()
        };
        let plain = [side(0, 3, 0, 1), side(0, 3, 1, 2), side(4, 3, 0, 0), side(4, 3, 1, 2)];
        let plain = plain.into_iter().reduce(|a, b| (a + b).unwrap()).unwrap();
        close(&fused, &plain);
        let (a, b) = (fused.backward().unwrap(), plain.backward().unwrap());
        close(a.get(&logits).unwrap(), b.get(&logits).unwrap());
        let error = spans(&logits, &starts, &[Some((1, 3)), None, None], 1.0).unwrap_err();
        assert!(error.to_string().contains("in a sequence of 3"), "{error}");
    }

    #[test]
    fn a_label_beyond_the_classes_is_an_error() {
        let logits = Tensor::zeros((1, 3), DType::F32, &Device::Cpu).unwrap();
        let error = CrossEntropy::default().loss(&logits, &[Some(3)], 1.0).unwrap_err();
        assert!(error.to_string().contains("label 3"), "{error}");
    }
}

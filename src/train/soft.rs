//! Losses against the outputs of a teacher (Hinton, Vinyals and Dean, 2015, "Distilling the Knowledge in a Neural Network",
//! arXiv 1503.02531).
//!
//! Both models' outputs are divided by a temperature; the loss is multiplied by its square, so that its gradients are about
//! as large as without one and the share it counts need not change with it.

use candle_core::{D, DType, Result, Tensor, bail};

use super::fused::{RowLoss, fused};
use super::loss;
use super::objective::{Asked, Work};
use super::states::Part;
use crate::model::params::host;
use crate::model::probability::sigmoid;
use crate::task::{Targets, Task};

/// What a teacher says of a batch, and how much that counts.
#[derive(Clone, Debug)]
pub struct Taught {
    /// The teacher's outputs, shaped as the model's: (rows, outputs).
    pub logits: Tensor,
    pub temperature: f64,
    /// What they count; the labels count the rest.
    pub share: f64,
    /// What their loss is divided by.
    pub denominator: f64,
}

impl Taught {
    /// The loss of the labels and the teacher's, each times its share.
    pub fn shared(&self, hard: &Tensor, task: Task, logits: &Tensor, work: &Work) -> Result<[Part; 2]> {
        let soft = self.loss(task, logits, work)?;
        Ok([("labels", (hard * (1.0 - self.share))?), ("soft", (soft * self.share)?)])
    }

    fn loss(&self, task: Task, logits: &Tensor, work: &Work) -> Result<Tensor> {
        if let Asked::Spans(_) = work.asked {
            return self.of_spans(logits, &work.input.starts);
        }
        match task.targets() {
            Targets::Classes => binary(logits, &self.logits, self.temperature, self.denominator),
            Targets::Number => loss::squared_error(logits, &cells(&self.logits)?, self.denominator),
            Targets::Class | Targets::Tags | Targets::Span | Targets::Hidden | Targets::Replaced => {
                divergence(logits, &self.logits, self.temperature, self.denominator)
            }
        }
    }

    /// The mean of the divergences of first and last tokens, each over the tokens of its own sequence.
    fn of_spans(&self, logits: &Tensor, starts: &[usize]) -> Result<Tensor> {
        let mut total = Tensor::zeros((), DType::F32, logits.device())?;
        for bounds in starts.windows(2) {
            let sides = |all: &Tensor| all.narrow(0, bounds[0], bounds[1] - bounds[0])?.t()?.contiguous();
            let (student, teacher) = (sides(logits)?, sides(&self.logits)?);
            total = (total + divergence(&student, &teacher, self.temperature, 2.0 * self.denominator)?)?;
        }
        Ok(total)
    }
}

/// How far the softmax of each row is from the teacher's (Kullback-Leibler), both at a temperature and times its square: the
/// sum over rows divided by `denominator`. Both are (rows, classes).
pub fn divergence(logits: &Tensor, teacher: &Tensor, temperature: f64, denominator: f64) -> Result<Tensor> {
    same_shape(logits, teacher)?;
    if logits.device().is_cpu() {
        return fused(Divergence { teacher: host(teacher)?.to_vec(), temperature, denominator }, logits);
    }
    plain_divergence(logits, teacher, temperature, denominator)
}

/// The same in candle's own operations.
fn plain_divergence(logits: &Tensor, teacher: &Tensor, temperature: f64, denominator: f64) -> Result<Tensor> {
    let at = |all: &Tensor| candle_nn::ops::log_softmax(&(all * (1.0 / temperature))?, D::Minus1);
    let (student, teacher) = (at(logits)?, at(&teacher.detach())?);
    (teacher.exp()? * (teacher - student)?)?.sum_all()? * (temperature * temperature / denominator)
}

/// Binary cross-entropy of the sigmoids of both at a temperature, times its square.
pub fn binary(logits: &Tensor, teacher: &Tensor, temperature: f64, denominator: f64) -> Result<Tensor> {
    same_shape(logits, teacher)?;
    let at: Vec<f32> = host(teacher)?.iter().map(|logit| (f64::from(*logit) / temperature) as f32).collect();
    let targets: Vec<Option<f32>> = sigmoid(&at).into_iter().map(Some).collect();
    let scaled = (logits * (1.0 / temperature))?;
    loss::binary(&scaled, &targets, denominator / (temperature * temperature))
}

fn cells(teacher: &Tensor) -> Result<Vec<Option<f32>>> {
    Ok(host(teacher)?.iter().copied().map(Some).collect())
}

fn same_shape(logits: &Tensor, teacher: &Tensor) -> Result<()> {
    if logits.dims() != teacher.dims() {
        bail!("the outputs are {:?} and the teacher's {:?}", logits.dims(), teacher.dims());
    }
    Ok(())
}

struct Divergence {
    teacher: Vec<f32>,
    temperature: f64,
    denominator: f64,
}

/// Logarithms of the softmax of a row at a temperature.
fn log_softmax(row: &[f32], temperature: f64) -> Vec<f64> {
    let scaled = row.iter().map(|x| f64::from(*x) / temperature);
    let largest = scaled.clone().fold(f64::NEG_INFINITY, f64::max);
    let total = largest + scaled.clone().map(|x| (x - largest).exp()).sum::<f64>().ln();
    scaled.map(|x| x - total).collect()
}

impl RowLoss for Divergence {
    const NAME: &'static str = "divergence";

    fn value(&self, logits: &[f32], classes: usize) -> f64 {
        let rows = logits.chunks(classes).zip(self.teacher.chunks(classes));
        let each = rows.map(|(student, teacher)| {
            let (student, teacher) = (log_softmax(student, self.temperature), log_softmax(teacher, self.temperature));
            let terms = teacher.iter().zip(&student).map(|(teacher, student)| teacher.exp() * (teacher - student));
            terms.sum::<f64>()
        });
        each.sum::<f64>() * self.temperature * self.temperature / self.denominator
    }

    fn slopes(&self, logits: &[f32], classes: usize, scale: f64) -> Vec<f32> {
        let factor = scale * self.temperature / self.denominator;
        let rows = logits.chunks(classes).zip(self.teacher.chunks(classes));
        rows.flat_map(|(student, teacher)| {
            let (student, teacher) = (log_softmax(student, self.temperature), log_softmax(teacher, self.temperature));
            student.into_iter().zip(teacher).map(move |(s, t)| ((s.exp() - t.exp()) * factor) as f32)
        })
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use candle_core::{Device, Var};

    use super::*;
    use crate::model::Input;

    fn matrix(value: &serde_json::Value) -> Tensor {
        let rows: Vec<Vec<f32>> = serde_json::from_value(value.clone()).unwrap();
        Tensor::new(rows, &Device::Cpu).unwrap()
    }

    fn close(found: &Tensor, expected: &Tensor, words: &str) {
        let apart = (found - expected).unwrap().abs().unwrap().flatten_all().unwrap().max(0).unwrap();
        assert!(apart.to_scalar::<f32>().unwrap() < 1e-5, "{words}: {found}, expected {expected}");
    }

    fn work() -> Work {
        let asked = Asked::Sequences(Vec::new());
        Work { input: Input::default(), rows: None, asked, taught: None, compared: None }
    }

    fn cases(kind: &str) -> Vec<serde_json::Value> {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/distill.json");
        let golden: serde_json::Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        golden[kind].as_array().unwrap().clone()
    }

    /// Loss and gradient of each case, which are to be those of PyTorch.
    fn check(kind: &str, loss: &dyn Fn(&Tensor, &Taught, &serde_json::Value) -> Tensor) {
        for case in cases(kind) {
            let number = |key: &str| case[key].as_f64().unwrap();
            let logits = Var::from_tensor(&matrix(&case["student"])).unwrap();
            let taught = Taught {
                logits: matrix(&case["teacher"]),
                temperature: number("temperature"),
                share: case["soft"].as_f64().unwrap_or(1.0),
                denominator: number("denominator"),
            };
            let found = loss(&logits, &taught, &case);
            let words = format!("{kind} at {}", taught.temperature);
            close(&found, &Tensor::new(number("loss") as f32, &Device::Cpu).unwrap(), &words);
            close(found.backward().unwrap().get(&logits).unwrap(), &matrix(&case["gradient"]), &words);
        }
    }

    #[test]
    fn the_loss_of_one_label_and_its_gradient_are_those_of_pytorch() {
        check("class", &|logits, of, _| divergence(logits, &of.logits, of.temperature, of.denominator).unwrap());
        check("class", &|logits, of, _| plain_divergence(logits, &of.logits, of.temperature, of.denominator).unwrap());
    }

    #[test]
    fn the_loss_of_several_labels_and_of_numbers_are_those_of_pytorch() {
        check("labels", &|logits, of, _| binary(logits, &of.logits, of.temperature, of.denominator).unwrap());
        let nothing = Work { asked: Asked::Sequences(Vec::new()), ..work() };
        check("number", &|logits, of, _| of.loss(Task::Regress, logits, &nothing).unwrap());
    }

    #[test]
    fn the_loss_of_answers_is_that_of_pytorch_sequence_by_sequence() {
        check("spans", &|logits, of, case| {
            let starts: Vec<usize> = serde_json::from_value(case["starts"].clone()).unwrap();
            of.of_spans(logits, &starts).unwrap()
        });
    }

    #[test]
    fn labels_and_teacher_are_mixed_as_in_pytorch() {
        check("mixed", &|logits, of, case| {
            let targets: Vec<u32> = serde_json::from_value(case["targets"].clone()).unwrap();
            let targets: Vec<Option<u32>> = targets.into_iter().map(Some).collect();
            let hard = loss::CrossEntropy::default().loss(logits, &targets, of.denominator).unwrap();
            let work = Work { asked: Asked::Classes(targets), ..work() };
            let [labels, soft] = of.shared(&hard, Task::Classify, logits, &work).unwrap();
            (labels.1 + soft.1).unwrap()
        });
    }

    #[test]
    fn outputs_of_another_number_are_an_error() {
        let of = |classes| Tensor::zeros((2, classes), DType::F32, &Device::Cpu).unwrap();
        let error = divergence(&of(3), &of(4), 2.0, 1.0).unwrap_err();
        assert!(error.to_string().contains("[2, 3] and the teacher's [2, 4]"), "{error}");
    }
}

//! The learning rate as a pure function of the step.

use super::config::ScheduleKind;

/// The factor on the peak rate for the update that follows `step` completed ones; the first update with warm-up has
/// rate 0, as in transformers.
pub fn factor(kind: ScheduleKind, warmup_steps: u64, step: u64, total: u64) -> f64 {
    if kind == ScheduleKind::OneCycle {
        return one_cycle(warmup_steps, step, total);
    }
    if step < warmup_steps {
        return step as f64 / warmup_steps as f64;
    }
    if kind == ScheduleKind::Constant {
        return 1.0;
    }
    let left = total.saturating_sub(warmup_steps).max(1) as f64;
    let done = ((step - warmup_steps) as f64 / left).min(1.0);
    match kind {
        ScheduleKind::Cosine => 0.5 * (1.0 + (std::f64::consts::PI * done).cos()),
        ScheduleKind::Linear | ScheduleKind::Constant | ScheduleKind::OneCycle => 1.0 - done,
    }
}

/// Where one cycle begins, and where it ends.
const BEGIN: f64 = 1.0 / 25.0;
const END: f64 = BEGIN / 1e4;

/// Up to the peak with the last update of the warm-up and down to next to nothing with the last of all, along cosines
/// (Smith and Topin, 2019), as PyTorch's `OneCycleLR` without its cycle of momentum.
fn one_cycle(warmup_steps: u64, step: u64, total: u64) -> f64 {
    let (peak, last) = (warmup_steps as f64 - 1.0, total as f64 - 1.0);
    let step = (step as f64).min(last);
    let along = |from: f64, to: f64, done: f64| to + 0.5 * (from - to) * (1.0 + (std::f64::consts::PI * done).cos());
    if step > peak {
        along(1.0, END, (step - peak) / (last - peak))
    } else if peak > 0.0 {
        along(BEGIN, 1.0, step / peak)
    } else {
        1.0
    }
}

/// Below 1 a share of all steps, rounded up; from 1 a number of steps.
pub fn warmup_steps(warmup: f64, total: u64) -> u64 {
    if warmup >= 1.0 { warmup as u64 } else { (total as f64 * warmup.max(0.0)).ceil() as u64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_those_of_the_reference() {
        let linear = |step| factor(ScheduleKind::Linear, 3, step, 12);
        assert_eq!(linear(0), 0.0);
        assert!((linear(1) - 1.0 / 3.0).abs() < 1e-15);
        assert_eq!(linear(3), 1.0);
        assert!((linear(11) - 1.0 / 9.0).abs() < 1e-15);
        assert_eq!(linear(12), 0.0);
        let cosine = |step| factor(ScheduleKind::Cosine, 2, step, 10);
        assert!((cosine(6) - 0.5).abs() < 1e-15);
        assert!(cosine(10).abs() < 1e-15);
        assert_eq!(factor(ScheduleKind::Constant, 0, 99, 10), 1.0);
        assert_eq!(factor(ScheduleKind::OneCycle, 1, 0, 5), 1.0, "there is nothing to go up by");
        assert_eq!((warmup_steps(0.1, 25), warmup_steps(7.0, 25), warmup_steps(0.0, 25)), (3, 7, 0));
    }

    #[test]
    fn one_cycle_is_that_of_pytorch() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/optim.json");
        let golden: serde_json::Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        for case in golden["one_cycle"].as_array().unwrap() {
            let (total, warmup) = (case["total"].as_u64().unwrap(), case["warmup"].as_u64().unwrap());
            for (step, expected) in (0..).zip(case["factors"].as_array().unwrap()) {
                let found = factor(ScheduleKind::OneCycle, warmup, step, total);
                let expected = expected.as_f64().unwrap();
                assert!((found - expected).abs() < 1e-12, "step {step} of {total}: {found}, expected {expected}");
            }
        }
    }
}

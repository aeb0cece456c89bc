//! The learning rate as a pure function of the step.

use super::config::ScheduleKind;

/// The factor on the peak rate for the update that follows `step` completed ones; the first update with warm-up has
/// rate 0, as in transformers.
pub fn factor(kind: ScheduleKind, warmup_steps: u64, step: u64, total: u64) -> f64 {
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
        ScheduleKind::Linear | ScheduleKind::Constant => 1.0 - done,
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
        assert_eq!((warmup_steps(0.1, 25), warmup_steps(7.0, 25), warmup_steps(0.0, 25)), (3, 7, 0));
    }
}

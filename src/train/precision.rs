//! Whether a run can be computed in the numbers that it asks for on this machine. One that cannot is refused, and never
//! computed in others: they would be other results.

use std::sync::LazyLock;
use std::time::Instant;

use super::TrainError;
use super::config::{DeviceChoice, RunConfig};
use crate::model::ops::bf16::{self, Left, Then, Weight16};
use crate::model::{Model, Products};

/// What of this processor multiplies in bfloat16, where it does.
pub fn instructions() -> Option<&'static str> {
    bf16::instructions()
}

/// Whether this machine can train with products in bfloat16.
pub fn has_bf16() -> bool {
    instructions().is_some()
}

/// Multiplications and additions a second in a product of training's shape in bfloat16, rounding included, measured once.
pub(super) fn flops_per_sec() -> f64 {
    static MEASURED: LazyLock<f64> = LazyLock::new(|| {
        const N: usize = 512;
        let weight = Weight16::of(&vec![0.25; N * N], N);
        let (x, mut y) = (vec![0.5; N * N], vec![0.0; N * N]);
        measured(N, || bf16::product(&Left::along(&x, N), &weight.forward, Then::Set, &mut y))
    });
    *MEASURED
}

/// Operations a second of a product of matrices of `n` rows and columns, the fastest of several.
pub(super) fn measured(n: usize, mut product: impl FnMut()) -> f64 {
    let mut fastest = f64::INFINITY;
    for _ in 0..4 {
        let begun = Instant::now();
        product();
        fastest = fastest.min(begun.elapsed().as_secs_f64());
    }
    2.0 * (n * n * n) as f64 / fastest
}

/// Refuses products that this processor has no instructions for.
pub fn check(config: &RunConfig) -> Result<(), TrainError> {
    check_on(config, has_bf16())
}

fn check_on(config: &RunConfig, has_bf16: bool) -> Result<(), TrainError> {
    if config.run.precision == Products::F32 {
        return Ok(());
    }
    if matches!(config.run.device, DeviceChoice::Cuda | DeviceChoice::Metal) {
        return Err(on_a_card(config));
    }
    if has_bf16 {
        return Ok(());
    }
    let expected = "f32 on this machine, whose processor has neither AMX nor AVX512-BF16";
    Err(wrong(config, expected))
}

/// Refuses them for a model that lies on a graphics card.
pub(super) fn check_model(config: &RunConfig, model: &Model) -> Result<(), TrainError> {
    if config.run.precision == Products::F32 || model.device().is_cpu() { Ok(()) } else { Err(on_a_card(config)) }
}

fn on_a_card(config: &RunConfig) -> TrainError {
    wrong(config, "f32 on a graphics card; bf16 is for the processor, with run.device = \"cpu\"")
}

fn wrong(config: &RunConfig, expected: &str) -> TrainError {
    TrainError::setting("run.precision", config.run.precision.name().to_owned(), expected)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_the_processor_does_not_multiply_are_refused_with_what_would_be_right() {
        let told = |precision: &str, device: &str, has_bf16: bool| {
            let run = format!("[run]\nprecision = {precision:?}\ndevice = {device:?}\n");
            let text = format!("task = \"classify\"\n[model]\npath = \"m\"\n[data]\ntrain = \"a.csv\"\n{run}");
            let config: RunConfig = toml::from_str(&text).unwrap();
            check_on(&config, has_bf16).map_or_else(|error| error.to_string(), |()| String::new())
        };
        assert_eq!(told("f32", "cuda", false), "");
        assert_eq!(told("bf16", "auto", true), "");
        let refused = told("bf16", "cpu", false);
        assert!(refused.contains("run.precision is bf16, expected f32 on this machine"), "{refused}");
        let refused = told("bf16", "cuda", true);
        assert!(refused.contains("expected f32 on a graphics card"), "{refused}");
    }
}

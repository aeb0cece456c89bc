//! `attune bench`: this machine on fixed shapes.

use clap::{Args, ValueEnum};
use serde_json::json;

use super::output::{bytes, print_json, print_lines};
use crate::bench::{Effort, Measured, Size, measure};
use crate::model::Precision;

#[derive(Debug, Args)]
pub struct Bench {
    /// Only this size; can be given several times
    #[arg(long, value_enum, value_name = "SIZE")]
    size: Vec<SizeName>,
    /// Fewer repetitions, for a first impression
    #[arg(long)]
    quick: bool,
    /// Measure one forward pass in eight bits as well
    #[arg(long)]
    int8: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum SizeName {
    /// 2 layers, 128 wide
    Tiny,
    /// 6 layers, 384 wide
    Mini,
    /// 6 layers, 768 wide
    Distil,
    /// 12 layers, 768 wide
    Base,
}

impl SizeName {
    fn size(self) -> Size {
        match self {
            Self::Tiny => Size::Tiny,
            Self::Mini => Size::Mini,
            Self::Distil => Size::Distil,
            Self::Base => Size::Base,
        }
    }
}

impl Bench {
    pub fn run(self) -> anyhow::Result<()> {
        let sizes =
            if self.size.is_empty() { Size::ALL.to_vec() } else { self.size.iter().map(|one| one.size()).collect() };
        let effort = if self.quick { Effort::QUICK } else { Effort::FULL };
        let beside = self.int8.then_some(Precision::Int8);
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let mut all = Vec::new();
        let mut printed = Ok(());
        for size in sizes {
            measure(size, beside, effort, &mut |one| {
                if !self.json && printed.is_ok() {
                    printed = print_lines(&[line(&one)]);
                }
                all.push(one);
            })?;
        }
        printed?;
        if !self.json {
            return Ok(());
        }
        print_json(
            &json!({ "version": env!("CARGO_PKG_VERSION"), "threads": threads, "device": "cpu", "results": all }),
        )
    }
}

fn line(one: &Measured) -> String {
    format!(
        "{:<7} {:<10} {:<10} {:>9.2} ms  {:>8.2} /s  {:>9.0} tokens/s  peak {}",
        one.size.name(),
        one.shape,
        one.pass,
        one.seconds * 1000.0,
        one.steps_per_sec,
        one.tokens_per_sec,
        bytes(one.peak_memory_bytes)
    )
}

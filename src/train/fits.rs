//! Whether this machine has the memory to fine-tune a model that is not here yet, by its shape alone.

use serde::Serialize;

use super::config::{RunConfig, Strategy};
use super::plan::{Facts, MemoryEstimate, plan};
use crate::model::EncoderConfig;

/// Beyond this share of the free memory other programs feel it.
const TIGHT: f64 = 0.8;
/// What is learned from where nothing is known of it: so many texts of a usual length.
const USUAL: [u32; 64] = [128; 64];

/// How well a run of a model goes into the free memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Fit {
    Good,
    Tight,
    TooLarge,
}

/// What a run would take, and what is free.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Room {
    pub needed: u64,
    pub free: u64,
    pub fit: Fit,
}

/// The room that a run as it is set up would have with another model. `tokens` are those of each text it learns from, as
/// far as they are known. What is frozen by the names of another model's layers is of no account for this one.
pub fn room(config: &RunConfig, encoder: &EncoderConfig, tokens: &[u32]) -> Option<Room> {
    let train_tokens = if tokens.is_empty() { &USUAL } else { tokens };
    let facts = Facts { encoder, train_tokens, eval_tokens: &[], labels: 2, flops_per_sec: 1.0 };
    let whole = || RunConfig { strategy: Strategy::default(), ..config.clone() };
    let planned = plan(config, &facts).or_else(|_| plan(&whole(), &facts)).ok()?;
    Some(Room::of(&planned.memory))
}

impl Room {
    fn of(memory: &MemoryEstimate) -> Self {
        let (needed, free) = (memory.total(), memory.available);
        let fit = match needed as f64 / free.max(1) as f64 {
            share if share > 1.0 => Fit::TooLarge,
            share if share > TIGHT => Fit::Tight,
            _ => Fit::Good,
        };
        Self { needed, free, fit }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::catalog;

    #[test]
    fn every_suggested_model_has_a_shape_and_larger_ones_need_more() {
        let config: RunConfig = toml::from_str("task = \"classify\"\n[model]\n[data]\ntrain = \"a.csv\"").unwrap();
        let needed = |name: &str| {
            let known = catalog::models().find(|known| known.name == name).unwrap();
            room(&config, &known.config().unwrap(), &[]).unwrap().needed
        };
        for known in catalog::models() {
            let encoder = known.config().unwrap_or_else(|| panic!("{} has no shape", known.name));
            let counted: u64 =
                encoder.weights(crate::model::HeadKind::for_task(config.task), 2).iter().map(|(_, n)| n).sum();
            let told = known.millions * 1e6;
            assert!((counted as f64 - told).abs() < told * 0.1 + 2e6, "{}: {counted} of {told}", known.name);
        }
        assert!(needed("google-bert/bert-large-uncased") > 2 * needed("google-bert/bert-base-uncased"));
        // Of ALBERT all layers have the same weights, and each computes its own.
        assert!(needed("albert/albert-base-v2") < needed("google-bert/bert-base-uncased") / 2);
        assert!(needed("google/bert_uncased_L-2_H-128_A-2") < 1_000_000_000);
    }

    #[test]
    fn room_is_told_by_the_share_of_what_is_free() {
        let memory = |weights, available| MemoryEstimate { weights, available, ..MemoryEstimate::default() };
        for (weights, fit) in [(50, Fit::Good), (90, Fit::Tight), (101, Fit::TooLarge)] {
            assert_eq!(Room::of(&memory(weights, 100)), Room { needed: weights, free: 100, fit });
        }
    }
}

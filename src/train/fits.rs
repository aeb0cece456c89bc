//! Whether a run fits into the memory there is: by its plan, or, of a model that is not here yet, by its shape alone.

use serde::Serialize;

use super::config::{RunConfig, Strategy, StrategyKind};
use super::plan::{Facts, MemoryEstimate, PlanSummary, plan};
use crate::model::EncoderConfig;

/// A plan that takes more than this share of what is free is said not to fit: other programs need the rest.
const SHARE: f64 = 0.9;
/// Beyond this share of what a run may take there is little left for a wrong estimate.
const TIGHT: f64 = 0.9;
/// What is learned from where nothing is known of it: so many texts of a usual length.
const USUAL: [u32; 64] = [128; 64];

/// How well a run of a model goes into the memory it may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Fit {
    Good,
    Tight,
    TooLarge,
}

/// What a run would take, and what it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Room {
    pub needed: u64,
    pub free: u64,
    /// What a person allows, where that is less than what is free.
    pub allowed: Option<u64>,
    /// What would be trained.
    pub strategy: StrategyKind,
    pub fit: Fit,
}

/// Bytes that a run may take, of so many that are free; 0 where that is not known.
pub fn allowed(available: u64, limit: Option<u64>) -> u64 {
    let free = (available as f64 * SHARE) as u64;
    limit.map_or(free, |limit| if free == 0 { limit } else { limit.min(free) })
}

/// The limit where it, and not what is free, is what a run may take.
pub fn binding(available: u64, limit: Option<u64>) -> Option<u64> {
    limit.filter(|limit| *limit == allowed(available, Some(*limit)))
}

/// Whether a plan fits.
pub fn fits(plan: &PlanSummary, limit: Option<u64>) -> bool {
    let allowed = allowed(plan.memory.available, limit);
    allowed == 0 || plan.memory.total() <= allowed
}

/// The room that a run as it is set up would have with another model. `tokens` are those of each text it learns from, as
/// far as they are known, and `limit` the bytes that a person allows. What is frozen by the names of another model's layers
/// is of no account for this one.
pub fn room(config: &RunConfig, encoder: &EncoderConfig, tokens: &[u32], limit: Option<u64>) -> Option<Room> {
    let train_tokens = if tokens.is_empty() { &USUAL } else { tokens };
    let facts = Facts { encoder, train_tokens, eval_tokens: &[], labels: 2, flops_per_sec: 1.0 };
    let planned = |config: &RunConfig| {
        let planned = plan(config, &facts).ok()?;
        Some(Room::of(&planned.memory, config.strategy.kind, limit))
    };
    planned(config).or_else(|| planned(&RunConfig { strategy: Strategy::default(), ..config.clone() }))
}

impl Room {
    fn of(memory: &MemoryEstimate, strategy: StrategyKind, limit: Option<u64>) -> Self {
        let (needed, free) = (memory.total(), memory.available);
        let fit = match allowed(free, limit) {
            0 => Fit::Good,
            room if needed > room => Fit::TooLarge,
            room if needed as f64 > room as f64 * TIGHT => Fit::Tight,
            _ => Fit::Good,
        };
        Self { needed, free, allowed: binding(free, limit), strategy, fit }
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
            room(&config, &known.config().unwrap(), &[], None).unwrap().needed
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
    fn room_is_told_by_the_share_of_what_a_run_may_take() {
        let room = |weights, limit| {
            let memory = MemoryEstimate { weights, available: 100, ..MemoryEstimate::default() };
            let room = Room::of(&memory, StrategyKind::Lora, limit);
            assert_eq!((room.needed, room.free, room.strategy), (weights, 100, StrategyKind::Lora));
            (room.fit, room.allowed)
        };
        for (weights, fit) in [(50, Fit::Good), (85, Fit::Tight), (91, Fit::TooLarge)] {
            assert_eq!(room(weights, None), (fit, None));
            assert_eq!(room(weights, Some(200)), (fit, None), "no more is free for being allowed");
        }
        assert_eq!(room(50, Some(40)), (Fit::TooLarge, Some(40)));
        assert_eq!(room(30, Some(40)), (Fit::Good, Some(40)));
    }

    #[test]
    fn a_model_that_takes_more_than_is_allowed_does_not_fit() {
        let config: RunConfig = toml::from_str("task = \"classify\"\n[model]\n[data]\ntrain = \"a.csv\"").unwrap();
        let known = catalog::models().find(|known| known.name == "google-bert/bert-base-uncased").unwrap();
        let told = room(&config, &known.config().unwrap(), &[], Some(400_000_000)).unwrap();
        assert_eq!((told.fit, told.allowed, told.strategy), (Fit::TooLarge, Some(400_000_000), StrategyKind::Full));
    }
}

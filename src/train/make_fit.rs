//! What would make a run fit into the memory there is: changes to its configuration, each planned like the run itself, with
//! what it costs. Nothing is chosen here; whoever asks shows them, and a person takes one over.
//!
//! Of each kind the mildest that fits is offered. One that does not fit alone is offered where it saves much, and then
//! everything together too.

use serde::Serialize;

use super::TrainError;
use super::config::{RunConfig, StrategyKind};
use super::fits::fits;
use super::limits::FEWEST_TOKENS;
use super::plan::{PlanSummary, Shape};
use crate::data::choices::Exclude;
use crate::stop::heed;

/// An offer that fits nowhere has to save this share at least.
const WORTH: f64 = 0.1;
/// Shares of the texts that are to stay whole, the mildest first.
const WHOLE: [f64; 6] = [0.99, 0.98, 0.95, 0.9, 0.75, 0.5];

/// A change to a configuration that lowers what it takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// Sequences that go through the model at once. The update is the same, but for rounding.
    MicroBatch(usize),
    /// Tokens of a sequence, and how many of the texts that are whole now are cut by it, or read in windows.
    Length { max_tokens: usize, shortened: usize },
    /// Only so many layers from the top are trained.
    Top(usize),
    /// Low-rank matrices are trained beside the layers, which stay as they are.
    Adapters,
    /// Only the head is trained.
    Head,
    /// Sequences of an update.
    Batch(usize),
    /// Several at once.
    Together(Vec<Self>),
}

/// A change with what the run then takes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Offer {
    pub change: Change,
    /// Bytes, and seconds for the whole run.
    pub memory: u64,
    pub seconds: f64,
    pub fits: bool,
}

impl Change {
    /// Makes the change; what was recommended for the run as it was is recommended anew.
    pub fn apply(&self, config: &mut RunConfig) {
        match self {
            Self::MicroBatch(sequences) => config.run.micro_batch = Some(*sequences),
            Self::Length { max_tokens, .. } => {
                config.data.max_tokens = *max_tokens;
                config.open.max_tokens = false;
                if config.data.stride >= *max_tokens {
                    config.data.stride = max_tokens / 2;
                }
            }
            Self::Top(layers) => {
                config.strategy.kind = StrategyKind::Top;
                config.strategy.top_layers = *layers;
            }
            Self::Adapters => config.strategy.kind = StrategyKind::Lora,
            Self::Head => config.strategy.kind = StrategyKind::Head,
            Self::Batch(sequences) => {
                config.run.batch = *sequences;
                config.open.batch = false;
            }
            Self::Together(changes) => changes.iter().for_each(|change| change.apply(config)),
        }
    }
}

/// What is known of a run that does not fit.
pub struct Known<'a> {
    /// The configuration with all that was left open filled in as the plan has it.
    pub config: &'a RunConfig,
    pub plan: &'a PlanSummary,
    /// Tokens of each text that is learned from or held out, before any limit.
    pub tokens: &'a [u32],
    /// Layers with weights of their own.
    pub layers: usize,
    /// Whether adapters can be put beside the model: it is none itself.
    pub takes_adapters: bool,
    /// Bytes that the run may take at most, where a person has said so.
    pub limit: Option<u64>,
}

/// Plans a changed configuration.
pub type Plan<'a> = &'a dyn Fn(&RunConfig) -> Result<PlanSummary, TrainError>;

/// What would make the run fit; nothing for one that does.
pub fn offers(known: &Known<'_>, plan: Plan<'_>) -> Vec<Offer> {
    if fits(known.plan, known.limit) {
        return Vec::new();
    }
    let ladders =
        [known.micro_batches(), known.top_layers(), known.adapters(), known.head(), known.lengths(), known.batches()];
    let best: Vec<Option<Offer>> = ladders.iter().map(|ladder| known.mildest(ladder, plan)).collect();
    let mut offers: Vec<Offer> = best.into_iter().flatten().collect();
    if !offers.iter().any(|offer| offer.fits) {
        offers.extend(known.together(&ladders, plan));
    }
    // What fits comes first; otherwise the order is from what costs least.
    offers.sort_by_key(|offer| !offer.fits);
    offers
}

impl Known<'_> {
    fn offer(&self, change: Change, plan: Plan<'_>) -> Option<Offer> {
        heed();
        let mut config = self.config.clone();
        change.apply(&mut config);
        let planned = plan(&config).ok()?;
        let memory = planned.memory.total();
        Some(Offer { change, memory, seconds: planned.seconds, fits: fits(&planned, self.limit) })
    }

    /// Of a ladder from mild to strong the first that fits, or else the last where it saves enough.
    fn mildest(&self, ladder: &[Change], plan: Plan<'_>) -> Option<Offer> {
        let strongest = self.offer(ladder.last()?.clone(), plan)?;
        let now = self.plan.memory.total() as f64;
        if !strongest.fits {
            return Some(strongest).filter(|offer| (offer.memory as f64) < now * (1.0 - WORTH));
        }
        let milder = ladder[..ladder.len() - 1].iter().filter_map(|change| self.offer(change.clone(), plan));
        Some(milder.into_iter().find(|offer| offer.fits).unwrap_or(strongest))
    }

    /// The strongest micro-batch, with adapters or the head alone, and with a shorter length, as soon as that fits.
    fn together(&self, ladders: &[Vec<Change>], plan: Plan<'_>) -> Option<Offer> {
        let [micro, top, adapters, head, lengths, _] = ladders else { return None };
        let freeze = [adapters, head, top].into_iter().find_map(|ladder| ladder.last());
        let mut chosen: Vec<Change> = Vec::new();
        let mut offer = None;
        for change in micro.last().into_iter().chain(freeze).chain(lengths) {
            let is_length = |known: &Change| matches!(known, Change::Length { .. });
            if is_length(change) {
                chosen.retain(|known| !is_length(known));
            }
            chosen.push(change.clone());
            if chosen.len() < 2 {
                continue;
            }
            offer = self.offer(Change::Together(chosen.clone()), plan);
            if offer.as_ref().is_some_and(|offer| offer.fits) {
                break;
            }
        }
        offer
    }

    fn micro_batches(&self) -> Vec<Change> {
        let run = &self.config.run;
        halves(run.micro_batch.unwrap_or(run.batch).min(run.batch), 1).map(Change::MicroBatch).collect()
    }

    fn batches(&self) -> Vec<Change> {
        // Of so many tokens the number of sequences follows.
        if self.config.run.batch_tokens.is_some() {
            return Vec::new();
        }
        halves(self.config.run.batch, 4).map(Change::Batch).collect()
    }

    /// Whether more of the model is trained than layers from the top.
    fn trains_much(&self) -> bool {
        matches!(self.config.strategy.kind, StrategyKind::Full | StrategyKind::Gradual | StrategyKind::Custom)
    }

    fn top_layers(&self) -> Vec<Change> {
        let most = match self.config.strategy.kind {
            StrategyKind::Top => self.config.strategy.top_layers.min(self.layers),
            _ if self.trains_much() => self.layers,
            _ => 0,
        };
        (1..most).rev().map(Change::Top).collect()
    }

    fn adapters(&self) -> Vec<Change> {
        let can = self.takes_adapters && (self.trains_much() || self.config.strategy.kind == StrategyKind::Top);
        if can { vec![Change::Adapters] } else { Vec::new() }
    }

    fn head(&self) -> Vec<Change> {
        let is_head = self.config.strategy.kind == StrategyKind::Head;
        // What running text teaches lies below the head.
        if is_head || self.config.task.is_self_supervised() { Vec::new() } else { vec![Change::Head] }
    }

    /// Lengths that leave most texts whole; of running text, which is divided and not cut, halves.
    fn lengths(&self) -> Vec<Change> {
        let now = self.config.data.max_tokens;
        match Shape::of(self.config) {
            Shape::Blocks | Shape::Chunks => {
                halves(now, 32).map(|max_tokens| Change::Length { max_tokens, shortened: 0 }).collect()
            }
            Shape::Cut | Shape::Windows => self.percentiles(now),
        }
    }

    fn percentiles(&self, now: usize) -> Vec<Change> {
        let mut sorted = self.tokens.to_vec();
        sorted.sort_unstable();
        let longer = |limit: usize| sorted.len() - sorted.partition_point(|tokens| *tokens as usize <= limit);
        // Those that are left out for their length are not read at all.
        let leaves_out = self.config.data.exclude.contains(&Exclude::OverLong);
        let already = if leaves_out { 0 } else { longer(now) };
        let mut changes: Vec<Change> = Vec::new();
        for share in WHOLE {
            let at = ((sorted.len() as f64 * share) as usize).min(sorted.len().saturating_sub(1));
            let Some(tokens) = sorted.get(at) else { return changes };
            let max_tokens = (*tokens as usize).next_multiple_of(8).max(FEWEST_TOKENS);
            let shortened = longer(max_tokens).saturating_sub(already);
            let change = Change::Length { max_tokens, shortened };
            if max_tokens < now && changes.last() != Some(&change) {
                changes.push(change);
            }
        }
        changes
    }
}

/// A half of a number, a quarter, and so on down to the least.
fn halves(from: usize, least: usize) -> impl Iterator<Item = usize> {
    std::iter::successors(Some(from / 2), |half| Some(half / 2)).take_while(move |half| *half >= least)
}

#[cfg(test)]
mod tests {
    use super::super::plan::{Facts, plan};
    use super::*;
    use crate::hub::catalog;
    use crate::model::EncoderConfig;

    const TOKENS: usize = 1_000;

    /// Texts of which one in ten has 400 tokens and the rest 40.
    fn tokens() -> Vec<u32> {
        (0..TOKENS).map(|text| if text % 10 == 0 { 400 } else { 40 }).collect()
    }

    fn config() -> RunConfig {
        let text = "task = \"classify\"\n[model]\npath = \"m\"\n[data]\ntrain = \"a.csv\"\nmax_tokens = 512\n\
                    [run]\nbatch = 32\n[strategy]\ncache = false\n";
        toml::from_str(text).unwrap()
    }

    fn base() -> EncoderConfig {
        let known = catalog::models().find(|known| known.name == "google-bert/bert-base-uncased").unwrap();
        known.config().unwrap()
    }

    /// The offers where so many bytes are allowed.
    fn offered(config: &RunConfig, limit: u64) -> (u64, Vec<Offer>) {
        let (encoder, tokens) = (base(), tokens());
        let facts =
            Facts { encoder: &encoder, train_tokens: &tokens, eval_tokens: &[], labels: 2, flops_per_sec: 1e11 };
        let planned = |config: &RunConfig| {
            let mut planned = plan(config, &facts)?;
            planned.memory.available = u64::MAX / 2;
            Ok(planned)
        };
        let whole = planned(config).unwrap();
        let known = Known {
            config,
            plan: &whole,
            tokens: &tokens,
            layers: encoder.stored_layers(),
            takes_adapters: true,
            limit: Some(limit),
        };
        (whole.memory.total(), offers(&known, &planned))
    }

    #[test]
    fn nothing_is_offered_for_what_fits() {
        assert_eq!(offered(&config(), u64::MAX / 4).1, []);
    }

    #[test]
    fn the_mildest_of_each_kind_that_fits_is_offered_with_the_plan_of_the_changed_run() {
        let whole = offered(&config(), u64::MAX / 4).0;
        let (_, offers) = offered(&config(), whole * 3 / 4);
        let found = |is_it: fn(&Change) -> bool| offers.iter().find(|offer| is_it(&offer.change)).unwrap();
        let micro = found(|change| matches!(change, Change::MicroBatch(_)));
        assert_eq!((&micro.change, micro.fits), (&Change::MicroBatch(16), true), "{offers:#?}");
        let length = found(|change| matches!(change, Change::Length { .. }));
        assert_eq!(length.change, Change::Length { max_tokens: 40, shortened: 100 });
        let Change::Top(layers) = found(|change| matches!(change, Change::Top(_))).change else { unreachable!() };
        assert!((1..11).contains(&layers), "{layers}");
        assert!(offers.iter().all(|offer| offer.fits == (offer.memory <= whole * 3 / 4)), "{offers:#?}");
        assert!(offers.is_sorted_by_key(|offer| !offer.fits));
        assert!(offers.iter().any(|offer| offer.change == Change::Head));

        // The estimate is the plan of what the change makes of the configuration.
        for offer in &offers {
            let mut changed = config();
            offer.change.apply(&mut changed);
            assert_eq!(offered(&changed, u64::MAX / 4).0, offer.memory, "{:?}", offer.change);
        }
    }

    #[test]
    fn what_never_fits_alone_is_offered_together() {
        let (_, offers) = offered(&config(), 700_000_000);
        let Change::Together(changes) = &offers[0].change else { panic!("{offers:#?}") };
        assert!(offers[0].fits && changes.len() > 1, "{offers:#?}");
        assert!(offers[1..].iter().all(|offer| !offer.fits));
        let (_, offers) = offered(&config(), 1_000);
        assert!(!offers.is_empty() && offers.iter().all(|offer| !offer.fits), "it is said that nothing fits");
    }

    #[test]
    fn what_is_as_small_as_it_can_be_is_not_offered_again() {
        let mut small = config();
        (small.strategy.kind, small.run.batch, small.run.micro_batch) = (StrategyKind::Head, 1, Some(1));
        small.data.max_tokens = 40;
        assert_eq!(offered(&small, 1_000).1, []);
    }

    #[test]
    fn a_change_is_made_of_what_was_open_too() {
        let mut config = config();
        config.open = super::super::open::Open::ALL;
        config.data.stride = 64;
        Change::Together(vec![
            Change::MicroBatch(2),
            Change::Length { max_tokens: 48, shortened: 3 },
            Change::Batch(8),
        ])
        .apply(&mut config);
        assert_eq!((config.run.micro_batch, config.run.batch, config.data.max_tokens), (Some(2), 8, 48));
        assert_eq!((config.data.stride, config.open.batch, config.open.max_tokens), (24, false, false));
        assert!(config.open.lr, "the rate goes on being recommended");
    }
}

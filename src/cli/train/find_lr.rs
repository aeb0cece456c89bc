//! `attune train --find-lr`: which learning rate a run wants, found by trying.

use std::ops::ControlFlow;

use anyhow::bail;

use crate::cli::output::{print_json, print_lines};
use crate::train::config::RunConfig;
use crate::train::find_rate::{FoundRate, find_rate_of};
use crate::train::prepared::Progress;

pub fn run(config: &RunConfig, json: bool) -> anyhow::Result<()> {
    let asked_to_end = crate::signals::heed();
    let mut told = String::new();
    let mut on_progress = |what: &str, done: u64, total: u64| {
        // Each tenth is a line.
        let words = match done * 10 / total.max(1) {
            _ if total == 0 => what.to_owned(),
            tenth => format!("{what}: {} %", tenth * 10),
        };
        if words != told {
            eprintln!("{words}");
            told = words;
        }
        if asked_to_end.is_set() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let Some(found) = find_rate_of(config, &mut Progress(&mut on_progress))? else {
        bail!("stopped before a rate was found; nothing was written");
    };
    if json { print_json(&found) } else { print_lines(&lines(&found)) }
}

/// The curve, and what is read from it.
fn lines(found: &FoundRate) -> Vec<String> {
    let mut lines = vec!["rate      loss    smoothed".to_owned()];
    let trials = found.trials.iter();
    lines.extend(trials.map(|trial| format!("{:<8.1e}  {:.4}  {:.4}", trial.lr, trial.loss, trial.smoothed)));
    if let Some(rate) = found.diverged {
        lines.push(format!("diverged at {rate:.1e}"));
    }
    lines.push(match (found.suggested, found.steepest, found.tenth_of_lowest) {
        (Some(suggested), Some(steepest), Some(tenth)) => {
            format!("suggested {suggested:e}: the loss falls fastest at {steepest:e}, and a tenth of the rate where it is lowest is {tenth:e}")
        }
        _ => "no rate is suggested: the loss fell at none of them".to_owned(),
    });
    lines.push(format!("recommended by rule {:e}", found.recommended));
    lines
}

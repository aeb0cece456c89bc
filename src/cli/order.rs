//! `attune order`: says to a run that trains, here or on another machine that shares its folder, what it is to do.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::bail;
use clap::{Args, Subcommand, ValueEnum};

use super::output::print_lines;
use crate::train::config::{Group, LastEpoch, What};
use crate::train::run;

/// How long an answer is waited for: an update or an evaluation may be under way.
const WAITS: Duration = Duration::from_mins(1);
const BETWEEN: Duration = Duration::from_millis(100);

#[derive(Debug, Args)]
pub struct OrderRun {
    /// The folder of the run that trains
    #[arg(value_name = "RUN")]
    run: PathBuf,
    #[command(subcommand)]
    what: Asked,
}

#[derive(Debug, Subcommand)]
enum Asked {
    /// Multiply the learning rate from the next step on, or give another one with --to
    Rate {
        #[arg(value_name = "FACTOR", required_unless_present = "to", conflicts_with = "to")]
        factor: Option<f64>,
        /// The rate that the schedule multiplies from now on
        #[arg(long, value_name = "RATE")]
        to: Option<f64>,
        /// Only of these weights
        #[arg(long)]
        group: Option<GroupName>,
    },
    /// Let the next frozen layer from the top learn as well
    Thaw,
    /// Evaluate the weights of now; this decides nothing
    Evaluate,
    /// Save a checkpoint
    Checkpoint,
    /// Finish the run at the end of the epoch that is under way, or of a later one
    StopAfterEpoch {
        /// Its number, from 1
        #[arg(value_parser = clap::value_parser!(u64).range(1..))]
        epoch: Option<u64>,
        /// Train as long as configured after all
        #[arg(long, conflicts_with = "epoch")]
        undo: bool,
    },
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum GroupName {
    Head,
    Encoder,
    Embeddings,
}

impl Asked {
    fn what(&self) -> anyhow::Result<What> {
        Ok(match *self {
            Self::Rate { factor, to, group } => {
                let group = group.map(|group| match group {
                    GroupName::Head => Group::Head,
                    GroupName::Encoder => Group::Encoder,
                    GroupName::Embeddings => Group::Embeddings,
                });
                match (factor, to) {
                    (Some(factor), _) => What::Factor { factor, group },
                    (None, Some(lr)) => What::Rate { lr, group },
                    (None, None) => bail!("name a factor, or a rate with --to"),
                }
            }
            Self::Thaw => What::Thaw,
            Self::Evaluate => What::Evaluate,
            Self::Checkpoint => What::Checkpoint,
            Self::StopAfterEpoch { undo: true, .. } => What::StopAfter(LastEpoch::AsConfigured),
            Self::StopAfterEpoch { epoch, .. } => What::StopAfter(epoch.map_or(LastEpoch::This, LastEpoch::Number)),
        })
    }
}

impl OrderRun {
    pub fn run(self) -> anyhow::Result<()> {
        let what = self.what.what()?;
        if let What::Factor { factor: number, .. } | What::Rate { lr: number, .. } = what
            && !number.is_finite()
        {
            bail!("the rate is {number}, expected a number");
        }
        let told = run::leave(&self.run, what)?;
        let since = Instant::now();
        loop {
            let is_heard = told.is_heard();
            match told.answer() {
                Some((step, None)) => return print_lines(&[format!("step {step}: {}", what.words())]),
                Some((step, Some(why))) => bail!("step {step}: not followed, as {why}"),
                None if !is_heard => {
                    told.take_back();
                    bail!("the run ended before it could follow the order")
                }
                None if since.elapsed() > WAITS => {
                    eprintln!("the run has not answered yet; it follows the order when its update is done");
                    return Ok(());
                }
                None => std::thread::sleep(BETWEEN),
            }
        }
    }
}

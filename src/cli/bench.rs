//! `attune bench`: this machine on fixed shapes.

use clap::Args;

#[derive(Debug, Args)]
pub struct Bench {
    #[arg(long)]
    json: bool,
}

impl Bench {
    pub fn run(self) -> anyhow::Result<()> {
        anyhow::bail!("not there yet")
    }
}

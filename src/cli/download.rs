//! `attune download`: a model or a data set into the shared Hugging Face cache.

use clap::Args;

use super::output::{bytes, duration, print_lines};
use crate::hub::{Doing, Halt, Hub, MAIN, Progress, Switch};
use crate::signals;

#[derive(Debug, Args)]
pub struct Download {
    /// The name on the hub, such as google-bert/bert-base-uncased
    name: String,
    /// A branch, tag or commit of a model
    #[arg(long, conflicts_with = "data_set")]
    revision: Option<String>,
    /// Fetch the Parquet files of a data set
    #[arg(long)]
    data_set: bool,
    /// A configuration of the data set
    #[arg(long, requires = "data_set")]
    config: Option<String>,
    /// A split of the data set
    #[arg(long, requires = "data_set")]
    split: Option<String>,
}

impl Download {
    pub fn run(self) -> anyhow::Result<()> {
        let (switch, asked) = (Switch::default(), signals::heed());
        let ends = switch.clone();
        // Where this cannot be heard, the next report hears it.
        signals::wake(move || ends.turn(Halt::Pause)).ok();
        let mut told = String::new();
        let mut on_progress = |progress: &Progress| {
            if asked.is_set() {
                switch.turn(Halt::Pause);
            }
            let words = words(progress);
            // What changes with every piece stands behind the comma.
            let what = words.split(',').next().unwrap_or_default();
            if what != told {
                what.clone_into(&mut told);
                eprintln!("{words}");
            }
        };
        let hub = Hub::from_env().under(&switch);
        let paths = if self.data_set {
            let (config, split) = (self.config.as_deref(), self.split.as_deref());
            hub.download_data_set(&self.name, config, split, &mut on_progress)?.files
        } else {
            vec![hub.download(&self.name, self.revision.as_deref().unwrap_or(MAIN), &mut on_progress)?]
        };
        print_lines(&paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>())
    }
}

/// How far it is, in tens of percent.
fn words(progress: &Progress) -> String {
    let Progress { file, bytes_done, bytes: all, .. } = progress;
    match &progress.doing {
        Doing::Listing => "listing the files".to_owned(),
        Doing::Checking => format!("checking {file}"),
        Doing::WaitingForOther => format!("waiting for another program that is downloading {file}"),
        Doing::WaitingToRetry { reason, .. } => format!("trying again in a moment: {}", reason.replace(',', ";")),
        Doing::Fetching => {
            let percent = (bytes_done * 100).checked_div(*all).unwrap_or(0) / 10 * 10;
            let speed = progress.bytes_per_sec.map_or(String::new(), |speed| format!(", {}/s", bytes(speed as u64)));
            let left = progress.secs_left.map_or(String::new(), |secs| format!(", {} left", duration(secs)));
            format!("{file}: {percent} % of {}, {}{speed}{left}", bytes(*all), bytes(*bytes_done))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_is_told_in_words() {
        let progress = Progress {
            doing: Doing::Fetching,
            file: "model.safetensors".to_owned(),
            bytes_done: 25_000_000,
            bytes: 100_000_000,
            bytes_per_sec: Some(5e6),
            secs_left: Some(15.0),
            ..Progress::default()
        };
        assert_eq!(words(&progress), "model.safetensors: 20 % of 100.0 MB, 25.0 MB, 5.0 MB/s, 15.0 s left");
    }
}

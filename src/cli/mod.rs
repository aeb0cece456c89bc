//! The same jobs without a window. Results go to standard output, everything else to standard error; nothing else in the
//! crate prints.

/// Instead of the usual macro of this name, which ends the program where nobody listens any more: a run must not die of
/// `| head`.
macro_rules! eprintln {
    ($($words:tt)*) => { $crate::cli::output::say(format_args!($($words)*)) };
}

mod apart;
mod attention;
mod bench;
mod compare;
mod data;
mod download;
mod drift;
mod evaluate;
mod explain;
mod export;
mod heads;
mod inspect;
mod map;
mod models;
mod nearest;
mod order;
mod output;
mod precision;
mod predict;
mod probe;
mod serve;
mod sweep;
mod train;
mod words;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Fine-tune pretrained encoder language models and look inside them.
///
/// Without a command the workbench opens.
#[derive(Debug, Parser)]
#[command(name = "attune", version, args_conflicts_with_subcommands = true)]
pub struct Arguments {
    /// Opens the workbench at a view that was kept or copied there
    #[arg(long, value_name = "LINK")]
    pub open: Option<String>,
    #[command(subcommand)]
    pub command: Option<Command>,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Fine-tune a model as a RUN.toml says
    Train(train::Train),
    /// Change a run while it trains: its rates, what it trains, when it is evaluated, saved and ends
    Order(order::OrderRun),
    /// Train several times: a grid or a random search over settings, with seeds
    Sweep(sweep::SweepRuns),
    /// Evaluate a model on a file
    Evaluate(evaluate::Evaluate),
    /// Predict labels, entities, answers or words for texts
    Predict(predict::Predict),
    /// Answer predictions over HTTP, to programs on this machine
    Serve(serve::Serve),
    /// Write the attention of a model over a text
    Attention(attention::AttentionOf),
    /// Explain which words an answer comes from, and how far to believe it
    Explain(explain::ExplainAnswer),
    /// Show how much of a task each layer of a model already knows
    Probe(probe::Probe),
    /// Project a file's rows to two dimensions by a model's hidden states
    Map(map::MapRows),
    /// Show which words of a file push a model towards each class, and which of them surprise
    Words(words::WordsOf),
    /// Show how much each head of a model matters for a file
    Heads(heads::HeadsOf),
    /// Compare two models: their states, their attention and their weights
    Drift(drift::DriftBetween),
    /// Set runs side by side: their metrics with intervals, what differs, and where they disagree
    Compare(compare::CompareRuns),
    /// Describe a model folder, a data set or a run
    Inspect(inspect::Inspect),
    /// Download a model or a data set into the shared Hugging Face cache
    Download(download::Download),
    /// List models: local ones, popular ones, or the results of a search on the hub
    Models(models::Models),
    /// Write a run's model as a Hugging Face folder
    Export(export::Export),
    /// Benchmark this machine
    Bench(bench::Bench),
    /// Train for a window that tells what and listens
    #[command(name = crate::worker::apart::ARGUMENT, hide = true)]
    TrainForWindow,
}

/// Stack of the thread that computes: graphs are walked and dropped recursively.
const STACK_BYTES: usize = 256 << 20;

/// Runs a command. Its failure is one line on standard error.
pub fn run(command: Command) -> ExitCode {
    let work = move || match command {
        Command::Train(train) => train.run(),
        Command::Order(order) => order.run(),
        Command::Sweep(sweep) => sweep.run(),
        Command::Evaluate(evaluate) => evaluate.run(),
        Command::Predict(predict) => predict.run(),
        Command::Serve(serve) => serve.run(),
        Command::Attention(attention) => attention.run(),
        Command::Explain(explain) => explain.run(),
        Command::Probe(probe) => probe.run(),
        Command::Map(map) => map.run(),
        Command::Words(words) => words.run(),
        Command::Heads(heads) => heads.run(),
        Command::Drift(drift) => drift.run(),
        Command::Compare(compare) => compare.run(),
        Command::Inspect(inspect) => inspect.run(),
        Command::Download(download) => download.run(),
        Command::Models(models) => models.run(),
        Command::Export(export) => export.run(),
        Command::Bench(bench) => bench.run(),
        Command::TrainForWindow => apart::run(),
    };
    let thread = std::thread::Builder::new().name("compute".to_owned()).stack_size(STACK_BYTES).spawn(work);
    outcome(match thread.map(std::thread::JoinHandle::join) {
        Ok(Ok(result)) => result,
        Ok(Err(_)) => Err(anyhow::anyhow!("a bug in Attune ended the command; please report it")),
        Err(error) => Err(anyhow::anyhow!("cannot start a thread: {error}")),
    })
}

/// The exit status of what was done, after one line on standard error if it failed.
pub fn outcome(result: anyhow::Result<()>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever reads our output has seen enough.
        Err(error) if output::is_closed(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("attune: {}", output::one_line(&told(&error)));
            ExitCode::FAILURE
        }
    }
}

/// What failed and why; a cause that is told already is not told again.
fn told(error: &anyhow::Error) -> String {
    let mut words = String::new();
    for cause in error.chain().map(ToString::to_string).filter(|cause| !cause.is_empty()) {
        if words.is_empty() {
            words = cause;
        } else if !words.contains(&cause) {
            words = format!("{words}: {cause}");
        }
    }
    words
}

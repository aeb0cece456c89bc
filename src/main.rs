//! Attune: without arguments the window, with a subcommand the same jobs without one.

use std::process::ExitCode;

use attune::cli::Arguments;
use clap::Parser;

/// The tokenizer and the loop ask for much memory in small pieces, which the system's allocator is slow at.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match Arguments::parse().command {
        Some(command) => attune::cli::run(command),
        None => attune::cli::window(),
    }
}

//! Reads the arguments; opens the window or runs the command.

use std::process::ExitCode;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use anyhow::Context;
use attune::cli::{self, Arguments};
use attune::worker::apart::Apart;
use attune::{signals, ui, worker};
use clap::Parser;

/// The loop and the tokenizer ask for memory in many small pieces, which the usual allocators are slow at.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match arguments.command {
        Some(command) => cli::run(command),
        None => cli::outcome(window(arguments.open)),
    }
}

/// Opens the workbench, at a view where one is named, and stays until it is closed.
fn window(link: Option<String>) -> anyhow::Result<()> {
    let drawn = Arc::new(OnceLock::<egui::Context>::new());
    let seen = drawn.clone();
    let repaint = move |within: Duration| {
        if let Some(context) = seen.get() {
            context.request_repaint_after(within);
        }
    };
    let asked_to_end = signals::heed();
    let wake = repaint.clone();
    // A window that is not woken hears of it with its next frame.
    signals::wake(move || wake(Duration::ZERO)).ok();
    let (client, training) =
        worker::start_with(Arc::new(repaint), Apart::own()).context("cannot start the threads that do the work")?;
    let start = move |context: &egui::Context| {
        drawn.get_or_init(|| context.clone());
        client
    };
    let closed = ui::app::open_window(start, asked_to_end, link);
    // However the window went, a run writes down what it learned.
    training.wait();
    Ok(closed?)
}

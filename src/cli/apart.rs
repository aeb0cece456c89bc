//! The other end of a window's run: a worker of its own that is asked and answers over pipes (`worker/apart.rs`).
//!
//! Its input is its thread of life: when that ends, the window is gone, and the run writes down what it learned and ends, as
//! it does where somebody asks the process to end.

use std::io::{self, BufRead as _, BufReader, Write as _};
use std::sync::Arc;

use anyhow::{Context as _, bail};
use crossbeam_channel::Sender;

use crate::worker::apart::{Asked, Told, line};
use crate::worker::protocol::{Command, Control, JobId};
use crate::{memory, signals, worker};

/// There is one.
const JOB: JobId = JobId(1);

pub fn run() -> anyhow::Result<()> {
    // Where memory runs out, this process is to go and not the window.
    memory::offer_first();
    let mut orders = BufReader::new(io::stdin());
    let mut first = Vec::new();
    orders.read_until(b'\n', &mut first)?;
    let asked: Asked = serde_json::from_slice(&first).context("this command is for the window of Attune alone")?;
    if !asked.is_ours() {
        let message = "Attune was replaced by another version while its window was open".to_owned();
        io::stdout().write_all(&line(&Told::Failed { message, detail: None })?)?;
        return Ok(());
    }
    let asked_to_end = signals::heed();
    let client = worker::spawn(Arc::new(|_| {})).context("cannot start the threads that do the work")?;
    client.commands.send(asked.command(JOB)?)?;
    let to_end = client.commands.clone();
    signals::wake(move || {
        if asked_to_end.take() {
            tell(&to_end, Control::Stop);
        }
    })
    .ok();
    let commands = client.commands.clone();
    std::thread::Builder::new().name("orders".to_owned()).spawn(move || {
        for order in orders.split(b'\n').map_while(Result::ok) {
            if let Ok(control) = serde_json::from_slice(&order) {
                tell(&commands, control);
            }
        }
        tell(&commands, Control::Stop);
    })?;
    let mut out = Some(io::stdout().lock());
    for event in &client.events {
        let Some(told) = Told::of(event.kind) else { continue };
        // Nobody may listen any more; the run ends in order all the same.
        let written = out.as_mut().map(|out| out.write_all(&line(&told)?).and_then(|()| out.flush()));
        if written.is_some_and(|written| written.is_err()) {
            out = None;
        }
        if told.is_end() {
            return Ok(());
        }
    }
    bail!("the worker ended before the run")
}

fn tell(commands: &Sender<Command>, control: Control) {
    // A worker that is gone has nothing left to hear.
    commands.send(Command::Control { job: JOB, control }).ok();
}

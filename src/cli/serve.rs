//! `attune serve`: a model that other programs on this machine ask over HTTP.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;

use super::output::print_lines;
use super::precision::Asked;
use super::predict::{self, Shape};
use crate::serve::Server;
use crate::signals;
use crate::task::Task;

#[derive(Debug, Args)]
pub struct Serve {
    /// A model's folder, a run, an adapter, or embedded, embedded:names or embedded:answers for one inside the program
    #[arg(long, value_name = "DIR")]
    model: PathBuf,
    /// The port of 127.0.0.1 to listen on; 0 takes one that is free
    #[arg(long, value_name = "N", default_value_t = 8017)]
    port: u16,
    /// classify, multilabel, regress, ner, qa, mlm, nsp, sop or rtd; default: the task of the model's architecture
    #[arg(long, value_parser = super::data::task)]
    task: Option<Task>,
    #[command(flatten)]
    shape: Shape,
    #[command(flatten)]
    asked: Asked,
}

impl Serve {
    pub fn run(self) -> anyhow::Result<()> {
        let asked_to_end = signals::heed();
        let options = self.shape.options();
        let model = predict::open(&self.model, self.task, self.asked.precision())?;
        self.shape.tell_idle(model.task);
        model.check(&options)?;
        let server = Server::bind(self.port).with_context(|| {
            format!("cannot listen on port {}, which may be in use; --port 0 takes one that is free", self.port)
        })?;
        let address = format!("http://127.0.0.1:{}", server.port());
        print_lines(&[format!("listening on {address}")])?;
        let texts = match model.reads_pairs {
            Some(true) => " of pairs of texts",
            Some(false) => " of single texts",
            None => "",
        };
        eprintln!(
            "attune: {}{texts}, ask with POST {address}/predict; Ctrl-C ends it",
            model.task.title().to_lowercase()
        );
        Ok(server.run(&model, &options, &asked_to_end)?)
    }
}

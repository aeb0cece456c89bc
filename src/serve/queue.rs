//! What waits for the model: requests that came meanwhile go through it together.
//!
//! Nothing is waited for: a batch is what came while the one before was computed. How texts fall into batches changes no
//! bit of an answer (`inspect/predictor.rs`).

use std::ops::ControlFlow;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError};
use std::time::Duration;

use crate::guard::guarded;
use crate::inspect::predictor::{TOKENS_AT_ONCE, in_batches};
use crate::inspect::{OpenModel, Options, Predicted, Prepared};

/// The texts of one request, and where its answers go.
pub struct Job {
    pub texts: Vec<Prepared>,
    pub answers: SyncSender<Result<Vec<Predicted>, String>>,
}

impl Job {
    fn tokens(&self) -> usize {
        self.texts.iter().map(Prepared::count).sum()
    }
}

/// Computes until nobody is left who could ask; `tick` is called now and then while nothing is asked.
pub fn compute(model: &OpenModel, options: &Options, jobs: &Receiver<Job>, mut tick: impl FnMut()) {
    const TICK: Duration = Duration::from_millis(50);
    loop {
        tick();
        let first = match jobs.recv_timeout(TICK) {
            Ok(job) => job,
            Err(RecvTimeoutError::Timeout) => continue,
            Err(RecvTimeoutError::Disconnected) => return,
        };
        answer(model, options, together(first, jobs));
    }
}

/// The first job and those that wait behind it, as many as go through the model at once.
fn together(first: Job, jobs: &Receiver<Job>) -> Vec<Job> {
    let (mut tokens, mut batch) = (first.tokens(), vec![first]);
    while tokens < TOKENS_AT_ONCE {
        match jobs.try_recv() {
            Ok(job) => {
                tokens += job.tokens();
                batch.push(job);
            }
            Err(TryRecvError::Empty | TryRecvError::Disconnected) => break,
        }
    }
    batch
}

fn answer(model: &OpenModel, options: &Options, jobs: Vec<Job>) {
    let texts = jobs.iter().flat_map(|job| &job.texts);
    match predict(model, options, texts) {
        Ok(predicted) => {
            let mut predicted = predicted.into_iter();
            for job in jobs {
                let own = predicted.by_ref().take(job.texts.len()).collect();
                // Who asked may have gone.
                job.answers.send(Ok(own)).ok();
            }
        }
        // What fails for one is no failure of those that went along with it.
        Err(_) if jobs.len() > 1 => jobs.into_iter().for_each(|job| answer(model, options, vec![job])),
        Err(error) => jobs.into_iter().for_each(|job| {
            job.answers.send(Err(error.clone())).ok();
        }),
    }
}

fn predict<'a>(
    model: &OpenModel,
    options: &Options,
    texts: impl Iterator<Item = &'a Prepared>,
) -> Result<Vec<Predicted>, String> {
    let computed = guarded(|| {
        let go_on = &mut |_| ControlFlow::Continue(());
        let tokens = |one: &&Prepared| one.count();
        in_batches(TOKENS_AT_ONCE, texts.map(Ok), tokens, go_on, |_, batch| model.predict(batch, options))
    });
    match computed {
        Ok(Ok(predicted)) => Ok(predicted.unwrap_or_default()),
        Ok(Err(error)) => Err(error.to_string()),
        Err(panic) => Err(format!("a bug in Attune kept the model from answering ({panic}); please report it")),
    }
}

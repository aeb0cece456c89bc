//! The beginning of a run at rates that are given and not scheduled, to see what each does to the loss. The updates are
//! those that the run would begin with, and the weights are put back as they were.

use std::cell::RefCell;
use std::ops::ControlFlow;

use super::{Learned, Listener, Trainer, clip_scale, epoch_updates};
use crate::model::Model;
use crate::train::config::RunConfig;
use crate::train::event::TrainEvent;
use crate::train::orders::Orders;
use crate::train::{Prepared, TrainError};

/// Hears the loss of each update, before the weights were changed by it, and says whether to go on. Asked without one
/// between micro-batches.
pub type OnUpdate<'a> = &'a mut dyn FnMut(Option<f64>) -> ControlFlow<()>;

/// One who is only asked whether to go on.
struct Asked<'a, 'b>(&'a RefCell<OnUpdate<'b>>);

impl Listener for Asked<'_, '_> {
    fn hear(&mut self, _: TrainEvent) {}

    fn go_on(&mut self) -> ControlFlow<()> {
        (self.0.borrow_mut())(None)
    }
}

/// Makes an update for each factor, which every rate of the run is multiplied by, until told to stop. What joins later in
/// the run is not trained, and nothing that is ordered is done.
pub fn sweep(
    model: &Model,
    data: &Prepared,
    config: &RunConfig,
    factors: impl Iterator<Item = f64>,
    on_update: OnUpdate<'_>,
) -> Result<(), TrainError> {
    let on_update = RefCell::new(on_update);
    let mut asked = Asked(&on_update);
    let mut trainer = Trainer::new(model, data, config, &mut asked)?;
    trainer.orders = Orders::none(&config.optim);
    let before = trainer.snapshot()?;
    let swept = trainer.sweep(factors, &mut |loss| (on_update.borrow_mut())(Some(loss)));
    trainer.restore(&before)?;
    trainer.params.clear_gradients();
    model.params.forget_rounded();
    crate::model::ops::buffer::release();
    swept
}

impl Trainer<'_> {
    fn sweep(
        &mut self,
        mut factors: impl Iterator<Item = f64>,
        on_update: &mut dyn FnMut(f64) -> ControlFlow<()>,
    ) -> Result<(), TrainError> {
        for epoch in 0.. {
            let updates = epoch_updates(self.config, &self.lengths, epoch);
            if updates.is_empty() {
                break;
            }
            for update in updates {
                let Some(factor) = factors.next() else { return Ok(()) };
                let Some(Learned { losses, norm, .. }) = self.gradients(&update, epoch)? else { return Ok(()) };
                let loss = losses.sum;
                if loss.is_finite() && norm.is_finite() {
                    self.optimizer.step(factor, clip_scale(norm, self.config.optim.clip))?;
                }
                self.params.clear_gradients();
                self.step += 1;
                if on_update(loss).is_break() {
                    return Ok(());
                }
            }
        }
        Ok(())
    }
}

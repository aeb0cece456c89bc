//! A run that is held in the middle of a micro-batch.

use std::cell::Cell;
use std::ops::ControlFlow;
use std::path::Path;

use candle_core::Device;

use super::{Listener, train};
use crate::model::Param;
use crate::stop::Stop;
use crate::train::config::{RunConfig, StrategyKind};
use crate::train::event::TrainEvent;
use crate::train::prepare::open_model;
use crate::train::{Prepared, prepare};

/// Asks in every fourth micro-batch that it be left, each time at another layer, and counts how often one is begun.
#[derive(Default)]
struct Listening {
    interrupts: bool,
    begun: u64,
    asked: Cell<u64>,
    losses: Vec<u64>,
}

impl Listener for Listening {
    fn hear(&mut self, event: TrainEvent) {
        if let TrainEvent::Step(step) = event {
            self.losses.push(step.loss.to_bits());
        }
    }

    fn go_on(&mut self) -> ControlFlow<()> {
        self.begun += 1;
        ControlFlow::Continue(())
    }

    fn interrupt(&self) -> Stop {
        let asked = self.asked.replace(self.asked.get() + 1);
        if self.interrupts && asked.is_multiple_of(4) { Stop::after(asked / 4 % 4) } else { Stop::default() }
    }
}

/// What was told, and the weights after training.
fn run(config: &RunConfig, data: &Prepared, interrupts: bool) -> (Listening, Vec<Vec<f32>>) {
    let mut listening = Listening { interrupts, ..Listening::default() };
    let (model, _) = open_model(config, &data.labels, &Device::Cpu).unwrap();
    train(&model, data, config, &mut listening).unwrap();
    let values = |param: &Param| param.var().flatten_all().unwrap().to_vec1().unwrap();
    (listening, model.params.iter().map(|param| values(param)).collect())
}

#[test]
fn a_micro_batch_that_was_left_changes_no_bit_of_the_run() {
    let project = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("reviews.csv");
    let row = |row: usize| format!("the soup {row} was {}\n", ["wonderful,good", "endless,bad"][row % 2]);
    std::fs::write(&data, format!("text,label\n{}", (0..16).map(row).collect::<String>())).unwrap();
    let text = format!("task = \"classify\"\n[model]\n[data]\ntrain = {data:?}\neval_fraction = 0.25\n");
    // A frozen prefix is computed once, and is left while it is.
    for (kind, least) in [(StrategyKind::Full, 4), (StrategyKind::Head, 1)] {
        let mut config: RunConfig = toml::from_str(&text).unwrap();
        config.model.path = Some(project.join("tests/golden/bert-classify"));
        config.strategy.kind = kind;
        (config.optim.lr, config.run.batch, config.run.micro_batch) = (5e-3, 4, Some(2));
        config.run.max_steps = Some(6);
        config.run.out = folder.path().join("run");
        let data = prepare(&config, &mut |_, _, _| ControlFlow::Continue(())).unwrap().unwrap();
        let (plain, weights) = run(&config, &data, false);
        let (left, left_weights) = run(&config, &data, true);
        assert!(left.begun > plain.begun + least, "{} micro-batches were begun, {} at first", left.begun, plain.begun);
        assert_eq!((plain.losses.len(), &left.losses), (6, &plain.losses), "{kind:?}");
        assert!(left_weights == weights, "{kind:?} ends with other weights");
    }
}

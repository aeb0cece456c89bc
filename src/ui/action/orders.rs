//! What is ordered of a run, as buttons and the command palette call it.

use crate::train::config::{LastEpoch, What};

pub fn title(what: What) -> String {
    let title = match what {
        What::Factor { .. } | What::Rate { .. } => return format!("Order: {}", what.words()),
        What::Thaw => "Thaw the next layer",
        What::Evaluate => "Evaluate now",
        What::Checkpoint => "Save a checkpoint now",
        What::StopAfter(LastEpoch::AsConfigured) => "Do not stop after this epoch",
        What::StopAfter(LastEpoch::This | LastEpoch::Number(_)) => "Stop after this epoch",
    };
    title.to_owned()
}

pub fn tooltip(what: What) -> &'static str {
    match what {
        What::Factor { .. } | What::Rate { .. } => "From the next step on; the schedule goes on over the new rate",
        What::Thaw => "From the next step on; what was frozen starts to learn at the rate that the schedule has then",
        What::Evaluate => {
            "Judges the weights of now; it decides neither which weights are the best nor when patience ends"
        }
        What::Checkpoint => "The run can be resumed from the step it is at",
        What::StopAfter(LastEpoch::AsConfigured) => "Trains as long as it was configured",
        What::StopAfter(LastEpoch::This | LastEpoch::Number(_)) => {
            "The run is evaluated then and finished; one that is to be resumed later is stopped instead"
        }
    }
}

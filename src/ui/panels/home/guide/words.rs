//! What the guided path says.

use crate::ui::guide::{Part, Step};

/// Why nothing can be set up now.
pub const WHILE_TRAINING: &str = "A run is training; set up the next when it has ended";

pub fn title(step: Step) -> &'static str {
    match step {
        Step::Pretraining => "What pretraining taught",
        Step::Masks => "Masks",
        Step::Freezing => "Freezing",
        Step::Rates => "Learning rates",
        Step::Tasks => "Other tasks",
        Step::Comparing => "Comparing runs",
    }
}

/// A few words beside the title.
pub fn gist(step: Step) -> &'static str {
    match step {
        Step::Pretraining => "The same model with and without it",
        Step::Masks => "How a model learns from text alone",
        Step::Freezing => "Train the head alone, or everything",
        Step::Rates => "Find one, then try one far too high",
        Step::Tasks => "The same encoder finds names",
        Step::Comparing => "Is the difference more than chance?",
    }
}

pub fn paragraph(step: Step) -> &'static str {
    match step {
        Step::Pretraining => {
            "attune-mini was pretrained: it read a lot of text in which words were hidden, and learned to guess them. To guess \
             well, it had to learn how words are used. Fine-tuning starts from what it knows. Ask it for a hidden word first. \
             Then train it on product reviews twice: once from its own weights, and once from random weights in a model of \
             exactly the same shape."
        }
        Step::Masks => {
            "In pretraining, 15 % of the tokens are chosen at random. Of these, 80 % are replaced by a mask, 10 % by another \
             word, and 10 % stay as they are, so the model can never be sure which words to trust (Devlin et al., 2019). No \
             labels are needed: the text is its own answer. Hide a few words in Explore by pressing them, then train on \
             stories and essays in the same way."
        }
        Step::Freezing => {
            "A frozen layer keeps what pretraining taught it. If only the head is trained, the encoder is a fixed reader: what \
             it makes of each text is computed once, so training is quick and nothing can be forgotten, but nothing in the \
             encoder adapts to the task either. If everything is trained, each layer can. Between the two lie the top layers \
             alone, LoRA, and unfreezing one layer after another."
        }
        Step::Rates => {
            "The learning rate says how far each update moves the weights. If it is too low, little is learned in the time \
             there is. If it is too high, the first updates destroy what pretraining taught. “Find a rate” in Train tries \
             rates from far too low to far too high and shows what each does to the loss. Then train at a rate fifty times \
             the recommended one."
        }
        Step::Tasks => {
            "An encoder gives every word a vector that depends on the words around it. A task only adds a small head that reads \
             these vectors. For reviews it reads one vector for the whole text; for names it reads one for each word. The \
             encoder below is the same. Train it to find people, places and organisations, then write a sentence of your own."
        }
        Step::Comparing => {
            "One score from one run says little: another seed or a few other rows would have given another score. Tick two of \
             your runs in Runs and press Compare. Their curves lie over each other, what was set differently is listed, and a \
             test on the rows they answer differently says whether the difference is more than chance."
        }
    }
}

pub fn look_at(step: Step) -> &'static str {
    match step {
        Step::Pretraining => {
            "Look at the accuracy of the two runs. All else is equal, so the difference is what pretraining is worth here."
        }
        Step::Masks => {
            "Look at the perplexity in Evaluate: the number of words the model hesitates between behind a mask, on average."
        }
        Step::Freezing => "Look at the steps per second, and at the accuracy that each of the two ends with.",
        Step::Rates => {
            "Look at the loss of the second run. It jumps at once, and the accuracy stays near that of always giving one answer."
        }
        Step::Tasks => {
            "Look at Evaluate: which names are missed, and which are found with the wrong boundary or the wrong type."
        }
        Step::Comparing => "Look at the verdict below the table, and at how many rows only one of the two gets right.",
    }
}

/// What an experiment is.
pub fn part(part: Part) -> &'static str {
    match part {
        Part::FillIn => "Ask attune-mini for a hidden word",
        Part::FromPretrained => "Train on reviews, from its own weights",
        Part::FromRandom => "Train on reviews, from random weights",
        Part::Hide => "Hide two words or more in one sentence",
        Part::LearnMasks => "Train on stories and essays with masks",
        Part::HeadOnly => "Train on reviews, the head alone",
        Part::WholeModel => "Train on reviews, the whole model",
        Part::FindRate => "Find a rate for the reviews",
        Part::FarTooHigh => "Train on reviews, at a rate far too high",
        Part::LearnNames => "Train on names in sentences",
        Part::TryNames => "Find the names in a sentence of your own",
        Part::Compare => "Compare two of your runs",
    }
}

/// What the press does.
pub fn deed(part: Part) -> &'static str {
    match part {
        Part::FillIn | Part::Hide | Part::TryNames => "Open Explore",
        Part::Compare => "Open Runs",
        Part::FromPretrained
        | Part::FromRandom
        | Part::LearnMasks
        | Part::HeadOnly
        | Part::WholeModel
        | Part::FindRate
        | Part::FarTooHigh
        | Part::LearnNames => "Set up",
    }
}

/// How long an experiment takes that is no run.
pub fn time(part: Part) -> &'static str {
    match part {
        Part::FindRate => "under a minute",
        _ => "at once",
    }
}

//! The single fields of the form, in groups.

use egui::{Response, Ui};

use crate::corpus::masking::MaskStyle;
use crate::metrics::Measure;
use crate::model::Products;
use crate::task::Targets;
use crate::train::config::{
    ClassWeights, DeviceChoice, Dropout, Every, Init, LanguageObjective, Optim, RunConfig, ScheduleKind, StrategyKind,
};
use crate::train::limits::{self, Limit};
use crate::train::precision;
use crate::ui::widgets::choice::choice;
use crate::ui::widgets::form::{row, toggle};
use crate::ui::widgets::number::{Percent, Quantity};
use crate::ui::widgets::segmented::segmented;
use crate::ui::widgets::{Number, text};
use crate::ui::{Palette, format};

/// As in the paper: every second text, in the mean half of its words.
const USUALLY_HIDDEN: f64 = 0.25;

/// A whole number.
pub fn whole<Q: Quantity>(ui: &mut Ui, name: &str, value: &mut Q, limit: Limit) -> Response {
    Number::new(name, limit).show(ui, value)
}

pub fn real(ui: &mut Ui, name: &str, value: &mut f64, limit: Limit) -> Response {
    Number::new(name, limit).show(ui, value)
}

/// From nothing to all, in percent too.
pub fn share(ui: &mut Ui, name: &str, value: &mut f64, limit: Limit) -> Response {
    Number::new(name, limit).percent(Percent::Share).show(ui, value)
}

/// Where the model's weights come from.
pub fn init_ui(ui: &mut Ui, init: &mut Init, palette: &Palette) {
    let hint = "The same shape with new weights, without what pretraining taught: to see what that is worth";
    row(ui, "Random weights", hint, palette, |ui| {
        let mut is_random = *init == Init::Random;
        toggle(ui, "Random weights", &mut is_random, palette);
        *init = if is_random { Init::Random } else { Init::Pretrained };
    });
    if *init == Init::Random {
        let words = "Nothing that the model learned is used, only its shape and its vocabulary";
        ui.add(egui::Label::new(text::small(words, palette).color(palette.warn)).wrap());
    }
}

pub fn rates_ui(ui: &mut Ui, draft: &mut RunConfig, expert: bool, palette: &Palette) {
    let is_whole = draft.strategy.kind == StrategyKind::Full;
    let optim = &mut draft.optim;
    row(
        ui,
        "Peak rate",
        "The learning rate after the warm-up; where parts have rates of their own, that of the head",
        palette,
        |ui| {
            real(ui, "Learning rate", &mut optim.lr, limits::PEAK_RATE);
        },
    );
    if is_whole && optim.lr > limits::HIGH_RATE {
        let words =
            "A rate this high usually destroys what the model has learned; 2e-5 to 5e-5 is usual for a whole model";
        ui.add(egui::Label::new(text::small(words, palette).color(palette.warn)).wrap());
    }
    if !expert {
        return;
    }
    for (key, name) in [("embeddings", "Embeddings"), ("encoder", "Encoder"), ("head", "Head")] {
        let hint = "A rate of its own for this part of the model";
        let title = format!("Own rate for {}", name.to_lowercase());
        row(ui, &title, hint, palette, |ui| {
            let label = format!("{name} rate");
            let mut own = optim.lr_groups.contains_key(key);
            let mut value = optim.lr_groups.get(key).copied().unwrap_or(optim.lr);
            ui.add_enabled_ui(own, |ui| real(ui, &label, &mut value, limits::LEARNING_RATE));
            toggle(ui, &title, &mut own, palette);
            if own {
                optim.lr_groups.insert(key.into(), value);
            } else {
                optim.lr_groups.remove(key);
            }
        });
    }
    row(
        ui,
        "Layer-wise decay",
        "Factor on the rate for each layer from the top down; 1 is the same rate everywhere",
        palette,
        |ui| {
            share(ui, "Layer-wise decay", &mut optim.layer_decay, limits::LAYER_DECAY);
        },
    );
}

pub fn schedule_fields_ui(ui: &mut Ui, optim: &mut Optim, expert: bool, palette: &Palette) {
    row(
        ui,
        "Schedule",
        "How the rate changes after the warm-up; one cycle goes up and down along cosines",
        palette,
        |_| {},
    );
    let kinds = [
        (ScheduleKind::Linear, "Linear"),
        (ScheduleKind::Cosine, "Cosine"),
        (ScheduleKind::OneCycle, "One cycle"),
        (ScheduleKind::Constant, "Constant"),
    ];
    if let Some(kind) = segmented(ui, palette, optim.schedule, &kinds, true) {
        optim.schedule = kind;
    }
    if expert {
        row(ui, "Warm-up", "Below 1 a share of the steps, from 1 a number of steps", palette, |ui| {
            Number::new("Warm-up", limits::WARMUP).percent(Percent::ShareOrCount).show(ui, &mut optim.warmup);
        });
    }
}

pub fn training_ui(ui: &mut Ui, draft: &mut RunConfig, expert: bool, palette: &Palette) {
    let run = &mut draft.run;
    row(ui, "Epochs", "How often every example is seen", palette, |ui| {
        let enabled = run.max_steps.is_none();
        ui.add_enabled_ui(enabled, |ui| {
            real(ui, "Epochs", &mut run.epochs, limits::EPOCHS);
        });
    });
    if expert {
        row(ui, "Stop at step", "Instead of a number of epochs", palette, |ui| {
            let mut on = run.max_steps.is_some();
            let mut steps = run.max_steps.unwrap_or(1000);
            ui.add_enabled_ui(on, |ui| whole(ui, "Number of steps", &mut steps, limits::COUNT));
            toggle(ui, "Stop at step", &mut on, palette);
            run.max_steps = on.then_some(steps);
        });
    }
    row(ui, "Batch size", "Texts in one optimizer step", palette, |ui| {
        whole(ui, "Batch size", &mut run.batch, limits::COUNT);
    });
    if expert {
        let batch = run.batch;
        row(
            ui,
            "Micro-batch",
            "Texts computed at once; fewer need less memory and give the same result",
            palette,
            |ui| {
                let mut on = run.micro_batch.is_some();
                let mut size = run.micro_batch.unwrap_or_else(|| batch.div_ceil(2));
                let limit = limits::between(1.0, batch as f64);
                ui.add_enabled_ui(on, |ui| whole(ui, "Micro-batch", &mut size, limit));
                toggle(ui, "Use micro-batches", &mut on, palette);
                run.micro_batch = on.then_some(size);
            },
        );
        row(ui, "Group texts of similar length", "Less work for the longest text of a batch", palette, |ui| {
            toggle(ui, "Group texts of similar length", &mut run.bucket, palette);
        });
        row(ui, "Shuffle", "A new order in each epoch", palette, |ui| {
            toggle(ui, "Shuffle", &mut run.shuffle, palette);
        });
        row(ui, "Seed", "The same seed gives the same run, bit for bit", palette, |ui| {
            whole(ui, "Seed", &mut run.seed, limits::at_least(0.0));
        });
    }
}

pub fn max_tokens_ui(ui: &mut Ui, tokens: &mut usize, most: usize, palette: &Palette) {
    row(ui, "Max length", "Tokens a text may have; what is longer is cut", palette, |ui| {
        let limit = limits::between(limits::FEWEST_TOKENS as f64, most as f64);
        Number::new("Max length", limit).unit("tokens").show(ui, tokens);
    });
}

pub fn regularisation_ui(ui: &mut Ui, draft: &mut RunConfig, palette: &Palette) {
    let (optim, run) = (&mut draft.optim, &mut draft.run);
    row(ui, "Weight decay", "Pulls weights towards zero; not biases and norms", palette, |ui| {
        real(ui, "Weight decay", &mut optim.weight_decay, limits::WEIGHT_DECAY);
    });
    row(ui, "Clip gradients at", "Largest norm of all gradients together; 0 never clips", palette, |ui| {
        real(ui, "Clip gradients at", &mut optim.clip, limits::CLIP);
    });
    row(ui, "Override dropout", "Instead of what the model's configuration says", palette, |ui| {
        let mut on = matches!(run.dropout, Dropout::Rate(_));
        let mut rate = if let Dropout::Rate(rate) = run.dropout { rate } else { 0.1 };
        ui.add_enabled_ui(on, |ui| share(ui, "Dropout", &mut rate, limits::DROPOUT));
        toggle(ui, "Override dropout", &mut on, palette);
        run.dropout = if on { Dropout::Rate(rate) } else { Dropout::Config };
    });
    if draft.task.takes_label_smoothing() {
        row(ui, "Label smoothing", "How much of the target is spread over all classes", palette, |ui| {
            share(ui, "Label smoothing", &mut optim.label_smoothing, limits::LABEL_SMOOTHING);
        });
    }
    if draft.task.has_one_class() {
        let hint = "Examples count the less, the surer the model is of their class (Lin et al., 2017): the exponent, often 2; \
                    0 counts all alike";
        row(ui, "Focal loss", hint, palette, |ui| {
            real(ui, "Focal loss", &mut optim.focal, limits::FOCAL);
        });
        let hint = "Examples of rare classes are learned from several times an epoch, so that all classes are equally frequent";
        row(ui, "Repeat rare classes", hint, palette, |ui| {
            toggle(ui, "Repeat rare classes", &mut draft.data.oversample, palette);
        });
    }
    if !draft.task.takes_class_weights() {
        return;
    }
    row(ui, "Class weights", "Balanced: rare classes count as much as frequent ones", palette, |ui| {
        let choices = [(ClassWeights::None, "Equal"), (ClassWeights::Balanced, "Balanced")];
        if let Some(weights) = segmented(ui, palette, optim.class_weights, &choices, false) {
            optim.class_weights = weights;
        }
    });
}

/// Words hidden while a label is learned, so that hiding words explains the model.
pub fn hidden_words_ui(ui: &mut Ui, draft: &mut RunConfig, palette: &Palette) {
    if draft.task.is_self_supervised() {
        return;
    }
    let hint = "Hides random words while it learns, so that hiding words explains its answers faithfully afterwards \
                (Madsen et al., 2023); it may cost a little accuracy. The share is the mean over all texts: at 25 % every \
                second text has holes";
    row(ui, "Learn with hidden words", hint, palette, |ui| {
        let mut on = draft.data.hide_words > 0.0;
        let mut hidden = if on { draft.data.hide_words } else { USUALLY_HIDDEN };
        ui.add_enabled_ui(on, |ui| share(ui, "Share of words hidden", &mut hidden, limits::HIDDEN_SHARE));
        toggle(ui, "Learn with hidden words", &mut on, palette);
        draft.data.hide_words = if on { hidden } else { 0.0 };
    });
}

/// An epoch or a number of steps.
pub fn every_ui(ui: &mut Ui, name: &str, tooltip: &str, every: &mut Every, palette: &Palette) {
    row(ui, name, tooltip, palette, |ui| {
        let mut steps = if let Every::Steps(steps) = *every { steps } else { 100 };
        let by_steps = matches!(every, Every::Steps(_));
        if by_steps {
            Number::new(&format!("{name} steps"), limits::COUNT).width(76.0).show(ui, &mut steps);
        }
        let choices = [(false, "Epoch"), (true, "Steps")];
        let chosen = segmented(ui, palette, by_steps, &choices, false).unwrap_or(by_steps);
        *every = if chosen { Every::Steps(steps) } else { Every::Epoch };
    });
}

pub fn evaluation_ui(ui: &mut Ui, draft: &mut RunConfig, palette: &Palette) {
    let run = &mut draft.run;
    every_ui(ui, "Evaluate every", "How often the held-out examples are predicted", &mut run.eval_every, palette);
    row(ui, "Keep the best by", "The evaluation that decides which weights are kept", palette, |ui| {
        let shown = format::metric_title(&run.keep_best);
        choice(ui, "Keep the best by", 118.0, &shown, |ui| {
            for key in Measure::keys(draft.task) {
                if let Some(measure) = Measure::find(key) {
                    ui.selectable_value(&mut run.keep_best, (*key).into(), measure.title);
                }
            }
        });
    });
    row(ui, "Stop early", "After so many evaluations without improvement", palette, |ui| {
        let mut on = run.patience > 0;
        let mut patience = run.patience.max(1);
        if !on {
            patience = 3;
        }
        ui.add_enabled_ui(on, |ui| whole(ui, "Evaluations without improvement", &mut patience, limits::COUNT));
        toggle(ui, "Stop early", &mut on, palette);
        run.patience = if on { patience } else { 0 };
    });
}

/// What neighbouring windows of a long text share.
pub fn stride_ui(ui: &mut Ui, stride: &mut usize, max_tokens: usize, palette: &Palette) {
    row(
        ui,
        "Overlap between windows",
        "Tokens that neighbouring windows of a long text have in common",
        palette,
        |ui| {
            whole(ui, "Overlap between windows", stride, limits::between(0.0, max_tokens.saturating_sub(1) as f64));
        },
    );
}

/// How a text is turned into questions, where it is its own lesson.
pub fn language_ui(ui: &mut Ui, draft: &mut RunConfig, expert: bool, palette: &Palette) {
    let is_masked_words = draft.task.targets() == Targets::Hidden;
    let language = &mut draft.language;
    if is_masked_words {
        row(ui, "Objective", "What the model learns to do with a text", palette, |ui| {
            let choices = [
                (LanguageObjective::Masked, "Masked words"),
                (LanguageObjective::Causal, "Next token"),
                (LanguageObjective::Translation, "Translation"),
            ];
            let shown = choices.iter().find(|(kind, _)| *kind == language.objective).map_or("", |(_, name)| name);
            choice(ui, "Objective", 140.0, shown, |ui| {
                for (kind, name) in choices {
                    ui.selectable_value(&mut language.objective, kind, name);
                }
            });
        });
    }
    let is_causal = is_masked_words && language.objective == LanguageObjective::Causal;
    if !is_causal {
        row(ui, "Masked together", "Single tokens, whole words, or spans of neighbouring words", palette, |ui| {
            let styles = [(MaskStyle::Tokens, "Tokens"), (MaskStyle::WholeWords, "Words"), (MaskStyle::Spans, "Spans")];
            if let Some(style) = segmented(ui, palette, language.masking, &styles, false) {
                language.masking = style;
            }
        });
        row(ui, "Share masked", "Share of the tokens that the model has to predict", palette, |ui| {
            share(ui, "Share masked", &mut language.share, limits::MASKED_SHARE);
        });
    }
    let is_pair = is_masked_words && language.objective == LanguageObjective::Translation;
    if expert && !is_pair {
        row(
            ui,
            "Join lines",
            "Fill sequences with the lines of a document; otherwise each line is one",
            palette,
            |ui| {
                toggle(ui, "Join lines", &mut language.join_lines, palette);
            },
        );
    }
    if expert && draft.task.has_generator() {
        row(ui, "Discriminator's weight", "How much its loss counts against the generator's", palette, |ui| {
            real(ui, "Discriminator's weight", &mut language.discriminator_weight, limits::DISCRIMINATOR_WEIGHT);
        });
    }
}

/// Shown where there is a choice, and where one was made on another machine.
fn precision_ui(ui: &mut Ui, products: &mut Products, palette: &Palette) {
    let hint = match precision::instructions() {
        Some(name) => format!(
            "Layers that learn multiply in 16 bits, by the processor's {name}; weights, sums and evaluations stay in 32 bits"
        ),
        None if *products == Products::F32 => return,
        None => "This processor has no instructions for it, and the run will be refused".to_owned(),
    };
    row(ui, "Products in bfloat16", &hint, palette, |ui| {
        let mut is_on = *products == Products::Bf16;
        toggle(ui, "Products in bfloat16", &mut is_on, palette);
        *products = if is_on { Products::Bf16 } else { Products::F32 };
    });
}

pub fn output_ui(ui: &mut Ui, draft: &mut RunConfig, palette: &Palette) {
    let run = &mut draft.run;
    row(ui, "Device", "Automatic takes a graphics card where there is one", palette, |ui| {
        let choices = [(DeviceChoice::Auto, "Automatic"), (DeviceChoice::Cpu, "CPU")];
        let shown = match run.device {
            DeviceChoice::Auto => "Automatic",
            DeviceChoice::Cpu => "CPU",
            DeviceChoice::Cuda => "CUDA",
            DeviceChoice::Metal => "Metal",
        };
        choice(ui, "Device", 118.0, shown, |ui| {
            for (device, name) in choices {
                ui.selectable_value(&mut run.device, device, name);
            }
            #[cfg(feature = "cuda")]
            ui.selectable_value(&mut run.device, DeviceChoice::Cuda, "CUDA");
            #[cfg(feature = "metal")]
            ui.selectable_value(&mut run.device, DeviceChoice::Metal, "Metal");
        });
    });
    precision_ui(ui, &mut run.precision, palette);
    let hint = "The folder of this run; made when it starts";
    row(ui, "Output folder", hint, palette, |ui| {
        let name = run.out.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        ui.add(egui::Label::new(text::number_dim(text::short_name(&name, 24), palette)).truncate());
    });
    let mut out = run.out.display().to_string();
    let field = egui::TextEdit::singleline(&mut out).desired_width(f32::INFINITY).margin(egui::Margin::symmetric(8, 6));
    let response = ui.add(field).accessible_name("Output folder").on_hover_text(hint);
    if response.changed() {
        run.out = out.into();
    }
}

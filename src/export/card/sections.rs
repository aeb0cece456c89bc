//! The text of a card, for people.

use super::super::format::{self, Format};
use super::super::source::Source;
use super::front::{held_out, told};
use crate::files::name;
use crate::metrics::{ClassScore, Evaluation, Measure, Standing};
use crate::model::{EncoderConfig, Family};
use crate::table::Inputs;
use crate::task::{Targets, Task};
use crate::train::config::{ClassWeights, Init, RunConfig};
use crate::train::event::TrainEvent;
use crate::train::run::ReadRun;
use crate::train::strategy::words;
use crate::words::{noun, plural};

/// What a card of a graph in eight bits says of its numbers.
const INT8: &str = "## Precision\n\nThe dense layers of the encoder have weights of 8 bits and round their inputs while the \
                    graph runs. Numbers that this card tells of the model are those of its weights in 32 bits: a few \
                    answers of this graph may be others.\n\n";

pub fn body(source: &Source, format: Format, config: &EncoderConfig) -> String {
    let mut text = String::new();
    let title = source.run.as_ref().map_or_else(|| name(&source.named).into_owned(), |run| run.summary.name.clone());
    text += &format!("# {}\n\n{}\n\n", plain(&title), intent(source, config));
    if let Some(reason) = &source.untrained {
        text += &format!("## Not trained\n\nThe answers of this model mean nothing: {}.\n\n", plain(reason));
    }
    if let Some(run) = &source.run {
        let evaluation = run.evaluation.as_deref().map(|kept| &kept.evaluation);
        text += &data(run, evaluation);
        text += &evaluation.map(|evaluation| results(run, evaluation)).unwrap_or_default();
        text += &training(run);
        text += &limits(run, evaluation);
    } else {
        text += "It was exported from a model folder and not from a run of Attune, so this card knows neither the data nor \
                 how it was trained.\n\n";
    }
    if format == Format::OnnxInt8 {
        text += INT8;
    }
    text += &format::usage(format, source.run.as_ref().map(|run| run.config.task).or_else(|| config.task()));
    text += "## Licence\n\nNone was chosen yet. It depends on the licences of the base model and of the data; write yours \
             into the head of this file (`license: …`) and here.\n";
    text
}

fn intent(source: &Source, config: &EncoderConfig) -> String {
    let family = family(config.family);
    let task = source.run.as_ref().map(|run| run.config.task).or_else(|| config.task());
    let what = task.map_or("without a head".to_owned(), |task| format!("for {}", plain_task(task)));
    let Some(run) = &source.run else { return format!("{family} encoder {what}.") };
    let base = plain(&run.config.model_title());
    match run.config.model.init {
        Init::Pretrained => format!("{family} encoder {what}, fine-tuned from {base} with Attune."),
        Init::Random => {
            format!("{family} encoder {what}, trained from new weights in the shape of {base} with Attune.")
        }
    }
}

/// A family by its name, with the article before it.
fn family(family: Family) -> &'static str {
    match family {
        Family::Bert => "A BERT",
        Family::Roberta => "A RoBERTa",
        Family::XlmRoberta => "An XLM-RoBERTa",
        Family::Camembert => "A CamemBERT",
        Family::DistilBert => "A DistilBERT",
        Family::Albert => "An ALBERT",
        Family::Electra => "An ELECTRA",
        Family::ModernBert => "A ModernBERT",
        Family::DebertaV2 => "A DeBERTa",
    }
}

fn plain_task(task: Task) -> String {
    task.title().to_lowercase()
}

fn data(run: &ReadRun, evaluation: Option<&Evaluation>) -> String {
    let data = &run.config.data;
    let mut text = format!("## Data\n\n- Trained on {}", file(&data.train));
    if let Some(TrainEvent::Started { train_examples, eval_examples, .. }) = started(run) {
        let [train, eval] = [train_examples, eval_examples].map(|count| plural(*count, "example", "examples"));
        text += &format!(": {train}\n- Evaluated on {}: {eval}\n", held_out(run));
    } else {
        text += &format!("\n- Evaluated on {}\n", held_out(run));
    }
    text += &columns(&run.config);
    for fix in &data.fix {
        text += &format!("- Labels were corrected before training: `{}`\n", word(fix));
    }
    for exclude in &data.exclude {
        text += &format!("- Rows were left out by choice: `{}`\n", word(exclude));
    }
    text.push('\n');
    let classes = evaluation.map_or(&[][..], |evaluation| &evaluation.per_class);
    if !classes.is_empty() {
        text += &format!(
            "| {} | evaluated | precision | recall | F1 |\n|---|---|---|---|---|\n",
            class_word(run.config.task)
        );
        for class in classes {
            let ClassScore { label, precision, recall, f1, support } = class;
            text += &format!(
                "| {} | {support} | {} | {} | {} |\n",
                plain(label),
                number(*precision),
                number(*recall),
                number(*f1)
            );
        }
        text.push('\n');
    }
    text
}

fn class_word(task: Task) -> &'static str {
    match task.targets() {
        Targets::Tags => "entity",
        _ => "label",
    }
}

fn columns(config: &RunConfig) -> String {
    let roles = serde_json::to_value(&config.data.columns).unwrap_or_default();
    let named: Vec<String> = roles
        .as_object()
        .into_iter()
        .flatten()
        .filter_map(|(role, column)| Some(format!("{role} from `{}`", column.as_str()?)))
        .collect();
    if named.is_empty() { String::new() } else { format!("- Columns: {}\n", named.join(", ")) }
}

fn results(run: &ReadRun, evaluation: &Evaluation) -> String {
    let task = run.config.task;
    let mut text = format!("## Results\n\n| metric | value | {} |\n|---|---|---|\n", Measure::baseline(task));
    for (key, value) in told(task, evaluation) {
        let title = Measure::find(key).map_or(key, |measure| measure.title);
        let base = evaluation.baseline.get(key).copied().filter(|base| base.is_finite());
        text += &format!("| {title} | {} | {} |\n", number(value), base.map_or("–".to_owned(), number));
    }
    text + "\n"
}

fn training(run: &ReadRun) -> String {
    let config = &run.config;
    let mut lines = vec![
        ("Trained weights", strategy(run)),
        ("Learning rate", format!("{:e}{}", config.optim.lr, own_rates(config))),
        ("Schedule", schedule(config)),
        (
            "Optimizer",
            format!(
                "AdamW, betas {} and {}, epsilon {:e}, weight decay {}, gradients clipped at {}",
                config.optim.betas[0],
                config.optim.betas[1],
                config.optim.eps,
                config.optim.weight_decay,
                config.optim.clip
            ),
        ),
        ("Batch", batch(config)),
        (
            "Epochs",
            config.run.max_steps.map_or(config.run.epochs.to_string(), |steps| plural(steps as usize, "step", "steps")),
        ),
        ("Length", format!("{} tokens at most", config.data.max_tokens)),
        ("Seed", config.run.seed.to_string()),
    ];
    let fit = config.strategy.fit;
    if !fit.has_rate() {
        let of_updates = ["Learning rate", "Schedule", "Optimizer", "Batch", "Epochs"];
        lines.retain(|(name, _)| !of_updates.contains(name));
    }
    if config.optim.label_smoothing > 0.0 && !fit.fits_outputs() {
        lines.push(("Label smoothing", config.optim.label_smoothing.to_string()));
    }
    if config.optim.class_weights == ClassWeights::Balanced && !fit.fits_outputs() {
        lines.push(("Class weights", "balanced".to_owned()));
    }
    if let Some(distill) = &config.distill {
        let (teacher, soft, temperature) = (name(&distill.teacher), distill.soft, distill.temperature);
        let mut told = format!("{teacher}, which counts {soft} of the loss at a temperature of {temperature}");
        for (words, counts) in [
            ("hidden states", distill.hidden),
            ("attention scores", distill.attention),
            ("the angle between last states", distill.cosine),
        ] {
            if counts > 0.0 {
                told.push_str(&format!("; {words} count {counts} beside it"));
            }
        }
        lines.push(("Teacher", told));
    }
    if config.data.hide_words > 0.0 {
        lines.push(("Words hidden while training", config.data.hide_words.to_string()));
    }
    let ordered = config.run.orders.iter().filter(|order| order.what.changes_training());
    let ordered: Vec<String> = ordered.map(|order| format!("{} at step {}", order.what.words(), order.step)).collect();
    if !ordered.is_empty() {
        lines.push(("Changed in mid-run", ordered.join("; ")));
    }
    lines.push(("Weights kept", format!("those best by {}, of step {}", config.run.keep_best, kept_step(run))));
    lines.push(("Time", format!("{:.0} s", run.summary.seconds)));
    let rows: String = lines.iter().map(|(name, value)| format!("| {name} | {} |\n", plain(value))).collect();
    format!("## Training\n\n| setting | value |\n|---|---|\n{rows}\n")
}

fn kept_step(run: &ReadRun) -> u64 {
    run.evaluation.as_deref().map_or(run.summary.step, |kept| kept.step)
}

fn strategy(run: &ReadRun) -> String {
    let what = words(&run.config.strategy);
    format!("{what}: {} of {}", run.summary.trainable, run.summary.parameters)
}

fn own_rates(config: &RunConfig) -> String {
    let groups = config.optim.lr_groups.iter().map(|(name, lr)| format!("{name} {lr:e}"));
    let rates = config.optim.rates.iter().map(|rate| format!("{} {}", rate.pattern, rate.told()));
    let mut own: Vec<String> = groups.chain(rates).collect();
    if config.optim.layer_decay != 1.0 {
        own.push(format!("times {} a layer from the top down", config.optim.layer_decay));
    }
    if own.is_empty() { String::new() } else { format!("; {}", own.join(", ")) }
}

fn schedule(config: &RunConfig) -> String {
    let kind = config.optim.schedule.words();
    match config.optim.warmup {
        0.0 => format!("{kind}, no warm-up"),
        share if share < 1.0 => format!("{kind}, warm-up over {} % of the steps", share * 100.0),
        steps => format!("{kind}, {} of warm-up", plural(steps as usize, "step", "steps")),
    }
}

fn batch(config: &RunConfig) -> String {
    let sequences = || plural(config.run.batch, "sequence", "sequences");
    config.run.batch_tokens.map_or_else(sequences, |tokens| format!("{tokens} tokens"))
}

/// What was found that keeps the numbers from being believed further than they reach.
fn limits(run: &ReadRun, evaluation: Option<&Evaluation>) -> String {
    let mut found = Vec::new();
    if let Some(evaluation) = evaluation {
        found.extend(standing(run, evaluation));
        found.extend(imbalance(run.config.task, &evaluation.per_class));
        found.extend(calibration(evaluation));
        found.extend(evaluation.notes.iter().cloned());
    } else {
        found.push("It was not evaluated".to_owned());
    }
    if let Some(TrainEvent::Started { truncated, train_examples, eval_examples, .. }) = started(run)
        && *truncated > 0
    {
        let (all, most) = (train_examples + eval_examples, run.config.data.max_tokens);
        let are = noun(*truncated, "is", "are");
        found.push(format!(
            "{truncated} of {all} texts {are} longer than {most} tokens, and what is beyond was not read"
        ));
    }
    for event in &run.events {
        match event {
            TrainEvent::Warning { message, .. } if !found.contains(message) => found.push(message.clone()),
            _ => {}
        }
    }
    if found.is_empty() {
        found.push("None were found by Attune; what was not looked for is not here".to_owned());
    }
    let lines: String = found.iter().map(|one| format!("- {}\n", sentence(&plain(one)))).collect();
    format!("## Limits found\n\n{lines}\n")
}

fn standing(run: &ReadRun, evaluation: &Evaluation) -> Option<String> {
    let task = run.config.task;
    let measure = Measure::find(Measure::main(task))?;
    let (value, base) = (*evaluation.metrics.get(measure.key)?, *evaluation.baseline.get(measure.key)?);
    let rows = Some(evaluation.predictions.len()).filter(|rows| *rows > 0);
    let than = Measure::baseline(task);
    match Standing::of(&measure, value, base, rows) {
        Standing::Better => None,
        Standing::Unclear => Some(format!("Its {} is better than {than} by no more than a row or two", measure.title)),
        Standing::Equal => Some(format!("Its {} is no better than {than}", measure.title)),
        Standing::Worse => Some(format!("Its {} is worse than {than}", measure.title)),
    }
}

fn imbalance(task: Task, classes: &[ClassScore]) -> Vec<String> {
    /// How many times as frequent a class may be as another before it is worth a word.
    const UNEVEN: u64 = 5;
    /// Examples below which a class's scores say little.
    const FEW: u64 = 20;
    let mut found = Vec::new();
    let largest = classes.iter().max_by_key(|class| class.support);
    let smallest = classes.iter().min_by_key(|class| class.support);
    if let (Some(largest), Some(smallest)) = (largest, smallest)
        && largest.support > UNEVEN * smallest.support
    {
        let ClassScore { label, support, .. } = largest;
        let (least, count) = (&smallest.label, smallest.support);
        found.push(format!("The classes are uneven: {support} evaluated examples of {label}, {count} of {least}"));
    }
    let few: Vec<String> = classes
        .iter()
        .filter(|class| class.support < FEW)
        .map(|class| format!("{} ({})", class.label, class.support))
        .collect();
    if !few.is_empty() {
        let word = class_word(task);
        found.push(format!(
            "The scores of a {word} with fewer than {FEW} evaluated examples say little: {}",
            few.join(", ")
        ));
    }
    found
}

fn calibration(evaluation: &Evaluation) -> Option<String> {
    let calibration = evaluation.calibration.as_ref().filter(|one| one.before.ece.is_finite())?;
    let side = match calibration.temperature {
        temperature if temperature > 1.05 => "too confident",
        temperature if temperature < 0.95 => "not confident enough",
        _ => "about as confident as it is right",
    };
    let apart = calibration.before.ece * 100.0;
    let Some(held) = &calibration.held else {
        return Some(format!("Confidence and accuracy are {apart:.1} points apart in the mean (ECE)"));
    };
    Some(format!(
        "It is {side}: confidence and accuracy are {apart:.1} points apart in the mean (ECE); dividing the logits by {:.2} \
         brings that to about {:.1}, on rows that this was not fitted on",
        calibration.temperature,
        held.ece * 100.0
    ))
}

fn started(run: &ReadRun) -> Option<&TrainEvent> {
    run.events.iter().find(|event| matches!(event, TrainEvent::Started { .. }))
}

/// Files by their names alone: where they lay is nobody's business.
fn file(inputs: &Inputs) -> String {
    format!("`{}`", inputs.title())
}

/// The word of a choice in `run.toml`.
fn word(choice: &impl serde::Serialize) -> String {
    serde_json::to_value(choice).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

fn number(value: f64) -> String {
    if value.is_finite() { format!("{value:.4}") } else { "–".to_owned() }
}

/// Text in one line in which nothing is taken for a mark of the table.
fn plain(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|").replace('<', "&lt;")
}

/// A message as a sentence begins.
fn sentence(message: &str) -> String {
    let mut letters = message.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

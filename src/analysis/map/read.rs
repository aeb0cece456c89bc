//! Rows as a model has them: the pooled states of each after the layers that are kept, and what its head says, in one pass.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use super::points::Points;
use crate::inspect::predictor::{TOKENS_AT_ONCE, in_batches};
use crate::inspect::{GoOn, InspectError, OpenModel, Pooling, Request, pool};
use crate::model::probability::{sigmoid, softmax};
use crate::model::{HeadKind, Input, Pass};
use crate::task::Task;
use crate::text::tokenizer::Encoded;

/// Texts as a model has them.
#[derive(Debug, Default)]
pub struct Read {
    pub model: PathBuf,
    pub pooling: Pooling,
    /// What enters the first layer, and what comes out of each.
    pub layers: usize,
    /// The states after each layer that is kept.
    pub states: BTreeMap<usize, Arc<Points>>,
    /// What the head says of each; nothing where the model has no head for the task.
    pub said: Vec<Said>,
    /// Texts that did not fit the model, and were cut.
    pub cut: usize,
}

/// What a head says of a text.
#[derive(Clone, Debug, PartialEq)]
pub struct Said {
    pub answer: String,
    /// The probability of the class; of several labels that of the least sure; nothing for a number.
    pub confidence: Option<f32>,
}

/// Bytes of states that are kept; beyond them only those of the layer that was asked for.
const MOST_BYTES: usize = 384 << 20;

/// Reads texts; nothing where `go_on` ended it. `layer` is kept, and the others where there is room. What a head says is
/// asked for a task of whole texts that the model has a head for.
pub fn read(
    model: &mut OpenModel,
    texts: &[Request],
    task: Option<Task>,
    pooling: Pooling,
    layer: usize,
    go_on: GoOn<'_>,
) -> Result<Option<Read>, InspectError> {
    let head = task.filter(|task| reads_whole(*task) && model.heads.contains(task) && model.untrained.is_empty());
    if let Some(task) = head {
        model.turn_to(task)?;
    }
    let config = &model.model.config;
    let (layers, width) = (config.num_hidden_layers + 1, config.hidden_size);
    let fits = texts.len() * layers * width * size_of::<f32>() <= MOST_BYTES;
    let kept: Vec<usize> = if fits { (0..layers).collect() } else { vec![layer] };
    let mut cut = 0;
    let encoded = texts.iter().map(|text| {
        let encoded = model.tokenizer.encode(&text.text, text.pair.as_deref(), model.max_tokens)?;
        cut += usize::from(encoded.cut > 0);
        Ok(encoded)
    });
    let tokens = |encoded: &Encoded| encoded.ids.len();
    let heard = &mut |done| go_on(done, texts.len());
    let each =
        in_batches(TOKENS_AT_ONCE, encoded, tokens, heard, |_, batch| one_pass(model, batch, pooling, &kept, head));
    let Some(each) = each? else { return Ok(None) };
    let points =
        |place: usize| Points { width, values: each.iter().flat_map(|(states, _)| &states[place]).copied().collect() };
    let states = kept.iter().enumerate().map(|(place, layer)| (*layer, Arc::new(points(place)))).collect();
    let said = each.iter().filter_map(|(_, said)| said.clone()).collect();
    Ok(Some(Read { model: model.dir.clone(), pooling, layers, states, said, cut }))
}

/// Whether a task's head says one thing of a whole text.
pub fn reads_whole(task: Task) -> bool {
    task.is_sequence() || matches!(task, Task::Nsp | Task::Sop)
}

/// Of a text the states of the kept layers, and what the head says.
type OfText = (Vec<Vec<f32>>, Option<Said>);

fn one_pass(
    model: &OpenModel,
    batch: &[Encoded],
    pooling: Pooling,
    kept: &[usize],
    head: Option<Task>,
) -> Result<Vec<OfText>, InspectError> {
    let input = packed(batch);
    let rows = head.and_then(|task| HeadKind::for_task(task).input().rows(&input)).map(Into::into);
    let pass = Pass { keep_hidden: true, rows, ..Pass::default() };
    let found = model.model.encode(&input, &pass)?;
    let mut each: Vec<OfText> = vec![(Vec::with_capacity(kept.len()), None); batch.len()];
    for layer in kept {
        let hidden = &found.hidden[*layer];
        let width = hidden.dim(1)?;
        let values: Vec<f32> = hidden.flatten_all()?.to_vec1()?;
        for ((states, _), bounds) in each.iter_mut().zip(input.starts.windows(2)) {
            states.push(pool(&values[bounds[0] * width..bounds[1] * width], width, None, pooling));
        }
    }
    if let Some(task) = head {
        let means = model.model.config.reads_mean(HeadKind::for_task(task));
        let all = found.hidden.last().filter(|_| means);
        let read = all.map_or_else(|| Ok(found.last.clone()), |states| model.model.means(states, &input))?;
        let rows: Vec<Vec<f32>> = model.model.logits(task, &read, &input, &pass)?.to_vec2()?;
        each.iter_mut().zip(rows).for_each(|(of, row)| of.1 = Some(said(model, task, &row)));
    }
    Ok(each)
}

fn said(model: &OpenModel, task: Task, row: &[f32]) -> Said {
    let name = |place: usize| model.labels.get(place).cloned().unwrap_or_else(|| place.to_string());
    match task {
        Task::Regress => Said { answer: format!("{:.4}", row.first().copied().unwrap_or(f32::NAN)), confidence: None },
        Task::MultiLabel => {
            let shares = sigmoid(row);
            let applies: Vec<bool> = shares
                .iter()
                .enumerate()
                .map(|(place, share)| *share >= model.decisions.threshold(&name(place)))
                .collect();
            let names: Vec<String> = (0..row.len()).filter(|place| applies[*place]).map(name).collect();
            let sure = |(share, applies): (&f32, &bool)| if *applies { *share } else { 1.0 - share };
            let confidence = shares.iter().zip(&applies).map(sure).reduce(f32::min);
            Said { answer: names.join(", "), confidence }
        }
        _ => {
            let shares = softmax(row);
            // The first of equals, as everywhere.
            let best = (0..shares.len()).reduce(|best, next| if shares[next] > shares[best] { next } else { best });
            let best = best.unwrap_or(0);
            Said { answer: name(best), confidence: shares.get(best).copied() }
        }
    }
}

/// Texts end to end.
fn packed(batch: &[Encoded]) -> Input {
    let mut input = Input { starts: vec![0], ..Input::default() };
    for (slot, encoded) in (0..).zip(batch) {
        input.ids.extend(&encoded.ids);
        input.types.extend(&encoded.types);
        input.starts.push(input.ids.len());
        input.slots.push(slot);
    }
    input
}

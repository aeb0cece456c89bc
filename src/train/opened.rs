//! What a person should know of a model that was opened to be trained: what of its head is new, which heads stand beside
//! that or are left out, and which layers of its files are not read.

use super::TrainError;
use super::config::{Init, RunConfig};
use super::outputs::new_head;
use crate::data::LabelSet;
use crate::model::card::LoadReport;
use crate::model::{self, EncoderConfig, HeadKind, Model};

pub use super::outputs::is_of_a_new_head;

/// All of it, in words.
pub fn words(
    config: &RunConfig,
    labels: &LabelSet,
    model: &Model,
    report: &LoadReport,
) -> Result<Vec<String>, TrainError> {
    let encoder = model::read_config(&config.model_dir()?)?;
    let head = new_head(&encoder, config.task, labels, &report.missing(model, config.task));
    let heads = other_heads(&encoder, HeadKind::for_task(config.task), model, config.model.init);
    let names =
        encoder.name_conflict().filter(|_| encoder.names_head(config.task) && config.task.has_classes_of_data());
    Ok(head.into_iter().chain(heads).chain(report.layers_left_out(&encoder)).chain(names).collect())
}

/// What becomes of heads beside the one that is trained.
fn other_heads(encoder: &EncoderConfig, trained: HeadKind, model: &Model, init: Init) -> Vec<String> {
    let kinds = model.heads.kinds();
    let untrained = model.config.untrained_heads();
    let class = encoder.family.architecture(&kinds);
    let mut told = Vec::new();
    for kind in kinds.iter().filter(|kind| **kind != trained) {
        let head = kind.words();
        told.push(if untrained.contains(kind) {
            format!(
                "{class} of transformers has a head for {head} too, for which there are no trained weights: it is written \
                 with random ones, so that the class opens, and is not asked"
            )
        } else {
            format!("the model's head for {head} is kept as it is beside the one that is trained, since {class} has both")
        });
    }
    let named = encoder.named_heads();
    if init == Init::Pretrained && named.contains(&trained) {
        for kind in named.iter().filter(|kind| !kinds.contains(kind)) {
            told.push(format!("the model's head for {} is left out: {class} has none", kind.words()));
        }
    }
    told
}

//! The rows of a file that a model holds for most alike to a text, as a part of `attune explain`.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, bail};
use serde_json::{Value, json};

use super::data::Columns;
use super::output::one_line;
use crate::analysis::nearest::{Near, Nearest, NearestTo, pooling};
use crate::analysis::pooled::StatesKept;
use crate::analysis::sample::Sampling;
use crate::inspect::why::Asked;
use crate::inspect::{Inquiry, OpenModel};
use crate::train::learned::{self, LearnedKept};

/// What a text is held beside.
pub struct Beside<'a> {
    pub dir: &'a Path,
    pub data: &'a Path,
    /// The last where none is named.
    pub layer: Option<usize>,
    pub asked: &'a Asked,
}

pub struct Found {
    asked: NearestTo,
    nearest: Nearest,
}

impl Beside<'_> {
    pub fn find(&self, model: &mut OpenModel) -> anyhow::Result<Found> {
        let last = model.model.config.num_hidden_layers;
        let layer = self.layer.unwrap_or(last);
        if layer > last {
            bail!("there is no layer {layer} in \"{}\", expected 0 to {last}", self.dir.display());
        }
        let (data, columns) = Columns::default().dataset(self.data, Some(model.task), Some(self.dir))?;
        let wanted = Sampling::all(self.dir.to_owned(), Arc::new(data));
        let go_on = &mut |_: &str, _: u64, _: u64| ControlFlow::Continue(());
        let stopped = "the computation was stopped";
        let rows = learned::rows(&wanted, &StatesKept::default(), &LearnedKept::default(), go_on)?.context(stopped)?;
        let rows = Arc::new(rows);
        columns.tell();
        for note in rows.notes() {
            eprintln!("attune: warning: {note}");
        }
        let asked = NearestTo { asked: self.asked.clone(), rows, layer, pooling: pooling(model.task, layer) };
        let nearest = asked.put_to(model, &mut |_, _| ControlFlow::Continue(()))?.context(stopped)?;
        Ok(Found { asked, nearest })
    }
}

impl Found {
    pub fn facts(&self) -> Value {
        let NearestTo { rows, layer, pooling, .. } = &self.asked;
        let row = |near: &Near| {
            json!({
                "line": rows.data.line(near.example),
                "cosine": near.cosine,
                "label": near.label,
                "agrees": near.agrees,
                "same": near.is_same,
                "in_training": near.in_training,
                "text": rows.data.readable(near.example),
                "pair": rows.data.pair(near.example),
            })
        };
        json!({
            "rows": rows.pooled.examples.len(),
            "of": rows.pooled.among,
            "layer": layer,
            "pooling": pooling.name(),
            "answer": self.nearest.answer,
            "found": self.nearest.near.iter().map(row).collect::<Vec<_>>(),
        })
    }

    pub fn lines(&self) -> Vec<String> {
        let NearestTo { rows, layer, pooling, .. } = &self.asked;
        let after = if *layer == 0 { "of the embeddings".to_owned() } else { format!("after layer {layer}") };
        let head = format!("nearest rows {after} ({})", pooling.title());
        let row = |near: &Near| {
            let mark = match near.agrees {
                Some(false) => "≠",
                Some(true) => "=",
                None => " ",
            };
            let same = if near.is_same { "the same text: " } else { "" };
            let learned = if near.in_training == Some(true) { "in training set: " } else { "" };
            let text: String = one_line(&rows.data.readable(near.example)).chars().take(80).collect();
            let label = near.label.as_deref().unwrap_or_default();
            format!(
                "{:>9.4}  {mark} {label:<14} line {:<6} {learned}{same}{text}",
                near.cosine,
                rows.data.line(near.example)
            )
        };
        std::iter::once(head).chain(self.nearest.near.iter().map(row)).collect()
    }
}

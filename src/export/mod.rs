//! What is written for other programs: a model as transformers, PEFT, sentence-transformers or any runtime of ONNX opens it,
//! with a card that says what it is and a receipt that proves it, and a run as a script.
//!
//! From the ground up: the formats (`format.rs`); what is exported (`source.rs`); the folders of each format (`folder.rs`, `onnx/`, `sentences.rs`); the
//! card (`card.rs`), the receipt (`receipt.rs`), how it was trained as the Trainer tells it (`state.rs`) and the script (`script.rs`); and here, what is asked and what came of it.
//! Nothing is written over that Attune did not write.

mod card;
mod error;
mod folder;
mod format;
pub mod onnx;
mod outputs;
mod receipt;
mod script;
mod sentences;
mod source;
mod state;

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

pub use error::ExportError;
pub use format::Format;
use source::Source;

use crate::files;

/// What is to be written, and from what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// A run's folder, or that of a model or an adapter.
    pub from: PathBuf,
    pub to: PathBuf,
    /// Each in the folder itself where it is the only one, else in a folder of its name.
    pub formats: Vec<Format>,
    pub receipt: bool,
    /// Also a script of Python that trains the same, with its rows.
    pub script: bool,
}

/// What was written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    pub to: PathBuf,
    /// Paths below the folder, with their bytes, sorted.
    pub files: Vec<(String, u64)>,
    /// What a person should know of it.
    pub notes: Vec<String>,
}

/// Hears what is being written, and the how manieth of how many it is; says whether to go on.
pub type OnProgress<'a> = &'a mut dyn FnMut(&'static str, usize, usize) -> ControlFlow<()>;

/// Writes what is planned; nothing where `on_progress` ended it, and then what was begun is incomplete.
pub fn export(plan: &Plan, on_progress: OnProgress<'_>) -> Result<Option<Written>, ExportError> {
    check(plan)?;
    let mut source = Source::find(&plan.from)?;
    for format in &plan.formats {
        source.check(*format)?;
        folder::check_free(&plan.place(*format), *format)?;
    }
    if plan.formats.contains(&Format::Hf) {
        source = source.looked_through()?;
    }
    if plan.script {
        script::check(&source)?;
    }
    let mut notes = source.damage();
    notes.extend(source.untrained.as_ref().map(|reason| format!("the answers of this model mean nothing: {reason}")));
    let mut written = Written { to: plan.to.clone(), notes, ..Written::default() };
    let steps = plan.formats.len() + usize::from(plan.receipt) + usize::from(plan.script);
    for (done, format) in plan.formats.iter().enumerate() {
        if on_progress(format.title(), done, steps).is_break() {
            return Ok(None);
        }
        let place = plan.place(*format);
        files::create_folders(&place).map_err(|error| ExportError::Write { path: place.clone(), source: error })?;
        files::remove_begun(&place);
        folder::write(&source, *format, &place)?;
        written.notes.extend(card::write(&source, *format, &place)?);
    }
    if plan.receipt {
        if on_progress("Receipt", plan.formats.len(), steps).is_break() {
            return Ok(None);
        }
        written.notes.extend(receipt::write(&source, &plan.place(Format::Hf))?);
    }
    if plan.script {
        if on_progress("Script", steps - 1, steps).is_break() {
            return Ok(None);
        }
        written.notes.extend(script::write(&source, &plan.to)?);
    }
    written.files = listed(&plan.to);
    Ok(Some(written))
}

fn check(plan: &Plan) -> Result<(), ExportError> {
    if plan.formats.is_empty() && !plan.script {
        return Err(ExportError::Nothing);
    }
    if plan.receipt && !plan.formats.contains(&Format::Hf) {
        let formats: Vec<&str> = plan.formats.iter().map(|format| format.name()).collect();
        return Err(ExportError::ReceiptNeedsHf { formats: formats.join(", ") });
    }
    Ok(())
}

impl Plan {
    /// Where a format is written.
    fn place(&self, format: Format) -> PathBuf {
        if self.formats.len() == 1 { self.to.clone() } else { self.to.join(format.name()) }
    }
}

/// What can be written of what lies in a folder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Offer {
    /// Each with the bytes it will have, about.
    pub formats: Vec<(Format, u64)>,
    /// Why there is no script, where there is none.
    pub no_script: Option<String>,
}

pub fn offered(from: &Path) -> Result<Offer, ExportError> {
    let source = Source::find(from)?;
    let formats = Format::ALL.into_iter().filter(|format| source.check(*format).is_ok());
    let no_script = script::check(&source).err().map(|error| error.to_string());
    Ok(Offer { formats: formats.map(|format| (format, source.bytes(format))).collect(), no_script })
}

fn listed(dir: &Path) -> Vec<(String, u64)> {
    let mut found = Vec::new();
    let mut open = vec![dir.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            match entry.metadata() {
                Ok(data) if data.is_dir() => open.push(path),
                Ok(data) => {
                    let name = path.strip_prefix(dir).unwrap_or(&path).to_string_lossy().replace('\\', "/");
                    found.push((name, data.len()));
                }
                Err(_) => {}
            }
        }
    }
    found.sort();
    found
}

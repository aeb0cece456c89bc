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

/// Writes what is planned, or nothing where it fails or `on_progress` ended it.
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
    let (is_new, part) = (!plan.to.exists(), plan.to.join(folder::PART));
    let failed = |path: &Path, source| ExportError::Write { path: path.to_owned(), source };
    files::remove_folder(&part).map_err(|source| failed(&part, source))?;
    let outcome = build(&source, plan, &part, on_progress);
    let outcome = match outcome {
        Ok(Some(notes)) => place(plan, &part).map(|()| Some(notes)),
        outcome => outcome,
    };
    // Whatever came of it, nothing half done stays in the way; a folder that cannot be removed is removed the next time.
    files::remove_folder(&part).ok();
    let Some(notes) = outcome.inspect_err(|_| leave_none(plan, is_new))? else {
        leave_none(plan, is_new);
        return Ok(None);
    };
    Ok(Some(Written { to: plan.to.clone(), files: listed(&plan.to), notes }))
}

/// Removes a folder that was made for what is not written.
fn leave_none(plan: &Plan, is_new: bool) {
    if is_new {
        // One that is not empty is somebody else's by now.
        std::fs::remove_dir(&plan.to).ok();
    }
}

/// Writes all that is planned into a folder, in order; returns what a person should know of it.
fn build(
    source: &Source,
    plan: &Plan,
    part: &Path,
    on_progress: OnProgress<'_>,
) -> Result<Option<Vec<String>>, ExportError> {
    let grown = Plan { to: part.to_owned(), ..plan.clone() };
    let mut notes = source.damage();
    notes.extend(source.untrained.as_ref().map(|reason| format!("the answers of this model mean nothing: {reason}")));
    let steps = plan.formats.len() + usize::from(plan.receipt) + usize::from(plan.script);
    let create = |place: &Path| {
        files::create_folders(place).map_err(|source| ExportError::Write { path: place.to_owned(), source })
    };
    for (done, format) in plan.formats.iter().enumerate() {
        if on_progress(format.title(), done, steps).is_break() {
            return Ok(None);
        }
        let within = grown.place(*format);
        create(&within)?;
        folder::write(source, *format, &within)?;
        notes.extend(card::write(source, *format, &within, &plan.place(*format))?);
    }
    if plan.receipt {
        if on_progress("Receipt", plan.formats.len(), steps).is_break() {
            return Ok(None);
        }
        notes.extend(receipt::write(source, &grown.place(Format::Hf))?);
    }
    if plan.script {
        if on_progress("Script", steps - 1, steps).is_break() {
            return Ok(None);
        }
        create(part)?;
        notes.extend(script::write(source, part)?);
    }
    Ok(Some(notes))
}

/// Gives the files that are whole their places.
fn place(plan: &Plan, part: &Path) -> Result<(), ExportError> {
    for format in &plan.formats {
        folder::clear(&plan.place(*format))?;
    }
    for (name, _) in listed(part) {
        let to = plan.to.join(&name);
        let failed = |source| ExportError::Write { path: to.clone(), source };
        files::create_folders(to.parent().unwrap_or(&plan.to)).map_err(failed)?;
        files::rename(&part.join(&name), &to).map_err(failed)?;
    }
    Ok(())
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

//! The folder of each format.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::format::Format;
use super::source::Source;
use super::{ExportError, card, onnx, receipt, sentences, state};
use crate::files::{is_begun, read_note_text, remove_begun, remove_file, write_atomically};
use crate::model::{self, Family, adapter, kept};
use crate::text::Tokenizer;

/// Files that are an adapter's alone.
const OF_ADAPTER: [&str; 3] = [adapter::CONFIG, "adapter_model.safetensors", "adapter_model.bin"];

/// Where files grow, inside the folder that is written: they get their places when all of them are whole.
pub const PART: &str = ".attune-part";

/// Only a new folder is written, or one that an earlier export of the same kind made.
pub fn check_free(to: &Path, format: Format) -> Result<(), ExportError> {
    // What an export that was killed left is no longer wanted.
    let is_part = |entry: &fs::DirEntry| entry.file_name() == PART;
    let is_free = fs::read_dir(to).map_or(true, |entries| entries.flatten().all(|entry| is_part(&entry)));
    if is_free || card::is_of(to, format) { Ok(()) } else { Err(ExportError::NotEmpty { to: to.to_owned() }) }
}

/// Removes what an earlier export left and would speak of other weights, and what one that was killed had begun.
pub fn clear(to: &Path) -> Result<(), ExportError> {
    remove_begun(to);
    for name in receipt::FILES.into_iter().chain([state::FILE]) {
        let path = to.join(name);
        remove_file(&path).map_err(|error| ExportError::Write { path, source: error })?;
    }
    Ok(())
}

/// Writes a format into a folder, which must exist.
pub fn write(source: &Source, format: Format, to: &Path) -> Result<(), ExportError> {
    match (format, &source.adapter) {
        (Format::Peft, Some(adapter)) => copy_all(adapter, to, &[]),
        (Format::Peft, None) => Err(ExportError::NoAdapter { run: source.named.clone() }),
        (Format::Hf, _) => {
            whole(source, to)?;
            source.run.as_ref().map_or(Ok(()), |run| state::write(run, to))
        }
        (Format::SentenceTransformers, _) => {
            whole(source, to)?;
            let config = source.config()?;
            let most = source.run.as_ref().map_or(config.max_tokens(), |run| run.config.data.max_tokens);
            for (name, value) in sentences::files(&config, most) {
                write_json(&value, &to.join(name))?;
            }
            Ok(())
        }
        (Format::Onnx, _) => graph(source, onnx::Precision::Float, to),
        (Format::OnnxInt8, _) => graph(source, onnx::Precision::Int8, to),
    }
}

/// A graph, with what it is and how texts become its input.
fn graph(source: &Source, precision: onnx::Precision, to: &Path) -> Result<(), ExportError> {
    let model = source.open_trained()?;
    onnx::write(&onnx::graph(&model, precision), to)?;
    write_json(&Value::Object(model.saved_config()), &to.join("config.json"))?;
    save_tokenizer(source, to)
}

/// A model with all its weights in place, as transformers opens it.
fn whole(source: &Source, to: &Path) -> Result<(), ExportError> {
    if adapter::is_one(&source.model) {
        copy_all(&source.model, to, &OF_ADAPTER)?;
        source.open()?.save(to)?;
    } else if kept::is_one(&source.model) {
        copy_all(&source.model, to, &kept::FILES)?;
        source.open()?.save(to)?;
    } else {
        copy_all(&source.model, to, &[])?;
    }
    save_tokenizer(source, to)
}

/// Writes `tokenizer.json` and what transformers reads beside it, so that it takes the one and makes no other.
///
/// transformers 5 makes ALBERT's tokenizer anew from its pieces: it joins blanks, and leaves out segments, so that pairs are
/// answered otherwise. Under the class of no family it is read as it stands, by transformers 4 as well.
fn save_tokenizer(source: &Source, to: &Path) -> Result<(), ExportError> {
    const CONFIG: &str = "tokenizer_config.json";
    Tokenizer::open(&model::tokenizer_folder(&source.model))?.save(to)?;
    if source.config()?.family != Family::Albert {
        return Ok(());
    }
    let path = to.join(CONFIG);
    let text = read_note_text(&path).map_err(|source| ExportError::Read { path, source })?;
    let mut config: Value = serde_json::from_str(&text).unwrap_or_default();
    config["tokenizer_class"] = json!("PreTrainedTokenizerFast");
    config["model_input_names"] = json!(["input_ids", "token_type_ids", "attention_mask"]);
    write_json(&config, &to.join(CONFIG))
}

fn write_json(value: &Value, path: &Path) -> Result<(), ExportError> {
    let written = write_atomically(path, |file| file.write_all(format!("{value:#}\n").as_bytes()));
    written.map_err(|source| ExportError::Write { path: path.to_owned(), source })
}

/// Copies the files of a folder. Its card is not among them: the one that is written says what this export is.
fn copy_all(from: &Path, to: &Path, but: &[&str]) -> Result<(), ExportError> {
    let unreadable = |source| ExportError::Read { path: from.to_owned(), source };
    for entry in fs::read_dir(from).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let is_left = but.iter().chain(&[card::FILE]).any(|name| entry.file_name() == **name);
        // Links are followed, as a cache is made of them; what is no file is not waited for.
        if is_left || is_begun(&entry.file_name()) || !entry.path().is_file() {
            continue;
        }
        let path = to.join(entry.file_name());
        let copied = fs::copy(entry.path(), &path);
        copied.map_err(|source| ExportError::Write { path, source })?;
    }
    Ok(())
}

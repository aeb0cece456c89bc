//! What lies in the folder of an adapter.

use std::path::{Path, PathBuf};

/// What says in a folder that it holds an adapter.
pub const CONFIG: &str = "adapter_config.json";
/// What its tensors are read from, the preferred first.
pub const WEIGHTS: [&str; 2] = ["adapter_model.safetensors", "adapter_model.bin"];
/// What a tokenizer is read from.
const TOKENIZERS: [&str; 6] =
    ["tokenizer.json", "vocab.txt", "vocab.json", "spiece.model", "sentencepiece.bpe.model", "spm.model"];

/// Whether a folder holds an adapter and no whole model.
pub fn is_one(dir: &Path) -> bool {
    let has = |name: &str| dir.join(name).is_file();
    let whole = ["model.safetensors", "pytorch_model.bin"];
    has(CONFIG) && !whole.iter().any(|name| has(name) || has(&format!("{name}.index.json")))
}

/// Whether a folder is one of a model: a whole one or an adapter.
pub fn is_model_folder(dir: &Path) -> bool {
    dir.join("config.json").is_file() || dir.join(CONFIG).is_file()
}

pub fn has_tokenizer(dir: &Path) -> bool {
    TOKENIZERS.iter().any(|name| dir.join(name).is_file())
}

/// The file of an adapter's tensors.
pub fn weights(dir: &Path) -> Option<PathBuf> {
    WEIGHTS.iter().map(|name| dir.join(name)).find(|path| path.is_file())
}

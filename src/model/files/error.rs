//! Why a model's tensors could not be read or written: the file, the tensor where there is one, and the reason.

use std::path::PathBuf;

use super::Dtype;

#[derive(Debug, thiserror::Error)]
pub enum ModelFilesError {
    #[error(
        "no weights in \"{}\", expected model.safetensors, model.safetensors.index.json, pytorch_model.bin or \
         pytorch_model.bin.index.json{}",
        dir.display(), found.as_deref().map_or(String::new(), |name| format!("; {name} is of another framework"))
    )]
    Missing { dir: PathBuf, found: Option<String> },
    #[error("cannot read \"{}\": {source}", path.display())]
    Read { path: PathBuf, source: std::io::Error },
    #[error("cannot write \"{}\": {source}", path.display())]
    Write { path: PathBuf, source: std::io::Error },
    #[error("\"{}\" is only a pointer to a file kept with Git LFS; fetch the file itself", path.display())]
    LfsPointer { path: PathBuf },
    /// The file as a whole is not what its name says.
    #[error("\"{}\" cannot be read: {reason}", path.display())]
    Malformed { path: PathBuf, reason: String },
    #[error("tensor \"{name}\" of \"{}\" cannot be read: {reason}", path.display())]
    Tensor { path: PathBuf, name: String, reason: String },
    #[error("tensor \"{name}\" of \"{}\" holds {dtype} values, expected f32, f16, bf16 or f64", path.display())]
    NotFloat { path: PathBuf, name: String, dtype: Dtype },
    #[error("there is no tensor \"{name}\" in \"{}\"", dir.display())]
    NoTensor { dir: PathBuf, name: String },
    #[error("tensor \"{name}\" has {found} values for the shape {shape:?}")]
    Shape { name: String, shape: Vec<usize>, found: usize },
    #[error("the values of tensor \"{name}\" cannot be read: {source}")]
    Values { name: String, source: Box<dyn std::error::Error + Send + Sync> },
    #[error("two tensors have the name \"{name}\"")]
    Twice { name: String },
}

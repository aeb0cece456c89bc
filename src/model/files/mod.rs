//! Tensors on disk, by the names a file gives them: safetensors and torch's own format, whole or in shards.
//!
//! Opening reads the lists of names only; values are read one tensor at a time, so a model is never held twice. Files
//! are untrusted: every size is held against the file's before anything is allocated, nothing in a file is executed,
//! and nothing is mapped into memory, because a mapped file that is cut short ends the whole program.

mod archive;
mod dtype;
mod error;
mod header;
mod pickle;
mod tensor;
mod torch;
mod write;

use std::collections::{BTreeSet, HashMap};
use std::fs::File;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::files::{self, read_whole};
use crate::guard::guarded;
use crate::stop::heed;
pub use dtype::Dtype;
pub use error::ModelFilesError;
pub use tensor::TensorInfo;
use tensor::{MAX_LIST_BYTES, MAX_TENSORS, read_at, read_tensor};
pub use write::write_safetensors;

const MAX_SHARDS: usize = 1000;
/// The tensors of a model folder.
#[derive(Debug)]
pub struct TensorFiles {
    dir: PathBuf,
    files: Vec<(PathBuf, File)>,
    tensors: Vec<TensorInfo>,
    by_name: HashMap<String, usize>,
}

#[derive(Clone, Copy)]
enum Format {
    Safetensors,
    Torch,
}

impl TensorFiles {
    /// Lists the tensors of a folder: of `model.safetensors`, else of the shards its index names, else of
    /// `pytorch_model.bin`, else of its shards.
    pub fn open(dir: &Path) -> Result<Self, ModelFilesError> {
        let mut opened = Self { dir: dir.to_owned(), files: Vec::new(), tensors: Vec::new(), by_name: HashMap::new() };
        for (name, format) in [("model.safetensors", Format::Safetensors), ("pytorch_model.bin", Format::Torch)] {
            if dir.join(name).is_file() {
                opened.add(&dir.join(name), format)?;
                return Ok(opened);
            }
            let index = dir.join(format!("{name}.index.json"));
            if index.is_file() {
                opened.add_shards(&index, format)?;
                return Ok(opened);
            }
        }
        let others = ["tf_model.h5", "flax_model.msgpack", "model.onnx", "rust_model.ot", "model.ckpt.index"];
        let found = others.into_iter().find(|name| dir.join(name).exists()).map(str::to_owned);
        Err(ModelFilesError::Missing { dir: dir.to_owned(), found })
    }

    /// Lists the tensors of one file, whatever its name: safetensors by its ending, else torch's format.
    pub fn open_file(path: &Path) -> Result<Self, ModelFilesError> {
        let dir = path.parent().unwrap_or(Path::new("")).to_owned();
        let mut opened = Self { dir, files: Vec::new(), tensors: Vec::new(), by_name: HashMap::new() };
        let is_safetensors = path.extension().is_some_and(|ending| ending == "safetensors");
        opened.add(path, if is_safetensors { Format::Safetensors } else { Format::Torch })?;
        Ok(opened)
    }

    /// All tensors, in the order of their names in each file.
    pub fn tensors(&self) -> &[TensorInfo] {
        &self.tensors
    }

    pub fn find(&self, name: &str) -> Option<&TensorInfo> {
        self.by_name.get(name).map(|index| &self.tensors[*index])
    }

    /// The kind of number that most of the weights are stored in.
    pub fn dtype(&self) -> String {
        let mut counts: Vec<(usize, Dtype)> = Vec::new();
        for tensor in &self.tensors {
            match counts.iter_mut().find(|(_, dtype)| *dtype == tensor.dtype) {
                Some((count, _)) => *count += tensor.count(),
                None => counts.push((tensor.count(), tensor.dtype)),
            }
        }
        counts.into_iter().max().map_or_else(String::new, |(_, dtype)| dtype.to_string())
    }

    /// The values of a tensor in row-major order. Whole numbers are refused.
    pub fn read_f32(&self, name: &str) -> Result<Vec<f32>, ModelFilesError> {
        let missing = || ModelFilesError::NoTensor { dir: self.dir.clone(), name: name.to_owned() };
        let tensor = self.find(name).ok_or_else(missing)?;
        let (path, file) = &self.files[tensor.place.file];
        if !tensor.dtype.is_float() {
            return Err(ModelFilesError::NotFloat { path: path.clone(), name: name.to_owned(), dtype: tensor.dtype });
        }
        heed();
        read_tensor(file, tensor).map_err(|error| ModelFilesError::Tensor {
            path: path.clone(),
            name: name.to_owned(),
            reason: error.to_string(),
        })
    }

    fn add(&mut self, path: &Path, format: Format) -> Result<(), ModelFilesError> {
        let failed = |source| ModelFilesError::Read { path: path.to_owned(), source };
        let malformed = |reason| ModelFilesError::Malformed { path: path.to_owned(), reason };
        let file = files::open(path).map_err(failed)?;
        let length = file.metadata().map_err(failed)?.len();
        if is_lfs_pointer(&file, length) {
            return Err(ModelFilesError::LfsPointer { path: path.to_owned() });
        }
        let list = || match format {
            Format::Safetensors => header::tensors(&file, length),
            Format::Torch => torch::tensors(&file, length),
        };
        let tensors = guarded(list).and_then(|list| list).map_err(malformed)?;
        if self.tensors.len() + tensors.len() > MAX_TENSORS {
            return Err(malformed(format!("there are more than {MAX_TENSORS} tensors")));
        }
        for mut tensor in tensors {
            tensor.place.file = self.files.len();
            if self.by_name.insert(tensor.name.clone(), self.tensors.len()).is_some() {
                return Err(malformed(format!("the tensor {:?} is there twice", tensor.name)));
            }
            self.tensors.push(tensor);
        }
        self.files.push((path.to_owned(), file));
        Ok(())
    }

    /// Adds the files that an index names, and holds them against it.
    fn add_shards(&mut self, index: &Path, format: Format) -> Result<(), ModelFilesError> {
        let malformed = |reason: String| ModelFilesError::Malformed { path: index.to_owned(), reason };
        let failed = |source| ModelFilesError::Read { path: index.to_owned(), source };
        let text = read_whole(index, MAX_LIST_BYTES).map_err(failed)?;
        let content: Value = serde_json::from_slice(&text).map_err(|error| malformed(error.to_string()))?;
        let map = content.get("weight_map").and_then(Value::as_object);
        let map = map.ok_or_else(|| malformed("it has no weight_map".to_owned()))?;
        let mut shards = BTreeSet::new();
        for shard in map.values() {
            let shard = shard.as_str().filter(|name| is_plain_name(name));
            let shard = shard
                .ok_or_else(|| malformed("its weight_map names something that is not a file beside it".to_owned()))?;
            shards.insert(shard);
        }
        if shards.len() > MAX_SHARDS {
            return Err(malformed(format!("it names more than {MAX_SHARDS} files")));
        }
        for shard in shards {
            self.add(&self.dir.join(shard), format)?;
        }
        for (name, shard) in map {
            let found = self.find(name).and_then(|tensor| self.files[tensor.place.file].0.file_name());
            if found.is_none_or(|found| Some(found) != shard.as_str().map(AsRef::as_ref)) {
                return Err(malformed(format!("it promises the tensor {name:?} in {shard}, which does not have it")));
            }
        }
        Ok(())
    }
}

/// The name of a file in the same folder, and nothing else.
fn is_plain_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(['/', '\\', ':', '\0']) && name != "." && name != ".."
}

fn is_lfs_pointer(file: &File, length: u64) -> bool {
    let mut start = [0; 64];
    let known = usize::try_from(length).map_or(64, |length| length.min(64));
    length < 1024
        && read_at(file, 0, &mut start[..known]).is_ok()
        && start.starts_with(b"version ")
        && start.windows(7).any(|window| window == b"git-lfs")
}

#[cfg(test)]
mod tests;

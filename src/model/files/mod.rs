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
mod torch;
mod write;

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::guard::guarded;
pub use dtype::Dtype;
pub use error::ModelFilesError;
pub use write::write_safetensors;

/// More tensors than this are in no encoder.
const MAX_TENSORS: usize = 20_000;
/// Lists of names are read up to this size.
const MAX_LIST_BYTES: u64 = 16 << 20;
const MAX_SHARDS: usize = 1000;
/// How much of a tensor is read at once.
const CHUNK_BYTES: usize = 1 << 20;

/// A tensor in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TensorInfo {
    pub name: String,
    pub shape: Vec<usize>,
    pub dtype: Dtype,
    place: Place,
}

impl TensorInfo {
    /// How many numbers it has.
    pub fn count(&self) -> usize {
        self.shape.iter().product()
    }
}

/// Where a tensor's numbers lie in its file.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    file: usize,
    /// Byte of its first number.
    start: u64,
    /// Distance of neighbours along each dimension, in numbers; empty where they lie one after another.
    strides: Vec<usize>,
}

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
        read_tensor(file, tensor).map_err(|error| ModelFilesError::Tensor {
            path: path.clone(),
            name: name.to_owned(),
            reason: error.to_string(),
        })
    }

    fn add(&mut self, path: &Path, format: Format) -> Result<(), ModelFilesError> {
        let failed = |source| ModelFilesError::Read { path: path.to_owned(), source };
        let malformed = |reason| ModelFilesError::Malformed { path: path.to_owned(), reason };
        let file = File::open(path).map_err(failed)?;
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
        let bytes = std::fs::metadata(index).map_err(failed)?.len();
        if bytes > MAX_LIST_BYTES {
            return Err(malformed(format!("it has {bytes} bytes, at most {MAX_LIST_BYTES} are read")));
        }
        let text = std::fs::read(index).map_err(failed)?;
        let content: Value = serde_json::from_slice(&text).map_err(|error| malformed(error.to_string()))?;
        let map = content.get("weight_map").and_then(Value::as_object);
        let map = map.ok_or_else(|| malformed("it has no weight_map".to_owned()))?;
        let mut shards: Vec<&str> = Vec::new();
        for shard in map.values() {
            let shard = shard.as_str().filter(|name| is_plain_name(name));
            let shard = shard
                .ok_or_else(|| malformed("its weight_map names something that is not a file beside it".to_owned()))?;
            if shards.last() != Some(&shard) && !shards.contains(&shard) {
                shards.push(shard);
            }
        }
        if shards.len() > MAX_SHARDS {
            return Err(malformed(format!("it names more than {MAX_SHARDS} files")));
        }
        shards.sort_unstable();
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

/// Bytes of a file from a place on, without moving anyone's position in it.
#[cfg(unix)]
fn read_at(file: &File, start: u64, bytes: &mut [u8]) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, bytes, start)
}

#[cfg(windows)]
fn read_at(file: &File, mut start: u64, mut bytes: &mut [u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match std::os::windows::fs::FileExt::seek_read(file, bytes, start)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            read => {
                bytes = &mut bytes[read..];
                start += read as u64;
            }
        }
    }
    Ok(())
}

/// A tensor's values. Its sizes were held against the file when it was listed.
fn read_tensor(file: &File, tensor: &TensorInfo) -> io::Result<Vec<f32>> {
    let Place { start, strides, .. } = &tensor.place;
    if strides.is_empty() {
        return read_run(file, *start, tensor.count(), tensor.dtype);
    }
    if tensor.count() == 0 {
        return Ok(Vec::new());
    }
    let reach: usize = tensor.shape.iter().zip(strides).map(|(size, stride)| (size - 1) * stride).sum();
    let stored = read_run(file, *start, reach + 1, tensor.dtype)?;
    let mut values = Vec::with_capacity(tensor.count());
    let mut index = vec![0; tensor.shape.len()];
    loop {
        values.push(stored[index.iter().zip(strides).map(|(at, stride)| at * stride).sum::<usize>()]);
        // Counts the index up, the last dimension first.
        let Some(dimension) = (0..index.len()).rev().find(|dimension| index[*dimension] + 1 < tensor.shape[*dimension])
        else {
            return Ok(values);
        };
        index[dimension] += 1;
        index[dimension + 1..].fill(0);
    }
}

/// Numbers that lie one after another.
fn read_run(file: &File, start: u64, count: usize, dtype: Dtype) -> io::Result<Vec<f32>> {
    let mut values = Vec::with_capacity(count);
    let mut buffer = vec![0; CHUNK_BYTES.min(count * dtype.size() as usize)];
    let (mut at, end) = (start, start + count as u64 * dtype.size());
    while at < end {
        let length = (end - at).min(CHUNK_BYTES as u64) as usize;
        read_at(file, at, &mut buffer[..length])?;
        dtype.append(&buffer[..length], &mut values).ok_or(io::ErrorKind::InvalidData)?;
        at += length as u64;
    }
    Ok(values)
}

#[cfg(test)]
mod tests;

//! One tensor in a file: what the file says of it, where its numbers lie, and reading them.

use std::fs::File;
use std::io;

use super::Dtype;

/// More tensors than this are in no encoder.
pub(super) const MAX_TENSORS: usize = 20_000;
/// Lists of names are read up to this size.
pub(super) const MAX_LIST_BYTES: u64 = 16 << 20;
/// How much of a tensor is read at once.
const CHUNK_BYTES: usize = 1 << 20;

/// A tensor in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TensorInfo {
    pub name: String,
    pub shape: Vec<usize>,
    pub dtype: Dtype,
    pub(super) place: Place,
}

impl TensorInfo {
    /// How many numbers it has.
    pub fn count(&self) -> usize {
        self.shape.iter().product()
    }
}

/// Where a tensor's numbers lie in its file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub file: usize,
    /// Byte of its first number.
    pub start: u64,
    /// Distance of neighbours along each dimension, in numbers; empty where they lie one after another.
    pub strides: Vec<usize>,
}

/// Bytes of a file from a place on, without moving anyone's position in it.
#[cfg(unix)]
pub(super) fn read_at(file: &File, start: u64, bytes: &mut [u8]) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, bytes, start)
}

#[cfg(windows)]
pub(super) fn read_at(file: &File, mut start: u64, mut bytes: &mut [u8]) -> io::Result<()> {
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
pub(super) fn read_tensor(file: &File, tensor: &TensorInfo) -> io::Result<Vec<f32>> {
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

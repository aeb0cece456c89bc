//! The list at the head of a safetensors file.
//!
//! The rules are the format's own: the tensors fill the rest of the file exactly, without hole or overlap.

use serde_json::Value;
use std::fs::File;

use super::Dtype;
use super::tensor::{MAX_LIST_BYTES, MAX_TENSORS, Place, TensorInfo, read_at};

/// The tensors of a file, by where they stand in it.
pub(super) fn tensors(file: &File, length: u64) -> Result<Vec<TensorInfo>, String> {
    let mut size = [0; 8];
    if length < 8 {
        return Err(format!("it has {length} bytes and cannot be a safetensors file"));
    }
    read_at(file, 0, &mut size).map_err(|error| error.to_string())?;
    let size = u64::from_le_bytes(size);
    if size > MAX_LIST_BYTES {
        return Err(format!("its header claims {size} bytes, at most {MAX_LIST_BYTES} are read"));
    }
    if size > length - 8 {
        return Err(format!("its header claims {size} bytes, but the file has only {length}; was it cut short?"));
    }
    let mut header = vec![0; size as usize];
    read_at(file, 8, &mut header).map_err(|error| error.to_string())?;
    let header: Value = serde_json::from_slice(&header).map_err(|error| format!("its header is not JSON: {error}"))?;
    let header = header.as_object().ok_or("its header is not an object")?;
    if header.len() > MAX_TENSORS + 1 {
        return Err(format!("there are more than {MAX_TENSORS} tensors"));
    }
    let data = length - 8 - size;
    let listed = header.iter().filter(|(name, _)| *name != "__metadata__");
    let mut ranges: Vec<(u64, u64, TensorInfo)> = listed
        .map(|(name, entry)| {
            let (dtype, shape, [start, end]) =
                entry_of(entry).ok_or_else(|| format!("the entry of tensor {name:?} is malformed"))?;
            let wanted = shape.iter().try_fold(dtype.size(), |bytes, size| bytes.checked_mul(*size as u64));
            if start > end || wanted != Some(end - start) {
                return Err(format!(
                    "tensor {name:?} of shape {shape:?} in {dtype} does not fit bytes {start} to {end}"
                ));
            }
            let place = Place { file: 0, start: 8 + size + start, strides: Vec::new() };
            Ok((start, end, TensorInfo { name: name.clone(), shape, dtype, place }))
        })
        .collect::<Result<_, String>>()?;
    ranges.sort_by_key(|(start, end, _)| (*start, *end));
    let mut at = 0;
    for (start, end, tensor) in &ranges {
        if *start != at {
            return Err(format!("tensor {:?} starts at byte {start} of the data, expected {at}", tensor.name));
        }
        at = *end;
    }
    if at != data {
        return Err(format!("its tensors need {at} bytes, but {data} follow the header; was the file cut short?"));
    }
    Ok(ranges.into_iter().map(|(_, _, tensor)| tensor).collect())
}

fn entry_of(entry: &Value) -> Option<(Dtype, Vec<usize>, [u64; 2])> {
    let dtype = Dtype::from_safetensors(entry.get("dtype")?.as_str()?)?;
    let sizes = entry.get("shape")?.as_array()?;
    let shape = sizes.iter().map(|size| size.as_u64().and_then(|size| usize::try_from(size).ok()));
    let offsets = entry.get("data_offsets")?.as_array()?;
    let [start, end] = offsets.as_slice() else { return None };
    Some((dtype, shape.collect::<Option<_>>()?, [start.as_u64()?, end.as_u64()?]))
}

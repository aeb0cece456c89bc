//! Writing a safetensors file, one tensor after another.

use serde_json::{Map, json};
use std::io;
use std::path::Path;

use super::ModelFilesError;
use crate::files::write_atomically;

/// How many numbers are turned into bytes at once.
const CHUNK: usize = 1 << 16;

/// Writes tensors of `f32` under their names. `values` is asked for one at a time, by its place in the list, so that no
/// more than one is held. The bytes are a function of names and values alone: tensors are sorted as the format's own
/// writer sorts them, and the only metadata is the `{"format":"pt"}` that other readers insist on.
pub fn write_safetensors(
    path: &Path,
    tensors: &[(String, Vec<usize>)],
    mut values: impl FnMut(usize) -> Result<Vec<f32>, Box<dyn std::error::Error + Send + Sync>>,
) -> Result<(), ModelFilesError> {
    let mut order: Vec<usize> = (0..tensors.len()).collect();
    order.sort_by_key(|index| &tensors[*index].0);
    if let Some(two) = order.windows(2).find(|two| tensors[two[0]].0 == tensors[two[1]].0) {
        return Err(ModelFilesError::Twice { name: tensors[two[0]].0.clone() });
    }
    // What failed besides writing is carried out of the writer here.
    let mut failure = None;
    let written = write_atomically(path, |file| {
        file.write_all(&header(tensors, &order))?;
        let mut bytes = Vec::with_capacity(CHUNK * 4);
        for index in order {
            let (name, shape) = &tensors[index];
            let read = match values(index) {
                Ok(read) if read.len() == shape.iter().product::<usize>() => read,
                Ok(read) => {
                    let (name, shape) = (name.clone(), shape.clone());
                    failure = Some(ModelFilesError::Shape { name, shape, found: read.len() });
                    return Err(io::ErrorKind::InvalidData.into());
                }
                Err(source) => {
                    failure = Some(ModelFilesError::Values { name: name.clone(), source });
                    return Err(io::ErrorKind::InvalidData.into());
                }
            };
            for chunk in read.chunks(CHUNK) {
                bytes.clear();
                bytes.extend(chunk.iter().flat_map(|value| value.to_le_bytes()));
                file.write_all(&bytes)?;
            }
        }
        Ok(())
    });
    written.map_err(|source| failure.unwrap_or_else(|| ModelFilesError::Write { path: path.to_owned(), source }))
}

/// The header with its length, padded with spaces so that the numbers start at a multiple of eight.
fn header(tensors: &[(String, Vec<usize>)], order: &[usize]) -> Vec<u8> {
    let mut list = Map::new();
    list.insert("__metadata__".to_owned(), json!({ "format": "pt" }));
    let mut at = 0;
    for index in order {
        let (name, shape) = &tensors[*index];
        let end = at + 4 * shape.iter().product::<usize>();
        list.insert(name.clone(), json!({ "dtype": "F32", "shape": shape, "data_offsets": [at, end] }));
        at = end;
    }
    let mut text = serde_json::Value::Object(list).to_string().into_bytes();
    text.resize(text.len().next_multiple_of(8), b' ');
    let mut bytes = (text.len() as u64).to_le_bytes().to_vec();
    bytes.append(&mut text);
    bytes
}

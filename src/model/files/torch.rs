//! The tensors of a `pytorch_model.bin`: the zip archives of torch since 1.6 and the bare pickles from before.
//!
//! Both describe tensors as views into storages: a storage, where the view begins, its sizes and its strides. Tied
//! weights are views of the same storage and are listed under each of their names.

use std::collections::HashMap;
use std::fs::File;

use super::Dtype;
use super::archive::{self, Member};
use super::pickle::{Node, Pickle, Trouble, Value};
use super::tensor::{MAX_LIST_BYTES, MAX_TENSORS, Place, TensorInfo, read_at};

/// The number at the head of the older format, and the version that follows it.
const MAGIC: [u8; 10] = [0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];
const VERSION: i64 = 1001;
const MAX_DIMENSIONS: usize = 16;
/// Parameters wrapped in parameters, and dictionaries in dictionaries, go no deeper.
const MAX_WRAPS: usize = 4;

/// A storage as the pickle refers to it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Storage {
    key: String,
    dtype: Dtype,
    /// Numbers in the whole storage, of which this is a part from `first` on.
    total: u64,
    first: u64,
    length: u64,
}

/// A tensor as the pickle describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct View {
    storage: Storage,
    offset: u64,
    shape: Vec<usize>,
    strides: Vec<usize>,
}

/// Lists the tensors of a file.
pub(super) fn tensors(file: &File, length: u64) -> Result<Vec<TensorInfo>, String> {
    let mut start = [0; 4];
    if length < 4 {
        return Err(format!("it has {length} bytes and cannot hold weights"));
    }
    read_at(file, 0, &mut start).map_err(|error| error.to_string())?;
    if start.starts_with(b"PK") {
        return from_archive(file, length);
    }
    if start[0] == 0x80 {
        return from_pickles(file, length);
    }
    Err("it is neither a zip archive nor a pickle, as torch writes them".to_owned())
}

fn from_archive(file: &File, length: u64) -> Result<Vec<TensorInfo>, String> {
    let members = archive::members(file, length)?;
    let mut found = members.iter().filter_map(|member| Some((member, member.name.strip_suffix("data.pkl")?)));
    let Some((pickled, folder)) = found.find(|(_, folder)| folder.is_empty() || folder.ends_with('/')) else {
        return Err("it is a zip archive without a data.pkl, so not written by torch".to_owned());
    };
    let by_name: HashMap<&str, &Member> = members.iter().map(|member| (member.name.as_str(), member)).collect();
    if let Some(order) = by_name.get(format!("{folder}byteorder").as_str())
        && archive::content(file, length, order, 16)? != b"little"
    {
        return Err("its numbers are stored with the high byte first".to_owned());
    }
    let bytes = archive::content(file, length, pickled, MAX_LIST_BYTES)?;
    let pickle = Pickle::read(&bytes).map_err(|trouble| match trouble {
        Trouble::Ended => "its list of tensors is cut short".to_owned(),
        Trouble::Bad(reason) => reason,
    })?;
    drop(bytes);
    place(views(&pickle)?, length, |storage| {
        let name = format!("{folder}data/{}", storage.key);
        let member = by_name.get(name.as_str()).ok_or_else(|| format!("the archive has no member {name:?}"))?;
        if storage.total.checked_mul(storage.dtype.size()).is_none_or(|bytes| bytes > member.size) {
            return Err(format!("{} numbers do not fit the {} bytes of {name:?}", storage.total, member.size));
        }
        archive::start_of(file, length, member)
    })
}

fn from_pickles(file: &File, length: u64) -> Result<Vec<TensorInfo>, String> {
    // How long the pickles are is known only when they are read, so more is read as long as they are not complete.
    let mut window = length.min(1 << 18);
    let (pickles, mut at) = loop {
        let mut bytes = vec![0; window as usize];
        read_at(file, 0, &mut bytes).map_err(|error| error.to_string())?;
        match five_pickles(&bytes) {
            Ok(found) => break found,
            Err(Trouble::Bad(reason)) => return Err(reason),
            Err(Trouble::Ended) if window < length.min(MAX_LIST_BYTES) => {
                window = (window * 8).min(length).min(MAX_LIST_BYTES);
            }
            Err(Trouble::Ended) => return Err("its list of tensors does not end; was it cut short?".to_owned()),
        }
    };
    let [magic, version, system, content, keys] = pickles;
    if !matches!(magic.node(magic.root), Some(Node::Bytes(bytes)) if *bytes == MAGIC) {
        return Err("it is a pickle, but not one of torch".to_owned());
    }
    if version.root != Value::Int(VERSION) {
        return Err("it was written by an unknown version of torch".to_owned());
    }
    if is_big_endian(&system) {
        return Err("its numbers are stored with the high byte first".to_owned());
    }
    let views = views(&content)?;
    let storages: HashMap<&str, &Storage> =
        views.iter().map(|(_, view)| (view.storage.key.as_str(), &view.storage)).collect();
    let every = every_storage(&content);
    let Some(Node::List(list)) = keys.node(keys.root) else { return Err("its list of storages is missing".to_owned()) };
    let mut starts = HashMap::new();
    for key in list {
        let key = keys.text(*key).ok_or("its list of storages is damaged")?;
        let known = storages.get(key).copied().or_else(|| every.get(key));
        let storage = known.ok_or_else(|| format!("the storage {key:?} belongs to nothing"))?;
        let mut count = [0; 8];
        if at + 8 > length {
            return Err(format!("the file ends before the storage {key:?}; was it cut short?"));
        }
        read_at(file, at, &mut count).map_err(|error| error.to_string())?;
        let end = storage.total.checked_mul(storage.dtype.size()).and_then(|bytes| bytes.checked_add(at + 8));
        let end = end.filter(|end| *end <= length && u64::from_le_bytes(count) == storage.total);
        starts.insert(key, at + 8);
        at = end.ok_or_else(|| format!("the storage {key:?} does not fit the file; was it cut short?"))?;
    }
    let starts: HashMap<String, u64> = starts.into_iter().map(|(key, start)| (key.to_owned(), start)).collect();
    place(views, length, |storage| {
        starts.get(&storage.key).copied().ok_or_else(|| format!("the file has no storage {:?}", storage.key))
    })
}

/// The pickles at the head of the older format, and where the numbers begin after them.
fn five_pickles(bytes: &[u8]) -> Result<([Pickle; 5], u64), Trouble> {
    let mut at = 0;
    let mut next = || {
        let pickle = Pickle::read(&bytes[at..])?;
        at += pickle.length;
        Ok(pickle)
    };
    let pickles = [next()?, next()?, next()?, next()?, next()?];
    Ok((pickles, at as u64))
}

fn is_big_endian(system: &Pickle) -> bool {
    let Some(Node::Dict(items)) = system.node(system.root) else { return false };
    items.iter().any(|(key, value)| system.text(*key) == Some("little_endian") && *value == Value::Bool(false))
}

/// All storages a pickle refers to, also those of what is not a tensor.
fn every_storage(pickle: &Pickle) -> HashMap<String, Storage> {
    let ids = pickle.nodes().iter().filter_map(|node| match node {
        Node::Persistent(id) => storage_of(pickle, *id).ok(),
        _ => None,
    });
    ids.map(|storage| (storage.key.clone(), storage)).collect()
}

/// The tensors of a dictionary, by name. Where it has none but has a `state_dict`, the tensors of that.
fn views(pickle: &Pickle) -> Result<Vec<(String, View)>, String> {
    let mut dictionary = pickle.root;
    for _ in 0..MAX_WRAPS {
        let items = items_of(pickle, dictionary).ok_or("its content is not a dictionary of tensors")?;
        if items.len() > MAX_TENSORS {
            return Err(format!("there are more than {MAX_TENSORS} tensors"));
        }
        let mut views = Vec::new();
        let mut places = HashMap::new();
        for (key, value) in items {
            let name = pickle.text(*key).ok_or("a tensor's name is not text")?;
            let found = view_of(pickle, *value, MAX_WRAPS).map_err(|reason| format!("tensor {name:?}: {reason}"))?;
            let Some(view) = found else { continue };
            // As in Python, a name that is set twice has its later value.
            match places.insert(name, views.len()) {
                Some(earlier) => {
                    places.insert(name, earlier);
                    views[earlier] = (name.to_owned(), view);
                }
                None => views.push((name.to_owned(), view)),
            }
        }
        let inner = items.iter().rev().find(|(key, _)| pickle.text(*key) == Some("state_dict"));
        match inner {
            Some((_, inner)) if views.is_empty() => dictionary = *inner,
            _ => return Ok(views),
        }
    }
    Err("its dictionaries are nested too deeply".to_owned())
}

fn items_of(pickle: &Pickle, value: Value) -> Option<&[(Value, Value)]> {
    match pickle.node(value)? {
        Node::Dict(items) => Some(items),
        Node::Call { callable, items, .. } if pickle.global(*callable)? == ("collections", "OrderedDict") => {
            Some(items)
        }
        _ => None,
    }
}

/// The tensor a value describes; `None` for numbers, texts and other things that are no object at all.
fn view_of(pickle: &Pickle, value: Value, wraps: usize) -> Result<Option<View>, String> {
    let (callable, args) = match pickle.node(value) {
        Some(Node::Call { callable, args, .. }) => (*callable, *args),
        Some(Node::Persistent(_)) => return Err("it is a bare storage".to_owned()),
        _ => return Ok(None),
    };
    let Some((module, name)) = pickle.global(callable) else {
        return Err("it is made by something unnamed".to_owned());
    };
    let args = pickle.tuple(args).unwrap_or_default();
    match (module, name, args) {
        ("torch._utils", "_rebuild_parameter" | "_rebuild_parameter_with_state", [data, ..]) if wraps > 0 => {
            view_of(pickle, *data, wraps - 1)
        }
        ("torch._utils", "_rebuild_tensor" | "_rebuild_tensor_v2", [storage, offset, shape, strides, ..]) => {
            let Some(Node::Persistent(id)) = pickle.node(*storage) else {
                return Err("its storage is missing".to_owned());
            };
            let offset = match offset {
                Value::Int(offset) => u64::try_from(*offset).ok(),
                _ => None,
            };
            let sizes = [numbers(pickle, *shape), numbers(pickle, *strides)];
            let (Some(offset), [Some(shape), Some(strides)]) = (offset, sizes) else {
                return Err("its sizes are damaged".to_owned());
            };
            Ok(Some(View { storage: storage_of(pickle, *id)?, offset, shape, strides }))
        }
        ("collections", "OrderedDict", _) => Ok(None),
        _ => Err(format!("it is made by {module}.{name}, which makes no plain tensor")),
    }
}

/// What `("storage", class, key, device, count)` refers to; in the older format a sixth entry makes it a part.
fn storage_of(pickle: &Pickle, id: Value) -> Result<Storage, String> {
    let damaged = || "its storage is damaged".to_owned();
    let parts = pickle.tuple(id).ok_or_else(damaged)?;
    let [kind, class, key, _device, count, view @ ..] = parts else { return Err(damaged()) };
    let (module, class) = pickle.global(*class).ok_or_else(damaged)?;
    let is_torch = pickle.text(*kind) == Some("storage") && (module == "torch" || module == "torch.cuda");
    let dtype = Dtype::from_storage(class).filter(|_| is_torch);
    let dtype = dtype.ok_or_else(|| format!("its storage is a {module}.{class}, which is not read"))?;
    let whole = |value: &Value| match value {
        Value::Int(number) => u64::try_from(*number).ok(),
        _ => None,
    };
    let total = whole(count).ok_or_else(damaged)?;
    let key = pickle.text(*key).ok_or_else(damaged)?.to_owned();
    let (first, length) = match view.first().and_then(|view| pickle.tuple(*view)) {
        Some([_, first, length]) => whole(first).zip(whole(length)).ok_or_else(damaged)?,
        Some(_) => return Err(damaged()),
        None => (0, total),
    };
    if first.checked_add(length).is_none_or(|end| end > total) {
        return Err(damaged());
    }
    Ok(Storage { key, dtype, total, first, length })
}

/// The numbers of a tuple, or of a `torch.Size` of one.
fn numbers(pickle: &Pickle, value: Value) -> Option<Vec<usize>> {
    let values = match pickle.node(value)? {
        Node::Tuple(values) | Node::List(values) => values,
        Node::Call { callable, args, .. } if pickle.global(*callable)? == ("torch", "Size") => {
            pickle.tuple(*pickle.tuple(*args)?.first()?)?
        }
        _ => return None,
    };
    let number = |value: &Value| match value {
        Value::Int(number) => usize::try_from(*number).ok(),
        _ => None,
    };
    (values.len() <= MAX_DIMENSIONS).then(|| values.iter().map(number).collect())?
}

/// Finds each view's place in the file and holds its sizes against its storage.
fn place(
    views: Vec<(String, View)>,
    length: u64,
    start_of: impl Fn(&Storage) -> Result<u64, String>,
) -> Result<Vec<TensorInfo>, String> {
    // Tied weights are listed under each of their names, but numbers take a byte at least.
    let mut listed = 0_u64;
    let located = views.into_iter().map(|(name, view)| {
        let start = start_of(&view.storage).map_err(|reason| format!("tensor {name:?}: {reason}"))?;
        let outside = || format!("tensor {name:?} of shape {:?} reaches outside its storage", view.shape);
        let (first, strides) = extent(&view, length).ok_or_else(outside)?;
        let start = start + first * view.storage.dtype.size();
        listed = listed.saturating_add(view.shape.iter().product::<usize>() as u64);
        if listed > length {
            return Err(format!("its tensors claim more numbers than its {length} bytes can hold, at tensor {name:?}"));
        }
        let place = Place { file: 0, start, strides };
        Ok(TensorInfo { name, shape: view.shape, dtype: view.storage.dtype, place })
    });
    located.collect()
}

/// The first number of a view in its whole storage, and its strides unless its numbers lie one after another.
fn extent(view: &View, length: u64) -> Option<(u64, Vec<usize>)> {
    if view.shape.len() != view.strides.len() {
        return None;
    }
    let count = view.shape.iter().try_fold(1_u64, |count, size| count.checked_mul(*size as u64))?;
    let first = view.storage.first.checked_add(view.offset)?;
    if count == 0 {
        return (view.offset <= view.storage.length).then(|| (first, Vec::new()));
    }
    // A view that repeats its numbers can be larger than its storage, but a file of so many bytes is never meant to
    // hold more numbers than that.
    let mut reach = view.offset;
    for (size, stride) in view.shape.iter().zip(&view.strides) {
        reach = reach.checked_add((*size as u64 - 1).checked_mul(*stride as u64)?)?;
    }
    if reach >= view.storage.length || count > length {
        return None;
    }
    let mut dense = 1;
    let is_dense = view.shape.iter().zip(&view.strides).rev().all(|(size, stride)| {
        let fits = *size == 1 || *stride == dense;
        dense *= size;
        fits
    });
    Some((first, if is_dense { Vec::new() } else { view.strides.clone() }))
}

//! Files that torch wrote, files of our own, and files nobody should open.

use std::fs;
use std::io::Write;

use safetensors::SafeTensors;

use super::*;

fn bins() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/bins")
}

/// A generator with a fixed beginning, so that a failure can be seen again.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % below.max(1)
    }
}

/// Holds a file's tensors against what torch says is in them.
fn check(name: &str) {
    let opened = TensorFiles::open_file(&bins().join(format!("{name}.bin"))).unwrap();
    let expected = fs::read(bins().join(format!("{name}.safetensors"))).unwrap();
    let expected = SafeTensors::deserialize(&expected).unwrap();
    assert_eq!(opened.tensors().len(), expected.len(), "{name}");
    for (tensor, view) in expected.tensors() {
        let found = opened.find(&tensor).unwrap_or_else(|| panic!("{name} has no {tensor}"));
        assert_eq!(found.shape, view.shape(), "{tensor} of {name}");
        let values: Vec<f32> = view.data().chunks(4).map(|four| f32::from_le_bytes(four.try_into().unwrap())).collect();
        if found.dtype.is_float() {
            assert_eq!(opened.read_f32(&tensor).unwrap(), values, "{tensor} of {name}");
        } else {
            let message = opened.read_f32(&tensor).unwrap_err().to_string();
            assert!(message.contains(&tensor) && message.contains(&found.dtype.to_string()), "{message}");
        }
    }
}

#[test]
fn all_shapes_that_torch_writes_are_read() {
    for protocol in 2..=5 {
        check(&format!("zip-{protocol}"));
        check(&format!("legacy-{protocol}"));
    }
    for name in ["wrapped", "dict", "module", "module-legacy"] {
        check(name);
    }
    let opened = TensorFiles::open_file(&bins().join("zip-2.bin")).unwrap();
    let dtypes = ["half", "brain", "double", "position_ids", "flags"].map(|name| opened.find(name).unwrap().dtype);
    assert_eq!(dtypes, [Dtype::F16, Dtype::Bf16, Dtype::F64, Dtype::I64, Dtype::Bool]);
    assert_eq!(opened.dtype(), "f32");
}

#[test]
fn a_long_list_of_an_old_file_is_read_to_its_end() {
    let opened = TensorFiles::open_file(&bins().join("many-legacy.bin")).unwrap();
    assert_eq!(opened.tensors().len(), 2000);
    for index in [0, 999, 1999] {
        let name = format!("encoder.layer.{index}.attention.output.dense.weight");
        assert_eq!(opened.read_f32(&name).unwrap(), [index as f32; 2]);
    }
}

#[test]
fn safetensors_of_the_golden_folders_are_read() {
    let folder = bins().parent().unwrap().join("bert-classify");
    let bytes = fs::read(folder.join("model.safetensors")).unwrap();
    let expected = SafeTensors::deserialize(&bytes).unwrap();
    let opened = TensorFiles::open(&folder).unwrap();
    assert_eq!(opened.tensors().len(), expected.len());
    for (name, view) in expected.tensors() {
        let values: Vec<f32> = view.data().chunks(4).map(|four| f32::from_le_bytes(four.try_into().unwrap())).collect();
        assert_eq!(opened.find(&name).unwrap().shape, view.shape());
        assert_eq!(opened.read_f32(&name).unwrap(), values);
    }
    assert!(matches!(opened.read_f32("none"), Err(ModelFilesError::NoTensor { .. })));
}

#[test]
fn narrow_numbers_become_f32() {
    let dir = tempfile::tempdir().unwrap();
    let header = r#"{"a":{"dtype":"F16","shape":[2],"data_offsets":[0,4]},"b":{"dtype":"BF16","shape":[],"data_offsets":[4,6]},"c":{"dtype":"F64","shape":[1],"data_offsets":[6,14]}}"#;
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header.as_bytes());
    bytes.extend([0x00, 0x3c, 0x00, 0xc0, 0x80, 0x3f]);
    bytes.extend(0.25_f64.to_le_bytes());
    fs::write(dir.path().join("model.safetensors"), bytes).unwrap();
    let opened = TensorFiles::open(dir.path()).unwrap();
    assert_eq!(opened.read_f32("a").unwrap(), [1.0, -2.0]);
    assert_eq!(opened.read_f32("b").unwrap(), [1.0]);
    assert_eq!(opened.read_f32("c").unwrap(), [0.25]);
}

fn list() -> Vec<(String, Vec<usize>)> {
    vec![
        ("b.weight".to_owned(), vec![2, 3]),
        ("a.bias".to_owned(), vec![2]),
        ("empty".to_owned(), vec![0, 4]),
        ("one".to_owned(), vec![]),
    ]
}

fn values(index: usize) -> Vec<f32> {
    [vec![1.0, -2.0, 3.5, 0.0, -0.0, f32::MIN_POSITIVE], vec![7.0, 8.0], vec![], vec![9.0]][index].clone()
}

#[test]
fn what_is_written_other_readers_open() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("model.safetensors");
    write_safetensors(&path, &list(), |index| Ok(values(index))).unwrap();
    let bytes = fs::read(&path).unwrap();
    let (_, metadata) = SafeTensors::read_metadata(&bytes).unwrap();
    let only = metadata.metadata().as_ref().unwrap();
    assert_eq!(only.iter().collect::<Vec<_>>(), [(&"format".to_owned(), &"pt".to_owned())]);
    let read = SafeTensors::deserialize(&bytes).unwrap();
    assert_eq!(read.len(), 4);
    let opened = TensorFiles::open(dir.path()).unwrap();
    for (index, (name, shape)) in list().into_iter().enumerate() {
        assert_eq!(read.tensor(&name).unwrap().shape(), shape);
        assert_eq!(opened.read_f32(&name).unwrap(), values(index));
    }
    // The same tensors in another order are the same file, and the one the format's own writer makes.
    let turned: Vec<_> = list().into_iter().rev().collect();
    let again = dir.path().join("again.safetensors");
    write_safetensors(&again, &turned, |index| Ok(values(3 - index))).unwrap();
    assert_eq!(fs::read(&again).unwrap(), bytes);
    let metadata = HashMap::from([("format".to_owned(), "pt".to_owned())]);
    assert_eq!(safetensors::serialize(read.tensors(), Some(metadata)).unwrap(), bytes);
}

#[test]
fn a_failed_write_names_the_tensor_and_leaves_the_old_file() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("model.safetensors");
    fs::write(&path, "old").unwrap();
    let short = write_safetensors(&path, &list(), |_| Ok(vec![1.0])).unwrap_err();
    assert!(short.to_string().contains("a.bias"), "{short}");
    let failed = write_safetensors(&path, &list(), |_| Err("the device is gone".into())).unwrap_err();
    assert!(failed.to_string().contains("the device is gone"), "{failed}");
    let twice = [list(), list()].concat();
    assert!(matches!(write_safetensors(&path, &twice, |_| Ok(Vec::new())), Err(ModelFilesError::Twice { .. })));
    assert_eq!(fs::read(&path).unwrap(), b"old");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
}

#[test]
fn shards_are_read_as_one() {
    let dir = tempfile::tempdir().unwrap();
    let in_dir = |name: &str| dir.path().join(name);
    for (index, (name, shape)) in list().into_iter().enumerate() {
        let shard = in_dir(&format!("model-0000{index}.safetensors"));
        write_safetensors(&shard, &[(name, shape)], |_| Ok(values(index))).unwrap();
    }
    let map = |one: &str| {
        format!(
            r#"{{"metadata":{{}},"weight_map":{{"b.weight":"model-00000.safetensors","a.bias":"model-00001.safetensors",
            "empty":"model-00002.safetensors","one":"{one}"}}}}"#
        )
    };
    let index = in_dir("model.safetensors.index.json");
    fs::write(&index, map("model-00003.safetensors")).unwrap();
    let opened = TensorFiles::open(dir.path()).unwrap();
    for (index, (name, _)) in list().into_iter().enumerate() {
        assert_eq!(opened.read_f32(&name).unwrap(), values(index));
    }
    for (other, said) in [
        ("model-00001.safetensors", "one"),
        ("gone.safetensors", "gone.safetensors"),
        ("../model-00003.safetensors", "not a file beside it"),
        ("/etc/passwd", "not a file beside it"),
        ("", "not a file beside it"),
    ] {
        fs::write(&index, map(other)).unwrap();
        let message = TensorFiles::open(dir.path()).unwrap_err().to_string();
        assert!(message.contains(said), "{message}");
    }

    let torch = tempfile::tempdir().unwrap();
    fs::copy(bins().join("module.bin"), torch.path().join("pytorch_model-1.bin")).unwrap();
    fs::copy(bins().join("zip-2.bin"), torch.path().join("pytorch_model-2.bin")).unwrap();
    let map = r#"{"weight_map": {"0.weight": "pytorch_model-1.bin", "half": "pytorch_model-2.bin"}}"#;
    fs::write(torch.path().join("pytorch_model.bin.index.json"), map).unwrap();
    let opened = TensorFiles::open(torch.path()).unwrap();
    assert_eq!(opened.read_f32("0.weight").unwrap().len(), 6);
    assert_eq!(opened.read_f32("half").unwrap().len(), 5);
}

#[test]
fn a_folder_without_weights_says_what_is_expected() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("tf_model.h5"), "x").unwrap();
    let message = TensorFiles::open(dir.path()).unwrap_err().to_string();
    assert!(message.contains("model.safetensors") && message.contains("tf_model.h5"), "{message}");
    fs::write(dir.path().join("model.safetensors"), "version https://git-lfs.example/spec/v1\noid sha256:0\nsize 1\n")
        .unwrap();
    assert!(matches!(TensorFiles::open(dir.path()), Err(ModelFilesError::LfsPointer { .. })));
}

/// Opens bytes as a file of this ending and reads all of it; what matters is that this ends in a value.
fn devour(bytes: &[u8], ending: &str) -> Result<(), ModelFilesError> {
    let mut file = tempfile::Builder::new().suffix(ending).tempfile().unwrap();
    file.write_all(bytes).unwrap();
    let opened = TensorFiles::open_file(file.path())?;
    for tensor in opened.tensors() {
        if tensor.dtype.is_float() {
            opened.read_f32(&tensor.name)?;
        }
    }
    Ok(())
}

#[test]
fn hostile_headers_are_refused() {
    let data = |header: &str, data: usize| {
        let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
        bytes.extend(header.as_bytes());
        bytes.resize(bytes.len() + data, 0);
        bytes
    };
    let cases = [
        (vec![0xff; 40], "claims"),
        (Vec::new(), "0 bytes"),
        (u64::MAX.to_le_bytes().to_vec(), "claims"),
        (data("[]", 0), "not an object"),
        (data("{", 0), "not JSON"),
        (data(r#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, 0), "cut short"),
        (data(r#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, 8), "need 4 bytes"),
        (data(r#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#, 8), "starts at byte 4"),
        (data(r#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}"#, 4), "does not fit"),
        (data(r#"{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,4]}}"#, 4), "does not fit"),
        (data(r#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}"#, 4), "does not fit"),
        (data(r#"{"a":{"dtype":"X9","shape":[1],"data_offsets":[0,4]}}"#, 4), "malformed"),
        (data(r#"{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}"#, 4), "malformed"),
        (data(&format!("{}{}", "[".repeat(100_000), "]".repeat(100_000)), 4), "not JSON"),
    ];
    for (bytes, said) in cases {
        let message = devour(&bytes, ".safetensors").unwrap_err().to_string();
        assert!(message.contains(said), "{message}");
    }
}

#[test]
fn hostile_pickles_are_refused() {
    // Each is the third of the pickles at the head of the older format, where the system is described.
    let nested = [vec![0x80, 2], b")\x85".to_vec(), b"\x85".repeat(1_100_000), b".".to_vec()].concat();
    let doubling = [vec![0x80, 2, b')'], b"2\x86".repeat(40), b".".to_vec()].concat();
    let marks = [vec![0x80, 2], b"(".repeat(100), b".".to_vec()].concat();
    let memo = [vec![0x80, 2, b'N'], b"\x94".repeat(1_100_000), b".".to_vec()].concat();
    let cases: [(&[u8], &str); 12] = [
        (b"X\xf0\xff\xff\xff", "does not end"),
        (b"\x8d\xff\xff\xff\xff\xff\xff\xff\xff", "does not end"),
        (&nested, "more than"),
        (&doubling, "does not end"),
        (&marks, "too deeply"),
        (&memo, "remembers too much"),
        (b"t.", "never opened"),
        (b"(R.", "not there"),
        (b"N\x86.", "not there"),
        (b"h\x07.", "never remembered"),
        (b"\xff.", "unknown instruction"),
        (b"NNs.", "not there"),
    ];
    let magic = [
        b"\x80\x02\x8a\x0a".as_slice(),
        &[0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19],
        b".\x80\x02M\xe9\x03.",
    ]
    .concat();
    for (pickle, said) in cases {
        let message = devour(&[&magic, pickle].concat(), ".bin").unwrap_err().to_string();
        assert!(message.contains(said), "{said}: {message}");
    }
    // Calls are written down and never made.
    let system = b"\x80\x02cos\nsystem\nX\x04\x00\x00\x00true\x85R.";
    let message = devour(&[&magic, system.as_slice(), system, b"\x80\x02]."].concat(), ".bin").unwrap_err().to_string();
    assert!(message.contains("not a dictionary"), "{message}");
}

#[test]
fn a_tensor_that_reaches_outside_its_storage_is_refused() {
    let whole = fs::read(bins().join("module-legacy.bin")).unwrap();
    // The sizes (2, 3) of the first weight as the pickle has them; its strides follow.
    let at = whole.windows(5).position(|five| five == b"K\x02K\x03\x86").unwrap();
    for (place, byte) in [(at + 1, 9), (at + 3, 200), (at + 8, 90)] {
        let mut bytes = whole.clone();
        bytes[place] = byte;
        let message = devour(&bytes, ".bin").unwrap_err().to_string();
        assert!(message.contains("0.weight") && message.contains("outside"), "{message}");
    }
}

#[test]
fn views_that_claim_more_numbers_than_the_file_has_bytes_are_refused() {
    let message = TensorFiles::open_file(&bins().join("claims.bin")).unwrap_err().to_string();
    assert!(message.contains("more numbers than its") && message.contains("layer."), "{message}");
}

#[test]
fn mutated_files_are_read_or_refused_but_never_panic() {
    let mut dice = Dice(3);
    let (mut read, mut refused) = (0, 0);
    for name in [
        "zip-2.bin",
        "zip-4.bin",
        "legacy-2.bin",
        "legacy-4.bin",
        "module-legacy.bin",
        "module.bin",
        "module.safetensors",
        "zip-2.safetensors",
    ] {
        let whole = fs::read(bins().join(name)).unwrap();
        let ending = if name.contains(".bin") { ".bin" } else { ".safetensors" };
        for round in 0..500 {
            let mut bytes = whole.clone();
            if round % 10 == 9 {
                bytes.truncate(dice.roll(whole.len()));
            } else {
                for _ in 0..=dice.roll(4) {
                    let at = dice.roll(bytes.len());
                    bytes[at] = match dice.roll(4) {
                        0 => 0xff,
                        1 => 0,
                        2 => bytes[at].wrapping_add(1),
                        _ => dice.roll(256) as u8,
                    };
                }
            }
            match devour(&bytes, ending) {
                Ok(()) => read += 1,
                Err(_) => refused += 1,
            }
        }
    }
    assert!(read > 200 && refused > 200, "{read} read, {refused} refused");
}

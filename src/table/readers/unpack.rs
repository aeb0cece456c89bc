//! Files compressed with gzip, xz, zstd or bzip2, recognised by their first bytes and unpacked as they are read. How much may come
//! out is bounded: a few kilobytes can be made to unpack to any size.

use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::guard::guarded;
use crate::stop::heed;
use crate::table::ReadError;

/// Bytes that a table may have, packed or not. Plain text for masked words is streamed and has no limit of its own.
pub(super) const SIZE_LIMIT: u64 = 4 << 30;
/// How many times its size a file may unpack to, once it is past the free allowance. Text packs to a third or a tenth.
const RATIO_LIMIT: u64 = 200;
const FREE_BYTES: u64 = 10 << 20;
/// Memory that unpacking xz may take, in KiB; the strongest setting of `xz` needs 65 MiB.
const XZ_MEMORY_KIB: u32 = 256 << 10;
/// The same for zstd, as a power of two; `zstd --long` needs 27.
const ZSTD_WINDOW_LOG: u32 = 28;
const BUFFER: usize = 1 << 16;

/// How a file is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Packing {
    Gzip,
    Xz,
    Zstd,
    Bzip2,
}

impl Packing {
    /// Told by the first bytes of a file.
    pub fn of(head: &[u8]) -> Option<Self> {
        if head.starts_with(b"\x1F\x8B\x08") {
            Some(Self::Gzip)
        } else if head.starts_with(b"\xFD7zXZ\0") {
            Some(Self::Xz)
        } else if head.starts_with(b"\x28\xB5\x2F\xFD") {
            Some(Self::Zstd)
        } else if head.starts_with(b"BZh") && head.get(3).is_some_and(u8::is_ascii_digit) {
            Some(Self::Bzip2)
        } else {
            None
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Xz => "xz",
            Self::Zstd => "zstd",
            Self::Bzip2 => "bzip2",
        }
    }
}

/// What unpacking may give.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub bytes: u64,
    pub ratio: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { bytes: SIZE_LIMIT, ratio: RATIO_LIMIT }
    }
}

impl Limits {
    /// Whether so much is more than any text could have been packed into so little.
    pub fn is_out_of_proportion(&self, given: u64, taken: u64) -> bool {
        given > FREE_BYTES && given / taken.max(1) > self.ratio
    }
}

/// The contents of a packed file, one after the other.
pub(super) struct Unpacked {
    inner: Box<dyn Read>,
    packing: Packing,
    limits: Limits,
    given: u64,
    taken: Arc<AtomicU64>,
}

impl Unpacked {
    pub fn new(packing: Packing, packed: impl Read + 'static, limits: Limits) -> io::Result<Self> {
        let taken = Arc::new(AtomicU64::new(0));
        let counted = BufReader::with_capacity(BUFFER, Counted { inner: packed, taken: Arc::clone(&taken) });
        let inner: Box<dyn Read> = match packing {
            Packing::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(counted)),
            Packing::Xz => Box::new(lzma_rust2::XzReader::new_mem_limit(counted, true, XZ_MEMORY_KIB)),
            Packing::Zstd => {
                let mut decoder = zstd::stream::read::Decoder::with_buffer(counted)?;
                decoder.window_log_max(ZSTD_WINDOW_LOG)?;
                Box::new(decoder)
            }
            Packing::Bzip2 => Box::new(bzip2::bufread::MultiBzDecoder::new(counted)),
        };
        Ok(Self { inner, packing, limits, given: 0, taken })
    }
}

impl Read for Unpacked {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        heed();
        let Self { inner, packing, .. } = self;
        let count = guarded(|| inner.read(buffer)).unwrap_or_else(|panic| Err(io::Error::other(panic)));
        let count = count.map_err(|source| io::Error::other(Refusal::Damaged { packing: *packing, source }))?;
        self.given += count as u64;
        if self.given > self.limits.bytes {
            return Err(io::Error::other(Refusal::Size { limit: self.limits.bytes }));
        }
        if self.limits.is_out_of_proportion(self.given, self.taken.load(Ordering::Relaxed)) {
            return Err(io::Error::other(Refusal::Ratio { limit: self.limits.ratio }));
        }
        Ok(count)
    }
}

/// Unpacks a whole file that is to become a table.
pub(super) fn all(path: &Path, packing: Packing, packed: impl Read + 'static) -> Result<Vec<u8>, ReadError> {
    let mut bytes = Vec::new();
    let read = Unpacked::new(packing, packed, Limits::default()).and_then(|mut all| all.read_to_end(&mut bytes));
    read.map_err(|error| data_error(path, error))?;
    Ok(bytes)
}

/// Why unpacking ended early.
#[derive(Debug, thiserror::Error)]
enum Refusal {
    #[error("is not a complete {} file: {source}", packing.name())]
    Damaged { packing: Packing, source: io::Error },
    #[error("holds more than {} when unpacked", size(*limit))]
    Size { limit: u64 },
    #[error("unpacks to more than {limit} times its size, which no text does")]
    Ratio { limit: u64 },
}

/// What the failure of a read means for the person who chose the file.
pub(super) fn data_error(path: &Path, source: io::Error) -> ReadError {
    let path = path.to_path_buf();
    let refusal = source.get_ref().and_then(|inner| inner.downcast_ref::<Refusal>());
    match refusal {
        None => ReadError::Read { path, source },
        Some(refusal @ Refusal::Damaged { .. }) => {
            ReadError::Packed { path, reason: refusal.to_string(), advice: "fetch or pack it again" }
        }
        Some(refusal) => ReadError::Packed { path, reason: refusal.to_string(), advice: "split it into smaller files" },
    }
}

/// A size in the largest unit that divides it.
pub(super) fn size(bytes: u64) -> String {
    let units = [(30, "GiB"), (20, "MiB"), (10, "KiB")];
    match units.iter().find(|(shift, _)| bytes >= 1 << shift && bytes.is_multiple_of(1 << shift)) {
        Some((shift, unit)) => format!("{} {unit}", bytes >> shift),
        None => format!("{bytes} bytes"),
    }
}

/// What is read, with the bytes that were.
pub(super) struct Counted<R> {
    pub inner: R,
    pub taken: Arc<AtomicU64>,
}

impl<R: Seek> Seek for Counted<R> {
    fn seek(&mut self, place: SeekFrom) -> io::Result<u64> {
        self.inner.seek(place)
    }
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.taken.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::io::{Cursor, Write};

    use super::*;

    pub(in crate::table) fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packer.write_all(bytes).unwrap();
        packer.finish().unwrap()
    }

    pub(in crate::table) fn zstd(bytes: &[u8]) -> Vec<u8> {
        ::zstd::stream::encode_all(bytes, 3).unwrap()
    }

    pub(in crate::table) fn bzip2(bytes: &[u8]) -> Vec<u8> {
        let mut packer = ::bzip2::write::BzEncoder::new(Vec::new(), ::bzip2::Compression::fast());
        packer.write_all(bytes).unwrap();
        packer.finish().unwrap()
    }

    /// A file of one block that is stored and not compressed, as no packer is at hand.
    pub(in crate::table) fn xz(bytes: &[u8]) -> Vec<u8> {
        let sum = |bytes: &[u8]| {
            let mut sum = flate2::Crc::new();
            sum.update(bytes);
            sum.sum().to_le_bytes()
        };
        let number = |mut number: usize| {
            let mut bytes = Vec::new();
            while number > 0x7F {
                bytes.push((number & 0x7F) as u8 | 0x80);
                number >>= 7;
            }
            bytes.push(number as u8);
            bytes
        };
        let padded = |mut bytes: Vec<u8>| {
            bytes.resize(bytes.len().next_multiple_of(4), 0);
            bytes
        };
        let flags = [0, 1];
        // One filter, LZMA2, with a dictionary of 8 MiB.
        let header = padded(vec![2, 0, 0x21, 1, 0x16]);
        let mut block: Vec<u8> = Vec::new();
        for (index, chunk) in bytes.chunks(1 << 16).enumerate() {
            block.push(if index == 0 { 1 } else { 2 });
            block.extend_from_slice(&((chunk.len() - 1) as u16).to_be_bytes());
            block.extend_from_slice(chunk);
        }
        block.push(0);
        let unpadded = header.len() + 4 + block.len() + 4;
        let index = padded([vec![0, 1], number(unpadded), number(bytes.len())].concat());
        let backward = ((index.len() + 4) as u32 / 4 - 1).to_le_bytes();
        let end = [&backward[..], &flags].concat();
        let parts: [&[u8]; 13] = [
            b"\xFD7zXZ\0",
            &flags,
            &sum(&flags),
            &header,
            &sum(&header),
            &padded(block),
            &sum(bytes),
            &index,
            &sum(&index),
            &sum(&end),
            &end,
            b"YZ",
            b"",
        ];
        parts.concat()
    }

    fn unpack(bytes: &[u8], limits: Limits) -> Result<Vec<u8>, String> {
        let packing = Packing::of(bytes).unwrap();
        let mut unpacked = Vec::new();
        Unpacked::new(packing, Cursor::new(bytes.to_vec()), limits)
            .and_then(|mut all| all.read_to_end(&mut unpacked))
            .map(|_| unpacked)
            .map_err(|error| data_error(Path::new("train.gz"), error).to_string())
    }

    #[test]
    fn what_was_packed_comes_out_again() {
        let text = "some text, and more of it\n".repeat(5000).into_bytes();
        for packed in [gzip(&text), xz(&text), zstd(&text), bzip2(&text)] {
            assert_eq!(unpack(&packed, Limits::default()), Ok(text.clone()));
        }
        for (packed, text) in [
            (include_bytes!("../../../tests/golden/packed/lines.txt.gz").as_slice(), "One, two.\n\n“Three”\n"),
            (include_bytes!("../../../tests/golden/packed/lines.txt.xz").as_slice(), "One, two.\n\n“Three”\n"),
        ] {
            assert_eq!(unpack(packed, Limits::default()), Ok(text.repeat(100).into_bytes()));
        }
        // Files are packed in members by some tools, one after the other.
        for members in [
            [gzip(b"one "), gzip(b"two")].concat(),
            [zstd(b"one "), zstd(b"two")].concat(),
            [bzip2(b"one "), bzip2(b"two")].concat(),
        ] {
            assert_eq!(unpack(&members, Limits::default()), Ok(b"one two".to_vec()));
        }
    }

    #[test]
    fn what_is_too_much_or_damaged_is_told() {
        let check = |packed: &[u8], limits: Limits, expected: &str| {
            assert_eq!(unpack(packed, limits).map(|bytes| bytes.len()), Err(expected.to_owned()));
        };
        let text: Vec<u8> = (0..30_000_u32).flat_map(|i| (i * 7919).to_le_bytes()).collect();
        for packed in [gzip(&text), xz(&text), zstd(&text), bzip2(&text)] {
            check(
                &packed,
                Limits { bytes: 1 << 10, ..Limits::default() },
                r#""train.gz" holds more than 1 KiB when unpacked; split it into smaller files"#,
            );
            let message = unpack(&packed[..packed.len() / 2], Limits::default()).unwrap_err();
            assert!(message.starts_with(r#""train.gz" is not a complete "#), "{message}");
            assert!(message.ends_with("; fetch or pack it again"), "{message}");
        }
        let zeros = gzip(&vec![0; 2 * FREE_BYTES as usize]);
        let message = unpack(&zeros, Limits { ratio: 100, ..Limits::default() }).map(|bytes| bytes.len()).unwrap_err();
        assert_eq!(
            message,
            r#""train.gz" unpacks to more than 100 times its size, which no text does; split it into smaller files"#
        );
    }

    #[test]
    fn sizes_are_short() {
        assert_eq!([size(4 << 30), size(1 << 20), size(1500)], ["4 GiB", "1 MiB", "1500 bytes"]);
    }
}

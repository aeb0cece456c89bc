//! Files that are no text, or a text of another kind than is read here, told by their first bytes: each is refused by what
//! it is, with what to do about it.

use encoding_rs::{Encoding, WINDOWS_1252};

use super::decoded::SAMPLE;
use super::guess::guess;
use super::wide::utf_16;
use crate::table::charset::Charset;

/// Bytes in which control characters are counted.
const HEAD: usize = 64 << 10;

const UNPACK: &str = "; unpack it first";
const SAVE_TABLE: &str = "; save the table as CSV";

/// First bytes of files that are not text, what they are, and what to do about it.
const KINDS: [(&[u8], &str, &str); 40] = [
    (
        b"version https://git-lfs.github.com/spec/",
        "only a pointer to a file kept with Git LFS",
        "; fetch the file itself with `git lfs pull`",
    ),
    (b"# xet version ", "only a pointer to a file kept with Xet", "; fetch the file itself"),
    (
        b"/annex/objects/",
        "only a pointer to a file kept with git-annex",
        "; fetch the file itself with `git annex get`",
    ),
    (b"\xFF\xFF\xFF\xFF", "an Arrow stream where text is read line by line", "; save it as text"),
    (
        b"PK\x03\x04",
        "a zip archive or an Excel workbook where text is read line by line",
        "; unpack it, or save it as text",
    ),
    (
        b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1",
        "an old Excel workbook or Word document where text is read line by line",
        "; save it as text",
    ),
    (b"\x1F\x8B", "compressed twice", UNPACK),
    (b"\xFD7zXZ\0", "compressed twice", UNPACK),
    (b"\x28\xB5\x2F\xFD", "compressed twice", UNPACK),
    (b"BZh91AY&SY", "compressed twice", UNPACK),
    (b"\x04\x22\x4D\x18", "compressed with lz4", UNPACK),
    (b"7z\xBC\xAF\x27\x1C", "a 7z archive", UNPACK),
    (b"Rar!\x1A\x07", "a RAR archive", UNPACK),
    (b"PAR1", "a Parquet file where text is read line by line", "; save it as text"),
    (b"ARROW1\0\0", "an Arrow file where text is read line by line", "; save it as text"),
    (b"FEA1\0", "a Feather file of the first version", "; save it as Parquet, or as Feather of version 2"),
    (b"Obj\x01", "an Avro file", SAVE_TABLE),
    (b"\x89HDF\r\n\x1A\n", "an HDF5 file", SAVE_TABLE),
    (b"\x93NUMPY", "an array of NumPy", SAVE_TABLE),
    (b"SQLite format 3\0", "an SQLite database", SAVE_TABLE),
    (b"%PDF-", "a PDF document", "; save it as text"),
    (b"{\\rtf", "an RTF document", "; save it as text"),
    (b"\x80\x02", "a Python pickle", SAVE_TABLE),
    (b"\x80\x03", "a Python pickle", SAVE_TABLE),
    (b"\x80\x04\x95", "a Python pickle", SAVE_TABLE),
    (b"\x80\x05\x95", "a Python pickle", SAVE_TABLE),
    (b"GGUF\x02\0", "a file of model weights (GGUF)", ""),
    (b"GGUF\x03\0", "a file of model weights (GGUF)", ""),
    (b"\xFF\xD8\xFF", "a JPEG image", ""),
    (b"\x89PNG\r\n\x1A\n", "a PNG image", ""),
    (b"GIF87a", "a GIF image", ""),
    (b"GIF89a", "a GIF image", ""),
    (b"II*\0", "a TIFF image", ""),
    (b"MM\0*", "a TIFF image", ""),
    (b"OggS\0", "an Ogg recording", ""),
    (b"fLaC\0", "a FLAC recording", ""),
    (b"\x7FELF", "a program", ""),
    (b"\xFF\xFE\0\0", "text in UTF-32", "; save it as UTF-8"),
    (b"\0\0\xFE\xFF", "text in UTF-32", "; save it as UTF-8"),
    (b"\0asm", "a program", ""),
];

/// What a file is that is plainly not text, and what to do about it.
pub(in super::super) fn not_text(bytes: &[u8]) -> Option<(&'static str, &'static str)> {
    if let Some((_, what, advice)) = KINDS.iter().find(|(magic, ..)| bytes.starts_with(magic)) {
        return Some((what, advice));
    }
    if let Some(kind) = by_later_bytes(bytes).map(|what| (what, "")).or_else(|| archive(bytes)).or_else(|| page(bytes))
    {
        return Some(kind);
    }
    if Encoding::for_bom(bytes).is_some() {
        return None;
    }
    let sample = &bytes[..bytes.len().min(SAMPLE)];
    if utf_16(sample).is_some() {
        return None;
    }
    let nuls: usize = sample.iter().map(|&byte| usize::from(byte == 0)).sum();
    let is_binary = nuls * 20 > sample.len() || has_odd_bytes(&bytes[..bytes.len().min(HEAD)]);
    is_binary.then_some(("not text", "; it seems to be a binary file"))
}

/// Kinds of files that are told by more than their first bytes.
fn by_later_bytes(bytes: &[u8]) -> Option<&'static str> {
    const LONGEST_HEADER: u64 = 100 << 20;
    if let Some((length, header)) = bytes.split_first_chunk::<8>()
        && (2..LONGEST_HEADER).contains(&u64::from_le_bytes(*length))
        && header.starts_with(b"{\"")
    {
        return Some("a file of model weights (safetensors)");
    }
    let later = bytes.get(8..12).filter(|_| bytes.starts_with(b"RIFF"));
    match later {
        Some(b"WAVE") => Some("a WAV recording"),
        Some(b"WEBP") => Some("a WebP image"),
        Some(b"AVI ") => Some("a film"),
        _ if bytes.starts_with(b"\0\0\0") && matches!(bytes.get(4..8), Some(b"ftyp")) => Some("a film or a recording"),
        _ => None,
    }
}

/// A tar archive, whose first block has the sum of its own bytes in it.
fn archive(bytes: &[u8]) -> Option<(&'static str, &'static str)> {
    const SUM: std::ops::Range<usize> = 148..156;
    let block = bytes.get(..512)?;
    let told = std::str::from_utf8(&block[SUM]).ok()?.trim_matches(['\0', ' ']);
    let told = u32::from_str_radix(told, 8).ok()?;
    let sum = |bytes: &[u8]| bytes.iter().map(|&byte| u32::from(byte)).sum::<u32>();
    let found = sum(&block[..SUM.start]) + sum(&block[SUM.end..]) + SUM.len() as u32 * u32::from(b' ');
    (told == found).then_some(("a tar archive", UNPACK))
}

/// A page of the web, which a server gives instead of a file to who may not fetch it.
fn page(bytes: &[u8]) -> Option<(&'static str, &'static str)> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(4096)]).to_ascii_lowercase();
    let head = head.trim_start();
    let opens = head.starts_with("<!doctype html") || head.starts_with("<html>") || head.starts_with("<html ");
    // A table may have pages in its cells; then the first one ends before the file does.
    let ends_early = head.split_once("</html>").is_some_and(|(_, rest)| !rest.trim().is_empty());
    (opens && !ends_early).then_some(("a web page", "; fetch the file itself, perhaps after signing in"))
}

/// Whether too much of a piece is what text does not have: control characters of several kinds besides blanks and
/// escapes, or bytes without a meaning in the encoding that it seems to be in.
fn has_odd_bytes(head: &[u8]) -> bool {
    /// Bytes without a meaning in windows-1252.
    const UNMEANT: [u8; 5] = [0x81, 0x8D, 0x8F, 0x90, 0x9D];
    let mut counts = [0_usize; 256];
    for &byte in head {
        counts[usize::from(byte)] += 1;
    }
    let is_control = |byte: u8| byte < b' ' && !matches!(byte, b'\t'..=b'\r' | 0x1B);
    let is_western = match std::str::from_utf8(head) {
        Err(error) if error.error_len().is_some() && UNMEANT.iter().any(|byte| counts[usize::from(*byte)] > 0) => {
            guess(head, error.valid_up_to()).charset == Charset::Web(WINDOWS_1252)
        }
        _ => false,
    };
    let is_odd = |byte: u8| is_control(byte) || (is_western && UNMEANT.contains(&byte));
    let odd: Vec<usize> = (0..=u8::MAX).filter(|&byte| is_odd(byte)).map(|byte| counts[usize::from(byte)]).collect();
    // Some tables have one or two control characters as delimiters.
    let kinds = odd.iter().filter(|&&count| count > 0).count();
    odd.iter().sum::<usize>() * 50 > head.len() && kinds > 3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_place_of_a_file_is_named() {
        let check = |bytes: &[u8], what: &str, advice: &str| {
            assert_eq!(not_text(bytes), Some((what, advice)), "{}", String::from_utf8_lossy(bytes));
        };
        let pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n";
        check(pointer, "only a pointer to a file kept with Git LFS", "; fetch the file itself with `git lfs pull`");
        for page in ["<!DOCTYPE html>\n<html><head></head></html>\n", "\u{feff}\n<html lang=\"en\">\n<p>Sign in"] {
            check(page.as_bytes(), "a web page", "; fetch the file itself, perhaps after signing in");
        }
        assert_eq!(not_text(b"<html><p>a</p></html>,spam\n<html><p>b</p></html>,ham\n"), None);
        assert_eq!(not_text(b"text,label\n<html>,a\n"), None);
        assert_eq!(not_text(b"the version https://git-lfs.github.com/spec/v1 of it\n"), None);
        check(
            b"\xFF\xFF\xFF\xFF\xD8\x02\0\0\x10\0\0\0",
            "an Arrow stream where text is read line by line",
            "; save it as text",
        );
        let mut block = [0_u8; 1024];
        block[..8].copy_from_slice(b"data.csv");
        block[148..156].fill(b' ');
        let sum: u32 = block[..512].iter().map(|&byte| u32::from(byte)).sum();
        block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        check(&block, "a tar archive", UNPACK);
    }

    #[test]
    fn what_is_no_text_is_named() {
        assert!(not_text(b"PK\x03\x04rest").unwrap().0.contains("Excel"));
        assert!(not_text(b"PAR1rest").unwrap().0.contains("Parquet"));
        assert_eq!(not_text(&[0, 1, 2, 0, 0, 7, 0, 0, 0]).unwrap().0, "not text");
        let check = |bytes: &[u8], what: &str| assert_eq!(not_text(bytes).unwrap().0, what, "{bytes:?}");
        check(b"\xFF\xD8\xFF\xE0\0\x10JFIF", "a JPEG image");
        check(b"\x89PNG\r\n\x1A\n\0\0\0", "a PNG image");
        check(b"\x93NUMPY\x01\0v\0{'descr': '<f4'}", "an array of NumPy");
        check(b"RIFF\x24\0\0\0WAVEfmt ", "a WAV recording");
        check(b"\x40\0\0\0\0\0\0\0{\"a\":{\"dtype\":\"F32\"}}", "a file of model weights (safetensors)");
        let wide = "text,label\n".chars().flat_map(|c| u32::from(c).to_le_bytes());
        let wide: Vec<u8> = [0xFF, 0xFE, 0, 0].into_iter().chain(wide).collect();
        check(&wide, "text in UTF-32");
    }

    #[test]
    fn bytes_without_a_meaning_are_no_text() {
        let mut state = 1_u32;
        let mut byte = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        };
        let noise: Vec<u8> = (0..5000).map(|_| byte()).collect();
        assert_eq!(not_text(&noise).unwrap().0, "not text");
        // A stray control character, and the delimiters of Hive, are in texts.
        assert_eq!(not_text(b"text,label\na\0b,x\nc \x01d,y\n\x1B[0m plain text and more of it\n"), None);
        assert_eq!(not_text("a good film\u{1}pos\na bad film indeed\u{1}neg\n".repeat(9).as_bytes()), None);
        let (bytes, ..) = encoding_rs::SHIFT_JIS.encode("この映画はとても面白かったです。家族みんなで楽しみました。\n");
        assert_eq!(not_text(&bytes.repeat(5)), None);
        assert_eq!(not_text(b"text,label\na,b\n"), None);
        assert_eq!(not_text(&"text,label\n".encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>()), None);
    }
}

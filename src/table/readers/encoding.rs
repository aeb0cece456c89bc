//! Bytes → UTF-8. A byte order mark decides; then valid UTF-8; then the places of NUL bytes (UTF-16 without a mark); then
//! the statistics of `chardetng`. A byte that means nothing in the encoding becomes U+FFFD and is counted.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Decoder, DecoderResult, Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

use crate::stop::heed;

/// The text of a file, without a byte order mark. The bytes are always valid UTF-8; they are no `String` because cells
/// are cut out of them in place.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Decoded {
    pub text: Vec<u8>,
    pub encoding: &'static str,
    /// Bytes or sequences that were replaced by U+FFFD.
    pub replaced: usize,
}

impl Decoded {
    /// What is told of a file whose cells are in UTF-8 and lie elsewhere.
    pub fn nothing() -> Self {
        Self { text: Vec::new(), encoding: "UTF-8", replaced: 0 }
    }
}

/// Bytes that `chardetng` looks at.
const SAMPLE: usize = 1 << 20;

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
pub(super) fn not_text(bytes: &[u8]) -> Option<(&'static str, &'static str)> {
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

/// A page of the web, which a server gives instead of a file to who may not fetch it, or another document of XML.
fn page(bytes: &[u8]) -> Option<(&'static str, &'static str)> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(4096)]).to_ascii_lowercase();
    let head = head.trim_start();
    if head.starts_with("<?xml") {
        return Some(("an XML document", "; save its texts as CSV or JSONL"));
    }
    let opens = head.starts_with("<!doctype html") || head.starts_with("<html>") || head.starts_with("<html ");
    // A table may have pages in its cells; then the first one ends before the file does.
    let ends_early = head.split_once("</html>").is_some_and(|(_, rest)| !rest.trim().is_empty());
    (opens && !ends_early).then_some(("a web page", "; fetch the file itself, perhaps after signing in"))
}

/// Whether too much of a piece is what text does not have: control characters of several kinds besides blanks and
/// escapes, or bytes without a meaning in the encoding that it seems to be in.
fn has_odd_bytes(head: &[u8]) -> bool {
    let mut counts = [0_usize; 256];
    for &byte in head {
        counts[usize::from(byte)] += 1;
    }
    let is_control = |byte: u8| byte < b' ' && !matches!(byte, b'\t'..=b'\r' | 0x1B);
    let is_western = match std::str::from_utf8(head) {
        Err(error) if error.error_len().is_some() => guess(head, error.valid_up_to()) == WINDOWS_1252,
        _ => false,
    };
    let is_odd = |byte: u8| is_control(byte) || (is_western && matches!(byte, 0x81 | 0x8D | 0x8F | 0x90 | 0x9D));
    let odd: Vec<usize> = (0..=u8::MAX).filter(|&byte| is_odd(byte)).map(|byte| counts[usize::from(byte)]).collect();
    // Some tables have one or two control characters as delimiters.
    let kinds = odd.iter().filter(|&&count| count > 0).count();
    odd.iter().sum::<usize>() * 50 > head.len() && kinds > 3
}

/// The encoding that the first bytes of a file leave no doubt about, with the length of its byte order mark.
pub(super) fn marked(head: &[u8]) -> Option<(&'static Encoding, usize)> {
    Encoding::for_bom(head).or_else(|| utf_16(&head[..head.len().min(SAMPLE)]).map(|encoding| (encoding, 0)))
}

/// The encoding of a piece of a file in which not all is ASCII, and that may end within a character if it is not the
/// last.
pub(super) fn of_sample(sample: &[u8], is_last: bool) -> &'static Encoding {
    match std::str::from_utf8(sample) {
        Err(error) if is_last || error.error_len().is_some() => guess(sample, error.valid_up_to()),
        _ => UTF_8,
    }
}

/// Recognises the encoding and decodes.
pub(super) fn decode(mut bytes: Vec<u8>) -> Decoded {
    if let Some((encoding, mark)) = Encoding::for_bom(&bytes) {
        if encoding == UTF_8 && std::str::from_utf8(&bytes).is_ok() {
            bytes.drain(..mark);
            return Decoded { text: bytes, encoding: UTF_8.name(), replaced: 0 };
        }
        return decode_as(encoding, &bytes[mark..]);
    }
    // UTF-16 of plain ASCII is valid UTF-8 with NULs, so its test comes first.
    if let Some(encoding) = utf_16(&bytes[..bytes.len().min(SAMPLE)]) {
        return decode_as(encoding, &bytes);
    }
    match std::str::from_utf8(&bytes) {
        Ok(_) => Decoded { text: bytes, encoding: UTF_8.name(), replaced: 0 },
        Err(error) => decode_as(guess(&bytes, error.valid_up_to()), &bytes),
    }
}

/// UTF-16 without a mark: most characters of most languages' files (letters of Latin script, digits, delimiters, line
/// ends) have a zero as one of their two bytes, always on the same side.
fn utf_16(sample: &[u8]) -> Option<&'static Encoding> {
    let pairs = sample.len() / 2;
    let zeros = |side: usize| sample.chunks_exact(2).filter(|pair| pair[side] == 0).count();
    let (high_first, low_first) = (zeros(0), zeros(1));
    // A stray NUL or two is no encoding.
    if high_first + low_first < 3 {
        return None;
    }
    let line_end = |byte: [u8; 2]| sample.chunks_exact(2).any(|pair| pair == byte);
    if low_first * 4 >= pairs && high_first * 20 <= low_first {
        Some(UTF_16LE)
    } else if high_first * 4 >= pairs && low_first * 20 <= high_first {
        Some(UTF_16BE)
    } else if low_first > 0 && high_first == 0 && line_end([b'\n', 0]) {
        Some(UTF_16LE)
    } else if high_first > 0 && low_first == 0 && line_end([0, b'\n']) {
        Some(UTF_16BE)
    } else {
        None
    }
}

/// The likeliest encoding of bytes that are not UTF-8 as a whole. A file with many valid UTF-8 characters and a few
/// broken ones is damaged UTF-8: reading it as anything else would spoil all of them.
fn guess(bytes: &[u8], first_invalid: usize) -> &'static Encoding {
    let sample = sample_around(bytes, first_invalid);
    let (mut characters, mut broken) = (0_usize, 0_usize);
    for chunk in sample.utf8_chunks() {
        characters += chunk.valid().chars().filter(|character| !character.is_ascii()).count();
        broken += usize::from(!chunk.invalid().is_empty());
    }
    if characters >= 8 * broken {
        return UTF_8;
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(sample, true);
    let guessed = detector.guess(None, Utf8Detection::Deny);
    let is_western = if guessed.is_single_byte() { has_signs(sample, guessed) } else { is_scattered(sample) };
    if guessed != WINDOWS_1252 && is_western { WINDOWS_1252 } else { guessed }
}

/// Whether hardly any byte beyond ASCII stands beside another, as they do where characters have two bytes: `¿Que?` is no
/// Chinese.
fn is_scattered(sample: &[u8]) -> bool {
    let beyond = sample.iter().filter(|byte| !byte.is_ascii()).count();
    let together = sample.windows(2).filter(|pair| !pair[0].is_ascii() && !pair[1].is_ascii()).count();
    together * 8 < beyond
}

/// Whether what would be letters in an encoding stands alone more often than within words, where windows-1252 has signs
/// in its place: a price of `£5` in one is `Ł5` in the other.
fn has_signs(sample: &[u8], encoding: &'static Encoding) -> bool {
    let letters = |encoding: &'static Encoding| -> Vec<bool> {
        let letter = |byte: u8| {
            let byte = [byte];
            let decoded = encoding.decode_without_bom_handling_and_without_replacement(&byte);
            decoded.is_some_and(|text| text.chars().all(char::is_alphabetic))
        };
        (0..=u8::MAX).map(letter).collect()
    };
    let (here, western) = (letters(encoding), letters(WINDOWS_1252));
    let is_letter = |at: Option<usize>| at.and_then(|at| sample.get(at)).is_some_and(|&byte| here[usize::from(byte)]);
    let (mut alone, mut within) = (0_usize, 0_usize);
    for (at, &byte) in sample.iter().enumerate().filter(|(_, byte)| !byte.is_ascii() && here[usize::from(**byte)]) {
        if is_letter(at.checked_sub(1)) || is_letter(Some(at + 1)) {
            within += 1;
        } else if !western[usize::from(byte)] {
            alone += 1;
        }
    }
    alone > 0 && alone * 2 >= within
}

/// The beginning of the file, unless the first telling byte comes later.
fn sample_around(bytes: &[u8], telling: usize) -> &[u8] {
    let start = if telling < SAMPLE { 0 } else { telling - SAMPLE / 2 };
    &bytes[start..bytes.len().min(start + SAMPLE)]
}

fn decode_as(encoding: &'static Encoding, bytes: &[u8]) -> Decoded {
    let mut text = String::new();
    let mut decoder = encoding.new_decoder_without_bom_handling();
    let mut replaced = 0;
    for (place, piece) in (1..).zip(bytes.chunks(SAMPLE)) {
        heed();
        let is_last = place * SAMPLE >= bytes.len();
        replaced += decode_piece(&mut decoder, piece, is_last, &mut text);
    }
    Decoded { text: text.into_bytes(), encoding: encoding.name(), replaced }
}

/// Appends what the bytes say to the text; returns how many sequences were replaced by U+FFFD.
pub(super) fn decode_piece(decoder: &mut Decoder, bytes: &[u8], last: bool, text: &mut String) -> usize {
    text.reserve(bytes.len() + bytes.len() / 8 + 16);
    let mut replaced = 0;
    let mut rest = bytes;
    loop {
        let (result, read) = decoder.decode_to_string_without_replacement(rest, text, last);
        rest = &rest[read..];
        match result {
            DecoderResult::InputEmpty => return replaced,
            DecoderResult::OutputFull => text.reserve(rest.len() / 2 + 64),
            DecoderResult::Malformed(..) => {
                text.push(char::REPLACEMENT_CHARACTER);
                replaced += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bytes: &[u8], encoding: &str, text: &str, replaced: usize) {
        let decoded = decode(bytes.to_vec());
        assert_eq!(decoded.encoding, encoding, "{text}");
        assert_eq!(String::from_utf8(decoded.text).unwrap(), text);
        assert_eq!(decoded.replaced, replaced, "{text}");
    }

    fn utf_16_bytes(text: &str, big: bool) -> Vec<u8> {
        text.encode_utf16().flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect()
    }

    #[test]
    fn a_byte_order_mark_decides() {
        check("\u{feff}text,label\n".as_bytes(), "UTF-8", "text,label\n", 0);
        check(&[&[0xFF, 0xFE][..], &utf_16_bytes("héé,1\n日本\n", false)].concat(), "UTF-16LE", "héé,1\n日本\n", 0);
        check(&[&[0xFE, 0xFF][..], &utf_16_bytes("héé,1\n日本\n", true)].concat(), "UTF-16BE", "héé,1\n日本\n", 0);
        check(b"\xEF\xBB\xBFa\xFFb", "UTF-8", "a\u{fffd}b", 1);
    }

    #[test]
    fn utf_16_is_seen_without_a_mark() {
        for big in [false, true] {
            let name = if big { "UTF-16BE" } else { "UTF-16LE" };
            for text in ["text,label\nThe film is good,1\n", "текст,метка\nХороший фильм,1\n", "文,類\n好い映画,正\n"]
            {
                check(&utf_16_bytes(text, big), name, text, 0);
            }
        }
    }

    #[test]
    fn utf_8_is_utf_8_even_with_a_few_broken_bytes() {
        check("naïve – 日本".as_bytes(), "UTF-8", "naïve – 日本", 0);
        check("\0a,b\n".as_bytes(), "UTF-8", "\0a,b\n", 0);
        let mut bytes = "ä ö ü ß é à ñ ø å æ ".as_bytes().to_vec();
        bytes.push(0xE4);
        check(&bytes, "UTF-8", "ä ö ü ß é à ñ ø å æ \u{fffd}", 1);
    }

    #[test]
    fn older_encodings_are_guessed() {
        let western = "Le café était très agréable, à côté du marché; « déjà vu », naïveté et œuvre.\n".repeat(5);
        let (bytes, ..) = WINDOWS_1252.encode(&western);
        check(&bytes, "windows-1252", &western, 0);
        let russian = "Этот фильм очень понравился всей семье, советую посмотреть каждому.\n".repeat(5);
        let (bytes, ..) = encoding_rs::WINDOWS_1251.encode(&russian);
        check(&bytes, "windows-1251", &russian, 0);
        let japanese = "この映画はとても面白かったです。家族みんなで楽しみました。\n".repeat(5);
        let (bytes, ..) = encoding_rs::SHIFT_JIS.encode(&japanese);
        check(&bytes, "Shift_JIS", &japanese, 0);
        let (bytes, ..) = WINDOWS_1252.encode(&western);
        let late = [vec![b'a'; 2 * SAMPLE], bytes.to_vec()].concat();
        assert_eq!(decode(late).encoding, "windows-1252");
    }

    #[test]
    fn a_sign_that_stands_alone_is_no_letter() {
        let check = |text: &str, encoding: &'static Encoding| {
            let (bytes, ..) = encoding.encode(text);
            check(&bytes, encoding.name(), text, 0);
        };
        let rows = |row: fn(usize) -> String| (0..12).map(row).collect::<String>();
        check(&rows(|row| format!("It costs £{row} today,a\n")), WINDOWS_1252);
        check(&rows(|row| format!("WIN a £{row}00 prize! 150ppm, txt {row} to 8007\tspam\n")), WINDOWS_1252);
        check("one row,£5\n", WINDOWS_1252);
        check(&rows(|row| format!("{row} m³ at 5 ¥ or ¼ of it,b\n")), WINDOWS_1252);
        check(&rows(|row| format!("It is {row}° and 5µm ©,a\n")), WINDOWS_1252);
        check(&rows(|row| format!("¿Que tal? ¡Bien! {row},a\n")), WINDOWS_1252);
        // Where they are letters, they stand in words.
        check(&rows(|row| format!("Łódź nie jest {row} daleko, żółta łąka\n")), encoding_rs::WINDOWS_1250);
        check(&rows(|row| format!("Я и он, {row} раз в год, а потом я и она\n")), encoding_rs::WINDOWS_1251);
        check(&rows(|row| format!("Η γάτα κοιμάται {row} ώρες\n")), encoding_rs::WINDOWS_1253);
    }

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
        check(
            b"<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code></Error>",
            "an XML document",
            "; save its texts as CSV or JSONL",
        );
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
        assert_eq!(not_text(&utf_16_bytes("text,label\n", false)), None);
    }
}

//! Bytes → UTF-8. A byte order mark decides; then valid UTF-8; then the places of NUL bytes (UTF-16 without a mark); then
//! the statistics of `chardetng`. A byte that means nothing in the encoding becomes U+FFFD and is counted.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Decoder, DecoderResult, Encoding, UTF_8, UTF_16BE, UTF_16LE};

/// The text of a file, without a byte order mark. The bytes are always valid UTF-8; they are no `String` because cells
/// are cut out of them in place.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Decoded {
    pub text: Vec<u8>,
    pub encoding: &'static str,
    /// Bytes or sequences that were replaced by U+FFFD.
    pub replaced: usize,
}

/// Bytes that `chardetng` looks at.
const SAMPLE: usize = 1 << 20;

/// What a file is that is plainly not text, and what to do about it.
pub(super) fn not_text(bytes: &[u8]) -> Option<(&'static str, &'static str)> {
    const KINDS: [(&[u8], &str, &str); 9] = [
        (b"PK\x03\x04", "a zip archive or an Excel workbook", "; unpack it, or save the sheet as CSV"),
        (b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", "an old Excel workbook", "; save the sheet as CSV"),
        (b"\x1F\x8B", "compressed twice", "; unpack it first"),
        (b"\xFD7zXZ\0", "compressed twice", "; unpack it first"),
        (b"\x28\xB5\x2F\xFD", "compressed twice", "; unpack it first"),
        (b"BZh", "compressed with bzip2", "; unpack it first"),
        (b"PAR1", "a Parquet file where text is read a line at a time", "; save it as text"),
        (b"SQLite format 3\0", "an SQLite database", "; save the table as CSV"),
        (b"%PDF-", "a PDF document", ""),
    ];
    if let Some((_, what, advice)) = KINDS.iter().find(|(magic, ..)| bytes.starts_with(magic)) {
        return Some((what, advice));
    }
    let sample = &bytes[..bytes.len().min(SAMPLE)];
    let nuls: usize = sample.iter().map(|&byte| usize::from(byte == 0)).sum();
    let marked = Encoding::for_bom(bytes).is_some();
    (!marked && nuls * 20 > sample.len() && utf_16(sample).is_none()).then_some(("not text", ""))
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
    detector.guess(None, Utf8Detection::Deny)
}

/// The beginning of the file, unless the first telling byte comes later.
fn sample_around(bytes: &[u8], telling: usize) -> &[u8] {
    let start = if telling < SAMPLE { 0 } else { telling - SAMPLE / 2 };
    &bytes[start..bytes.len().min(start + SAMPLE)]
}

fn decode_as(encoding: &'static Encoding, bytes: &[u8]) -> Decoded {
    let mut text = String::new();
    let replaced = decode_piece(&mut encoding.new_decoder_without_bom_handling(), bytes, true, &mut text);
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
        let (bytes, ..) = encoding_rs::WINDOWS_1252.encode(&western);
        check(&bytes, "windows-1252", &western, 0);
        let russian = "Этот фильм очень понравился всей семье, советую посмотреть каждому.\n".repeat(5);
        let (bytes, ..) = encoding_rs::WINDOWS_1251.encode(&russian);
        check(&bytes, "windows-1251", &russian, 0);
        let japanese = "この映画はとても面白かったです。家族みんなで楽しみました。\n".repeat(5);
        let (bytes, ..) = encoding_rs::SHIFT_JIS.encode(&japanese);
        check(&bytes, "Shift_JIS", &japanese, 0);
        let (bytes, ..) = encoding_rs::WINDOWS_1252.encode(&western);
        let late = [vec![b'a'; 2 * SAMPLE], bytes.to_vec()].concat();
        assert_eq!(decode(late).encoding, "windows-1252");
    }

    #[test]
    fn what_is_no_text_is_named() {
        assert!(not_text(b"PK\x03\x04rest").unwrap().0.contains("Excel"));
        assert!(not_text(b"PAR1rest").unwrap().0.contains("Parquet"));
        assert_eq!(not_text(&[0, 1, 2, 0, 0, 7, 0, 0, 0]), Some(("not text", "")));
        assert_eq!(not_text(b"text,label\na,b\n"), None);
        assert_eq!(not_text(&utf_16_bytes("text,label\n", false)), None);
    }
}

//! Bytes → UTF-8. What a person says decides; then a byte order mark; then valid UTF-8; then the places of NUL bytes
//! (UTF-16 without a mark); then a file of UTF-8 with lines of another encoding in it ([`mixed`]); then what explains its
//! characters best ([`mod@guess`]). All but the sure ones are told. A byte that means nothing in the encoding becomes U+FFFD
//! and is counted.

mod decoded;
mod guess;
mod kinds;
mod languages;
mod mixed;
mod wide;

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};

pub(super) use decoded::Decoded;
pub use guess::note_beside_choice;
pub(super) use guess::{Guess, guess};
pub(super) use kinds::not_text;

use decoded::{SAMPLE, controls, lost};
use wide::utf_16;

use crate::stop::heed;
use crate::table::charset::Charset;

/// The encoding that the first bytes of a file leave no doubt about, with the length of its byte order mark.
pub(super) fn marked(head: &[u8]) -> Option<(Charset, usize)> {
    Encoding::for_bom(head)
        .or_else(|| utf_16(&head[..head.len().min(SAMPLE)]).map(|encoding| (encoding, 0)))
        .map(|(encoding, mark)| (Charset::Web(encoding), mark))
}

/// The encoding that a person named, with the length of its own mark at the beginning. Which half of UTF-16 comes first
/// is what its mark is for; any other mark is read like the letters that it is in the encoding that was named.
pub(super) fn as_told(head: &[u8], told: Charset) -> (Charset, usize) {
    let is_wide = |charset: Charset| [UTF_16LE, UTF_16BE].into_iter().any(|wide| Charset::Web(wide) == charset);
    match Encoding::for_bom(head).map(|(own, mark)| (Charset::Web(own), mark)) {
        Some((own, mark)) if own == told || (is_wide(own) && is_wide(told)) => (own, mark),
        _ => (told, 0),
    }
}

/// What is told of a mark of another encoding than the one that a person named.
pub(super) fn against(head: &[u8], told: Charset) -> Option<String> {
    let own = Charset::Web(Encoding::for_bom(head)?.0);
    let (read, _) = as_told(head, told);
    let [own_name, told_name] = [own.name(), told.name()];
    match (own == told, read == told) {
        (true, _) => None,
        (false, true) => Some(format!("it begins with the mark of {own_name} and is read as {told_name}, as was said")),
        (false, false) => {
            Some(format!("it was said to be {told_name} and begins with the mark of {own_name}, as which it is read"))
        }
    }
}

/// The encoding of a piece of a file in which not all is ASCII, and that may end within a character if it is not the
/// last. There is none to guess where it is UTF-8.
pub(super) fn of_sample(sample: &[u8], is_last: bool) -> Option<Guess> {
    match std::str::from_utf8(sample) {
        Err(error) if (is_last || error.error_len().is_some()) && !mixed::is_utf_8(sample) => {
            Some(guess(sample, error.valid_up_to()))
        }
        _ => None,
    }
}

/// Decodes, by the encoding that a person names, or that is recognised.
pub(super) fn decode(mut bytes: Vec<u8>, told: Option<Charset>) -> Decoded {
    if let Some(told) = told {
        let (charset, mark) = as_told(&bytes, told);
        let decoded = decode_as(charset, &bytes[mark..], None);
        return Decoded { notes: against(&bytes, told).into_iter().chain(decoded.notes).collect(), ..decoded };
    }
    match Encoding::for_bom(&bytes) {
        Some((encoding, mark)) if encoding == UTF_8 => {
            bytes.drain(..mark);
            return utf_8(bytes);
        }
        Some((encoding, mark)) => return decode_as(Charset::Web(encoding), &bytes[mark..], None),
        None => {}
    }
    // UTF-16 of plain ASCII is valid UTF-8 with NULs, so its test comes first.
    if let Some(encoding) = utf_16(&bytes[..bytes.len().min(SAMPLE)]) {
        return decode_as(Charset::Web(encoding), &bytes, None);
    }
    match std::str::from_utf8(&bytes) {
        Err(error) if !mixed::is_utf_8(&bytes) => {
            let guess = guess(&bytes, error.valid_up_to());
            decode_as(guess.charset, &bytes, Some(&guess))
        }
        _ => utf_8(bytes),
    }
}

/// Decodes UTF-8, in which some lines may be in another encoding. Files that were put together have the mark of each.
pub(super) fn utf_8(bytes: Vec<u8>) -> Decoded {
    match String::from_utf8(bytes) {
        Ok(text) if !text.contains('\u{feff}') => Decoded::sure(text.into_bytes()),
        Ok(text) => Decoded::sure(without_marks(text.as_bytes())),
        Err(error) => mixed::decode(&without_marks(error.as_bytes())),
    }
}

/// Bytes without the marks that lines begin with.
fn without_marks(mut rest: &[u8]) -> Vec<u8> {
    const MARK: &[u8] = b"\xEF\xBB\xBF";
    let mut bare: Vec<u8> = Vec::with_capacity(rest.len());
    while let Some(&first) = rest.first() {
        let begins = bare.last().is_none_or(|last| matches!(last, b'\n' | b'\r'));
        if begins && rest.starts_with(MARK) {
            rest = &rest[MARK.len()..];
        } else {
            bare.push(first);
            rest = &rest[1..];
        }
    }
    bare
}

fn decode_as(charset: Charset, bytes: &[u8], guess: Option<&Guess>) -> Decoded {
    let mut text = String::new();
    let mut decoder = charset.decoder();
    let mut replaced = 0;
    for (place, piece) in (1..).zip(bytes.chunks(SAMPLE)) {
        heed();
        let is_last = place * SAMPLE >= bytes.len();
        replaced += decoder.decode(piece, is_last, &mut text);
    }
    let guessed = guess.map(Guess::note);
    let notes = guessed.into_iter().chain(controls(&text, charset)).chain(lost(&text, charset, replaced)).collect();
    Decoded { text: text.into_bytes(), encoding: charset.name(), replaced, notes }
}

#[cfg(test)]
mod tests {
    use encoding_rs::WINDOWS_1252;

    use super::*;

    fn check(bytes: &[u8], encoding: &str, text: &str, replaced: usize) {
        let decoded = decode(bytes.to_vec(), None);
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
        check(b"\xEF\xBB\xBFcaf\xE9 au lait", "UTF-8 + windows-1252", "café au lait", 0);
    }

    #[test]
    fn what_a_person_names_holds_against_a_mark() {
        let read = |bytes: &[u8], told: &str| {
            let decoded = decode(bytes.to_vec(), Charset::named(told));
            (String::from_utf8(decoded.text).unwrap(), decoded.notes)
        };
        let (text, notes) = read("\u{feff}é".as_bytes(), "windows-1252");
        assert_eq!((text.as_str(), notes.len()), ("ï»¿Ã©", 1));
        assert_eq!(notes[0], "it begins with the mark of UTF-8 and is read as windows-1252, as was said");
        assert_eq!(read("\u{feff}é".as_bytes(), "utf-8"), ("é".to_owned(), Vec::new()));
        let wide = [&[0xFE, 0xFF][..], &utf_16_bytes("é,1\n", true)].concat();
        let (text, notes) = read(&wide, "utf-16");
        assert_eq!(text, "é,1\n");
        assert_eq!(notes, ["it was said to be UTF-16LE and begins with the mark of UTF-16BE, as which it is read"]);
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
        assert_eq!(decode(late, None).encoding, "windows-1252");
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
}

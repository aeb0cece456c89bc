//! The character encodings that a text file may be in: those of the WHATWG Encoding Standard, which `encoding_rs` has, and
//! the code pages of DOS that people's files still come in and that the standard leaves out.

use encoding_rs::{Decoder as WebDecoder, DecoderResult, Encoding};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Charset {
    Web(&'static Encoding),
    Dos(Page),
}

/// A code page of DOS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Page {
    /// Of the United States.
    Cp437,
    /// Of Western Europe.
    Cp850,
    /// Of Central Europe.
    Cp852,
    /// Of Western Europe, with the sign of the euro.
    Cp858,
}

const CP437: &str = "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{a0}";
const CP850: &str = "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜø£Ø×ƒáíóúñÑªº¿®¬½¼¡«»░▒▓│┤ÁÂÀ©╣║╗╝¢¥┐└┴┬├─┼ãÃ╚╔╩╦╠═╬¤ðÐÊËÈıÍÎÏ┘┌█▄¦Ì▀ÓßÔÒõÕµþÞÚÛÙýÝ¯´\u{ad}±‗¾¶§÷¸°¨·¹³²■\u{a0}";
const CP852: &str = "ÇüéâäůćçłëŐőîŹÄĆÉĹĺôöĽľŚśÖÜŤťŁ×čáíóúĄąŽžĘę¬źČş«»░▒▓│┤ÁÂĚŞ╣║╗╝Żż┐└┴┬├─┼Ăă╚╔╩╦╠═╬¤đĐĎËďŇÍÎě┘┌█▄ŢŮ▀ÓßÔŃńňŠšŔÚŕŰýÝţ´\u{ad}˝˛ˇ˘§÷¸°¨˙űŘř■\u{a0}";

impl Page {
    const ALL: [Self; 4] = [Self::Cp437, Self::Cp850, Self::Cp852, Self::Cp858];

    fn name(self) -> &'static str {
        match self {
            Self::Cp437 => "cp437",
            Self::Cp850 => "cp850",
            Self::Cp852 => "cp852",
            Self::Cp858 => "cp858",
        }
    }

    /// What a byte from 128 stands for.
    fn character(self, byte: u8) -> char {
        const EURO: u8 = 0xD5;
        let page = match self {
            Self::Cp437 => CP437,
            Self::Cp852 => CP852,
            Self::Cp858 if byte == EURO => return '€',
            Self::Cp850 | Self::Cp858 => CP850,
        };
        page.chars().nth(usize::from(byte & 0x7F)).unwrap_or(char::REPLACEMENT_CHARACTER)
    }
}

/// Names that people and Python have for what the Encoding Standard calls otherwise.
const OTHER_NAMES: [(&str, &str); 12] = [
    ("mac-roman", "macintosh"),
    ("macroman", "macintosh"),
    ("mac-cyrillic", "x-mac-cyrillic"),
    ("maccyrillic", "x-mac-cyrillic"),
    ("latin-1", "latin1"),
    ("latin-2", "latin2"),
    ("latin-9", "iso-8859-15"),
    ("utf-8-sig", "utf-8"),
    ("cp932", "shift_jis"),
    ("cp936", "gbk"),
    ("cp949", "euc-kr"),
    ("cp950", "big5"),
];

impl Charset {
    pub const UTF_8: Self = Self::Web(encoding_rs::UTF_8);

    /// The encoding of a name, as the standard, Python or DOS have it: `windows-1252`, `cp1252`, `latin1`, `mac_roman`, `cp850`.
    pub fn named(name: &str) -> Option<Self> {
        let name = name.trim().to_ascii_lowercase();
        let dashed = name.replace('_', "-");
        let number = dashed.trim_start_matches("ibm").trim_start_matches("cp").trim_start_matches('-');
        if let Some(page) = Page::ALL.into_iter().find(|page| page.name()[2..] == *number) {
            return Some(Self::Dos(page));
        }
        let other = OTHER_NAMES.iter().find(|(other, _)| *other == dashed).map_or(dashed.as_str(), |(_, own)| own);
        [other, &name, &format!("windows-{number}")]
            .iter()
            .find_map(|label| Encoding::for_label_no_replacement(label.as_bytes()))
            .map(Self::Web)
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Web(encoding) => encoding.name(),
            Self::Dos(page) => page.name(),
        }
    }

    /// What each byte from 128 stands for where each is a character; U+FFFD for those without a meaning.
    pub fn upper_half(self) -> [char; 128] {
        let character = |byte: u8| match self {
            Self::Dos(page) => page.character(byte),
            Self::Web(encoding) => {
                let byte = [byte];
                let decoded = encoding.decode_without_bom_handling_and_without_replacement(&byte);
                decoded.and_then(|text| text.chars().next()).unwrap_or(char::REPLACEMENT_CHARACTER)
            }
        };
        std::array::from_fn(|place| character(0x80 | place as u8))
    }

    pub fn decoder(self) -> Decoder {
        match self {
            Self::Web(encoding) => Decoder::Web(encoding.new_decoder_without_bom_handling()),
            Self::Dos(_) => Decoder::Dos(self, Box::new(self.upper_half())),
        }
    }
}

impl Serialize for Charset {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.name().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Charset {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        name.parse().map_err(serde::de::Error::custom)
    }
}

impl std::str::FromStr for Charset {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Self::named(name).ok_or_else(|| {
            format!(
                "{name:?} is no encoding that is known, expected one such as utf-8, windows-1252, windows-1250, \
                 iso-8859-15, macintosh, cp850, windows-1251, koi8-r, shift_jis or gbk"
            )
        })
    }
}

/// Bytes of an encoding, piece by piece.
pub enum Decoder {
    Web(WebDecoder),
    Dos(Charset, Box<[char; 128]>),
}

impl Decoder {
    pub fn charset(&self) -> Charset {
        match self {
            Self::Web(decoder) => Charset::Web(decoder.encoding()),
            Self::Dos(charset, _) => *charset,
        }
    }

    /// Appends what the bytes say to the text; returns how many sequences were replaced by U+FFFD.
    pub fn decode(&mut self, bytes: &[u8], last: bool, text: &mut String) -> usize {
        text.reserve(bytes.len() + bytes.len() / 8 + 16);
        let decoder = match self {
            Self::Web(decoder) => decoder,
            Self::Dos(_, upper) => {
                let character =
                    |&byte: &u8| if byte < 0x80 { char::from(byte) } else { upper[usize::from(byte & 0x7F)] };
                text.extend(bytes.iter().map(character));
                return 0;
            }
        };
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
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(name: &str, bytes: &[u8]) -> String {
        let mut text = String::new();
        Charset::named(name).unwrap().decoder().decode(bytes, true, &mut text);
        text
    }

    #[test]
    fn encodings_are_known_by_the_names_that_people_use() {
        let check = |name: &str, own: &str| assert_eq!(Charset::named(name).map(Charset::name), Some(own), "{name}");
        for (name, own) in [
            ("utf8", "UTF-8"),
            ("UTF-8-sig", "UTF-8"),
            ("latin1", "windows-1252"),
            ("latin_1", "windows-1252"),
            ("ISO-8859-15", "ISO-8859-15"),
            ("iso8859_2", "ISO-8859-2"),
            ("cp1250", "windows-1250"),
            ("1251", "windows-1251"),
            ("mac_roman", "macintosh"),
            ("koi8_r", "KOI8-R"),
            ("cp866", "IBM866"),
            ("cp850", "cp850"),
            ("IBM-850", "cp850"),
            ("437", "cp437"),
            ("cp932", "Shift_JIS"),
        ] {
            check(name, own);
        }
        assert_eq!(Charset::named("cp85"), None);
        let told = "rot13".parse::<Charset>().unwrap_err();
        assert!(told.starts_with("\"rot13\" is no encoding that is known, expected one such as utf-8"), "{told}");
    }

    #[test]
    fn code_pages_of_dos_are_decoded() {
        // What Python's codecs make of the same bytes.
        assert_eq!(decoded("cp850", b"\x82t\x82 Stra\xE1e \x9B\xFF"), "été Straße ø\u{a0}");
        assert_eq!(decoded("cp858", b"\xD5 5"), "€ 5");
        assert_eq!(decoded("cp437", b"\x9B5 \x80a va"), "¢5 Ça va");
        assert_eq!(decoded("cp852", b"\x9D\xA2d\xAB"), "Łódź");
        assert_eq!(decoded("macintosh", b"caf\x8E"), "café");
        for page in Page::ALL {
            let all: std::collections::BTreeSet<char> = Charset::Dos(page).upper_half().into_iter().collect();
            assert_eq!(all.len(), 128, "{page:?}");
        }
    }
}

//! Which encoding bytes are in that are not UTF-8, how sure that is, and what else they could be.
//!
//! `chardetng` tells the encodings of several bytes. Those of one byte it tells apart less well, and Mac Roman and the code
//! pages of DOS not at all. So for each of them the characters that come out are judged with their neighbours, over
//! the whole file: letters by how often a language has them, in small and capital letters as words have them, and signs
//! by where they stand. The encoding whose best language explains most is taken: a price of `£5` is no `Ł5`.

use std::collections::HashMap;
use std::sync::LazyLock;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{
    Encoding, IBM866, ISO_8859_2, ISO_8859_5, ISO_8859_6, ISO_8859_7, ISO_8859_8, ISO_8859_15, KOI8_R, KOI8_U,
    MACINTOSH, WINDOWS_1250, WINDOWS_1251, WINDOWS_1252, WINDOWS_1253, WINDOWS_1254, WINDOWS_1255, WINDOWS_1256,
    WINDOWS_1257, X_MAC_CYRILLIC,
};

use super::decoded::SAMPLE;
use super::languages::{LANGUAGES, Language, Script};
use crate::stop::heed;
use crate::table::charset::{Charset, Page};
use crate::table::shorten;

/// What bytes were found to be in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct Guess {
    pub charset: Charset,
    pub sureness: Sureness,
    /// A word that tells, as it is read.
    word: Option<String>,
    /// What else it could be, with a word of it beside what is read instead.
    others: Vec<(Charset, String, String)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in super::super) enum Sureness {
    /// Nothing fits well.
    Poor,
    Guess,
    Likely,
    Certain,
}

impl Sureness {
    fn words(self) -> &'static str {
        match self {
            Self::Poor => "no encoding fits it well",
            Self::Guess => "a guess",
            Self::Likely => "likely",
            Self::Certain => "almost certain",
        }
    }
}

impl Guess {
    /// The encoding with how sure it is and what else it could be, after `is read as`.
    pub fn words(&self) -> String {
        let word = self.word.as_ref().map(|word| format!(", such as in {}", quoted(word))).unwrap_or_default();
        let mut words = format!("{} ({}{word})", self.charset.name(), self.sureness.words());
        for (other, read, instead) in &self.others {
            words.push_str(&format!("; in {} {} would be {}", other.name(), quoted(read), quoted(instead)));
        }
        words + ANOTHER
    }
}

impl Guess {
    /// What is told of a file that is read so.
    pub fn note(&self) -> String {
        format!("{NOT_UTF_8}read as {}", self.words())
    }
}

const NOT_UTF_8: &str = "the text is not UTF-8 and is ";
/// How another encoding is chosen in a file or on the command line.
const ANOTHER: &str = "; the key encoding under [data], or the option --encoding, chooses another";

/// A note as it is told beside a choice of encodings; one of something else as it is.
pub fn note_beside_choice(note: &str) -> String {
    let Some(told) = note.strip_suffix(ANOTHER) else { return note.to_owned() };
    let told = told.strip_prefix(NOT_UTF_8).unwrap_or(told);
    let told = told.split_once("; in ").map_or(told, |(before, _)| before);
    let told = told.split_once(", such as in ").map_or_else(|| told.to_owned(), |(before, _)| format!("{before})"));
    format!("{told}. Change it above if letters look wrong")
}

/// A word as it is read, with the name of what cannot be seen.
fn quoted(word: &str) -> String {
    let seen =
        |letter: char| if letter.is_control() { format!("[U+{:04X}]", u32::from(letter)) } else { letter.into() };
    format!("\"{}\"", word.chars().map(seen).collect::<String>())
}

struct Candidate {
    charset: Charset,
    script: Script,
    /// The logarithm of how much rarer files in it are, roughly.
    prior: f32,
}

const fn web(encoding: &'static Encoding, script: Script, prior: f32) -> Candidate {
    Candidate { charset: Charset::Web(encoding), script, prior }
}

const fn dos(page: Page, prior: f32) -> Candidate {
    Candidate { charset: Charset::Dos(page), script: Script::Latin, prior }
}

/// How much better an encoding explains a file than the next to be almost certain, or likely: logarithms of how many times.
const CERTAIN: f32 = 15.0;
const LIKELY: f32 = 5.0;

/// In the order of preference among those that read the same.
static CANDIDATES: [Candidate; 23] = [
    web(WINDOWS_1252, Script::Latin, 0.0),
    web(WINDOWS_1250, Script::Latin, -1.0),
    web(ISO_8859_15, Script::Latin, -1.5),
    web(ISO_8859_2, Script::Latin, -1.5),
    web(WINDOWS_1254, Script::Latin, -1.0),
    web(WINDOWS_1257, Script::Latin, -1.0),
    web(MACINTOSH, Script::Latin, -2.0),
    dos(Page::Cp850, -2.0),
    dos(Page::Cp852, -2.5),
    dos(Page::Cp437, -2.5),
    dos(Page::Cp858, -3.5),
    web(WINDOWS_1251, Script::Cyrillic, -0.5),
    web(KOI8_R, Script::Cyrillic, -1.0),
    web(KOI8_U, Script::Cyrillic, -1.2),
    web(IBM866, Script::Cyrillic, -1.5),
    web(ISO_8859_5, Script::Cyrillic, -2.0),
    web(X_MAC_CYRILLIC, Script::Cyrillic, -3.0),
    web(WINDOWS_1253, Script::Greek, -0.5),
    web(ISO_8859_7, Script::Greek, -1.0),
    web(WINDOWS_1255, Script::Hebrew, -0.5),
    web(ISO_8859_8, Script::Hebrew, -1.5),
    web(WINDOWS_1256, Script::Arabic, -0.5),
    web(ISO_8859_6, Script::Arabic, -1.5),
];

/// The likeliest encoding of bytes of which the first that is no UTF-8 is told.
pub(in super::super) fn guess(bytes: &[u8], first_invalid: usize) -> Guess {
    let sample = sample_around(bytes, first_invalid);
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(sample, true);
    let guessed = detector.guess(None, Utf8Detection::Deny);
    let found = Contexts::of(bytes, first_invalid);
    let ranked = rank(&found);
    let Some(best) = ranked.first() else { return alone(Charset::Web(guessed), Sureness::Poor) };
    // Hardly any byte beyond ASCII stands beside another where each is a letter of Latin script, and nearly all do
    // where a character has two of them.
    let has_runs = !is_scattered(sample);
    let is_known = CANDIDATES.iter().any(|candidate| candidate.charset == Charset::Web(guessed));
    let is_other = if guessed.is_single_byte() {
        !is_known && has_runs && best.fit.is_poor()
    } else {
        has_runs && !best.fit.is_plain()
    };
    if is_other {
        let (_, had_errors) = guessed.decode_without_bom_handling(sample);
        return alone(Charset::Web(guessed), if had_errors { Sureness::Guess } else { Sureness::Likely });
    }
    let differ = |one: &Ranked, other: &Ranked| found.bytes().any(|byte| one.half[byte] != other.half[byte]);
    let second = ranked.iter().skip(1).find(|other| differ(best, other));
    let margin = second.map_or(f32::INFINITY, |second| best.fit.score - second.fit.score);
    let sureness = if best.fit.is_poor() {
        Sureness::Poor
    } else if margin >= CERTAIN {
        Sureness::Certain
    } else if margin >= LIKELY {
        Sureness::Likely
    } else {
        Sureness::Guess
    };
    let mut others: Vec<(&Ranked, String, String)> = Vec::new();
    for other in ranked.iter().skip(1).filter(|other| differ(best, other)) {
        const NAMED: usize = 2;
        if others.len() == NAMED {
            break;
        }
        let is_new = others.iter().all(|(known, ..)| differ(known, other));
        let telling = telling_word(sample, best.half, Some(other.half)).filter(|_| is_new);
        others.extend(telling.map(|word| (other, read(&word, best.half), read(&word, other.half))));
    }
    Guess {
        charset: best.charset,
        sureness,
        word: telling_word(sample, best.half, None).map(|word| read(&word, best.half)),
        others: others.into_iter().map(|(other, read, instead)| (other.charset, read, instead)).collect(),
    }
}

fn alone(charset: Charset, sureness: Sureness) -> Guess {
    Guess { charset, sureness, word: None, others: Vec::new() }
}

/// The beginning of the file, unless the first telling byte comes later.
fn sample_around(bytes: &[u8], telling: usize) -> &[u8] {
    let start = if telling < SAMPLE { 0 } else { telling - SAMPLE / 2 };
    &bytes[start..bytes.len().min(start + SAMPLE)]
}

/// Whether hardly any byte beyond ASCII stands beside another.
fn is_scattered(sample: &[u8]) -> bool {
    let beyond = sample.iter().filter(|byte| !byte.is_ascii()).count();
    let together = sample.windows(2).filter(|pair| !pair[0].is_ascii() && !pair[1].is_ascii()).count();
    together * 8 < beyond
}

/// A word with a byte beyond ASCII that is a letter, and is another character in another encoding, where one is given.
fn telling_word(sample: &[u8], half: &[char; 128], other: Option<&[char; 128]>) -> Option<Vec<u8>> {
    let character = |byte: u8| half.get(usize::from(byte).wrapping_sub(128)).copied().unwrap_or(char::from(byte));
    let tells = |byte: u8, letters: bool| {
        let place = usize::from(byte & 0x7F);
        let differs = other.is_none_or(|other| other[place] != half[place]);
        !byte.is_ascii() && differs && (half[place].is_alphabetic() || !letters)
    };
    let find = |letters| sample.iter().position(|&byte| tells(byte, letters));
    let at = find(true).or_else(|| find(false))?;
    let in_word = |byte: &&u8| character(**byte).is_alphanumeric();
    let before = sample[..at].iter().rev().take_while(in_word).count().min(20);
    let behind = sample[at + 1..].iter().take_while(in_word).count().min(20);
    // A sign alone says little without what it stands at.
    let around = usize::from(before + behind == 0);
    let start = (at - before).saturating_sub(around);
    Some(sample[start..(at + 1 + behind + around).min(sample.len())].trim_ascii().to_vec())
}

fn read(word: &[u8], half: &[char; 128]) -> String {
    let character = |&byte: &u8| half.get(usize::from(byte).wrapping_sub(128)).copied().unwrap_or(char::from(byte));
    shorten(&word.iter().map(character).collect::<String>(), 40)
}

/// The bytes beyond ASCII with the bytes beside them, and how often each stands so.
struct Contexts {
    all: Vec<([u8; 3], f32)>,
    ascii_letters: f32,
}

impl Contexts {
    fn of(bytes: &[u8], first: usize) -> Self {
        /// Bytes beyond ASCII that are looked at: those of a novel.
        const MOST: usize = 4 << 20;
        /// Places that differ, of which only files that are no text have more.
        const DIFFERENT: usize = 1 << 17;
        let mut counts: HashMap<[u8; 3], u32> = HashMap::new();
        let (mut seen, mut ascii_letters) = (0, 0_usize);
        let beside = |at: Option<usize>| at.and_then(|at| bytes.get(at)).copied().unwrap_or(b'\n');
        ascii_letters += bytes[..first.min(bytes.len())].iter().filter(|byte| byte.is_ascii_alphabetic()).count();
        for (at, &byte) in bytes.iter().enumerate().skip(first.min(bytes.len())) {
            if byte.is_ascii() {
                ascii_letters += usize::from(byte.is_ascii_alphabetic());
                continue;
            }
            heed();
            seen += 1;
            if seen > MOST || counts.len() > DIFFERENT {
                break;
            }
            *counts.entry([beside(at.checked_sub(1)), byte, beside(Some(at + 1))]).or_insert(0) += 1;
        }
        let mut all: Vec<([u8; 3], f32)> = counts.into_iter().map(|(context, count)| (context, count as f32)).collect();
        // Sums of fractions depend on their order.
        all.sort_unstable_by_key(|(context, _)| *context);
        Self { all, ascii_letters: ascii_letters as f32 }
    }

    /// The bytes beyond ASCII, counted from there.
    fn bytes(&self) -> impl Iterator<Item = usize> {
        self.all.iter().map(|([_, byte, _], _)| usize::from(byte & 0x7F))
    }
}

/// How well an encoding explains what bytes stand where.
#[derive(Clone, Copy, Debug, Default)]
struct Fit {
    /// The logarithm of a probability, roughly.
    score: f32,
    /// Bytes that are looked at, those among them that are letters, and those that no text has in their places.
    all: f32,
    letters: f32,
    odd: f32,
}

impl Fit {
    fn is_poor(&self) -> bool {
        self.odd * 20.0 > self.all
    }

    /// Whether nothing is left to explain: no text in another script would come out so.
    fn is_plain(&self) -> bool {
        const USUAL: f32 = -3.5;
        self.odd * 100.0 <= self.all && self.letters * 2.0 >= self.all && self.score >= USUAL * self.all
    }
}

struct Ranked {
    charset: Charset,
    half: &'static [char; 128],
    fit: Fit,
}

/// The encodings, from the likeliest down.
fn rank(found: &Contexts) -> Vec<Ranked> {
    if found.all.is_empty() {
        return Vec::new();
    }
    let ranked = |known: &'static Known| {
        let fits = known.languages.iter().map(|spelled| known.fit(found, spelled));
        let mut fit = fits.max_by(|one, other| one.score.total_cmp(&other.score))?;
        fit.score += known.prior;
        Some(Ranked { charset: known.charset, half: &known.half, fit })
    };
    let mut ranked: Vec<Ranked> = KNOWN.iter().filter_map(ranked).collect();
    ranked.sort_by(|one, other| other.fit.score.total_cmp(&one.fit.score));
    ranked
}

static KNOWN: LazyLock<Vec<Known>> = LazyLock::new(|| CANDIDATES.iter().map(Known::new).collect());

/// An encoding with what each byte stands for in it, and what that is in each language.
struct Known {
    charset: Charset,
    prior: f32,
    half: [char; 128],
    all: Vec<Character>,
    languages: Vec<Spelled>,
}

/// A language as it is spelled in an encoding.
struct Spelled {
    language: &'static Language,
    /// The logarithm of how often a byte from 128 is its letter, where it is one.
    letters: Vec<Option<f32>>,
    /// Whether it is a word of its own.
    alone: Vec<bool>,
}

#[derive(Clone, Copy)]
struct Character {
    is: char,
    /// As a small letter.
    small: char,
    is_letter: bool,
    is_capital: bool,
    is_digit: bool,
}

impl Known {
    fn new(candidate: &Candidate) -> Self {
        let half = candidate.charset.upper_half();
        let character = |byte: u8| {
            let is = if byte < 128 { char::from(byte) } else { half[usize::from(byte & 0x7F)] };
            Character {
                is,
                small: is.to_lowercase().next().unwrap_or(is),
                is_letter: is.is_alphabetic() && !matches!(is, 'ª' | 'º' | 'µ'),
                is_capital: is.is_uppercase(),
                is_digit: is.is_ascii_digit(),
            }
        };
        let all: Vec<Character> = (0..=u8::MAX).map(character).collect();
        let spelled = |language: &'static Language| {
            let letters: HashMap<char, f32> = language.letters().into_iter().collect();
            Spelled {
                language,
                letters: all[128..].iter().map(|character| letters.get(&character.small).copied()).collect(),
                alone: all[128..].iter().map(|character| language.alone.contains(character.small)).collect(),
            }
        };
        let languages = LANGUAGES.iter().filter(|language| language.script == candidate.script).map(spelled).collect();
        Self { charset: candidate.charset, prior: candidate.prior, half, all, languages }
    }

    fn fit(&self, found: &Contexts, spelled: &Spelled) -> Fit {
        /// What no text has.
        const ODD_LETTER: f32 = -8.0;
        const ODD_SIGN: f32 = -6.0;
        let mut fit = Fit::default();
        for (context, count) in &found.all {
            heed();
            let [before, character, behind] = context.map(|byte| &self.all[usize::from(byte)]);
            let place = usize::from(context[1] & 0x7F);
            let score = if character.is_letter || spelled.letters[place].is_some() {
                fit.letters += count;
                let score = letter_score(before, character, behind, spelled, place);
                fit.odd += if score < ODD_LETTER { *count } else { 0.0 };
                score
            } else {
                let score = sign_score(before, character.is, behind);
                fit.odd += if score <= ODD_SIGN { *count } else { 0.0 };
                score
            };
            fit.all += count;
            fit.score += score * count;
        }
        fit.score -= scarcity(&fit, found, spelled.language);
        fit
    }
}

/// What it costs that a language has hardly any of its letters: a word of it in a text of another is likelier.
fn scarcity(fit: &Fit, found: &Contexts, language: &Language) -> f32 {
    const MOST: f32 = 5.0;
    if language.script != Script::Latin {
        return match fit.letters {
            0.0 => 6.0,
            letters if found.ascii_letters > 20.0 * letters => 4.0,
            _ => 0.0,
        };
    }
    let share = (fit.letters + 0.5) / (fit.letters + found.ascii_letters + 1.0);
    if share < language.share { (1.3 * (language.share / share).ln() - 0.7).clamp(0.0, MOST) } else { 0.0 }
}

fn letter_score(before: &Character, letter: &Character, behind: &Character, spelled: &Spelled, place: usize) -> f32 {
    const FOREIGN: f32 = -9.0;
    let mut score = spelled.letters[place].unwrap_or(FOREIGN);
    let has_case = letter.is_capital || letter.is.is_lowercase();
    // A line or a cell begins with a capital letter rather than with a small one.
    let begins = matches!(before.is, '\n' | '\r' | '\t' | '"');
    if has_case && !letter.is_capital {
        score -= if behind.is_capital { 4.0 } else { 0.0 };
        score -= if begins { 1.0 } else { 0.0 };
    }
    if letter.is_capital {
        score -= if begins { 0.0 } else { 1.5 };
        if before.is_letter && !before.is_capital {
            score -= 5.0;
        }
        if before.is_capital && behind.is_letter && !behind.is_capital {
            score -= 1.0;
        }
    }
    if before.is_digit || behind.is_digit {
        score -= 2.5;
    }
    if !before.is_letter && !behind.is_letter && !spelled.alone[place] {
        score -= 3.0;
    }
    let is_latin = |character: &Character| character.is.is_ascii_alphabetic();
    if spelled.language.script != Script::Latin && (is_latin(before) || is_latin(behind)) {
        score -= 4.0;
    }
    score
}

fn sign_score(before: &Character, sign: char, behind: &Character) -> f32 {
    const COMMON: &str = "’“”„‘‚–—…«»€£°\u{a0}¿¡•";
    const RARER: &str = "§©®™½¼¾²³±µ·×†‹›¥¢ªº¬´¨¹÷‰ˆ˜№";
    /// What may stand between two letters.
    const JOINS: &str = "’‘´\u{ad}–—…\u{a0}·";
    if matches!(sign, '²' | '³') && before.is == 'm' {
        return -1.5;
    }
    let mut score = match sign {
        '€' | '£' if !before.is_digit && !behind.is_digit => -3.5,
        _ if COMMON.contains(sign) => -3.0,
        _ if RARER.contains(sign) => -4.5,
        char::REPLACEMENT_CHARACTER | '\u{80}'..'\u{a0}' => return -12.0,
        _ => -9.0,
    };
    let (opens, closes) = (matches!(sign, '¿' | '¡' | '“' | '„' | '«' | '‚' | '£'), matches!(sign, '»' | '”'));
    if (opens && before.is_letter) || (closes && behind.is_letter) {
        score -= 2.0;
    }
    if before.is_letter && behind.is_letter && !JOINS.contains(sign) {
        score -= 4.0;
    }
    score
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beside_a_choice_a_note_is_short_and_names_no_file_or_option() {
        let word = Some("André".to_owned());
        let others = vec![(Charset::UTF_8, "€40".to_owned(), "\u{80}40".to_owned())];
        let guess = Guess { charset: Charset::Web(WINDOWS_1252), sureness: Sureness::Certain, word, others };
        let note = guess.note();
        assert!(
            note.contains("\"€40\" would be \"[U+0080]40\"") && note.ends_with("--encoding, chooses another"),
            "{note}"
        );
        let expected = "read as windows-1252 (almost certain). Change it above if letters look wrong";
        assert_eq!(note_beside_choice(&note), expected);
        let lines = format!("2 of 6 lines (4 and 6) are read as {}", guess.words());
        assert_eq!(note_beside_choice(&lines), format!("2 of 6 lines (4 and 6) are {expected}"));
        assert_eq!(note_beside_choice("3 rows; in all"), "3 rows; in all");
    }
}

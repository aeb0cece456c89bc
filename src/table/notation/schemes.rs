//! How a file writes its tags: where the letter that begins or goes on with an entity stands (`B-PER`, `B_PER`, `PER-B`,
//! `b-per`, `B` alone), what stands outside of one (`O`, `-`, `NIL`), and what the letters mean (IOB1, IOB2, BIOES, BILOU,
//! BMES, BMEWO, `I-` alone, or no letters at all).
//!
//! One notation holds for a whole file: it is decided by all of its tags together, so that a type called `e-mail`, `b-cell`
//! or `vitamin_E` is no prefix because it could be one. What is unusual must be borne out: nearly all tags are written that
//! way, and what goes on with an entity mostly follows what begins it.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::table::notation::tags::is_outside;

/// The type of entities in a file that names none, as in `B`, `I` and `O`.
pub const UNTYPED: &str = "entity";

/// What stands between the letter and the type.
const SEPARATORS: [char; 7] = ['-', '_', ':', '/', '.', '|', ' '];

/// What files write for a word outside of entities where they do not write `O`, in lower case.
const OUTSIDE: [&str; 11] = ["-", "_", "0", "nil", "none", "null", "out", "outside", "n/a", "--", "*"];

/// Share of the tags that an unusual notation must explain.
const NEARLY_ALL: f64 = 0.95;

/// What the letters of a file mean.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scheme {
    #[default]
    Iob2,
    /// `B-` only where an entity follows another of its type.
    Iob1,
    /// `E-` at the end and `S-` for a single word; also `L-` and `U-` (BILOU), `M-` within (BMES) and `W-` for a single word
    /// (BMEWO).
    Bioes,
    /// `I-` alone: neighbours of one type are one entity.
    Inside,
    /// Numbers, whose names the file does not say: 0 is outside, as in the datasets of the hub, and -100 is not judged
    /// there.
    Numbered,
    /// Numbers of IOB2 tags: 1 begins an entity and 2 goes on with it, 3 and 4 are those of the next type, and 0 is outside.
    NumberedPairs,
    /// Types without a letter.
    Plain,
}

/// Where the letter of a tag stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Affix {
    place: Place,
    /// Whether small letters count too, as in `b-per`.
    any_case: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// `B-PER`
    Before(char),
    /// `PER-B`
    After(char),
    /// `B`, without a type.
    Alone,
    /// There is no letter.
    Absent,
}

/// `B-PER`, as tags are kept.
pub(super) const DASHED: Affix = Affix { place: Place::Before('-'), any_case: false };
/// `B`, with no type behind it.
pub(super) const ALONE: Affix = Affix { place: Place::Alone, any_case: false };
const UNDERSCORED: Affix = Affix { place: Place::Before('_'), any_case: false };
const ABSENT: Affix = Affix { place: Place::Absent, any_case: false };

impl Affix {
    /// Letter and type of a tag that is written this way.
    pub(super) fn parts(self, tag: &str) -> Option<(char, &str)> {
        let (letter, kind) = match self.place {
            Place::Before(separator) => tag.split_once(separator)?,
            Place::After(separator) => tag.rsplit_once(separator).map(|(kind, letter)| (letter, kind))?,
            Place::Alone => (tag.strip_suffix(['-', '_']).unwrap_or(tag), UNTYPED),
            Place::Absent => return None,
        };
        let mut letters = letter.chars();
        let first = letters.next().filter(|_| letters.next().is_none() && !kind.trim().is_empty())?;
        let first = if self.any_case { first.to_ascii_uppercase() } else { first };
        matches!(first, 'B' | 'I' | 'E' | 'S' | 'L' | 'U' | 'M' | 'W').then_some((first, kind))
    }

    /// Every way that is not the usual one, the likelier first.
    fn unusual() -> impl Iterator<Item = Self> {
        let places = || {
            let before = SEPARATORS.into_iter().map(Place::Before);
            let after = SEPARATORS.into_iter().map(Place::After);
            before.chain([Place::Alone]).chain(after)
        };
        [false, true].into_iter().flat_map(move |any_case| places().map(move |place| Self { place, any_case }))
    }
}

/// Whether a tag could be that of an entity with a letter, in any notation with capital letters.
pub fn has_letter(tag: &str) -> bool {
    Affix::unusual().filter(|affix| !affix.any_case).any(|affix| affix.parts(tag).is_some())
}

/// The same with small letters too.
pub fn may_have_letter(tag: &str) -> bool {
    Affix::unusual().any(|affix| affix.parts(tag).is_some())
}

/// Whether a tag could stand for a word outside of entities.
pub fn may_be_outside(tag: &str) -> bool {
    is_outside(tag) || OUTSIDE.contains(&tag.to_lowercase().as_str())
}

/// How a file writes its tags.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notation {
    pub scheme: Scheme,
    affix: Affix,
    /// What stands outside of entities beside `O`.
    outside: Vec<String>,
}

impl Default for Notation {
    fn default() -> Self {
        Self { scheme: Scheme::Iob2, affix: DASHED, outside: Vec::new() }
    }
}

impl Notation {
    /// Recognises the notation from the tags of all sentences, which are gone through three times.
    pub fn of_lists<I: Iterator<Item = Vec<String>>>(sentences: impl Fn() -> I) -> Self {
        let mut counts: BTreeMap<String, u64> = BTreeMap::new();
        for tag in sentences().flatten() {
            *counts.entry(tag).or_insert(0) += 1;
        }
        let affix = affix(&counts, &sentences);
        let outside = outside(&counts, affix);
        let mut notation = Self { scheme: Scheme::Plain, affix, outside };
        let mut entities = counts.keys().filter(|tag| !is_outside(tag)).peekable();
        notation.scheme = if affix.place != Place::Absent {
            notation.scheme_of(sentences())
        } else if entities.peek().is_none() {
            return Self::default();
        } else if entities.all(|tag| tag.parse::<i32>().is_ok()) {
            if are_pairs(sentences()) { Scheme::NumberedPairs } else { Scheme::Numbered }
        } else {
            Scheme::Plain
        };
        if notation.scheme.is_numbered() {
            notation.outside = vec!["0".to_owned(), "-100".to_owned()];
        }
        notation
    }

    fn scheme_of(&self, sentences: impl Iterator<Item = Vec<String>>) -> Scheme {
        let (mut ends, mut begins, mut inside, mut opened_by_inside, mut begins_alone) =
            (false, false, false, false, false);
        for sentence in sentences {
            let mut before: Option<&str> = None;
            for tag in &sentence {
                let (prefix, kind) =
                    self.affix.parts(tag).map_or((None, tag.as_str()), |(prefix, kind)| (Some(prefix), kind));
                match prefix {
                    Some('B') => {
                        begins = true;
                        begins_alone |= before != Some(kind);
                    }
                    Some('I') => {
                        inside = true;
                        opened_by_inside |= before != Some(kind);
                    }
                    Some(_) => ends = true,
                    None => {}
                }
                before = (!self.is_outside(tag)).then_some(kind);
            }
        }
        if ends {
            Scheme::Bioes
        } else if inside && !begins {
            Scheme::Inside
        } else if begins && opened_by_inside && !begins_alone {
            Scheme::Iob1
        } else {
            Scheme::Iob2
        }
    }

    /// Letter and type of a tag of the file. A type without a name is called by the number that begins it.
    pub fn split<'a>(&self, tag: &'a str) -> (Option<char>, Cow<'a, str>) {
        if self.scheme == Scheme::NumberedPairs
            && let Ok(number) = tag.parse::<i32>()
        {
            let begins = number % 2 != 0;
            let kind = if begins { Cow::Borrowed(tag) } else { Cow::Owned((number - 1).to_string()) };
            return (Some(if begins { 'B' } else { 'I' }), kind);
        }
        self.affix.parts(tag).map_or((None, Cow::Borrowed(tag)), |(prefix, kind)| (Some(prefix), Cow::Borrowed(kind)))
    }

    pub fn is_outside(&self, tag: &str) -> bool {
        is_outside(tag) || self.outside.iter().any(|outside| outside == tag)
    }

    /// A sentence's tags in IOB2.
    pub fn to_iob2(&self, tags: &[&str]) -> Vec<String> {
        let mut before: Option<Cow<'_, str>> = None;
        let mut all = Vec::with_capacity(tags.len());
        for &tag in tags {
            if self.is_outside(tag) {
                before = None;
                all.push("O".to_owned());
                continue;
            }
            let (prefix, kind) = self.split(tag);
            let begins = match (self.scheme, prefix) {
                (Scheme::Iob2 | Scheme::NumberedPairs, prefix) => prefix == Some('B'),
                (Scheme::Bioes, Some('B' | 'S' | 'U' | 'W')) | (Scheme::Iob1, Some('B')) => true,
                _ => before.as_ref() != Some(&kind),
            };
            all.push(format!("{}-{kind}", if begins { 'B' } else { 'I' }));
            // After the end of an entity the next of its type begins anew.
            let ends = matches!((self.scheme, prefix), (Scheme::Bioes, Some('E' | 'S' | 'L' | 'U' | 'W')));
            before = (!ends).then_some(kind);
        }
        all
    }

    /// Whether tags are written as they are kept.
    pub fn is_usual(&self) -> bool {
        *self == Self::default()
    }

    /// The notation in a few words.
    pub fn title(&self) -> String {
        let scheme = match self.scheme {
            Scheme::Iob2 => "IOB2",
            Scheme::Iob1 => "IOB1",
            Scheme::Bioes => "BIOES",
            Scheme::Inside => "I- only",
            Scheme::Numbered => return "numbers, 0 outside".to_owned(),
            Scheme::NumberedPairs => {
                return "the numbers of IOB2 tags, 0 outside, 1 beginning what 2 goes on with".to_owned();
            }
            Scheme::Plain => "types without prefixes",
        };
        let letter = if self.affix.any_case { 'b' } else { 'B' };
        let written = match self.affix.place {
            Place::Before('-') if !self.affix.any_case => String::new(),
            Place::Absent => String::new(),
            Place::Before(separator) => format!(" written {letter}{separator}TYPE"),
            Place::After(separator) => format!(" written TYPE{separator}{letter}"),
            Place::Alone => format!(" without types, of one type called {UNTYPED}"),
        };
        let outside: Vec<String> = self.outside.iter().map(|tag| format!("{tag:?}")).collect();
        let outside = if outside.is_empty() { String::new() } else { format!(", {} outside", outside.join(" and ")) };
        format!("{scheme}{written}{outside}")
    }
}

impl Scheme {
    /// Whether tags are numbers whose names the file does not say.
    pub fn is_numbered(self) -> bool {
        matches!(self, Self::Numbered | Self::NumberedPairs)
    }
}

/// Whether numbers are those of `B-` and `I-` in turn: an even one always goes on with the odd one before it or with itself,
/// and odd ones are followed by theirs more often than by themselves, as numbers of types would be.
fn are_pairs(sentences: impl Iterator<Item = Vec<String>>) -> bool {
    let (mut going_on, mut again) = (0_u64, 0_u64);
    for sentence in sentences {
        let mut before = 0;
        // What is not judged stands within a word.
        for number in sentence.iter().filter_map(|tag| tag.parse::<i32>().ok()).filter(|number| *number >= 0) {
            let is_even = number > 0 && number % 2 == 0;
            if is_even && before != number && before != number - 1 {
                return false;
            }
            going_on += u64::from(is_even && before == number - 1);
            again += u64::from(number % 2 != 0 && before == number);
            before = number;
        }
    }
    going_on > again
}

/// Where the letter stands in the tags of a file.
fn affix<I: Iterator<Item = Vec<String>>>(counts: &BTreeMap<String, u64>, sentences: &impl Fn() -> I) -> Affix {
    let total: u64 = counts.iter().filter(|(tag, _)| !is_outside(tag)).map(|(_, count)| count).sum();
    let share = |affix: Affix, all: u64| {
        let written: u64 = counts.iter().filter(|(tag, _)| affix.parts(tag).is_some()).map(|(_, count)| count).sum();
        written as f64 / all.max(1) as f64
    };
    // A few strange ones among many are mistakes, which stay to be seen, and make no other notation.
    if let Some(usual) = [DASHED, UNDERSCORED].into_iter().find(|affix| share(*affix, total) > 0.5) {
        return usual;
    }
    // What stands outside may be most of what is there, whatever it is called.
    let known: u64 = counts.iter().filter(|(tag, _)| may_be_outside(tag)).map(|(_, count)| count).sum();
    let most = || counts.iter().max_by_key(|(_, count)| **count).filter(|(tag, _)| !may_have_letter(tag));
    let others = if known > 0 { known } else { most().map_or(0, |(_, count)| *count) };
    let all: u64 = counts.values().sum();
    let entities = all - others;
    let first = [DASHED, UNDERSCORED].into_iter().find(|affix| share(*affix, entities) > 0.5);
    let is_borne_out =
        |affix: &Affix| share(*affix, entities) >= NEARLY_ALL && is_coherent(*affix, counts, sentences());
    first.or_else(|| Affix::unusual().find(is_borne_out)).unwrap_or(ABSENT)
}

/// Whether tags read in a notation go on with what they say they go on with; where none goes on, whether several types
/// are written that way, as one alone may be a name.
fn is_coherent(affix: Affix, counts: &BTreeMap<String, u64>, sentences: impl Iterator<Item = Vec<String>>) -> bool {
    let parts: Vec<(char, &str)> = counts.keys().filter_map(|tag| affix.parts(tag)).collect();
    let has = |letters: &str| parts.iter().any(|(letter, _)| letters.contains(*letter));
    let has_other = |letters: &str| parts.iter().any(|(letter, _)| !letters.contains(*letter));
    let kinds = parts.iter().map(|(_, kind)| kind).collect::<std::collections::BTreeSet<_>>().len();
    let is_told_outside = counts.keys().any(|tag| may_be_outside(tag));
    if !has("BI") || (affix.place == Place::Alone && !has_other("BI")) {
        return affix.place == Place::Alone && has("BI") && is_told_outside;
    }
    if !has_other("BSUW") || !has_other("I") {
        return kinds > 1 && is_told_outside;
    }
    let (mut going_on, mut follows) = (0_u64, 0_u64);
    for sentence in sentences {
        let mut before: Option<(char, &str)> = None;
        for tag in &sentence {
            let now = affix.parts(tag);
            if let Some((letter, kind)) = now.filter(|(letter, _)| "IMEL".contains(*letter)) {
                going_on += 1;
                let is_next = before.is_some_and(|(last, same)| same == kind && "BIM".contains(last));
                follows += u64::from(is_next || (letter == 'I' && !has("B")));
            }
            before = now;
        }
    }
    follows * 2 > going_on
}

/// What stands outside of entities beside `O`: what many files write there, or, where all other tags have a letter and
/// there is no `O`, the one that has none and is frequent.
fn outside(counts: &BTreeMap<String, u64>, affix: Affix) -> Vec<String> {
    let has_o = counts.keys().any(|tag| is_outside(tag));
    let bare: Vec<(&String, u64)> = counts
        .iter()
        .filter(|(tag, _)| !is_outside(tag) && affix.parts(tag).is_none())
        .map(|(tag, count)| (tag, *count))
        .collect();
    let known = |tag: &str| if has_o { matches!(tag, "-" | "_") } else { may_be_outside(tag) };
    let most = counts.values().copied().max().unwrap_or(0);
    let is_known = |(tag, count): &&(&String, u64)| {
        // A number, or a mark among parts of speech, is outside only where it is most of what is there.
        known(tag) && (affix.place != Place::Absent || *count == most || tag.chars().any(char::is_alphabetic))
    };
    let mut found: Vec<String> = bare.iter().filter(is_known).map(|(tag, _)| (*tag).clone()).collect();
    let all: u64 = counts.values().sum();
    if let [(tag, count)] = bare[..]
        && !has_o
        && affix.place != Place::Absent
        && count * 5 >= all
        && found.is_empty()
    {
        found.push(tag.clone());
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<&str> {
        text.split_whitespace().collect()
    }

    fn notation(sentences: &[&str]) -> Notation {
        Notation::of_lists(|| {
            sentences.iter().map(|sentence| words(sentence).into_iter().map(str::to_owned).collect::<Vec<String>>())
        })
    }

    fn check(sentences: &[&str], scheme: Scheme, expected: &str) {
        let found = notation(sentences);
        assert_eq!(found.scheme, scheme, "{sentences:?} as {}", found.title());
        assert_eq!(found.to_iob2(&words(sentences[0])).join(" "), expected, "{sentences:?} as {}", found.title());
    }

    #[test]
    fn schemes_are_recognised_and_turned_into_iob2() {
        check(&["B-A I-A O B-A B-A"], Scheme::Iob2, "B-A I-A O B-A B-A");
        check(&["I-A I-A B-A O I-B", "O I-A"], Scheme::Iob1, "B-A I-A B-A O B-B");
        check(&["S-A O B-B I-B E-B S-B"], Scheme::Bioes, "B-A O B-B I-B I-B B-B");
        check(&["U-A O B-B I-B L-B B-B L-B"], Scheme::Bioes, "B-A O B-B I-B I-B B-B I-B");
        check(&["I-A I-A I-B O I-A"], Scheme::Inside, "B-A I-A B-B O B-A");
        check(&["B-A M-A E-A S-B O"], Scheme::Bioes, "B-A I-A I-A B-B O");
        check(&["B-A M-A E-A W-B O W-B W-B"], Scheme::Bioes, "B-A I-A I-A B-B O B-B B-B");
        check(&["I-A E-A O E-B I-B E-B E-A"], Scheme::Bioes, "B-A I-A O B-B B-B I-B B-A");
        check(&["B_A I_A O B_B B_B"], Scheme::Iob2, "B-A I-A O B-B B-B");
        check(&["S_A B_B E_B B_B O"], Scheme::Bioes, "B-A B-B I-B B-B O");
        check(&["A A O B"], Scheme::Plain, "B-A I-A O B-B");
        check(&["B_cell T_cell T_cell O T_cell"], Scheme::Plain, "B-B_cell B-T_cell I-T_cell O B-T_cell");
        check(&["0 3 3 0 1 -100"], Scheme::Numbered, "O B-3 I-3 O B-1 O");
        check(&["0 1 2 2 0 3 4 1 0"], Scheme::NumberedPairs, "O B-1 I-1 I-1 O B-3 I-3 B-1 O");
        check(&["0 3 -100 4 0"], Scheme::NumberedPairs, "O B-3 O I-3 O");
        check(&["0 1 2 0", "0 2 0"], Scheme::Numbered, "O B-1 B-2 O");
        check(&["0 1 1 2 0", "1 1 0"], Scheme::Numbered, "O B-1 I-1 B-2 O");
        check(&["O O"], Scheme::Iob2, "O O");
        // An IOB2 file with a mistake is still IOB2, and the mistake stays to be seen.
        check(&["B-A O I-A", "O B-A I-A"], Scheme::Iob2, "B-A O I-A");
        check(&["0 B-A I-A O", "O B-A I-A"], Scheme::Iob2, "I-0 B-A I-A O");
    }

    #[test]
    fn letters_without_a_type_are_of_one_type() {
        check(&["B O O B I O"], Scheme::Iob2, "B-entity O O B-entity I-entity O");
        check(&["B O O B O"], Scheme::Iob2, "B-entity O O B-entity O");
        check(&["O I I O", "I B I O"], Scheme::Iob1, "O B-entity I-entity O");
        check(&["O I I O I"], Scheme::Inside, "O B-entity I-entity O B-entity");
        check(&["B I E O S"], Scheme::Bioes, "B-entity I-entity I-entity O B-entity");
        check(&["B I L O U"], Scheme::Bioes, "B-entity I-entity I-entity O B-entity");
        check(&["B M E S B E"], Scheme::Bioes, "B-entity I-entity I-entity B-entity B-entity I-entity");
        check(&["B M E W O W"], Scheme::Bioes, "B-entity I-entity I-entity B-entity O B-entity");
        check(&["b i o b"], Scheme::Iob2, "B-entity I-entity O B-entity");
        check(&["B- I- O"], Scheme::Iob2, "B-entity I-entity O");
    }

    #[test]
    fn the_letter_may_stand_behind_or_be_small_or_be_joined_otherwise() {
        let same = "B-PER I-PER O B-LOC O";
        for written in [
            "PER-B PER-I O LOC-B O",
            "PER_B PER_I - LOC_B -",
            "B:PER I:PER O B:LOC O",
            "B/PER I/PER O B/LOC O",
            "B.PER I.PER O B.LOC O",
            "B|PER I|PER O B|LOC O",
            "B_PER I_PER _ B_LOC _",
            "B-PER I-PER 0 B-LOC 0",
            "B-PER I-PER NIL B-LOC NIL",
            "B-PER I-PER none B-LOC none",
            "B-PER I-PER Other B-LOC Other",
            "PER/B PER/I O LOC/B O",
            "PER:B PER:I null LOC:B null",
        ] {
            check(&[written], Scheme::Iob2, same);
        }
        check(&["other B-PER other other other"], Scheme::Iob2, "O B-PER O O O");
        check(&["b-per i-per o b-loc o"], Scheme::Iob2, "B-per I-per O B-loc O");
        check(&["b_per i_per o b_loc o"], Scheme::Iob2, "B-per I-per O B-loc O");
        check(&["per-b per-i o loc-b o"], Scheme::Iob2, "B-per I-per O B-loc O");
        check(&["PER-B PER-I PER-E O LOC-S"], Scheme::Bioes, "B-PER I-PER I-PER O B-LOC");
        check(&["PER-B PER-E O LOC-W"], Scheme::Bioes, "B-PER I-PER O B-LOC");
        check(&["B_PER M_PER E_PER O W_LOC"], Scheme::Bioes, "B-PER I-PER I-PER O B-LOC");
        check(&["PER-I PER-I O LOC-I"], Scheme::Inside, "B-PER I-PER O B-LOC");
        check(&["PER-B O O", "LOC-B O"], Scheme::Iob2, "B-PER O O");
        check(&["PER PER - LOC - -"], Scheme::Plain, "B-PER I-PER O B-LOC O O");
        check(&["NONE PER PER NONE LOC"], Scheme::Plain, "O B-PER I-PER O B-LOC");
    }

    #[test]
    fn types_that_look_like_prefixes_are_left_whole() {
        check(&["B-cell-line I-cell-line O B-e-mail"], Scheme::Iob2, "B-cell-line I-cell-line O B-e-mail");
        check(&["B-PER.NAM I-PER.NAM O B-LOC_B"], Scheme::Iob2, "B-PER.NAM I-PER.NAM O B-LOC_B");
        check(&["drug-name-B drug-name-I O dose-B"], Scheme::Iob2, "B-drug-name I-drug-name O B-dose");
        check(&["b-cell O t-cell t-cell O"], Scheme::Plain, "B-b-cell O B-t-cell I-t-cell O");
        check(&["b-cell b-cell O O"], Scheme::Plain, "B-b-cell I-b-cell O O");
        check(&["vitamin_E O vitamin_B vitamin_B O"], Scheme::Plain, "B-vitamin_E O B-vitamin_B I-vitamin_B O");
        check(&["e-mail e-mail O url O"], Scheme::Plain, "B-e-mail I-e-mail O B-url O");
        check(&["S M L O S"], Scheme::Plain, "B-S B-M B-L O B-S");
        check(&["DT NN VB . DT"], Scheme::Plain, "B-DT B-NN B-VB B-. B-DT");
        check(&["1 PER PER 1 2"], Scheme::Plain, "B-1 B-PER I-PER B-1 B-2");
    }

    #[test]
    fn a_notation_is_told_in_a_few_words() {
        let check = |sentence: &str, expected: &str| assert_eq!(notation(&[sentence]).title(), expected, "{sentence}");
        check("B-A I-A O", "IOB2");
        check("A_B A_I - C_B -", "IOB2 written TYPE_B, \"-\" outside");
        check("b:x i:x o b:y", "IOB2 written b:TYPE");
        check("B I O", "IOB2 without types, of one type called entity");
        check("A A O", "types without prefixes");
        check("0 1", "numbers, 0 outside");
        assert!(notation(&["B-A O"]).is_usual() && !notation(&["S-A O"]).is_usual());
    }
}

//! A text as an exporter may have counted it: where each of its counts lies in characters, and whether a span that lies
//! there can be meant.

use std::cell::OnceCell;

use super::{Claim, Counting, LineEnds, SHIFTS, Shift, Unit, View};
use crate::table::boundaries::cuts_word;
use crate::table::readers::html;

/// A text with the places of its characters.
pub struct Text<'a> {
    whole: &'a str,
    characters: Vec<(usize, char)>,
    pub(super) traits: Traits,
    /// How its units are counted, made when a quote is looked for first: a text may have a hundred thousand of them.
    units: OnceCell<[(View, Ruler); 3]>,
}

/// What in a text is counted in different ways.
#[expect(clippy::struct_excessive_bools, reason = "each is there or not")]
pub(super) struct Traits {
    beyond_ascii: bool,
    /// Characters of two UTF-16 units.
    wide: bool,
    crlf: bool,
    line_feed: bool,
    entities: bool,
    /// Blanks, and a byte order mark, before the first letter.
    lead: usize,
}

impl Traits {
    fn of(text: &str, characters: &[(usize, char)]) -> Self {
        let is_blank = |letter: char| letter.is_whitespace() || letter == '\u{feff}';
        Self {
            beyond_ascii: characters.len() < text.len(),
            wide: characters.iter().any(|(_, letter)| letter.len_utf16() > 1),
            crlf: text.contains("\r\n"),
            line_feed: text.contains('\n'),
            entities: text.match_indices('&').any(|(at, _)| html::entity(&text[at..]).is_some()),
            lead: characters.iter().take_while(|(_, letter)| is_blank(*letter)).count(),
        }
    }

    /// Whether all views of the text are the same.
    pub(super) fn is_plain(&self) -> bool {
        !self.beyond_ascii && !self.line_feed && !self.entities && self.lead == 0
    }

    /// The same view in the plainest words.
    pub(super) fn plainest(&self, view: View) -> View {
        View {
            unit: match view.unit {
                Unit::Bytes if self.beyond_ascii => Unit::Bytes,
                Unit::Utf16 if self.wide => Unit::Utf16,
                _ => Unit::Characters,
            },
            line_ends: match view.line_ends {
                LineEnds::One if self.crlf => LineEnds::One,
                LineEnds::Two if self.line_feed => LineEnds::Two,
                _ => LineEnds::AsWritten,
            },
            stripped: view.stripped && self.lead > 0,
            entities: view.entities && self.entities,
        }
    }
}

/// Counts and the characters at which they stand, ascending; none where a count is the character's place.
pub enum Ruler {
    Plain,
    Marks(Vec<(usize, usize)>),
}

/// Where a span lies in characters, and whether it cannot be meant.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Judged {
    pub place: Option<(usize, usize)>,
    pub misfits: bool,
    /// Whether it does not merely have blanks around it.
    pub misfits_badly: bool,
}

impl<'a> Text<'a> {
    pub fn new(text: &'a str) -> Self {
        let characters: Vec<(usize, char)> = text.char_indices().collect();
        Self { whole: text, traits: Traits::of(text, &characters), characters, units: OnceCell::new() }
    }

    pub fn len(&self) -> usize {
        self.characters.len()
    }

    /// The characters of a range.
    pub fn part(&self, start: usize, end: usize) -> &'a str {
        let byte = |place: usize| self.characters.get(place).map_or(self.whole.len(), |(byte, _)| *byte);
        &self.whole[byte(start)..byte(end)]
    }

    pub fn ruler(&self, view: View) -> Ruler {
        let view = self.traits.plainest(view);
        if view == View::default() {
            return Ruler::Plain;
        }
        let size = |letter: char| match view.unit {
            Unit::Characters => 1,
            Unit::Utf16 => letter.len_utf16(),
            Unit::Bytes => letter.len_utf8(),
        };
        let mut marks = Vec::with_capacity(self.characters.len() + 1);
        let (mut count, mut at) = (0, if view.stripped { self.traits.lead } else { 0 });
        while let Some(&(byte, letter)) = self.characters.get(at) {
            marks.push((count, at));
            let entity = if view.entities && letter == '&' { html::entity(&self.whole[byte..]) } else { None };
            let is_before_feed = letter == '\r' && self.characters.get(at + 1).is_some_and(|(_, next)| *next == '\n');
            if let Some((shown, length)) = entity {
                count += shown.chars().map(size).sum::<usize>();
                at += length;
            } else if is_before_feed {
                count += if view.line_ends == LineEnds::One { 1 } else { 2 };
                at += 2;
            } else {
                count += if letter == '\n' && view.line_ends == LineEnds::Two { 2 } else { size(letter) };
                at += 1;
            }
        }
        marks.push((count, self.characters.len()));
        Ruler::Marks(marks)
    }

    fn place(&self, ruler: &Ruler, count: usize) -> Option<usize> {
        match ruler {
            Ruler::Plain => (count <= self.len()).then_some(count),
            Ruler::Marks(marks) => {
                let index = marks.binary_search_by_key(&count, |(count, _)| *count).ok()?;
                Some(marks[index].1)
            }
        }
    }

    pub(super) fn judge(&self, ruler: &Ruler, shift: Shift, claim: &Claim<'_>) -> Judged {
        let place = self.range(ruler, shift, claim);
        let Some((start, end)) = place else { return Judged { place, misfits: true, misfits_badly: true } };
        let found = self.part(start, end);
        let (misfits, misfits_badly) = match claim.quote {
            Some(quote) => {
                // Blanks around a quote are passed over elsewhere, but tell an end from the one behind it.
                let has_more = found.trim().len() < found.len() && quote.text.trim().len() == quote.text.len();
                (has_more || !quote.is(found), !quote.is(found))
            }
            None => (self.is_odd(start, end), self.cuts_word(start) || self.cuts_word(end)),
        };
        Judged { place, misfits, misfits_badly }
    }

    fn range(&self, ruler: &Ruler, shift: Shift, claim: &Claim<'_>) -> Option<(usize, usize)> {
        let first = usize::from(shift.from_one);
        let start = self.place(ruler, claim.start.checked_sub(first)?)?;
        let end = match (claim.end, claim.quote) {
            (Some(end), _) => self.place(ruler, (end + usize::from(shift.inclusive)).checked_sub(first)?)?,
            (None, Some(quote)) => Some(start + quote.text.chars().count()).filter(|end| *end <= self.len())?,
            (None, None) => return None,
        };
        (start < end).then_some((start, end))
    }

    /// Whether a range that nothing is quoted of begins or ends where no word does.
    fn is_odd(&self, start: usize, end: usize) -> bool {
        let (first, last) = (self.characters[start].1, self.characters[end - 1].1);
        first.is_whitespace()
            || last.is_whitespace()
            || matches!(
                first,
                ',' | '.'
                    | ';'
                    | ':'
                    | '!'
                    | '?'
                    | ')'
                    | ']'
                    | '}'
                    | '，'
                    | '。'
                    | '、'
                    | '；'
                    | '：'
                    | '！'
                    | '？'
                    | '）'
            )
            || matches!(last, ',' | ';' | ':' | '(' | '[' | '{' | '，' | '、' | '；' | '：' | '（')
            || self.cuts_word(start)
            || self.cuts_word(end)
    }

    /// Whether a place lies inside a word.
    pub fn cuts_word(&self, place: usize) -> bool {
        let before = place.checked_sub(1).and_then(|before| self.characters.get(before));
        before.zip(self.characters.get(place)).is_some_and(|((_, before), (_, after))| cuts_word(*before, *after))
    }

    /// Where a span lies in characters, if it lies in the text at all.
    pub fn resolve(&self, ruler: &Ruler, counting: Counting, claim: &Claim<'_>) -> Option<(usize, usize)> {
        self.range(ruler, SHIFTS[counting.shift], claim)
    }

    /// The same, if the quoted words stand there or nothing is quoted.
    pub fn confirm(&self, ruler: &Ruler, counting: Counting, claim: &Claim<'_>) -> Option<(usize, usize)> {
        let place = self.resolve(ruler, counting, claim)?;
        claim.quote.is_none_or(|quote| quote.is(self.part(place.0, place.1))).then_some(place)
    }

    /// Where the quoted words of a span stand, as one unit or another has it: they prove it for themselves.
    pub fn find_quoted(&self, claim: &Claim<'_>) -> Option<(usize, usize)> {
        claim.quote?;
        let units = self.units.get_or_init(|| {
            [Unit::Characters, Unit::Utf16, Unit::Bytes].map(|unit| {
                let view = View { unit, ..View::default() };
                (view, self.ruler(view))
            })
        });
        units.iter().find_map(|(view, ruler)| self.confirm(ruler, Counting { view: *view, shift: 0 }, claim))
    }
}

//! In what an exporter counted its offsets. Python counts code points, which is what we keep; browsers count UTF-16
//! units, Go and Rust bytes. Some count a line end of two characters as one, or one as two, some the text without the
//! blanks at its start or with its HTML entities as single characters; some begin at 1, and some name the last character
//! and not the one behind it.
//!
//! A single span tells little, so the whole file is asked: every way is tried on every span, and another way than code
//! points is taken only where of the spans that the two place differently most do not fit as code points and nearly all
//! fit the other way. A span fits if its words are those that the file quotes; where it quotes none, if it begins and
//! ends where words do.

mod text;

pub(super) use self::text::Text;
use self::text::{Judged, Ruler};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Unit {
    #[default]
    Characters,
    Utf16,
    Bytes,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum LineEnds {
    #[default]
    AsWritten,
    /// A carriage return with its line feed counts as one.
    One,
    /// A line feed alone counts as two.
    Two,
}

/// What of a text is counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct View {
    pub unit: Unit,
    pub line_ends: LineEnds,
    /// The blanks at the start are not counted.
    pub stripped: bool,
    /// An HTML entity is the character that it stands for.
    pub entities: bool,
}

/// Where counting begins and what an end is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Shift {
    inclusive: bool,
    from_one: bool,
}

const SHIFTS: [Shift; 4] = [
    Shift { inclusive: false, from_one: false },
    Shift { inclusive: true, from_one: false },
    Shift { inclusive: false, from_one: true },
    Shift { inclusive: true, from_one: true },
];

/// One way of counting.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counting {
    pub view: View,
    shift: usize,
}

impl Counting {
    /// All ways, those that differ less from counting code points first.
    fn all() -> Vec<Self> {
        let mut all = Vec::new();
        for shift in 0..SHIFTS.len() {
            for unit in [Unit::Characters, Unit::Utf16, Unit::Bytes] {
                for line_ends in [LineEnds::AsWritten, LineEnds::One, LineEnds::Two] {
                    for (stripped, entities) in [(false, false), (true, false), (false, true), (true, true)] {
                        all.push(Self { view: View { unit, line_ends, stripped, entities }, shift });
                    }
                }
            }
        }
        all.sort_by_key(|counting| counting.oddities());
        all
    }

    fn oddities(self) -> usize {
        let View { unit, line_ends, stripped, entities } = self.view;
        let Shift { inclusive, from_one } = SHIFTS[self.shift];
        let view = [unit != Unit::Characters, line_ends != LineEnds::AsWritten, stripped, entities];
        view.into_iter().chain([inclusive, from_one]).map(usize::from).sum()
    }

    /// What is counted, in words.
    fn title(self) -> String {
        let mut title = String::from(match self.view.unit {
            Unit::Characters => "characters",
            Unit::Utf16 => "UTF-16 units",
            Unit::Bytes => "bytes of UTF-8",
        });
        let Shift { inclusive, from_one } = SHIFTS[self.shift];
        for (holds, words) in [
            (from_one, " from 1"),
            (inclusive, " up to and with the last"),
            (self.view.line_ends == LineEnds::One, " with each CRLF as one"),
            (self.view.line_ends == LineEnds::Two, " with each line feed as two"),
            (self.view.stripped, " without the blanks at the start of a text"),
            (self.view.entities, " with each HTML entity as one"),
        ] {
            title.push_str(if holds { words } else { "" });
        }
        title
    }
}

/// What a file says of one span.
#[derive(Clone, Copy, Debug)]
pub(super) struct Claim<'a> {
    pub start: usize,
    /// Without one the quoted words tell it.
    pub end: Option<usize>,
    pub quote: Option<Quote<'a>>,
}

/// The words that a file says stand in a span.
#[derive(Clone, Copy, Debug)]
pub(super) struct Quote<'a> {
    pub text: &'a str,
    pub faith: Faith,
}

/// How faithfully words are quoted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Faith {
    Exact,
    /// Tools write line ends and blanks in quoted words in different ways.
    Words,
    /// The letters alone, as a model's tokens give them.
    Letters,
}

impl Quote<'_> {
    fn is(self, found: &str) -> bool {
        match self.faith {
            Faith::Exact => found == self.text,
            // What is found may be a whole document, and differs within a few words.
            Faith::Words => words(found).eq(words(self.text)),
            Faith::Letters if letters(self.text).next().is_none() => found == self.text,
            Faith::Letters => letters(found).eq(letters(self.text)),
        }
    }
}

/// The words between blanks and what tools write for line ends.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split("\\n").flat_map(str::split_whitespace)
}

pub(super) fn plain_blanks(text: &str) -> String {
    words(text).collect::<Vec<_>>().join(" ")
}

fn letters(text: &str) -> impl Iterator<Item = char> {
    text.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase)
}

/// How the spans of some texts fit in one way of counting, of those that it places otherwise than code points.
#[derive(Clone, Copy, Default)]
struct Tally {
    spans: usize,
    quoted: usize,
    misfits: usize,
    misfits_as_characters: usize,
    bad_as_characters: usize,
}

impl Tally {
    fn note(&mut self, usual: Judged, judged: Judged, is_quoted: bool) {
        if usual.place != judged.place {
            self.spans += 1;
            self.quoted += usize::from(is_quoted);
            self.misfits += usize::from(judged.misfits);
            self.misfits_as_characters += usize::from(usual.misfits);
            self.bad_as_characters += usize::from(usual.misfits_badly);
        }
    }

    fn with(self, other: Self) -> Self {
        Self {
            spans: self.spans + other.spans,
            quoted: self.quoted + other.quoted,
            misfits: self.misfits + other.misfits,
            misfits_as_characters: self.misfits_as_characters + other.misfits_as_characters,
            bad_as_characters: self.bad_as_characters + other.bad_as_characters,
        }
    }

    /// Whether a way of counting is meant rather than code points. Another origin or end would fit a single cut word by
    /// chance, while another unit explains only what comes behind a character that takes more of it.
    fn speaks_for(&self, counting: Counting) -> bool {
        let is_shifted = counting.shift != 0;
        let least = if is_shifted && self.quoted < self.spans { 3 } else { 1 };
        // Another origin or end moves every span into a word or out of one.
        let (wrong, is_most) = if is_shifted {
            (self.bad_as_characters, self.bad_as_characters * 5 >= self.spans * 4)
        } else {
            (self.misfits_as_characters, self.misfits_as_characters * 2 >= self.spans)
        };
        wrong >= least && is_most && self.misfits * 3 <= wrong
    }
}

/// What the spans of a file say of how they are counted.
pub(super) struct Evidence {
    ways: Vec<Counting>,
    /// By way of counting, of texts in which they differ by more than their shift; and by shift, of all others.
    odd: Vec<Tally>,
    plain: [Tally; SHIFTS.len()],
}

impl Default for Evidence {
    fn default() -> Self {
        let ways = Counting::all();
        Self { odd: vec![Tally::default(); ways.len()], ways, plain: [Tally::default(); SHIFTS.len()] }
    }
}

impl Evidence {
    pub fn add(&mut self, text: &str, claims: &[Claim<'_>]) {
        if claims.is_empty() {
            return;
        }
        let text = Text::new(text);
        let is_plain = text.traits.is_plain();
        let mut rulers: Vec<(View, Ruler)> = vec![(View::default(), Ruler::Plain)];
        let mut which = Vec::new();
        for way in self.ways.iter().filter(|_| !is_plain) {
            let view = text.traits.plainest(way.view);
            let known = rulers.iter().position(|(known, _)| *known == view);
            which.push(known.unwrap_or_else(|| {
                rulers.push((view, text.ruler(view)));
                rulers.len() - 1
            }));
        }
        for claim in claims {
            let is_quoted = claim.quote.is_some();
            let by_shift = |ruler: &Ruler| SHIFTS.map(|shift| text.judge(ruler, shift, claim));
            let judged: Vec<_> = rulers.iter().map(|(_, ruler)| by_shift(ruler)).collect();
            let usual = judged[0][0];
            if is_plain {
                for (tally, judged) in self.plain.iter_mut().zip(judged[0]) {
                    tally.note(usual, judged, is_quoted);
                }
            }
            for ((tally, way), ruler) in self.odd.iter_mut().zip(&self.ways).zip(&which) {
                tally.note(usual, judged[*ruler][way.shift], is_quoted);
            }
        }
    }

    /// The way of counting that is meant, if it is not code points, and why it is thought so; `noun` names what was
    /// counted, such as `span`.
    pub fn verdict(&self, noun: &str) -> Option<(Counting, String)> {
        let mut best: Option<(usize, Counting, Tally)> = None;
        for (way, odd) in self.ways.iter().zip(&self.odd) {
            let tally = odd.with(self.plain[way.shift]);
            let gain = tally.misfits_as_characters.saturating_sub(tally.misfits);
            if tally.speaks_for(*way) && best.as_ref().is_none_or(|(most, ..)| gain > *most) {
                best = Some((gain, *way, tally));
            }
        }
        let (_, counting, tally) = best?;
        let Tally { spans, misfits, misfits_as_characters, .. } = tally;
        let fit = if tally.quoted == spans { "have the words that the file quotes" } else { "fit the words" };
        let reason = format!(
            "the offsets of {noun}s are read as {}, by which {} of {spans} that this moves {fit}; as characters from 0 it \
             would be {}",
            counting.title(),
            spans - misfits,
            spans - misfits_as_characters,
        );
        Some((counting, reason))
    }
}

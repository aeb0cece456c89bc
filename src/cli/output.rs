//! Standard output, and how numbers and errors are written.

use std::borrow::Cow;
use std::fmt;
use std::io::{self, Write};

use anyhow::Context;
use serde::Serialize;

use crate::words::noun;

/// Tells a person something, a line on standard error. Where that is closed or full nobody hears it, and the work goes on.
pub fn say(words: fmt::Arguments<'_>) {
    writeln!(io::stderr().lock(), "{}", harmless(&words.to_string())).ok();
}

/// Text in which data cannot speak to a terminal: signs that would move its cursor, colour it or name its window are shown
/// as what they are.
pub fn harmless(text: &str) -> Cow<'_, str> {
    let acts = |sign: char| sign.is_control() && !matches!(sign, '\n' | '\t');
    if !text.contains(acts) {
        return Cow::Borrowed(text);
    }
    let shown = |sign: char| match sign {
        '\0'..='\x1f' if acts(sign) => char::from_u32(0x2400 + sign as u32).unwrap_or('\u{fffd}'),
        '\x7f' => '\u{2421}',
        sign if acts(sign) => '\u{fffd}',
        sign => sign,
    };
    Cow::Owned(text.chars().map(shown).collect())
}

/// JSON on its way to where a terminal may be. It is the same JSON: signs that act there and that JSON leaves as they are
/// become escapes.
pub struct Escaped<W>(pub W);

impl<W: Write> Write for Escaped<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let acts = |sign: char| matches!(sign, '\x7f'..='\u{9f}');
        match std::str::from_utf8(bytes) {
            Ok(text) if text.contains(acts) => {
                for sign in text.chars() {
                    if acts(sign) { write!(self.0, "\\u{:04x}", sign as u32)? } else { write!(self.0, "{sign}")? }
                }
            }
            _ => self.0.write_all(bytes)?,
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// Whether a command failed only because nobody reads its output any more.
pub fn is_closed(error: &anyhow::Error) -> bool {
    let broken = |error: &io::Error| error.kind() == io::ErrorKind::BrokenPipe;
    error.chain().any(|cause| cause.downcast_ref::<io::Error>().is_some_and(broken))
}

/// What failed where standard output is full or closed.
pub const UNPRINTED: &str = "cannot write to standard output";

/// Prints a value as JSON over several lines.
pub fn print_json(value: &impl Serialize) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    let printed = serde_json::to_writer_pretty(Escaped(&mut out), value).map_err(io::Error::from);
    printed.and_then(|()| writeln!(out)).and_then(|()| out.flush()).context(UNPRINTED)
}

/// Prints lines of text.
pub fn print_lines(lines: &[String]) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    let printed = lines.iter().try_for_each(|line| writeln!(out, "{}", harmless(line)));
    printed.and_then(|()| out.flush()).context(UNPRINTED)
}

pub fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A whole number with its thousands apart.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 row`, `2,000 rows`.
pub fn plural(number: usize, one: &str, many: &str) -> String {
    format!("{} {}", grouped(number as u64), noun(number, one, many))
}

/// Says of a text, by its place where there are several, what the model did not take of it.
pub fn warn_of_cut(place: &str, tokens: usize) {
    if tokens > 0 {
        let place = if place.is_empty() { String::new() } else { format!("{place}: ") };
        let were = noun(tokens, "was", "were");
        eprintln!("attune: warning: {place}{} did not fit and {were} cut off", plural(tokens, "token", "tokens"));
    }
}

/// Seconds as a person reads them.
pub fn duration(seconds: f64) -> String {
    let whole = seconds.round() as u64;
    match whole {
        0..60 => format!("{seconds:.1} s"),
        60..3600 => format!("{} min {} s", whole / 60, whole % 60),
        _ => format!("{} h {} min", whole / 3600, whole / 60 % 60),
    }
}

pub fn bytes(count: u64) -> String {
    let units = [("GB", 1e9), ("MB", 1e6), ("kB", 1e3)];
    let count = count as f64;
    units
        .into_iter()
        .find(|(_, size)| count >= *size)
        .map_or_else(|| format!("{count} bytes"), |(unit, size)| format!("{:.1} {unit}", count / size))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_for_people() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(109_482_240), "109,482,240");
        assert_eq!((plural(1, "row", "rows").as_str(), plural(2000, "row", "rows").as_str()), ("1 row", "2,000 rows"));
        assert_eq!(duration(4.26), "4.3 s");
        assert_eq!(duration(61.0), "1 min 1 s");
        assert_eq!(duration(7260.0), "2 h 1 min");
        assert_eq!(bytes(512), "512 bytes");
        assert_eq!(bytes(1_500_000), "1.5 MB");
    }

    #[test]
    fn data_cannot_speak_to_a_terminal() {
        assert_eq!(harmless("\x1b[31mred\x07\r\u{9b}2J\x7f"), "␛[31mred␇␍\u{fffd}2J␡");
        assert_eq!(harmless("a\tb\nZürich 😀"), "a\tb\nZürich 😀");
        let mut out = Vec::new();
        let text = "\u{9b}2J\x7f\x1b[31m Zürich 😀 \u{a0}";
        serde_json::to_writer(Escaped(&mut out), text).unwrap();
        let written = String::from_utf8(out).unwrap();
        assert!(!written.contains(char::is_control) && written.contains("Zürich 😀 \u{a0}"), "{written}");
        assert_eq!(serde_json::from_str::<String>(&written).unwrap(), text);
    }

    #[test]
    fn a_closed_reader_is_recognised_behind_its_context() {
        let closed = anyhow::Error::from(io::Error::from(io::ErrorKind::BrokenPipe)).context("while printing");
        assert!(is_closed(&closed));
        assert!(!is_closed(&anyhow::anyhow!("other")));
    }
}

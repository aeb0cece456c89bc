//! What a person means by a number that was typed. A point and a comma may both be the decimal sign, and both may part
//! thousands; where a field could mean either, nothing is guessed: the person is asked to write one of the two.

use std::fmt;

use crate::train::limits::{self, Limit};

/// Which number a field holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Meaning<'a> {
    pub limit: Limit,
    pub percent: Percent,
    /// What may stand behind the number, such as `tokens`.
    pub unit: &'a str,
}

/// What a percent sign stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Percent {
    /// It makes no sense here.
    No,
    /// `5 %` is 0.05.
    Share,
    /// The same, but 1 and more are a count, of which there is no percentage.
    ShareOrCount,
    /// The number is a percentage already.
    Unit,
}

/// Why a number was not taken.
#[derive(Clone, Debug, PartialEq)]
pub enum Unread {
    Nothing,
    NoNumber,
    NoPercentage,
    Fraction,
    /// Both of these fit.
    Either(String, String),
    /// Where it would have to lie.
    Outside(String),
}

impl Unread {
    /// In words, with what was typed and with the value that stays.
    pub fn explain(&self, typed: &str, stays: &str) -> String {
        let typed = typed.trim();
        match self {
            Self::Nothing => format!("A number is missing here; still using {stays}"),
            Self::NoNumber => format!("“{typed}” is not a number; still using {stays}"),
            Self::NoPercentage => format!("“{typed}”: enter a number, not a percentage; still using {stays}"),
            Self::Fraction => format!("“{typed}” is not a whole number; still using {stays}"),
            Self::Either(one, two) => {
                format!("“{typed}” can be read as {one} or as {two}: write the one you mean; still using {stays}")
            }
            Self::Outside(limit) => format!("“{typed}” must be {limit}; still using {stays}"),
        }
    }
}

/// A number that a field can hold.
pub trait Quantity: Copy + PartialEq + fmt::Display {
    /// The number `digits` times ten to the power of `exponent`.
    fn of(decimal: &Decimal) -> Result<Self, Unread>;
    /// As one would type it, and exact: it is read again as what it is.
    fn write(self) -> String {
        self.to_string()
    }

    fn to_f64(self) -> f64;
    /// The nearest one.
    fn near(value: f64) -> Self;
    const IS_WHOLE: bool;
}

/// The number `digits` times ten to the power of `exponent`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decimal {
    negative: bool,
    digits: String,
    exponent: i32,
}

impl Quantity for f64 {
    const IS_WHOLE: bool = false;

    fn of(decimal: &Decimal) -> Result<Self, Unread> {
        // Without the sign of a zero.
        decimal.to_string().parse().map(|value: Self| value + 0.0).ok().ok_or(Unread::NoNumber)
    }

    fn write(self) -> String {
        let size = self.abs();
        if size == 0.0 || (0.01..1e15).contains(&size) { format!("{self}") } else { format!("{self:e}") }
    }

    fn to_f64(self) -> f64 {
        self
    }

    fn near(value: f64) -> Self {
        value
    }
}

impl Quantity for u64 {
    const IS_WHOLE: bool = true;

    fn of(decimal: &Decimal) -> Result<Self, Unread> {
        let digits = decimal.digits.trim_start_matches('0');
        let whole = match usize::try_from(decimal.exponent) {
            // Longer than any number that fits.
            Ok(zeros) if digits.len() + zeros > 40 && !digits.is_empty() => return Err(outside()),
            Ok(zeros) => format!("{digits}{}", "0".repeat(zeros.min(40))),
            Err(_) => {
                let places = decimal.exponent.unsigned_abs() as usize;
                let (whole, fraction) = digits.split_at(digits.len().saturating_sub(places));
                if fraction.bytes().any(|digit| digit != b'0') {
                    return Err(Unread::Fraction);
                }
                whole.to_owned()
            }
        };
        let whole = whole.trim_start_matches('0');
        if whole.is_empty() {
            return Ok(0);
        }
        if decimal.negative { Err(outside()) } else { whole.parse().ok().ok_or_else(outside) }
    }

    fn to_f64(self) -> f64 {
        self as f64
    }

    fn near(value: f64) -> Self {
        value.round() as Self
    }
}

impl Quantity for usize {
    const IS_WHOLE: bool = true;

    fn of(decimal: &Decimal) -> Result<Self, Unread> {
        u64::of(decimal)?.try_into().ok().ok_or_else(outside)
    }

    fn to_f64(self) -> f64 {
        self as f64
    }

    fn near(value: f64) -> Self {
        value.round() as Self
    }
}

impl Quantity for u32 {
    const IS_WHOLE: bool = true;

    fn of(decimal: &Decimal) -> Result<Self, Unread> {
        u64::of(decimal)?.try_into().ok().ok_or_else(|| Unread::Outside(format!("0 to {}", Self::MAX)))
    }

    fn to_f64(self) -> f64 {
        f64::from(self)
    }

    fn near(value: f64) -> Self {
        value.round() as Self
    }
}

fn outside() -> Unread {
    Unread::Outside(format!("0 to {}", u64::MAX))
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}e{}", if self.negative { "-" } else { "" }, self.digits, self.exponent)
    }
}

/// Reads a number, or says why there is none.
pub fn read<Q: Quantity>(typed: &str, meaning: Meaning<'_>) -> Result<Q, Unread> {
    let words = plain(typed);
    let words = words.trim();
    let words = words.strip_suffix(meaning.unit).unwrap_or(words).trim_end();
    if words.is_empty() {
        return Err(Unread::Nothing);
    }
    let (words, is_percentage) = words.strip_suffix('%').map_or((words, false), |words| (words.trim_end(), true));
    let shift = match (is_percentage, meaning.percent) {
        (true, Percent::No) => return Err(Unread::NoPercentage),
        (true, Percent::Share | Percent::ShareOrCount) => -2,
        _ => 0,
    };
    let possible = readings(words);
    if possible.is_empty() {
        return Err(Unread::NoNumber);
    }
    // `1,000` is no smaller for being too large here: somebody may have meant it.
    let thousands = possible.get(1).filter(|_| !is_percentage).and_then(|decimal| Q::of(decimal).ok());
    let judged: Vec<Result<Q, Unread>> = possible
        .into_iter()
        .map(|decimal| {
            let decimal = Decimal { exponent: decimal.exponent + shift, ..decimal };
            // What the kind of number cannot hold is told the range of the field, as far as that says something.
            let value = Q::of(&decimal).map_err(|why| match why {
                Unread::Outside(_) if decimal.negative => outside_of(meaning),
                why => why,
            })?;
            let number = value.to_f64();
            if is_percentage && meaning.percent == Percent::ShareOrCount && number >= 1.0 {
                return Err(Unread::Outside("below 100 %".into()));
            }
            if number.is_finite() && limits::contains(meaning.limit, number) {
                Ok(value)
            } else {
                Err(outside_of(meaning))
            }
        })
        .collect();
    match judged.as_slice() {
        [Ok(one), Ok(two)] if one != two => Err(Unread::Either(one.write(), two.write())),
        [Ok(one), Err(Unread::Outside(_))] if thousands.is_some_and(|two| two != *one) => {
            Err(Unread::Either(one.write(), thousands.map(Q::write).unwrap_or_default()))
        }
        [Ok(one), ..] | [Err(_), Ok(one)] => Ok(*one),
        [Err(why), ..] => Err(why.clone()),
        [] => Err(Unread::NoNumber),
    }
}

fn outside_of(meaning: Meaning<'_>) -> Unread {
    let unit = if meaning.unit.is_empty() { String::new() } else { format!(" {}", meaning.unit) };
    Unread::Outside(format!("{}{unit}", limits::words(meaning.limit)))
}

/// The same in plain letters: one kind of blank, minus and apostrophe, digits as they are in ASCII, and `e` for a power
/// of ten.
fn plain(typed: &str) -> String {
    let letter = |letter: char| match letter {
        letter if letter.is_whitespace() => ' ',
        '\u{2212}' | '\u{2013}' => '-',
        '\u{2019}' => '\'',
        // The wide letters of Chinese and Japanese keyboards.
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(letter as u32 - 0xfee0).unwrap_or(letter),
        letter => letter,
    };
    let mut words: String = typed.chars().map(letter).collect();
    for times in ["×", "·", "*", "x"] {
        for power in ["10^", "10**", "10 ^ "] {
            for sign in [format!(" {times} {power}"), format!("{times}{power}"), format!("{times} {power}")] {
                words = words.replace(&sign, "e");
            }
        }
    }
    words
}

/// All that the words can mean, the reading with a decimal sign first.
fn readings(words: &str) -> Vec<Decimal> {
    let (mantissa, exponent) = match words.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa.trim_end(), power(exponent)),
        None => (words, Some(0)),
    };
    let (mantissa, negative) = match mantissa.strip_prefix('-') {
        Some(mantissa) => (mantissa.trim_start(), true),
        None => (mantissa.strip_prefix('+').unwrap_or(mantissa).trim_start(), false),
    };
    let Some(exponent) = exponent else { return Vec::new() };
    let decimal = |(whole, fraction): (String, &str)| Decimal {
        negative,
        digits: format!("{whole}{fraction}"),
        exponent: exponent - fraction.len() as i32,
    };
    parts(mantissa).into_iter().map(decimal).collect()
}

/// Nobody means more than a few hundred places.
fn power(words: &str) -> Option<i32> {
    let words: String = words.chars().filter(|letter| *letter != ' ').collect();
    let digits = words.strip_prefix(['+', '-']).unwrap_or(&words);
    (is_digits(digits) && digits.len() <= 4).then(|| words.parse().ok()).flatten()
}

fn is_digits(words: &str) -> bool {
    !words.is_empty() && words.bytes().all(|letter| letter.is_ascii_digit())
}

/// The digits before and behind the decimal sign, in each way that they can be told apart.
fn parts(words: &str) -> Vec<(String, &str)> {
    let found = |sign: char| words.matches(sign).count();
    let grouping: Vec<char> = [' ', '\'', '_'].into_iter().filter(|sign| found(*sign) > 0).collect();
    let last = words.rfind([',', '.']);
    let (commas, points) = (found(','), found('.'));
    let split = |place: usize| (&words[..place], &words[place + 1..]);
    let with_fraction = |place: usize, sign: Option<char>| {
        let (whole, fraction) = split(place);
        let digits = match sign {
            Some(sign) => grouped(whole, sign)?,
            None if whole.is_empty() || is_digits(whole) => whole.to_owned(),
            None => return None,
        };
        // `5.` is how a program writes it; `5,` is not finished.
        let may_be_empty = words[place..].starts_with('.') && !digits.is_empty();
        (is_digits(fraction) || (fraction.is_empty() && may_be_empty)).then_some((digits, fraction))
    };
    let whole = |sign: char| grouped(words, sign).map(|digits| (digits, ""));
    match (grouping.as_slice(), commas, points, last) {
        ([], 0, 0, _) => is_digits(words).then(|| (words.to_owned(), "")).into_iter().collect(),
        ([sign], 0, 0, _) => whole(*sign).into_iter().collect(),
        ([sign], 1, 0, Some(place)) | ([sign], 0, 1, Some(place)) => {
            with_fraction(place, Some(*sign)).into_iter().collect()
        }
        ([], 1, 0, Some(place)) => with_fraction(place, None).into_iter().chain(whole(',')).collect(),
        ([], 0, 1, Some(place)) => with_fraction(place, None).into_iter().chain(whole('.')).collect(),
        ([], _, 0, _) => whole(',').into_iter().collect(),
        ([], 0, _, _) => whole('.').into_iter().collect(),
        // Of two kinds the last is the decimal sign, and there is one of it.
        ([], _, 1, Some(place)) if words[place..].starts_with('.') => {
            with_fraction(place, Some(',')).into_iter().collect()
        }
        ([], 1, _, Some(place)) if words[place..].starts_with(',') => {
            with_fraction(place, Some('.')).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

/// The digits of a number whose thousands are parted.
fn grouped(words: &str, sign: char) -> Option<String> {
    let mut groups = words.split(sign);
    let first = groups.next()?;
    let rest: Vec<&str> = groups.collect();
    let are_groups = is_digits(first)
        && first.len() <= 3
        && !first.starts_with('0')
        && !rest.is_empty()
        && rest.iter().all(|group| group.len() == 3 && is_digits(group));
    are_groups.then(|| format!("{first}{}", rest.concat()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::limits::{above, at_least, between};

    fn real(typed: &str, limit: Limit, percent: Percent) -> Result<f64, Unread> {
        read(typed, Meaning { limit, percent, unit: "" })
    }

    fn whole(typed: &str) -> Result<u64, Unread> {
        read(typed, Meaning { limit: at_least(0.0), percent: Percent::No, unit: "tokens" })
    }

    #[test]
    fn a_number_is_read_as_people_write_it_in_many_countries() {
        let cases = [
            ("2e-5", 2e-5),
            ("1E-4", 1e-4),
            ("1,5e-4", 1.5e-4),
            ("1.5 e-4", 1.5e-4),
            ("1.5e −4", 1.5e-4),
            (" 1,5 E - 4 ", 1.5e-4),
            ("0,0002", 0.0002),
            ("0.00002", 2e-5),
            (".5", 0.5),
            (",5", 0.5),
            ("1.", 1.0),
            ("+0.25", 0.25),
            ("0,001", 0.001),
            ("0.100", 0.1),
            ("2×10^-5", 2e-5),
            ("2 * 10^-5", 2e-5),
            ("２ｅ－５", 2e-5),
            ("０，５", 0.5),
            ("1e0", 1.0),
            ("0", 0.0),
            ("-0", 0.0),
        ];
        for (typed, expected) in cases {
            assert_eq!(real(typed, between(0.0, 1.0), Percent::No), Ok(expected), "{typed}");
        }
        let large = [
            ("1 000,5", 1000.5),
            ("1\u{202f}000.5", 1000.5),
            ("1'000.25", 1000.25),
            ("1’000", 1000.0),
            ("1,234.5", 1234.5),
            ("1.234,5", 1234.5),
            ("1,234,567", 1_234_567.0),
            ("1_000", 1000.0),
            ("-2,5", -2.5),
            ("\u{2212}7", -7.0),
            ("1.2345", 1.2345),
        ];
        for (typed, expected) in large {
            assert_eq!(real(typed, between(-1e9, 1e9), Percent::No), Ok(expected), "{typed}");
        }
    }

    #[test]
    fn a_whole_number_is_exact_however_large() {
        let cases = [
            ("16", 16),
            ("1e3", 1000),
            ("1.5e3", 1500),
            ("2.0", 2),
            ("1 000", 1000),
            ("1.000.000", 1_000_000),
            ("12.345", 12_345),
            ("128 tokens", 128),
            ("128tokens", 128),
            ("18446744073709551615", u64::MAX),
            ("9007199254740993", 9_007_199_254_740_993),
            ("007", 7),
            ("0e99", 0),
        ];
        for (typed, expected) in cases {
            assert_eq!(whole(typed), Ok(expected), "{typed}");
        }
        let refused = ["2.5", "1e-3", "0,5"];
        assert!(refused.iter().all(|typed| whole(typed) == Err(Unread::Fraction)));
        for typed in ["-1", "18446744073709551616", "1e30", "1e999"] {
            assert!(matches!(whole(typed), Err(Unread::Outside(_))), "{typed}");
        }
    }

    #[test]
    fn what_could_be_two_numbers_is_neither() {
        let either = |one: &str, two: &str| Unread::Either(one.into(), two.into());
        assert_eq!(whole("1,000"), Err(either("1", "1000")));
        assert_eq!(whole("1.000"), Err(either("1", "1000")));
        assert_eq!(real("1.500", between(0.0, 1e6), Percent::No), Err(either("1.5", "1500")));
        assert_eq!(real("1,500e-4", between(0.0, 1.0), Percent::No), Err(either("1.5e-4", "0.15")));
        let small = Meaning { limit: between(1.0, 512.0), percent: Percent::No, unit: "" };
        assert_eq!(
            read::<u64>("1,000", small),
            Err(either("1", "1000")),
            "a thousand was perhaps meant, and is too many"
        );
        let words = either("1", "1000").explain("1,000", "16");
        assert_eq!(words, "“1,000” can be read as 1 or as 1000: write the one you mean; still using 16");
    }

    #[test]
    fn what_is_no_number_is_never_one() {
        let refused = [
            "abc",
            "1,5x",
            "1.5.2",
            "1,2,3",
            "2e",
            "2e-",
            "e-5",
            "2e-5e",
            "--1",
            "1 5",
            "1 00",
            "5,",
            ",",
            ".",
            "-",
            "0x10",
            "nan",
            "inf",
            "infinity",
            "1,,5",
            "1.5,2.5",
            "2e-5, 3e-5",
            "1e99999",
            "1/2",
            "1k",
            "٣",
            "1 000 00",
            "1'000_000",
            "1e2.5",
        ];
        for typed in refused {
            assert_eq!(real(typed, at_least(-1e300), Percent::No), Err(Unread::NoNumber), "{typed}");
        }
        for typed in ["", "  ", "\t"] {
            assert_eq!(real(typed, at_least(0.0), Percent::No), Err(Unread::Nothing));
        }
        assert!(matches!(real("1e400", at_least(0.0), Percent::No), Err(Unread::Outside(_))));
    }

    #[test]
    fn a_percentage_is_a_share_where_a_share_is_meant() {
        let limit = between(0.0, 1.0);
        for typed in ["5%", "5 %", "5,0 %", "５％", "0.5e1 %"] {
            assert_eq!(real(typed, limit, Percent::Share), Ok(0.05), "{typed}");
        }
        assert_eq!(real("7 %", limit, Percent::Share), Ok(0.07), "not a hair more");
        assert_eq!(real("5 %", limit, Percent::No), Err(Unread::NoPercentage));
        assert_eq!(real("15 %", between(5.0, 50.0), Percent::Unit), Ok(15.0));
        assert_eq!(real("10 %", at_least(0.0), Percent::ShareOrCount), Ok(0.1));
        assert_eq!(real("500", at_least(0.0), Percent::ShareOrCount), Ok(500.0));
        assert!(matches!(real("100 %", at_least(0.0), Percent::ShareOrCount), Err(Unread::Outside(_))));
        assert!(matches!(real("120 %", limit, Percent::Share), Err(Unread::Outside(_))));
    }

    #[test]
    fn what_is_out_of_range_is_told_the_range() {
        let outside = |typed: &str, limit| real(typed, limit, Percent::No).unwrap_err().explain(typed, "2e-5");
        assert_eq!(outside("5", between(0.0, 1.0)), "“5” must be 0 to 1; still using 2e-5");
        assert_eq!(outside("0", above(0.0)), "“0” must be above 0; still using 2e-5");
        assert_eq!(outside("5,000", between(0.0, 1.0)), "“5,000” must be 0 to 1; still using 2e-5");
        for (typed, limit, expected) in [
            ("-3", at_least(1.0), "1 or more"),
            ("-3", between(3.0, 512.0), "3 to 512"),
            ("-3", at_least(0.0), "0 or more"),
            ("0", at_least(1.0), "1 or more"),
        ] {
            let read = read::<usize>(typed, Meaning { limit, percent: Percent::No, unit: "" });
            assert_eq!(read, Err(Unread::Outside(expected.into())), "{typed}");
        }
        assert_eq!(real("1,000", between(0.0, 1.0), Percent::No), Err(Unread::Either("1".into(), "1000".into())));
        assert_eq!(real("1,0000", between(0.0, 1.0), Percent::No), Ok(1.0));
        let meaning = Meaning { limit: between(3.0, 512.0), percent: Percent::No, unit: "tokens" };
        assert_eq!(read::<usize>("600", meaning), Err(Unread::Outside("3 to 512 tokens".into())));
    }

    #[test]
    fn what_is_written_is_read_again_as_what_it_was() {
        let values = [0.0, 2e-5, 1.2345e-5, 1e-3, 0.01, 0.1, 1.0 / 3.0, 2.5, 1000.0, 123_456.789, 1e15, 3e20, 5e-324];
        for value in values {
            let words = value.write();
            assert_eq!(real(&words, at_least(0.0), Percent::No), Ok(value), "{words}");
        }
        assert_eq!([2e-5.write(), 0.01.write(), 3.0.write(), 1.5e-4.write()], ["2e-5", "0.01", "3", "1.5e-4"]);
    }
}

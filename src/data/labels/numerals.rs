//! How a column writes its numbers: which mark stands before decimals, which between thousands, and what else stands around
//! them. It is asked of the column as a whole and never of one value, because `1.500` alone is two numbers; where the whole
//! column leaves it open, nothing is read, and it is said how to write it.

use std::borrow::Cow;

use super::are_id_lists;
use crate::data::error::OpenNumber;
use crate::table::{Format, Table, is_number, shorten};

/// What stands between the digits of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mark {
    Point,
    Comma,
    /// Of any width; it only ever stands between thousands.
    Blank,
    /// As in Switzerland, also between thousands only.
    Apostrophe,
}

impl Mark {
    fn of(letter: char) -> Option<Self> {
        Some(match letter {
            '.' => Self::Point,
            ',' => Self::Comma,
            ' ' | '\u{A0}' | '\u{2009}' | '\u{202F}' => Self::Blank,
            '\'' | '’' => Self::Apostrophe,
            _ => return None,
        })
    }

    fn plural(self) -> &'static str {
        match self {
            Self::Point => "points",
            Self::Comma => "commas",
            Self::Blank => "blanks",
            Self::Apostrophe => "apostrophes",
        }
    }

    /// Whether decimals may stand behind it.
    fn is_decimal(self) -> bool {
        matches!(self, Self::Point | Self::Comma)
    }
}

/// What the marks of one number can mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    Plain,
    Decimals(Mark),
    Thousands(Mark),
    Both {
        thousands: Mark,
        decimals: Mark,
    },
    /// One mark with three digits behind it and one to three before it: thousands, or decimals.
    Either(Mark),
}

/// What stands beside the digits of a number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Unit {
    #[default]
    None,
    Percent,
    Money(&'static str),
}

/// Signs and names of money, the longest first.
const MONEY: [&str; 40] = [
    "US$", "EUR", "USD", "GBP", "CHF", "JPY", "SEK", "NOK", "DKK", "PLN", "CZK", "HUF", "INR", "CAD", "AUD", "BRL",
    "Euro", "euro", "Eur", "eur", "Fr.", "R$", "kr.", "kr", "zł", "Kč", "Ft", "€", "$", "£", "¥", "₹", "₽", "₩", "₺",
    "₪", "฿", "₴", "₫", "₱",
];
/// What spreadsheets and programs write where there is no number.
const NO_NUMBER: &str = "nan na n/a null none nil <na> #n/a #na - -- – — ? . inf -inf +inf infinity -infinity #div/0! #value! \
                         #ref! #name? #num! #null! #nv #wert! #bezug! #zahl! #name #valeur! #nombre! #¡div/0! #¡valor!";

/// Whether a cell says that there is no number, which is no reason to take the others for words.
pub(in crate::data) fn is_no_number(cell: &str) -> bool {
    cell.len() <= 12 && NO_NUMBER.split_whitespace().any(|word| cell.eq_ignore_ascii_case(word))
}

/// A number taken apart.
struct Parts<'a> {
    is_negative: bool,
    in_parentheses: bool,
    unit: Unit,
    /// Digits and marks.
    digits: &'a str,
    /// `e5`, as programs write it, or nothing.
    exponent: &'a str,
    shape: Shape,
}

/// How the numbers of a column are written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::data) struct Numerals {
    /// Marks before decimals: the point, unless the column shows another.
    decimals: Decimals,
    thousands: Vec<Mark>,
    /// Marks that stand before decimals in some cells and between thousands in others, so that three digits behind one
    /// mean either.
    open: Vec<Mark>,
    unit: Unit,
    /// Whether numbers in parentheses are negative, as in accounts.
    parentheses: bool,
    /// A number that may mean two, where the column as a whole leaves it open.
    doubt: Option<String>,
    /// Whether three digits behind each mark were taken for decimals without a proof.
    is_taken: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Decimals {
    #[default]
    Point,
    Comma,
    Either,
}

impl Numerals {
    /// How the cells of a column write numbers, none of which is empty.
    pub fn of(table: &Table, cells: &[&str]) -> Self {
        // In the files of spreadsheets in most of Europe a person who wants numbers means decimals.
        let has_decimal_commas = matches!(table.format, Format::Delimited { delimiter: b';' | b'\t' });
        if !has_decimal_commas && are_id_lists(cells) {
            return Self::default();
        }
        let parts: Vec<Parts<'_>> = cells.iter().filter_map(|cell| apart(cell)).collect();
        let mut numerals = Self { unit: common_unit(&parts), ..Self::default() };
        numerals.parentheses = parts.iter().any(|one| !one.in_parentheses);
        let count = |wanted: &dyn Fn(Shape) -> bool| parts.iter().filter(|one| wanted(one.shape)).count();
        let has = |wanted: &dyn Fn(Shape) -> bool| count(wanted) > 0;
        let decimal = |mark| {
            has(&|shape| matches!(shape, Shape::Decimals(one) | Shape::Both { decimals: one, .. } if one == mark))
        };
        let thousand = |mark| {
            has(&|shape| matches!(shape, Shape::Thousands(one) | Shape::Both { thousands: one, .. } if one == mark))
        };
        let either = |mark| has(&|shape| shape == Shape::Either(mark));
        numerals.thousands.extend([Mark::Blank, Mark::Apostrophe].into_iter().filter(|mark| thousand(*mark)));
        let (point, comma) = (Mark::Point, Mark::Comma);
        match (decimal(point), decimal(comma)) {
            (true, true) => {
                numerals.decimals = Decimals::Either;
                numerals.open = vec![point, comma];
            }
            (true, false) => numerals.settle(point, comma, &thousand, &either),
            (false, true) => numerals.settle(comma, point, &thousand, &either),
            (false, false) => match (thousand(point), thousand(comma)) {
                (true, false) => numerals.settle(comma, point, &thousand, &either),
                (false, true) => numerals.settle(point, comma, &thousand, &either),
                (true, true) => numerals.open = vec![point, comma],
                (false, false) => numerals.guess(table, &parts, [either(point), either(comma)]),
            },
        }
        numerals
    }

    /// One mark is the decimal, so the other stands between thousands.
    fn settle(&mut self, decimal: Mark, other: Mark, thousand: &dyn Fn(Mark) -> bool, either: &dyn Fn(Mark) -> bool) {
        self.decimals = if decimal == Mark::Comma { Decimals::Comma } else { Decimals::Point };
        self.thousands.extend((thousand(other) || either(other)).then_some(other));
        self.open.extend(thousand(decimal).then_some(decimal));
    }

    /// Every marked number has three digits behind its only mark. Where a program wrote the numbers itself, it left out
    /// zeros at the end; where no number is without the mark and the columns are not separated by it, as they would have
    /// to be in a country that has it between thousands, it stands before decimals, which is told; else it is open.
    fn guess(&mut self, table: &Table, parts: &[Parts<'_>], [point, comma]: [bool; 2]) {
        let open = |one: &&Parts<'_>| matches!(one.shape, Shape::Either(_));
        let Some(first) = parts.iter().find(open) else { return };
        let mark = if point { Mark::Point } else { Mark::Comma };
        let delimiter = match table.format {
            Format::Delimited { delimiter } => Some(delimiter),
            _ => None,
        };
        let ends_in_zero = parts.iter().filter(open).any(|one| one.digits.ends_with('0'));
        if !comma && delimiter.is_none() && !ends_in_zero {
            return;
        }
        let is_plain = |one: &Parts<'_>| one.shape == Shape::Plain;
        let is_usual = match mark {
            Mark::Comma => delimiter == Some(b';'),
            _ => matches!(delimiter, Some(b',' | b'\t')),
        };
        if is_usual && !(point && comma) && !parts.iter().any(is_plain) {
            self.decimals = if mark == Mark::Comma { Decimals::Comma } else { Decimals::Point };
            self.is_taken = true;
        } else {
            self.doubt = Some(first.digits.to_owned());
        }
    }

    /// A number that may mean two, and both.
    pub fn doubt(&self) -> Option<OpenNumber> {
        let written = self.doubt.clone()?;
        Some(OpenNumber { whole: whole(&written), fraction: fraction(&written), written })
    }

    /// Whether a cell is a number, whatever its marks mean.
    pub fn is_number(&self, cell: &str) -> bool {
        is_number(cell) || self.read(cell).is_ok() || (self.doubt.is_some() && apart(cell).is_some())
    }

    /// The number that a cell says.
    pub fn read(&self, cell: &str) -> Result<f32, String> {
        let cell = cell.trim();
        let wrong = || format!("has the label {:?}, expected a number", shorten(cell, 40));
        if let Some(value) = self.plain(cell) {
            return if value.is_finite() { Ok(value) } else { Err(wrong()) };
        }
        let parts = apart(cell).ok_or_else(wrong)?;
        if self.is_open(parts.shape) {
            return Err(format!(
                "has the label {:?}, which may mean {} or {}; expected one of these",
                shorten(cell, 40),
                whole(parts.digits),
                fraction(parts.digits)
            ));
        }
        if parts.unit != self.unit && (parts.unit != Unit::None || self.unit == Unit::Percent) {
            let expected = match self.unit {
                Unit::Percent => "a number with a percent sign, as the others have",
                Unit::None | Unit::Money(_) => "a number in the unit of the others",
            };
            return Err(format!("has the label {:?}, expected {expected}", shorten(cell, 40)));
        }
        let text = self.point_only(&parts).filter(|_| self.parentheses || !parts.in_parentheses).ok_or_else(wrong)?;
        match format!("{text}{}", parts.exponent).parse::<f32>() {
            Ok(value) if value.is_finite() => Ok(if parts.is_negative { -value } else { value }),
            _ => Err(wrong()),
        }
    }

    /// A number as programs write it, which most are.
    fn plain(&self, cell: &str) -> Option<f32> {
        let is_usual = self.decimals != Decimals::Comma && self.thousands.is_empty() && self.open.is_empty();
        let is_bare = self.doubt.is_none() && self.unit != Unit::Percent;
        if is_usual && is_bare { cell.parse().ok() } else { None }
    }

    fn is_open(&self, shape: Shape) -> bool {
        match shape {
            Shape::Either(mark) => self.doubt.is_some() || self.open.contains(&mark),
            Shape::Plain | Shape::Decimals(_) | Shape::Thousands(_) | Shape::Both { .. } => false,
        }
    }

    /// The digits with a point before decimals and nothing between thousands, if the column has such marks.
    fn point_only(&self, parts: &Parts<'_>) -> Option<String> {
        let is_thousands =
            |mark: Mark| self.thousands.contains(&mark) || (self.open.contains(&mark) && mark.is_decimal());
        let may = |mark: Mark| match self.decimals {
            Decimals::Point => mark == Mark::Point,
            Decimals::Comma => mark == Mark::Comma,
            Decimals::Either => mark.is_decimal(),
        };
        let decimals = match parts.shape {
            Shape::Plain => None,
            Shape::Both { thousands, decimals } if is_thousands(thousands) && may(decimals) => Some(decimals),
            Shape::Thousands(mark) if is_thousands(mark) => None,
            Shape::Either(mark) if self.thousands.contains(&mark) => None,
            Shape::Decimals(mark) | Shape::Either(mark) if may(mark) => Some(mark),
            Shape::Decimals(_) | Shape::Both { .. } | Shape::Thousands(_) | Shape::Either(_) => return None,
        };
        let digit = |letter: char| match Mark::of(letter) {
            None => Some(letter),
            Some(mark) => (Some(mark) == decimals).then_some('.'),
        };
        Some(parts.digits.chars().filter_map(digit).collect())
    }

    /// How the numbers are read, where it is not as programs write them.
    pub fn words(&self) -> Option<String> {
        let mut said: Vec<Cow<'_, str>> = Vec::new();
        match self.decimals {
            Decimals::Point => {}
            Decimals::Comma => said.push("with a decimal comma".into()),
            Decimals::Either => said.push("with a decimal point or a decimal comma".into()),
        }
        if !self.thousands.is_empty() {
            let marks: Vec<&str> = self.thousands.iter().map(|mark| mark.plural()).collect();
            said.push(format!("with {} between thousands", marks.join(" and ")).into());
        }
        if self.is_taken {
            said.push("with the three digits behind each mark as decimals".into());
        }
        match self.unit {
            Unit::None => {}
            Unit::Percent => said.push("in percent, 5 % as 5".into()),
            Unit::Money(unit) => said.push(format!("without {unit:?}").into()),
        }
        Some(format!("the labels are read as numbers {}", said.join(", "))).filter(|_| !said.is_empty())
    }

    /// Whether how the numbers are read was decided for the column, and is more than where decimals begin.
    pub fn is_decided(&self) -> bool {
        !self.thousands.is_empty() || self.is_taken || self.unit != Unit::None || self.decimals == Decimals::Either
    }
}

/// The one unit that a column has. Where there are several, or percent beside bare numbers, those of the fewer cells are
/// no numbers.
fn common_unit(parts: &[Parts<'_>]) -> Unit {
    let mut counts: Vec<(Unit, usize)> = Vec::new();
    for one in parts {
        match counts.iter_mut().find(|(unit, _)| *unit == one.unit) {
            Some((_, count)) => *count += 1,
            None => counts.push((one.unit, 1)),
        }
    }
    let bare = counts.iter().find(|(unit, _)| *unit == Unit::None).map_or(0, |(_, count)| *count);
    counts.retain(|(unit, _)| *unit != Unit::None);
    let most = counts.into_iter().max_by_key(|(_, count)| *count);
    most.filter(|(unit, count)| matches!(unit, Unit::Money(_)) || *count > bare).map_or(Unit::None, |(unit, _)| unit)
}

/// A number with marks, a sign and a unit, taken apart.
fn apart(cell: &str) -> Option<Parts<'_>> {
    let mut rest = cell.trim();
    let in_parentheses = rest.starts_with('(') && rest.ends_with(')') && rest.len() > 2;
    if in_parentheses {
        rest = rest[1..rest.len() - 1].trim();
    }
    let mut unit = Unit::None;
    let mut sign = None;
    loop {
        if let Some(after) = rest.strip_prefix(['-', '+', '−', '–', '－']).filter(|_| sign.is_none()) {
            sign = Some(!rest.starts_with('+'));
            rest = after.trim_start();
        } else if let Some((found, after)) = unit_before(rest).filter(|_| unit == Unit::None) {
            (unit, rest) = (found, after);
        } else {
            break;
        }
    }
    if let Some((found, before)) = unit_behind(rest).filter(|_| unit == Unit::None) {
        (unit, rest) = (found, before);
    }
    let end = rest.find(['e', 'E']).unwrap_or(rest.len());
    let (digits, exponent) = rest.split_at(end);
    let is_exponent = exponent.is_empty() || exponent[1..].parse::<i32>().is_ok();
    let shape = shape(digits).filter(|_| is_exponent)?;
    let is_negative = sign.unwrap_or(false) != in_parentheses;
    Some(Parts { is_negative, in_parentheses, unit, digits, exponent, shape })
}

fn unit_before(text: &str) -> Option<(Unit, &str)> {
    let (unit, after) = MONEY.iter().find_map(|unit| Some((*unit, text.strip_prefix(unit)?)))?;
    Some((Unit::Money(unit), after.trim_start()))
}

fn unit_behind(text: &str) -> Option<(Unit, &str)> {
    if let Some(before) = text.strip_suffix('%') {
        return Some((Unit::Percent, before.trim_end()));
    }
    let (unit, before) = MONEY.iter().find_map(|unit| Some((*unit, text.strip_suffix(unit)?)))?;
    Some((Unit::Money(unit), before.trim_end()))
}

/// What the marks between some digits can mean; nothing where it is no number.
fn shape(digits: &str) -> Option<Shape> {
    let mut groups: Vec<usize> = vec![0];
    let mut marks: Vec<Mark> = Vec::new();
    for letter in digits.chars() {
        if letter.is_ascii_digit() {
            *groups.last_mut()? += 1;
        } else {
            marks.push(Mark::of(letter)?);
            groups.push(0);
        }
    }
    if groups.iter().all(|digits| *digits == 0) {
        return None;
    }
    let has_zero = digits.starts_with('0');
    // Three digits in each group but the first; in India two in those between.
    let are_thousands = |groups: &[usize], mark: Mark| {
        let [first, between @ .., last] = groups else { return false };
        let by_two = mark == Mark::Comma && between.iter().all(|digits| *digits == 2);
        (1..=3).contains(first) && *last == 3 && !has_zero && (by_two || between.iter().all(|digits| *digits == 3))
    };
    let Some((&last, before)) = marks.split_last() else { return Some(Shape::Plain) };
    match before {
        [] if !last.is_decimal() => are_thousands(&groups, last).then_some(Shape::Thousands(last)),
        [] if are_thousands(&groups, last) => Some(Shape::Either(last)),
        [] => Some(Shape::Decimals(last)),
        [first, ..] if before.iter().all(|mark| mark == first) => {
            if last == *first {
                return are_thousands(&groups, last).then_some(Shape::Thousands(last));
            }
            let is_both = last.is_decimal() && are_thousands(&groups[..groups.len() - 1], *first);
            is_both.then_some(Shape::Both { thousands: *first, decimals: last })
        }
        _ => None,
    }
}

/// `1.500` as a whole number.
fn whole(digits: &str) -> String {
    digits.chars().filter(char::is_ascii_digit).collect()
}

/// `1,500` as a fraction.
fn fraction(digits: &str) -> String {
    let text: String = digits.chars().map(|letter| if letter == ',' { '.' } else { letter }).collect();
    match text.trim_end_matches('0').trim_end_matches('.') {
        short if short.contains('.') => short.to_owned(),
        short => format!("{short}.0"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn table(delimiter: char) -> Table {
        let text = format!("text{delimiter}label\na good film{delimiter}x\nanother one{delimiter}y\n");
        Table::from_bytes(Path::new("a.csv"), text.into_bytes()).unwrap()
    }

    fn of(delimiter: char, cells: &[&str]) -> Numerals {
        Numerals::of(&table(delimiter), cells)
    }

    /// The values of a column; nothing for a cell that is none.
    fn check(delimiter: char, cells: &[&str], expected: &[Option<f32>]) {
        let numerals = of(delimiter, cells);
        let found: Vec<Option<f32>> = cells.iter().map(|cell| numerals.read(cell).ok()).collect();
        assert_eq!(found, expected, "{cells:?}: {numerals:?}");
    }

    #[test]
    fn numbers_are_read_as_programs_write_them() {
        check(',', &["3.5", "-1e2", "+4", " 7 ", ".5", "5."], &[3.5, -100.0, 4.0, 7.0, 0.5, 5.0].map(Some));
        check(
            ',',
            &["1", "nan", "inf", "1e99", "good", "1-2", "", "e5"],
            &[Some(1.0), None, None, None, None, None, None, None],
        );
        check(',', &["0.125", "1.500", "12.250"], &[0.125, 1.5, 12.25].map(Some));
        check(',', &["1.5", "1.500", "1500"], &[1.5, 1.5, 1500.0].map(Some));
        check(',', &["2,3", "27", "3,14"], &[None, Some(27.0), None]);
        assert_eq!(of(',', &["1.5", "2"]).words(), None);
    }

    #[test]
    fn where_one_mark_is_the_decimal_the_other_stands_between_thousands() {
        check(';', &["900,5", "1.500", "12,25", "2.300"], &[900.5, 1500.0, 12.25, 2300.0].map(Some));
        check(',', &["1,234.5", "1,500", "7"], &[1234.5, 1500.0, 7.0].map(Some));
        check(',', &["0.5", "1,500"], &[0.5, 1500.0].map(Some));
        check(';', &["1.234,50", "-1.000"], &[1234.5, -1000.0].map(Some));
        check(',', &["1,234,567", "1,500", "2.500"], &[1_234_567.0, 1500.0, 2.5].map(Some));
        check(';', &["1.234.567", "1.500", "900"], &[1_234_567.0, 1500.0, 900.0].map(Some));
        check(';', &["1'234.50", "1’000"], &[1234.5, 1000.0].map(Some));
        check(';', &["1 234,5", "12\u{202F}000", "3\u{A0}000,25"], &[1234.5, 12000.0, 3000.25].map(Some));
        check(',', &["1,23,456", "45,678", "9.5"], &[123_456.0, 45_678.0, 9.5].map(Some));
        check(';', &["1,5E+03", "2,5"], &[1500.0, 2.5].map(Some));
        check(';', &["1,2", "2,3", "3,4"], &[1.2, 2.3, 3.4].map(Some));
        let words = of(';', &["900,5", "1.500"]).words().unwrap();
        assert_eq!(words, "the labels are read as numbers with a decimal comma, with points between thousands");
    }

    #[test]
    fn what_a_whole_column_leaves_open_is_not_read() {
        let check = |delimiter, cells: &[&str], expected: Option<(&str, &str, &str)>| {
            let numerals = of(delimiter, cells);
            let found = numerals.doubt();
            let expected = expected.map(|(written, whole, fraction)| OpenNumber {
                written: written.to_owned(),
                whole: whole.to_owned(),
                fraction: fraction.to_owned(),
            });
            assert_eq!(found, expected, "{cells:?}");
            assert!(expected.is_none() || cells.iter().all(|cell| numerals.is_number(cell)));
        };
        check(';', &["250", "1,000", "7,125", "900"], Some(("1,000", "1000", "1.0")));
        check(',', &["250", "1,500"], Some(("1,500", "1500", "1.5")));
        check(';', &["900", "1.500"], Some(("1.500", "1500", "1.5")));
        check(';', &["1.500", "2.300"], Some(("1.500", "1500", "1.5")));
        check(',', &["1.234", "2,345"], Some(("1.234", "1234", "1.234")));
        check(',', &["2500", "1.250"], Some(("1.250", "1250", "1.25")));
        // The mark cannot be the one between thousands of a country whose files have such columns.
        check(',', &["1.500", "2.345"], None);
        check(';', &["1,500", "2,345"], None);
        assert_eq!(
            of(',', &["4.250", "2.345"]).words().unwrap(),
            "the labels are read as numbers with the three digits behind each mark as decimals"
        );
        check(',', &["12", "1.5", "1.250"], None);
    }

    #[test]
    fn a_number_that_a_mixed_column_leaves_open_is_not_read() {
        check(';', &["3,5", "4.25", "1.500"], &[Some(3.5), Some(4.25), None]);
        check(',', &["1.5", "1.234.567", "1.500"], &[Some(1.5), Some(1_234_567.0), None]);
        let error = of(';', &["3,5", "4.25", "1.500"]).read("1.500").unwrap_err();
        assert_eq!(error, "has the label \"1.500\", which may mean 1500 or 1.5; expected one of these");
    }

    #[test]
    fn what_programs_write_into_their_own_formats_has_no_zeros_at_the_end() {
        let path = Path::new("a.jsonl");
        let json =
            Table::from_bytes(path, b"{\"text\":\"a\",\"x\":1.125}\n{\"text\":\"b\",\"x\":2}\n".to_vec()).unwrap();
        assert_eq!(Numerals::of(&json, &["1.125", "2"]).read("1.125"), Ok(1.125));
        assert!(Numerals::of(&json, &["1.120", "2"]).doubt().is_some());
        assert!(Numerals::of(&json, &["1,125", "2"]).doubt().is_some());
    }

    #[test]
    fn signs_and_units_around_a_number_are_no_part_of_it() {
        check(';', &["0,50 €", "12,5 €", "€ 3", "7"], &[0.5, 12.5, 3.0, 7.0].map(Some));
        check(',', &["$1,234.50", "-$5", "$-6", "($7.00)"], &[1234.5, -5.0, -6.0, -7.0].map(Some));
        check(',', &["4.5%", "12 %", "−3%"], &[4.5, 12.0, -3.0].map(Some));
        check(',', &["4.5%", "12%", "0.3"], &[Some(4.5), Some(12.0), None]);
        check(',', &["0.5", "0.25", "30%"], &[Some(0.5), Some(0.25), None]);
        check(',', &["5 $", "7 $", "9 €"], &[Some(5.0), Some(7.0), None]);
        check(',', &["(1)", "(2)"], &[None, None]);
        check(',', &["CHF 1'200.50", "CHF 3"], &[1200.5, 3.0].map(Some));
        let words = of(',', &["$5.5", "$6"]).words().unwrap();
        assert_eq!(words, "the labels are read as numbers without \"$\"");
    }

    #[test]
    fn what_says_that_there_is_no_number_is_no_word() {
        for cell in ["NaN", "n/a", "#N/A", "#DIV/0!", "-", "inf", "#NV", "None"] {
            assert!(is_no_number(cell), "{cell}");
        }
        for cell in ["", "good", "3", "no"] {
            assert!(!is_no_number(cell), "{cell}");
        }
    }
}

//! What a cell is made of, whatever its column is called: words, or what is plainly no text, such as a number, a date, an
//! address, a code or a serialised object. A column is judged by nearly all of its cells.

use crate::table::boundaries::is_without_blanks;
use crate::table::notation::literal;

/// Whether a cell is a structure that no label is.
pub(super) fn is_structure(cell: &str) -> bool {
    ["[{", "{\"", "{'"].iter().any(|opening| cell.starts_with(opening))
}

/// What a cell holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    Words,
    /// Numbers, and marks without a letter.
    Number,
    Date,
    /// Of a page, a file or a person.
    Address,
    /// Letters and digits in one: ids, hashes.
    Code,
    /// An object or a list.
    Structure,
}

impl Content {
    pub fn of(cell: &str) -> Self {
        if is_structure(cell) || (cell.starts_with(['[', '(']) && literal::value(cell).is_some()) {
            Self::Structure
        } else if is_calendar_day(cell) {
            Self::Date
        } else if !cell.chars().any(char::is_alphabetic) {
            Self::Number
        } else if is_address(cell) {
            Self::Address
        } else if is_date(cell) {
            Self::Date
        } else if is_code(cell) {
            Self::Code
        } else {
            Self::Words
        }
    }

    /// The name of many.
    pub fn title(self) -> &'static str {
        match self {
            Self::Words => "words",
            Self::Number => "numbers",
            Self::Date => "dates",
            Self::Address => "addresses",
            Self::Code => "codes",
            Self::Structure => "objects or lists",
        }
    }
}

/// Words of a cell; in scripts that write without blanks, two letters count as one.
pub(super) fn words(cell: &str) -> usize {
    let unspaced = cell.chars().filter(|letter| is_without_blanks(*letter)).count();
    cell.split_whitespace().count().max(unspaced.div_ceil(2))
}

/// Endings of files.
const ENDINGS: &str = "jpg jpeg png gif bmp tif tiff webp svg pdf txt csv tsv json jsonl xml html htm doc docx xls xlsx \
                       ppt pptx zip gz tar wav mp3 mp4 ogg flac avi mov npy parquet md py";

fn is_address(cell: &str) -> bool {
    let ends_as_file = || {
        let ending = cell.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
        ending.is_some_and(|ending| ENDINGS.split_whitespace().any(|known| known == ending))
    };
    let starts = |with: &[&str]| with.iter().any(|start| cell.starts_with(start));
    let drive = matches!(cell.as_bytes(), [drive, b':', b'\\' | b'/', ..] if drive.is_ascii_alphabetic());
    if drive || (starts(&["/", "./", "../", "~/", "\\\\"]) && ends_as_file()) {
        return true;
    }
    if cell.contains(char::is_whitespace) {
        return false;
    }
    let scheme = cell.split_once("://").is_some_and(|(scheme, _)| {
        !scheme.is_empty()
            && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
    });
    let is_person = cell.split_once('@').is_some_and(|(name, place)| {
        let is_name = !place.contains('@')
            && place.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'));
        is_name && !place.is_empty() && (name.is_empty() || place.contains('.'))
    });
    let lower = cell.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("www."));
    scheme || is_person || lower || ends_as_file() || starts(&["/", "./", "~/"])
}

/// Names of months and days, of which three letters are enough, and what else stands in dates.
const CALENDAR: &str = "january february march april may june july august september october november december monday \
                        tuesday wednesday thursday friday saturday sunday";
const IN_DATES: &str = "am pm a p m st nd rd th t z of at de del den the utc gmt sept tues thur thurs y o clock \
                        年 月 日 時 时 分 秒";
const ZONES: usize = 5;

/// Whether a cell is a day in digits alone, with a time behind it or without: `2015-02-24`, `24.2.2015`, `20150224`.
fn is_calendar_day(cell: &str) -> bool {
    let end = cell.find([' ', 'T']).unwrap_or(cell.len());
    let (day, time) = cell.split_at(end);
    let is_time = |letter: char| letter.is_ascii_digit() || " T:.,+-Z".contains(letter);
    if !day.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b'.' | b'/'))
        || !time.chars().all(is_time)
    {
        return false;
    }
    let number = |text: &str, digits: std::ops::RangeInclusive<usize>, value: std::ops::RangeInclusive<u32>| {
        digits.contains(&text.len()) && text.parse::<u32>().is_ok_and(|number| value.contains(&number))
    };
    let (years, months, days) = (1800..=2199, 1..=12, 1..=31);
    let is_year = |text: &str| number(text, 4..=4, years.clone());
    let is_month = |text: &str| number(text, 1..=2, months.clone());
    let is_day = |text: &str| number(text, 1..=2, days.clone());
    if day.len() == 8 && day.bytes().all(|byte| byte.is_ascii_digit()) {
        return is_year(&day[..4]) && is_month(&day[4..6]) && is_day(&day[6..]);
    }
    let Some(mark) = day.chars().find(|letter| !letter.is_ascii_digit()) else { return false };
    let parts: Vec<&str> = day.split(mark).collect();
    let [first, second, third] = parts[..] else { return false };
    let year_first = is_year(first) && is_month(second) && is_day(third);
    let is_month_and_day = (is_month(first) && is_day(second)) || (is_day(first) && is_month(second));
    year_first || (is_month_and_day && (is_year(third) || number(third, 2..=2, 0..=99)))
}

fn is_date(cell: &str) -> bool {
    if cell.len() > 60 {
        return false;
    }
    let (mut numbers, mut names, mut unknown, mut year) = (0, 0, 0, false);
    for part in parts(cell) {
        if part.bytes().all(|byte| byte.is_ascii_digit()) {
            numbers += 1;
            year |= part.len() == 4 && (part.starts_with("19") || part.starts_with("20") || part.starts_with("18"));
            continue;
        }
        let lower = part.to_lowercase();
        let is_name = lower.len() > 2 && CALENDAR.split_whitespace().any(|name| name.starts_with(&lower));
        let is_zone = part.len() <= ZONES && part.len() > 1 && part.bytes().all(|byte| byte.is_ascii_uppercase());
        names += usize::from(is_name);
        unknown += usize::from(!is_name && !is_zone && !IN_DATES.split_whitespace().any(|known| known == lower));
    }
    match unknown {
        0 => numbers > 1 || (names > 0 && numbers > 0),
        // A month in another language.
        1 => numbers > 1 && numbers < 7 && year,
        _ => false,
    }
}

/// Runs of digits and runs of letters.
fn parts(cell: &str) -> impl Iterator<Item = &str> {
    let mut rest = cell;
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches(|letter: char| !letter.is_alphanumeric());
        let first = rest.chars().next()?;
        let same = |letter: char| letter.is_alphanumeric() && letter.is_ascii_digit() == first.is_ascii_digit();
        let end = rest.find(|letter: char| !same(letter)).unwrap_or(rest.len());
        let (part, after) = rest.split_at(end);
        rest = after;
        Some(part)
    })
}

fn is_code(cell: &str) -> bool {
    let is_part = |byte: u8| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b':' | b'#' | b'=' | b'+' | b'/')
    };
    cell.bytes().all(is_part) && cell.bytes().any(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_in_digits_are_dates_and_other_numbers_are_none() {
        for day in [
            "2015-02-24",
            "2015-02-24 11:35:52 -0800",
            "20030219",
            "24.2.2015",
            "2/24/15",
            "2015/2/4",
            "2020-05-01T12:00:00Z",
        ] {
            assert_eq!(Content::of(day), Content::Date, "{day}");
        }
        for number in ["20159919", "12345678", "1.5", "1.500", "1.500.000", "3/4", "5-4", "2015", "1-2-3-4"] {
            assert_eq!(Content::of(number), Content::Number, "{number}");
        }
    }

    #[test]
    fn what_is_plainly_no_text_is_told_by_its_letters() {
        let check = |expected: Content, cells: &[&str]| {
            for cell in cells {
                assert_eq!(Content::of(cell), expected, "{cell}");
            }
        };
        check(
            Content::Date,
            &[
                "Mon Apr 06 22:19:00 PDT 2009",
                "2015-05-24T12:34:56Z",
                "2015-05-24T12:34:56.123+00:00Z",
                "April 6, 2009",
                "6th of May 2010",
                "6 avril 2009",
                "6 de abril de 2009",
                "12:30 PM",
                "May 5",
                "2020年5月3日",
                "Sat, 05 Dec 2020 10:00:00 GMT",
                "12/05/2020",
                "2020-05-24 12:00",
            ],
        );
        check(Content::Number, &["12", "-1.5", "50%", "$ 12.99", "+1 (555) 0100", "***"]);
        check(
            Content::Address,
            &[
                "https://example.org/a?b=c",
                "www.example.org",
                "s3://bucket/key",
                "ada@example.org",
                "@ada",
                "/home/ada/file.txt",
                "C:\\data\\my file.pdf",
                "images/cat.jpg",
            ],
        );
        check(
            Content::Code,
            &["u123", "B00ABC", "550e8400-e29b-41d4-a716-446655440000", "d41d8cd98f00b204e980", "12-A"],
        );
        check(Content::Structure, &["{\"a\": 1}", "[{'a': 1}]", "[1, 2]", "['a', 'b']", "(0, 9)"]);
        check(
            Content::Words,
            &[
                "The hinge closes softly",
                "May I come in",
                "It cost 5 dollars in 2009",
                "see https://example.org",
                "hello",
                "今天5点去吃饭",
                "@friend The hinge 5",
                "ok",
                "[joy, anger",
                "and/or",
                "It's 5:30 PM.",
                "Добрый день",
            ],
        );
    }

    #[test]
    fn words_are_counted_in_scripts_without_blanks_too() {
        assert_eq!([words("a b  c"), words("今天天气很好"), words("สวัสดี"), words("")], [3, 3, 3, 0]);
    }

    #[test]
    fn no_cell_is_too_strange() {
        for cell in ["@", "@@", "://", "C:\\", ".", "é", "\u{202e}", "a@b@c", "1st", "–"] {
            Content::of(cell);
        }
    }
}

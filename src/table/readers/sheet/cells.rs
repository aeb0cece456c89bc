//! The value of a cell as the sheet shows it.

use std::fmt::Write as _;

use calamine::{DataType, ExcelDateTime};

/// Writes the text of a cell; nothing for an empty one and for the error of a formula.
pub(super) fn write(out: &mut String, value: &impl DataType) {
    if let Some(text) = value.get_string() {
        out.push_str(text);
    } else if let Some(number) = value.get_float() {
        write_number(out, number);
    } else if let Some(number) = value.get_int() {
        push(out, number);
    } else if let Some(flag) = value.get_bool() {
        out.push_str(if flag { "TRUE" } else { "FALSE" });
    } else if let Some(date) = value.get_datetime() {
        write_date(out, date);
    } else if let Some(date) = value.get_datetime_iso() {
        // A day is written with a time by some programs.
        out.push_str(date.strip_suffix("T00:00:00").unwrap_or(date));
    } else if let Some(time) = value.get_duration_iso() {
        out.push_str(time);
    }
}

fn push(out: &mut String, value: impl std::fmt::Display) {
    // Writing to a string cannot fail.
    write!(out, "{value}").ok();
}

/// A number with the 15 digits that Excel calculates and shows at most, so that 0.1 + 0.2 is 0.3.
fn write_number(out: &mut String, number: f64) {
    match format!("{number:.14e}").parse::<f64>() {
        Ok(0.0) => out.push('0'),
        Ok(rounded) if rounded.is_finite() && !(1e-9..1e21).contains(&rounded.abs()) => {
            push(out, format!("{rounded:e}"));
        }
        Ok(rounded) => push(out, rounded),
        Err(_) => push(out, number),
    }
}

fn write_date(out: &mut String, date: ExcelDateTime) {
    const SECONDS_PER_DAY: f64 = 86_400.0;
    if date.is_duration() {
        let seconds = (date.as_f64() * SECONDS_PER_DAY).round() as i64;
        let (sign, seconds) = (if seconds < 0 { "-" } else { "" }, seconds.unsigned_abs());
        return push(out, format!("{sign}{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60));
    }
    let (year, month, day, hour, minute, second, milli) = date.to_ymd_hms_milli();
    // Below one there is no day.
    let has_day = date.as_f64() >= 1.0;
    let has_time = !has_day || (hour, minute, second, milli) != (0, 0, 0, 0);
    if has_day {
        push(out, format!("{year:04}-{month:02}-{day:02}"));
    }
    if has_time {
        out.push_str(if has_day { "T" } else { "" });
        push(out, format!("{hour:02}:{minute:02}:{second:02}"));
        if milli > 0 {
            push(out, format!(".{milli:03}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use calamine::{Data, ExcelDateTimeType};

    use super::*;

    #[test]
    fn cells_read_as_they_look() {
        let check = |value: Data, expected: &str| {
            let mut out = String::new();
            write(&mut out, &value);
            assert_eq!(out, expected, "{value:?}");
        };
        check(Data::Float(3.0), "3");
        check(Data::Float(-2.5), "-2.5");
        check(Data::Float(0.1 + 0.2), "0.3");
        check(Data::Float(-0.0), "0");
        check(Data::Float(1_234_567_890_123.0), "1234567890123");
        check(Data::Float(1e300), "1e300");
        check(Data::Float(1.5e-12), "1.5e-12");
        check(Data::Int(7), "7");
        check(Data::Bool(true), "TRUE");
        check(Data::String(" as it is ".into()), " as it is ");
        check(Data::Empty, "");
        check(Data::Error(calamine::CellErrorType::NA), "");
        let date = |value, kind| Data::DateTime(ExcelDateTime::new(value, kind, false));
        check(date(45_943.0, ExcelDateTimeType::DateTime), "2025-10-13");
        check(date(45_943.541, ExcelDateTimeType::DateTime), "2025-10-13T12:59:02.400");
        check(date(0.5, ExcelDateTimeType::DateTime), "12:00:00");
        check(date(1.25, ExcelDateTimeType::TimeDelta), "30:00:00");
        check(Data::DateTimeIso("2024-03-01T00:00:00".into()), "2024-03-01");
    }
}

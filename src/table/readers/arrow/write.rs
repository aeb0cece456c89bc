//! Values as the text of cells: a scalar as it is, anything nested as JSON, null as nothing.

use std::fmt::Write as _;

use super::array::Array;
use super::fault::Fault;
use super::schema::Kind;
use crate::table::notation::quoted::push_quoted;
use crate::table::readers::features::Feature;
use crate::table::readers::settled;

/// Writes the cell of a column.
pub(super) fn cell(
    out: &mut String,
    array: &Array<'_>,
    row: usize,
    name: &str,
    feature: &Feature,
) -> Result<(), Fault> {
    if array.is_null(row) {
        out.push_str(if settled::is_of_answers(name) { settled::NULL } else { "" });
        return Ok(());
    }
    if let Some((values, place)) = array.referred(row)? {
        return cell(out, values, place, name, feature);
    }
    match array.kind {
        Kind::Text { .. } | Kind::View => {
            text(out, array.bytes(row)?);
            Ok(())
        }
        Kind::List { .. } | Kind::FixedList { .. } | Kind::Struct | Kind::Map => json(out, array, row, feature),
        _ => scalar(out, array, row, feature, ""),
    }
}

fn text(out: &mut String, bytes: &[u8]) {
    match std::str::from_utf8(bytes) {
        Ok(text) => out.push_str(text),
        Err(_) => out.push_str(&format!("({} bytes)", bytes.len())),
    }
}

/// Numbers, and numbers that stand for something.
fn scalar(out: &mut String, array: &Array<'_>, row: usize, feature: &Feature, null: &str) -> Result<(), Fault> {
    match array.kind {
        Kind::Bool => out.push_str(if array.bool(row) { "true" } else { "false" }),
        Kind::Float { .. } => out.push_str(array.float(row)?.as_deref().unwrap_or(null)),
        Kind::Date => out.push_str(&date(i64::try_from(array.int(row)?).unwrap_or_default())),
        Kind::Instant { per_second, .. } => {
            out.push_str(&instant(i64::try_from(array.int(row)?).unwrap_or_default(), per_second));
        }
        _ => {
            let number = array.int(row)?;
            match i64::try_from(number).ok().and_then(|index| feature.class(index)) {
                Some(name) => out.push_str(name),
                // Writing to a string cannot fail.
                None => drop(write!(out, "{number}")),
            }
        }
    }
    Ok(())
}

fn json(out: &mut String, array: &Array<'_>, row: usize, feature: &Feature) -> Result<(), Fault> {
    if array.is_null(row) {
        out.push_str("null");
        return Ok(());
    }
    if let Some((values, place)) = array.referred(row)? {
        return json(out, values, place, feature);
    }
    match array.kind {
        Kind::Text { .. } | Kind::View => {
            let mut inner = String::new();
            text(&mut inner, array.bytes(row)?);
            push_quoted(out, &inner);
        }
        Kind::List { .. } | Kind::FixedList { .. } => {
            let Some((_, child)) = array.children.first() else { return Ok(()) };
            out.push('[');
            for (place, at) in array.range(row)?.enumerate() {
                out.push_str(if place > 0 { "," } else { "" });
                json(out, child, at, feature.element())?;
            }
            out.push(']');
        }
        Kind::Struct => {
            out.push('{');
            for (place, (name, child)) in array.children.iter().enumerate() {
                out.push_str(if place > 0 { "," } else { "" });
                push_quoted(out, name);
                out.push(':');
                json(out, child, row, &feature.member(name))?;
            }
            out.push('}');
        }
        Kind::Map => map(out, array, row)?,
        Kind::Int { .. } if names_class(array, row, feature)? => {
            let mut inner = String::new();
            scalar(&mut inner, array, row, feature, "")?;
            push_quoted(out, &inner);
        }
        Kind::Date | Kind::Instant { .. } => {
            let mut inner = String::new();
            scalar(&mut inner, array, row, feature, "")?;
            push_quoted(out, &inner);
        }
        _ => scalar(out, array, row, feature, "null")?,
    }
    Ok(())
}

fn names_class(array: &Array<'_>, row: usize, feature: &Feature) -> Result<bool, Fault> {
    Ok(i64::try_from(array.int(row)?).ok().and_then(|index| feature.class(index)).is_some())
}

/// A map as an object.
fn map(out: &mut String, array: &Array<'_>, row: usize) -> Result<(), Fault> {
    let Some((_, entries)) = array.children.first() else { return Ok(()) };
    let [(_, keys), (_, values)] = &entries.children[..] else {
        return Err("a map of it has no keys and values".into());
    };
    out.push('{');
    for (place, at) in array.range(row)?.enumerate() {
        out.push_str(if place > 0 { "," } else { "" });
        let mut name = String::new();
        cell(&mut name, keys, at, "", &Feature::Plain)?;
        push_quoted(out, &name);
        out.push(':');
        json(out, values, at, &Feature::Plain)?;
    }
    out.push('}');
    Ok(())
}

/// A day since 1970 in ISO 8601, by the count of days in eras of 400 years.
fn date(days: i64) -> String {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

fn instant(count: i64, per_second: i64) -> String {
    let (seconds, rest) = (count.div_euclid(per_second), count.rem_euclid(per_second));
    let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let mut text = format!("{}T{:02}:{:02}:{:02}", date(days), second / 3600, second / 60 % 60, second % 60);
    if rest > 0 {
        let digits = per_second.to_string().len() - 1;
        text.push_str(format!(".{rest:0digits$}").trim_end_matches('0'));
    }
    text
}

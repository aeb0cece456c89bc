//! Values as the text of cells: a scalar as it is, anything nested as JSON, null as nothing.

use std::fmt::Write as _;

use super::array::Array;
use super::fault::Fault;
use super::schema::Kind;
use crate::table::notation::quoted::push_quoted;
use crate::table::readers::features::Feature;
use crate::table::readers::{moments, settled};

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
        Kind::Text { .. } | Kind::View | Kind::Bytes { .. } => {
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
        Kind::Date => out.push_str(&moments::date(array.long(row)?)),
        Kind::DateMillis => out.push_str(&moments::day(array.long(row)?)),
        Kind::Instant { per_second, is_utc, .. } => {
            out.push_str(&moments::instant(array.long(row)?, per_second));
            out.push_str(if is_utc { "Z" } else { "" });
        }
        Kind::Time { per_second, .. } => out.push_str(&moments::time(array.long(row)?, per_second)),
        Kind::Duration { per_second } => out.push_str(&moments::duration(array.long(row)?, per_second)),
        Kind::Decimal { scale, .. } => out.push_str(&decimal(array.int(row)?, scale)),
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

/// A whole number of so many decimal places.
fn decimal(number: i128, scale: i32) -> String {
    let sign = if number < 0 { "-" } else { "" };
    let digits = number.unsigned_abs().to_string();
    let places = usize::try_from(scale).unwrap_or_default();
    if places == 0 {
        let zeros = usize::try_from(scale.unsigned_abs()).unwrap_or_default();
        return format!("{sign}{digits}{}", "0".repeat(if number == 0 { 0 } else { zeros.min(100) }));
    }
    let digits = format!("{digits:0>width$}", width = places.min(100) + 1);
    let (whole, part) = digits.split_at(digits.len() - places.min(100));
    format!("{sign}{whole}.{part}")
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
        Kind::Text { .. } | Kind::View | Kind::Bytes { .. } => {
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
        Kind::Date | Kind::DateMillis | Kind::Instant { .. } | Kind::Time { .. } | Kind::Duration { .. } => {
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

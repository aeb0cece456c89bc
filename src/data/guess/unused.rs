//! Texts that no role reads, and roles that read what is no text: what a person should be told of a choice of columns.

use std::collections::HashSet;

use super::content::words;
use super::names::{ASIDE, NEITHER, is_in};
use super::pairs::parts;
use super::{Column, Roles, Table, first_cells, look};
use crate::data::labels::flag_columns;

/// Columns of texts that are not read, unless they are made from one that is, as a parse is from its sentence.
pub fn unused_texts(table: &Table, roles: &Roles) -> Vec<String> {
    // A role may name several columns.
    let flags = flag_columns(table, roles.label.as_deref()).unwrap_or_default();
    let flags = flags.into_iter().map(|column| table.columns[column].as_str());
    let used: HashSet<&str> = roles.named().map(|(_, column)| column).chain(flags).collect();
    let made_from: Vec<Vec<String>> =
        [&roles.text, &roles.pair].into_iter().flatten().map(|used| parts(used)).collect();
    let is_derived = |name: &str| {
        let name = parts(name);
        made_from.iter().any(|used| !used.is_empty() && name.len() > used.len() && name.starts_with(used))
    };
    let is_unused = |name: &str| !used.contains(name) && !is_derived(name);
    let may_be_text = |&(index, name): &(usize, &String)| {
        let (words, cells) =
            first_cells(table, index).fold((0, 0), |(all, cells), cell| (all + words(cell), cells + 1));
        words > cells && is_unused(name)
    };
    let possible = table.columns.iter().enumerate().filter(may_be_text);
    let columns: Vec<Column<'_>> = possible.map(|(index, name)| look(table, index, name)).collect();
    let texts = columns.iter().filter(|column| column.is_prose() && column.is_mostly_filled());
    let texts = texts.filter(|column| !is_in(NEITHER, &column.plain) && !is_in(ASIDE, &column.plain));
    texts.map(|column| column.name.to_owned()).collect()
}

/// Columns that are read as texts and hold none, with what they hold.
pub fn no_text(table: &Table, roles: &Roles) -> Vec<(String, &'static str)> {
    let read = [&roles.text, &roles.pair].into_iter().flatten();
    let found = read.filter_map(|name| {
        let index = table.column(name)?;
        Some((name.clone(), look(table, index, name).no_text?.title()))
    });
    found.collect()
}

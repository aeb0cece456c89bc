//! Texts that no role reads, and roles that read what is no text: what a person should be told of a choice of columns.

use super::names::{ASIDE, NEITHER, is_in};
use super::pairs::parts;
use super::{Roles, Table, look, look_at_all};

/// Columns of texts that are not read, unless they are made from one that is, as a parse is from its sentence.
pub fn unused_texts(table: &Table, roles: &Roles) -> Vec<String> {
    let used: Vec<&str> = roles.named().map(|(_, column)| column).collect();
    let is_derived = |name: &str| {
        let name = parts(name);
        used.iter()
            .map(|used| parts(used))
            .any(|used| !used.is_empty() && name.len() > used.len() && name.starts_with(&used))
    };
    let is_unused = |name: &str| !used.contains(&name) && !is_derived(name);
    let columns = look_at_all(table);
    let texts = columns.iter().filter(|column| column.is_prose() && column.is_mostly_filled());
    let texts = texts.filter(|column| !is_in(NEITHER, &column.plain) && !is_in(ASIDE, &column.plain));
    texts.filter(|column| is_unused(column.name)).map(|column| column.name.to_owned()).collect()
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

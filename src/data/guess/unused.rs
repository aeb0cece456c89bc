//! Texts that no role reads, and roles that read what is no text: what a person should be told of a choice of columns.

use std::collections::HashSet;

use super::columns::{Column, filled_cells, first_cells, look};
use super::content::{Content, words};
use super::names::parts;
use super::names::{ANNOTATORS, ASIDE, NEITHER, is_aside_by_name, is_gold, is_in, is_label, is_predicted};
use super::{flags, shapes};
use crate::data::Roles;
use crate::data::labels::{flag_columns, is_missing, kind_of};
use crate::table::Table;
use crate::table::notation::schemes::has_letter;
use crate::table::notation::tags;
use crate::table::plain_name;
use crate::task::{Targets, Task};

/// Columns that could be the label as well as the one that is: they are called so, or hold the same few values.
pub fn other_labels(table: &Table, roles: &Roles, task: Task) -> Vec<String> {
    let Some(label) = roles.label.as_deref() else { return Vec::new() };
    let chosen = flag_columns(table, Some(label)).or_else(|| Some(vec![table.column(label)?])).unwrap_or_default();
    let used: HashSet<&str> = roles.named().map(|(_, column)| column).collect();
    let values = |column: usize| -> HashSet<String> {
        filled_cells(table, column).into_iter().filter(|cell| !is_missing(cell)).map(str::to_lowercase).collect()
    };
    let Some(&first) = chosen.first() else { return Vec::new() };
    let (own, own_kind) = (values(first), kind_of(&filled_cells(table, first)));
    let is_named = chosen.len() > 1 || is_label(&plain_name(label)) || is_gold(label);
    let is_free = |&(index, name): &(usize, &String)| !chosen.contains(&index) && !used.contains(name.as_str());
    // Texts are passed over without a look at all of their cells.
    let is_short = |&(index, _): &(usize, &String)| first_cells(table, index).all(|cell| cell.len() <= 80);
    let possible = table.columns.iter().enumerate().filter(is_free).filter(is_short);
    let columns = possible.map(|(index, name)| look(table, index, name));
    let is_like = |column: &Column<'_>| {
        let is_about_rows = is_aside_by_name(column.name, &column.plain) || is_in(ASIDE, &column.plain);
        let is_place = matches!(column.no_text, Some(Content::Date | Content::Address));
        if column.filled == 0 || is_about_rows || is_place || !column.varies() {
            return false;
        }
        if is_predicted(column.name) || column.is_structure || !column.is_mostly_filled() {
            return false;
        }
        if task.targets() == Targets::Number {
            let is_value = column.is_all_numbers() && column.distinct * 2 <= column.filled.max(20) * 2;
            let has_fractions = filled_cells(table, column.index).iter().any(|cell| cell.contains(['.', ',']));
            return is_value && (is_label(&column.plain) || (!is_named && has_fractions));
        }
        let theirs = values(column.index);
        let shared = theirs.intersection(&own).count();
        let kind_of_column = kind_of(&filled_cells(table, column.index));
        let is_of_a_kind = own_kind.is_some() && kind_of_column == own_kind;
        let is_rater = own.len() > 1 && shared * 2 >= own.len().max(theirs.len());
        // Few words that come again and again are a likelier label than what flags say, and as likely as others that no
        // name calls so.
        let is_few = column.distinct * 4 <= column.filled && column.distinct <= 30 && !column.is_all_numbers();
        let is_word = (chosen.len() > 1 || !is_named) && is_few && kind_of_column.is_none();
        let may_be = is_word || is_label(&column.plain) || is_gold(column.name) || is_of_a_kind || is_rater;
        column.is_like_labels() && may_be
    };
    let found = columns.filter(is_like).map(|column| column.name.to_owned());
    found.chain(flags::left_out(table, roles)).collect()
}

/// The label of whole texts, where its cells are lists of tags of words.
pub fn tags_as_label(table: &Table, roles: &Roles) -> Option<String> {
    let name = roles.label.as_deref()?;
    let cells = filled_cells(table, table.column(name)?);
    let is_tag = |part: &String| part == "O" || has_letter(part);
    let are_tags = |cell: &&str| {
        let list = tags::list(cell).unwrap_or_default();
        list.len() > 1 && list.iter().all(is_tag) && list.iter().any(|part| has_letter(part))
    };
    let found = cells.iter().filter(|cell| are_tags(cell)).count();
    (found > 0 && found * 10 >= cells.len() * 9).then(|| name.to_owned())
}

/// The column that tells which of several annotators a row is by, where it plays no other part.
pub fn annotators(table: &Table, roles: &Roles) -> Option<String> {
    let is_free = |name: &String| roles.named().all(|(_, used)| used != name);
    let is_one = |&(index, name): &(usize, &String)| {
        is_in(ANNOTATORS, &plain_name(name)) && is_free(name) && {
            let cells = filled_cells(table, index);
            cells.iter().any(|cell| *cell != cells[0])
        }
    };
    table.columns.iter().enumerate().find(is_one).map(|(_, name)| name.clone())
}

/// Columns of tags of the words that are read, besides the one whose tags are.
pub fn other_tags(table: &Table, roles: &Roles) -> Vec<String> {
    let place = |name: &Option<String>| name.as_deref().and_then(|name| table.column(name));
    let (Some(tokens), Some(tags)) = (place(&roles.tokens), place(&roles.tags)) else { return Vec::new() };
    let fitting = shapes::tags_beside(table, tokens).into_iter().filter(|column| *column != tags);
    fitting.map(|column| table.columns[column].clone()).collect()
}

/// Columns of texts that are not read, unless they are made from one that is, as a parse is from its sentence.
pub fn unused_texts(table: &Table, roles: &Roles) -> Vec<String> {
    // A role may name several columns.
    let flags = flag_columns(table, roles.label.as_deref()).unwrap_or_default();
    let flags = flags.into_iter().map(|column| table.columns[column].as_str());
    let used: HashSet<&str> = roles.named().map(|(_, column)| column).chain(flags).collect();
    let made_from: Vec<Vec<String>> =
        [&roles.text, &roles.pair].into_iter().flatten().map(|used| parts(used)).collect();
    let is_derived = |name: &str| {
        // Two columns of one name are two columns.
        if name.ends_with(')') && name.trim_end_matches(')').ends_with(|letter: char| letter.is_ascii_digit()) {
            return false;
        }
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

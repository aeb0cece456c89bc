//! Columns that each say of one label whether it applies: 0 and 1, True and False, yes and no, ja and nein. All columns of
//! one kind are the labels; columns of another kind are something about the rows. One that always says no is a label only
//! among such columns, of which no row of this file has it.

use std::collections::HashSet;

use super::columns::{Column, filled_cells, first_cells, look, sample};
use super::names::{ASIDE, CLASS, NEITHER, is_aside_by_name, is_count, is_in, is_label, is_predicted};
use crate::data::Roles;
use crate::data::labels::{Separator, are_ticked, flag, flag_columns, is_mark, is_missing, kind_of, says_only_no};
use crate::table::Table;
use crate::table::plain_name;

/// The columns of labels for a person who wants several: two are enough, and another column is the label only where it
/// holds several itself.
pub(super) fn wanted(table: &Table, columns: &[&Column<'_>]) -> Option<String> {
    let names = of_one_kind(table, columns);
    let flags: HashSet<&str> = names.iter().copied().collect();
    let holds_several =
        |column: &&&Column<'_>| Separator::of_column(filled_cells(table, column.index).into_iter()).is_several();
    let others = columns.iter().filter(|column| !flags.contains(column.name) && is_label(&column.plain));
    let is_told_otherwise = others.filter(|column| column.varies()).any(|column| holds_several(&column));
    (names.len() > 1 && !is_told_otherwise).then(|| names.join(", "))
}

/// Columns of which exactly one applies to each row, which so are the classes, where no column is called a label.
pub(super) fn one_of_each(table: &Table, columns: &[&Column<'_>]) -> Option<String> {
    let names = of_one_kind(table, columns);
    if names.len() < 3 || is_told_otherwise(columns, &names) {
        return None;
    }
    let places: Vec<usize> = names.iter().filter_map(|name| table.column(name)).collect();
    let are_ticked = places.first().is_some_and(|column| is_ticked(table, *column));
    let applies = |cell: &str| if are_ticked { Some(is_mark(cell)) } else { flag(cell) };
    let applying = |row: usize| {
        let flags: Option<Vec<bool>> = places.iter().map(|column| applies(table.cell(row, *column).trim())).collect();
        flags.map(|flags| flags.into_iter().filter(|applies| *applies).count())
    };
    let counts: Vec<Option<usize>> = sample(table).map(applying).collect();
    let whole = counts.iter().flatten().count();
    (whole * 10 >= counts.len() * 9 && counts.iter().flatten().all(|count| *count == 1)).then(|| names.join(", "))
}

/// Whether a table is plainly one of several labels: there are three such columns, and none that is called a label.
pub(super) fn told(table: &Table, roles: &Roles) -> bool {
    let may_matter = |&(index, name): &(usize, &String)| {
        let mut cells = first_cells(table, index).filter(|cell| !is_missing(cell));
        is_label(&plain_name(name)) || cells.next().is_some_and(|cell| flag(cell).is_some() || is_mark(cell))
    };
    let possible = table.columns.iter().enumerate().filter(may_matter);
    let columns: Vec<Column<'_>> = possible.map(|(index, name)| look(table, index, name)).collect();
    let used =
        |column: &&Column<'_>| [&roles.text, &roles.pair].iter().any(|role| role.as_deref() == Some(column.name));
    let free: Vec<&Column<'_>> = columns.iter().filter(|column| !used(column)).collect();
    let names = of_one_kind(table, &free);
    names.len() > 2 && !is_told_otherwise(&free, &names)
}

/// Whether another column is called the label, or one of the flags is the label by its name alone.
fn is_told_otherwise(columns: &[&Column<'_>], flags: &[&str]) -> bool {
    let flags: HashSet<&str> = flags.iter().copied().collect();
    let is_other = |column: &&&Column<'_>| {
        let is_flag = flags.contains(column.name);
        (!is_flag && is_label(&column.plain) && !column.is_prose()) || (is_flag && is_in(CLASS, &column.plain))
    };
    columns.iter().filter(is_other).any(|column| column.varies())
}

/// The names of all columns of the kind that has the most, in their order.
fn of_one_kind<'a>(table: &Table, columns: &[&Column<'a>]) -> Vec<&'a str> {
    let mut kinds: Vec<(usize, Vec<&Column<'a>>)> = Vec::new();
    for &column in columns.iter().filter(|column| !is_in(NEITHER, &column.plain)) {
        let kind = if is_ticked(table, column.index) { Some(TICKED) } else { kind_told(table, column) };
        let Some(kind) = kind else { continue };
        match kinds.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, flags)) => flags.push(column),
            None => kinds.push((kind, vec![column])),
        }
    }
    kinds.sort_by_key(|(kind, flags)| (usize::MAX - flags.len(), *kind));
    let Some((kind, mut flags)) = kinds.into_iter().next() else { return Vec::new() };
    flags.extend(never_applying(table, columns, kind, &flags));
    flags.sort_by_key(|column| column.index);
    flags.into_iter().map(|column| column.name).collect()
}

/// The columns between flags or directly beside them that say no of every row, in the same words. Elsewhere in a table a
/// column of zeros may be anything.
fn never_applying<'a, 'b>(
    table: &Table,
    columns: &[&'b Column<'a>],
    kind: usize,
    flags: &[&'b Column<'a>],
) -> Vec<&'b Column<'a>> {
    let (Some(first), Some(last)) = (flags.first(), flags.last().filter(|_| flags.len() > 1)) else {
        return Vec::new();
    };
    let between = first.index..last.index;
    let may_be = |column: &Column<'a>| {
        !is_in(NEITHER, &column.plain)
            && !is_in(CLASS, &column.plain)
            && (between.contains(&column.index) || may_be_flag(column.name))
    };
    let never = |column: &&&Column<'a>| may_be(column) && only_says_no(table, column.index, kind);
    let mut found: Vec<&Column<'a>> = columns.iter().filter(never).copied().collect();
    let places: HashSet<usize> = found.iter().map(|column| column.index).collect();
    let begin = (0..first.index).rev().take_while(|place| places.contains(place)).last().unwrap_or(first.index);
    let end =
        (last.index + 1..table.columns.len()).take_while(|place| places.contains(place)).last().unwrap_or(last.index);
    found.retain(|column| (begin..=end).contains(&column.index));
    found
}

/// Whether a column could be a label that applies to no row.
fn only_says_no(table: &Table, column: usize, kind: usize) -> bool {
    says_only_no(kind, (0..table.rows()).map(|row| table.cell(row, column)))
}

/// Whether a name is that of a label beside others, and none of what only describes the rows.
fn may_be_flag(name: &str) -> bool {
    let plain = plain_name(name);
    let is_aside = is_aside_by_name(name, &plain) || is_in(ASIDE, &plain) || is_predicted(name);
    !is_aside && !is_in(CLASS, &plain) && !is_count(name)
}

/// The kind of words of columns of labels, where a role names several, and the columns that it does not name but could be
/// labels too.
fn others<'a>(table: &'a Table, roles: &Roles) -> Option<(usize, Vec<(usize, &'a str)>)> {
    let chosen = flag_columns(table, roles.label.as_deref())?;
    let kind = chosen
        .iter()
        .find_map(|column| kind_of(&filled_cells(table, *column)).filter(|_| says_both(table, *column)))?;
    let is_free = |&(index, name): &(usize, &str)| {
        !chosen.contains(&index) && roles.named().all(|(_, used)| used != name) && may_be_flag(name)
    };
    let names = table.columns.iter().map(String::as_str).enumerate();
    Some((kind, names.filter(is_free).collect()))
}

/// Columns that say of no row that a label applies, in the words of those that are labels, and stand elsewhere.
pub(super) fn left_out(table: &Table, roles: &Roles) -> Vec<String> {
    let Some((kind, others)) = others(table, roles) else { return Vec::new() };
    let never = others.into_iter().filter(|(index, _)| only_says_no(table, *index, kind));
    never.map(|(_, name)| name.to_owned()).collect()
}

/// Columns that say in the words of those that are read as labels that another applies to some row.
pub fn further(table: &Table, roles: &Roles) -> Vec<String> {
    let Some((kind, others)) = others(table, roles) else { return Vec::new() };
    let is_one = |&(index, _): &(usize, &str)| {
        let cells = filled_cells(table, index);
        let applies = (0..table.rows()).any(|row| flag(table.cell(row, index).trim()) == Some(true));
        kind_of(&cells).is_some_and(|own| own == kind || !says_both(table, index)) && applies
    };
    others.into_iter().filter(is_one).map(|(_, name)| name.to_owned()).collect()
}

/// The kind of words with which a column says yes and no. Some rows may have been left without labels.
fn kind_told(table: &Table, column: &Column<'_>) -> Option<usize> {
    if !column.is_mostly_filled() {
        return None;
    }
    let cells = filled_cells(table, column.index);
    let missing = cells.iter().filter(|cell| is_missing(cell)).count();
    kind_of(&cells).filter(|_| missing * 2 < cells.len() && says_both(table, column.index))
}

/// The place of columns that are ticked among the kinds of words.
const TICKED: usize = usize::MAX;

/// Whether a column has a mark where a label applies, and nothing where it does not.
fn is_ticked(table: &Table, column: usize) -> bool {
    are_ticked((0..table.rows()).map(|row| table.cell(row, column)))
}

/// Whether a column says yes of some rows and no of others. A label may be too rare for a look at some rows.
fn says_both(table: &Table, column: usize) -> bool {
    let mut told = (0..table.rows()).filter_map(|row| flag(table.cell(row, column).trim()));
    told.next().is_some_and(|first| told.any(|other| other != first))
}

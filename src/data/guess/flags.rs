//! Columns that each say of one label whether it applies: 0 and 1, True and False, yes and no. All columns of one kind are
//! the labels; columns of another kind are something about the rows.

use std::collections::HashSet;

use super::names::{CLASS, LABEL, NEITHER, is_in};
use super::{Column, Roles, Table, filled_cells, first_cells, look};
use crate::data::labels::Separator;
use crate::data::readers::plain_name;

/// How columns say whether a label applies: what they may hold, in lower case. Hidden labels are -1.
const KINDS: [&str; 4] = ["0 1 0.0 1.0 -1 -1.0", "false true", "no yes", "n y"];

/// The columns of labels for a person who wants several: two are enough, and another column is the label only where it
/// holds several itself.
pub(super) fn wanted(table: &Table, columns: &[&Column<'_>]) -> Option<String> {
    let names = of_one_kind(table, columns);
    let flags: HashSet<&str> = names.iter().copied().collect();
    let holds_several =
        |column: &&&Column<'_>| Separator::of_column(filled_cells(table, column.index).into_iter()).is_several();
    let others = columns.iter().filter(|column| !flags.contains(column.name) && is_in(LABEL, &column.plain));
    let is_told_otherwise = others.filter(|column| column.varies()).any(|column| holds_several(&column));
    (names.len() > 1 && !is_told_otherwise).then(|| names.join(", "))
}

/// Whether a table is plainly one of several labels: there are three such columns, and none that is called a label.
pub(super) fn told(table: &Table, roles: &Roles) -> bool {
    let may_matter = |&(index, name): &(usize, &String)| {
        let mut cells = first_cells(table, index);
        let is_flag = |cell: &str| KINDS.iter().any(|kind| is_in(kind, &cell.to_lowercase()));
        is_in(LABEL, &plain_name(name)) || cells.next().is_some_and(is_flag)
    };
    let possible = table.columns.iter().enumerate().filter(may_matter);
    let columns: Vec<Column<'_>> = possible.map(|(index, name)| look(table, index, name)).collect();
    let used =
        |column: &&Column<'_>| [&roles.text, &roles.pair].iter().any(|role| role.as_deref() == Some(column.name));
    let free: Vec<&Column<'_>> = columns.iter().filter(|column| !used(column)).collect();
    let names: HashSet<&str> = of_one_kind(table, &free).into_iter().collect();
    let is_other = |column: &&&Column<'_>| {
        let is_flag = names.contains(column.name);
        (!is_flag && is_in(LABEL, &column.plain)) || (is_flag && is_in(CLASS, &column.plain))
    };
    names.len() > 2 && !free.iter().filter(is_other).any(|column| column.varies())
}

/// The names of all columns of the kind that has the most.
fn of_one_kind<'a>(table: &Table, columns: &[&Column<'a>]) -> Vec<&'a str> {
    let mut kinds: [Vec<&str>; KINDS.len()] = Default::default();
    for column in columns {
        // A few rows may have been left without labels.
        if is_in(NEITHER, &column.plain) || column.filled * 10 < column.rows * 9 || column.filled == 0 {
            continue;
        }
        let cells = filled_cells(table, column.index);
        let is_of = |kind: &&str| cells.iter().all(|cell| is_in(kind, &cell.to_lowercase()));
        if let Some(kind) = KINDS.iter().position(is_of) {
            kinds[kind].push(column.name);
        }
    }
    kinds.into_iter().rev().max_by_key(Vec::len).unwrap_or_default()
}

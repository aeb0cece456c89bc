//! Which column is the text.

use super::columns::Column;
use super::names::{ASIDE, NEITHER, STRONG, TEXT, WEAK, is_in, is_label, rank};

/// A column called so, if it holds text and no other plainly holds more of it; else the one with the most that differs
/// from row to row. What holds no text, or is called an id or a label, is read only where nothing else is there.
pub(super) fn text(columns: &[Column<'_>], pair: Option<&str>) -> Option<String> {
    let others = || columns.iter().filter(|column| Some(column.name) != pair);
    let is_other =
        |column: &&Column<'_>| is_in(NEITHER, &column.plain) || is_label(&column.plain) || is_in(ASIDE, &column.plain);
    let has_phrases = |column: &Column<'_>| column.phrases >= 0.3;
    // A title counts double, as what has no known name may be anything.
    let weight = |column: &Column<'_>| column.weight() * if is_in(WEAK, &column.plain) { 2.0 } else { 1.0 };
    let most = |a: &&Column<'_>, b: &&Column<'_>| {
        (has_phrases(a), weight(a)).partial_cmp(&(has_phrases(b), weight(b))).unwrap_or(std::cmp::Ordering::Equal)
    };
    let texts: Vec<&Column<'_>> = others().filter(|column| column.is_text()).collect();
    let is_likely = |column: &&Column<'_>| !is_other(column) && (has_phrases(column) || !column.is_like_labels());
    let fullest = texts.iter().copied().filter(is_likely).max_by(most);
    // A column called so may hold no more than names of classes.
    let is_poor = |column: &&Column<'_>| {
        fullest.is_some_and(|full| has_phrases(full) && full.weight() > 8.0 * column.weight())
            && (!has_phrases(column) || column.is_like_labels() || !column.is_mostly_filled())
    };
    let named = |names: &str| {
        let known = texts.iter().copied().filter(|column| is_in(names, &column.plain) && !is_poor(column));
        known.min_by_key(|column| (!column.is_mostly_filled(), rank(names, &column.plain)))
    };
    let named = named(STRONG).or_else(|| named(TEXT).filter(|column| !is_in(WEAK, &column.plain)));
    let last_resort = || {
        let possible = others().filter(|column| column.filled > 0 && !column.is_all_numbers());
        possible.min_by_key(|column| {
            let is_label = is_label(&column.plain) || column.is_like_labels();
            (!column.is_prose(), is_label, !column.is_text(), is_other(column))
        })
    };
    named.or(fullest).or_else(last_resort).map(|column| column.name.to_owned())
}

//! Answers that stand elsewhere than they are said to, where they can be found.

use super::Dataset;
use super::rows::Content;
use crate::table::GoldAnswer;
use crate::table::notation::answers;

/// The answers of a row, each where it stands nearest to its place; `None` where nothing has to move or one stands nowhere.
pub(super) fn moved_answers(dataset: &Dataset, row: usize) -> Option<Vec<GoldAnswer>> {
    let Content::Question { context, .. } = dataset.content else { return None };
    let table = &dataset.table;
    let answers = table.column(dataset.roles.answers.as_deref()?)?;
    let start = table.column("answer_start").filter(|start| *start != answers);
    let context = table.cell(row, context);
    let start = start.map(|start| table.cell(row, start));
    let mut list = answers::answers(table.cell(row, answers), start, context).ok()?;
    let mut moved = false;
    for answer in &mut list {
        if !answers::stands_at(context, answer) {
            answer.start = answers::nearest(context, answer)?;
            moved = true;
        }
    }
    moved.then_some(list)
}

//! The columns that a task reads: each must be there, and none may play two parts.

use super::DataError;
use super::labels::flag_columns;
use super::rows::{Content, Roles};
use crate::table::{Table, name_list};
use crate::task::{Reads, Task};

/// The columns that a task reads, which must be there and differ.
pub(super) fn content(table: &Table, task: Task, roles: &Roles) -> Result<Content, DataError> {
    let find = |name: &Option<String>, role| column(table, name.as_deref(), role);
    let need = |name: &Option<String>, role| find(name, role)?.ok_or_else(|| no_role(table, role));
    let several = task.annotation().is_named() && flag_columns(table, roles.label.as_deref()).is_some();
    let label = if several { None } else { find(&roles.label, "label")? };
    Ok(match task.reads() {
        Reads::Words => {
            let (tags, spans) = (find(&roles.tags, "tags")?, find(&roles.spans, "spans")?);
            if let Some(tokens) = find(&roles.tokens, "words")? {
                different(table, &[(Some(tokens), "words"), (tags, "tags")])?;
                Content::Words { tokens }
            } else {
                let text = need(&roles.text, "words")?;
                different(table, &[(Some(text), "text"), (spans, "spans")])?;
                Content::Spans { text, spans }
            }
        }
        Reads::Question => {
            let question = need(&roles.question, "question")?;
            let context = need(&roles.context, "context")?;
            let answers = find(&roles.answers, "answers")?;
            different(table, &[(Some(question), "question"), (Some(context), "context"), (answers, "answers")])?;
            Content::Question { question, context }
        }
        Reads::Running => Content::Text { text: need(&roles.text, "text")?, pair: find(&roles.pair, "second text")? },
        Reads::Texts | Reads::Neighbours(_) => {
            let text = need(&roles.text, "text")?;
            let pair = find(&roles.pair, "second text")?;
            different(table, &[(Some(text), "text"), (pair, "second text"), (label, "label")])?;
            Content::Text { text, pair }
        }
    })
}

/// Whether a table has a column, or all of those that one name of a label stands for.
pub fn has_columns(table: &Table, named: &str) -> bool {
    table.column(named).is_some() || flag_columns(table, Some(named)).is_some()
}

/// The column that a role names.
pub(super) fn column(table: &Table, name: Option<&str>, role: &'static str) -> Result<Option<usize>, DataError> {
    let Some(name) = name else { return Ok(None) };
    match table.column(name) {
        Some(column) => Ok(Some(column)),
        None => Err(DataError::NoColumn {
            path: table.path.clone(),
            role,
            name: name.to_owned(),
            columns: name_list(&table.columns),
        }),
    }
}

fn no_role(table: &Table, role: &'static str) -> DataError {
    DataError::NoRole { path: table.path.clone(), role, columns: name_list(&table.columns) }
}

/// A column that is text and label at once would teach the model to read its own answer.
fn different(table: &Table, chosen: &[(Option<usize>, &'static str)]) -> Result<(), DataError> {
    for (index, &(column, second)) in chosen.iter().enumerate() {
        let same = chosen[..index].iter().find(|(earlier, _)| column.is_some() && *earlier == column);
        if let (Some(&(_, first)), Some(column)) = (same, column) {
            let name = table.columns[column].clone();
            return Err(DataError::SameColumn { path: table.path.clone(), name, first, second });
        }
    }
    Ok(())
}

//! Answers of which the data say only the text, where the context has it several times.

use crate::data::Dataset;
use crate::data::rows::{Content, Target};
use crate::stop::heed;
use crate::table::notation::answers::is_placed;

/// The examples with such an answer, which is taken at the first place.
pub(super) fn placed_first(dataset: &Dataset) -> Vec<usize> {
    found(dataset).unwrap_or_default()
}

fn found(dataset: &Dataset) -> Option<Vec<usize>> {
    let Content::Question { context, .. } = dataset.content else { return None };
    let table = &dataset.table;
    let column = table.column(dataset.roles.answers.as_deref()?)?;
    let start = table.column("answer_start").filter(|start| *start != column);
    let is_found = |example: &usize| {
        let example = &dataset.examples[*example];
        let Target::Answers(answers) = &example.target else { return false };
        let context = table.cell(example.row, context);
        let comes_again = |text: &str| !text.is_empty() && context.matches(text).nth(1).is_some();
        answers.iter().any(|answer| comes_again(&answer.text))
            && !is_placed(table.cell(example.row, column), start.map(|start| table.cell(example.row, start)))
    };
    Some((0..dataset.examples.len()).inspect(|_| heed()).filter(is_found).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Roles;
    use crate::data::dataset::tests::table;
    use crate::data::health::{FindingKind, health};
    use crate::task::Task;

    fn rows(text: &str) -> Vec<usize> {
        let named = |name: &str| Some(name.to_owned());
        let roles = Roles { question: named("q"), context: named("c"), answers: named("a"), ..Roles::default() };
        let data = Dataset::new(table(text), Task::Qa, &roles, None).unwrap();
        let found = health(&data).into_iter().find(|finding| finding.kind == FindingKind::PlacedFirst);
        let told = data.remarks().iter().any(|remark| remark.contains("the first place is taken"));
        assert_eq!(told, found.is_some(), "a training tells it too");
        found.map(|finding| finding.rows).unwrap_or_default()
    }

    #[test]
    fn answers_without_a_place_that_come_again_are_told() {
        let text = "q,c,a\nwhere?,Rome is big. She left Rome.,Rome\nwho?,Rome is big. She left Rome.,She\n\
                    where?,Oslo and Oslo,\"[\"\"Oslo\"\"]\"\n\
                    where?,Oslo and Oslo,\"{\"\"text\"\": [\"\"Oslo\"\"], \"\"answer_start\"\": [9]}\"\n";
        assert_eq!(rows(text), [0, 2]);
        assert_eq!(rows("q,c,a,answer_start\nwhere?,Oslo and Oslo,Oslo,9\nwhere?,Oslo and Oslo,Oslo,\n"), [1]);
    }
}

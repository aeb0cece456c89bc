//! An example as a model reads it: token ids, segments and what is to be learned, cut to the length limit, with a count
//! of what was cut.

use std::ops::ControlFlow;

use rayon::prelude::*;

use super::{DataError, Dataset, Target, Tokenizer};

/// One tokenized example.
#[derive(Clone, Debug, PartialEq)]
pub struct Features {
    /// Index into the dataset's examples.
    pub example: usize,
    /// Token ids with special tokens.
    pub ids: Vec<u32>,
    /// Segment of each token.
    pub types: Vec<u32>,
    /// Tokens that the length limit cut off.
    pub cut: usize,
    pub target: Target,
}

/// Examples between two reports of progress: enough to keep all cores busy, few enough to stop at once.
const CHUNK: usize = 1024;

/// Tokenizes some examples of a dataset, in the given order. `on_progress` hears how many are done and may stop the
/// work, which gives `None`.
pub fn features(
    dataset: &Dataset,
    which: &[usize],
    tokenizer: &Tokenizer,
    max_tokens: usize,
    on_progress: &mut dyn FnMut(usize) -> ControlFlow<()>,
) -> Result<Option<Vec<Features>>, DataError> {
    let mut all = Vec::with_capacity(which.len());
    for chunk in which.chunks(CHUNK) {
        let done: Result<Vec<Features>, DataError> =
            chunk.par_iter().map(|&example| one(dataset, example, tokenizer, max_tokens)).collect();
        all.extend(done?);
        if on_progress(all.len()).is_break() {
            return Ok(None);
        }
    }
    Ok(Some(all))
}

fn one(dataset: &Dataset, example: usize, tokenizer: &Tokenizer, max_tokens: usize) -> Result<Features, DataError> {
    let encoded = tokenizer.encode_ids(dataset.text(example), dataset.pair(example), max_tokens).map_err(|source| {
        DataError::TokenizeRow {
            path: dataset.table.path.clone(),
            line: dataset.table.line(dataset.examples[example].row),
            source,
        }
    })?;
    Ok(Features {
        example,
        ids: encoded.ids,
        types: encoded.types,
        cut: encoded.cut,
        target: dataset.examples[example].target.clone(),
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::data::dataset::tests::{roles, table};
    use crate::task::Task;

    fn tokenizer() -> Tokenizer {
        Tokenizer::open(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/bert-classify")).unwrap()
    }

    fn dataset(rows: usize) -> Dataset {
        let rows: Vec<String> =
            (0..rows).map(|row| format!("{},{}\n", "the film ".repeat(row % 7 + 1), row % 2)).collect();
        let table = table(&(String::from("text,label\n") + &rows.concat()));
        Dataset::new(table, Task::Classify, &roles("text", Some("label")), None).unwrap()
    }

    #[test]
    fn features_keep_the_order_they_were_asked_in() {
        let dataset = dataset(3000);
        let which: Vec<usize> = (0..3000).rev().collect();
        let mut reports = Vec::new();
        let mut on_progress = |done| {
            reports.push(done);
            ControlFlow::Continue(())
        };
        let found = features(&dataset, &which, &tokenizer(), 6, &mut on_progress).unwrap().unwrap();
        assert_eq!(reports, [1024, 2048, 3000]);
        assert_eq!(found.iter().map(|one| one.example).collect::<Vec<_>>(), which);
        for one in &found {
            assert_eq!(one.target, dataset.examples[one.example].target);
            assert_eq!(one.ids.len(), one.types.len());
            assert!(one.ids.len() <= 6);
            assert_eq!(one.cut > 0, one.example % 7 >= 2, "{one:?}");
        }
    }

    #[test]
    fn a_stopped_job_gives_nothing() {
        let dataset = dataset(3000);
        let which: Vec<usize> = (0..3000).collect();
        let stopped = features(&dataset, &which, &tokenizer(), 64, &mut |_| ControlFlow::Break(())).unwrap();
        assert_eq!(stopped, None);
    }

    #[test]
    fn an_error_names_the_line() {
        let error = features(&dataset(2), &[1], &tokenizer(), 1, &mut |_| ControlFlow::Continue(())).unwrap_err();
        assert!(error.to_string().starts_with(r#"cannot tokenize the row at line 3 of "train.csv": "#), "{error}");
    }
}

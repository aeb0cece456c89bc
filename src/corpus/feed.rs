//! Lines → runs of tokens, in order: some lines are tokenized on all cores while the next are read.

use std::ops::ControlFlow;

use rayon::prelude::*;

use super::CorpusError;
use crate::table::ReadError;
use crate::text::TokenizerError;
use crate::text::tokenizer::Run;

/// Text that is tokenized at a time: enough to keep all cores busy, little enough to stop at once.
const CHUNK_BYTES: usize = 1 << 20;
const CHUNK_LINES: usize = 8192;
/// Longer lines are tokenized in parts, as a tokenizer takes some hundred times the memory of its text.
const PART_BYTES: usize = 1 << 16;

/// Hands every line to `take`, tokenized by `encode`; a blank one, which ends a document, as `None`. `on_progress` hears
/// how many are done and may stop the work.
pub(super) fn feed(
    mut lines: impl Iterator<Item = Result<(usize, String), ReadError>>,
    encode: impl Fn(&str) -> Result<Run, TokenizerError> + Sync,
    on_progress: &mut dyn FnMut(u64) -> ControlFlow<()>,
    take: &mut dyn FnMut(Option<Run>) -> Result<(), CorpusError>,
) -> Result<ControlFlow<()>, CorpusError> {
    let mut chunk = read(&mut lines)?;
    let mut done = 0;
    while !chunk.is_empty() {
        let (mut next, mut tokenized) = (None, None);
        // Lines are read on this thread, as a reader need not be able to leave it.
        rayon::in_place_scope(|scope| {
            scope.spawn(|_| tokenized = Some(tokenize(&chunk, &encode)));
            next = Some(read(&mut lines));
        });
        for run in tokenized.transpose()?.unwrap_or_default() {
            take(run)?;
        }
        done += chunk.len() as u64;
        if on_progress(done).is_break() {
            return Ok(ControlFlow::Break(()));
        }
        chunk = next.transpose()?.unwrap_or_default();
    }
    Ok(ControlFlow::Continue(()))
}

fn read(
    lines: &mut impl Iterator<Item = Result<(usize, String), ReadError>>,
) -> Result<Vec<(usize, String)>, CorpusError> {
    let (mut chunk, mut bytes) = (Vec::new(), 0);
    while bytes < CHUNK_BYTES
        && chunk.len() < CHUNK_LINES
        && let Some(line) = lines.next()
    {
        let line = line?;
        bytes += line.1.len();
        chunk.push(line);
    }
    Ok(chunk)
}

fn tokenize(
    chunk: &[(usize, String)],
    encode: &(impl Fn(&str) -> Result<Run, TokenizerError> + Sync),
) -> Result<Vec<Option<Run>>, CorpusError> {
    let one = |(line, text): &(usize, String)| {
        if text.trim().is_empty() {
            return Ok(None);
        }
        let runs: Result<Vec<Run>, TokenizerError> = parts(text).into_par_iter().map(encode).collect();
        let runs = runs.map_err(|source| CorpusError::TokenizeLine { line: *line, source })?;
        let whole = runs.into_iter().reduce(|mut whole, part| {
            whole.ids.extend(part.ids);
            whole.starts_word.extend(part.starts_word);
            whole
        });
        Ok(Some(whole.unwrap_or_default()))
    };
    chunk.par_iter().map(one).collect()
}

/// A text in parts of bounded length, cut before a space where there is one.
fn parts(text: &str) -> Vec<&str> {
    let (mut parts, mut rest) = (Vec::new(), text);
    while rest.len() > PART_BYTES {
        let limit = rest.floor_char_boundary(PART_BYTES);
        let at = rest[..limit].rfind(char::is_whitespace).filter(|at| *at > 0).unwrap_or(limit);
        let (part, after) = rest.split_at(at);
        parts.push(part);
        rest = after;
    }
    parts.push(rest);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_are_cut_before_spaces_and_lose_nothing() {
        let word = "word ".repeat(40_000);
        let solid = "é".repeat(100_000);
        for text in [&word[..], &solid, "short", ""] {
            let parts = parts(text);
            assert_eq!(parts.concat(), text);
            assert!(parts.iter().all(|part| part.len() <= PART_BYTES));
            assert_eq!(parts.len() > 1, text.len() > PART_BYTES);
        }
        assert!(parts(&word)[1..].iter().all(|part| part.starts_with(' ')));
    }

    #[test]
    fn lines_come_in_order_and_an_error_names_its_line() {
        let lines = (1..=20_000).map(|line| Ok((line, if line % 10 == 0 { " ".to_owned() } else { line.to_string() })));
        let encode = |text: &str| match text {
            "17777" => Err(TokenizerError::Encode { reason: "no".to_owned() }),
            _ => Ok(Run { ids: vec![text.parse().unwrap()], starts_word: vec![true] }),
        };
        let (mut seen, mut reports) = (Vec::new(), Vec::new());
        let mut on_progress = |done| {
            reports.push(done);
            ControlFlow::Continue(())
        };
        let mut take = |run: Option<Run>| {
            seen.push(run.map_or(0, |run| run.ids[0]));
            Ok(())
        };
        let error = feed(lines, encode, &mut on_progress, &mut take).unwrap_err();
        assert!(error.to_string().starts_with("cannot tokenize line 17777: "), "{error}");
        assert_eq!(reports, [8192, 16384]);
        let expected: Vec<u32> = (1..=16384).map(|line| if line % 10 == 0 { 0 } else { line }).collect();
        assert_eq!(seen, expected);
    }
}

//! Words that an input lists → a tag for each, read as evaluations read them: that of its first token.

use super::InspectError;
use super::open::OpenModel;
use super::output::Output;
use super::predict::Asked;
use super::predictor::Rows;
use super::request::{Listed, Options, Prepared, Request};
use crate::metrics::best_class;
use crate::model::probability::softmax;
use crate::table::notation::tags::is_outside;
use crate::text::tokenizer::Encoded;
use crate::text::windows::word_windows;

impl OpenModel {
    /// Tokenizes words that are to have a tag each, in windows of whole words.
    pub fn prepare_words(
        &self,
        request: Request,
        words: &[String],
        options: &Options,
    ) -> Result<Prepared, InspectError> {
        self.borrowed().prepare_words(request, words, options)
    }
}

impl Asked<'_> {
    fn prepare_words(&self, request: Request, words: &[String], options: &Options) -> Result<Prepared, InspectError> {
        self.check(options)?;
        let (max_tokens, stride) = self.window_size(options);
        let special = self.tokenizer.special_tokens(false);
        let room = max_tokens.saturating_sub(special);
        if room == 0 {
            return Err(InspectError::NoTokens { max_tokens, special });
        }
        let mut pieces = self.tokenizer.encode_words(words)?;
        let cut = pieces.iter().map(|pieces| pieces.len().saturating_sub(room)).sum();
        for pieces in &mut pieces {
            pieces.truncate(room);
        }
        let (ids, types) = self.tokenizer.frame_ids(&pieces.concat(), None);
        let before = self.tokenizer.specials_before_text();
        let behind = ids.len() + before - special;
        let lengths: Vec<usize> = pieces.iter().map(Vec::len).collect();
        let start_of = |word: usize| before + lengths[..word].iter().sum::<usize>();
        let (mut windows, mut firsts) = (Vec::new(), Vec::new());
        for window in word_windows(&lengths, room, stride) {
            let (start, end) = (start_of(window.words.start), start_of(window.words.end));
            windows.push((0..before).chain(start..end).chain(behind..ids.len()).collect());
            let seen = window.own.filter(|word| lengths[*word] > 0);
            firsts.push(seen.map(|word| (before + start_of(word) - start, word)).collect());
        }
        let encoded = Encoded { ids, types, cut, ..Encoded::default() };
        Ok(Prepared { request, encoded, windows, listed: Some(Listed { count: words.len(), firsts }) })
    }

    /// The tags of words; what no window saw is outside.
    pub(super) fn word_tags(&self, listed: &Listed, rows: &[Rows]) -> Output {
        let outside = self.labels.iter().position(|name| is_outside(name)).unwrap_or(0);
        let mut tags = vec![outside; listed.count];
        for (firsts, rows) in listed.firsts.iter().zip(rows) {
            for (token, word) in firsts {
                if let (Some(row), Some(tag)) = (rows.get(*token), tags.get_mut(*word)) {
                    *tag = best_class(&softmax(row));
                }
            }
        }
        let name = |tag: usize| self.labels.get(tag).cloned().unwrap_or_else(|| format!("LABEL_{tag}"));
        Output::Words(tags.into_iter().map(name).collect())
    }
}

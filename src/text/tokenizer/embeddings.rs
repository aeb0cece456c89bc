//! A tokenizer beside a model: its ids are rows of the model's table of embeddings, which may have fewer.
//!
//! Tokens that were added to a tokenizer and not to its model do no harm where no text has them. A text that has one is
//! refused when it is tokenized, where its row is known, and not when the model meets the id in the middle of a run.

use super::{Tokenizer, TokenizerError};

/// Tokens that are named one by one.
const NAMED: usize = 5;

impl Tokenizer {
    /// For a model with so many embeddings. Refuses special tokens that it does not have, as they stand in every text.
    pub fn for_embeddings(self, embeddings: usize) -> Result<Self, TokenizerError> {
        let tokenizer = Self { embeddings, ..self };
        let around: Vec<u32> =
            tokenizer.single.special_ids().chain(tokenizer.double.special_ids()).chain(tokenizer.unk_id()).collect();
        tokenizer.known(around, |ids| ids)?;
        Ok(tokenizer)
    }

    /// How many ids a random token may be drawn from, counted from 0: those that the tokenizer has and the model knows.
    pub fn drawable(&self) -> usize {
        self.vocab_size().min(self.embeddings)
    }

    /// What does not fit a model with so many embeddings, in words, and with these ids of special tokens by the keys of
    /// its `config.json`.
    pub fn misfits(&self, embeddings: usize, special: &[(&'static str, u32)]) -> Vec<String> {
        let mut misfits: Vec<String> = self.beyond(embeddings).into_iter().chain(self.contradicted(special)).collect();
        if self.special_tokens(false) == 0 {
            misfits.push(
                "the tokenizer puts no special tokens around a text, such as [CLS] and [SEP], with which models like this \
                 one are trained"
                    .to_owned(),
            );
        }
        misfits
    }

    /// Special tokens that the model has under other ids.
    fn contradicted(&self, special: &[(&'static str, u32)]) -> Option<String> {
        let differs = |(key, id): &(&'static str, u32)| {
            let (token, own) = self.role(key.strip_suffix("_id")?).filter(|(_, own)| own != id)?;
            Some(format!("{key} {id}, and the tokenizer has {token} as {own}"))
        };
        let told: Vec<String> = special.iter().filter_map(differs).collect();
        let told = (!told.is_empty()).then(|| told.join("; "))?;
        Some(format!("config.json has {told}: the tokenizer may be another model's"))
    }

    /// The tokens that have no embedding.
    fn beyond(&self, embeddings: usize) -> Option<String> {
        if (self.max_id as usize) < embeddings {
            return None;
        }
        let mut tokens: Vec<(u32, String)> =
            self.inner.get_vocab(true).into_iter().map(|(token, id)| (id, token)).collect();
        tokens.retain(|(id, _)| *id as usize >= embeddings);
        tokens.sort_unstable();
        let named: Vec<String> = tokens.iter().take(NAMED).map(|(id, token)| format!("{token} as {id}")).collect();
        let more = tokens.len().saturating_sub(NAMED);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let named = named.join(", ");
        Some(format!(
            "the tokenizer has {named}{more}, and the model has {embeddings} embeddings: texts with them are refused"
        ))
    }

    /// What was made of a text, if the model knows all its ids.
    pub(super) fn known<T>(&self, made: T, ids: impl FnOnce(&T) -> &[u32]) -> Result<T, TokenizerError> {
        if (self.max_id as usize) < self.embeddings {
            return Ok(made);
        }
        match ids(&made).iter().find(|id| **id as usize >= self.embeddings) {
            None => Ok(made),
            Some(&id) => {
                let token = self.id_to_token(id).unwrap_or_else(|| "a token".to_owned());
                Err(TokenizerError::Beyond { token, id, embeddings: self.embeddings })
            }
        }
    }

    /// The token that hides words, where there is one that the model knows.
    pub fn known_mask_id(&self) -> Result<Option<u32>, TokenizerError> {
        self.known(self.mask_id(), |id| id.as_slice())
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn tokenizer() -> Tokenizer {
        Tokenizer::open(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/bert-classify")).unwrap()
    }

    #[test]
    fn a_text_with_a_token_that_the_model_does_not_know_is_refused_by_its_token() {
        let whole = tokenizer();
        let text = "the soup was warm by the river";
        let embeddings = *whole.encode_ids_bare(text).unwrap().iter().max().unwrap() as usize;
        let unknown = whole.id_to_token(embeddings as u32).unwrap();
        let has_it = |word: &str| whole.encode_ids_bare(word).unwrap().contains(&(embeddings as u32));
        let known: Vec<&str> = text.split(' ').filter(|word| !has_it(word)).collect();
        assert!(known.len() > 2 && known.len() < 7, "{known:?}");
        let short = tokenizer().for_embeddings(embeddings).unwrap();
        let told =
            format!("the tokenizer has {unknown} as {embeddings}, and the model has {embeddings} embeddings, 0 to ");
        let check = |error: TokenizerError| assert!(error.to_string().starts_with(&told), "{error}");
        check(short.encode(text, None, 64).unwrap_err());
        check(short.encode("the soup", Some(text), 64).unwrap_err());
        check(short.encode_ids(text, None, 64).unwrap_err());
        check(short.encode_ids_bare(text).unwrap_err());
        check(short.encode_run(text).unwrap_err());
        check(short.encode_words(&text.split(' ').collect::<Vec<_>>()).unwrap_err());
        check(short.encode_translation("the soup", text, 64).unwrap_err());
        assert!(short.encode_ids(&known.join(" "), None, 64).is_ok());
        // What is cut off is not met.
        let before = whole.encode_ids_bare(text).unwrap().iter().position(|id| *id as usize == embeddings).unwrap();
        assert!(short.encode_ids(text, None, 2 + before).is_ok());
        assert!(short.encode_ids(text, None, 3 + before).is_err());
        let misfits = short.misfits(embeddings, &[]);
        assert!(misfits[0].contains(&format!("{unknown} as {embeddings}")) && misfits.len() == 1, "{misfits:?}");
        assert!(misfits[0].contains("more, and the model has"), "{misfits:?}");
        assert_eq!(short.drawable(), embeddings);
        assert_eq!(whole.misfits(whole.vocab_size(), &[]), [""; 0]);
    }

    #[test]
    fn special_tokens_that_the_model_does_not_know_are_refused_at_once() {
        let separator = tokenizer().sep_id().unwrap() as usize;
        let error = tokenizer().for_embeddings(separator).unwrap_err().to_string();
        assert!(error.starts_with("the tokenizer has [SEP] as 3, and the model has 3 embeddings"), "{error}");
        let mask = tokenizer().mask_id().unwrap() as usize;
        assert!(tokenizer().for_embeddings(mask).unwrap().known_mask_id().is_err());
        assert_eq!(tokenizer().for_embeddings(mask + 1).unwrap().known_mask_id().unwrap(), Some(mask as u32));
    }
}

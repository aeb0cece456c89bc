//! Weights under names that a wrapper put something before: `module.` (`DataParallel`), `model.` (a module of Lightning),
//! `_orig_mod.` (`torch.compile`). The wrapper is left out where nearly all names have it and no weight of an encoder is
//! without it, and that is told.

use std::collections::HashMap;

use super::{ModelError, Source};

const WRAPPERS: [&str; 3] = ["module.", "model.", "_orig_mod."];

/// A source whose names are those inside the wrapper.
pub(super) struct Prefixed<S> {
    source: S,
    /// What was before the names.
    pub wrapper: String,
    stored: HashMap<String, String>,
}

/// What wrappers put before the names of a source; nothing where they did not. A family's own `prefix` is none of a
/// wrapper unless it stands there twice.
fn wrapper(names: &[String], prefix: &str) -> String {
    let mut found = String::new();
    loop {
        let inner = || names.iter().map(|name| name.strip_prefix(&found));
        let next = WRAPPERS.iter().find(|wrapper| {
            let wrapped = inner().flatten().filter(|name| name.starts_with(*wrapper)).count();
            let is_encoder =
                |name: &&str| name.contains(".layer.") || name.contains("embeddings.") || name.contains("albert_layer");
            let bare = inner()
                .map(Option::unwrap_or_default)
                .filter(|name| !name.starts_with(*wrapper))
                .filter(is_encoder)
                .count();
            let is_own = **wrapper == prefix && !inner().flatten().any(|name| twice(name, prefix));
            wrapped * 2 > names.len() && bare == 0 && !is_own
        });
        match next {
            Some(next) => found.push_str(next),
            None => return found,
        }
    }
}

fn twice(name: &str, prefix: &str) -> bool {
    name.strip_prefix(prefix).is_some_and(|inner| inner.starts_with(prefix))
}

impl<S: Source> Prefixed<S> {
    /// `prefix` is what the family itself puts before its names.
    pub fn new(source: S, prefix: &str) -> Self {
        let names = source.names();
        let wrapper = wrapper(&names, prefix);
        let inner = |name: String| (name.strip_prefix(&wrapper).unwrap_or(&name).to_owned(), name);
        let stored: HashMap<String, String> =
            if wrapper.is_empty() { HashMap::new() } else { names.iter().cloned().map(inner).collect() };
        // Two weights of one name would be guessed between.
        if stored.len() < names.len() {
            Self { source, wrapper: String::new(), stored: HashMap::new() }
        } else {
            Self { source, wrapper, stored }
        }
    }

    fn stored<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        if self.wrapper.is_empty() { Some(name) } else { self.stored.get(name).map(String::as_str) }
    }
}

impl<S: Source> Source for Prefixed<S> {
    fn names(&self) -> Vec<String> {
        let inner = |name: String| name.strip_prefix(&self.wrapper).map(str::to_owned).unwrap_or(name);
        self.source.names().into_iter().map(inner).collect()
    }

    fn shape(&self, name: &str) -> Option<Vec<usize>> {
        self.source.shape(self.stored(name)?)
    }

    fn read(&self, name: &str) -> Result<Vec<f32>, ModelError> {
        self.source.read(self.stored(name).unwrap_or(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrappers_are_told_from_names() {
        let check = |names: &[&str], expected: &str| {
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            assert_eq!(wrapper(&names, "bert."), expected, "{names:?}");
        };
        check(&["module.bert.embeddings.word_embeddings.weight", "module.classifier.weight"], "module.");
        check(
            &["model.encoder.layer.0.output.dense.weight", "model.embeddings.LayerNorm.bias", "head.weight"],
            "model.",
        );
        check(&["module.model.bert.encoder.layer.0.a", "module.model.bert.pooler.b"], "module.model.");
        check(&["bert.encoder.layer.0.a", "classifier.weight"], "");
        check(&["model.encoder.layer.0.a", "model.encoder.layer.1.a", "embeddings.word"], "");
        check(&[], "");
    }

    #[test]
    fn what_a_family_itself_puts_before_its_names_is_no_wrapper() {
        let check = |names: &[&str], expected: &str| {
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            assert_eq!(wrapper(&names, "model."), expected, "{names:?}");
        };
        let own = ["model.layers.0.attn.Wo.weight", "model.final_norm.weight", "head.dense.weight"];
        check(&own, "");
        check(&own.map(|name| format!("model.{name}")).each_ref().map(String::as_str), "model.");
        check(&own.map(|name| format!("module.{name}")).each_ref().map(String::as_str), "module.");
    }
}

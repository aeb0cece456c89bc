//! What of a run is left open, to be filled with what is recommended.

/// Settings that were left open, and are to be filled with what is recommended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each setting is open or not, whatever the others are")]
pub struct Open {
    pub lr: bool,
    pub epochs: bool,
    pub batch: bool,
    pub warmup: bool,
    pub max_tokens: bool,
}

impl Open {
    pub const ALL: Self = Self { lr: true, epochs: true, batch: true, warmup: true, max_tokens: true };

    /// What the text of a configuration does not name.
    pub fn of(text: &toml::Table) -> Self {
        let lacks = |section: &str, keys: &[&str]| {
            let section = text.get(section).and_then(toml::Value::as_table);
            !section.is_some_and(|section| keys.iter().any(|key| section.contains_key(*key)))
        };
        Self {
            lr: lacks("optim", &["lr"]),
            epochs: lacks("run", &["epochs", "max_steps"]),
            batch: lacks("run", &["batch", "batch_tokens"]),
            warmup: lacks("optim", &["warmup"]),
            max_tokens: lacks("data", &["max_tokens"]),
        }
    }

    /// Takes what is left open out of a configuration, so that it is found open again.
    pub fn leave_out(self, text: &mut toml::Table) {
        let keys = [
            (self.lr, "optim", "lr"),
            (self.epochs, "run", "epochs"),
            (self.batch, "run", "batch"),
            (self.warmup, "optim", "warmup"),
            (self.max_tokens, "data", "max_tokens"),
        ];
        for (_, section, key) in keys.into_iter().filter(|(is_open, ..)| *is_open) {
            if let Some(section) = text.get_mut(section).and_then(toml::Value::as_table_mut) {
                section.remove(key);
            }
        }
    }

    pub fn any(self) -> bool {
        self != Self::default()
    }

    /// The settings that are a person's own, by their names in the form.
    pub fn own(self) -> impl Iterator<Item = &'static str> {
        let named = [
            (self.lr, "learning rate"),
            (self.warmup, "warm-up"),
            (self.epochs, "epochs"),
            (self.batch, "batch size"),
            (self.max_tokens, "length"),
        ];
        named.into_iter().filter(|(is_open, _)| !is_open).map(|(_, name)| name)
    }
}

//! An access token, and the hub's own file for it.
//!
//! A token that was typed is kept for the session, and beyond it only if the person asks: in the system's keyring, or in
//! the file where the hub's own tools keep it, which nobody else may read.

use std::io::{self, Write};
use std::path::Path;

/// An access token. It can be sent and nothing else: it has no text form, so it cannot end up in a message or a log.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token")
    }
}

impl Token {
    /// A token as typed or read; `None` for what can be none.
    pub fn new(text: &str) -> Option<Self> {
        let text = text.trim();
        (!text.is_empty() && text.chars().all(|c| c.is_ascii_graphic())).then(|| Self(text.to_owned()))
    }

    pub(super) fn reveal(&self) -> &str {
        &self.0
    }

    /// Writes the token to a file that nobody else may read.
    pub(super) fn write(&self, path: &Path) -> io::Result<()> {
        let folder = path.parent().unwrap_or(Path::new("."));
        std::fs::create_dir_all(folder)?;
        // A temporary file is its owner's alone from the moment it is made.
        let mut file = tempfile::Builder::new().prefix(".attune-").tempfile_in(folder)?;
        file.write_all(self.0.as_bytes())?;
        file.as_file().sync_all()?;
        file.persist(path)?;
        crate::files::sync_folder(folder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_has_no_blanks_inside() {
        assert!(Token::new("two words").is_none() && Token::new(" ").is_none());
        assert_eq!(Token::new(" hf_x\n").unwrap().reveal(), "hf_x");
    }

    #[test]
    fn a_token_is_kept_where_nobody_else_may_read_it() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("huggingface/token");
        Token::new("hf_first").unwrap().write(&path).unwrap();
        Token::new("hf_x").unwrap().write(&path).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "hf_x");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }
}

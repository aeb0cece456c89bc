//! Whose token it is, and where it is kept.

use super::about::string;
use super::wire::{Subject, Wire};
use super::{Hub, HubError};

impl Hub {
    /// The account that the token belongs to, as the server knows it.
    pub fn who_am_i(&self) -> Result<String, HubError> {
        let subject = Subject::plain("the account");
        let wire = Wire::new(self, "the account of the token")?;
        let (told, _) = wire.patiently(|| wire.json("/api/whoami-v2", subject))?;
        string(&told, "name").ok_or_else(|| HubError::answer(subject.what, "it has no name"))
    }

    /// Removes the file where the hub's own tools keep a token.
    pub fn forget_kept_token(&self) -> Result<(), HubError> {
        crate::files::remove_file(&self.token_file).map_err(HubError::disk(&self.token_file))
    }

    /// Keeps the token beyond this session, where the hub's own tools keep it and nobody else may read it.
    pub fn keep_token(&self) -> Result<(), HubError> {
        let kept = self.token.as_ref().map_or(Ok(()), |token| token.write(&self.token_file));
        kept.map_err(HubError::disk(&self.token_file))
    }
}

//! Whose token it is, and where it is kept.

use super::about::string;
use super::wire::{Subject, Wire};
use super::{Hub, HubError, Keep};

impl Hub {
    /// The account that the token belongs to, as the server knows it.
    pub fn who_am_i(&self) -> Result<String, HubError> {
        let subject = Subject::plain("the account");
        let wire = Wire::new(self, "the account of the token")?;
        let (told, _) = wire.patiently(|| wire.json("/api/whoami-v2", subject))?;
        string(&told, "name").ok_or_else(|| HubError::answer(subject.what, "it has no name"))
    }

    /// Removes a token from where it is kept.
    pub fn forget_kept_token(&self, kept: Keep) -> Result<(), HubError> {
        match kept {
            Keep::Session => Ok(()),
            Keep::Keyring => self.keyring.clone().unwrap_or_default().forget(),
            Keep::File => crate::files::remove_file(&self.token_file).map_err(HubError::disk(&self.token_file)),
        }
    }

    /// Keeps the token beyond this session: in the system's keyring, or in the file where the hub's own tools keep it and
    /// nobody else may read it.
    pub fn keep_token(&self, kept: Keep) -> Result<(), HubError> {
        let Some(token) = &self.token else { return Ok(()) };
        match kept {
            Keep::Session => Ok(()),
            Keep::Keyring => self.keyring.clone().unwrap_or_default().keep(token),
            Keep::File => token.write(&self.token_file).map_err(HubError::disk(&self.token_file)),
        }
    }
}

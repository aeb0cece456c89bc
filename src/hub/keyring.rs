//! The system's keyring, where a token that was typed can be kept beyond a session: Secret Service on Linux, Keychain on
//! macOS, the Credential Manager on Windows.
//!
//! It is asked only where a token was kept in it, and not before a request needs one, on the thread that waits for the
//! server: the system may ask the person to unlock it first.

use std::sync::{Arc, OnceLock};

use super::{HubError, Token};

/// How a keyring calls what is Attune's in it.
const SERVICE: &str = "Attune";
const USER: &str = "Hugging Face token";

/// A token in a keyring, read once and then known to all copies of this.
#[derive(Clone, Debug, Default)]
pub struct Keyring {
    vault: Vault,
    read: Arc<OnceLock<Token>>,
}

/// What a keyring can do; why not, where it cannot.
#[derive(Clone, Copy, Debug)]
pub(super) struct Vault {
    pub read: fn() -> Result<String, String>,
    pub write: fn(&str) -> Result<(), String>,
    pub remove: fn() -> Result<(), String>,
}

impl Default for Vault {
    fn default() -> Self {
        Self {
            read: || entry()?.get_password().map_err(words),
            write: |secret| entry()?.set_password(secret).map_err(words),
            remove: || match entry()?.delete_credential() {
                Ok(()) | Err(keyring::Error::NoEntry) => Ok(()),
                Err(error) => Err(words(error)),
            },
        }
    }
}

fn entry() -> Result<keyring::Entry, String> {
    keyring::Entry::new(SERVICE, USER).map_err(|error| match keyring::Entry::store_status() {
        Err(status) => plain(status.to_string()),
        Ok(()) => plain(error.to_string()),
    })
}

fn words(error: keyring::Error) -> String {
    match error {
        keyring::Error::NoEntry => "it holds no token of Attune's any more".to_owned(),
        error => plain(error.to_string()),
    }
}

/// A reason as a person can use it: where no service answers on the bus of the session, that is the whole of it.
fn plain(reason: String) -> String {
    let of_bus = ["Failed to connect to address", "ServiceUnknown", "DBUS_SESSION_BUS_ADDRESS", "NameHasNoOwner"];
    if of_bus.iter().any(|part| reason.contains(part)) {
        return "this system has no keyring service running".to_owned();
    }
    reason
}

impl Keyring {
    #[cfg(test)]
    pub(super) fn over(vault: Vault) -> Self {
        Self { vault, read: Arc::default() }
    }

    /// The token that lies in it.
    pub(super) fn token(&self) -> Result<Token, HubError> {
        if let Some(token) = self.read.get() {
            return Ok(token.clone());
        }
        let secret = (self.vault.read)().map_err(|reason| HubError::Keyring { doing: "be read from", reason })?;
        let reason = || HubError::Keyring { doing: "be read from", reason: "what lies there is no token".to_owned() };
        let token = Token::new(&secret).ok_or_else(reason)?;
        Ok(self.read.get_or_init(|| token).clone())
    }

    pub(super) fn keep(&self, token: &Token) -> Result<(), HubError> {
        (self.vault.write)(token.reveal()).map_err(|reason| HubError::Keyring { doing: "be kept in", reason })
    }

    pub(super) fn forget(&self) -> Result<(), HubError> {
        (self.vault.remove)().map_err(|reason| HubError::Keyring { doing: "be removed from", reason })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_keyring_that_nobody_serves_is_told_in_words() {
        let raw =
            "Platform failure: zbus error: Failed to connect to address `unix:path=/run/user/0/bus`: No such file";
        assert_eq!(plain(raw.to_owned()), "this system has no keyring service running");
        let unknown = "Platform failure: zbus error: org.freedesktop.DBus.Error.ServiceUnknown: not activatable";
        assert_eq!(plain(unknown.to_owned()), "this system has no keyring service running");
        assert_eq!(plain("the keyring is locked".to_owned()), "the keyring is locked");
    }
}

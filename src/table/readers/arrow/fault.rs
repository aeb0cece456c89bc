//! What is wrong with a file of Arrow.

/// Why a file cannot be read.
#[derive(Debug)]
pub(super) enum Fault {
    Damaged(String),
    /// Of a type that is not read here.
    Kind(String),
    TooLarge,
}

impl From<&str> for Fault {
    fn from(reason: &str) -> Self {
        Self::Damaged(reason.to_owned())
    }
}

impl From<String> for Fault {
    fn from(reason: String) -> Self {
        Self::Damaged(reason)
    }
}

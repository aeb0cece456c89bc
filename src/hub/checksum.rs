//! The two checksums of the hub: SHA-256 of large files, and git's SHA-1 of small ones.
//!
//! SHA-1 is no defence against someone who can forge it; it shows that a file is the one its repository lists.

use std::io::{self, Read};

use sha1::Sha1;
use sha2::{Digest, Sha256};

/// Whether a checksum is of the content or of the content as git counts it is told by its length.
pub(super) enum Hasher {
    Content(Sha256),
    Git(Sha1),
}

impl Hasher {
    /// For content of a known size, to be compared with this checksum.
    pub fn like(checksum: &str, size: u64) -> Self {
        if checksum.len() == 64 {
            return Self::Content(Sha256::new());
        }
        let mut git = Sha1::new();
        git.update(format!("blob {size}\0").as_bytes());
        Self::Git(git)
    }

    pub fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Content(hasher) => hasher.update(bytes),
            Self::Git(hasher) => hasher.update(bytes),
        }
    }

    /// The checksum in hexadecimal digits.
    pub fn finish(self) -> String {
        match self {
            Self::Content(hasher) => hex(&hasher.finalize()),
            Self::Git(hasher) => hex(&hasher.finalize()),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect()
}

/// The checksum of all that is read, of the same kind as the one given; `heard` is told of each piece and may stop.
pub(super) fn checksum_of(
    mut content: impl Read,
    size: u64,
    like: &str,
    mut heard: impl FnMut() -> io::Result<()>,
) -> io::Result<String> {
    let mut hasher = Hasher::like(like, size);
    let mut buffer = vec![0; 1 << 20];
    loop {
        match content.read(&mut buffer)? {
            0 => return Ok(hasher.finish()),
            read => hasher.update(&buffer[..read]),
        }
        heard()?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(content: &[u8], like: &str) -> String {
        checksum_of(content, content.len() as u64, like, || Ok(())).unwrap()
    }

    #[test]
    fn checksums_are_those_of_git_and_of_sha_256() {
        let git = "0".repeat(40);
        // What `git hash-object` says.
        assert_eq!(sum(b"", &git), "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391");
        assert_eq!(sum(b"hello\n", &git), "ce013625030ba8dba906f756967f9e9ca394464a");
        let content = "0".repeat(64);
        assert_eq!(sum(b"abc", &content), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}

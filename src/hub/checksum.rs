//! The two checksums of the hub: SHA-256 of large files, and git's SHA-1 of small ones.
//!
//! SHA-1 is no defence against someone who can forge it; it shows that a file is the one its repository lists.

use sha2::{Digest, Sha256};
use std::io::{self, Read};

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
        let mut git = Sha1::default();
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
            Self::Git(hasher) => hex(&hasher.finish()),
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

/// SHA-1, by FIPS 180-4.
pub(super) struct Sha1 {
    state: [u32; 5],
    block: Vec<u8>,
    length: u64,
}

impl Default for Sha1 {
    fn default() -> Self {
        let state = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0];
        Self { state, block: Vec::with_capacity(64), length: 0 }
    }
}

impl Sha1 {
    fn update(&mut self, mut bytes: &[u8]) {
        self.length += bytes.len() as u64;
        while !bytes.is_empty() {
            let taken = bytes.len().min(64 - self.block.len());
            self.block.extend_from_slice(&bytes[..taken]);
            bytes = &bytes[taken..];
            if self.block.len() == 64 {
                self.mix();
            }
        }
    }

    fn finish(mut self) -> [u8; 20] {
        let bits = self.length * 8;
        self.block.push(0x80);
        if self.block.len() > 56 {
            self.block.resize(64, 0);
            self.mix();
        }
        self.block.resize(56, 0);
        self.block.extend(bits.to_be_bytes());
        self.mix();
        let mut digest = [0; 20];
        for (four, word) in digest.chunks_exact_mut(4).zip(self.state) {
            four.copy_from_slice(&word.to_be_bytes());
        }
        digest
    }

    fn mix(&mut self) {
        let mut words = [0_u32; 80];
        for (word, four) in words.iter_mut().zip(self.block.as_chunks().0) {
            *word = u32::from_be_bytes(*four);
        }
        for at in 16..80 {
            words[at] = (words[at - 3] ^ words[at - 8] ^ words[at - 14] ^ words[at - 16]).rotate_left(1);
        }
        // The standard calls these a to e.
        let mut mixed = self.state;
        for (at, word) in words.into_iter().enumerate() {
            let [first, x, y, z, last] = mixed;
            let (chosen, constant) = match at / 20 {
                0 => (x & y | !x & z, 0x5a82_7999_u32),
                1 => (x ^ y ^ z, 0x6ed9_eba1),
                2 => (x & y | x & z | y & z, 0x8f1b_bcdc),
                _ => (x ^ y ^ z, 0xca62_c1d6),
            };
            let next = [first.rotate_left(5), chosen, last, constant, word].into_iter().fold(0, u32::wrapping_add);
            mixed = [next, first, x.rotate_left(30), y, z];
        }
        for (state, word) in self.state.iter_mut().zip(mixed) {
            *state = state.wrapping_add(word);
        }
        self.block.clear();
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

    #[test]
    fn sha_1_is_the_same_in_any_pieces() {
        for (text, expected) in [
            (String::new(), "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
            ("abc".to_owned(), "a9993e364706816aba3e25717850c26c9cd0d89d"),
            ("a".repeat(1_000_000), "34aa973cd4c4daa4f61eeb2bdbad27316534016f"),
        ] {
            for piece in [1, 55, 64, 1000] {
                let mut sha = Sha1::default();
                text.as_bytes().chunks(piece).for_each(|bytes| sha.update(bytes));
                assert_eq!(hex(&sha.finish()), expected);
            }
        }
    }
}

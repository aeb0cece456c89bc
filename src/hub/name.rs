//! What names may look like: those a person types and those a server sends. Both become paths.

use hf_hub::RepoType;
use serde::{Deserialize, Serialize};

use super::{HubError, MAIN};

/// What kind of thing a repository holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RepoKind {
    Model,
    DataSet,
}

impl RepoKind {
    fn of_hub(self) -> RepoType {
        match self {
            Self::Model => RepoType::Model,
            Self::DataSet => RepoType::Dataset,
        }
    }
}

/// A model or data set of the hub.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Repo {
    pub kind: RepoKind,
    /// `OWNER/NAME`, or `NAME` alone for a few old ones.
    pub name: String,
}

impl Repo {
    /// A repository by a name that can be one.
    pub fn new(kind: RepoKind, name: &str) -> Result<Self, HubError> {
        check_name(name)?;
        Ok(Self { kind, name: name.to_owned() })
    }

    /// The repository whose folder this is in the cache.
    pub(super) fn of_folder(folder: &str) -> Option<Self> {
        let (_, name) = folder.split_once("--")?;
        let name = name.replacen("--", "/", 1);
        let mut repos = [RepoKind::Model, RepoKind::DataSet].into_iter().filter_map(|kind| Self::new(kind, &name).ok());
        repos.find(|repo| repo.at(MAIN).folder_name() == folder)
    }

    /// What `hf-hub` makes addresses and the places in the cache of.
    pub(super) fn at(&self, revision: &str) -> hf_hub::Repo {
        hf_hub::Repo::with_revision(self.name.clone(), self.kind.of_hub(), revision.to_owned())
    }

    /// Its page below the hub's address; its files stand below that.
    pub(super) fn page(&self) -> String {
        format!("/{}", self.at(MAIN).url())
    }

    /// What the server knows of it at a revision stands here.
    pub(super) fn api(&self, revision: &str) -> String {
        format!("/api/{}", self.at(revision).api_url())
    }
}

/// Holds a model's name against the hub's own rule.
pub(super) fn check_name(name: &str) -> Result<(), HubError> {
    let wrong = |reason| Err(HubError::Name { name: name.to_owned(), reason });
    if name.is_empty() || name.len() > 96 {
        return wrong("it has no or more than 96 characters");
    }
    if name.matches('/').count() > 1 {
        return wrong("it has more than one slash");
    }
    if !name.chars().all(|c| c.is_ascii_alphanumeric() || "._-/".contains(c)) {
        return wrong("it has characters other than letters, digits, dot, dash and underscore");
    }
    if name.contains("--") || name.contains("..") {
        return wrong("it has two dashes or dots in a row");
    }
    if name.rsplit_once('.').is_some_and(|(_, ending)| ending == "git") {
        return wrong("it ends in .git");
    }
    let is_bare = |part: &str| part.is_empty() || part.starts_with(['.', '-']) || part.ends_with(['.', '-']);
    if name.split('/').any(is_bare) {
        return wrong("a part of it is empty or begins or ends with a dot or dash");
    }
    Ok(())
}

/// A branch, a tag or a commit; `refs/pr/1` is one too.
pub(super) fn check_revision(revision: &str) -> Result<(), HubError> {
    let is_plain = |part: &str| !part.is_empty() && !part.starts_with(['.', '-']) && !part.ends_with('.');
    let fits = revision.len() <= 128
        && revision.chars().all(|c| c.is_ascii_alphanumeric() || "._-/".contains(c))
        && !revision.contains("..")
        && revision.split('/').all(is_plain);
    if fits { Ok(()) } else { Err(HubError::Revision { revision: revision.to_owned() }) }
}

/// A file at the top of a repository, as the weights of a model are.
pub(super) fn is_file_name(name: &str) -> bool {
    is_safe_path(name) && !name.contains('/')
}

/// A file of a repository, perhaps in folders of it. Only such are fetched, so nothing a server names can lead elsewhere
/// or mean something else on another system.
pub(super) fn is_safe_path(path: &str) -> bool {
    path.len() <= 1024 && path.split('/').count() <= 16 && path.split('/').all(is_safe_part)
}

fn is_safe_part(part: &str) -> bool {
    let devices = ["con", "prn", "aux", "nul"];
    let stem = part.split('.').next().unwrap_or_default().to_ascii_lowercase();
    let is_numbered = |device: &str| {
        stem.strip_prefix(device).is_some_and(|rest| rest.len() == 1 && rest.as_bytes()[0].is_ascii_digit())
    };
    (1..=200).contains(&part.len())
        && part.chars().all(|c| c.is_alphanumeric() || "._-=+@, ()[]".contains(c))
        && !part.starts_with(['.', '-', ' '])
        && !part.ends_with(['.', ' '])
        && !devices.contains(&stem.as_str())
        && !is_numbered("com")
        && !is_numbered("lpt")
}

/// Text as it stands in a part of an address.
pub(super) fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(byte.into());
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// A path as it stands in an address.
pub(super) fn encoded_path(path: &str) -> String {
    path.split('/').map(encoded).collect::<Vec<_>>().join("/")
}

pub(super) fn is_commit(text: &str) -> bool {
    text.len() == 40 && is_lower_hex(text)
}

/// A checksum as the hub gives it: of the content, or of the content as git counts it.
pub(super) fn is_checksum(text: &str) -> bool {
    (text.len() == 40 || text.len() == 64) && is_lower_hex(text)
}

fn is_lower_hex(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_held_against_the_hubs_rule() {
        for name in ["bert-base-uncased", "google-bert/bert-base-uncased", "a/b_c.d-e", "0/1", "a"] {
            assert!(check_name(name).is_ok(), "{name}");
            for kind in [RepoKind::Model, RepoKind::DataSet] {
                let repo = Repo::new(kind, name).unwrap();
                assert_eq!(Repo::of_folder(&repo.at(MAIN).folder_name()), Some(repo));
            }
        }
        let long = "a".repeat(97);
        for name in [
            "", "a/b/c", "/a", "a/", "../a", "a/..", "a--b", "a..b", "a.git", ".a", "a.", "-a", "a-", "a b", "ä",
            "a\\b", "a:b", "a/-b", "a-/b", &long,
        ] {
            assert!(check_name(name).is_err(), "{name}");
        }
    }

    #[test]
    fn revisions_and_files_cannot_lead_elsewhere() {
        for revision in ["main", "refs/pr/1", "v1.0", "0123456789abcdef0123456789abcdef01234567"] {
            assert!(check_revision(revision).is_ok(), "{revision}");
        }
        for revision in ["", "/main", "a/../b", "..", "a//b", "a b", "-x", "a?b", "a#b", "a%2fb", ".hidden"] {
            assert!(check_revision(revision).is_err(), "{revision}");
        }
        for name in ["config.json", "model-00001-of-00002.safetensors"] {
            assert!(is_file_name(name), "{name}");
        }
        for name in
            ["", ".", "..", "a\\b", ".hidden", "a.", "con:", "CON", "com1.txt", "nul.json", "a\0b", "a\u{202e}b"]
        {
            assert!(!is_safe_path(name), "{name}");
        }
        for path in ["/a", "a/", "a//b", "../a", "a/../b", "a/./b", "C:/a", "a/con", &"a/".repeat(600)] {
            assert!(!is_safe_path(path), "{path}");
        }
        for path in ["default/train/0000.parquet", "data/year=2020/a b.parquet"] {
            assert!(is_safe_path(path) && !is_file_name(path), "{path}");
        }
        assert_eq!(encoded_path("data/year=2020/ä b"), "data/year%3D2020/%C3%A4%20b");
    }
}

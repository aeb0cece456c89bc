//! What names may look like: those a person types and those a server sends. Both become paths.

use super::HubError;

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

/// A file at the top of a model's folder. Only such are fetched, so nothing a server names can lead elsewhere.
pub(super) fn is_file_name(name: &str) -> bool {
    name.len() <= 200
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.ends_with(|c: char| c.is_ascii_alphanumeric())
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

/// The folder a model has in the cache.
pub(super) fn folder_of(name: &str) -> String {
    format!("models--{}", name.replace('/', "--"))
}

/// The model whose folder this is.
pub(super) fn name_of(folder: &str) -> Option<String> {
    let name = folder.strip_prefix("models--")?.replacen("--", "/", 1);
    check_name(&name).ok().map(|()| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_held_against_the_hubs_rule() {
        for name in ["bert-base-uncased", "google-bert/bert-base-uncased", "a/b_c.d-e", "0/1", "a"] {
            assert!(check_name(name).is_ok(), "{name}");
            assert_eq!(name_of(&folder_of(name)).as_deref(), Some(name));
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
        for name in ["", ".", "..", "a/b", "a\\b", ".hidden", "a.", "con:", "a b"] {
            assert!(!is_file_name(name), "{name}");
        }
    }
}

//! A model looked at closely: everything that can be known of it without its weights.

use std::path::PathBuf;

use super::download::Wanted;
use super::fit::Known;
use super::listing::{Listing, list};
use super::name::{Repo, RepoKind, check_revision, encoded};
use super::search::FoundModel;
use super::wire::{Rest, Subject, Wire};
use super::{Hub, HubError};
use crate::model::EncoderConfig;

const MAX_CONFIG_BYTES: u64 = 8 << 20;

/// A model on the hub.
#[derive(Clone, Debug)]
pub struct ModelDetails {
    /// As a search tells of it; whether it is usable is sure.
    pub found: FoundModel,
    pub commit: String,
    /// What it is made of, where it can be read here.
    pub config: Option<EncoderConfig>,
    /// All its files with their sizes.
    pub files: Vec<(String, Option<u64>)>,
    /// What a download fetches.
    pub download_bytes: u64,
    /// The folder, where this very commit is in the cache already.
    pub cached: Option<PathBuf>,
}

impl Hub {
    /// The address of a repository's own page.
    pub fn page_of(&self, repo: &Repo) -> String {
        format!("{}{}", self.endpoint, repo.page())
    }

    /// All that can be known of a model before its weights are fetched.
    pub fn model(&self, name: &str, revision: &str) -> Result<ModelDetails, HubError> {
        let repo = Repo::new(RepoKind::Model, name)?;
        check_revision(revision)?;
        let wire = Wire::new(self, name)?;
        let listing = wire.patiently(|| list(&wire, &repo, revision))?;
        let config = listing.has("config.json").then(|| config_text(&wire, &repo, &listing)).transpose()?;
        let names: Vec<&str> = listing.files.iter().map(|file| file.name.as_str()).collect();
        let known = Known { files: &names, config: config.as_deref(), ..Known::of(&listing.told) };
        let mut found = FoundModel { usable: known.usable(), ..FoundModel::read(&listing.told) };
        // A model that was renamed goes on under the name it was asked for by.
        repo.name.clone_into(&mut found.about.name);
        let read = config.as_deref().and_then(|text| EncoderConfig::parse(text).ok());
        found.family = found.family.or_else(|| read.as_ref().map(|config| config.family.model_type().to_owned()));
        let Wanted { small, large } = Wanted::of(&listing);
        found.weight_bytes = found.weight_bytes.or_else(|| large.iter().map(|file| file.size).sum());
        Ok(ModelDetails {
            found,
            download_bytes: small.iter().chain(&large).filter_map(|file| file.size).sum(),
            cached: self.find_cached(name, &listing.commit),
            config: read,
            files: listing.files.into_iter().map(|file| (file.name, file.size)).collect(),
            commit: listing.commit,
        })
    }
}

fn config_text(wire: &Wire, repo: &Repo, listing: &Listing) -> Result<String, HubError> {
    let subject = Subject::of(repo, &listing.commit, "config.json");
    let path = format!("{}/resolve/{}/config.json", repo.page(), encoded(&listing.commit));
    let text = wire.patiently(|| wire.read(wire.get(&path, Rest::default(), subject)?, MAX_CONFIG_BYTES, subject))?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

//! A model looked at closely: everything that can be known of it without its weights.

use std::path::PathBuf;

use super::adapter::AdapterDetails;
use super::download::Wanted;
use super::fit::{Known, Usable};
use super::listing::{Listing, list};
use super::name::{Repo, RepoKind, check_revision, encoded};
use super::search::FoundModel;
use super::wire::{Rest, Subject, Wire};
use super::{Hub, HubError};
use crate::model::{EncoderConfig, adapter};

const MAX_CONFIG_BYTES: u64 = 8 << 20;

/// A model on the hub.
#[derive(Clone, Debug)]
pub struct ModelDetails {
    /// As a search tells of it; whether it is usable is sure.
    pub found: FoundModel,
    pub commit: String,
    /// What it is made of, where it can be read here; of an adapter, what its base is made of.
    pub config: Option<EncoderConfig>,
    /// Of an adapter.
    pub adapter: Option<AdapterDetails>,
    /// All its files with their sizes.
    pub files: Vec<(String, Option<u64>)>,
    /// What a download fetches, of an adapter with what is fetched of its base.
    pub download_bytes: u64,
    /// The folder, where this very commit is in the cache already, and the base of an adapter is here.
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
        let text = |file: &str| listing.has(file).then(|| text_of(&wire, &repo, &listing, file)).transpose();
        let config = text("config.json")?;
        let names: Vec<&str> = listing.files.iter().map(|file| file.name.as_str()).collect();
        let known = Known { files: &names, config: config.as_deref(), ..Known::of(&listing.told) };
        let mut found = FoundModel { usable: known.usable(), ..FoundModel::read(&listing.told) };
        // A model that was renamed goes on under the name it was asked for by.
        repo.name.clone_into(&mut found.about.name);
        let mut read = config.as_deref().and_then(|text| EncoderConfig::parse(text).ok());
        let mut of_adapter = None;
        if known.is_adapter() && found.usable == Usable::Perhaps {
            let settings = text(adapter::CONFIG)?.unwrap_or_default();
            let looked = self.look_at_adapter(&settings, known.brings_tokenizer())?;
            (of_adapter, found.usable) = (looked.details, looked.usable);
            found.base = of_adapter.as_ref().map(|details| details.base.clone());
            read = looked.config.or(read);
        }
        found.family = found.family.or_else(|| read.as_ref().map(|config| config.family.model_type().to_owned()));
        let wanted = Wanted::of(&listing);
        found.weight_bytes = found.weight_bytes.or_else(|| wanted.large.iter().map(|file| file.size).sum());
        let base_bytes = of_adapter.as_ref().map_or(0, |details| details.base_bytes);
        Ok(ModelDetails {
            found,
            download_bytes: wanted.bytes() + base_bytes,
            cached: self.find_cached(name, &listing.commit).filter(|_| base_bytes == 0),
            config: read,
            adapter: of_adapter,
            files: listing.files.into_iter().map(|file| (file.name, file.size)).collect(),
            commit: listing.commit,
        })
    }
}

/// The text of a small file.
pub(super) fn text_of(wire: &Wire, repo: &Repo, listing: &Listing, file: &str) -> Result<String, HubError> {
    let subject = Subject::of(repo, &listing.commit, file);
    let path = format!("{}/resolve/{}/{file}", repo.page(), encoded(&listing.commit));
    let text = wire.patiently(|| wire.read(wire.get(&path, Rest::default(), subject)?, MAX_CONFIG_BYTES, subject))?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

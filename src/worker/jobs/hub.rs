//! Jobs that speak with the hub, and those that keep order in its cache.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use super::job::{Ended, Job};
use crate::files::free_disk;
use crate::hub::{Hub, HubError, MAIN, Progress, Repo, RepoKind, Switch, catalog};
use crate::model::EncoderConfig;
use crate::train::fits::{Room, room};
use crate::worker::protocol::{EventKind, HubAsk, HubTold, LookedModel, Payload, Setting, Wanted};
use crate::worker::work::Failure;

/// Does what is asked under a switch. What can be done about a failure is told before it.
pub fn ask(job: &Job<'_>, hub: &Hub, ask: HubAsk, switch: &Switch) -> Result<Ended, Failure> {
    match perform(job, &hub.under(switch), ask) {
        Ok(()) => Ok(Ended::Done),
        Err(HubError::Halted { .. }) => Ok(Ended::Stopped),
        Err(error) => {
            job.payload(Payload::Hub(HubTold::Remedy(error.remedy())));
            Err(error.into())
        }
    }
}

fn perform(job: &Job<'_>, hub: &Hub, ask: HubAsk) -> Result<(), HubError> {
    let told = match ask {
        HubAsk::Search { kind: RepoKind::Model, query, page } => {
            HubTold::Models(hub.search_models(&query, page.as_ref())?)
        }
        HubAsk::Search { kind: RepoKind::DataSet, query, page } => {
            HubTold::DataSets(hub.search_data_sets(&query, page.as_ref())?)
        }
        HubAsk::Look { repo, setting } => return look(job, hub, &repo, &setting),
        HubAsk::Download(wanted) => HubTold::Downloaded(download(job, hub, &wanted)?),
        // What the cache holds now is asked for when this is done.
        HubAsk::Discard(wanted) => return discard(hub, &wanted),
        HubAsk::Shelf => HubTold::Shelf(hub.shelf().into()),
        HubAsk::Remove(repo) => return hub.remove(&repo),
        HubAsk::Rooms(setting) => HubTold::Rooms(Arc::new(rooms(&setting))),
        HubAsk::Account => HubTold::Account(hub.who_am_i()?),
        HubAsk::KeepToken(kept) => {
            hub.keep_token(kept)?;
            HubTold::TokenKept(kept)
        }
        HubAsk::ForgetToken(kept) => return hub.forget_kept_token(kept),
    };
    job.payload(Payload::Hub(told));
    Ok(())
}

/// What is known of a repository, and then its card: a card that does not come leaves the rest as it is.
fn look(job: &Job<'_>, hub: &Hub, repo: &Repo, setting: &Setting) -> Result<(), HubError> {
    let told = match repo.kind {
        RepoKind::Model => {
            let details = hub.model(&repo.name, MAIN)?;
            let room = details.config.as_ref().and_then(|encoder| room_for(setting, encoder));
            HubTold::Model(Arc::new(LookedModel { details, room, free_bytes: free_disk(&hub.cache) }))
        }
        RepoKind::DataSet => HubTold::DataSet(hub.data_set(&repo.name)?.into()),
    };
    job.payload(Payload::Hub(told));
    match hub.card(repo, MAIN) {
        Err(error @ HubError::Halted { .. }) => Err(error),
        card => {
            job.payload(Payload::Hub(HubTold::Card(card.ok().flatten().map(Arc::new))));
            Ok(())
        }
    }
}

fn download(job: &Job<'_>, hub: &Hub, wanted: &Wanted) -> Result<PathBuf, HubError> {
    let mut on_progress = |progress: &Progress| {
        job.send_if_heard(EventKind::Payload(Payload::Hub(HubTold::Progress(progress.clone()))));
    };
    let name = &wanted.repo.name;
    let Some(part) = &wanted.part else { return hub.download(name, &wanted.revision, &mut on_progress) };
    let cached = hub.download_data_set(name, Some(&part.config), Some(&part.split), &mut on_progress)?;
    cached.files.into_iter().next().ok_or_else(|| HubError::NoParquet { name: name.clone() })
}

/// Which revision of a data set was being fetched is written where it was begun.
fn discard(hub: &Hub, wanted: &Wanted) -> Result<(), HubError> {
    hub.unfinished().iter().filter(|begun| wanted.is_of(begun)).try_for_each(|begun| hub.discard(begun))
}

fn rooms(setting: &Setting) -> BTreeMap<String, Room> {
    let room = |known: &catalog::Suggestion| Some((known.name.clone(), room_for(setting, &known.config()?)?));
    catalog::models().filter_map(room).collect()
}

fn room_for(setting: &Setting, encoder: &EncoderConfig) -> Option<Room> {
    let tokens = setting.lengths.as_ref().map_or(&[][..], |lengths| &lengths.tokens);
    room(&setting.config, encoder, tokens, setting.limit)
}

//! The only threads. Commands go in, events come out; the grammar of a job is in [`protocol`].

pub mod protocol;

use crossbeam_channel::{Receiver, Sender};

use protocol::{Command, Event};

/// The window's end of the conversation. A test puts a scripted worker at the other end.
#[derive(Clone, Debug)]
pub struct Client {
    pub commands: Sender<Command>,
    pub events: Receiver<Event>,
}

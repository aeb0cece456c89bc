//! The switch by which work on the network is ended from outside.
//!
//! Whoever started the work holds a copy. Turning it shuts the connections down, so that work that waits for a server
//! ends at once and not when the server next says something.

use std::sync::{Arc, Mutex, PoisonError};

use ureq::Agent;

/// What becomes of a download that is ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Halt {
    /// What arrived is kept, and the next download of the same goes on from there.
    Pause,
    /// What arrived of files that are not whole is thrown away.
    Cancel,
}

/// Ends the work of every [`Hub`](super::Hub) that is under it. It cannot be turned back.
#[derive(Clone, Default)]
pub struct Switch(Arc<Mutex<State>>);

impl std::fmt::Debug for Switch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Switch").field(&self.turned()).finish()
    }
}

#[derive(Default)]
struct State {
    turned: Option<Halt>,
    agents: Vec<Agent>,
}

impl Switch {
    /// The first time counts.
    pub fn turn(&self, halt: Halt) {
        let agents = {
            let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            state.turned = state.turned.or(Some(halt));
            std::mem::take(&mut state.agents)
        };
        agents.into_iter().for_each(Agent::shutdown);
    }

    pub fn turned(&self) -> Option<Halt> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).turned
    }

    /// Why nothing more should be done, where that is so.
    pub(super) fn check(&self) -> Result<(), Halt> {
        self.turned().map_or(Ok(()), Err)
    }

    /// Puts connections under the switch.
    pub(super) fn govern(&self, agent: &Agent) -> Result<(), Halt> {
        self.check()?;
        self.0.lock().unwrap_or_else(PoisonError::into_inner).agents.push(agent.clone());
        self.check().inspect_err(|_| agent.clone().shutdown())
    }
}

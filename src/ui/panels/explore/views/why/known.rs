//! What is known so far of one text and output, and what is asked next: the quick map first, the slow ones after it, and
//! last what would change the answer, where somebody looks.

use std::sync::Arc;

use crate::analysis::nearest::{Nearest, NearestTo};
use crate::inspect::why::{
    Asked, Explain, Explanation, Method, Swaps, SwapsOf, Trial, TrialOf, Turning, TurningOf, Ways,
};
use crate::inspect::{AnyInquiry, Inquiry, Reply};
use crate::task::Targets;

fn explain(ways: Ways, asked: &Asked, method: Method) -> Explain {
    let explain = Explain::of(asked.clone(), method);
    // A map is not asked anew by what it does not depend on.
    match method {
        Method::GradientInput => explain,
        Method::IntegratedGradients => Explain { baseline: ways.baseline, ..explain },
        Method::Occlusion => Explain { hide: ways.hide, ..explain },
    }
}

/// An answer, or why there is none.
#[derive(Clone, Debug)]
enum Told {
    Reply(Arc<Reply>),
    Error(AnyInquiry, String),
    /// A person ended it.
    Ended(AnyInquiry),
}

/// Texts and outputs of which it is kept what was told.
const KEPT: usize = 12;

/// All that was told of what is asked, in the order in which it was; and of what was asked before, the newest at the end.
#[derive(Clone, Debug, Default)]
pub struct Known {
    told: Vec<Told>,
    before: Vec<Vec<Told>>,
}

impl Known {
    /// Turns to a text and output of which something is known from before.
    pub fn turn_to(&mut self, asked: &Asked) {
        if self.asked() == Some(asked) {
            return;
        }
        if let Some(place) = self.before.iter().position(|told| asked_of(told) == Some(asked)) {
            let told = self.before.remove(place);
            self.put_by(told);
        }
    }

    /// Begins with what is told of something else.
    fn put_by(&mut self, now: Vec<Told>) {
        let mut before = std::mem::replace(&mut self.told, now);
        // The states of all rows are not held for a text that is looked at no longer.
        before.retain(|told| told.inquiry().get::<NearestTo>().is_none());
        if !before.is_empty() {
            self.before.push(before);
        }
        if self.before.len() > KEPT {
            self.before.remove(0);
        }
    }

    /// Keeps an answer. The quick one of another text or output takes the place of what was known; others that come too
    /// late are kept with what they are about.
    pub fn take(&mut self, reply: &Arc<Reply>) {
        let Some(asked) = asked_in(&reply.inquiry) else { return };
        if self.asked() != Some(asked) {
            if let Some(told) = self.before.iter_mut().find(|told| asked_of(told) == Some(asked)) {
                told.retain(|told| told.inquiry() != &reply.inquiry);
                told.push(Told::Reply(reply.clone()));
                return;
            }
            if !reply.inquiry.is_quick() {
                return;
            }
            self.put_by(Vec::new());
        }
        self.told.retain(|told| told.inquiry() != &reply.inquiry);
        self.told.push(Told::Reply(reply.clone()));
    }

    /// Keeps why something cannot be answered. Returns whether that is new.
    pub fn fail(&mut self, inquiry: &AnyInquiry, error: &str) -> bool {
        if self.told.iter().any(|told| told.inquiry() == inquiry) {
            return false;
        }
        let asked = asked_in(inquiry);
        if asked.is_some() && self.asked() != asked {
            self.put_by(Vec::new());
        }
        self.told.push(Told::Error(inquiry.clone(), error.to_owned()));
        true
    }

    /// A person ended it: it is not asked again by itself.
    pub fn end(&mut self, inquiry: &AnyInquiry) {
        let Some(asked) = asked_in(inquiry) else { return };
        if self.asked() != Some(asked) {
            self.put_by(Vec::new());
        }
        self.told.push(Told::Ended(inquiry.clone()));
    }

    /// What was ended is asked again.
    pub fn go_on(&mut self) {
        self.told.retain(|told| !matches!(told, Told::Ended(_)));
    }

    /// Whether a person ended it.
    pub fn is_ended<Q: Inquiry>(&self, inquiry: &Q) -> bool {
        self.told.iter().any(|told| matches!(told, Told::Ended(own) if own.get() == Some(inquiry)))
    }

    /// What a person ended.
    pub fn ended(&self) -> impl Iterator<Item = &AnyInquiry> {
        self.told.iter().filter_map(|told| match told {
            Told::Ended(inquiry) => Some(inquiry),
            Told::Reply(_) | Told::Error(..) => None,
        })
    }

    /// The text and output that all of it is about.
    pub fn asked(&self) -> Option<&Asked> {
        asked_of(&self.told)
    }

    /// Why a map cannot be made.
    pub fn no_map(&self, ways: Ways, method: Method) -> Option<&str> {
        self.failed(&explain(ways, self.asked()?, method))
    }

    /// Why nothing at all can be explained.
    pub fn error(&self) -> Option<&str> {
        let first = self.told.first()?;
        let asks_map = first.inquiry().get::<Explain>().is_some();
        let Told::Error(_, error) = first else { return None };
        asks_map.then_some(error)
    }

    fn reply<Q: Inquiry>(&self, inquiry: &Q) -> Option<&Q::Answer> {
        self.told.iter().find_map(|told| match told {
            Told::Reply(reply) if reply.inquiry.get() == Some(inquiry) => reply.to::<Q>(),
            _ => None,
        })
    }

    fn is_told<Q: Inquiry>(&self, inquiry: &Q) -> bool {
        self.told.iter().any(|told| told.inquiry().get() == Some(inquiry))
    }

    pub fn map(&self, ways: Ways, method: Method) -> Option<&Arc<Explanation>> {
        self.reply(&explain(ways, self.asked()?, method))
    }

    /// The trial of all three maps, in the order of [`Method::ALL`].
    pub fn trial(&self, ways: Ways) -> Option<&Trial> {
        self.reply(&self.trial_of(ways)?)
    }

    fn trial_of(&self, ways: Ways) -> Option<TrialOf> {
        let maps = Method::ALL.map(|method| self.map(ways, method).map(|found| found.map.words.clone()));
        let maps: Option<Vec<Vec<f64>>> = maps.into_iter().collect();
        Some(TrialOf { asked: self.asked()?.clone(), hide: ways.hide, maps: maps? })
    }

    pub fn turning(&self) -> Option<&Turning> {
        self.reply(&TurningOf { asked: self.asked()?.clone() })
    }

    pub fn swaps(&self) -> Option<&Swaps> {
        self.reply(&SwapsOf { asked: self.asked()?.clone() })
    }

    /// Why there are no swaps, where there are none.
    pub fn no_swaps(&self) -> Option<&str> {
        self.told.iter().find_map(|told| match told {
            Told::Error(inquiry, error) if inquiry.get::<SwapsOf>().is_some() => Some(error.as_str()),
            _ => None,
        })
    }

    pub fn nearest(&self, nearest: &NearestTo) -> Option<&Nearest> {
        self.reply(nearest)
    }

    /// Why nothing of a kind can be told, where it cannot.
    pub fn failed<Q: Inquiry>(&self, inquiry: &Q) -> Option<&str> {
        self.told.iter().find_map(|told| match told {
            Told::Error(own, error) if own.get() == Some(inquiry) => Some(error.as_str()),
            _ => None,
        })
    }

    /// What is asked next. What is in sight comes before what is not; nothing where all is known.
    pub fn next(
        &self,
        asked: &Asked,
        ways: Ways,
        nearest: Option<&NearestTo>,
        wants_changes: bool,
    ) -> Option<AnyInquiry> {
        let quick = explain(ways, asked, Method::GradientInput);
        if self.asked() != Some(asked) || self.error().is_some() {
            return Some(AnyInquiry::new(quick));
        }
        if let Some(nearest) = nearest.filter(|nearest| !self.is_told(*nearest)) {
            return Some(AnyInquiry::new(nearest.clone()));
        }
        // Who ends one map wants none of those that take longer still.
        let ends_maps = |ended: &AnyInquiry| ended.get::<Explain>().is_some() || ended.get::<TrialOf>().is_some();
        let wants_maps = !self.ended().any(ends_maps);
        for method in Method::ALL.into_iter().filter(|_| wants_maps) {
            let map = explain(ways, asked, method);
            if !self.is_told(&map) {
                return Some(AnyInquiry::new(map));
            }
        }
        if let Some(trial) = self.trial_of(ways).filter(|trial| wants_maps && !self.is_told(trial)) {
            return Some(AnyInquiry::new(trial));
        }
        let explained = &self.map(ways, Method::GradientInput)?.explained;
        if wants_changes && explained.elsewhere == 0 {
            let turning = TurningOf { asked: asked.clone() };
            if explained.task.targets() != Targets::Number && !self.is_told(&turning) {
                return Some(AnyInquiry::new(turning));
            }
            let swaps = SwapsOf { asked: asked.clone() };
            if !self.is_told(&swaps) {
                return Some(AnyInquiry::new(swaps));
            }
        }
        None
    }
}

impl Told {
    fn inquiry(&self) -> &AnyInquiry {
        match self {
            Self::Reply(reply) => &reply.inquiry,
            Self::Error(inquiry, _) | Self::Ended(inquiry) => inquiry,
        }
    }
}

/// What an inquiry of this view is called while it is under way.
pub fn title(inquiry: &AnyInquiry) -> Option<&'static str> {
    if let Some(explain) = inquiry.get::<Explain>() {
        return Some(explain.method.title());
    }
    let of = [
        (inquiry.get::<TrialOf>().is_some(), "Trying the maps on this text"),
        (inquiry.get::<TurningOf>().is_some(), "Looking for the fewest words to take out"),
        (inquiry.get::<SwapsOf>().is_some(), "Trying other words"),
        (inquiry.get::<NearestTo>().is_some(), "Looking for the nearest rows"),
    ];
    of.into_iter().find(|(is_it, _)| *is_it).map(|(_, title)| title)
}

fn asked_of(told: &[Told]) -> Option<&Asked> {
    told.first().and_then(|told| asked_in(told.inquiry()))
}

/// The text and output that an inquiry is about, where it is one of this view.
fn asked_in(inquiry: &AnyInquiry) -> Option<&Asked> {
    let explain = inquiry.get::<Explain>().map(|one| &one.asked);
    let trial = || inquiry.get::<TrialOf>().map(|one| &one.asked);
    let turning = || inquiry.get::<TurningOf>().map(|one| &one.asked);
    let swaps = || inquiry.get::<SwapsOf>().map(|one| &one.asked);
    explain.or_else(trial).or_else(turning).or_else(swaps).or_else(|| inquiry.get::<NearestTo>().map(|one| &one.asked))
}

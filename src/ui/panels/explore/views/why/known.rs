//! What is known so far of one text and output, and what is asked next: the quick map first, the slow ones after it, and
//! last what would change the answer, where somebody looks.

use std::sync::Arc;

use crate::analysis::nearest::{Nearest, NearestTo};
use crate::inspect::why::{
    Asked, Baseline, Explain, Explanation, Hide, Method, Swaps, SwapsOf, Trial, TrialOf, Turning, TurningOf,
};
use crate::inspect::{AnyInquiry, Inquiry, Reply};
use crate::task::Targets;

/// How the maps are made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ways {
    pub baseline: Baseline,
    pub hide: Hide,
}

impl Ways {
    fn explain(self, asked: &Asked, method: Method) -> Explain {
        let explain = Explain::of(asked.clone(), method);
        // A map is not asked anew by what it does not depend on.
        match method {
            Method::GradientInput => explain,
            Method::IntegratedGradients => Explain { baseline: self.baseline, ..explain },
            Method::Occlusion => Explain { hide: self.hide, ..explain },
        }
    }
}

/// An answer, or why there is none.
#[derive(Clone, Debug)]
enum Told {
    Reply(Arc<Reply>),
    Error(AnyInquiry, String),
}

/// All that was told of what is asked, in the order in which it was.
#[derive(Clone, Debug, Default)]
pub struct Known {
    told: Vec<Told>,
}

impl Known {
    /// Keeps an answer. The quick one of another text or output replaces all that was known; others that come too late are
    /// nothing to anybody.
    pub fn take(&mut self, reply: &Arc<Reply>) {
        let Some(asked) = asked_in(&reply.inquiry) else { return };
        if self.asked() != Some(asked) {
            if !reply.inquiry.is_quick() {
                return;
            }
            self.told.clear();
        }
        self.told.retain(|told| told.inquiry() != &reply.inquiry);
        self.told.push(Told::Reply(reply.clone()));
    }

    pub fn fail(&mut self, inquiry: &AnyInquiry, error: &str) {
        if self.told.iter().any(|told| told.inquiry() == inquiry) {
            return;
        }
        let asked = asked_in(inquiry);
        if asked.is_some() && self.asked() != asked {
            self.told.clear();
        }
        self.told.push(Told::Error(inquiry.clone(), error.to_owned()));
    }

    /// The text and output that all of it is about.
    pub fn asked(&self) -> Option<&Asked> {
        self.told.first().and_then(|told| asked_in(told.inquiry()))
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
        self.reply(&ways.explain(self.asked()?, method))
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

    /// What is asked next. What is in sight comes before what is not. Where all is known it is what was asked last, which is not asked again.
    pub fn next(
        &self,
        asked: &Asked,
        ways: Ways,
        nearest: Option<&NearestTo>,
        wants_changes: bool,
    ) -> Option<AnyInquiry> {
        let quick = ways.explain(asked, Method::GradientInput);
        if self.asked() != Some(asked) || self.error().is_some() {
            return Some(AnyInquiry::new(quick));
        }
        if let Some(nearest) = nearest.filter(|nearest| !self.is_told(*nearest)) {
            return Some(AnyInquiry::new(nearest.clone()));
        }
        for method in Method::ALL {
            let explain = ways.explain(asked, method);
            if !self.is_told(&explain) {
                return Some(AnyInquiry::new(explain));
            }
        }
        if let Some(trial) = self.trial_of(ways).filter(|trial| !self.is_told(trial)) {
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
        self.told.last().map(|told| told.inquiry().clone())
    }
}

impl Told {
    fn inquiry(&self) -> &AnyInquiry {
        match self {
            Self::Reply(reply) => &reply.inquiry,
            Self::Error(inquiry, _) => inquiry,
        }
    }
}

/// The text and output that an inquiry is about, where it is one of this view.
fn asked_in(inquiry: &AnyInquiry) -> Option<&Asked> {
    let explain = inquiry.get::<Explain>().map(|one| &one.asked);
    let trial = || inquiry.get::<TrialOf>().map(|one| &one.asked);
    let turning = || inquiry.get::<TurningOf>().map(|one| &one.asked);
    let swaps = || inquiry.get::<SwapsOf>().map(|one| &one.asked);
    explain.or_else(trial).or_else(turning).or_else(swaps).or_else(|| inquiry.get::<NearestTo>().map(|one| &one.asked))
}

//! What is ordered of a run while it trains, and after which update.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An order, and how many updates are done when it takes effect.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Order {
    pub step: u64,
    pub what: What,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum What {
    /// Multiplies the rates of a group, or of all, from there on.
    Factor {
        factor: f64,
        group: Option<Group>,
    },
    /// Gives a group, or all, another rate, which the schedule takes up where it is.
    Rate {
        lr: f64,
        group: Option<Group>,
    },
    /// The next frozen block from the top down learns from there on.
    Thaw,
    Evaluate,
    Checkpoint,
    /// The run is done at the end of an epoch.
    StopAfter(LastEpoch),
}

/// The epoch after which a run is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LastEpoch {
    /// The one that is under way.
    This,
    /// Its number, from 1; where that one is over, the one that is under way.
    Number(u64),
    /// As many as were configured.
    AsConfigured,
}

/// What has a rate of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Group {
    Head,
    Encoder,
    Embeddings,
}

impl Group {
    pub const ALL: [Self; 3] = [Self::Head, Self::Encoder, Self::Embeddings];

    /// The name that `lr_groups` uses.
    pub fn name(self) -> &'static str {
        match self {
            Self::Head => "head",
            Self::Encoder => "encoder",
            Self::Embeddings => "embeddings",
        }
    }
}

impl What {
    /// In a few words.
    pub fn words(self) -> String {
        let of = |group: Option<Group>| group.map(|group| format!(" of the {}", group.name())).unwrap_or_default();
        match self {
            Self::Factor { factor, group } => format!("learning rate{} × {factor}", of(group)),
            Self::Rate { lr, group } => format!("learning rate{} {lr:e}", of(group)),
            Self::Thaw => "thaw the next layer".to_owned(),
            Self::Evaluate => "evaluate".to_owned(),
            Self::Checkpoint => "save a checkpoint".to_owned(),
            Self::StopAfter(LastEpoch::This) => "stop after this epoch".to_owned(),
            Self::StopAfter(LastEpoch::Number(number)) => format!("stop after epoch {number}"),
            Self::StopAfter(LastEpoch::AsConfigured) => "do not stop early".to_owned(),
        }
    }

    /// Whether it changes what a run learns, and not only what is told or saved of it.
    pub fn changes_training(self) -> bool {
        match self {
            Self::Factor { .. } | Self::Rate { .. } | Self::Thaw | Self::StopAfter(_) => true,
            Self::Evaluate | Self::Checkpoint => false,
        }
    }

    /// The same, said of an epoch that is under way, from 1: an order that is kept means the same whenever it is read.
    #[must_use]
    pub fn in_epoch(self, epoch: u64) -> Self {
        match self {
            Self::StopAfter(LastEpoch::This) => Self::StopAfter(LastEpoch::Number(epoch)),
            Self::StopAfter(LastEpoch::Number(number)) => Self::StopAfter(LastEpoch::Number(number.max(epoch))),
            other => other,
        }
    }
}

/// As it is written.
#[derive(Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Written {
    #[serde(skip_serializing_if = "Option::is_none")]
    step: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    factor: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lr: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<Group>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    thaw: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    evaluate: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    checkpoint: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    stop_after_epoch: Option<WrittenEpoch>,
}

/// `true`, `false`, or the number of an epoch.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(untagged)]
enum WrittenEpoch {
    Is(bool),
    Number(u64),
}

const KINDS: &str = "one of factor = 0.5, lr = 1e-5 (both for all or with group = \"head\", \"encoder\" or \
                     \"embeddings\"), thaw = true, evaluate = true, checkpoint = true and stop_after_epoch = 2, true or \
                     false";

impl Written {
    fn what(self) -> Option<What> {
        let group = self.group;
        let all = [
            // What is no number is no order, and could not be told of.
            self.factor.filter(|factor| factor.is_finite()).map(|factor| What::Factor { factor, group }),
            self.lr.filter(|lr| lr.is_finite()).map(|lr| What::Rate { lr, group }),
            self.thaw.then_some(What::Thaw),
            self.evaluate.then_some(What::Evaluate),
            self.checkpoint.then_some(What::Checkpoint),
            match self.stop_after_epoch {
                None => None,
                Some(WrittenEpoch::Number(0)) => return None,
                Some(WrittenEpoch::Number(number)) => Some(What::StopAfter(LastEpoch::Number(number))),
                Some(WrittenEpoch::Is(true)) => Some(What::StopAfter(LastEpoch::This)),
                Some(WrittenEpoch::Is(false)) => Some(What::StopAfter(LastEpoch::AsConfigured)),
            },
        ];
        let mut given = all.into_iter().flatten();
        let what = given.next().filter(|_| given.next().is_none())?;
        let has_rate = matches!(what, What::Factor { .. } | What::Rate { .. });
        (has_rate || group.is_none()).then_some(what)
    }
}

impl From<What> for Written {
    fn from(what: What) -> Self {
        let none = Self::default();
        match what {
            What::Factor { factor, group } => Self { factor: Some(factor), group, ..none },
            What::Rate { lr, group } => Self { lr: Some(lr), group, ..none },
            What::Thaw => Self { thaw: true, ..none },
            What::Evaluate => Self { evaluate: true, ..none },
            What::Checkpoint => Self { checkpoint: true, ..none },
            What::StopAfter(last) => {
                let last = match last {
                    LastEpoch::This => WrittenEpoch::Is(true),
                    LastEpoch::Number(number) => WrittenEpoch::Number(number),
                    LastEpoch::AsConfigured => WrittenEpoch::Is(false),
                };
                Self { stop_after_epoch: Some(last), ..none }
            }
        }
    }
}

impl Serialize for What {
    fn serialize<S: Serializer>(&self, into: S) -> Result<S::Ok, S::Error> {
        Written::from(*self).serialize(into)
    }
}

impl<'de> Deserialize<'de> for What {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let written = Written::deserialize(from)?;
        let what = if written.step.is_none() { written.what() } else { None };
        what.ok_or_else(|| D::Error::custom(format!("an order is {KINDS}")))
    }
}

impl Serialize for Order {
    fn serialize<S: Serializer>(&self, into: S) -> Result<S::Ok, S::Error> {
        Written { step: Some(self.step), ..Written::from(self.what) }.serialize(into)
    }
}

impl<'de> Deserialize<'de> for Order {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let written = Written::deserialize(from)?;
        let order = written.step.and_then(|step| Some(Self { step, what: written.what()? }));
        order.ok_or_else(|| D::Error::custom(format!("run.orders has for each order step = 120 and {KINDS}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::config::RunOptions;

    #[test]
    fn an_order_is_written_as_it_is_read() {
        let text = "orders = [{ step = 120, factor = 0.5 }, { step = 0, lr = 3e-5, group = \"head\" }, \
                    { step = 7, thaw = true }, { step = 7, evaluate = true }, { step = 8, checkpoint = true }, \
                    { step = 9, stop_after_epoch = 2 }, { step = 9, stop_after_epoch = true }, \
                    { step = 9, stop_after_epoch = false }]";
        let read: RunOptions = toml::from_str(text).unwrap();
        let order = |step, what| Order { step, what };
        let expected = [
            order(120, What::Factor { factor: 0.5, group: None }),
            order(0, What::Rate { lr: 3e-5, group: Some(Group::Head) }),
            order(7, What::Thaw),
            order(7, What::Evaluate),
            order(8, What::Checkpoint),
            order(9, What::StopAfter(LastEpoch::Number(2))),
            order(9, What::StopAfter(LastEpoch::This)),
            order(9, What::StopAfter(LastEpoch::AsConfigured)),
        ];
        assert_eq!(read.orders, expected);
        let again: RunOptions = toml::from_str(&toml::to_string_pretty(&read).unwrap()).unwrap();
        assert_eq!(again, read);
        let json: RunOptions = serde_json::from_str(&serde_json::to_string(&read).unwrap()).unwrap();
        assert_eq!(json, read);
        for Order { what, .. } in expected {
            let line = serde_json::to_string(&what).unwrap();
            assert_eq!(serde_json::from_str::<What>(&line).unwrap(), what, "{line}");
        }
    }

    #[test]
    fn what_is_no_order_or_two_is_refused_with_what_would_be_one() {
        for wrong in [
            "{ factor = 0.5 }",
            "{ step = 3 }",
            "{ step = 3, factor = nan }",
            "{ step = 3, thaw = false }",
            "{ step = 3, thaw = true, evaluate = true }",
            "{ step = 3, thaw = true, group = \"head\" }",
            "{ step = 3, stop_after_epoch = 0 }",
        ] {
            let told = toml::from_str::<RunOptions>(&format!("orders = [{wrong}]")).unwrap_err().to_string();
            assert!(told.contains("step = 120") && told.contains("factor = 0.5"), "{wrong}: {told}");
        }
        let told = toml::from_str::<RunOptions>("orders = [{ step = 3, rate = 0.5 }]").unwrap_err().to_string();
        assert!(told.contains("rate") && told.contains("factor"), "{told}");
        assert!(serde_json::from_str::<What>(r#"{"step": 3, "thaw": true}"#).is_err(), "it is of now");
    }
}

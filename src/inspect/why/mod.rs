//! Why a model answers so: maps of what each word adds to one output, and how far to believe them.
//!
//! One output of a head is chosen ([`Target`]) and everything is about its logit: the gradient at the words
//! (`gradient.rs`), integrated along a line from an empty text (`integral.rs`), and what happens when words are hidden
//! (`scene.rs`, `map.rs`). Each map is then tried on this very text by deleting words in its order (`trial.rs`), since no
//! map is faithful everywhere; and words are looked for that turn the answer (`turning.rs`, `swaps.rs`).
//!
//! Of many texts, what each word adds to several outputs is found in batches (`many.rs`).
//!
//! Each is an inquiry of its own, so that who types is told the quick one at once and the others when they are there.

mod ask;
mod edit;
mod gradient;
mod integral;
mod many;
mod map;
mod saying;
mod scene;
mod swaps;
mod target;
mod trial;
mod turning;
mod units;

pub use ask::{Asked, Baseline, Hide, Method, Place, Target, Ways};
pub use integral::Completeness;
pub use many::{Pull, Text};
pub use map::{Explain, Explanation, Map};
pub use saying::Verdict;
pub use scene::Scene;
pub use swaps::{Swap, Swaps, SwapsOf};
pub use target::{Choice, Explained, Terms};
pub use trial::{Curve, Trial, TrialOf};
pub use turning::{Turn, Turning, TurningOf};
pub use units::Unit;

//! Why the loop of a run ended.

pub(super) enum End {
    Done,
    Patience {
        evaluations: u32,
    },
    /// After an epoch, from 1, as it was ordered.
    Ordered {
        epoch: u64,
    },
    Stopped,
}

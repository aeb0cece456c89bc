//! Which example next: a pure function of the seed and the epoch, so that a run can go on from any step as if it had
//! never stopped.

use crate::random::{Purpose, Stream, key};

/// How the examples of an epoch are grouped into optimizer updates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UpdateRule {
    pub size: UpdateSize,
    /// Put texts of similar length together; the key (see [`bucket_key`]) decides in which order the updates come.
    pub bucket: Option<u64>,
}

/// How much one update holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UpdateSize {
    Sequences(usize),
    /// At most so many tokens, but always one sequence.
    Tokens(usize),
}

/// Updates in a window within which texts are sorted by length: wide enough to find neighbours of the same length,
/// narrow enough that an epoch stays a shuffled one.
const WINDOW: usize = 50;

/// The order of the examples in an epoch, each once.
pub fn epoch_order(count: usize, seed: u64, epoch: u64, shuffle: bool) -> Vec<u32> {
    let mut order: Vec<u32> = (0..count as u32).collect();
    if shuffle {
        Stream::new(key(seed, Purpose::Shuffle, &[epoch])).shuffle(&mut order);
    }
    order
}

/// The key for [`UpdateRule::bucket`] in an epoch.
pub fn bucket_key(seed: u64, epoch: u64) -> u64 {
    key(seed, Purpose::Bucket, &[epoch])
}

/// Groups an order of examples into updates. `lengths` are the tokens of every example that `order` names.
///
/// What is left over at the end of an epoch is an update of its own and the last one, so that only the last is small.
pub fn updates(lengths: &[u32], order: &[u32], rule: UpdateRule) -> Vec<Vec<u32>> {
    let Some(bucket) = rule.bucket else {
        return pack(lengths, order, rule.size);
    };
    let (sorted, rest) = sort_in_windows(lengths, order, rule.size);
    let mut packed = pack(lengths, &sorted, rule.size);
    let last = match rule.size {
        UpdateSize::Sequences(_) => None,
        UpdateSize::Tokens(_) => packed.pop(),
    };
    Stream::new(bucket).shuffle(&mut packed);
    packed.extend(last);
    if !rest.is_empty() {
        packed.push(rest);
    }
    packed
}

/// Cuts an update into what is computed at once. The gradients are added up, so the cut changes nothing but memory.
pub fn micro_batches(update: &[u32], micro_batch: Option<usize>) -> impl Iterator<Item = &[u32]> {
    update.chunks(micro_batch.unwrap_or(update.len()).max(1))
}

fn length(lengths: &[u32], example: u32) -> usize {
    lengths.get(example as usize).map_or(0, |&tokens| tokens as usize)
}

/// Takes examples one after the other until an update is full.
fn pack(lengths: &[u32], order: &[u32], size: UpdateSize) -> Vec<Vec<u32>> {
    match size {
        UpdateSize::Sequences(count) => order.chunks(count.max(1)).map(<[u32]>::to_vec).collect(),
        UpdateSize::Tokens(limit) => {
            let mut packed = Vec::new();
            let mut update: Vec<u32> = Vec::new();
            let mut tokens = 0;
            for &example in order {
                let more = length(lengths, example);
                if !update.is_empty() && tokens + more > limit {
                    packed.push(std::mem::take(&mut update));
                    tokens = 0;
                }
                update.push(example);
                tokens += more;
            }
            if !update.is_empty() {
                packed.push(update);
            }
            packed
        }
    }
}

/// Sorts by length within windows, up and down in turn, so that an update on the border of two windows holds
/// neighbours too. What would not fill an update of a number of sequences is returned apart, unsorted.
fn sort_in_windows(lengths: &[u32], order: &[u32], size: UpdateSize) -> (Vec<u32>, Vec<u32>) {
    let full = match size {
        UpdateSize::Sequences(count) => order.len() - order.len() % count.max(1),
        UpdateSize::Tokens(_) => order.len(),
    };
    let (body, rest) = order.split_at(full);
    let mut sorted = body.to_vec();
    let mut start = 0;
    let mut up = true;
    while start < sorted.len() {
        let end = window_end(lengths, &sorted, start, size);
        let window = &mut sorted[start..end];
        window.sort_by_key(|&example| length(lengths, example));
        if !up {
            window.reverse();
        }
        up = !up;
        start = end;
    }
    (sorted, rest.to_vec())
}

fn window_end(lengths: &[u32], order: &[u32], start: usize, size: UpdateSize) -> usize {
    match size {
        UpdateSize::Sequences(count) => order.len().min(start.saturating_add(count.max(1).saturating_mul(WINDOW))),
        UpdateSize::Tokens(limit) => {
            let budget = limit.saturating_mul(WINDOW);
            let mut tokens = 0;
            let mut end = start;
            while end < order.len() && (tokens < budget || end == start) {
                tokens += length(lengths, order[end]);
                end += 1;
            }
            end
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn lengths(count: usize) -> Vec<u32> {
        let mut stream = Stream::new(11);
        (0..count).map(|_| 3 + stream.below(126) as u32).collect()
    }

    #[test]
    fn an_order_is_fixed_by_seed_and_epoch() {
        assert_eq!(epoch_order(5, 1, 0, false), [0, 1, 2, 3, 4]);
        assert_eq!(epoch_order(100, 1, 0, true), epoch_order(100, 1, 0, true));
        assert_ne!(epoch_order(100, 1, 0, true), epoch_order(100, 1, 1, true));
        assert_ne!(epoch_order(100, 1, 0, true), epoch_order(100, 2, 0, true));
        assert_eq!(epoch_order(8, 42, 0, true), [7, 6, 5, 1, 4, 2, 3, 0]);
    }

    #[test]
    fn only_the_last_update_is_small() {
        for bucket in [None, Some(bucket_key(1, 0))] {
            let rule = UpdateRule { size: UpdateSize::Sequences(16), bucket };
            let sizes: Vec<usize> =
                updates(&lengths(1000), &epoch_order(1000, 1, 0, true), rule).iter().map(Vec::len).collect();
            assert_eq!(sizes.len(), 63);
            assert!(sizes[..62].iter().all(|&size| size == 16));
            assert_eq!(sizes[62], 8);
        }
    }

    #[test]
    fn buckets_hold_texts_of_similar_length() {
        let lengths = lengths(4000);
        let order = epoch_order(4000, 1, 0, true);
        let spread = |bucket| {
            let rule = UpdateRule { size: UpdateSize::Sequences(16), bucket };
            let packed = updates(&lengths, &order, rule);
            let total: u32 = packed
                .iter()
                .map(|update| {
                    let tokens = || update.iter().map(|&example| lengths[example as usize]);
                    tokens().max().unwrap_or(0) - tokens().min().unwrap_or(0)
                })
                .sum();
            f64::from(total) / packed.len() as f64
        };
        assert!(spread(Some(7)) < spread(None) / 10.0);
    }

    #[test]
    fn buckets_come_in_an_order_of_their_own_each_epoch() {
        let lengths = lengths(640);
        let order = epoch_order(640, 1, 0, false);
        let first = |bucket| updates(&lengths, &order, UpdateRule { size: UpdateSize::Sequences(8), bucket });
        assert_ne!(first(Some(bucket_key(1, 0))), first(Some(bucket_key(1, 1))));
        assert_eq!(first(Some(bucket_key(1, 0))), first(Some(bucket_key(1, 0))));
    }

    #[test]
    fn a_text_longer_than_the_limit_is_an_update_alone() {
        let packed = updates(&[5, 500, 5], &[0, 1, 2], UpdateRule { size: UpdateSize::Tokens(10), bucket: None });
        assert_eq!(packed, [[0], [1], [2]]);
    }

    #[test]
    fn micro_batches_are_the_update_in_order() {
        let check = |micro_batch, expected: &[&[u32]]| {
            assert_eq!(micro_batches(&[4, 5, 6, 7, 8], micro_batch).collect::<Vec<_>>(), expected);
        };
        check(None, &[&[4, 5, 6, 7, 8]]);
        check(Some(2), &[&[4, 5], &[6, 7], &[8]]);
        check(Some(0), &[&[4], &[5], &[6], &[7], &[8]]);
        assert_eq!(micro_batches(&[], None).count(), 0);
    }

    fn any_rule() -> impl Strategy<Value = UpdateRule> {
        let size =
            prop_oneof![(0_usize..70).prop_map(UpdateSize::Sequences), (0_usize..2000).prop_map(UpdateSize::Tokens),];
        (size, proptest::option::of(any::<u64>())).prop_map(|(size, bucket)| UpdateRule { size, bucket })
    }

    proptest! {
        #[test]
        fn every_example_comes_once_and_no_update_is_too_large(
            lengths in proptest::collection::vec(0_u32..600, 0..700),
            rule in any_rule(),
            seed in any::<u64>(),
        ) {
            let order = epoch_order(lengths.len(), seed, 0, true);
            let packed = updates(&lengths, &order, rule);
            prop_assert_eq!(&packed, &updates(&lengths, &order, rule));
            let mut seen: Vec<u32> = packed.concat();
            seen.sort_unstable();
            prop_assert_eq!(seen, (0..lengths.len() as u32).collect::<Vec<_>>());
            for update in &packed {
                prop_assert!(!update.is_empty());
                let tokens: u32 = update.iter().map(|&example| lengths[example as usize]).sum();
                match rule.size {
                    UpdateSize::Sequences(count) => prop_assert!(update.len() <= count.max(1)),
                    UpdateSize::Tokens(limit) => prop_assert!(update.len() == 1 || tokens as usize <= limit),
                }
            }
        }
    }
}

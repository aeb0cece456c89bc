//! Chance that can be asked for again: every random number is a pure function of a seed, of what it is for, and of
//! where it is used. There is no generator that threads or the order of calls could disturb.
//!
//! The numbers are those of `SplitMix64`: a counter multiplied by an odd constant and passed through a finalizer that
//! spreads each bit over all others (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014). It is
//! not for secrets.

/// What chance is needed for. Two purposes never share numbers, whatever the seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u64)]
pub enum Purpose {
    /// New weights.
    Init = 1,
    /// The order of the examples in an epoch.
    Shuffle = 2,
    /// Which examples are held out.
    Split = 3,
    /// The order of batches that were sorted by length.
    Bucket = 4,
    Dropout = 5,
    /// Which words are hidden, and behind what.
    Masking = 6,
    /// What a generator puts in the place of a word.
    Generator = 7,
    /// Which segments stand together, and in which order.
    Pairing = 8,
    /// The order in which words are deleted from a text to see what chance alone would do.
    Deletion = 9,
    /// Which words of an example are hidden while its label is learned.
    Hiding = 10,
    /// Which rows of a large data set are looked at.
    Sample = 11,
    /// Where the rows of a map begin, and which are pushed apart.
    Map = 12,
    /// Which rows are held out together.
    Folds = 13,
    /// Which rows are counted how often, to see how far a number could be another.
    Resample = 14,
    /// Which settings a random search tries.
    Search = 15,
    /// From which trials a tree learns how much settings matter, and what chance alone would say.
    Importance = 16,
    /// Which texts a text is compared with.
    Contrast = 17,
}

/// 2^64 divided by the golden ratio, made odd.
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// A bijection of 64 bits in which each input bit changes each output bit with probability one half.
pub const fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

/// The key of one use of chance: such as layer 3 of step 17 for [`Purpose::Dropout`]. Different indices, also different
/// numbers of indices, have unrelated keys.
pub fn key(seed: u64, purpose: Purpose, indices: &[u64]) -> u64 {
    let absorb = |state: u64, word: u64| mix(state.wrapping_add(GOLDEN) ^ mix(word.wrapping_add(GOLDEN)));
    let start = absorb(mix(seed), ((purpose as u64) << 32) | indices.len() as u64);
    indices.iter().fold(start, |state, &index| absorb(state, index))
}

/// The numbers of one key, one after the other or at any place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stream {
    key: u64,
    counter: u64,
}

impl Stream {
    pub fn new(key: u64) -> Self {
        Self { key, counter: 0 }
    }

    /// The number at a place, from 0, without regard to what was drawn before.
    pub fn at(&self, place: u64) -> u64 {
        mix(self.key.wrapping_add(place.wrapping_add(1).wrapping_mul(GOLDEN)))
    }

    pub fn next_u64(&mut self) -> u64 {
        let value = self.at(self.counter);
        self.counter = self.counter.wrapping_add(1);
        value
    }

    /// A whole number from 0 to below `n`, each equally likely; 0 where `n` is 0.
    ///
    /// The high half of a product replaces the slow remainder; the few draws that would favour some numbers are
    /// thrown away (Lemire: Fast Random Integer Generation in an Interval, 2019).
    pub fn below(&mut self, n: u64) -> u64 {
        if n == 0 {
            return 0;
        }
        let unfair = n.wrapping_neg() % n;
        loop {
            let product = u128::from(self.next_u64()) * u128::from(n);
            if product as u64 >= unfair {
                return (product >> 64) as u64;
            }
        }
    }

    /// A number from 0 to below 1, a multiple of 2^-53.
    pub fn unit(&mut self) -> f64 {
        in_unit(self.next_u64())
    }

    /// The same at a place.
    pub fn unit_at(&self, place: u64) -> f64 {
        in_unit(self.at(place))
    }

    /// Puts a slice in random order, each order equally likely (Fisher and Yates).
    pub fn shuffle<T>(&mut self, values: &mut [T]) {
        for last in (1..values.len()).rev() {
            let other = self.below(last as u64 + 1) as usize;
            values.swap(last, other);
        }
    }
}

fn in_unit(bits: u64) -> f64 {
    (bits >> 11) as f64 * (1.0 / (1_u64 << 53) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_repeats_the_published_numbers_of_splitmix64() {
        let mut stream = Stream::new(1_234_567);
        let drawn: Vec<u64> = (0..5).map(|_| stream.next_u64()).collect();
        assert_eq!(
            drawn,
            [
                6_457_827_717_110_365_317,
                3_203_168_211_198_807_973,
                9_817_491_932_198_370_423,
                4_593_380_528_125_082_431,
                16_408_922_859_458_223_821,
            ]
        );
        assert_eq!(Stream::new(1_234_567).at(3), drawn[3]);
    }

    #[test]
    fn keys_differ_in_every_part() {
        let keys = [
            key(42, Purpose::Shuffle, &[]),
            key(43, Purpose::Shuffle, &[]),
            key(42, Purpose::Split, &[]),
            key(42, Purpose::Shuffle, &[0]),
            key(42, Purpose::Shuffle, &[1]),
            key(42, Purpose::Shuffle, &[0, 0]),
            key(42, Purpose::Shuffle, &[0, 1]),
            key(42, Purpose::Shuffle, &[1, 0]),
        ];
        for (i, one) in keys.iter().enumerate() {
            assert!(!keys[..i].contains(one), "key {i} is not new");
        }
    }

    #[test]
    fn keys_never_change_between_versions() {
        let keys =
            [key(0, Purpose::Init, &[]), key(42, Purpose::Dropout, &[3, 17]), key(u64::MAX, Purpose::Split, &[0])];
        assert_eq!(keys, [14_892_378_022_930_189_131, 17_219_040_137_436_558_059, 12_946_992_331_082_433_501]);
    }

    #[test]
    fn whole_numbers_are_equally_likely() {
        for n in [1, 2, 3, 7, 10, 1000] {
            let draws = 200_000_u32;
            let mut stream = Stream::new(key(7, Purpose::Masking, &[n]));
            let mut counts = vec![0_u64; n as usize];
            for _ in 0..draws {
                counts[stream.below(n) as usize] += 1;
            }
            let expected = f64::from(draws) / n as f64;
            let chi_square: f64 = counts.iter().map(|&count| (count as f64 - expected).powi(2) / expected).sum();
            let freedom = (n - 1) as f64;
            assert!(chi_square <= freedom + 6.0 * (2.0 * freedom).sqrt(), "{chi_square} for {n}");
        }
        assert_eq!(Stream::new(1).below(0), 0);
    }

    #[test]
    fn units_fill_the_interval_evenly() {
        let mut stream = Stream::new(key(1, Purpose::Init, &[]));
        let draws: Vec<f64> = (0..100_000).map(|_| stream.unit()).collect();
        assert!(draws.iter().all(|value| (0.0..1.0).contains(value)));
        let mean = draws.iter().sum::<f64>() / draws.len() as f64;
        let variance = draws.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / draws.len() as f64;
        assert!((mean - 0.5).abs() < 0.005, "{mean}");
        assert!((variance - 1.0 / 12.0).abs() < 0.002, "{variance}");
    }

    #[test]
    fn a_unit_at_a_place_is_the_one_drawn_there() {
        let mut stream = Stream::new(5);
        let drawn: Vec<f64> = (0..4).map(|_| stream.unit()).collect();
        assert_eq!(drawn, [0, 1, 2, 3].map(|place| Stream::new(5).unit_at(place)));
    }

    #[test]
    fn neighbouring_keys_share_half_their_bits() {
        for purpose in [Purpose::Dropout, Purpose::Masking] {
            let differing: u32 =
                (0..4096_u64).map(|step| (key(5, purpose, &[step]) ^ key(5, purpose, &[step + 1])).count_ones()).sum();
            let mean = f64::from(differing) / 4096.0;
            assert!((mean - 32.0).abs() < 0.5, "{mean}");
        }
    }

    #[test]
    fn every_order_of_four_is_equally_likely() {
        let mut counts = std::collections::BTreeMap::new();
        for draw in 0..24_000 {
            let mut values = [0, 1, 2, 3];
            Stream::new(key(9, Purpose::Shuffle, &[draw])).shuffle(&mut values);
            *counts.entry(values).or_insert(0_u32) += 1;
        }
        assert_eq!(counts.len(), 24);
        assert!(counts.values().all(|count| (850..1150).contains(count)), "{counts:?}");
    }
}

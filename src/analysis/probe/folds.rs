//! Which rows are held out together: every row once, each class spread evenly, and rows that belong together on one side,
//! because a row whose double was learned from tells nothing.

use std::collections::BTreeMap;

use crate::random::{Purpose, key};

/// The fold that holds out each row. `strata` are the classes of the rows, and `groups` what of them belongs together.
///
/// Larger groups come first, and otherwise chance decides; each goes where its classes are fewest, and of equal folds into
/// the smallest. Where every row is a group, two folds differ in a class by no more than one row.
pub fn folds(strata: &[usize], groups: &[usize], count: usize, seed: u64) -> Vec<usize> {
    let mut members: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (row, group) in groups.iter().enumerate() {
        members.entry(*group).or_default().push(row);
    }
    let mut order: Vec<Vec<usize>> = members.into_values().collect();
    order.sort_by_cached_key(|rows| {
        (std::cmp::Reverse(rows.len()), key(seed, Purpose::Folds, &[rows[0] as u64]), rows[0])
    });
    let classes = strata.iter().max().map_or(0, |most| most + 1);
    let mut held = vec![vec![0_usize; classes]; count];
    let mut sizes = vec![0_usize; count];
    let mut found = vec![0; strata.len()];
    for rows in order {
        let like_it = |fold: usize| rows.iter().map(|row| held[fold][strata[*row]]).sum::<usize>();
        let fold = (0..count).min_by_key(|fold| (like_it(*fold), sizes[*fold], *fold)).unwrap_or(0);
        for row in rows {
            found[row] = fold;
            held[fold][strata[row]] += 1;
            sizes[fold] += 1;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_is_spread_evenly_over_the_folds() {
        let strata: Vec<usize> = (0..103).map(|row| [0, 0, 0, 1, 1, 2][row % 6]).collect();
        let alone: Vec<usize> = (0..103).collect();
        let found = folds(&strata, &alone, 5, 7);
        let count = |fold: usize, class: Option<usize>| {
            found
                .iter()
                .zip(&strata)
                .filter(|(own, of)| **own == fold && class.is_none_or(|class| class == **of))
                .count()
        };
        for class in [Some(0), Some(1), Some(2), None] {
            let counts: Vec<usize> = (0..5).map(|fold| count(fold, class)).collect();
            let (least, most) = (counts.iter().min().unwrap(), counts.iter().max().unwrap());
            assert!(most - least <= 1 + usize::from(class.is_none()), "{class:?}: {counts:?}");
        }
        assert_eq!(found, folds(&strata, &alone, 5, 7));
        assert_ne!(found, folds(&strata, &alone, 5, 8));
    }

    #[test]
    fn what_belongs_together_is_held_out_together() {
        let strata: Vec<usize> = (0..90).map(|row| row % 2).collect();
        let groups: Vec<usize> = (0..90).map(|row| if row < 40 { row / 8 } else { row }).collect();
        let found = folds(&strata, &groups, 5, 1);
        for rows in (0..40).collect::<Vec<usize>>().chunks(8) {
            assert!(rows.iter().all(|row| found[*row] == found[rows[0]]), "{rows:?}");
        }
        for fold in 0..5 {
            let held = found.iter().filter(|own| **own == fold).count();
            assert!((16..=20).contains(&held), "{held}");
        }
    }
}

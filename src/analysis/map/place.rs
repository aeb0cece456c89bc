//! Where a text that is typed lies among the rows of a map, and which rows are next to it in the model.

use std::sync::Arc;

use super::fuzzy::Reach;
use super::{Map, Place};
use crate::inspect::{GoOn, Inquiry, InspectError, OpenModel, Request};

/// A text that is to be placed on a map.
#[derive(Clone, Debug)]
pub struct PlaceText {
    pub request: Request,
    pub map: Arc<Map>,
}

/// Two of one map are the same question where they are of one text.
impl PartialEq for PlaceText {
    fn eq(&self, other: &Self) -> bool {
        self.request == other.request && Arc::ptr_eq(&self.map, &other.map)
    }
}

/// Where a text lies.
#[derive(Clone, Debug, PartialEq)]
pub struct Placed {
    pub at: [f32; 2],
    /// The rows that are nearest in the model, nearest first, each with its distance.
    pub nearest: Vec<(u32, f32)>,
    /// Tokens that did not fit the model.
    pub cut: usize,
}

/// Rows that are listed.
const NEAREST: usize = 30;
/// Rows that say where a text lies.
const PLACES: usize = 15;

impl Inquiry for PlaceText {
    type Answer = Placed;

    fn put_to(&self, model: &mut OpenModel, go_on: GoOn<'_>) -> Result<Option<Placed>, InspectError> {
        let Self { request, map } = self;
        let Some(states) = model.states(std::slice::from_ref(request), map.read.pooling, go_on)? else {
            return Ok(None);
        };
        let cut = model.tokenizer.encode(&request.text, request.pair.as_deref(), model.max_tokens)?.cut;
        let state = states.of(0, map.about.layer);
        let nearest: Vec<(u32, f32)> =
            map.states().nearest(state, NEAREST).into_iter().map(|(distance, row)| (row, distance)).collect();
        let at = match &map.place {
            Place::Axes(pca) => {
                let along = pca.project(state);
                [0, 1].map(|axis| along.get(axis).copied().unwrap_or(0.0) as f32)
            }
            Place::Neighbors => among(&nearest[..nearest.len().min(PLACES)], &map.points),
        };
        Ok(Some(Placed { at, nearest, cut }))
    }

    fn is_quick(&self) -> bool {
        true
    }
}

/// The middle of some rows on the map, each by how strongly the text belongs to it; of a row that is the text itself, its
/// own place.
fn among(nearest: &[(u32, f32)], points: &[[f32; 2]]) -> [f32; 2] {
    let distances: Vec<f32> = nearest.iter().map(|(_, distance)| *distance).collect();
    let mean = distances.iter().map(|distance| f64::from(*distance)).sum::<f64>() / distances.len().max(1) as f64;
    let reach = Reach::of(&distances, mean);
    let is_same = |distance: f32| f64::from(distance) <= 1e-4 * mean;
    let same: Vec<f32> = distances.iter().map(|distance| f32::from(u8::from(is_same(*distance)))).collect();
    let has_same = same.iter().any(|weight| *weight > 0.0);
    let weights: Vec<f32> =
        if has_same { same } else { distances.iter().map(|distance| reach.strength(*distance)).collect() };
    let sum: f32 = weights.iter().sum();
    [0, 1].map(|axis| {
        let along = nearest.iter().zip(&weights).map(|((row, _), weight)| points[*row as usize][axis] * weight);
        along.sum::<f32>() / sum.max(f32::MIN_POSITIVE)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_lies_among_its_nearest_rows_and_a_row_where_it_is() {
        let points = [[0.0, 0.0], [10.0, 0.0], [0.0, 10.0]];
        let at = among(&[(0, 1.0), (1, 1.2), (2, 1.4)], &points);
        assert!(at[0] > 0.5 && at[0] < 5.0 && at[1] > 0.5 && at[1] < at[0], "{at:?}");
        assert_eq!(among(&[(1, 0.0), (0, 1.0), (2, 1.4)], &points), [10.0, 0.0]);
        assert_eq!(among(&[(1, 0.0), (2, 0.0), (0, 3.0)], &points), [5.0, 5.0], "of two such rows between them");
    }
}

//! What was measured as a table for other programs.

use super::found::Board;
use super::score::Scored;
use crate::metrics::Measure;
use crate::words;

impl Board {
    /// A row for each head and each feed-forward, the first layer and its first head being 1, below a head; what it comes to without each where that was measured.
    pub fn table(&self) -> Vec<Vec<String>> {
        let mut head = vec!["layer", "part", "importance"];
        head.extend(self.without.is_some().then_some([Measure::main(self.task), "loss"]).into_iter().flatten());
        let head = head.into_iter().map(str::to_owned).collect();
        let scores = |scored: Option<Scored>| {
            scored.into_iter().flat_map(|scored| [scored.metric.to_string(), scored.loss.to_string()])
        };
        let of_head = |place: usize| {
            let (layer, head) = (place / self.heads, place % self.heads);
            let mut row = vec![(layer + 1).to_string(), words::head(head), self.of_heads[place].to_string()];
            row.extend(scores(self.without_head(layer, head)));
            row
        };
        let of_layer = |layer: usize| {
            let mut row =
                vec![(layer + 1).to_string(), "feed-forward".to_owned(), self.of_feed_forward[layer].to_string()];
            row.extend(scores(self.without_feed_forward(layer)));
            row
        };
        let heads = (0..self.of_heads.len()).map(of_head);
        std::iter::once(head).chain(heads).chain((0..self.layers).map(of_layer)).collect()
    }
}

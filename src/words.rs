//! Numbers with what they count, as sentences have them: one way for every message. Also what layers and heads are called:
//! for people the first is 1 and what enters it are the embeddings, while files and arrays have places that begin at 0.

/// The word for so many: `row` or `rows`, `is` or `are`.
pub fn noun<'a>(count: usize, one: &'a str, many: &'a str) -> &'a str {
    if count == 1 { one } else { many }
}

/// `1 row`, `2 rows`.
pub fn plural(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", noun(count, one, many))
}

/// The layer at a place of the encoder, of which the first is 0: `layer 1`.
pub fn layer(place: usize) -> String {
    format!("layer {}", place + 1)
}

/// The head at a place of a layer: `head 1`.
pub fn head(place: usize) -> String {
    format!("head {}", place + 1)
}

/// A head by the places of its layer and of itself: `layer 1, head 1`.
pub fn head_of(layer_place: usize, place: usize) -> String {
    format!("{}, {}", layer(layer_place), head(place))
}

/// States by how many layers they come after: `embeddings` after none, then `layer 1`.
pub fn states(after: usize) -> String {
    after.checked_sub(1).map_or_else(|| "embeddings".to_owned(), layer)
}

/// A block of weights by its name in a configuration: `layers.0` is `layer 1`; others are called by their names.
pub fn block(name: &str) -> String {
    let place = name.strip_prefix("layers.").and_then(|place| place.parse().ok());
    place.map_or_else(|| name.to_owned(), layer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_layer_is_1_and_what_enters_it_are_the_embeddings() {
        assert_eq!((layer(0), head_of(2, 4)), ("layer 1".into(), "layer 3, head 5".into()));
        assert_eq!([0, 1, 6].map(states), ["embeddings", "layer 1", "layer 6"]);
        let names = ["embeddings", "layers.0", "layers.11", "head", "layers.0-2"].map(block);
        assert_eq!(names, ["embeddings", "layer 1", "layer 12", "head", "layers.0-2"]);
    }

    #[test]
    fn one_is_one_and_all_else_is_many() {
        let rows = |count| plural(count, "row", "rows");
        assert_eq!([0, 1, 2].map(rows), ["0 rows", "1 row", "2 rows"]);
        assert_eq!((noun(1, "is", "are"), noun(0, "is", "are")), ("is", "are"));
    }
}

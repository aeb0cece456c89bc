use std::path::Path;

use super::*;
use crate::data::Roles;
use crate::table::Table;
use crate::task::Task;

fn model(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

/// Rows of two classes, of which the second has a third.
pub fn films(rows: usize) -> Arc<Dataset> {
    let rows: Vec<String> = (0..rows).map(|row| format!("the film {},{}\n", row % 9, row % 3 % 2)).collect();
    let csv = String::from("text,label\n") + &rows.concat();
    let table = Arc::new(Table::from_bytes(Path::new("films.csv"), csv.into_bytes()).unwrap());
    let roles = Roles { text: Some("text".into()), label: Some("label".into()), ..Roles::default() };
    Arc::new(Dataset::new(table, Task::Classify, &roles, None).unwrap())
}

/// What is wanted, and of which rows.
type Wanted = (Sampling, Which);

fn wanted(data: &Arc<Dataset>, rows: usize, max_tokens: usize) -> Wanted {
    let of = Sampling { rows, seed: 1, max_tokens, ..Sampling::all(model("bert-classify"), data.clone()) };
    (of, Which::All)
}

/// What a map asks for: every row, after one layer.
fn of_every_row(data: &Arc<Dataset>, layer: usize) -> Wanted {
    let which = Which::Plane(Plane { pooling: Pooling::Mean, layer });
    (wanted(data, usize::MAX, usize::MAX).0, which)
}

/// The states, and how many texts went through the model for them; none where it was not even opened.
fn states(kept: &StatesKept, wanted: &Wanted) -> (Pooled, Option<u64>) {
    let mut read = None;
    let pooled = kept.states(&wanted.0, wanted.1, &mut |_, _, total| {
        read = Some(total);
        ControlFlow::Continue(())
    });
    (pooled.unwrap().unwrap(), read)
}

fn same(found: &Pooled, expected: &Pooled) {
    assert_eq!(found.examples, expected.examples);
    assert_eq!((&found.said, found.cut), (&expected.said, expected.cut));
    for plane in found.planes.keys() {
        for row in 0..found.examples.len() {
            assert_eq!(found.state(*plane, row), expected.state(*plane, row), "{plane:?}, row {row}");
        }
    }
}

#[test]
fn states_are_computed_once_while_model_and_data_stay() {
    let (one, two) = (films(30), films(30));
    let kept = StatesKept::default();
    let (first, read) = states(&kept, &wanted(&one, 20, 64));
    assert_eq!((read, first.examples.len(), first.among), (Some(20), 20, 30));
    let (again, read) = states(&kept.clone(), &wanted(&one, 20, 64));
    assert_eq!(read, None);
    same(&again, &first);
    assert_eq!(states(&kept, &wanted(&two, 20, 64)).1, Some(20), "other data");
    let (of, which) = wanted(&one, 20, 64);
    let other = (Sampling { model: model("roberta-classify"), ..of }, which);
    assert_eq!(states(&kept, &other).1, Some(20), "another model");
    assert_eq!(states(&kept, &wanted(&one, 20, 64)).1, None, "both are kept");
    drop(two);
    assert_eq!(kept.lock().len(), 3);
    states(&kept, &wanted(&one, 20, 64));
    assert_eq!(kept.lock().len(), 2, "nobody can ask for what is of data that are gone");
}

#[test]
fn a_map_after_a_probe_computes_nothing_again() {
    let data = films(30);
    let kept = StatesKept::default();
    states(&kept, &wanted(&data, 100, 64));
    let (map, read) = states(&kept, &of_every_row(&data, 1));
    assert_eq!(read, None, "the model is not even opened");
    same(&map, &states(&StatesKept::default(), &of_every_row(&data, 1)).0);
    assert_eq!(map.points(Pooling::Mean).len(), map.layers);

    // A probe that looked at some rows leaves the others to the map, and finds its own again.
    let kept = StatesKept::default();
    let (of, which) = wanted(&data, 100, 64);
    let some = (Sampling { among: (0..30).filter(|row| row % 5 > 0).collect(), ..of }, which);
    let (probe, read) = states(&kept, &some);
    assert_eq!(read, Some(24));
    let (map, read) = states(&kept, &of_every_row(&data, 2));
    assert_eq!(read, Some(6));
    same(&map, &states(&StatesKept::default(), &of_every_row(&data, 2)).0);
    let (again, read) = states(&kept, &some);
    assert_eq!(read, None);
    same(&again, &probe);
    let points = again.points(Pooling::First);
    assert_eq!(points[&1].get(3), probe.state(Plane { pooling: Pooling::First, layer: 1 }, 3));
}

#[test]
fn a_text_that_was_cut_is_read_again_where_it_may_be_longer() {
    let data = films(12);
    let kept = StatesKept::default();
    let (cut, _) = states(&kept, &wanted(&data, 100, 4));
    assert_eq!((cut.cut, cut.max_tokens), (12, 4));
    let (whole, read) = states(&kept, &wanted(&data, 100, 64));
    assert_eq!((whole.cut, read), (0, Some(12)));
    same(&whole, &states(&StatesKept::default(), &wanted(&data, 100, 64)).0);
    assert_eq!(states(&kept, &wanted(&data, 100, 40)).1, None, "none is as long");
}

#[test]
fn both_poolings_of_a_pass_are_those_of_a_pass_each() {
    let data = films(12);
    let (pooled, _) = states(&StatesKept::default(), &wanted(&data, 100, 4));
    let model = OpenModel::open_whole(&model("bert-classify")).unwrap();
    let sequences = || {
        let texts = (0..12).map(|example| request(&data, example).text);
        let encode = |text: String| model.tokenizer.encode_ids(&text, None, 4).unwrap();
        texts.map(encode).map(|encoded| Ok(Sequence { ids: encoded.ids, types: encoded.types, asked: None }))
    };
    for pooling in [Pooling::First, Pooling::Mean] {
        let alone = model.predictor().states(sequences(), pooling, &mut |_| ControlFlow::Continue(()));
        let alone = alone.unwrap().unwrap();
        for (layer, row) in (0..pooled.layers).flat_map(|layer| (0..12).map(move |row| (layer, row))) {
            assert_eq!(pooled.state(Plane { pooling, layer }, row), alone.of(row, layer), "{pooling:?}, layer {layer}");
        }
    }
}

#[test]
fn where_the_memory_does_not_hold_all_fewer_poolings_and_layers_are_kept() {
    let shape = Shape { layers: 13, width: 768, stored_layers: 12, is_frozen: false };
    let which = Which::Plane(Plane { pooling: Pooling::Mean, layer: 4 });
    let planes = |rows| shape.kept(which, rows).len();
    assert_eq!(shape.most_rows(), 6721);
    assert_eq!([6721, 6722, 13_443, 13_444, 1_000_000].map(planes), [26, 13, 13, 1, 1]);
    assert_eq!(shape.kept(which, 1_000_000), [Plane { pooling: Pooling::Mean, layer: 4 }]);
    assert_eq!(shape.kept(Which::All, 100).len(), 26);
}

#[test]
fn who_is_to_stop_gets_no_states_and_keeps_those_of_before() {
    let (kept, data) = (StatesKept::default(), films(60));
    let stop = |wanted: &Wanted| {
        let mut heard = 0;
        let stopped = kept.states(&wanted.0, wanted.1, &mut |_, done, _| {
            heard += 1;
            if done > 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        assert!(stopped.unwrap().is_none() && heard > 1);
    };
    stop(&wanted(&data, 60, 64));
    assert_eq!(states(&kept, &wanted(&data, 60, 64)).1, Some(60));
    let more = films(60);
    stop(&wanted(&more, 60, 64));
    assert_eq!(states(&kept, &wanted(&data, 60, 64)).1, None);
}

//! Maps are those of the methods' own implementations: components and strengths the same, and neighbours kept as well; and
//! the command writes what the model says of each row.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;

use attune::analysis::map::{
    About, Graph, Method, Pca, PlaceText, Read, Unwatched, Watch, placed, probabilities, simplicial, trust,
};
use attune::analysis::points::Points;
use attune::analysis::pooled::{Which, once};
use attune::analysis::sample::Sampling;
use attune::data::{Dataset, Roles};
use attune::inspect::{OpenModel, Options, Output as Said, Plane, Pooling, Request};
use attune::table::Table;
use attune::task::Task;
use attune::ui::Screen;
use attune::ui::workspace::Workspace;
use attune::worker::works::map::MapRows;
use candle_core::{DType, Device, Tensor};
use egui::Role;
use egui_kittest::kittest::Queryable as _;

use crate::journey::Window;
use crate::models_match_the_reference::golden;
use crate::worker_keeps_its_word::reviews;

type Recorded = HashMap<String, Tensor>;

fn recorded() -> Recorded {
    candle_core::safetensors::load(golden().join("map/points.safetensors"), &Device::Cpu).unwrap()
}

fn values(recorded: &Recorded, name: &str) -> Vec<f64> {
    recorded[name].flatten_all().unwrap().to_dtype(DType::F64).unwrap().to_vec1().unwrap()
}

fn points(recorded: &Recorded, name: &str) -> Points {
    let tensor = &recorded[&format!("{name}.points")];
    Points { width: tensor.dim(1).unwrap(), values: tensor.flatten_all().unwrap().to_vec1().unwrap() }
}

fn close(found: &[f64], expected: &[f64], tolerance: f64, what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let scale = expected.iter().fold(0.0_f64, |most, value| most.max(value.abs()));
    for (place, (found, expected)) in found.iter().zip(expected).enumerate() {
        assert!((found - expected).abs() <= tolerance * scale, "{what}, {place}: {found}, expected {expected}");
    }
}

#[test]
fn components_are_those_of_scikit_learn() {
    let recorded = recorded();
    for name in ["curved", "skewed"] {
        let points = points(&recorded, name);
        let pca = Pca::of(&points, 2);
        close(&pca.axes.concat(), &values(&recorded, &format!("{name}.axes")), 1e-5, name);
        close(&pca.shares(), &values(&recorded, &format!("{name}.shares")), 1e-5, name);
        let plane = pca.plane(&points);
        let found: Vec<f64> = plane.iter().flatten().map(|value| f64::from(*value)).collect();
        close(&found, &values(&recorded, &format!("{name}.pca")), 1e-5, name);
        let found = trust(&points, &plane, 15);
        assert_eq!(found.measured_on, points.len());
        close(&[found.value], &values(&recorded, &format!("{name}.trust.pca")), 1e-9, name);
    }
}

/// Every weight of a graph is the recorded one.
fn same_graph(graph: &Graph, recorded: &Recorded, name: &str) {
    let ends: Vec<u32> = recorded[&format!("{name}.ends")].flatten_all().unwrap().to_vec1().unwrap();
    let weights: Vec<f32> = recorded[&format!("{name}.weights")].to_vec1().unwrap();
    let found: Vec<(usize, usize, f32)> = graph.edges().collect();
    assert_eq!(found.len(), weights.len(), "{name}");
    let most = weights.iter().fold(0.0_f32, |most, weight| most.max(*weight));
    for ((from, to, weight), (ends, expected)) in found.into_iter().zip(ends.chunks(2).zip(weights)) {
        assert_eq!([from as u32, to as u32], ends, "{name}");
        assert!((weight - expected).abs() < 2e-4 * most, "{name}, {from} and {to}: {weight}, expected {expected}");
    }
}

#[test]
fn strengths_are_those_of_umap_learn_and_scikit_learn() {
    let recorded = recorded();
    let go_on = &mut |_| ControlFlow::Continue(());
    for name in ["curved", "skewed"] {
        let neighbors = points(&recorded, name).neighbors(14, go_on).unwrap();
        same_graph(&simplicial(&neighbors), &recorded, &format!("{name}.fuzzy"));
    }
    let neighbors = points(&recorded, "skewed").neighbors(91, go_on).unwrap();
    same_graph(&probabilities(&neighbors, 30.0), &recorded, "skewed.joint");
}

#[test]
fn neighbors_are_kept_as_well_as_by_the_reference() {
    let recorded = recorded();
    for name in ["curved", "skewed"] {
        let points = points(&recorded, name);
        let start = Pca::of(&points, 2).plane(&points);
        for method in [Method::Umap, Method::Tsne] {
            let about = About { layer: 0, method, neighbors: method.usual_neighbors(), seed: 42 };
            let map = placed(&points, about, &start, &mut Unwatched).unwrap();
            let found = trust(&points, &map, 15).value;
            let reference = values(&recorded, &format!("{name}.trust.{}", method.name()));
            let mean = reference.iter().sum::<f64>() / reference.len() as f64;
            assert!(found > mean - 0.02, "{name} {method:?}: {found}, the reference has {mean}");
        }
    }
}

/// Ends after some steps, and counts the pictures.
struct Impatient {
    steps: usize,
    seen: usize,
}

impl Watch for Impatient {
    fn go_on(&mut self, _: &'static str, done: usize, _: usize) -> ControlFlow<()> {
        if done >= self.steps { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn moved(&mut self, points: &[[f32; 2]]) {
        assert!(points.iter().flatten().all(|value| value.is_finite()));
        self.seen += 1;
    }
}

#[test]
fn a_map_can_be_seen_on_its_way_and_left() {
    let points = Points { width: 3, values: (0..240).map(|place| (place as f32 * 0.37).sin()).collect() };
    let start = Pca::of(&points, 2).plane(&points);
    for method in [Method::Umap, Method::Tsne] {
        let about = About { layer: 0, method, neighbors: 15, seed: 1 };
        let mut watch = Impatient { steps: 20, seen: 0 };
        assert!(placed(&points, about, &start, &mut watch).is_none() || watch.seen == 0, "{method:?}");
        let mut watch = Impatient { steps: 100, seen: 0 };
        let map = placed(&points, about, &start, &mut watch);
        assert!(map.is_none() && watch.seen > 3, "{method:?}: {}", watch.seen);
    }
}

/// Texts as rows of a file, with a second one where there are such.
fn rows(texts: &[Request], task: Task) -> Arc<Dataset> {
    let row = |text: &Request| format!("{},{}\n", text.text, text.pair.as_deref().unwrap_or_default());
    let csv = String::from("text,pair\n") + &texts.iter().map(row).collect::<String>();
    let table = Arc::new(Table::from_bytes(Path::new("rows.csv"), csv.into_bytes()).unwrap());
    let pair = texts[0].pair.is_some().then(|| "pair".to_owned());
    let roles = Roles { text: Some("text".into()), pair, ..Roles::default() };
    Arc::new(Dataset::new(table, task, &roles, None).unwrap())
}

#[test]
fn one_pass_has_the_states_and_what_the_head_says() {
    for name in ["bert-classify", "roberta-classify", "albert-sop", "electra-classify"] {
        let dir = golden().join(name);
        let texts: Vec<Request> = (0..30)
            .map(|row| Request {
                text: format!("heavy rain closed the road{}", " again".repeat(row % 7)),
                pair: name.ends_with("sop").then(|| format!("they waited {row}")),
            })
            .collect();
        let mut model = OpenModel::open_whole(&dir).unwrap();
        // Beside the order of sentences one of them also fills masks, which says nothing of a whole text.
        let task = *model.heads.iter().find(|task| task.is_of_whole_texts()).unwrap();
        let of = Sampling::all(dir.clone(), rows(&texts, task));
        for pooling in [Pooling::First, Pooling::Mean] {
            let go_on = &mut |_: &str, _, _| ControlFlow::Continue(());
            let which = Which::Plane(Plane { pooling, layer: 1 });
            let found = once(&mut model, &of, which, go_on).unwrap().unwrap();
            let found = Read::of(found, pooling);
            let expected = model.states(&texts, pooling, &mut |_, _| ControlFlow::Continue(())).unwrap().unwrap();
            assert_eq!(found.states.len(), expected.layers);
            for (layer, points) in &found.states {
                for text in 0..texts.len() {
                    assert_eq!(points.get(text), expected.of(text, *layer), "{name}, layer {layer}, text {text}");
                }
            }
            assert_eq!(found.said.len(), texts.len(), "{name}");
            for (text, said) in texts.iter().zip(&found.said) {
                let prepared = model.prepare(text.clone(), &Options::default()).unwrap();
                let predicted = model.predict(&[&prepared], &Options::default()).unwrap().remove(0);
                let Said::Labels(labels) = predicted.output else { panic!("{name} labels texts") };
                assert_eq!(said.answer, labels[0].label, "{name}");
                let found = f64::from(said.confidence.unwrap());
                assert!((found - labels[0].score).abs() < 1e-6, "{name}: {found}, expected {}", labels[0].score);
            }
        }
        let go_on = &mut |_: &str, _, _| ControlFlow::Continue(());
        let which = Which::Plane(Plane { pooling: Pooling::Mean, layer: 1 });
        let regress = Sampling { data: rows(&texts, Task::Regress), ..of.clone() };
        let other = once(&mut model, &regress, which, go_on).unwrap().unwrap();
        assert!(other.said.is_empty(), "{name} has no head for it");
        let stop = &mut |_: &str, done, _| if done > 5 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
        assert!(once(&mut model, &of, which, stop).unwrap().is_none());
    }
}

fn attune(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_attune"));
    command.args(arguments).env("HF_HUB_OFFLINE", "1").env("HF_HOME", "/nonexistent").output().unwrap()
}

fn map(folder: &str, data: &Path, out: &Path, more: &[&str]) -> Output {
    let model = golden().join(folder);
    let mut arguments = vec!["map", "--model", model.to_str().unwrap(), "--data", data.to_str().unwrap()];
    arguments.extend(["--out", out.to_str().unwrap()]);
    arguments.extend(more);
    attune(&arguments)
}

fn written(path: &Path) -> (Vec<String>, Vec<HashMap<String, String>>) {
    let mut reader = csv::Reader::from_path(path).unwrap();
    let head: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    let rows = reader.records().map(|row| {
        let row = row.unwrap();
        head.iter().cloned().zip(row.iter().map(str::to_owned)).collect()
    });
    (head.clone(), rows.collect())
}

#[test]
fn the_command_writes_every_row_with_a_text_and_what_is_said_of_it() {
    let dir = tempfile::tempdir().unwrap();
    let (data, out) = (dir.path().join("rows.csv"), dir.path().join("map.csv"));
    let mut text = String::from("text,label\n");
    for row in 0..40 {
        let label = ["happy", "", "sad"][row % 3];
        text.push_str(&format!("the river rose {row} times and fell,{label}\n"));
    }
    text.push_str("=SUM(A1),sad\n,happy\n");
    text.push_str(&format!("{},sad\n", "long ".repeat(400)));
    std::fs::write(&data, text).unwrap();
    for (method, trusted) in [("pca", "PCA"), ("umap", "UMAP"), ("tsne", "t-SNE")] {
        let output = map("bert-classify", &data, &out, &["--method", method, "--layer", "1"]);
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{told}");
        assert!(output.stdout.is_empty());
        assert!(told.contains("1 text was truncated") && told.contains("line 43: has no text"), "{told}");
        assert!(
            told.contains(&format!("laid out by {trusted} from layer 1 of")) && told.contains("the mean over"),
            "{told}"
        );
        let (head, rows) = written(&out);
        assert_eq!(head[..6], ["line", "x", "y", "label", "predicted", "confidence"], "{head:?}");
        assert_eq!(head.last().unwrap(), "text");
        assert_eq!(rows.len(), 42, "rows without a label are rows");
        assert_eq!((rows[0]["line"].as_str(), rows[1]["label"].as_str(), rows[41]["line"].as_str()), ("2", "", "44"));
        assert_eq!(rows[40]["text"], "'=SUM(A1)");
        assert!(
            rows.iter().all(|row| row["x"].parse::<f64>().is_ok() && row["confidence"].parse::<f64>().unwrap() > 0.0)
        );
        let first = std::fs::read(&out).unwrap();
        map("bert-classify", &data, &out, &["--method", method, "--layer", "1"]);
        assert!(std::fs::read(&out).unwrap() == first, "{method} of one seed is one map");
    }
}

#[test]
fn what_cannot_be_mapped_is_refused_in_words() {
    let dir = tempfile::tempdir().unwrap();
    let (data, out) = (dir.path().join("rows.csv"), dir.path().join("map.csv"));
    std::fs::write(&data, "text\nOne.\nTwo.\n").unwrap();
    let refused = |more: &[&str], status: i32, words: &str| {
        let output = map("bert-mlm", &data, &out, more);
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(status), "{told}");
        assert!(told.contains(words) && !out.exists(), "{told}");
    };
    refused(&["--layer", "99"], 1, "there is no layer 99 in");
    refused(&["--method", "isomap"], 2, "pca, umap, tsne");
    refused(&["--text", "body"], 1, "\"body\"");
    let output = map("bert-mlm", &data, &out, &["--method", "umap"]);
    assert!(output.status.success(), "{output:?}");
    let (head, rows) = written(&out);
    assert_eq!((head.join(","), rows.len()), ("line,x,y,text".to_owned(), 2), "two rows without labels or a head");
}

/// A window with a file of so many reviews, and Explore turned to a map of it by a model with two classes.
fn window_with_a_map(folder: &Path, rows: usize) -> Window {
    let mut window = Window::open(folder);
    window.go(Screen::Data);
    window.write(Role::TextInput, "data file", &reviews(folder, rows).display().to_string());
    window.press("Open data file");
    window.until("the examples are read", |workspace| workspace.data.loaded.is_some());
    window.go(Screen::Model);
    let model = golden().join("bert-classify");
    window.write(Role::TextInput, "model folder", &model.display().to_string());
    window.press("Open model folder");
    window.until("the model is listed", |workspace| workspace.models.iter().any(|entry| entry.dir == model));
    window.go(Screen::Explore);
    window.press("bert-classify");
    window.until("the model can be asked", |workspace| workspace.explore.subject.is_some());
    window.harness.get_by_role_and_label(Role::Button, "Map").click();
    window.harness.run_steps(3);
    window
}

fn laid_out(window: &mut Window, method: Method) {
    window.until("the rows are laid out", |workspace| {
        let worked = workspace.worked::<MapRows>();
        workspace.jobs.is_empty() && worked.is_some_and(|(work, _)| work.wish.method == method)
    });
}

#[test]
fn rows_are_mapped_found_selected_and_shown_in_data_and_a_typed_text_lies_among_them() {
    let folder = tempfile::tempdir().unwrap();
    let mut window = window_with_a_map(folder.path(), 120);
    window.press("Map 120 rows");
    laid_out(&mut window, Method::Pca);
    assert!(window.shows("trust 0.") && window.shows("Hide good, 60 rows"));

    window.press("UMAP");
    laid_out(&mut window, Method::Umap);
    let placed = |workspace: &Workspace| {
        let reply = workspace.explore.answer.as_ref()?;
        let method = reply.inquiry.get::<PlaceText>()?.map.about.method;
        Some((method, reply.to::<PlaceText>()?.clone()))
    };
    window.until("the text is placed", |workspace| placed(workspace).is_some_and(|(method, _)| method == Method::Umap));
    assert!(window.shows("Nearest to your text in the model"));
    let before = placed(window.workspace()).unwrap().1;
    window.harness.get_by_label("Text to try").focus();
    window.harness.run_steps(2);
    window.harness.event(egui::Event::Text("a ferry and endless".into()));
    window.until("it moves while it is typed", |workspace| placed(workspace).is_some_and(|(_, now)| now != before));

    // Who changes their mind has the map of before.
    window.press("t-SNE");
    window.until("the rows are on their way", |workspace| {
        workspace
            .jobs
            .iter()
            .any(|job| job.progress.as_ref().is_some_and(|progress| progress.what == "placing the rows"))
    });
    assert!(!window.shows("trust 0."));
    window.press("Cancel the map");
    window.until("it is stopped", |workspace| workspace.jobs.is_empty());
    window.harness.run_steps(8);
    laid_out(&mut window, Method::Umap);
    assert!(window.shows("trust 0."));

    // A model that was left and came back has the map that it had.
    let [one, other] = ["bert-classify", "bert-mlm"].map(|name| golden().join(name));
    for (model, has_map) in [(&other, false), (&one, true)] {
        window.harness.state_mut().act(attune::ui::Action::ExploreWith(model.clone()));
        window.until("the model can be asked", |workspace| {
            workspace.explore.subject.as_ref().is_some_and(|subject| &subject.dir == model)
        });
        window.harness.run_steps(4);
        assert_eq!(window.shows("Out of date"), !has_map, "{}", model.display());
    }

    window.write(Role::TextInput, "Search the map", "wonderful");
    window.press("60 found, select them");
    assert!(window.shows("60 rows with"));
    window.press("Show the selection in Data");
    assert_eq!(window.workspace().screen, Screen::Data);
    window.harness.run_steps(4);
    assert!(window.shows("60 of 120 rows"));

    window.go(Screen::Explore);
    window.press("Hide good, 60 rows");
    assert!(window.shows("Show good, 60 rows"));
    window.press("Clusters");
    assert!(window.shows("Rows that lie close together"));

    // Another file: what is shown is of the first, and says so.
    let other = folder.path().join("other.csv");
    std::fs::write(&other, "text,label\nfine,good\npoor,bad\nso,bad\n").unwrap();
    window.go(Screen::Data);
    window.press("Close the data");
    window.write(Role::TextInput, "data file", &other.display().to_string());
    window.press("Open data file");
    window.until("the other file is read", |workspace| {
        workspace.data.loaded.as_ref().is_some_and(|loaded| loaded.dataset.examples.len() == 3)
    });
    window.go(Screen::Explore);
    assert!(window.shows("Out of date") && window.shows("The data have changed since this map was made"));
    window.press("Map again");
    window.until("it is mapped again", |workspace| {
        let worked = workspace.worked::<MapRows>();
        workspace.jobs.is_empty() && worked.is_some_and(|(_, mapped)| mapped.map.points.len() == 3)
    });
    assert!(!window.shows("Out of date"));
}

#[test]
fn a_map_that_is_cancelled_leaves_nothing_behind_and_can_be_asked_for_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut window = window_with_a_map(folder.path(), 900);
    window.press("Map 900 rows");
    window.until("reading has begun", |workspace| {
        workspace.jobs.iter().any(|job| job.progress.as_ref().is_some_and(|progress| progress.done > 0))
    });
    window.press("Cancel the map");
    window.until("it is stopped", |workspace| workspace.jobs.is_empty());
    window.harness.run_steps(6);
    assert!(window.workspace().worked::<MapRows>().is_none());
    assert!(window.shows("Map 900 rows") && !window.shows("could not be mapped"));
}

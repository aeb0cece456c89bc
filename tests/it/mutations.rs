//! Whatever is damaged in a file, and however: opening it ends with a result or with an error that names the file, and
//! takes no more memory than the file is worth.
//!
//! Each kind of file is damaged so many times in the same ways each time. `ATTUNE_MUTATIONS=10000` damages each that many
//! times, and says which took longest; what was last opened then lies below the folder of temporary files that cargo
//! keeps, should it end the process.

mod damage;
pub mod memory;
mod samples;

use std::any::Any;
use std::fs;
use std::hint::black_box;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use attune::data::{Dataset, Roles, guess_task, health};
use attune::hub::{Card, Hub, markdown};
use attune::inspect::{OpenModel, Options, Request};
use attune::model::files::TensorFiles;
use attune::sweep::Sweep;
use attune::table::{Table, files_named};
use attune::task::Task;
use attune::text::Tokenizer;
use attune::train::config::RunConfig;
use attune::train::rows::fill_roles;
use attune::train::{checkpoint, run};
use attune::ui::settings;

use crate::command_line::{done, run_file};
use crate::models_match_the_reference::golden;
use crate::served::{self, Served};
use damage::{Build, Dice, damage};
use samples::{Sample, all_of, build_of};

/// Damaged copies of each file.
const ROUNDS: u64 = 10;
/// What opening anything may take beside twice its size: tables of a tokenizer, buffers of packings.
const FIXED: usize = 96 << 20;
/// As the lanes of the window have.
const STACK: usize = 64 << 20;
/// What is told of where every round is.
const SLOW: Duration = Duration::from_secs(2);

type Read = fn(&Path) -> Result<(), String>;

fn rounds() -> (u64, bool) {
    let wanted = std::env::var("ATTUNE_MUTATIONS").ok().and_then(|wanted| wanted.parse().ok());
    wanted.map_or((ROUNDS, false), |wanted| (wanted, true))
}

/// Damages each sample and opens it, and fails with all that went wrong.
#[expect(clippy::print_stdout, reason = "who asks for many rounds wants to see how they went")]
fn attack(samples: Vec<Sample>, read: Read) {
    let work = move || {
        let (rounds, is_told) = rounds();
        let mut faults = Vec::new();
        for sample in samples {
            let begun = Instant::now();
            let (mut opened, mut refused, mut largest) = (0, 0, 0);
            let mut slowest = (Duration::ZERO, 0);
            let place = Laid::out(&sample, is_told);
            for round in 0..rounds {
                let begun = Instant::now();
                let found = once(&sample, &place, round, read);
                slowest = slowest.max((begun.elapsed(), round));
                match found {
                    Ok((is_open, bytes)) => {
                        (opened, refused) = if is_open { (opened + 1, refused) } else { (opened, refused + 1) };
                        largest = largest.max(bytes);
                    }
                    Err(fault) => faults.push(format!("{}, round {round}: {fault}", sample.name)),
                }
            }
            if is_told {
                let slow = if slowest.0 > SLOW { "  SLOW" } else { "" };
                println!(
                    "{:<44} {opened:>6} opened {refused:>6} refused, {:>6.1} s, slowest {:.3} s in round {}, {:>5.1} MB{slow}",
                    sample.name,
                    begun.elapsed().as_secs_f64(),
                    slowest.0.as_secs_f64(),
                    slowest.1,
                    largest as f64 / 1e6
                );
            }
        }
        let shown = faults.len().min(20);
        assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults[..shown].join("\n"));
    };
    std::thread::Builder::new().name("mutations".into()).stack_size(STACK).spawn(work).unwrap().join().unwrap();
}

/// A sample on the disk.
struct Laid {
    _folder: tempfile::TempDir,
    root: PathBuf,
}

impl Laid {
    fn out(sample: &Sample, is_kept: bool) -> Self {
        let folder = if is_kept {
            tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap()
        } else {
            tempfile::tempdir().unwrap()
        };
        let root = folder.path().join("opened");
        for (name, bytes) in &sample.files {
            let path = root.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
        Self { _folder: folder, root }
    }
}

/// Whether it was opened, and the most memory that took.
fn once(sample: &Sample, place: &Laid, round: u64, read: Read) -> Result<(bool, usize), String> {
    let (name, whole) = &sample.files[sample.damaged];
    let bytes = damage(whole, sample.build, &mut Dice::new(&sample.name, round));
    fs::write(place.root.join(name), &bytes).unwrap();
    let opened = if sample.opened.is_empty() { place.root.clone() } else { place.root.join(&sample.opened) };
    let (outcome, most) = memory::most(|| catch_unwind(AssertUnwindSafe(|| read(&opened))));
    let total: usize = bytes.len() + sample.files.iter().map(|(_, bytes)| bytes.len()).sum::<usize>();
    if most > 2 * total + FIXED {
        return Err(format!("it took {most} bytes of memory, and is {total}"));
    }
    match outcome {
        Ok(Ok(())) => Ok((true, most)),
        // A file is named by its own name, or a folder by its.
        Ok(Err(error)) => {
            let own = name.rsplit('/').next().unwrap_or(name);
            if error.contains(own) || error.contains("opened") {
                Ok((false, most))
            } else {
                Err(format!("it is not named in {error:?}"))
            }
        }
        Err(panic) => Err(format!("panicked: {}", message(panic.as_ref()))),
    }
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default()
}

fn words(error: impl std::fmt::Display) -> String {
    error.to_string()
}

/// Reads data as `attune inspect` does.
fn data(path: &Path) -> Result<(), String> {
    let table = Arc::new(Table::open(path).map_err(words)?);
    files_named(&path.into()).map_err(words)?;
    let roles = fill_roles(&Roles::default(), &table, Task::Classify);
    let guessed = guess_task(&table, &roles);
    for task in [guessed, Task::Ner, Task::MultiLabel] {
        let roles = fill_roles(&Roles::default(), &table, task);
        match Dataset::new(table.clone(), task, &roles, None) {
            Ok(dataset) => {
                black_box(health(&dataset).iter().map(attune::data::Finding::message).collect::<Vec<_>>());
                black_box((0..dataset.examples.len()).map(|example| dataset.words(example).len()).sum::<usize>());
                black_box(dataset.reading());
            }
            Err(error) if task == guessed => return Err(format!("{}: {error}", path.display())),
            Err(_) => {}
        }
    }
    Ok(())
}

const ASKED: [&str; 5] =
    ["the jury believed her", "", "Köln 東京 😀\u{202e}\u{0}", "a\u{301} [MASK] <mask>", "ﬁ ﬀ ½ ٣"];

fn tokenizer(dir: &Path) -> Result<(), String> {
    let tokenizer = Tokenizer::open(dir).map_err(words)?;
    for text in ASKED {
        tokenizer.encode(text, None, 16).ok();
        tokenizer.encode(text, Some("a second one"), 16).ok();
    }
    Ok(())
}

fn weights(path: &Path) -> Result<(), String> {
    let files = TensorFiles::open_file(path).map_err(words)?;
    for tensor in files.tensors() {
        files.read_f32(&tensor.name).ok();
    }
    Ok(())
}

fn model(dir: &Path) -> Result<(), String> {
    attune::model::open_card(dir).ok();
    let model = OpenModel::open(dir, None).map_err(words)?;
    let options = Options { max_tokens: Some(16), stride: Some(2), ..Options::default() };
    let pair = Some("it leaves at seven in the morning".to_owned());
    for text in ASKED {
        let request = Request { text: text.to_owned(), pair: pair.clone().filter(|_| model.task == Task::Qa) };
        // What of a text cannot be answered is no fault of the file's.
        if let Ok(prepared) = model.prepare(request, &options) {
            model.predict(&[&prepared], &options).ok();
        }
    }
    Ok(())
}

/// Looks at a run as Runs and `--resume` do before anything is trained.
fn looked_at(dir: &Path) -> Result<(), String> {
    black_box(run::find(dir.parent().unwrap()));
    black_box(run::status(dir));
    black_box(run::damage(dir));
    black_box(run::compare(&[dir.to_owned(), dir.to_owned()], &mut |_| std::ops::ControlFlow::Continue(())));
    if let Some(found) = checkpoint::newest(&dir.join("checkpoint")).map_err(words)? {
        black_box(found.config());
        assert!(found.step() < u64::MAX);
    }
    run::read(dir).map(drop).map_err(words)
}

fn run_file_of(path: &Path) -> Result<(), String> {
    let config = RunConfig::read(path).map_err(words)?;
    // What is asked for may be impossible, which is told by its key.
    config.check().ok();
    Ok(())
}

fn sweep(path: &Path) -> Result<(), String> {
    Sweep::read(path).map(drop).map_err(|error| format!("{}: {error}", path.display()))
}

fn cache(dir: &Path) {
    let mut hub = Hub::at("http://127.0.0.1:9", dir);
    hub.offline = true;
    black_box((hub.cached_models(), hub.unfinished(), hub.shelf(), hub.find_cached("acme/tiny", "main")));
}

fn card(path: &Path) {
    let text = String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned();
    black_box(Card::read(&text));
    black_box(markdown::blocks(&text));
}

/// What is remembered between launches, as it is kept.
struct Kept(String);

impl eframe::Storage for Kept {
    fn get_string(&self, _key: &str) -> Option<String> {
        Some(self.0.clone())
    }

    fn set_string(&mut self, _key: &str, value: String) {
        self.0 = value;
    }

    fn remove_string(&mut self, _key: &str) {}

    fn flush(&mut self) {}
}

fn remembered(path: &Path) {
    let kept = Kept(String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned());
    let settings: settings::Settings = eframe::get_value(&kept, settings::KEY).unwrap_or_default();
    let size = settings.text_size();
    let [least, .., most] = settings::Settings::TEXT_SIZES;
    assert!((least..=most).contains(&size), "{size}");
}

#[test]
fn damaged_data_are_read_or_refused_by_name() {
    attack(samples::tables(), data);
}

#[test]
fn damaged_folders_of_data_are_read_or_refused_by_name() {
    attack(samples::folders(), data);
}

#[test]
fn damaged_tokenizers_are_read_or_refused_by_name() {
    attack(samples::tokenizers(), tokenizer);
}

#[test]
fn damaged_models_answer_or_are_refused_by_name() {
    let mut all = samples::models();
    let mut adapter = all_of(&golden().join("lora/bert-classify"));
    let base = all_of(&golden().join("bert-classify"));
    adapter.extend(base.into_iter().map(|(name, bytes)| (format!("bert-classify/{name}"), bytes)));
    all.extend(Sample::folders("adapter", &adapter, &["adapter_config.json", "adapter_model.safetensors"]));
    attack(all, model);
}

#[test]
fn damaged_weights_are_read_or_refused_by_name() {
    attack(samples::weights(), weights);
}

#[test]
fn damaged_runs_are_read_or_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let (file, out) = run_file(dir.path(), "");
    done(&["train", &file]);
    let files = all_of(&out);
    let mut damaged: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
    damaged.retain(|name| !name.starts_with("model/") && *name != "lock");
    assert!(["run.toml", "events.jsonl", "evaluation.json", "manifest.json"].iter().all(|name| damaged.contains(name)));
    attack(Sample::folders("run", &files, &damaged), looked_at);
    let earlier = all_of(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/earlier/format-1/head"));
    let damaged: Vec<&str> = earlier.iter().map(|(name, _)| name.as_str()).collect();
    attack(Sample::folders("earlier", &earlier, &damaged), looked_at);
}

const RUN: &str = "task = \"classify\"\n[model]\npath = \"bert\"\n[data]\ntrain = [\"a.csv\", \"b.csv\"]\neval_fraction = 0.1\n\
    columns = { text = \"text\", label = \"label\" }\nmax_tokens = 128\nstride = 64\n[strategy]\nkind = \"lora\"\n\
    frozen = [\"embeddings\", \"layers.0-5\"]\nlora = { rank = 8, alpha = 16, dropout = 0.0, targets = [\"query\"] }\n\
    [optim]\nlr = 2e-5\nlr_groups = { head = 5e-5 }\nbetas = [0.9, 0.999]\nclip = 1.0\nwarmup = 0.1\n[run]\nepochs = 3\n\
    batch = 16\nseed = 42\neval_every = \"epoch\"\ndropout = \"config\"\nout = \"runs/first\"\n";

const SWEEP: &str = "out = \"runs/rates\"\nmethod = \"random\"\ntrials = 4\nseed = 0\nseeds = [1, 2]\n[run_file]\n\
    task = \"classify\"\nmodel = { path = \"bert\" }\ndata = { train = \"a.csv\" }\n[vary]\n\
    \"optim.lr\" = { low = 1e-5, high = 1e-3, log = true }\n\"run.batch\" = [16, 32]\n";

#[test]
fn damaged_descriptions_of_runs_are_read_or_refused_by_name() {
    attack(vec![Sample::file("RUN.toml", RUN, Build::Bytes)], run_file_of);
    attack(vec![Sample::file("SWEEP.toml", SWEEP, Build::Bytes)], sweep);
}

const README: &str = "---\nlicense: mit\nlanguage:\n- en\n- de\ntags: [a, \"b\"]\nmodel-index:\n- name: x\n---\n# Title\n\n\
    Some *text* with `code`, a [link](https://example.org \"t\") and <b>html</b>.\n\n- one\n  - two\n1. three\n\n\
    | a | b |\n|---|:-:|\n| 1 | 2 |\n\n```python\nprint(1)\n```\n> quoted\n\n![picture](x.png)\n";

#[test]
fn a_damaged_cache_card_or_setting_is_passed_over() {
    let commit = "0123456789abcdef0123456789abcdef01234567";
    let note = serde_json::json!({
        "repo": {"kind": "Model", "name": "acme/tiny"}, "revision": "main", "commit": commit, "part": null,
        "files": [{"name": "model.safetensors", "size": 12, "checksum": "0".repeat(64)}], "is_finished": false,
    });
    let config = fs::read(golden().join("bert-classify/config.json")).unwrap();
    let at = |name: &str| format!("models--acme--tiny/{name}");
    let files = vec![
        (at("refs/main"), commit.as_bytes().to_vec()),
        (at(&format!("snapshots/{commit}/config.json")), config),
        (at(&format!("snapshots/{commit}/README.md")), README.as_bytes().to_vec()),
        (at(".attune-main.json"), note.to_string().into_bytes()),
    ];
    let names: Vec<String> = files.iter().map(|(name, _)| name.clone()).collect();
    attack(Sample::folders("cache", &files, &names.iter().map(String::as_str).collect::<Vec<_>>()), |dir| {
        cache(dir);
        Ok(())
    });
    attack(vec![Sample::file("README.md", README, Build::Bytes)], |path| {
        card(path);
        Ok(())
    });
    let mut kept = Kept(String::new());
    let mut whole = settings::Settings::default();
    whole.add_model_folder(Path::new("/models/bert"));
    eframe::set_value(&mut kept, settings::KEY, &whole);
    attack(vec![Sample::file("app.ron", kept.0, Build::Bytes)], |path| {
        remembered(path);
        Ok(())
    });
}

#[test]
fn damaged_requests_are_answered_and_the_next_one_too() {
    let served = Served::start("bert-classify", &[]);
    let whole =
        served::message("POST", "/predict", Some("[{\"text\":\"the jury\",\"pair\":null},{\"text\":\"a map\"}]"));
    let (rounds, _) = rounds();
    for round in 0..rounds * 4 {
        let bytes = damage(whole.as_bytes(), Build::Bytes, &mut Dice::new("request", round));
        let back = served.raw(&bytes);
        assert!(back.is_empty() || back.starts_with("HTTP/1.1 "), "round {round}: {back:.200}");
    }
    assert!(served.predict(&serde_json::json!({ "text": "still here" }))["result"].is_array());
    assert_eq!(build_of("x.csv"), Build::Bytes);
}

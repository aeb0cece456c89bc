use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use candle_core::Device;

use super::*;
use crate::stop::Stop;
use crate::train::config::{Dropout, Every, Init, RunConfig, StrategyKind};
use crate::train::event::{Step, TrainEvent};
use crate::train::prepare::open_model;
use crate::train::run::{Opened, Recorder, check_folder, open};
use crate::train::{Outcome, plan, prepare, train_from};

#[test]
fn layers_are_mapped_evenly() {
    assert_eq!(mapped(4, 12), [0, 3, 6, 9, 12]);
    assert_eq!(mapped(6, 12), [0, 2, 4, 6, 8, 10, 12]);
    assert_eq!(mapped(3, 3), [0, 1, 2, 3]);
    assert_eq!(mapped(2, 3), [0, 2, 3]);
    assert_eq!(mapped(1, 12), [0, 12]);
    assert_eq!(mapped(7, 3), [0, 1, 1, 1, 2, 2, 3, 3]);
}

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

/// A folder of the shape of a checkpoint with other sizes, and with its tokenizer: it has no weights.
fn shape(folder: &Path, name: &str, of: &str, sizes: &[(&str, u64)]) -> PathBuf {
    let (dir, from) = (folder.join(name), golden(of));
    fs::create_dir_all(&dir).unwrap();
    for entry in fs::read_dir(&from).unwrap() {
        let path = entry.unwrap().path();
        let file = path.file_name().unwrap().to_str().unwrap().to_owned();
        let is_kept = path.extension().is_some_and(|ending| ending == "json" || ending == "txt");
        if is_kept && !file.starts_with("expected") {
            fs::copy(&path, dir.join(file)).unwrap();
        }
    }
    let text = fs::read_to_string(from.join("config.json")).unwrap();
    let mut config: serde_json::Value = serde_json::from_str(&text).unwrap();
    for (key, size) in sizes {
        config[*key] = (*size).into();
    }
    fs::write(dir.join("config.json"), config.to_string()).unwrap();
    dir
}

/// A short run, cut into parts of updates, that learns from a golden checkpoint; its student has half of the teacher's width.
fn config(folder: &Path, name: &str) -> RunConfig {
    let data = folder.join("reviews.csv");
    let row = |row: usize| {
        let label = ["wonderful,positive", "endless,negative", "there,neutral"][row % 3];
        format!("the soup {} was {label}\n", "and so on ".repeat(row % 4))
    };
    fs::write(&data, format!("text,label\n{}", (0..24).map(row).collect::<String>())).unwrap();
    let text = format!("task = \"classify\"\n[model]\n[data]\ntrain = {data:?}\neval_fraction = 0.25\n");
    let mut config: RunConfig = toml::from_str(&text).unwrap();
    config.model.path =
        Some(shape(folder, "narrow", "bert-classify", &[("hidden_size", 16), ("num_hidden_layers", 2)]));
    config.model.init = Init::Random;
    (config.optim.lr, config.optim.warmup) = (5e-3, 0.2);
    (config.run.batch, config.run.micro_batch) = (6, Some(4));
    config.run.dropout = Dropout::Rate(0.1);
    config.run.epochs = 4.0;
    config.run.eval_every = Every::Steps(2);
    config.run.checkpoint_minutes = 1e-9;
    config.run.out = folder.join(name);
    config.distill =
        Some(Distill { teacher: golden("bert-classify"), hidden: 0.5, attention: 0.3, ..Distill::default() });
    config
}

/// The student is of its teacher's shape, and begins where it does.
fn alike(config: &mut RunConfig) {
    config.model.path = Some(golden("bert-classify"));
    config.model.init = Init::Pretrained;
}

fn distill(config: &mut RunConfig) -> &mut Distill {
    config.distill.get_or_insert_default()
}

fn go(config: &RunConfig, resume: bool, steps: u64) -> Result<(Outcome, Vec<Step>), TrainError> {
    let goes_on = check_folder(config, resume)?;
    let data = prepare(config, &mut |_, _, _| ControlFlow::Continue(()))?.unwrap();
    let (model, _) = open_model(config, &data.labels, &Device::Cpu)?;
    let Opened { folder, checkpoint, .. } = open(config, goes_on, &data, &model)?;
    let told = std::cell::RefCell::new(Vec::new());
    let mut recorder = Recorder {
        folder,
        data: &data,
        on_event: &mut |event| {
            if let TrainEvent::Step(step) = event {
                told.borrow_mut().push(step);
            }
        },
        on_pause: &mut || {
            let is_enough = told.borrow().len() as u64 >= steps;
            if is_enough { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        },
        is_paused: &|| false,
        orders: &mut Vec::new,
        interrupt: &Stop::default,
    };
    let outcome = train_from(checkpoint.as_ref(), &model, &data, config, &mut recorder)?;
    drop(recorder);
    Ok((outcome, told.into_inner()))
}

fn steps(config: &RunConfig) -> Vec<Step> {
    go(config, false, u64::MAX).unwrap().1
}

fn weights(config: &RunConfig) -> Vec<u8> {
    fs::read(config.run.out.join("model/model.safetensors")).unwrap()
}

fn of_part(steps: &[Step], part: &str) -> Vec<f64> {
    steps.iter().map(|step| step.parts[part]).collect()
}

#[test]
fn a_narrower_student_comes_near_to_its_teachers_layers_and_its_projection_is_not_in_the_model() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = config(folder.path(), "run");
    config.run.epochs = 20.0;
    let steps = steps(&config);
    for step in &steps {
        let names: Vec<&str> = step.parts.keys().map(String::as_str).collect();
        assert_eq!(names, ["attention", "hidden", "labels", "soft"]);
        assert!((step.parts.values().sum::<f64>() - step.loss).abs() < 1e-5, "{step:?}");
    }
    for part in ["hidden", "attention"] {
        let losses = of_part(&steps, part);
        let (first, last) = (losses[0], losses[losses.len() - 1]);
        assert!(last < first * 0.7, "{part}: from {first} to {last}");
    }
    let kept = String::from_utf8_lossy(&weights(&config)).into_owned();
    assert!(!kept.contains("projection"), "the projection is in the model");
}

#[test]
fn a_run_that_compares_layers_resumes_to_the_bit_with_its_projection() {
    let folder = tempfile::tempdir().unwrap();
    let whole = config(folder.path(), "whole");
    let all = steps(&whole);
    let cut = config(folder.path(), "cut");
    let (outcome, first) = go(&cut, false, 5).unwrap();
    assert!(outcome.stopped && first.len() == 5);
    let checkpoint = cut.run.out.join("checkpoint/step-000000005/state.safetensors");
    let kept = String::from_utf8_lossy(&fs::read(checkpoint).unwrap()).into_owned();
    for name in ["teacher.projection.weight", "teacher.projection.weight.exp_avg_sq", "teacher.projection.bias"] {
        assert!(kept.contains(&format!("\"{name}\"")), "{name} is not in the checkpoint");
    }
    let (_, rest) = go(&cut, true, u64::MAX).unwrap();
    let bits = |steps: &[Step]| -> Vec<Vec<u64>> {
        let of = |step: &Step| step.parts.values().chain([&step.loss, &step.grad_norm]).map(|x| x.to_bits()).collect();
        steps.iter().map(of).collect()
    };
    assert_eq!(bits(&[first, rest].concat()), bits(&all));
    assert_eq!(weights(&cut), weights(&whole));
}

#[test]
fn however_an_update_is_cut_its_loss_is_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let first = |name: &str, micro_batch, precise: &dyn Fn(&mut RunConfig)| {
        let mut config = config(folder.path(), name);
        config.run.micro_batch = Some(micro_batch);
        config.run.max_steps = Some(2);
        precise(&mut config);
        steps(&config)
    };
    let close = |one: &[Step], other: &[Step]| {
        for (one, other) in one.iter().zip(other) {
            assert!((one.grad_norm - other.grad_norm).abs() < 1e-4 * one.grad_norm, "{one:?} and {other:?}");
            for (part, loss) in &one.parts {
                assert!((loss - other.parts[part]).abs() < 1e-5 * loss.max(1.0), "{part}: {one:?} and {other:?}");
            }
        }
    };
    close(&first("whole", 6, &|_| {}), &first("parts", 2, &|_| {}));
    // Of some texts nothing is masked, and their layers are compared all the same.
    let lines = folder.path().join("lines.txt");
    fs::write(&lines, "the soup was warm\nthe tea\n".repeat(12)).unwrap();
    let masks = |config: &mut RunConfig| {
        let text = format!("task = \"mlm\"\n[model]\n[data]\ntrain = {lines:?}\neval_fraction = 0.25\n");
        let RunConfig { task, data, .. } = toml::from_str(&text).unwrap();
        (config.task, config.data) = (task, data);
        (config.language.share, config.language.join_lines) = (0.05, false);
        (config.model.path, config.model.init) = (Some(golden("bert-mlm")), Init::Random);
        *distill(config) = Distill { teacher: golden("bert-mlm"), hidden: 1.0, ..Distill::default() };
    };
    close(&first("masks", 6, &masks), &first("masks-in-parts", 1, &masks));
}

#[test]
fn a_student_that_is_its_teacher_begins_with_nothing_to_learn_of_its_layers() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = config(folder.path(), "run");
    alike(&mut config);
    config.run.dropout = Dropout::Rate(0.0);
    config.run.max_steps = Some(2);
    *distill(&mut config) = Distill { cosine: 1.0, ..distill(&mut config).clone() };
    let steps = steps(&config);
    for part in ["hidden", "attention", "cosine", "soft"] {
        assert!(steps[0].parts[part].abs() < 1e-6, "{part}: {:?}", steps[0]);
    }
}

#[test]
fn nothing_is_compared_where_it_counts_nothing_and_soft_labels_are_as_they_were() {
    let folder = tempfile::tempdir().unwrap();
    let of = |name: &str, change: &dyn Fn(&mut Distill)| {
        let mut config = config(folder.path(), name);
        alike(&mut config);
        config.run.max_steps = Some(4);
        *distill(&mut config) = Distill { hidden: 0.0, attention: 0.0, ..distill(&mut config).clone() };
        change(distill(&mut config));
        steps(&config)
    };
    let alone = of("soft", &|_| {});
    assert!(alone.iter().all(|step| step.parts.keys().eq(["labels", "soft"])));
    // The last layer of both is computed for all tokens then, and says the same of the first.
    let beside = of("seen", &|distill| distill.hidden = 1e-30);
    for part in ["soft", "labels"] {
        let (seen, alone) = (of_part(&beside, part)[0], of_part(&alone, part)[0]);
        assert!((seen - alone).abs() < 1e-6, "{part}: {seen} and {alone}");
    }
}

#[test]
fn every_way_to_train_goes_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let all = [
        StrategyKind::Full,
        StrategyKind::Head,
        StrategyKind::Top,
        StrategyKind::Gradual,
        StrategyKind::BitFit,
        StrategyKind::Lora,
    ];
    for kind in all {
        let mut config = config(folder.path(), kind.name());
        alike(&mut config);
        // Adapters stand beside weights that are there; all others begin far from the teacher.
        config.model.init = if kind == StrategyKind::Lora { Init::Pretrained } else { Init::Random };
        distill(&mut config).cosine = 0.2;
        config.strategy.kind = kind;
        config.strategy.top_layers = 1;
        let steps = steps(&config);
        assert!(steps.iter().all(|step| step.loss.is_finite() && !step.skipped), "{kind:?}");
        assert!(steps.iter().all(|step| step.parts.len() == 5), "{kind:?}");
    }
}

#[test]
fn what_cannot_be_compared_is_refused_by_its_key() {
    let folder = tempfile::tempdir().unwrap();
    let check = |change: &dyn Fn(&mut RunConfig), words: &[&str]| {
        let mut config = config(folder.path(), "refused");
        change(&mut config);
        let told = go(&config, false, u64::MAX).unwrap_err().to_string();
        assert!(words.iter().all(|word| told.contains(word)), "{told}");
    };
    let only = |config: &mut RunConfig, hidden: f64, attention: f64, cosine: f64| {
        *distill(config) = Distill { hidden, attention, cosine, ..distill(config).clone() };
    };
    check(&|config| only(config, 0.0, 0.0, 0.5), &["distill.cosine is 0.5, expected 0, as", "have 32 numbers", "16"]);
    check(
        &|config| {
            let sizes = [("num_attention_heads", 2)];
            config.model.path = Some(shape(folder.path(), "two-heads", "bert-classify", &sizes));
        },
        &["distill.attention is 0.3, expected 0, as the teacher has 4 heads in a layer and the student 2"],
    );
    check(
        &|config| distill(config).teacher = golden("roberta-classify"),
        &["distill.hidden is 0.5, expected 0, as the teacher reads other tokens"],
    );
    check(
        &|config| {
            distill(config).teacher = golden("roberta-classify");
            only(config, 0.0, 2.0, 0.0);
        },
        &["distill.attention is 2, expected 0, as the teacher reads other tokens"],
    );
}

#[test]
fn the_plan_knows_what_a_comparison_takes() {
    let folder = tempfile::tempdir().unwrap();
    let of = |change: &dyn Fn(&mut RunConfig)| {
        let mut config = config(folder.path(), "planned");
        change(&mut config);
        let data = prepare(&config, &mut |_, _, _| ControlFlow::Continue(())).unwrap().unwrap();
        let (model, _) = open_model(&config, &data.labels, &Device::Cpu).unwrap();
        plan::of_prepared(&config, &data, &model).unwrap()
    };
    let soft = of(&|config| *distill(config) = Distill { hidden: 0.0, attention: 0.0, ..distill(config).clone() });
    let both = of(&|_| {});
    assert!(both.seconds > soft.seconds, "{} and {}", both.seconds, soft.seconds);
    // The projection is held, learns, and has two moments.
    assert_eq!(both.memory.optimizer - soft.memory.optimizer, 8 * (16 + 1) * 32);
    assert!(both.memory.activations > soft.memory.activations);
    assert_eq!(both.trainable, soft.trainable, "it is no part of the model");
}

#[test]
fn distilberts_recipe_has_all_three_parts() {
    let recipe = Distill { teacher: "t".into(), hidden: 1.0, ..Distill::default() }.as_distilbert(12);
    assert_eq!((recipe.layers, recipe.temperature, recipe.hidden, recipe.attention), (Some(6), 2.0, 0.0, 0.0));
    let labels = 1.0 - recipe.soft;
    assert!((recipe.soft / labels - 2.5).abs() < 0.01 && (recipe.soft / recipe.cosine - 5.0).abs() < 0.01);
    assert!(recipe.compares());
}

//! From a configuration to everything a run needs: its source read, its lengths settled, sequences made of it, and the
//! model opened with its head.

use std::sync::Arc;

use candle_core::Device;

use super::config::{DeviceChoice, Init, LanguageObjective, RunConfig, StrategyKind};
use super::contrast::Pairs;
use super::prepared::{Known, OnProgress, Prepared, Progress, Watch};
use super::recommend;
use super::source::Source;
use super::strategy::Trained;
use super::{TrainError, as_it_is, corpus, orders, patterns, rows, student, teacher};
use crate::data::LabelSet;
use crate::model::card::LoadReport;
use crate::model::keys::Keys as FrozenKeys;
use crate::model::{self, EncoderConfig, HeadKind, Model, ModelError, Param, Want};
use crate::task::{Targets, Task};
use crate::text::{Length, Tokenizer};

/// Reads, splits and tokenizes; `None` when `on_progress` said to stop.
pub fn prepare(config: &RunConfig, on_progress: OnProgress<'_>) -> Result<Option<Prepared>, TrainError> {
    prepare_watched(config, &mut Progress(on_progress))
}

/// The same for one who is told what is known as soon as it is.
pub fn prepare_watched(config: &RunConfig, watch: &mut dyn Watch) -> Result<Option<Prepared>, TrainError> {
    config.check()?;
    let cut = student::make(config)?;
    let dir = config.model_dir()?;
    let encoder = model::read_config(&dir)?;
    if config.strategy.kind == StrategyKind::Lora && model::adapter::is_one(&dir) {
        return Err(TrainError::AdapterOnAdapter { path: dir });
    }
    if watch.progress("reading data", 0, 0).is_break() {
        return Ok(None);
    }
    if !encoder.family.has_head(HeadKind::for_task(config.task)) {
        return Err(ModelError::NoSuchHead { family: encoder.family.model_type(), task: config.task }.into());
    }
    as_it_is::check(config, &encoder)?;
    let tokenizer = Tokenizer::open(&model::tokenizer_folder(&dir))?.for_embeddings(encoder.vocab_size)?;
    orders::check(config, encoder.stored_layers(), encoder.frozen.is_some())?;
    let unused = config.unused(encoder.stored_layers());
    let known = encoder.frozen.as_ref().and_then(FrozenKeys::weakness).map(str::to_owned);
    let misfits = tokenizer.misfits(encoder.vocab_size, &encoder.special_ids());
    let told = [cut.into_iter().collect(), unused, known.into_iter().collect(), misfits].concat();
    let source = read(config, &encoder, &tokenizer, watch)?;
    source.check(config)?;
    segments_fit(&encoder, &tokenizer, source.has_pairs())?;
    watch.learn(source.known());
    let sample = if config.open.max_tokens { source.sample(config, &tokenizer)? } else { Vec::new() };
    let (length, beyond) = length(config, sample, &tokenizer, encoder.max_tokens());
    watch.learn(Known::Length(length));
    let prepared = source.sequences(config, tokenizer, length, watch)?;
    if let (Some(distill), Some(prepared)) = (&config.distill, &prepared) {
        teacher::fit(config, distill, &encoder, prepared)?;
    }
    if let Some(prepared) = &prepared {
        // What cannot be paired is refused before the run has a folder.
        Pairs::of_run(config, &prepared.train)?;
    }
    let told = told.into_iter().chain(beyond);
    Ok(prepared.map(|prepared| Prepared { warnings: told.chain(prepared.warnings).collect(), ..prepared }))
}

/// The source of a run's sequences.
fn read(
    config: &RunConfig,
    encoder: &EncoderConfig,
    tokenizer: &Tokenizer,
    watch: &mut dyn Watch,
) -> Result<Box<dyn Source>, TrainError> {
    if let Some(text) = corpus::of(config, tokenizer, watch)? {
        return Ok(Box::new(text));
    }
    let known = (config.model.init == Init::Pretrained).then_some(encoder);
    Ok(Box::new(rows::read(config, known, watch)?))
}

/// The length of sequences: as configured, or recommended for texts of so many tokens, which is no more than the
/// tokenizer's own files allow. What is configured may be more, as far as the model has positions, which is told.
fn length(config: &RunConfig, tokens: Vec<u32>, tokenizer: &Tokenizer, most: usize) -> (Length, Option<String>) {
    let mut config = config.clone();
    recommend::fill_length(&mut config, tokens, tokenizer.most_tokens(most));
    let max_tokens = config.data.max_tokens.min(most);
    (Length { max_tokens, stride: config.data.stride }, tokenizer.longer_than_allowed(max_tokens))
}

/// Refuses a tokenizer that puts a text into a segment for which the model has no embedding.
pub(super) fn segments_fit(encoder: &EncoderConfig, tokenizer: &Tokenizer, is_pair: bool) -> Result<(), TrainError> {
    let (count, segment) = (encoder.type_vocab_size, tokenizer.frame(is_pair).last_segment());
    // With one segment or none there is nothing to tell apart.
    if count > 1 && segment as usize >= count {
        return Err(TrainError::NoSegment { segment, count });
    }
    Ok(())
}

/// The device a choice means in this build.
pub fn device(choice: DeviceChoice) -> Result<Device, TrainError> {
    let built = |device: &'static str, there: bool| if there { Ok(()) } else { Err(TrainError::NoDevice { device }) };
    match choice {
        DeviceChoice::Cuda => {
            built("cuda", cfg!(feature = "cuda"))?;
            Ok(Device::new_cuda(0)?)
        }
        DeviceChoice::Metal => {
            built("metal", cfg!(feature = "metal"))?;
            Ok(Device::new_metal(0)?)
        }
        DeviceChoice::Auto if cfg!(feature = "cuda") => Ok(Device::cuda_if_available(0)?),
        DeviceChoice::Auto if cfg!(feature = "metal") => Ok(Device::metal_if_available(0)?),
        DeviceChoice::Auto | DeviceChoice::Cpu => Ok(Device::Cpu),
    }
}

/// Names of the outputs of a task's head; a number has one.
pub fn output_names(task: Task, labels: &LabelSet) -> Vec<String> {
    if task.targets() == Targets::Number { vec!["LABEL_0".to_owned()] } else { labels.names.clone() }
}

/// Opens the model with the head for the prepared data, and freezes what the strategy says.
pub fn open_model(config: &RunConfig, labels: &LabelSet, device: &Device) -> Result<(Model, LoadReport), TrainError> {
    let dir = config.model_dir()?;
    let names = output_names(config.task, labels);
    let want = Want::Head { task: config.task, labels: &names };
    let (mut model, report) = match config.model.init {
        Init::Pretrained => model::open(&dir, want, device, config.run.seed)?,
        Init::Random => model::random(&dir, want, device, config.run.seed)?,
    };
    if config.task.targets() == Targets::Hidden && config.language.objective == LanguageObjective::Causal {
        model.config.causal = true;
    }
    if let Some(spec) = config.strategy.adapters() {
        model.adapt(&spec, config.run.seed)?;
    }
    let names: Vec<&str> = model.params.iter().filter(|param| !param.fixed).map(|param| param.name.as_str()).collect();
    let trained = Trained::of(&config.strategy, model.config.stored_layers(), names.iter().copied())?;
    patterns::check("optim.rates", config.optim.patterns(), &names)?;
    model.train_only(|name| trained.contains(name));
    check_fit(config, &model)?;
    Ok((model, report))
}

/// Refuses to fit outputs that are frozen, and to learn from pairs where nothing would.
fn check_fit(config: &RunConfig, model: &Model) -> Result<(), TrainError> {
    let fit = config.strategy.fit;
    if !fit.fits_outputs() {
        return Ok(());
    }
    let wrong = |expected: &str| Err(TrainError::setting("strategy.fit", fit.name().to_owned(), expected));
    let output = &model.head(config.task)?.output;
    if output.params().any(|param| !param.trainable()) {
        return wrong("gradient where the outputs of the head are frozen");
    }
    let learns = |param: &&Arc<Param>| param.trainable() && !output.params().any(|own| Arc::ptr_eq(own, param));
    if fit.has_rate() && !model.params.iter().any(|param| learns(&param)) {
        return wrong("logistic, with strategy.kind head, where only the outputs of the head are trained");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;
    use std::path::PathBuf;

    use super::super::corpus::tests::config;
    use super::*;

    /// Writes down all that it is told.
    #[derive(Default)]
    struct Heard(Vec<String>);

    impl Watch for Heard {
        fn progress(&mut self, what: &str, _done: u64, _total: u64) -> ControlFlow<()> {
            if self.0.last().is_none_or(|last| last != what) {
                self.0.push(what.to_owned());
            }
            ControlFlow::Continue(())
        }

        fn learn(&mut self, known: Known<'_>) {
            self.0.push(match known {
                Known::Table(table) => format!("a table of {} rows", table.rows()),
                Known::Data { columns, rows } => {
                    let columns: Vec<&str> = columns.named().map(|(role, _)| role).collect();
                    format!("{}: {}", columns.join(" and "), rows.map_or(0, |rows| rows.examples.len()))
                }
                Known::Length(length) => format!("{} tokens", length.max_tokens),
            });
        }
    }

    #[test]
    fn a_length_beyond_what_the_tokenizer_allows_is_told_and_never_recommended() {
        let folder = tempfile::tempdir().unwrap();
        let model = folder.path().join("model");
        std::fs::create_dir(&model).unwrap();
        let golden = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/bert-classify");
        for file in std::fs::read_dir(golden).unwrap().map(Result::unwrap).filter(|file| file.path().is_file()) {
            std::fs::copy(file.path(), model.join(file.file_name())).unwrap();
        }
        let told = r#"{"tokenizer_class": "BertTokenizer", "model_max_length": 24}"#;
        std::fs::write(model.join("tokenizer_config.json"), told).unwrap();
        let rows = folder.path().join("rows.csv");
        let row = |label: &str| format!("{},{label}\n", "rain fell ".repeat(20));
        std::fs::write(&rows, format!("text,label\n{}", (row("a") + &row("b")).repeat(4))).unwrap();
        let mut config = config(Task::Classify, "bert-classify", rows);
        config.model.path = Some(model);
        let prepared = |config: &RunConfig| prepare(config, &mut |_, _, _| ControlFlow::Continue(())).unwrap().unwrap();
        let is_told = |prepared: &Prepared| prepared.warnings.iter().any(|words| words.contains("files allow 24"));
        config.open.max_tokens = true;
        let recommended = prepared(&config);
        assert_eq!((recommended.max_tokens, is_told(&recommended)), (24, false));
        config.open.max_tokens = false;
        config.data.max_tokens = 32;
        let named = prepared(&config);
        assert_eq!((named.max_tokens, is_told(&named)), (32, true));
    }

    #[test]
    fn what_is_known_is_told_before_any_sequence_is_made() {
        let folder = tempfile::tempdir().unwrap();
        let rows = folder.path().join("rows.csv");
        std::fs::write(&rows, format!("text,label\n{}", "Rain fell,a\nIt snowed,b\n".repeat(4))).unwrap();
        let lines = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/corpus.txt");
        let check = |task, model, path: &PathBuf, expected: &[&str]| {
            let mut heard = Heard::default();
            prepare_watched(&config(task, model, path.clone()), &mut heard).unwrap().unwrap();
            assert_eq!(heard.0, expected);
        };
        let last = ["32 tokens", "tokenizing"];
        let of_rows = ["reading data", "a table of 8 rows", "text and label: 8", last[0], last[1]];
        check(Task::Classify, "bert-classify", &rows, &of_rows);
        check(Task::Mlm, "bert-mlm", &lines, &["reading data", "text: 0", last[0], last[1]]);
        let of_texts = ["reading data", "a table of 8 rows", "text: 8", last[0], last[1]];
        check(Task::Mlm, "bert-mlm", &rows, &of_texts);
    }
}

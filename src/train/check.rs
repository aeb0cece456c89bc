//! What is wrong with the settings of a run, before anything is read.

mod unused;

use super::TrainError;
use super::config::{ALL_TARGETS, ClassWeights, Dropout, Group, Init, Probe, RunConfig, StrategyKind};
use super::layers::Look;
use super::limits::{self, Limit};
use super::probes::why_not;
use crate::metrics::Measure;
use crate::model::Slot;
use crate::task::Reads;

impl RunConfig {
    /// Refuses settings that make no sense, before anything is read.
    pub fn check(&self) -> Result<(), TrainError> {
        let other = self.model.path.as_ref().map(|path| path.display().to_string()).or_else(|| self.model.name.clone());
        if let (Some(shipped), Some(other)) = (self.model.embedded, other) {
            let expected = format!("one model: either this one or \"{other}\"");
            return Err(TrainError::setting("model.embedded", shipped.name().to_owned(), &expected));
        }
        let wrong = |key, value: String, expected: &str| Err(TrainError::setting(key, value, expected));
        let optim = &self.optim;
        self.check_rates()?;
        self.check_targets()?;
        self.check_distill()?;
        self.check_fit()?;
        for (key, value, limit) in self.numbers() {
            if !limits::contains(limit, value) {
                return wrong(key, value.to_string(), &limits::words(limit));
            }
        }
        let run = &self.run;
        if run.out.as_os_str().is_empty() {
            return wrong("run.out", "empty".into(), "the folder that the run is kept in");
        }
        if let Some(seed) = run.seeds.iter().enumerate().find(|(at, seed)| run.seeds[..*at].contains(seed)) {
            return wrong("run.seeds", format!("a list with {} twice", seed.1), "each seed once");
        }
        self.check_folds()?;
        self.check_kept()?;
        self.check_probes()?;
        self.check_orders()?;
        let known = Measure::of(self.task);
        if !known.contains(&run.keep_best.as_str()) {
            return wrong("run.keep_best", run.keep_best.clone(), &format!("{} for {}", known.join(", "), self.task));
        }
        if optim.class_weights == ClassWeights::Balanced && !self.task.takes_class_weights() {
            return wrong("optim.class_weights", "balanced".into(), &format!("none for {}", self.task));
        }
        if optim.label_smoothing > 0.0 && !self.task.takes_label_smoothing() {
            let value = optim.label_smoothing.to_string();
            return wrong("optim.label_smoothing", value, &format!("0 for {}", self.task));
        }
        if optim.focal > 0.0 && !self.task.has_one_class() {
            return wrong("optim.focal", optim.focal.to_string(), &format!("0 for {}", self.task));
        }
        if optim.focal > 0.0 && optim.label_smoothing > 0.0 {
            return wrong("optim.focal", optim.focal.to_string(), "0 where optim.label_smoothing is not");
        }
        let data = &self.data;
        if data.oversample && !self.task.has_one_class() {
            return wrong("data.oversample", "true".into(), &format!("false for {}", self.task));
        }
        if data.oversample && optim.class_weights == ClassWeights::Balanced {
            return wrong("data.oversample", "true".into(), "false where optim.class_weights is balanced already");
        }
        if data.hide_words > 0.0 && self.task.is_self_supervised() {
            let expected = format!("0 for {}, which hides words of its own", self.task);
            return wrong("data.hide_words", data.hide_words.to_string(), &expected);
        }
        if data.max_tokens < limits::FEWEST_TOKENS {
            let expected = format!("{} or more", limits::FEWEST_TOKENS);
            return wrong("data.max_tokens", data.max_tokens.to_string(), &expected);
        }
        if self.task.has_windows() && data.stride >= data.max_tokens {
            return wrong("data.stride", data.stride.to_string(), "fewer tokens than data.max_tokens");
        }
        Ok(())
    }

    /// Refuses folds of what has no labels, and one fold alone, beside which nothing is left to learn from.
    fn check_folds(&self) -> Result<(), TrainError> {
        let wrong = |key, value: String, expected: &str| Err(TrainError::setting(key, value, expected));
        let (folds, fold) = (self.run.folds, self.data.fold);
        if folds > 0 && !limits::contains(limits::FOLDS, f64::from(folds)) {
            let expected = format!("{}, or 0 for one run", limits::words(limits::FOLDS));
            return wrong("run.folds", folds.to_string(), &expected);
        }
        if let Some(fold) = fold.filter(|fold| fold.of < 2 || !(1..=fold.of).contains(&fold.number)) {
            let value = format!("number {} of {}", fold.number, fold.of);
            return wrong("data.fold", value, "a number from 1 to of, and of at least 2");
        }
        if folds > 0 && fold.is_some() {
            return wrong("data.fold", "set".into(), "not set where run.folds makes a run for each fold");
        }
        if (folds > 0 || fold.is_some()) && self.task.is_self_supervised() {
            let expected = format!("0 for {}, whose rows have no labels of their own", self.task);
            return wrong("run.folds", folds.max(fold.map_or(0, |fold| fold.of)).to_string(), &expected);
        }
        Ok(())
    }

    /// Refuses to keep one state alone, which is no course, and more than a slider can tell apart.
    fn check_kept(&self) -> Result<(), TrainError> {
        let count = self.run.keep_checkpoints;
        if count == 0 || limits::contains(limits::KEPT_STATES, f64::from(count)) {
            return Ok(());
        }
        let expected = format!("{}, or 0 to keep none", limits::words(limits::KEPT_STATES));
        Err(TrainError::setting("run.keep_checkpoints", count.to_string(), &expected))
    }

    /// Refuses probes of what cannot be asked of a text, and those that lack half of what is asked.
    fn check_probes(&self) -> Result<(), TrainError> {
        let Some(first) = self.run.probes.first() else { return Ok(()) };
        if let Some(why) = why_not(self.task) {
            let expected = format!("none for {}, {why}", self.task);
            return Err(TrainError::setting("run.probes", first.words(), &expected));
        }
        let has_pair = |probe: &&Probe| matches!(probe, Probe::Text { pair: Some(_), .. });
        if let Some(probe) = self.run.probes.iter().find(has_pair).filter(|_| self.task.reads() == Reads::Words) {
            let expected = "a text alone, as each of its words is judged";
            return Err(TrainError::setting("run.probes", probe.words(), expected));
        }
        let needs_pair = matches!(self.task.reads(), Reads::Question | Reads::Neighbours(_));
        let half = |probe: &&Probe| needs_pair && matches!(probe, Probe::Text { pair: None, .. });
        match self.run.probes.iter().find(half) {
            Some(probe) => {
                let expected = if self.task.reads() == Reads::Question {
                    "{ question = \"…\", context = \"…\" }, as an answer is looked for in a context"
                } else {
                    "{ text = \"…\", pair = \"…\" }, as two texts are judged together"
                };
                Err(TrainError::setting("run.probes", probe.words(), expected))
            }
            None => Ok(()),
        }
    }

    /// Refuses rates that nothing learns by, and those of parts that there are not.
    fn check_rates(&self) -> Result<(), TrainError> {
        let wrong = |key, value: String, expected: &str| Err(TrainError::setting(key, value, expected));
        let optim = &self.optim;
        let of = |group: Group| optim.lr_groups.get(group.name()).copied();
        let rates = [
            ("optim.lr", Some(optim.lr)),
            ("optim.lr_groups.embeddings", of(Group::Embeddings)),
            ("optim.lr_groups.encoder", of(Group::Encoder)),
            ("optim.lr_groups.head", of(Group::Head)),
        ];
        for (key, rate) in rates {
            if let Some(rate) = rate.filter(|rate| !limits::contains(limits::LEARNING_RATE, *rate)) {
                let expected = format!("a rate from {}", limits::words(limits::LEARNING_RATE));
                return wrong(key, rate.to_string(), &expected);
            }
        }
        for own in &optim.rates {
            let rate = limits::words(limits::LEARNING_RATE);
            let is_one = match (own.lr, own.factor) {
                (Some(lr), None) => limits::contains(limits::LEARNING_RATE, lr),
                (None, Some(factor)) => limits::contains(limits::RATE_FACTOR, factor),
                _ => false,
            };
            if !is_one {
                let expected = format!("lr ({rate}) or factor ({})", limits::words(limits::RATE_FACTOR));
                return wrong("optim.rates", format!("{:?} with {}", own.pattern, own.told()), &expected);
            }
        }
        if let Some(group) =
            optim.lr_groups.keys().find(|key| Group::ALL.iter().all(|group| group.name() != key.as_str()))
        {
            return wrong("optim.lr_groups", format!("a table with the key {group:?}"), "embeddings, encoder or head");
        }
        Ok(())
    }

    /// Refuses what is not learned from a teacher, and two models for one student.
    fn check_distill(&self) -> Result<(), TrainError> {
        let Some(distill) = &self.distill else { return Ok(()) };
        let wrong = |key, value: String, expected: &str| Err(TrainError::setting(key, value, expected));
        if distill.teacher.as_os_str().is_empty() {
            return wrong(
                "distill.teacher",
                "not set".into(),
                "a run, a model folder, an adapter's folder or embedded",
            );
        }
        if self.task.has_generator() {
            let expected = "none for rtd, whose generator is what the model learns from";
            return wrong("distill.teacher", distill.teacher.display().to_string(), expected);
        }
        let Some(layers) = distill.layers else { return Ok(()) };
        let title = self.model.title();
        if !title.is_empty() {
            let expected =
                format!("not set where [model] is {title}, or no [model], as the student is then cut from the teacher");
            return wrong("distill.layers", layers.to_string(), &expected);
        }
        if self.model.init == Init::Random {
            return wrong("model.init", "random".into(), "pretrained where the student is cut from the teacher");
        }
        Ok(())
    }

    /// Refuses outputs that are fitted to anything but one class of each text, and beside what learns from labels.
    fn check_fit(&self) -> Result<(), TrainError> {
        let fit = self.strategy.fit;
        if !fit.fits_outputs() {
            return Ok(());
        }
        let wrong = |expected: &str| Err(TrainError::setting("strategy.fit", fit.name().to_owned(), expected));
        if !self.task.has_one_class() {
            return wrong(&format!(
                "gradient for {}, as only texts with one class each are fitted or paired",
                self.task
            ));
        }
        if !fit.has_rate() && self.strategy.kind != StrategyKind::Head {
            let kind = self.strategy.kind.name();
            return wrong(&format!("gradient or contrastive where strategy.kind is {kind}, or strategy.kind head"));
        }
        if self.distill.is_some() {
            return wrong("gradient where a student learns from a teacher");
        }
        Ok(())
    }

    /// Refuses adapters of layers that there are not, and of none.
    fn check_targets(&self) -> Result<(), TrainError> {
        if self.strategy.kind != StrategyKind::Lora {
            return Ok(());
        }
        let targets = &self.strategy.lora.targets;
        let unknown = targets.iter().find(|word| *word != ALL_TARGETS && Slot::named(word).is_none());
        let wrong = unknown.cloned().or_else(|| targets.is_empty().then(|| "empty".to_owned()));
        let words = Slot::ALL.map(Slot::word).join(", ");
        let expected = format!("{words} or {ALL_TARGETS}");
        wrong.map_or(Ok(()), |value| Err(TrainError::setting("strategy.lora.targets", value, &expected)))
    }

    /// The key of each number, the number, and where it may lie.
    fn numbers(&self) -> Vec<(&'static str, f64, Limit)> {
        let (optim, run, language) = (&self.optim, &self.run, &self.language);
        let count = |count: usize| count as f64;
        let mut numbers = vec![
            ("optim.weight_decay", optim.weight_decay, limits::WEIGHT_DECAY),
            ("optim.betas", optim.betas[0], limits::BETA),
            ("optim.betas", optim.betas[1], limits::BETA),
            ("optim.eps", optim.eps, limits::EPS),
            ("optim.clip", optim.clip, limits::CLIP),
            ("optim.warmup", optim.warmup, limits::WARMUP),
            ("optim.label_smoothing", optim.label_smoothing, limits::LABEL_SMOOTHING),
            ("optim.focal", optim.focal, limits::FOCAL),
            ("optim.layer_decay", optim.layer_decay, limits::LAYER_DECAY),
            ("run.batch", count(run.batch), limits::COUNT),
            ("run.log_every", run.log_every as f64, limits::COUNT),
            ("run.checkpoint_minutes", run.checkpoint_minutes, limits::MINUTES),
            ("data.eval_fraction", self.data.eval_fraction.unwrap_or_default(), limits::EVAL_FRACTION),
            ("data.hide_words", self.data.hide_words, limits::HIDDEN_SHARE),
            ("language.discriminator_weight", language.discriminator_weight, limits::DISCRIMINATOR_WEIGHT),
            ("language.share", language.share, limits::MASKED_SHARE),
        ];
        if run.max_steps.is_none() {
            numbers.push(("run.epochs", run.epochs, limits::EPOCHS));
        }
        numbers.extend(run.batch_tokens.map(|tokens| ("run.batch_tokens", count(tokens), limits::COUNT)));
        numbers.extend(run.micro_batch.map(|size| ("run.micro_batch", count(size), limits::COUNT)));
        if self.strategy.kind == StrategyKind::Lora {
            let lora = &self.strategy.lora;
            numbers.extend([
                ("strategy.lora.rank", count(lora.rank), limits::LORA_RANK),
                ("strategy.lora.alpha", lora.alpha, limits::LORA_ALPHA),
                ("strategy.lora.dropout", lora.dropout, limits::DROPOUT),
            ]);
        }
        if let Some(distill) = &self.distill {
            numbers.extend([
                ("distill.temperature", distill.temperature, limits::TEMPERATURE),
                ("distill.soft", distill.soft, limits::SHARE),
            ]);
            numbers.extend(Look::ALL.map(|look| (look.key(), look.counts(distill), limits::COUNTS)));
        }
        if let Dropout::Rate(rate) = run.dropout {
            numbers.push(("run.dropout", rate, limits::DROPOUT));
        }
        numbers
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::task::Task;

    fn refused(task: &str, more: &str) -> String {
        let text = format!("task = {task:?}\n[model]\npath = \"m\"\n[data]\ntrain = \"a.csv\"\n{more}");
        let config: RunConfig = toml::from_str(&text).unwrap();
        config.check().map_or_else(|error| error.to_string(), |()| String::new())
    }

    #[test]
    fn settings_that_could_have_no_effect_or_no_end_are_refused() {
        let check = |task: &str, more: &str, words: &[&str]| {
            let told = refused(task, more);
            assert!(words.iter().all(|word| told.contains(word)) && told.is_empty() == words.is_empty(), "{told}");
        };
        check("qa", "[run]\nkeep_best = \"accuracy\"\n", &["run.keep_best is accuracy", "f1, eval_loss, exact_match"]);
        check("qa", "[run]\nkeep_best = \"exact_match\"\n", &[]);
        check("classify", "[run]\nkeep_best = \"f1\"\n", &[]);
        check("multilabel", "[optim]\nclass_weights = \"balanced\"\n", &["optim.class_weights is balanced"]);
        check("ner", "[optim]\nclass_weights = \"balanced\"\nlabel_smoothing = 0.1\n", &[]);
        check("regress", "[optim]\nlabel_smoothing = 0.1\n", &["optim.label_smoothing is 0.1"]);
        check("classify", "[optim]\nfocal = 2.0\nschedule = \"one_cycle\"\nclass_weights = \"balanced\"\n", &[]);
        check("classify", "[optim]\nfocal = -1.0\n", &["optim.focal is -1"]);
        check("classify", "[optim]\nfocal = 2.0\nlabel_smoothing = 0.1\n", &["optim.focal is 2", "label_smoothing"]);
        check("multilabel", "[optim]\nfocal = 2.0\n", &["optim.focal is 2", "0 for multilabel"]);
        check("ner", "[optim]\nfocal = 2.0\n", &["optim.focal is 2"]);
        check("classify", "oversample = true\n", &[]);
        check("ner", "oversample = true\n", &["data.oversample is true, expected false for ner"]);
        let twice = "oversample = true\n[optim]\nclass_weights = \"balanced\"\n";
        check("classify", twice, &["data.oversample is true", "balanced already"]);
        check("classify", "[run]\nepochs = inf\n", &["run.epochs is inf"]);
        check("classify", "[run]\nout = \"\"\n", &["run.out is empty, expected the folder"]);
        check("classify", "[run]\ncheckpoint_minutes = -1\n", &["run.checkpoint_minutes is -1, expected 0 or more"]);
        check("classify", "[run]\ncheckpoint_minutes = 0\n", &[]);
        check("classify", "[run]\nfolds = 0\nkeep_checkpoints = 0\ntensorboard = false\n", &[]);
        check("classify", "[run]\nfolds = 5\nkeep_checkpoints = 5\n", &[]);
        check("classify", "[run]\nfolds = 1\n", &["run.folds is 1, expected 2 to 1000, or 0 for one run"]);
        let pair = "[run]\nprobes = [{ text = \"a\", pair = \"b\" }]\n";
        check("ner", pair, &["run.probes is a  |  b, expected a text alone"]);
        check("classify", pair, &[]);
        check("mlm", "[run]\nfolds = 5\n", &["run.folds is 5, expected 0 for mlm"]);
        let fold = "fold = { number = 6, of = 5 }\n";
        check("classify", fold, &["data.fold is number 6 of 5, expected a number from 1 to of"]);
        check("classify", "[run]\nkeep_checkpoints = 1\n", &["run.keep_checkpoints is 1, expected 2 to 100, or 0"]);
        check("classify", "eval_fraction = 1.0\n", &["data.eval_fraction is 1, expected 0 to below 1"]);
        let lora = |more: &str| format!("[strategy]\nkind = \"lora\"\nlora = {{ {more} }}\n");
        check("classify", &lora("rank = 0"), &["strategy.lora.rank is 0, expected 1 to 1024"]);
        check("classify", &lora("alpha = 0"), &["strategy.lora.alpha is 0, expected above 0"]);
        check("classify", &lora("dropout = 1.0"), &["strategy.lora.dropout is 1"]);
        check("classify", &lora("targets = []"), &["strategy.lora.targets is empty, expected query, key"]);
        check("classify", &lora("targets = [\"query\", \"q\"]"), &["strategy.lora.targets is q", "or all"]);
        check("classify", &lora("targets = [\"all\"], rslora = true"), &[]);
        let fit = |of: &str| format!("[strategy]\n{of}\n");
        check("classify", &fit("kind = \"head\"\nfit = \"logistic\""), &[]);
        check("classify", &fit("kind = \"lora\"\nfit = \"contrastive\""), &[]);
        check("classify", &fit("fit = \"logistic\""), &["strategy.fit is logistic", "strategy.kind is full"]);
        for task in ["multilabel", "regress", "ner", "qa", "mlm", "nsp", "sop", "rtd"] {
            let told = [&format!("strategy.fit is contrastive, expected gradient for {task}"), "one class each"];
            check(task, &fit("fit = \"contrastive\""), &told);
        }
        let both = "[distill]\nteacher = \"t\"\n[strategy]\nfit = \"contrastive\"\n";
        check("classify", both, &["strategy.fit is contrastive, expected gradient where a student"]);
        let teacher = |more: &str| format!("[distill]\nteacher = \"t\"\n{more}");
        check("classify", &teacher("temperature = 3.0\nsoft = 1.0\n"), &[]);
        check("classify", "[distill]\nsoft = 1.0\n", &["distill.teacher is not set"]);
        check("classify", &teacher("temperature = 0.0\n"), &["distill.temperature is 0", "above 0"]);
        check("classify", &teacher("soft = 1.5\n"), &["distill.soft is 1.5, expected 0 to 1"]);
        check("classify", &teacher("hidden = 0.5\nattention = 2\ncosine = 1.0\n"), &[]);
        check("classify", &teacher("hidden = -0.5\n"), &["distill.hidden is -0.5, expected 0 or more"]);
        check("classify", &teacher("attention = inf\n"), &["distill.attention is inf, expected 0 or more"]);
        check("classify", &teacher("cosine = nan\n"), &["distill.cosine is NaN, expected 0 or more"]);
        check("classify", &teacher("layers = 3\n"), &["distill.layers is 3", "[model] is m"]);
        check("rtd", &teacher(""), &["distill.teacher is t, expected none for rtd"]);
        check("rtd", "[language]\ndiscriminator_weight = -1.0\n", &["discriminator_weight is -1"]);
    }

    #[test]
    fn every_metric_that_may_decide_is_one_that_is_told() {
        for task in Task::ALL {
            let known = Measure::of(task);
            assert!(known.iter().all(|key| Measure::find(key).is_some()), "{known:?}");
            assert!(known.contains(&Measure::main(task)) && known.contains(&"eval_loss"));
        }
    }
}

//! Settings that have no effect beside others, or beside the model and the task, each told once.

use crate::model::Products;
use crate::train::config::{ClassWeights, Group, Language, RunConfig, RunOptions, Strategy, StrategyKind};
use crate::words::plural;

impl RunConfig {
    /// Settings that another one makes useless, in words.
    pub(in crate::train) fn unused(&self, layers: usize) -> Vec<String> {
        let (strategy, standard) = (&self.strategy, Strategy::default());
        let mut words = [self.unused_in_fold(), self.unused_in_fit(), self.without_effect()].concat();
        let unused = [
            (
                !self.run.seeds.is_empty(),
                format!(
                    "run.seeds is not used here, and the seed is {}; attune train runs once for each",
                    self.run.seed
                ),
            ),
            (
                self.data.eval.is_some() && self.data.eval_fraction.is_some_and(|share| share > 0.0),
                "data.eval_fraction is not used, as data.eval names a file".to_owned(),
            ),
            (
                self.model.path.is_some() && self.model.name.is_some(),
                "model.name is not used, as model.path names a folder".to_owned(),
            ),
            (
                strategy.kind == StrategyKind::Head && self.run.precision != Products::F32,
                "run.precision is not used, as no layer is trained".to_owned(),
            ),
            (
                strategy.kind != StrategyKind::Custom && !strategy.train.is_empty(),
                "strategy.train is not used, as only strategy.kind custom goes by it".to_owned(),
            ),
            (
                strategy.kind != StrategyKind::Custom && !strategy.frozen.is_empty(),
                "strategy.frozen is not used, as only strategy.kind custom goes by it".to_owned(),
            ),
            (
                strategy.kind != StrategyKind::Lora && strategy.lora != standard.lora,
                "strategy.lora is not used, as only strategy.kind lora goes by it".to_owned(),
            ),
            (
                strategy.kind != StrategyKind::Top && strategy.top_layers != standard.top_layers,
                "strategy.top_layers is not used, as only strategy.kind top goes by it".to_owned(),
            ),
            (
                strategy.kind != StrategyKind::Gradual && strategy.unfreeze_every != standard.unfreeze_every,
                "strategy.unfreeze_every is not used, as only strategy.kind gradual goes by it".to_owned(),
            ),
            (
                strategy.kind == StrategyKind::Top && strategy.top_layers > layers,
                format!(
                    "strategy.top_layers is {}, and the model has {}: all are trained",
                    strategy.top_layers,
                    plural(layers, "layer", "layers")
                ),
            ),
        ];
        words.extend(unused.into_iter().filter(|(is_so, _)| *is_so).map(|(_, words)| words));
        words
    }

    /// Settings that nothing of the run goes by.
    fn without_effect(&self) -> Vec<String> {
        let (run, optim) = (&self.run, &self.optim);
        let parts = Group::ALL.map(|group| optim.lr_groups.get(group.name()).unwrap_or(&optim.lr));
        let learns_nothing = parts.iter().all(|rate| **rate == 0.0) && optim.rates.iter().all(|own| own.lr.is_none());
        let wide = run.micro_batch.filter(|size| run.batch_tokens.is_none() && *size > run.batch).unwrap_or_default();
        let unused = [
            (learns_nothing, "optim.lr is 0, so nothing is learned".to_owned()),
            (
                run.probe_every > 0 && run.probes.is_empty(),
                "run.probe_every is not used, as there are no run.probes".to_owned(),
            ),
            (
                wide > 0,
                format!("run.micro_batch is {wide}, and run.batch {}: all of an update go through at once", run.batch),
            ),
            (
                !self.task.is_self_supervised() && self.language != Language::default(),
                format!("[language] is not used, as {} learns from labels", self.task),
            ),
        ];
        unused.into_iter().filter(|(is_so, _)| *is_so).map(|(_, words)| words).collect()
    }

    /// What is asked of a loss of the labels, where the outputs are fitted, and of updates, where there is one.
    fn unused_in_fit(&self) -> Vec<String> {
        let (optim, data, run, fit) = (&self.optim, &self.data, &self.run, self.strategy.fit);
        let asked = [
            ("optim.label_smoothing", optim.label_smoothing > 0.0, true),
            ("optim.focal", optim.focal > 0.0, true),
            ("optim.class_weights", optim.class_weights != ClassWeights::None, true),
            ("data.hide_words", data.hide_words > 0.0, !fit.has_rate()),
            ("run.max_steps", run.max_steps.is_some(), !fit.has_rate()),
            ("run.batch_tokens", run.batch_tokens.is_some(), !fit.has_rate()),
            ("run.micro_batch", run.micro_batch.is_some(), !fit.has_rate()),
        ];
        let unused = asked.into_iter().filter(|(_, is_set, of_fit)| *is_set && *of_fit && fit.fits_outputs());
        unused.map(|(key, ..)| format!("{key} is not used, as strategy.fit is {}", fit.name())).collect()
    }

    /// What a run has no use for that holds out a fold: whoever is judged by rows must not have been chosen by them.
    fn unused_in_fold(&self) -> Vec<String> {
        if self.data.fold.is_none() {
            let folds = self.run.folds;
            let one = format!("run.folds is not used here; attune train makes {folds} runs, one for each fold");
            return (folds > 0).then_some(one).into_iter().collect();
        }
        let (data, run, standard) = (&self.data, &self.run, RunOptions::default());
        let unused = [
            ("data.eval", data.eval.is_some(), "rows of data.train are held out"),
            ("data.eval_fraction", data.eval_fraction.is_some(), "folds hold out all rows in turn"),
            ("run.keep_best", run.keep_best != standard.keep_best, "the last weights of a fold are kept"),
            ("run.patience", run.patience > 0, "rows that are held out in a fold must not end its run"),
            ("run.eval_every", run.eval_every != standard.eval_every, "a fold is evaluated once, when its run ends"),
        ];
        unused
            .into_iter()
            .filter(|(_, is_set, _)| *is_set)
            .map(|(key, _, reason)| format!("{key} is not used, as {reason}"))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use crate::train::config::RunConfig;

    #[test]
    fn settings_that_are_passed_over_are_told() {
        let told = |more: &str| {
            let text = format!("task = \"classify\"\n[model]\npath = \"m\"\n{more}");
            toml::from_str::<RunConfig>(&text).unwrap().unused(3).join("; ")
        };
        let data = "[data]\ntrain = \"a.csv\"\n";
        assert_eq!(told(&format!("{data}eval_fraction = 0.2\n[strategy]\nkind = \"top\"\ntop_layers = 3\n")), "");
        assert!(
            told(&format!("name = \"n\"\n{data}eval = \"b.csv\"\neval_fraction = 0.2\n"))
                .contains("_fraction is not used, as data.eval names a file; model.name")
        );
        assert!(
            told(&format!("{data}[strategy]\nkind = \"top\"\ntop_layers = 99\n"))
                .contains("is 99, and the model has 3")
        );
        let strategy = |keys: &str| told(&format!("{data}[strategy]\n{keys}\n"));
        assert!(strategy("frozen = [\"embeddings\"]").starts_with("strategy.frozen is not used"));
        assert!(strategy("kind = \"head\"\nlora = { rank = 4 }").starts_with("strategy.lora is not used"));
        assert!(strategy("kind = \"head\"\ntop_layers = 3").starts_with("strategy.top_layers is not used"));
        assert!(strategy("unfreeze_every = 5").starts_with("strategy.unfreeze_every is not used"));
        assert_eq!(strategy("kind = \"gradual\"\nunfreeze_every = 5"), "");
        assert_eq!(strategy("kind = \"head\"\nfit = \"logistic\""), "");
        let fit =
            |kind: &str, more: &str| told(&format!("{data}[strategy]\nkind = \"head\"\nfit = \"{kind}\"\n{more}\n"));
        assert!(
            fit("logistic", "[run]\nmax_steps = 3")
                .starts_with("run.max_steps is not used, as strategy.fit is logistic")
        );
        assert!(
            fit("contrastive", "[optim]\nfocal = 1.0").starts_with("optim.focal is not used, as strategy.fit is con")
        );
        assert_eq!(fit("contrastive", "[run]\nmax_steps = 3"), "");
        let more = |keys: &str| told(&format!("{data}{keys}\n"));
        assert_eq!(more("[optim]\nlr = 0.0"), "optim.lr is 0, so nothing is learned");
        assert_eq!(more("[optim]\nlr = 0.0\nlr_groups = { head = 1e-3 }"), "");
        assert!(more("[run]\nprobe_every = 3").starts_with("run.probe_every is not used"));
        assert!(more("[run]\nbatch = 8\nmicro_batch = 64").starts_with("run.micro_batch is 64, and run.batch 8"));
        assert!(more("[language]\nshare = 0.3").starts_with("[language] is not used, as classify learns"));
    }
}

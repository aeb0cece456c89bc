//! The runs of a recipe as configurations: those keys set in which each differs, and all else as it stands in one form.

use toml::{Table, Value};

use super::{Recipe, Run};
use crate::train::config::{ModelChoice, RunConfig};
use crate::train::open::Open;

/// A run of a recipe before it is planned.
#[derive(Clone, Debug, PartialEq)]
pub struct Form {
    pub run: Run,
    pub config: RunConfig,
}

/// The runs of a recipe over one form, which has the data, with an encoder for each of its slots. Says why where a key of
/// the recipe is none of a configuration.
pub fn forms(recipe: &Recipe, form: &RunConfig, encoders: &[ModelChoice]) -> Result<Vec<Form>, String> {
    let one = |run: &Run| {
        let mut config = with(form, &run.set)?;
        config.model = encoders.get(run.encoder).cloned().ok_or("an encoder is missing")?;
        Ok(Form { run: run.clone(), config })
    };
    recipe.runs().iter().map(one).collect()
}

/// A configuration with other values for some of its keys. What is left open stays so, but for these.
fn with(form: &RunConfig, set: &Table) -> Result<RunConfig, String> {
    if set.is_empty() {
        return Ok(form.clone());
    }
    let mut table = Table::try_from(form).map_err(|error| error.to_string())?;
    put(&mut table, set);
    let mut config: RunConfig = table.try_into().map_err(|error: toml::de::Error| error.to_string())?;
    let (open, left) = (form.open, Open::of(set));
    config.open = Open {
        lr: open.lr && left.lr,
        epochs: open.epochs && left.epochs,
        batch: open.batch && left.batch,
        warmup: open.warmup && left.warmup,
        max_tokens: open.max_tokens && left.max_tokens,
    };
    Ok(config)
}

fn put(table: &mut Table, set: &Table) {
    for (key, value) in set {
        match (table.get_mut(key), value) {
            (Some(Value::Table(inner)), Value::Table(set)) => put(inner, set),
            _ => {
                table.insert(key.clone(), value.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::embedded::Shipped;
    use crate::recipes::{all, find};
    use crate::train::config::{Every, StrategyKind};

    fn form() -> RunConfig {
        let text = "task = \"classify\"\n[model]\n[data]\ntrain = \"a.csv\"\n";
        RunConfig { open: Open::ALL, ..toml::from_str(text).unwrap() }
    }

    #[test]
    fn every_run_of_every_recipe_is_a_configuration_that_differs_in_its_keys_alone() {
        let mini = ModelChoice { embedded: Some(Shipped::Mini), ..ModelChoice::default() };
        for recipe in all() {
            let encoders = vec![mini.clone(); recipe.encoders().len()];
            let mut form = form();
            (form.task, form.run.seed) = (recipe.sample().task(), 7);
            for made in forms(recipe, &form, &encoders).unwrap() {
                let mut same = made.config.clone();
                (same.strategy, same.model) = (form.strategy.clone(), form.model.clone());
                (same.optim.layer_decay, same.data.stride) = (form.optim.layer_decay, form.data.stride);
                same.data.max_tokens = form.data.max_tokens;
                same.open.max_tokens = true;
                assert_eq!(same, form, "{}: {}", recipe.name, made.run.name);
                assert_eq!(made.config.model, mini);
            }
            assert!(forms(recipe, &form, &[]).is_err(), "{}: an encoder is missing", recipe.name);
        }
    }

    #[test]
    fn what_a_recipe_sets_is_no_longer_left_open() {
        let made = |name: &str| forms(find(name).unwrap(), &form(), &[ModelChoice::default()]).unwrap();
        let documents = made("documents");
        assert_eq!((documents[0].config.data.max_tokens, documents[0].config.data.stride), (128, 32));
        assert!(!documents[0].config.open.max_tokens && documents[0].config.open.lr);
        let gradual = made("gradual");
        assert_eq!(gradual[0].config.strategy.kind, StrategyKind::Gradual);
        assert_eq!(gradual[0].config.strategy.unfreeze_every, Every::Epoch);
        assert_eq!(gradual[0].config.open, Open::ALL);
    }
}

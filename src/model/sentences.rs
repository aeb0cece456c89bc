//! What sentence-transformers keeps beside an encoder: what it does after it to make one vector of a text, and how much of a
//! text it reads. A head learns on the encoder alone here, so that none of it is used, which is told.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::adapter::is_model_folder;
use crate::files::read_note;

const MODULES: &str = "modules.json";
/// The settings of its encoder, under the names that it has had.
const SETTINGS: [&str; 4] = [
    "sentence_bert_config.json",
    "sentence_roberta_config.json",
    "sentence_distilbert_config.json",
    "sentence_xlm-roberta_config.json",
];

/// One of the things that it does to a text, in their order.
struct Module {
    /// What it is called, without the path of its class.
    kind: String,
    folder: PathBuf,
}

fn json(path: &Path) -> Option<Value> {
    serde_json::from_slice(&read_note(path).ok()?).ok()
}

fn modules(dir: &Path) -> Vec<Module> {
    let Some(Value::Array(listed)) = json(&dir.join(MODULES)) else { return Vec::new() };
    let module = |entry: &Value| {
        let kind = entry.get("type")?.as_str()?.rsplit('.').next()?.to_owned();
        let folder = entry.get("path").and_then(Value::as_str).unwrap_or_default();
        // A path that leads out of the folder is none of its modules.
        let is_inside = Path::new(folder).components().all(|part| matches!(part, std::path::Component::Normal(_)));
        is_inside.then(|| Module { kind, folder: dir.join(folder) })
    };
    listed.iter().filter_map(module).collect()
}

/// The folder of the encoder, where it lies below the one that was named, as older versions wrote it.
pub(super) fn encoder_of(dir: &Path) -> Option<PathBuf> {
    let found = modules(dir).into_iter().find(|module| module.kind == "Transformer")?;
    Some(found.folder).filter(|folder| is_model_folder(folder))
}

/// What is to be known of an encoder that takes so many tokens.
pub(super) fn notes(dir: &Path, max_tokens: usize) -> Vec<String> {
    // The list of modules lies beside the encoder or one folder above it.
    let above = dir.parent().filter(|above| encoder_of(above).is_some_and(|own| own == dir));
    let after: Vec<String> = modules(above.unwrap_or(dir))
        .iter()
        .filter(|module| module.kind != "Transformer")
        .map(|module| match pooling(&module.folder).filter(|_| module.kind == "Pooling") {
            Some(mode) => format!("{} ({mode})", module.kind),
            None => module.kind.clone(),
        })
        .collect();
    let mut notes = Vec::new();
    if !after.is_empty() {
        let after = after.join(", ");
        notes.push(format!("what sentence-transformers does after the encoder is not used here: {after}"));
    }
    let settings = SETTINGS.into_iter().find_map(|name| json(&dir.join(name)));
    let Some(Value::Object(settings)) = settings else { return notes };
    let most = settings.get("max_seq_length").and_then(Value::as_u64);
    if let Some(most) = most.filter(|most| *most > 0 && *most < max_tokens as u64) {
        notes.push(format!(
            "sentence-transformers reads at most {most} tokens of a text with it, and up to {max_tokens} are read here"
        ));
    }
    if settings.get("do_lower_case") == Some(&Value::Bool(true)) {
        notes.push("sentence-transformers writes a text in small letters first (do_lower_case), and here only its tokenizer does".to_owned());
    }
    notes
}

/// How the states of a text become one, in a word or several.
fn pooling(folder: &Path) -> Option<String> {
    let Value::Object(config) = json(&folder.join("config.json"))? else { return None };
    if let Some(mode) = config.get("pooling_mode").and_then(Value::as_str) {
        return Some(mode.to_owned());
    }
    let is_on = |config: &Map<String, Value>, key: &str| config.get(key) == Some(&Value::Bool(true));
    let modes = [
        ("pooling_mode_cls_token", "first token"),
        ("pooling_mode_mean_tokens", "mean"),
        ("pooling_mode_max_tokens", "max"),
        ("pooling_mode_mean_sqrt_len_tokens", "mean by the root of the length"),
        ("pooling_mode_weightedmean_tokens", "weighted mean"),
        ("pooling_mode_lasttoken", "last token"),
    ];
    let named: Vec<&str> = modes.into_iter().filter(|(key, _)| is_on(&config, key)).map(|(_, name)| name).collect();
    (!named.is_empty()).then(|| named.join(" and "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::folder_with;

    const LISTED: &str = r#"[{"idx":0,"name":"0","path":"","type":"sentence_transformers.models.Transformer"},
        {"idx":1,"name":"1","path":"1_Pooling","type":"sentence_transformers.models.Pooling"},
        {"idx":2,"name":"2","path":"2_Dense","type":"sentence_transformers.models.Dense"}]"#;

    #[test]
    fn what_is_done_after_the_encoder_and_how_much_is_read_is_told() {
        let pooling =
            r#"{"word_embedding_dimension":32,"pooling_mode_cls_token":false,"pooling_mode_mean_tokens":true}"#;
        let dir = folder_with(&[
            ("config.json", "{}"),
            ("modules.json", LISTED),
            ("1_Pooling/config.json", pooling),
            ("sentence_bert_config.json", r#"{"max_seq_length": 128, "do_lower_case": true}"#),
        ]);
        let told = notes(dir.path(), 512);
        assert_eq!(told.len(), 3, "{told:?}");
        assert!(told[0].ends_with("not used here: Pooling (mean), Dense"), "{told:?}");
        assert!(told[1].contains("at most 128 tokens") && told[1].contains("up to 512"), "{told:?}");
        assert_eq!(notes(dir.path(), 128).len(), 2);
        let plain = folder_with(&[("config.json", "{}")]);
        assert!(notes(plain.path(), 512).is_empty());
    }

    #[test]
    fn an_encoder_in_a_folder_below_is_found_and_no_other() {
        let below = LISTED.replace("\"path\":\"\"", "\"path\":\"0_Transformer\"");
        let dir = folder_with(&[
            ("modules.json", below.as_str()),
            ("0_Transformer/config.json", "{}"),
            ("2_Dense/config.json", "{}"),
            ("2_Dense/model.safetensors", ""),
        ]);
        assert_eq!(encoder_of(dir.path()), Some(dir.path().join("0_Transformer")));
        assert_eq!(notes(&dir.path().join("0_Transformer"), 512).len(), 1);
        let outside = folder_with(&[("modules.json", &LISTED.replace("\"path\":\"\"", "\"path\":\"../elsewhere\""))]);
        assert_eq!(encoder_of(outside.path()), None);
    }
}

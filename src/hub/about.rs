//! What the server tells about a model or data set, read from its answers: all of it may be missing.

use serde_json::Value;

/// Who may read a repository.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Access {
    #[default]
    Open,
    /// Whoever accepts its licence on its page.
    Gated,
    /// Whoever its owner lets in after they asked on its page.
    GatedByHand,
    Private,
}

/// What is told about any repository.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct About {
    pub name: String,
    /// In the last thirty days.
    pub downloads: u64,
    pub likes: u64,
    /// As the hub writes it, such as `apache-2.0`.
    pub licence: Option<String>,
    /// Codes of ISO 639, such as `en`.
    pub languages: Vec<String>,
    /// The hub's own words, such as `fill-mask` or `text-classification`.
    pub tasks: Vec<String>,
    pub access: Access,
    /// The day it was last changed, such as `2026-11-29`.
    pub updated: Option<String>,
}

impl About {
    pub(super) fn read(told: &Value) -> Self {
        let card = &told["cardData"];
        let tagged = |prefix: &str| tags(told).filter_map(|tag| tag.strip_prefix(prefix)).map(str::to_owned).collect();
        let licence = strings(&card["license"]).into_iter().next().or_else(|| {
            let licences: Vec<String> = tagged("license:");
            licences.into_iter().next()
        });
        let or = |first: Vec<String>, second: Vec<String>| if first.is_empty() { second } else { first };
        let tasks = or(strings(&told["pipeline_tag"]), strings(&card["task_categories"]));
        Self {
            name: string(told, "id").or_else(|| string(told, "modelId")).unwrap_or_default(),
            downloads: told["downloads"].as_u64().unwrap_or_default(),
            likes: told["likes"].as_u64().unwrap_or_default(),
            licence: licence.filter(|licence| licence != "other" && licence != "unknown"),
            languages: or(strings(&card["language"]), tagged("language:")),
            tasks: or(tasks, tagged("task_categories:")),
            access: access(told),
            updated: string(told, "lastModified").map(|time| time.chars().take(10).collect()),
        }
    }
}

fn access(told: &Value) -> Access {
    match (&told["gated"], told["private"].as_bool()) {
        (_, Some(true)) => Access::Private,
        (Value::String(how), _) if how == "manual" => Access::GatedByHand,
        (Value::String(_) | Value::Bool(true), _) => Access::Gated,
        _ => Access::Open,
    }
}

pub(super) fn string(told: &Value, key: &str) -> Option<String> {
    told.get(key).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned)
}

pub(super) fn tags(told: &Value) -> impl Iterator<Item = &str> {
    told.get("tags").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

/// One string or a list of them.
pub(super) fn strings(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(list) => list.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_told_is_read_wherever_it_stands() {
        let about = About::read(&json!({
            "id": "a/b", "downloads": 7, "likes": 2, "gated": "auto", "private": false, "pipeline_tag": "fill-mask",
            "tags": ["license:mit", "bert", "language:de"], "lastModified": "2026-01-02T03:04:05.000Z",
            "cardData": { "language": "en", "license": ["apache-2.0"] },
        }));
        assert_eq!((about.name.as_str(), about.downloads, about.likes), ("a/b", 7, 2));
        assert_eq!((about.licence.as_deref(), about.access), (Some("apache-2.0"), Access::Gated));
        assert_eq!((about.languages, about.tasks), (vec!["en".to_owned()], vec!["fill-mask".to_owned()]));
        assert_eq!(about.updated.as_deref(), Some("2026-01-02"));
        let bare = About::read(&json!({ "tags": ["license:mit", "language:de", "task_categories:summarization"] }));
        assert_eq!((bare.licence.as_deref(), bare.languages), (Some("mit"), vec!["de".to_owned()]));
        assert_eq!(bare.tasks, ["summarization"]);
        for (gated, expected) in
            [(json!(false), Access::Open), (json!("manual"), Access::GatedByHand), (json!(true), Access::Gated)]
        {
            assert_eq!(About::read(&json!({ "gated": gated })).access, expected);
        }
        assert_eq!(About::read(&json!({ "private": true, "gated": "auto" })).access, Access::Private);
        assert_eq!(About::read(&json!([1])), About::default());
    }
}

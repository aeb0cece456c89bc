//! Models and data sets searched and browsed, a page at a time.

use serde_json::Value;

use super::about::{About, string, strings, tags};
use super::fit::{Known, Usable};
use super::name::encoded;
use super::wire::{Subject, Wire};
use super::{Hub, HubError};
use crate::task::Task;

/// What is told of each model; the server leaves out what it does not know.
const OF_MODELS: [&str; 11] = [
    "config",
    "safetensors",
    "siblings",
    "gated",
    "private",
    "downloads",
    "likes",
    "tags",
    "pipeline_tag",
    "cardData",
    "lastModified",
];
const OF_DATA_SETS: [&str; 7] = ["gated", "private", "downloads", "likes", "tags", "cardData", "lastModified"];

/// In which order things are found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    #[default]
    Downloads,
    Likes,
    Updated,
    Trending,
}

/// What is searched for; what is left empty is not asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// Part of a name.
    pub text: String,
    pub task: Option<Task>,
    /// `model_type` of a model.
    pub family: Option<String>,
    /// A code such as `de`.
    pub language: Option<String>,
    /// As the hub writes it, such as `apache-2.0`.
    pub licence: Option<String>,
    pub sort: Sort,
    /// How many make a page.
    pub limit: usize,
}

impl Default for Query {
    fn default() -> Self {
        let text = String::new();
        Self { text, task: None, family: None, language: None, licence: None, sort: Sort::default(), limit: 30 }
    }
}

/// Where a search goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NextPage(String);

/// Some of what was found.
#[derive(Clone, Debug)]
pub struct Page<T> {
    pub items: Vec<T>,
    pub next: Option<NextPage>,
}

/// A model as a search tells of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundModel {
    pub about: About,
    /// Its `model_type`.
    pub family: Option<String>,
    /// The model that it is an adapter for.
    pub base: Option<String>,
    /// Weights, as numbers and as bytes on the disk, where the hub has counted them.
    pub parameters: Option<u64>,
    pub weight_bytes: Option<u64>,
    /// As far as the search tells; [`Hub::model`] knows.
    pub usable: Usable,
}

/// A data set as a search tells of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundDataSet {
    pub about: About,
    /// In the hub's own words, such as `10K<n<100K`.
    pub rows: Option<String>,
}

impl Hub {
    /// A page of models, the first where none is named.
    pub fn search_models(&self, query: &Query, page: Option<&NextPage>) -> Result<Page<FoundModel>, HubError> {
        let path = page.map_or_else(|| query.path("models", &OF_MODELS), |page| page.0.clone());
        self.search(&path, FoundModel::read)
    }

    /// A page of data sets, the first where none is named.
    pub fn search_data_sets(&self, query: &Query, page: Option<&NextPage>) -> Result<Page<FoundDataSet>, HubError> {
        let path = page.map_or_else(|| query.path("datasets", &OF_DATA_SETS), |page| page.0.clone());
        self.search(&path, FoundDataSet::read)
    }

    fn search<T>(&self, path: &str, read: fn(&Value) -> T) -> Result<Page<T>, HubError> {
        let subject = Subject::plain("the search");
        let wire = Wire::new(self, "what the hub has")?;
        let (found, next) = wire.patiently(|| wire.json(path, subject))?;
        let found = found.as_array().ok_or_else(|| HubError::answer(subject.what, "it is not a list"))?;
        // An entry without a name cannot be chosen.
        let named = found.iter().filter(|told| string(told, "id").is_some());
        Ok(Page { items: named.map(read).collect(), next: next.map(NextPage) })
    }
}

impl Query {
    fn path(&self, of: &str, told: &[&str]) -> String {
        let sort = match self.sort {
            Sort::Downloads => "downloads",
            Sort::Likes => "likes",
            Sort::Updated => "lastModified",
            Sort::Trending => "trendingScore",
        };
        let limit = self.limit.clamp(1, 100).to_string();
        let mut asked = vec![("sort", sort.to_owned()), ("direction", "-1".to_owned()), ("limit", limit)];
        let text = self.text.trim();
        if !text.is_empty() {
            asked.push(("search", text.to_owned()));
        }
        if let Some(task) = self.task.and_then(Task::pipeline) {
            asked.push(if of == "models" {
                ("pipeline_tag", task.to_owned())
            } else {
                ("filter", format!("task_categories:{task}"))
            });
        }
        let is_model = of == "models";
        let language =
            self.language.iter().map(|code| if is_model { code.clone() } else { format!("language:{code}") });
        let licence = self.licence.iter().map(|licence| format!("license:{licence}"));
        let filters = self.family.iter().filter(|_| is_model).cloned().chain(language).chain(licence);
        asked.extend(filters.map(|filter| ("filter", filter)));
        asked.extend(told.iter().map(|told| ("expand", (*told).to_owned())));
        let asked: Vec<String> = asked.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        format!("/api/{of}?{}", asked.join("&"))
    }
}

impl FoundModel {
    pub(super) fn read(told: &Value) -> Self {
        let siblings = told.get("siblings").and_then(Value::as_array).into_iter().flatten();
        let files: Vec<&str> = siblings.filter_map(|file| file.get("rfilename")?.as_str()).collect();
        let known = Known { files: &files, ..Known::of(told) };
        let weights = &told["safetensors"];
        Self {
            about: About::read(told),
            parameters: weights["total"].as_u64(),
            weight_bytes: weights["parameters"].as_object().map(bytes_of),
            usable: known.usable(),
            base: known.is_adapter().then(|| base(told)).flatten(),
            family: string(&told["config"], "model_type"),
        }
    }
}

/// What an adapter is for, as the hub tells it of its settings or as its card has it.
fn base(told: &Value) -> Option<String> {
    let settings = string(&told["config"]["peft"], "base_model_name_or_path");
    settings.or_else(|| strings(&told["cardData"]["base_model"]).into_iter().next())
}

/// Bytes of weights, from how many there are of each type.
fn bytes_of(counts: &serde_json::Map<String, Value>) -> u64 {
    let size = |kind: &str| match kind {
        "F64" | "I64" | "U64" => 8,
        "F16" | "BF16" | "I16" | "U16" => 2,
        "I8" | "U8" | "BOOL" | "F8_E4M3" | "F8_E5M2" => 1,
        _ => 4,
    };
    counts.iter().map(|(kind, count)| size(kind) * count.as_u64().unwrap_or_default()).sum()
}

impl FoundDataSet {
    pub(super) fn read(told: &Value) -> Self {
        let tagged = tags(told).find_map(|tag| tag.strip_prefix("size_categories:")).map(str::to_owned);
        let rows = strings(&told["cardData"]["size_categories"]).into_iter().next().or(tagged);
        Self { about: About::read(told), rows }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_asks_only_for_what_was_given() {
        let path = Query::default().path("models", &["config"]);
        assert_eq!(path, "/api/models?sort=downloads&direction=-1&limit=30&expand=config");
        let query = Query {
            text: " bert & co ".to_owned(),
            task: Some(Task::Ner),
            family: Some("bert".to_owned()),
            language: Some("de".to_owned()),
            licence: Some("mit".to_owned()),
            sort: Sort::Updated,
            limit: 1000,
        };
        let path = query.path("models", &[]);
        for part in [
            "search=bert%20%26%20co",
            "pipeline_tag=token-classification",
            "filter=bert&filter=de&filter=license%3Amit",
            "sort=lastModified",
            "limit=100",
        ] {
            assert!(path.contains(part), "{path}");
        }
        let path = query.path("datasets", &[]);
        assert!(path.contains("filter=task_categories%3Atoken-classification&filter=language%3Ade"), "{path}");
        assert!(!path.contains("filter=bert"), "{path}");
    }

    #[test]
    fn bytes_are_counted_by_the_type_of_weights() {
        let counts = serde_json::json!({ "F32": 10, "BF16": 10, "I64": 1 });
        assert_eq!(bytes_of(counts.as_object().unwrap()), 40 + 20 + 8);
    }
}

//! The names of classes that the `datasets` library writes into the metadata of a Parquet or Arrow file, under the key
//! `huggingface`: a tree of features beside the tree of columns.

use std::borrow::Cow;

use serde_json::Value;

/// What is known of a column beyond its type.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Feature {
    #[default]
    Plain,
    /// Integers that stand for names.
    Classes(Vec<String>),
    List(Box<Self>),
    Struct(Vec<(String, Self)>),
}

/// The key of the metadata.
pub(super) const KEY: &str = "huggingface";

static PLAIN: Feature = Feature::Plain;

impl Feature {
    /// The features of a file's columns, in the order of the columns.
    pub fn of_file(metadata: Option<&str>, columns: &[String]) -> Vec<Self> {
        // Metadata that cannot be read only costs the names.
        let value: Value = serde_json::from_str(metadata.unwrap_or_default()).unwrap_or_default();
        let features = value.pointer("/info/features").or_else(|| value.get("features")).unwrap_or(&Value::Null);
        columns.iter().map(|column| features.get(column).map_or(Self::Plain, Self::of)).collect()
    }

    fn of(value: &Value) -> Self {
        if let Value::Array(list) = value {
            return Self::List(Box::new(list.first().map_or(Self::Plain, Self::of)));
        }
        let Value::Object(object) = value else { return Self::Plain };
        match object.get("_type").and_then(Value::as_str) {
            Some("ClassLabel") => {
                let names = object.get("names").and_then(Value::as_array);
                let name = |name: &Value| name.as_str().map_or_else(|| name.to_string(), str::to_owned);
                names.map_or(Self::Plain, |names| Self::Classes(names.iter().map(name).collect()))
            }
            Some("Sequence" | "List" | "LargeList") => {
                Self::List(Box::new(object.get("feature").map_or(Self::Plain, Self::of)))
            }
            Some(_) => Self::Plain,
            None => Self::Struct(object.iter().map(|(name, value)| (name.clone(), Self::of(value))).collect()),
        }
    }

    /// The name that a number stands for, or nothing where it says that there is none.
    pub fn class(&self, index: i64) -> Option<&str> {
        let Self::Classes(names) = self else { return None };
        match usize::try_from(index) {
            Ok(index) => names.get(index).map(String::as_str),
            Err(_) if index == -1 => Some(""),
            Err(_) => None,
        }
    }

    /// The feature of a list's elements.
    pub fn element(&self) -> &Self {
        match self {
            Self::List(element) => element,
            _ => &PLAIN,
        }
    }

    /// The feature of a struct's member. A `Sequence` of a struct is stored as a struct of lists.
    pub fn member(&self, name: &str) -> Cow<'_, Self> {
        let find = |members: &'_ [(String, Self)]| members.iter().position(|(member, _)| member == name);
        match self {
            Self::Struct(members) => find(members).map_or(Cow::Borrowed(&PLAIN), |at| Cow::Borrowed(&members[at].1)),
            Self::List(element) => match element.as_ref() {
                Self::Struct(members) => match find(members) {
                    Some(at) => Cow::Owned(Self::List(Box::new(members[at].1.clone()))),
                    None => Cow::Borrowed(&PLAIN),
                },
                _ => Cow::Borrowed(&PLAIN),
            },
            _ => Cow::Borrowed(&PLAIN),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn features_of_old_and_new_files_are_understood() {
        let classes = Feature::Classes(vec!["a".into(), "b".into()]);
        let check = |feature: &str, expected: Feature| {
            let text = format!(r#"{{"info":{{"features":{{"x":{feature}}}}}}}"#);
            assert_eq!(Feature::of_file(Some(&text), &["x".into(), "y".into()]), [expected, Feature::Plain]);
        };
        let list = || Feature::List(Box::new(classes.clone()));
        check(r#"{"dtype":"string","_type":"Value"}"#, Feature::Plain);
        check(r#"{"names":["a","b"],"_type":"ClassLabel"}"#, classes.clone());
        check(r#"{"feature":{"names":["a","b"],"_type":"ClassLabel"},"_type":"Sequence"}"#, list());
        check(r#"{"feature":{"names":["a","b"],"_type":"ClassLabel"},"_type":"List"}"#, list());
        check(r#"[{"names":["a","b"],"_type":"ClassLabel"}]"#, list());
        check("5", Feature::Plain);
        assert_eq!(Feature::of_file(None, &["x".into()]), [Feature::Plain]);
        let sequence = Feature::List(Box::new(Feature::Struct(vec![("kind".into(), classes.clone())])));
        assert_eq!(*sequence.member("kind"), list());
        assert_eq!(*sequence.member("other"), Feature::Plain);
    }
}

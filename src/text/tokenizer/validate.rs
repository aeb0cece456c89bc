//! A `tokenizer.json` is untrusted input: what is checked, set aside or corrected before the library reads it.
//!
//! The library allocates what a file asks for and panics on some malformed components. So sizes, ids, nesting and
//! growth are bounded here, and padding, truncation and merge dropout of the file are set aside: lengths are ours to
//! decide, and the same text must always give the same tokens.

use serde_json::{Map, Value};

use super::specials::{ROLES, SideFiles, added};

/// Ids stay below this; the largest vocabularies in use have a quarter of it.
pub(super) const MAX_ID: u64 = 1 << 20;
/// Components stand in at most this many sequences inside one another.
const MAX_DEPTH: usize = 8;
/// The most a chain of replacements may lengthen a text.
const MAX_GROWTH: usize = 1024;

const NORMALIZERS: &[&str] = &[
    "BertNormalizer",
    "Strip",
    "StripAccents",
    "NFC",
    "NFD",
    "NFKC",
    "NFKD",
    "Sequence",
    "Lowercase",
    "Nmt",
    "Precompiled",
    "Replace",
    "Prepend",
    "ByteLevel",
];
const PRE_TOKENIZERS: &[&str] = &[
    "BertPreTokenizer",
    "ByteLevel",
    "CharDelimiterSplit",
    "Metaspace",
    "Whitespace",
    "Sequence",
    "Split",
    "Punctuation",
    "WhitespaceSplit",
    "Digits",
    "UnicodeScripts",
    "FixedLength",
];
const POST_PROCESSORS: &[&str] =
    &["RobertaProcessing", "BertProcessing", "ByteLevel", "TemplateProcessing", "Sequence"];
const DECODERS: &[&str] = &[
    "BPEDecoder",
    "ByteLevel",
    "WordPiece",
    "Metaspace",
    "CTC",
    "Sequence",
    "Replace",
    "Fuse",
    "Strip",
    "ByteFallback",
];

/// A component and why it cannot be used.
pub(super) type Refusal = (String, String);

/// Checks the file and brings it in line with what stands beside it; tells whether anything was changed.
pub(super) fn prepare(json: &mut Value, side: &SideFiles) -> Result<bool, Refusal> {
    let Some(file) = json.as_object_mut() else {
        return Err(refuse("content", "it is not an object"));
    };
    let mut changed = false;
    for part in ["truncation", "padding"] {
        if file.get(part).is_some_and(|part| !part.is_null()) {
            file.insert(part.to_owned(), Value::Null);
            changed = true;
        }
    }
    components(file)?;
    let Some(model) = file.get_mut("model").and_then(Value::as_object_mut) else {
        return Err(refuse("model", "it is missing"));
    };
    vocabulary(model)?;
    if model.get("dropout").is_some_and(|dropout| !dropout.is_null()) {
        model.insert("dropout".to_owned(), Value::Null);
        changed = true;
    }
    changed |= add_missing_specials(file, side);
    changed |= add_listed(file, side)?;
    added_tokens(file)?;
    Ok(changed | follow_config(file, side))
}

fn components(file: &Map<String, Value>) -> Result<(), Refusal> {
    let known = [
        ("normalizer", "normalizers", NORMALIZERS),
        ("pre_tokenizer", "pretokenizers", PRE_TOKENIZERS),
        ("post_processor", "processors", POST_PROCESSORS),
        ("decoder", "decoders", DECODERS),
    ];
    for (place, list, names) in known {
        if let Some(component) = file.get(place).filter(|component| !component.is_null()) {
            let mut growth = 1;
            check(place, component, (list, names), MAX_DEPTH, &mut growth)?;
        }
    }
    Ok(())
}

/// One component, and those of a sequence.
fn check(
    place: &str,
    component: &Value,
    (list, names): (&str, &[&str]),
    depth: usize,
    growth: &mut usize,
) -> Result<(), Refusal> {
    let Some(name) = component.get("type").and_then(Value::as_str) else {
        return Err(refuse(place, "it has no type"));
    };
    if !names.contains(&name) {
        return Err(refuse(place, &format!("its type {name:?} is not known")));
    }
    let named = |reason: &str| Err((format!("{place} {name}"), reason.to_owned()));
    if depth == 0 {
        return named("sequences are nested too deeply");
    }
    *growth = growth.saturating_mul(lengthens(name, component));
    if *growth > MAX_GROWTH {
        return named("replacements lengthen a text a thousandfold");
    }
    if name == "FixedLength" && component.get("length").and_then(Value::as_u64) == Some(0) {
        return named("its length is 0");
    }
    let parts = component.get(list).and_then(Value::as_array).into_iter().flatten();
    parts.into_iter().try_for_each(|part| check(place, part, (list, names), depth - 1, growth))
}

/// By how much a component can lengthen a text.
fn lengthens(name: &str, component: &Value) -> usize {
    let length = |value: Option<&Value>| value.and_then(Value::as_str).map_or(0, str::len);
    match name {
        "Replace" => {
            let pattern = component.get("pattern").and_then(|pattern| pattern.get("String"));
            length(component.get("content")).div_ceil(length(pattern).max(1)).max(1)
        }
        // Each split is lengthened, and a split may be one character.
        "Prepend" => 1 + length(component.get("prepend")),
        _ => 1,
    }
}

fn vocabulary(model: &Map<String, Value>) -> Result<(), Refusal> {
    let largest = match model.get("vocab") {
        Some(Value::Object(vocab)) => {
            if let Some((token, _)) = vocab.iter().find(|(_, id)| id.as_u64().is_none_or(|id| id >= MAX_ID)) {
                return Err(refuse("model", &format!("the id of {token:?} is not a number below {MAX_ID}")));
            }
            vocab.len()
        }
        Some(Value::Array(pieces)) => pieces.len(),
        _ => return Err(refuse("model", "it has no vocabulary")),
    };
    if largest == 0 {
        return Err(refuse("model", "its vocabulary is empty"));
    }
    if largest as u64 > MAX_ID {
        return Err(refuse("model", &format!("its vocabulary has {largest} tokens, at most {MAX_ID} are read")));
    }
    Ok(())
}

fn added_tokens(file: &Map<String, Value>) -> Result<(), Refusal> {
    let tokens = match file.get("added_tokens") {
        None | Some(Value::Null) => return Ok(()),
        Some(Value::Array(tokens)) => tokens,
        Some(_) => return Err(refuse("added_tokens", "it is not a list")),
    };
    match tokens.iter().find(|token| token.get("id").and_then(Value::as_u64).is_none_or(|id| id >= MAX_ID)) {
        Some(token) => {
            Err(refuse("added_tokens", &format!("the id of {} is not a number below {MAX_ID}", token["content"])))
        }
        None => Ok(()),
    }
}

/// Special tokens that the files beside it name and the vocabulary has, but that `added_tokens` forgets: without an
/// entry there they would be taken apart like any word.
fn add_missing_specials(file: &mut Map<String, Value>, side: &SideFiles) -> bool {
    let listed = file.get("added_tokens").and_then(Value::as_array);
    let is_listed = |token: &str| listed.into_iter().flatten().any(|known| known["content"] == token);
    let missing: Vec<Value> = ROLES
        .iter()
        .filter_map(|(role, _)| side.role(role))
        .filter(|token| !is_listed(token))
        .filter_map(|token| Some((id_of(file.get("model")?.get("vocab")?, token)?, token)))
        .map(|(id, token)| added(id, token, Some(&serde_json::json!({ "special": true }))))
        .collect();
    let changed = !missing.is_empty();
    for token in missing {
        let tokens = file.entry("added_tokens").or_insert_with(|| Value::Array(Vec::new()));
        if let Some(tokens) = tokens.as_array_mut()
            && !tokens.iter().any(|known| known["content"] == token["content"])
        {
            tokens.push(token);
        }
    }
    changed
}

/// Tokens that `tokenizer_config.json` lists and the file does not have: transformers adds them in the order of their ids,
/// behind the vocabulary, which has embeddings for them. Such a token would be taken apart without it.
fn add_listed(file: &mut Map<String, Value>, side: &SideFiles) -> Result<bool, Refusal> {
    let has = |file: &Map<String, Value>, token: &Value| {
        let own = file.get("added_tokens").and_then(Value::as_array);
        own.into_iter().flatten().any(|known| known["content"] == token["content"])
    };
    let new: Vec<(u32, Value)> = side.listed_tokens().into_iter().filter(|(_, token)| !has(file, token)).collect();
    if new.is_empty() {
        return Ok(false);
    }
    let vocab = file.get("model").and_then(|model| model.get("vocab")).unwrap_or(&Value::Null);
    let of_vocab = match vocab {
        Value::Object(vocab) => vocab.values().filter_map(Value::as_u64).max().map_or(0, |last| last + 1),
        Value::Array(pieces) => pieces.len() as u64,
        _ => return Ok(false),
    };
    let own = file.get("added_tokens").and_then(Value::as_array).into_iter().flatten();
    let mut next = own.filter_map(|token| token["id"].as_u64()).map(|id| id + 1).fold(of_vocab, u64::max);
    let mut tokens = Vec::new();
    for (id, mut token) in new {
        let content = token["content"].as_str().unwrap_or_default().to_owned();
        if let Some(known) = id_of(vocab, &content) {
            token["id"] = known.into();
        } else if u64::from(id) == next {
            next += 1;
        } else {
            let reason = format!("it gives \"{content}\" the id {id}, and the next one that is free is {next}");
            return Err(refuse("added_tokens_decoder", &reason));
        }
        tokens.push(token);
    }
    if let Some(own) = file.entry("added_tokens").or_insert_with(|| Value::Array(Vec::new())).as_array_mut() {
        own.extend(tokens);
    }
    Ok(true)
}

/// The id of a token in a vocabulary written as a map, or as a list of pieces with scores.
pub(super) fn id_of(vocab: &Value, token: &str) -> Option<u32> {
    let id = match vocab {
        Value::Object(vocab) => vocab.get(token)?.as_u64()?,
        Value::Array(pieces) => pieces.iter().position(|piece| piece[0] == token)? as u64,
        _ => return None,
    };
    u32::try_from(id).ok()
}

/// transformers lets switches in `tokenizer_config.json` overrule the file, so models were trained that way.
fn follow_config(file: &mut Map<String, Value>, side: &SideFiles) -> bool {
    let mut changed = false;
    let class = side.class().unwrap_or_default();
    if class == "PreTrainedTokenizer" {
        return false;
    }
    let mut set = |component: Option<&mut Value>, kind: &str, name: &str, value: Option<&Value>| {
        let component = component.filter(|component| component["type"] == kind).and_then(Value::as_object_mut);
        if let (Some(component), Some(value)) = (component, value)
            && component.get(name) != Some(value)
        {
            component.insert(name.to_owned(), value.clone());
            changed = true;
        }
    };
    for (switch, name) in [
        ("do_lower_case", "lowercase"),
        ("strip_accents", "strip_accents"),
        ("tokenize_chinese_chars", "handle_chinese_chars"),
    ] {
        let value = side.config.get(switch).filter(|value| value.is_boolean() || value.is_null());
        set(
            file.get_mut("normalizer"),
            "BertNormalizer",
            name,
            value.filter(|value| name == "strip_accents" || value.is_boolean()),
        );
    }
    for (switch, place, kind) in [
        ("add_prefix_space", "pre_tokenizer", "ByteLevel"),
        ("add_prefix_space", "post_processor", "RobertaProcessing"),
        ("trim_offsets", "post_processor", "RobertaProcessing"),
    ] {
        let value = side.config.get(switch).filter(|value| value.is_boolean());
        set(file.get_mut(place), kind, switch, value);
    }
    changed
}

fn refuse(component: &str, reason: &str) -> Refusal {
    (component.to_owned(), reason.to_owned())
}

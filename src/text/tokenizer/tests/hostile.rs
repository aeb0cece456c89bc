//! Files that nobody should be able to break Attune with.

use super::*;

/// Opens a changed copy of a golden tokenizer, which must be refused, and returns the message.
fn refused(folder: &str, change: impl FnOnce(&mut Value)) -> String {
    let dir = copy(&golden().join(folder), &["tokenizer.json"]);
    edit(dir.path(), change);
    Tokenizer::open(dir.path()).unwrap_err().to_string()
}

#[test]
fn a_broken_component_is_refused_by_its_name() {
    let precompiled = |charsmap: &str| json!({"type": "Precompiled", "precompiled_charsmap": charsmap});
    let check = |message: String, component: &str| {
        assert!(message.starts_with(&format!("the {component}")), "{message}");
        assert!(message.contains("tokenizer.json"), "{message}");
    };
    check(refused("bert-mlm", |file| file["normalizer"] = precompiled("!!!")), "normalizer Precompiled");
    check(refused("bert-mlm", |file| file["normalizer"] = precompiled("")), "normalizer Precompiled");
    // A trie of no entries, and one that points outside itself.
    check(refused("bert-mlm", |file| file["normalizer"] = precompiled("AAAAAA==")), "normalizer Precompiled");
    check(refused("bert-mlm", |file| file["normalizer"] = precompiled("BAAAAP////8=")), "normalizer Precompiled");
    check(
        refused("bert-mlm", |file| file["pre_tokenizer"] = json!({"type": "FixedLength", "length": 0})),
        "pre_tokenizer FixedLength",
    );
    check(refused("bert-mlm", |file| file["post_processor"]["special_tokens"] = json!({})), "post_processor");
    check(
        refused("bert-mlm", |file| {
            let repeated = file["post_processor"]["single"][1].clone();
            file["post_processor"]["single"].as_array_mut().unwrap().push(repeated);
        }),
        "post_processor TemplateProcessing",
    );
    check(refused("roberta-mlm", |file| file["model"]["merges"] = json!([["zzz", "yyy"]])), "model");
    check(refused("bert-mlm", |file| file["model"]["vocab"]["ferry"] = json!(u32::MAX)), "model");
    check(refused("bert-mlm", |file| file["model"]["unk_token"] = json!("[NONE]")), "model");
    check(refused("bert-mlm", |file| file["model"]["vocab"] = json!({})), "model");
    check(refused("bert-mlm", |file| file["added_tokens"][0]["id"] = json!(-1)), "added_tokens");
    check(refused("bert-mlm", |file| file["normalizer"]["type"] = json!("Shell")), "normalizer");
    check(
        refused("bert-mlm", |file| file["post_processor"]["special_tokens"]["[CLS]"]["ids"] = json!([2_000_000])),
        "post_processor",
    );
    let doubling = json!({"type": "Replace", "pattern": {"String": "a"}, "content": "aa"});
    let bomb = json!({"type": "Sequence", "normalizers": vec![doubling; 40]});
    check(refused("bert-mlm", |file| file["normalizer"] = bomb), "normalizer Replace");
    let mut nested = json!({"type": "Lowercase"});
    for _ in 0..30 {
        nested = json!({"type": "Sequence", "normalizers": [nested]});
    }
    check(refused("bert-mlm", |file| file["normalizer"] = nested), "normalizer Sequence");
}

#[test]
fn broken_side_files_are_named() {
    let empty = tempfile::tempdir().unwrap();
    assert!(matches!(Tokenizer::open(empty.path()), Err(TokenizerError::Missing { .. })));
    for (name, content, expected) in [
        ("tokenizer.json", "{", "is not JSON"),
        ("tokenizer_config.json", "[1", "is not JSON"),
        ("vocab.txt", "[PAD]\n[CLS]\n[SEP]\nword", "it has no [UNK]"),
        ("spiece.model", "\u{8}\u{96}", "cannot be used"),
    ] {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(name), content).unwrap();
        let message = Tokenizer::open(dir.path()).unwrap_err().to_string();
        assert!(message.contains(expected) && message.contains(name), "{message}");
    }
}

/// A generator with a fixed beginning, so that a failure can be seen again.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % below.max(1)
    }
}

/// Every place in a JSON value but those deep in the vocabulary.
fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    match value {
        Value::Object(map) if map.len() < 60 => {
            for (key, value) in map {
                places(value, &format!("{at}/{}", key.replace('~', "~0").replace('/', "~1")), found);
            }
        }
        Value::Array(list) => {
            for (index, value) in list.iter().enumerate().take(6) {
                places(value, &format!("{at}/{index}"), found);
            }
        }
        _ => {}
    }
}

#[test]
fn mutated_files_are_read_or_refused_but_never_panic() {
    let strange = [
        json!(null),
        json!(0),
        json!(-1),
        json!(u32::MAX),
        json!(1e300),
        json!(""),
        json!("\u{0}"),
        json!("[UNK]"),
        json!([]),
        json!({}),
        json!([[]]),
        json!(true),
        json!("type"),
        json!(["a", "b"]),
        json!({"type": "Sequence"}),
    ];
    let mut dice = Dice(7);
    let (mut read, mut refused) = (0, 0);
    for folder in ["bert-mlm", "roberta-mlm", "albert-mlm"] {
        let bytes = fs::read(golden().join(folder).join("tokenizer.json")).unwrap();
        let original: Value = serde_json::from_slice(&bytes).unwrap();
        let mut found = Vec::new();
        places(&original, "", &mut found);
        for _ in 0..120 {
            let mut file = original.clone();
            for _ in 0..=dice.roll(2) {
                let at = &found[dice.roll(found.len())];
                if let Some(place) = file.pointer_mut(at) {
                    *place = strange[dice.roll(strange.len())].clone();
                }
            }
            let dir = tempfile::tempdir().unwrap();
            fs::write(dir.path().join("tokenizer.json"), file.to_string()).unwrap();
            match Tokenizer::open(dir.path()) {
                Ok(tokenizer) => {
                    read += 1;
                    for text in HOSTILE {
                        drop(tokenizer.encode(text, Some(text), 16));
                        drop(tokenizer.encode_ids(text, None, 16));
                    }
                }
                Err(_) => refused += 1,
            }
        }
    }
    assert!(read > 10 && refused > 10, "{read} read, {refused} refused");
}

#[test]
fn torn_files_are_refused() {
    let whole = fs::read(golden().join("bert-mlm/tokenizer.json")).unwrap();
    let mut dice = Dice(11);
    for _ in 0..60 {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("tokenizer.json"), &whole[..dice.roll(whole.len())]).unwrap();
        assert!(Tokenizer::open(dir.path()).is_err());
    }
}

#[test]
fn damaged_sentencepiece_models_are_refused_but_never_panic() {
    let whole = fs::read(golden().join("spiece/spiece.model")).unwrap();
    let mut dice = Dice(5);
    let mut refused = 0;
    for round in 0..60 {
        let mut bytes = whole.clone();
        if round % 4 == 0 {
            bytes.truncate(dice.roll(whole.len()));
        }
        for _ in 0..=dice.roll(6) {
            // Most of the file is one table; the pieces stand before it.
            let at = dice.roll(if round % 2 == 0 { bytes.len() } else { bytes.len().min(6000) });
            if let Some(byte) = bytes.get_mut(at) {
                *byte = dice.roll(256) as u8;
            }
        }
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("spiece.model"), bytes).unwrap();
        match Tokenizer::open(dir.path()) {
            Ok(tokenizer) => HOSTILE.iter().for_each(|text| drop(tokenizer.encode(text, None, 16))),
            Err(_) => refused += 1,
        }
    }
    assert!(refused > 5, "{refused}");
}

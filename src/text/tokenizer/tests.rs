//! Tokenizers against what transformers says of the golden folders, and against one another.

mod hostile;

use std::fs;
use std::path::{Path, PathBuf};

use safetensors::SafeTensors;
use serde_json::{Value, json};

use super::*;

const HOSTILE: [&str; 12] = [
    "Zoë's café — “naïve” coöperation, ½ price!",
    "İstanbul'da 3\u{301} ǅ ǆ ŉ ẞ ﬀ",
    "e\u{301}\u{323}\u{308}a\u{30a} a\u{308}\u{304}",
    "汉字과 한국어の混ぜ物 テスト",
    "👩‍👩‍👧‍👦 family, 👍🏽 thumb, 🇫🇷 flag",
    "tab\tnew\nline\r\nnull\0bell\u{7} nbsp\u{a0}zwsp\u{200b}bom\u{feff}",
    "שלום עולם مرحبا بالعالم \u{202e}override\u{202c}",
    "``quoted'' text ''and`` more 1,234,567.89",
    "   leading, double  and trailing   ",
    "x\u{fffd}\u{10ffff}\u{e000}",
    "[MASK] and <mask> and [SEP]</s><s>[UNK] in text",
    "don't can't we've I'm they're it's O'Neill's",
];

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

fn folders() -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = fs::read_dir(golden()).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.retain(|path| path.join("config.json").is_file());
    folders.sort();
    assert_eq!(folders.len(), 23);
    folders
}

fn texts() -> Vec<String> {
    let corpus = fs::read_to_string(golden().join("corpus.txt")).unwrap();
    corpus.lines().map(str::to_owned).chain(HOSTILE.map(str::to_owned)).collect()
}

/// A folder with some of another's files.
fn copy(from: &Path, names: &[&str]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for name in names {
        if from.join(name).is_file() {
            fs::copy(from.join(name), dir.path().join(name)).unwrap();
        }
    }
    dir
}

/// The rows of a tensor of the reference's whole numbers.
fn rows(tensors: &SafeTensors<'_>, name: &str) -> Option<Vec<Vec<i64>>> {
    let tensor = tensors.tensor(name).ok()?;
    let numbers: Vec<i64> = match tensor.dtype() {
        safetensors::Dtype::F32 => {
            let floats = tensor.data().chunks(4).map(|four| f32::from_le_bytes(four.try_into().unwrap()));
            floats.map(|float| float as i64).collect()
        }
        _ => tensor.data().chunks(8).map(|eight| i64::from_le_bytes(eight.try_into().unwrap())).collect(),
    };
    Some(numbers.chunks(tensor.shape()[1]).map(<[i64]>::to_vec).collect())
}

#[test]
fn ids_are_those_of_the_reference() {
    let corpus = texts();
    for folder in folders() {
        let task = folder.to_str().unwrap().rsplit('-').next().unwrap().to_owned();
        let tokenizer = Tokenizer::open(&folder).unwrap();
        let expected = fs::read(folder.join("expected.safetensors")).unwrap();
        let expected = SafeTensors::deserialize(&expected).unwrap();
        let ids = rows(&expected, "input_ids").unwrap();
        let attended = rows(&expected, "attention_mask").unwrap();
        let types = rows(&expected, "token_type_ids");
        let labels = ["mlm", "rtd"].contains(&task.as_str()).then(|| rows(&expected, "label.labels").unwrap());
        for (row, ids) in ids.iter().enumerate() {
            let length = attended[row].iter().filter(|one| **one == 1).count();
            // `None` where the reference has put another token in a word's place.
            let wanted = (0..length).map(|at| match labels.as_ref().map(|labels| labels[row][at]) {
                Some(label) if task == "mlm" && label >= 0 => Some(label),
                Some(1) if task == "rtd" => None,
                _ => Some(ids[at]),
            });
            let wanted: Vec<Option<i64>> = wanted.collect();
            let is_match = |found: &EncodedIds| {
                let ids_match = found.ids.len() == length
                    && found
                        .ids
                        .iter()
                        .zip(&wanted)
                        .all(|(id, wanted)| wanted.is_none_or(|wanted| wanted == i64::from(*id)));
                let found_types = found.types.iter().map(|kind| i64::from(*kind));
                ids_match && types.as_ref().is_none_or(|types| found_types.eq(types[row][..length].iter().copied()))
            };
            let is_pair = ["qa", "nsp", "sop"].contains(&task.as_str());
            // The reference cut its batch to this many tokens; a longer row was not cut.
            let limit = ids.len();
            let found = corpus.iter().any(|text| {
                let pairs: &[String] = if is_pair { &corpus } else { &[] };
                let alone = (!is_pair).then(|| tokenizer.encode_ids(text, None, limit).unwrap());
                alone.is_some_and(|alone| is_match(&alone))
                    || begins(&tokenizer, text, ids)
                        && pairs.iter().any(|pair| is_match(&tokenizer.encode_ids(text, Some(pair), limit).unwrap()))
            });
            assert!(
                found,
                "row {row} of {}: {}",
                folder.display(),
                tokenizer.decode(&as_u32(&ids[..length]), false).unwrap()
            );
        }
    }
}

fn as_u32(ids: &[i64]) -> Vec<u32> {
    ids.iter().map(|id| *id as u32).collect()
}

/// Whether a row begins as a text does, which spares most pairs of a text and another.
fn begins(tokenizer: &Tokenizer, text: &str, ids: &[i64]) -> bool {
    let alone = tokenizer.encode_ids(text, None, 6).unwrap().ids;
    as_u32(ids).starts_with(&alone[..alone.len() - 1])
}

#[test]
fn word_offsets_of_the_pipelines_are_reproduced() {
    let mut seen = 0;
    for folder in folders() {
        let expected: Value = serde_json::from_slice(&fs::read(folder.join("expected.json")).unwrap()).unwrap();
        let Some(ner) = expected["pipelines"].get("token-classification").and_then(|ner| ner.get("none")) else {
            continue;
        };
        let tokenizer = Tokenizer::open(&folder).unwrap();
        for case in ner.as_array().unwrap() {
            let encoded = tokenizer.encode(case["text"].as_str().unwrap(), None, 64).unwrap();
            for entity in case["result"].as_array().unwrap() {
                let at = entity["index"].as_u64().unwrap() as usize;
                let offsets = (entity["start"].as_u64().unwrap() as usize, entity["end"].as_u64().unwrap() as usize);
                assert_eq!(encoded.offsets[at], offsets);
                assert_eq!(encoded.tokens[at], entity["word"].as_str().unwrap());
                assert!(!encoded.special[at]);
                seen += 1;
            }
        }
    }
    assert!(seen > 50, "{seen}");
}

#[test]
fn older_files_give_the_same_tokenizer() {
    let texts = texts();
    let mut compared = 0;
    for folder in folders() {
        let older = ["vocab.txt", "vocab.json", "merges.txt", "tokenizer_config.json", "special_tokens_map.json"];
        let dir = copy(&folder, &older);
        if !dir.path().join("vocab.txt").is_file() && !dir.path().join("vocab.json").is_file() {
            continue;
        }
        let new = Tokenizer::open(&folder).unwrap();
        let old = Tokenizer::open(dir.path()).unwrap();
        assert_ne!(old.kind(), TokenizerKind::TokenizerJson);
        assert_eq!(new.kind(), TokenizerKind::TokenizerJson);
        assert_eq!((new.mask_id(), new.pad_id(), new.unk_id()), (old.mask_id(), old.pad_id(), old.unk_id()));
        assert_eq!((new.max_id(), new.vocab_size(), new.cased()), (old.max_id(), old.vocab_size(), old.cased()));
        for text in &texts {
            assert_eq!(new.encode(text, Some("a pair"), 24).unwrap(), old.encode(text, Some("a pair"), 24).unwrap());
        }
        // Without any other file the family's habits decide.
        let bare = copy(&folder, &["vocab.txt", "vocab.json", "merges.txt"]);
        let bare = Tokenizer::open(bare.path()).unwrap();
        for text in &texts {
            assert_eq!(new.encode(text, None, 24).unwrap(), bare.encode(text, None, 24).unwrap());
        }
        compared += 1;
    }
    assert_eq!(compared, 18);
}

#[test]
fn a_sentencepiece_model_gives_the_tokens_of_the_reference() {
    let from = golden().join("spiece");
    let expected: Value = serde_json::from_slice(&fs::read(from.join("expected.json")).unwrap()).unwrap();
    let mut compared = 0;
    for (name, case) in expected.as_object().unwrap() {
        let dir = copy(&from, &["spiece.model"]);
        fs::write(dir.path().join("tokenizer_config.json"), case["config"].to_string()).unwrap();
        let tokenizer = Tokenizer::open(dir.path()).unwrap();
        assert_eq!(tokenizer.kind(), TokenizerKind::SpieceModel);
        assert_eq!(tokenizer.mask_token(), Some("[MASK]"));
        assert_eq!(tokenizer.cased(), Some(name == "cased"));
        compared += compare_pieces(&tokenizer, &case["rows"], name);
        is_the_same_when_saved(&tokenizer);
    }
    assert!(compared > 500, "{compared}");
}

/// Compares ids and offsets of texts with those of the reference; tells how many offsets.
fn compare_pieces(tokenizer: &Tokenizer, rows: &Value, name: &str) -> usize {
    let mut compared = 0;
    for row in rows.as_array().unwrap() {
        let text = row["text"].as_str().unwrap();
        let encoded = tokenizer.encode(text, None, 512).unwrap();
        assert_eq!(json!(encoded.ids), row["ids"], "{name}: {text:?}");
        // The converter of that version counts the space before a word as the word's; `▁` is one to SentencePiece.
        let characters: Vec<char> = text.chars().collect();
        for (at, offsets) in row["offsets"].as_array().into_iter().flatten().enumerate() {
            let [start, end] = [0, 1].map(|side| offsets[side].as_u64().unwrap() as usize);
            let spaces = characters[start..end].iter().take_while(|c| c.is_whitespace() || **c == '▁').count();
            if encoded.tokens[at] != "▁" && Some(encoded.tokens[at].as_str()) != tokenizer.mask_token() {
                assert_eq!(encoded.offsets[at], (start + spaces, end), "{name}: {text:?}");
                compared += 1;
            }
        }
    }
    compared
}

/// Saved, a tokenizer is read from the JSON it was turned into.
fn is_the_same_when_saved(tokenizer: &Tokenizer) {
    let saved = tempfile::tempdir().unwrap();
    tokenizer.save(saved.path()).unwrap();
    let again = Tokenizer::open(saved.path()).unwrap();
    assert_eq!(again.kind(), TokenizerKind::TokenizerJson);
    for text in texts() {
        assert_eq!(tokenizer.encode(&text, None, 64).unwrap(), again.encode(&text, None, 64).unwrap());
    }
}

#[test]
fn pieces_under_fairseqs_numbers_are_those_of_the_reference() {
    for (family, mask) in [("xlm-roberta", "<mask>"), ("camembert", "<mask>")] {
        let from = golden().join("sentencepiece").join(family);
        let expected: Value = serde_json::from_slice(&fs::read(from.join("expected.json")).unwrap()).unwrap();
        let named = copy(&from, &["sentencepiece.bpe.model", "tokenizer_config.json"]);
        // Of old folders only the configuration of the model says whose pieces these are.
        let by_model = copy(&from, &["sentencepiece.bpe.model"]);
        fs::write(by_model.path().join("config.json"), json!({ "model_type": family }).to_string()).unwrap();
        for dir in [&named, &by_model] {
            let tokenizer = Tokenizer::open(dir.path()).unwrap();
            assert_eq!(tokenizer.kind(), TokenizerKind::SentencePieceBpe);
            assert_eq!((tokenizer.mask_token(), json!(tokenizer.mask_id())), (Some(mask), expected["mask"].clone()));
            assert_eq!(json!(tokenizer.vocab_size()), expected["size"], "{family}");
            for row in expected["pairs"].as_array().unwrap() {
                let encoded = tokenizer.encode(row["text"].as_str().unwrap(), row["pair"].as_str(), 512).unwrap();
                let segments = encoded.types.iter().sum::<u32>();
                assert_eq!((json!(encoded.ids), segments), (row["ids"].clone(), 0), "{family}");
            }
            let compared = compare_pieces(&tokenizer, &expected["rows"], family);
            assert!(compared > 1000, "{family}: {compared}");
            is_the_same_when_saved(&tokenizer);
        }
    }
}

#[test]
fn pieces_with_special_tokens_among_them_are_those_of_the_reference() {
    let expected: Value = serde_json::from_slice(&fs::read(golden().join("spm/expected.json")).unwrap()).unwrap();
    for (name, expected) in expected.as_object().unwrap() {
        let dir = copy(&golden().join("spm"), &["spm.model"]);
        let mut config = expected["config"].clone();
        config["tokenizer_class"] = "DebertaV2Tokenizer".into();
        fs::write(dir.path().join("tokenizer_config.json"), config.to_string()).unwrap();
        let tokenizer = Tokenizer::open(dir.path()).unwrap();
        assert_eq!(tokenizer.kind(), TokenizerKind::SpmModel);
        assert_eq!((tokenizer.mask_token(), json!(tokenizer.mask_id())), (Some("[MASK]"), expected["mask"].clone()));
        assert_eq!(json!(tokenizer.vocab_size()), expected["size"], "{name}");
        for row in expected["pairs"].as_array().unwrap() {
            let encoded = tokenizer.encode(row["text"].as_str().unwrap(), row["pair"].as_str(), 512).unwrap();
            assert_eq!(
                (json!(encoded.ids), json!(encoded.types)),
                (row["ids"].clone(), row["types"].clone()),
                "{name}"
            );
        }
        for row in expected["rows"].as_array().unwrap() {
            let text = row["text"].as_str().unwrap();
            assert_eq!(json!(tokenizer.encode(text, None, 512).unwrap().ids), row["ids"], "{name}: {text:?}");
        }
        is_the_same_when_saved(&tokenizer);
        // What a file says of the mask alone is its number.
        fs::write(dir.path().join("added_tokens.json"), json!({ "[MASK]": expected["mask"] }).to_string()).unwrap();
        let again = Tokenizer::open(dir.path()).unwrap();
        assert_eq!((again.mask_id(), again.vocab_size()), (tokenizer.mask_id(), tokenizer.vocab_size()), "{name}");
    }
}

#[test]
fn the_fast_path_gives_the_same_ids() {
    for folder in ["bert-qa", "roberta-qa", "albert-qa", "distilbert-qa"] {
        let tokenizer = Tokenizer::open(&golden().join(folder)).unwrap();
        for text in texts() {
            for limit in [4, 5, 9, 64, usize::MAX] {
                for pair in [None, Some("A pair, which is of middling length."), Some("")] {
                    let whole = tokenizer.encode(&text, pair, limit).unwrap();
                    let ids = tokenizer.encode_ids(&text, pair, limit).unwrap();
                    assert_eq!(EncodedIds { ids: whole.ids, types: whole.types, cut: whole.cut }, ids);
                    assert!(ids.ids.len() <= limit);
                }
            }
        }
    }
}

#[test]
fn what_is_cut_is_counted() {
    let tokenizer = Tokenizer::open(&golden().join("bert-classify")).unwrap();
    let text = "The ferry leaves the old harbour at seven.";
    let whole = tokenizer.encode_ids(text, None, 512).unwrap();
    assert_eq!(whole.cut, 0);
    assert_eq!(tokenizer.count(text, None).unwrap(), (whole.ids.len(), 0));
    let part = tokenizer.encode_ids(text, None, 6).unwrap();
    assert_eq!((part.ids.len(), part.cut), (6, whole.ids.len() - 6));
    assert_eq!(part.ids[..5], whole.ids[..5]);
    assert_eq!(part.ids.last(), whole.ids.last());
    assert_eq!(tokenizer.encode_ids(text, None, 2).unwrap().ids.len(), 2);
    assert!(matches!(
        tokenizer.encode(text, Some(text), 2),
        Err(TokenizerError::LimitTooSmall { max_tokens: 2, special: 3 })
    ));
    let (tokens, unknown) = tokenizer.count("漢 ferry", None).unwrap();
    assert!(unknown == 1 && tokens > 3, "{tokens} {unknown}");
    let many = vec![(text, None::<&str>); 50];
    assert_eq!(tokenizer.encode_all(&many, 6).unwrap(), vec![part; 50]);
}

#[test]
fn offsets_count_characters_of_each_text() {
    for folder in ["bert-ner", "roberta-ner", "albert-ner"] {
        let tokenizer = Tokenizer::open(&golden().join(folder)).unwrap();
        let (text, pair) = ("👍🏽 déjà the ferry", "日本 at harbour");
        let encoded = tokenizer.encode(text, Some(pair), 64).unwrap();
        for (sequence, source, word) in [(0, text, "ferry"), (1, pair, "harbour")] {
            let characters: Vec<char> = source.chars().collect();
            let start = source.chars().count() - word.chars().count();
            let of_word: Vec<usize> = (0..encoded.ids.len())
                .filter(|at| encoded.sequence[*at] == Some(sequence) && encoded.offsets[*at].1 > start)
                .collect();
            let (first, last) = (of_word[0], of_word[of_word.len() - 1]);
            let span = encoded.offsets[first].0..encoded.offsets[last].1;
            // ALBERT's first piece of a word holds the space before it.
            assert_eq!(characters[span].iter().collect::<String>().trim_start(), word, "{folder}");
        }
        let specials = encoded.special.iter().filter(|special| **special).count();
        assert_eq!(specials, tokenizer.special_tokens(true));
        for at in 0..encoded.ids.len() {
            assert_eq!(encoded.special[at], encoded.sequence[at].is_none());
            assert_eq!(encoded.special[at], encoded.words[at].is_none());
        }
    }
}

#[test]
fn padding_and_truncation_of_a_file_are_set_aside() {
    let plain = Tokenizer::open(&golden().join("bert-classify")).unwrap();
    let dir = copy(&golden().join("bert-classify"), &["tokenizer.json"]);
    edit(dir.path(), |file| {
        file["truncation"] = json!({"direction": "Right", "max_length": 3, "strategy": "LongestFirst", "stride": 0});
        file["padding"] = json!({"strategy": {"Fixed": 3_000_000_000_u64}, "direction": "Right", "pad_id": 0,
            "pad_type_id": 0, "pad_token": "[PAD]", "pad_to_multiple_of": null});
    });
    let padded = Tokenizer::open(dir.path()).unwrap();
    let text = "The ferry leaves the old harbour at seven.";
    assert_eq!(plain.encode(text, None, 64).unwrap(), padded.encode(text, None, 64).unwrap());
    let saved = tempfile::tempdir().unwrap();
    padded.save(saved.path()).unwrap();
    let saved: Value = serde_json::from_slice(&fs::read(saved.path().join("tokenizer.json")).unwrap()).unwrap();
    assert!(saved["truncation"].is_null() && saved["padding"].is_null());
}

#[test]
fn tokens_that_the_configuration_adds_are_read_whole() {
    let open = |listed: Value| {
        let dir = copy(&golden().join("bert-classify"), &["tokenizer.json", "tokenizer_config.json", "config.json"]);
        let path = dir.path().join("tokenizer_config.json");
        let mut own: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        if !own["added_tokens_decoder"].is_object() {
            own["added_tokens_decoder"] = json!({});
        }
        own["added_tokens_decoder"].as_object_mut().unwrap().extend(listed.as_object().unwrap().clone());
        fs::write(&path, own.to_string()).unwrap();
        Tokenizer::open(dir.path())
    };
    let plain = Tokenizer::open(&golden().join("bert-classify")).unwrap();
    let size = plain.vocab_size() as u32;
    let token = |content: &str, special: bool| json!({ "content": content, "special": special, "normalized": false });
    let listed = json!({ size.to_string(): token("zipzap", false), (size + 1).to_string(): token("[X]", true) });
    let tokenizer = open(listed).unwrap();
    let ids = tokenizer.encode_ids("the zipzap [X] ferry", None, 64).unwrap().ids;
    assert!(ids.contains(&size) && ids.contains(&(size + 1)), "{ids:?}");
    assert_eq!(tokenizer.max_id(), size + 1);
    let error = open(json!({ (size + 7).to_string(): token("zipzap", false) })).unwrap_err().to_string();
    assert!(error.contains("\"zipzap\" the id") && error.contains(&format!("free is {size}")), "{error}");
}

#[test]
fn a_text_is_cut_on_the_side_that_the_files_name() {
    let names = ["tokenizer.json", "tokenizer_config.json", "config.json"];
    let open = |config: Value, json: Value| {
        let dir = copy(&golden().join("bert-classify"), &names);
        edit(dir.path(), |file| file["truncation"] = json);
        let path = dir.path().join("tokenizer_config.json");
        let mut own: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        own.as_object_mut().unwrap().remove("truncation_side");
        own.as_object_mut().unwrap().extend(config.as_object().unwrap().clone());
        fs::write(&path, own.to_string()).unwrap();
        Tokenizer::open(dir.path())
    };
    let kept =
        |direction: &str| json!({ "direction": direction, "max_length": 512, "strategy": "LongestFirst", "stride": 0 });
    let (text, pair) =
        ("The ferry leaves the old harbour at seven.", "Copper conducts heat and the old map is on the table.");
    for (config, json, side) in [
        (json!({}), Value::Null, CutSide::Right),
        (json!({ "truncation_side": "right" }), Value::Null, CutSide::Right),
        (json!({ "truncation_side": "left" }), Value::Null, CutSide::Left),
        (json!({ "padding_side": "left" }), Value::Null, CutSide::Right),
        (json!({}), kept("Left"), CutSide::Left),
        (json!({}), kept("Right"), CutSide::Right),
        (json!({ "truncation_side": "right" }), kept("Left"), CutSide::Right),
    ] {
        let tokenizer = open(config.clone(), json).unwrap();
        let whole = tokenizer.encode(text, None, 512).unwrap();
        let part = tokenizer.encode(text, None, 6).unwrap();
        let end = whole.ids.len() - 1;
        let expected = match side {
            CutSide::Right => 1..5,
            CutSide::Left => end - 4..end,
        };
        assert_eq!((part.ids[1..5].to_vec(), part.cut), (whole.ids[expected.clone()].to_vec(), end - 5), "{config}");
        assert_eq!(part.offsets[1..5], whole.offsets[expected]);
        for pair in [None, Some(pair)] {
            let whole = tokenizer.encode(text, pair, 9).unwrap();
            let ids = tokenizer.encode_ids(text, pair, 9).unwrap();
            assert_eq!(EncodedIds { ids: whole.ids, types: whole.types, cut: whole.cut }, ids, "{config}");
        }
        let both = tokenizer.encode(text, Some(pair), 512).unwrap();
        let cut = tokenizer.encode(text, Some(pair), 9).unwrap();
        let last = both.ids[both.ids.len() - 2] == cut.ids[cut.ids.len() - 2];
        assert_eq!(last, side == CutSide::Left, "{config}");
        // What is saved cuts on the same side, wherever that was said.
        let saved = tempfile::tempdir().unwrap();
        tokenizer.save(saved.path()).unwrap();
        assert_eq!(Tokenizer::open(saved.path()).unwrap().cut_side(), side, "{config}");
    }
    for wrong in [json!("middle"), json!(1), json!(["left"])] {
        let error = open(json!({ "truncation_side": wrong }), Value::Null).unwrap_err().to_string();
        assert!(error.contains("truncation_side") && error.contains("expected \"right\" or \"left\""), "{error}");
    }
}

#[test]
fn what_is_saved_is_the_same_tokenizer() {
    for folder in ["bert-mlm", "roberta-mlm", "albert-mlm"] {
        let from = golden().join(folder);
        let older = ["vocab.txt", "vocab.json", "merges.txt"];
        for names in [&["tokenizer.json", "tokenizer_config.json"][..], &["tokenizer.json"], &older] {
            if folder.starts_with("albert") && names == older {
                continue;
            }
            let dir = copy(&from, names);
            let opened = Tokenizer::open(dir.path()).unwrap();
            drop(dir);
            let saved = tempfile::tempdir().unwrap();
            opened.save(saved.path()).unwrap();
            let again = Tokenizer::open(saved.path()).unwrap();
            for text in texts() {
                assert_eq!(opened.encode(&text, None, 32).unwrap(), again.encode(&text, None, 32).unwrap());
            }
            assert_eq!(opened.mask_token(), again.mask_token());
            let config: Value =
                serde_json::from_slice(&fs::read(saved.path().join("tokenizer_config.json")).unwrap()).unwrap();
            assert!(config["tokenizer_class"].is_string());
        }
    }
}

#[test]
fn the_mask_swallows_the_space_before_it_where_the_family_has_it_so() {
    let roberta = Tokenizer::open(&golden().join("roberta-mlm")).unwrap();
    let mask = roberta.mask_id().unwrap();
    let ids = roberta.encode_ids("the <mask> leaves", None, 64).unwrap().ids;
    assert_eq!(ids.iter().filter(|id| **id == mask).count(), 1);
    let encoded = roberta.encode("the <mask> leaves", None, 64).unwrap();
    let at = encoded.ids.iter().position(|id| *id == mask).unwrap();
    assert_eq!((encoded.tokens[at].as_str(), encoded.special[at]), ("<mask>", false));
    let alone = roberta.encode_ids("the", None, 64).unwrap().ids;
    assert_eq!(ids[..at], alone[..at]);
}

#[test]
fn ids_are_turned_back_into_text() {
    let tokenizer = Tokenizer::open(&golden().join("bert-mlm")).unwrap();
    let ids = tokenizer.encode_ids("The ferry, at seven.", None, 64).unwrap().ids;
    assert_eq!(tokenizer.decode(&ids, true).unwrap(), "the ferry, at seven.");
    assert_eq!(tokenizer.decode(&ids, false).unwrap(), "[CLS] the ferry, at seven. [SEP]");
    assert_eq!(tokenizer.cased(), Some(false));
    assert_eq!(tokenizer.model_max_length(), Some(64));
    assert_eq!((tokenizer.longer_than_allowed(64), tokenizer.most_tokens(128)), (None, 64));
    assert!(tokenizer.longer_than_allowed(65).unwrap().contains("up to 65 tokens, and the tokenizer's files allow 64"));
    assert_eq!(Tokenizer::open(&golden().join("roberta-mlm")).unwrap().cased(), Some(true));
}

#[test]
fn the_configuration_overrules_the_file_as_in_the_reference() {
    let dir = copy(&golden().join("bert-classify"), &["tokenizer.json"]);
    fs::write(dir.path().join("tokenizer_config.json"), r#"{"do_lower_case": false, "model_max_length": 1e30}"#)
        .unwrap();
    let tokenizer = Tokenizer::open(dir.path()).unwrap();
    assert_eq!(tokenizer.cased(), Some(true));
    assert_eq!(tokenizer.model_max_length(), None);
}

/// Changes a folder's `tokenizer.json`.
fn edit(dir: &Path, change: impl FnOnce(&mut Value)) {
    let path = dir.join("tokenizer.json");
    let mut file: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    change(&mut file);
    fs::write(path, file.to_string()).unwrap();
}

#[test]
fn merge_dropout_of_a_file_is_set_aside() {
    let dir = copy(&golden().join("roberta-mlm"), &["tokenizer.json"]);
    edit(dir.path(), |file| file["model"]["dropout"] = json!(0.9));
    let plain = Tokenizer::open(&golden().join("roberta-mlm")).unwrap();
    let without = Tokenizer::open(dir.path()).unwrap();
    for text in texts() {
        assert_eq!(plain.encode_ids(&text, None, 64).unwrap(), without.encode_ids(&text, None, 64).unwrap());
    }
}

#[test]
fn a_class_that_is_not_here_is_refused_by_name_and_never_replaced() {
    let old = |family: &str| {
        let names = ["vocab.txt", "vocab.json", "merges.txt", "special_tokens_map.json"];
        copy(&golden().join(format!("{family}-classify")), &names)
    };
    let open = |dir: &Path, file: &str, content: &Value| {
        fs::write(dir.join(file), content.to_string()).unwrap();
        let opened = Tokenizer::open(dir);
        fs::remove_file(dir.join(file)).unwrap();
        opened.map(|tokenizer| tokenizer.kind()).map_err(|error| error.to_string())
    };
    for (family, classes) in [
        ("bert", ["BertJapaneseTokenizer", "PhobertTokenizer", "BertweetTokenizer", "RobertaTokenizer2"]),
        ("roberta", ["HerbertTokenizerFast", "BarthezTokenizer", "FlaubertTokenizer", "XLMTokenizer"]),
    ] {
        let dir = old(family);
        for class in classes {
            for file in ["tokenizer_config.json", "config.json"] {
                let refused = open(dir.path(), file, &json!({ "tokenizer_class": class })).unwrap_err();
                assert!(refused.contains(&format!("is a {class}, which Attune does not support")), "{refused}");
                assert!(refused.contains("tokenizer.json"), "{refused}");
            }
        }
    }
    let bert = old("bert");
    for class in ["BertTokenizer", "BertTokenizerFast", "DistilBertTokenizer", "ElectraTokenizerFast"] {
        let opened = open(bert.path(), "tokenizer_config.json", &json!({ "tokenizer_class": class }));
        assert_eq!(opened, Ok(TokenizerKind::VocabTxt), "{class}");
    }
    // The class is the tokenizer's own, whatever the model's configuration says.
    fs::write(bert.path().join("config.json"), r#"{"tokenizer_class": "HerbertTokenizer", "best_metric": NaN}"#)
        .unwrap();
    assert!(open(bert.path(), "tokenizer_config.json", &json!({ "tokenizer_class": "BertTokenizer" })).is_ok());
    assert!(open(bert.path(), "tokenizer_config.json", &json!({})).unwrap_err().contains("HerbertTokenizer"));
    fs::remove_file(bert.path().join("config.json")).unwrap();
    // What only one class has names it too.
    let mecab = open(bert.path(), "tokenizer_config.json", &json!({ "word_tokenizer_type": "mecab" }));
    assert!(mecab.unwrap_err().contains("BertJapaneseTokenizer"));
    assert!(open(bert.path(), "bpe.codes", &json!({})).unwrap_err().contains("PhobertTokenizer"));
    // A class that is here, but without its files.
    let missing = open(bert.path(), "tokenizer_config.json", &json!({ "tokenizer_class": "RobertaTokenizer" }));
    assert!(missing.unwrap_err().starts_with("no tokenizer in"));
    // With a tokenizer.json there is nothing to replace.
    let whole = copy(&golden().join("bert-classify"), &["tokenizer.json"]);
    let opened = open(whole.path(), "tokenizer_config.json", &json!({ "tokenizer_class": "HerbertTokenizerFast" }));
    assert_eq!(opened, Ok(TokenizerKind::TokenizerJson));
}

#[test]
fn pieces_that_are_not_of_bytes_are_no_roberta_tokenizer() {
    let dir = tempfile::tempdir().unwrap();
    let tokens = ["<s>", "<pad>", "</s>", "<unk>", "<mask>", "a", "b</w>", "ab</w>"];
    let vocab: serde_json::Map<String, Value> =
        tokens.iter().zip(0_u32..).map(|(token, id)| ((*token).to_owned(), id.into())).collect();
    fs::write(dir.path().join("vocab.json"), Value::Object(vocab).to_string()).unwrap();
    fs::write(dir.path().join("merges.txt"), "a b</w>\n").unwrap();
    let refused = Tokenizer::open(dir.path()).unwrap_err().to_string();
    assert!(refused.contains("its pieces are not of bytes"), "{refused}");
}

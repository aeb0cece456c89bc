//! Small files of every kind that Attune reads.

use std::fs;
use std::io::{Cursor, Write};
use std::path::Path;

use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::damage::Build;
use crate::models_match_the_reference::golden;

/// A file, or a folder of them, of which one is damaged.
#[derive(Clone, Debug)]
pub struct Sample {
    pub name: String,
    /// Names from the folder, with what is in them.
    pub files: Vec<(String, Vec<u8>)>,
    pub damaged: usize,
    pub build: Build,
    /// What is opened: a file of it, or the folder where there is no name.
    pub opened: String,
}

impl Sample {
    pub fn file(name: &str, bytes: impl Into<Vec<u8>>, build: Build) -> Self {
        let name = name.to_owned();
        Self { files: vec![(name.clone(), bytes.into())], damaged: 0, build, opened: name.clone(), name }
    }

    /// A folder, once for each of its files that is to be damaged.
    pub fn folders(name: &str, files: &[(String, Vec<u8>)], damaged: &[&str]) -> Vec<Self> {
        let place =
            |wanted: &str| files.iter().position(|(own, _)| own == wanted).unwrap_or_else(|| panic!("{wanted}"));
        let of = |wanted: &&str| Self {
            name: format!("{name}/{wanted}"),
            files: files.to_vec(),
            damaged: place(wanted),
            build: build_of(wanted),
            opened: String::new(),
        };
        damaged.iter().map(of).collect()
    }
}

/// How a file hangs together, by its ending.
pub fn build_of(name: &str) -> Build {
    match name.rsplit_once('.').map_or("", |(_, ending)| ending) {
        "json" | "jsonl" => Build::Json,
        "safetensors" => Build::Safetensors,
        "xlsx" | "xlsb" | "ods" | "zip" | "bin" => Build::Zip,
        _ => Build::Bytes,
    }
}

/// The files of a folder and of those in it, without what only tests read.
pub fn all_of(folder: &Path) -> Vec<(String, Vec<u8>)> {
    fn walk(folder: &Path, before: &str, found: &mut Vec<(String, Vec<u8>)>) {
        let mut entries: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        entries.sort();
        for path in entries {
            let name = format!("{before}{}", path.file_name().unwrap().to_string_lossy());
            if path.is_dir() {
                walk(&path, &format!("{name}/"), found);
            } else if !name.ends_with("expected.json") && !name.ends_with("expected.safetensors") {
                found.push((name, fs::read(path).unwrap()));
            }
        }
    }
    let mut found = Vec::new();
    walk(folder, "", &mut found);
    found
}

const REVIEWS: &str = "id,text,label\n1,\"the soup was \"\"wonderful\"\", and warm\",good\n2,\"the queue was endless\nand cold\",bad\n3,rude staff,bad\n4,a kind waiter,good\n";

const TEXTS: [(&str, &str); 27] = [
    ("reviews.csv", REVIEWS),
    ("semicolon.csv", "text;score\n\"ein; Text\";1,5\nnoch einer;2\nund einer;3,25\n"),
    ("flags.csv", "text,toxic,rude,kind\nyou there,1,0,0\nhello friend,0,0,1\nso so,0,0,0\nbad words,1,1,0\n"),
    (
        "pairs.tsv",
        "sentence1\tsentence2\tlabel\na man walks\ta man moves\tentailment\nshe sleeps\tshe runs\tcontradiction\n",
    ),
    ("spans.csv", "text,spans\n\"Ines Kaya lives in Köln\",\"[(0, 9, 'PER'), (19, 23, 'LOC')]\"\nnobody,[]\n"),
    (
        "reviews.jsonl",
        "{\"text\": \"the soup was wonderful\", \"label\": \"good\", \"tags\": [\"a\", \"b\"]}\n{\"text\": \"endless\", \"label\": \"bad\", \"tags\": []}\n{\"text\": \"rude\", \"label\": null}\n",
    ),
    (
        "rows.json",
        "{\"data\": [{\"text\": \"fine\", \"label\": 1}, {\"text\": \"poor\", \"label\": 0}], \"version\": 2}",
    ),
    ("columns.json", "{\"text\": {\"0\": \"fine\", \"1\": \"poor\"}, \"label\": {\"0\": \"good\", \"1\": \"bad\"}}"),
    (
        "split.json",
        "{\"columns\": [\"text\", \"label\"], \"index\": [0, 1], \"data\": [[\"fine\", \"good\"], [\"poor\", \"bad\"]]}",
    ),
    (
        "server.json",
        "{\"features\": [{\"feature_idx\": 0, \"name\": \"text\", \"type\": {\"dtype\": \"string\"}}, {\"name\": \"label\", \"type\": {\"names\": [\"neg\", \"pos\"], \"_type\": \"ClassLabel\"}}], \"rows\": [{\"row_idx\": 0, \"row\": {\"text\": \"fine\", \"label\": 1}}, {\"row_idx\": 1, \"row\": {\"text\": \"poor\", \"label\": 0}}]}",
    ),
    (
        "squad.json",
        "{\"version\": \"v2.0\", \"data\": [{\"title\": \"T\", \"paragraphs\": [{\"context\": \"The ferry leaves at seven.\", \"qas\": [{\"id\": \"1\", \"question\": \"When?\", \"answers\": [{\"text\": \"at seven\", \"answer_start\": 17}]}, {\"id\": \"2\", \"question\": \"Why?\", \"answers\": [], \"is_impossible\": true}]}]}]}",
    ),
    (
        "names.conll",
        "-DOCSTART- -X- O O\n\nInes NNP B-NP B-PER\nKaya NNP I-NP I-PER\nlives VBZ B-VP O\nin IN B-PP O\nKöln NNP B-NP B-LOC\n\nNobody NN B-NP O\n. . O O\n\n",
    ),
    (
        "names.conllu",
        "# text = du vin\n1-2\tdu\t_\t_\t_\t_\t_\t_\t_\t_\n1\tde\tde\tADP\tP\t_\t3\tcase\t_\t_\n2\tle\tle\tDET\tD\t_\t3\tdet\t_\t_\n3\tvin\tvin\tNOUN\tN\t_\t0\troot\t_\tSpaceAfter=No\n\n",
    ),
    (
        "names.gold_conll",
        "#begin document (a/b); part 000\na/b 0 0 Ann NNP (TOP(S* - - - - (PERSON) * -\na/b 0 1 ran VBD *)) run - 1 - * (V*) -\n\na/b 0 0 Köln NNP (TOP*) - - - - (GPE) * -\n#end document\n",
    ),
    (
        "names.tsv",
        "#FORMAT=WebAnno TSV 3.3\n#T_SP=webanno.custom.NamedEntity|identifier|value\n\n\n#Text=Ann ran\n1-1\t0-3\tAnn\t*[1]\tPER[1]\t\n1-2\t4-7\tran\t_\t_\t\n",
    ),
    ("words.csv", "sentence_id,word,tag\n1,Ann,B-PER\n1,ran,O\n2,Köln,B-LOC\n2,sleeps,O\n"),
    ("slashes.txt", "Ann/B-PER ran/O to/O Köln/B-LOC\nNobody/O saw/O it/O\n"),
    (
        "labels.txt",
        "__label__good __label__warm the soup was wonderful\n__label__bad an endless queue\n__label__good kind\n",
    ),
    (
        "prose.txt",
        "The first paragraph, which is long enough to be one.\n\nThe second; it says \"no\" and \"yes\".\nA third line | another.\n",
    ),
    (
        "prodigy.jsonl",
        "{\"text\": \"Ann ran\", \"spans\": [{\"start\": 0, \"end\": 3, \"label\": \"PER\", \"token_start\": 0, \"token_end\": 0}], \"tokens\": [{\"text\": \"Ann\", \"start\": 0, \"end\": 3, \"id\": 0}], \"answer\": \"accept\", \"_input_hash\": 1, \"_task_hash\": 2}\n{\"text\": \"b\", \"spans\": [], \"answer\": \"reject\", \"_task_hash\": 3}\n",
    ),
    (
        "doccano.jsonl",
        "{\"id\": 1, \"text\": \"Ann ran to Köln\", \"label\": [[0, 3, \"PER\"], [11, 15, \"LOC\"]]}\n{\"id\": 2, \"text\": \"b\", \"label\": []}\n",
    ),
    (
        "studio.json",
        "[{\"id\": 1, \"data\": {\"text\": \"😀 Ann ran\"}, \"annotations\": [{\"id\": 1, \"completed_by\": 1, \"was_cancelled\": false, \"result\": [{\"id\": \"a\", \"from_name\": \"label\", \"to_name\": \"text\", \"type\": \"labels\", \"value\": {\"start\": 3, \"end\": 6, \"text\": \"Ann\", \"labels\": [\"PER\"]}}, {\"from_name\": \"kind\", \"to_name\": \"text\", \"type\": \"choices\", \"value\": {\"choices\": [\"x\"]}}]}]}, {\"id\": 2, \"data\": {\"text\": \"b\"}, \"annotations\": []}]",
    ),
    (
        "spacy.json",
        "[[\"Ann ran to Köln\", {\"entities\": [[0, 3, \"PER\"], [11, 15, \"LOC\"]], \"cats\": {\"A\": 1.0, \"B\": 0.0}}], [\"b\", {\"entities\": []}]]",
    ),
    (
        "gliner.json",
        "[{\"tokenized_text\": [\"Ann\", \"ran\"], \"ner\": [[0, 0, \"PER\"]]}, {\"tokenized_text\": [\"b\"], \"ner\": []}]",
    ),
    (
        "spert.json",
        "[{\"tokens\": [\"Ann\", \"ran\"], \"entities\": [{\"type\": \"PER\", \"start\": 0, \"end\": 1}], \"relations\": [], \"orig_id\": 1}, {\"tokens\": [\"b\"], \"entities\": [], \"relations\": [], \"orig_id\": 2}]",
    ),
    (
        "dygie.jsonl",
        "{\"doc_key\": \"d\", \"sentences\": [[\"Ann\", \"ran\"], [\"She\", \"slept\"]], \"ner\": [[[0, 0, \"PER\"]], [[2, 2, \"PER\"]]], \"relations\": [[], []]}\n",
    ),
    ("literal.txt", "('the soup, it was fine', 'good')\n('rude \\'staff\\'', 'bad')\n('so so', None)\n"),
];

/// Data as one file each.
pub fn tables() -> Vec<Sample> {
    let mut all: Vec<Sample> = TEXTS.iter().map(|(name, text)| Sample::file(name, *text, build_of(name))).collect();
    let kept = [
        "sheets/reviews.xlsx",
        "sheets/binary.xlsb",
        "sheets/reviews.xls",
        "sheets/reviews.ods",
        "sheets/survey.xlsx",
        "parquet/classes-none.parquet",
        "parquet/classes-snappy.parquet",
        "parquet/classes-zstd.parquet",
        "parquet/kinds.parquet",
        "parquet/squad.parquet",
        "parquet/tags-list.parquet",
        "arrow/file.arrow",
        "arrow/stream.arrow",
        "arrow/lz4.arrow",
        "arrow/zstd.arrow",
        "arrow/rare.arrow",
        "arrow/reviews.feather",
        "packed/lines.txt.xz",
    ];
    all.extend(kept.iter().map(|path| {
        let name = path.rsplit('/').next().unwrap();
        Sample::file(name, fs::read(golden().join(path)).unwrap(), build_of(name))
    }));
    all.push(Sample::file("reviews.csv.gz", gzip(REVIEWS.as_bytes()), Build::Bytes));
    all.push(Sample::file("reviews.csv.bz2", bzip2(REVIEWS.as_bytes()), Build::Bytes));
    all.push(Sample::file("reviews.csv.zst", zstd::encode_all(REVIEWS.as_bytes(), 3).unwrap(), Build::Bytes));
    let zipped =
        zip(&[("train.csv", REVIEWS), ("test.csv", "text,label\nfine,good\npoor,bad\n"), ("README.md", "# x")]);
    all.push(Sample::file("reviews.zip", zipped.clone(), Build::Zip));
    all.push(Sample::file("torn.zip", zipped, Build::Bytes));
    all
}

/// Data as folders.
pub fn folders() -> Vec<Sample> {
    let owned = |files: &[(&str, &str)]| -> Vec<(String, Vec<u8>)> {
        files.iter().map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec())).collect()
    };
    let brat = owned(&[
        ("a.txt", "Ann ran to Köln.\nShe slept."),
        (
            "a.ann",
            "T1\tPER 0 3\tAnn\nT2\tLOC 11 15\tKöln\nR1\tlives Arg1:T1 Arg2:T2\nT3\tPER 17 20;21 26\tShe slept\n#1\tNote T1 x\n",
        ),
        ("b.txt", "Nobody."),
        ("b.ann", ""),
    ]);
    let classes =
        owned(&[("pos/1.txt", "wonderful"), ("pos/2.txt", "kind"), ("neg/1.txt", "rude"), ("neg/2.txt", "cold")]);
    let parts = owned(&[("train.csv", REVIEWS), ("dev.csv", "text,label\nfine,good\npoor,bad\n")]);
    let saved = all_of(&golden().join("arrow/saved"));
    let splits = all_of(&golden().join("arrow/splits"));
    [
        Sample::folders("brat", &brat, &["a.ann", "a.txt"]),
        Sample::folders("classes", &classes, &["pos/1.txt"]),
        Sample::folders("parts", &parts, &["dev.csv"]),
        Sample::folders("saved", &saved, &["state.json", "data-00000-of-00002.arrow", "dataset_info.json"]),
        Sample::folders("splits", &splits, &["dataset_dict.json"]),
    ]
    .concat()
}

/// Tokenizers of every kind, as folders.
pub fn tokenizers() -> Vec<Sample> {
    let of = |folder: &str, kept: &[&str], damaged: &[&str]| {
        let mut files = all_of(&golden().join(folder));
        files.retain(|(name, _)| kept.contains(&name.as_str()));
        Sample::folders(folder, &files, damaged)
    };
    let json = ["tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "config.json"];
    [
        of("bert-mlm", &json, &["tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"]),
        of("roberta-mlm", &json, &["tokenizer.json"]),
        of("albert-mlm", &json, &["tokenizer.json"]),
        of("bert-ner", &["vocab.txt", "tokenizer_config.json", "config.json"], &["vocab.txt", "tokenizer_config.json"]),
        of("roberta-ner", &["vocab.json", "merges.txt", "tokenizer_config.json"], &["vocab.json", "merges.txt"]),
        of("spiece", &["spiece.model"], &["spiece.model"]),
        of(
            "sentencepiece/xlm-roberta",
            &["sentencepiece.bpe.model", "tokenizer_config.json"],
            &["sentencepiece.bpe.model"],
        ),
    ]
    .concat()
}

/// Models that can be asked, as folders.
pub fn models() -> Vec<Sample> {
    let of = |folder: &str, damaged: &[&str]| Sample::folders(folder, &all_of(&golden().join(folder)), damaged);
    let mut decided = all_of(&golden().join("variants/bert-multilabel"));
    decided.push(("decisions.json".to_owned(), br#"{"thresholds": {"rude": 0.25, "kind": 0.75}}"#.to_vec()));
    [
        of("bert-classify", &["config.json", "model.safetensors"]),
        of("roberta-ner", &["config.json"]),
        of("albert-qa", &["config.json"]),
        of("electra-rtd", &["config.json"]),
        of("distilbert-mlm", &["config.json"]),
        of("variants/bert-stored-bin", &["pytorch_model.bin"]),
        of("variants/bert-stored-bin-sharded", &["pytorch_model.bin.index.json", "pytorch_model-00002-of-00003.bin"]),
        of("variants/bert-stored-sharded", &["model.safetensors.index.json", "model-00001-of-00003.safetensors"]),
        Sample::folders("decided", &decided, &["decisions.json"]),
    ]
    .concat()
}

/// Weights alone, as torch and safetensors write them.
pub fn weights() -> Vec<Sample> {
    ["zip-2.bin", "zip-5.bin", "legacy-2.bin", "legacy-4.bin", "module.bin", "wrapped.bin", "zip-2.safetensors"]
        .iter()
        .map(|name| Sample::file(name, fs::read(golden().join("bins").join(name)).unwrap(), build_of(name)))
        .collect()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

fn bzip2(bytes: &[u8]) -> Vec<u8> {
    let mut packed = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::default());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

fn zip(members: &[(&str, &str)]) -> Vec<u8> {
    let mut written = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in members {
        written.start_file(*name, SimpleFileOptions::default()).unwrap();
        written.write_all(text.as_bytes()).unwrap();
    }
    written.finish().unwrap().into_inner()
}

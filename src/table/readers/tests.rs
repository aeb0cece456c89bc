//! Files of all kinds are read, and no damage to any of them makes a reader panic, hang or fail without a word.

use super::unpack::tests::gzip;
use super::*;
use crate::stop::Stop;
use proptest::prelude::*;

#[test]
fn files_that_cannot_be_read_say_why() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    let check = |path: &Path, expected: &str| {
        let message = read(path, None).unwrap_err().to_string();
        assert!(message.contains(expected), "{message}");
    };
    let error = Table::open(folder.path()).unwrap_err().to_string();
    assert!(error.contains("holds no data"), "{error}");
    check(&folder.path().join("absent.csv"), "cannot read");
    check(&file("empty.csv", b""), "is empty, expected rows of text");
    check(&file("blank.csv", b"\xEF\xBB\xBF \r\n\n"), "is empty, expected rows of text");
    check(&file("names.csv", b"text,label\n"), "has column names (text, label) but no rows");
    check(&file("bad.csv", b"text,label\na\nb\n"), "none of the 2 rows of");
    check(&file("book.xlsx", b"PK\x03\x04\0\0\0\0"), "cannot be read as a workbook");
    assert_eq!(read(&file("good.csv", b"text,label\na,b\n"), None).unwrap().rows(), 1);
}

#[test]
fn encodings_give_the_same_table() {
    let text = "text;label\r\n\"é; 日本\nx\";ja\r\nb;nein\r\n";
    let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let marked = |mark: &[u8], bytes: &[u8]| [mark, bytes].concat();
    for (bytes, encoding) in [
        (text.as_bytes().to_vec(), "UTF-8"),
        (marked(b"\xEF\xBB\xBF", text.as_bytes()), "UTF-8"),
        (little.clone(), "UTF-16LE"),
        (marked(b"\xFF\xFE", &little), "UTF-16LE"),
        (marked(b"\xFE\xFF", &big), "UTF-16BE"),
    ] {
        let table = read_bytes(Path::new("x.csv"), bytes).unwrap();
        assert_eq!((table.encoding, table.replaced_characters), (encoding, 0));
        assert_eq!(table.columns, ["text", "label"]);
        assert_eq!((table.cell(0, 0), table.line(1)), ("é; 日本\nx", 4));
    }
}

/// Reads a file and looks at every cell, which would panic where an end lies inside a character.
fn walk(name: &str, bytes: Vec<u8>) {
    let table = match read_bytes(Path::new(name), bytes) {
        Ok(table) => table,
        Err(error) => {
            let message = error.to_string();
            assert!(message.contains(&format!("{name:?}")), "the file is not named: {message}");
            let tells = ["expected", "; ", "be read: line"].iter().any(|word| message.contains(word));
            assert!(tells, "what would be right is not told: {message}");
            return;
        }
    };
    let mut size = 0;
    for row in 0..table.rows() {
        size += (0..table.columns.len()).map(|column| table.cell(row, column).len()).sum::<usize>();
        assert!(table.line(row) > 0);
    }
    assert_eq!(size, table.text.len());
    let problems = table.problems.iter().map(|problem| problem.line);
    assert!(problems.is_sorted());
    assert!(table.problems.iter().all(|problem| !problem.reason.is_empty()));
    for task in crate::task::Task::ALL {
        let roles = crate::data::Roles::guess(&table, task);
        crate::data::guess_task(&table, &roles);
    }
}

const TABLES: [&str; 6] = [
    "text,label\n\"a, \"\"b\"\"\",x\r\n\"two\nlines\",y\nc,z,w\n\"open,x\nlast,y\n",
    "sep=;\r\ntext;label\rä;1,5\r\"ö\";2\r",
    "text\tlabel\n\"quoted\tx\nplain\ty\n",
    "one line\nanother, line\n",
    "{\"text\": \"a\\u00e9\", \"label\": [1, \"x\"]}\n{\"label\": null}\n\n{\"b\": {\"c\": 1e3}}\n{broken\n",
    "[{\"text\": \"a\"}, {\"text\": \"b ] }\", \"n\": -1}, 5, {\"x\": [[]]}]",
];

const SHAPES: [&str; 26] = [
    "__label__a __label__b A text, é\n__label__a,__label__c two\nno class\n\n__label__x\n",
    "Ann|N|B-PER é|X|O\r\nBerlin|N|I-LOC likes|V|O it|P|O\n\n",
    "#begin document (a); part 000\na 0 0 Ann N (NP* - - - - (PER* * -\na 0 1 é N *) - - - - *) * -\n\na 0 0 ran V * - - - - (X) * -\n#end document\n",
    "#FORMAT=WebAnno TSV 3.3\n#T_SP=a.NamedEntity|identifier|value\n#T_RL=b.Dep|kind|BT_a\n\n#Text=Ann é\n1-1\t0-3\tAnn\t*[1]\tP\\_R[1]|X[2]\t_\t_\t\n1-2\t4-5\té\t*[1]\tP\\_R[1]\t_\t_\t\n1-2.1\t4-5\té\t_\t_\t_\t_\n",
    "-DOCSTART- -X- O O\n\nAnn N B-NP B-PER\r\n# O O O\nran V O O\n\n# a comment\nBerlin N B-NP I-LOC\n. . O O\n",
    "Ann\tB-PER\n's\tO\n\t\nBerlin\tS-LOC\nlikes\n\n#é\tO\n日本\tB-LOC\n\n",
    "{\"data\":[{\"title\":\"T\",\"paragraphs\":[{\"context\":\"Ann \\\"é\\\" ran\",\"qas\":[{\"id\":\"1\",\"question\":\"q\",\n\"answers\":[{\"text\":\"Ann\",\"answer_start\":0}]},{\"id\":\"2\",\"question\":\"r\",\"is_impossible\":true}]}]},\n{\"paragraphs\":[]}]}",
    "{\"text\":\"Ann é ran\",\"spans\":[{\"start\":0,\"end\":3,\"label\":\"PER\"}],\"answer\":\"accept\"}\n{\"text\":\"b\",\"spans\":[],\"answer\":\"reject\"}\n",
    "[{\"data\":{\"text\":\"😀 Ann\"},\"annotations\":[{\"result\":[{\"value\":{\"start\":3,\"end\":6,\"text\":\"Ann\",\"labels\":[\"PER\"]}}]}]},\n{\"data\":{\"text\":\"b\"},\"annotations\":[{\"was_cancelled\":true,\"result\":[{\"value\":{\"choices\":[\"x\"]}}]}]}]",
    "[{\"text\":\"Ann\",\"label\":[{\"start\":0,\"end\":3,\"text\":\"Ann\",\"labels\":[\"PER\"]}],\"kind\":{\"choices\":[\"a\"]}},{\"text\":\"b\"}]",
    "{\"id\":1,\"text\":\"Ann é\",\"label\":[[0,3,\"PER\"],[4,5,\"X\"]]}\n{\"text\":\"b\",\"entities\":[{\"label\":\"PER\",\"start_offset\":0,\"end_offset\":1}]}\n",
    "{\"tokens\":[\"Ann\",\"ran\"],\"ner_tags\":[\"B-PER\",\"O\"]}\n{\"tokens\":[\"é\"],\"ner_tags\":[3]}\n",
    "{\"text\":\"é\",\"options\":[{\"id\":\"A\"}],\"accept\":[\"A\",2],\"answer\":\"accept\",\"_task_hash\":1}\n{\"text\":\"b\",\"accept\":[],\"answer\":\"reject\",\"_task_hash\":2}\n",
    "[{\"data\":{\"html\":\"<p>Ann &amp; é</p>\",\"url\":\"http://é\"},\"annotations\":[{\"result\":[{\"to_name\":\"html\",\"value\":{\"globalOffsets\":{\"start\":0,\"end\":3},\"text\":\"Ann\",\"hypertextlabels\":[\"PER\"]}},{\"from_name\":\"a\",\"value\":{\"choices\":[\"x\"]}},{\"from_name\":\"b\",\"value\":{\"taxonomy\":[[\"x\",\"y\"]]}},{\"from_name\":\"c\",\"value\":{\"rating\":3}}]}]}]",
    "[{\"text\":\"a\",\"x\":\"p\",\"y\":[{\"rating\":2}],\"annotator\":1,\"annotation_id\":1,\"lead_time\":1},{\"text\":\"b\",\"x\":{\"choices\":[\"p\",\"q\"]}}]",
    "[[\"Ann é\",{\"entities\":[[0,3,\"PER\"]],\"cats\":{\"A\":1.0,\"B\":0}}],\n[\"b\",{}],[\"c\",{\"cats\":{\"A\":true}}]]",
    "{\"text\":{\"0\":\"a é\",\"1\":\"c d\"},\"label\":{\"0\":[\"x\"],\"1\":null}}",
    "{\"header\":{\"dataset\":\"x\"}}\n{\"context\":\"é Ann ran\",\"qas\":[{\"question\":\"q\",\"qid\":\"1\",\"answers\":[\"Ann\"],\"detected_answers\":[{\"text\":\"Ann\",\"char_spans\":[[2,4]]}]},{\"question\":\"r\",\"answers\":[\"ran\"]}]}\n",
    "# text = du é\n1-2\tdu\t_\t_\t_\t_\t_\t_\t_\t_\n1\tde\tde\tADP\tP\t_\t0\troot\t_\t_\n2\té\té\tDET\tD\t_\t1\tdet\t_\tA=b\n\n1\tx\t_\t_\t_\t_\t_\t_\t_\t_\n",
    "{\"text\":\"\\u00a0😀 Ann &amp; B\\r\\né\",\"entities\":[{\"start\":4,\"end\":7,\"word\":\"ann\",\"entity\":\"B-X\"},{\"start\":8,\"end\":14,\"entity\":\"I-X\"}]}\n{\"text\":\"b\",\"entities\":[]}\n",
    "text,spans\n\"😀 Ann é\",\"[(3, 6, 'X'), ('é', 7, 8, 'Y')]\"\n\"b\",\"{'entities': [(0, 1, 'X')]}\"\n",
    "[{\"tokenized_text\":[\"Ann\",\"é\"],\"ner\":[[0,1,\"X\"]]},\n{\"tokenized_text\":[\"b\"],\"ner\":[[0,0,\"Y\"]]}]",
    "{\"train\":[[\"a é\",\"x\"],[\"c d\",\"y\"]],\n\"test\":[[\"e f\",NaN]],\"features\":[{\"name\":\"label\",\"type\":{\"names\":[\"n\"]}}]}",
    "{\"features\":[{\"name\":\"y\",\"type\":{\"names\":[\"n\",\"p\"]}}],\"rows\":[{\"row_idx\":0,\"row\":{\"x\":\"a é\",\"y\":1}},\n{\"row\":{\"x\":\"b\",\"y\":-Infinity}}]}",
    "('a é', 'x'),\n('c \\'d\\'', None)\n",
    "The first line, it is.\r\n\"No,\" he said; \"no.\"\n\nAnother book | another day\n",
];

/// Bytes at which readers turn.
const TURNS: [u8; 24] = *b"\"\"\"\n\n\r,;\t|{}[]:\\\0\xEF\xFF\xC3e0- ";

type Edit = (prop::sample::Index, u8, usize, u8);

fn edits(most: usize) -> impl Strategy<Value = Vec<Edit>> {
    let edit = (any::<prop::sample::Index>(), 0_u8..5, 0..TURNS.len(), any::<u8>());
    prop::collection::vec(edit, 0..most)
}

fn damaged(mut bytes: Vec<u8>, edits: Vec<Edit>) -> Vec<u8> {
    for (place, edit, turn, byte) in edits {
        let at = place.index(bytes.len() + 1);
        let until = (at + usize::from(byte) / 16).min(bytes.len());
        match edit {
            0 => bytes.insert(at, TURNS[turn]),
            1 => bytes.insert(at, byte),
            2 if at < bytes.len() => bytes[at] = TURNS[turn],
            3 => drop(bytes.drain(at..until)),
            // Structures that come twice.
            4 => bytes.extend_from_within(at..until),
            _ => {}
        }
    }
    bytes
}

fn wide(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

fn golden(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn no_damage_makes_a_reader_panic(seed in 0..TABLES.len(), is_wide in any::<bool>(), edits in edits(12)) {
        let text = TABLES[seed];
        walk("x", damaged(if is_wide { wide(text) } else { text.as_bytes().to_vec() }, edits));
    }

    #[test]
    fn no_bytes_make_a_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        walk("x", bytes);
    }

    #[test]
    fn no_mixture_of_delimiters_and_quotes_makes_a_reader_panic(text in "[a\"\n\r,;\t|é{}\\[\\]: ]{0,80}") {
        walk("x", text.into_bytes());
    }

    #[test]
    fn no_mixture_of_words_and_tags_makes_a_reader_panic(text in "((Ann|O|B-X|I-X|#|é|-DOCSTART-|1)?[\t\n\n ]){0,40}") {
        walk("x", text.into_bytes());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12_000))]

    #[test]
    fn no_damage_to_a_known_shape_makes_a_reader_panic(seed in 0..SHAPES.len(), edits in edits(5)) {
        walk("x.txt", damaged(SHAPES[seed].as_bytes().to_vec(), edits));
    }
}

const PARQUET: [&str; 7] =
    ["classes-snappy", "classes-zstd", "classes-gzip", "classes-none", "tags-sequence", "squad", "kinds"];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn no_damage_to_a_parquet_file_makes_a_reader_panic(
        seed in 0..PARQUET.len(),
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in prop::option::weighted(0.1, any::<prop::sample::Index>()),
    ) {
        let mut bytes = golden(&format!("parquet/{}.parquet", PARQUET[seed]));
        for (place, byte) in edits {
            let at = place.index(bytes.len());
            bytes[at] = byte;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        walk("x.parquet", bytes);
    }

    #[test]
    fn no_damage_to_a_packed_file_makes_a_reader_panic(xz in any::<bool>(), edits in edits(4)) {
        let bytes = golden(if xz { "packed/lines.txt.xz" } else { "packed/lines.txt.gz" });
        walk("x", damaged(bytes, edits));
    }

    #[test]
    fn lines_are_those_of_the_whole_text(
        seed in 0..SHAPES.len(),
        form in 0..4_usize,
        edits in edits(6),
    ) {
        let text = SHAPES[seed];
        let bytes = damaged(if form == 1 { wide(text) } else { text.as_bytes().to_vec() }, edits);
        prop_assume!(encoding::not_text(&bytes).is_none() && Packing::of(&bytes).is_none());
        let decoded = encoding::decode(bytes.clone(), None);
        let whole = String::from_utf8(decoded.text).unwrap();
        let packed = match form {
            2 => gzip(&bytes),
            3 => unpack::tests::xz(&bytes),
            _ => bytes,
        };
        let lines = Lines::new(Path::new("x"), std::io::Cursor::new(packed), None).unwrap();
        let found: Vec<(usize, String)> = lines.map(Result::unwrap).collect();
        let expected: Vec<(usize, String)> = lines::numbered(&whole).map(|(line, text)| (line, text.to_owned())).collect();
        prop_assert_eq!(found, expected);
    }
}

#[test]
fn every_reader_can_be_stopped_at_any_part_of_a_file() {
    let rows = |head: &str, row: &dyn Fn(usize) -> String, tail: &str, count: usize| {
        format!("{head}{}{tail}", (0..count).map(row).collect::<String>()).into_bytes()
    };
    let check = |name: &str, make: &dyn Fn(usize) -> Vec<u8>| {
        let read = |stop: Stop, rows| (stop.heeding(|| read_bytes(Path::new(name), make(rows)).unwrap()), stop.looks());
        let looks = |rows| read(Stop::after(u64::MAX), rows).1;
        let (few, many) = (looks(100), looks(1000));
        assert!(many >= few + 900, "{name}: {few} and {many}");
        for quarter in 1..4 {
            assert!(read(Stop::after(many * quarter / 4), 1000).0.is_err(), "{name}: {quarter}");
        }
    };
    let cells = |row: usize| format!("the soup {row} was good,yes\n");
    check("a.csv", &|count| rows("text,label\n", &cells, "", count));
    check("a.csv.gz", &|count| gzip(&rows("text,label\n", &cells, "", count)));
    check("quoted.csv", &|count| rows("text,label\n", &|row| format!("\"a, {row}\nb\",yes\n"), "", count));
    let object = |row: usize| format!("{{\"text\": \"the soup {row}\", \"label\": \"yes\"}}\n");
    check("a.jsonl", &|count| rows("", &object, "", count));
    check("nan.jsonl", &|count| rows("{\"text\": \"a b\", \"label\": NaN}\n", &object, "", count));
    let element = |row: usize| format!(", {}", object(row));
    check("a.json", &|count| rows("[{\"text\": \"a b\", \"label\": \"no\"}", &element, "]", count));
    check("under.json", &|count| rows("{\"data\": [{\"text\": \"a b\", \"label\": \"no\"}", &element, "]}", count));
    let cell = |row: usize| format!(", \"the soup {row} was good\"");
    check("columns.json", &|count| rows("{\"text\": [\"a b\"", &cell, "]}", count));
    check("list.json", &|count| rows("[\"a b\"", &cell, "]", count));
    check("a.conll", &|count| rows("", &|row| format!("Ann B-PER\nran{row} O\n\n"), "", count));
    check("a.txt", &|count| rows("", &|row| format!("The soup {row} was good, and so was all.\n"), "", count));
}

#[cfg(unix)]
#[test]
fn a_pipe_and_a_device_are_refused_before_they_are_opened() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe.csv");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    for path in [pipe.as_path(), Path::new("/dev/zero")] {
        let message = read(path, None).unwrap_err().to_string();
        assert!(message.contains("a pipe or a device, expected a file"), "{message}");
    }
}

#[test]
fn keys_that_only_one_object_has_do_not_make_a_table_of_any_size() {
    let wide: Vec<String> = (0..900).map(|key| format!("\"key{key}\":1")).collect();
    let text = format!("{{{}}}\n{}", wide.join(","), "{\"key1\":1}\n".repeat(30_000));
    let table = read_bytes(Path::new("x.jsonl"), text.into_bytes()).unwrap();
    assert!(table.columns.len() == 900 && table.rows() < 20_000, "{}", table.rows());
    assert_eq!(table.rows() + table.problems.len(), 30_001);
    let reason = table.problems[0].reason.as_str();
    assert_eq!(reason, "is left out, because few of its 900 keys stand in the other objects");
}

#[test]
fn quotes_that_stand_elsewhere_cost_no_more_than_the_text() {
    // Each span quotes a word and claims all of a text in which letters are counted in three ways.
    let text = "😀 Ann é ran \\n ".repeat(4_000);
    let length = text.chars().count();
    let span = |at: usize| format!(r#"{{"start":{at},"end":{length},"label":"X","text":"Ann"}}"#);
    let spans: Vec<String> = (0..4_000).map(span).collect();
    let file =
        format!("{{\"text\":\"{text}\",\"entities\":[{}]}}\n{{\"text\":\"b\",\"entities\":[]}}\n", spans.join(","));
    assert!(read_bytes(Path::new("x.jsonl"), file.into_bytes()).is_ok());
}

//! Small files of the kinds that people have: each is read right, told, or refused.

use std::path::Path;

use crate::table::Table;

fn show(title: &str, name: &str, bytes: &[u8]) {
    println!("== {title} ({name})");
    match Table::from_bytes(Path::new(name), bytes.to_vec()) {
        Ok(table) => {
            println!("   {} {} columns {:?}", table.format.title(), table.encoding, table.columns);
            for (line, cells) in table.lined_cells().into_iter().take(8) {
                println!("   {line}: {cells:?}");
            }
            for note in &table.notes {
                println!("   note: {note}");
            }
            for problem in &table.problems {
                println!("   problem: {} {}", problem.place(), problem.reason);
            }
        }
        Err(error) => println!("   refused: {error}"),
    }
}

#[test]
fn explore() {
    let t = |title: &str, name: &str, text: &str| show(title, name, text.as_bytes());
    t("excel sep line", "a.csv", "\u{feff}sep=;\ntext;label\na, b;x\nc;y\n");
    t("excel sep line, quoted", "a.csv", "\"sep=;\"\ntext;label\na, b;x\nc;y\n");
    let wide: Vec<u8> = "text\tlabel\na b\tx\nc é\ty\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    show("utf-16 no bom", "a.txt", &wide);
    t("cr only", "a.csv", "text,label\ra b,x\rc d,y\r");
    t("tabs in quotes", "a.tsv", "text\tlabel\n\"a\tb\"\tx\n\"c d\"\ty\n");
    t("trailing delimiters", "a.csv", "text,label,\na b,x,\nc d,y,\n");
    t("trailing delimiters in rows only", "a.csv", "text,label\na b,x,,,\nc d,y,,,\n");
    t("preamble", "a.csv", "Report of reviews\nMade 2024-05-01\n\ntext,label\na b,x\nc d,y\n");
    t("totals row", "a.csv", "text,label,stars\na b,x,3\nc d,y,4\nTotal,,7\n");
    t("totals row 2", "a.csv", "id,text,label\n1,a b,x\n2,c d,y\n,Total: 2,\n");
    t("duplicate headers", "a.csv", "text,label,text,label\na b,x,c,1\nd e,y,f,2\n");
    t("units row", "a.csv", "text,length,label\n,(cm),\na b,12,x\nc d,13,y\n");
    t("two header rows", "a.csv", "Review,,Answer,\ntext,stars,label,sure\na b,3,x,1\nc d,4,y,0\n");
    t(
        "qualtrics",
        "a.csv",
        "Q1,Q2\nWhat do you think?,How sure?\n\"{\"\"ImportId\"\":\"\"QID1\"\"}\",\"{\"\"ImportId\"\":\"\"QID2\"\"}\"\nit is good,very\nit is bad,not\n",
    );
    t("jsonl bom", "a.jsonl", "\u{feff}{\"text\":\"a b\",\"label\":\"x\"}\n{\"text\":\"c d\",\"label\":\"y\"}\n");
    t("jsonl trailing commas", "a.jsonl", "{\"text\":\"a b\",\"label\":\"x\"},\n{\"text\":\"c d\",\"label\":\"y\"},\n");
    t(
        "json trailing comma in array",
        "a.json",
        "[{\"text\":\"a b\",\"label\":\"x\"},\n{\"text\":\"c d\",\"label\":\"y\"},\n]\n",
    );
    t(
        "json trailing comma in object",
        "a.json",
        "[{\"text\":\"a b\",\"label\":\"x\",},{\"text\":\"c d\",\"label\":\"y\",}]\n",
    );
    t(
        "json comments",
        "a.json",
        "// made by us\n[\n  {\"text\":\"a b\",\"label\":\"x\"}, // first\n  /* more */ {\"text\":\"c d\",\"label\":\"y\"}\n]\n",
    );
    t(
        "jsonl comments",
        "a.jsonl",
        "# made by us\n{\"text\":\"a b\",\"label\":\"x\"}\n// no\n{\"text\":\"c d\",\"label\":\"y\"}\n",
    );
    t("concatenated", "a.json", "{\"text\":\"a b\",\"label\":\"x\"}{\"text\":\"c d\",\"label\":\"y\"}\n");
    t(
        "concatenated pretty",
        "a.json",
        "{\n \"text\":\"a b\",\n \"label\":\"x\"\n}\n{\n \"text\":\"c d\",\n \"label\":\"y\"\n}\n",
    );
    t("json single quotes", "a.jsonl", "{'text': 'a b', 'label': 'x'}\n{'text': 'it\\'s', 'label': None}\n");
    t(
        "jsonl with blank lines",
        "a.jsonl",
        "{\"text\":\"a b\",\"label\":\"x\"}\n\n\n{\"text\":\"c d\",\"label\":\"y\"}\n",
    );
    t("json object of arrays", "a.json", "{\"pos\": [\"a b\", \"c d\"], \"neg\": [\"e f\"]}\n");
    t("json map text to label", "a.json", "{\"a b c\": \"x\", \"c d e\": \"y\", \"f g h\": \"x\"}\n");
    t(
        "json record sep",
        "a.json",
        "\u{1e}{\"text\":\"a b\",\"label\":\"x\"}\n\u{1e}{\"text\":\"c d\",\"label\":\"y\"}\n",
    );
    t("missing-delimiter mix", "a.csv", "text;label\na b;x\nc, d;y\ne,f;x\n");
    t("semicolons and decimal commas", "a.csv", "text;score\na b;1,5\nc d;2,5\n");
    t("quoted header, spaces after commas", "a.csv", "\"text\", \"label\"\n\"a, b\", \"x\"\n\"c d\", \"y\"\n");
    t("backslash escapes", "a.csv", "text,label\n\"he said \\\"hi\\\", then left\",x\n\"c d\",y\n");
    t("single quotes", "a.csv", "text,label\n'a, b',x\n'c, d',y\n");
    t("caret", "a.csv", "text^label\na b^x\nc d^y\n");
    t("multi char delimiter", "a.csv", "text||label\na b||x\nc d||y\n");
    t("multi char delimiter +++", "a.txt", "a b +++$+++ x\nc d +++$+++ y\n");
    t("double colon", "a.dat", "1::a b::x\n2::c d::y\n3::e f::x\n");
    t("fixed width", "a.txt", "id   text           label\n1    a good film    pos\n2    a bad film     neg\n");
    t("markdown table", "a.md", "| text | label |\n|------|-------|\n| a b | x |\n| c d | y |\n");
    t("html entities", "a.csv", "text,label\nTom &amp; Jerry &lt;3,x\nit&#39;s,y\n");
    t("nul padded", "a.csv", "text,label\na b\u{0}\u{0},x\nc d,y\n");
    t("ctrl-z end", "a.csv", "text,label\na b,x\nc d,y\n\u{1a}");
    t("line separators in text", "a.csv", "text,label\na\u{2028}b,x\nc\u{85}d,y\n");
    t("nan texts", "a.csv", "text,label\nNaN,x\nc d,y\n#N/A,x\n");
    t("excel apostrophe", "a.csv", "text,label\n'=1+1,x\n\"=\"\"001\"\"\",y\n");
    t("index column", "a.csv", ",text,label\n0,a b,x\n1,c d,y\n");
    t("r index", "a.csv", "\"text\",\"label\"\n\"1\",\"a b\",\"x\"\n\"2\",\"c d\",\"y\"\n");
    t("r index tab", "a.tsv", "text\tlabel\n1\ta b\tx\n2\tc d\ty\n");
    t("apache log like key=value", "a.txt", "text=\"a b\" label=x\ntext=\"c d\" label=y\n");
    t("whatsapp", "a.txt", "[01.02.20, 10:00:00] Ann: hello, you\n[01.02.20, 10:00:05] Bob: hi\n");
    t("mixed line ends", "a.csv", "text,label\r\na b,x\nc d,y\re f,x\n");
    t("header repeated with bom inside", "a.csv", "text,label\na b,x\n\u{feff}text,label\nc d,y\n");
    t("bom twice", "a.csv", "\u{feff}\u{feff}text,label\na b,x\nc d,y\n");
    t("nbsp header", "a.csv", "text\u{a0},\u{a0}label\na b,x\nc d,y\n");
    t("empty header cell over labels", "a.csv", "text,\na b,x\nc d,y\n");
    t("toml", "a.toml", "[data]\ntrain = \"a.csv\"\n");
    t("ini", "a.ini", "[data]\ntrain = a.csv\nlabel = x\n");
    t("log", "a.log", "2024-01-01 10:00:00 INFO start\n2024-01-01 10:00:01 WARN slow\n");
    t("doccano csv", "a.csv", "id,text,label\n1,a b,\"x#y\"\n2,c d,x\n");
    t(
        "sgml docs",
        "a.txt",
        "<DOC>\n<DOCNO> 1 </DOCNO>\n<TEXT>\na b\n</TEXT>\n</DOC>\n<DOC>\n<DOCNO> 2 </DOCNO>\n</DOC>\n",
    );
    t(
        "reuters",
        "a.sgm",
        "<!DOCTYPE lewis SYSTEM \"lewis.dtd\">\n<REUTERS NEWID=\"1\">\n<BODY>a b</BODY>\n</REUTERS>\n<REUTERS NEWID=\"2\">\n<BODY>c</BODY>\n</REUTERS>\n",
    );
    t("yaml list no name", "a.txt", "- text: a b\n  label: x\n- text: c d\n  label: y\n");
    t("rasa domain", "domain.yml", "version: \"3.1\"\nintents:\n  - greet\n  - bye\n");
    t("toml jsonish", "a.json5", "[{text: 'a b', label: 'x'}, {text: 'c d', label: 'y'}]\n");
    t("python list", "a.txt", "[('a b', 'x'), ('c d', 'y')]\n");
    t("csv with json cells", "a.csv", "text,meta\na b,\"{\"\"k\"\": 1}\"\nc d,\"{\"\"k\"\": 2}\"\n");
    t("escaped newlines", "a.tsv", "text\tlabel\na\\nb\tx\nc d\ty\n");
    t("libreoffice semicolon utf-16 bom", "a.csv", "text;label\na;x\n");
    t("numbers with thousands", "a.csv", "text,score\na b,\"1,234\"\nc d,\"2,500\"\n");
    t(
        "one long row json one line",
        "a.json",
        "{\"rows\":[[\"a b\",\"x\"],[\"c d\",\"y\"]],\"columns\":[\"text\",\"label\"]}\n",
    );
}

#[test]
fn memory() {
    let Ok(path) = std::env::var("ATTUNE_EXPLORE") else { return };
    let before = std::time::Instant::now();
    let size = std::fs::metadata(&path).unwrap().len();
    let outcome = Table::open(Path::new(&path));
    let (rows, problems, error) = match &outcome {
        Ok(table) => (table.rows(), table.problems.len(), String::new()),
        Err(error) => (0, 0, error.to_string()),
    };
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find(|line| line.starts_with("VmHWM")).unwrap();
    println!("{path}: {size} bytes, {rows} rows, {problems} problems, {error}, {peak}, {:?}", before.elapsed());
}

#[test]
fn columns() {
    let Ok(folder) = std::env::var("ATTUNE_COLUMNS") else { return };
    let mut all: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    all.sort();
    for path in all {
        show(&path.display().to_string(), path.file_name().unwrap().to_str().unwrap(), &std::fs::read(&path).unwrap());
    }
}

//! `attune serve`: the answers of `predict` over HTTP, to whoever asks and however badly.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use crate::models_match_the_reference::golden;

pub struct Served {
    child: Child,
    port: u16,
    _stdout: BufReader<ChildStdout>,
}

impl Served {
    pub fn start(folder: &str, more: &[&str]) -> Self {
        let model = golden().join(folder);
        let mut child = Command::new(env!("CARGO_BIN_EXE_attune"))
            .args(["serve", "--port", "0", "--model"])
            .arg(model)
            .args(more)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let port = line.trim().strip_prefix("listening on http://127.0.0.1:").unwrap_or_else(|| panic!("{line}"));
        Self { port: port.parse().unwrap(), child, _stdout: stdout }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
        stream
    }

    /// All that comes back for some bytes, after which nothing more is sent.
    pub fn raw(&self, bytes: &[u8]) -> String {
        let mut stream = self.connect();
        // Who is refused early may be gone before all is sent.
        stream.write_all(bytes).ok();
        stream.shutdown(Shutdown::Write).ok();
        let mut back = Vec::new();
        stream.read_to_end(&mut back).ok();
        String::from_utf8(back).unwrap()
    }

    pub fn ask(&self, method: &str, path: &str, body: Option<&str>) -> (u16, Value) {
        parts(&self.raw(message(method, path, body).as_bytes()))
    }

    pub fn predict(&self, body: &Value) -> Value {
        let (status, answer) = self.ask("POST", "/predict", Some(&body.to_string()));
        assert_eq!(status, 200, "{answer}");
        answer
    }

    #[cfg(unix)]
    fn end(&mut self, signal: &str) -> std::process::ExitStatus {
        let sent = Command::new("kill").args([signal, &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
        self.child.wait().unwrap()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

pub fn message(method: &str, path: &str, body: Option<&str>) -> String {
    let length = body.map(|body| format!("Content-Length: {}\r\n", body.len())).unwrap_or_default();
    format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\n{length}\r\n{}", body.unwrap_or_default())
}

/// The status and the body of one answer.
fn parts(text: &str) -> (u16, Value) {
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{text:?}"));
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {text:?}")))
}

/// What `attune predict` prints for the objects.
fn printed(folder: &str, objects: &[Value], more: &[&str]) -> Vec<Value> {
    let dir = tempfile::tempdir().unwrap();
    let input = dir.path().join("in.jsonl");
    let lines: Vec<String> = objects.iter().map(Value::to_string).collect();
    std::fs::write(&input, lines.join("\n")).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_attune"))
        .args(["predict", "--json", "--model"])
        .arg(golden().join(folder))
        .arg("--input")
        .arg(&input)
        .args(more)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn answers_are_those_of_predict_for_every_head() {
    let texts = json!([
        { "text": "the jury believed her" },
        { "text": "Maria Okafor joined Northwind Labs", "pair": "two rivers" },
        { "text": "Ünïcode 😀 don't  stop" },
    ]);
    let masks = json!([{ "text": "one <mask> and <mask>" }, { "text": "rain over the <mask>" }]);
    let pairs = json!([{ "text": "The ferry leaves.", "pair": "It arrives at noon." }]);
    let questions = json!([{ "question": "who?", "context": "The river was dammed." }]);
    let check = |folder: &str, asked: &Value, more: &[&str]| {
        let expected = printed(folder, asked.as_array().unwrap(), more);
        let served = Served::start(folder, more);
        assert_eq!(served.predict(asked), Value::from(expected.clone()), "{folder}");
        for (one, expected) in asked.as_array().unwrap().iter().zip(expected) {
            assert_eq!(served.predict(one), expected, "{folder}: {one}");
        }
    };
    check("bert-classify", &texts, &[]);
    check("variants/bert-multilabel", &texts, &[]);
    check("variants/bert-regress", &texts, &[]);
    check("bert-ner", &json!([texts[0], texts[2]]), &["--aggregation", "simple"]);
    check("roberta-mlm", &masks, &["--top-k", "2"]);
    check("bert-nsp", &pairs, &[]);
    check("albert-sop", &pairs, &[]);
    check("bert-qa", &questions, &["--top-k", "3"]);
    check("electra-rtd", &texts, &[]);
}

#[test]
fn who_asks_at_once_is_answered_as_if_alone() {
    let served = Served::start("bert-classify", &[]);
    let text = |index: usize| json!({ "text": format!("{} and the harbour", "rain ".repeat(index % 9)) });
    let alone: Vec<Value> = (0..9).map(|index| served.predict(&text(index))).collect();
    std::thread::scope(|scope| {
        for asker in 0..16 {
            let (served, alone) = (&served, &alone);
            scope.spawn(move || {
                for turn in 0..8 {
                    let index = asker + turn;
                    assert_eq!(served.predict(&text(index)), alone[index % 9]);
                }
            });
        }
    });
}

#[test]
fn a_connection_is_used_again_and_says_what_was_cut() {
    let served = Served::start("bert-classify", &[]);
    let long = json!({ "text": "word ".repeat(900) }).to_string();
    let mut pipelined = message("GET", "/health", None) + &message("POST", "/predict", Some(&long));
    pipelined += &message("HEAD", "/health", None);
    pipelined +=
        "POST /predict HTTP/1.1\r\nHost: 127.0.0.1:1\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n";
    pipelined += "8\r\n{\"text\":\r\n4\r\n\"a\"}\r\n0\r\n\r\n";
    let back = served.raw(pipelined.as_bytes());
    assert_eq!(back.matches("HTTP/1.1 200 OK\r\n").count(), 4, "{back}");
    assert_eq!(back.matches("Attune-Cut-Tokens: ").count(), 1, "{back}");
    assert_eq!(back.matches("\"result\"").count(), 2, "{back}");
    assert_eq!(back.matches("Connection: close").count(), 1, "{back}");
    assert_eq!(back.matches("\"status\":\"ok\"").count(), 1, "{back}");
}

#[test]
fn the_server_describes_itself() {
    for (folder, part) in [("bert-qa", "answer"), ("bert-ner", "entity"), ("electra-rtd", "replaced")] {
        let served = Served::start(folder, &[]);
        let (status, document) = served.ask("GET", "/openapi.json", None);
        assert_eq!((status, &document["openapi"]), (200, &json!("3.1.0")));
        let result = &document["components"]["schemas"]["Prediction"]["properties"]["result"];
        assert!(result["items"]["properties"][part].is_object(), "{folder}: {result}");
        let mut open = vec![&document];
        while let Some(value) = open.pop() {
            if let Some(path) = value.get("$ref").and_then(Value::as_str) {
                assert!(document.pointer(&path[1..]).is_some(), "{path} is not there");
            }
            open.extend(value.as_object().into_iter().flat_map(serde_json::Map::values));
            open.extend(value.as_array().into_iter().flatten());
        }
    }
}

#[test]
fn nothing_that_is_malformed_ends_the_server_or_is_answered_by_success() {
    let served = Served::start("bert-classify", &[]);
    let body = |text: &str| message("POST", "/predict", Some(text)).into_bytes();
    let head = |lines: &str| format!("POST /predict HTTP/1.1\r\nHost: localhost\r\n{lines}").into_bytes();
    let mut cases: Vec<(Vec<u8>, u16)> = vec![
        (body(""), 400),
        (body("{"), 400),
        (body("nonsense"), 400),
        (body("null"), 400),
        (body("3"), 400),
        (body("\"text\""), 400),
        (body("{}"), 400),
        (body("[{}]"), 400),
        (body("[{\"text\":\"a\"},{\"text\":3}]"), 400),
        (body("[[{\"text\":\"a\"}]]"), 400),
        (body("{\"text\":null}"), 400),
        (body("{\"text\":[\"a\"]}"), 400),
        (body("{\"text\":\"a\",\"pair\":7}"), 400),
        (body("{\"text\":\"a\",\"text\":\"b\"}"), 400),
        (body("{\"text\":\"\\ud800\"}"), 400),
        (body("{\"text\":\"a\"}{\"text\":\"a\"}"), 400),
        (body("{\"text\":\"a\",}"), 400),
        (body(&"[".repeat(100_000)), 400),
        (body(&format!("{{\"x\":{}", "[".repeat(100_000))), 400),
        (body(&format!("[{}]", vec!["{\"text\":\"a\"}"; 1025].join(","))), 413),
        (head("Content-Length: 99999999\r\n\r\n{}"), 413),
        (head("Content-Length: 18446744073709551615\r\n\r\n{}"), 413),
        (head("Content-Length: 12\r\n\r\n{\"text\""), 400),
        (head("Content-Length: minus\r\n\r\n{}"), 400),
        (head("\r\n{\"text\":\"a\"}"), 400),
        (head("Transfer-Encoding: chunked\r\n\r\n5\r\n{\"te"), 400),
        (head("Transfer-Encoding: chunked\r\n\r\nx\r\n"), 400),
        (head("Transfer-Encoding: chunked\r\nContent-Length: 12\r\n\r\n0\r\n\r\n"), 400),
        (head(&format!("{}\r\n", "X: y\r\n".repeat(100))), 431),
        (head(&format!("X: {}\r\n\r\n", "y".repeat(100_000))), 431),
        (b"GET /health HTTP/1.1\r\nHost: pages.example.org\r\n\r\n".to_vec(), 403),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".to_vec(), 404),
        (b"GET /predict HTTP/1.1\r\nHost: localhost\r\n\r\n".to_vec(), 405),
        (b"POST /health HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n".to_vec(), 405),
        (b"GET /health?deep=1 HTTP/1.1\r\nHost: localhost\r\n\r\n".to_vec(), 400),
        (b"GET /../etc/passwd HTTP/1.1\r\nHost: localhost\r\n\r\n".to_vec(), 404),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n".to_vec(), 400),
        (b"\xff\xfe\x00GET / HTTP/1.1\r\n\r\n".to_vec(), 400),
        (b"GET /health HTTP/1.1".to_vec(), 400),
    ];
    let invalid = [&head("Content-Length: 12\r\n\r\n")[..], b"{\"text\":\"\xc3\"}"].concat();
    cases.push((invalid, 400));
    for (bytes, expected) in &cases {
        let back = served.raw(bytes);
        let sent = String::from_utf8_lossy(&bytes[..bytes.len().min(120)]).into_owned();
        assert!(!back.is_empty(), "no answer to {sent:?}");
        let (status, answer) = parts(&back);
        assert_eq!(status, *expected, "{sent:?}: {answer}");
        let error = answer["error"].as_str().unwrap_or_else(|| panic!("{answer}"));
        assert!(!error.is_empty(), "{sent:?}");
    }
    assert!(served.predict(&json!({ "text": "still here" }))["result"].is_array());
}

#[test]
fn requests_that_are_cut_or_changed_anywhere_are_never_taken_for_another() {
    let served = Served::start("bert-classify", &[]);
    let whole = message("POST", "/predict", Some("{\"text\":\"the jury\"}")).into_bytes();
    let expected = served.raw(&whole);
    for end in 1..whole.len() {
        let back = served.raw(&whole[..end]);
        assert!(back.starts_with("HTTP/1.1 400"), "cut at {end}: {back}");
    }
    for place in 0..whole.len() {
        for byte in [0, b'\n', b'"', 0xff] {
            let mut bytes = whole.clone();
            bytes[place] = byte;
            let back = served.raw(&bytes);
            let is_text = place >= whole.len() - "the jury\"}".len();
            assert!(!back.contains(" 200 ") || is_text || back == expected, "{byte} at {place}: {back}");
        }
    }
    assert_eq!(served.raw(&whole), expected);
}

#[cfg(unix)]
#[test]
fn a_request_to_end_lets_what_was_asked_be_answered() {
    for signal in ["-TERM", "-INT"] {
        let mut served = Served::start("bert-ner", &[]);
        let (mut silent, mut asking) = (served.connect(), served.connect());
        let asked = message("POST", "/predict", Some(&json!({ "text": "a long document ".repeat(400) }).to_string()));
        let asked = asked.replacen("Host", "Expect: 100-continue\r\nHost", 1);
        let (head, body) = asked.split_at(asked.find("\r\n\r\n").unwrap() + 4);
        asking.write_all(head.as_bytes()).unwrap();
        // From here on the server has begun to read it.
        let go_on = b"HTTP/1.1 100 Continue\r\n\r\n";
        let mut said = [0; 25];
        asking.read_exact(&mut said).unwrap();
        assert_eq!(said, *go_on);
        asking.write_all(body.as_bytes()).unwrap();
        assert!(served.end(signal).success(), "{signal}");
        let mut back = String::new();
        asking.read_to_string(&mut back).unwrap();
        assert!(back.starts_with("HTTP/1.1 200 OK") && back.ends_with("]}"), "{signal}: {back:.100}");
        let mut nothing = Vec::new();
        silent.read_to_end(&mut nothing).unwrap();
        assert!(nothing.is_empty());
        assert!(TcpStream::connect(("127.0.0.1", served.port)).is_err());
    }
}

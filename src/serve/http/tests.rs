use super::*;

/// Bytes that come in pieces of a size.
struct Pieces<'a> {
    left: &'a [u8],
    size: usize,
    went_on: usize,
}

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.size.min(buffer.len()).min(self.left.len());
        buffer[..count].copy_from_slice(&self.left[..count]);
        self.left = &self.left[count..];
        Ok(count)
    }
}

impl Source for Pieces<'_> {
    fn wait_for(&mut self, _: Phase) {}

    fn go_on(&mut self) -> io::Result<()> {
        self.went_on += 1;
        Ok(())
    }
}

fn reader(bytes: &[u8], size: usize) -> Reader<Pieces<'_>> {
    Reader::new(Pieces { left: bytes, size, went_on: 0 })
}

/// The status that a request is refused with.
fn refused(bytes: &[u8]) -> u16 {
    let statuses = [1, 7, 1 << 20].map(|size| match reader(bytes, size).request() {
        Err(NoRequest::Refused(refusal)) => refusal.status,
        other => panic!("{other:?}: {}", String::from_utf8_lossy(bytes)),
    });
    assert!(statuses.iter().all(|status| *status == statuses[0]), "{statuses:?}");
    statuses[0]
}

const POST: &str = "POST /predict HTTP/1.1\r\nHost: localhost\r\n";

#[test]
fn requests_are_read_one_after_another_however_they_are_cut() {
    let text = format!(
        "\r\n{POST}Content-Length: 3\r\n\r\nabc{POST}Transfer-Encoding: chunked\r\n\r\n2;x=y\r\nde\r\n1\r\nf\r\n0\r\nA: b\r\n\r\n\
         GET /health?x HTTP/1.0\r\n\r\n"
    );
    for size in [1, 2, 5, 1 << 20] {
        let mut reader = reader(text.as_bytes(), size);
        let first = reader.request().unwrap();
        assert_eq!((first.method.as_str(), first.path.as_str(), first.goes_on), ("POST", "/predict", true));
        assert_eq!((first.host.as_deref(), first.has_query), (Some("localhost"), false));
        assert_eq!(first.body, Body::Bytes(b"abc".to_vec()));
        assert_eq!(reader.request().unwrap().body, Body::Bytes(b"def".to_vec()));
        let last = reader.request().unwrap();
        assert_eq!((last.path.as_str(), last.has_query, last.goes_on, last.body), ("/health", true, false, Body::None));
        assert_eq!(reader.request(), Err(NoRequest::Closed));
    }
}

#[test]
fn a_body_that_is_held_back_is_asked_for_unless_it_is_too_large() {
    let ask = |length: u64| {
        let text = format!("{POST}Expect: 100-continue\r\nContent-Length: {length}\r\n\r\nabc");
        let mut reader = reader(text.as_bytes(), 9);
        let request = reader.request();
        (request.is_ok(), reader.source.went_on)
    };
    assert_eq!(ask(3), (true, 1));
    assert_eq!(ask(MAX_BODY as u64 + 1), (false, 0));
}

#[test]
fn what_can_be_read_in_two_ways_or_in_none_is_refused() {
    let check = |text: &str, status: u16| assert_eq!(refused(text.as_bytes()), status, "{text:.200}");
    let post = |more: &str, status: u16| check(&format!("{POST}{more}"), status);
    check("hello\r\n\r\n", 400);
    check("\u{0}\u{1}\u{2}\r\n\r\n", 400);
    check("GET /health\r\n\r\n", 400);
    check("GET  /health HTTP/1.1\r\nHost: a\r\n\r\n", 400);
    check("GET health HTTP/1.1\r\nHost: a\r\n\r\n", 400);
    check("GET http://a/health HTTP/1.1\r\nHost: a\r\n\r\n", 400);
    check("GET /health HTTP/2\r\nHost: a\r\n\r\n", 400);
    check("G{T /health HTTP/1.1\r\nHost: a\r\n\r\n", 400);
    check("GET /health HTTP/1.1\r\n\r\n", 400);
    check("GET /health HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400);
    check("GET /health HTTP/1.1\nHost: a\n\n", 400);
    check("GET /hea", 400);
    post("Content-Length: 3\r\n\r\nab", 400);
    post("Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc", 400);
    post("Content-Length: 3, 3\r\n\r\nabc", 400);
    post("Content-Length: -1\r\n\r\n", 400);
    post("Content-Length: +3\r\n\r\nabc", 400);
    post("Content-Length: 0x3\r\n\r\nabc", 400);
    post("Content-Length:\r\n\r\n", 400);
    post("Content-Length : 3\r\n\r\nabc", 400);
    post(" folded: 3\r\n\r\nabc", 400);
    post("no colon\r\n\r\n", 400);
    post("X: a\u{7}b\r\n\r\n", 400);
    post("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400);
    post("Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 400);
    post("Transfer-Encoding: identity\r\n\r\n", 400);
    post("Transfer-Encoding: chunked\r\n\r\nzz\r\n", 400);
    post("Transfer-Encoding: chunked\r\n\r\n-1\r\n", 400);
    post("Transfer-Encoding: chunked\r\n\r\n\r\n", 400);
    post("Transfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n0\r\n\r\n", 400);
    post("Transfer-Encoding: chunked\r\n\r\n3\r\nab", 400);
    post(&format!("Transfer-Encoding: chunked\r\n\r\n{}", "0".repeat(300)), 400);
    check("POST /predict HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400);
}

#[test]
fn what_is_too_large_is_refused_before_it_is_read() {
    let post = |more: &str, status: u16| assert_eq!(refused(format!("{POST}{more}").as_bytes()), status, "{more:.99}");
    post(&format!("Content-Length: {}\r\n\r\n", MAX_BODY + 1), 413);
    post(&format!("Content-Length: {}\r\n\r\n", u64::MAX), 413);
    post(&format!("Content-Length: {}\r\n\r\n", "9".repeat(100)), 413);
    post("Transfer-Encoding: chunked\r\n\r\n400001\r\n", 413);
    post("Transfer-Encoding: chunked\r\n\r\nffffffffffffffffffff\r\n", 413);
    post(&format!("X: {}\r\n\r\n", "a".repeat(MAX_HEAD)), 431);
    post(&format!("X: {}", "a".repeat(2 * MAX_HEAD)), 431);
    post(&format!("{}\r\n", "X: a\r\n".repeat(MAX_HEADERS)), 431);
    post(&format!("Transfer-Encoding: chunked\r\n\r\n0\r\n{}", "X: a\r\n".repeat(MAX_HEADERS)), 431);
}

#[test]
fn an_answer_has_its_length_and_says_what_follows() {
    let answer = Answer::from(Refusal::new(404, "no \"x\""));
    let text = String::from_utf8(answer.bytes(After::Closes)).unwrap();
    assert!(text.starts_with("HTTP/1.1 404 Not Found\r\n"), "{text}");
    assert!(text.contains("\r\nContent-Length: 20\r\n") && text.contains("\r\nConnection: close\r\n"), "{text}");
    assert!(text.ends_with("\r\n\r\n{\"error\":\"no \\\"x\\\"\"}"), "{text}");
    assert!(String::from_utf8(answer.head(After::GoesOn)).unwrap().ends_with("keep-alive\r\n\r\n"));
}

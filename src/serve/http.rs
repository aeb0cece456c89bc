//! Requests as HTTP/1.1 writes them (RFC 9112), with a limit to everything, and answers.
//!
//! Where two readings are possible, such as two lengths or a length beside chunks, the request is refused: what stands
//! between could read it the other way.

use std::io::{self, ErrorKind, Read};

/// Bytes of a request line with its headers.
const MAX_HEAD: usize = 16 << 10;
const MAX_HEADERS: usize = 64;
/// Bytes of a body.
pub const MAX_BODY: usize = 4 << 20;
/// Bytes of a line that says how long a chunk is.
const MAX_CHUNK_LINE: usize = 256;

/// A request with its body.
#[derive(Debug, PartialEq, Eq)]
pub struct Request {
    pub method: String,
    /// The address, up to a question mark.
    pub path: String,
    pub has_query: bool,
    pub host: Option<String>,
    /// Whether another may follow on the connection.
    pub goes_on: bool,
    pub body: Body,
}

#[derive(Debug, PartialEq, Eq)]
pub enum Body {
    /// The request does not say that it has one.
    None,
    Bytes(Vec<u8>),
}

/// An answer that is no success, and ends the connection where the rest of the request cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub status: u16,
    pub reason: String,
}

impl Refusal {
    pub fn new(status: u16, reason: impl Into<String>) -> Self {
        Self { status, reason: reason.into() }
    }

    fn unread(reason: impl Into<String>) -> Self {
        Self::new(400, reason)
    }
}

/// Why there is no request.
#[derive(Debug, PartialEq, Eq)]
pub enum NoRequest {
    /// The other side is done, or gone.
    Closed,
    Refused(Refusal),
}

impl From<Refusal> for NoRequest {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// What is being waited for, which decides how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// The first byte of a request.
    Idle,
    Head,
    Body,
}

/// Where bytes come from.
pub trait Source: Read {
    /// Says what is read from now on.
    fn wait_for(&mut self, phase: Phase);
    /// Tells the other side to send the body that it holds back.
    fn go_on(&mut self) -> io::Result<()>;
}

/// Reads requests, one after another.
pub struct Reader<S> {
    pub source: S,
    buffer: Vec<u8>,
    /// How far the buffer was taken.
    taken: usize,
}

impl<S: Source> Reader<S> {
    pub fn new(source: S) -> Self {
        Self { source, buffer: Vec::new(), taken: 0 }
    }

    /// The next request.
    pub fn request(&mut self) -> Result<Request, NoRequest> {
        self.let_go();
        if self.buffer.is_empty() {
            self.source.wait_for(Phase::Idle);
            if self.more()? == 0 {
                return Err(NoRequest::Closed);
            }
        }
        self.source.wait_for(Phase::Head);
        let head = Head::parse(&self.head()?)?;
        self.source.wait_for(Phase::Body);
        if head.holds_back && head.length != Length::None {
            head.length.check()?;
            self.source.go_on().or(Err(NoRequest::Closed))?;
        }
        let body = self.body(&head)?;
        Ok(Request {
            method: head.method,
            path: head.path,
            has_query: head.has_query,
            host: head.host,
            goes_on: head.goes_on,
            body,
        })
    }

    /// Forgets what was taken.
    fn let_go(&mut self) {
        self.buffer.drain(..self.taken);
        self.taken = 0;
    }

    /// Reads some bytes more; 0 where there are none.
    fn more(&mut self) -> Result<usize, NoRequest> {
        const PIECE: usize = 16 << 10;
        let length = self.buffer.len();
        self.buffer.resize(length + PIECE, 0);
        let read = self.source.read(&mut self.buffer[length..]);
        self.buffer.truncate(length + *read.as_ref().unwrap_or(&0));
        read.map_err(|error| match error.kind() {
            ErrorKind::TimedOut | ErrorKind::WouldBlock => {
                NoRequest::Refused(Refusal::new(408, "the request did not arrive in time, expected it whole"))
            }
            _ => NoRequest::Closed,
        })
    }

    /// The same, in the middle of a request.
    fn must_have_more(&mut self, part: &str) -> Result<(), NoRequest> {
        if self.more()? == 0 {
            return Err(Refusal::unread(format!("the request ends in the middle of its {part}")).into());
        }
        Ok(())
    }

    /// The lines up to the first that is empty.
    fn head(&mut self) -> Result<Vec<u8>, NoRequest> {
        loop {
            // One empty line before a request is passed over, as clients of old send one.
            if self.taken == 0 && self.buffer.starts_with(b"\r\n") {
                self.taken = 2;
            }
            let open = &self.buffer[self.taken..];
            let end = open.windows(4).position(|bytes| bytes == b"\r\n\r\n");
            if end.unwrap_or(open.len()) > MAX_HEAD {
                let reason = format!("the request's headers are longer than {MAX_HEAD} bytes");
                return Err(Refusal::new(431, reason).into());
            }
            if let Some(end) = end {
                let head = open[..end].to_vec();
                self.taken += end + 4;
                return Ok(head);
            }
            if let Some(line) = open.split(|byte| *byte == b'\n').next()
                && line.len() < open.len()
                && !line.ends_with(b"\r")
            {
                return Err(Refusal::unread("a line of the request ends without a carriage return").into());
            }
            self.must_have_more("headers")?;
        }
    }

    fn body(&mut self, head: &Head) -> Result<Body, NoRequest> {
        head.length.check()?;
        match head.length {
            Length::None => Ok(Body::None),
            Length::Bytes(bytes) => Ok(Body::Bytes(self.take(bytes as usize)?)),
            Length::Chunked => Ok(Body::Bytes(self.chunks()?)),
        }
    }

    fn take(&mut self, bytes: usize) -> Result<Vec<u8>, NoRequest> {
        while self.buffer.len() - self.taken < bytes {
            self.must_have_more("body")?;
        }
        let end = self.taken + bytes;
        let taken = self.buffer[self.taken..end].to_vec();
        self.taken = end;
        Ok(taken)
    }

    /// A line without its end.
    fn line(&mut self) -> Result<Vec<u8>, NoRequest> {
        loop {
            let open = &self.buffer[self.taken..];
            if let Some(end) = open.windows(2).position(|bytes| bytes == b"\r\n") {
                let line = open[..end].to_vec();
                self.taken += end + 2;
                if line.len() <= MAX_CHUNK_LINE {
                    return Ok(line);
                }
            }
            if self.buffer.len() - self.taken > MAX_CHUNK_LINE {
                return Err(Refusal::unread("a chunk of the body has no length that can be read").into());
            }
            self.must_have_more("body")?;
        }
    }

    fn chunks(&mut self) -> Result<Vec<u8>, NoRequest> {
        let mut body = Vec::new();
        loop {
            // Each byte may come in a chunk of its own, under a line that is far longer.
            if self.taken > MAX_HEAD {
                self.let_go();
            }
            let line = self.line()?;
            let digits = line.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
            let is_number = !digits.is_empty() && digits.iter().all(u8::is_ascii_hexdigit);
            let size = std::str::from_utf8(digits).ok().filter(|_| is_number);
            let Some(size) = size else {
                return Err(Refusal::unread("a chunk of the body has no length that can be read").into());
            };
            // One that does not fit is too large as well.
            let size = u64::from_str_radix(size, 16).unwrap_or(u64::MAX);
            if size > (MAX_BODY - body.len()) as u64 {
                return Err(too_large().into());
            }
            if size == 0 {
                return self.trailers().map(|()| body);
            }
            body.extend(self.take(size as usize)?);
            if !self.line()?.is_empty() {
                return Err(Refusal::unread("a chunk of the body is longer than it says").into());
            }
        }
    }

    /// Passes over what follows the last chunk.
    fn trailers(&mut self) -> Result<(), NoRequest> {
        for _ in 0..MAX_HEADERS {
            if self.line()?.is_empty() {
                return Ok(());
            }
        }
        Err(Refusal::new(431, format!("more than {MAX_HEADERS} lines follow the body")).into())
    }
}

fn too_large() -> Refusal {
    Refusal::new(413, format!("the body is larger than {MAX_BODY} bytes, expected less; send it in several requests"))
}

/// How the length of a body is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Length {
    None,
    Bytes(u64),
    Chunked,
}

impl Length {
    fn check(self) -> Result<(), Refusal> {
        match self {
            Self::Bytes(bytes) if bytes > MAX_BODY as u64 => Err(too_large()),
            Self::None | Self::Bytes(_) | Self::Chunked => Ok(()),
        }
    }
}

#[derive(Debug)]
struct Head {
    method: String,
    path: String,
    has_query: bool,
    host: Option<String>,
    goes_on: bool,
    length: Length,
    /// Whether the body is only sent when it is asked for.
    holds_back: bool,
}

impl Head {
    fn parse(bytes: &[u8]) -> Result<Self, Refusal> {
        let text = std::str::from_utf8(bytes);
        let text = text.map_err(|error| Refusal::unread(format!("the request's headers are not text: {error}")))?;
        let mut lines = text.split("\r\n");
        let mut parts = lines.next().unwrap_or_default().split(' ');
        let (Some(method), Some(target), Some(version), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(Refusal::unread("the request does not begin with a method, an address and a version"));
        };
        if method.is_empty() || !method.bytes().all(is_token) {
            return Err(Refusal::unread("the request's method is not a word"));
        }
        if !target.starts_with('/') || !target.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Refusal::unread("the request's address does not begin with /"));
        }
        let is_old = match version {
            "HTTP/1.1" => false,
            "HTTP/1.0" => true,
            _ => return Err(Refusal::unread(format!("the version is \"{version}\", expected HTTP/1.1"))),
        };
        let headers = Headers::parse(lines)?;
        let host = headers.single("host")?;
        if host.is_none() && !is_old {
            return Err(Refusal::unread("the request has no Host header"));
        }
        let connection = headers.all("connection").flat_map(|value| value.split(',')).map(str::trim);
        let says = |word: &str| connection.clone().any(|said| said.eq_ignore_ascii_case(word));
        let length = headers.length(is_old)?;
        // What follows may be a body whose length was not told, and no request.
        let is_whole = length != Length::None || ["GET", "HEAD"].contains(&method);
        Ok(Self {
            method: method.to_owned(),
            path: target.split('?').next().unwrap_or_default().to_owned(),
            has_query: target.contains('?'),
            host: host.map(str::to_owned),
            goes_on: is_whole && !says("close") && (!is_old || says("keep-alive")),
            length,
            holds_back: headers.single("expect")?.is_some_and(|value| value.eq_ignore_ascii_case("100-continue")),
        })
    }
}

/// Names and values, as they came.
struct Headers<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Headers<'a> {
    fn parse(lines: impl Iterator<Item = &'a str>) -> Result<Self, Refusal> {
        let mut headers = Vec::new();
        for line in lines {
            let (name, value) = line.split_once(':').unwrap_or_default();
            if name.is_empty() || !name.bytes().all(is_token) {
                return Err(Refusal::unread("a header of the request is not a name, a colon and a value"));
            }
            if value.bytes().any(|byte| byte.is_ascii_control() && byte != b'\t') {
                return Err(Refusal::unread(format!("the header {name} holds a control character")));
            }
            if headers.len() == MAX_HEADERS {
                return Err(Refusal::new(431, format!("the request has more than {MAX_HEADERS} headers")));
            }
            headers.push((name, value.trim_matches([' ', '\t'])));
        }
        Ok(Self(headers))
    }

    fn all(&self, name: &'static str) -> impl Iterator<Item = &'a str> + Clone + '_ {
        self.0.iter().filter(move |(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| *value)
    }

    /// The value of a header that may be there once.
    fn single(&self, name: &'static str) -> Result<Option<&'a str>, Refusal> {
        let mut values = self.all(name);
        let first = values.next();
        if values.next().is_some() {
            return Err(Refusal::unread(format!("the request has several {name} headers")));
        }
        Ok(first)
    }

    fn length(&self, is_old: bool) -> Result<Length, Refusal> {
        let told = self.single("content-length")?;
        let coding = self.single("transfer-encoding")?;
        match (told, coding) {
            (None, None) => Ok(Length::None),
            (Some(_), Some(_)) => Err(Refusal::unread("the request has a length and chunks, expected one of the two")),
            (None, Some(coding)) if coding.eq_ignore_ascii_case("chunked") && !is_old => Ok(Length::Chunked),
            (None, Some(coding)) => {
                Err(Refusal::unread(format!("the body is sent as \"{coding}\", expected chunked or a Content-Length")))
            }
            (Some(told), None) => {
                if told.is_empty() || !told.bytes().all(|byte| byte.is_ascii_digit()) {
                    return Err(Refusal::unread(format!("the Content-Length is \"{told}\", expected a number")));
                }
                // One that does not fit is too large as well.
                Ok(Length::Bytes(told.parse().unwrap_or(u64::MAX)))
            }
        }
    }
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// What is sent back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    /// Further headers.
    pub headers: Vec<(&'static str, String)>,
    /// JSON.
    pub body: Vec<u8>,
}

impl Answer {
    pub fn json(value: &serde_json::Value) -> Self {
        Self { status: 200, headers: Vec::new(), body: value.to_string().into_bytes() }
    }

    /// The bytes of the answer.
    pub fn bytes(&self, after: After) -> Vec<u8> {
        [self.head(after).as_slice(), &self.body].concat()
    }

    /// Its headers alone.
    pub fn head(&self, after: After) -> Vec<u8> {
        let mut head = format!(
            "HTTP/1.1 {} {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nCache-Control: no-store\r\n\
             X-Content-Type-Options: nosniff\r\nConnection: {}\r\n",
            self.status,
            reason(self.status),
            self.body.len(),
            match after {
                After::GoesOn => "keep-alive",
                After::Closes => "close",
            },
        );
        for (name, value) in &self.headers {
            head += &format!("{name}: {value}\r\n");
        }
        (head + "\r\n").into_bytes()
    }
}

/// What becomes of the connection after an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum After {
    GoesOn,
    Closes,
}

impl From<Refusal> for Answer {
    fn from(refusal: Refusal) -> Self {
        let Refusal { status, reason } = refusal;
        Self { status, ..Self::json(&serde_json::json!({ "error": reason })) }
    }
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        400 => "Bad Request",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        413 => "Content Too Large",
        431 => "Request Header Fields Too Large",
        503 => "Service Unavailable",
        _ => "Internal Server Error",
    }
}

#[cfg(test)]
mod tests;

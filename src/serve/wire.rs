//! A connection and how patient it is: a client that sends or reads too slowly is let go, and so is one that says nothing.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

use super::http::{After, Answer, NoRequest, Phase, Reader, Request, Source};
use crate::signals::AskedToEnd;

/// How long a connection may be silent between two requests.
const IDLE: Duration = Duration::from_mins(1);
/// How long the headers of a request may take, from its first byte.
const HEAD: Duration = Duration::from_secs(10);
/// How long its body may take.
const BODY: Duration = Duration::from_secs(30);
/// How long an answer may take to be read.
const ANSWER: Duration = Duration::from_secs(30);
/// What is left of any of these when the server is to end.
const AT_THE_END: Duration = Duration::from_secs(2);
/// How often a wait is interrupted to see whether the server is to end.
const TICK: Duration = Duration::from_millis(100);

/// A connection, read with a deadline.
struct Timed<'a> {
    stream: &'a TcpStream,
    asked_to_end: &'a AskedToEnd,
    phase: Phase,
    until: Instant,
}

impl Timed<'_> {
    /// Until when to wait now.
    fn deadline(&mut self) -> Instant {
        if self.asked_to_end.is_set() {
            self.until = self.until.min(Instant::now() + AT_THE_END);
        }
        self.until
    }
}

impl Read for Timed<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            // Who said nothing yet is let go without a word, at the end and when patience is.
            let is_idle = self.phase == Phase::Idle;
            let left = self.deadline().saturating_duration_since(Instant::now());
            if left.is_zero() || (is_idle && self.asked_to_end.is_set()) {
                return if is_idle { Ok(0) } else { Err(ErrorKind::TimedOut.into()) };
            }
            self.stream.set_read_timeout(Some(left.min(TICK).max(Duration::from_millis(1))))?;
            match (&mut self.stream).read(buffer) {
                Err(error) if is_a_tick(&error) => {}
                read => return read,
            }
        }
    }
}

impl Source for Timed<'_> {
    fn wait_for(&mut self, phase: Phase) {
        let patience = match phase {
            Phase::Idle => IDLE,
            Phase::Head => HEAD,
            Phase::Body => BODY,
        };
        self.phase = phase;
        self.until = Instant::now() + patience;
    }

    fn go_on(&mut self) -> io::Result<()> {
        send(self.stream, b"HTTP/1.1 100 Continue\r\n\r\n")
    }
}

fn is_a_tick(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted)
}

/// Sends all bytes within the time for an answer.
fn send(mut stream: &TcpStream, mut bytes: &[u8]) -> io::Result<()> {
    let until = Instant::now() + ANSWER;
    while !bytes.is_empty() {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(ErrorKind::TimedOut.into());
        }
        stream.set_write_timeout(Some(left))?;
        match stream.write(bytes) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(count) => bytes = &bytes[count..],
            Err(error) if is_a_tick(&error) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Answers the requests of a connection until either side is done.
pub fn attend(stream: &TcpStream, asked_to_end: &AskedToEnd, answer: impl Fn(&Request) -> Answer) {
    stream.set_nodelay(true).ok();
    let until = Instant::now();
    let mut reader = Reader::new(Timed { stream, asked_to_end, phase: Phase::Idle, until });
    loop {
        match reader.request() {
            Ok(request) => {
                let goes_on = request.goes_on && !asked_to_end.is_set();
                let after = if goes_on { After::GoesOn } else { After::Closes };
                let answer = answer(&request);
                let bytes = if request.method == "HEAD" { answer.head(after) } else { answer.bytes(after) };
                if send(stream, &bytes).is_err() || !goes_on {
                    break;
                }
            }
            Err(NoRequest::Closed) => break,
            Err(NoRequest::Refused(refusal)) => {
                send(stream, &Answer::from(refusal).bytes(After::Closes)).ok();
                break;
            }
        }
    }
    part(stream);
}

/// Sends one answer to whoever connected, without reading what is asked.
pub fn turn_away(stream: &TcpStream, answer: &Answer) {
    send(stream, &answer.bytes(After::Closes)).ok();
    stream.shutdown(Shutdown::Write).ok();
}

/// Closes a connection so that the last answer arrives: what the other side still sends is read for a moment, since
/// closing over unread bytes would take the answer back.
fn part(mut stream: &TcpStream) {
    const MOMENT: Duration = Duration::from_secs(1);
    stream.shutdown(Shutdown::Write).ok();
    let until = Instant::now() + MOMENT;
    let mut rest = [0; 4096];
    while stream.set_read_timeout(Some(TICK)).is_ok() && Instant::now() < until {
        match stream.read(&mut rest) {
            Ok(0) => break,
            Err(error) if !is_a_tick(&error) => break,
            _ => {}
        }
    }
}

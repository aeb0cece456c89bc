//! The listening: one thread that accepts, one for each connection, and the caller's own for the model.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::sync_channel;
use std::thread::{Builder, Scope};
use std::time::Duration;

use super::http::{Answer, Refusal};
use super::queue::compute;
use super::routes::Desk;
use super::wire::{attend, turn_away};
use crate::inspect::{OpenModel, Options};
use crate::signals::AskedToEnd;

/// Connections at a time.
const MAX_CONNECTIONS: usize = 128;

/// A place that listens, before anybody is answered.
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
}

impl Server {
    /// Listens on this machine alone; port 0 takes one that is free.
    pub fn bind(port: u16) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address })
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Answers until the end is asked for and what was asked before is answered. Computes on the caller's thread.
    pub fn run(self, model: &OpenModel, options: &Options, asked_to_end: &AskedToEnd) -> io::Result<()> {
        let Self { listener, address } = self;
        let (jobs, waiting) = sync_channel(MAX_CONNECTIONS);
        let connections = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            let desk = Desk { model, options, jobs };
            let hall = Hall { asked_to_end, connections: &connections };
            Builder::new()
                .name("listen".to_owned())
                .spawn_scoped(scope, move || hall.accept(scope, &listener, &desk))?;
            compute(model, options, &waiting, || {
                // Who waits for the next connection hears nothing else.
                if asked_to_end.is_set() {
                    drop(TcpStream::connect(address));
                }
            });
            Ok(())
        })
    }
}

/// Who is inside, and until when.
#[derive(Clone, Copy)]
struct Hall<'a> {
    asked_to_end: &'a AskedToEnd,
    connections: &'a AtomicUsize,
}

impl<'a> Hall<'a> {
    fn accept<'scope>(self, scope: &'scope Scope<'scope, '_>, listener: &TcpListener, desk: &Desk<'a>)
    where
        'a: 'scope,
    {
        /// After a failure, such as too many open files, which would come again at once.
        const PAUSE: Duration = Duration::from_millis(50);
        while !self.asked_to_end.is_set() {
            let Ok((stream, _)) = listener.accept() else {
                std::thread::sleep(PAUSE);
                continue;
            };
            if self.asked_to_end.is_set() {
                break;
            }
            if self.connections.fetch_add(1, Ordering::Relaxed) >= MAX_CONNECTIONS {
                self.connections.fetch_sub(1, Ordering::Relaxed);
                turn_away(&stream, &full());
                continue;
            }
            let desk = desk.clone();
            let attended = Builder::new().name("connection".to_owned()).spawn_scoped(scope, move || {
                attend(&stream, self.asked_to_end, |request| desk.answer(request));
                self.connections.fetch_sub(1, Ordering::Relaxed);
            });
            if attended.is_err() {
                self.connections.fetch_sub(1, Ordering::Relaxed);
            }
        }
    }
}

fn full() -> Answer {
    let reason = format!("{MAX_CONNECTIONS} connections are open, expected fewer; close some or ask again later");
    Refusal::new(503, reason).into()
}

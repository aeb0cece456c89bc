//! A model that other programs on this machine ask over HTTP, with the answers that `attune predict` prints.
//!
//! From the ground up: bytes to a request and an answer to bytes (`http.rs`); a connection and its patience (`wire.rs`);
//! what waits for the model (`queue.rs`); which address answers what (`routes.rs`), and how it says so itself
//! (`openapi.rs`); and the listening (`listen.rs`).
//!
//! It listens on loopback alone and keeps no secret: whoever may use this machine may ask. A web page may not: a request
//! under another host's name is refused, because a page could give its own name this machine's address.
//!
//! The HTTP is ours because little of it is needed (HTTP/1.1, one request after another on a connection) and every limit is
//! then in sight. What is ambiguous is refused and never repaired.

mod http;
mod listen;
mod openapi;
mod queue;
mod routes;
mod wire;

pub use listen::Server;

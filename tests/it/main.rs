//! What a person can do with Attune, one module a promise.

mod metrics;
mod panels;
#[expect(dead_code, reason = "each test takes what it needs from the script")]
mod script;

//! What a person can do with Attune, one module a promise.

mod metrics;

//! What a person can do with Attune, one module a promise.

mod metrics;
mod models_match_the_reference;
mod panels;
mod script;
mod window;

//! What a person can do with Attune, one module a promise.

mod command_line;
mod metrics;
mod models_match_the_reference;
mod playground_answers;

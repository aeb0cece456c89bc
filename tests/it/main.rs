//! What a person can do with Attune, one module a promise.

mod batches_change_nothing;
mod command_line;
mod metrics;
mod models_match_the_reference;
mod panels;
mod playground_answers;
mod script;
mod window;
mod worker_keeps_its_word;

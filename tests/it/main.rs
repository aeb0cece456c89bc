//! What a person can do with Attune, one module a promise.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on fails, and helpers are not test functions"
)]

mod adapters;
mod answers_are_explained;
mod asked_before_training;
mod attention_is_the_models;
mod batches_change_nothing;
mod causal;
mod classes_meet_the_model;
mod columns_that_were_learned;
mod command_line;
mod compare_runs;
mod eight_bits;
mod encoders_are_used_as_they_are;
mod evaluated;
mod evaluations;
mod every_row_is_held_out_once;
mod every_task_learns;
mod explore_asks_every_head;
mod explore_screen;
mod export_in_the_window;
mod exported;
mod folds_and_states_in_the_window;
mod heads_are_switched;
mod heads_beside_the_trained;
mod heads_that_were_not_loaded;
mod house;
mod hub_in_the_window;
mod hub_is_asked;
mod ids_fit_the_model;
mod journey;
mod layers_are_probed;
mod many_files;
mod maps;
mod metrics;
mod models_are_found;
mod models_match_the_reference;
mod mutations;
mod options_are_checked_first;
mod packaging;
mod panels;
mod playground_answers;
mod predict_a_file;
mod predictions_are_written;
mod probes_are_told;
mod rates_are_found;
mod recipes_are_compared;
mod runs_are_looked_back_at;
mod runs_are_ordered_about;
#[cfg(unix)]
mod runs_have_a_process;
mod runs_resume_exactly;
mod samples;
mod scalars_are_told;
mod script;
mod served;
mod states_are_the_models;
mod students_learn_from_teachers;
mod sweeps;
#[cfg(unix)]
mod sweeps_go_elsewhere;
mod sweeps_in_the_window;
#[cfg(unix)]
mod sweeps_on_ray;
mod terminals_go_away;
mod views_are_kept;
mod weights_by_name;
mod what_fine_tuning_changed;
mod what_is_read_is_told;
mod what_was_learned_is_kept;
mod where_it_learned_it;
mod window;
mod words_that_push;
mod worker_keeps_its_word;

#[global_allocator]
static ALLOCATOR: mutations::memory::Counted = mutations::memory::Counted;

//! What ships with Attune can be asked before anything is trained: by its word on the command line, and from Home.

use attune::hub::embedded::Shipped;
use attune::inspect::{Prediction, Question};
use attune::ui::Screen;
use attune::ui::workspace::Workspace;
use serde_json::{Value, json};

use crate::command_line::{at_home, objects, write};
use crate::journey::Window;

#[test]
fn names_are_marked_by_what_ships_with_the_program() {
    let home = tempfile::tempdir().unwrap();
    let ask = |arguments: &[&str]| objects(&at_home(home.path(), arguments).unwrap())[0]["result"].clone();
    let text = "Ada Lovelace wrote to Charles Babbage from London.";
    let found = ask(&["predict", "--model", "embedded:names", "--text", text, "--aggregation", "simple", "--json"]);
    let said = |found: &Value| (found["word"].clone(), found["entity_group"].clone());
    let expected = [("ada lovelace", "PER"), ("charles babbage", "PER"), ("london", "LOC")];
    assert_eq!(
        found.as_array().unwrap().iter().map(said).collect::<Vec<_>>(),
        expected.map(|(w, k)| (w.into(), k.into()))
    );

    let told = at_home(home.path(), &["predict", "--model", "embedded:name", "--text", "a", "--json"]).unwrap_err();
    assert!(told.contains("expected embedded, embedded:names or embedded:answers"), "{told}");
}

#[test]
fn questions_are_answered_by_what_ships_with_the_program() {
    let home = tempfile::tempdir().unwrap();
    let context = "The lighthouse of Skerrow was built in 1871. Its lamp burned oil until the keeper, Agnes Dow, had it \
                   replaced.";
    let asked = [("When was the lighthouse built?", "1871"), ("Who was the keeper?", "Agnes Dow")];
    let lines: String = asked
        .iter()
        .map(|(question, _)| json!({ "question": question, "context": context }))
        .fold(String::new(), |lines, line| format!("{lines}{line}\n"));
    let file = write(&home.path().join("asked.jsonl"), &lines);
    let said = at_home(home.path(), &["predict", "--model", "embedded:answers", "--input", &file, "--json"]).unwrap();
    for (found, (question, answer)) in objects(&said).iter().zip(asked) {
        assert_eq!(found["result"][0]["answer"], answer, "{question}");
    }
}

#[test]
fn a_run_starts_from_an_adapter_in_the_program_and_says_so_in_its_configuration() {
    let home = tempfile::tempdir().unwrap();
    let data = write(&home.path().join("train.conll"), &"Ada\tB-PER\nslept\tO\n\nin\tO\nLima\tB-LOC\n\n".repeat(6));
    let out = home.path().join("run");
    let text = |embedded: &str| {
        format!(
            "task = \"ner\"\n[model]\nembedded = {embedded}\n[data]\ntrain = {data:?}\neval_fraction = 0.25\n\
             [strategy]\nkind = \"head\"\n[run]\nmax_steps = 1\nout = {out:?}\n"
        )
    };
    let file = |embedded: &str| write(&home.path().join("run.toml"), &text(embedded));
    let told = at_home(home.path(), &["train", &file("\"nobody\"")]).unwrap_err();
    assert!(told.contains("model.embedded is true, false, \"names\" or \"answers\""), "{told}");
    at_home(home.path(), &["train", &file("\"names\"")]).unwrap();
    let kept = std::fs::read_to_string(out.join("run.toml")).unwrap();
    assert!(kept.contains("embedded = \"names\"") && !kept.contains("path ="), "{kept}");
    let config = std::fs::read_to_string(out.join("model/config.json")).unwrap();
    assert!(config.contains("BertForTokenClassification"), "{config}");
}

#[test]
fn one_press_on_home_leads_to_the_names_in_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let mut window = Window::open(folder.path());
    window.press("Find names in a sentence");
    window.until("names are marked", |workspace| has_said(workspace, |said| matches!(said, Prediction::Tagging(_))));
    assert_eq!(window.workspace().screen, Screen::Explore);
    let how_good = Shipped::Names.promise().unwrap().words();
    assert!(window.shows(&how_good) && window.shows("Ada Lovelace"));
    window.press("Why");
    window.go(Screen::Home);
    assert!(window.shows(&how_good), "it is said before it is tried");
    window.press("Find names in a sentence");
    window.until("names are marked again", |workspace| {
        has_said(workspace, |said| matches!(said, Prediction::Tagging(_)))
    });
    window.harness.run_steps(3);
    assert!(window.shows("Ada Lovelace") && !window.shows("Words by weight"), "wherever one was before");
    window.go(Screen::Home);
    window.press("Start with Product reviews");
    window.until("the run is planned", |workspace| {
        workspace.screen == Screen::Train && workspace.plan.is_some() && workspace.jobs.is_empty()
    });
    let encoder = window.workspace().draft.model.embedded;
    assert_eq!(encoder, Some(Shipped::Mini), "a sample is trained from the encoder and not from what was tried");
}

#[test]
fn the_sample_of_questions_begins_with_what_can_answer_and_the_others_with_the_encoder() {
    let folder = tempfile::tempdir().unwrap();
    let mut window = Window::open(folder.path());
    let mut planned = |sample: &str| {
        window.go(Screen::Home);
        window.press(&format!("Start with {sample}"));
        window.until("the run is planned", |workspace| {
            workspace.screen == Screen::Train && workspace.plan.is_some() && workspace.jobs.is_empty()
        });
        window.workspace().draft.model.embedded
    };
    assert_eq!(planned("Product reviews"), Some(Shipped::Mini));
    assert_eq!(planned("Questions about texts"), Some(Shipped::Answers));
    assert_eq!(planned("Help desk messages"), Some(Shipped::Mini));
}

fn has_said(workspace: &Workspace, is_it: impl Fn(&Prediction) -> bool) -> bool {
    let answer = workspace.explore.answer.as_ref().and_then(|reply| reply.to::<Question>());
    answer.is_some_and(|answer| is_it(&answer.result)) && workspace.jobs.is_empty()
}

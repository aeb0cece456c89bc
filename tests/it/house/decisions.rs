//! What differs from task to task is decided in `task.rs`; everywhere else one of its aspects is asked for. A task that is
//! named in a pattern or compared with is a decision, which a task that is added would have to be told of. To name one
//! that is made, listed or asked for is none.

use attune::task::Task;

use super::imports::{Token, tokens};
use super::{product, sources, src};

/// How often a file decides something by the name of a task, outside its tests.
fn decisions(text: &str) -> usize {
    let tokens = tokens(&product(text).join("\n"));
    let named: Vec<usize> = (0..tokens.len()).filter(|at| is_task(&tokens[*at..])).collect();
    let patterns = patterns(&tokens);
    let is_in_pattern = |at: usize| patterns.iter().any(|(from, to)| (*from..*to).contains(&at));
    named.into_iter().filter(|at| is_in_pattern(*at) || is_compared(&tokens, *at)).count()
}

fn is_task(tokens: &[Token]) -> bool {
    let [Token::Word(word), Token::Path, Token::Word(name), ..] = tokens else { return false };
    word == "Task" && Task::ALL.iter().any(|task| format!("{task:?}") == *name)
}

fn is(token: Option<&Token>, marks: &str) -> bool {
    matches!(token, Some(Token::Mark(mark)) if marks.contains(*mark))
}

fn is_word(token: Option<&Token>, word: &str) -> bool {
    matches!(token, Some(Token::Word(own)) if own == word)
}

/// Whether `==` or `!=` stands before or behind the name of a task, which may be in `Some`.
fn is_compared(tokens: &[Token], at: usize) -> bool {
    let is_wrapping = |token: &Token| is(Some(token), "(&") || is_word(Some(token), "Some");
    let before: Vec<&Token> = tokens[..at].iter().rev().skip_while(|token| is_wrapping(token)).take(2).collect();
    let is_before = is(before.first().copied(), "=") && is(before.get(1).copied(), "=!");
    is_before || is(tokens.get(at + 3), "=!") && is(tokens.get(at + 4), "=")
}

/// Where patterns stand: before the arrow of an arm, with its condition; behind the comma of `matches!`; behind `let`.
fn patterns(tokens: &[Token]) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    for at in 0..tokens.len() {
        if is(tokens.get(at), "=") && is(tokens.get(at + 1), ">") {
            found.push((arm_start(tokens, at), at));
        } else if is_word(tokens.get(at), "matches") && is(tokens.get(at + 1), "!") {
            let end = end_of(tokens, at + 2, |_, depth| depth == 0);
            let comma = end_of(tokens, at + 2, |token, depth| depth == 1 && is(Some(token), ","));
            found.push((comma.min(end), end));
        } else if is_word(tokens.get(at), "let") {
            found.push((at, end_of(tokens, at, |token, depth| depth == 0 && is(Some(token), "=;"))));
        }
    }
    found
}

/// The first token from `at` on where `ends` says so, told how many brackets are open behind it.
fn end_of(tokens: &[Token], at: usize, ends: impl Fn(&Token, usize) -> bool) -> usize {
    let mut depth = 0_usize;
    for (place, token) in tokens.iter().enumerate().skip(at) {
        depth += usize::from(is(Some(token), "([{"));
        depth = depth.saturating_sub(usize::from(is(Some(token), ")]}")));
        if ends(token, depth) {
            return place;
        }
    }
    tokens.len()
}

/// Where the pattern before an arrow begins: behind the comma or the brace of the arm before it.
fn arm_start(tokens: &[Token], arrow: usize) -> usize {
    let mut depth = 0_usize;
    for at in (0..arrow).rev() {
        let token = tokens.get(at);
        if is(token, ")]}") {
            // A brace that nothing of a pattern follows closes the arm before.
            let goes_on = is(tokens.get(at + 1), "|),=") || is_word(tokens.get(at + 1), "if");
            if depth == 0 && is(token, "}") && !goes_on {
                return at + 1;
            }
            depth += 1;
        } else if is(token, "([{") {
            if depth == 0 {
                return at + 1;
            }
            depth -= 1;
        } else if depth == 0 && is(token, ",") {
            return at + 1;
        }
    }
    0
}

#[test]
fn only_the_file_of_tasks_decides_by_the_name_of_a_task() {
    let mut found = Vec::new();
    for path in sources(&src()).into_iter().filter(|path| !path.ends_with("task.rs")) {
        let count = decisions(&std::fs::read_to_string(&path).unwrap());
        found.extend((count > 0).then(|| format!("{}: {count}", path.display())));
    }
    assert!(found.is_empty(), "ask for an aspect of the task instead:\n{}", found.join("\n"));
}

#[test]
fn what_decides_by_the_name_of_a_task_is_seen() {
    let check = |code: &str, expected: usize| assert_eq!(decisions(code), expected, "{code}");
    check("match task { Task::Ner => 1, Task::Qa | Task::Mlm if big => 2, _ => 3 }", 3);
    check("match (task, one) { (Task::Ner, true) => 1, (_, Some(Kind { a, .. })) => 2 }", 1);
    check("match x { A => { f(Task::Ner) } Task::Qa => 1, B { c } | C => Task::Mlm, D => g(Task::Sop) }", 1);
    check("matches!(config.task, Task::Mlm | Task::Rtd) && open(Task::Ner)", 2);
    check("if data.task == Task::Ner || Task::Qa != task || head == Some(Task::Nsp) {}", 3);
    check("let Some(Task::Ner) = task else { return }; let other = Task::Qa;", 1);
    check("match s { a if task == Task::Ner => 1, _ => 2 }", 1);
    check("f(Task::Ner); let x = [Task::Qa]; Kind { task: Task::Mlm }; task.unwrap_or(Task::Classify)", 0);
    check("#[cfg(test)]\nmod tests {\n    fn f() { matches!(task, Task::Ner) }\n}\n", 0);
}

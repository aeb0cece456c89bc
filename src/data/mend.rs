//! Carries out what a person decided about a dataset ([`super::choices`]), in the same way wherever the data are read;
//! every row that is changed or left out is counted.

use std::sync::Arc;

use super::choices::{BY_CHOICE, Exclude, Fix, Mend, Mended, Mends, is_by_choice};
use super::entities::Kinds;
use super::health::{self, Part};
use super::moved::moved_answers;
use super::rejected::is_rejection;
use super::relabel::places_of;
use super::{Dataset, Example, Roles, Split, Target, spellings};
use crate::table::mojibake::{Mojibake, without_controls};
use crate::table::{self, GoldAnswer, LeftOut, RowProblem, Table};
use crate::task::{Reads, Task};

/// A table whose texts and labels are what they were before programs damaged them, where that was decided and places in the
/// texts do not forbid it, and what it came to.
pub fn undamaged(mut table: Arc<Table>, task: Task, roles: &Roles, mends: &Mends) -> (Arc<Table>, Vec<Mended>) {
    let mut done = Vec::new();
    for (fix, undo) in [(Fix::Encoding, in_their_encoding as Undo), (Fix::Entities, without_entities)] {
        if mends.fix.contains(&fix) {
            let rows;
            (table, rows) = undo(table, task, roles);
            done.push(Mended { mend: Mend::Fix(fix), rows, in_eval_file: false });
        }
    }
    (table, done)
}

/// Changes texts of a table, and says in which rows.
type Undo = fn(Arc<Table>, Task, &Roles) -> (Arc<Table>, Vec<usize>);

/// Texts and labels as they were before they were read in a wrong encoding and saved.
fn in_their_encoding(table: Arc<Table>, task: Task, roles: &Roles) -> (Arc<Table>, Vec<usize>) {
    let named = [&roles.text, &roles.pair, &roles.label, &roles.tokens, &roles.tags, &roles.question, &roles.context];
    let columns = named.into_iter().flatten().filter_map(|name| table.column(name));
    let columns: Vec<usize> = if roles.have_places(task) { Vec::new() } else { columns.collect() };
    let known = Mojibake::default();
    let mut table = Arc::unwrap_or_clone(table);
    let rows = table.change(&columns, |cell| {
        let undone = known.undo(cell).map(|undone| undone.text);
        without_controls(undone.as_deref().unwrap_or(cell)).or(undone)
    });
    (Arc::new(table), rows)
}

/// Texts that are read whole, and labels, with characters in the place of entities.
fn without_entities(table: Arc<Table>, task: Task, roles: &Roles) -> (Arc<Table>, Vec<usize>) {
    let is_whole = matches!(task.reads(), Reads::Texts | Reads::Running | Reads::Neighbours(_));
    let named = [&roles.text, &roles.pair, &roles.label].into_iter().flatten();
    let columns: Vec<usize> = named.filter(|_| is_whole).filter_map(|name| table.column(name)).collect();
    let mut table = Arc::unwrap_or_clone(table);
    let rows = table.change(&columns, table::without_entities);
    (Arc::new(table), rows)
}

impl Dataset {
    /// The dataset with all decisions carried out, in one order whatever the order of the lists, and what each came to.
    /// What needs a split or a tokenizer, [`Exclude::Leaks`] and [`Exclude::OverLong`], is not done here.
    pub fn mended(mut self, mends: &Mends) -> (Self, Vec<Mended>) {
        let mut done = Vec::new();
        for fix in [Fix::Spellings, Fix::Tags, Fix::Answers] {
            if mends.fix.contains(&fix) {
                let rows = match fix {
                    // Done to the table, before it is read for a task.
                    Fix::Encoding | Fix::Entities => continue,
                    Fix::Spellings => spellings::fix(&mut self),
                    Fix::Tags => fix_tags(&mut self),
                    Fix::Answers => fix_answers(&mut self),
                };
                done.push(Mended { mend: Mend::Fix(fix), rows, in_eval_file: false });
            }
        }
        for exclude in
            [Exclude::Duplicates, Exclude::Conflicts, Exclude::BadTags, Exclude::Unlabelled, Exclude::RareClasses]
        {
            if mends.exclude.contains(&exclude) {
                let rows = leave_out(&mut self, exclude);
                done.push(Mended { mend: Mend::Exclude(exclude), rows, in_eval_file: false });
            }
        }
        (self, done)
    }
}

fn fix_tags(dataset: &mut Dataset) -> Vec<usize> {
    let kinds = Kinds::of(&dataset.labels);
    let mut rows = Vec::new();
    for example in &mut dataset.examples {
        if let Target::Tags(tags) = &mut example.target
            && kinds.repair(tags)
        {
            rows.push(example.row);
        }
    }
    rows
}

/// Rows that were left out because an answer does not stand where it should become examples.
fn fix_answers(dataset: &mut Dataset) -> Vec<usize> {
    let left_out = dataset.rows_left_out().into_iter().zip(&dataset.excluded);
    let usable = left_out.filter(|(_, problem)| !is_rejection(&problem.reason)).map(|(row, _)| row);
    let moved: Vec<(usize, Vec<GoldAnswer>)> =
        usable.filter_map(|row| Some((row, moved_answers(dataset, row)?))).collect();
    let rows: Vec<usize> = moved.iter().map(|(row, _)| *row).collect();
    // One problem for each row that is no example, in their order.
    let mut problems = dataset.rows_left_out().into_iter().map(|row| rows.binary_search(&row).is_err());
    dataset.excluded.retain(|_| problems.next().unwrap_or(true));
    dataset.examples.extend(moved.into_iter().map(|(row, answers)| Example { row, target: Target::Answers(answers) }));
    dataset.examples.sort_by_key(|example| example.row);
    rows
}

fn leave_out(dataset: &mut Dataset, exclude: Exclude) -> Vec<usize> {
    let (examples, reason) = match exclude {
        Exclude::Duplicates => (health::repeats(dataset).0, "it repeats an earlier row"),
        Exclude::Conflicts => (health::repeats(dataset).1, "the same text occurs with a different label"),
        Exclude::BadTags => (health::impossible_tags(dataset), "it has an I- tag without a B-"),
        Exclude::Unlabelled => {
            let unlabelled = |target: &Target| matches!(target, Target::Classes(set) if set.is_empty());
            (health::examples_of(dataset, &unlabelled), "it has none of the labels")
        }
        Exclude::RareClasses => (drop_rare_classes(dataset), "its class is rare"),
        Exclude::Leaks | Exclude::OverLong => return Vec::new(),
    };
    let rows: Vec<usize> = examples.iter().map(|&example| dataset.examples[example].row).collect();
    dataset.leave_out(&rows, reason);
    rows
}

/// The examples of rare classes; the names of those classes go, and the others move up.
fn drop_rare_classes(dataset: &mut Dataset) -> Vec<usize> {
    let single = dataset.examples.iter().all(|example| matches!(example.target, Target::Class(_)));
    let counts = dataset.counts();
    let kept: Vec<bool> = counts.iter().map(|count| *count >= health::RARE).collect();
    // Two classes at least must remain to be told apart.
    if !single || kept.iter().filter(|kept| **kept).count() < 2 {
        return Vec::new();
    }
    let rare = health::examples_of(dataset, &|target| matches!(target, Target::Class(class) if !kept[*class as usize]));
    let moved = places_of(&kept);
    for example in &mut dataset.examples {
        if let Target::Class(class) = &mut example.target {
            *class = moved[*class as usize];
        }
    }
    let mut kept = kept.into_iter();
    dataset.labels.names.retain(|_| kept.next().unwrap_or(true));
    rare
}

impl Dataset {
    /// Rows of the table that are no examples, ascending.
    pub(super) fn rows_left_out(&self) -> Vec<usize> {
        let mut examples = self.examples.iter().map(|example| example.row).peekable();
        (0..self.table.rows()).filter(|row| examples.next_if_eq(row).is_none()).collect()
    }

    /// How many rows cannot be read or used, and why the first cannot; not those that are left out by choice, nor those
    /// that their annotators threw away.
    pub fn unusable_words(&self) -> Option<String> {
        let is_meant = |reason: &str| is_by_choice(reason) || is_rejection(reason);
        let of_examples = self.excluded.iter().filter(|problem| !is_meant(&problem.reason));
        let unread = self.table.problems.iter().filter(|problem| problem.what == LeftOut::Unread);
        let problems: Vec<&RowProblem> = unread.chain(of_examples).collect();
        let first = problems.iter().min_by_key(|problem| self.place_of(problem))?;
        let all = self.table.rows() + self.table.rows_missing().count();
        let name = self.table.origins.inputs.title();
        let count = problems.len();
        Some(format!("{count} of {all} rows of {name} cannot be used; the first, {}: {}", first.place(), first.reason))
    }

    /// Where a problem stands among those of all files.
    fn place_of(&self, problem: &RowProblem) -> (usize, usize) {
        let files = &self.table.origins.files;
        let file = problem.file.as_ref().and_then(|name| files.iter().position(|file| file.name == *name));
        (file.unwrap_or(0), problem.line)
    }

    /// Why a row is no example, where it is none.
    pub fn why_left_out(&self, row: usize) -> Option<&str> {
        // One problem for each row that is no example, in their order.
        let before = self.examples.partition_point(|example| example.row < row);
        let is_example = self.examples.get(before).is_some_and(|example| example.row == row);
        let problem = self.excluded.get(row.checked_sub(before)?).filter(|_| !is_example)?;
        Some(&problem.reason)
    }

    /// Turns examples into rows that are left out for a reason. `rows` ascend.
    fn leave_out(&mut self, rows: &[usize], reason: &str) {
        // One problem for each row that is no example, in their order.
        let mut problems: Vec<(usize, RowProblem)> =
            self.rows_left_out().into_iter().zip(std::mem::take(&mut self.excluded)).collect();
        let reason = format!("{BY_CHOICE}{reason}");
        let left = |&row: &usize| (row, self.table.problem(row, reason.clone()));
        problems.extend(rows.iter().map(left));
        problems.sort_by_key(|(row, _)| *row);
        self.excluded = problems.into_iter().map(|(_, problem)| problem).collect();
        self.examples.retain(|example| rows.binary_search(&example.row).is_err());
    }
}

/// Takes texts that are evaluated too out of the training part, and returns their rows. The parts may come from one
/// table or from two.
pub fn leave_out_leaks(train: &Dataset, eval: &Dataset, split: &mut Split) -> Mended {
    let leaks =
        health::leaks(Part { dataset: train, examples: &split.train }, Part { dataset: eval, examples: &split.eval });
    split.train.retain(|example| leaks.train.binary_search(example).is_err());
    let rows = leaks.train.into_iter().map(|example| train.examples[example].row).collect();
    Mended { mend: Mend::Exclude(Exclude::Leaks), rows, in_eval_file: false }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Roles;
    use crate::data::dataset::tests::{roles, table};
    use crate::task::Task;

    fn mends(fix: &[Fix], exclude: &[Exclude]) -> Mends {
        Mends { fix: fix.to_vec(), exclude: exclude.to_vec() }
    }

    fn rows(dataset: &Dataset) -> Vec<usize> {
        dataset.examples.iter().map(|example| example.row).collect()
    }

    /// Every row is an example or is listed, once and in order.
    fn assert_complete(dataset: &Dataset) {
        assert_eq!(dataset.examples.len() + dataset.excluded.len(), dataset.table.rows());
        let lines: Vec<usize> = dataset.excluded.iter().map(|problem| problem.line).collect();
        assert_eq!(lines, dataset.rows_left_out().into_iter().map(|row| dataset.table.line(row)).collect::<Vec<_>>());
    }

    #[test]
    fn rows_are_left_out_with_a_reason_and_counted() {
        let text = "text,label\nGood film,x\ngood  film,x\nbad film,y\nBad Film,x\n,x\nother,x\n";
        let read = || Dataset::new(table(text), Task::Classify, &roles("text", Some("label")), None).unwrap();
        let check = |exclude: &[Exclude], kept: &[usize], counts: &[usize]| {
            let (mended, done) = read().mended(&mends(&[], exclude));
            assert_eq!(rows(&mended), kept, "{exclude:?}");
            assert_eq!(done.iter().map(|done| done.rows.len()).collect::<Vec<_>>(), counts, "{exclude:?}");
            assert_complete(&mended);
        };
        check(&[], &[0, 1, 2, 3, 5], &[]);
        check(&[Exclude::Duplicates], &[0, 2, 3, 5], &[1]);
        check(&[Exclude::Conflicts], &[0, 1, 5], &[2]);
        // The order of the list does not matter.
        check(&[Exclude::Conflicts, Exclude::Duplicates], &[0, 5], &[1, 2]);
        let (mended, _) = read().mended(&mends(&[], &[Exclude::Duplicates]));
        let reasons: Vec<&str> = mended.excluded.iter().map(|problem| problem.reason.as_str()).collect();
        assert_eq!(reasons, ["left out by choice: it repeats an earlier row", "has no text"]);
        let why: Vec<Option<&str>> = (0..6).map(|row| mended.why_left_out(row)).collect();
        assert_eq!(why, [None, Some(reasons[0]), None, None, Some(reasons[1]), None]);
        assert!(health::health(&mended).iter().all(|finding| finding.kind != health::FindingKind::Duplicates));
    }

    #[test]
    fn texts_are_turned_back_from_a_wrong_encoding_where_no_place_in_them_counts() {
        let table = table("text,label\nle cafÃ© est là,goÃ»t\nplain,x\ndon\u{92}t,x\n");
        let roles = roles("text", Some("label"));
        let fix = mends(&[Fix::Encoding], &[]);
        let (turned, done) = undamaged(table.clone(), Task::Classify, &roles, &fix);
        assert_eq!(turned.all_cells(), [["le café est là", "goût"], ["plain", "x"], ["don’t", "x"]]);
        assert_eq!((&done[0].rows, turned.line(2)), (&vec![0, 2], 4));
        let (left, done) = undamaged(table.clone(), Task::Qa, &roles, &fix);
        assert_eq!((left.cell(0, 0), &done[0].rows), ("le cafÃ© est là", &Vec::new()));
        assert_eq!(undamaged(table, Task::Classify, &roles, &Mends::default()).1, []);
    }

    #[test]
    fn entities_are_found_wherever_they_stand_and_become_characters_on_request() {
        let rows: String = (0..60).map(|row| format!("row {row} is plain,x\n")).collect();
        let table = table(&format!(
            "text,label\n{rows}\"Tom &amp; Jerry, it&#39;s &amp;quot;fine&amp;quot;\",R&amp;D\nAT&T &c; so,R&D\n"
        ));
        let roles = roles("text", Some("label"));
        let dataset = Dataset::new(table.clone(), Task::Classify, &roles, None).unwrap();
        let found = health::health(&dataset).into_iter().find(|finding| finding.message().contains("entities of HTML"));
        let found = found.unwrap();
        assert_eq!((found.rows.as_slice(), found.kind.remedy()), ([60].as_slice(), Some(Mend::Fix(Fix::Entities))));
        let (turned, done) = undamaged(table.clone(), Task::Classify, &roles, &mends(&[Fix::Entities], &[]));
        assert_eq!(turned.row_cells(60), ["Tom & Jerry, it's \"fine\"", "R&D"]);
        assert_eq!((turned.row_cells(61), &done[0].rows), (vec!["AT&T &c; so", "R&D"], &vec![60]));
        let (left, done) = undamaged(table, Task::Qa, &roles, &mends(&[Fix::Entities], &[]));
        assert!(left.cell(60, 0).contains("&amp;") && done[0].rows.is_empty());
    }

    #[test]
    fn rare_classes_go_with_their_names() {
        let row = |label: &str, place: usize| format!("text {label} {place},{label}\n");
        let all: String = (0..9).map(|place| row("a", place) + &row("c", place)).collect();
        let text = format!("text,label\n{all}{}", row("b", 0));
        let read = || Dataset::new(table(&text), Task::Classify, &roles("text", Some("label")), None).unwrap();
        let (mended, done) = read().mended(&mends(&[], &[Exclude::RareClasses]));
        assert_eq!(mended.labels.names, ["a", "c"]);
        assert_eq!(mended.counts(), [9, 9]);
        assert_eq!(done[0].rows, [18]);
        assert_complete(&mended);
        // Two classes must be left.
        let few = format!("text,label\n{}{}", row("a", 0), row("b", 0));
        let few = Dataset::new(table(&few), Task::Classify, &roles("text", Some("label")), None).unwrap();
        assert_eq!(few.mended(&mends(&[], &[Exclude::RareClasses])).0.examples.len(), 2);
    }

    fn sentences(tags: &[&str]) -> Dataset {
        let mut text = String::new();
        for (place, tags) in tags.iter().enumerate() {
            let tags: Vec<&str> = tags.split(' ').collect();
            let words: Vec<String> = (0..tags.len()).map(|word| format!("w{place}{word}")).collect();
            text += &serde_json::json!({ "tokens": words, "tags": tags }).to_string();
            text.push('\n');
        }
        let roles = Roles { tokens: Some("tokens".into()), tags: Some("tags".into()), ..Roles::default() };
        Dataset::new(table(&text), Task::Ner, &roles, None).unwrap()
    }

    #[test]
    fn impossible_tags_are_repaired_or_left_out() {
        let lists = ["B-A I-A O", "O I-A O", "B-A I-B I-B", "O O B-B"];
        let kinds = |findings: Vec<health::Finding>| {
            findings.into_iter().find(|finding| finding.kind == health::FindingKind::ImpossibleTags)
        };
        assert_eq!(kinds(health::health(&sentences(&lists))).unwrap().rows, [1, 2]);
        let (mended, done) = sentences(&lists).mended(&mends(&[Fix::Tags], &[Exclude::BadTags]));
        assert_eq!((done[0].mend, &done[0].rows), (Mend::Fix(Fix::Tags), &vec![1, 2]));
        assert_eq!(done[1].rows, [0_usize; 0], "nothing is left to leave out");
        assert_eq!(kinds(health::health(&mended)), None);
        let tags = |dataset: &Dataset, example: usize| match &dataset.examples[example].target {
            Target::Tags(tags) => {
                tags.iter().map(|tag| dataset.labels.names[*tag as usize].clone()).collect::<Vec<_>>()
            }
            other => panic!("{other:?}"),
        };
        assert_eq!(tags(&mended, 1), ["O", "B-A", "O"]);
        assert_eq!(tags(&mended, 2), ["B-A", "B-B", "I-B"]);
        let (mended, _) = sentences(&lists).mended(&mends(&[], &[Exclude::BadTags]));
        assert_eq!(rows(&mended), [0, 3]);
        assert_complete(&mended);
    }

    #[test]
    fn answers_move_to_where_they_stand() {
        let context = "The Rhine is long. Köln lies on the Rhine.";
        let row = |text: &str, start: usize| {
            format!("Which river?\t{context}\t{{\"text\": [\"{text}\"], \"answer_start\": [{start}]}}\n")
        };
        let text = format!(
            "question\tcontext\tanswers\n{}{}{}{}",
            row("Rhine", 4),
            row("Rhine", 30),
            row("Danube", 4),
            row("Köln", 0)
        );
        let roles = Roles {
            question: Some("question".into()),
            context: Some("context".into()),
            answers: Some("answers".into()),
            ..Roles::default()
        };
        let read = || Dataset::new(table(&text), Task::Qa, &roles, None).unwrap();
        assert_eq!(rows(&read()), [0]);
        let found = health::health(&read());
        let of = |kind| found.iter().find(|finding| finding.kind == kind).map(|finding| finding.rows.clone());
        assert_eq!(of(health::FindingKind::MisplacedAnswers), Some(vec![1, 3]));
        assert_eq!(of(health::FindingKind::NoUsableLabel), Some(vec![2]));
        let (mended, done) = read().mended(&mends(&[Fix::Answers], &[]));
        assert_eq!(done[0].rows, [1, 3]);
        assert_eq!(rows(&mended), [0, 1, 3]);
        assert_complete(&mended);
        let answer = GoldAnswer { text: "Rhine".into(), start: 36 };
        assert_eq!(mended.examples[1].target, Target::Answers(vec![answer]));
        assert!(mended.excluded[0].reason.contains("Danube"));
    }

    #[test]
    fn evaluated_texts_leave_the_training_part() {
        let text = "text,label\na,x\nb,y\nA,x\nc,y\na,x\n";
        let dataset = Dataset::new(table(text), Task::Classify, &roles("text", Some("label")), None).unwrap();
        let mut split = Split { train: vec![0, 1, 2], eval: vec![3, 4] };
        let done = leave_out_leaks(&dataset, &dataset, &mut split);
        assert_eq!((split.train, split.eval), (vec![1], vec![3, 4]));
        assert_eq!(done.rows, [0, 2]);
    }

    #[test]
    fn decisions_are_made_and_taken_back_in_one_order() {
        let one = Mends::default().with(Mend::Exclude(Exclude::Leaks), true);
        let two = one.with(Mend::Exclude(Exclude::Duplicates), true).with(Mend::Fix(Fix::Tags), true);
        assert_eq!(two.exclude, [Exclude::Duplicates, Exclude::Leaks]);
        assert_eq!(two.with(Mend::Exclude(Exclude::Duplicates), true), two);
        assert!(two.has(Mend::Fix(Fix::Tags)) && !two.has(Mend::Fix(Fix::Answers)));
        assert_eq!(two.with(Mend::Exclude(Exclude::Duplicates), false).with(Mend::Fix(Fix::Tags), false), one);
        assert_eq!(serde_json::to_string(&two.exclude).unwrap(), r#"["duplicates","leaks"]"#);
    }
}

//! Which column is the text and which the label, and what can be learned from them: a first guess that a person can
//! change. What columns hold comes first, and what they are called second.

mod columns;
mod content;
mod flags;
mod names;
mod pairs;
mod shapes;
mod texts;
mod unused;

use std::collections::HashSet;

use columns::{Column, filled_cells, look, look_at_all, sample};
use content::Content;
use names::{
    ANSWERS, ASIDE, CONTEXT, GROUP, LABEL, QUESTION, is_aside_by_name, is_gold, is_in, is_label, is_predicted, rank,
};

use super::Roles;
use super::labels::{self, Numerals, Separator, is_no_number};
use super::parts;
use crate::table::Format;
use crate::table::Table;
use crate::table::plain_name;
use crate::task::{Reads, Targets, Task};

pub use flags::further as further_flags;
use texts::text;
pub(super) use unused::{annotators, no_text, other_labels, other_tags, tags_as_label, unused_texts};

/// Groups below which rows are split without regard to them.
const FEWEST_GROUPS: usize = 5;
impl Roles {
    /// Guesses the roles of a table's columns for a task. A role for which nothing fits stays empty.
    pub fn guess(table: &Table, task: Task) -> Self {
        let columns = look_at_all(table);
        let roles = match task.reads() {
            Reads::Words => entities(table, &columns),
            Reads::Question => questions(&columns),
            Reads::Running | Reads::Neighbours(_) => {
                return Self { text: text(&columns, None), group: group(&columns, GROUP), ..Self::default() };
            }
            Reads::Texts => sequence(table, &columns, task.targets()),
        };
        let split = parts::column(table).filter(|name| roles.named().all(|(_, used)| used != name));
        Self { split, ..roles }
    }
}

/// Words with tags if there are some, else a text with spans, else what is called so.
fn entities(table: &Table, columns: &[Column<'_>]) -> Roles {
    let name = |column: usize| Some(columns[column].name.to_owned());
    let group = group(columns, GROUP);
    if let Some((tokens, tags)) = shapes::tokens_and_tags(table) {
        return Roles { tokens: name(tokens), tags: name(tags), group, ..Roles::default() };
    }
    if let Some(spans) = shapes::spans(table) {
        let told = table.text_of_spans(spans).and_then(name);
        let text = told.or_else(|| text(columns, Some(columns[spans].name)));
        return Roles { text, spans: name(spans), group, ..Roles::default() };
    }
    let tokens = by_name(columns, "tokens words token word");
    let tags = by_name(columns, "nertags tags ner labels");
    // Words without tags, or a text, are to be predicted.
    let text = if tokens.is_none() { text(columns, tags.as_deref()) } else { None };
    Roles { text, tokens, tags, group, ..Roles::default() }
}

fn questions(columns: &[Column<'_>]) -> Roles {
    Roles {
        question: by_name(columns, QUESTION),
        context: by_name(columns, CONTEXT),
        answers: by_name(columns, ANSWERS),
        group: group(columns, "title document article group groupid documentid docid"),
        ..Roles::default()
    }
}

/// A column of groups, if it divides the rows into several.
fn group(columns: &[Column<'_>], names: &str) -> Option<String> {
    let divides = |column: &&Column<'_>| column.distinct >= FEWEST_GROUPS && column.distinct < column.filled;
    names
        .split_whitespace()
        .find_map(|name| columns.iter().filter(divides).find(|column| column.plain == name))
        .map(|column| column.name.to_owned())
}

fn by_name(columns: &[Column<'_>], names: &str) -> Option<String> {
    names
        .split_whitespace()
        .find_map(|name| columns.iter().find(|column| column.plain == name))
        .map(|column| column.name.to_owned())
}

fn sequence(table: &Table, columns: &[Column<'_>], targets: Targets) -> Roles {
    // One word with its tag a row: a class of the word alone is not what is to be learned.
    if let Some(words) = shapes::word_a_row(table) {
        return Roles { text: Some(columns[words].name.to_owned()), ..Roles::default() };
    }
    let (text, pair) = match pairs::pair(columns) {
        Some((text, pair)) => (Some(text.name.to_owned()), Some(pair.name.to_owned())),
        None => (text(columns, None), None),
    };
    let free: Vec<&Column<'_>> = columns
        .iter()
        .filter(|column| Some(column.name) != text.as_deref() && Some(column.name) != pair.as_deref())
        .collect();
    let several = match targets {
        Targets::Classes => flags::wanted(table, &free),
        Targets::Class => flags::one_of_each(table, &free),
        Targets::Number | Targets::Tags | Targets::Span | Targets::Hidden | Targets::Replaced => None,
    };
    let label = several.or_else(|| label(table, &free, targets));
    Roles { text, pair, label, ..Roles::default() }
}

/// A column called so, if its cells suit the task and are not all the same; else one with values that come again and
/// again.
fn label(table: &Table, columns: &[&Column<'_>], targets: Targets) -> Option<String> {
    let holds_lists =
        |column: &Column<'_>| Separator::of_column(filled_cells(table, column.index).into_iter()).is_several();
    let suits = |column: &&Column<'_>| {
        column.filled > 0
            && (!column.is_structure || column.is_scores)
            && (targets != Targets::Number || column.is_all_numbers())
    };
    // What differs in every row is no class.
    let is_unique =
        |column: &Column<'_>| !column.is_all_numbers() && column.filled > 20 && column.distinct == column.filled;
    let possible: Vec<&Column<'_>> = columns.iter().copied().filter(suits).collect();
    let named = possible
        .iter()
        .filter(|column| is_label(&column.plain) || is_gold(column.name))
        .filter(|column| !column.is_prose() || holds_lists(column))
        .min_by_key(|column| {
            let likelihood = (is_predicted(column.name), !(is_gold(column.name) && is_label(&column.plain)));
            let is_poor = (!column.varies(), !column.is_mostly_filled(), is_unique(column));
            (is_poor, likelihood, !is_label(&column.plain), rank(LABEL, &column.plain))
        });
    let is_place = |column: &Column<'_>| matches!(column.no_text, Some(Content::Date | Content::Address));
    let others = || possible.iter().filter(|column| !is_aside_by_name(column.name, &column.plain) && !is_place(column));
    let numbered = || {
        let numbers = others().filter(|column| targets == Targets::Number && column.varies());
        numbers.min_by_key(|column| is_predicted(column.name) || is_in(ASIDE, &column.plain))
    };
    let repeated = || {
        let has_gaps = |column: &Column<'_>| column.filled * 10 < column.rows * 9;
        others().filter(|column| column.is_like_labels()).min_by_key(|column| {
            let is_aside = is_predicted(column.name) || is_in(ASIDE, &column.plain);
            (is_aside, has_gaps(column), column.distinct)
        })
    };
    // Fractions are no classes beside words that come again, and what a model found is learned only where nothing else
    // can be.
    let is_word = |column: &&Column<'_>| column.is_like_labels() && !column.is_all_numbers();
    let has_words = || others().filter(|column| is_word(column)).any(|column| is_sure_class(column));
    let is_poor = |column: &Column<'_>| targets == Targets::Class && has_fractions(table, column) && has_words();
    let sure = named.filter(|column| column.varies() && !is_predicted(column.name) && !is_poor(column));
    sure.or_else(numbered).or_else(repeated).or(named).map(|column| column.name.to_owned())
}

fn is_sure_class(column: &Column<'_>) -> bool {
    !is_in(ASIDE, &column.plain) && !is_predicted(column.name)
}

fn has_fractions(table: &Table, column: &Column<'_>) -> bool {
    let cells = filled_cells(table, column.index);
    let numerals = Numerals::of(table, &cells);
    let is_fraction = |cell: &str| numerals.read(cell).is_ok_and(|value| value.fract() != 0.0);
    column.is_all_numbers() && (numerals.doubt().is_some() || cells.into_iter().any(is_fraction))
}

/// Whether a column of fractions is called a label by a likelier name than the one that was chosen for classes.
fn is_of_values(table: &Table, roles: &Roles) -> bool {
    let chosen = roles.label.as_deref().map_or(usize::MAX, |label| rank(LABEL, &plain_name(label)));
    let is_free = |name: &str| roles.named().all(|(_, used)| used != name);
    let likelier = |(_, name): &(usize, &String)| rank(LABEL, &plain_name(name)) < chosen && is_free(name);
    let mut named = table.columns.iter().enumerate().filter(likelier);
    named.any(|(index, name)| has_fractions(table, &look(table, index, name)))
}

/// Guesses what can be learned from a table, whose roles were guessed for any task: from its tokens and tags, its spans
/// or its questions where it has them, masked words from plain text, else from the label column. Fractions, and more
/// different whole numbers than ratings have, are to be estimated; cells that combine the same few names are several
/// labels.
pub fn guess_task(table: &Table, roles: &Roles) -> Task {
    if roles.tokens.is_some() && roles.tags.is_some() {
        return Task::Ner;
    }
    if roles.question.is_some() && roles.context.is_some() {
        return Task::Qa;
    }
    if let Some(task) = by_shape(table) {
        return task;
    }
    if flags::told(table, roles) {
        return Task::MultiLabel;
    }
    if is_of_values(table, roles) {
        return Task::Regress;
    }
    let Some(column) = roles.label.as_deref().and_then(|name| table.column(name)) else { return Task::Classify };
    by_labels(table, &filled_cells(table, column))
}

fn by_labels(table: &Table, cells: &[&str]) -> Task {
    if labels::are_id_lists(cells) {
        return Task::MultiLabel;
    }
    let distinct = cells.iter().collect::<HashSet<_>>().len();
    let numerals = Numerals::of(table, cells);
    let told: Vec<&str> = cells.iter().copied().filter(|cell| !is_no_number(cell)).collect();
    let numbers = told.iter().filter(|cell| numerals.is_number(cell)).count();
    if numbers > 0 && numbers * 20 >= told.len() * 19 {
        let is_fraction = |cell: &&str| numerals.read(cell).is_ok_and(|value| value.fract() != 0.0);
        let fractions = numerals.doubt().is_some() || told.iter().any(is_fraction);
        return if fractions || (distinct > 20 && distinct * 5 > cells.len()) { Task::Regress } else { Task::Classify };
    }
    let separator = Separator::of_column(cells.iter().copied());
    match separator {
        Separator::List | Separator::Places(_) => Task::MultiLabel,
        Separator::Single => Task::Classify,
        Separator::Character(mark) => {
            let names: Vec<_> = cells.iter().flat_map(|cell| separator.names(cell).unwrap_or_default()).collect();
            let different = names.iter().collect::<HashSet<_>>().len();
            // A comma may be part of a name, which splitting then only multiplies; a bar or a semicolon hardly ever is.
            let repeated = if mark == ',' {
                different <= distinct && different * 2 <= names.len()
            } else {
                different < names.len()
            };
            let combined = names.len() > cells.len() && repeated;
            if combined { Task::MultiLabel } else { Task::Classify }
        }
    }
}

/// A cell of a column of which each is read as one label, where they plainly are several between marks.
pub(super) fn joined_labels(table: &Table, column: usize) -> Option<String> {
    let cells = filled_cells(table, column);
    let separator = Separator::of_column(cells.iter().copied());
    let is_joined =
        matches!(separator, Separator::Character(_)) && by_labels(table, &cells).targets() == Targets::Classes;
    let several = |cell: &&str| separator.names(cell).is_ok_and(|names| names.len() > 1);
    cells.iter().copied().filter(|_| is_joined).find(several).map(str::to_owned)
}

/// The task that the format or the structure of the cells leaves no doubt about.
fn by_shape(table: &Table) -> Option<Task> {
    if table.format == Format::PlainText {
        return Some(Task::Mlm);
    }
    if shapes::tokens_and_tags(table).is_some() || shapes::spans(table).is_some() {
        return Some(Task::Ner);
    }
    let column = |names: &str| {
        names.split_whitespace().find_map(|name| table.columns.iter().position(|column| plain_name(column) == name))
    };
    let context = column(CONTEXT).filter(|_| column(QUESTION).is_some())?;
    let is_qa = match column(ANSWERS) {
        Some(answers) => shapes::are_answers(table, answers, context) || is_unlabelled(table, answers),
        None => !table.columns.iter().any(|name| is_in(LABEL, &plain_name(name))),
    };
    is_qa.then_some(Task::Qa)
}

fn is_unlabelled(table: &Table, column: usize) -> bool {
    sample(table).all(|row| table.cell(row, column).trim().is_empty())
}

#[cfg(test)]
mod layouts;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::dataset::tests::table;

    #[test]
    fn roles_follow_the_names_then_the_content() {
        let check = |text: &str, expected: (Option<&str>, Option<&str>, Option<&str>)| {
            let roles = Roles::guess(&table(text), Task::Classify);
            assert_eq!((roles.text.as_deref(), roles.pair.as_deref(), roles.label.as_deref()), expected, "{text}");
        };
        check("text,category\nWhere is my card?,card\nIt is lost,lost\n", (Some("text"), None, Some("category")));
        check("id,Review Text,Sentiment\n1,good,pos\n2,bad,neg\n", (Some("Review Text"), None, Some("Sentiment")));
        check(
            "idx,premise,hypothesis,label\n0,a b,c d,1\n1,e f,g h,0\n",
            (Some("premise"), Some("hypothesis"), Some("label")),
        );
        check("sentence1,sentence2,score\na,b,3.5\nc,d,1.0\n", (Some("sentence1"), Some("sentence2"), Some("score")));
        check(
            "a great long film,pos\na bad long film,neg\nanother good one,pos\n",
            (Some("column 1"), None, Some("column 2")),
        );
        check(
            "foo,bar\nx,a very long text indeed\nx,and another one here\ny,last text of all\n",
            (Some("bar"), None, Some("foo")),
        );
        check("label,text\n1,one text\n0,two text\n", (Some("text"), None, Some("label")));
        check(
            "genre,score,sentence1,sentence2\nnews,3.5,a b,c d\nnews,0.2,e f,g h\n",
            (Some("sentence1"), Some("sentence2"), Some("score")),
        );
        check("text\njust text\n", (Some("text"), None, None));
        check("title,review,stars\nA,good film,5\nB,bad film,1\n", (Some("review"), None, Some("stars")));
    }

    fn open(name: &str, text: &str) -> Table {
        Table::from_bytes(std::path::Path::new(name), text.as_bytes().to_vec()).unwrap()
    }

    #[test]
    fn structure_tells_the_task_and_the_roles() {
        let check = |name: &str, text: &str, task: Task, expected: Roles| {
            let table = open(name, text);
            assert_eq!(guess_task(&table, &Roles::guess(&table, Task::Classify)), task, "{text}");
            assert_eq!(Roles::guess(&table, task), expected, "{text}");
        };
        let some = |name: &str| Some(name.to_owned());
        let words = |tokens: &str, tags: &str| Roles { tokens: some(tokens), tags: some(tags), ..Roles::default() };
        check("a.conll", "Ann B-PER\nran O\n\nno O\n", Task::Ner, words("tokens", "tags"));
        check(
            "a.jsonl",
            r#"{"id":1,"words":["Ann","ran"],"pos":["N","V"],"ner_tags":[1,0]}"#,
            Task::Ner,
            words("words", "ner_tags"),
        );
        check("a.jsonl", r#"{"x":["Ann","ran"],"y":["B-PER","O"]}"#, Task::Ner, words("x", "y"));
        check(
            "a.jsonl",
            r#"{"text":"Ann ran","spans":[{"start":0,"end":3,"label":"PER"}]}"#,
            Task::Ner,
            Roles { text: some("text"), spans: some("spans"), ..Roles::default() },
        );
        check(
            "a.jsonl",
            r#"{"text":"Ann ran","labels":["a","b"]}"#,
            Task::MultiLabel,
            sequence_roles("text", "labels"),
        );
        let questions = |answers: Option<&str>| Roles {
            question: some("question"),
            context: some("context"),
            answers: answers.map(str::to_owned),
            ..Roles::default()
        };
        check(
            "a.csv",
            "question,context,answer\nWho ran?,Ann ran.,Ann\nWho?,Bob sat.,Bob\n",
            Task::Qa,
            questions(some("answer").as_deref()),
        );
        check("a.csv", "question,context\nWho ran?,Ann ran.\n", Task::Qa, questions(None));
        check(
            "a.json",
            r#"{"data":[{"paragraphs":[{"context":"c","qas":[{"id":"1","question":"q","answers":[]}]}]}]}"#,
            Task::Qa,
            questions(Some("answers")),
        );
        check("a.txt", "One line, perhaps.\nTwo.\n", Task::Mlm, Roles { text: some("text"), ..Roles::default() });
    }

    fn sequence_roles(text: &str, label: &str) -> Roles {
        Roles { text: Some(text.into()), label: Some(label.into()), ..Roles::default() }
    }

    #[test]
    fn pairs_are_known_by_both_names_or_by_both_being_texts() {
        let check = |text: &str, expected: (Option<&str>, Option<&str>, Option<&str>)| {
            let table = open("pairs.tsv", text);
            let roles = Roles::guess(&table, Task::Classify);
            assert_eq!((roles.text.as_deref(), roles.pair.as_deref(), roles.label.as_deref()), expected, "{text}");
            assert_eq!(guess_task(&table, &roles), Task::Classify, "{text}");
        };
        check(
            "question\tsentence\tlabel\nWho ran?\tAnn ran.\tyes\nWhy?\tNo one knows.\tno\n",
            (Some("question"), Some("sentence"), Some("label")),
        );
        check(
            "question\tpassage\tanswer\nIs it so?\tIt is so.\ttrue\nIs it?\tNo.\tfalse\n",
            (Some("question"), Some("passage"), Some("answer")),
        );
        check(
            "a dog runs\tan animal moves\t1\na cat sleeps\ta dog barks here\t0\n",
            (Some("column 1"), Some("column 2"), Some("column 3")),
        );
        check(
            "a dog runs\tan animal moves\na cat sleeps\ta dog barks here\n",
            (Some("column 1"), Some("column 2"), None),
        );
    }

    #[test]
    fn three_columns_of_0_and_1_are_several_labels() {
        let open_with = |head: &str, more: &str| {
            let row =
                |at: usize| format!("{at},\"Words {at}, and more\",{},{},{}{more}\n", at % 2, at % 3 / 2, at / 39);
            open("a.csv", &format!("id,comment_text,{head}\n{}", (0..40).map(row).collect::<String>()))
        };
        let table = open_with("toxic,insult,threat", "");
        assert_eq!(guess_task(&table, &Roles::guess(&table, Task::Classify)), Task::MultiLabel);
        let roles = Roles::guess(&table, Task::MultiLabel);
        assert_eq!(
            (roles.text.as_deref(), roles.label.as_deref()),
            (Some("comment_text"), Some("toxic, insult, threat"))
        );
        let named = open_with("a,b,c,category", ",x");
        assert_eq!(guess_task(&named, &Roles::guess(&named, Task::Classify)), Task::MultiLabel, "x is all it says");
        let row = |at: usize| format!("Words {at} and more\t{}\t0\t1\t{}\n", at % 2, ["x", "y"][at % 2]);
        let told = open("a.tsv", &format!("text\ta\tb\tc\tcategory\n{}", (0..40).map(row).collect::<String>()));
        assert_eq!(guess_task(&told, &Roles::guess(&told, Task::Classify)), Task::Classify);
    }

    #[test]
    fn a_constant_or_half_empty_column_is_no_label_beside_a_better_one() {
        let check = |head: &str, row: &dyn Fn(usize) -> String, expected: Option<&str>| {
            let rows: String = (0..40).map(|index| row(index) + "\n").collect();
            let table = open("a.tsv", &format!("{head}{rows}"));
            assert_eq!(Roles::guess(&table, Task::Classify).label.as_deref(), expected, "{head}{}", row(1));
        };
        let text = |index: usize| format!("the text of row {index}");
        check("tekst\tbron\tkat\n", &|at| format!("{}\tweb\t{}", text(at), at % 3), Some("kat"));
        check("tekst\tbron\n", &|at| format!("{}\tweb", text(at)), None);
        check("text\tlabel\n", &|at| format!("{}\tx", text(at)), Some("label"));
        let cola = |at: usize| format!("c{}\t{}\t{}\t{}", at % 4, at % 2, ["*", ""][at % 2], text(at));
        check("", &cola, Some("column 2"));
        let half = |at: usize| format!("{}\t{}\t{}", ["", "x", "", "y"][at % 4], at % 2, text(at));
        check("", &half, Some("column 2"));
        check("", &|at| format!("{}\t{at}\tNO_QUERY\tu{at}\t{}", at % 3, text(at)), Some("column 1"));
        check(
            "annotator\tid\tkeuze\ttext\n",
            &|at| format!("{}\t{at}\t{}\t{}", at % 2, at % 3, text(at)),
            Some("keuze"),
        );
        check("text\tstatus\n", &|at| format!("{}\t{}", text(at), at % 2), Some("status"));
        check("text\tannotation\tstatus\n", &|at| format!("{}\t{}\tdone", text(at), at % 2), Some("annotation"));
        check("reviewerName\toverall\treviewText\n", &|at| format!("x y\t{}.0\t{}", at % 5, text(at)), Some("overall"));
    }

    fn lines(count: usize, line: impl Fn(usize) -> &'static str) -> String {
        (0..count).map(|index| line(index).to_owned() + "\n").collect()
    }

    #[test]
    fn a_damaged_row_hides_no_tags() {
        let check = |text: &str, expected: Option<(usize, usize)>| {
            assert_eq!(shapes::tokens_and_tags(&open("a.jsonl", text)), expected, "{text}");
        };
        let whole = r#"{"tokens":["Ann","ran"],"ner_tags":[1,0]}"#;
        for damaged in [
            r#"{"tokens":["Bob","sat"],"ner_tags":[1]}"#,
            r#"{"tokens":["Bob",null],"ner_tags":[1,0]}"#,
            r#"{"tokens":null,"ner_tags":[1,0]}"#,
            r#"{"tokens":["3"],"ner_tags":[1,0.5]}"#,
        ] {
            check(&lines(50, |index| if index == 3 { damaged } else { whole }), Some((0, 1)));
        }
        let named = r#"{"tokens":["Ann","ran"],"ner_tags":["B-PER","O"]}"#;
        let short = r#"{"tokens":["Ann","ran"],"ner_tags":["B-PER"]}"#;
        check(&lines(2, |index| [named, short][index]), Some((0, 1)));
        check(&lines(6, |index| if index == 0 { named } else { short }), None);
        check(&lines(4, |_| r#"{"text":"a b","labels":["x","y"],"scores":[0.5,0.25]}"#), None);
    }

    #[test]
    fn lists_are_known_as_pandas_saves_them() {
        let check = |text: &str, tokens: &str, tags: &str| {
            let table = open("a.csv", text);
            assert_eq!(guess_task(&table, &Roles::guess(&table, Task::Classify)), Task::Ner, "{text}");
            let roles = Roles::guess(&table, Task::Ner);
            assert_eq!((roles.tokens.as_deref(), roles.tags.as_deref()), (Some(tokens), Some(tags)), "{text}");
        };
        check("tokens,tags\n\"['Ada', 'ran']\",\"[1, 0]\"\n\"['He']\",[0]\n", "tokens", "tags");
        check("tokens,tags\n\"['Ada' 'left']\",\"[1 0]\"\n\"['Bob']\",\"[1]\"\n", "tokens", "tags");
        check(
            "Sentence #,Sentence,POS,Tag\nSentence: 1,Ada left now,\"['N', 'V', 'R']\",\"['B-per', 'O', 'O']\"\n",
            "Sentence",
            "Tag",
        );
        check("text,tags\nAda left now,B-PER O O\nBob ran,B-PER O\n", "text", "tags");
    }

    #[test]
    fn answers_are_known_as_pandas_saves_them() {
        for answers in [
            "\"{'text': ['London'], 'answer_start': [11]}\"",
            "\"{'text': array(['London'], dtype=object), 'answer_start': array([11])}\"",
            "\"[{'text': 'London', 'answer_start': 11}]\"",
        ] {
            let table = open("a.csv", &format!("question,context,answers\nWhere?,Ada ran in London,{answers}\n"));
            let roles = Roles::guess(&table, Task::Classify);
            assert_eq!((guess_task(&table, &roles), roles.label), (Task::Qa, None), "{answers}");
        }
    }

    #[test]
    fn answers_in_words_that_come_again_are_told_from_labels_by_standing_in_their_contexts() {
        let task = |names: &str, answers: [&str; 2]| {
            let row =
                |row: usize| format!("Where {row}?,\"Paris and Rome, not late, in {row}.\",{}\n", answers[row % 2]);
            let table = table(&format!("question,context,{names}\n{}", (0..40).map(row).collect::<String>()));
            guess_task(&table, &Roles::guess(&table, Task::Classify))
        };
        assert_eq!(task("answer", ["Paris", "Rome"]), Task::Qa);
        assert_eq!(task("answer_text,answer_start", ["Paris,0", "Rome,10"]), Task::Qa);
        assert_eq!(task("answer", ["Paris; Rome", "Rome"]), Task::Qa);
        assert_eq!(task("answer", ["Rome", "Oslo"]), Task::Classify);
        assert_eq!(task("answer", ["no", "yes"]), Task::Classify);
        assert_eq!(task("answer", ["no", "no"]), Task::Classify);
        assert_eq!(task("answer", ["late", "lat"]), Task::Classify);
    }

    #[test]
    fn words_with_tags_a_row_are_no_classes() {
        let rows = ["Thousands,NNS,O\n", "of,IN,O\n", "Ada,NNP,B-per\n", "ran,VB,O\n"].concat();
        let table = table(&format!("Word,POS,Tag\n{}", rows.repeat(5)));
        let roles = Roles::guess(&table, Task::Classify);
        assert_eq!(roles, Roles { text: Some("Word".into()), ..Roles::default() });
        assert_eq!(guess_task(&table, &roles), Task::Classify);
    }

    #[test]
    fn scores_of_labels_are_several_labels() {
        let table = table("text,cats\na b,\"{'x': 1, 'y': 0}\"\n");
        let roles = Roles::guess(&table, Task::Classify);
        assert_eq!(roles, sequence_roles("text", "cats"));
        assert_eq!(guess_task(&table, &roles), Task::MultiLabel);
    }

    #[test]
    fn commas_in_numbers_are_decimal_or_between_labels() {
        let check = |name: &str, text: &str, task: Task| {
            let table = open(name, text);
            assert_eq!(guess_task(&table, &Roles::guess(&table, Task::Classify)), task, "{text}");
            let label = Roles::guess(&table, task).label;
            assert_eq!(label.as_deref(), Some("score"), "{text}");
        };
        check("a.csv", "text;score\na b;1,5\nb c;12,25\n", Task::Regress);
        check("a.csv", "text;score\na b;1,5\nb c;2\nc d;2,5\n", Task::Regress);
        check("a.tsv", "text\tscore\na b\t27\nb c\t2,3\nc d\t3,14\nd e\t27\n", Task::MultiLabel);
        check("a.tsv", "text\tscore\na b\t27\nb c\t1,2,3\n", Task::MultiLabel);
    }

    #[test]
    fn rows_of_one_document_or_article_belong_together() {
        let lines: String = (0..8).map(|book| format!("A line, or two.\nAnother of {book}.\n\n")).collect();
        let table = open("books.txt", &lines);
        assert_eq!(Roles::guess(&table, Task::Mlm).group.as_deref(), Some("document"));
        let rows: String = (0..20).map(|row| format!("T{},c,q\n", row / 3)).collect();
        let table = open("qa.csv", &format!("title,context,question\n{rows}"));
        assert_eq!(Roles::guess(&table, Task::Qa).group.as_deref(), Some("title"));
    }

    #[test]
    fn regression_wants_numbers() {
        let table = table("text,label,value\nfirst text,a,0.5\nsecond text,b,0.75\n");
        assert_eq!(Roles::guess(&table, Task::Regress).label.as_deref(), Some("value"));
        assert_eq!(Roles::guess(&table, Task::Classify).label.as_deref(), Some("label"));
    }

    #[test]
    fn the_label_column_tells_the_task() {
        let check = |labels: &[&str], expected: Task| {
            let text =
                labels.iter().fold(String::from("text\tlabel\n"), |text, label| text + "some text\t" + label + "\n");
            let table = table(&text);
            assert_eq!(guess_task(&table, &Roles::guess(&table, Task::Classify)), expected, "{labels:?}");
        };
        check(&["pos", "neg", "pos"], Task::Classify);
        check(&["1", "0", "1"], Task::Classify);
        check(&["1", "2", "3", "4", "5"], Task::Classify);
        check(&["0.5", "3.25", "1"], Task::Regress);
        check(&["joy, anger", "joy", "anger", "fear, joy", "fear"], Task::MultiLabel);
        check(&["['joy']", "[]", "['anger', 'joy']"], Task::MultiLabel);
        check(&["joy|anger", "joy", ""], Task::MultiLabel);
        check(&["['joy']", "['joy' 'fear']", "fear"], Task::MultiLabel);
        check(&["Berlin, Germany", "Paris, France", "Rome, Italy"], Task::Classify);
        let many: Vec<String> = (0..100).map(|i| (i * 7).to_string()).collect();
        check(&many.iter().map(String::as_str).collect::<Vec<_>>(), Task::Regress);
    }

    #[test]
    fn a_wide_table_is_looked_at_in_proportion_to_its_columns() {
        use std::sync::Arc;

        use crate::data::{Dataset, health};
        use crate::stop::Stop;

        let looks = |columns: usize| {
            let names: String = (0..columns).map(|column| format!(",c{column}")).collect();
            let row = |row: usize| format!("a good text {row},{}{}\n", ["a", "b"][row % 2], ",0".repeat(columns));
            let text = format!("text,label{names}\n{}", (0..12).map(row).collect::<String>());
            let stop = Stop::after(u64::MAX);
            let read = stop.heeding(|| {
                let table = Arc::new(open("wide.csv", &text));
                let roles = Roles::guess(&table, Task::Classify);
                assert_eq!((roles.text.as_deref(), roles.label.as_deref()), (Some("text"), Some("label")));
                let task = guess_task(&table, &roles);
                health(&Dataset::new(table, task, &roles, None).unwrap())
            });
            assert!(read.is_ok());
            stop.looks()
        };
        let (narrow, wide) = (looks(1000), looks(4000));
        assert!(wide < narrow * 5, "{narrow} looks at 1,000 columns and {wide} at 4,000");
    }
}

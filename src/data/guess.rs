//! Which column is the text and which the label, and what can be learned from them: a first guess that a person can
//! change. Names count more than content.

use std::collections::HashSet;

use super::labels::Separator;
use super::readers::{is_number, plain_name};
use super::{Roles, Table};
use crate::task::Task;

/// Rows whose cells are looked at, spread over the table.
const SAMPLE: usize = 2000;

/// Names of text columns, the likeliest first, as [`plain_name`] writes them.
const TEXT: &str = "\
    text sentence sentence1 text1 texta premise question1 review reviewtext reviewbody comment commenttext \
    comments content body message tweet utterance post document query question headline description abstract \
    passage paragraph input reviews texts sms summary title firsttext";
const PAIR: &str = "sentence2 text2 textb hypothesis question2 pair secondtext response textpair";
const LABEL: &str = "\
    label labels labeltext labelname class classes category categories sentiment intent target targets \
    goldlabel classname polarity emotion emotions score similarity similarityscore relatednessscore stars rating \
    toxic toxicity spam isduplicate entailment topic topics tag tags genre output answer y type";
/// Columns that only number or describe the rows.
const NEITHER: &str = "id idx index uid guid rowid split language lang date time timestamp url user";

fn is_in(names: &str, plain: &str) -> bool {
    names.split(' ').any(|name| name == plain)
}

/// What a look at some of a column's cells tells.
struct Column<'a> {
    name: &'a str,
    plain: String,
    mean_length: f64,
    /// Share of the cells that are numbers.
    numbers: f64,
    distinct: usize,
    filled: usize,
}

impl Column<'_> {
    fn is_all_numbers(&self) -> bool {
        self.filled > 0 && self.numbers >= 0.95
    }

    /// Short values that come again and again.
    fn is_like_labels(&self) -> bool {
        self.filled > 1 && self.mean_length <= 40.0 && (self.distinct * 2 <= self.filled || self.distinct <= 2)
    }
}

fn sample(table: &Table) -> impl Iterator<Item = usize> + Clone {
    let rows = table.rows();
    let taken = rows.min(SAMPLE);
    (0..taken).map(move |place| place * rows / taken.max(1))
}

fn look<'a>(table: &'a Table, index: usize, name: &'a str) -> Column<'a> {
    let cells: Vec<&str> =
        sample(table).map(|row| table.cell(row, index).trim()).filter(|cell| !cell.is_empty()).collect();
    let filled = cells.len();
    let share = |count: usize| count as f64 / filled.max(1) as f64;
    Column {
        name,
        plain: plain_name(name),
        mean_length: share(cells.iter().map(|cell| cell.len()).sum()),
        numbers: share(cells.iter().filter(|cell| is_number(cell)).count()),
        distinct: cells.iter().collect::<HashSet<_>>().len(),
        filled,
    }
}

impl Roles {
    /// Guesses the roles of a table's columns for a task. A role for which nothing fits stays empty.
    pub fn guess(table: &Table, task: Task) -> Self {
        let columns: Vec<Column<'_>> =
            table.columns.iter().enumerate().map(|(index, name)| look(table, index, name)).collect();
        let named = |names: &str| by_name(&columns, names);
        match task {
            Task::Ner => Self {
                tokens: named("tokens words token word"),
                tags: named("nertags tags ner labels"),
                ..Self::default()
            },
            Task::Qa => Self {
                question: named("question query"),
                context: named("context passage paragraph document text"),
                answers: named("answers answer"),
                ..Self::default()
            },
            Task::Mlm | Task::Rtd | Task::Nsp | Task::Sop => Self { text: text(&columns, None), ..Self::default() },
            Task::Classify | Task::MultiLabel | Task::Regress => sequence(&columns, task),
        }
    }
}

fn by_name(columns: &[Column<'_>], names: &str) -> Option<String> {
    names
        .split(' ')
        .find_map(|name| columns.iter().find(|column| column.plain == name))
        .map(|column| column.name.to_owned())
}

fn sequence(columns: &[Column<'_>], task: Task) -> Roles {
    let pair = by_name(columns, PAIR);
    let text = text(columns, pair.as_deref());
    let free: Vec<&Column<'_>> = columns
        .iter()
        .filter(|column| Some(column.name) != text.as_deref() && Some(column.name) != pair.as_deref())
        .collect();
    Roles { label: label(&free, task), pair: pair.filter(|_| text.is_some()), text, ..Roles::default() }
}

/// A column called so, if its cells are no numbers; else the one with the longest cells.
fn text(columns: &[Column<'_>], pair: Option<&str>) -> Option<String> {
    let possible =
        |column: &&Column<'_>| !column.is_all_numbers() && Some(column.name) != pair && !is_in(NEITHER, &column.plain);
    let named = TEXT.split(' ').find_map(|name| columns.iter().filter(possible).find(|column| column.plain == name));
    let longest = || {
        columns
            .iter()
            .filter(possible)
            .filter(|column| !is_in(LABEL, &column.plain))
            .max_by(|a, b| a.mean_length.total_cmp(&b.mean_length))
    };
    let last_resort =
        || columns.iter().filter(|column| Some(column.name) != pair).find(|column| !column.is_all_numbers());
    named.or_else(longest).or_else(last_resort).map(|column| column.name.to_owned())
}

/// A column called so, if its cells suit the task; else one with values that come again and again.
fn label(columns: &[&Column<'_>], task: Task) -> Option<String> {
    let suits = |column: &&&Column<'_>| column.filled > 0 && (task != Task::Regress || column.is_all_numbers());
    let named = LABEL.split(' ').find_map(|name| columns.iter().filter(suits).find(|column| column.plain == name));
    let numbered = || {
        (task == Task::Regress)
            .then(|| columns.iter().find(|column| column.is_all_numbers() && !is_in(NEITHER, &column.plain)))
            .flatten()
    };
    let repeated = || {
        columns
            .iter()
            .filter(suits)
            .filter(|column| column.is_like_labels() && !is_in(NEITHER, &column.plain))
            .min_by_key(|column| column.distinct)
    };
    named.or_else(numbered).or_else(repeated).map(|column| column.name.to_owned())
}

/// Guesses what can be learned from the roles of a table: from its tokens and tags or its questions where it has them,
/// else from the label column. Fractions, and more different whole numbers than ratings have, are to be estimated;
/// cells that combine the same few names are several labels.
pub fn guess_task(table: &Table, roles: &Roles) -> Task {
    if roles.tokens.is_some() && roles.tags.is_some() {
        return Task::Ner;
    }
    if roles.question.is_some() && roles.context.is_some() {
        return Task::Qa;
    }
    let Some(column) = roles.label.as_deref().and_then(|name| table.column(name)) else { return Task::Classify };
    let cells: Vec<&str> =
        sample(table).map(|row| table.cell(row, column).trim()).filter(|cell| !cell.is_empty()).collect();
    let distinct = cells.iter().collect::<HashSet<_>>().len();
    let decimal_comma = super::labels::decimal_comma(table);
    let values: Vec<f32> = cells.iter().filter_map(|cell| super::labels::number(cell, decimal_comma).ok()).collect();
    if !cells.is_empty() && values.len() * 20 >= cells.len() * 19 {
        let fractions = values.iter().any(|value| value.fract() != 0.0);
        return if fractions || (distinct > 20 && distinct * 5 > cells.len()) { Task::Regress } else { Task::Classify };
    }
    match Separator::of_column(cells.iter().copied()) {
        Separator::List => Task::MultiLabel,
        Separator::Single => Task::Classify,
        separator @ Separator::Character(_) => {
            let names: Vec<_> = cells.iter().flat_map(|cell| separator.names(cell).unwrap_or_default()).collect();
            let different = names.iter().collect::<HashSet<_>>().len();
            // A comma may be part of a name, which splitting then only multiplies; a bar or a semicolon hardly ever is.
            let repeated = if separator == Separator::Character(',') {
                different <= distinct && different * 2 <= names.len()
            } else {
                different < names.len()
            };
            let combined = names.len() > cells.len() && repeated;
            if combined { Task::MultiLabel } else { Task::Classify }
        }
    }
}

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
        check(&["Berlin, Germany", "Paris, France", "Rome, Italy"], Task::Classify);
        let many: Vec<String> = (0..100).map(|i| (i * 7).to_string()).collect();
        check(&many.iter().map(String::as_str).collect::<Vec<_>>(), Task::Regress);
    }
}

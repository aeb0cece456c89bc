//! Tables as data sets, spreadsheets and annotation tools write them, each with what is read of it. Rows are made so that a
//! column holds what its kind says, whatever its name.

use super::{further_flags, guess_task, other_labels};
use crate::data::dataset::tests::table;
use crate::data::{Dataset, Roles, health};
use crate::table::Table;
use crate::task::Task;

const WORDS: [&str; 12] =
    ["hinge", "closes", "softly", "paint", "peeled", "rain", "boots", "stayed", "dry", "soup", "arrived", "cold"];

/// A cell of a kind in a row: `t` a text, `s` a short one, `S` a shorter one, `u` a text in another script, `w` one word, `n` the row's number,
/// `d` a date, `l` a link, `i` an id, `m` an e-mail address, `p` a path, `j` an object, `f` a fraction, `c2`, `c5` so many
/// classes, `k2` numbered classes, `b` 0 or 1, `B` True or False, `x` always the same, `e` mostly empty, `y` yes or no.
fn cell(kind: &str, row: usize, column: usize) -> String {
    let word = |place: usize| WORDS[(row * 7 + place * 5 + row / 3 + column) % WORDS.len()];
    let text = |length: usize| (0..length).map(word).collect::<Vec<_>>().join(" ");
    let classes: usize = kind[1..].parse().unwrap_or(2);
    match &kind[..1] {
        "t" => format!("The {} {row}", text(6 + row % 4)),
        "S" => format!("{} {row}", word(0)),
        "s" => format!("{} {} {row}", word(0), word(1)),
        "u" => format!("今天{}天气很好我们去公园散步吧第{row}天", ["早上", "晚上", "中午"][row % 3]),
        "w" => format!("{}{}", word(0), char::from(b'a' + (row % 26) as u8)),
        "n" => row.to_string(),
        "d" => format!("2020-05-{:02}T12:{:02}:00Z", row % 28 + 1, row % 60),
        "D" => format!("Mon Apr {:02} 22:19:{:02} PDT 2009", row % 28 + 1, row % 60),
        "l" => format!("https://example.org/item/{row}?from=a-very-long-link-with-many-letters"),
        "i" => format!("u{row}_{}", row * 7919),
        "m" => format!("user.{row}@example.org"),
        "p" => format!("/data/a folder/reviews/file{row}.txt"),
        "j" => format!("{{\"a\": {row}, \"note\": \"some words that are not to be read\"}}"),
        "f" => format!("{}.{}", row % 5, row % 10),
        "c" => format!("{}s", WORDS[(row * 5 + row / 4) % classes]),
        "k" => ((row * 5 + row / 4) % classes).to_string(),
        "b" => ((row + column) * 7 % 3 / 2).to_string(),
        "B" => ["False", "True"][(row + column) * 7 % 3 / 2].to_owned(),
        "y" => ["no", "yes"][(row + column) * 7 % 3 / 2].to_owned(),
        "x" => "NO_QUERY".to_owned(),
        "e" => {
            if row.is_multiple_of(5) {
                format!("note {row}")
            } else {
                String::new()
            }
        }
        other => panic!("{other}"),
    }
}

/// A table of 40 rows with columns such as `text:t label:c2`; a blank in a name is written `+`.
fn made(layout: &str) -> std::sync::Arc<Table> {
    let columns: Vec<(String, &str)> = layout
        .split_whitespace()
        .map(|column| column.rsplit_once(':').map(|(name, kind)| (name.replace('+', " "), kind)).unwrap())
        .collect();
    let names: Vec<String> = columns.iter().map(|(name, _)| name.clone()).collect();
    let has_names = names.iter().any(|name| !name.is_empty());
    let rows = (0..40).map(|row| columns.iter().enumerate().map(|(at, (_, kind))| cell(kind, row, at)).collect());
    let lines: Vec<Vec<String>> = has_names.then_some(names).into_iter().chain(rows).collect();
    let quoted = |cell: &String| format!("\"{}\"", cell.replace('"', "\"\""));
    let text: String = lines.iter().map(|line| line.iter().map(quoted).collect::<Vec<_>>().join(",") + "\n").collect();
    table(&text)
}

/// Text, second text and label, and the task.
fn check(layout: &str, expected: [&str; 3], task: Task) {
    let table = made(layout);
    let any = Roles::guess(&table, Task::Classify);
    assert_eq!(guess_task(&table, &any), task, "{layout}");
    let roles = Roles::guess(&table, task);
    let found = [&roles.text, &roles.pair, &roles.label].map(|role| role.as_deref().unwrap_or("").to_owned());
    assert_eq!(found, expected, "{layout}");
}

#[test]
fn single_texts_of_known_data_sets_are_found_with_their_labels() {
    let cases = [
        ("sentence:t label:k2", ["sentence", "", "label"]),
        ("text:t label:c2", ["text", "", "label"]),
        ("review:t sentiment:c2", ["review", "", "sentiment"]),
        (":k2 :n :D :x :w :t", ["column 6", "", "column 1"]),
        (":k2 :i :D :x :i :t", ["column 6", "", "column 1"]),
        ("v1:c2 v2:t :e :e :e", ["v2", "", "v1"]),
        ("id:i comment_text:t toxic:b", ["comment_text", "", "toxic"]),
        ("Class+Index:k4 Title:s Description:t", ["Description", "", "Class Index"]),
        (
            "review_id:i product_id:i reviewer_id:i stars:k5 review_body:t review_title:s language:x product_category:c6",
            ["review_body", "", "stars"],
        ),
        (
            "reviewerID:i asin:i reviewerName:s helpful:n reviewText:t overall:k5 summary:s unixReviewTime:n reviewTime:d",
            ["reviewText", "", "overall"],
        ),
        (
            "Id:n ProductId:i UserId:i ProfileName:s HelpfulnessNumerator:n Score:k5 Time:n Summary:s Text:t",
            ["Text", "", "Score"],
        ),
        ("business_id:i date:d review_id:i stars:k5 text:t type:x user_id:i", ["text", "", "stars"]),
        ("text:t intent:c9", ["text", "", "intent"]),
        ("text:t category:c12", ["text", "", "category"]),
        ("id:n keyword:w location:s text:t target:k2", ["text", "", "target"]),
        ("article_link:l headline:t is_sarcastic:k2", ["headline", "", "is_sarcastic"]),
        ("title:s text:t subject:c4 date:d label:k2", ["text", "", "label"]),
        ("ID:n Target:c5 Tweet:t Stance:c3", ["Tweet", "", "Stance"]),
        (
            "tweet_id:n airline_sentiment:c3 airline:c6 name:w retweet_count:n text:t tweet_coord:e tweet_created:d",
            ["text", "", "airline_sentiment"],
        ),
        ("PhraseId:n SentenceId:n Phrase:t Sentiment:k5", ["Phrase", "", "Sentiment"]),
        ("id:n document:t label:k2", ["document", "", "label"]),
        ("Ticket+text:t Queue:c5 Created:d", ["Ticket text", "", "Queue"]),
    ];
    for (layout, expected) in cases {
        check(layout, expected, Task::Classify);
    }
}

#[test]
fn both_texts_of_a_pair_are_found() {
    let cases = [
        (
            "pair_ID:n sentence_A:t sentence_B:t entailment_judgment:c3",
            ["sentence_A", "sentence_B", "entailment_judgment"],
        ),
        ("Quality:k2 #1+ID:n #2+ID:n #1+String:t #2+String:t", ["#1 String", "#2 String", "Quality"]),
        ("premise:t hypo:t label:c3", ["premise", "hypo", "label"]),
        ("hypothesis:t premise:t label:c3", ["premise", "hypothesis", "label"]),
        ("id:n qid1:n qid2:n question1:t question2:t is_duplicate:k2", ["question1", "question2", "is_duplicate"]),
        ("q1:t q2:t label:k2", ["q1", "q2", "label"]),
        ("s1:t s2:t label:k2", ["s1", "s2", "label"]),
        ("sent1:t sent2:t gold_label:c3", ["sent1", "sent2", "gold_label"]),
        ("statement1:t statement2:t label:k2", ["statement1", "statement2", "label"]),
        ("text1:t text2:t label:k2", ["text1", "text2", "label"]),
        ("text_a:t text_b:t label:k2", ["text_a", "text_b", "label"]),
        ("textA:t textB:t label:k2", ["textA", "textB", "label"]),
        ("text_x:t text_y:t label:k2", ["text_x", "text_y", "label"]),
        ("Satz+1:t Satz+2:t Urteil:c3", ["Satz 1", "Satz 2", "Urteil"]),
        ("label:k2 left:t right:t", ["left", "right", "label"]),
        ("first_text:t second_text:t label:k2", ["first_text", "second_text", "label"]),
        ("source:t target:t label:k2", ["source", "target", "label"]),
        ("claim:t evidence:t label:c3", ["claim", "evidence", "label"]),
        ("Headline:t articleBody:t Stance:c4", ["Headline", "articleBody", "Stance"]),
        ("query:t passage:t label:k2", ["query", "passage", "label"]),
        ("query:s document:t label:k2", ["query", "document", "label"]),
        ("index:n question:t sentence:t label:c2", ["question", "sentence", "label"]),
        ("anchor:t positive:t label:k2", ["anchor", "positive", "label"]),
        ("context:t response:t label:k2", ["context", "response", "label"]),
        (
            "promptID:n gold_label:c3 sentence1_parse:t sentence2_parse:t sentence1:t sentence2:t pairID:i genre:c5 label1:c3",
            ["sentence1", "sentence2", "gold_label"],
        ),
        ("句子1:u 句子2:u 标签:k2", ["句子1", "句子2", "标签"]),
        ("premisa:t hipótesis:t etiqueta:c3", ["premisa", "hipótesis", "etiqueta"]),
        ("id1:i id2:i text1:t text2:t label:k2", ["text1", "text2", "label"]),
        (":k2 :t :t", ["column 2", "column 3", "column 1"]),
    ];
    for (layout, expected) in cases {
        check(layout, expected, Task::Classify);
    }
    check("id:i anchor:s target:s context:c4 score:f", ["anchor", "target", "score"], Task::Regress);
    check(":i :c3 :t :c5 :S :w", ["column 3", "", "column 2"], Task::Classify);
    check("index:n genre:c3 sentence1:t sentence2:t score:f", ["sentence1", "sentence2", "score"], Task::Regress);
    check(
        "pair_ID:n sentence_A:t sentence_B:t relatedness_score:f entailment_judgment:c3",
        ["sentence_A", "sentence_B", "relatedness_score"],
        Task::Regress,
    );
}

#[test]
fn two_columns_that_only_look_like_a_pair_are_none() {
    let cases = [
        ("text:t label1:c3 label2:c3 label:c3", ["text", "", "label"]),
        ("text:t name_1:w name_2:w label:c3", ["text", "", "label"]),
        ("text:t id1:i id2:i label:c3", ["text", "", "label"]),
        ("text:t source:c4 target:c3", ["text", "", "target"]),
        ("question:t x1:n x2:n answer:c2", ["question", "", "answer"]),
        ("premise:t choice1:t choice2:t label:k2", ["premise", "", "label"]),
    ];
    for (layout, expected) in cases {
        check(layout, expected, Task::Classify);
    }
}

#[test]
fn names_in_other_languages_and_none_at_all_are_read_by_what_stands_there() {
    let cases = [
        ("texto:t etiqueta:c3", ["texto", "", "etiqueta"]),
        ("texte:t catégorie:c3", ["texte", "", "catégorie"]),
        ("Kommentar:t Kategorie:c4", ["Kommentar", "", "Kategorie"]),
        ("отзыв:t тональность:c2", ["отзыв", "", "тональность"]),
        ("文本:u 类别:k3", ["文本", "", "类别"]),
        ("text:u label:k3", ["text", "", "label"]),
        ("foo:d bar:t baz:c3 qux:l", ["bar", "", "baz"]),
        ("data:d tekst:t status:c3", ["tekst", "", "status"]),
        ("mening:t datum:d oordeel:c2", ["mening", "", "oordeel"]),
        ("titel:s inhalt:t klasse:c3", ["inhalt", "", "klasse"]),
        ("Titre:s Corps+du+message:t Thème:c3", ["Corps du message", "", "Thème"]),
    ];
    for (layout, expected) in cases {
        check(layout, expected, Task::Classify);
    }
}

#[test]
fn what_is_plainly_no_text_is_not_read_where_something_else_can_be() {
    for kind in ["d", "D", "l", "i", "m", "p", "j", "n", "f"] {
        check(&format!("text:{kind} foo:t label:c3"), ["foo", "", "label"], Task::Classify);
        check(&format!("bar:{kind} foo:w label:c3"), ["foo", "", "label"], Task::Classify);
    }
    check("url:l label:c2", ["url", "", "label"], Task::Classify);
    check("label:c2 url:l", ["url", "", "label"], Task::Classify);
    check("name:w gender:c2", ["name", "", "gender"], Task::Classify);
    let of = |layout: &str| {
        let table = made(layout);
        let roles = Roles::guess(&table, Task::Classify);
        let dataset = Dataset::new(table, Task::Classify, &roles, None).unwrap();
        health::columns(&dataset).iter().map(health::Finding::message).collect::<Vec<_>>()
    };
    assert_eq!(of("label:c2 url:l"), ["the column \"url\" is used as the text, but holds addresses"]);
    assert_eq!(of("text:t label:c2 title:t date:d"), ["the column \"title\" holds texts and is not used"]);
    assert_eq!(
        of("premise:t choice1:t choice2:t label:k2"),
        ["the columns \"choice1\", \"choice2\" hold texts and are not used"]
    );
    assert!(of("sentence1:t sentence2:t sentence1_parse:t author:t label:c2").is_empty());
    assert!(of("text:t label:c2 name:s location:s id:i date:D link:l").is_empty());
}

#[test]
fn columns_that_say_yes_or_no_are_labels_of_one_kind() {
    let toxic = "toxic, severe_toxic, obscene";
    let several = [
        ("id:i comment_text:t toxic:b severe_toxic:b obscene:b", ["comment_text", "", toxic]),
        ("id:i comment_text:t toxic:B severe_toxic:B obscene:B", ["comment_text", "", toxic]),
        ("comment:t toxic:y severe_toxic:y obscene:y", ["comment", "", toxic]),
        ("text:t id:i author:w unclear:B toxic:b severe_toxic:b obscene:b", ["text", "", toxic]),
    ];
    for (layout, expected) in several {
        check(layout, expected, Task::MultiLabel);
    }
    check("text:t label:b seen:b liked:b", ["text", "", "label"], Task::Classify);
    check("text:t a:B b:B category:c3", ["text", "", "category"], Task::Classify);
    let wanted = |layout: &str| Roles::guess(&made(layout), Task::MultiLabel).label;
    assert_eq!(wanted("text:t billing:B delivery:B").as_deref(), Some("billing, delivery"));
    assert_eq!(wanted("text:t genre:c3 a:b b:b c:b").as_deref(), Some("a, b, c"));
    assert_eq!(wanted("text:t genre:c3").as_deref(), Some("genre"));
}

#[test]
fn the_label_is_told_from_what_a_model_said_and_from_flags_beside_it() {
    let cases = [
        ("text:t predicted_label:c3 true_label:c3", ["text", "", "true_label"]),
        ("text:t prediction:c3 gold:c3", ["text", "", "gold"]),
        ("text:t model_output:c2 human:c2", ["text", "", "human"]),
        ("text:t y_pred:k2 y_true:k2", ["text", "", "y_true"]),
        ("text:t prediction:c3 label:c3", ["text", "", "label"]),
        ("text:t prediction:c3", ["text", "", "prediction"]),
        ("message:t read:B replied:B archived:B department:c5", ["message", "", "department"]),
        ("text:t read:y replied:y archived:y sentiment_label:c3", ["text", "", "sentiment_label"]),
        ("date:d rating:t stars:k5", ["rating", "", "stars"]),
        ("name:s address:t complaint:t type:c4", ["complaint", "", "type"]),
    ];
    for (layout, expected) in cases {
        check(layout, expected, Task::Classify);
    }
}

#[test]
fn for_classes_words_are_taken_before_fractions_of_a_likelier_name() {
    let table = made("text:t score:f tone:c3");
    assert_eq!(Roles::guess(&table, Task::Classify).label.as_deref(), Some("tone"));
    check("text:t score:f tone:c3", ["text", "", "score"], Task::Regress);
    check("text:t label:c3 score:f", ["text", "", "label"], Task::Classify);
}

/// Rows of a text with three flags of which none is always the other's opposite, and of which each says both.
fn flagged(no: &str, yes: &str, first: &str) -> std::sync::Arc<Table> {
    let word = |applies: bool| if applies { yes } else { no };
    let row = |at: usize| {
        let billing = if at == 0 { first } else { word(at.is_multiple_of(2)) };
        format!("\"The {at} words, and more\",{billing},{},{}\n", word(at.is_multiple_of(3)), word(at % 4 == 1))
    };
    table(&format!("text,billing,delivery,quality\n{}", (0..8).map(row).collect::<String>()))
}

#[test]
fn flags_are_known_in_many_words_and_with_a_cell_that_says_nothing() {
    for (no, yes) in [
        ("0", "1"),
        ("F", "T"),
        ("f", "t"),
        ("nein", "ja"),
        ("Non", "Oui"),
        ("no", "sí"),
        ("não", "sim"),
        ("нет", "да"),
        ("FALSCH", "WAHR"),
        ("FAUX", "VRAI"),
        ("否", "是"),
        ("FALSE", "TRUE"),
        ("0", "100"),
    ] {
        for first in [yes, "", "NA", "NaN", "-1"] {
            let table = flagged(no, yes, first);
            let any = Roles::guess(&table, Task::Classify);
            assert_eq!(guess_task(&table, &any), Task::MultiLabel, "{no} {yes} {first}");
            let roles = Roles::guess(&table, Task::MultiLabel);
            assert_eq!(roles.label.as_deref(), Some("billing, delivery, quality"), "{no} {yes} {first}");
            let dataset = Dataset::new(table, Task::MultiLabel, &roles, None).unwrap();
            assert_eq!(dataset.examples.len(), if first == yes { 8 } else { 7 }, "{no} {yes} {first}");
            assert_eq!(dataset.examples.last().unwrap().target.classes(), [] as [u32; 0]);
        }
    }
}

#[test]
fn columns_of_which_one_applies_to_each_row_are_the_classes() {
    let table = made("text:t good:b bad:b mixed:b always:x");
    let roles = Roles::guess(&table, Task::Classify);
    assert_eq!(roles.label.as_deref(), Some("good, bad, mixed"));
    let dataset = Dataset::new(table, Task::Classify, &roles, None).unwrap();
    assert_eq!((dataset.examples.len(), dataset.labels.names.join(" ")), (40, "good bad mixed".to_owned()));
    let counts = dataset.counts();
    assert!(counts.iter().all(|count| *count >= 13), "{counts:?}");
    let table = flagged("0", "1", "1");
    let roles = Roles::guess(&table, Task::Classify);
    assert_eq!(roles.label.as_deref(), Some("billing"));
    let dataset = Dataset::new(table, Task::Classify, &roles, None).unwrap();
    let found: Vec<String> = health::columns(&dataset).iter().map(health::Finding::message).collect();
    assert_eq!(found, ["the columns \"delivery\", \"quality\" could be labels too and are not used"]);
}

#[test]
fn what_could_be_the_label_too_or_looks_like_several_is_said() {
    let of = |table: std::sync::Arc<Table>, task: Task| {
        let roles = Roles::guess(&table, task);
        let dataset = Dataset::new(table, task, &roles, None).unwrap();
        health::columns(&dataset).iter().map(health::Finding::message).collect::<Vec<_>>()
    };
    let other = |name: &str| vec![format!("the column \"{name}\" could be the label too and is not used")];
    assert_eq!(of(made("text:t rater_one:c3 rater_two:c3"), Task::Classify), other("rater_two"));
    assert_eq!(of(made("text:t category:c3 sentiment:c2"), Task::Classify), other("sentiment"));
    assert_eq!(of(made("text:t valence:f arousal:f"), Task::Regress), other("arousal"));
    assert_eq!(of(made("text:t read:b replied:B kept:B shown:B desk:c4"), Task::MultiLabel), other("desk"));
    assert!(of(made("text:t label:c3 id:n name:w prediction:c3 date:d"), Task::Classify).is_empty());
    let joined: String = ["joy;fear", "joy", "fear;joy", "fear"].repeat(5).join("\na b c\t");
    assert_eq!(
        of(table(&format!("text\tlabel\na b c\t{joined}\n")), Task::Classify),
        ["labels such as \"joy;fear\" look like several labels; the task multilabel splits them"]
    );
    let none = ["None", "a", "b"].repeat(5).join("\nsome text\t");
    assert_eq!(
        of(table(&format!("text\tlabel\nsome text\t{none}\n")), Task::Classify),
        ["a class is called None, which may stand for no label"]
    );
    let tagged = "tokens\tner\tguessed\nAda ran\tB-PER O\tB-PER O\nhe sat\tO O\tO O\n";
    assert_eq!(of(table(tagged), Task::Ner), ["the column \"guessed\" holds tags too and is not used"]);
}

#[test]
fn quoted_numbers_with_a_decimal_comma_are_values() {
    let rows = |cells: [&str; 4]| cells.map(|cell| format!("some words,\"{cell}\"\n")).concat();
    let task = |cells: [&str; 4]| {
        let table = table(&format!("text,score\n{}", rows(cells)));
        let task = guess_task(&table, &Roles::guess(&table, Task::Classify));
        (task, Dataset::new(table.clone(), task, &Roles::guess(&table, task), None).unwrap().examples.len())
    };
    assert_eq!(task(["0,5", "0,75", "1", "0,25"]), (Task::Regress, 4));
    assert_eq!(task(["2,3", "3,4,5", "2", "4,5"]).0, Task::MultiLabel);
}

#[test]
fn a_date_is_no_class_and_a_word_at_the_end_of_a_name_tells_the_label() {
    let made = |head: &str, row: &dyn Fn(usize) -> String| {
        let rows: String = (0..40).map(|at| row(at) + "\n").collect();
        table(&format!("{head}\n{rows}"))
    };
    let label = |table: &Table| Roles::guess(table, Task::Classify).label;
    for (name, day) in [
        ("publish_date", "20030219"),
        ("when", "20030219"),
        ("when", "2003-02-19"),
        ("created_at", "1"),
        ("tweet_created", "1"),
        ("PublishDate", "1"),
    ] {
        let dated = made(&format!("{name},headline_text"), &|row| {
            let last = day.len() - 1;
            format!("{}{},The hinge of number {row} closes softly and well", &day[..last], row % 3 + 1)
        });
        assert_eq!(label(&dated), None, "{name} {day}");
    }
    let airline = |head: &str| {
        made(head, &|row| {
            let text = format!("They were late again and lost the bag of number {row}");
            format!("{},{},{text}", ["neutral", "positive", "negative"][row % 3], ["United", "Delta"][row % 2])
        })
    };
    assert_eq!(label(&airline("airline_sentiment,airline,text")).as_deref(), Some("airline_sentiment"));
    let other = airline("feel,airline,text");
    let roles = Roles::guess(&other, Task::Classify);
    let data = Dataset::new(other, Task::Classify, &roles, None).unwrap();
    let chosen = roles.label.unwrap();
    let left = if chosen == "feel" { "airline" } else { "feel" };
    let said: Vec<String> = health(&data).iter().map(crate::data::Finding::message).collect();
    assert!(said.iter().any(|said| said.contains(&format!("\"{left}\" could be the label too"))), "{said:?}");
}

#[test]
fn a_label_that_no_row_has_is_one_among_others_and_no_other_column_of_zeros_is() {
    let read = |head: &str, rows: [&str; 4]| {
        let rows = ["good one", "bad one", "third one", "last one"].iter().zip(rows);
        let rows: String = rows.map(|(text, flags)| format!("{text},{flags}\n")).collect();
        let table = table(&format!("text,{head}\n{rows}"));
        let task = guess_task(&table, &Roles::guess(&table, Task::Classify));
        let roles = Roles::guess(&table, Task::MultiLabel);
        (task, roles.label.clone().unwrap_or_default(), other_labels(&table, &roles, Task::MultiLabel))
    };
    let none = Vec::<String>::new();
    let rows = ["1,0,0", "0,1,0", "1,1,0", "0,0,0"];
    let found = read("toxic,obscene,threat", rows);
    assert_eq!(found, (Task::MultiLabel, "toxic, obscene, threat".into(), none.clone()));
    let found = read("toxic,threat,obscene", ["no,no,no", "yes,no,no", "no,no,yes", "no,no,no"]);
    assert_eq!(found, (Task::MultiLabel, "toxic, threat, obscene".into(), none.clone()));
    // Numbers of something, other words, and one flag alone.
    assert_eq!(read("toxic,obscene,retweet_count", rows).1, "toxic, obscene");
    assert_eq!(read("toxic,obscene,threat", ["1,0,no", "0,1,no", "1,1,no", "0,0,no"]).1, "toxic, obscene");
    assert_ne!(read("toxic,obscene,threat", ["1,0,0", "0,0,0", "1,0,0", "0,0,0"]).0, Task::MultiLabel);
    // What stands elsewhere is told.
    let found = read("toxic,obscene,place,threat", ["1,0,a b,0", "0,1,b c,0", "1,1,c d,0", "0,0,d e,0"]);
    assert_eq!((found.1.as_str(), found.2), ("toxic, obscene", vec!["threat".to_owned()]));
}

#[test]
fn columns_of_labels_beside_those_that_are_read_are_found_where_they_apply() {
    let further = |rows: &str| {
        let table = table(&format!("id,text,toxic,obscene,threat,insult\n{rows}"));
        let roles = Roles { text: Some("text".into()), label: Some("toxic, obscene".into()), ..Roles::default() };
        further_flags(&table, &roles)
    };
    assert_eq!(further("1,a b,0,1,1,0\n0,c d,1,0,0,0\n"), ["threat"]);
    assert_eq!(further("1,a b,0,1,1,1\n0,c d,1,0,0,1\n"), ["threat", "insult"]);
    assert!(further("1,a b,0,1,0,high\n0,c d,1,0,0,low\n").is_empty());
}

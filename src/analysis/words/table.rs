//! The words of an output as a table for other programs.

use super::count::Word;
use super::found::Words;
use super::listed::Told;

impl Words {
    /// A row for each word that is listed of an output, below a head. Whether a word stands in
    /// the first or the second text is a column where texts have two.
    pub fn table(&self, lists: &[(usize, Vec<Told>)]) -> Vec<Vec<String>> {
        let paired = self.is_paired();
        let mut head = vec!["label", "word"];
        head.extend(paired.then_some("text"));
        head.extend(["rows", "times", "mean", "low", "high", "total", "expected", "surprise"]);
        let head = head.into_iter().map(str::to_owned).collect();
        let rows = lists.iter().flat_map(|(output, list)| list.iter().map(move |told| (*output, told)));
        let row = |(output, told): (usize, &Told)| {
            let word = &self.words[told.word];
            let number = |value: Option<f64>| value.map_or_else(String::new, |value| value.to_string());
            let mut row = vec![self.outputs[output].name.clone(), word.text.clone()];
            row.extend(paired.then(|| (word.sequence + 1).to_string()));
            row.extend([told.rows.to_string(), word.times.to_string(), told.mean.to_string()]);
            row.extend([number(told.interval.map(|ends| ends.0)), number(told.interval.map(|ends| ends.1))]);
            row.extend([told.total.to_string(), number(told.labels), number(told.surprise)]);
            row
        };
        std::iter::once(head).chain(rows.map(row)).collect()
    }

    /// A word as it is shown: which text it stands in is said where that is the second.
    pub fn shown(&self, word: usize) -> String {
        let Word { text, sequence, .. } = &self.words[word];
        if *sequence > 0 { format!("{text} (second text)") } else { text.clone() }
    }

    /// Whether texts have a second one.
    pub fn is_paired(&self) -> bool {
        self.words.iter().any(|word| word.sequence > 0)
    }
}

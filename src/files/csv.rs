//! Tables for other programs, as comma-separated values.

/// Comma-separated values (RFC 4180). What a spreadsheet would take for a formula begins with an apostrophe.
pub fn csv(rows: &[Vec<String>]) -> String {
    let line = |row: &Vec<String>| row.iter().map(|cell| quoted(cell)).collect::<Vec<_>>().join(",") + "\r\n";
    rows.iter().map(line).collect()
}

fn quoted(cell: &str) -> String {
    let is_formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']) && cell.parse::<f64>().is_err();
    let cell = if is_formula { format!("'{cell}") } else { cell.to_owned() };
    if cell.contains([',', '"', '\n', '\r']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_read_back_as_they_were() {
        let rows = vec![
            vec!["a,b".to_owned(), "say \"hi\"".to_owned(), "two\nlines".to_owned()],
            vec!["-0.5".to_owned(), "plain".to_owned(), String::new()],
        ];
        let written = csv(&rows);
        let mut reader = ::csv::ReaderBuilder::new().has_headers(false).from_reader(written.as_bytes());
        let read: Vec<Vec<String>> =
            reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect();
        assert_eq!(read, rows);
        assert_eq!(quoted("=SUM(A1)"), "'=SUM(A1)", "no token becomes a formula");
    }
}

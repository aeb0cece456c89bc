//! What a file seems to be and what is said of its first rows, before anything is written: how it is read, which columns
//! are asked about, and what stands in the columns that are added. What is shown of an answer is what is written of it.

use std::path::Path;
use std::sync::Arc;

use super::error::BatchError;
use super::job::Reading;
use super::sheet::{About, ID, Kind};
use super::texts::{By, Chosen, Columns};
use crate::inspect::{Aggregation, GoOn, Inquiry, InspectError, OpenModel, Options, Request};
use crate::table::{Inputs, Part, Table};
use crate::task::Task;
use crate::train::columns::Learned;

/// Rows that are shown.
const FIRST: usize = 12;

/// A file as it is read.
#[derive(Clone, Debug)]
pub struct Survey {
    pub inputs: Inputs,
    /// What it is, in a few words.
    pub title: String,
    pub files: usize,
    pub rows: usize,
    /// Rows that cannot be read.
    pub unreadable: usize,
    pub columns: Arc<[String]>,
    /// The columns that are asked about, or why none are.
    pub chosen: Result<Chosen, String>,
    /// Whether there is a column of ids.
    pub has_ids: bool,
    pub read: Reading,
    pub first: Arc<[FirstRow]>,
}

/// One of the first rows: where it is, and what is asked or why nothing is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FirstRow {
    pub place: String,
    pub request: Result<Request, String>,
}

/// Looks at what is named, for a model. Columns that are chosen are taken for those that it learned from or that are guessed.
pub fn survey(model: &Path, inputs: &Inputs, task: Task, chosen: Option<&Chosen>) -> Result<Survey, BatchError> {
    let table = Table::open_inputs(inputs, Part::All)?;
    let learned = Learned::of(model);
    let columns = Columns::of(&table, task, By { chosen, learned: learned.as_ref() });
    let first = columns.as_ref().ok().map(|columns| {
        let row = |row: usize| {
            let item = columns.item(&table, row);
            FirstRow { place: item.place, request: item.request }
        };
        (0..table.rows().min(FIRST)).map(row).collect::<Arc<[FirstRow]>>()
    });
    let missing = columns.as_ref().map(|columns| columns.missing.clone()).unwrap_or_default();
    Ok(Survey {
        inputs: inputs.clone(),
        title: table.format.title(),
        files: table.origins.files.len(),
        rows: table.rows(),
        unreadable: table.rows_missing().count(),
        columns: table.columns.clone().into(),
        chosen: columns.map(|columns| columns.as_chosen(&table)).map_err(|error| error.to_string()),
        has_ids: table.column(ID).is_some(),
        read: Reading { missing, ..Reading::of(&table) },
        first: first.unwrap_or_default(),
    })
}

/// What a model says of the first rows.
#[derive(Clone, Debug, PartialEq)]
pub struct FirstAnswers {
    pub task: Task,
    pub rows: Arc<[FirstRow]>,
    pub options: Options,
    pub probabilities: bool,
}

/// The columns that are added, and what stands in them.
#[derive(Clone, Debug, PartialEq)]
pub struct Answered {
    pub columns: Vec<String>,
    pub rows: Vec<Result<Vec<String>, String>>,
    /// Rows that are cut because they are too long.
    pub cut: usize,
    /// What is odd about what is asked of the rows, so that the answers mean little.
    pub misfit: Option<&'static str>,
}

impl Inquiry for FirstAnswers {
    type Answer = Answered;

    fn put_to(&self, model: &mut OpenModel, go_on: GoOn<'_>) -> Result<Option<Answered>, InspectError> {
        model.turn_to(self.task)?;
        let labels = if self.probabilities { model.labels.as_slice() } else { &[] };
        let about = About { kind: Kind::Csv, task: self.task, table: None, labels };
        let mut options = self.options.clone();
        if options.aggregation == Aggregation::None {
            options.aggregation = Aggregation::First;
        }
        let mut answered = Answered { columns: about.added(), rows: Vec::new(), cut: 0, misfit: None };
        for (done, row) in self.rows.iter().enumerate() {
            if go_on(done, self.rows.len()).is_break() {
                return Ok(None);
            }
            let request = match &row.request {
                Ok(request) => request.clone(),
                Err(reason) => {
                    answered.rows.push(Err(reason.clone()));
                    continue;
                }
            };
            let asked = request.text.clone();
            let cells = match model.prepare(request, &options) {
                Err(error) => Err(error.to_string()),
                Ok(prepared) => {
                    let said = model.predict(&[&prepared], &options)?;
                    answered.cut += said.iter().filter(|one| one.cut > 0).count();
                    answered.misfit = answered.misfit.or(said.iter().find_map(|one| one.misfit));
                    Ok(said.first().map(|one| about.said(&one.output, &asked)).unwrap_or_default())
                }
            };
            answered.rows.push(cells);
        }
        Ok(Some(answered))
    }
}

//! What Explore asks, and what it is told: one text (or a pair, or a document) through one head of a model that stays
//! open, with everything that the screen can show of the answer.

use std::path::PathBuf;

use super::InspectError;
use super::filling::{self, Fill, Filling};
use super::judging::{self, Judged};
use super::lab;
use super::objectives::{Lab, LabAsk};
use super::open::OpenModel;
use super::output::{LabelScore, Output};
use super::predictor::GoOn;
use super::reading::{self, Reading};
use super::request::{Options, Request};
use super::tagging::{self, Tagging};
use crate::task::{Reads, Targets, Task};

/// One thing asked of a model.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Question {
    /// The head that is asked; the model's own first where none is named.
    pub task: Option<Task>,
    /// The text, or the question about a document.
    pub text: String,
    /// The second text of a pair, or the document.
    pub pair: Option<String>,
    pub ask: Ask,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub enum Ask {
    /// What the head of the task says of the text.
    #[default]
    Predict,
    /// Masked words: what is hidden besides the masks in the text, and which words are to be scored.
    Fill(Fill),
    /// Every way to make a training signal from the text.
    Objectives(LabAsk),
}

/// What a model says of one text.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    pub model: PathBuf,
    pub question: Question,
    /// The head that answered.
    pub task: Task,
    pub result: Prediction,
    pub tokens: Vec<String>,
    /// Tokens that did not fit the model and were cut off.
    pub cut: usize,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Prediction {
    /// Label and probability, best first.
    Classes(Vec<(String, f64)>),
    /// Labels with independent probabilities, best first.
    Labels(Vec<Independent>),
    Value(f64),
    /// Named entities.
    Tagging(Box<Tagging>),
    /// The answers to a question, and where the model looked.
    Reading(Box<Reading>),
    /// Words behind masks.
    Filling(Box<Filling>),
    /// Two texts in both orders: does the second follow, or are they in order.
    Orders(Orders),
    /// How likely each token was put there by somebody else.
    Judged(Vec<Judged>),
    /// The objectives lab.
    Lab(Box<Lab>),
}

/// A label that applies or not, whatever is said of the others.
#[derive(Clone, Debug, PartialEq)]
pub struct Independent {
    pub label: String,
    pub share: f64,
    /// The share from which on it applies.
    pub threshold: f32,
}

impl Independent {
    pub fn applies(&self) -> bool {
        self.share >= f64::from(self.threshold)
    }
}

/// What is said of two texts as they stand and swapped.
#[derive(Clone, Debug, PartialEq)]
pub struct Orders {
    /// Label and probability, in the order of the head's outputs: what was hoped for first.
    pub given: Vec<(String, f64)>,
    pub swapped: Vec<(String, f64)>,
    /// Tokens of both texts that were cut off.
    pub cut: usize,
}

impl Question {
    /// A text or a pair for whatever head the model has.
    pub fn of(text: impl Into<String>, pair: Option<String>) -> Self {
        Self { text: text.into(), pair, ..Self::default() }
    }

    fn request(&self) -> Request {
        Request { text: self.text.clone(), pair: self.pair.clone() }
    }
}

/// Asks a model that was opened with [`OpenModel::open_whole`]; nothing where `go_on` ended it.
pub fn explore(model: &mut OpenModel, question: &Question, go_on: GoOn<'_>) -> Result<Option<Answer>, InspectError> {
    let answer = match &question.ask {
        Ask::Objectives(ask) => {
            let lab = lab::lab(model, &question.request(), ask)?;
            let cut = lab.cut;
            Some(Said { cut, ..Said::of(Prediction::Lab(Box::new(lab))) })
        }
        Ask::Fill(fill) => {
            model.turn_to(Task::Mlm)?;
            filling::fill(model, &question.text, fill, go_on)?.map(Said::filling)
        }
        Ask::Predict => {
            model.turn_to(question.task.unwrap_or(model.task))?;
            match model.task.targets() {
                Targets::Class | Targets::Classes | Targets::Number => match model.task.reads() {
                    Reads::Neighbours(_) => Some(orders(model, &question.request())?),
                    Reads::Texts | Reads::Words | Reads::Question | Reads::Running => {
                        Some(texts(model, question.request())?)
                    }
                },
                Targets::Tags => tagging::tag(model, question.request(), go_on)?.map(|tagging| {
                    let tokens = tagging.tokens.iter().map(|token| token.token.clone()).collect();
                    Said { result: Prediction::Tagging(Box::new(tagging)), tokens, cut: 0 }
                }),
                Targets::Span => reading::read(model, question.request(), go_on)?
                    .map(|reading| Said::of(Prediction::Reading(Box::new(reading)))),
                Targets::Hidden => filling::fill(model, &question.text, &Fill::default(), go_on)?.map(Said::filling),
                Targets::Replaced => judging::judge(model, question.request(), go_on)?.map(|(judged, cut)| {
                    let tokens = judged.iter().map(|one| one.token.clone()).collect();
                    Said { result: Prediction::Judged(judged), tokens, cut }
                }),
            }
        }
    };
    Ok(answer.map(|said| Answer {
        model: model.dir.clone(),
        question: question.clone(),
        task: model.task,
        cut: said.cut,
        result: said.result,
        tokens: said.tokens,
    }))
}

struct Said {
    result: Prediction,
    tokens: Vec<String>,
    cut: usize,
}

impl Said {
    fn of(result: Prediction) -> Self {
        Self { result, tokens: Vec::new(), cut: 0 }
    }

    fn filling(filling: Filling) -> Self {
        Self { cut: filling.cut, ..Self::of(Prediction::Filling(Box::new(filling))) }
    }
}

/// Asks a model that reads whole texts.
pub fn answer(model: &OpenModel, text: &str, pair: Option<&str>) -> Result<Answer, InspectError> {
    let question = Question::of(text, pair.map(str::to_owned));
    let said = texts(model, question.request())?;
    Ok(Answer {
        model: model.dir.clone(),
        question,
        task: model.task,
        result: said.result,
        tokens: said.tokens,
        cut: said.cut,
    })
}

fn texts(model: &OpenModel, request: Request) -> Result<Said, InspectError> {
    let not_of_texts = || InspectError::NotOfTexts { dir: model.dir.clone(), task: model.task };
    let prepared = model.prepare(request, &Options::default())?;
    let tokens = prepared.tokens().to_vec();
    let predicted = model.predict(&[&prepared], &Options::default())?.pop().ok_or_else(not_of_texts)?;
    let result = match predicted.output {
        Output::Labels(labels) => {
            if model.task.targets() == Targets::Classes {
                let threshold = |label: &str| model.decisions.threshold(label);
                let labels = labels.into_iter().map(|one| Independent {
                    threshold: threshold(&one.label),
                    label: one.label,
                    share: one.score,
                });
                Prediction::Labels(labels.collect())
            } else {
                Prediction::Classes(labels.into_iter().map(|one| (one.label, one.score)).collect())
            }
        }
        Output::Value { value } => Prediction::Value(value),
        _ => return Err(not_of_texts()),
    };
    Ok(Said { result, tokens, cut: predicted.cut })
}

/// Both orders of a pair, computed at once.
fn orders(model: &OpenModel, request: &Request) -> Result<Said, InspectError> {
    let Some(pair) = request.pair.clone().filter(|pair| !pair.trim().is_empty()) else {
        return Err(InspectError::NoPair { task: model.task });
    };
    let options = Options::default();
    let given = model.prepare(request.clone(), &options)?;
    let swapped = model.prepare(Request { text: pair, pair: Some(request.text.clone()) }, &options)?;
    let mut both = model.predict(&[&given, &swapped], &options)?.into_iter();
    let mut next = || match both.next() {
        Some(predicted) => match predicted.output {
            Output::Labels(labels) => Ok((in_order(&model.labels, &labels), predicted.cut)),
            _ => Err(InspectError::NotOfTexts { dir: model.dir.clone(), task: model.task }),
        },
        None => Err(InspectError::NotOfTexts { dir: model.dir.clone(), task: model.task }),
    };
    let ((first, cut), (second, _)) = (next()?, next()?);
    let result = Prediction::Orders(Orders { given: first, swapped: second, cut });
    Ok(Said { result, tokens: given.tokens().to_vec(), cut })
}

fn in_order(names: &[String], labels: &[LabelScore]) -> Vec<(String, f64)> {
    let score = |name: &String| labels.iter().find(|one| one.label == *name).map_or(f64::NAN, |one| one.score);
    names.iter().map(|name| (name.clone(), score(name))).collect()
}

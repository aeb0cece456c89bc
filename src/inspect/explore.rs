//! What Explore asks, and what it is told: one text (or a pair, or a document) through one head of a model that stays
//! open, with everything that the screen can show of the answer.

use std::ops::ControlFlow;
use std::path::PathBuf;

use super::filling::{self, Fill, Filling};
use super::judging::{self, Judged};
use super::objectives::{self, Lab, LabAsk};
use super::reading::{self, Reading};
use super::tagging::{self, Tagging};
use super::{InspectError, Options, Output, Predictor, Request};
use crate::task::Task;

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

/// Hears how many of how many windows are done, and says whether to go on.
pub type GoOn<'a> = &'a mut dyn FnMut(usize, usize) -> ControlFlow<()>;

/// Asks a model that was opened with [`Predictor::open_whole`]; nothing where `go_on` ended it.
pub fn explore(
    predictor: &mut Predictor,
    question: &Question,
    go_on: GoOn<'_>,
) -> Result<Option<Answer>, InspectError> {
    let answer = match &question.ask {
        Ask::Objectives(ask) => {
            let lab = objectives::lab(predictor, question, ask)?;
            let cut = lab.cut;
            Some(Said { cut, ..Said::of(Prediction::Lab(Box::new(lab))) })
        }
        Ask::Fill(fill) => {
            predictor.turn_to(Task::Mlm)?;
            Some(Said::of(Prediction::Filling(Box::new(filling::fill(predictor, &question.text, fill)?))))
        }
        Ask::Predict => {
            predictor.turn_to(question.task.unwrap_or(predictor.task))?;
            match predictor.task {
                Task::Classify | Task::MultiLabel | Task::Regress => Some(texts(predictor, question.request())?),
                Task::Nsp | Task::Sop => Some(orders(predictor, &question.request())?),
                Task::Ner => tagging::tag(predictor, question.request(), go_on)?.map(|tagging| {
                    let tokens = tagging.tokens.iter().map(|token| token.token.clone()).collect();
                    Said { result: Prediction::Tagging(Box::new(tagging)), tokens, cut: 0 }
                }),
                Task::Qa => reading::read(predictor, question.request(), go_on)?
                    .map(|reading| Said::of(Prediction::Reading(Box::new(reading)))),
                Task::Mlm => {
                    let filling = filling::fill(predictor, &question.text, &Fill::default())?;
                    Some(Said::of(Prediction::Filling(Box::new(filling))))
                }
                Task::Rtd => {
                    let (judged, cut) = judging::judge(predictor, question.request())?;
                    let tokens = judged.iter().map(|one| one.token.clone()).collect();
                    Some(Said { result: Prediction::Judged(judged), tokens, cut })
                }
            }
        }
    };
    Ok(answer.map(|said| Answer {
        model: predictor.dir.clone(),
        question: question.clone(),
        task: predictor.task,
        cut: match &said.result {
            Prediction::Orders(orders) => orders.cut,
            Prediction::Filling(filling) => filling.cut,
            _ => said.cut,
        },
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
}

/// Asks a model that reads whole texts.
pub fn answer(predictor: &Predictor, text: &str, pair: Option<&str>) -> Result<Answer, InspectError> {
    let question = Question::of(text, pair.map(str::to_owned));
    let said = texts(predictor, question.request())?;
    Ok(Answer {
        model: predictor.dir.clone(),
        question,
        task: predictor.task,
        result: said.result,
        tokens: said.tokens,
        cut: said.cut,
    })
}

fn texts(predictor: &Predictor, request: Request) -> Result<Said, InspectError> {
    let not_of_texts = || InspectError::NotOfTexts { dir: predictor.dir.clone(), task: predictor.task };
    let prepared = predictor.prepare(request, &Options::default())?;
    let tokens = prepared.tokens().to_vec();
    let predicted = predictor.predict(&[&prepared], &Options::default())?.pop().ok_or_else(not_of_texts)?;
    let result = match predicted.output {
        Output::Labels(labels) => {
            if predictor.task == Task::MultiLabel {
                let threshold = |label: &str| predictor.decisions.threshold(label);
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
fn orders(predictor: &Predictor, request: &Request) -> Result<Said, InspectError> {
    let Some(pair) = request.pair.clone().filter(|pair| !pair.trim().is_empty()) else {
        return Err(InspectError::NoPair { task: predictor.task });
    };
    let options = Options::default();
    let given = predictor.prepare(request.clone(), &options)?;
    let swapped = predictor.prepare(Request { text: pair, pair: Some(request.text.clone()) }, &options)?;
    let mut both = predictor.predict(&[&given, &swapped], &options)?.into_iter();
    let mut next = || match both.next() {
        Some(predicted) => match predicted.output {
            Output::Labels(labels) => Ok((in_order(&predictor.labels, &labels), predicted.cut)),
            _ => Err(InspectError::NotOfTexts { dir: predictor.dir.clone(), task: predictor.task }),
        },
        None => Err(InspectError::NotOfTexts { dir: predictor.dir.clone(), task: predictor.task }),
    };
    let ((first, cut), (second, _)) = (next()?, next()?);
    let result = Prediction::Orders(Orders { given: first, swapped: second, cut });
    Ok(Said { result, tokens: given.tokens().to_vec(), cut })
}

fn in_order(names: &[String], labels: &[super::predict::LabelScore]) -> Vec<(String, f64)> {
    let score = |name: &String| labels.iter().find(|one| one.label == *name).map_or(f64::NAN, |one| one.score);
    names.iter().map(|name| (name.clone(), score(name))).collect()
}

//! Something asked of a model, and what was said to it, for whoever passes both on without knowing what they are: the
//! queue of a lane, the events of the worker, what the window knows. Only who asks knows the two types.

use std::any::Any;
use std::fmt::Debug;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use super::InspectError;
use super::explore::{Answer, Question, explore};
use super::open::OpenModel;
use super::predictor::GoOn;

/// One thing that a model can be asked.
pub trait Inquiry: Debug + PartialEq + Send + Sync + 'static {
    type Answer: Debug + Send + Sync + 'static;

    /// Asks a model that was opened with [`OpenModel::open_whole`]; nothing where `go_on` ended it.
    fn put_to(&self, model: &mut OpenModel, go_on: GoOn<'_>) -> Result<Option<Self::Answer>, InspectError>;

    /// Whether it takes one pass or two, so that it goes out with a key while something long is being answered.
    fn is_quick(&self) -> bool {
        false
    }
}

impl Inquiry for Question {
    type Answer = Answer;

    fn put_to(&self, model: &mut OpenModel, go_on: GoOn<'_>) -> Result<Option<Answer>, InspectError> {
        explore(model, self, go_on)
    }
}

type AnyAnswer = Box<dyn Any + Send + Sync>;

/// An inquiry as a trait object: its answer is any type.
trait Erased: Any + Debug + Send + Sync {
    fn put_to(&self, model: &mut OpenModel, go_on: GoOn<'_>) -> Result<Option<AnyAnswer>, InspectError>;
    fn equals(&self, other: &dyn Any) -> bool;
    fn is_quick(&self) -> bool;
}

impl<Q: Inquiry> Erased for Q {
    fn put_to(&self, model: &mut OpenModel, go_on: GoOn<'_>) -> Result<Option<AnyAnswer>, InspectError> {
        Ok(Inquiry::put_to(self, model, go_on)?.map(|answer| Box::new(answer) as AnyAnswer))
    }

    fn equals(&self, other: &dyn Any) -> bool {
        other.downcast_ref() == Some(self)
    }

    fn is_quick(&self) -> bool {
        Inquiry::is_quick(self)
    }
}

/// Any inquiry.
#[derive(Clone, Debug)]
pub struct AnyInquiry(Arc<dyn Erased>);

impl AnyInquiry {
    pub fn new(inquiry: impl Inquiry) -> Self {
        Self(Arc::new(inquiry))
    }

    /// The inquiry, where it is one of this kind.
    pub fn get<Q: Inquiry>(&self) -> Option<&Q> {
        let any: &dyn Any = &*self.0;
        any.downcast_ref()
    }

    pub fn is_quick(&self) -> bool {
        self.0.is_quick()
    }

    /// Asks a model; nothing where `go_on` ended it. `begun` is when the request was taken.
    pub fn put_to(
        &self,
        model: &mut OpenModel,
        begun: Instant,
        go_on: GoOn<'_>,
    ) -> Result<Option<Reply>, InspectError> {
        let Some(answer) = self.0.put_to(model, go_on)? else { return Ok(None) };
        let millis = begun.elapsed().as_secs_f64() * 1000.0;
        Ok(Some(Reply { model: model.dir.clone(), inquiry: self.clone(), millis, answer }))
    }
}

impl PartialEq for AnyInquiry {
    fn eq(&self, other: &Self) -> bool {
        self.0.equals(&*other.0)
    }
}

/// What a model said to an inquiry.
#[derive(Debug)]
pub struct Reply {
    pub model: PathBuf,
    pub inquiry: AnyInquiry,
    /// Milliseconds from taking the request to the answer.
    pub millis: f64,
    answer: AnyAnswer,
}

impl Reply {
    pub fn new<Q: Inquiry>(model: PathBuf, inquiry: Q, answer: Q::Answer, millis: f64) -> Self {
        Self { model, inquiry: AnyInquiry::new(inquiry), millis, answer: Box::new(answer) }
    }

    /// The answer, where the inquiry is of this kind.
    pub fn to<Q: Inquiry>(&self) -> Option<&Q::Answer> {
        self.inquiry.get::<Q>().and_then(|_| self.answer.downcast_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq)]
    struct Other(u8);

    impl Inquiry for Other {
        type Answer = Answer;

        fn put_to(&self, _: &mut OpenModel, _: GoOn<'_>) -> Result<Option<Answer>, InspectError> {
            Ok(None)
        }
    }

    #[test]
    fn an_inquiry_is_itself_by_its_kind_and_what_it_asks() {
        let asked = AnyInquiry::new(Question::of("one", None));
        assert_eq!(asked, AnyInquiry::new(Question::of("one", None)));
        assert_ne!(asked, AnyInquiry::new(Question::of("two", None)));
        assert_ne!(asked, AnyInquiry::new(Other(1)));
        assert_ne!(AnyInquiry::new(Other(1)), AnyInquiry::new(Other(2)));
        assert!(asked.get::<Other>().is_none());
        assert_eq!(asked.get::<Question>().map(|question| question.text.as_str()), Some("one"));
    }
}

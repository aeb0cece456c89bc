//! Work that any part of the window can hand to the worker without a command, a kind of job or a payload of its own: the
//! queue, the events and what the window knows carry it and its answer as they are, and only who asked knows the two
//! types.

use std::any::Any;
use std::fmt::Debug;
use std::ops::ControlFlow;
use std::sync::Arc;

/// What went wrong, in one line.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Tells how far it is, and hears whether to go on: what is done, how much of it, and of how much.
pub type Tell<'a> = &'a mut dyn FnMut(&str, u64, u64) -> ControlFlow<()>;

/// Where work waits for its turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Queue {
    /// With trainings and evaluations: it takes the whole machine.
    Compute,
    /// With what reads and writes files.
    Files,
}

/// One kind of work.
pub trait Work: Debug + Send + Sync + 'static {
    type Answer: Send + Sync + 'static;

    /// What is worked on, for the activity bar and the log.
    fn title(&self) -> String;

    fn queue(&self) -> Queue {
        Queue::Files
    }

    /// Whether it leaves nothing half done wherever it is stopped. Such work is replaced by a newer one of its kind; other
    /// work changes something on the disk and is seen to its end.
    fn only_reads(&self) -> bool {
        true
    }

    /// Does the work; nothing where it was told to stop.
    fn perform(&self, tell: Tell<'_>) -> Result<Option<Self::Answer>, Failure>;

    /// What a person is told when it is done; nothing where the answer is seen.
    fn done(&self) -> Option<&'static str> {
        None
    }

    /// Whether the log says that it has finished, although its answer is seen.
    fn is_logged(&self) -> bool {
        false
    }
}

/// Work as a trait object: its answer is any type.
trait Erased: Any + Debug + Send + Sync {
    fn title(&self) -> String;
    fn queue(&self) -> Queue;
    fn only_reads(&self) -> bool;
    fn perform(&self, tell: Tell<'_>) -> Result<Option<Arc<dyn Any + Send + Sync>>, Failure>;
    fn done(&self) -> Option<&'static str>;
    fn is_logged(&self) -> bool;
}

impl<W: Work> Erased for W {
    fn title(&self) -> String {
        Work::title(self)
    }

    fn queue(&self) -> Queue {
        Work::queue(self)
    }

    fn only_reads(&self) -> bool {
        Work::only_reads(self)
    }

    fn perform(&self, tell: Tell<'_>) -> Result<Option<Arc<dyn Any + Send + Sync>>, Failure> {
        Ok(Work::perform(self, tell)?.map(|answer| Arc::new(answer) as Arc<dyn Any + Send + Sync>))
    }

    fn done(&self) -> Option<&'static str> {
        Work::done(self)
    }

    fn is_logged(&self) -> bool {
        Work::is_logged(self)
    }
}

/// Any work.
#[derive(Clone, Debug)]
pub struct AnyWork(Arc<dyn Erased>);

impl AnyWork {
    pub fn new(work: impl Work) -> Self {
        Self(Arc::new(work))
    }

    /// The work, where it is of this kind.
    pub fn get<W: Work>(&self) -> Option<&W> {
        let any: &dyn Any = &*self.0;
        any.downcast_ref()
    }

    /// Whether the two are of one kind, whatever they are about.
    pub fn is_like(&self, other: &Self) -> bool {
        let kind = |work: &Self| {
            let any: &dyn Any = &*work.0;
            any.type_id()
        };
        kind(self) == kind(other)
    }

    pub fn title(&self) -> String {
        self.0.title()
    }

    pub fn queue(&self) -> Queue {
        self.0.queue()
    }

    pub fn only_reads(&self) -> bool {
        self.0.only_reads()
    }

    pub fn done(&self) -> Option<&'static str> {
        self.0.done()
    }

    pub fn is_logged(&self) -> bool {
        self.0.is_logged()
    }

    pub fn perform(&self, tell: Tell<'_>) -> Result<Option<Worked>, Failure> {
        Ok(self.0.perform(tell)?.map(|answer| Worked { work: self.clone(), answer }))
    }

    /// What came of it elsewhere.
    pub fn answered<W: Work>(&self, answer: W::Answer) -> Worked {
        Worked { work: self.clone(), answer: Arc::new(answer) }
    }
}

/// The very same work, and not only one like it.
impl PartialEq for AnyWork {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

/// What came of work.
#[derive(Clone, Debug)]
pub struct Worked {
    pub work: AnyWork,
    answer: Arc<dyn Any + Send + Sync>,
}

impl Worked {
    pub fn new<W: Work>(work: W, answer: W::Answer) -> Self {
        Self { work: AnyWork::new(work), answer: Arc::new(answer) }
    }

    /// The work and its answer, where it is of this kind.
    pub fn of<W: Work>(&self) -> Option<(&W, &W::Answer)> {
        self.work.get::<W>().zip(self.answer.downcast_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Count(u64);

    impl Work for Count {
        type Answer = u64;

        fn title(&self) -> String {
            format!("Counting to {}", self.0)
        }

        fn perform(&self, tell: Tell<'_>) -> Result<Option<u64>, Failure> {
            for number in 0..self.0 {
                if tell("counting", number, self.0).is_break() {
                    return Ok(None);
                }
            }
            if self.0 == 0 { Err("there is nothing to count".into()) } else { Ok(Some(self.0)) }
        }
    }

    #[derive(Debug)]
    struct Other;

    impl Work for Other {
        type Answer = ();

        fn title(&self) -> String {
            "Other".to_owned()
        }

        fn perform(&self, _: Tell<'_>) -> Result<Option<()>, Failure> {
            Ok(Some(()))
        }
    }

    #[test]
    fn work_is_carried_and_answered_without_being_known() {
        let work = AnyWork::new(Count(3));
        let mut told = Vec::new();
        let worked = work.perform(&mut |what, done, total| {
            told.push(format!("{what} {done} of {total}"));
            ControlFlow::Continue(())
        });
        assert_eq!(told, ["counting 0 of 3", "counting 1 of 3", "counting 2 of 3"]);
        let worked = worked.unwrap().unwrap();
        assert_eq!(worked.of::<Count>().map(|(work, answer)| (work.0, *answer)), Some((3, 3)));
        assert!(worked.of::<Other>().is_none());
        assert!(work.perform(&mut |_, _, _| ControlFlow::Break(())).unwrap().is_none());
        let failed = AnyWork::new(Count(0)).perform(&mut |_, _, _| ControlFlow::Continue(()));
        assert_eq!(failed.unwrap_err().to_string(), "there is nothing to count");
        assert!(work.is_like(&AnyWork::new(Count(9))) && !work.is_like(&AnyWork::new(Other)));
        assert!(work == work.clone() && work != AnyWork::new(Count(3)));
    }
}

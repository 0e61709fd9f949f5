//! The steps that are under way, each with two moments that the schedule
//! decides: when it happens, and when its caller hears of it.

use std::fmt;
use std::pin::Pin;
use std::sync::atomic::Ordering::SeqCst;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use spakky_cache_core::store::Change;
use spakky_cache_core::{Key, StoreError, StoreErrorKind};

use super::executor::{Doing, Tasks};
use super::trace::Trace;

/// What a step does when it happens.
pub type Work = Pin<Box<dyn Future<Output = ()> + Send>>;

/// How work is carried out to its end.
pub(crate) type CarryOut = Arc<dyn Fn(Work) + Send + Sync>;

/// Which step.
pub(crate) type StepId = u64;

/// What is shown of a step.
#[derive(Clone, Debug)]
pub(crate) struct Label {
    pub(crate) process: usize,
    pub(crate) name: &'static str,
    pub(crate) key: Option<Key>,
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.name)?;
        self.key.as_ref().map_or(Ok(()), |key| write!(f, " {key:?}"))
    }
}

/// How far a step has got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Its caller waits, and it has not happened.
    Sent,
    /// It is being carried out.
    Started,
    /// It has happened, and its caller has not heard of it.
    Happened,
    /// It has not happened, and nobody waits for it: it may happen until its
    /// process sends another, or never.
    Orphaned,
}

struct Step {
    id: StepId,
    label: Label,
    doing: Option<Arc<Doing>>,
    phase: Phase,
    /// None once it has happened.
    work: Option<Work>,
    /// What its caller hears: the answer, or that the connection was lost.
    verdict: Option<Result<(), StoreError>>,
    waker: Option<Waker>,
}

/// A change that is to be told to a process.
struct Notice {
    process: usize,
    key: Key,
    happened: Change,
    heard: Change,
}

#[derive(Default)]
struct Pool {
    steps: Vec<Step>,
    notices: Vec<Notice>,
    sent: u64,
    happened: u64,
}

/// All steps of a schedule. Clones share them.
#[derive(Clone)]
pub(crate) struct Steps {
    pool: Arc<Mutex<Pool>>,
    tasks: Tasks,
    carry_out: CarryOut,
    trace: Trace,
}

impl Steps {
    pub(crate) fn new(tasks: Tasks, carry_out: CarryOut, trace: Trace) -> Self {
        Self { pool: Arc::default(), tasks, carry_out, trace }
    }

    fn pool(&self) -> MutexGuard<'_, Pool> {
        self.pool.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A step of the task that runs now, whose `work` puts the answer into
    /// `mailbox`.
    pub(crate) fn send<T>(&self, label: Label, work: Work, mailbox: Mailbox<T>) -> Sent<T> {
        self.end_orphans(label.process);
        let doing = self.tasks.running();
        let mut pool = self.pool();
        pool.sent += 1;
        let id = pool.sent;
        let (work, phase) = (Some(work), Phase::Sent);
        pool.steps.push(Step { id, label, doing, phase, work, verdict: None, waker: None });
        Sent { steps: self.clone(), id, mailbox }
    }

    /// Whoever sends another step knows that those which were dropped have
    /// happened by now, or never will.
    fn end_orphans(&self, process: usize) {
        let orphans: Vec<_> = {
            let mut pool = self.pool();
            let is_orphan =
                |step: &mut Step| step.phase == Phase::Orphaned && step.label.process == process;
            pool.steps.extract_if(.., is_orphan).collect()
        };
        // Which of the two is as good as random: the number tells.
        for orphan in orphans.into_iter().filter(|orphan| orphan.id % 2 == 0) {
            self.trace.note(|| format!("                {} happens after all", orphan.label));
            orphan.work.into_iter().for_each(|work| (self.carry_out)(work));
        }
    }

    /// The steps that have got so far.
    pub(crate) fn in_phase(&self, phase: Phase) -> Vec<StepId> {
        let pool = self.pool();
        let steps = pool.steps.iter().filter(|step| step.verdict.is_none() && step.phase == phase);
        steps.map(|step| step.id).collect()
    }

    /// How many have happened in all.
    pub(crate) fn happened(&self) -> u64 {
        self.pool().happened
    }

    /// Lets a step begin to happen, while others go on.
    pub(crate) fn start(&self, id: StepId, start: impl FnOnce(Work) -> Work) {
        let mut pool = self.pool();
        let Some(step) = pool.steps.iter_mut().find(|step| step.id == id) else { return };
        self.trace.note(|| format!("                {} is under way (step {id})", step.label));
        step.phase = Phase::Started;
        step.work = step.work.take().map(start);
    }

    /// Lets a step happen.
    pub(crate) fn happen(&self, id: StepId) {
        let work = {
            let mut pool = self.pool();
            let Some(at) = pool.steps.iter().position(|step| step.id == id) else { return };
            pool.happened += 1;
            let step = &mut pool.steps[at];
            let late = if step.phase == Phase::Orphaned { ", for nobody" } else { "" };
            let process = step.label.process;
            self.trace.note(|| {
                format!("process {process}         {} happens (step {id}{late})", step.label)
            });
            if step.phase == Phase::Orphaned {
                pool.steps.swap_remove(at).work
            } else {
                step.phase = Phase::Happened;
                step.work.take()
            }
        };
        if let Some(work) = work {
            (self.carry_out)(work);
        }
    }

    /// Lets the caller of a step that has happened hear of it.
    pub(crate) fn answer(&self, id: StepId) {
        self.judge(|step| step.id == id, &Ok(()));
    }

    /// The callers of all steps of `process` hear that it lost its connection,
    /// and those who watch something are told of a change.
    pub(crate) fn lose_connection(&self, process: usize) {
        let lost = Err(StoreError::new(StoreErrorKind::Unavailable, "the connection was lost"));
        self.judge(|step| step.label.process == process, &lost);
        let pool = self.pool();
        for notice in pool.notices.iter().filter(|notice| notice.process == process) {
            // It may have been told before.
            let _ = notice.heard.set(());
        }
    }

    /// The caller of one step hears that it failed.
    pub(crate) fn fail(&self, id: StepId) {
        let failed = Err(failure("a fault of the test's"));
        self.judge(|step| step.id == id, &failed);
    }

    fn judge(&self, which: impl Fn(&Step) -> bool, verdict: &Result<(), StoreError>) {
        let mut pool = self.pool();
        for step in pool.steps.iter_mut().filter(|step| which(step)) {
            if step.phase == Phase::Orphaned || step.verdict.is_some() {
                continue;
            }
            if let (Err(_), Some(doing)) = (verdict, &step.doing) {
                doing.failed.store(true, SeqCst);
            }
            let (process, id) = (step.label.process, step.id);
            let what = if verdict.is_ok() { "is answered" } else { "fails" };
            self.trace
                .note(|| format!("process {process}         {} {what} (step {id})", step.label));
            step.verdict = Some(verdict.clone());
            step.waker.take().into_iter().for_each(Waker::wake);
        }
    }

    /// Which process sent it.
    pub(crate) fn process_of(&self, id: StepId) -> Option<usize> {
        let pool = self.pool();
        pool.steps.iter().find(|step| step.id == id).map(|step| step.label.process)
    }

    /// A change that `process` hears of when the schedule says so.
    pub(crate) fn forward(&self, process: usize, key: Key, happened: Change) -> Change {
        let heard = Change::default();
        let mut pool = self.pool();
        pool.notices.retain(|notice| Arc::strong_count(&notice.heard) > 1);
        pool.notices.push(Notice { process, key, happened, heard: Arc::clone(&heard) });
        heard
    }

    /// How many changes have happened that have not been heard of.
    pub(crate) fn unheard(&self) -> usize {
        self.pool().notices.iter().filter(|notice| notice.is_due()).count()
    }

    /// Tells of one of them.
    pub(crate) fn tell(&self, which: usize) {
        let pool = self.pool();
        if let Some(notice) = pool.notices.iter().filter(|notice| notice.is_due()).nth(which) {
            let Notice { process, key, .. } = notice;
            self.trace.note(|| format!("process {process}         hears of a change of {key:?}"));
            let _ = notice.heard.set(());
        }
    }

    fn poll_verdict(&self, id: StepId, waker: &Waker) -> Poll<Result<(), StoreError>> {
        let mut pool = self.pool();
        let Some(at) = pool.steps.iter().position(|step| step.id == id) else {
            return Poll::Ready(Err(failure("a step of an earlier schedule")));
        };
        let Some(verdict) = pool.steps[at].verdict.clone() else {
            pool.steps[at].waker = Some(waker.clone());
            return Poll::Pending;
        };
        Self::leave(&mut pool, at);
        Poll::Ready(verdict)
    }

    /// Nobody waits for the step any more.
    fn leave(pool: &mut Pool, at: usize) {
        let step = &mut pool.steps[at];
        // One that is under way is dropped there, as its caller was.
        if step.phase == Phase::Sent {
            step.phase = Phase::Orphaned;
            step.waker = None;
            step.verdict = None;
        } else {
            pool.steps.swap_remove(at);
        }
    }

    fn abandon(&self, id: StepId) {
        let mut pool = self.pool();
        if let Some(at) = pool.steps.iter().position(|step| step.id == id)
            && pool.steps[at].phase != Phase::Orphaned
        {
            Self::leave(&mut pool, at);
        }
    }
}

impl Notice {
    fn is_due(&self) -> bool {
        self.happened.get().is_some()
            && self.heard.get().is_none()
            && Arc::strong_count(&self.heard) > 1
    }
}

impl fmt::Debug for Steps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Steps").finish_non_exhaustive()
    }
}

fn failure(reason: &str) -> StoreError {
    StoreError::new(StoreErrorKind::Failed, reason)
}

/// Where a step's answer is left until its caller hears of it.
pub(crate) type Mailbox<T> = Arc<Mutex<Option<T>>>;

/// A step under way, as its caller sees it.
#[derive(Debug)]
pub(crate) struct Sent<T> {
    steps: Steps,
    id: StepId,
    mailbox: Mailbox<T>,
}

impl<T> Future for Sent<T> {
    type Output = Result<T, StoreError>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.steps.poll_verdict(self.id, context.waker()).map(|verdict| {
            verdict?;
            let answer = self.mailbox.lock().unwrap_or_else(PoisonError::into_inner).take();
            answer.ok_or_else(|| failure("it did not happen"))
        })
    }
}

impl<T> Drop for Sent<T> {
    fn drop(&mut self) {
        self.steps.abandon(self.id);
    }
}

//! The steps that are under way, each with two moments that the schedule
//! decides: when it happens, and when its caller hears of it.

use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;

use futures::channel::oneshot::{Receiver, Sender, channel};
use parking_lot::Mutex;
use spakky_cache_core::store::Change;
use spakky_cache_core::{StoreError, StoreErrorKind};

use super::executor::{Doing, Tasks};
use super::site::{Site, Work};
use crate::history::Recorder;

/// Which step.
pub(crate) type StepId = u64;

/// What the caller of a step hears: the step was answered, or why it failed.
pub(crate) type Verdict = Result<(), StoreError>;

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
    /// Nothing will come of it any more.
    Over,
}

struct Step {
    id: StepId,
    process: usize,
    label: String,
    doing: Option<Arc<Doing>>,
    is_started: bool,
    /// `None` once it has happened.
    work: Option<Work>,
    /// `None` once its caller has heard of it.
    verdict: Option<Sender<Verdict>>,
}

impl Step {
    fn phase(&self) -> Phase {
        let is_awaited = self.verdict.as_ref().is_some_and(|verdict| !verdict.is_canceled());
        match (is_awaited, self.work.is_some(), self.is_started) {
            (true, true, false) => Phase::Sent,
            (true, true, true) => Phase::Started,
            (true, false, _) => Phase::Happened,
            (false, true, false) => Phase::Orphaned,
            // One that is under way is dropped there, as its caller was.
            (false, ..) => Phase::Over,
        }
    }
}

/// A change of a slot that a process is to hear of.
struct Notice {
    process: usize,
    slot: String,
    happened: Change,
    heard: Change,
}

impl Notice {
    fn is_due(&self) -> bool {
        self.happened.get().is_some()
            && self.heard.get().is_none()
            && Arc::strong_count(&self.heard) > 1
    }
}

#[derive(Default)]
struct Pool {
    steps: Vec<Step>,
    notices: Vec<Notice>,
    sent: StepId,
}

/// All steps of a schedule. Clones share them.
#[derive(Clone)]
pub(crate) struct Steps {
    pool: Arc<Mutex<Pool>>,
    tasks: Tasks,
    site: Arc<dyn Site>,
    recorder: Recorder,
}

impl Steps {
    pub(crate) fn new(tasks: Tasks, site: Arc<dyn Site>, recorder: Recorder) -> Self {
        Self { pool: Arc::default(), tasks, site, recorder }
    }

    /// A step of the task that runs. What is returned tells when it is answered,
    /// or why it failed.
    pub(crate) fn send(&self, process: usize, label: String, work: Work) -> Receiver<Verdict> {
        // A process that sends a step knows that its earlier ones have happened, or
        // never will. Their numbers decide which: that is as good as random.
        let orphans: Vec<_> = {
            let is_orphan =
                |step: &mut Step| step.process == process && step.phase() == Phase::Orphaned;
            self.pool.lock().steps.extract_if(.., is_orphan).collect()
        };
        for orphan in orphans.into_iter().filter(|orphan| orphan.id % 2 == 0) {
            self.recorder.note(|| format!("                {} happens after all", orphan.label));
            orphan.work.into_iter().for_each(|work| self.site.carry_out(work));
        }
        let (verdict, heard) = channel();
        let mut pool = self.pool.lock();
        pool.sent += 1;
        let step = Step {
            id: pool.sent,
            process,
            label,
            doing: self.tasks.running(),
            is_started: false,
            work: Some(work),
            verdict: Some(verdict),
        };
        pool.steps.push(step);
        heard
    }

    /// The steps in one of `phases`.
    pub(crate) fn in_phase(&self, phases: &[Phase]) -> Vec<StepId> {
        let mut pool = self.pool.lock();
        pool.steps.retain(|step| step.phase() != Phase::Over);
        pool.steps
            .iter()
            .filter(|step| phases.contains(&step.phase()))
            .map(|step| step.id)
            .collect()
    }

    /// Begins to carry a step out, while others go on.
    pub(crate) fn start(&self, id: StepId) {
        let mut pool = self.pool.lock();
        for step in pool.steps.iter_mut().filter(|step| step.id == id) {
            self.note(step, "is under way");
            step.is_started = true;
            step.work = step.work.take().map(|work| self.site.start(work));
        }
    }

    /// Carries a step out.
    pub(crate) fn happen(&self, id: StepId) {
        let work = {
            let mut pool = self.pool.lock();
            let Some(step) = pool.steps.iter_mut().find(|step| step.id == id) else { return };
            let is_orphaned = step.phase() == Phase::Orphaned;
            self.note(step, if is_orphaned { "happens for nobody" } else { "happens" });
            step.work.take()
        };
        if let Some(work) = work {
            self.site.carry_out(work);
        }
    }

    /// The caller of a step hears that it was answered, or that it failed.
    pub(crate) fn answer(&self, id: StepId, verdict: &Verdict) {
        self.tell_callers(|step| step.id == id, verdict);
    }

    /// The callers of all steps of `process` hear that it lost its connection,
    /// and its watches end.
    pub(crate) fn lose_connection(&self, process: usize) {
        let lost = Err(StoreError::new(StoreErrorKind::Unavailable, "the connection was lost"));
        self.tell_callers(|step| step.process == process, &lost);
        for notice in self.pool.lock().notices.iter().filter(|notice| notice.process == process) {
            // It may have been told before.
            let _ = notice.heard.set(());
        }
    }

    fn tell_callers(&self, which: impl Fn(&Step) -> bool, verdict: &Verdict) {
        for step in self.pool.lock().steps.iter_mut().filter(|step| which(step)) {
            let Some(caller) = step.verdict.take_if(|caller| !caller.is_canceled()) else {
                continue;
            };
            if let (Err(_), Some(doing)) = (verdict, &step.doing) {
                doing.failed.store(true, SeqCst);
            }
            self.note(step, if verdict.is_ok() { "is answered" } else { "fails" });
            let _ = caller.send(verdict.clone());
        }
    }

    /// Which process sent it.
    pub(crate) fn process_of(&self, id: StepId) -> Option<usize> {
        self.pool.lock().steps.iter().find(|step| step.id == id).map(|step| step.process)
    }

    /// A change that `process` hears of when the schedule says so.
    pub(crate) fn forward(&self, process: usize, slot: String, happened: Change) -> Change {
        let heard = Change::default();
        let mut pool = self.pool.lock();
        pool.notices.retain(|notice| Arc::strong_count(&notice.heard) > 1);
        pool.notices.push(Notice { process, slot, happened, heard: Arc::clone(&heard) });
        heard
    }

    /// How many changes have happened that their watchers have not heard of.
    pub(crate) fn unheard(&self) -> usize {
        self.pool.lock().notices.iter().filter(|notice| notice.is_due()).count()
    }

    /// Tells of one of them.
    pub(crate) fn tell(&self, which: usize) {
        let pool = self.pool.lock();
        if let Some(notice) = pool.notices.iter().filter(|notice| notice.is_due()).nth(which) {
            let Notice { process, slot, .. } = notice;
            self.recorder.note(|| format!("process {process}         hears of a change of {slot}"));
            let _ = notice.heard.set(());
        }
    }

    fn note(&self, step: &Step, what: &str) {
        let Step { id, process, label, .. } = step;
        self.recorder.note(|| format!("process {process}         {label} {what} (step {id})"));
    }
}

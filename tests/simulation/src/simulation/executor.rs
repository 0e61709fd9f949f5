//! Runs tasks, one at a time, in an order that chance decides.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::task::{Context, Wake, Waker};

use parking_lot::Mutex;
use spakky_cache_core::runtime::Task;

use super::chance::Chance;
use crate::history::{CallId, Caller};

/// What a task does.
pub(crate) struct Doing {
    pub(crate) caller: Caller,
    /// The lease that it ends: a task that it spawns gives the lease up.
    pub(crate) ends: Option<CallId>,
    /// Whether a step of it failed.
    pub(crate) failed: AtomicBool,
}

impl Doing {
    pub(crate) fn new(caller: Caller, ends: Option<CallId>) -> Arc<Self> {
        Arc::new(Self { caller, ends, failed: AtomicBool::new(false) })
    }
}

/// Which task.
pub(crate) type TaskId = usize;

/// Takes new tasks, and knows which task runs.
#[derive(Clone, Default)]
pub(crate) struct Tasks(Arc<Mutex<Handed>>);

#[derive(Default)]
struct Handed {
    spawned: Vec<(Arc<Doing>, Task)>,
    running: Option<Arc<Doing>>,
}

impl Tasks {
    pub(crate) fn spawn(&self, doing: Arc<Doing>, task: Task) {
        self.0.lock().spawned.push((doing, task));
    }

    /// The task that runs, or is being dropped.
    pub(crate) fn running(&self) -> Option<Arc<Doing>> {
        self.0.lock().running.clone()
    }

    /// What `during` does is done by the task of `doing`.
    fn run<T>(&self, doing: Arc<Doing>, during: impl FnOnce() -> T) -> T {
        self.0.lock().running = Some(doing);
        let done = during();
        self.0.lock().running = None;
        done
    }
}

struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, SeqCst);
    }
}

struct Slot {
    doing: Arc<Doing>,
    task: Task,
    woken: Arc<Woken>,
}

/// Runs tasks.
#[derive(Default)]
pub(crate) struct Executor {
    tasks: Tasks,
    slots: BTreeMap<TaskId, Slot>,
    started: TaskId,
}

impl Executor {
    pub(crate) fn new(tasks: Tasks) -> Self {
        Self { tasks, ..Self::default() }
    }

    pub(crate) fn start(&mut self, doing: Arc<Doing>, task: Task) -> TaskId {
        self.started += 1;
        let woken = Arc::new(Woken(AtomicBool::new(true)));
        self.slots.insert(self.started, Slot { doing, task, woken });
        self.started
    }

    pub(crate) fn is_running(&self, id: TaskId) -> bool {
        self.slots.contains_key(&id)
    }

    /// Whether every task has ended.
    pub(crate) fn is_idle(&self) -> bool {
        self.slots.is_empty() && self.tasks.0.lock().spawned.is_empty()
    }

    /// Whether no task can go on by itself.
    pub(crate) fn is_waiting(&self) -> bool {
        self.ready().is_empty() && self.tasks.0.lock().spawned.is_empty()
    }

    fn ready(&self) -> Vec<TaskId> {
        let ready = self.slots.iter().filter(|(_, slot)| slot.woken.0.load(SeqCst));
        ready.map(|(id, _)| *id).collect()
    }

    /// Drops a task half-way.
    pub(crate) fn cancel(&mut self, id: TaskId) {
        if let Some(Slot { doing, task, .. }) = self.slots.remove(&id) {
            self.tasks.run(doing, || drop(task));
        }
    }

    /// Drops all tasks half-way, in the order in which they were started.
    pub(crate) fn end(&mut self) {
        while let Some(id) = self.slots.keys().next() {
            self.cancel(*id);
        }
        let spawned = std::mem::take(&mut self.tasks.0.lock().spawned);
        drop(spawned);
    }

    /// Runs until no task can go on.
    pub(crate) fn run(&mut self, chance: &mut Chance) {
        loop {
            let spawned = std::mem::take(&mut self.tasks.0.lock().spawned);
            for (doing, task) in spawned {
                self.start(doing, task);
            }
            let ready = self.ready();
            if ready.is_empty() {
                return;
            }
            self.poll(*chance.pick(&ready));
        }
    }

    fn poll(&mut self, id: TaskId) {
        let Some(Slot { doing, task, woken }) = self.slots.get_mut(&id) else { return };
        woken.0.store(false, SeqCst);
        let waker = Waker::from(Arc::clone(woken));
        let poll = || task.as_mut().poll(&mut Context::from_waker(&waker));
        if self.tasks.run(Arc::clone(doing), poll).is_ready() {
            // Dropped as the task that it is.
            self.cancel(id);
        }
    }
}

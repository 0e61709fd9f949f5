//! Runs tasks, one at a time, in an order that chance decides.

use std::fmt;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Wake, Waker};

use spakky_cache_core::runtime::Task;

use super::chance::Chance;
use crate::history::{CallId, Caller};

/// What a task is at.
#[derive(Debug)]
pub(crate) struct Doing {
    /// For whom.
    pub(crate) caller: Caller,
    /// The lease whose end this is: a task that it spawns gives it up.
    pub(crate) ends: Option<CallId>,
    /// Whether it is a task that the cache spawned, not a call.
    pub(crate) background: bool,
    /// Whether a step of it failed.
    pub(crate) failed: AtomicBool,
}

impl Doing {
    pub(crate) fn call(caller: Caller, ends: Option<CallId>) -> Arc<Self> {
        Arc::new(Self { caller, ends, background: false, failed: AtomicBool::new(false) })
    }

    pub(crate) fn background(caller: Caller) -> Arc<Self> {
        Arc::new(Self { caller, ends: None, background: true, failed: AtomicBool::new(false) })
    }

    /// Whether it is what the end of a lease does.
    pub(crate) fn is_aftermath(&self) -> bool {
        self.background || self.ends.is_some()
    }
}

/// Which task.
pub(crate) type TaskId = usize;

/// Where tasks are handed in, and where it is told which of them runs.
#[derive(Clone, Default)]
pub(crate) struct Tasks(Arc<Mutex<Handed>>);

#[derive(Default)]
struct Handed {
    spawned: Vec<(Task, Arc<Doing>)>,
    ready: Vec<TaskId>,
    running: Option<Arc<Doing>>,
}

impl Tasks {
    fn handed(&self) -> MutexGuard<'_, Handed> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn spawn(&self, doing: Arc<Doing>, task: Task) {
        self.handed().spawned.push((task, doing));
    }

    /// What the task is at that runs now, or is being dropped.
    pub(crate) fn running(&self) -> Option<Arc<Doing>> {
        self.handed().running.clone()
    }

    fn set_running(&self, doing: Option<Arc<Doing>>) {
        self.handed().running = doing;
    }
}

impl fmt::Debug for Tasks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tasks").finish_non_exhaustive()
    }
}

struct Ready {
    id: TaskId,
    tasks: Tasks,
    queued: AtomicBool,
}

impl Wake for Ready {
    fn wake(self: Arc<Self>) {
        if !self.queued.swap(true, SeqCst) {
            self.tasks.handed().ready.push(self.id);
        }
    }
}

struct Slot {
    task: Pin<Box<dyn Future<Output = ()> + Send>>,
    doing: Arc<Doing>,
    ready: Arc<Ready>,
    waker: Waker,
}

/// Runs the tasks that are handed in.
pub(crate) struct Executor {
    tasks: Tasks,
    slots: Vec<Option<Slot>>,
}

impl Executor {
    pub(crate) fn new(tasks: Tasks) -> Self {
        Self { tasks, slots: Vec::new() }
    }

    /// Takes a task, which runs with the others.
    pub(crate) fn start(&mut self, doing: Arc<Doing>, task: Task) -> TaskId {
        let id = self.slots.len();
        let queued = AtomicBool::new(false);
        let ready = Arc::new(Ready { id, tasks: self.tasks.clone(), queued });
        let waker = Waker::from(Arc::clone(&ready));
        self.slots.push(Some(Slot { task, doing, ready, waker }));
        if let Some(slot) = &self.slots[id] {
            slot.waker.wake_by_ref();
        }
        id
    }

    /// Whether it has not ended yet.
    pub(crate) fn is_running(&self, id: TaskId) -> bool {
        self.slots.get(id).is_some_and(Option::is_some)
    }

    /// Whether all that was handed in has ended.
    pub(crate) fn is_idle(&self) -> bool {
        self.slots.iter().all(Option::is_none) && self.tasks.handed().spawned.is_empty()
    }

    /// Whether no task can go on by itself.
    pub(crate) fn is_waiting(&self) -> bool {
        let handed = self.tasks.handed();
        handed.spawned.is_empty() && handed.ready.is_empty()
    }

    /// Drops all tasks, half-way.
    pub(crate) fn end(&mut self) {
        (0..self.slots.len()).for_each(|id| self.cancel(id));
        let spawned = std::mem::take(&mut self.tasks.handed().spawned);
        drop(spawned);
    }

    /// Drops a task, half-way.
    pub(crate) fn cancel(&mut self, id: TaskId) {
        let Some(slot) = self.slots.get_mut(id).and_then(Option::take) else { return };
        self.tasks.set_running(Some(slot.doing));
        drop(slot.task);
        self.tasks.set_running(None);
    }

    /// Runs until no task can go on.
    pub(crate) fn run(&mut self, chance: &mut Chance) {
        loop {
            let spawned = std::mem::take(&mut self.tasks.handed().spawned);
            for (task, doing) in spawned {
                self.start(doing, task);
            }
            let next = {
                let mut handed = self.tasks.handed();
                let ready = handed.ready.len();
                if ready == 0 {
                    return;
                }
                handed.ready.swap_remove(if ready == 1 { 0 } else { chance.below(ready) })
            };
            self.poll(next);
        }
    }

    fn poll(&mut self, id: TaskId) {
        let Some(slot) = &mut self.slots[id] else { return };
        slot.ready.queued.store(false, SeqCst);
        self.tasks.set_running(Some(Arc::clone(&slot.doing)));
        let polled = slot.task.as_mut().poll(&mut Context::from_waker(&slot.waker));
        if polled.is_ready() {
            self.slots[id] = None;
        }
        self.tasks.set_running(None);
    }
}

impl fmt::Debug for Executor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Executor").field("slots", &self.slots.len()).finish_non_exhaustive()
    }
}

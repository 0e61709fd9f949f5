//! How a counterexample reads.

use std::fmt;

use crate::caller::{Call, Outcome, Step};
use crate::configuration::Configuration;
use crate::connection::Message;
use crate::model::Action;

/// The actions of one run, each on a line: who, and the step by the name that
/// the code gives it.
#[derive(Clone, Debug)]
pub struct Trace<'a> {
    /// Who the callers are.
    pub configuration: &'a Configuration,
    /// What they do.
    pub actions: Vec<Action>,
}

impl fmt::Display for Trace<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (caller, (process, call)) in self.configuration.callers.iter().enumerate() {
            writeln!(f, "    caller {caller}, in process {process}: {call:?}")?;
        }
        for (number, action) in self.actions.iter().enumerate() {
            writeln!(f, "{:>4} {action}", number + 1)?;
        }
        Ok(())
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Call(caller, call) => write!(f, "caller {caller} calls {}", call.name()),
            Self::Role(caller) => write!(f, "caller {caller} learns whether it leads or follows"),
            Self::Step(caller, step) => write!(f, "caller {caller}: {}", step.name()),
            Self::Wake(caller, answer) => write!(f, "caller {caller} wakes up to {answer:?}"),
            Self::LookAgain(caller) => write!(f, "caller {caller} has waited enough"),
            Self::Handle(process, _, Message::Reply(caller)) => {
                write!(f, "process {process} handles the reply to caller {caller}")
            }
            Self::Handle(process, _, Message::Invalidation(key)) => {
                write!(f, "process {process} handles the invalidation of {key:?}")
            }
            Self::LeaseExpires => write!(f, "the lease expires"),
            Self::ElectionExpires => write!(f, "the election expires"),
            Self::Renew(caller) => write!(f, "caller {caller}: renew"),
            Self::EpochLost(key) => write!(f, "Redis loses {key:?}"),
            Self::EpochExpires(key) => write!(f, "{key:?} expires, and nobody is told"),
            Self::MarkLost => write!(f, "Redis loses e|"),
            Self::EntryLost => write!(f, "Redis loses k|key"),
            Self::ConnectionLost(process, false) => {
                write!(f, "process {process} loses its connection")
            }
            Self::ConnectionLost(process, true) => {
                write!(f, "process {process} loses its connection, with what was just sent")
            }
            Self::Restarted => write!(f, "Redis is restarted"),
            Self::Killed(process) => write!(f, "process {process} is killed"),
            Self::Traps(caller) => write!(f, "caller {caller} traps"),
        }
    }
}

impl Call {
    fn name(self) -> &'static str {
        match self {
            Self::Get => "get: read",
            Self::Lookup { .. } => "lookup",
            Self::Set { .. } => "set: capture",
            Self::Write { .. } => "begin_write: capture",
            Self::Delete => "delete, after it changed the origin: remove_many",
            Self::Evict { .. } => "evict_tags, after it changed the origin: the first SET of evict",
            Self::Clear => "clear, after it changed the origin",
            Self::Sweep => "sweep: reads what the key holds",
        }
    }
}

impl Step {
    fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Watch => "watch",
            Self::AskEpoch { .. } => "reads an epoch that the verdict needs",
            Self::Capture => "capture",
            Self::MakeEpoch { .. } => "makes or reads an epoch that the capture needs",
            Self::EvictionMark | Self::LateMark(_) => "eviction_mark",
            Self::TakeLease => "take_lease",
            Self::Elect => "elect",
            Self::Put(_) => "put",
            Self::WriteOrigin => "writes to the origin",
            Self::Commit(_) => "commit",
            Self::Release(Outcome::Stored) => "resign",
            Self::Release(_) => "releases: give_up, resign, or remove_many",
            Self::Evict(_) => "the next SET of evict",
            Self::Sweep(_) => "removes what it found dead",
        }
    }
}

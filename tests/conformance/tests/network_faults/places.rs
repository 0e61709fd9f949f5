//! The axes of the table: what goes wrong, where, and when.

use std::fmt;
use std::time::Duration;

use spakky_test_support::{Fault, Harm, Place, Traffic, proof};

/// The delay of a slow network: far below every timeout.
const LATE: Duration = Duration::from_millis(20);
/// The most positions that are tried one by one.
const ONE_BY_ONE: usize = 4_096;

/// When something goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum During {
    /// On the connection that the step begins on.
    Step,
    /// That connection is lost just before the step: while the next one is set
    /// up.
    Handshake,
}

/// What goes wrong, as the names of tests say it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Trouble {
    pub(crate) harm: Harm,
    pub(crate) during: During,
}

impl Trouble {
    /// All of them.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        let harms = [
            Harm::Cut,
            Harm::Reset,
            Harm::EndRequests,
            Harm::EndReplies,
            Harm::Silence,
            Harm::Delay(LATE),
        ];
        [During::Step, During::Handshake]
            .into_iter()
            .flat_map(move |during| harms.map(|harm| Self { harm, during }))
    }

    /// Whether nothing but a timeout ends the step.
    pub(crate) fn is_silent(self) -> bool {
        self.harm == Harm::Silence
    }

    /// Whether the step is answered nevertheless.
    pub(crate) fn is_harmless(self) -> bool {
        matches!(self.harm, Harm::Delay(_))
    }

    /// The faults to try, for a step or a handshake of so many bytes.
    pub(crate) fn faults(self, traffic: Traffic) -> Vec<Fault> {
        // Positions besides the first and the last: where each costs a timeout
        // or a delay, few.
        let between = match (self.harm, self.during) {
            (Harm::Cut, During::Step) => proof::size(2, ONE_BY_ONE),
            (Harm::Silence | Harm::Delay(_), _) => proof::size(0, 4),
            (_, During::Step) => proof::size(2, 32),
            (_, During::Handshake) => proof::size(2, 16),
        };
        let requests = positions(traffic.requests, between).map(Place::Requests);
        let replies = positions(traffic.replies, between).map(Place::Replies);
        let now = (!self.is_harmless()).then_some(Place::Now);
        let places = now.into_iter().chain(requests).chain(replies);
        places.map(|place| Fault { place, harm: self.harm }).collect()
    }
}

/// As in `an entry is read while the connection is cut`.
impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (connection, network) = match self.during {
            During::Step => ("the connection", "the network"),
            During::Handshake => ("the next connection's handshake", "the next handshake"),
        };
        match self.harm {
            Harm::Cut => write!(f, "{connection} is cut"),
            Harm::Reset => write!(f, "{connection} is reset"),
            Harm::EndRequests => write!(f, "{connection} is half-closed to the server"),
            Harm::EndReplies => write!(f, "{connection} is half-closed to the client"),
            Harm::Silence => write!(f, "{network} falls silent"),
            Harm::Delay(_) => write!(f, "{network} is slow"),
        }
    }
}

/// The first and the last of so many positions, and up to `between` others,
/// spread evenly.
fn positions(count: usize, between: usize) -> impl Iterator<Item = usize> {
    let last = count.saturating_sub(1);
    let step = (last / (between + 1)).max(1);
    let mut positions: Vec<usize> = (0..last).step_by(step).collect();
    if count > 0 {
        positions.push(last);
    }
    positions.into_iter()
}

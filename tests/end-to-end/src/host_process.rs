//! The program `fleet-host` as a process: a host with many guests.

use std::collections::VecDeque;
use std::ffi::OsStr;
use std::fmt::Debug;
use std::ops::Range;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::DEADLINE;
use crate::command::{Running, program_at};
use crate::fleet::{Order, Report, Setup, Standing};

/// The pause between two looks at what is waited for.
const PAUSE: Duration = Duration::from_millis(2);

/// Waits until `yes`, at most for the [`DEADLINE`].
#[track_caller]
pub fn until(what: &str, mut yes: impl FnMut() -> bool) {
    let began = Instant::now();
    while !yes() {
        assert!(began.elapsed() < DEADLINE, "not so after {DEADLINE:?}: {what}");
        std::thread::sleep(PAUSE);
    }
}

/// Waits until `now` returns `expected`, at most for the [`DEADLINE`].
#[track_caller]
pub fn until_it_is<T: PartialEq + Debug>(expected: &T, mut now: impl FnMut() -> T) {
    let began = Instant::now();
    loop {
        let answer = now();
        if answer == *expected {
            return;
        }
        let left = DEADLINE.checked_sub(began.elapsed());
        assert!(left.is_some(), "after {DEADLINE:?}: {answer:?}, not {expected:?}");
        std::thread::sleep(PAUSE);
    }
}

/// A host process. Dropping it kills it.
#[derive(Debug)]
pub struct HostProcess {
    /// The process itself.
    pub process: Running,
    guests: usize,
    /// Reports that came while another one was waited for.
    heard: VecDeque<Report>,
}

impl HostProcess {
    /// Starts `program`, which is `fleet-host`, and does not wait for it.
    pub fn start(program: impl AsRef<OsStr>, setup: &Setup) -> Self {
        let process = program_at(program).args([json!(setup).to_string()]).start();
        Self { process, guests: setup.guests, heard: VecDeque::new() }
    }

    /// Waits until all guests that it started with are ready for a step.
    pub fn ready(&mut self) {
        for _ in 0..self.guests {
            self.wait_for(|report| matches!(report, Report::Ready { .. }).then_some(()));
        }
    }

    /// How many guests it started with.
    pub fn guests(&self) -> usize {
        self.guests
    }

    /// Starts another guest, and waits until it is ready for a step.
    pub fn start_guest(&mut self, number: usize, time: Option<Duration>) {
        self.order(&Order::Start { guest: number, time });
        self.wait_for(|report| {
            matches!(report, Report::Ready { guest } if *guest == number).then_some(())
        });
    }

    /// Gives a guest a step.
    pub fn ask(&mut self, guest: usize, step: &Value) {
        self.order(&Order::Ask { guest, step: step.clone() });
    }

    /// Gives a guest a step, and returns the answer.
    pub fn play(&mut self, guest: usize, step: &Value) -> Value {
        self.ask(guest, step);
        self.answer_of(guest)
    }

    /// The next answer of a guest.
    pub fn answer_of(&mut self, number: usize) -> Value {
        self.wait_for(|report| match report {
            Report::Answer { guest, answer } if *guest == number => Some(answer.clone()),
            _ => None,
        })
    }

    /// The next answer of each of these guests.
    pub fn answers_of(&mut self, guests: Range<usize>) -> Vec<Value> {
        guests.map(|guest| self.answer_of(guest)).collect()
    }

    /// Ends a guest, as a host does if its client goes away.
    pub fn kill_guest(&mut self, guest: usize) {
        self.order(&Order::Kill { guest });
    }

    /// How a guest ended.
    pub fn end_of(&mut self, number: usize) -> String {
        self.wait_for(|report| match report {
            Report::Ended { guest, how } if *guest == number => Some(how.clone()),
            _ => None,
        })
    }

    /// The state of the host.
    pub fn standing(&mut self) -> Standing {
        self.order(&Order::Standing);
        self.wait_for(|report| match report {
            Report::Standing(standing) => Some(*standing),
            _ => None,
        })
    }

    fn order(&mut self, order: &Order) {
        self.process.write(&format!("{}\n", json!(order)));
    }

    /// The first report that is `wanted`, of those that came already and those to come.
    fn wait_for<T>(&mut self, wanted: impl Fn(&Report) -> Option<T>) -> T {
        let mut heard = self.heard.iter().enumerate();
        let first = heard.find_map(|(at, report)| Some((at, wanted(report)?)));
        if let Some((at, found)) = first {
            self.heard.remove(at);
            return found;
        }
        loop {
            let line = self.process.line();
            let report = serde_json::from_str(&line)
                .unwrap_or_else(|error| panic!("{error} in the report {line}"));
            match wanted(&report) {
                Some(found) => return found,
                None => self.heard.push_back(report),
            }
        }
    }
}

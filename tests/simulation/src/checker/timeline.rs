//! What was over before a moment, of what began after another.

use crate::history::CallId;

/// What it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    Call(CallId),
    Trouble,
}

impl Cause {
    pub(super) fn call(self) -> Option<CallId> {
        match self {
            Self::Call(call) => Some(call),
            Self::Trouble => None,
        }
    }
}

/// Things that each began at one moment and were over at another.
#[derive(Debug, Default)]
pub(super) struct Timeline {
    /// In the order in which they began.
    spans: Vec<Span>,
    /// For each, the one that was over first of it and all that began later.
    first_over: Vec<usize>,
}

#[derive(Clone, Copy, Debug)]
struct Span {
    began: u64,
    over: u64,
    what: Cause,
}

impl Timeline {
    /// Adds what is known of `what`. [`sort`](Self::sort) before asking.
    pub(super) fn add(&mut self, began: u64, over: u64, what: Cause) {
        self.spans.push(Span { began, over, what });
    }

    /// Makes it ready to be asked.
    pub(super) fn sort(&mut self) {
        self.spans.sort_unstable_by_key(|span| span.began);
        self.first_over = (0..self.spans.len()).collect();
        for index in (0..self.spans.len().saturating_sub(1)).rev() {
            let later = self.first_over[index + 1];
            if self.spans[later].over < self.spans[index].over {
                self.first_over[index] = later;
            }
        }
    }

    /// One that began after `after` and was over before `before`.
    pub(super) fn between(&self, after: u64, before: u64) -> Option<Cause> {
        let next = self.spans.partition_point(|span| span.began <= after);
        let first = self.spans[*self.first_over.get(next)?];
        (first.over < before).then_some(first.what)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_lies_between_is_found() {
        let mut timeline = Timeline::default();
        for (began, over, what) in [(30, 40, 3), (10, 50, 1), (20, 25, 2)] {
            timeline.add(began, over, Cause::Call(what));
        }
        timeline.sort();
        assert_eq!(timeline.between(0, 100), Some(Cause::Call(2)));
        assert_eq!(timeline.between(9, 25), None);
        assert_eq!(timeline.between(19, 26), Some(Cause::Call(2)));
        assert_eq!(timeline.between(20, 41), Some(Cause::Call(3)));
        assert_eq!(timeline.between(20, 40), None);
        assert_eq!(timeline.between(30, 100), None);
    }
}

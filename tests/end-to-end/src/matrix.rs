//! What came of the scenarios: for each store a table of topic × language, and of
//! writer × reader.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Mutex, PoisonError};

use crate::language::Language;

/// Where a scenario is played.
#[derive(Clone, Debug)]
pub struct Place {
    /// The scenario's topic, or `None` if the scenario shows nothing of the libraries.
    pub topic: Option<String>,
    /// The store.
    pub store: &'static str,
    /// The language of the guest `a`.
    pub first: Language,
    /// The language of all others.
    pub others: Language,
}

impl Place {
    /// The rank and the title of its row: the contract comes first, then topics, then
    /// whose entries others read.
    fn row(&self) -> (u8, String) {
        match &self.topic {
            None => (0, "the contract".to_owned()),
            Some(topic) if self.first == self.others => (1, topic.clone()),
            Some(_) => (2, format!("{} to", self.first.name)),
        }
    }

    /// Its languages and its store, as they stand before a scenario's name.
    pub fn column(&self) -> String {
        let Self { first, others, store, .. } = self;
        if first == others {
            format!("{} on {store}", first.name)
        } else {
            format!("{} to {} on {store}", first.name, others.name)
        }
    }
}

/// What came of a scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// It went as it should.
    Passed,
    /// This machine lacks the language.
    Skipped,
    /// It did not go as it should.
    Failed,
}

/// How many scenarios of a row and a column had which outcome.
type Cell = BTreeMap<Outcome, usize>;
type Table = BTreeMap<(u8, String), BTreeMap<&'static str, Cell>>;

/// A table for each store.
#[derive(Debug, Default)]
pub struct Matrix(Mutex<BTreeMap<&'static str, Table>>);

impl Matrix {
    /// Adds what came of a scenario.
    pub fn note(&self, place: &Place, outcome: Outcome) {
        let mut tables = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let row = tables.entry(place.store).or_default().entry(place.row()).or_default();
        *row.entry(place.others.name).or_default().entry(outcome).or_default() += 1;
    }
}

impl fmt::Display for Matrix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tables = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (store, table) in tables.iter() {
            let columns: BTreeSet<_> = table.values().flat_map(BTreeMap::keys).collect();
            write!(f, "\n{:13}", format!("on {store}"))?;
            for column in &columns {
                write!(f, " {column:>11}")?;
            }
            for ((_, title), cells) in table {
                write!(f, "\n{title:13}")?;
                for column in &columns {
                    // The worst outcome decides.
                    let text = match cells.get(*column).and_then(BTreeMap::last_key_value) {
                        None => String::new(),
                        Some((Outcome::Passed, count)) => count.to_string(),
                        Some((Outcome::Skipped, _)) => "skipped".to_owned(),
                        Some((Outcome::Failed, count)) => format!("{count} FAILED"),
                    };
                    write!(f, " {text:>11}")?;
                }
            }
            writeln!(f)?;
        }
        Ok(())
    }
}

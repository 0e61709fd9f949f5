//! Which cells of the table have been played: scenario x language x store, and
//! writer x reader.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use crate::language::{Language, RUST};

/// Where a scenario is played: `first` is the language of the guest `a`,
/// `others` that of all others.
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
    fn row(&self) -> Row {
        match &self.topic {
            None => Row::Contract,
            Some(topic) if self.first == self.others => Row::Topic(topic.clone()),
            Some(_) => Row::From(self.first.name),
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

/// A row of a table: the contract comes first, then topics, then whose entries others
/// read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Row {
    /// The scenarios that only the player in Rust plays.
    Contract,
    /// The scenarios of a topic, each language by itself.
    Topic(String),
    /// All that this language begins, and others go on with.
    From(&'static str),
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Contract => f.pad("the contract"),
            Self::Topic(topic) => f.pad(topic),
            Self::From(language) => f.pad(&format!("{language} to")),
        }
    }
}

/// What came of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// As it should be.
    Passed,
    /// Not so.
    Failed,
    /// This machine lacks the language.
    Skipped,
}

/// What came of the scenarios of one row, in one column.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Cell {
    wanted: usize,
    passed: usize,
    failed: usize,
    skipped: usize,
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self { failed: 1.., .. } => format!("{} FAILED", self.failed),
            Self { skipped: 1.., .. } => "skipped".to_owned(),
            Self { passed, wanted, .. } => format!("{passed}/{wanted}"),
        };
        f.pad(&text)
    }
}

/// A table for each store.
#[derive(Debug, Default)]
pub struct Matrix(Mutex<BTreeMap<&'static str, Table>>);

type Table = BTreeMap<Row, BTreeMap<&'static str, Cell>>;

impl Matrix {
    fn change(&self, place: &Place, change: impl FnOnce(&mut Cell)) {
        let mut tables = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let table = tables.entry(place.store).or_default();
        change(table.entry(place.row()).or_default().entry(place.others.name).or_default());
    }

    /// A scenario is to be played there.
    pub fn want(&self, place: &Place) {
        self.change(place, |cell| cell.wanted += 1);
    }

    /// It was played, or cannot be.
    pub fn note(&self, place: &Place, outcome: Outcome) {
        self.change(place, |cell| match outcome {
            Outcome::Passed => cell.passed += 1,
            Outcome::Failed => cell.failed += 1,
            Outcome::Skipped => cell.skipped += 1,
        });
    }

    /// Whether every cell was played or skipped: in each row each of `languages`, with as
    /// many scenarios as the others. Of a row of entries that others read, that is each
    /// other language; of the contract, Rust.
    pub fn is_complete(&self, languages: &[Language]) -> bool {
        let tables = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let played = |cell: &Cell| cell.passed + cell.failed + cell.skipped == cell.wanted;
        let complete = |(row, cells): (&Row, &BTreeMap<&str, Cell>)| {
            let wanted = cells.values().map(|cell| cell.wanted).max().unwrap_or_default();
            let is_needed = |language: &&Language| match row {
                Row::Contract => **language == RUST,
                Row::Topic(_) => true,
                Row::From(first) => *first != language.name,
            };
            wanted > 0
                && languages.iter().filter(is_needed).all(|language| {
                    let cell = cells.get(language.name);
                    cell.is_some_and(|cell| cell.wanted == wanted && played(cell))
                })
        };
        !tables.is_empty() && tables.values().flatten().all(complete)
    }
}

impl fmt::Display for Matrix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tables = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut between = "";
        for (store, table) in tables.iter() {
            let mut columns: Vec<&str> =
                table.values().flat_map(|cells| cells.keys().copied()).collect();
            columns.sort_unstable();
            columns.dedup();
            let title = format!("on {store}");
            let rows = table.keys().map(|row| row.to_string().len()).chain([title.len()]);
            let wide = rows.max().unwrap_or_default();
            write!(f, "{between}{title:wide$}")?;
            for column in &columns {
                write!(f, "  {column:>10}")?;
            }
            for (row, cells) in table {
                write!(f, "\n{row:wide$}")?;
                for column in &columns {
                    match cells.get(column) {
                        Some(cell) => write!(f, "  {cell:>10}")?,
                        None => write!(f, "  {:>10}", "")?,
                    }
                }
            }
            between = "\n\n";
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const C: Language = Language { name: "c" };
    const GO: Language = Language { name: "go" };

    fn place(topic: &str, first: Language, others: Language) -> Place {
        let topic = (topic != "contract").then(|| topic.to_owned());
        Place { topic, store: "redis", first, others }
    }

    #[test]
    fn a_cell_that_was_not_played_is_missed() {
        let matrix = Matrix::default();
        let cells = [
            place("keys", C, C),
            place("keys", GO, GO),
            place("values", C, C),
            place("values", GO, GO),
            place("values", C, GO),
            place("values", GO, C),
        ];
        for cell in &cells {
            matrix.want(cell);
        }
        for cell in &cells[1..] {
            assert!(!matrix.is_complete(&[C, GO]));
            matrix.note(cell, Outcome::Passed);
        }
        let expected = "\
on redis           c          go
keys             0/1         1/1
values           1/1         1/1
c to                         1/1
go to            1/1            ";
        assert_eq!(matrix.to_string(), expected);
        assert!(!matrix.is_complete(&[C, GO]));
        matrix.note(&cells[0], Outcome::Failed);
        assert!(matrix.is_complete(&[C, GO]));
        assert!(matrix.to_string().contains("1 FAILED"), "{matrix}");
    }

    #[test]
    fn a_scenario_that_one_language_lacks_is_missed() {
        let matrix = Matrix::default();
        let play = |topic, language| {
            let cell = place(topic, language, language);
            matrix.want(&cell);
            matrix.note(&cell, Outcome::Passed);
        };
        play("contract", RUST);
        for cell in [("keys", RUST), ("keys", C), ("keys", RUST)] {
            play(cell.0, cell.1);
        }
        assert!(!matrix.is_complete(&[RUST, C]));
        play("keys", C);
        assert!(matrix.is_complete(&[RUST, C]));
    }

    #[test]
    fn a_language_that_nobody_asked_for_is_missed() {
        let matrix = Matrix::default();
        matrix.want(&place("keys", C, C));
        matrix.note(&place("keys", C, C), Outcome::Skipped);
        assert!(matrix.is_complete(&[C]));
        assert!(!matrix.is_complete(&[C, GO]));
        assert!(!Matrix::default().is_complete(&[]));
    }
}

//! Which cells of the table have been played: topic x language x store.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};

/// What came of the cells of one topic, in one column.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Cell {
    wanted: usize,
    passed: usize,
    failed: usize,
}

/// The table.
#[derive(Debug, Default)]
pub struct Matrix(Mutex<BTreeMap<(String, String), Cell>>);

impl Matrix {
    fn change(&self, topic: &str, column: &str, change: impl FnOnce(&mut Cell)) {
        let mut cells = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        change(cells.entry((topic.to_owned(), column.to_owned())).or_default());
    }

    /// A scenario of `topic` is to be played in `column`.
    pub fn want(&self, topic: &str, column: &str) {
        self.change(topic, column, |cell| cell.wanted += 1);
    }

    /// It was played.
    pub fn note(&self, topic: &str, column: &str, passed: bool) {
        self.change(topic, column, |cell| {
            if passed {
                cell.passed += 1;
            } else {
                cell.failed += 1;
            }
        });
    }

    /// Whether every cell was played.
    pub fn is_complete(&self) -> bool {
        let cells = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        cells.values().all(|cell| cell.passed + cell.failed == cell.wanted)
    }
}

impl fmt::Display for Matrix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cells = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut columns: Vec<&str> = cells.keys().map(|(_, column)| column.as_str()).collect();
        columns.sort_unstable();
        columns.dedup();
        let mut topics: Vec<&str> = cells.keys().map(|(topic, _)| topic.as_str()).collect();
        topics.dedup();
        let wide = topics.iter().map(|topic| topic.len()).max().unwrap_or_default();
        write!(f, "{:wide$}", "")?;
        for column in &columns {
            write!(f, "  {column:>10}")?;
        }
        for topic in topics {
            write!(f, "\n{topic:wide$}")?;
            for column in &columns {
                let width = column.len().max(10);
                let cell = cells.get(&(topic.to_owned(), (*column).to_owned()));
                let text = match cell {
                    Some(cell) if cell.failed > 0 => format!("{} FAILED", cell.failed),
                    Some(cell) => format!("{}/{}", cell.passed, cell.wanted),
                    None => "MISSING".to_owned(),
                };
                write!(f, "  {text:>width$}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_that_was_not_played_is_missed() {
        let matrix = Matrix::default();
        matrix.want("keys", "rust redis");
        matrix.want("values", "rust redis");
        matrix.note("keys", "rust redis", true);
        assert!(!matrix.is_complete());
        let expected = "        rust redis\nkeys           1/1\nvalues         0/1";
        assert_eq!(matrix.to_string(), expected);
        matrix.note("values", "rust redis", false);
        assert!(matrix.is_complete());
        assert!(matrix.to_string().ends_with("1 FAILED"), "{matrix}");
    }
}

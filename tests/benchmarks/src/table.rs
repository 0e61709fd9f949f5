//! What was measured, as a table.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "the table is the product")]

use std::time::Duration;

use spakky_test_support::Commands;

use crate::Turn;
use crate::guests::{self, Guest};

/// One side of a row, turn by turn.
#[derive(Debug, Default)]
pub(crate) struct Side {
    /// Of one operation.
    times: Vec<Duration>,
    commands: Vec<f64>,
}

/// A row of the table.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) peer: &'static str,
    pub(crate) ours: Side,
    pub(crate) raw: Side,
}

impl Side {
    pub(crate) fn add(&mut self, turn: Turn, sent: &Commands, warm_up: bool) {
        if warm_up {
            return;
        }
        let operations = u32::try_from(turn.operations).unwrap_or(u32::MAX);
        self.times.push(turn.took / operations);
        let total = u32::try_from(sent.total()).unwrap_or(u32::MAX);
        self.commands.push(f64::from(total) / f64::from(operations));
    }
}

impl Row {
    /// How many times as fast the cache is, turn by turn; the median.
    fn ratio(&self) -> f64 {
        ratio(&self.raw.times, &self.ours.times)
    }
}

/// Prints what guests cost, for people and for Markdown.
pub(crate) fn print_guests(guests: &[Guest], arguments: &guests::Arguments) {
    println!("Medians of {} turns, of {} hits each.", arguments.turns, arguments.hits);
    println!("Times beside Rust's: turn by turn, in the same process.\n");
    println!("| | component | to Rust | instantiation | to Rust | a hit | to Rust |");
    println!("| --- | --: | --: | --: | --: | --: | --: |");
    let Some(rust) = guests.first() else { return };
    for guest in guests {
        println!(
            "| {} | {:.2} MB | {:.1} | {} | {:.1} | {} | {:.1} |",
            guest.language,
            guest.bytes / 1e6,
            guest.bytes / rust.bytes,
            micros(&guest.instantiations),
            ratio(&guest.instantiations, &rust.instantiations),
            micros(&guest.hits),
            ratio(&guest.hits, &rust.hits),
        );
    }
}

/// How many times as long `these` took, turn by turn; the median.
fn ratio(these: &[Duration], others: &[Duration]) -> f64 {
    let turns = these.iter().zip(others);
    median(turns.map(|(one, other)| one.as_secs_f64() / other.as_secs_f64()).collect())
}

/// Says what is being measured.
pub(crate) fn progress(name: &str) {
    eprintln!("measuring: {name}");
}

/// Prints the table, for people and for Markdown.
pub(crate) fn print(rows: &[Row], turns: usize) {
    println!("Medians of {turns} turns or, for what takes long, 3. Values of 100 bytes.");
    println!("Ratio: how many times as fast as the redis crate, turn by turn.\n");
    println!("| | time | commands | redis crate | time | commands | ratio |");
    println!("| --- | --: | --: | --- | --: | --: | --: |");
    for row in rows {
        println!(
            "| {} | {} | {:.1} | {} | {} | {:.1} | {:.2} |",
            row.name,
            micros(&row.ours.times),
            median(row.ours.commands.clone()),
            row.peer,
            micros(&row.raw.times),
            median(row.raw.commands.clone()),
            row.ratio(),
        );
    }
}

fn micros(times: &[Duration]) -> String {
    let micros = median(times.iter().map(|time| time.as_secs_f64() * 1e6).collect());
    if micros < 1_000.0 { format!("{micros:.1} µs") } else { format!("{:.1} ms", micros / 1e3) }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

//! What is printed: the same for the same files, wherever the numbers came from.

use std::io::{self, Write};
use std::time::Duration;

use spakky_cache::Metrics;

use crate::stats::FileStats;

pub(crate) struct Directory {
    path: String,
    files: Vec<(String, FileStats)>,
    total: FileStats,
}

impl Directory {
    pub(crate) fn new(path: &str) -> Self {
        Self { path: path.to_owned(), files: Vec::new(), total: FileStats::default() }
    }

    pub(crate) fn add(&mut self, path: String, stats: FileStats) {
        self.total.add(&stats);
        self.files.push((path, stats));
    }
}

pub(crate) fn write(directories: &[Directory], output: &mut impl Write) -> io::Result<()> {
    for Directory { path, files, total } in directories {
        for (path, stats) in files {
            writeln!(output, "{path}: {}", counts(stats))?;
            if !stats.frequent.is_empty() {
                let words: Vec<_> =
                    stats.frequent.iter().map(|(word, count)| format!("{word} {count}")).collect();
                writeln!(output, "    {}", words.join(", "))?;
            }
        }
        writeln!(output, "{path}: {} files, {}\n", files.len(), counts(total))?;
    }
    Ok(())
}

fn counts(stats: &FileStats) -> String {
    let FileStats { lines, words, bytes, longest_line, .. } = stats;
    format!("{lines} lines, {words} words, {bytes} bytes, longest line {longest_line}")
}

/// What it took: the cache's counts from before and after, and the program's own.
pub(crate) struct Summary {
    pub(crate) before: Metrics,
    pub(crate) after: Metrics,
    /// How often the loader ran.
    pub(crate) loads: u64,
    pub(crate) duration: Duration,
}

impl Summary {
    pub(crate) fn to_json(&self) -> String {
        let since = |count: fn(&Metrics) -> u64| count(&self.after) - count(&self.before);
        format!(
            r#"{{"hits":{},"misses":{},"writes":{},"loads":{},"waits":{},"duration_ms":{}}}"#,
            since(|counts| counts.hits),
            since(|counts| counts.misses),
            since(|counts| counts.writes),
            self.loads,
            since(|counts| counts.stampede_waits),
            self.duration.as_millis(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::count;

    #[test]
    fn a_report_has_files_and_a_total() {
        let mut directory = Directory::new("d");
        directory.add("d/a".to_owned(), count("one two\none\n"));
        directory.add("d/b".to_owned(), count(""));
        let mut output = Vec::new();
        write(&[directory], &mut output).expect("written");
        let expected = "\
d/a: 2 lines, 3 words, 12 bytes, longest line 7
    one 2, two 1
d/b: 0 lines, 0 words, 0 bytes, longest line 0
d: 2 files, 2 lines, 3 words, 12 bytes, longest line 7

";
        assert_eq!(String::from_utf8(output).expect("text"), expected);
    }

    #[test]
    fn a_summary_counts_what_happened_since() {
        let before = Metrics { hits: 5, misses: 1, ..Metrics::default() };
        let after = Metrics { hits: 7, misses: 4, writes: 3, stampede_waits: 1, ..before };
        let summary = Summary { before, after, loads: 3, duration: Duration::from_millis(12) };
        assert_eq!(
            summary.to_json(),
            r#"{"hits":2,"misses":3,"writes":3,"loads":3,"waits":1,"duration_ms":12}"#
        );
    }
}

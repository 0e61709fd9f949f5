//! What is counted.

use std::cmp::Reverse;
use std::collections::HashMap;

use serde::{Deserialize, Serialize};

const MOST_FREQUENT: usize = 10;

/// Statistics of one file: the value in the cache.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub(crate) struct FileStats {
    pub(crate) lines: u64,
    pub(crate) words: u64,
    pub(crate) bytes: u64,
    /// In characters.
    pub(crate) longest_line: u64,
    /// The most frequent words, and how often each occurs: the most frequent first,
    /// and in the order of the alphabet among equals.
    pub(crate) frequent: Vec<(String, u64)>,
}

/// Counts. A word is a run of ASCII letters and digits, underscores and whatever is
/// not ASCII, in small ASCII letters: simple, so that it is the same in every
/// language in which this program exists.
pub(crate) fn count(text: &str) -> FileStats {
    let mut frequencies: HashMap<&str, u64> = HashMap::new();
    let lower = text.to_ascii_lowercase();
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_' || !c.is_ascii();
    for word in lower.split(|c| !is_word(c)).filter(|word| !word.is_empty()) {
        *frequencies.entry(word).or_default() += 1;
    }
    let words = frequencies.values().sum();
    let mut frequent: Vec<_> = frequencies.into_iter().collect();
    frequent.sort_by_key(|(word, count)| (Reverse(*count), *word));
    frequent.truncate(MOST_FREQUENT);

    let length = |line: &str| line.chars().count() as u64;
    FileStats {
        lines: text.lines().count() as u64,
        words,
        bytes: text.len() as u64,
        longest_line: text.lines().map(length).max().unwrap_or_default(),
        frequent: frequent.into_iter().map(|(word, count)| (word.to_owned(), count)).collect(),
    }
}

impl FileStats {
    /// Adds up what adds up; frequencies do not.
    pub(crate) fn add(&mut self, other: &Self) {
        self.lines += other.lines;
        self.words += other.words;
        self.bytes += other.bytes;
        self.longest_line = self.longest_line.max(other.longest_line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_counted() {
        let stats = count("The cat, the_dog\nand THE cät-cat\n\nlast line");
        assert_eq!((stats.lines, stats.words, stats.bytes, stats.longest_line), (4, 9, 44, 16));
        let expected = [("cat", 2), ("the", 2), ("and", 1), ("cät", 1), ("last", 1)];
        let frequent: Vec<_> =
            stats.frequent.iter().take(5).map(|(word, count)| (word.as_str(), *count)).collect();
        assert_eq!(frequent, expected);
    }

    #[test]
    fn an_empty_file_has_nothing() {
        assert_eq!(count(""), FileStats::default());
    }

    #[test]
    fn at_most_ten_words_are_kept() {
        let text: String = ('a'..='z').flat_map(|letter| [letter, ' ']).collect();
        let stats = count(&text);
        assert_eq!((stats.words, stats.frequent.len()), (26, 10));
        assert_eq!(stats.frequent[9].0, "j");
    }
}

package main

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"
)

const mostFrequent = 10

// fileStats are the statistics of one file: the value in the cache.
type fileStats struct {
	Lines uint64 `cbor:"lines"`
	Words uint64 `cbor:"words"`
	Bytes uint64 `cbor:"bytes"`
	// LongestLine is counted in characters.
	LongestLine uint64 `cbor:"longest_line"`
	// Frequent are the most frequent words: the most frequent first, and in the order
	// of the alphabet among equals.
	Frequent []frequency `cbor:"frequent"`
}

// frequency is how often a word occurs: a pair to all languages.
type frequency struct {
	_     struct{} `cbor:",toarray"`
	Word  string
	Count uint64
}

// count counts. A word is a run of ASCII letters and digits, underscores and whatever
// is not ASCII, in small ASCII letters: simple, so that it is the same in every
// language in which this program exists.
func count(text string) fileStats {
	stats := fileStats{Bytes: uint64(len(text))}
	for line := range strings.Lines(text) {
		if rest, ended := strings.CutSuffix(line, "\n"); ended {
			line = strings.TrimSuffix(rest, "\r")
		}
		stats.Lines++
		stats.LongestLine = max(stats.LongestLine, uint64(utf8.RuneCountInString(line)))
	}
	counts := map[string]uint64{}
	for word := range strings.FieldsFuncSeq(strings.Map(small, text), func(c rune) bool { return !isWord(c) }) {
		counts[word]++
		stats.Words++
	}
	for word, count := range counts {
		stats.Frequent = append(stats.Frequent, frequency{Word: word, Count: count})
	}
	slices.SortFunc(stats.Frequent, func(a, b frequency) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), strings.Compare(a.Word, b.Word))
	})
	stats.Frequent = stats.Frequent[:min(len(stats.Frequent), mostFrequent)]
	return stats
}

func small(c rune) rune {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

func isWord(c rune) bool {
	return c == '_' || c >= utf8.RuneSelf || '0' <= c && c <= '9' || 'a' <= c && c <= 'z'
}

// add adds up what adds up; frequencies do not.
func (s *fileStats) add(other fileStats) {
	s.Lines += other.Lines
	s.Words += other.Words
	s.Bytes += other.Bytes
	s.LongestLine = max(s.LongestLine, other.LongestLine)
}

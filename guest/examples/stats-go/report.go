package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"spakky/cache"
)

// What is printed: the same for the same files, wherever the numbers came from.

type directory struct {
	path  string
	files []counted
	total fileStats
}

type counted struct {
	path  string
	stats fileStats
}

func (d *directory) add(path string, stats fileStats) {
	d.total.add(stats)
	d.files = append(d.files, counted{path, stats})
}

func write(directories []directory, output io.Writer) error {
	for _, directory := range directories {
		for _, file := range directory.files {
			if _, err := fmt.Fprintf(output, "%s: %s\n", file.path, counts(file.stats)); err != nil {
				return err
			}
			if len(file.stats.Frequent) == 0 {
				continue
			}
			words := make([]string, len(file.stats.Frequent))
			for i, word := range file.stats.Frequent {
				words[i] = fmt.Sprint(word.Word, " ", word.Count)
			}
			if _, err := fmt.Fprintf(output, "    %s\n", strings.Join(words, ", ")); err != nil {
				return err
			}
		}
		if _, err := fmt.Fprintf(output, "%s: %d files, %s\n\n", directory.path, len(directory.files), counts(directory.total)); err != nil {
			return err
		}
	}
	return nil
}

func counts(stats fileStats) string {
	return fmt.Sprintf("%d lines, %d words, %d bytes, longest line %d", stats.Lines, stats.Words, stats.Bytes, stats.LongestLine)
}

// summary is what it took: the cache's counts from before and after, and the
// program's own.
type summary struct {
	before, after cache.Counts
	// How often the loader ran.
	loads    int
	duration time.Duration
}

// String is the summary as JSON.
func (s summary) String() string {
	return fmt.Sprintf(`{"hits":%d,"misses":%d,"writes":%d,"loads":%d,"waits":%d,"duration_ms":%d}`,
		s.after.Hits-s.before.Hits,
		s.after.Misses-s.before.Misses,
		s.after.Writes-s.before.Writes,
		s.loads,
		s.after.StampedeWaits-s.before.StampedeWaits,
		s.duration.Milliseconds(),
	)
}

// Statistics of the text files below some directories, as a component. What it
// counts, it keeps in the cache, so a file is counted once for everyone who asks, in
// however many hosts, and again when its content has changed.
package main

import (
	"bufio"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"spakky/cache"
)

// A content is counted the same for ever; this is how long it is worth keeping.
const ttl = 24 * time.Hour

func main() {
	output := bufio.NewWriter(os.Stdout)
	if err := run(os.Args[1:], output); err != nil {
		// What was written so far stays; the exit code tells that it is not all.
		_ = output.Flush()
		fmt.Fprintln(os.Stderr, "stats-go:", err)
		os.Exit(1)
	}
}

func run(words []string, output *bufio.Writer) error {
	arguments, err := parse(words)
	switch {
	case errors.Is(err, errHelp):
		if _, err := io.WriteString(output, help); err != nil {
			return err
		}
		return output.Flush()
	case err != nil:
		return misused{err}
	}
	return report(arguments, output)
}

// misused is what is wrong with the command line.
type misused struct{ error }

func (m misused) Error() string { return m.error.Error() + "\nTry --help." }

func report(arguments arguments, output *bufio.Writer) error {
	start, before := time.Now(), cache.Metrics()
	loads := 0

	if len(arguments.evict) > 0 {
		tags, err := tags(arguments.evict)
		if err != nil {
			return err
		}
		if err := cache.EvictTags(tags...); err != nil {
			return err
		}
	}

	var directories []directory
	for _, path := range arguments.directories {
		directory := directory{path: path}
		files, err := below(path)
		if err != nil {
			return err
		}
		for _, file := range files {
			content, isText, err := text(file)
			if err != nil {
				return err
			}
			if !isText {
				continue
			}
			stats, err := statsOf(file, content, arguments.loadDelay, &loads)
			if err != nil {
				return err
			}
			directory.add(file.path, stats)
		}
		directories = append(directories, directory)
	}
	if err := write(directories, output); err != nil {
		return err
	}
	if arguments.summaryJSON {
		summary := summary{before, cache.Metrics(), loads, time.Since(start)}
		if _, err := fmt.Fprintln(output, summary); err != nil {
			return err
		}
	}
	return output.Flush()
}

// statsOf is a file's statistics: out of the cache, or counted here.
func statsOf(file file, content string, delay time.Duration, loads *int) (fileStats, error) {
	// The content is part of the key, so an entry is never out of date.
	key, err := cache.Key("stats:{}:{}", file.path, fmt.Sprintf("%x", sha256.Sum256([]byte(content))))
	if err != nil {
		return fileStats{}, err
	}
	tags, err := tags(file.directories)
	if err != nil {
		return fileStats{}, err
	}
	return cache.GetOrLoad(key, cache.TTL(ttl).Tags(tags...), func() (fileStats, error) {
		*loads++
		time.Sleep(delay)
		return count(content), nil
	})
}

// tags are those of everything below some directories.
func tags(directories []string) ([]string, error) {
	made := make([]string, len(directories))
	for i, directory := range directories {
		var err error
		if made[i], err = cache.Key("directory:{}", directory); err != nil {
			return nil, err
		}
	}
	return made, nil
}

package main

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

const help = `Statistics of the text files below directories, counted once and then cached.

Usage: stats-go [OPTIONS] DIR...

Every DIR must be one that the component was granted, or lie below one. What is
named target, .git or node_modules is passed over, and so are files that are not
UTF-8 text.

Options:
  --evict DIR       First forget what is cached of the files below DIR
  --load-delay MS   Take so much longer to count a file (to watch hosts share the work)
  --summary-json    End with a line of JSON: hits, misses, writes, loads, waits, duration_ms
  --help            Print this

Exit code: 0 if all went well; 1 if the command line is wrong, something could not be
read, or the cache failed, and standard error says which.
`

var errHelp = errors.New("help is asked for")

type arguments struct {
	directories, evict []string
	loadDelay          time.Duration
	summaryJSON        bool
}

func parse(words []string) (arguments, error) {
	var parsed arguments
	for len(words) > 0 {
		word := words[0]
		words = words[1:]
		value := func(what string) (string, error) {
			if len(words) == 0 {
				return "", fmt.Errorf("%s is followed by %s", word, what)
			}
			value := words[0]
			words = words[1:]
			return value, nil
		}
		switch {
		case word == "--help" || word == "-h":
			return parsed, errHelp
		case word == "--summary-json":
			parsed.summaryJSON = true
		case word == "--evict":
			directory, err := value("a directory")
			if err != nil {
				return parsed, err
			}
			parsed.evict = append(parsed.evict, normal(directory))
		case word == "--load-delay":
			delay, err := value("a number of milliseconds")
			if err != nil {
				return parsed, err
			}
			if parsed.loadDelay, err = milliseconds(delay); err != nil {
				return parsed, err
			}
		case strings.HasPrefix(word, "-"):
			return parsed, fmt.Errorf("unknown option `%s`", word)
		default:
			parsed.directories = append(parsed.directories, normal(word))
		}
	}
	if len(parsed.directories) == 0 {
		return parsed, errors.New("no directory to look at")
	}
	return parsed, nil
}

func milliseconds(text string) (time.Duration, error) {
	count, err := strconv.ParseUint(strings.TrimPrefix(text, "+"), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("--load-delay takes a whole number of milliseconds, not `%s`", text)
	}
	return time.Duration(min(count, math.MaxInt64/uint64(time.Millisecond))) * time.Millisecond, nil
}

package main

import (
	"bufio"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"spakky/cache"
)

func TestOptionsAndDirectoriesComeInAnyOrder(t *testing.T) {
	parsed, err := parse(strings.Fields("a/ --evict ./b/ --load-delay 250 c --summary-json --evict d"))
	want := arguments{
		directories: []string{"a", "c"},
		evict:       []string{"b", "d"},
		loadDelay:   250 * time.Millisecond,
		summaryJSON: true,
	}
	if err != nil || !reflect.DeepEqual(parsed, want) {
		t.Error(parsed, err)
	}
}

func TestAWrongCommandLineIsRefusedWithItsReason(t *testing.T) {
	for words, reason := range map[string]string{
		"":                    "no directory",
		"--evict":             "followed by a directory",
		"a --load-delay":      "followed by a number",
		"a --load-delay soon": "`soon`",
		"a --load-delay -5":   "`-5`",
		"a --summary":         "`--summary`",
	} {
		if _, err := parse(strings.Fields(words)); err == nil || !strings.Contains(err.Error(), reason) {
			t.Errorf("%s: %v", words, err)
		}
	}
}

func TestAPathHasOneForm(t *testing.T) {
	for path, want := range map[string]string{
		".": ".", "./": ".", "": ".", "a/": "a", "./a//b/./c/": "a/b/c", "../a": "../a", "/": "/", "/a/": "/a",
	} {
		if got := normal(path); got != want {
			t.Errorf("%s: %s", path, got)
		}
	}
}

func TestFilesAreFoundBelowADirectoryAndSorted(t *testing.T) {
	files, err := below(".")
	if err != nil {
		t.Fatal(err)
	}
	names := make([]string, len(files))
	for i, file := range files {
		names[i] = file.path
	}
	if !slices.IsSorted(names) || !slices.Contains(names, "go.mod") || !reflect.DeepEqual(files[0].directories, []string{"."}) {
		t.Error(files)
	}
	if content, isText, err := text(file{path: "go.mod"}); err != nil || !isText || !strings.Contains(content, "module stats-go") {
		t.Error(content, isText, err)
	}
	if _, err := below("no/such/directory"); err == nil || !strings.Contains(err.Error(), "`no/such/directory`") {
		t.Error(err)
	}
}

func TestEverythingIsCounted(t *testing.T) {
	stats := count("The cat, the_dog\nand THE cät-cat\n\nlast line")
	if stats.Lines != 4 || stats.Words != 9 || stats.Bytes != 44 || stats.LongestLine != 16 {
		t.Error(stats)
	}
	want := []frequency{
		{Word: "cat", Count: 2}, {Word: "the", Count: 2}, {Word: "and", Count: 1}, {Word: "cät", Count: 1}, {Word: "last", Count: 1},
	}
	if !reflect.DeepEqual(stats.Frequent[:5], want) {
		t.Error(stats.Frequent)
	}
}

func TestLinesEndInTwoWays(t *testing.T) {
	for text, want := range map[string][2]uint64{
		"": {0, 0}, "\n": {1, 0}, "ab\r\ncd": {2, 2}, "ab\r": {1, 3}, "a\r\r\n": {1, 2}, "\r\n\r\n": {2, 0},
	} {
		if stats := count(text); stats.Lines != want[0] || stats.LongestLine != want[1] {
			t.Errorf("%q: %v", text, stats)
		}
	}
}

func TestAtMostTenWordsAreKept(t *testing.T) {
	stats := count("a b c d e f g h i j k l m n o p q r s t u v w x y z")
	if stats.Words != 26 || len(stats.Frequent) != 10 || stats.Frequent[9].Word != "j" {
		t.Error(stats)
	}
}

func TestAnEntryIsAMapOfPairs(t *testing.T) {
	for _, stats := range []fileStats{count(""), count("a b a")} {
		data, err := cache.Encode(stats)
		if err != nil {
			t.Fatal(err)
		}
		entry, err := cache.Decode[map[string]any](data)
		if _, isList := entry["frequent"].([]any); err != nil || len(entry) != 5 || !isList {
			t.Error(entry, err)
		}
		back, err := cache.Decode[fileStats](data)
		if err != nil || back.Words != stats.Words || len(back.Frequent) != len(stats.Frequent) {
			t.Error(back, err)
		}
	}
}

func TestAReportHasFilesAndATotal(t *testing.T) {
	d := directory{path: "d"}
	d.add("d/a", count("one two\none\n"))
	d.add("d/b", count(""))
	var output strings.Builder
	writer := bufio.NewWriter(&output)
	if err := write([]directory{d}, writer); err != nil {
		t.Fatal(err)
	}
	_ = writer.Flush()
	want := `d/a: 2 lines, 3 words, 12 bytes, longest line 7
    one 2, two 1
d/b: 0 lines, 0 words, 0 bytes, longest line 0
d: 2 files, 2 lines, 3 words, 12 bytes, longest line 7

`
	if output.String() != want {
		t.Error(output.String())
	}
}

func TestASummaryCountsWhatHappenedSince(t *testing.T) {
	before := cache.Counts{Hits: 5, Misses: 1}
	after := cache.Counts{Hits: 7, Misses: 4, Writes: 3, StampedeWaits: 1}
	got := summary{before, after, 3, 12 * time.Millisecond}.String()
	if want := `{"hits":2,"misses":3,"writes":3,"loads":3,"waits":1,"duration_ms":12}`; got != want {
		t.Error(got)
	}
}

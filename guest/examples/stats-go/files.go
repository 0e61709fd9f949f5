package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"syscall"
	"unicode/utf8"
)

// file is a file, and the directories that it lies below, the outermost first.
type file struct {
	path        string
	directories []string
}

const (
	// An entry has at most 64 tags, and one is left for whoever adds one.
	mostDirectories = 63
	// Enough to tell a picture from a text without reading all of it as one.
	sniffed = 8 << 10
)

var passedOver = []string{"target", ".git", "node_modules"}

// normal is a path in the one form that keys and tags are made of: ./a//b/ is a/b.
func normal(path string) string {
	root := ""
	if strings.HasPrefix(path, "/") {
		root = "/"
	}
	parts := slices.DeleteFunc(strings.Split(path, "/"), func(part string) bool {
		return part == "" || part == "." || !utf8.ValidString(part)
	})
	return cmp.Or(root+strings.Join(parts, "/"), ".")
}

// below is every file below a directory, sorted by path.
func below(directory string) ([]file, error) {
	files, err := collect(directory, nil, nil)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(files, func(a, b file) int { return strings.Compare(a.path, b.path) })
	return files, nil
}

func collect(directory string, above []string, files []file) ([]file, error) {
	directories := slices.Clip(above)
	if len(directories) < mostDirectories {
		directories = append(directories, directory)
	}
	entries, err := os.ReadDir(directory)
	if err != nil {
		return nil, fmt.Errorf("cannot read the directory `%s`: %w (is it granted?)", directory, cause(err))
	}
	for _, entry := range entries {
		// What is not UTF-8 has no place in a key.
		name := entry.Name()
		if !utf8.ValidString(name) || slices.Contains(passedOver, name) {
			continue
		}
		path := normal(directory + "/" + name)
		// Links are not followed: they could lead in a circle.
		switch {
		case entry.IsDir():
			if files, err = collect(path, directories, files); err != nil {
				return nil, err
			}
		case entry.Type().IsRegular():
			files = append(files, file{path, directories})
		}
	}
	return files, nil
}

// text is a file's content, and whether it is one: what is binary is not.
func text(file file) (string, bool, error) {
	content, err := os.ReadFile(file.path)
	if err != nil {
		return "", false, fmt.Errorf("cannot read the file `%s`: %w", file.path, cause(err))
	}
	if bytes.IndexByte(content[:min(len(content), sniffed)], 0) >= 0 || !utf8.Valid(content) {
		return "", false, nil
	}
	return string(content), true, nil
}

// cause is an error without the path, which the message has. Go has another name for
// a path that nothing which was granted leads to.
func cause(err error) error {
	if errors.Is(err, syscall.EBADF) {
		return syscall.ENOENT
	}
	if found, ok := errors.AsType[*fs.PathError](err); ok {
		return found.Err
	}
	return err
}

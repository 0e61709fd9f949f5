//go:build wasip1

package program

import (
	"path"
	"strings"
	_ "unsafe" // for go:linkname
)

// A component is granted directories by name, such as `src` or `.`. Go takes the first
// of them for the working directory, so that `src/a` is looked for in `src/src/a`, and
// finds nothing below `.` at all. Where all names begin at the root, and the root is
// the working directory, every path leads where it leads in other languages.

//go:linkname preopens syscall.preopens
var preopens []struct {
	fd   int32
	name string
}

//go:linkname workingDirectory syscall.cwd
var workingDirectory string

func init() {
	if !strings.HasPrefix(workingDirectory, "/") {
		workingDirectory = "/"
	}
	for i, directory := range preopens {
		if !strings.HasPrefix(directory.name, "/") {
			preopens[i].name = path.Join(workingDirectory, directory.name)
		}
	}
}

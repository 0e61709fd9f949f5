//go:build wasip1

// Package program is what makes a component of a program in Go. Its import does.
package program

import _ "unsafe" // for go:linkname

//go:linkname program main.main
func program()

// run is what the host calls. By then Go has started, and every package's init has
// run. A Go program that starts by itself could not be asked for memory before it has,
// and the adapter of WASI does ask.
//
//go:wasmexport wasi:cli/run@0.2.0#run
func run() int32 {
	program()
	return 0
}

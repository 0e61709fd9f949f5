// Plays steps of JSON on the cache. ../README.md describes the protocol.
package main

import (
	"bufio"
	"fmt"
	"os"
)

// buffer is the size of the buffers. Lines are long: a value may have eight megabytes.
const buffer = 64 << 10

func main() {
	player := &player{
		input:  bufio.NewReaderSize(os.Stdin, buffer),
		output: bufio.NewWriterSize(os.Stdout, buffer),
	}
	if err := player.playAll(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "player:", err)
		os.Exit(1)
	}
}

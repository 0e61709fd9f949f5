// Plays steps of JSON on the cache, so that a test can drive the contract and the
// library from data. ../README.md describes the protocol.
package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
)

func main() {
	player := newPlayer(os.Stdin, os.Stdout)
	if err := play(player, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "scenario-guest:", err)
		os.Exit(1)
	}
}

func play(player *player, steps []string) error {
	if len(steps) == 0 {
		return player.playInput()
	}
	for _, step := range steps {
		if _, err := player.playLine([]byte(step)); err != nil {
			return err
		}
	}
	return nil
}

// Lines are long: a value may have eight megabytes.
const buffer = 64 << 10

func newPlayer(input io.Reader, output io.Writer) *player {
	return &player{
		input:  bufio.NewReaderSize(input, buffer),
		output: bufio.NewWriterSize(output, buffer),
		leases: leases{},
	}
}

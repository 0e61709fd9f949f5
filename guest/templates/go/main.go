// @NAME@ asks twice, and works once.
package main

import (
	"fmt"
	"os"
	"time"

	"spakky/cache"
)

var loaded bool

var greeting = cache.Cacheable("greeting:{}", cache.TTL(5*time.Minute).Tags("greetings"),
	func(name string) (string, error) {
		// In place of whatever takes long: it runs once in the whole fleet.
		loaded = true
		return fmt.Sprintf("hello, %s: %d", name, 6*7), nil
	})

func main() {
	for range 2 {
		loaded = false
		text, err := greeting("@NAME@")
		if err != nil {
			fmt.Fprintln(os.Stderr, "@NAME@:", err)
			os.Exit(1)
		}
		how := "cached"
		if loaded {
			how = "loaded"
		}
		fmt.Printf("%s (%s)\n", text, how)
	}
}

package main

import (
	"fmt"
	"os"
	"time"

	"spakky/cache"
)

var loaded = false

// answer runs once in the whole fleet. What it returned is read from the cache for five
// minutes, by every program that uses the same one.
var answer = cache.Cacheable(
	"@NAME@:answer:{}",
	cache.TTL(5*time.Minute).Tags("@NAME@"),
	func(question string) (int, error) {
		loaded = true
		return 42, nil
	},
)

func main() {
	// So that it can be seen to load, however often it is run.
	if err := cache.EvictTags("@NAME@"); err != nil {
		fail(err)
	}
	for range 2 {
		loaded = false
		value, err := answer("everything")
		if err != nil {
			fail(err)
		}
		how := "cached"
		if loaded {
			how = "loaded"
		}
		fmt.Printf("hello, @NAME@: %d (%s)\n", value, how)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "@NAME@:", err)
	os.Exit(1)
}

// Refreshes a stale value while others read it. Run: ./just example go stale-while-revalidate
package main

import (
	"fmt"
	"log"
	"time"

	"spakky/cache"
)

const key = "example:rate"

// load is called by one caller in the fleet. The others read the stale value meanwhile.
func load() (int, error) {
	stale, found, err := cache.Get[int](key)
	if found {
		fmt.Println("loading, while others read", stale)
	}
	return stale + 1, err
}

func main() {
	// So short that the next run finds a stale value.
	options := cache.TTL(time.Hour).FreshFor(time.Millisecond)
	rate, err := cache.GetOrLoad(key, options, load)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("rate:", rate)
}

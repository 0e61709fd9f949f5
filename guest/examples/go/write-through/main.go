// Writes a value to its origin and to the cache. Run: ./just example go write-through
package main

import (
	"fmt"
	"log"
	"time"

	"spakky/cache"
)

const key = "example:visits"

// report prints what is cached, and returns it.
func report() int {
	visits, found, err := cache.Get[int](key)
	switch {
	case err != nil:
		log.Fatal(err)
	case found:
		fmt.Println("cached:", visits)
	default:
		fmt.Println("cached: nothing")
	}
	return visits
}

func main() {
	visits := report() + 1
	// While the writer runs, reads miss and loads wait. If it fails, the key stays a miss.
	err := cache.WriteThrough(key, visits, cache.TTL(5*time.Minute), func(visits int) error {
		fmt.Println("database:", visits)
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
	report()
}

// Loads a value once, then reads it from the cache. Run: ./just example go get-or-load
package main

import (
	"fmt"
	"log"
	"time"

	"spakky/cache"
)

func total() (int, error) {
	fmt.Println("loading")
	return 6 * 7, nil
}

func main() {
	for range 2 {
		total, err := cache.GetOrLoad("example:total", cache.TTL(time.Minute), total)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println("total:", total)
	}
}

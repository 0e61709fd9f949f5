// Caches a function with a wrapper. Run: ./just example go decorator [rename]
package main

import (
	"fmt"
	"log"
	"os"
	"slices"
	"time"

	"spakky/cache"
)

var user = cache.Cacheable("example:user:{}", cache.TTL(5*time.Minute), func(id int) (string, error) {
	fmt.Println("loading user", id)
	return fmt.Sprintf("user %d", id), nil
})

// rename evicts the user once the function has returned no error.
var rename = cache.CacheEvict(cache.Evict{Key: "example:user:{}"}, func(id int) error {
	fmt.Println("renamed user", id)
	return nil
})

func main() {
	if slices.Contains(os.Args, "rename") {
		if err := rename(7); err != nil {
			log.Fatal(err)
		}
	}
	for range 2 {
		text, err := user(7)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(text)
	}
}

// Evicts entries by a tag that they share. Run: ./just example go tags
package main

import (
	"fmt"
	"log"
	"time"

	"spakky/cache"
)

func main() {
	for _, article := range [][2]string{{"first", "news"}, {"second", "sports"}} {
		name, tag := article[0], article[1]
		options := cache.TTL(5 * time.Minute).Tags(tag)
		if _, err := cache.GetOrLoad("example:article:"+name, options, func() (string, error) {
			fmt.Println("loading", name)
			return "the " + name + " article", nil
		}); err != nil {
			log.Fatal(err)
		}
	}

	if err := cache.EvictTags("news"); err != nil {
		log.Fatal(err)
	}
	fmt.Println("evicted: news")
	for _, name := range []string{"first", "second"} {
		_, found, err := cache.Get[string]("example:article:" + name)
		if err != nil {
			log.Fatal(err)
		}
		state := "gone"
		if found {
			state = "cached"
		}
		fmt.Printf("%s: %s\n", name, state)
	}
}

package main

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"
	"time"

	"spakky/cache"
)

// crowd has goroutines ask at once: what each got, sorted, and how often a loader ran.
func crowd(how, key string, times int) any {
	made := &gathering{key: key, times: times}
	ask := map[string]func(int) (string, error){
		"load": made.load, "look up": made.lookUp, "fail": made.failOnce, "write": made.write,
		"each other": made.eachOther, "child": made.child, "deadline": made.deadline,
	}[how]
	answers := make([]string, times)
	var group sync.WaitGroup
	for i := range times {
		group.Go(func() {
			made.begun++
			value, err := ask(i)
			if answers[i] = value; err != nil {
				answers[i] = kindOf(err)
			}
		})
	}
	group.Wait()
	slices.Sort(answers)
	return object{"answers": answers, "loads": made.loads}
}

func kindOf(err error) string {
	if found, is := errors.AsType[*cache.Error](err); is {
		return found.Kind()
	}
	return err.Error()
}

// gathering counts without a lock: goroutines of a component do not run at once.
type gathering struct {
	key                 string
	times, begun, loads int
}

var lasting = cache.TTL(time.Minute)

// work is over once all others have asked.
func (g *gathering) work() (string, error) {
	g.loads++
	for g.begun < g.times {
		runtime.Gosched()
	}
	for range 100 {
		runtime.Gosched()
	}
	return "loaded", nil
}

func (g *gathering) load(int) (string, error) { return cache.GetOrLoad(g.key, lasting, g.work) }

func (g *gathering) lookUp(int) (string, error) {
	found, err := cache.Lookup[string](g.key, lasting)
	if err != nil {
		return "", err
	}
	defer found.Lease.Close()
	if found.Lease != nil {
		found.Value, _ = g.work()
		_, err = found.Lease.Commit(found.Value, lasting)
	}
	return found.Value, err
}

func (g *gathering) failOnce(int) (string, error) {
	return cache.GetOrLoad(g.key, lasting, func() (string, error) {
		if _, err := g.work(); g.loads == 1 {
			return "", errors.Join(errors.New("failed"), err)
		}
		return "loaded", nil
	})
}

// write has the first write, and the others read what it writes.
func (g *gathering) write(i int) (string, error) {
	if i == 0 {
		return "written", cache.WriteThrough(g.key, "written", lasting, func(string) error {
			_, err := g.work()
			return err
		})
	}
	for g.loads == 0 {
		runtime.Gosched()
	}
	return cache.GetOrLoad(g.key, lasting, func() (string, error) { return "loaded", nil })
}

// eachOther has goroutines load a key each, and for that the next one's.
func (g *gathering) eachOther(i int) (string, error) {
	name := func(i int) string { return g.key + string(rune('a'+i%g.times)) }
	return cache.GetOrLoad(name(i), lasting, func() (string, error) {
		if _, err := g.work(); err != nil {
			return "", err
		}
		return cache.GetOrLoad(name(i+1), lasting, func() (string, error) { return "loaded", nil })
	})
}

// child has a loader wait for a goroutine that asks for the same key.
func (g *gathering) child(int) (string, error) {
	return cache.GetOrLoadContext(context.Background(), g.key, lasting, func(ctx context.Context) (string, error) {
		told := make(chan error)
		go func() {
			_, err := cache.GetOrLoadContext(ctx, g.key, lasting, func(context.Context) (string, error) { return "loaded", nil })
			told <- err
		}()
		return "", <-told
	})
}

// deadline has the first load until the others gave up.
func (g *gathering) deadline(i int) (string, error) {
	if i == 0 {
		return cache.GetOrLoad(g.key, lasting, func() (string, error) {
			for g.loads++; g.loads < g.times; {
				runtime.Gosched()
			}
			return "loaded", nil
		})
	}
	for g.loads == 0 {
		runtime.Gosched()
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()
	defer func() { g.loads++ }()
	return posts(ctx, g.key, uint64(i))
}

var posts = cache.Cacheable("{}", lasting.Shared(),
	func(_ context.Context, key string, _ uint64) (string, error) { return "loaded", nil })

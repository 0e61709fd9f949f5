package host

import (
	"bytes"
	"context"
	"runtime"
	"strconv"
	"sync"
	"time"

	"spakky/cache/internal/fault"
)

// Loading is a lease that a goroutine of this component holds. To the host, the component
// is one caller, which does not wait for itself; its goroutines wait for each other here.
type Loading struct {
	key   string
	owner uint64
	over  chan struct{}
}

var loads = struct {
	sync.Mutex
	byKey map[string]*Loading
	// What a goroutine waits for.
	waiting map[uint64]*Loading
}{byKey: map[string]*Loading{}, waiting: map[uint64]*Loading{}}

// begin is for a lease that this goroutine got. A write takes the lease of a key from
// whoever has it, so the last is the one that holds.
func begin(key string) *Loading {
	made := &Loading{key, goroutine(), make(chan struct{})}
	loads.Lock()
	defer loads.Unlock()
	loads.byKey[key] = made
	return made
}

// loading is who holds the lease of a key, or nil.
func loading(key string) *Loading {
	loads.Lock()
	defer loads.Unlock()
	return loads.byKey[key]
}

// end wakes who waits, once the host knows that the lease is over.
func (l *Loading) end() {
	if l == nil {
		return
	}
	loads.Lock()
	defer loads.Unlock()
	if loads.byKey[l.key] == l {
		delete(loads.byKey, l.key)
	}
	select {
	case <-l.over:
	default:
		close(l.over)
	}
}

// held is the key of what a context's loaders are loading.
type held struct{}

// Within is the context for the loader that a lease is for, which may be nil.
func (l *Lease) Within(ctx context.Context) context.Context {
	if l == nil {
		return ctx
	}
	outer, _ := ctx.Value(held{}).([]*Loading)
	return context.WithValue(ctx, held{}, append(outer[:len(outer):len(outer)], l.current()))
}

// Wait waits until the lease is over, for limit at most unless that is negative. It is
// [fault.LeaseHeld] at once where the holder waits for this goroutine, or for this context.
func (l *Loading) Wait(ctx context.Context, limit time.Duration) error {
	self := goroutine()
	if !l.enter(self, ctx) {
		return fault.LeaseHeld
	}
	defer func() {
		loads.Lock()
		defer loads.Unlock()
		delete(loads.waiting, self)
	}()
	var late <-chan time.Time
	if limit >= 0 {
		timer := time.NewTimer(limit)
		defer timer.Stop()
		late = timer.C
	}
	select {
	case <-l.over:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-late:
		return fault.LockTimeout
	}
}

// enter notes that a goroutine waits, unless the holder waits for it.
func (l *Loading) enter(self uint64, ctx context.Context) bool {
	outer, _ := ctx.Value(held{}).([]*Loading)
	loads.Lock()
	defer loads.Unlock()
	for at := l; at != nil; at = loads.waiting[at.owner] {
		if at.owner == self {
			return false
		}
		for _, own := range outer {
			if own == at {
				return false
			}
		}
	}
	loads.waiting[self] = l
	return true
}

// goroutine is the number of this goroutine, which Go tells in a stack trace alone.
func goroutine() uint64 {
	var text [64]byte
	line := text[:runtime.Stack(text[:], false)]
	digits, _, _ := bytes.Cut(bytes.TrimPrefix(line, []byte("goroutine ")), []byte(" "))
	number, err := strconv.ParseUint(string(digits), 10, 64)
	if err != nil {
		panic("a stack trace begins with `" + string(line) + "`")
	}
	return number
}

//go:build wasip1

// Package runtime is what the generated bindings stand on: handles, memory for
// arguments, and memory for what the host returns.
//
// # What the host returns
//
// Before the host returns bytes, it calls cabi_realloc for the memory to put them
// into. While it does, the component must not call the host: that traps. A collection
// of garbage does call it, for the time, and so does the scheduler. So cabi_realloc
// allocates nothing of Go's: no collection can begin in it, no goroutine is switched,
// no stack grows. It takes memory from an [Area], which lies outside Go's heap, and
// where that is used up, more from the runtime's own sbrk, which only grows the
// linear memory.
//
// An area belongs to one call until what it holds was copied or decoded, and is used
// again for the next. Go collects its garbage whenever it likes everywhere else.
package runtime

import (
	"runtime"
	"sync"
	"unsafe"
)

const (
	page = 64 << 10
	// An area grows by as much as it has, and by no more than this beyond the need.
	most = 1 << 20
	// So many small calls are followed by others' turn.
	calls = 16
)

// sbrk is memory that the runtime leaves alone, or nil.
//
//go:linkname sbrk runtime.sbrk
func sbrk(n uintptr) unsafe.Pointer

// sysFreeOS gives memory to the runtime.
//
//go:linkname sysFreeOS runtime.sysFreeOS
func sysFreeOS(v unsafe.Pointer, n uintptr)

// outOfMemory traps: there is nobody to tell.
func outOfMemory()

// An Area is memory for what the host returns. It keeps what it has grown to.
type Area struct {
	// No pointers: to Go, there is no memory here.
	start, size, used uintptr
	// A chunk that was too small, and was left for another during this call.
	left uintptr
	// The next area that is free.
	next *Area
}

// header begins a chunk that was left. The room for it is part of every chunk.
type header struct {
	left, size uintptr
}

const headerSize = unsafe.Sizeof(header{})

var (
	// Where cabi_realloc takes memory from: outside of calls, an area that is never
	// emptied. The adapter of WASI keeps its own state there.
	current   = &permanent
	permanent Area

	mutex sync.Mutex
	free  *Area

	// What was received, or so, since this goroutine or another last let others run.
	since uintptr
)

// Receive runs call, which calls the host once and is done with that when it returns.
// What the host returned lies in the area until that is released.
func Receive(call func()) *Area {
	mutex.Lock()
	defer mutex.Unlock()
	area := largest()
	roomOnStack()
	current = area
	defer func() { current = &permanent }()
	call()
	return area
}

// largest is a free area, so that few have to be large.
func largest() *Area {
	if free == nil {
		return new(Area)
	}
	found := &free
	for at := found; *at != nil; at = &(*at).next {
		if (*at).size > (*found).size {
			found = at
		}
	}
	area := *found
	*found, area.next = area.next, nil
	return area
}

// Release empties the area for another call. What it held must not be used any more.
func (a *Area) Release() {
	yield(a.used)
	mutex.Lock()
	defer mutex.Unlock()
	for a.left != 0 {
		start := pointer(a.left)
		chunk := *(*header)(start)
		a.left = chunk.left
		sysFreeOS(start, chunk.size)
	}
	a.used = headerSize
	a.next, free = free, a
}

// yield lets others run now and then, the collector of garbage among them: in a
// component nobody is interrupted, so a loop that does nothing but call would leave
// them no time, and memory would run out over a collection that was begun and never
// ended. Large results take more time than this does, and small ones add up.
func yield(received uintptr) {
	if since += received + page/calls; since >= page {
		since = 0
		runtime.Gosched()
	}
}

// take is called while the component must not call the host, and so is all that it
// calls: nothing here allocates, blocks, or grows the stack.
//
//go:nosplit
func (a *Area) take(size, align uintptr) uintptr {
	for {
		start := (a.start + a.used + align - 1) &^ (align - 1)
		end := start + size
		if a.size != 0 && end >= start && end <= a.start+a.size {
			a.used = end - a.start
			return start
		}
		a.extend(size + align)
	}
}

// extend makes room for so many bytes more. Mostly they follow what is there. If the
// runtime took what follows, the area goes on in another chunk.
//
//go:nosplit
func (a *Area) extend(size uintptr) {
	if more := a.size; size < more && size < most {
		size = more
		if size > most {
			size = most
		}
	}
	size = (headerSize + size + page - 1) &^ (page - 1)
	if size > 1<<32-page {
		outOfMemory()
	}
	chunk := uintptr(sbrk(size))
	switch {
	case chunk == 0:
		outOfMemory()
	case a.size != 0 && chunk == a.start+a.size:
		a.size += size
	default:
		if a.size != 0 {
			*(*header)(pointer(a.start)) = header{a.left, a.size}
			a.left = a.start
		}
		a.start, a.size, a.used = chunk, size, headerSize
	}
}

// pointer is the address of memory that is not Go's: nothing moves it, and no
// collector looks for it.
//
//go:nosplit
func pointer(address uintptr) unsafe.Pointer {
	return *(*unsafe.Pointer)(unsafe.Pointer(&address))
}

// roomOnStack makes the goroutine's stack large enough for cabi_realloc, and all it
// calls, to run on it as it is. A collection between here and there may halve a stack
// that is hardly used, and leaves enough of it.
//
//go:noinline
func roomOnStack() {
	var room [4 << 10]byte
	touch(&room)
}

//go:noinline
func touch(*[4 << 10]byte) {}

//go:wasmexport cabi_realloc
//go:nosplit
func cabiRealloc(old unsafe.Pointer, oldSize, align, size uintptr) unsafe.Pointer {
	// Only a change of the encoding of text, which there is none of, would have the
	// host ask for a piece to be resized.
	if oldSize != 0 {
		outOfMemory()
	}
	return pointer(current.take(size, align))
}

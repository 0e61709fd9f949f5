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
	"sync"
	"unsafe"
)

const (
	page = 64 << 10
	// An area keeps so much between calls; a value has 8 MiB at most unless the
	// operator allows more. What a larger result took is given back to the runtime.
	kept = 16 << 20
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

// An Area is memory for what the host returns. It consists of chunks: the one that is
// filled, and those that were full before it.
type Area struct {
	start, size, used uintptr
	// Of the chunk before, where its header is. No pointers: to Go, none of this is.
	before uintptr
	// The next area that is free.
	next *Area
}

// header begins each chunk that was left for another.
type header struct {
	before, size uintptr
}

var (
	// Where cabi_realloc takes memory from: outside of calls, an area that is never
	// emptied. The adapter of WASI keeps its own state there.
	current   = &permanent
	permanent Area

	mutex sync.Mutex
	free  *Area
)

// Receive runs call, which calls the host once and is done with that when it returns.
// What the host returned lies in the area until that is released.
func Receive(call func()) *Area {
	mutex.Lock()
	defer mutex.Unlock()
	area := free
	if area == nil {
		area = new(Area)
	} else {
		free, area.next = area.next, nil
	}
	roomOnStack()
	current = area
	defer func() { current = &permanent }()
	call()
	return area
}

// Release empties the area for another call. What it held must not be used any more.
func (a *Area) Release() {
	mutex.Lock()
	defer mutex.Unlock()
	for a.before != 0 {
		chunk := (*header)(pointer(a.before))
		start, size := a.before, chunk.size
		a.before = chunk.before
		sysFreeOS(pointer(start), size)
	}
	if a.size > kept {
		sysFreeOS(pointer(a.start), a.size)
		a.start, a.size = 0, 0
	}
	a.used = unsafe.Sizeof(header{})
	a.next, free = free, a
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

// extend makes room for so many bytes more.
//
//go:nosplit
func (a *Area) extend(size uintptr) {
	if size < a.size {
		size = a.size // so that many small pieces do not take many steps
	}
	size = (size + unsafe.Sizeof(header{}) + page - 1) &^ (page - 1)
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
			*(*header)(pointer(a.start)) = header{a.before, a.size}
			a.before = a.start
		}
		a.start, a.size, a.used = chunk, size, unsafe.Sizeof(header{})
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

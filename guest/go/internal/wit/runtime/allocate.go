//go:build wasip1

package runtime

import (
	"runtime"
	"unsafe"
)

// Allocate is memory for the arguments of a call that [Receive] makes, and for where it
// puts its result. It is in the call's area, too, where nothing moves it and nothing
// collects it.
func Allocate(_ *runtime.Pinner, size, align uintptr) unsafe.Pointer {
	if size == 0 {
		return nil
	}
	return pointer(current.take(size, align))
}

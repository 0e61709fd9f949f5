package runtime

import (
	"fmt"
	"runtime"
	"unsafe"
)

// Allocate is memory of Go's for arguments and for where a call puts its result. It
// stays where it is until pinner lets it go.
func Allocate(pinner *runtime.Pinner, size, align uintptr) unsafe.Pointer {
	if size == 0 {
		return nil
	}
	if size%align != 0 {
		panic(fmt.Sprintf("size %v is not compatible with alignment %v", size, align))
	}
	var pointer unsafe.Pointer
	switch align {
	case 1:
		pointer = unsafe.Pointer(unsafe.SliceData(make([]uint8, size)))
	case 2:
		pointer = unsafe.Pointer(unsafe.SliceData(make([]uint16, size/align)))
	case 4:
		pointer = unsafe.Pointer(unsafe.SliceData(make([]uint32, size/align)))
	case 8:
		pointer = unsafe.Pointer(unsafe.SliceData(make([]uint64, size/align)))
	default:
		panic(fmt.Sprintf("unsupported alignment: %v", align))
	}
	pinner.Pin(pointer)
	return pointer
}

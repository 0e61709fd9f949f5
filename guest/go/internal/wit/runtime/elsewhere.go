//go:build !wasip1

// Package runtime is what the generated bindings stand on; see receive.go.
package runtime

import (
	"runtime"
	"unsafe"
)

// Allocate is for what a component alone can do. Generated code compiles everywhere.
func Allocate(*runtime.Pinner, uintptr, uintptr) unsafe.Pointer {
	panic("this program does not run in a component")
}

//go:build !wasip1

// Package runtime is what the generated bindings stand on; see receive.go.
package runtime

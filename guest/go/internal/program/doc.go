//go:build !wasip1

// Package program is what makes a component of a program in Go. Its import does.
package program

//go:build !wasm

package main

func trap() { panic("there are no traps here") }

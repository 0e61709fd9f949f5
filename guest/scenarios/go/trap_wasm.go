package main

// trap traps, as a bug in the generated code would.
func trap()

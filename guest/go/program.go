package cache

// A program that uses the cache is a component's.
import _ "spakky/cache/internal/program"

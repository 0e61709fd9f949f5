package main

import "os"

// What a host has to stand.

// instanceOperations are the steps that do something to the instance.
var instanceOperations = map[string]reader{
	"sleep": func(f *fields) func(*player) (any, error) {
		milliseconds := read(f, "ms", asWhole)
		return func(*player) (any, error) {
			sleep(milliseconds)
			return nil, nil
		}
	},
	"pause": func(*fields) func(*player) (any, error) {
		return func(p *player) (any, error) { return nil, p.pause() }
	},
	"resume": func(*fields) func(*player) (any, error) {
		return func(*player) (any, error) { return nil, protocol("nothing is paused here") }
	},
	"trap": func(*fields) func(*player) (any, error) {
		return func(*player) (any, error) {
			trap()
			return nil, nil
		}
	},
	"panic": func(*fields) func(*player) (any, error) {
		return func(*player) (any, error) { panic("as asked") }
	},
	"loop": func(*fields) func(*player) (any, error) {
		return func(*player) (any, error) {
			for {
			}
		}
	},
	"overflow": func(*fields) func(*player) (any, error) {
		return func(*player) (any, error) { return overflow(0), nil }
	},
	"eat": func(f *fields) func(*player) (any, error) {
		mib := read(f, "mib", asWhole)
		return func(p *player) (any, error) {
			p.eat(mib)
			return nil, nil
		}
	},
	"exit": func(f *fields) func(*player) (any, error) {
		code := read(f, "code", asWhole)
		return func(*player) (any, error) {
			os.Exit(int(code))
			return nil, nil
		}
	},
}

// overflow calls itself until the stack is used up.
func overflow(depth uint64) uint64 {
	var frame [64]uint64
	frame[depth%64] = depth
	if depth == 1<<63 {
		return depth
	}
	return overflow(depth+1) + frame[(depth+1)%64]
}

// eat takes memory that is not given back. Where there is none, Go ends the program.
func (p *player) eat(mib uint64) {
	for range mib {
		piece := make([]byte, 1<<20)
		for at := range piece {
			piece[at] = 1 // touched, so that it is real
		}
		p.hoard = append(p.hoard, piece)
	}
}

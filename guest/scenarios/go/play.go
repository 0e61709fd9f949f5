package main

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"time"

	"spakky/cache"
)

// player plays steps. Loaders and writers play steps, too, while an outer step is
// under way.
type player struct {
	input  *bufio.Reader
	output *bufio.Writer
	leases leases
	hoard  [][]byte
	pauses int
}

// playInput plays the lines of the input until it ends, or a pause does.
func (p *player) playInput() error {
	for {
		line, err := p.input.ReadBytes('\n')
		if err != nil && err != io.EOF {
			return err
		}
		resumed, failed := p.playLine(line)
		if failed != nil || resumed || err == io.EOF {
			return failed
		}
	}
}

// playLine plays a line; says whether it ended a pause.
func (p *player) playLine(line []byte) (bool, error) {
	if len(bytes.TrimSpace(line)) == 0 {
		return false, nil
	}
	if err := checkLevels(line); err != nil {
		return false, p.answer(nil, err)
	}
	step, err := readStep(line)
	if err != nil {
		return false, p.answer(nil, err)
	}
	if step.op == "resume" && p.pauses > 0 {
		return true, p.answer(nil, nil)
	}
	return false, p.answer(step.play(p))
}

func (p *player) answer(result any, err error) error {
	if err := writeAnswer(p.output, result, err); err != nil {
		return err
	}
	return p.output.Flush()
}

func (p *player) pause() error {
	p.pauses++
	defer func() { p.pauses-- }()
	return p.playInput()
}

// work is what a loader or writer does: the steps of then, sleep, and then trap, fail
// or return.
type work struct {
	value   any
	fail    *failure
	trap    bool
	sleepMS uint64
	then    []step
}

func (p *player) work(work work) error {
	for _, step := range work.then {
		if err := p.answer(step.play(p)); err != nil {
			return err
		}
	}
	sleep(work.sleepMS)
	if work.trap {
		trap()
	}
	if work.fail != nil {
		return work.fail
	}
	return nil
}

func (p *player) getOrLoad(key string, options cache.Options, loader work) (any, error) {
	loaded := false
	value, err := cache.GetOrLoad(key, options, func() (any, error) {
		loaded = true
		return loader.value, p.work(loader)
	})
	if err != nil {
		return nil, unchanged(err, loader.fail)
	}
	json, err := toJSON(value)
	return object{"value": json, "loaded": loaded}, err
}

func (p *player) write(through bool, key string, value any, options cache.Options, writer work) error {
	write := cache.WriteBehind[any]
	if through {
		write = cache.WriteThrough[any]
	}
	return unchanged(write(key, value, options, func(any) error { return p.work(writer) }), writer.fail)
}

// unchanged: an error that was told to come has to be the very same.
func unchanged(err error, told *failure) error {
	if found, ok := errors.AsType[*failure](err); ok && err != error(told) {
		if _, rollback := errors.AsType[*cache.RollbackError](err); !rollback {
			return protocol("an error was changed: " + found.Error())
		}
	}
	return err
}

func sleep(milliseconds uint64) {
	if milliseconds > 0 {
		time.Sleep(duration(milliseconds))
	}
}

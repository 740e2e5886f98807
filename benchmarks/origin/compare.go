package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"
)

// A target is a server with what to ask of it.
type target struct {
	peer
	*process
	head    int // bytes
	scripts map[string]string
	seen    map[string]*seen // by load
}

// seen are the figures of one load, one for each round.
type seen struct {
	cpu  []float64 // microseconds a request
	rate []float64 // requests a second
	p99  []float64 // milliseconds
}

// compare measures servers beside each other.
func (b *bench) compare(ctx context.Context, chosen []peer, asked []load) error {
	if err := b.spread(ctx); err != nil {
		return err
	}
	var targets []*target
	for _, p := range chosen {
		t, err := b.target(ctx, p, asked)
		if errors.Is(err, errLeftOut) {
			fmt.Printf("%v\n\n", err)
			continue
		}
		if err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		targets = append(targets, t)
	}
	for range b.rounds {
		for _, l := range asked {
			for _, t := range targets {
				if err := b.measure(ctx, t, l); err != nil {
					return fmt.Errorf("%s: %s: %w", t.name, l.name, err)
				}
			}
		}
	}
	b.print(targets, asked)
	for _, t := range targets {
		if err := t.end(); err != nil {
			return fmt.Errorf("%s: %w", t.name, err)
		}
	}
	return nil
}

// target starts a server, verifies its answers and writes the scripts for it.
func (b *bench) target(ctx context.Context, p peer, asked []load) (*target, error) {
	run, err := p.start(ctx, b, p.name)
	if err != nil {
		return nil, err
	}
	t := &target{peer: p, process: run, scripts: map[string]string{}, seen: map[string]*seen{}}
	if t.head, err = head(ctx, run.url+b.files["4k"].path); err != nil {
		return nil, err
	}
	for _, l := range asked {
		all, err := b.requests(ctx, l, run.url)
		if err != nil {
			return nil, err
		}
		path := b.files[l.file].path
		if err := verify(ctx, run.url+path, all); err != nil {
			return nil, err
		}
		t.scripts[l.name], t.seen[l.name] = filepath.Join(b.tmp, p.name+"-"+l.name+".lua"), &seen{}
		if err := writeScript(t.scripts[l.name], path, all); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// body is how many bytes an answer to a load has after its header.
func (b *bench) body(l load) int {
	switch {
	case l.known:
		return 0
	case l.length > 0:
		return l.length
	}
	return len(b.files[l.file].data)
}

// measure puts a load on a server once.
func (b *bench) measure(ctx context.Context, t *target, l load) error {
	before, err := cpu(t.cmd.Process.Pid)
	if err != nil {
		return err
	}
	c, err := b.wrk(ctx, t.url, t.scripts[l.name])
	if err != nil {
		return err
	}
	if err := c.check(b.body(l), b.conns); err != nil {
		return err
	}
	time.Sleep(5 * time.Millisecond) // the last connections are closed
	after, err := cpu(t.cmd.Process.Pid)
	if err != nil {
		return err
	}
	s := t.seen[l.name]
	s.cpu = append(s.cpu, float64((after-before).Nanoseconds())/1e3/c.answers(b.body(l), t.head))
	s.rate = append(s.rate, float64(c.requests)/c.took.Seconds())
	s.p99 = append(s.p99, float64(c.p99.Microseconds())/1e3)
	return nil
}

// median of some numbers, of which there is at least one.
func median(x []float64) float64 {
	s := slices.Sorted(slices.Values(x))
	return (s[(len(s)-1)/2] + s[len(s)/2]) / 2
}

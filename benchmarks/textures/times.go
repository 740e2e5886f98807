package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"
)

// cpuTime is the CPU time of this program so far.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err) // it knows no other answer for the process itself
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// turns runs each of some functions in turn, so many times, and returns the least CPU time of
// each, in seconds.
func turns(times int, run ...func()) []float64 {
	best := make([]float64, len(run))
	for round := range times {
		for i, f := range run {
			runtime.GC()
			began := cpuTime()
			f()
			if took := (cpuTime() - began).Seconds(); round == 0 || took < best[i] {
				best[i] = took
			}
		}
	}
	return best
}

// spent is what a process took, in seconds.
type spent struct{ cpu, wall float64 }

// least takes the smaller of each.
func (s spent) least(o spent) spent {
	if s == (spent{}) {
		return o
	}
	return spent{min(s.cpu, o.cpu), min(s.wall, o.wall)}
}

func (s spent) plus(o spent) spent { return spent{s.cpu + o.cpu, s.wall + o.wall} }

// process runs a command.
func process(cmd *exec.Cmd) (spent, error) {
	var talk bytes.Buffer
	cmd.Stderr = &talk
	began := time.Now()
	err := cmd.Run()
	took := time.Since(began)
	if err != nil {
		text := talk.String()
		return spent{}, fmt.Errorf("%s: %w: %s", strings.Join(cmd.Args, " "), err, text[max(0, len(text)-400):])
	}
	return spent{(cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds(), took.Seconds()}, nil
}

// load is the machine's load average over a minute, as text.
func load() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	first, _, _ := strings.Cut(string(text), " ")
	return first
}

// median of some numbers; 0 of none.
func median(x []float64) float64 {
	if len(x) == 0 {
		return 0
	}
	s := slices.Sorted(slices.Values(x))
	return (s[(len(s)-1)/2] + s[len(s)/2]) / 2
}

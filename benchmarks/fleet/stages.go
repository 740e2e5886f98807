package main

import (
	"fmt"
	"sync"
	"syscall"
	"time"

	"github.com/plinth3d/plinth/pipeline"
)

// used is the CPU time that this process has had, on all cores.
func used() (time.Duration, error) {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0, fmt.Errorf("ask for the CPU time: %w", err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()), nil
}

// A stageTime is what a stage took of all jobs.
type stageTime struct {
	Stage string  `json:"stage"`
	CPU   float64 `json:"cpuSeconds"` // per product
}

// stages adds up what the worker reports.
type stages struct {
	mu   sync.Mutex
	sums map[pipeline.Stage]time.Duration
}

func (s *stages) add(a pipeline.Attempt) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, spent := range a.Stages {
		s.sums[spent.Stage] += spent.CPU
	}
}

// perJob is the table of stages, in the order in which they come.
func (s *stages) perJob(jobs int) (out []stageTime) {
	for _, stage := range []pipeline.Stage{
		pipeline.Loading, pipeline.Reading, pipeline.Measuring, pipeline.Simplifying, pipeline.Fitting, pipeline.Packing, pipeline.Publishing,
	} {
		out = append(out, stageTime{string(stage), s.sums[stage].Seconds() / float64(jobs)})
	}
	return out
}

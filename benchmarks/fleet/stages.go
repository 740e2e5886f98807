package main

import (
	"context"
	"fmt"
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

// The rows of the table of stages. Meshes are simplified while textures are fitted: one
// clock for the process can't tell the two apart.
const together = "simplify, textures"

var stageRows = []string{string(pipeline.Reading), string(pipeline.Measuring), together, string(pipeline.Packing)}

// stages measures the CPU time of each stage of Process by itself, for the mix that so many
// jobs are of the models in turn.
func stages(ctx context.Context, models []model, jobs int) ([]stageTime, error) {
	sums := map[string]time.Duration{}
	for i, m := range models {
		times := time.Duration((jobs - i + len(models) - 1) / len(models))
		if times <= 0 {
			break
		}
		one, err := stagesOf(ctx, m)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", m.name, err)
		}
		for stage, d := range one {
			sums[stage] += times * d
		}
	}
	var out []stageTime
	for _, s := range stageRows {
		out = append(out, stageTime{s, sums[s].Seconds() / float64(jobs)})
	}
	return out, nil
}

// stagesOf processes one model and notes the CPU time wherever a stage begins.
func stagesOf(ctx context.Context, m model) (map[string]time.Duration, error) {
	sums := map[string]time.Duration{}
	at, since := "", time.Duration(0)
	var failed error
	end := func(next string) {
		now, err := used()
		if err != nil {
			failed = err
		}
		if at != "" {
			sums[at] += now - since
		}
		at, since = next, now
	}
	p := pipeline.Processor{Progress: func(s pipeline.Stage, _ float64) {
		name := string(s)
		if s == pipeline.Simplifying || s == pipeline.Fitting {
			name = together
		}
		if name != at {
			end(name)
		}
	}}
	if _, err := p.Process(ctx, m.data, pipeline.Default()); err != nil {
		return nil, err
	}
	end("")
	return sums, failed
}

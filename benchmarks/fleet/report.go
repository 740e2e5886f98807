package main

import (
	"fmt"
	"io"
	"maps"
	"os"
	"strings"
	"time"

	"github.com/plinth3d/plinth/pipeline/prices"
)

// batch is how many conversions costs are told for.
const batch = 10_000

// target is what they should cost at most on Spot, in dollars.
const target = 4

// report is what was measured.
type report struct {
	Models  int         `json:"models"`
	Jobs    int         `json:"jobs"`
	Slots   int         `json:"slots"`
	Cores   int         `json:"cores"`
	Seconds float64     `json:"seconds"`    // wall time of all jobs
	CPU     float64     `json:"cpuSeconds"` // of all jobs
	Stages  []stageTime `json:"stages"`
	In      int64       `json:"bytesIn"`
	Out     int64       `json:"bytesOut"`
	Files   int         `json:"files"`
	Beats   int         `json:"beats"` // extensions of leases
	Notes   int         `json:"notes"` // of progress in the catalog

	Spot     prices.Dollars `json:"dollarsSpot"` // for 10,000 conversions
	OnDemand prices.Dollars `json:"dollarsOnDemand"`

	usage prices.Usage // of all jobs, without CPU time
}

// each is a figure per product.
func (r *report) each(total float64) float64 { return total / float64(r.Jobs) }

// cost fills in what 10,000 such conversions cost.
func (r *report) cost(t *prices.Table, task prices.Task) error {
	u := r.usage
	u.CPU = time.Duration(r.CPU * float64(time.Second))
	for _, c := range []struct {
		to   *prices.Dollars
		spot bool
	}{{&r.Spot, true}, {&r.OnDemand, false}} {
		task.Spot = c.spot
		d, err := t.Cost(u, task)
		if err != nil {
			return err
		}
		*c.to = d.Times(batch / float64(r.Jobs))
	}
	return nil
}

// print writes all tables.
func (r *report) print(to io.Writer, task prices.Task) error {
	arch := "arm64"
	if task.X86 {
		arch = "x86"
	}
	out := &strings.Builder{}
	row := func(format string, args ...any) { fmt.Fprintf(out, format+"\n", args...) }
	row("%d jobs of %d models, %d at a time, on %d cores, load %s, %s.\n", r.Jobs, r.Models, r.Slots, r.Cores, average(), time.Now().Format(time.DateOnly))
	row("| a product | |\n|---|---:|")
	row("| products per minute (wall time) | %.1f |", float64(r.Jobs)/r.Seconds*60)
	row("| CPU seconds | %.2f |", r.each(r.CPU))
	row("| bytes in · out, MB | %.2f · %.2f |", r.each(float64(r.In))/1e6, r.each(float64(r.Out))/1e6)
	row("| files stored | %.1f |", r.each(float64(r.Files)))
	row("| notes of progress · extensions of the lease | %.1f · %.1f |", r.each(float64(r.Notes)), r.each(float64(r.Beats)))
	row("\nCPU seconds a product by stage (shared equally by what works at the same time):\n\n| stage | CPU s | share |\n|---|---:|---:|")
	var sum float64
	for _, s := range r.Stages {
		sum += s.CPU
	}
	for _, s := range r.Stages {
		row("| %s | %.3f | %.0f %% |", s.Stage, s.CPU, 100*s.CPU/sum)
	}
	row("\nUS dollars for 10,000 such conversions, on Fargate %s tasks of %g vCPUs and %g GB that are %.0f %% busy (target on Spot: %d):\n", arch, task.CPUs, task.GB, 100*task.Busy, target)
	row("| | Spot | on-demand |\n|---|---:|---:|")
	dearer := maps.Collect(r.OnDemand.Parts())
	for name, x := range r.Spot.Parts() {
		row("| %s | %.3f | %.3f |", name, x, dearer[name])
	}
	row("| in all | %.2f | %.2f |", r.Spot.Total(), r.OnDemand.Total())
	_, err := io.WriteString(to, out.String())
	return err
}

// average is the machine's load average over a minute, as text.
func average() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	first, _, _ := strings.Cut(string(text), " ")
	return first
}

package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/plinth3d/plinth/pipeline"
	"github.com/plinth3d/plinth/pipeline/asset"
	"github.com/plinth3d/plinth/pipeline/cloud"
	"github.com/plinth3d/plinth/pipeline/intake"
)

// leaseTime is how long a lease lasts unless --lease says otherwise.
const leaseTime = 30 * time.Second

func (s *settings) addWork(cmd *cobra.Command) {
	s.addQueue(cmd)
	f := cmd.Flags()
	f.DurationVar(&s.lease, "lease", leaseTime, "how long a job stays with a worker that gives no sign of life")
	f.DurationVar(&s.grace, "grace", 100*time.Second, "time for jobs at hand to finish after SIGTERM")
	f.DurationVar(&s.limit, "limit", 20*time.Minute, "time for one job; one that takes longer is buried; 0 is no limit")
	f.DurationVar(&s.checkpoint, "checkpoint", 10*time.Second, "work that may be lost when a worker is killed, before what is finished of a job is kept; 0 is 10s, less keeps nothing")
	f.IntVar(&s.slots, "slots", 1, "jobs at a time; each uses all processors")
	f.Var(&s.memory, "work-memory", "memory that jobs share; a model that needs more is refused; 0 is three quarters of what the machine or container has")
	f.Var(&s.most, "most-memory", "work-memory of the largest of all workers: what needs no more than that is left to it; 0 is this one's")
	f.StringVar(&s.prices, "prices", "", "file with prices of AWS, for what jobs cost; empty is the built-in list")
}

// addRaw is for roles that register what arrives in a bucket.
func (s *settings) addRaw(cmd *cobra.Command) {
	cmd.Flags().StringVar(&s.where.raw, "raw", "", "where merchants upload to on AWS: s3://BUCKET/PREFIX, whose events come to a lane")
	s.recipe.add(cmd)
}

// tellEvery is the least time between two notes of progress in a catalog that takes money for each.
const tellEvery = 5 * time.Second

// worker makes the worker, which counts what it does.
func (h *home) worker() (*pipeline.Worker, *counting, error) {
	w := &pipeline.Worker{
		Store: h.store, Queue: h.jobs, Catalog: h.catalog,
		Slots: h.slots, Grace: h.grace, Limit: h.limit, Log: h.log, Checkpoint: h.checkpoint,
		Memory: int64(h.memory), MostMemory: int64(h.most),
	}
	if w.Memory == 0 {
		w.Memory = memoryThere() / 4 * 3
	}
	w.Reproduce = func(v asset.Version, code string) string {
		line := h.reproduce(v)
		if most := byteSize(max(w.Memory, w.MostMemory)); code == pipeline.TooMuchMemory {
			line += " --work-memory " + most.String()
		}
		return line
	}
	if h.records == nil {
		w.Tell = tellEvery
	}
	c, err := h.count(w)
	return w, c, err
}

// memoryThere is how much memory this process may have, in bytes: what the container allows or the
// machine has, where Linux tells; 0 where nobody does.
func memoryThere() int64 {
	var least int64
	if text, err := os.ReadFile("/proc/meminfo"); err == nil {
		var kilobytes int64
		if _, err := fmt.Sscanf(string(text), "MemTotal: %d kB", &kilobytes); err == nil {
			least = kilobytes << 10
		}
	}
	for _, file := range []string{"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"} {
		text, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		n, err := strconv.ParseInt(string(bytes.TrimSpace(text)), 10, 64) // or max
		if err == nil && n > 0 && (least == 0 || n < least) {
			least = n
		}
	}
	return least
}

// arrivals makes what registers uploads to the raw bucket, and stores the recipe that they are
// made by. It is nil without one.
func (h *home) arrivals(ctx context.Context) (acceptance, error) {
	if h.where.raw == "" {
		return nil, nil
	}
	raw, err := cloud.OpenRaw(ctx, h.where.raw)
	if err != nil {
		return nil, usageError{fmt.Errorf("--raw: %w", err)} // it asks nothing of S3
	}
	r, err := h.serverRecipe()
	if err != nil {
		return nil, err
	}
	if err := pipeline.StoreRecipe(ctx, h.store, r); err != nil {
		return nil, err
	}
	return acceptFrom(raw, &intake.Intake{Store: h.store, Queue: h.jobs, Catalog: h.catalog, Recipe: r, Temp: h.temp, Log: h.log}), nil
}

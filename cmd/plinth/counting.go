package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/plinth3d/plinth/origin"
	"github.com/plinth3d/plinth/pipeline"
	"github.com/plinth3d/plinth/pipeline/metrics"
	"github.com/plinth3d/plinth/pipeline/prices"
)

func (s *settings) addMetrics(cmd *cobra.Command) {
	cmd.Flags().StringVar(&s.metrics, "metrics", "prometheus", "prometheus: at /metrics alone; emf: also as lines on stdout that CloudWatch reads")
}

// How often figures are taken. CloudWatch is told by the minute, and SQS takes money for each
// answer.
const (
	emfEvery   = time.Minute
	pollEvery  = time.Minute
	pollNearby = 10 * time.Second
)

// tellsCloudWatch reads --metrics.
func (s *settings) tellsCloudWatch() (bool, error) {
	switch s.metrics {
	case "prometheus", "": // commands without the flag
		return false, nil
	case "emf":
		return true, nil
	}
	return false, usageError{fmt.Errorf("--metrics is %q, not prometheus or emf", s.metrics)}
}

// counting counts what a worker does, and what that costs.
type counting struct {
	home   *home
	worker *metrics.Worker
	prices *prices.Table
	tell   time.Duration // between notes of progress
	stuck  func() int    // slots that only a new process has again
}

// count connects a worker with its figures.
func (h *home) count(w *pipeline.Worker) (*counting, error) {
	table, err := loadPrices(h.prices)
	if err != nil {
		return nil, err
	}
	c := &counting{home: h, prices: table, tell: w.Tell, stuck: w.Stuck}
	c.worker = metrics.NewWorker(func() metrics.State {
		jobs, memory := w.Busy()
		return metrics.State{Slots: h.slots, Busy: jobs, Budget: w.Memory, InUse: memory}
	})
	w.Price = func(a pipeline.Attempt) float64 { return c.cost(a).Total() }
	w.Report = c.report
	return c, nil
}

// What an attempt leaves on AWS, in bytes, about: measured by benchmarks/fleet.
const (
	versionItem = 1 << 10
	logLine     = 600
	perLevel    = 400 // of a manifest, compressed
)

// conversion is what a job asks of AWS by the time that it takes; what it stores isn't in it. Its
// lease is extended each third of it, and its progress noted every tell, 0 being nowhere.
func conversion(cpu, wall, lease, tell time.Duration) prices.Conversion {
	use := prices.Conversion{CPU: cpu, Beats: int(3 * wall / lease), Version: versionItem, Logged: logLine}
	if tell > 0 {
		use.Notes = int(wall / tell)
	}
	return use
}

// cost is what an attempt cost on the kind of task that workers run on, as near as its figures
// tell. It is zero where that can't be told.
func (c *counting) cost(a pipeline.Attempt) prices.Dollars {
	use := conversion(a.CPU, a.Wall, c.home.lease, c.tell)
	use.Files, use.Manifest = a.Outputs, int64(perLevel*a.Levels)
	dollars, err := c.prices.Cost(use.Usage(), prices.DefaultTask())
	if err != nil {
		c.home.log.Error("price", "err", err)
	}
	return dollars
}

// report counts an attempt.
func (c *counting) report(a pipeline.Attempt) {
	told := metrics.Attempt{
		Outcome: string(a.Outcome), Stage: string(a.Stage), Took: a.Wall, Waited: a.Waited,
		In: a.Source, Out: a.Uploaded, Cost: c.cost(a),
	}
	for _, s := range a.Stages {
		told.Stages = append(told.Stages, metrics.StageTime{Stage: string(s.Stage), Wall: s.Wall, CPU: s.CPU})
	}
	c.worker.Attempt(told)
}

// run takes figures until ctx is done.
func (c *counting) run(ctx context.Context, out io.Writer) error {
	h := c.home
	group, ctx := errgroup.WithContext(ctx)
	if cloudWatch, err := h.tellsCloudWatch(); err != nil {
		return err
	} else if cloudWatch {
		lines, err := c.worker.EMF(out, metrics.Namespace)
		if err != nil {
			return err
		}
		group.Go(func() error { h.tellAll(ctx, lines); return nil })
	}
	if q, ok := h.jobs.(metrics.Queue); ok {
		every := pollNearby
		if h.lanes != nil {
			every = pollEvery
		}
		group.Go(func() error {
			c.worker.Poll(ctx, q, every, func(err error) { h.log.Error("ask the queue how it stands", "err", err) })
			return nil
		})
	}
	return group.Wait()
}

// tellAll tells CloudWatch until ctx is done.
func (h *home) tellAll(ctx context.Context, lines *metrics.EMF) {
	lines.Run(ctx, emfEvery, func(err error) { h.log.Error("metrics", "err", err) })
}

// countOrigin tells CloudWatch what an origin counts, if that is wanted.
func (h *home) countOrigin(ctx context.Context, o *origin.Origin, out io.Writer) error {
	cloudWatch, err := h.tellsCloudWatch()
	if err != nil || !cloudWatch {
		return err
	}
	lines, err := metrics.NewEMF(out, metrics.Namespace, origin.AllMetrics(), o.Gatherer())
	if err != nil {
		return err
	}
	h.tellAll(ctx, lines)
	return nil
}

// serve answers for a worker alone at an address: figures, and whether it is well.
func (c *counting) serve(ctx context.Context, address string) error {
	if address == "" {
		return nil
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", c.worker.Handler())
	for _, probe := range []string{"GET /healthz", "GET /readyz"} {
		mux.HandleFunc(probe, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/plain; charset=utf-8")
			if n := c.stuck(); n > 0 {
				w.WriteHeader(http.StatusServiceUnavailable)
				_, _ = fmt.Fprintf(w, "%d slots are taken by work that doesn't end; start a new process\n", n)
				return
			}
			_, _ = io.WriteString(w, "ok\n") // a probe that left has no use for it
		})
	}
	return (&server{address: address, handler: mux, connections: 64, ready: func(a net.Addr) {
		c.home.log.Info("worker", "admin", "http://"+a.String())
	}}).run(ctx)
}

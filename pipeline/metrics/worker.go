package metrics

import (
	"cmp"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/plinth3d/plinth/pipeline/asset"
	"github.com/plinth3d/plinth/pipeline/prices"
)

// An Attempt is what is counted of one try at a job.
type Attempt struct {
	Outcome string        // one of Outcomes
	Stage   string        // that was reached, one of Stages; empty is before the first
	Took    time.Duration // from lease to end
	Waited  time.Duration // for memory
	Stages  []StageTime   // those that were begun
	In, Out int64         // bytes read from the store and written to it
	Cost    prices.Dollars
}

// A StageTime is what a stage of an attempt took.
type StageTime struct {
	Stage     string
	Wall, CPU time.Duration
}

// A State is how a worker stands.
type State struct {
	Slots, Busy   int
	Budget, InUse int64 // bytes of memory
}

// Worker counts what a worker process does.
type Worker struct {
	registry *prometheus.Registry
	kept     *samples // nil unless CloudWatch is told

	depth, inFlight, dead, age           *prometheus.GaugeVec
	jobs, bytes, dollars, failed         *prometheus.CounterVec
	took, waited, stageSeconds, stageCPU histogram
}

// NewWorker returns the counts of a worker. The function tells how the worker stands,
// whenever that is asked.
func NewWorker(state func() State) *Worker {
	w := &Worker{
		registry: prometheus.NewRegistry(),
		depth:    queueDepth.Gauge(), inFlight: queueInFlight.Gauge(), dead: queueDead.Gauge(), age: queueAge.Gauge(),
		jobs: jobs.Counter(), bytes: jobBytes.Counter(), dollars: jobDollars.Counter(), failed: pollErrors.Counter(),
		took: newHistogram(jobSeconds), waited: newHistogram(jobWait),
		stageSeconds: newHistogram(stageSeconds), stageCPU: newHistogram(stageCPU),
	}
	w.registry.MustRegister(
		w.depth, w.inFlight, w.dead, w.age, w.jobs, w.bytes, w.dollars, w.failed,
		w.took.vec, w.waited.vec, w.stageSeconds.vec, w.stageCPU.vec,
		&standing{state},
	)
	w.failed.WithLabelValues() // it is there from the start, as 0
	return w
}

// Attempt counts one.
func (w *Worker) Attempt(a Attempt) {
	end := known(Outcomes(), a.Outcome)
	w.jobs.WithLabelValues(end, known(Stages(), cmp.Or(a.Stage, "-"))).Inc()
	w.took.observe(w.kept, a.Took, end)
	w.waited.observe(w.kept, a.Waited)
	for _, s := range a.Stages {
		name := known(Stages(), s.Stage)
		w.stageSeconds.observe(w.kept, s.Wall, name)
		w.stageCPU.observe(w.kept, s.CPU, name)
	}
	w.bytes.WithLabelValues("in").Add(float64(max(a.In, 0)))
	w.bytes.WithLabelValues("out").Add(float64(max(a.Out, 0)))
	for name, dollars := range a.Cost.Parts() {
		w.dollars.WithLabelValues(name).Add(max(dollars, 0))
	}
}

// lanes sets how the lanes stand. Those that are not told of have no gauges.
func (w *Worker) lanes(all []asset.LaneStats) {
	w.forget()
	for _, l := range all {
		w.depth.WithLabelValues(l.Lane).Set(float64(l.Waiting))
		w.inFlight.WithLabelValues(l.Lane).Set(float64(l.InFlight))
		w.dead.WithLabelValues(l.Lane).Set(float64(l.Dead))
		w.age.WithLabelValues(l.Lane).Set(l.Oldest.Seconds())
	}
}

// forget takes the gauges of all lanes away: better none than old ones.
func (w *Worker) forget() {
	for _, g := range []*prometheus.GaugeVec{w.depth, w.inFlight, w.dead, w.age} {
		g.Reset()
	}
}

// Handler serves what is counted, for Prometheus, and what the runtime tells of the process.
func (w *Worker) Handler() http.Handler {
	process := prometheus.NewRegistry()
	process.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return promhttp.HandlerFor(prometheus.Gatherers{w.registry, process}, promhttp.HandlerOpts{})
}

// Gatherer gives what is counted.
func (w *Worker) Gatherer() prometheus.Gatherer { return w.registry }

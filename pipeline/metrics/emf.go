package metrics

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Namespace is that of all metrics in CloudWatch. An account has one installation in a region.
const Namespace = "Plinth"

// EMF tells CloudWatch metrics by lines of its embedded metric format, on stdout: its logs
// agent makes metrics of them. All of an interval goes into a line for each combination of
// labels, so that the number of lines does not grow with that of jobs.
//
// The rules are those of "Specification: Embedded metric format" in the CloudWatch User
// Guide: a metric is a number or an array of at most 100, and a directive has at most 100
// metrics.
type EMF struct {
	out       io.Writer
	namespace string
	table     map[string]Metric
	figures   prometheus.Gatherer
	kept      *samples

	told map[string]float64 // counters, when they were last told
}

// NewEMF tells the metrics of a table that are in a registry, but for histograms, whose
// values a registry does not keep.
func NewEMF(out io.Writer, namespace string, table []Metric, figures prometheus.Gatherer) (*EMF, error) {
	if namespace == "" || len(namespace) > 255 || strings.HasPrefix(namespace, "AWS/") {
		return nil, fmt.Errorf("a namespace of CloudWatch has 1 to 255 characters and does not begin with AWS/, which %.300q is not", namespace)
	}
	e := &EMF{out: out, namespace: namespace, figures: figures, table: map[string]Metric{}, told: map[string]float64{}}
	for _, m := range table {
		if !m.PrometheusOnly {
			e.table[m.Name] = m
		}
	}
	return e, nil
}

// EMF tells CloudWatch all that is counted from now on. It is called once, before anything
// is counted.
func (w *Worker) EMF(out io.Writer, namespace string) (*EMF, error) {
	e, err := NewEMF(out, namespace, All(), w.registry)
	if err != nil {
		return nil, err
	}
	w.kept = &samples{all: map[string]*series{}}
	e.kept = w.kept
	return e, nil
}

// Run tells what there is at each interval, which is above 0, and the rest when ctx is done.
// What goes wrong is told, and does not end it.
func (e *EMF) Run(ctx context.Context, every time.Duration, wrong func(error)) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for over := false; !over; {
		select {
		case <-ctx.Done():
			over = true
		case <-tick.C:
		}
		if err := e.Flush(time.Now()); err != nil {
			wrong(err)
		}
	}
}

// Flush tells what there is. A counter that has not grown is left out. After an error what
// counters should have told is told the next time; values of histograms are gone, as they
// would fill the memory of a process whose stdout is closed.
func (e *EMF) Flush(now time.Time) error {
	all, counters, err := e.take()
	if err != nil {
		return fmt.Errorf("tell CloudWatch: %w", err)
	}
	var text bytes.Buffer
	for _, l := range lines(all) {
		if err := l.write(&text, e.namespace, now); err != nil {
			return fmt.Errorf("tell CloudWatch: %w", err)
		}
	}
	if _, err := e.out.Write(text.Bytes()); err != nil {
		return fmt.Errorf("tell CloudWatch: %w", err)
	}
	maps.Copy(e.told, counters)
	return nil
}

// take is all there is to tell, in order, and where counters stand.
func (e *EMF) take() (all []*series, counters map[string]float64, err error) {
	if e.kept != nil {
		all = slices.Collect(maps.Values(e.kept.take()))
	}
	families, err := e.figures.Gather()
	if err != nil {
		return nil, nil, err
	}
	counters = map[string]float64{}
	for _, f := range families {
		m, ours := e.table[f.GetName()]
		if !ours || m.Kind == Histogram {
			continue
		}
		for _, figure := range f.GetMetric() {
			s := &series{metric: m, labels: make([]string, len(m.Labels))}
			for _, l := range figure.GetLabel() {
				if i := slices.Index(m.Labels, l.GetName()); i >= 0 {
					s.labels[i] = l.GetValue()
				}
			}
			value := figure.GetGauge().GetValue()
			if m.Kind == Counter {
				now := figure.GetCounter().GetValue()
				value = now - e.told[s.id()]
				counters[s.id()] = now
			}
			if s.values = []float64{value}; m.Kind == Gauge || value != 0 {
				all = append(all, s)
			}
		}
	}
	for _, s := range all {
		if err := s.check(); err != nil {
			return nil, nil, err
		}
	}
	slices.SortFunc(all, func(a, b *series) int { return cmp.Compare(a.id(), b.id()) })
	return all, counters, nil
}

// check refuses values that CloudWatch doesn't take.
func (s *series) check() error {
	for _, v := range s.values {
		if math.IsNaN(v) || math.Abs(v) > math.Exp2(360) {
			return fmt.Errorf("%s of %q is %g", s.metric.Name, s.labels, v)
		}
	}
	return nil
}

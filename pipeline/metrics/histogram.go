package metrics

import (
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// histogram counts values in buckets for Prometheus, and keeps them for CloudWatch.
type histogram struct {
	metric Metric
	vec    *prometheus.HistogramVec
}

func newHistogram(m Metric) histogram { return histogram{m, m.Histogram()} }

// observe takes a time in seconds. What can't be, less than none, counts as none.
func (h histogram) observe(kept *samples, d time.Duration, labels ...string) {
	seconds := max(d, 0).Seconds()
	h.vec.WithLabelValues(labels...).Observe(seconds)
	if kept != nil {
		kept.add(h.metric, seconds, labels)
	}
}

// samples are values of histograms since they were last taken.
type samples struct {
	mu  sync.Mutex
	all map[string]*series
}

// series are values of a metric with one set of labels.
type series struct {
	metric Metric
	labels []string // their values
	values []float64
}

// id tells series apart, and puts them in order.
func (s *series) id() string {
	return strings.Join(append([]string{s.metric.Name}, s.labels...), "\x00")
}

func (s *samples) add(m Metric, value float64, labels []string) {
	n := &series{metric: m, labels: labels}
	s.mu.Lock()
	defer s.mu.Unlock()
	at, there := s.all[n.id()]
	if !there {
		at = n
		s.all[n.id()] = n
	}
	at.values = append(at.values, value)
}

// take returns what was kept, and keeps it no longer.
func (s *samples) take() map[string]*series {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := s.all
	s.all = map[string]*series{}
	return all
}

// Package metrics counts what the fleet does, for Prometheus and for CloudWatch.
//
// All figures of workers are in one table, All, from which both are made: Prometheus asks for them,
// CloudWatch finds them in lines on stdout in its embedded metric format. Labels have few
// values: a lane, a stage, an outcome, never a model or a merchant, as each combination is
// a series, and with CloudWatch costs money.
package metrics

import "github.com/prometheus/client_golang/prometheus"

// A Kind says how a metric's values go together.
type Kind string

// The kinds of metrics.
const (
	Counter   Kind = "counter"   // only grows; CloudWatch gets what was added since it was last told
	Gauge     Kind = "gauge"     // is what it is now
	Histogram Kind = "histogram" // many values; CloudWatch gets each of them
)

// Units of metrics, as CloudWatch spells them.
const (
	Count   = "Count"
	Seconds = "Seconds"
	Bytes   = "Bytes"
	None    = "None" // dollars
)

// A Metric is a row of the table.
type Metric struct {
	Name   string   `json:"name"`
	Kind   Kind     `json:"kind"`
	Unit   string   `json:"unit"`
	Labels []string `json:"labels"` // dimensions, with CloudWatch
	// Totals are sets of labels by which CloudWatch is told the sum, too: an alarm there can
	// add nothing up. A set may be empty.
	Totals  [][]string `json:"totals,omitempty"`
	Help    string     `json:"help"`
	Buckets []float64  `json:"buckets,omitempty"` // upper ends, of a histogram with Prometheus
	// PrometheusOnly marks what CloudWatch isn't told.
	PrometheusOnly bool `json:"prometheusOnly,omitempty"`
}

// Dimensions returns the sets of dimensions that CloudWatch has the metric by, none where
// it doesn't have it.
func (m Metric) Dimensions() [][]string {
	if m.PrometheusOnly {
		return nil
	}
	return append([][]string{append([]string{}, m.Labels...)}, m.Totals...)
}

// Counter makes a Prometheus counter of the metric.
func (m Metric) Counter() *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: m.Name, Help: m.Help}, m.Labels)
}

// Gauge makes a Prometheus gauge of the metric.
func (m Metric) Gauge() *prometheus.GaugeVec {
	return prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: m.Name, Help: m.Help}, m.Labels)
}

// Histogram makes a Prometheus histogram of the metric.
func (m Metric) Histogram() *prometheus.HistogramVec {
	return prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: m.Name, Help: m.Help, Buckets: m.Buckets}, m.Labels)
}

// Desc describes the metric for a collector of Prometheus.
func (m Metric) Desc() *prometheus.Desc { return prometheus.NewDesc(m.Name, m.Help, m.Labels, nil) }

// Package metricstest checks tables of metrics against what is counted.
package metricstest

import (
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/plinth3d/plinth/pipeline/metrics"
)

// Covers fails a test unless what is in a registry, each with a value, is what a table says:
// those whose names begin so, with the kind, the labels and the help that they have there,
// and no others.
func Covers(t testing.TB, table []metrics.Metric, figures prometheus.Gatherer, prefix string) {
	t.Helper()
	families, err := figures.Gather()
	if err != nil {
		t.Fatal(err)
	}
	left := map[string]metrics.Metric{}
	for _, m := range table {
		left[m.Name] = m
	}
	for _, f := range families {
		m, there := left[f.GetName()]
		delete(left, f.GetName())
		switch {
		case !strings.HasPrefix(f.GetName(), prefix):
			continue
		case !there:
			t.Errorf("%s is not in the table", f.GetName())
			continue
		case strings.ToLower(f.GetType().String()) != string(m.Kind), f.GetHelp() != m.Help:
			t.Errorf("%s is a %s, %q; the table says %s, %q", m.Name, f.GetType(), f.GetHelp(), m.Kind, m.Help)
		}
		for _, figure := range f.GetMetric() {
			var labels []string
			for _, l := range figure.GetLabel() {
				labels = append(labels, l.GetName())
			}
			if !slices.Equal(labels, slices.Sorted(slices.Values(m.Labels))) {
				t.Errorf("%s has the labels %q; the table says %q", m.Name, labels, m.Labels)
				break
			}
		}
	}
	for name := range left {
		t.Errorf("%s is in the table, and is not counted", name)
	}
}

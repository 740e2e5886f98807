package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/plinth3d/plinth/origin"
	"github.com/plinth3d/plinth/pipeline/metrics"
)

func TestMetricsLists(t *testing.T) {
	all := append(metrics.All(), origin.AllMetrics()...)
	code, out, errs := plinth(t, "metrics")
	if code != exitOK || errs != "" {
		t.Fatalf("exit %d: %s", code, errs)
	}
	seen := map[string]bool{}
	for _, m := range all {
		if seen[m.Name] || !strings.Contains(out, "│ "+m.Name+" ") {
			t.Errorf("%s is there twice, or not in\n%s", m.Name, out)
		}
		seen[m.Name] = true
	}
	for _, row := range []string{"outcome,stage and outcome", "part and -"} {
		if !strings.Contains(out, row) {
			t.Errorf("no %q in\n%s", row, out)
		}
	}
	code, out, _ = plinth(t, "metrics", "--json")
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if code != exitOK || len(lines) != len(all) {
		t.Fatalf("exit %d, %d lines, want %d", code, len(lines), len(all))
	}
	for i, l := range lines {
		var m metrics.Metric
		if err := json.Unmarshal([]byte(l), &m); err != nil || m.Name != all[i].Name || m.Unit != all[i].Unit || len(m.Labels) != len(all[i].Labels) {
			t.Errorf("got %s, %v", l, err)
		}
	}
	if code, _, errs := plinth(t, "metrics", "more"); code != exitUsage || !strings.Contains(errs, "nothing") {
		t.Errorf("exit %d: %s", code, errs)
	}
}

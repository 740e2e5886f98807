package metrics

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"pgregory.net/rapid"

	"github.com/plinth3d/plinth/pipeline/asset"
	"github.com/plinth3d/plinth/pipeline/prices"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// told is a worker that tells CloudWatch, and what it tells.
func told(t testing.TB) (*Worker, *EMF, *bytes.Buffer) {
	t.Helper()
	w := NewWorker(func() State { return State{Slots: 2, Busy: 1, Budget: 1 << 30, InUse: 1 << 20} })
	out := &bytes.Buffer{}
	e, err := w.EMF(out, "Plinth")
	if err != nil {
		t.Fatal(err)
	}
	return w, e, out
}

func chair(outcome string) Attempt {
	return Attempt{
		Outcome: outcome, Stage: "publish", Took: 9 * time.Second, Waited: time.Second,
		Stages: []StageTime{{"load", 20 * time.Millisecond, 10 * time.Millisecond}, {"textures", 5 * time.Second, 8 * time.Second}},
		In:     2_800_000, Out: 5_000_000, Cost: prices.Dollars{CPU: 0.001, Store: 0.00005},
	}
}

// The golden line: what a minute with two jobs says to CloudWatch, byte for byte, but for
// the memory of this very process.
func TestLinesAreAsTheyWere(t *testing.T) {
	w, e, out := told(t)
	w.Attempt(chair("done"))
	w.Attempt(chair("done"))
	w.lanes([]asset.LaneStats{{Lane: "bulk", Waiting: 7, InFlight: 2, Dead: 1, Oldest: 90 * time.Second}})
	delete(e.table, memoryResident.Name)
	if err := e.Flush(noon); err != nil {
		t.Fatal(err)
	}
	const golden = "testdata/emf.golden"
	if os.Getenv("GOLDEN") == "update" {
		if err := os.WriteFile(golden, out.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), out.String()); diff != "" {
		t.Errorf("GOLDEN=update rewrites it; read the diff:\n%s", diff)
	}
	read(t, out.String())
}

func sum(events []event, name string, labels map[string]string) (total float64, n int) {
	for _, e := range events {
		if e.name == name && (labels == nil || cmp.Equal(e.labels, labels)) {
			for _, v := range e.values {
				total += v
			}
			n += len(e.values)
		}
	}
	return total, n
}

func TestACounterTellsWhatWasAdded(t *testing.T) {
	w, e, out := told(t)
	flush := func() []event {
		t.Helper()
		out.Reset()
		if err := e.Flush(noon); err != nil {
			t.Fatal(err)
		}
		return read(t, out.String())
	}
	labels := map[string]string{"outcome": "done", "stage": "publish"}
	for _, n := range []int{3, 1, 0, 2} {
		for range n {
			w.Attempt(chair("done"))
		}
		events := flush()
		if got, _ := sum(events, "plinth_jobs_total", labels); int(got) != n {
			t.Errorf("told of %g jobs, want %d", got, n)
		}
		if _, values := sum(events, "plinth_job_seconds", nil); values != n {
			t.Errorf("told %d times of jobs, want %d", values, n)
		}
		if got, values := sum(events, "plinth_slots", nil); got != 2 || values != 1 {
			t.Errorf("a gauge is told %d times and is %g; want once, 2", values, got)
		}
	}
}

// An alarm on CloudWatch can't add dimensions up: sums are told beside their parts.
func TestTotalsAreToldBesideTheirParts(t *testing.T) {
	w, e, out := told(t)
	w.Attempt(chair("buried"))
	if err := e.Flush(noon); err != nil {
		t.Fatal(err)
	}
	want := map[string][][]string{
		"plinth_jobs_total": {{"outcome", "stage"}, {"outcome"}}, "plinth_job_dollars_total": {{"part"}, {}},
		"plinth_stage_seconds": {{"stage"}}, "plinth_slots": {{}},
	}
	for _, e := range read(t, out.String()) {
		if sets, asked := want[e.name]; asked && !cmp.Equal(e.dimensions, sets) {
			t.Errorf("%s: got dimensions %q, want %q", e.name, e.dimensions, sets)
		}
	}
}

func TestManyValuesGoOnInAnotherLine(t *testing.T) {
	w, e, out := told(t)
	for range 250 {
		w.Attempt(chair("busy"))
	}
	if err := e.Flush(noon); err != nil {
		t.Fatal(err)
	}
	var sizes []int
	for _, e := range read(t, out.String()) {
		if e.name == "plinth_job_seconds" {
			sizes = append(sizes, len(e.values))
		}
	}
	if !slices.Equal(sizes, []int{100, 100, 50}) {
		t.Errorf("got lines of %d values, want 100, 100 and 50", sizes)
	}
}

func TestManyMetricsGoOnInAnotherLine(t *testing.T) {
	var table []Metric
	registry := prometheus.NewRegistry()
	for i := range 205 {
		m := Metric{Name: fmt.Sprintf("m%03d", i), Kind: Gauge, Unit: Count}
		g := m.Gauge()
		g.WithLabelValues().Set(float64(i))
		registry.MustRegister(g)
		table = append(table, m)
	}
	var out bytes.Buffer
	e, err := NewEMF(&out, "Plinth", table, registry)
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Flush(noon); err != nil {
		t.Fatal(err)
	}
	if events, n := read(t, out.String()), strings.Count(out.String(), "\n"); len(events) != 205 || n != 3 {
		t.Errorf("got %d metrics in %d lines, want 205 in 3", len(events), n)
	}
}

// Whatever happens, each line is as the specification says, labels stay within what the
// table allows and nothing is lost between Prometheus and CloudWatch.
func TestWhateverHappensLinesAreValid(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := NewWorker(func() State { return State{} })
		var out bytes.Buffer
		e, err := w.EMF(&out, "Plinth")
		if err != nil {
			t.Fatalf("%v", err)
		}
		names := append(Stages(), Outcomes()...)
		word := rapid.OneOf(rapid.SampledFrom(names), rapid.String())
		length := rapid.Custom(func(t *rapid.T) time.Duration { return time.Duration(rapid.Int64().Draw(t, "ns")) })
		attempts := 0
		var seconds float64
		for range rapid.IntRange(1, 3).Draw(t, "intervals") {
			for range rapid.IntRange(0, 40).Draw(t, "attempts") {
				a := Attempt{
					Outcome: word.Draw(t, "outcome"), Stage: word.Draw(t, "stage"), Took: length.Draw(t, "took"), Waited: length.Draw(t, "waited"),
					Stages: []StageTime{{word.Draw(t, "name"), length.Draw(t, "wall"), length.Draw(t, "cpu")}},
					In:     rapid.Int64().Draw(t, "in"), Cost: prices.Dollars{CPU: rapid.Float64Range(-1, 1e6).Draw(t, "dollars")},
				}
				w.Attempt(a)
				attempts++
				seconds += max(a.Took, 0).Seconds()
			}
			if err := e.Flush(noon); err != nil {
				t.Fatalf("%v", err)
			}
		}
		events := read(t, out.String())
		if got, _ := sum(events, "plinth_jobs_total", nil); int(got) != attempts {
			t.Fatalf("told of %g attempts, want %d", got, attempts)
		}
		if got, n := sum(events, "plinth_job_seconds", nil); n != attempts || math.Abs(got-seconds) > 1e-9*seconds {
			t.Fatalf("told of %g seconds in %d values, want %g in %d", got, n, seconds, attempts)
		}
		for _, e := range events {
			for name, value := range e.labels {
				if !slices.Contains(append(names, Other, "in", "out", "cpu", "memory", "queue", "store", "catalog", "logs"), value) {
					t.Fatalf("%s has the label %s=%q", e.name, name, value)
				}
			}
		}
	})
}

// failing is a place that takes nothing.
type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

// What counters should have told is told the next time, what histograms should is gone.
func TestCountersThatWereNotWrittenAreToldAgain(t *testing.T) {
	w, e, out := told(t)
	w.Attempt(chair("done"))
	e.out = failing{}
	if err := e.Flush(noon); !errors.Is(err, io.ErrClosedPipe) {
		t.Fatalf("got %v", err)
	}
	e.out = out
	if err := e.Flush(noon); err != nil {
		t.Fatal(err)
	}
	events := read(t, out.String())
	if got, _ := sum(events, "plinth_jobs_total", nil); got != 1 {
		t.Errorf("told of %g jobs, want 1", got)
	}
	if _, n := sum(events, "plinth_job_seconds", nil); n != 0 {
		t.Errorf("told of %d times, want none", n)
	}
}

func TestWhatCloudWatchRefusesIsAnError(t *testing.T) {
	for _, value := range []float64{math.NaN(), math.Inf(1), math.Inf(-1), math.Exp2(361)} {
		m := Metric{Name: "m", Kind: Gauge, Unit: None}
		g, registry := m.Gauge(), prometheus.NewRegistry()
		g.WithLabelValues().Set(value)
		registry.MustRegister(g)
		e, err := NewEMF(io.Discard, "Plinth", []Metric{m}, registry)
		if err != nil {
			t.Fatal(err)
		}
		if err := e.Flush(noon); err == nil {
			t.Errorf("%g is told", value)
		}
	}
	for _, namespace := range []string{"", "AWS/Plinth", strings.Repeat("x", 256)} {
		if _, err := NewEMF(io.Discard, namespace, All(), prometheus.NewRegistry()); err == nil {
			t.Errorf("the namespace %.20q is taken", namespace)
		}
	}
}

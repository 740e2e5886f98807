package main

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/plinth3d/plinth/pipeline/prices"
)

// Three jobs of the quickest sample, two at a time: the figures must fit each other, and
// what is known of the sample.
func TestTheFiguresFit(t *testing.T) {
	b := &bench{jobs: 3, slots: 2, task: prices.DefaultTask()}
	var err error
	if b.prices, err = prices.Load(""); err != nil {
		t.Fatal(err)
	}
	lamp, err := os.ReadFile("../../testdata/models/lamp.glb")
	if err != nil {
		t.Fatal(err)
	}
	b.models = []model{{"lamp.glb", lamp}}
	r := &report{Models: 1, Slots: 2}
	if err := b.work(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	if r.Jobs != 3 || r.In != 3*int64(len(lamp)) || r.Out <= 0 || r.Files%3 != 0 || r.Files < 3*4 || r.CPU <= 0 || r.Seconds <= 0 {
		t.Errorf("got %+v", r)
	}
	var all float64
	for _, s := range r.Stages {
		all += 3 * s.CPU
	}
	if len(r.Stages) != 7 || all <= 0 || all > r.CPU {
		t.Errorf("of %g CPU seconds stages are %+v", r.CPU, r.Stages)
	}
	if err := r.cost(b.prices, b.task); err != nil {
		t.Fatal(err)
	}
	// By hand: 10,000 / 3 of what three jobs asked of S3 and SQS.
	store := 10_000.0 / 3 * (float64(3+r.Files)*0.005/1000 + 6*0.0004/1000)
	queue := 10_000.0 / 3 * float64(9+r.Beats) * 0.4 / 1e6
	cpu := 10_000.0 / 3 * r.CPU / 0.8 / 3600 * 0.009714
	for what, pair := range map[string][2]float64{"store": {r.Spot.Store, store}, "queue": {r.Spot.Queue, queue}, "CPU": {r.Spot.CPU, cpu}} {
		if math.Abs(pair[0]-pair[1]) > 1e-6*pair[1] {
			t.Errorf("%s: got %g dollars, want %g", what, pair[0], pair[1])
		}
	}
	if r.OnDemand.Store != r.Spot.Store || r.OnDemand.CPU <= 2*r.Spot.CPU || r.Spot.Catalog <= 0 || r.Spot.Logs <= 0 {
		t.Errorf("got %+v on Spot and %+v on demand", r.Spot, r.OnDemand)
	}
	var out bytes.Buffer
	if err := r.print(&out, b.task); err != nil {
		t.Fatal(err)
	}
	if text := out.String(); strings.Count(text, "\n|---") != 3 || strings.Contains(text, "%!") || strings.Contains(text, "NaN") {
		t.Errorf("got\n%s", text)
	}
	if text, err := json.Marshal(r); err != nil || !strings.Contains(string(text), `"dollarsSpot":{"cpu":`) {
		t.Errorf("got %s, %v", text, err)
	}
}

func TestAJobThatFailsEndsTheRun(t *testing.T) {
	b := &bench{jobs: 1, slots: 1, models: []model{{"broken.glb", []byte("glTF, but no more")}}}
	if err := b.work(t.Context(), &report{}); err == nil || !strings.Contains(err.Error(), "a job failed") {
		t.Errorf("got %v", err)
	}
}

package main

import (
	"context"
	"math"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/plinth3d/plinth/pipeline"
	"github.com/plinth3d/plinth/pipeline/asset"
	"github.com/plinth3d/plinth/pipeline/metrics"
	"github.com/plinth3d/plinth/pipeline/prices"
)

func TestMetricsKnowAllOutcomesAndStages(t *testing.T) {
	outcomes := []pipeline.Outcome{pipeline.Done, pipeline.Settled, pipeline.Retried, pipeline.Buried, pipeline.Busy, pipeline.Lost, pipeline.Drained, pipeline.Elsewhere}
	stages := []pipeline.Stage{"-", pipeline.Loading, pipeline.Waiting, pipeline.Reading, pipeline.Measuring, pipeline.Simplifying, pipeline.Fitting, pipeline.Packing, pipeline.Publishing}
	var names []string
	for _, o := range outcomes {
		names = append(names, string(o))
	}
	if got := metrics.Outcomes(); !slices.Equal(got, names) {
		t.Errorf("got %q, want %q", got, names)
	}
	names = nil
	for _, s := range stages {
		names = append(names, string(s))
	}
	if got := metrics.Stages(); !slices.Equal(got, names) {
		t.Errorf("got %q, want %q", got, names)
	}
}

func TestServeCountsItsJobs(t *testing.T) {
	p := serve(t, t.TempDir())
	if answer, text := p.ask("PUT", "/v1/models/fern", sample(t, "fern")); answer.StatusCode != http.StatusAccepted {
		t.Fatalf("%s: %s", answer.Status, text)
	}
	if last, _ := p.follow("fern"); last.State != asset.Ready {
		t.Fatalf("it is %+v\n%s", last, p.log)
	}
	// A job is counted once it has ended, a moment after its product is there.
	text := ""
	for counted := time.Now().Add(10 * time.Second); !strings.Contains(text, `{outcome="done"`) && time.Now().Before(counted); {
		_, body := p.ask("GET", "/metrics", nil)
		text = string(body)
	}
	for _, want := range []string{
		`plinth_jobs_total{outcome="done",stage="publish"} 1`, `plinth_stage_cpu_seconds_count{stage="textures"} 1`,
		`plinth_job_dollars_total{part="cpu"} `, `plinth_origin_requests_total{`, "plinth_slots 1", "go_goroutines ",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in\n%s", want, text)
		}
	}
}

func TestWhatCountsGoesOnUntilTheOthersHaveEnded(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	var order []string
	released := make(chan struct{})
	err := together(ctx, func(ctx context.Context) error {
		<-ctx.Done()
		order = append(order, "count")
		return nil
	}, func(ctx context.Context) error {
		stop()
		<-ctx.Done()
		close(released)
		order = append(order, "work")
		return nil
	})
	<-released
	if err != nil || !slices.Equal(order, []string{"work", "count"}) {
		t.Errorf("got %q, %v", order, err)
	}
}

func TestAPlanCostsWhatWorkersThenTell(t *testing.T) {
	list, err := prices.Load("")
	if err != nil {
		t.Fatal(err)
	}
	worker := &counting{home: &home{settings: settings{lease: leaseTime}}, prices: list, tell: tellEvery}
	told := worker.cost(pipeline.Attempt{CPU: 40 * time.Second, Wall: 20 * time.Second, Outputs: 9, Levels: 4}).Total()
	planned, err := new(batchPlanOptions).dollars(pipeline.BatchPlan{
		Models:   make([]pipeline.BatchItem, 3),
		Estimate: &pipeline.BatchEstimate{Sampled: 1, CPUSeconds: 120, Files: 27, Manifest: 4 * perLevel},
	})
	if err != nil {
		t.Fatal(err)
	}
	if math.Abs(*planned-3*told) > 1e-12 {
		t.Errorf("got %g dollars for three that cost %g each", *planned, told)
	}
}

package main

import (
	"fmt"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/plinth3d/plinth/pipeline"
	"github.com/plinth3d/plinth/pipeline/asset"
	"github.com/plinth3d/plinth/pipeline/cloud/awstest"
	"github.com/plinth3d/plinth/testdata/models"
)

// What an operator may rely on when a worker is told to end.
const (
	endsWithin    = 110 * time.Second // with the default grace
	visibleWithin = 2 * time.Second   // of the end
)

// awsDrain tells three workers to end while they compute, with a grace that is too short for
// their jobs.
func awsDrain(t *testing.T, called *calledBy) {
	p := awsPlace(t, 30*time.Second)
	all := models.All()
	data, err := all[slices.IndexFunc(all, func(m models.Model) bool { return m.Name == "amphora" })].Make()
	if err != nil {
		t.Fatal(err)
	}
	r := called.relay(t, "worker")
	workers, names := []*role{}, []string{}
	for i := range 3 {
		workers = append(workers, awsWorker(t, r, p, "--grace", "1s"))
		names = append(names, fmt.Sprint("amphora-", i))
		awsUpload(t, p, names[i], data)
	}
	for _, name := range names {
		awsAwait(t, p, name, func(v asset.Version) bool {
			return v.State == asset.Running && v.Stage != "" && v.Stage != string(pipeline.Reading)
		})
	}
	told := time.Now()
	for _, w := range workers {
		w.signal(syscall.SIGTERM)
	}
	for _, w := range workers {
		<-w.end
		if w.err != nil {
			t.Errorf("a worker ended with %v", w.err)
		}
	}
	ended := time.Now()
	if took := ended.Sub(told); took > endsWithin {
		t.Errorf("the workers took %s to end", took)
	}
	for {
		waiting, leased, dead, err := p.Messages(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if waiting == 3 {
			break
		}
		if time.Since(ended) > visibleWithin {
			t.Fatalf("%s after the end %d messages wait, %d are leased, %d dead", time.Since(ended), waiting, leased, dead)
		}
	}
	t.Logf("the workers ended %s after SIGTERM, and %s later their jobs were back", ended.Sub(told).Round(time.Millisecond), time.Since(ended).Round(time.Millisecond))
	for _, name := range names {
		v, err := p.Catalog.Newest(t.Context(), "acme", name)
		if err != nil || v.State != asset.Queued || v.Attempts != 0 {
			t.Errorf("%s is %s after %d attempts, %v", name, v.State, v.Attempts, err)
		}
	}
	awsWorker(t, r, p)
	awsAwaitAny(t, p, names)
}

// awsAwaitAny waits until one of the models is being worked on.
func awsAwaitAny(t *testing.T, at *awstest.Installation, names []string) {
	t.Helper()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		for _, name := range names {
			if v, err := at.Catalog.Newest(t.Context(), "acme", name); err == nil && v.State == asset.Running && v.Attempts == 1 {
				return
			}
		}
	}
	t.Error("nobody goes on with the jobs")
}

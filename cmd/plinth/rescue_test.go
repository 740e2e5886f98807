package main

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/plinth3d/plinth/pipeline/asset"
	"github.com/plinth3d/plinth/pipeline/cloud"
	"github.com/plinth3d/plinth/pipeline/cloud/sqstest"
	"github.com/plinth3d/plinth/pipeline/local"
)

// rescuers is a process with two lanes of SQS and a catalog.
func rescuers(t *testing.T) (*sqstest.Server, *home) {
	sqs := sqstest.New(t)
	sqs.Setenv(t)
	lane := func(name string) cloud.Lane {
		return cloud.Lane{Name: name, URL: sqs.Create(name), Dead: sqs.Create(name + "-dead"), Weight: 1}
	}
	queue, errQueue := cloud.OpenQueue(t.Context(), cloud.QueueConfig{LeaseTime: 30 * time.Second, Lanes: []cloud.Lane{lane("interactive"), lane("backfill")}})
	catalog, errCatalog := local.OpenCatalog(t.Context(), filepath.Join(t.TempDir(), "catalog.db"))
	if err := errors.Join(errQueue, errCatalog); err != nil {
		t.Fatal(err)
	}
	h := &home{backends: backends{catalog: catalog, jobs: queue, lanes: queue, records: catalog}, log: slog.New(slog.DiscardHandler)}
	h.where.queue, h.where.lanes = "sqs://plinth", "interactive=6,backfill=1"
	t.Cleanup(func() {
		if err := h.backends.close(); err != nil {
			t.Error(err)
		}
	})
	for _, model := range []string{"a", "b"} {
		if _, err := catalog.Submit(t.Context(), asset.Version{Merchant: "m", Model: model, Version: "1"}); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := catalog.Claim(t.Context(), asset.Job{Merchant: "m", Model: "b", Version: "1"}, time.Hour); err != nil {
		t.Fatal(err)
	}
	return sqs, h
}

func TestAJobWithoutAMessageIsSentAgain(t *testing.T) {
	sqs, h := rescuers(t)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- h.rescue(ctx, 10*time.Millisecond, time.Millisecond) }()
	if err := sqs.Length(t.Context(), "backfill", 1); err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	l, err := h.jobs.Lease(t.Context())
	if err != nil || l.Job() != (asset.Job{Merchant: "m", Model: "a", Version: "1"}) {
		t.Fatalf("got %v, %v", l, err)
	}
	if err := l.Done(t.Context()); err != nil {
		t.Error(err)
	}
	if n := len(sqs.Messages("interactive")); n != 0 {
		t.Errorf("%d jobs are in the lane of who waits", n)
	}
}

func TestARescueEndsAtOnceWithItsProcess(t *testing.T) {
	_, h := rescuers(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := h.adopt(ctx); err != nil {
		t.Error(err)
	}
}

func TestOnlyWhatIsOverdueIsRescued(t *testing.T) {
	sqs, h := rescuers(t)
	if n, err := h.rescueOnce(t.Context(), overdue); n != 0 || err != nil {
		t.Errorf("what was queued just now: got %d, %v", n, err)
	}
	heal := sqs.Break("SendMessage", "backfill", sqstest.Status(403, "AccessDenied"))
	if n, err := h.rescueOnce(t.Context(), -time.Hour); n != 0 || err == nil {
		t.Errorf("a queue that refuses: got %d, %v", n, err)
	}
	heal()
	for v := range 3 {
		n, err := h.rescueOnce(t.Context(), -time.Hour) // whatever is queued is overdue
		if n != 1 || err != nil {
			t.Errorf("look %d: got %d, %v", v, n, err)
		}
	}
}

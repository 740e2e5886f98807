// Command chaos kills workers at random while they work off jobs, lets calls to AWS go
// wrong, and then looks if anything was lost, done twice with other results, or done by
// half:
//
//	.ci/peers/with go run ./benchmarks/chaos -jobs 1000 -kill-every 2s -faults 0.02
//
// It prints a table and ends with 1 if something is wrong. Workers are processes of the
// plinth of this source tree, unless -plinth names another. They reach S3, SQS and DynamoDB
// through a relay, which sees all that is published.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/plinth3d/plinth/pipeline"
	"github.com/plinth3d/plinth/pipeline/cloud/awstest"
)

// options are the flags.
type options struct {
	jobs, workers    int
	killEvery, lease time.Duration
	faults           float64
	slowest, limit   time.Duration
	seed             uint64
	plinth, logs     string
}

func main() {
	var o options
	flag.IntVar(&o.jobs, "jobs", 1000, "versions of models to be made")
	flag.IntVar(&o.workers, "workers", 3, "worker processes")
	flag.DurationVar(&o.killEvery, "kill-every", 2*time.Second, "time between kills of a random worker, on average; 0 kills none")
	flag.Float64Var(&o.faults, "faults", 0, "share of the calls to AWS that go wrong, 0 to 1")
	flag.DurationVar(&o.slowest, "slowest", 3*time.Second, "how long calls wait at most that are late")
	flag.Uint64Var(&o.seed, "seed", 1, "of all that is random")
	flag.DurationVar(&o.lease, "lease", 5*time.Second, "how long a job stays with a worker that is gone")
	flag.DurationVar(&o.limit, "limit", 20*time.Minute, "time for everything")
	flag.StringVar(&o.plinth, "plinth", "", "the program; empty builds it")
	flag.StringVar(&o.logs, "logs", "", "folder that the workers' logs are kept in; empty is a temporary one")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if ok, err := run(ctx, o); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "chaos:", err)
		os.Exit(3)
	} else if !ok {
		os.Exit(1)
	}
}

// run tells if all is as it should be.
func run(ctx context.Context, o options) (ok bool, err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, o.limit, fmt.Errorf("not over after %s", o.limit))
	defer cancel()
	temp, err := os.MkdirTemp("", "plinth-chaos-")
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(temp)) }()
	if err := prepare(ctx, &o, temp); err != nil {
		return false, err
	}
	place, err := awstest.New(ctx, o.lease)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, place.Close()) }()
	relay, err := awstest.Start()
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, relay.Close()) }()
	seen := newHistory()
	relay.See = seen.see
	if o.faults > 0 {
		relay.Fault = awstest.Random(o.seed, o.faults, o.slowest)
	}
	recipe := pipeline.Default()
	if err := pipeline.StoreRecipe(ctx, place.Store, recipe); err != nil {
		return false, err
	}
	uploads, err := plan(o, recipe)
	if err != nil {
		return false, err
	}
	f := &fleet{options: o, folder: temp, flags: place.Flags(true), env: append(os.Environ(), relay.Env()...)}
	took, err := work(ctx, o, f, place, uploads)
	if err != nil {
		return false, err
	}
	r := &report{options: o, uploads: uploads, fleet: f, relay: relay, history: seen, took: took}
	if err := r.check(ctx, place, recipe); err != nil {
		return false, err
	}
	return r.print(os.Stdout), nil
}

// prepare builds the program and makes folders.
func prepare(ctx context.Context, o *options, temp string) error {
	if o.logs == "" {
		o.logs = temp
	}
	if err := os.MkdirAll(o.logs, 0o755); err != nil {
		return err
	}
	if o.plinth != "" {
		return nil
	}
	o.plinth = filepath.Join(temp, "plinth")
	build := exec.CommandContext(ctx, "go", "build", "-o", o.plinth, "github.com/plinth3d/plinth/cmd/plinth")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return fmt.Errorf("build plinth: %w", err)
	}
	return nil
}

// work runs the fleet until all uploads are worked off, and tells how long that took.
func work(ctx context.Context, o options, f *fleet, place *awstest.Installation, all []upload) (time.Duration, error) {
	began := time.Now()
	sending, stop := context.WithCancel(ctx)
	defer stop()
	sent := make(chan error, 1)
	go func() { sent <- send(sending, place, all) }()
	f.start(ctx)
	err := errors.Join(<-sent, settled(ctx, place, o))
	took := time.Since(began)
	return took, errors.Join(err, f.end())
}

package asset

import (
	"context"
	"errors"
	"time"
)

// DefaultLanes are the lanes of every installation whose queue has some, most urgent first,
// each with its share of a worker's turns. Jobs that name no lane go to the first.
const DefaultLanes = "interactive=6,bulk=3,backfill=1"

// A Job asks for the levels of one version of a model.
type Job struct {
	Merchant string `json:"merchant"`
	Model    string `json:"model"`
	Version  string `json:"version"`
}

// ID identifies the job: the same work has the same ID.
func (j Job) ID() string { return Hash([]byte(j.Merchant + "/" + j.Model + "/" + j.Version)) }

// A Queue hands out jobs, each to one worker at a time, at least once.
type Queue interface {
	// Send adds a job. It survives a crash once Send has returned. A job that is
	// waiting or leased is not added again where the backend can know of it. Where
	// it can't, the job may be handed out once more: whoever Claims it second is told
	// so by the catalog.
	Send(ctx context.Context, j Job) error

	// Lease waits for a job, until ctx is done. A lease that is neither ended nor
	// extended for the queue's lease time ends by itself, and the job is handed
	// out again.
	Lease(ctx context.Context) (Lease, error)

	// LeaseTime is how long a lease lasts without Extend.
	LeaseTime() time.Duration
}

// A Lease is the right to work on a job for a while. It is ended by Done, Retry or
// Bury, once.
type Lease interface {
	Job() Job

	// Extend starts the lease time anew. ErrConflict says the lease is lost.
	Extend(ctx context.Context) error

	// Done takes the job out of the queue.
	Done(ctx context.Context) error

	// Retry hands the job out again after a while.
	Retry(ctx context.Context, after time.Duration) error

	// Bury takes the job out for good, because it can't succeed.
	Bury(ctx context.Context, reason string) error
}

// Held is how long a lease of a time is surely held, by the clock of who has it: queues count
// from when they hand a job out, which is earlier than it arrives.
func Held(lease time.Duration) time.Duration { return lease - lease/6 }

// A Burial is what is known of a job that can't succeed.
type Burial struct {
	Failure
	Source string `json:"source"` // SHA-256 of the file
}

// Bury ends a lease with all that is known, where its queue keeps that, and with the
// reason where it doesn't. record tells the catalog, whatever becomes of the lease: after its
// end, so that an upload that comes between finds the queue free, and Resume sends the job
// again should this process end between the two. Where nobody would, the queue lets go of the
// job only once that is recorded.
func Bury(ctx context.Context, l Lease, b Burial, record func(context.Context) error) error {
	if keeps, ok := l.(interface {
		BuryWith(ctx context.Context, b Burial, record func(context.Context) error) error
	}); ok {
		return keeps.BuryWith(ctx, b, record)
	}
	return errors.Join(l.Bury(ctx, b.Reason), record(ctx))
}

// LaneStats is how a lane of a queue stands, as far as its backend can tell: a number it
// doesn't know is 0.
type LaneStats struct {
	Lane     string
	Waiting  int64 // messages that can be leased
	InFlight int64 // leased, or being retried after a while
	Delayed  int64
	Dead     int64         // dead letters that can be received
	Buried   int64         // by this process, since it began
	Oldest   time.Duration // age of the oldest that waits; 0 where none does
}

// Postpone hands a job out again after a while, as Retry does, for no fault of its own: its
// worker ends, or another one is at it. A queue that counts how often a job is handed out,
// and can, doesn't count this time.
func Postpone(ctx context.Context, l Lease, after time.Duration) error {
	if forgives, ok := l.(interface {
		Postpone(ctx context.Context, after time.Duration) error
	}); ok {
		return forgives.Postpone(ctx, after)
	}
	return l.Retry(ctx, after)
}

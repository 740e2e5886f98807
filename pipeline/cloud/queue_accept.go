package cloud

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// accept registers the uploads that a message tells of. Each is sent as a job of its own,
// whose receipts are counted apart from those of the upload, and the message is done.
func (l *queueLease) accept(ctx context.Context) error {
	rest := l.hold(ctx)
	jobs, err := l.queue.acceptAll(ctx, l.message.asks.uploads)
	rest()
	behind := context.WithoutCancel(ctx) // the message has an end whatever becomes of the caller
	b, refused := notAccepted(err)
	switch {
	case ctx.Err() != nil:
		return errors.Join(ctx.Err(), conflictIsFine(l.Postpone(behind, 0)))
	case errors.Is(err, asset.ErrUnavailable), errors.Is(err, errTakesNone):
		return errors.Join(err, conflictIsFine(l.Postpone(behind, time.Minute)))
	case refused:
		if e := l.queue.sendAll(behind, l.message.lane, jobs); e != nil {
			return errors.Join(err, e) // the message comes again
		}
		if e := l.BuryWith(behind, b, nil); e != nil {
			return e
		}
		l.queue.tellBuried(l.message, b)
		return nil
	case err != nil:
		return errors.Join(err, l.Retry(behind, 30*time.Second<<(2*min(l.message.count, 5))))
	}
	if err := l.queue.sendAll(behind, l.message.lane, jobs); err != nil {
		return err // the message comes again
	}
	return l.Done(behind)
}

// acceptAll registers uploads. When one can't be, the others are tried even so; when SQS
// or a catalog doesn't answer, it ends.
func (q *Queue) acceptAll(ctx context.Context, uploads []Upload) (jobs []asset.Job, err error) {
	if q.config.Accept == nil {
		return nil, fmt.Errorf("%w: %s of %s", errTakesNone, uploads[0].Key, uploads[0].Bucket)
	}
	for _, u := range uploads {
		j, fault := q.config.Accept(ctx, u)
		switch {
		case fault == nil:
			jobs = append(jobs, j)
		case errors.Is(fault, asset.ErrConflict): // nothing to do
		case errors.Is(fault, asset.ErrInvalid), errors.Is(fault, asset.ErrNotFound):
			err = errors.Join(err, fmt.Errorf("accept %s of %s: %w", u.Key, u.Bucket, fault))
		default:
			return nil, fmt.Errorf("accept %s of %s: %w", u.Key, u.Bucket, fault)
		}
	}
	return jobs, err
}

// errTakesNone says that uploads are for other processes.
var errTakesNone = errors.New("this process takes no uploads from buckets")

func (q *Queue) sendAll(ctx context.Context, l *lane, jobs []asset.Job) error {
	for _, j := range jobs {
		if err := q.send(ctx, l, j); err != nil {
			return err
		}
	}
	return nil
}

// hold extends the lease until the function that it returns is called.
func (l *queueLease) hold(ctx context.Context) (rest func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(l.queue.config.LeaseTime / 3)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
			case <-ctx.Done():
				return
			}
			if errors.Is(l.Extend(ctx), asset.ErrConflict) {
				return // the end of the lease is told when it is used
			}
		}
	}()
	return func() { cancel(); <-done }
}

func conflictIsFine(err error) error {
	if errors.Is(err, asset.ErrConflict) {
		return nil
	}
	return err
}

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
		return errors.Join(ctx.Err(), conflictIsFine(l.Retry(behind, 0)))
	case refused:
		return errors.Join(l.queue.sendAll(behind, l.message.lane, jobs), l.BuryWith(behind, b, nil))
	case err != nil:
		return errors.Join(err, l.Retry(behind, time.Second<<min(l.message.count, 10)))
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
		return nil, fmt.Errorf("%s of %s: this process takes no uploads from buckets", uploads[0].Key, uploads[0].Bucket)
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

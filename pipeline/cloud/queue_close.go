package cloud

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// Close ends all calls of Lease, waits for the long poll, releases what it brings and
// lets all other calls to SQS end. It takes 30 s at most, and a second when nothing is
// under way. Leases that have not ended are left to their time.
func (q *Queue) Close() error {
	q.mu.Lock()
	if q.closed {
		q.mu.Unlock()
		return nil
	}
	q.closed = true
	close(q.stop)
	for _, w := range q.waiting {
		w.got <- delivery{err: errClosed}
	}
	q.waiting = nil
	q.mu.Unlock()
	defer q.cancel()
	late := time.NewTimer(longest + calling)
	defer late.Stop()
	for !q.finished() {
		select {
		case <-q.idle:
		case <-late.C:
			return fmt.Errorf("%w: close the queue: SQS does not answer; what was received comes again after %s", asset.ErrUnavailable, q.config.LeaseTime)
		}
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	return errors.Join(q.untold...)
}

var errClosed = errors.New("the queue is closed")

// finished tells if nothing is under way, and then lets nothing begin.
func (q *Queue) finished() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.over = q.active == 0
	return q.over
}

// begin notes that a call begins, unless the queue is over. end must follow.
func (q *Queue) begin() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.over {
		return false
	}
	q.active++
	return true
}

func (q *Queue) end() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.active--; q.active == 0 {
		select {
		case q.idle <- struct{}{}:
		default:
		}
	}
}

// later does something that nobody waits for. What goes wrong is told by Lease.
func (q *Queue) later(f func(context.Context) error) {
	if !q.begin() {
		return
	}
	go func() {
		defer q.end()
		if err := f(q.base); err != nil {
			q.tell(err)
		}
	}()
}

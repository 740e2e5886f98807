package cloud

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// Lease waits for a job. It also tells what went wrong where no caller waited, and that
// SQS doesn't answer or refuses: one call is told each time, and SQS is asked again after
// a pause that grows.
func (q *Queue) Lease(ctx context.Context) (asset.Lease, error) {
	for {
		l, err := q.await(ctx)
		if err != nil {
			return nil, err
		}
		if len(l.message.asks.uploads) == 0 {
			return l, nil
		}
		if err := l.accept(ctx); err != nil {
			return nil, err
		}
	}
}

// queueLease is the right to a message.
type queueLease struct {
	queue   *Queue
	message *message
	job     asset.Job
	renewed atomic.Int64 // Unix nanoseconds: when the visibility last began, or before

	turn  chan struct{} // holds one: for one change at a time, so that no extension follows the end
	ended bool
}

// lease makes a lease and counts it. The queue is locked.
func (q *Queue) lease(m *message) *queueLease {
	l := &queueLease{queue: q, message: m, job: m.asks.job, turn: make(chan struct{}, 1)}
	l.renewed.Store(m.received.UnixNano())
	q.leases[l] = struct{}{}
	return l
}

func (l *queueLease) since() time.Time { return time.Unix(0, l.renewed.Load()) }

func (l *queueLease) Job() asset.Job { return l.job }

// Extend starts the lease time anew, at most until SQS has hidden the message for 12 h.
func (l *queueLease) Extend(ctx context.Context) error {
	if err := l.begin(ctx, "extend"); err != nil {
		return err
	}
	defer l.pass()
	if err := l.mine("extend"); err != nil {
		return err
	}
	now := time.Now()
	whole := l.queue.config.LeaseTime
	left := maxHide - now.Sub(l.message.received) - time.Second
	if left < whole {
		return fmt.Errorf("extend the lease of %s: %w: SQS leases a job for %s at most", l.job.Model, asset.ErrConflict, maxHide)
	}
	err := l.message.lane.extend.do(ctx, l.message.handle, int32(whole/time.Second))
	if err != nil {
		return l.lost(err)
	}
	l.renewed.Store(now.UnixNano())
	return nil
}

// begin waits until no other change to the lease is under way. pass must follow.
func (l *queueLease) begin(ctx context.Context, doing string) error {
	select {
	case l.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%s the lease of %s: %w", doing, l.job.Model, ctx.Err())
	}
}

func (l *queueLease) pass() { <-l.turn }

// mine is ErrConflict once the lease has ended. SQS does not always know: it may take an
// old receipt for a new one, so the clock is asked first.
func (l *queueLease) mine(doing string) error {
	if l.ended {
		return fmt.Errorf("%s the lease of %s: %w: it has ended", doing, l.job.Model, asset.ErrConflict)
	}
	if ago := time.Since(l.since()); ago >= asset.Held(l.queue.config.LeaseTime) {
		l.end()
		return fmt.Errorf("%s the lease of %s: %w: it was renewed %s ago", doing, l.job.Model, asset.ErrConflict, ago)
	}
	return nil
}

// lost ends the lease if err says that it is another's.
func (l *queueLease) lost(err error) error {
	if errors.Is(err, asset.ErrConflict) {
		l.end()
	}
	return err
}

func (l *queueLease) end() {
	l.ended = true
	l.queue.mu.Lock()
	defer l.queue.mu.Unlock()
	delete(l.queue.leases, l)
}

// Done deletes the message, even after the lease time: the work is done.
func (l *queueLease) Done(ctx context.Context) error {
	if err := l.begin(ctx, "finish"); err != nil {
		return err
	}
	defer l.pass()
	if l.ended {
		return l.mine("finish")
	}
	err := l.message.lane.remove.do(ctx, l.message.handle, 0)
	if err == nil {
		l.end()
	}
	return l.lost(err)
}

// Retry hides the message for a while, in whole seconds and at most until 12 h after its
// receipt.
func (l *queueLease) Retry(ctx context.Context, after time.Duration) error {
	if err := l.begin(ctx, "retry"); err != nil {
		return err
	}
	defer l.pass()
	if err := l.mine("retry"); err != nil {
		return err
	}
	most := maxHide - time.Since(l.message.received) - time.Second
	seconds := math.Ceil(min(max(after, 0), max(most, 0)).Seconds())
	err := l.message.lane.hide.do(ctx, l.message.handle, int32(seconds))
	if err == nil {
		l.end()
	}
	return l.lost(err)
}

// maxDelay is the longest that SQS delays a message that is sent.
const maxDelay = 15 * time.Minute

// Postpone sends the message again, after a while of 15 minutes at most, and deletes this one:
// its receipts count anew. What ends attempts for ever is that the catalog counts those that
// failed. Should this process end between the two, the job is there twice.
func (l *queueLease) Postpone(ctx context.Context, after time.Duration) error {
	if err := l.begin(ctx, "postpone"); err != nil {
		return err
	}
	defer l.pass()
	if err := l.mine("postpone"); err != nil {
		return err
	}
	err := l.queue.postpone(ctx, l.message, after)
	if err == nil {
		l.end()
	}
	return l.lost(err)
}

// postpone sends a message again and deletes the one that was received.
func (q *Queue) postpone(ctx context.Context, m *message, after time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, calling)
	defer cancel()
	in := &sqs.SendMessageInput{
		QueueUrl: &m.lane.URL, MessageBody: &m.body,
		DelaySeconds: int32(math.Ceil(min(max(after, 0), maxDelay).Seconds())),
	}
	if merchant := m.asks.merchant(); merchant != "" {
		in.MessageGroupId = &merchant
	}
	if _, err := q.client.SendMessage(ctx, in); err != nil {
		return queueFault(ctx, "send a job again to", m.lane.URL, err)
	}
	return m.lane.remove.do(ctx, m.handle, 0)
}

// Bury puts the message with the dead letters.
func (l *queueLease) Bury(ctx context.Context, reason string) error {
	return l.BuryWith(ctx, asset.Burial{Failure: asset.Failure{Code: "failed", Reason: reason}}, nil)
}

// BuryWith puts the message with the dead letters, together with all that is known, and deletes
// it from its lane once record has told the catalog: until then it comes again. record may be
// nil.
func (l *queueLease) BuryWith(ctx context.Context, b asset.Burial, record func(context.Context) error) error {
	if err := l.begin(ctx, "bury"); err != nil {
		return err
	}
	defer l.pass()
	if err := l.mine("bury"); err != nil {
		return err
	}
	err := l.queue.bury(ctx, l.message, b, record)
	if err == nil {
		l.end()
	}
	return l.lost(err)
}

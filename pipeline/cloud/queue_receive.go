package cloud

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// message is a message that was received.
type message struct {
	lane     *lane
	id       string
	handle   string // right of this receipt to it
	body     string
	count    int       // receipts, this one included
	received time.Time // when the answer came: SQS counts from a little earlier
	asks     asks
}

// waiter is a call of Lease that waits: a free slot.
type waiter struct{ got chan delivery }

// delivery is a message that is leased, or what went wrong.
type delivery struct {
	lease *queueLease
	err   error
}

// await waits for a message.
func (q *Queue) await(ctx context.Context) (*queueLease, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	w := &waiter{make(chan delivery, 1)}
	if err := q.join(w); err != nil {
		return nil, err
	}
	select {
	case d := <-w.got:
		return d.lease, d.err
	case <-ctx.Done():
	}
	if !q.leave(w) { // it was served that moment
		if d := <-w.got; d.lease != nil {
			q.later(func(ctx context.Context) error { return conflictIsFine(d.lease.Postpone(ctx, 0)) })
		} else if !errors.Is(d.err, errClosed) {
			q.tell(d.err)
		}
	}
	return nil, ctx.Err()
}

// join lets a call wait and sees to it that somebody asks SQS.
func (q *Queue) join(w *waiter) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return errClosed
	}
	if len(q.untold) > 0 {
		err := errors.Join(q.untold...)
		q.untold = nil
		return err
	}
	q.waiting = append(q.waiting, w)
	if !q.polling {
		q.polling = true
		q.active++
		go q.poll()
	}
	return nil
}

// leave tells if the call still waited.
func (q *Queue) leave(w *waiter) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	i := slices.Index(q.waiting, w)
	if i >= 0 {
		q.waiting = slices.Delete(q.waiting, i, i+1)
	}
	return i >= 0
}

// tell tells a call of Lease what went wrong: one that waits, or the next. What nobody
// asks for is told by Close; of very much the first is enough.
func (q *Queue) tell(err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case len(q.waiting) > 0:
		q.waiting[0].got <- delivery{err: err}
		q.waiting = q.waiting[1:]
	case len(q.untold) < 16:
		q.untold = append(q.untold, err)
	}
}

// poll asks SQS, one call at a time, as long as somebody waits.
func (q *Queue) poll() {
	defer q.end()
	for {
		q.mu.Lock()
		if len(q.waiting) == 0 {
			q.polling = false
			q.mu.Unlock()
			return
		}
		t := next(q.lanes, len(q.waiting), time.Now(), q.config.LongPoll)
		q.mu.Unlock()
		if t.lane == nil {
			pause(q.base, q.stop, t.wait)
			continue
		}
		q.give(q.receive(t))
	}
}

// receive asks a lane.
func (q *Queue) receive(t turn) []*message {
	ctx, cancel := context.WithTimeout(q.base, t.wait+calling)
	defer cancel()
	began := time.Now()
	out, err := q.client.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
		QueueUrl: &t.lane.URL, MaxNumberOfMessages: int32(t.count), WaitTimeSeconds: int32(t.wait / time.Second),
		VisibilityTimeout: int32(q.config.LeaseTime / time.Second),
		MessageSystemAttributeNames: []types.MessageSystemAttributeName{
			types.MessageSystemAttributeNameApproximateReceiveCount, types.MessageSystemAttributeNameSentTimestamp,
		},
	})
	now := time.Now()
	if err != nil {
		err = queueFault(ctx, "receive from", t.lane.URL, err)
		q.mu.Lock()
		t.lane.failed(errors.Is(err, asset.ErrUnavailable), now)
		q.mu.Unlock()
		q.tell(err)
		return nil
	}
	var all []*message
	var oldest time.Duration
	for _, m := range out.Messages {
		got, sent := read(t.lane, m, now)
		all = append(all, got)
		oldest = max(oldest, now.Sub(sent))
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	t.lane.answered(len(all), oldest, now)
	if len(all) == 0 && now.Sub(began) < t.wait/2 {
		t.lane.after = now.Add(jitter(resting)) // it did not wait as it was told; this must not become a race
	}
	return all
}

// read reads a message. A count that is missing is that of a first receipt.
func read(l *lane, m types.Message, now time.Time) (*message, time.Time) {
	got := &message{lane: l, id: text(m.MessageId), handle: text(m.ReceiptHandle), body: text(m.Body), count: 1, received: now}
	if n, err := strconv.Atoi(m.Attributes[string(types.MessageSystemAttributeNameApproximateReceiveCount)]); err == nil {
		got.count = n
	}
	sent := now
	if ms, err := strconv.ParseInt(m.Attributes[string(types.MessageSystemAttributeNameSentTimestamp)], 10, 64); err == nil {
		sent = time.UnixMilli(ms)
	}
	return got, sent
}

// give hands messages to the calls that wait, and releases the rest. What is no job, or
// came too often, is seen to behind them.
func (q *Queue) give(all []*message) {
	var hand []*message
	for _, m := range all {
		var err error
		m.asks, err = decodeMessage(m.body)
		switch {
		case err != nil:
			q.later(func(ctx context.Context) error {
				return q.buryOwn(ctx, m, notUnderstood(err), nil)
			})
		case m.count > MaxReceives:
			q.later(func(ctx context.Context) error { return q.poison(ctx, m) })
		case m.asks.nothing:
			q.later(func(ctx context.Context) error { return m.lane.remove.do(ctx, m.handle, 0) })
		default:
			hand = append(hand, m)
		}
	}
	for _, m := range q.serve(hand) {
		q.release(m)
	}
}

// serve hands messages out, fairly, and returns those that nobody waits for.
func (q *Queue) serve(hand []*message) []*message {
	q.mu.Lock()
	defer q.mu.Unlock()
	held := q.held()
	n := min(len(hand), len(q.waiting))
	hand = fairly(hand, held, limit(q.config.Share, len(q.leases)+len(q.waiting)))
	for i, m := range hand[:n] {
		q.waiting[i].got <- delivery{lease: q.lease(m)}
	}
	q.waiting = q.waiting[n:]
	return hand[n:]
}

// release lets a message be received again at once, as if it never was.
func (q *Queue) release(m *message) {
	q.later(func(ctx context.Context) error {
		return conflictIsFine(q.postpone(ctx, m, 0)) // it may have come free by itself
	})
}

// poison buries a message that was handed out often enough.
func (q *Queue) poison(ctx context.Context, m *message) error {
	b := asset.Burial{Failure: asset.Failure{
		Code: "exhausted", Stage: "receive",
		Reason: fmt.Sprintf("it was handed out %d times, and each time its worker ended without telling why, perhaps for want of memory", MaxReceives),
	}}
	var record func(context.Context) error
	if len(m.asks.uploads) > 0 {
		b.Stage, b.Reason = "accept", fmt.Sprintf("it was handed out %d times, and could not be registered; the workers' logs say why", MaxReceives)
	}
	if q.config.Poison != nil && m.asks.job != (asset.Job{}) {
		ctx, cancel := context.WithTimeout(ctx, calling)
		defer cancel()
		told, tell, err := q.config.Poison(ctx, m.asks.job)
		switch {
		case errors.Is(err, asset.ErrBusy):
			return conflictIsFine(q.postpone(ctx, m, q.config.LeaseTime))
		case errors.Is(err, asset.ErrConflict):
			return m.lane.remove.do(ctx, m.handle, 0) // it has ended meanwhile
		case errors.Is(err, asset.ErrNotFound): // nobody knows of it
		case err != nil:
			err = fmt.Errorf("look why %s is to be buried: %w", m.asks.job.Model, err)
			if m.count > MaxReceives+1 { // before the redrive policy takes it, without a reason
				err = errors.Join(err, conflictIsFine(q.postpone(q.base, m, q.config.LeaseTime)))
			}
			return err
		default:
			b, record = told, tell
		}
	}
	return q.buryOwn(ctx, m, b, record)
}

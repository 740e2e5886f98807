package cloud

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// A batcher gathers what happens to messages of a queue within a short while, and tells
// SQS with one call for up to ten. Each caller learns what became of its own.
type batcher struct {
	queue  *Queue
	url    string
	doing  string
	window time.Duration
	call   func(ctx context.Context, batch []*change) (done []string, failed []types.BatchResultErrorEntry, err error)

	mu      sync.Mutex
	waiting []*change
	timer   *time.Timer
}

// change is what happens to one message.
type change struct {
	handle  string
	seconds int32 // until the message can be received again
	done    chan error
}

// do returns once SQS has told what became of the change. When ctx ends before the change
// is on its way, it does not happen.
func (b *batcher) do(ctx context.Context, handle string, seconds int32) error {
	if !b.queue.begin() {
		return fmt.Errorf("%w: %s %s: %w", asset.ErrUnavailable, b.doing, b.url, errClosed)
	}
	c := &change{handle, seconds, make(chan error, 1)}
	b.add(c)
	select {
	case err := <-c.done:
		return err
	case <-ctx.Done():
	}
	if b.drop(c) {
		b.tell(c, queueFault(ctx, b.doing, b.url, ctx.Err()))
	}
	return <-c.done // what is on its way must not overtake what its caller does next
}

// drop tells if the change still waited.
func (b *batcher) drop(c *change) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	i := slices.Index(b.waiting, c)
	if i >= 0 {
		b.waiting = slices.Delete(b.waiting, i, i+1)
	}
	return i >= 0
}

// add lets a change wait for others, unless the batch is full.
func (b *batcher) add(c *change) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.waiting = append(b.waiting, c)
	switch len(b.waiting) {
	case 1:
		b.timer = time.AfterFunc(jitter(b.window), func() { b.send(b.take()) })
	case batching:
		b.timer.Stop()
		go b.send(slices.Clone(b.waiting))
		b.waiting = nil
	}
}

func (b *batcher) take() []*change {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := slices.Clone(b.waiting)
	b.waiting = nil
	return all
}

// tries is how often entries of a batch are sent that failed for a passing reason.
const tries = 4

// send sends a batch, and again what of it failed for a passing reason.
func (b *batcher) send(batch []*change) {
	ctx, cancel := context.WithTimeout(b.queue.base, calling)
	defer cancel()
	for try := 1; len(batch) > 0; try++ {
		if try > 1 {
			pause(ctx, b.queue.base.Done(), jitter(backoff<<try))
		}
		batch = b.attempt(ctx, batch, try == tries || ctx.Err() != nil)
	}
}

// attempt sends a batch once, tells those whose change is decided, and returns the rest.
func (b *batcher) attempt(ctx context.Context, batch []*change, last bool) (rest []*change) {
	done, failed, err := b.call(ctx, batch)
	if err != nil {
		err = queueFault(ctx, b.doing, b.url, err)
		for _, c := range batch {
			b.tell(c, err)
		}
		return nil
	}
	faults := map[string]types.BatchResultErrorEntry{}
	for _, f := range failed {
		faults[text(f.Id)] = f
	}
	for i, c := range batch {
		id := strconv.Itoa(i)
		f, bad := faults[id]
		switch {
		case bad:
			err, again := entryFault(b.doing, b.url, f)
			if again && !last {
				rest = append(rest, c)
				continue
			}
			b.tell(c, err)
		case slices.Contains(done, id):
			b.tell(c, nil)
		case last:
			b.tell(c, fmt.Errorf("%w: %s %s: the answer leaves the message out", asset.ErrUnavailable, b.doing, b.url))
		default:
			rest = append(rest, c)
		}
	}
	return rest
}

func (b *batcher) tell(c *change, err error) {
	c.done <- err
	b.queue.end()
}

// pause waits, unless something ends it.
func pause(ctx context.Context, stop <-chan struct{}, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	case <-stop:
	}
}

// hide changes when messages can be received again.
func hide(q *Queue, url, doing string, window time.Duration) *batcher {
	return &batcher{queue: q, url: url, doing: doing, window: window, call: func(ctx context.Context, batch []*change) (done []string, failed []types.BatchResultErrorEntry, err error) {
		entries := make([]types.ChangeMessageVisibilityBatchRequestEntry, len(batch))
		for i, c := range batch {
			id := strconv.Itoa(i)
			entries[i] = types.ChangeMessageVisibilityBatchRequestEntry{Id: &id, ReceiptHandle: &c.handle, VisibilityTimeout: c.seconds}
		}
		out, err := q.client.ChangeMessageVisibilityBatch(ctx, &sqs.ChangeMessageVisibilityBatchInput{QueueUrl: &url, Entries: entries})
		if err != nil {
			return nil, nil, err
		}
		for _, r := range out.Successful {
			done = append(done, text(r.Id))
		}
		return done, out.Failed, nil
	}}
}

// remove deletes messages.
func remove(q *Queue, url string, window time.Duration) *batcher {
	return &batcher{queue: q, url: url, doing: "delete a message of", window: window, call: func(ctx context.Context, batch []*change) (done []string, failed []types.BatchResultErrorEntry, err error) {
		entries := make([]types.DeleteMessageBatchRequestEntry, len(batch))
		for i, c := range batch {
			id := strconv.Itoa(i)
			entries[i] = types.DeleteMessageBatchRequestEntry{Id: &id, ReceiptHandle: &c.handle}
		}
		out, err := q.client.DeleteMessageBatch(ctx, &sqs.DeleteMessageBatchInput{QueueUrl: &url, Entries: entries})
		if err != nil {
			return nil, nil, err
		}
		for _, r := range out.Successful {
			done = append(done, text(r.Id))
		}
		return done, out.Failed, nil
	}}
}

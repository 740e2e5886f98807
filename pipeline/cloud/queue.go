package cloud

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// How long things take at most.
const (
	longest  = 20 * time.Second // a long poll
	calling  = 10 * time.Second // a call that waits for nothing, with its attempts
	maxHide  = 12 * time.Hour   // from the receipt of a message to its return
	batching = 10               // entries of a batch, and messages of an answer
)

// Queue hands out jobs from the queues of SQS. It receives no more messages than there
// are calls of Lease that wait: each is a free slot. What SQS can't do, it doesn't
// promise: a job that waits may be added again, a job may be handed out twice, and
// order is not kept.
//
// A long poll is not broken off when its callers leave: SQS then gives the next message
// to a connection that is gone, and it is hidden for a lease time. The poll goes on, for
// 20 s at most, and what it brings is released at once.
type Queue struct {
	config QueueConfig
	client *sqs.Client
	lanes  []*lane
	base   context.Context // of all calls behind those of callers
	cancel context.CancelFunc
	stop   chan struct{} // closed by Close

	mu      sync.Mutex
	waiting []*waiter
	leases  map[*queueLease]struct{}
	polling bool
	closed  bool
	over    bool          // nothing may begin any more
	active  int           // calls behind those of callers
	idle    chan struct{} // told when active may be 0
	untold  []error       // of what nobody waited for
}

// OpenQueue returns a queue. It asks nothing of SQS, which may be down for now; Check
// does.
func OpenQueue(ctx context.Context, c QueueConfig) (*Queue, error) {
	client := awshttp.NewBuildableClient().WithDialerOptions(dialer).WithTransportOptions(func(t *http.Transport) {
		transport(t)
		t.ResponseHeaderTimeout = longest + firstBytes
	})
	return openQueue(ctx, c, config.WithHTTPClient(client))
}

func openQueue(ctx context.Context, c QueueConfig, options ...func(*config.LoadOptions) error) (*Queue, error) {
	if err := c.check(); err != nil {
		return nil, fmt.Errorf("open the queue: %w", err)
	}
	client, err := queueClient(ctx, options...)
	if err != nil {
		return nil, err
	}
	q := &Queue{config: c, client: client, stop: make(chan struct{}), idle: make(chan struct{}, 1), leases: map[*queueLease]struct{}{}}
	q.base, q.cancel = context.WithCancel(context.WithoutCancel(ctx))
	q.lanes = newLanes(q)
	return q, nil
}

func queueClient(ctx context.Context, options ...func(*config.LoadOptions) error) (*sqs.Client, error) {
	cfg, err := config.LoadDefaultConfig(ctx, append(options, config.WithRetryer(func() aws.Retryer { return retry.NewStandard(insistence) }))...)
	if err != nil {
		return nil, fmt.Errorf("open the queue: %w", err)
	}
	if err := account(&cfg, "open the queue"); err != nil {
		return nil, err
	}
	return sqs.NewFromConfig(cfg, func(o *sqs.Options) { o.RetryMaxAttempts = insisting }), nil
}

// insisting is how often a call is tried. Workers have more patience than shoppers.
const insisting = 3

func insistence(o *retry.StandardOptions) {
	o.MaxAttempts, o.MaxBackoff = insisting, time.Second
	o.Retryables = append(o.Retryables, again)
	o.Backoff = retry.BackoffDelayerFunc(func(attempt int, _ error) (time.Duration, error) {
		return jitter(min(backoff<<min(attempt, 8), time.Second)), nil
	})
}

// jitter spreads a wait out: half of it to all of it.
func jitter(d time.Duration) time.Duration { return d/2 + rand.N(d/2+1) }

// LeaseTime is how long a lease lasts.
func (q *Queue) LeaseTime() time.Duration { return q.config.LeaseTime }

// Send adds a job to the first lane.
func (q *Queue) Send(ctx context.Context, j asset.Job) error { return q.send(ctx, q.lanes[0], j) }

// SendTo adds a job to a lane.
func (q *Queue) SendTo(ctx context.Context, name string, j asset.Job) error {
	for _, l := range q.lanes {
		if l.Name == name {
			return q.send(ctx, l, j)
		}
	}
	return fmt.Errorf("%w: there is no lane %q", asset.ErrInvalid, name)
}

// send sends our own message. The group is what SQS is fair by, across all workers.
func (q *Queue) send(ctx context.Context, l *lane, j asset.Job) error {
	body, err := encodeJob(j)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, calling)
	defer cancel()
	_, err = q.client.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: &l.URL, MessageBody: &body, MessageGroupId: &j.Merchant})
	return queueFault(ctx, "send a job to", l.URL, err)
}

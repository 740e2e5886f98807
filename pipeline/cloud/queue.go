package cloud

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// A Lane is a standard queue of SQS and its dead-letter queue. Its redrive policy should
// have a maxReceiveCount of ten or so: it is the net below MaxReceives, and tells no
// reason. ReceiveMessageWaitTimeSeconds should be 0, its default.
type Lane struct {
	Name   string // interactive, bulk, backfill
	URL    string
	Dead   string // URL of the dead-letter queue
	Weight int    // of its turns, 1 to 1000
}

// QueueConfig says how a queue works.
type QueueConfig struct {
	Lanes     []Lane        // at least one; Send adds to the first
	LeaseTime time.Duration // whole seconds, up to an hour
	LongPoll  time.Duration // of a queue with one lane, whole seconds; 0 is 20 s, the most
	Floor     float64       // least share of the turns that a lane with jobs has; 0 is 0.05
	Share     float64       // of the slots that a merchant holds while others wait; 0 is 0.5

	// Accept registers an upload that S3 tells of and returns its job. ErrConflict says
	// that nothing is to be done, ErrInvalid and ErrNotFound that nothing can be: the
	// message is buried. After all else it is asked again, later. S3 tells of an upload
	// more than once, so Accept must not mind. Without it messages of S3 wait.
	Accept func(context.Context, Upload) (asset.Job, error)

	// Poison is asked about a job that was handed out MaxReceives times and has not ended,
	// before it is buried: it records that and returns what is known. It may be nil.
	Poison func(context.Context, asset.Job) (asset.Burial, error)
}

// MaxReceives is how often a job is handed out. When it comes once more, its workers
// have all ended without telling why, and it is buried.
const MaxReceives = 5

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
	cfg, err := config.LoadDefaultConfig(ctx, append(options, config.WithRetryer(func() aws.Retryer { return retry.NewStandard(insistence) }))...)
	if err != nil {
		return nil, fmt.Errorf("open the queue: %w", err)
	}
	if cfg.Region == "" {
		return nil, fmt.Errorf("%w: open the queue: no region is set; say AWS_REGION=us-east-1, or where the queues are", asset.ErrInvalid)
	}
	q := &Queue{config: c, stop: make(chan struct{}), idle: make(chan struct{}, 1), leases: map[*queueLease]struct{}{}}
	q.client = sqs.NewFromConfig(cfg, func(o *sqs.Options) { o.RetryMaxAttempts = insisting })
	q.base, q.cancel = context.WithCancel(context.WithoutCancel(ctx))
	q.lanes = newLanes(q)
	return q, nil
}

// insisting is how often a call is tried. Workers have more patience than shoppers.
const insisting = 3

func insistence(o *retry.StandardOptions) {
	o.MaxAttempts, o.MaxBackoff = insisting, time.Second
	o.Backoff = retry.BackoffDelayerFunc(func(attempt int, _ error) (time.Duration, error) {
		return jitter(min(backoff<<min(attempt, 8), time.Second)), nil
	})
}

// jitter spreads a wait out: half of it to all of it.
func jitter(d time.Duration) time.Duration { return d/2 + rand.N(d/2+1) }

func (c *QueueConfig) check() error {
	if c.LongPoll == 0 {
		c.LongPoll = longest
	}
	if c.Floor == 0 {
		c.Floor = 0.05
	}
	if c.Share == 0 {
		c.Share = 0.5
	}
	seconds := func(d, most time.Duration) bool {
		return d >= time.Second && d <= most && d%time.Second == 0
	}
	switch {
	case len(c.Lanes) == 0:
		return fmt.Errorf("%w: it has no lane", asset.ErrInvalid)
	case !seconds(c.LeaseTime, time.Hour):
		return fmt.Errorf("%w: a lease time of %s; SQS counts whole seconds, from 1 s to an hour here", asset.ErrInvalid, c.LeaseTime)
	case !seconds(c.LongPoll, longest):
		return fmt.Errorf("%w: a long poll of %s; SQS counts whole seconds, from 1 to 20", asset.ErrInvalid, c.LongPoll)
	case c.Floor < 0 || c.Floor*float64(len(c.Lanes)) > 1 || c.Share < 0 || c.Share > 1:
		return fmt.Errorf("%w: a floor of %g for %d lanes, a share of %g", asset.ErrInvalid, c.Floor, len(c.Lanes), c.Share)
	}
	return checkLanes(c.Lanes)
}

func checkLanes(lanes []Lane) error {
	names := map[string]bool{}
	for _, l := range lanes {
		if l.Name == "" || names[l.Name] || l.Weight < 1 || l.Weight > 1000 {
			return fmt.Errorf("%w: the lane %q has no name of its own, or a weight that is not 1 to 1000", asset.ErrInvalid, l.Name)
		}
		names[l.Name] = true
		for _, text := range []string{l.URL, l.Dead} {
			if u, err := url.Parse(text); err != nil || u.Host == "" || strings.HasSuffix(u.Path, ".fifo") || l.URL == l.Dead {
				return fmt.Errorf("%w: lane %s: %.200q is not the URL of a standard queue of its own, like https://sqs.us-east-1.amazonaws.com/123456789012/NAME", asset.ErrInvalid, l.Name, text)
			}
		}
	}
	return nil
}

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

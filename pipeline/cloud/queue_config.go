package cloud

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"time"

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
	// before it is buried: it returns what is known, and what records that once there is a
	// dead letter. ErrConflict, but not ErrBusy, says that the job has ended after all: nothing
	// is buried. After all else the message comes again, and the second time its receipts
	// count anew. It may be nil.
	Poison func(context.Context, asset.Job) (b asset.Burial, record func(context.Context) error, err error)

	// Buried is told of each message that the queue buries of its own accord: what is not
	// understood, not accepted or poison. It may be nil.
	Buried func(lane string, b asset.Burial)
}

// MaxReceives is how often a job is handed out. When it comes once more, its workers
// have all ended without telling why, and it is buried.
const MaxReceives = 5

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

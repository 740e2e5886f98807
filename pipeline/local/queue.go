package local

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// Queue is a JetStream work queue. Each job is a subject of its own, of which the
// stream takes one message: so a job that waits or is leased is not added again.
type Queue struct {
	server   *server.Server // nil when it is someone else's
	lock     *os.File
	conn     *nats.Conn
	stream   jetstream.JetStream
	consumer jetstream.Consumer
	lease    time.Duration
}

// Names in JetStream.
const (
	streamName   = "PLINTH_JOBS"
	consumerName = "workers"
	subject      = "plinth.jobs."
)

// OpenQueue starts a queue inside the process, kept in dir. It listens on no port,
// syncs every write, and belongs to one process: a second one gets ErrConflict.
// Leases of a process that died are over when its successor opens the queue.
func OpenQueue(ctx context.Context, dir string, lease time.Duration) (*Queue, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("open the queue: %w", err)
	}
	lock, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("open the queue: %w", err)
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(fmt.Errorf("%w: the queue in %s belongs to another process; stop it, or share a NATS server with --queue nats://HOST", asset.ErrConflict, dir), lock.Close())
	}
	s, err := server.NewServer(&server.Options{
		ServerName: "plinth", DontListen: true, JetStream: true, StoreDir: dir, SyncAlways: true,
		NoLog: true, NoSigs: true, JetStreamMaxMemory: 16 << 20, JetStreamMaxStore: 1 << 30,
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open the queue: %w", err), lock.Close())
	}
	s.Start()
	q := &Queue{server: s, lock: lock, lease: lease}
	if !s.ReadyForConnections(20 * time.Second) {
		return nil, errors.Join(fmt.Errorf("%w: the queue does not start", asset.ErrUnavailable), q.Close())
	}
	if q.conn, err = nats.Connect("", nats.InProcessServer(s)); err != nil {
		return nil, errors.Join(fmt.Errorf("open the queue: %w", err), q.Close())
	}
	if err := q.setUp(ctx, true); err != nil {
		return nil, errors.Join(err, q.Close())
	}
	return q, nil
}

// DialQueue uses the JetStream of a NATS server, which several processes share.
func DialQueue(ctx context.Context, address string, lease time.Duration) (*Queue, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, fmt.Errorf("%w: the queue's address is no URL", asset.ErrInvalid) // it isn't repeated: there may be a password in it
	}
	conn, err := nats.Connect(address, nats.Name("plinth"), nats.MaxReconnects(-1))
	if err != nil {
		return nil, fmt.Errorf("%w: connect to the queue at %s: %w", asset.ErrUnavailable, u.Redacted(), err)
	}
	q := &Queue{conn: conn, lease: lease}
	if err := q.setUp(ctx, false); err != nil {
		return nil, errors.Join(err, q.Close())
	}
	return q, nil
}

func (q *Queue) setUp(ctx context.Context, alone bool) (err error) {
	if q.stream, err = jetstream.New(q.conn); err != nil {
		return fmt.Errorf("open the queue: %w", err)
	}
	_, err = q.stream.CreateOrUpdateStream(ctx, jetstream.StreamConfig{
		Name: streamName, Subjects: []string{subject + ">"}, Retention: jetstream.WorkQueuePolicy,
		Storage: jetstream.FileStorage, Discard: jetstream.DiscardNew, DiscardNewPerSubject: true, MaxMsgsPerSubject: 1,
	})
	if err != nil {
		return fmt.Errorf("open the queue: %w", err)
	}
	if alone {
		// Nobody else holds a lease now; a new consumer has none.
		if err := q.stream.DeleteConsumer(ctx, streamName, consumerName); err != nil && !errors.Is(err, jetstream.ErrConsumerNotFound) {
			return fmt.Errorf("open the queue: %w", err)
		}
	}
	q.consumer, err = q.stream.CreateOrUpdateConsumer(ctx, streamName, jetstream.ConsumerConfig{
		Durable: consumerName, AckPolicy: jetstream.AckExplicitPolicy, AckWait: q.lease, MaxDeliver: -1, MaxAckPending: 1 << 14,
	})
	if err != nil {
		return fmt.Errorf("open the queue: %w", err)
	}
	return nil
}

// Close lets go of the queue. Jobs stay.
func (q *Queue) Close() error {
	if q.conn != nil {
		q.conn.Close()
	}
	if q.server != nil {
		q.server.Shutdown()
		q.server.WaitForShutdown()
	}
	if q.lock != nil {
		return q.lock.Close()
	}
	return nil
}

// LeaseTime is how long a lease lasts.
func (q *Queue) LeaseTime() time.Duration { return q.lease }

// Send adds a job.
func (q *Queue) Send(ctx context.Context, j asset.Job) error {
	text, err := json.Marshal(j)
	if err != nil {
		return err
	}
	_, err = q.stream.Publish(ctx, subject+j.ID(), text)
	var api *jetstream.APIError
	if errors.As(err, &api) && api.ErrorCode == 10077 { // the subject has its message
		return nil
	}
	if err != nil {
		return fmt.Errorf("%w: send a job: %w", asset.ErrUnavailable, err)
	}
	return nil
}

// Lease waits for a job.
func (q *Queue) Lease(ctx context.Context) (asset.Lease, error) {
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		wait := 5 * time.Second
		if end, ok := ctx.Deadline(); ok {
			wait = min(wait, max(time.Until(end), 2*time.Millisecond))
		}
		short, cancel := context.WithTimeout(ctx, wait)
		msg, err := q.consumer.Next(jetstream.FetchContext(short))
		over := short.Err() != nil
		cancel()
		switch {
		case err == nil:
			l := &lease{queue: q, msg: msg}
			l.renewed.Store(time.Now().UnixNano())
			if err := json.Unmarshal(msg.Data(), &l.job); err != nil {
				return nil, errors.Join(fmt.Errorf("a job can't be read: %w", err), msg.TermWithReason("not a job"))
			}
			return l, nil
		case !over && !errors.Is(err, jetstream.ErrInvalidOption) && !errors.Is(err, nats.ErrTimeout) && !errors.Is(err, jetstream.ErrNoMessages):
			return nil, fmt.Errorf("%w: lease a job: %w", asset.ErrUnavailable, err)
		}
	}
}

type lease struct {
	queue   *Queue
	msg     jetstream.Msg
	job     asset.Job
	renewed atomic.Int64 // Unix nanoseconds
}

func (l *lease) Job() asset.Job { return l.job }

func (l *lease) Extend(context.Context) error {
	// JetStream does not say that a lease is lost; the clock does.
	if since := time.Since(time.Unix(0, l.renewed.Load())); since > asset.Held(l.queue.lease) {
		return fmt.Errorf("extend the lease of %s: %w: it was renewed %s ago", l.job.Model, asset.ErrConflict, since)
	}
	if err := l.msg.InProgress(); err != nil {
		return fmt.Errorf("%w: extend the lease of %s: %w", asset.ErrUnavailable, l.job.Model, err)
	}
	l.renewed.Store(time.Now().UnixNano())
	return nil
}

func (l *lease) Done(ctx context.Context) error { return l.end("finish", l.msg.DoubleAck(ctx)) }

func (l *lease) Retry(_ context.Context, after time.Duration) error {
	return l.end("retry", errors.Join(l.msg.NakWithDelay(after), l.queue.conn.Flush()))
}

func (l *lease) Bury(_ context.Context, reason string) error {
	return l.end("bury", errors.Join(l.msg.TermWithReason(reason), l.queue.conn.Flush()))
}

func (l *lease) end(what string, err error) error {
	if err != nil {
		return fmt.Errorf("%w: %s the job of %s: %w", asset.ErrUnavailable, what, l.job.Model, err)
	}
	return nil
}

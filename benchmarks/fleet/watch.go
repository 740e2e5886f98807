package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/plinth3d/plinth/pipeline/asset"
	"github.com/plinth3d/plinth/pipeline/prices"
)

// watch counts what jobs ask of store, catalog and queue, by merchant: each has one job.
type watch struct {
	mu      sync.Mutex
	of      map[string]*job
	left    int
	stop    func()
	failed  error
	in, out int64
	log     bytes.Buffer // of the worker
}

// job is what one job did.
type job struct {
	prices.Conversion
	version  asset.Version
	manifest asset.Manifest
}

func newWatch(jobs int, stop func()) *watch {
	return &watch{of: map[string]*job{}, left: jobs, stop: stop}
}

// note changes what is known of a merchant's job.
func (w *watch) note(merchant string, change func(*job)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.of[merchant] == nil {
		w.of[merchant] = &job{}
	}
	change(w.of[merchant])
}

// ended counts a job that is over; after the last the worker stops.
func (w *watch) ended(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.failed = errors.Join(w.failed, err)
	if w.left--; w.left == 0 {
		w.stop()
	}
}

// sum adds up all jobs.
func (w *watch) sum(r *report) error {
	if w.failed != nil {
		return w.failed
	}
	if n := strings.Count(w.log.String(), " msg=job "); n != r.Jobs || len(w.of) != r.Jobs {
		return fmt.Errorf("%d attempts at %d jobs of %d, so the figures are not of one each:\n%s", n, len(w.of), r.Jobs, w.log.String())
	}
	r.In, r.Out = w.in, w.out
	for _, j := range w.of {
		version, err := json.Marshal(j.version)
		if err != nil {
			return err
		}
		manifest, err := zipped(j.manifest)
		if err != nil {
			return err
		}
		// Names, the claim's numbers and the stamp of an item are about as long as its keys.
		const rest = 200
		j.Version, j.Manifest = int64(len(version)+rest), int64(manifest+rest)
		j.Logged = int64(w.log.Len() / r.Jobs)
		r.usage = r.usage.Plus(j.Usage())
		r.Files += j.Files
		r.Beats += j.Beats
		r.Notes += j.Notes
	}
	return nil
}

// zipped is how long v is as compressed JSON.
func zipped(v any) (int, error) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	err := errors.Join(json.NewEncoder(z).Encode(v), z.Close())
	return b.Len(), err
}

// merchantOf is whose a key is, "" for what is nobody's.
func merchantOf(key string) string {
	parts := strings.Split(key, "/")
	if len(parts) < 3 {
		return ""
	}
	return parts[1]
}

type watchedStore struct {
	asset.Store
	*watch
}

func (s *watchedStore) Put(ctx context.Context, key string, body io.Reader, size int64) error {
	err := s.Store.Put(ctx, key, body, size)
	if err == nil {
		s.note(merchantOf(key), func(j *job) {
			j.Files++
			s.out += size
		})
	}
	return err
}

func (s *watchedStore) Read(ctx context.Context, key string, r asset.Range) (asset.Info, io.ReadCloser, error) {
	info, body, err := s.Store.Read(ctx, key, r)
	if merchant := merchantOf(key); err == nil && merchant != "" {
		s.note(merchant, func(*job) { s.in += min(info.Size, r.Length) })
	}
	return info, body, err
}

type watchedCatalog struct {
	asset.Catalog
	*watch
}

func (c *watchedCatalog) Progress(ctx context.Context, j asset.Job, epoch int64, stage string, percent float64) error {
	c.note(j.Merchant, func(n *job) { n.Notes++ })
	return c.Catalog.Progress(ctx, j, epoch, stage, percent)
}

func (c *watchedCatalog) Publish(ctx context.Context, j asset.Job, epoch int64, m asset.Manifest) error {
	err := c.Catalog.Publish(ctx, j, epoch, m)
	if err != nil {
		return err
	}
	v, err := c.Newest(ctx, j.Merchant, j.Model)
	c.note(j.Merchant, func(n *job) { n.version, n.manifest = v, m })
	c.ended(err)
	return nil
}

func (c *watchedCatalog) Fail(ctx context.Context, j asset.Job, epoch int64, f asset.Failure) error {
	err := c.Catalog.Fail(ctx, j, epoch, f)
	c.ended(fmt.Errorf("a job failed: %s", f.Reason))
	return err
}

type watchedQueue struct {
	asset.Queue
	*watch
}

func (q *watchedQueue) Lease(ctx context.Context) (asset.Lease, error) {
	l, err := q.Queue.Lease(ctx)
	if err != nil {
		return nil, err
	}
	return &watchedLease{l, q.watch}, nil
}

type watchedLease struct {
	asset.Lease
	*watch
}

func (l *watchedLease) Extend(ctx context.Context) error {
	l.note(l.Job().Merchant, func(j *job) { j.Beats++ })
	return l.Lease.Extend(ctx)
}

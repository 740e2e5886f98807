package pipeline

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// How those who store blobs and those who sweep agree, without knowing of each other.
//
// A sweep removes what no manifest needs and is older than LeastAge at least. A worker that
// finds a blob there already, from an attempt long ago, may make a manifest need it this
// moment. So it makes the blob young first, if it is older than fresh, and then looks if a
// sweep is at work; the sweep puts a mark first, and then looks how old each blob is.
// Whoever is second sees what the first one did: a sweep that comes after leaves the young
// blob alone, and for one that came before the worker waits, looks if the blob is still
// there, and stores it again if not.
//
// A blob that is younger than fresh needs nothing of this: before it is old enough for any
// sweep, the rest of LeastAge goes by, far more than an attempt needs to publish.
const (
	LeastAge = 2 * fresh
	fresh    = 24 * time.Hour

	sweeping  = time.Minute     // the longest a mark is needed
	deadMark  = 5 * time.Minute // then whoever put it is dead, and what it sent has arrived
	staleMark = time.Hour       // nobody needs to see that to know it; no two clocks differ so much

	large = 8 << 20 // bytes; a store may take in a larger blob whole before it says that it is there
)

// A Keeper stores blobs so that no sweep removes them before a manifest needs them. It
// remembers the marks that it waited for: a sweep that died holds it up once. The zero
// value is ready, and any number of goroutines may use it.
type Keeper struct {
	mu   sync.Mutex
	seen map[string]time.Time // marks that are there, and when each was seen first
}

// Keep stores a blob that its key names by hash, unless it is there already, and makes sure
// that no sweep removes it before a manifest needs it. It tells if the blob is new.
func (k *Keeper) Keep(ctx context.Context, s asset.Store, key string, data []byte) (stored bool, err error) {
	for range 3 {
		err := put(ctx, s, key, data)
		if !errors.Is(err, asset.ErrConflict) {
			return err == nil, err
		}
		if err = k.rejuvenate(ctx, s, key, deadMark); !errors.Is(err, asset.ErrNotFound) {
			return false, err
		}
	}
	return false, fmt.Errorf("%w: %s is removed again and again", asset.ErrUnavailable, key)
}

// put stores a blob. A large one is not sent to find that it is there.
func put(ctx context.Context, s asset.Store, key string, data []byte) error {
	if len(data) > large {
		_, err := s.Stat(ctx, key)
		if err == nil {
			return fmt.Errorf("put %s: %w", key, asset.ErrConflict)
		}
		if !errors.Is(err, asset.ErrNotFound) {
			return err
		}
	}
	return s.Put(ctx, key, bytes.NewReader(data), int64(len(data)))
}

// rejuvenate makes a blob safe from sweeps, old ones and new ones. ErrNotFound says that
// one was faster.
func (k *Keeper) rejuvenate(ctx context.Context, s asset.Store, key string, dead time.Duration) error {
	info, err := s.Stat(ctx, key)
	if err != nil || time.Since(info.Modified) < fresh {
		return err
	}
	if err := s.Refresh(ctx, key); err != nil {
		return err
	}
	if err := k.awaitSweeps(ctx, s, dead); err != nil {
		return err
	}
	_, err = s.Stat(ctx, key)
	return err
}

// awaitSweeps returns once the sweeps that are removing blobs now are done with that. A
// mark that stays is from a sweep that died; its time is taken here, by one clock.
func (k *Keeper) awaitSweeps(ctx context.Context, s asset.Store, dead time.Duration) error {
	marks, err := k.marks(ctx, s, dead)
	for err == nil && len(marks) > 0 {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(min(dead/10, time.Second/2)):
		}
		var now []string
		now, err = k.marks(ctx, s, dead)
		marks = slices.DeleteFunc(marks, func(m string) bool { return !slices.Contains(now, m) })
	}
	return err
}

// marks are the keys of the marks that are there, without those of dead sweeps.
func (k *Keeper) marks(ctx context.Context, s asset.Store, dead time.Duration) (out []string, err error) {
	all, err := sweepMarks(ctx, s)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	k.mu.Lock()
	defer k.mu.Unlock()
	seen := map[string]time.Time{}
	for _, m := range all {
		first, before := k.seen[m.Key]
		if !before {
			first = now
		}
		seen[m.Key] = first
		if now.Sub(first) < dead && !stale(m, now) {
			out = append(out, m.Key)
		}
	}
	k.seen = seen
	return out, nil
}

// stale says whether a mark is from a sweep that died long ago.
func stale(mark asset.Info, now time.Time) bool {
	return !mark.Modified.IsZero() && now.Sub(mark.Modified) > staleMark
}

// sweepMarks are the marks of all sweeps, dead ones included.
func sweepMarks(ctx context.Context, s asset.Store) (all []asset.Info, err error) {
	for after := ""; ; after = all[len(all)-1].Key {
		page, err := s.List(ctx, asset.Sweeps, after, asset.PageLimit)
		all = append(all, page...)
		if err != nil || len(page) < asset.PageLimit {
			return all, err
		}
	}
}

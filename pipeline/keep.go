package pipeline

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
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

	sweeping = time.Minute     // the longest a mark is needed
	deadMark = 5 * time.Minute // then whoever put it is dead, and what it sent has arrived
)

// Keep stores a blob that its key names by hash, unless it is there already, and makes sure
// that no sweep removes it before a manifest needs it. It tells if the blob is new.
func Keep(ctx context.Context, s asset.Store, key string, data []byte) (stored bool, err error) {
	for range 3 {
		err := s.Put(ctx, key, bytes.NewReader(data), int64(len(data)))
		if !errors.Is(err, asset.ErrConflict) {
			return err == nil, err
		}
		if err = rejuvenate(ctx, s, key, deadMark); !errors.Is(err, asset.ErrNotFound) {
			return false, err
		}
	}
	return false, fmt.Errorf("%w: %s is removed again and again", asset.ErrUnavailable, key)
}

// rejuvenate makes a blob safe from sweeps, old ones and new ones. ErrNotFound says that
// one was faster.
func rejuvenate(ctx context.Context, s asset.Store, key string, dead time.Duration) error {
	info, err := s.Stat(ctx, key)
	if err != nil || time.Since(info.Modified) < fresh {
		return err
	}
	if err := s.Refresh(ctx, key); err != nil {
		return err
	}
	if err := awaitSweeps(ctx, s, dead); err != nil {
		return err
	}
	_, err = s.Stat(ctx, key)
	return err
}

// awaitSweeps returns once the sweeps that are removing blobs now are done with that. A
// mark that stays is from a sweep that died; its time is taken here, by one clock.
func awaitSweeps(ctx context.Context, s asset.Store, dead time.Duration) error {
	began := time.Now()
	marks, err := s.List(ctx, asset.Sweeps, "", asset.PageLimit)
	for err == nil && len(marks) > 0 && time.Since(began) < dead {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(min(dead/10, time.Second/2)):
		}
		var now []asset.Info
		now, err = s.List(ctx, asset.Sweeps, "", asset.PageLimit)
		marks = slices.DeleteFunc(marks, func(m asset.Info) bool {
			return !slices.ContainsFunc(now, func(n asset.Info) bool { return n.Key == m.Key })
		})
	}
	return err
}

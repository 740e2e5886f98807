package pipeline

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// A Sweep removes garbage from a store: renditions that the manifest of no version needs,
// current or not, and checkpoints, both only when they are old. They are what attempts
// left that came to no end. Its fields are set once, before Run. It holds a page of keys
// and 32 bytes for each rendition that one merchant's manifests need.
type Sweep struct {
	Store   asset.Store
	Catalog asset.Catalog
	Older   time.Duration // LeastAge at least
	DryRun  bool          // nothing is removed, all is counted
}

// Swept is what a sweep saw and did.
type Swept struct {
	Blobs   int64 `json:"blobs"`   // renditions and checkpoints there were
	Needed  int64 `json:"needed"`  // by a manifest, of those that are old
	Young   int64 `json:"young"`   // left alone, needed or not
	Removed int64 `json:"removed"` // or would be
	Bytes   int64 `json:"bytes"`   // of those
}

// How blobs are removed.
const (
	removedAtOnce = 8   // requests in flight
	perMark       = 250 // blobs under one mark, seconds of work
)

// sweep is a Sweep at work.
type sweep struct {
	Sweep
	before   time.Time // what was put later is young
	merchant string    // whose renditions
	needed   map[[sha256.Size]byte]bool

	mu sync.Mutex
	Swept
}

// Run sweeps once. Any number of sweeps may run at once, and workers meanwhile.
func (s Sweep) Run(ctx context.Context) (Swept, error) {
	if s.Older < LeastAge {
		return Swept{}, fmt.Errorf("%w: blobs are removed when they are %s old, not %s: an attempt may be about to need them", asset.ErrInvalid, LeastAge, s.Older)
	}
	w := &sweep{Sweep: s, before: time.Now().Add(-s.Older)}
	err := w.clearMarks(ctx)
	for _, prefix := range []string{asset.Checkpoints, asset.Renditions} {
		if err == nil {
			err = w.pages(ctx, prefix)
		}
	}
	if err != nil {
		err = fmt.Errorf("sweep: %w", err)
	}
	return w.Swept, err
}

// clearMarks removes what sweeps left that died. Nobody waits for these any longer.
func (w *sweep) clearMarks(ctx context.Context) error {
	marks, err := sweepMarks(ctx, w.Store)
	now := time.Now()
	for _, m := range marks {
		if err == nil && !w.DryRun && stale(m, now) {
			err = w.Store.Remove(ctx, m.Key)
		}
	}
	return err
}

// pages sweeps what keys with a prefix name.
func (w *sweep) pages(ctx context.Context, prefix string) error {
	for after := ""; ; {
		page, err := w.Store.List(ctx, prefix, after, asset.PageLimit)
		if err != nil {
			return err
		}
		garbage, err := w.garbage(ctx, prefix, page)
		if err != nil {
			return err
		}
		for some := range slices.Chunk(garbage, perMark) {
			if err := w.remove(ctx, some); err != nil {
				return err
			}
		}
		if len(page) < asset.PageLimit {
			return nil
		}
		after = page[len(page)-1].Key
	}
}

// garbage is what of a page is old and not needed. What has no date is taken for young.
func (w *sweep) garbage(ctx context.Context, prefix string, page []asset.Info) (out []asset.Info, err error) {
	for _, info := range page {
		w.Blobs++
		if info.Modified.IsZero() || !info.Modified.Before(w.before) {
			w.Young++
			continue
		}
		if prefix == asset.Renditions {
			merchant, _, _ := strings.Cut(strings.TrimPrefix(info.Key, prefix), "/")
			if err := w.mark(ctx, merchant); err != nil {
				return nil, err
			}
			if w.needed[sha256.Sum256([]byte(info.Key))] {
				w.Needed++
				continue
			}
		}
		out = append(out, info)
	}
	return out, nil
}

// mark learns what a merchant's manifests need. Keys come merchant by merchant. Whoever
// stored a rendition submitted its model before: a catalog that has none of the merchant's
// is another store's.
func (w *sweep) mark(ctx context.Context, merchant string) error {
	if w.needed != nil && w.merchant == merchant {
		return nil
	}
	w.merchant, w.needed = merchant, map[[sha256.Size]byte]bool{}
	models := 0
	err := asset.EachModel(ctx, w.Catalog, merchant, func(v asset.Version) error {
		models++
		return w.markModel(ctx, merchant, v.Model)
	})
	if err == nil && models == 0 {
		err = fmt.Errorf("%w: the store has renditions of merchant %s, of whom the catalog has no model; is it the store's own?", asset.ErrInvalid, merchant)
	}
	return err
}

func (w *sweep) markModel(ctx context.Context, merchant, model string) error {
	versions, err := w.Catalog.Versions(ctx, merchant, model)
	if err != nil {
		return err
	}
	for _, v := range versions {
		if v.State != asset.Ready {
			continue
		}
		m, err := w.Catalog.Manifest(ctx, merchant, model, v.Version)
		if err != nil {
			return err
		}
		for _, key := range m.Keys() {
			w.needed[sha256.Sum256([]byte(key))] = true
		}
	}
	return nil
}

// remove removes garbage under a mark, see Keep. It goes to its end whatever becomes of the
// caller. After an error the mark stays: something may be on its way yet. Each mark is
// needed for less than sweeping, so none is ever renewed.
func (w *sweep) remove(ctx context.Context, garbage []asset.Info) error {
	if w.DryRun {
		for _, info := range garbage {
			w.gone(info)
		}
		return nil
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), sweeping)
	defer cancel()
	mark := asset.SweepKey(strings.ToLower(rand.Text()))
	if err := w.Store.Put(ctx, mark, strings.NewReader(""), 0); err != nil {
		return err
	}
	all, ctx := errgroup.WithContext(ctx)
	all.SetLimit(removedAtOnce)
	for _, info := range garbage {
		all.Go(func() error { return w.removeOne(ctx, info.Key) })
	}
	if err := all.Wait(); err != nil {
		return err
	}
	return w.Store.Remove(context.WithoutCancel(ctx), mark)
}

// removeOne removes a blob that is still old.
func (w *sweep) removeOne(ctx context.Context, key string) error {
	info, err := w.Store.Stat(ctx, key)
	switch {
	case errors.Is(err, asset.ErrNotFound): // another sweep was faster
		return nil
	case err != nil:
		return err
	case !info.Modified.Before(w.before):
		w.mu.Lock()
		defer w.mu.Unlock()
		w.Young++
		return nil
	}
	if err := w.Store.Remove(ctx, key); err != nil {
		return err
	}
	w.gone(info)
	return nil
}

func (w *sweep) gone(info asset.Info) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.Removed++
	w.Bytes += info.Size
}

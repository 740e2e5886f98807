package origin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/maypok86/otter/v2"
	"golang.org/x/sync/singleflight"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// Catalog is what the origin asks of a catalog.
type Catalog interface {
	Current(ctx context.Context, merchant, model string) (asset.Manifest, error)
	Newest(ctx context.Context, merchant, model string) (asset.Version, error)
}

// A model is what the catalog said of one at a time. It doesn't change.
type model struct {
	merchant, id string
	manifest     asset.Manifest
	page         *page         // the manifest as JSON
	upload       asset.Version // of a model that has no manifest yet
}

// pending says that no levels are made yet.
func (m *model) pending() bool { return m.page == nil }

// models remembers what the catalog said. An answer is taken as it is for fresh; for
// usable after that it is still given, while it is asked for anew; later than that the
// catalog is waited for. When it doesn't answer, what it last said is good for a day.
type models struct {
	catalog Catalog
	fresh   time.Duration
	now     func() time.Time
	entries *otter.Cache[name, *entry]
	flights singleflight.Group
	stats   catalogStats
}

type catalogStats struct{ hits, stale, asked, failed atomic.Int64 }

const (
	usable   = 10 * time.Second // after it was fresh (stale-while-revalidate of RFC 5861)
	survives = 24 * time.Hour   // the catalog's absence (stale-if-error)
	negative = 5 * time.Second  // for what isn't there
	patience = 2 * time.Second  // with the catalog
	pause    = time.Second      // between questions to a catalog that fails
)

// A name is that of a model among all.
type name struct{ merchant, model string }

func (n name) String() string { return n.merchant + "/" + n.model }

// An entry is an answer of the catalog, which may be that there is no such model.
type entry struct {
	model *model // nil: not found
	at    time.Time
	retry atomic.Int64 // the catalog failed: not to be asked before, in Unix nanoseconds
}

// weight is about what an entry takes in memory, in bytes: the manifest twice, as text and
// as values.
func (e *entry) weight() uint32 {
	const overhead = 2 << 10
	if e.model == nil || e.model.pending() {
		return overhead
	}
	return overhead + 3*uint32(min(len(e.model.page.plain.body), 1<<26))
}

func newModels(c Catalog, fresh time.Duration, memory int64) *models {
	return &models{
		catalog: c, fresh: fresh, now: time.Now,
		entries: otter.Must(&otter.Options[name, *entry]{
			MaximumWeight: uint64(max(memory, 1<<20)),
			Weigher:       func(n name, e *entry) uint32 { return uint32(len(n.merchant)+len(n.model)) + e.weight() },
		}),
	}
}

// get returns a model, and whether the catalog's answer is old because it fails to give
// a new one. admit is asked before the catalog is, for what nobody asked for lately.
func (s *models) get(ctx context.Context, merchant, id string, admit func() error) (m *model, old bool, err error) {
	key := name{merchant, id}
	e, known := s.entries.GetIfPresent(key)
	if known && e.model != nil {
		m, old, ok := s.known(ctx, key, e)
		if ok {
			return m, old, nil
		}
	} else if known && s.now().Sub(e.at) < negative {
		s.stats.hits.Add(1)
		return nil, false, errPath
	} else if err := admit(); err != nil {
		return nil, false, err
	}
	select {
	case r := <-s.flight(ctx, key, e):
		if r.Err == nil {
			return r.Val.(*entry).found()
		}
		err = r.Err
	case <-ctx.Done():
		err = ctx.Err()
	}
	if known && e.model != nil && s.now().Sub(e.at) < survives {
		s.stats.stale.Add(1)
		return e.model, true, nil
	}
	return nil, false, fmt.Errorf("%w: the catalog: %w", asset.ErrUnavailable, err)
}

// known is what an entry gives without waiting for the catalog.
func (s *models) known(ctx context.Context, key name, e *entry) (m *model, old, ok bool) {
	now := s.now()
	switch age := now.Sub(e.at); {
	case age < s.fresh:
		s.stats.hits.Add(1)
		return e.model, false, true
	case now.UnixNano() < e.retry.Load() && age < survives:
		s.stats.stale.Add(1)
		return e.model, true, true
	case age < s.fresh+usable:
		s.stats.stale.Add(1)
		s.flight(ctx, key, e) // nobody waits
		return e.model, false, true
	}
	return nil, false, false
}

// flight asks the catalog, once for all who want to know.
func (s *models) flight(ctx context.Context, key name, before *entry) <-chan singleflight.Result {
	return s.flights.DoChan(key.String(), func() (any, error) { return s.ask(ctx, key, before) })
}

func (e *entry) found() (*model, bool, error) {
	if e.model == nil {
		return nil, false, errPath
	}
	return e.model, false, nil
}

// ask asks the catalog, whoever waits for it or leaves. Who looked before an answer came, and
// calls after its flight has ended, is given that answer.
func (s *models) ask(ctx context.Context, key name, before *entry) (*entry, error) {
	if e, known := s.entries.GetIfPresent(key); known && e != before && s.now().Sub(e.at) < s.fresh {
		return e, nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	s.stats.asked.Add(1)
	m, err := s.load(ctx, key.merchant, key.model)
	if err != nil && !errors.Is(err, asset.ErrNotFound) {
		s.stats.failed.Add(1)
		if before != nil {
			before.retry.Store(s.now().Add(pause).UnixNano())
		}
		return nil, err
	}
	if before != nil && m.same(before.model) {
		m = before.model // with all that was made of it
	}
	e := &entry{model: m, at: s.now()}
	s.entries.Set(key, e)
	return e, nil
}

// same says whether two answers of the catalog are one.
func (m *model) same(o *model) bool {
	return m != nil && o != nil && !m.pending() && !o.pending() && m.page.plain.digest == o.page.plain.digest
}

// load returns nil and ErrNotFound for a model that nobody uploaded.
func (s *models) load(ctx context.Context, merchant, id string) (*model, error) {
	m := &model{merchant: merchant, id: id}
	manifest, err := s.catalog.Current(ctx, merchant, id)
	if errors.Is(err, asset.ErrNotFound) {
		m.upload, err = s.catalog.Newest(ctx, merchant, id)
		if err != nil {
			return nil, err
		}
		return m, nil
	}
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(manifest)
	if err != nil {
		return nil, fmt.Errorf("the manifest of %s: %w", id, err)
	}
	published, err := time.Parse(time.RFC3339, manifest.Published)
	if err != nil {
		published = time.Time{} // its Last-Modified is then not told
	}
	m.manifest = manifest
	m.page = newPage(text, nil, pageHead{kindManifest, "application/json", brief, toSecond(published)})
	return m, nil
}

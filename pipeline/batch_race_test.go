package pipeline_test

import (
	"context"
	"errors"
	"testing"

	"github.com/plinth3d/plinth/pipeline"
	"github.com/plinth3d/plinth/pipeline/asset"
)

// intruded is a catalog to which somebody else does something between a look at a model's
// versions and what follows. Where it is killed, nothing follows, until it is used again.
type intruded struct {
	asset.Catalog
	intrude func()
	killed  bool
}

func (c *intruded) do() error {
	if do := c.intrude; do != nil {
		c.intrude = nil
		do()
		if c.killed {
			return errCrash
		}
	}
	return nil
}

func (c *intruded) SubmitOver(ctx context.Context, v asset.Version, newest, current string) (asset.Version, error) {
	if err := c.do(); err != nil {
		return v, err
	}
	return c.Catalog.SubmitOver(ctx, v, newest, current)
}

func (c *intruded) Revert(ctx context.Context, merchant, model, from, to string) error {
	if err := c.do(); err != nil {
		return err
	}
	return c.Catalog.Revert(ctx, merchant, model, from, to)
}

// A merchant, or an operator, acts at the very moment at which a batch does. Whatever the
// batch does then, it is not in the place of what they did.
func TestABatchDoesNotReplaceWhatComesAtTheSameMoment(t *testing.T) {
	old, now := recipes()
	upload := func(f *fleet) { f.upload("a", source(9), old) }
	first := pipeline.VersionOf(source(1), old, "m")
	publish := func(f *fleet) {
		if err := f.catalog.Restore(f.Context(), "m", "a", first); err != nil {
			f.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		intrude func(*fleet)
		killed  bool
		live    string
	}{
		"an upload":                                 {upload, false, pipeline.VersionOf(source(9), old, "m")},
		"an upload, and the batch is killed":        {upload, true, pipeline.VersionOf(source(9), old, "m")},
		"an older version that is made live":        {publish, false, first},
		"an older version, and the batch is killed": {publish, true, first},
	} {
		t.Run(name+", when an item begins", func(t *testing.T) {
			f := newFleet(t)
			f.upload("a", source(1), old)
			f.upload("a", source(2), old)
			p := f.plan(now, pipeline.BatchFilter{})
			b := &pipeline.BatchCatalog{Catalog: &intruded{f.catalog, func() { c.intrude(f) }, c.killed}, Store: f.store, Recipe: now, Send: f.send}
			s, err := b.Begin(t.Context(), p.Models[0])
			if c.killed {
				if !errors.Is(err, errCrash) {
					t.Fatalf("got %v", err)
				}
				s, err = b.Begin(t.Context(), p.Models[0])
			}
			if err != nil || s.State != pipeline.BatchOvertaken || f.live("a") != c.live {
				t.Errorf("got %+v, %v, and %s is live, want %s", s, err, f.live("a"), c.live)
			}
		})
		t.Run(name+", when an item is rolled back", func(t *testing.T) {
			f := newFleet(t)
			f.upload("a", source(1), old)
			f.upload("a", source(2), old)
			p := f.plan(now, pipeline.BatchFilter{})
			b := &pipeline.BatchCatalog{Catalog: f.catalog, Store: f.store, Recipe: now, Send: f.send}
			if _, err := b.Begin(t.Context(), p.Models[0]); err != nil {
				t.Fatal(err)
			}
			b.Catalog = &intruded{f.catalog, func() { c.intrude(f) }, c.killed}
			did, err := b.RollBack(t.Context(), p.Models[0])
			if c.killed {
				if !errors.Is(err, errCrash) {
					t.Fatalf("got %v", err)
				}
				did, err = b.RollBack(t.Context(), p.Models[0])
			}
			if err != nil || did || f.live("a") != c.live {
				t.Errorf("got %v, %v, and %s is live, want %s", did, err, f.live("a"), c.live)
			}
		})
	}
}

// A batch is killed right after it rolled a model back to which an upload was coming.
func TestAnUploadOnItsWayOutlivesARollback(t *testing.T) {
	f := newFleet(t)
	old, now := recipes()
	f.upload("a", source(1), old)
	p := f.plan(now, pipeline.BatchFilter{})
	b := &pipeline.BatchCatalog{Catalog: f.catalog, Store: f.store, Recipe: now, Send: f.send}
	if _, err := b.Begin(t.Context(), p.Models[0]); err != nil {
		t.Fatal(err)
	}
	f.hold = true
	coming := f.upload("a", source(9), old)
	for _, want := range []bool{true, false} {
		if did, err := b.RollBack(t.Context(), p.Models[0]); err != nil || did != want || f.live("a") != p.Models[0].Previous {
			t.Errorf("got %v, %v, and %s is live", did, err, f.live("a"))
		}
	}
	f.hold = false
	if err := f.send(t.Context(), coming.Ref()); err != nil || f.live("a") != coming.Version {
		t.Errorf("got %v, and %s is live, want the upload", err, f.live("a"))
	}
}

package main

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/plinth3d/plinth/pipeline"
	"github.com/plinth3d/plinth/pipeline/asset"
	"github.com/plinth3d/plinth/pipeline/cloud"
	"github.com/plinth3d/plinth/pipeline/cloud/s3test"
	"github.com/plinth3d/plinth/pipeline/intake"
	"github.com/plinth3d/plinth/pipeline/local"
)

// harbor is a raw bucket and an intake that takes what arrives there.
type harbor struct {
	*testing.T
	s3     *s3test.Server
	in     *intake.Intake
	accept func(key string) (asset.Job, error)
}

func newHarbor(t *testing.T) harbor {
	s3 := s3test.New(t)
	s3.Setenv(t)
	store, errStore := local.OpenStore(t.TempDir())
	catalog, errCatalog := local.OpenCatalog(t.Context(), filepath.Join(t.TempDir(), "catalog.db"))
	raw, errRaw := cloud.OpenRaw(t.Context(), "s3://raw/in")
	if err := errors.Join(errStore, errCatalog, errRaw); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(store.Close(), catalog.Close()); err != nil {
			t.Error(err)
		}
	})
	h := harbor{T: t, s3: s3, in: &intake.Intake{Store: store, Catalog: catalog, Recipe: pipeline.Default(), Temp: t.TempDir(), Log: slog.New(slog.DiscardHandler)}}
	accept := acceptFrom(raw, h.in)
	h.accept = func(key string) (asset.Job, error) { return accept(t.Context(), cloud.Upload{Bucket: "raw", Key: key}) }
	return h
}

// newest is the newest version of acme's chair.
func (h harbor) newest() asset.Version {
	h.Helper()
	v, err := h.in.Catalog.Newest(h.Context(), "acme", "chair")
	if err != nil {
		h.Fatal(err)
	}
	if left, err := os.ReadDir(h.in.Temp); err != nil || len(left) > 0 {
		h.Errorf("temporary files are left: %v, %v", left, err)
	}
	return v
}

// publish ends a job well.
func (h harbor) publish(j asset.Job) {
	h.Helper()
	_, epoch, err := h.in.Catalog.Claim(h.Context(), j, time.Hour)
	if err == nil {
		err = h.in.Catalog.Publish(h.Context(), j, epoch, asset.Manifest{Version: j.Version})
	}
	if err != nil {
		h.Fatal(err)
	}
}

const chair = "in/acme/chair.glb"

func TestWhatArrivesIsRegisteredOnce(t *testing.T) {
	h := newHarbor(t)
	rack, fern := sample(t, "rack"), sample(t, "fern")
	h.s3.Put("raw/"+chair, rack)
	j, err := h.accept(chair)
	v := h.newest()
	if err != nil || j != v.Ref() || v.State != asset.Queued || v.Source != asset.Hash(rack) || v.Bytes != int64(len(rack)) || v.Unit != "m" {
		t.Fatalf("got %v, %v, %+v", j, err, v)
	}
	if _, err := h.in.Store.Stat(t.Context(), asset.SourceKey("acme", v.Source)); err != nil {
		t.Error(err)
	}
	if again, err := h.accept(chair); again != j || err != nil {
		t.Errorf("told twice: got %v, %v", again, err)
	}
	h.publish(j)
	if _, err := h.accept(chair); !errors.Is(err, asset.ErrConflict) {
		t.Errorf("told when it is done: got %v, want ErrConflict", err)
	}
	// The same model comes another way meanwhile: being told again doesn't undo that.
	other := v
	other.Version, other.Source = "other", asset.Hash(fern)
	if _, err := h.in.Catalog.Submit(t.Context(), other); err != nil {
		t.Fatal(err)
	}
	if _, err := h.accept(chair); !errors.Is(err, asset.ErrConflict) || h.newest().Version != "other" {
		t.Errorf("told late: got %v, and %s is the newest", err, h.newest().Version)
	}
	// Uploading it once more does.
	h.s3.Age("raw/"+chair, -time.Hour)
	if _, err := h.accept(chair); !errors.Is(err, asset.ErrConflict) || h.newest().Version != j.Version {
		t.Errorf("uploaded again: got %v, and %s is the newest", err, h.newest().Version)
	}
}

func TestWhatCantBeUsedFailsAndSaysWhy(t *testing.T) {
	rack := sample(t, "rack")
	for name, c := range map[string]struct {
		file         []byte
		unit         string
		limit        int64
		code, reason string
	}{
		"a file that ends early":   {rack[:len(rack)-100], "", 0, "truncated", "ends early"},
		"no model at all":          {[]byte("hello"), "", 0, "", ""},
		"nothing":                  {nil, "", 0, "", ""},
		"a file that is too large": {rack, "", int64(len(rack)) - 1, "too-large", "has more than"},
		"an unknown unit":          {rack, "parsec", 0, "invalid", `unit "parsec"`},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHarbor(t)
			if c.limit > 0 {
				h.in.Recipe.Limits.Bytes = c.limit
			}
			h.s3.Put("raw/"+chair, c.file)
			if c.unit != "" {
				h.s3.Break("GET", "", s3test.Header("X-Amz-Meta-Unit", c.unit))
			}
			for range 2 {
				if _, err := h.accept(chair); !errors.Is(err, asset.ErrConflict) {
					t.Fatalf("got %v, want ErrConflict: there is nothing to do", err)
				}
				v := h.newest()
				if v.State != asset.Failed || v.Attempts != 1 || v.Failure == nil || v.Failure.Code == "" || c.code != "" && v.Failure.Code != c.code || !strings.Contains(v.Failure.Reason, c.reason) {
					t.Fatalf("it is %+v, %+v", v, v.Failure)
				}
				if want := "aws s3 cp s3://raw/in/acme/chair.glb model.glb"; !strings.Contains(v.Failure.Reproduce, want) {
					t.Errorf("it is seen again by %s", v.Failure.Reproduce)
				}
			}
			if list, err := h.in.Store.List(t.Context(), "", "", 10); err != nil || len(list) > 0 {
				t.Errorf("the store has %v, %v", list, err)
			}
		})
	}
}

func TestAnArrivalIsTriedAgainWhenABackendFails(t *testing.T) {
	h := newHarbor(t)
	h.s3.Put("raw/"+chair, sample(t, "rack"))
	for name, f := range map[string]s3test.Fault{"the bucket is down": s3test.Status(503, "SlowDown"), "the file is cut off": s3test.Truncate(100)} {
		heal := h.s3.Break("GET", "", f)
		if _, err := h.accept(chair); !errors.Is(err, asset.ErrUnavailable) || errors.Is(err, asset.ErrInvalid) || errors.Is(err, asset.ErrConflict) {
			t.Errorf("%s: got %v, want ErrUnavailable", name, err)
		}
		heal()
	}
	if _, err := h.accept("in/acme/table.glb"); !errors.Is(err, asset.ErrNotFound) {
		t.Errorf("a file that went: got %v", err)
	}
	if _, err := h.accept("out/acme/chair.glb"); !errors.Is(err, asset.ErrInvalid) {
		t.Errorf("another prefix: got %v", err)
	}
}

// dying is a catalog of a process that is killed before it does some call.
type dying struct {
	asset.Catalog
	before string
}

func (d dying) Claim(ctx context.Context, j asset.Job, lease time.Duration) (v asset.Version, epoch int64, err error) {
	if d.before == "Claim" {
		return v, 0, errKilled
	}
	return d.Catalog.Claim(ctx, j, lease)
}

func (d dying) Fail(ctx context.Context, j asset.Job, epoch int64, f asset.Failure) error {
	if d.before == "Fail" {
		return errKilled
	}
	return d.Catalog.Fail(ctx, j, epoch, f)
}

var errKilled = errors.New("killed")

func TestARefusalThatIsBrokenOffIsMadeByTheNext(t *testing.T) {
	for before, state := range map[string]asset.State{"Claim": asset.Queued, "Fail": asset.Running} {
		t.Run("a process is killed before "+before, func(t *testing.T) {
			h := newHarbor(t)
			h.s3.Put("raw/"+chair, sample(t, "rack")[:500])
			catalog := h.in.Catalog
			h.in.Catalog = dying{catalog, before}
			if _, err := h.accept(chair); !errors.Is(err, errKilled) || h.newest().State != state {
				t.Fatalf("got %v, %+v", err, h.newest())
			}
			h.in.Catalog = catalog
			if _, err := h.accept(chair); !errors.Is(err, asset.ErrConflict) {
				t.Errorf("got %v, want ErrConflict", err)
			}
			if v := h.newest(); v.State != asset.Failed || v.Failure == nil || v.Failure.Code != "truncated" {
				t.Errorf("it is %+v, %+v", v, v.Failure)
			}
		})
	}
}

// The first file, another one, the first again; somebody makes the other live, and then S3
// tells of the last upload a second time.
func TestAnEventThatComesTwiceDoesNotUndoARollback(t *testing.T) {
	h := newHarbor(t)
	h.s3.Put("raw/"+chair, sample(t, "rack"))
	h.s3.Age("raw/"+chair, 2*time.Hour)
	j, err := h.accept(chair)
	if err != nil {
		t.Fatal(err)
	}
	h.publish(j)
	other := h.newest()
	other.Version, other.Source = "other", asset.Hash([]byte("x"))
	if _, err := h.in.Catalog.Submit(t.Context(), other); err != nil {
		t.Fatal(err)
	}
	h.publish(other.Ref())
	live := func(want string) {
		t.Helper()
		if m, err := h.in.Catalog.Current(t.Context(), "acme", "chair"); err != nil || m.Version != want {
			t.Errorf("%s is live, %v, want %s", m.Version, err, want)
		}
	}
	live("other")
	// All that is long ago.
	h.in.Catalog = earlier{h.in.Catalog, h.newest().Submitted}
	h.s3.Put("raw/"+chair, sample(t, "rack"))
	if _, err := h.accept(chair); !errors.Is(err, asset.ErrConflict) {
		t.Errorf("got %v, want ErrConflict: it is ready", err)
	}
	live(j.Version)
	if err := h.in.Catalog.Restore(t.Context(), "acme", "chair", "other"); err != nil {
		t.Fatal(err)
	}
	if _, err := h.accept(chair); !errors.Is(err, asset.ErrConflict) {
		t.Errorf("told twice: got %v, want ErrConflict", err)
	}
	live("other")
}

// earlier is a catalog in which what was submitted up to a moment was so an hour before.
type earlier struct {
	asset.Catalog
	moment time.Time
}

func (e earlier) Versions(ctx context.Context, merchant, model string) ([]asset.Version, error) {
	list, err := e.Catalog.Versions(ctx, merchant, model)
	for i := range list {
		if !list[i].Submitted.After(e.moment) {
			list[i].Submitted = list[i].Submitted.Add(-time.Hour)
		}
	}
	return list, err
}

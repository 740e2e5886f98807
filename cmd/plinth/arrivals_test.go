package main

import (
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
	// A process that ends between recording and refusing leaves a version that waits.
	bad := sample(t, "rack")[:500]
	h.s3.Put("raw/"+chair, bad)
	v := asset.Version{Merchant: "acme", Model: "chair", Version: pipeline.VersionOf(asset.Hash(bad), h.in.Recipe, "m"), Source: asset.Hash(bad)}
	if _, err := h.in.Catalog.Submit(t.Context(), v); err != nil {
		t.Fatal(err)
	}
	if _, err := h.accept(chair); !errors.Is(err, asset.ErrConflict) || h.newest().State != asset.Failed {
		t.Errorf("got %v, %+v", err, h.newest())
	}
}

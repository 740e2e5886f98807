package pipeline_test

import (
	"errors"
	"path/filepath"
	"testing"

	"github.com/plinth3d/plinth/pipeline"
	"github.com/plinth3d/plinth/pipeline/asset"
	"github.com/plinth3d/plinth/pipeline/local"
)

func TestAJobIsExhaustedByItsAttemptsOnly(t *testing.T) {
	c, err := local.OpenCatalog(t.Context(), filepath.Join(t.TempDir(), "catalog.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close() //nolint:errcheck // a test's
	v, err := c.Submit(t.Context(), asset.Version{Merchant: "m", Model: "a", Version: "1", Source: asset.Hash(nil)})
	if err != nil {
		t.Fatal(err)
	}
	exhaust := func() error {
		_, record, err := pipeline.Exhaust(t.Context(), c, v.Ref(), func(asset.Version) string { return "" })
		if err != nil {
			return err
		}
		return record(t.Context())
	}
	for n := range 5 {
		if err := exhaust(); !errors.Is(err, asset.ErrBusy) {
			t.Errorf("after %d attempts: %v", n, err)
		}
		if _, _, err := c.Claim(t.Context(), v.Ref(), 0); err != nil { // and its worker is killed
			t.Fatal(err)
		}
	}
	if err := exhaust(); err != nil {
		t.Errorf("after 5 attempts: %v", err)
	}
	if now, err := c.Newest(t.Context(), "m", "a"); err != nil || now.State != asset.Failed || now.Failure.Code != "exhausted" {
		t.Errorf("it is %+v, %v", now, err)
	}
	if err := exhaust(); !errors.Is(err, asset.ErrConflict) || errors.Is(err, asset.ErrBusy) {
		t.Errorf("once it has ended: %v", err)
	}
}

package intake

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/plinth3d/plinth/pipeline"
	"github.com/plinth3d/plinth/pipeline/asset"
	"github.com/plinth3d/plinth/pipeline/local"
)

// left is a catalog whose clients leave the moment they submit, and a queue.
type left struct {
	asset.Catalog
	asset.Queue
	leave context.CancelFunc
	sent  []asset.Job
}

func (l *left) Submit(ctx context.Context, v asset.Version) (asset.Version, error) {
	l.leave()
	return l.Catalog.Submit(ctx, v)
}

func (l *left) Send(ctx context.Context, j asset.Job) error {
	l.sent = append(l.sent, j)
	return ctx.Err()
}

func TestAClientThatLeavesStrandsNoVersion(t *testing.T) {
	store, errStore := local.OpenStore(t.TempDir())
	catalog, errCatalog := local.OpenCatalog(t.Context(), filepath.Join(t.TempDir(), "catalog.db"))
	file, errFile := os.ReadFile("../../testdata/models/fern.glb")
	if err := errors.Join(errStore, errCatalog, errFile); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := errors.Join(store.Close(), catalog.Close()); err != nil {
			t.Error(err)
		}
	}()
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	l := &left{Catalog: catalog, leave: leave}
	in := &Intake{Store: store, Queue: l, Catalog: l, Recipe: pipeline.Default(), Temp: t.TempDir(), Log: slog.New(slog.DiscardHandler)}
	w := httptest.NewRecorder()
	in.Handler("m").ServeHTTP(w, httptest.NewRequestWithContext(ctx, http.MethodPut, "/v1/models/a", bytes.NewReader(file)))
	v, err := catalog.Newest(t.Context(), "m", "a")
	if err != nil || w.Code != http.StatusAccepted || ctx.Err() == nil || len(l.sent) != 1 || l.sent[0] != v.Ref() {
		t.Errorf("got %d, %+v, %v, and %v is sent", w.Code, v, err, l.sent)
	}
}

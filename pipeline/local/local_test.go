package local

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/plinth3d/plinth/pipeline/asset"
	"github.com/plinth3d/plinth/pipeline/asset/assettest"
)

func closing(t *testing.T, c interface{ Close() error }) {
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
}

func TestStore(t *testing.T) {
	assettest.Store(t, func(t *testing.T) asset.Store {
		s, err := OpenStore(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		closing(t, s)
		return s
	})
}

func TestThePathOfABlobIsGoodFromAnywhere(t *testing.T) {
	t.Chdir(t.TempDir())
	s, err := OpenStore("store")
	if err != nil {
		t.Fatal(err)
	}
	closing(t, s)
	if got := s.Path("source/m/1"); !filepath.IsAbs(got) {
		t.Errorf("got %s", got)
	}
}

func TestQueue(t *testing.T) {
	t.Parallel()
	open := func(t *testing.T) asset.Queue {
		q, err := OpenQueue(t.Context(), t.TempDir(), time.Second)
		if err != nil {
			t.Fatal(err)
		}
		closing(t, q)
		return q
	}
	assettest.Queue(t, open)
	assettest.QueueOnce(t, open)
}

// A server that others run: the same contract over a connection, shared by all.
func TestSharedQueue(t *testing.T) {
	t.Parallel()
	open := func(t *testing.T) asset.Queue {
		s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, JetStream: true, StoreDir: t.TempDir(), NoLog: true, NoSigs: true})
		if err != nil {
			t.Fatal(err)
		}
		s.Start()
		t.Cleanup(func() {
			s.Shutdown()
			s.WaitForShutdown()
		})
		if !s.ReadyForConnections(20 * time.Second) {
			t.Fatal("the server does not start")
		}
		// A second worker's connection must not take the leases of the first away.
		q, err := DialQueue(t.Context(), s.ClientURL(), time.Second)
		if err != nil {
			t.Fatal(err)
		}
		closing(t, q)
		other, err := DialQueue(t.Context(), s.ClientURL(), time.Second)
		if err != nil {
			t.Fatal(err)
		}
		closing(t, other)
		return q
	}
	assettest.Queue(t, open)
	assettest.QueueOnce(t, open)
}

func TestCatalog(t *testing.T) {
	t.Parallel()
	assettest.Catalog(t, func(t *testing.T) asset.Catalog {
		c, err := OpenCatalog(t.Context(), filepath.Join(t.TempDir(), "catalog.db"))
		if err != nil {
			t.Fatal(err)
		}
		closing(t, c)
		return c
	})
}

// submitted opens a catalog with one version that waits.
func submitted(t *testing.T, file string) (*Catalog, asset.Job) {
	t.Helper()
	c, err := OpenCatalog(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	v, err := c.Submit(t.Context(), asset.Version{Merchant: "m", Model: "a", Version: "1"})
	if err != nil {
		t.Fatal(err)
	}
	return c, v.Ref()
}

func TestReleaseFreesWhatIsClaimed(t *testing.T) {
	c, j := submitted(t, filepath.Join(t.TempDir(), "catalog.db"))
	closing(t, c)
	_, old, err := c.Claim(t.Context(), j, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := c.Progress(t.Context(), j, old, "x", 1); err != nil {
		t.Errorf("a worker that lives after all: %v", err)
	}
	if _, _, err := c.Claim(t.Context(), j, time.Hour); !errors.Is(err, asset.ErrBusy) {
		t.Errorf("renewed: got %v, want ErrBusy", err)
	}
	if err := c.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, _, err := c.Claim(t.Context(), j, time.Hour); err != nil {
		t.Errorf("a successor: %v", err)
	}
}

func TestACatalogOfBeforeClaimsHadATimeIsBroughtUpToDate(t *testing.T) {
	file := filepath.Join(t.TempDir(), "catalog.db")
	c, j := submitted(t, file)
	for _, column := range []string{"lease", "until"} {
		if _, err := c.db.ExecContext(t.Context(), "ALTER TABLE versions DROP COLUMN "+column); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	c, err := OpenCatalog(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	closing(t, c)
	if _, _, err := c.Claim(t.Context(), j, time.Hour); err != nil {
		t.Fatal(err)
	}
	if _, _, err := c.Claim(t.Context(), j, time.Hour); !errors.Is(err, asset.ErrBusy) {
		t.Errorf("got %v, want ErrBusy", err)
	}
}

func TestSweepRemovesWhatDeadWritersLeft(t *testing.T) {
	dir := t.TempDir()
	s, err := OpenStore(dir)
	if err != nil {
		t.Fatal(err)
	}
	closing(t, s)
	if err := os.WriteFile(filepath.Join(dir, "tmp", "put-1"), []byte("half"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := s.Sweep(); err != nil {
		t.Fatal(err)
	}
	if left, _ := os.ReadDir(filepath.Join(dir, "tmp")); len(left) != 0 {
		t.Errorf("%d files are left", len(left))
	}
}

func TestAQueueBelongsToOneProcess(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	q, err := OpenQueue(t.Context(), dir, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	closing(t, q)
	if _, err := OpenQueue(t.Context(), dir, time.Minute); !errors.Is(err, asset.ErrConflict) {
		t.Errorf("got %v, want ErrConflict", err)
	}
}

func TestAReopenedQueueHandsOutWhatWasLeased(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	j := asset.Job{Merchant: "m", Model: "a", Version: "1"}
	q, err := OpenQueue(t.Context(), dir, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if err := q.Send(t.Context(), j); err != nil {
		t.Fatal(err)
	}
	if _, err := q.Lease(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := q.Close(); err != nil {
		t.Fatal(err)
	}
	if q, err = OpenQueue(t.Context(), dir, time.Hour); err != nil {
		t.Fatal(err)
	}
	closing(t, q)
	l, err := q.Lease(t.Context())
	if err != nil || l.Job() != j {
		t.Fatalf("got %v, %v", l, err)
	}
}

// What was queued since a time is found by an index, however much is queued.
func TestWaitingIsWhatWasQueuedSince(t *testing.T) {
	c, err := OpenCatalog(t.Context(), filepath.Join(t.TempDir(), "c.db"))
	if err != nil {
		t.Fatal(err)
	}
	closing(t, c)
	now := time.UnixMilli(1_000_000)
	c.now = func() time.Time { return now }
	submit := func(model string) asset.Version {
		now = now.Add(time.Second)
		v, err := c.Submit(t.Context(), asset.Version{Merchant: "m", Model: model, Version: "1", Unit: "m"})
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	old, first, claimed, last := submit("old"), submit("first"), submit("claimed"), submit("last")
	if _, _, err := c.Claim(t.Context(), claimed.Ref(), time.Minute); err != nil {
		t.Fatal(err)
	}
	list, err := c.Waiting(t.Context(), first.Updated)
	if err != nil || len(list) != 2 || list[0].Model != "first" || list[1].Model != "last" {
		t.Errorf("since first: %v, %v", list, err)
	}
	// One that was put back is waiting since then.
	v, epoch, err := c.Claim(t.Context(), old.Ref(), time.Minute)
	if err == nil {
		now = now.Add(time.Second)
		err = c.Requeue(t.Context(), v.Ref(), epoch, true)
	}
	if err != nil {
		t.Fatal(err)
	}
	if list, err := c.Waiting(t.Context(), last.Updated.Add(1)); err != nil || len(list) != 2 || list[1].Model != "old" {
		t.Errorf("after it was put back: %v, %v", list, err)
	}
	var plan string
	var a, b, d int
	row := c.db.QueryRowContext(t.Context(), "EXPLAIN QUERY PLAN SELECT "+columns+"WHERE v.state = ? AND v.updated >= ? ORDER BY v.updated, v.rowid", asset.Queued, 0)
	if err := row.Scan(&a, &b, &d, &plan); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(plan, "versions_by_state (state=? AND updated>?)") {
		t.Errorf("it is found by: %s", plan)
	}
}

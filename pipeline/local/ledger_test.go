package local

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/plinth3d/plinth/pipeline/asset"
	"github.com/plinth3d/plinth/pipeline/asset/assettest"
)

func openLedger(t *testing.T, file string) *Ledger {
	t.Helper()
	l, err := OpenLedger(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	closing(t, l)
	return l
}

func TestLedger(t *testing.T) {
	t.Parallel()
	assettest.Ledger(t, func(t *testing.T, now func() time.Time) assettest.LedgerBackend {
		l := openLedger(t, filepath.Join(t.TempDir(), "catalog.db"))
		l.Now = now
		return assettest.LedgerBackend{
			Ledger: l,
			Execute: func(ctx context.Context, statement string) error {
				_, err := l.db.ExecContext(ctx, statement)
				return err
			},
			Unlock: []string{"DROP TRIGGER audit_is_not_updated", "DROP TRIGGER audit_is_not_deleted"},
		}
	})
}

func TestALedgerSharesTheCatalogsFile(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	var file string
	for range 100 { // the first to open it change its mode, which is over in no time
		file = filepath.Join(t.TempDir(), "new", "catalog.db")
		var wg sync.WaitGroup
		for i := range 6 {
			wg.Go(func() {
				open := func() (interface{ Close() error }, error) { return OpenLedger(ctx, file) }
				if i%2 == 1 {
					open = func() (interface{ Close() error }, error) { return OpenCatalog(ctx, file) }
				}
				c, err := open()
				if err != nil {
					t.Errorf("opening %d: %v", i, err)
					return
				}
				if err := c.Close(); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
	}
	l := openLedger(t, file)
	if _, err := l.CreateAccount(ctx, "test", asset.Account{Merchant: "m", Name: "M"}); err != nil {
		t.Fatal(err)
	}
	c, err := OpenCatalog(ctx, file)
	if err != nil {
		t.Fatal(err)
	}
	closing(t, c)
	if _, err := c.Submit(ctx, asset.Version{Merchant: "m", Model: "a", Version: "1"}); err != nil {
		t.Fatal(err)
	}
	if _, err := openLedger(t, file).Account(ctx, "m"); err != nil {
		t.Errorf("opened again: %v", err)
	}
}

func TestALedgerThatIsNotKnownIsNotOpened(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ spoil, says string }{
		"a newer one":   {"INSERT INTO ledger_migrations VALUES (2, '0002_more.sql', '', 0)", "use a newer plinth"},
		"a changed one": {"UPDATE ledger_migrations SET checksum = 'x'", "is not the 0001_ledger.sql that was applied"},
		"a broken one":  {"UPDATE ledger_migrations SET version = 0", "migration 1 was not applied"},
	} {
		file := filepath.Join(t.TempDir(), "catalog.db")
		if _, err := openLedger(t, file).db.ExecContext(t.Context(), c.spoil); err != nil {
			t.Fatal(err)
		}
		if _, err := OpenLedger(t.Context(), file); !errors.Is(err, asset.ErrInvalid) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestALockedLedgerIsUnavailable(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "catalog.db")
	l, other := openLedger(t, file), openLedger(t, file)
	l.db.SetMaxOpenConns(1)
	if _, err := l.db.ExecContext(t.Context(), "PRAGMA busy_timeout = 1"); err != nil {
		t.Fatal(err)
	}
	tx, err := other.db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.CreateAccount(t.Context(), "test", asset.Account{Merchant: "m", Name: "M"}); !errors.Is(err, asset.ErrUnavailable) {
		t.Errorf("got %v, want ErrUnavailable", err)
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	if _, err := l.CreateAccount(t.Context(), "test", asset.Account{Merchant: "m", Name: "M"}); err != nil {
		t.Error(err)
	}
}

func TestASumThatIsTooLargeIsRefused(t *testing.T) {
	t.Parallel()
	l := openLedger(t, filepath.Join(t.TempDir(), "catalog.db"))
	if _, err := l.CreateAccount(t.Context(), "test", asset.Account{Merchant: "m", Name: "M"}); err != nil {
		t.Fatal(err)
	}
	if _, err := l.db.ExecContext(t.Context(), "INSERT INTO usage_days VALUES ('m', '2026-01-01', 'k', 0, 9223372036854775807, 0)"); err != nil {
		t.Fatal(err)
	}
	err := l.Record(t.Context(), []asset.Usage{{Event: "e", Merchant: "m", Day: "2026-01-01", Kind: "k", Bytes: 1}})
	if !errors.Is(err, asset.ErrInvalid) {
		t.Errorf("got %v, want ErrInvalid", err)
	}
}

package cloud

import (
	"context"
	"crypto/rand"
	"errors"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/plinth3d/plinth/pipeline/asset"
	"github.com/plinth3d/plinth/pipeline/asset/assettest"
	"github.com/plinth3d/plinth/pipeline/ledger"
)

// postgresURL is a server's, where databases can be made.
func postgresURL(t *testing.T) string {
	t.Helper()
	at := os.Getenv("PLINTH_POSTGRES")
	if at == "" {
		t.Skip("PLINTH_POSTGRES names no PostgreSQL; .ci/peers/postgres/start DIR starts one and prints its URL")
	}
	return at
}

// database makes an empty database and returns its URL.
func database(t *testing.T) string {
	t.Helper()
	at, err := url.Parse(postgresURL(t))
	if err != nil {
		t.Fatal(err)
	}
	name := "test_" + strings.ToLower(rand.Text())
	do := func(ctx context.Context, statement string) {
		c, err := pgx.Connect(ctx, os.Getenv("PLINTH_POSTGRES"))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close(ctx) //nolint:errcheck // nothing is lost with it
		if _, err := c.Exec(ctx, statement); err != nil {
			t.Fatal(err)
		}
	}
	do(t.Context(), "CREATE DATABASE "+name)
	t.Cleanup(func() { do(context.Background(), "DROP DATABASE "+name+" WITH (FORCE)") })
	at.Path = "/" + name
	return at.String()
}

func openLedger(t *testing.T, at string) *Ledger {
	t.Helper()
	l, err := OpenLedger(t.Context(), at)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() }) // it returns nil
	return l
}

func (l *Ledger) execute(ctx context.Context, statement string) error {
	_, err := l.pool.Exec(ctx, statement)
	return err
}

func TestLedger(t *testing.T) {
	postgresURL(t)
	assettest.Ledger(t, func(t *testing.T, now func() time.Time) assettest.LedgerBackend {
		l := openLedger(t, database(t))
		l.Now = now
		return assettest.LedgerBackend{
			Ledger: l, Execute: l.execute,
			Unlock: []string{"DROP TRIGGER audit_is_not_updated ON audit"},
		}
	})
}

func TestALedgerIsMigratedOnce(t *testing.T) {
	at := database(t)
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() {
			l, err := OpenLedger(t.Context(), at)
			if err != nil {
				t.Error(err)
				return
			}
			_ = l.Close()
		})
	}
	wg.Wait()
	l := openLedger(t, at)
	var steps int
	var sum string
	if err := l.pool.QueryRow(t.Context(), "SELECT count(*), max(checksum) FROM ledger_migrations").Scan(&steps, &sum); err != nil || steps != 1 || !asset.IsHash(sum) {
		t.Errorf("got %d migrations, %q, %v", steps, sum, err)
	}
	if _, err := l.CreateAccount(t.Context(), "test", asset.Account{Merchant: "m", Name: "M"}); err != nil {
		t.Fatal(err)
	}
	if _, err := openLedger(t, at).Account(t.Context(), "m"); err != nil {
		t.Errorf("opened again: %v", err)
	}
}

func TestALedgerThatIsNotKnownIsNotOpened(t *testing.T) {
	for name, c := range map[string]struct{ spoil, says string }{
		"a newer one":   {"INSERT INTO ledger_migrations VALUES (2, '0002_more.sql', '', 0)", "use a newer plinth"},
		"a changed one": {"UPDATE ledger_migrations SET checksum = 'x'", "is not the 0001_ledger.sql that was applied"},
	} {
		at := database(t)
		if err := openLedger(t, at).execute(t.Context(), c.spoil); err != nil {
			t.Fatal(err)
		}
		if _, err := OpenLedger(t.Context(), at); !errors.Is(err, asset.ErrInvalid) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestAMigrationThatFailsLeavesNothing(t *testing.T) {
	at := database(t)
	ctx := t.Context()
	c, err := pgx.Connect(ctx, at)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(ctx)                                                       //nolint:errcheck // nothing is lost with it
	if _, err := c.Exec(ctx, "CREATE TABLE audit (mine TEXT)"); err != nil { // in the way of the last table
		t.Fatal(err)
	}
	if _, err := OpenLedger(ctx, at); err == nil || !strings.Contains(err.Error(), "0001_ledger.sql") {
		t.Errorf("got %v", err)
	}
	if _, err := c.Exec(ctx, "DROP TABLE audit"); err != nil {
		t.Fatal(err)
	}
	openLedger(t, at)
}

// Two transactions that wait for each other: PostgreSQL breaks one off, which is
// then done again.
func TestADeadlockIsTriedAgain(t *testing.T) {
	l := openLedger(t, database(t))
	ctx := t.Context()
	for _, m := range []string{"a", "b"} {
		if _, err := l.CreateAccount(ctx, "test", asset.Account{Merchant: m, Name: m}); err != nil {
			t.Fatal(err)
		}
	}
	var both, wg sync.WaitGroup
	both.Add(2)
	tries := make([]int, 2)
	for i, order := range [][]string{{"a", "b"}, {"b", "a"}} {
		wg.Go(func() {
			err := l.DB.Change(ctx, func(tx ledger.Tx) error {
				tries[i]++
				for k, m := range order {
					if _, err := tx.Exec(ctx, "UPDATE merchants SET entries = entries + 1 WHERE id = $1", m); err != nil {
						return err
					}
					if k == 0 && tries[i] == 1 {
						both.Done()
						both.Wait()
					}
				}
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if tries[0]+tries[1] < 3 {
		t.Errorf("they were tried %v times: there was no deadlock", tries)
	}
	for _, m := range []string{"a", "b"} {
		var n int
		if err := l.pool.QueryRow(ctx, "SELECT entries FROM merchants WHERE id = $1", m).Scan(&n); err != nil || n != 3 {
			t.Errorf("%s: got %d, %v, want 1 and 2 more", m, n, err)
		}
	}
}

func TestAClashThatDoesNotEndIsUnavailable(t *testing.T) {
	l := openLedger(t, database(t))
	tries := 0
	err := l.DB.Change(t.Context(), func(tx ledger.Tx) error {
		tries++
		_, err := tx.Exec(t.Context(), "DO $$ BEGIN RAISE EXCEPTION SQLSTATE '40001'; END $$")
		return err
	})
	if tries != transactionAttempts || !errors.Is(l.DB.Kind(t.Context(), err), asset.ErrUnavailable) {
		t.Errorf("got %v after %d tries", err, tries)
	}
}

func TestKindsOfPostgresErrors(t *testing.T) {
	l := openLedger(t, database(t))
	for code, want := range map[string]error{
		"08006": asset.ErrUnavailable, "53300": asset.ErrUnavailable, "57P01": asset.ErrUnavailable, "57014": asset.ErrUnavailable, "25006": asset.ErrUnavailable,
		"23505": asset.ErrConflict, "23503": asset.ErrNotFound, "22003": asset.ErrInvalid, "23514": asset.ErrInvalid,
		"42501": nil, "42P01": nil, "28P01": nil, "XX000": nil,
	} {
		err := l.execute(t.Context(), "DO $$ BEGIN RAISE EXCEPTION SQLSTATE '"+code+"'; END $$")
		if got := l.DB.Kind(t.Context(), err); pgCode(err) != code || got != want {
			t.Errorf("%s: got %v for %v, want %v", code, got, err, want)
		}
	}
}

// A server that ends connections, and one that has none left, are tried again later.
func TestALostConnectionIsUnavailable(t *testing.T) {
	at := database(t)
	l := openLedger(t, at)
	ctx := t.Context()
	err := l.DB.Change(ctx, func(tx ledger.Tx) error {
		_, err := tx.Exec(ctx, "SELECT pg_terminate_backend(pg_backend_pid())")
		return err
	})
	if got := l.DB.Kind(ctx, err); !errors.Is(got, asset.ErrUnavailable) {
		t.Errorf("ended: got %v for %v", got, err)
	}
	if _, err := l.Accounts(ctx, "", 1); err != nil {
		t.Errorf("after that: %v", err)
	}
	if err := l.execute(ctx, "CREATE ROLE few_"+l.pool.Config().ConnConfig.Database+" LOGIN PASSWORD 'x' CONNECTION LIMIT 0"); err != nil {
		t.Fatal(err)
	}
	few, err := url.Parse(at)
	if err != nil {
		t.Fatal(err)
	}
	role := "few_" + l.pool.Config().ConnConfig.Database
	t.Cleanup(func() {
		if err := l.execute(context.Background(), "DROP ROLE "+role); err != nil {
			t.Error(err)
		}
	})
	few.User = url.UserPassword(role, "x")
	if _, err := OpenLedger(ctx, few.String()); !errors.Is(err, asset.ErrUnavailable) || pgCode(err) != "53300" {
		t.Errorf("too many connections: got %v, want ErrUnavailable", err)
	}
}

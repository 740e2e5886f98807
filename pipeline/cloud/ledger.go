package cloud

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/plinth3d/plinth/pipeline/asset"
	"github.com/plinth3d/plinth/pipeline/ledger"
)

//go:embed ledger/*.sql
var ledgerFiles embed.FS

// Ledger is tables of a PostgreSQL database. Any number of processes may have it open.
type Ledger struct {
	ledger.Ledger
	pool *pgxpool.Pool
}

// OpenLedger opens the ledger at postgres://USER:PASSWORD@HOST/DATABASE, or at
// postgres+iam://USER@HOST/DATABASE, where RDS takes a token of the role this process
// has for a password. What PostgreSQL's own tools read from the environment (PGPASSWORD,
// PGSSLMODE...) and from the query (sslmode, pool_max_conns...) counts here too.
//
// It brings the tables to their newest form. Of several processes that want to, one
// does and the others wait.
func OpenLedger(ctx context.Context, url string) (*Ledger, error) {
	cfg, err := ledgerConfig(ctx, url)
	if err != nil {
		return nil, err
	}
	where := fmt.Sprintf("open the ledger in %s on %s", cfg.ConnConfig.Database, cfg.ConnConfig.Host)
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	l := &Ledger{ledger.Ledger{DB: postgres{pgStatements{pool}, pool}, Now: time.Now}, pool}
	if err := l.migrate(ctx); err != nil {
		pool.Close()
		if kind := l.DB.Kind(ctx, err); kind != nil && !errors.Is(err, asset.ErrInvalid) {
			return nil, fmt.Errorf("%w: %s: %w", kind, where, err)
		}
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	return l, nil
}

// migrating is the advisory lock of those who change tables: "plinth" in ASCII.
const migrating = 0x706c696e7468

func (l *Ledger) migrate(ctx context.Context) error {
	files, err := fs.Sub(ledgerFiles, "ledger")
	if err != nil {
		return err
	}
	return l.DB.Change(ctx, func(tx ledger.Tx) error {
		if _, err := tx.Exec(ctx, "SELECT pg_advisory_xact_lock($1)", int64(migrating)); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "SET LOCAL statement_timeout = 0"); err != nil { // large tables take their time
			return err
		}
		return ledger.Migrate(ctx, tx, files, time.Now())
	})
}

// Close closes all connections.
func (l *Ledger) Close() error {
	l.pool.Close()
	return nil
}

package local

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/plinth3d/plinth/pipeline/asset"
	"github.com/plinth3d/plinth/pipeline/ledger"
)

//go:embed ledger/*.sql
var ledgerFiles embed.FS

// Ledger is tables in the SQLite file of the catalog, or in one of their own. Any number of
// processes of one machine may have it open.
type Ledger struct {
	ledger.Ledger
	db *sql.DB
}

// OpenLedger opens the ledger in a file, making it if need be.
func OpenLedger(ctx context.Context, file string) (*Ledger, error) {
	files, err := fs.Sub(ledgerFiles, "ledger")
	if err != nil {
		return nil, err
	}
	db, err := openFile(ctx, file, func(ctx context.Context, db *sql.DB) error {
		return engine{statements{db}, db}.Change(ctx, func(tx ledger.Tx) error { return ledger.Migrate(ctx, tx, files, time.Now()) })
	})
	if err != nil {
		if kind := sqliteKind(err); kind != nil {
			err = fmt.Errorf("%w: %w", kind, err)
		}
		return nil, fmt.Errorf("open the ledger: %w", err)
	}
	return &Ledger{ledger.Ledger{DB: engine{statements{db}, db}, Now: time.Now}, db}, nil
}

// Close closes the file.
func (l *Ledger) Close() error { return l.db.Close() }

// engine is SQLite for the ledger. Its transactions write from the start, one at a time:
// none has to be done again.
type engine struct {
	statements
	db *sql.DB
}

func (e engine) Change(ctx context.Context, do func(ledger.Tx) error) error {
	tx, err := e.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := do(statements{tx}); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}

func (e engine) Kind(ctx context.Context, err error) error {
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return nil
	case errors.Is(err, context.DeadlineExceeded):
		return asset.ErrUnavailable
	}
	return sqliteKind(err)
}

// sqliteKind is the kind of an error of SQLite, whose extended codes have the plain one in
// their last byte.
func sqliteKind(err error) error {
	failed, ok := errors.AsType[*sqlite.Error](err)
	if !ok {
		return nil
	}
	switch code := failed.Code(); {
	case code == sqlite3.SQLITE_CONSTRAINT_UNIQUE, code == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY:
		return asset.ErrConflict
	case code == sqlite3.SQLITE_CONSTRAINT_DATATYPE: // a sum that has become too large
		return asset.ErrInvalid
	case code&0xff == sqlite3.SQLITE_BUSY, code&0xff == sqlite3.SQLITE_LOCKED:
		return asset.ErrUnavailable
	}
	return nil
}

// statements are those of a transaction, or such that stand alone.
type statements struct {
	on interface {
		ExecContext(ctx context.Context, statement string, values ...any) (sql.Result, error)
		QueryContext(ctx context.Context, statement string, values ...any) (*sql.Rows, error)
	}
}

func (s statements) Exec(ctx context.Context, statement string, values ...any) (int64, error) {
	done, err := s.on.ExecContext(ctx, statement, values...)
	if err != nil {
		return 0, err
	}
	return done.RowsAffected()
}

func (s statements) Query(ctx context.Context, each func(ledger.Row) error, statement string, values ...any) error {
	rows, err := s.on.QueryContext(ctx, statement, values...)
	if err != nil {
		return err
	}
	for rows.Next() {
		if err := each(rows); err != nil {
			return errors.Join(err, rows.Close())
		}
	}
	return errors.Join(rows.Err(), rows.Close())
}

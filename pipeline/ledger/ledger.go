// Package ledger is asset.Ledger in SQL that SQLite and PostgreSQL both speak. A backend
// brings the engine (DB) and the tables (files for Migrate).
//
// A merchant's row is what its writers wait for: a change updates it, takes the place in
// the audit that it hands out, and so holds it to the end of the transaction. Read
// committed is enough for that.
package ledger

import (
	"context"
	"fmt"
	"time"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// DB is an engine. Statements outside of Change stand alone.
type DB interface {
	Tx

	// Change runs do in a transaction, and again when the engine asks for that: do
	// must start from nothing each time.
	Change(ctx context.Context, do func(Tx) error) error

	// Kind is the kind of an error of the engine, nil where there is none.
	Kind(ctx context.Context, err error) error
}

// Tx runs statements, whose parameters are $1, $2 and so on.
type Tx interface {
	// Exec says how many rows it changed.
	Exec(ctx context.Context, statement string, values ...any) (int64, error)

	// Query calls each for each row, and ends with its error.
	Query(ctx context.Context, each func(Row) error, statement string, values ...any) error
}

// Row is a row of an answer.
type Row interface{ Scan(to ...any) error }

// Ledger is an asset.Ledger.
type Ledger struct {
	DB  DB
	Now func() time.Time
}

// fault says what failed and of which kind it is; nil stays nil.
func (l *Ledger) fault(ctx context.Context, err error, doing string, about ...any) error {
	if err == nil {
		return nil
	}
	doing = fmt.Sprintf(doing, about...)
	if kind := l.DB.Kind(ctx, err); kind != nil {
		return fmt.Errorf("%w: %s: %w", kind, doing, err)
	}
	return fmt.Errorf("%s: %w", doing, err)
}

// one reads the only row of an answer; none is ErrNotFound.
func one(ctx context.Context, tx Tx, read func(Row) error, statement string, values ...any) error {
	found := false
	err := tx.Query(ctx, func(r Row) error {
		found = true
		return read(r)
	}, statement, values...)
	if err == nil && !found {
		return asset.ErrNotFound
	}
	return err
}

// Times are kept as milliseconds since 1970; the zero time is 0.

func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func moment(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

package local

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// patience is how long a writer waits for others.
const patience = 10 * time.Second

// openFile opens a SQLite file, making it if need be, and brings its tables to be. Any
// number of processes of one machine may have it open: a writer waits for others
// (patience), and what it wrote survives a loss of power.
func openFile(ctx context.Context, file string, tables func(context.Context, *sql.DB) error) (*sql.DB, error) {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return nil, err
	}
	db, err := sql.Open("sqlite", fmt.Sprintf("file:%s?_pragma=busy_timeout(%d)&_pragma=synchronous(FULL)&_txlock=immediate", file, patience.Milliseconds()))
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(4)
	err = writeAhead(ctx, db)
	if err == nil {
		err = tables(ctx, db)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", file, err), db.Close())
	}
	return db, nil
}

// writeAhead has the file keep a write-ahead log, from now on. SQLite's own timeout is not
// for this: who finds others at the file while it changes the mode, which takes the whole
// file, is told so at once.
func writeAhead(ctx context.Context, db *sql.DB) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		_, err := db.ExecContext(ctx, "PRAGMA journal_mode = WAL")
		if !errors.Is(sqliteKind(err), asset.ErrUnavailable) {
			return err
		}
		select {
		case <-ctx.Done():
			return errors.Join(err, ctx.Err())
		case <-time.After(5 * time.Millisecond):
		}
	}
}

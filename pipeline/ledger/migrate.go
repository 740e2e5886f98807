package ledger

import (
	"context"
	"fmt"
	"io/fs"
	"time"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// Migrate brings the tables to the newest form. Files are named 0001_what.sql and so on; one
// that was applied never changes again, what must be other comes in the next. tx must
// be the only one that migrates, and applies all of them or none.
func Migrate(ctx context.Context, tx Tx, files fs.FS, now time.Time) error {
	steps, err := migrations(files)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `CREATE TABLE IF NOT EXISTS ledger_migrations (
		version BIGINT PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL, applied BIGINT NOT NULL)`)
	if err != nil {
		return fmt.Errorf("migrate the ledger: %w", err)
	}
	done, err := applied(ctx, tx, steps)
	if err != nil {
		return err
	}
	for i, s := range steps[done:] {
		if _, err := tx.Exec(ctx, s.text); err != nil {
			return fmt.Errorf("migrate the ledger: %s: %w", s.name, err)
		}
		_, err := tx.Exec(ctx, "INSERT INTO ledger_migrations (version, name, checksum, applied) VALUES ($1, $2, $3, $4)",
			done+i+1, s.name, asset.Hash([]byte(s.text)), millis(now))
		if err != nil {
			return fmt.Errorf("migrate the ledger: %s: %w", s.name, err)
		}
	}
	return nil
}

type migration struct{ name, text string }

// migrations reads the files: numbered from 1 on, without a gap.
func migrations(files fs.FS) (steps []migration, err error) {
	names, err := fs.Glob(files, "*.sql") // sorted
	if err != nil {
		return nil, err
	}
	for i, name := range names {
		if want := fmt.Sprintf("%04d_", i+1); name[:min(5, len(name))] != want {
			return nil, fmt.Errorf("migration %s should begin with %s", name, want)
		}
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		steps = append(steps, migration{name, string(text)})
	}
	return steps, nil
}

// applied counts the migrations that were applied, which must be the first of steps.
func applied(ctx context.Context, tx Tx, steps []migration) (done int, err error) {
	err = tx.Query(ctx, func(r Row) error {
		var version int
		var name, sum string
		if err := r.Scan(&version, &name, &sum); err != nil {
			return err
		}
		done++
		switch {
		case version > len(steps):
			return fmt.Errorf("%w: its tables are of version %d (%s), and this plinth knows only %d; use a newer plinth", asset.ErrInvalid, version, name, len(steps))
		case version != done:
			return fmt.Errorf("%w: migration %d was not applied, %d was", asset.ErrInvalid, done, version)
		case sum != asset.Hash([]byte(steps[version-1].text)):
			return fmt.Errorf("%w: migration %s is not the %s that was applied", asset.ErrInvalid, steps[version-1].name, name)
		}
		return nil
	}, "SELECT version, name, checksum FROM ledger_migrations ORDER BY version")
	if err != nil {
		return 0, fmt.Errorf("open the ledger: %w", err)
	}
	return done, nil
}

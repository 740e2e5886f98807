package local

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// next is the number of a model's next upload or restore.
func (c *Catalog) next(ctx context.Context, tx *sql.Tx, merchant, model string) (generation int64, err error) {
	err = tx.QueryRowContext(ctx, `SELECT coalesce(max(generation), 0) + 1 FROM (
		SELECT generation FROM versions WHERE merchant = ?1 AND model = ?2 UNION ALL
		SELECT generation FROM current WHERE merchant = ?1 AND model = ?2)`, merchant, model).Scan(&generation)
	return generation, err
}

// makeCurrent makes a version current unless what is has that number or a higher one.
func (c *Catalog) makeCurrent(ctx context.Context, tx *sql.Tx, j asset.Job, generation int64) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO current (merchant, model, version, generation) VALUES (?, ?, ?, ?)
		ON CONFLICT (merchant, model) DO UPDATE SET version = excluded.version, generation = excluded.generation
		WHERE excluded.generation > current.generation`, j.Merchant, j.Model, j.Version, generation)
	return err
}

// Restore makes the manifest of a ready version current.
func (c *Catalog) Restore(ctx context.Context, merchant, model, version string) error {
	j := asset.Job{Merchant: merchant, Model: model, Version: version}
	return c.change(ctx, "restore", j, func(tx *sql.Tx) error {
		r, err := c.one(ctx, tx, j)
		if err != nil {
			return err
		}
		if r.State != asset.Ready {
			return fmt.Errorf("%w: it is %s", asset.ErrConflict, r.State)
		}
		generation, err := c.next(ctx, tx, merchant, model)
		if err != nil {
			return err
		}
		return c.makeCurrent(ctx, tx, j, generation)
	})
}

// Revert makes the manifest of a ready version current in the place of another one's.
func (c *Catalog) Revert(ctx context.Context, merchant, model, from, to string) error {
	j := asset.Job{Merchant: merchant, Model: model, Version: to}
	return c.change(ctx, "revert to", j, func(tx *sql.Tx) error {
		was, errFrom := c.one(ctx, tx, asset.Job{Merchant: merchant, Model: model, Version: from})
		now, errTo := c.one(ctx, tx, j)
		if err := errors.Join(errFrom, errTo); err != nil {
			return err
		}
		coming := was.State == asset.Queued || was.State == asset.Running
		if now.State != asset.Ready || !was.Live && !(now.Live && coming) {
			return fmt.Errorf("%w: it is %s and %s is not current", asset.ErrConflict, now.State, from)
		}
		_, err := tx.ExecContext(ctx, "UPDATE current SET version = ?, generation = max(generation, ?) WHERE merchant = ? AND model = ?",
			to, was.generation, merchant, model)
		return err
	})
}

package local

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// Claim starts an attempt.
func (c *Catalog) Claim(ctx context.Context, j asset.Job, lease time.Duration) (v asset.Version, epoch int64, err error) {
	err = c.change(ctx, "claim", j, func(tx *sql.Tx) error {
		r, err := c.one(ctx, tx, j)
		if err != nil {
			return err
		}
		now := c.now().UnixMilli()
		switch {
		case r.State == asset.Ready, r.State == asset.Failed:
			return fmt.Errorf("%w: it is %s", asset.ErrConflict, r.State)
		case r.State == asset.Running && r.until > now:
			return fmt.Errorf("%w, for %d ms yet", asset.ErrBusy, r.until-now)
		}
		ms := max(lease.Milliseconds(), 0)
		err = c.set(ctx, tx, j, "state = ?, epoch = epoch + 1, attempts = attempts + 1, stage = '', percent = 0, lease = ?, until = ?", asset.Running, ms, now+ms)
		if err != nil {
			return err
		}
		if r, err = c.one(ctx, tx, j); err != nil {
			return err
		}
		v, epoch = r.Version, r.epoch
		return nil
	})
	return v, epoch, err
}

// held runs do if the epoch is that of the last claim and the version is running.
func (c *Catalog) held(ctx context.Context, what string, j asset.Job, epoch int64, do func(*sql.Tx, row) error) error {
	return c.change(ctx, what, j, func(tx *sql.Tx) error {
		r, err := c.one(ctx, tx, j)
		if err != nil {
			return err
		}
		if r.epoch != epoch || r.State != asset.Running {
			return fmt.Errorf("%w: it is %s in epoch %d, not running in %d", asset.ErrConflict, r.State, r.epoch, epoch)
		}
		return do(tx, r)
	})
}

// set updates columns of a version.
func (c *Catalog) set(ctx context.Context, tx *sql.Tx, j asset.Job, columns string, values ...any) error {
	values = append(values, c.now().UnixMilli(), j.Merchant, j.Model, j.Version)
	_, err := tx.ExecContext(ctx, "UPDATE versions SET "+columns+", updated = ? WHERE merchant = ? AND model = ? AND version = ?", values...)
	return err
}

// Progress notes how far a worker is.
func (c *Catalog) Progress(ctx context.Context, j asset.Job, epoch int64, stage string, percent float64) error {
	return c.held(ctx, "note progress of", j, epoch, func(tx *sql.Tx, _ row) error {
		_, err := tx.ExecContext(ctx, "UPDATE versions SET stage = ?, percent = ?, until = ? + lease WHERE merchant = ? AND model = ? AND version = ?",
			stage, percent, c.now().UnixMilli(), j.Merchant, j.Model, j.Version)
		return err
	})
}

// Release ends the time of all claims, for one who knows that those who made them are
// gone: a queue that belongs to one process is open, so no other one works. An attempt
// that goes on after all still holds its epoch, until someone else claims its version.
func (c *Catalog) Release(ctx context.Context) error {
	if _, err := c.db.ExecContext(ctx, "UPDATE versions SET until = 0 WHERE state = ?", asset.Running); err != nil {
		return fmt.Errorf("release claims: %w", err)
	}
	return nil
}

// Requeue puts a version back in line.
func (c *Catalog) Requeue(ctx context.Context, j asset.Job, epoch int64, counted bool) error {
	less := 1
	if counted {
		less = 0
	}
	return c.held(ctx, "put back", j, epoch, func(tx *sql.Tx, _ row) error {
		return c.set(ctx, tx, j, "state = ?, attempts = attempts - ?, stage = '', percent = 0", asset.Queued, less)
	})
}

// Fail ends a version for good.
func (c *Catalog) Fail(ctx context.Context, j asset.Job, epoch int64, f asset.Failure) error {
	text, err := json.Marshal(f)
	if err != nil {
		return err
	}
	return c.held(ctx, "fail", j, epoch, func(tx *sql.Tx, _ row) error {
		return c.set(ctx, tx, j, "state = ?, failure = ?", asset.Failed, string(text))
	})
}

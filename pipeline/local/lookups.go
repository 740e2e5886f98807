package local

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// Newest returns the newest upload of a model.
func (c *Catalog) Newest(ctx context.Context, merchant, model string) (asset.Version, error) {
	r, err := scan(c.db.QueryRowContext(ctx, "SELECT "+columns+"WHERE v.merchant = ? AND v.model = ? ORDER BY v.generation DESC LIMIT 1", merchant, model))
	return r.Version, wrap(err, "look up", asset.Job{Merchant: merchant, Model: model})
}

// Current returns the manifest that is current.
func (c *Catalog) Current(ctx context.Context, merchant, model string) (asset.Manifest, error) {
	return c.manifest(ctx, asset.Job{Merchant: merchant, Model: model}, `SELECT v.manifest FROM current c JOIN versions v
		ON v.merchant = c.merchant AND v.model = c.model AND v.version = c.version WHERE c.merchant = ? AND c.model = ?`, merchant, model)
}

// Manifest returns the manifest of a version.
func (c *Catalog) Manifest(ctx context.Context, merchant, model, version string) (asset.Manifest, error) {
	return c.manifest(ctx, asset.Job{Merchant: merchant, Model: model, Version: version},
		"SELECT manifest FROM versions WHERE merchant = ? AND model = ? AND version = ? AND manifest != ''", merchant, model, version)
}

func (c *Catalog) manifest(ctx context.Context, j asset.Job, query string, values ...any) (m asset.Manifest, err error) {
	var text string
	if err = c.db.QueryRowContext(ctx, query, values...).Scan(&text); err != nil {
		return m, wrap(err, "look up the manifest of", j)
	}
	err = wrap(json.Unmarshal([]byte(text), &m), "read the manifest of", j)
	return m, err
}

func (c *Catalog) list(ctx context.Context, what, where string, values ...any) ([]asset.Version, error) {
	rows, err := c.db.QueryContext(ctx, "SELECT "+columns+where, values...)
	var out []asset.Version
	if err == nil {
		out, err = scanAll(rows)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	return out, nil
}

func scanAll(rows *sql.Rows) (out []asset.Version, err error) {
	defer rows.Close() //nolint:errcheck // Err tells
	for rows.Next() {
		r, err := scan(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, r.Version)
	}
	return out, rows.Err()
}

// Versions returns all versions of a model.
func (c *Catalog) Versions(ctx context.Context, merchant, model string) ([]asset.Version, error) {
	list, err := c.list(ctx, "list versions", "WHERE v.merchant = ? AND v.model = ? ORDER BY v.generation DESC", merchant, model)
	if err == nil && len(list) == 0 {
		err = wrap(sql.ErrNoRows, "list versions of", asset.Job{Merchant: merchant, Model: model})
	}
	return list, err
}

// List returns the newest upload of each model.
func (c *Catalog) List(ctx context.Context, merchant string) ([]asset.Version, error) {
	return c.models(ctx, merchant, "", -1)
}

// Models returns the newest uploads of some models.
func (c *Catalog) Models(ctx context.Context, merchant, after string, limit int) ([]asset.Version, error) {
	return c.models(ctx, merchant, after, max(limit, 0))
}

// models lists models; a limit below 0 is none.
func (c *Catalog) models(ctx context.Context, merchant, after string, limit int) ([]asset.Version, error) {
	return c.list(ctx, "list models", `WHERE v.merchant = ? AND v.model > ? AND v.generation =
		(SELECT max(generation) FROM versions w WHERE w.merchant = v.merchant AND w.model = v.model) ORDER BY v.model LIMIT ?`, merchant, after, limit)
}

// Merchants returns all merchants.
func (c *Catalog) Merchants(ctx context.Context) (out []string, err error) {
	rows, err := c.db.QueryContext(ctx, "SELECT DISTINCT merchant FROM versions ORDER BY merchant")
	if err != nil {
		return nil, fmt.Errorf("list merchants: %w", err)
	}
	defer rows.Close() //nolint:errcheck // Err tells
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, fmt.Errorf("list merchants: %w", err)
		}
		out = append(out, name)
	}
	return out, rows.Err()
}

// Unfinished returns what is queued or running.
func (c *Catalog) Unfinished(ctx context.Context) ([]asset.Version, error) {
	return c.list(ctx, "list unfinished jobs", "WHERE v.state IN (?, ?) ORDER BY v.submitted, v.rowid", asset.Queued, asset.Running)
}

// Waiting returns what is queued and became so since a time. It is cheap to ask for, however
// much is queued: whoever owns a queue learns so what others submitted.
func (c *Catalog) Waiting(ctx context.Context, since time.Time) ([]asset.Version, error) {
	return c.list(ctx, "list waiting jobs", "WHERE v.state = ? AND v.updated >= ? ORDER BY v.updated, v.rowid", asset.Queued, since.UnixMilli())
}

// Rescue returns what has been queued for long, once.
func (c *Catalog) Rescue(ctx context.Context, before time.Time, limit int) (out []asset.Version, err error) {
	err = c.change(ctx, "rescue queued jobs", asset.Job{}, func(tx *sql.Tx) error {
		now := c.now().UnixMilli()
		rows, err := tx.QueryContext(ctx, "SELECT "+columns+"WHERE v.state = ? AND v.updated < ? ORDER BY v.updated, v.rowid LIMIT ?", asset.Queued, before.UnixMilli(), max(limit, 0))
		if err != nil {
			return err
		}
		if out, err = scanAll(rows); err != nil {
			return err
		}
		for i, v := range out {
			if _, err := tx.ExecContext(ctx, "UPDATE versions SET updated = ? WHERE merchant = ? AND model = ? AND version = ?", now, v.Merchant, v.Model, v.Version); err != nil {
				return err
			}
			out[i].Updated = time.UnixMilli(now).UTC()
		}
		return nil
	})
	if err != nil {
		out = nil // nothing was updated
	}
	return out, err
}

// Jobs returns versions by state.
func (c *Catalog) Jobs(ctx context.Context, limit int, states ...asset.State) ([]asset.Version, error) {
	var values []any
	where := "WHERE 1 "
	if len(states) > 0 {
		where = "WHERE v.state IN (?" + strings.Repeat(", ?", len(states)-1) + ") "
		for _, s := range states {
			values = append(values, s)
		}
	}
	return c.list(ctx, "list jobs", where+"ORDER BY v.updated DESC, v.rowid DESC LIMIT ?", append(values, limit)...)
}

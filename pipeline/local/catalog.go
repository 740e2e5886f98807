package local

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// Catalog is a SQLite file. Any number of processes of one machine may have it open.
type Catalog struct {
	db  *sql.DB
	now func() time.Time
}

// schema is applied at every opening. A generation counts a model's uploads: that of
// the current manifest never falls.
const schema = `
CREATE TABLE IF NOT EXISTS versions (
	merchant TEXT NOT NULL, model TEXT NOT NULL, version TEXT NOT NULL,
	generation INTEGER NOT NULL, epoch INTEGER NOT NULL DEFAULT 0,
	source TEXT NOT NULL, bytes INTEGER NOT NULL, unit TEXT NOT NULL, recipe TEXT NOT NULL, recipe_hash TEXT NOT NULL,
	state TEXT NOT NULL, stage TEXT NOT NULL DEFAULT '', percent REAL NOT NULL DEFAULT 0, attempts INTEGER NOT NULL DEFAULT 0,
	findings TEXT NOT NULL, failure TEXT NOT NULL DEFAULT '', manifest TEXT NOT NULL DEFAULT '',
	submitted INTEGER NOT NULL, updated INTEGER NOT NULL,
	PRIMARY KEY (merchant, model, version)
) STRICT;
CREATE INDEX IF NOT EXISTS versions_by_state ON versions (state, updated);
CREATE TABLE IF NOT EXISTS current (
	merchant TEXT NOT NULL, model TEXT NOT NULL, version TEXT NOT NULL, generation INTEGER NOT NULL,
	PRIMARY KEY (merchant, model)
) STRICT;`

// OpenCatalog opens the catalog in a file, making it if need be.
func OpenCatalog(ctx context.Context, file string) (*Catalog, error) {
	db, err := openFile(ctx, file, func(ctx context.Context, db *sql.DB) error {
		_, err := db.ExecContext(ctx, schema)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("open the catalog: %w", err)
	}
	return &Catalog{db, time.Now}, nil
}

// Close closes the file.
func (c *Catalog) Close() error { return c.db.Close() }

// columns are what scan reads.
const columns = `v.merchant, v.model, v.version, v.source, v.bytes, v.unit, v.recipe, v.recipe_hash, v.state, v.stage, v.percent,
	v.attempts, v.findings, v.failure, v.submitted, v.updated, coalesce(c.version = v.version, 0), v.epoch, v.generation
	FROM versions v LEFT JOIN current c ON c.merchant = v.merchant AND c.model = v.model `

type row struct {
	asset.Version
	epoch, generation int64
}

func scan(from interface{ Scan(...any) error }) (r row, err error) {
	var findings, failure string
	var submitted, updated int64
	v := &r.Version
	err = from.Scan(&v.Merchant, &v.Model, &v.Version, &v.Source, &v.Bytes, &v.Unit, &v.Recipe.Name, &v.Recipe.Hash, &v.State, &v.Stage, &v.Percent,
		&v.Attempts, &findings, &failure, &submitted, &updated, &v.Live, &r.epoch, &r.generation)
	if err != nil {
		return r, err
	}
	v.Submitted, v.Updated = time.UnixMilli(submitted).UTC(), time.UnixMilli(updated).UTC()
	if err := json.Unmarshal([]byte(findings), &v.Findings); err != nil {
		return r, err
	}
	if failure != "" {
		v.Failure = &asset.Failure{}
		err = json.Unmarshal([]byte(failure), v.Failure)
	}
	return r, err
}

// wrap says what was being done; a missing row is ErrNotFound.
func wrap(err error, what string, j asset.Job) error {
	name := strings.TrimRight(j.Merchant+"/"+j.Model+"/"+j.Version, "/")
	switch {
	case err == nil:
		return nil
	case errors.Is(err, sql.ErrNoRows):
		return fmt.Errorf("%s %s: %w", what, name, asset.ErrNotFound)
	}
	return fmt.Errorf("%s %s: %w", what, name, err)
}

// change runs do in a transaction.
func (c *Catalog) change(ctx context.Context, what string, j asset.Job, do func(*sql.Tx) error) error {
	tx, err := c.db.BeginTx(ctx, nil)
	if err != nil {
		return wrap(err, what, j)
	}
	if err := do(tx); err != nil {
		return wrap(errors.Join(err, tx.Rollback()), what, j)
	}
	return wrap(tx.Commit(), what, j)
}

func (c *Catalog) one(ctx context.Context, tx *sql.Tx, j asset.Job) (row, error) {
	return scan(tx.QueryRowContext(ctx, "SELECT "+columns+"WHERE v.merchant = ? AND v.model = ? AND v.version = ?", j.Merchant, j.Model, j.Version))
}

// Submit records an upload.
func (c *Catalog) Submit(ctx context.Context, v asset.Version) (out asset.Version, err error) {
	if v.Findings == nil {
		v.Findings = []asset.Finding{}
	}
	findings, err := json.Marshal(v.Findings)
	if err != nil {
		return out, err
	}
	err = c.change(ctx, "submit", v.Ref(), func(tx *sql.Tx) error {
		var generation int64
		if err := tx.QueryRowContext(ctx, "SELECT coalesce(max(generation), 0) + 1 FROM versions WHERE merchant = ? AND model = ?", v.Merchant, v.Model).Scan(&generation); err != nil {
			return err
		}
		now := c.now().UnixMilli()
		old, err := c.one(ctx, tx, v.Ref())
		switch {
		case errors.Is(err, sql.ErrNoRows):
			_, err = tx.ExecContext(ctx, `INSERT INTO versions (merchant, model, version, generation, source, bytes, unit, recipe, recipe_hash, state, findings, submitted, updated)
				VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
				v.Merchant, v.Model, v.Version, generation, v.Source, v.Bytes, v.Unit, v.Recipe.Name, v.Recipe.Hash, asset.Queued, string(findings), now, now)
		case err == nil && old.State == asset.Failed:
			_, err = tx.ExecContext(ctx, `UPDATE versions SET generation = ?, state = ?, stage = '', percent = 0, attempts = 0, failure = '', findings = ?, submitted = ?, updated = ?
				WHERE merchant = ? AND model = ? AND version = ?`,
				generation, asset.Queued, string(findings), now, now, v.Merchant, v.Model, v.Version)
		case err == nil && old.generation < generation-1:
			// An older upload is the newest again.
			_, err = tx.ExecContext(ctx, "UPDATE versions SET generation = ?, updated = ? WHERE merchant = ? AND model = ? AND version = ?",
				generation, now, v.Merchant, v.Model, v.Version)
			if err == nil && old.State == asset.Ready {
				err = c.makeCurrent(ctx, tx, v.Ref(), generation)
			}
		}
		if err != nil {
			return err
		}
		r, err := c.one(ctx, tx, v.Ref())
		out = r.Version
		return err
	})
	return out, err
}

func (c *Catalog) makeCurrent(ctx context.Context, tx *sql.Tx, j asset.Job, generation int64) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO current (merchant, model, version, generation) VALUES (?, ?, ?, ?)
		ON CONFLICT (merchant, model) DO UPDATE SET version = excluded.version, generation = excluded.generation
		WHERE excluded.generation >= current.generation`, j.Merchant, j.Model, j.Version, generation)
	return err
}

// Claim starts an attempt.
func (c *Catalog) Claim(ctx context.Context, j asset.Job) (v asset.Version, epoch int64, err error) {
	err = c.change(ctx, "claim", j, func(tx *sql.Tx) error {
		r, err := c.one(ctx, tx, j)
		if err != nil {
			return err
		}
		if r.State == asset.Ready || r.State == asset.Failed {
			return fmt.Errorf("%w: it is %s", asset.ErrConflict, r.State)
		}
		_, err = tx.ExecContext(ctx, `UPDATE versions SET state = ?, epoch = epoch + 1, attempts = attempts + 1, stage = '', percent = 0, updated = ?
			WHERE merchant = ? AND model = ? AND version = ?`, asset.Running, c.now().UnixMilli(), j.Merchant, j.Model, j.Version)
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
		return c.set(ctx, tx, j, "stage = ?, percent = ?", stage, percent)
	})
}

// Publish makes a version ready and, if no newer one is, current.
func (c *Catalog) Publish(ctx context.Context, j asset.Job, epoch int64, m asset.Manifest) error {
	return c.held(ctx, "publish", j, epoch, func(tx *sql.Tx, r row) error {
		if m.Published == "" {
			m.Published = c.now().UTC().Format(time.RFC3339)
		}
		text, err := json.Marshal(m)
		if err != nil {
			return err
		}
		findings, err := json.Marshal(m.Findings)
		if err != nil {
			return err
		}
		if err := c.set(ctx, tx, j, "state = ?, stage = '', percent = 100, manifest = ?, findings = ?", asset.Ready, string(text), string(findings)); err != nil {
			return err
		}
		return c.makeCurrent(ctx, tx, j, r.generation)
	})
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

// Newest returns the newest upload of a model.
func (c *Catalog) Newest(ctx context.Context, merchant, model string) (asset.Version, error) {
	r, err := scan(c.db.QueryRowContext(ctx, "SELECT "+columns+"WHERE v.merchant = ? AND v.model = ? ORDER BY v.generation DESC LIMIT 1", merchant, model))
	return r.Version, wrap(err, "look up", asset.Job{Merchant: merchant, Model: model})
}

// Current returns the manifest that is current.
func (c *Catalog) Current(ctx context.Context, merchant, model string) (m asset.Manifest, err error) {
	j := asset.Job{Merchant: merchant, Model: model}
	var text string
	err = c.db.QueryRowContext(ctx, `SELECT v.manifest FROM current c JOIN versions v ON v.merchant = c.merchant AND v.model = c.model AND v.version = c.version
		WHERE c.merchant = ? AND c.model = ?`, merchant, model).Scan(&text)
	if err != nil {
		return m, wrap(err, "look up the manifest of", j)
	}
	return m, wrap(json.Unmarshal([]byte(text), &m), "read the manifest of", j)
}

func (c *Catalog) list(ctx context.Context, what, where string, values ...any) (out []asset.Version, err error) {
	rows, err := c.db.QueryContext(ctx, "SELECT "+columns+where, values...)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	defer rows.Close() //nolint:errcheck // Err tells
	for rows.Next() {
		r, err := scan(rows)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", what, err)
		}
		out = append(out, r.Version)
	}
	return out, rows.Err()
}

// List returns the newest upload of each model.
func (c *Catalog) List(ctx context.Context, merchant string) ([]asset.Version, error) {
	return c.list(ctx, "list models", `WHERE v.merchant = ? AND v.generation =
		(SELECT max(generation) FROM versions w WHERE w.merchant = v.merchant AND w.model = v.model) ORDER BY v.model`, merchant)
}

// Unfinished returns what is queued or running.
func (c *Catalog) Unfinished(ctx context.Context) ([]asset.Version, error) {
	return c.list(ctx, "list unfinished jobs", "WHERE v.state IN (?, ?) ORDER BY v.submitted, v.rowid", asset.Queued, asset.Running)
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

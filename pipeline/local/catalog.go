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

// schema is applied at every opening. A generation is the number of an upload or a
// restore among those of its model: that of the current manifest never falls. A claim
// is over at until; lease is by how much Progress renews it, both in milliseconds.
const schema = `
CREATE TABLE IF NOT EXISTS versions (
	merchant TEXT NOT NULL, model TEXT NOT NULL, version TEXT NOT NULL,
	generation INTEGER NOT NULL, epoch INTEGER NOT NULL DEFAULT 0,
	lease INTEGER NOT NULL DEFAULT 0, until INTEGER NOT NULL DEFAULT 0,
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
	c := &Catalog{now: time.Now}
	var err error
	c.db, err = openFile(ctx, file, c.setUp)
	if err != nil {
		return nil, fmt.Errorf("open the catalog: %w", err)
	}
	return c, nil
}

// setUp makes the tables, and gives those of a catalog that is older than claims with a
// time their columns.
func (c *Catalog) setUp(ctx context.Context, db *sql.DB) error {
	c.db = db
	if _, err := c.db.ExecContext(ctx, schema); err != nil {
		return err
	}
	return c.change(ctx, "bring up to date", asset.Job{}, func(tx *sql.Tx) error {
		for _, column := range []string{"lease", "until"} {
			var there bool
			if err := tx.QueryRowContext(ctx, "SELECT count(*) > 0 FROM pragma_table_info('versions') WHERE name = ?", column).Scan(&there); err != nil {
				return err
			}
			if there {
				continue
			}
			if _, err := tx.ExecContext(ctx, "ALTER TABLE versions ADD COLUMN "+column+" INTEGER NOT NULL DEFAULT 0"); err != nil {
				return err
			}
		}
		return nil
	})
}

// Close closes the file.
func (c *Catalog) Close() error { return c.db.Close() }

// columns are what scan reads.
const columns = `v.merchant, v.model, v.version, v.source, v.bytes, v.unit, v.recipe, v.recipe_hash, v.state, v.stage, v.percent,
	v.attempts, v.findings, v.failure, v.submitted, v.updated, coalesce(c.version = v.version, 0), v.epoch, v.generation, v.until
	FROM versions v LEFT JOIN current c ON c.merchant = v.merchant AND c.model = v.model `

type row struct {
	asset.Version
	epoch, generation, until int64
}

func scan(from interface{ Scan(...any) error }) (r row, err error) {
	var findings, failure string
	var submitted, updated int64
	v := &r.Version
	err = from.Scan(&v.Merchant, &v.Model, &v.Version, &v.Source, &v.Bytes, &v.Unit, &v.Recipe.Name, &v.Recipe.Hash, &v.State, &v.Stage, &v.Percent,
		&v.Attempts, &findings, &failure, &submitted, &updated, &v.Live, &r.epoch, &r.generation, &r.until)
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
func (c *Catalog) Submit(ctx context.Context, v asset.Version) (asset.Version, error) {
	return c.submit(ctx, v, func(*sql.Tx) error { return nil })
}

// SubmitOver records an upload if newest and current are as said.
func (c *Catalog) SubmitOver(ctx context.Context, v asset.Version, newest, current string) (asset.Version, error) {
	return c.submit(ctx, v, func(tx *sql.Tx) error {
		var found, live string
		err := tx.QueryRowContext(ctx, `SELECT
			coalesce((SELECT version FROM versions WHERE merchant = ?1 AND model = ?2 ORDER BY generation DESC LIMIT 1), ''),
			coalesce((SELECT version FROM current WHERE merchant = ?1 AND model = ?2), '')`, v.Merchant, v.Model).Scan(&found, &live)
		if err == nil && (found != newest || live != current) {
			err = fmt.Errorf("%w: newest is %q and current %q, not %q and %q", asset.ErrConflict, found, live, newest, current)
		}
		return err
	})
}

// submit records an upload unless check minds.
func (c *Catalog) submit(ctx context.Context, v asset.Version, check func(*sql.Tx) error) (out asset.Version, err error) {
	if v.Findings == nil {
		v.Findings = []asset.Finding{}
	}
	findings, err := json.Marshal(v.Findings)
	if err != nil {
		return out, err
	}
	err = c.change(ctx, "submit", v.Ref(), func(tx *sql.Tx) error {
		if err := check(tx); err != nil {
			return err
		}
		generation, err := c.next(ctx, tx, v.Merchant, v.Model)
		if err != nil {
			return err
		}
		var current int64
		err = tx.QueryRowContext(ctx, "SELECT coalesce((SELECT generation FROM current WHERE merchant = ? AND model = ?), 0)", v.Merchant, v.Model).Scan(&current)
		if err != nil {
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
		case err == nil && (old.generation < generation-1 || !old.Live && old.generation <= current):
			// An older upload is the newest again, or one in whose place another is current.
			_, err = tx.ExecContext(ctx, "UPDATE versions SET generation = ?, submitted = ?, updated = ? WHERE merchant = ? AND model = ? AND version = ?",
				generation, now, now, v.Merchant, v.Model, v.Version)
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

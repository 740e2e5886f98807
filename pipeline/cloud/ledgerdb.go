package cloud

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/plinth3d/plinth/pipeline/asset"
	"github.com/plinth3d/plinth/pipeline/ledger"
)

// How often a transaction is tried that others get in the way of, and how long it waits
// before the second time, at most; then twice as long, and so on.
const (
	transactionAttempts = 6
	transactionBackoff  = 10 * time.Millisecond
)

// postgres is the engine for the ledger.
type postgres struct {
	pgStatements
	pool *pgxpool.Pool
}

func (e postgres) Change(ctx context.Context, do func(ledger.Tx) error) error {
	for attempt := 1; ; attempt++ {
		err := pgx.BeginTxFunc(ctx, e.pool, pgx.TxOptions{IsoLevel: pgx.ReadCommitted}, func(tx pgx.Tx) error { return do(pgStatements{tx}) })
		if !slices.Contains(pgClashes, pgCode(err)) || attempt == transactionAttempts {
			return err
		}
		select {
		case <-ctx.Done():
			return errors.Join(err, ctx.Err())
		case <-time.After(rand.N(transactionBackoff << (attempt - 1))):
		}
	}
}

// Codes of PostgreSQL, from its manual's appendix A.
var (
	pgClashes = []string{"40001", "40P01"} // serialization failure, deadlock: nothing of it was done

	pgBusy = []string{
		"08", "53", // connection, resources: too many connections are 53300
		"25006",                          // read only: this server is no longer the first one
		"40",                             // a clash that did not end
		"55P03", "57014", "57P", "25P03", // a lock, a statement, a server shutting down, a silent transaction
	}
	pgWrong = []string{"22", "23502", "23514"} // data, null, check
)

// Kind is the kind of an error, nil where only a person can do something about it: a
// password, a right, a table.
func (e postgres) Kind(ctx context.Context, err error) error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return nil
	}
	code := pgCode(err)
	is := func(prefix string) bool { return strings.HasPrefix(code, prefix) }
	_, network := errors.AsType[net.Error](err)
	switch {
	case code == "23505":
		return asset.ErrConflict
	case code == "23503":
		return asset.ErrNotFound
	case code != "" && slices.ContainsFunc(pgWrong, is):
		return asset.ErrInvalid
	case code != "" && slices.ContainsFunc(pgBusy, is):
		return asset.ErrUnavailable
	case code == "" && (network || slices.ContainsFunc(pgLost, func(l error) bool { return errors.Is(err, l) })):
		return asset.ErrUnavailable
	}
	return nil
}

// pgLost are errors of a connection that ended.
var pgLost = []error{context.DeadlineExceeded, io.EOF, io.ErrUnexpectedEOF, net.ErrClosed, syscall.ECONNREFUSED, syscall.ECONNRESET, syscall.EPIPE}

// pgCode is the code that PostgreSQL gave, "" where it gave none.
func pgCode(err error) string {
	if said, ok := errors.AsType[*pgconn.PgError](err); ok {
		return said.Code
	}
	return ""
}

// pgStatements are the statements of a transaction, or such that stand alone.
type pgStatements struct {
	on interface {
		Exec(ctx context.Context, statement string, values ...any) (pgconn.CommandTag, error)
		Query(ctx context.Context, statement string, values ...any) (pgx.Rows, error)
	}
}

func (s pgStatements) Exec(ctx context.Context, statement string, values ...any) (int64, error) {
	done, err := s.on.Exec(ctx, statement, unprepared(values)...)
	return done.RowsAffected(), err
}

func (s pgStatements) Query(ctx context.Context, each func(ledger.Row) error, statement string, values ...any) error {
	rows, err := s.on.Query(ctx, statement, unprepared(values)...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := each(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// unprepared tells pgx to keep no statement that has many values: it is long, and another
// one each time, which every connection would remember, at both ends.
func unprepared(values []any) []any {
	if len(values) <= 20 {
		return values
	}
	return append([]any{pgx.QueryExecModeExec}, values...)
}

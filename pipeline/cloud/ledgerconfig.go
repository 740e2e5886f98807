package cloud

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/feature/rds/auth"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// How long a statement has, in the database's own eyes, and how long a transaction that
// says nothing, so that locks of a process that hangs don't stay.
const (
	statementTime = 30 * time.Second
	idleTime      = 30 * time.Second
)

// ledgerConfig reads a URL. Errors don't repeat it: there may be a password in it.
func ledgerConfig(ctx context.Context, url string) (*pgxpool.Config, error) {
	rest, iam := strings.CutPrefix(url, "postgres+iam://")
	if iam {
		url = "postgres://" + rest
	}
	if !strings.HasPrefix(url, "postgres://") && !strings.HasPrefix(url, "postgresql://") {
		return nil, fmt.Errorf("%w: that is no place for a ledger; say postgres://USER:PASSWORD@HOST/DATABASE or postgres+iam://USER@HOST/DATABASE", asset.ErrInvalid)
	}
	cfg, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("%w: the address of the ledger can't be read: %w", asset.ErrInvalid, err) // pgx leaves out passwords
	}
	if cfg.ConnConfig.ConnectTimeout == 0 {
		cfg.ConnConfig.ConnectTimeout = dialing
	}
	for name, limit := range map[string]time.Duration{"statement_timeout": statementTime, "idle_in_transaction_session_timeout": idleTime} {
		if _, given := cfg.ConnConfig.RuntimeParams[name]; !given {
			cfg.ConnConfig.RuntimeParams[name] = strconv.FormatInt(limit.Milliseconds(), 10)
		}
	}
	if iam {
		return cfg, withTokens(ctx, cfg)
	}
	return cfg, nil
}

// withTokens makes each new connection bring a token of its own, which RDS takes for 15
// minutes. It is good for anyone who has it, so it goes to nobody but the server whose
// certificate was checked.
func withTokens(ctx context.Context, cfg *pgxpool.Config) error {
	if !verified(cfg.ConnConfig) {
		return fmt.Errorf("%w: a ledger with IAM tokens needs one host, sslmode=verify-full, and sslrootcert=FILE with the certificates of RDS", asset.ErrInvalid)
	}
	from, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return fmt.Errorf("open the ledger: %w", err)
	}
	if err := account(&from, "open the ledger"); err != nil {
		return err
	}
	cfg.BeforeConnect = func(ctx context.Context, to *pgx.ConnConfig) (err error) {
		to.Password, err = rdsToken(ctx, from, to)
		return err
	}
	return nil
}

// verified says whether there is one server, which must show a certificate of its name: a
// token is for one only.
func verified(to *pgx.ConnConfig) bool {
	c := to.TLSConfig
	return c != nil && !c.InsecureSkipVerify && c.ServerName != "" && len(to.Fallbacks) == 0
}

// rdsToken is a request to connect, signed; nobody is asked for it.
func rdsToken(ctx context.Context, from aws.Config, to *pgx.ConnConfig) (string, error) {
	endpoint := net.JoinHostPort(to.Host, strconv.Itoa(int(to.Port)))
	t, err := auth.BuildAuthToken(ctx, endpoint, from.Region, to.User, from.Credentials)
	if err != nil {
		return "", fmt.Errorf("make a token for %s: %w", endpoint, err)
	}
	return t, nil
}

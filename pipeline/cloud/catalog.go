package cloud

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// Catalog keeps models, versions and manifests in one DynamoDB table.
//
// Items of a model share the partition key MERCHANT/MODEL. Their sort keys are "model",
// which says what is newest and current; "version/V", what an asset.Version tells and
// who claims it; and "manifest/V", apart from it since a write costs by the size of its
// item. Two indexes lead to them: by-state to versions in the order they changed, for
// Jobs and Unfinished; by-merchant to models and what is newest of each, for List.
//
// Whatever is decided is decided here, over items that were just read consistently, and
// written under the condition that they are still at the same revision: by PutItem, or as
// one transaction where several change. A write that comes too late is decided anew.
//
// Nothing expires: old versions are what Restore goes back to, and progress is kept in
// place.
type Catalog struct {
	client *dynamodb.Client
	table  string
	now    func() time.Time
}

// How long DynamoDB has. It answers within milliseconds; an origin waits for it.
const (
	catalogAttempts = 4
	catalogAnswer   = 5 * time.Second // for one attempt, answer included
)

// tableName is what DynamoDB takes as one.
var tableName = regexp.MustCompile(`^[a-zA-Z0-9_.-]{3,255}$`)

// OpenCatalog returns the catalog at dynamodb://TABLE. It asks nothing of DynamoDB, which
// may be down for now, and makes no table. AWS_ENDPOINT_URL_DYNAMODB names another
// server.
func OpenCatalog(ctx context.Context, url string) (*Catalog, error) {
	table, ok := strings.CutPrefix(url, "dynamodb://")
	if !ok || !tableName.MatchString(table) {
		return nil, fmt.Errorf("%w: %.300q is no place for a catalog; say dynamodb://TABLE, in 3 to 255 letters, digits, dots, hyphens and underscores", asset.ErrInvalid, url)
	}
	cfg, err := config.LoadDefaultConfig(ctx,
		config.WithHTTPClient(awshttp.NewBuildableClient().WithTimeout(catalogAnswer).WithTransportOptions(transport, catalogTransport).WithDialerOptions(dialer)),
		config.WithRetryer(func() aws.Retryer { return retry.NewStandard(catalogPatience) }))
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", url, err)
	}
	if err := account(&cfg, "open "+url); err != nil {
		return nil, err
	}
	client := dynamodb.NewFromConfig(cfg, func(o *dynamodb.Options) {
		o.RetryMaxAttempts = catalogAttempts // whatever AWS_MAX_ATTEMPTS says
		// It warns of each answer whose body is of no interest. TLS and gzip have their own.
		o.DisableValidateResponseChecksum = true
	})
	return &Catalog{client, table, microNow}, nil
}

// microNow is the time as it is kept.
func microNow() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

// catalogPatience is short at first: most faults of DynamoDB are over within milliseconds.
func catalogPatience(o *retry.StandardOptions) {
	o.MaxAttempts = catalogAttempts
	o.Retryables = append(o.Retryables, again)
	o.Backoff = retry.BackoffDelayerFunc(func(attempt int, _ error) (time.Duration, error) {
		return mathrand.N(50 * time.Millisecond << max(attempt-1, 0)), nil
	})
}

func catalogTransport(t *http.Transport) { t.ResponseHeaderTimeout = catalogAnswer }

// URL is where the catalog is, for people.
func (c *Catalog) URL() string { return "dynamodb://" + c.table }

// How often a change is decided anew because others were faster, and the longest pause
// in between.
const (
	rounds       = 24
	longestPause = 100 * time.Millisecond
)

// errMoved says that what a change was decided on is different now.
var errMoved = errors.New("it changed meanwhile")

// decide runs do until what it decides holds, with a token that is in what it writes: an
// item that has it was written by a former round, whose answer was lost.
func (c *Catalog) decide(ctx context.Context, doing string, j asset.Job, do func(token string) error) error {
	if err := checkRef(j); err != nil {
		return fmt.Errorf("%s %.300s: %w", doing, refName(j), err)
	}
	token := rand.Text()
	err := do(token)
	for round := 1; round < rounds && errors.Is(err, errMoved); round++ {
		if err = rest(ctx, min(longestPause, time.Duration(round)*longestPause/8)); err == nil {
			err = do(token)
		}
	}
	return c.fault(ctx, doing, refName(j), err)
}

// checkRef refuses what can't be part of a key: the slash in it would be ambiguous.
func checkRef(j asset.Job) error {
	if err := errors.Join(asset.CheckID(j.Merchant), asset.CheckID(j.Model)); err != nil {
		return err
	}
	if j.Version == "" || len(j.Version) > 256 {
		return fmt.Errorf("%w: %.80q is no version; it has 1 to 256 bytes", asset.ErrInvalid, j.Version)
	}
	return nil
}

func refName(j asset.Job) string {
	return strings.TrimRight(j.Merchant+"/"+j.Model+"/"+j.Version, "/")
}

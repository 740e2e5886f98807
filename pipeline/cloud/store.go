// Package cloud holds the backends on AWS: S3 for blobs, SQS for jobs, DynamoDB for the
// catalog, PostgreSQL for the ledger.
//
// Credentials, region and endpoint come from where the AWS SDK looks for them: the
// environment (AWS_REGION, AWS_ENDPOINT_URL_S3, AWS_CA_BUNDLE...), its files, the role
// of the machine. Requests stand in the path of shoppers, so they are tried twice at
// most, a moment apart, and end with their context. The SDK's own habit, to go on
// trying for a minute, is the caller's to choose.
package cloud

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// How long a backend has.
const (
	attempts   = 2
	backoff    = 200 * time.Millisecond // between attempts, at most
	dialing    = 3 * time.Second        // and as long for TLS
	firstBytes = 15 * time.Second       // from the end of a request to the head of its answer
)

// Store keeps blobs as objects of an S3 bucket. They are put under the condition that
// nothing is there, and read under the condition that they are still the same, so the
// tag of a blob is its ETag.
type Store struct {
	Temp string // folder for large bodies on their way; "" is the system's

	client         *s3.Client
	bucket, prefix string // prefix is empty or ends with a slash
	kms            string // ARN or alias of the key that objects are encrypted with; "" is what the bucket says
}

// Open returns the store at s3://BUCKET or s3://BUCKET/PREFIX. It asks nothing of S3,
// which may be down for now. A prefix is made like a key. With ?kms=KEY behind it, the
// ARN, ID or alias of a key of KMS, objects are encrypted with that.
func Open(ctx context.Context, url string) (*Store, error) {
	s := &Store{}
	var err error
	place, key, keyed := strings.Cut(url, "?kms=")
	if keyed && !kmsKey.MatchString(key) {
		return nil, fmt.Errorf("%w: %.200q is no key of KMS; say its ARN", asset.ErrInvalid, key)
	}
	if s.bucket, s.prefix, err = location(place); err != nil {
		return nil, err
	}
	s.kms = key
	s.client, err = connectS3(ctx, url)
	return s, err
}

// kmsKey is what KMS takes as one.
var kmsKey = regexp.MustCompile(`^[a-zA-Z0-9:/_-]{1,512}$`)

// connectS3 makes a client of what is told where the SDK looks for it.
func connectS3(ctx context.Context, url string) (*s3.Client, error) {
	cfg, err := config.LoadDefaultConfig(ctx,
		config.WithHTTPClient(awshttp.NewBuildableClient().WithTransportOptions(transport).WithDialerOptions(dialer)),
		config.WithRetryer(func() aws.Retryer { return retry.NewStandard(patience) }),
		// A part of a blob has no checksum of its own: keys are hashes, and readers check.
		config.WithResponseChecksumValidation(aws.ResponseChecksumValidationWhenRequired))
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", url, err)
	}
	if err := account(&cfg, "open "+url); err != nil {
		return nil, err
	}
	return s3.NewFromConfig(cfg, func(o *s3.Options) {
		o.RetryMaxAttempts = attempts          // whatever AWS_MAX_ATTEMPTS says
		o.UsePathStyle = o.BaseEndpoint != nil // other servers have no name for each bucket
		o.DisableLogOutputChecksumValidationSkipped = true
	}), nil
}

// patience spreads second attempts out, so that many clients don't come back at once.
func patience(o *retry.StandardOptions) {
	o.MaxAttempts, o.MaxBackoff = attempts, backoff
	o.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return rand.N(backoff), nil })
}

func dialer(d *net.Dialer) { d.Timeout = dialing }

func transport(t *http.Transport) {
	t.MaxIdleConns, t.MaxIdleConnsPerHost = 256, 256
	t.TLSHandshakeTimeout, t.ResponseHeaderTimeout = dialing, firstBytes
	t.DisableCompression = true // ranges are of the bytes that were put
}

// bucketName is what S3 takes as one, with some that it doesn't: it says so itself.
var bucketName = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]|\.[a-z0-9])*$`)

func location(url string) (bucket, prefix string, err error) {
	rest, ok := strings.CutPrefix(url, "s3://")
	bucket, prefix, _ = strings.Cut(rest, "/")
	prefix = strings.TrimSuffix(prefix, "/")
	if !ok || !bucketName.MatchString(bucket) || len(bucket) > 63 || prefix != "" && asset.CheckKey(prefix) != nil {
		return "", "", fmt.Errorf("%w: %.200q is no place for blobs; say s3://BUCKET/PREFIX, in lower-case letters, digits, dots and hyphens", asset.ErrInvalid, url)
	}
	if prefix != "" {
		prefix += "/"
	}
	return bucket, prefix, nil
}

// URL is where the blob under a key is, for people and for aws s3 cp.
func (s *Store) URL(key string) string { return "s3://" + s.bucket + "/" + s.prefix + key }

// Stat tells of a blob.
func (s *Store) Stat(ctx context.Context, key string) (asset.Info, error) {
	if err := asset.CheckKey(key); err != nil {
		return asset.Info{}, err
	}
	return s.head(ctx, key, "")
}

// head tells of a blob that has the tag, unless that is empty.
func (s *Store) head(ctx context.Context, key, tag string) (asset.Info, error) {
	out, err := s.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &s.bucket, Key: s.name(key), IfMatch: optional(tag)})
	if err != nil {
		return asset.Info{}, s.fault(ctx, "stat", key, err)
	}
	if out.ContentLength == nil {
		return asset.Info{}, fmt.Errorf("stat %s: the answer has no length", s.URL(key))
	}
	return s.info(key, tag, *out.ContentLength, out.ETag, out.LastModified)
}

// info is what an answer tells of a blob that should have the tag.
func (s *Store) info(key, tag string, size int64, etag *string, modified *time.Time) (asset.Info, error) {
	i := asset.Info{Key: key, Size: size, Tag: aws.ToString(etag), Modified: aws.ToTime(modified).UTC().Truncate(time.Second)}
	switch {
	case i.Tag == "":
		return asset.Info{}, fmt.Errorf("%s: the answer has no ETag", s.URL(key))
	case tag != "" && tag != i.Tag:
		return asset.Info{}, fmt.Errorf("%s is %s now: %w", s.URL(key), i.Tag, asset.ErrConflict)
	}
	return i, nil
}

func (s *Store) name(key string) *string { return aws.String(s.prefix + key) }

func optional(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

package cloud

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// fault says what failed and of which kind it is; nil stays nil.
func (s *Store) fault(ctx context.Context, doing, key string, err error) error {
	if err == nil {
		return nil
	}
	if over := ctx.Err(); over != nil && !errors.Is(err, over) {
		err = fmt.Errorf("%w: %w", over, err)
	}
	if kind := kindOf(ctx, err); kind != nil {
		return fmt.Errorf("%w: %s %s: %w", kind, doing, s.URL(key), err)
	}
	return fmt.Errorf("%s %s: %w", doing, s.URL(key), err)
}

// kindOf is the kind of an error, or nil where only a person can do something about it:
// no credentials, no permission, no bucket. The answer to a HEAD has no code in it, so
// Stat can't tell a missing bucket from a missing blob; Read and Put can.
func kindOf(ctx context.Context, err error) error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return nil
	}
	status, code := statusOf(err), codeOf(err)
	_, unsent := errors.AsType[*smithyhttp.RequestSendError](err)
	_, network := errors.AsType[net.Error](err)
	switch {
	case status == http.StatusNotFound && (code == "NoSuchKey" || code == "NotFound"):
		return asset.ErrNotFound
	case status == http.StatusPreconditionFailed:
		return asset.ErrConflict
	case status == http.StatusRequestedRangeNotSatisfiable:
		return asset.ErrInvalid
	case status >= 500, status == http.StatusTooManyRequests, slices.Contains(passing, code):
		return asset.ErrUnavailable
	case status == 0 && (unsent || network || errors.Is(err, context.DeadlineExceeded)):
		return asset.ErrUnavailable
	}
	return nil
}

// brokenOff tells if an answer's connection was closed in its middle.
func brokenOff(err error) bool {
	_, unread := errors.AsType[*smithy.DeserializationError](err)
	_, network := errors.AsType[net.Error](err)
	return unread && (network || errors.Is(err, io.ErrUnexpectedEOF))
}

// again lets the SDK try again what it doesn't of its own accord: calls whose answer broke off.
// Those that change something can be told from their first try, or do no harm twice.
var again = retry.IsErrorRetryableFunc(func(err error) aws.Ternary {
	if brokenOff(err) {
		return aws.TrueTernary
	}
	return aws.UnknownTernary
})

// passing are codes of S3 that come with a 4xx and pass.
var passing = []string{"RequestTimeout", "SlowDown", "OperationAborted"}

// statusOf is the status S3 answered with, 0 if it did not. Answers of others, that
// were asked for credentials, don't count.
func statusOf(err error) int {
	answered, ok := errors.AsType[s3.ResponseError](err)
	if !ok {
		return 0
	}
	if answer, ok := errors.AsType[*smithyhttp.ResponseError](answered); ok {
		return answer.HTTPStatusCode()
	}
	return 0
}

func codeOf(err error) string {
	if e, ok := errors.AsType[smithy.APIError](err); ok {
		return e.ErrorCode()
	}
	return ""
}

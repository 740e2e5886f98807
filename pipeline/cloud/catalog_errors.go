package cloud

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// moved turns the answer to a write whose condition isn't met, or that met another one of
// the same item, into errMoved.
func moved(err error) error {
	if _, ok := errors.AsType[*types.ConditionalCheckFailedException](err); ok {
		return errMoved
	}
	if _, ok := errors.AsType[*types.TransactionConflictException](err); ok {
		return errMoved
	}
	if canceled, ok := errors.AsType[*types.TransactionCanceledException](err); ok && canceledFor(canceled, "ConditionalCheckFailed", "TransactionConflict") {
		return errMoved
	}
	return err
}

// canceledFor tells if a transaction was canceled for nothing but these reasons.
func canceledFor(canceled *types.TransactionCanceledException, reasons ...string) bool {
	found := false
	for _, r := range canceled.CancellationReasons {
		switch code := aws.ToString(r.Code); {
		case slices.Contains(reasons, code):
			found = true
		case code != "" && code != "None":
			return false
		}
	}
	return found
}

// fault says what failed and of which kind it is; nil stays nil.
func (c *Catalog) fault(ctx context.Context, doing, what string, err error) error {
	if err == nil {
		return nil
	}
	if over := ctx.Err(); over != nil && !errors.Is(err, over) {
		err = fmt.Errorf("%w: %w", over, err)
	}
	if _, missing := errors.AsType[*types.ResourceNotFoundException](err); missing {
		err = fmt.Errorf("there is no such table or index; is AWS_REGION right? %w", err)
	}
	if kind := catalogKind(ctx, err); kind != nil {
		err = fmt.Errorf("%w: %w", kind, err)
	}
	return fmt.Errorf("%s %s in %s: %w", doing, what, c.URL(), err)
}

// catalogKind is the kind of an error of DynamoDB's or of the way there. It is nil for one
// that has its kind already and for one that only a person can do something about: no
// credentials, no permission, no table.
func catalogKind(ctx context.Context, err error) error {
	canceled, isCanceled := errors.AsType[*types.TransactionCanceledException](err)
	status := 0 // without an answer
	if answer, ok := errors.AsType[*smithyhttp.ResponseError](err); ok {
		status = answer.HTTPStatusCode()
	}
	_, unsent := errors.AsType[*smithyhttp.RequestSendError](err)
	_, network := errors.AsType[net.Error](err)
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return nil
	case errors.Is(err, errMoved), slices.Contains(throttling, codeOf(err)):
		return asset.ErrUnavailable
	case isCanceled && canceledFor(canceled, "ConditionalCheckFailed", "TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"):
		return asset.ErrUnavailable
	case status >= 500, status == http.StatusTooManyRequests:
		return asset.ErrUnavailable
	case brokenOff(err):
		return asset.ErrUnavailable
	case status == 0 && (unsent || network || errors.Is(err, context.DeadlineExceeded)):
		return asset.ErrUnavailable
	}
	return nil
}

// throttling are codes of DynamoDB that come with a 400 and pass.
var throttling = []string{
	"ProvisionedThroughputExceededException", "RequestLimitExceeded", "ThrottlingException", "LimitExceededException",
	"TransactionInProgressException", "TransactionConflictException", "ReplicatedWriteConflictException",
}

// rest waits for up to d.
func rest(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(rand.N(d)):
		return nil
	}
}

package cloud

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// queueFault says what failed at which queue and of which kind it is; nil stays nil. An
// error without a kind is one that only a person can help with.
func queueFault(ctx context.Context, doing, url string, err error) error {
	if err == nil {
		return nil
	}
	if over := ctx.Err(); over != nil && !errors.Is(err, over) {
		err = fmt.Errorf("%w: %w", over, err)
	}
	code := codeOf(err)
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return fmt.Errorf("%s %s: %w", doing, url, err)
	case stale(code, err.Error()):
		return fmt.Errorf("%w: %s %s: %w", asset.ErrConflict, doing, url, err)
	case passes(err, code):
		return fmt.Errorf("%w: %s %s: %w", asset.ErrUnavailable, doing, url, err)
	case strings.HasSuffix(code, "QueueDoesNotExist") || strings.HasSuffix(code, "NonExistentQueue"):
		return fmt.Errorf("%s %s: there is no such queue in this account and region: %w", doing, url, err)
	case strings.HasPrefix(code, "AccessDenied") || code == "KmsAccessDenied":
		return fmt.Errorf("%s %s: the role must be allowed to (sqs:ReceiveMessage, DeleteMessage, ChangeMessageVisibility, SendMessage, GetQueueAttributes, and the queue's key): %w", doing, url, err)
	}
	return fmt.Errorf("%s %s: %w", doing, url, err)
}

// passes tells if a fault goes away by itself.
func passes(err error, code string) bool {
	status := 0
	if answer, ok := errors.AsType[*smithyhttp.ResponseError](err); ok {
		status = answer.HTTPStatusCode()
	}
	_, unsent := errors.AsType[*smithyhttp.RequestSendError](err)
	_, network := errors.AsType[net.Error](err)
	return status >= 500 || status == http.StatusTooManyRequests || throttles(code) ||
		status < 300 && (unsent || network || errors.Is(err, context.DeadlineExceeded) || status != 0)
}

// throttles tells if a code asks for less.
func throttles(code string) bool {
	_, known := retry.DefaultThrottleErrorCodes[code]
	return known || slices.Contains([]string{"KmsThrottled", "OverLimit", "RequestTimeout", "ServiceUnavailable", "InternalError", "InternalFailure"}, code)
}

// stale tells if a message is no longer its receiver's. SQS has several words for it.
func stale(code, message string) bool {
	switch {
	case strings.HasSuffix(code, "ReceiptHandleIsInvalid"), strings.HasSuffix(code, "MessageNotInflight"):
		return true
	case strings.HasSuffix(code, "InvalidParameterValue"):
		return strings.Contains(message, "ReceiptHandle") || strings.Contains(message, "receipt handle") ||
			strings.Contains(message, "not available for visibility timeout change") || strings.Contains(message, "Total VisibilityTimeout")
	}
	return false
}

// entryFault is the fault of one entry of a batch, and if it passes.
func entryFault(doing, url string, f types.BatchResultErrorEntry) (err error, again bool) {
	code, message := text(f.Code), text(f.Message)
	err = fmt.Errorf("%s %s: %s: %s", doing, url, code, message)
	switch {
	case stale(code, message):
		return fmt.Errorf("%w: %w", asset.ErrConflict, err), false
	case !f.SenderFault || throttles(code):
		return fmt.Errorf("%w: %w", asset.ErrUnavailable, err), true
	}
	return err, false
}

func text(p *string) string {
	if p == nil {
		return ""
	}
	return *p
}

package pipeline

import (
	"context"
	"errors"
	"fmt"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// Exhaust ends a job whose workers all ended without telling why: its queue handed it out
// too often. It returns what is known, and what records it: the job is buried first, so that
// whoever is killed in between leaves it to be buried once more. ErrBusy says that someone is at work on it after all,
// or that it was not tried so often: that its receipts came to nothing is no fault of its own.
// Another ErrConflict says that it has ended.
func Exhaust(ctx context.Context, c asset.Catalog, j asset.Job, reproduce func(asset.Version) string) (b asset.Burial, record func(context.Context) error, err error) {
	v, epoch, err := c.Claim(ctx, j, 0)
	if err != nil {
		return b, nil, err
	}
	if v.Attempts <= maxAttempts {
		return b, nil, errors.Join(fmt.Errorf("%w: only %d attempts were begun", asset.ErrBusy, v.Attempts-1), c.Requeue(ctx, j, epoch, false))
	}
	f := asset.Failure{Code: "exhausted", Stage: v.Stage, Reason: errExhausted.Error(), Reproduce: reproduce(v)}
	record = func(ctx context.Context) error { return c.Fail(ctx, j, epoch, f) }
	return asset.Burial{Failure: f, Source: v.Source}, record, nil
}

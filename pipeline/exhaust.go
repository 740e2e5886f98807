package pipeline

import (
	"context"
	"errors"
	"fmt"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// Exhaust ends a job whose workers all ended without telling why: its queue handed it out
// too often. It returns what is known. ErrBusy says that someone is at work on it after all,
// or that it was not tried so often: that its receipts came to nothing is no fault of its own.
// Another ErrConflict says that it has ended.
func Exhaust(ctx context.Context, c asset.Catalog, j asset.Job, reproduce func(asset.Version) string) (asset.Burial, error) {
	v, epoch, err := c.Claim(ctx, j, 0)
	if err != nil {
		return asset.Burial{}, err
	}
	if v.Attempts <= maxAttempts {
		return asset.Burial{}, errors.Join(fmt.Errorf("%w: only %d attempts were begun", asset.ErrBusy, v.Attempts-1), c.Requeue(ctx, j, epoch, false))
	}
	f := asset.Failure{Code: "exhausted", Stage: v.Stage, Reason: errExhausted.Error(), Reproduce: reproduce(v)}
	return asset.Burial{Failure: f, Source: v.Source}, c.Fail(ctx, j, epoch, f)
}

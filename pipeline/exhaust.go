package pipeline

import (
	"context"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// Exhaust ends a job whose workers all ended without telling why: its queue handed it out
// too often. It returns what is known. ErrBusy says that someone is at work on it after all,
// another ErrConflict that it has ended.
func Exhaust(ctx context.Context, c asset.Catalog, j asset.Job, reproduce func(asset.Version) string) (asset.Burial, error) {
	v, epoch, err := c.Claim(ctx, j, 0)
	if err != nil {
		return asset.Burial{}, err
	}
	f := asset.Failure{Code: "exhausted", Stage: v.Stage, Reason: errExhausted.Error(), Reproduce: reproduce(v)}
	return asset.Burial{Failure: f, Source: v.Source}, c.Fail(ctx, j, epoch, f)
}

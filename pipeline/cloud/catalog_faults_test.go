package cloud

import (
	"context"
	"testing"
	"time"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// everyCall makes each call of a catalog once and says what became of it.
func everyCall(t *testing.T, c *Catalog) map[string]error {
	return everyCallWithin(t.Context(), c)
}

func everyCallWithin(ctx context.Context, c *Catalog) map[string]error {
	j := asset.Job{Merchant: "m", Model: "a", Version: "1"}
	out := map[string]error{
		"Progress": c.Progress(ctx, j, 1, "x", 1),
		"Publish":  c.Publish(ctx, j, 1, asset.Manifest{}),
		"Requeue":  c.Requeue(ctx, j, 1, true),
		"Fail":     c.Fail(ctx, j, 1, asset.Failure{}),
		"Restore":  c.Restore(ctx, "m", "a", "1"),
	}
	_, out["Submit"] = c.Submit(ctx, asset.Version{Merchant: "m", Model: "a", Version: "1"})
	_, _, out["Claim"] = c.Claim(ctx, j, time.Hour)
	_, out["Newest"] = c.Newest(ctx, "m", "a")
	_, out["Current"] = c.Current(ctx, "m", "a")
	_, out["Versions"] = c.Versions(ctx, "m", "a")
	_, out["List"] = c.List(ctx, "m")
	_, out["Unfinished"] = c.Unfinished(ctx)
	_, out["Jobs"] = c.Jobs(ctx, 9)
	return out
}

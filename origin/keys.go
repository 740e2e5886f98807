package origin

import (
	"context"
	"maps"
	"slices"
	"time"
)

// SetKeys takes other keys from now on. A request is answered by the keys of before or by
// these: nothing that is kept between requests knows whose URLs are signed.
func (o *Origin) SetKeys(k Keys) { o.keys.Store(&k) }

// WatchKeys reads the keys again, every so often, until ctx is done. Where that fails, it is
// logged and counted and the keys of before stay: with fewer of them, URLs would be open.
func (o *Origin) WatchKeys(ctx context.Context, every time.Duration, read func(context.Context) (Keys, error)) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		keys, err := read(ctx)
		switch before := *o.keys.Load(); {
		case ctx.Err() != nil:
			return
		case err != nil:
			o.metrics.unread.Inc()
			o.Log.Error("signing keys can't be read; those of before stay", "err", err)
		case !keys.same(before):
			o.SetKeys(keys)
			o.Log.Info("signing keys are others now", "merchants", len(keys), "before", len(before))
		}
	}
}

// same says whether both have the same keys in the same order.
func (k Keys) same(other Keys) bool {
	return maps.EqualFunc(k, other, func(a, b [][]byte) bool {
		return slices.EqualFunc(a, b, slices.Equal[[]byte])
	})
}

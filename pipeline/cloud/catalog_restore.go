package cloud

import (
	"context"
	"fmt"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// Restore makes the manifest of a ready version current.
func (c *Catalog) Restore(ctx context.Context, merchant, model, version string) error {
	j := asset.Job{Merchant: merchant, Model: model, Version: version}
	return c.decide(ctx, "restore", j, func(token string) error {
		d := decision{c: c, token: token, job: j, now: c.now()}
		i, err := d.read(ctx)
		switch {
		case err != nil:
			return err
		case d.model.Token == token:
			return nil // done already
		case i.State != asset.Ready:
			return fmt.Errorf("%w: it is %s", asset.ErrConflict, i.State)
		}
		d.model.Generation++
		d.makeCurrent(d.model.Generation)
		return d.save(ctx)
	})
}

// Revert makes the manifest of a ready version current in the place of another one's. That
// the model is as it was read says enough of that one: what changes its number, or makes
// it current, changes the model too.
func (c *Catalog) Revert(ctx context.Context, merchant, model, from, to string) error {
	j := asset.Job{Merchant: merchant, Model: model, Version: to}
	return c.decide(ctx, "revert to", j, func(token string) error {
		d := decision{c: c, token: token, job: j, now: c.now()}
		i, err := d.read(ctx)
		if err != nil || d.model.Token == token { // done already
			return err
		}
		was, err := c.version(ctx, asset.Job{Merchant: merchant, Model: model, Version: from})
		if err != nil {
			return err
		}
		coming := was.State == asset.Queued || was.State == asset.Running
		if i.State != asset.Ready || d.model.Current != from && !(d.model.Current == to && coming) {
			return fmt.Errorf("%w: it is %s and %s is not current", asset.ErrConflict, i.State, from)
		}
		d.makeCurrent(max(d.model.CurrentGeneration, was.Generation))
		return d.save(ctx)
	})
}

package cloud

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// Submit records an upload.
func (c *Catalog) Submit(ctx context.Context, v asset.Version) (asset.Version, error) {
	return c.submit(ctx, v, func(modelItem) error { return nil })
}

// SubmitOver records an upload if newest and current are as said.
func (c *Catalog) SubmitOver(ctx context.Context, v asset.Version, newest, current string) (asset.Version, error) {
	return c.submit(ctx, v, func(m modelItem) error {
		if m.Newest != newest || m.Current != current {
			return fmt.Errorf("%w: newest is %q and current %q, not %q and %q", asset.ErrConflict, m.Newest, m.Current, newest, current)
		}
		return nil
	})
}

// submit records an upload unless check minds how its model is.
func (c *Catalog) submit(ctx context.Context, v asset.Version, check func(modelItem) error) (out asset.Version, err error) {
	findings, err := packFindings(v.Findings)
	if err != nil {
		return out, fmt.Errorf("submit %.300s: %w", refName(v.Ref()), err)
	}
	err = c.decide(ctx, "submit", v.Ref(), func(token string) error {
		d := decision{c: c, token: token, job: v.Ref(), now: c.now()}
		i, err := d.read(ctx)
		there := !errors.Is(err, asset.ErrNotFound)
		if !there {
			err = nil
		}
		done := i.Token == token // by a former round
		if err == nil && !done {
			err = check(d.model)
		}
		switch {
		case err != nil:
			return err
		case !there:
			*i = versionItem{key: versionKey(v.Ref()), Version: v, Findings: findings}
			d.queue()
		case done:
		case i.State == asset.Failed:
			i.Findings = findings
			d.queue()
		case i.Generation < d.model.Generation, !i.Live && i.Generation <= d.model.CurrentGeneration: // something came after it, or in its place
			d.number(i)
			if i.State == asset.Ready {
				d.makeCurrent(i.Generation)
			}
		}
		if err := d.save(ctx); err != nil {
			return err
		}
		out, err = i.version()
		return err
	})
	return out, err
}

// Publish makes a version ready and, if no newer one is, current.
func (c *Catalog) Publish(ctx context.Context, j asset.Job, epoch int64, m asset.Manifest) error {
	if m.Published == "" {
		m.Published = c.now().UTC().Format(time.RFC3339)
	}
	body, errBody := pack("the manifest's levels and textures", m, maxManifest)
	findings, errFindings := packFindings(m.Findings)
	if err := errors.Join(errBody, errFindings); err != nil {
		return fmt.Errorf("publish %.300s: %w", refName(j), err)
	}
	return c.decide(ctx, "publish", j, func(token string) error {
		d := decision{c: c, token: token, job: j, now: c.now()}
		i, err := d.read(ctx)
		switch {
		case err != nil:
			return err
		case i.Token == token:
			return nil // done already
		case i.Epoch != epoch || i.State != asset.Running:
			return fmt.Errorf("%w: it is %s in epoch %d, not running in %d", asset.ErrConflict, i.State, i.Epoch, epoch)
		}
		i.State, i.Stage, i.Percent, i.Findings = asset.Ready, "", 100, findings
		d.manifest = &manifestItem{manifestKey(j), body}
		d.changed = true
		// Generations of current manifests never fall and that of a version changes with
		// its item: one that isn't current now won't be by the time this is written.
		if i.Generation > d.model.CurrentGeneration {
			d.makeCurrent(i.Generation)
		}
		i.Updated = d.now
		return d.save(ctx)
	})
}

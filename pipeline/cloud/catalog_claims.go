package cloud

import (
	"context"
	"fmt"
	"time"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// Claim starts an attempt.
func (c *Catalog) Claim(ctx context.Context, j asset.Job, lease time.Duration) (v asset.Version, epoch int64, err error) {
	err = c.decide(ctx, "claim", j, func(token string) error {
		i, err := c.version(ctx, j)
		if err == nil && i.Token != token {
			err = c.claim(ctx, token, &i, lease)
		}
		if err != nil {
			return err
		}
		epoch = i.Epoch
		v, err = i.version()
		return err
	})
	return v, epoch, err
}

func (c *Catalog) claim(ctx context.Context, token string, i *versionItem, lease time.Duration) error {
	now := c.now()
	switch left := i.Until - now.UnixMicro(); {
	case i.State == asset.Ready, i.State == asset.Failed:
		return fmt.Errorf("%w: it is %s", asset.ErrConflict, i.State)
	case i.State == asset.Running && left > 0:
		return fmt.Errorf("%w, for %d ms yet", asset.ErrBusy, left/1000)
	}
	i.State, i.Stage, i.Percent = asset.Running, "", 0
	i.Epoch++
	i.Attempts++
	i.Lease = max(lease.Microseconds(), 0)
	i.Until = now.UnixMicro() + i.Lease
	i.Updated = now
	s := save{token: token}
	s.put(i, &i.stamp)
	return s.do(ctx, c)
}

// held changes a version that is running in that epoch.
func (c *Catalog) held(ctx context.Context, doing string, j asset.Job, epoch int64, change func(*versionItem, *save) error) error {
	return c.decide(ctx, doing, j, func(token string) error {
		i, err := c.version(ctx, j)
		switch {
		case err != nil:
			return err
		case i.Token == token:
			return nil // done already
		case i.Epoch != epoch || i.State != asset.Running:
			return fmt.Errorf("%w: it is %s in epoch %d, not running in %d", asset.ErrConflict, i.State, i.Epoch, epoch)
		}
		s := save{token: token}
		if err := change(&i, &s); err != nil {
			return err
		}
		s.put(&i, &i.stamp)
		return s.do(ctx, c)
	})
}

// Progress notes how far a worker is. It leaves Updated alone: an index is in that order,
// and to move an entry costs more than to write the item.
func (c *Catalog) Progress(ctx context.Context, j asset.Job, epoch int64, stage string, percent float64) error {
	return c.held(ctx, "note progress of", j, epoch, func(i *versionItem, _ *save) error {
		i.Stage, i.Percent = stage, percent
		i.Until = c.now().UnixMicro() + i.Lease
		return nil
	})
}

// Requeue puts a version back in line.
func (c *Catalog) Requeue(ctx context.Context, j asset.Job, epoch int64, counted bool) error {
	return c.held(ctx, "put back", j, epoch, func(i *versionItem, _ *save) error {
		i.State, i.Stage, i.Percent, i.Updated = asset.Queued, "", 0, c.now()
		if !counted {
			i.Attempts--
		}
		return nil
	})
}

// Fail ends a version for good.
func (c *Catalog) Fail(ctx context.Context, j asset.Job, epoch int64, f asset.Failure) error {
	f.Reason = fmt.Sprintf("%.8000s", f.Reason) // of a file's making; an item has its limit
	return c.held(ctx, "fail", j, epoch, func(i *versionItem, _ *save) error {
		i.State, i.Failure, i.Updated = asset.Failed, &f, c.now()
		return nil
	})
}

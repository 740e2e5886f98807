package cloud

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// A decision is a change to a version and its model that is being decided.
type decision struct {
	c        *Catalog
	token    string
	job      asset.Job
	now      time.Time
	model    modelItem
	version  versionItem
	manifest *manifestItem // to be written too, unless nil

	changed, ofModel bool   // what is to be written
	wasCurrent       string // the version that isn't any longer, or ""
}

// read reads the model, then the version, which it returns for changes.
func (d *decision) read(ctx context.Context) (i *versionItem, err error) {
	if d.model, err = d.c.model(ctx, d.job.Merchant, d.job.Model); err != nil {
		return &d.version, err
	}
	d.version, err = d.c.version(ctx, d.job)
	return &d.version, err
}

// queue begins a version's life, for the first time or anew.
func (d *decision) queue() {
	i := &d.version
	i.State, i.Stage, i.Percent, i.Attempts, i.Failure, i.Live = asset.Queued, "", 0, 0, nil, false
	d.number(i)
}

// number makes the version the newest of its model.
func (d *decision) number(i *versionItem) {
	d.changed, d.ofModel = true, true
	d.model.Generation++
	d.model.Newest = i.Version.Version
	i.Generation, i.Submitted, i.Updated = d.model.Generation, d.now, d.now
}

// makeCurrent makes the version's manifest current.
func (d *decision) makeCurrent(generation int64) {
	d.ofModel = true
	d.model.CurrentGeneration = generation
	if version := d.version.Version.Version; d.model.Current != version {
		d.wasCurrent, d.model.Current = d.model.Current, version
		d.version.Live, d.changed = true, true
	}
}

// save writes what changed. The version that was current is no longer live.
func (d *decision) save(ctx context.Context) error {
	s := save{token: d.token}
	if d.changed {
		s.put(&d.version, &d.version.stamp)
	}
	if d.ofModel {
		s.put(&d.model, &d.model.stamp)
	}
	if d.manifest != nil {
		s.add(d.manifest, types.Put{})
	}
	if d.wasCurrent != "" {
		f, err := d.c.version(ctx, asset.Job{Merchant: d.job.Merchant, Model: d.job.Model, Version: d.wasCurrent})
		if errors.Is(err, asset.ErrNotFound) {
			return fmt.Errorf("version %s, whose place this one takes, is gone", d.wasCurrent) // nobody removes one
		}
		if err != nil {
			return err
		}
		f.Live = false
		s.put(&f, &f.stamp)
	}
	if len(s.puts) == 0 {
		return nil
	}
	return s.do(ctx, d.c)
}

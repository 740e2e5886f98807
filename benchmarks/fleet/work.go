package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/plinth3d/plinth/pipeline"
	"github.com/plinth3d/plinth/pipeline/asset"
	"github.com/plinth3d/plinth/pipeline/local"
)

// lease is as long as a worker's by default, tell as on AWS.
const (
	lease = 30 * time.Second
	tell  = 5 * time.Second
)

// work sends all jobs, and lets a worker do them.
func (b *bench) work(ctx context.Context, r *report) (err error) {
	dir, err := os.MkdirTemp("", "plinth-fleet")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }() // a temporary folder
	store, err := local.OpenStore(filepath.Join(dir, "store"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	catalog, err := local.OpenCatalog(ctx, filepath.Join(dir, "catalog.db"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, catalog.Close()) }()
	queue, err := local.OpenQueue(ctx, filepath.Join(dir, "queue"), lease)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, queue.Close()) }()
	if err := b.submit(ctx, store, catalog, queue); err != nil {
		return err
	}
	working, stop := context.WithCancel(ctx)
	defer stop()
	w := newWatch(b.jobs, stop)
	by := &stages{sums: map[pipeline.Stage]time.Duration{}}
	worker := &pipeline.Worker{
		Store: &watchedStore{store, w}, Catalog: &watchedCatalog{catalog, w}, Queue: &watchedQueue{queue, w},
		Slots: b.slots, Grace: time.Hour, Log: slog.New(slog.NewTextHandler(&w.log, nil)),
		Tell: tell, Report: by.add,
	}
	before, err := used()
	if err != nil {
		return err
	}
	began := time.Now()
	if err := worker.Run(working); err != nil {
		return err
	}
	r.Seconds = time.Since(began).Seconds()
	after, err := used()
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	r.Stages = by.perJob(b.jobs)
	r.Jobs, r.Cores, r.CPU = b.jobs, runtime.GOMAXPROCS(0), (after - before).Seconds()
	return w.sum(r)
}

// submit does an intake's part, models in turn. Each job is of a merchant of its own, for
// whom no file is there yet.
func (b *bench) submit(ctx context.Context, s asset.Store, c asset.Catalog, q asset.Queue) error {
	recipe := pipeline.Default()
	if err := pipeline.StoreRecipe(ctx, s, recipe); err != nil {
		return err
	}
	for i := range b.jobs {
		m := b.models[i%len(b.models)]
		hash := asset.Hash(m.data)
		v := asset.Version{
			Merchant: fmt.Sprintf("m%d", i), Model: "product", Version: pipeline.VersionOf(hash, recipe, "m"),
			Source: hash, Bytes: int64(len(m.data)), Unit: "m", Recipe: asset.RecipeRef{Name: recipe.Name, Hash: recipe.Hash()},
		}
		if err := s.Put(ctx, asset.SourceKey(v.Merchant, hash), bytes.NewReader(m.data), v.Bytes); err != nil {
			return err
		}
		v, err := c.Submit(ctx, v)
		if err == nil {
			err = q.Send(ctx, v.Ref())
		}
		if err != nil {
			return err
		}
	}
	return nil
}

package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// recipe loads what the job is to be done by.
func (a *attempt) recipe(ctx context.Context) (Recipe, error) {
	defer a.account.begin(Loading)()
	v, _ := a.version()
	a.progress(Loading, 0)
	text, err := a.load(ctx, asset.RecipeKey(v.Recipe.Hash), maxRecipe)
	if err != nil {
		return Recipe{}, err
	}
	r, err := ParseRecipe(text)
	r.Unit = v.Unit
	return r, err
}

// source loads the file that the merchant sent.
func (a *attempt) source(ctx context.Context, r Recipe) ([]byte, error) {
	defer a.account.begin(Loading)()
	v, _ := a.version()
	src, err := a.load(ctx, asset.SourceKey(a.job.Merchant, v.Source), r.Limits.Bytes)
	if err != nil {
		return nil, err
	}
	if asset.Hash(src) != v.Source {
		return nil, fmt.Errorf("%w: the stored source has another hash", asset.ErrInvalid)
	}
	a.note(func(t *Attempt) { t.Source = int64(len(src)) })
	return src, nil
}

// moving is how long a file may be on its way from the store, and all of a product's to it.
const moving = 15 * time.Minute

// errStalled says that the store answers, but not in time.
var errStalled = fmt.Errorf("%w: the store takes longer than %s", asset.ErrUnavailable, moving)

// load reads a blob.
func (a *attempt) load(ctx context.Context, key string, limit int64) ([]byte, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, moving, errStalled)
	defer cancel()
	data, err := readBlob(ctx, a.worker.Store, key, limit)
	if err != nil && ctx.Err() != nil {
		return nil, errors.Join(err, context.Cause(ctx))
	}
	return data, err
}

// readBlob reads a blob whole unless it is larger than it may be.
func readBlob(ctx context.Context, s asset.Store, key string, limit int64) ([]byte, error) {
	info, body, err := s.Read(ctx, key, asset.Range{Length: limit})
	if err != nil {
		return nil, err
	}
	defer body.Close() //nolint:errcheck // only read
	if info.Size > limit {
		return nil, fmt.Errorf("%w: %s has %d bytes, the limit is %d", asset.ErrInvalid, key, info.Size, limit)
	}
	data := make([]byte, info.Size)
	_, err = io.ReadFull(body, data)
	return data, err
}

func (a *attempt) process(ctx context.Context, src []byte, r Recipe) (out *Result, err error) {
	// A bug that a file brings out must not take other jobs with it. (What runs in
	// parallel can't be caught here; attempts are counted for that.)
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	p := Processor{Progress: a.progress, Account: a.account}
	if c := a.checkpoints(); c != nil {
		p.Parts = c
	}
	if a.worker.process != nil {
		return a.worker.process(ctx, p, src, r)
	}
	return p.Process(ctx, src, r)
}

// publish stores the files, then makes the manifest current. Files are named by
// their hash, so those that are there already are right.
func (a *attempt) publish(ctx context.Context, r *Result) error {
	defer a.account.begin(Publishing)()
	a.progress(Publishing, 0.99)
	keys := map[string]string{}
	for _, o := range r.Outputs {
		key, size := asset.RenditionKey(a.job.Merchant, asset.Hash(o.Data)), int64(len(o.Data))
		stored, err := a.worker.keeper.Keep(ctx, a.worker.Store, key, o.Data)
		if err != nil {
			return err
		}
		keys[o.Name] = key
		a.note(func(t *Attempt) {
			t.Outputs, t.Bytes = t.Outputs+1, t.Bytes+size
			if stored {
				t.Uploaded += size
			}
		})
	}
	v, epoch := a.version()
	m := r.Manifest
	m.Model, m.Version, m.Recipe = a.job.Model, a.job.Version, v.Recipe
	for i := range m.Levels {
		for k := range m.Levels[i].Renditions {
			rd := &m.Levels[i].Renditions[k]
			rd.Key = keys[rd.Key]
		}
	}
	a.note(func(t *Attempt) { t.Levels = len(m.Levels) })
	a.publishing.Lock()
	defer a.publishing.Unlock()
	if a.sealed {
		return context.Cause(ctx)
	}
	err := a.worker.Catalog.Publish(ctx, a.job, epoch, m)
	a.published = err == nil
	return err
}

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/plinth3d/plinth/pipeline"
	"github.com/plinth3d/plinth/pipeline/asset"
)

// planFolder finds the models of a folder that aren't made by the recipe.
func planFolder(ctx context.Context, o *batchPlanOptions) (pipeline.BatchPlan, error) {
	r, err := o.recipe.recipe()
	if err != nil {
		return pipeline.BatchPlan{}, err
	}
	if err := o.filter.Check(); err != nil {
		return pipeline.BatchPlan{}, err
	}
	p := pipeline.BatchPlan{In: o.in, Out: o.out, Recipe: r, Models: []pipeline.BatchItem{}}
	files, err := modelFiles(o.in)
	if err != nil {
		return p, err
	}
	taken := map[string]string{}
	for _, f := range files {
		id := asset.ID(f)
		switch other, twice := taken[id]; {
		case !o.filter.Takes(id):
			continue
		case twice:
			return p, usageError{fmt.Errorf("%s and %s would both be written to %s", other, f, filepath.Join(o.out, id))}
		case ctx.Err() != nil:
			return p, ctx.Err()
		}
		taken[id] = f
		i, made, err := folderItem(p, id, f)
		switch {
		case err != nil:
			return p, err
		case made:
			p.Left.Same++
		default:
			p.Models = append(p.Models, i)
		}
	}
	p.Seal()
	return p, nil
}

// modelFiles are the models in a folder and those below, relative to it.
func modelFiles(dir string) (files []string, err error) {
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		kind := strings.ToLower(filepath.Ext(path))
		if err != nil || !d.Type().IsRegular() || kind != ".glb" && kind != ".gltf" {
			return err
		}
		name, err := filepath.Rel(dir, path)
		files = append(files, name)
		return err
	})
	slices.Sort(files)
	return files, err
}

// folderItem looks at a file and at what was made of it.
func folderItem(p pipeline.BatchPlan, id, file string) (i pipeline.BatchItem, made bool, err error) {
	src, err := os.ReadFile(filepath.Join(p.In, file))
	if err != nil {
		return i, false, err
	}
	i = pipeline.BatchItem{Model: id, File: file, Source: asset.Hash(src), Bytes: int64(len(src)), Unit: p.Recipe.Unit}
	i.Version = pipeline.VersionOf(i.Source, p.Recipe, i.Unit)
	m, hash, err := folderManifest(p.Out, id)
	i.From, i.Previous = m.Recipe, hash
	return i, isMade(m, i, p), err
}

// folderManifest reads what was made of a model; the hash is "" if that is nothing.
func folderManifest(out, id string) (m asset.Manifest, hash string, err error) {
	file := filepath.Join(out, id, "manifest.json")
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return m, "", nil
	}
	if err != nil {
		return m, "", err
	}
	if err := json.Unmarshal(text, &m); err != nil {
		return m, "", fmt.Errorf("%w: %s: %w", asset.ErrInvalid, file, err)
	}
	return m, asset.Hash(text)[:16], nil
}

// isMade says whether m is of the item's file, by the plan's recipe, whatever its name.
func isMade(m asset.Manifest, i pipeline.BatchItem, p pipeline.BatchPlan) bool {
	r := p.Recipe
	r.Name = m.Recipe.Name
	return m.Source.SHA256 == i.Source && m.Recipe.Hash == r.Hash()
}

// batchFolder carries a plan out in this process, from a folder to another one. What was
// there before the plan is moved to OUT/.plinth-batch/ID, for a rollback.
type batchFolder struct {
	plan pipeline.BatchPlan
	file string // that the plan is in
	kept string // folder of what was there before

	ctx   context.Context // of those who make
	stop  context.CancelFunc
	slots chan struct{}
	wg    sync.WaitGroup
	mu    sync.Mutex
	done  map[string]pipeline.Standing // by model
}

func newBatchFolder(p pipeline.BatchPlan, file string, slots int) *batchFolder {
	f := &batchFolder{plan: p, file: file, slots: make(chan struct{}, slots), done: map[string]pipeline.Standing{}}
	f.kept = filepath.Join(p.Out, ".plinth-batch", p.ID)
	f.ctx, f.stop = context.WithCancel(context.Background())
	return f
}

// Survey looks at all manifests.
func (f *batchFolder) Survey(ctx context.Context, p pipeline.BatchPlan) ([]pipeline.Standing, error) {
	all := make([]pipeline.Standing, len(p.Models))
	for k, i := range p.Models {
		m, _, err := folderManifest(p.Out, i.Model)
		if err = errors.Join(err, ctx.Err()); err != nil {
			return nil, err
		}
		all[k] = pipeline.Standing{State: pipeline.BatchLeftOver}
		if isMade(m, i, p) {
			all[k] = pipeline.Standing{State: pipeline.BatchReady, Live: true}
		}
	}
	return all, nil
}

// Begin makes an item, once there is a slot for it.
func (f *batchFolder) Begin(_ context.Context, i pipeline.BatchItem) (pipeline.Standing, error) {
	s := pipeline.Standing{State: pipeline.BatchRunning}
	f.set(i, s)
	f.wg.Go(func() {
		f.slots <- struct{}{}
		defer func() { <-f.slots }()
		f.set(i, f.ended(i, f.make(i)))
	})
	return s, nil
}

// Look tells how an item stands that has begun.
func (f *batchFolder) Look(_ context.Context, i pipeline.BatchItem) (pipeline.Standing, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.done[i.Model], nil
}

func (f *batchFolder) set(i pipeline.BatchItem, s pipeline.Standing) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.done[i.Model] = s
}

// errChanged says that a file is another one than when it was planned.
var errChanged = errors.New("the file has changed since it was planned")

func (f *batchFolder) load(i pipeline.BatchItem) ([]byte, error) {
	src, err := readSource(filepath.Join(f.plan.In, i.File), f.plan.Recipe.Limits.Bytes)
	if err == nil && asset.Hash(src) != i.Source {
		err = errChanged
	}
	return src, err
}

func (f *batchFolder) make(i pipeline.BatchItem) error {
	src, err := f.load(i)
	if err != nil {
		return err
	}
	r, err := makeModel(f.ctx, pipeline.Processor{}, f.plan.Recipe, i.Model, src)
	if err != nil {
		return err
	}
	return writeResult(filepath.Join(f.plan.Out, i.Model), filepath.Join(f.kept, i.Model), r)
}

// ended says how an item stands after it was tried.
func (f *batchFolder) ended(i pipeline.BatchItem, err error) pipeline.Standing {
	switch {
	case err == nil:
		return pipeline.Standing{State: pipeline.BatchReady, Live: true}
	case errors.Is(err, errChanged):
		return pipeline.Standing{State: pipeline.BatchOvertaken}
	case f.ctx.Err() != nil:
		return pipeline.Standing{State: pipeline.BatchRunning} // nobody looks any more
	}
	failure := asset.Failure{Code: "failed", Reason: err.Error()}
	if finding, refused := pipeline.Refusal(err); refused {
		failure.Code = finding.Code
	}
	failure.Reproduce = fmt.Sprintf("%s --recipe <(%s) -o /tmp/%s", command("plinth", "convert", filepath.Join(f.plan.In, i.File)), command("jq", ".recipe", f.file), i.Model)
	return pipeline.Standing{State: pipeline.BatchFailed, Failure: &failure}
}

// close waits for what has begun to break off, and removes what that leaves.
func (f *batchFolder) close() error {
	f.stop()
	f.wg.Wait()
	return f.sweep()
}

// sweep removes files on their way, and the folder if nothing is kept in it. It is only
// ours to call while the journal is.
func (f *batchFolder) sweep() error {
	left, err := filepath.Glob(filepath.Join(f.kept, ".plinth-*"))
	for _, dir := range left {
		err = errors.Join(err, os.RemoveAll(dir))
	}
	_ = os.Remove(f.kept) // not if something is in it
	_ = os.Remove(filepath.Dir(f.kept))
	return err
}

// RollBack puts what was there before in the place of what was made.
func (f *batchFolder) RollBack(_ context.Context, i pipeline.BatchItem) (bool, error) {
	to, kept := filepath.Join(f.plan.Out, i.Model), filepath.Join(f.kept, i.Model)
	if _, err := os.Stat(kept); errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	m, hash, err := folderManifest(f.plan.Out, i.Model)
	if err != nil || hash != "" && !isMade(m, i, f.plan) {
		return false, err // made by something else since
	}
	if hash == "" { // broken off between two renames
		return true, os.Rename(kept, to)
	}
	away := filepath.Join(f.kept, ".plinth-"+i.Model)
	if err := os.Rename(to, away); err != nil {
		return false, err
	}
	if err := os.Rename(kept, to); err != nil {
		return false, errors.Join(err, os.Rename(away, to))
	}
	return true, os.RemoveAll(away)
}

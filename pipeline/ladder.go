package pipeline

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// ladder makes all levels.
func (j *job) ladder(ctx context.Context, p Processor) (*Result, error) {
	plans, err := j.prepared(ctx, p)
	if err != nil {
		return nil, err
	}
	out := &Result{Manifest: asset.Manifest{
		Schema: 1, Source: j.model.Source, Findings: j.model.Findings,
		Recipe: asset.RecipeRef{Name: j.recipe.Name, Hash: j.recipe.Hash()},
	}}
	p.at(Packing, 0.9)
	first, err := j.packAll(ctx, plans)
	if err != nil {
		return nil, err
	}
	names := map[string]string{} // hash -> the file that has it
	var finer *packed
	var levels []*packed
	for k := range plans {
		p.at(Packing, 0.95+0.05*float64(k)/float64(len(plans)))
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		level, err := j.level(ctx, k, plans[k], first[k], finer)
		if err != nil {
			return nil, err
		}
		finer, levels = level, append(levels, level)
		entry := j.entry(k, level)
		for _, f := range level.files {
			hash := asset.Hash(f.data)
			name, ok := names[hash]
			if !ok {
				name = fmt.Sprintf("level%d.%s.glb", k, f.form)
				names[hash] = name
				out.Outputs = append(out.Outputs, Output{name, mediaType, f.data})
			}
			entry.Renditions = append(entry.Renditions, f.rendition(name, hash))
		}
		out.Manifest.Levels = append(out.Manifest.Levels, entry)
		out.Manifest.Findings = append(out.Manifest.Findings, j.beyond(k, level)...)
	}
	if slices.Contains(j.recipe.Forms, asset.Progressive) {
		end := j.account.begin(Packing)
		err := j.progressive(ctx, out, levels, names)
		if end(); err != nil {
			return nil, err
		}
	}
	p.at(Packing, 1)
	return out, nil
}

// prepared simplifies meshes and codes images at the same time, as each has stretches that keep
// one processor busy only. Plans that may be near a cap on GPU memory are made once it is
// known what the meshes take.
func (j *job) prepared(ctx context.Context, p Processor) ([][]plan, error) {
	plans := make([][]plan, len(j.recipe.Levels))
	var wanted []coding
	for k := range plans {
		for _, form := range forms(j.recipe) {
			pl := j.at(k, form, j.recipe.Pixels)
			plans[k] = append(plans[k], pl)
			if !j.near(k, pl) {
				wanted = append(wanted, pl.images...)
			}
		}
	}
	p.at(Simplifying, 0.1)
	group, both := errgroup.WithContext(ctx)
	group.Go(func() error { return j.simplify(both) })
	group.Go(func() error { return j.code(both, wanted, func(made float64) { p.at(Fitting, 0.1+0.6*made) }) })
	if err := group.Wait(); err != nil {
		return nil, err
	}
	wanted = nil
	for k := range plans {
		for i, pl := range plans[k] {
			if j.near(k, pl) {
				plans[k][i] = j.plan(k, pl.form)
				wanted = append(wanted, plans[k][i].images...)
			}
		}
	}
	return plans, j.code(ctx, wanted, func(made float64) { p.at(Fitting, 0.7+0.2*made) })
}

// packAll packs all plans as they are.
func (j *job) packAll(ctx context.Context, plans [][]plan) ([][]*file, error) {
	out := make([][]*file, len(plans))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for k := range plans {
		out[k] = make([]*file, len(plans[k]))
		for i, pl := range plans[k] {
			group.Go(func() (err error) {
				if ctx.Err() != nil {
					return ctx.Err()
				}
				out[k][i], err = j.pack(k, pl)
				return err
			})
		}
	}
	return out, group.Wait()
}

// code makes images that are not there yet.
func (j *job) code(ctx context.Context, wanted []coding, done func(float64)) error {
	return j.codings.make(ctx, j.folded, j.pictures, j.recipe, wanted, watch{
		begin: func() func() { return j.account.begin(Fitting) },
		made: func(ctx context.Context, p imagePart) {
			j.account.made(1, 0)
			j.saver.made(ctx, []imagePart{p.own(j.folded.Images)}, nil)
		},
		done: done,
	})
}

// level packs one level in all forms, the universal one first. A file that would be no smaller than
// the source or the finer level's is that file.
func (j *job) level(ctx context.Context, k int, plans []plan, first []*file, finer *packed) (*packed, error) {
	out := &packed{}
	for i, pl := range plans {
		f, err := j.capped(ctx, k, pl, first[i])
		if err != nil {
			return nil, err
		}
		out.files = append(out.files, *f)
	}
	for i := range out.files {
		if f := out.files[i]; finer != nil && j.noSmaller(k, &f, &finer.files[i]) {
			out.files[i] = finer.files[i]
			out.files[i].relaxed = f.relaxed
		}
	}
	if j.model.asIs && len(out.universal().data) >= len(j.source) {
		source := j.original(out.universal().relaxed)
		if source.gpuBytes <= out.universal().gpuBytes || j.over(k, source) == "" {
			out.files[0] = *source
		}
	}
	return out, nil
}

// noSmaller tells whether f saves nothing over a finer level's file, which would do as well.
func (j *job) noSmaller(k int, f, than *file) bool {
	return len(f.data) >= len(than.data) && (f.gpuBytes >= than.gpuBytes || j.over(k, than) == "")
}

// entry is what the manifest says of a level, but for its renditions. Its error is that of
// the worst of them. A texel counts by what its role is allowed.
func (j *job) entry(k int, l *packed) asset.Level {
	height := j.recipe.Levels[k].Height
	pixel := Pixel(j.model.facts.Radius, height)
	e := asset.Level{Level: k, Height: height, Triangles: l.universal().triangles}
	for i := range l.files {
		f := &l.files[i]
		e.Deviation, e.Texel = max(e.Deviation, f.deviation), max(e.Texel, f.texel)
		if e.RelaxedBy == "" {
			e.RelaxedBy = f.relaxed
		}
	}
	if pixel > 0 {
		e.Pixels = max(math.Ceil(max(e.Deviation, e.Texel)/pixel*1e4-1e-6), 0) / 1e4
	}
	if e.Pixels <= j.recipe.Pixels {
		e.RelaxedBy = "" // nothing was made coarser for it
	}
	return e
}

package pipeline

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/plinth3d/plinth/mesh/scene"
	"github.com/plinth3d/plinth/pipeline/asset"
)

// Each level has caps on the bytes of a file and on the GPU memory it takes. Where one binds,
// the contract is relaxed: everything may be so many pixels more off, but no more than it takes
// and at most as many as the recipe allows.

// near tells whether a plan's images may come near the cap on GPU memory, whatever the meshes
// turn out to be. Made normals and split vertices can take more than the source's have.
func (j *job) near(level int, p plan) bool {
	cap := j.recipe.Levels[level].GPUBytes
	return cap > 0 && p.imageBytes()+2*scene.BufferBytes(j.folded.Meshes) > cap
}

// plan is at, at the recipe's pixels or as few more as keep the cap on GPU memory, which is
// known before anything is coded.
func (j *job) plan(level int, form string) plan {
	cap := j.recipe.Levels[level].GPUBytes
	out := j.at(level, form, j.recipe.Pixels)
	if cap == 0 || j.gpuBytes(level, out) <= cap {
		return out
	}
	lo, hi := j.recipe.Pixels, j.recipe.Relaxed
	for range 12 { // to a 4000th of the range
		if middle := (lo + hi) / 2; j.gpuBytes(level, j.at(level, form, middle)) <= cap {
			hi = middle
		} else {
			lo = middle
		}
	}
	out = j.at(level, form, hi)
	out.relaxed = "gpuBytes"
	return out
}

// gpuBytes is what a plan takes, or a little more: files pack some arrays smaller. Before
// meshes are simplified it is what it takes with the source's.
func (j *job) gpuBytes(level int, p plan) int64 {
	meshes := j.folded.Meshes
	if j.shapes != nil {
		meshes = j.shape(level, p).meshes
	}
	return p.imageBytes() + scene.BufferBytes(meshes)
}

// over names the cap that a level's file breaks.
func (j *job) over(k int, f *file) string {
	if cap, times := j.excess(k, f); times > 1 {
		return cap
	}
	return ""
}

// excess is the cap that a file comes nearest to, and how many times that it is.
func (j *job) excess(k int, f *file) (cap string, times float64) {
	caps := j.recipe.Levels[k]
	if caps.Bytes > 0 {
		cap, times = "bytes", float64(len(f.data))/float64(caps.Bytes)
	}
	if caps.GPUBytes > 0 {
		if t := float64(f.gpuBytes) / float64(caps.GPUBytes); t > times {
			cap, times = "gpuBytes", t
		}
	}
	return cap, times
}

// capped is the file of a plan, or one with as many pixels more as its caps ask for.
func (j *job) capped(ctx context.Context, k int, pl plan, f *file) (*file, error) {
	if j.over(k, f) == "" || pl.pixels >= j.recipe.Relaxed {
		return f, nil
	}
	return j.relax(ctx, k, pl, f)
}

// relax looks for the fewest pixels at which a level keeps its caps, between those of a file that
// doesn't and the most that are allowed. It is content with a file of 97 % of a cap.
func (j *job) relax(ctx context.Context, k int, pl plan, f *file) (*file, error) {
	const rounds, content = 8, 0.97
	cap, times := j.excess(k, f)
	lo, hi := tried{pl, times}, tried{}
	best := f
	for range rounds {
		next := j.at(k, pl.form, j.between(lo, hi))
		next.relaxed = cap
		if hi.times > 0 && slices.Equal(next.images, hi.images) && j.shape(k, next) == j.shape(k, hi.plan) {
			break // nothing lies between
		}
		if err := j.code(ctx, next.images, func(float64) {}); err != nil {
			return nil, err
		}
		made, err := j.pack(k, next)
		if err != nil {
			return nil, err
		}
		switch _, times := j.excess(k, made); {
		case times <= 1:
			best, hi = made, tried{next, times}
			if times >= content {
				return best, nil
			}
		case next.pixels >= j.recipe.Relaxed:
			return made, nil
		default:
			lo = tried{next, times}
		}
	}
	if hi.times == 0 { // caps that far off: the most that is allowed
		return j.most(ctx, k, pl.form, cap)
	}
	return best, nil
}

// most is a level at the most pixels that are allowed.
func (j *job) most(ctx context.Context, k int, form, cap string) (*file, error) {
	pl := j.at(k, form, j.recipe.Relaxed)
	pl.relaxed = cap
	if err := j.code(ctx, pl.images, func(float64) {}); err != nil {
		return nil, err
	}
	return j.pack(k, pl)
}

// tried is a plan and how many times the nearest cap its file was.
type tried struct {
	plan
	times float64
}

// between is the next number of pixels to try: on the line through two that enclose the cap, in
// logarithms, or where images' bytes fall somewhat slower than their texels.
func (j *job) between(lo, hi tried) float64 {
	const aim = 0.985
	if hi.times == 0 {
		return min(rounded6(lo.pixels*max(math.Pow(lo.times/aim, 0.6), 1.02)), j.recipe.Relaxed)
	}
	share := math.Log(lo.times/aim) / math.Log(lo.times/hi.times)
	share = min(max(share, 0.15), 0.85)
	return rounded6(lo.pixels * math.Pow(hi.pixels/lo.pixels, share))
}

// rounded6 has six digits behind the point, so that the last bit of a power, which differs
// between processors, does not matter.
func rounded6(x float64) float64 { return math.Round(x*1e6) / 1e6 }

// beyond tells of caps that a level breaks whatever was tried.
func (j *job) beyond(k int, l *packed) (out []asset.Finding) {
	for i := range l.files {
		if cap := j.over(k, &l.files[i]); cap != "" {
			out = append(out, asset.Finding{
				Code: "cap", Severity: string(scene.Note), Where: fmt.Sprintf("levels[%d]", k),
				What: fmt.Sprintf("is beyond its cap on %s in the %s form even at %g pixels", cap, l.files[i].form, j.recipe.Relaxed),
				Do:   "reduce the model's textures or triangles",
			})
		}
	}
	return out
}

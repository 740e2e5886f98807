// Package pipeline turns the file a merchant has into the levels shoppers load. Its
// heart is Process, a pure function from bytes and a recipe to files and findings:
// same bytes and recipe in, same bytes out, on any machine and any number of
// cores. Worker takes jobs from a queue and calls it.
package pipeline

import (
	"context"
	"errors"
	"fmt"
	"image"
	"math"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/plinth3d/plinth/mesh"
	"github.com/plinth3d/plinth/mesh/glb"
	"github.com/plinth3d/plinth/mesh/scene"
	"github.com/plinth3d/plinth/pipeline/asset"
	"github.com/plinth3d/plinth/textures"
)

// A Result is what a source became.
type Result struct {
	Manifest asset.Manifest // without Model, Version and Published
	Outputs  []Output       // each file once, in the order of the levels
}

// An Output is one file. Its name is the Key of the manifest's renditions.
type Output struct {
	Name string
	Type string
	Data []byte
}

// A Stage names what Process is doing.
type Stage string

// The stages of Process, in order.
const (
	Reading     Stage = "read"
	Measuring   Stage = "measure"
	Simplifying Stage = "simplify"
	Fitting     Stage = "textures"
	Packing     Stage = "pack"
)

// Process makes the levels of a source. A source that can't be used is a
// *scene.FormatError; the context only cancels.
func Process(ctx context.Context, src []byte, r Recipe) (*Result, error) {
	return Processor{}.Process(ctx, src, r)
}

// A Processor is Process for those who watch it.
type Processor struct {
	// Progress is called with the stage and the share of all work that is done,
	// from one goroutine at a time. It may be nil.
	Progress func(stage Stage, done float64)
}

func (p Processor) at(stage Stage, done float64) {
	if p.Progress != nil {
		p.Progress(stage, done)
	}
}

// Process makes the levels of a source.
func (p Processor) Process(ctx context.Context, src []byte, r Recipe) (*Result, error) {
	j, err := p.prepare(ctx, src, r)
	if err != nil {
		return nil, err
	}
	return j.ladder(ctx, p)
}

// prepare reads a source and finds all that its levels are made of.
func (p Processor) prepare(ctx context.Context, src []byte, r Recipe) (*job, error) {
	if err := r.Check(); err != nil {
		return nil, err
	}
	p.at(Reading, 0)
	m, err := read(src, r)
	if err != nil {
		return nil, err
	}
	p.at(Measuring, 0.02)
	m.scene = tidied(m.scene, r)
	j := &job{recipe: r, source: src, model: m, codings: codings{}}
	if j.pictures, err = studyImages(ctx, m.scene, r.Limits.Pixels); err != nil {
		return nil, err
	}
	for _, p := range j.pictures {
		j.roles = append(j.roles, p.how.Role)
	}
	if r.Dedup {
		m.scene = merged(m.scene, j.pictures)
		uses(m.scene, j.pictures)
	}
	j.folded = fold(m.scene, j.pictures)
	j.pictures = carried(m.scene, j.folded, j.pictures)
	return j, nil
}

// simplify makes the shapes of all levels.
func (j *job) simplify(ctx context.Context) (err error) {
	targets := make([]mesh.Target, len(j.recipe.Levels))
	for i, l := range j.recipe.Levels {
		targets[i].Deviation = float32(j.room() * j.recipe.Pixels * Pixel(j.model.facts.Radius, l.Height))
	}
	j.shapes, err = shapes(ctx, j.folded, targets, j.recipe.Crease*math.Pi/180)
	return err
}

// tidied is s without what it has twice, and with as few draw calls as show the same.
func tidied(s *scene.Scene, r Recipe) *scene.Scene {
	if r.Dedup {
		s = s.Dedup()
	}
	if r.Join {
		s = s.Join()
	}
	return s
}

// A Model is a source that was read and measured.
type Model struct {
	scene *scene.Scene
	facts scene.Facts
	asset.Source
	Findings []asset.Finding
	asIs     bool // the source's own bytes may stand for a level
}

// Facts are what was counted and measured.
func (m *Model) Facts() scene.Facts { return m.facts }

// Examine reads and measures a source without making anything of it: what a
// merchant is told within seconds.
func Examine(src []byte, r Recipe) (*Model, error) { return read(src, r) }

func read(src []byte, r Recipe) (*Model, error) {
	original, err := glb.Decode(src, r.Limits)
	if err != nil {
		return nil, err
	}
	s, err := original.InMeters(r.Unit)
	if err != nil {
		return nil, err
	}
	facts, err := s.Inspect()
	if err != nil {
		return nil, err
	}
	if math.IsInf(facts.Radius, 0) || math.IsNaN(facts.Radius) {
		return nil, scene.Bad("scenes", "has no finite size")
	}
	if facts.Primitives == 0 || facts.Vertices == 0 {
		return nil, &scene.FormatError{Code: "empty", Where: "meshes", What: "has nothing to show", Do: "export the model with its geometry"}
	}
	m := &Model{scene: s, facts: facts, Source: asset.Source{
		SHA256: asset.Hash(src), Bytes: int64(len(src)), Format: "glb", Triangles: facts.Triangles,
		GPUBytes: facts.GPUBytes, Size: facts.Size, Radius: facts.Radius, Unit: r.Unit,
	}}
	if src[0] != 'g' {
		m.Format = "gltf"
	}
	findings := slices.Clone(s.Findings)
	if f, ok := facts.SizeFinding(); ok {
		findings = append(findings, f)
	}
	notes, err := imageNotes(s.Images)
	if err != nil {
		return nil, err
	}
	findings = append(findings, notes...)
	repaired := false
	m.Findings = []asset.Finding{}
	for _, f := range findings {
		repaired = repaired || f.Severity == scene.Repaired
		m.Findings = append(m.Findings, Finding(f))
	}
	webp := slices.ContainsFunc(s.Images, func(i scene.Image) bool { return i.MIME == "image/webp" })
	m.asIs = s == original && !s.Converted && !repaired && !webp && m.Format == "glb" && len(s.Required) == 0 &&
		!slices.ContainsFunc(findings, func(f scene.Finding) bool { return f.Code == "unused" || f.Code == "orientation" })
	return m, nil
}

// Finding is f as a manifest holds it.
func Finding(f scene.Finding) asset.Finding {
	return asset.Finding{Code: f.Code, Severity: string(f.Severity), Where: f.Where, What: f.What, Do: f.Do}
}

// Refusal returns the finding that makes a source unusable, if that is what err is
// about.
func Refusal(err error) (asset.Finding, bool) {
	if bad, ok := errors.AsType[*scene.FormatError](err); ok {
		return Finding(bad.Finding()), true
	}
	return asset.Finding{}, false
}

// job is one run of Process.
type job struct {
	recipe   Recipe
	source   []byte
	model    *Model
	folded   *scene.Scene    // what levels are made of
	pictures []picture       // of folded
	roles    []textures.Role // of the source's images
	shapes   []shape
	codings  codings
}

// ladder makes all levels.
func (j *job) ladder(ctx context.Context, p Processor) (*Result, error) {
	n := len(j.recipe.Levels)
	plans := make([][]plan, n)
	var wanted []coding
	for k := range plans {
		for _, form := range forms(j.recipe) {
			pl := j.plan(k, form)
			plans[k] = append(plans[k], pl)
			wanted = append(wanted, pl.images...)
		}
	}
	// Neither needs the other, and each has stretches that keep one processor busy only.
	p.at(Simplifying, 0.1)
	group, both := errgroup.WithContext(ctx)
	group.Go(func() error { return j.simplify(both) })
	group.Go(func() error {
		return j.codings.make(both, j.folded, j.pictures, j.recipe, wanted, func(made float64) { p.at(Fitting, 0.1+0.8*made) })
	})
	if err := group.Wait(); err != nil {
		return nil, err
	}
	out := &Result{Manifest: asset.Manifest{
		Schema: 1, Source: j.model.Source, Findings: j.model.Findings,
		Recipe: asset.RecipeRef{Name: j.recipe.Name, Hash: j.recipe.Hash()},
	}}
	names := map[string]string{} // hash -> the file that has it
	var finer *packed
	for k := range plans {
		p.at(Packing, 0.9+0.1*float64(k)/float64(n))
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		level, err := j.level(ctx, k, plans[k], finer)
		if err != nil {
			return nil, err
		}
		finer = level
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
		for i := range level.files {
			if cap := j.over(k, &level.files[i]); cap != "" {
				out.Manifest.Findings = append(out.Manifest.Findings, asset.Finding{
					Code: "cap", Severity: string(scene.Note), Where: fmt.Sprintf("levels[%d]", k),
					What: fmt.Sprintf("is beyond its cap on %s in the %s form even at %g pixels", cap, level.files[i].form, j.recipe.Relaxed),
					Do:   "reduce the model's textures or triangles",
				})
			}
		}
	}
	p.at(Packing, 1)
	return out, nil
}

const mediaType = "model/gltf-binary"

// packed is a level in all its forms, the universal one first.
type packed struct{ files []file }

func (p *packed) universal() *file { return &p.files[0] }

// file is a level in one form.
type file struct {
	form      string
	data      []byte
	gpuBytes  int64
	triangles int64
	relaxed   string // the cap that allowed more than the recipe's pixels
	deviation float64
	texel     float64
	textures  []asset.Texture
}

func (f *file) rendition(name, hash string) asset.Rendition {
	r := asset.Rendition{
		Form: f.form, Key: name, SHA256: hash, Bytes: int64(len(f.data)), GPUBytes: f.gpuBytes, Type: mediaType, Textures: f.textures,
	}
	if r.Textures == nil {
		r.Textures = []asset.Texture{}
	}
	return r
}

// noSmaller tells whether f saves nothing over a finer level's file, which would do as well.
func (j *job) noSmaller(k int, f, than *file) bool {
	return len(f.data) >= len(than.data) && (f.gpuBytes >= than.gpuBytes || j.over(k, than) == "")
}

// level packs one level in all forms, the universal one first. A file that would be no smaller than
// the source or the finer level's is that file.
func (j *job) level(ctx context.Context, k int, plans []plan, finer *packed) (*packed, error) {
	out := &packed{}
	for _, pl := range plans {
		f, err := j.capped(ctx, k, pl)
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

// capped packs a plan, relaxing the contract further where its bytes are beyond the cap.
func (j *job) capped(ctx context.Context, k int, pl plan) (*file, error) {
	for {
		f, err := j.pack(k, pl)
		if err != nil || j.over(k, f) != "bytes" {
			return f, err
		}
		var more bool
		if pl, more = j.smaller(k, pl, int64(len(f.data)), j.recipe.Levels[k].Bytes); !more {
			return f, nil
		}
		if err := j.codings.make(ctx, j.folded, j.pictures, j.recipe, pl.images, func(float64) {}); err != nil {
			return nil, err
		}
	}
}

// over names the cap that a level's file breaks.
func (j *job) over(k int, f *file) string {
	caps := j.recipe.Levels[k]
	switch {
	case caps.Bytes > 0 && int64(len(f.data)) > caps.Bytes:
		return "bytes"
	case caps.GPUBytes > 0 && f.gpuBytes > caps.GPUBytes:
		return "gpuBytes"
	}
	return ""
}

// pack writes a plan as a file of its form.
func (j *job) pack(level int, pl plan) (*file, error) {
	s, f := j.stage(level, pl)
	options := glb.Options{}
	if pl.form == asset.Web {
		options.Meshopt = true
		shift := gridShare * j.recipe.Pixels * Pixel(j.model.facts.Radius, j.recipe.Levels[level].Height)
		var moved float64
		s, moved = webbed(s, tightness{
			shift: shift, shade: normalBits, fractions: texelFractions,
			edge: func(texture int) int {
				if i := s.Textures[texture].Source; i != scene.None {
					return max(pl.images[i].w, pl.images[i].h)
				}
				return 1
			},
		})
		f.deviation += moved
	} else if !slices.ContainsFunc(pl.images, func(c coding) bool { return max(c.w, c.h) > maxShortEdge }) {
		s.Meshes = withShortUVs(s.Meshes)
	}
	facts, err := s.Inspect()
	if err != nil {
		return nil, fmt.Errorf("measure a level: %w", err)
	}
	f.gpuBytes, f.triangles = facts.GPUBytes, facts.Triangles
	f.data, err = glb.EncodeWith(s, options)
	return f, err
}

// stage is the scene of a plan, with its shapes and images, and what is known of it as a
// file.
func (j *job) stage(level int, pl plan) (*scene.Scene, *file) {
	shape := j.shape(level, pl)
	s := *j.folded
	s.Generator = strings.TrimSuffix("Plinth; "+s.Generator, "; ")
	s.Meshes = shape.meshes
	s.Images = slices.Clone(s.Images)
	f := &file{form: pl.form, deviation: shape.deviation, texel: pl.texel, relaxed: pl.relaxed}
	for i, c := range pl.images {
		img := j.codings[c]
		s.Images[i].Data, s.Images[i].MIME = img.Data, img.MIME
		f.textures = append(f.textures, entryOf(j.pictures[i].how.Role, j.pictures[i].pixels.Rect, c.w, c.h, img))
	}
	return &s, f
}

// original is the source standing for a level.
func (j *job) original(relaxed string) *file {
	f := &file{form: asset.Universal, data: j.source, gpuBytes: j.model.facts.GPUBytes, triangles: j.model.facts.Triangles, relaxed: relaxed}
	for i, img := range j.model.scene.Images {
		w, h, _ := textures.Config(img.Data) // read before
		f.textures = append(f.textures, entryOf(j.roles[i], image.Rect(0, 0, w, h), w, h, textures.Coded{Data: img.Data, MIME: img.MIME, PSNR: math.Inf(1), Detail: 1}))
	}
	return f
}

func entryOf(role textures.Role, source image.Rectangle, w, h int, c textures.Coded) asset.Texture {
	t := asset.Texture{
		Role: string(role), SourceWidth: source.Dx(), SourceHeight: source.Dy(), Width: w, Height: h,
		Codec: strings.TrimPrefix(c.MIME, "image/"), Bytes: int64(len(c.Data)), GPUBytes: textures.GPUBytes(w, h),
		Angle: c.Angle, MeanAngle: math.Round(c.Mean*100) / 100,
	}
	if !math.IsInf(c.PSNR, 0) {
		t.PSNR = math.Round(c.PSNR*100) / 100
	}
	return t
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

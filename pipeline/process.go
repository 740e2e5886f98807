// Package pipeline turns the file a merchant has into the levels shoppers load. Its
// heart is Process, a pure function from bytes and a recipe to files and findings:
// same bytes and recipe in, same bytes out, on any machine and any number of
// cores. Worker takes jobs from a queue and calls it.
package pipeline

import (
	"context"
	"errors"
	"math"
	"slices"

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

// The stages of Process, in order. Meshes are simplified while textures are fitted.
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

	// Account is where what the stages take is counted. It may be nil.
	Account *Account

	// Memory is how many bytes the work may take by its Estimate; 0 is no bound. A source that may need
	// more is refused.
	Memory int64

	// Parts keeps what is finished, should this run end before its time. It may be nil.
	Parts Parts
}

func (p Processor) at(stage Stage, done float64) {
	if p.Progress != nil {
		p.Progress(stage, done)
	}
}

// Process makes the levels of a source.
func (p Processor) Process(ctx context.Context, src []byte, r Recipe) (*Result, error) {
	if p.Memory > 0 {
		if need, err := Estimate(src, r); err != nil {
			return nil, err
		} else if need > p.Memory {
			return nil, tooMuch(need, p.Memory)
		}
	}
	j, err := p.prepare(ctx, src, r)
	if err != nil {
		return nil, err
	}
	j.restore(ctx, p.Parts)
	return j.ladder(ctx, p)
}

// prepare reads a source and finds all that its levels are made of.
func (p Processor) prepare(ctx context.Context, src []byte, r Recipe) (*job, error) {
	if err := r.Check(); err != nil {
		return nil, err
	}
	p.at(Reading, 0)
	end := p.Account.begin(Reading)
	m, err := read(src, r)
	end()
	if err != nil {
		return nil, err
	}
	p.at(Measuring, 0.02)
	defer p.Account.begin(Measuring)()
	m.scene = tidied(m.scene, r)
	pictures, err := studyImages(ctx, m.scene, r.Limits.Pixels)
	if err != nil {
		return nil, err
	}
	j := newJob(m, m.scene, pictures, r)
	j.source, j.codings, j.account = src, codings{}, p.Account
	for _, p := range pictures {
		j.roles = append(j.roles, p.how.Role)
	}
	m.Findings = append(m.Findings, abnormal(j.pictures)...)
	return j, nil
}

// newJob folds s, whose images are known: it is what levels are made of.
func newJob(m *Model, s *scene.Scene, pictures []picture, r Recipe) *job {
	if r.Dedup {
		s = merged(s, pictures)
	}
	folded := fold(s, pictures)
	return &job{recipe: r, model: m, folded: folded, pictures: carried(s, folded, pictures)}
}

// simplify makes the shapes of all levels.
func (j *job) simplify(ctx context.Context) (err error) {
	targets := make([]mesh.Target, len(j.recipe.Levels))
	for i, l := range j.recipe.Levels {
		targets[i].Deviation = float32(j.room() * j.recipe.Pixels * Pixel(j.model.facts.Radius, l.Height))
	}
	defer j.account.begin(Simplifying)()
	j.shapes, err = shapes(ctx, j.folded, targets, j.recipe.Crease*math.Pi/180, j.chain)
	return err
}

// chain makes the levels of a body, unless an earlier run did.
func (j *job) chain(ctx context.Context, number int, b *body, targets []mesh.Target) ([]mesh.Level, error) {
	if levels := j.saver.saved(number, b, len(targets)); levels != nil {
		return levels, nil
	}
	levels, err := simplified(ctx, number, b, targets)
	if err == nil {
		j.account.made(0, 1)
		j.saver.made(ctx, nil, []bodyPart{{number, levels}})
	}
	return levels, err
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
	account  *Account
	saver    *saver
}

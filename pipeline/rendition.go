package pipeline

import (
	"fmt"
	"image"
	"math"
	"slices"
	"strings"

	"github.com/plinth3d/plinth/mesh/glb"
	"github.com/plinth3d/plinth/mesh/scene"
	"github.com/plinth3d/plinth/pipeline/asset"
	"github.com/plinth3d/plinth/textures"
)

const mediaType = "model/gltf-binary"

// packed is a level in all its forms, the universal one first.
type packed struct{ files []file }

func (p *packed) universal() *file { return &p.files[0] }

// form is the file of a form that the recipe has.
func (p *packed) form(name string) *file {
	return &p.files[slices.IndexFunc(p.files, func(f file) bool { return f.form == name })]
}

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
	scene     *scene.Scene // as it was written; nil in the universal form
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

// pack writes a plan as a file of its form.
func (j *job) pack(level int, pl plan) (*file, error) {
	defer j.account.begin(Packing)()
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
		f.scene = s
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

package pipeline

import (
	"context"
	"fmt"
	"math"
	"strings"

	"github.com/plinth3d/plinth/mesh/scene"
	"github.com/plinth3d/plinth/pipeline/asset"
	"github.com/plinth3d/plinth/textures"
)

// ImageFacts are what is known of an image of a source and of what its materials do with it.
type ImageFacts struct {
	Index    int        `json:"index"`
	Name     string     `json:"name,omitempty"`
	Role     string     `json:"role"` // over all uses
	Uses     []ImageUse `json:"uses"` // none: no material shows it
	Codec    string     `json:"codec"`
	Bytes    int64      `json:"bytes"`
	Width    int        `json:"width"`
	Height   int        `json:"height"`
	GPUBytes int64      `json:"gpuBytes"`

	Channels string           `json:"channels"` // that a use reads, of "rgba"
	Constant map[string]uint8 `json:"constant"` // those of them that have one value all over
	Grey     bool             `json:"grey"`     // red, green and blue are the same in each pixel
	Alpha    AlphaFacts       `json:"alpha"`
	WrapS    string           `json:"wrapS"` // repeat, mirror or clamp
	WrapT    string           `json:"wrapT"`

	// TexelMM is how large its texels are on the surface; nil where nothing shows them.
	TexelMM *TexelSize `json:"texelMM,omitempty"`

	// Levels are the sizes a recipe asks for, none where Factor is true or no use is left. A
	// duplicate's are those of the image that stands for both.
	Levels []ImageLevel `json:"levels"`

	Factor      bool            `json:"factor"`                // it becomes factors of its materials
	DuplicateOf *int            `json:"duplicateOf,omitempty"` // the first image with the same pixels
	Notes       []asset.Finding `json:"notes"`
}

// An ImageUse is a slot of a material that reads an image.
type ImageUse struct {
	Material int    `json:"material"`
	Name     string `json:"name,omitempty"` // of the material
	Slot     string `json:"slot"`
	TexCoord int    `json:"texCoord"`
	Channels string `json:"channels"` // that it reads
}

// AlphaFacts are what the alpha of an image is for.
type AlphaFacts struct {
	Used   bool    `json:"used"`             // something reads it, and it isn't 255 all over
	Mode   string  `json:"mode,omitempty"`   // of it as opacity: mask or blend, opaque where nothing is hidden by it
	Cutoff float64 `json:"cutoff,omitempty"` // alpha of the image, of mask
	Bare   bool    `json:"bare"`             // a use shows the colors whatever the alpha
}

// A TexelSize is how large the texels of an image are along u and v, in millimeters, at
// the image's own size, where the use that stretches it most shows it. A size of 0 is that
// of a texture that is squeezed to a line or a point.
type TexelSize struct {
	P50 [2]float64 `json:"p50"` // no larger on half of the surface's area
	P90 [2]float64 `json:"p90"` // no larger on 90 % of it, which is what sizes are chosen by
}

// An ImageLevel is the size in pixels of an image at a level. A cap on bytes may make it
// smaller yet.
type ImageLevel struct {
	Level     int     `json:"level"`
	Height    int     `json:"height"` // of the viewer
	Universal [2]int  `json:"universal"`
	Web       *[2]int `json:"web,omitempty"` // nil where the recipe has no such form
}

// StudyImages tells what Process finds of each image of a source, and what it will make of
// it, without coding any.
func StudyImages(ctx context.Context, src []byte, r Recipe) ([]ImageFacts, error) {
	if err := r.Check(); err != nil {
		return nil, err
	}
	m, err := read(src, r)
	if err != nil {
		return nil, err
	}
	s := m.scene
	pictures, err := studyImages(ctx, s, r.Limits.Pixels)
	if err != nil {
		return nil, err
	}
	first := firsts(pictures)
	out := make([]ImageFacts, len(pictures))
	for i := range pictures {
		if out[i], err = factsOf(i, &s.Images[i], &pictures[i]); err != nil {
			return nil, err
		}
		if first[i] != i {
			out[i].DuplicateOf = &first[i]
		}
	}
	addUses(out, s)
	addLevels(out, s, planned(m, pictures, r), first)
	return out, nil
}

// factsOf is what is known of an image by itself.
func factsOf(index int, img *scene.Image, p *picture) (ImageFacts, error) {
	head, err := textures.Inspect(img.Data)
	if err != nil {
		return ImageFacts{}, unreadable(index, err)
	}
	w, h := p.pixels.Rect.Dx(), p.pixels.Rect.Dy()
	f := ImageFacts{
		Index: index, Name: img.Name, Role: string(p.how.Role), Uses: []ImageUse{},
		Codec: strings.TrimPrefix(head.MIME, "image/"), Bytes: int64(len(img.Data)),
		Width: w, Height: h, GPUBytes: textures.GPUBytes(w, h),
		Channels: letters(p.used), Constant: map[string]uint8{}, Grey: textures.IsGray(p.pixels), Alpha: alphaFacts(p),
		WrapS: wrapNames[p.how.WrapS], WrapT: wrapNames[p.how.WrapT],
		TexelMM: texelSize(p), Levels: []ImageLevel{}, Notes: []asset.Finding{},
	}
	for c := range 4 {
		if one := textures.Channels(1 << c); p.used&one != 0 && p.stats.Constant(one) {
			f.Constant[letters(one)] = p.stats.Min[c]
		}
	}
	for _, n := range head.Notes {
		f.Notes = append(f.Notes, asset.Finding{
			Code: n.Code, Severity: string(scene.Note), Where: fmt.Sprintf("images[%d]", index), What: n.What, Do: n.Do,
		})
	}
	return f, nil
}

var wrapNames = map[textures.Wrap]string{textures.Repeat: "repeat", textures.Mirror: "mirror", textures.Clamp: "clamp"}

// letters writes a set of channels.
func letters(set textures.Channels) string {
	var b strings.Builder
	for c, letter := range "rgba" {
		if set&(1<<c) != 0 {
			b.WriteRune(letter)
		}
	}
	return b.String()
}

func alphaFacts(p *picture) AlphaFacts {
	a := AlphaFacts{Used: p.used&textures.A != 0 && p.stats.Min[3] < 255}
	if a.Used {
		a.Mode, a.Bare = strings.ToLower(string(p.alpha)), p.bare
	}
	if p.alpha == scene.Mask && !math.IsInf(p.how.Cutoff, 0) {
		a.Cutoff = p.how.Cutoff
	}
	return a
}

// texelSize is nil where nothing on the stage shows p.
func texelSize(p *picture) *TexelSize {
	if p.texels[most] == [2]float64{} {
		return nil
	}
	size := func(share int) (out [2]float64) {
		for axis, n := range [2]int{p.pixels.Rect.Dx(), p.pixels.Rect.Dy()} {
			if mm := 1000 * p.texels[share][axis] / float64(n); !math.IsInf(mm, 0) {
				out[axis] = math.Round(mm*1e6) / 1e6
			}
		}
		return out
	}
	return &TexelSize{P50: size(half), P90: size(most)}
}

// addUses lists the slots of s that read each image.
func addUses(out []ImageFacts, s *scene.Scene) {
	for m := range s.Materials {
		for _, slot := range s.Materials[m].Slots() {
			if i := s.Textures[slot.Texture].Source; i != scene.None {
				out[i].Uses = append(out[i].Uses, ImageUse{m, s.Materials[m].Name, slot.Name, slot.UV, letters(slot.Used)})
			}
		}
	}
}

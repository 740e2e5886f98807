package pipeline

import (
	"math"
	"slices"

	"github.com/plinth3d/plinth/mesh/scene"
	"github.com/plinth3d/plinth/textures"
)

// fold returns s with textures that have one value all over turned into the
// factors of their materials, where a factor means the same.
func fold(s *scene.Scene, pictures []picture) *scene.Scene {
	out := *s
	out.Materials = slices.Clone(s.Materials)
	for i := range out.Materials {
		out.Materials[i] = foldMaterial(s, &s.Materials[i], pictures)
	}
	return out.Prune()
}

func foldMaterial(s *scene.Scene, m *scene.Material, pictures []picture) scene.Material {
	f := folding{was: m, now: *m}
	kept := m.Retexture(func(slot scene.Slot) int {
		src := s.Textures[slot.Texture].Source
		if src == scene.None {
			return slot.Texture
		}
		stats := pictures[src].stats
		if slot.Name == "metallicRoughnessTexture" {
			slot.Used = f.zeros(slot.Used, stats)
		}
		if stats.Constant(slot.Used) && f.takes(slot, stats.Min) {
			return scene.None
		}
		return slot.Texture
	})
	kept.BaseColorFactor, kept.Roughness, kept.Metallic, kept.EmissiveFactor = f.now.BaseColorFactor, f.now.Roughness, f.now.Metallic, f.now.EmissiveFactor
	for _, x := range f.changes {
		tree, _ := kept.Extensions[x.extension].(map[string]any)
		kept.Extra = kept.With(x.extension, withNumbers(tree, x.key, x.numbers))
	}
	return kept
}

// folding is a material whose textures are becoming factors.
type folding struct {
	was     *scene.Material
	now     scene.Material // its factors of the core
	changes []change       // of factors of extensions
}

// A change is what a factor of an extension becomes.
type change struct {
	extension, key string
	numbers        []float64
}

// zeros makes factors of roughness and metalness 0 where the texture's channel is, even if
// the other one varies, and returns what is still read.
func (f *folding) zeros(used textures.Channels, stats textures.Stats) textures.Channels {
	if stats.Max[1] == 0 {
		f.now.Roughness = 0
		used &^= textures.G
	}
	if stats.Max[2] == 0 {
		f.now.Metallic = 0
		used &^= textures.B
	}
	return used
}

// takes puts the color c, all over the texture of a slot, into factors; false says that
// none means the same.
func (f *folding) takes(slot scene.Slot, c [4]uint8) bool {
	switch slot.Name {
	case "baseColorTexture":
		for k := range f.now.BaseColorFactor {
			f.now.BaseColorFactor[k] = tidy(f.now.BaseColorFactor[k] * value(slot, c, k))
		}
		return true
	case "metallicRoughnessTexture":
		f.now.Roughness = tidy(f.now.Roughness * value(slot, c, 1))
		f.now.Metallic = tidy(f.now.Metallic * value(slot, c, 2))
		return true
	case "emissiveTexture":
		for k := range f.now.EmissiveFactor {
			f.now.EmissiveFactor[k] = tidy(f.now.EmissiveFactor[k] * value(slot, c, k))
		}
		return true
	case "occlusionTexture": // has no factor
		return c[0] == 255 || f.was.OcclusionStrength == 0
	case "normalTexture", "KHR_materials_clearcoat.clearcoatNormalTexture":
		return middle(c[0]) && middle(c[1]) && c[2] >= 254
	case "KHR_materials_anisotropy.anisotropyTexture": // without it, the direction is +X
		return c[0] == 255 && middle(c[1]) && f.multiplies(slot, c)
	case "KHR_materials_volume.thicknessTexture": // a factor of 0 means a thin wall, not a volume without depth
		return c[1] > 0 && f.multiplies(slot, c)
	case "KHR_materials_iridescence.iridescenceThicknessTexture":
		return f.between(slot, c[1])
	}
	return f.multiplies(slot, c)
}

// middle is what coders write for 0 of -1..1, which no code of 8 bits is.
func middle(c uint8) bool { return c == 127 || c == 128 }

// value is a channel of a color as a factor: what the slot doesn't read is 1.
func value(slot scene.Slot, c [4]uint8, channel int) float64 {
	x := float64(c[channel]) / 255
	switch {
	case slot.Used&(1<<channel) == 0:
		return 1
	case slot.Role.Light() && channel < 3:
		return tidy(textures.Linear(x))
	}
	return x
}

// multiplies puts a texture of an extension into what it is multiplied by.
func (f *folding) multiplies(slot scene.Slot, c [4]uint8) bool {
	var changes []change
	for _, x := range factors[slot.Name] {
		numbers, ok := x.of(f.was)
		if !ok {
			return false
		}
		for i, channel := range x.channels {
			numbers[i] = tidy(numbers[i] * value(slot, c, channel))
		}
		changes = append(changes, change{x.extension, x.key, numbers})
	}
	f.changes = append(f.changes, changes...)
	return len(changes) > 0
}

// between makes the thickness of a film that has one all over what it is without a texture,
// its maximum.
func (f *folding) between(slot scene.Slot, c uint8) bool {
	least, ok := thinnest.of(f.was)
	largest, good := thickest.of(f.was)
	if !ok || !good {
		return false
	}
	at := tidy(least[0] + float64((largest[0]-least[0])*float64(c)/255))
	f.changes = append(f.changes, change{thickest.extension, thickest.key, []float64{at}})
	return true
}

// tidy rounds to nine digits after the point, so that the last bit of a power does
// not depend on the processor.
func tidy(x float64) float64 { return math.Round(x*1e9) / 1e9 }

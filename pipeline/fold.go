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

// carried are the pictures of what is left of a scene's images after folding, which
// are pieces of the same memory, with their uses found anew.
func carried(before, after *scene.Scene, pictures []picture) []picture {
	out := make([]picture, len(after.Images))
	next := 0
	for i, img := range after.Images { // pruning keeps the order
		for &before.Images[next].Data[0] != &img.Data[0] {
			next++
		}
		out[i].pixels, out[i].stats, out[i].faithful = pictures[next].pixels, pictures[next].stats, pictures[next].faithful
		next++
	}
	uses(after, out)
	return out
}

func foldMaterial(s *scene.Scene, m *scene.Material, pictures []picture) scene.Material {
	factors := *m
	kept := m.Retexture(func(slot scene.Slot) int {
		src := s.Textures[slot.Texture].Source
		if src == scene.None || !pictures[src].stats.Constant(slot.Used) {
			return slot.Texture
		}
		c := pictures[src].stats.Min
		light := func(k int) float64 { return tidy(textures.Linear(float64(c[k]) / 255)) }
		switch slot.Name {
		case "baseColorTexture":
			for k := range 3 {
				factors.BaseColorFactor[k] = tidy(factors.BaseColorFactor[k] * light(k))
			}
			if m.AlphaMode != scene.Opaque {
				factors.BaseColorFactor[3] = tidy(factors.BaseColorFactor[3] * float64(c[3]) / 255)
			}
		case "metallicRoughnessTexture":
			factors.Roughness = tidy(factors.Roughness * float64(c[1]) / 255)
			factors.Metallic = tidy(factors.Metallic * float64(c[2]) / 255)
		case "emissiveTexture":
			for k := range 3 {
				factors.EmissiveFactor[k] = tidy(factors.EmissiveFactor[k] * light(k))
			}
		case "occlusionTexture":
			if c[0] != 255 {
				return slot.Texture
			}
		case "normalTexture":
			if c[0] < 127 || c[0] > 128 || c[1] < 127 || c[1] > 128 || c[2] < 254 {
				return slot.Texture
			}
		default:
			if !scales[slot.Name] || !full(c, slot.Used) {
				return slot.Texture
			}
		}
		return scene.None
	})
	kept.BaseColorFactor, kept.Roughness, kept.Metallic, kept.EmissiveFactor = factors.BaseColorFactor, factors.Roughness, factors.Metallic, factors.EmissiveFactor
	return kept
}

// scales are the textures of extensions that are factors of what they stand for, so that one
// that is 1 all over changes nothing.
var scales = map[string]bool{
	"KHR_materials_clearcoat.clearcoatTexture":                           true,
	"KHR_materials_clearcoat.clearcoatRoughnessTexture":                  true,
	"KHR_materials_diffuse_transmission.diffuseTransmissionTexture":      true,
	"KHR_materials_diffuse_transmission.diffuseTransmissionColorTexture": true,
	"KHR_materials_iridescence.iridescenceTexture":                       true,
	"KHR_materials_sheen.sheenColorTexture":                              true,
	"KHR_materials_sheen.sheenRoughnessTexture":                          true,
	"KHR_materials_specular.specularTexture":                             true,
	"KHR_materials_specular.specularColorTexture":                        true,
	"KHR_materials_transmission.transmissionTexture":                     true,
	"KHR_materials_volume.thicknessTexture":                              true,
}

// full says whether the channels in use are all 255.
func full(c [4]uint8, used textures.Channels) bool {
	for k, v := range c {
		if used&(1<<k) != 0 && v != 255 {
			return false
		}
	}
	return true
}

// tidy rounds to nine digits after the point, so that the last bit of a power does
// not depend on the processor.
func tidy(x float64) float64 { return math.Round(x*1e9) / 1e9 }

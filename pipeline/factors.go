package pipeline

import (
	"encoding/json"
	"maps"
	"strconv"

	"github.com/plinth3d/plinth/mesh/scene"
)

// A factor is a number or a color of a material's extension that a texture is multiplied by.
type factor struct {
	extension, key string
	channels       []int   // of the texture, one for each number
	missing        float64 // each number where the extension doesn't say
}

// factors are by the texture's slot.
var factors = map[string][]factor{
	"KHR_materials_anisotropy.anisotropyTexture":                    {{"KHR_materials_anisotropy", "anisotropyStrength", []int{2}, 0}},
	"KHR_materials_clearcoat.clearcoatTexture":                      {{"KHR_materials_clearcoat", "clearcoatFactor", []int{0}, 0}},
	"KHR_materials_clearcoat.clearcoatRoughnessTexture":             {{"KHR_materials_clearcoat", "clearcoatRoughnessFactor", []int{1}, 0}},
	"KHR_materials_diffuse_transmission.diffuseTransmissionTexture": {{"KHR_materials_diffuse_transmission", "diffuseTransmissionFactor", []int{3}, 0}},
	"KHR_materials_diffuse_transmission.diffuseTransmissionColorTexture": {
		{"KHR_materials_diffuse_transmission", "diffuseTransmissionColorFactor", []int{0, 1, 2}, 1},
	},
	"KHR_materials_iridescence.iridescenceTexture":       {{"KHR_materials_iridescence", "iridescenceFactor", []int{0}, 0}},
	"KHR_materials_pbrSpecularGlossiness.diffuseTexture": {{"KHR_materials_pbrSpecularGlossiness", "diffuseFactor", []int{0, 1, 2, 3}, 1}},
	"KHR_materials_pbrSpecularGlossiness.specularGlossinessTexture": {
		{"KHR_materials_pbrSpecularGlossiness", "specularFactor", []int{0, 1, 2}, 1},
		{"KHR_materials_pbrSpecularGlossiness", "glossinessFactor", []int{3}, 1},
	},
	"KHR_materials_sheen.sheenColorTexture":          {{"KHR_materials_sheen", "sheenColorFactor", []int{0, 1, 2}, 0}},
	"KHR_materials_sheen.sheenRoughnessTexture":      {{"KHR_materials_sheen", "sheenRoughnessFactor", []int{3}, 0}},
	"KHR_materials_specular.specularTexture":         {{"KHR_materials_specular", "specularFactor", []int{3}, 1}},
	"KHR_materials_specular.specularColorTexture":    {{"KHR_materials_specular", "specularColorFactor", []int{0, 1, 2}, 1}},
	"KHR_materials_transmission.transmissionTexture": {{"KHR_materials_transmission", "transmissionFactor", []int{0}, 0}},
	"KHR_materials_volume.thicknessTexture":          {{"KHR_materials_volume", "thicknessFactor", []int{1}, 0}},
}

// The thickness of a film is mixed from two numbers, in nanometers.
var (
	thinnest = factor{"KHR_materials_iridescence", "iridescenceThicknessMinimum", []int{1}, 100}
	thickest = factor{"KHR_materials_iridescence", "iridescenceThicknessMaximum", []int{1}, 400}
)

// of reads the numbers of a material; ok is false where it has something else there.
func (f factor) of(m *scene.Material) (numbers []float64, ok bool) {
	tree, _ := m.Extensions[f.extension].(map[string]any)
	value, says := tree[f.key]
	list, isList := value.([]any)
	switch {
	case !says:
		list = make([]any, len(f.channels))
		for i := range list {
			list[i] = json.Number(strconv.FormatFloat(f.missing, 'g', -1, 64))
		}
	case len(f.channels) == 1:
		list = []any{value}
	case !isList:
		return nil, false
	}
	for _, x := range list {
		n, isNumber := x.(json.Number)
		if !isNumber {
			return nil, false
		}
		number, err := n.Float64()
		if err != nil {
			return nil, false
		}
		numbers = append(numbers, number)
	}
	return numbers, len(numbers) == len(f.channels)
}

// withNumbers returns an extension's JSON with one number or several under a key.
func withNumbers(tree map[string]any, key string, numbers []float64) map[string]any {
	list := make([]any, len(numbers))
	for i, x := range numbers {
		list[i] = json.Number(strconv.FormatFloat(x, 'g', -1, 64))
	}
	out := maps.Clone(tree)
	if out == nil {
		out = map[string]any{}
	}
	if len(list) == 1 {
		out[key] = list[0]
	} else {
		out[key] = list
	}
	return out
}

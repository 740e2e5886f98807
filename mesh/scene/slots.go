package scene

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/plinth3d/plinth/textures"
)

// A Slot is one use of a texture by a material.
type Slot struct {
	Name      string // "normalTexture", "KHR_materials_sheen.sheenColorTexture"
	Role      textures.Role
	Used      textures.Channels // that the slot reads
	Texture   int
	UV        int        // set of texture coordinates
	Transform [2]float64 // KHR_texture_transform's scale, 1 and 1 without
}

// kind is what a slot of that name reads.
type kind struct {
	role textures.Role
	used textures.Channels
}

// slots is by the name of the field; names are unique among the extensions of
// Khronos. A slot that isn't here may hold anything: it is Data, with all channels.
var slots = map[string]kind{
	"baseColorTexture":         {textures.Color, textures.RGB | textures.A},
	"metallicRoughnessTexture": {textures.ORM, textures.G | textures.B},
	"normalTexture":            {textures.Normal, textures.RGB},
	"occlusionTexture":         {textures.ORM, textures.R},
	"emissiveTexture":          {textures.Emissive, textures.RGB},

	"anisotropyTexture":               {textures.Data, textures.RGB},
	"clearcoatTexture":                {textures.Data, textures.R},
	"clearcoatRoughnessTexture":       {textures.Data, textures.G},
	"clearcoatNormalTexture":          {textures.Normal, textures.RGB},
	"diffuseTransmissionTexture":      {textures.Data, textures.A},
	"diffuseTransmissionColorTexture": {textures.Color, textures.RGB},
	"iridescenceTexture":              {textures.Data, textures.R},
	"iridescenceThicknessTexture":     {textures.Data, textures.G},
	"sheenColorTexture":               {textures.Color, textures.RGB},
	"sheenRoughnessTexture":           {textures.Data, textures.A},
	"specularTexture":                 {textures.Data, textures.A},
	"specularColorTexture":            {textures.Color, textures.RGB},
	"transmissionTexture":             {textures.Data, textures.R},
	"thicknessTexture":                {textures.Data, textures.G},
	"diffuseTexture":                  {textures.Color, textures.RGB | textures.A},
	"specularGlossinessTexture":       {textures.Color, textures.RGB | textures.A},
}

// coreSlot is a texture of a material outside of extensions.
type coreSlot struct {
	name string
	ref  **TextureRef
}

func (m *Material) core() []coreSlot {
	return []coreSlot{
		{"baseColorTexture", &m.BaseColor},
		{"metallicRoughnessTexture", &m.MetalRough},
		{"normalTexture", &m.Normal},
		{"occlusionTexture", &m.Occlusion},
		{"emissiveTexture", &m.Emissive},
	}
}

// Slots lists the textures that m uses: those of the core, then those of
// extensions by name.
func (m *Material) Slots() (out []Slot) {
	m.Retexture(func(s Slot) int {
		out = append(out, s)
		return s.Texture
	})
	return out
}

// Retexture returns m with each texture replaced by what choose says; None takes
// the slot away.
func (m *Material) Retexture(choose func(Slot) int) Material {
	out := *m
	for _, c := range out.core() {
		if *c.ref == nil {
			continue
		}
		ref := **c.ref
		k := slots[c.name]
		if c.ref == &out.BaseColor && m.AlphaMode == Opaque {
			k.used &^= textures.A
		}
		uv, transform := transformOf(ref.Extensions, ref.UV)
		ref.Texture = choose(Slot{c.name, k.role, k.used, ref.Texture, uv, transform})
		if *c.ref = &ref; ref.Texture == None {
			*c.ref = nil
		}
	}
	if m.Extensions == nil {
		return out
	}
	out.Extensions = maps.Clone(m.Extensions)
	for _, name := range slices.Sorted(maps.Keys(m.Extensions)) {
		if tree, ok := m.Extensions[name].(map[string]any); ok {
			out.Extensions[name] = retexture(tree, name, choose)
		}
	}
	return out
}

// retexture walks an extension's JSON: what is named ...Texture and has an index is a
// use of a texture.
func retexture(tree map[string]any, where string, choose func(Slot) int) map[string]any {
	out := maps.Clone(tree)
	for _, key := range slices.Sorted(maps.Keys(tree)) {
		child, ok := tree[key].(map[string]any)
		if !ok {
			continue
		}
		index, isRef := child["index"].(json.Number)
		if !isRef || !strings.HasSuffix(key, "Texture") {
			out[key] = retexture(child, where+"."+key, choose)
			continue
		}
		k, known := slots[key]
		if !known {
			k = kind{textures.Data, textures.RGB | textures.A}
		}
		ext, _ := child["extensions"].(map[string]any)
		uv, transform := transformOf(ext, int(number(child["texCoord"], 0)))
		texture := int(number(index, None))
		chosen := choose(Slot{where + "." + key, k.role, k.used, texture, uv, transform})
		switch {
		case chosen == None:
			delete(out, key)
		case chosen != texture:
			child = maps.Clone(child)
			child["index"] = json.Number(strconv.Itoa(chosen))
			out[key] = child
		}
	}
	return out
}

// transformOf reads KHR_texture_transform.
func transformOf(extensions map[string]any, uv int) (set int, scale [2]float64) {
	scale = [2]float64{1, 1}
	t, ok := extensions["KHR_texture_transform"].(map[string]any)
	if !ok {
		return uv, scale
	}
	if s, ok := t["scale"].([]any); ok && len(s) == 2 {
		scale = [2]float64{number(s[0], 1), number(s[1], 1)}
	}
	return int(number(t["texCoord"], float64(uv))), scale
}

// Materials lists the materials a primitive can show: its own and those of its
// variants (KHR_materials_variants), without repetition.
func (p *Primitive) Materials() []int {
	var out []int
	if p.Material != None {
		out = append(out, p.Material)
	}
	variants, _ := p.Extensions["KHR_materials_variants"].(map[string]any)
	mappings, _ := variants["mappings"].([]any)
	for _, m := range mappings {
		entry, _ := m.(map[string]any)
		if i := int(number(entry["material"], None)); i != None && !slices.Contains(out, i) {
			out = append(out, i)
		}
	}
	return out
}

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
	Offset    [2]float64 // its offset
	Rotation  float64    // its rotation in radians, counterclockwise
	Rotated   bool       // by KHR_texture_transform
}

// kind is what a slot of that name reads.
type kind struct {
	role textures.Role
	used textures.Channels
}

// slots is by the name of the field, after that of its extension: names alone are not
// unique among the extensions of vendors. It has all that Khronos ratified or archived. A
// slot that isn't here, such as those of drafts, may hold anything: it is Data, with all
// channels.
var slots = map[string]kind{
	"baseColorTexture":         {textures.Color, textures.RGB | textures.A},
	"metallicRoughnessTexture": {textures.ORM, textures.G | textures.B},
	"normalTexture":            {textures.Normal, textures.RGB},
	"occlusionTexture":         {textures.ORM, textures.R},
	"emissiveTexture":          {textures.Emissive, textures.RGB},

	"KHR_materials_anisotropy.anisotropyTexture":                         {textures.Data, textures.RGB},
	"KHR_materials_clearcoat.clearcoatTexture":                           {textures.Data, textures.R},
	"KHR_materials_clearcoat.clearcoatRoughnessTexture":                  {textures.Data, textures.G},
	"KHR_materials_clearcoat.clearcoatNormalTexture":                     {textures.Normal, textures.RGB},
	"KHR_materials_diffuse_transmission.diffuseTransmissionTexture":      {textures.Data, textures.A},
	"KHR_materials_diffuse_transmission.diffuseTransmissionColorTexture": {textures.Color, textures.RGB},
	"KHR_materials_iridescence.iridescenceTexture":                       {textures.Data, textures.R},
	"KHR_materials_iridescence.iridescenceThicknessTexture":              {textures.Data, textures.G},
	"KHR_materials_sheen.sheenColorTexture":                              {textures.Color, textures.RGB},
	"KHR_materials_sheen.sheenRoughnessTexture":                          {textures.Data, textures.A},
	"KHR_materials_specular.specularTexture":                             {textures.Data, textures.A},
	"KHR_materials_specular.specularColorTexture":                        {textures.Color, textures.RGB},
	"KHR_materials_transmission.transmissionTexture":                     {textures.Data, textures.R},
	"KHR_materials_volume.thicknessTexture":                              {textures.Data, textures.G},
	diffuseTexture:                                                       {textures.Color, textures.RGB | textures.A},
	"KHR_materials_pbrSpecularGlossiness.specularGlossinessTexture":      {textures.Color, textures.RGB | textures.A},

	"ADOBE_materials_clearcoat_specular.clearcoatSpecularTexture": {textures.Data, textures.B},
	"ADOBE_materials_clearcoat_tint.clearcoatTintTexture":         {textures.Color, textures.RGB},
}

const diffuseTexture = "KHR_materials_pbrSpecularGlossiness.diffuseTexture"

// Opacity says whether the slot's alpha, where it is used, is how much is seen.
func (s Slot) Opacity() bool { return s.Name == "baseColorTexture" || s.Name == diffuseTexture }

// read is what m reads of a slot of that name.
func (m *Material) read(name string) kind {
	k, known := slots[name]
	switch {
	case !known:
		return kind{textures.Data, textures.RGB | textures.A}
	case m.AlphaMode == Opaque && (Slot{Name: name}).Opacity():
		k.used &^= textures.A
	case name == "metallicRoughnessTexture":
		if m.Roughness == 0 { // times whatever the texture says
			k.used &^= textures.G
		}
		if m.Metallic == 0 {
			k.used &^= textures.B
		}
	}
	return k
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
	return m.rewrite(func(s Slot, e map[string]any) (int, map[string]any) { return choose(s), e })
}

// MapUVs returns m for texture coordinates that a quantizer changed: in slots where
// change says so, what was origin + step t is now t. KHR_texture_transform makes up
// for it, together with what it did before, which must be no rotation: viewers turn
// the other way than the text of the extension, so there is no one right answer.
func (m *Material) MapUVs(change func(Slot) (origin, step [2]float64, ok bool)) Material {
	return m.rewrite(func(s Slot, e map[string]any) (int, map[string]any) {
		if origin, step, ok := change(s); ok {
			e = mapUVs(e, origin, step)
		}
		return s.Texture, e
	})
}

// mapUVs composes a transform, offset + scale uv, with origin + step uv before it.
func mapUVs(extensions map[string]any, origin, step [2]float64) map[string]any {
	old, _ := extensions["KHR_texture_transform"].(map[string]any)
	offset, scale := numbers2(old, "offset", 0), numbers2(old, "scale", 1)
	t := maps.Clone(old)
	if t == nil {
		t = map[string]any{}
	}
	t["offset"] = []any{jsonNumber(offset[0] + float64(scale[0]*origin[0])), jsonNumber(offset[1] + float64(scale[1]*origin[1]))}
	t["scale"] = []any{jsonNumber(scale[0] * step[0]), jsonNumber(scale[1] * step[1])}
	return Extra{Extensions: extensions}.With("KHR_texture_transform", t).Extensions
}

// numbers2 reads two numbers.
func numbers2(tree map[string]any, key string, missing float64) [2]float64 {
	if v, ok := tree[key].([]any); ok && len(v) == 2 {
		return [2]float64{number(v[0], missing), number(v[1], missing)}
	}
	return [2]float64{missing, missing}
}

func jsonNumber(x float64) json.Number { return json.Number(strconv.FormatFloat(x, 'g', 9, 64)) }

// rewrite returns m with the texture and the extensions of each slot as edit says.
func (m *Material) rewrite(edit func(Slot, map[string]any) (texture int, extensions map[string]any)) Material {
	out := *m
	for _, c := range out.core() {
		if *c.ref == nil {
			continue
		}
		ref := **c.ref
		k := m.read(c.name)
		slot := Slot{Name: c.name, Role: k.role, Used: k.used, Texture: ref.Texture}.transformed(ref.Extensions, ref.UV)
		ref.Texture, ref.Extensions = edit(slot, ref.Extensions)
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
			out.Extensions[name] = m.rewriteTree(tree, name, edit)
		}
	}
	return out
}

// rewriteTree walks an extension's JSON: what is named ...Texture and has an index is a
// use of a texture.
func (m *Material) rewriteTree(tree map[string]any, where string, edit func(Slot, map[string]any) (int, map[string]any)) map[string]any {
	out := maps.Clone(tree)
	for _, key := range slices.Sorted(maps.Keys(tree)) {
		child, ok := tree[key].(map[string]any)
		if !ok {
			continue
		}
		index, isRef := child["index"].(json.Number)
		if !isRef || !strings.HasSuffix(key, "Texture") {
			out[key] = m.rewriteTree(child, where+"."+key, edit)
			continue
		}
		k := m.read(where + "." + key)
		ext, _ := child["extensions"].(map[string]any)
		slot := Slot{Name: where + "." + key, Role: k.role, Used: k.used, Texture: int(number(index, None))}
		texture, extensions := edit(slot.transformed(ext, int(number(child["texCoord"], 0))), ext)
		if texture == None {
			delete(out, key)
			continue
		}
		child = maps.Clone(child)
		child["index"] = json.Number(strconv.Itoa(texture))
		if len(extensions) > 0 {
			child["extensions"] = extensions
		}
		out[key] = child
	}
	return out
}

// transformed is a slot's texture coordinates: its set, and what KHR_texture_transform
// does to them.
func (s Slot) transformed(extensions map[string]any, uv int) Slot {
	s.UV, s.Transform = uv, [2]float64{1, 1}
	if t, ok := extensions["KHR_texture_transform"].(map[string]any); ok {
		s.Transform, s.Offset = numbers2(t, "scale", 1), numbers2(t, "offset", 0)
		s.UV, s.Rotation = int(number(t["texCoord"], float64(uv))), number(t["rotation"], 0)
		s.Rotated = s.Rotation != 0
	}
	return s
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

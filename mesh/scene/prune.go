package scene

import (
	"maps"
	"slices"
)

// numbered says whether JSON that Plinth doesn't understand may refer to things by
// number: then they keep their numbers.
func (s *Scene) numbered() bool {
	numbered := false
	s.Walk(func(_ string, e *Extra) {
		for name := range e.Extensions {
			numbered = numbered || !understood[name]
		}
	})
	return numbered
}

// understood are the extensions whose references to textures Slots finds, or that
// have none.
var understood = func() map[string]bool {
	names := map[string]bool{}
	for _, n := range []string{
		"KHR_lights_punctual", "KHR_texture_transform", "KHR_materials_anisotropy", "KHR_materials_clearcoat",
		"KHR_materials_diffuse_transmission", "KHR_materials_dispersion", "KHR_materials_emissive_strength",
		"KHR_materials_ior", "KHR_materials_iridescence", "KHR_materials_pbrSpecularGlossiness", "KHR_materials_sheen",
		"KHR_materials_specular", "KHR_materials_transmission", "KHR_materials_unlit", "KHR_materials_variants",
		"KHR_materials_volume", "KHR_node_visibility", "KHR_xmp_json_ld", "EXT_mesh_gpu_instancing",
		"EXT_texture_webp", "MSFT_lod", "GODOT_single_root",
	} {
		names[n] = true
	}
	return names
}()

// Understood says whether Plinth knows all that an extension may refer to.
func Understood(extension string) bool { return understood[extension] }

// Prune returns s without textures, images and samplers that no material uses.
// Materials, nodes and meshes stay: animations, variants and the merchant's own
// programs may refer to them. Where an unknown extension may refer to
// textures, all stay.
func (s *Scene) Prune() *Scene {
	if s.numbered() {
		return s
	}
	out := *s
	var textures, images, samplers kept
	for i := range s.Materials {
		for _, slot := range s.Materials[i].Slots() {
			textures.add(slot.Texture)
		}
	}
	textures.number()
	for _, t := range textures.list {
		images.add(s.Textures[t].Source)
		samplers.add(s.Textures[t].Sampler)
	}
	images.number()
	samplers.number()

	out.Textures = pick(s.Textures, textures.list)
	for i := range out.Textures {
		t := &out.Textures[i]
		t.Source, t.Sampler = images.of(t.Source), samplers.of(t.Sampler)
	}
	out.Images, out.Samplers = pick(s.Images, images.list), pick(s.Samplers, samplers.list)
	out.Materials = slices.Clone(s.Materials)
	for i := range out.Materials {
		out.Materials[i] = s.Materials[i].Retexture(func(slot Slot) int { return textures.of(slot.Texture) })
	}
	return &out
}

// kept are entries of a list that stay, and the numbers they get.
type kept struct {
	list []int // by their old numbers
	now  map[int]int
}

func (k *kept) add(i int) {
	if _, there := k.now[i]; there || i == None {
		return
	}
	if k.now == nil {
		k.now = map[int]int{}
	}
	k.now[i] = None
	k.list = append(k.list, i)
}

// number gives new numbers in the old order.
func (k *kept) number() {
	slices.Sort(k.list)
	for n, i := range k.list {
		k.now[i] = n
	}
}

// of is the new number of entry i; None stays None.
func (k *kept) of(i int) int {
	if n, ok := k.now[i]; ok {
		return n
	}
	return None
}

func pick[T any](all []T, which []int) []T {
	var out []T
	for _, i := range which {
		out = append(out, all[i])
	}
	return out
}

// Check returns the first reference of an extension that is out of range: what a
// reader must ask before it lets a scene go.
func (s *Scene) Check() *FormatError {
	for i := range s.Materials {
		var bad *FormatError
		s.Materials[i].Retexture(func(slot Slot) int {
			if bad == nil && (slot.Texture < 0 || slot.Texture >= len(s.Textures)) {
				bad = Bad(place("materials", i)+"."+slot.Name, "uses texture %d, there are %d", slot.Texture, len(s.Textures))
			}
			return slot.Texture
		})
		if bad != nil {
			return bad
		}
	}
	for i := range s.Meshes {
		for j := range s.Meshes[i].Primitives {
			p := &s.Meshes[i].Primitives[j]
			for _, m := range p.Materials() {
				if m < 0 || m >= len(s.Materials) {
					return Bad(place("meshes", i)+place(".primitives", j), "uses material %d, there are %d", m, len(s.Materials))
				}
			}
		}
	}
	lights := 0
	if root, ok := s.Root.Extensions["KHR_lights_punctual"].(map[string]any); ok {
		list, _ := root["lights"].([]any)
		lights = len(list)
	}
	for i := range s.Nodes {
		if light, ok := s.Nodes[i].Extensions["KHR_lights_punctual"].(map[string]any); ok {
			if n, ok := jsonInt(light["light"]); !ok || n >= lights {
				return Bad(place("nodes", i), "uses a light that isn't there, there are %d", lights)
			}
		}
	}
	return nil
}

// Unknown lists the extensions of s that are carried through unread, sorted.
func (s *Scene) Unknown() []string {
	names := map[string]bool{}
	for _, n := range s.Used() {
		if !understood[n] {
			names[n] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

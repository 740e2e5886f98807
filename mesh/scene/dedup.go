package scene

import (
	"encoding/json"
	"slices"

	"github.com/plinth3d/plinth/textures"
)

// Dedup returns s with one of each: equal arrays, lists of indices, images, samplers,
// textures, materials and meshes become the first of them, and what referred to the
// others refers to it.
//
// Equal means equal in all that is drawn, and in extensions and extras. Names:
//   - Images, samplers and textures are shown by none, so theirs are not compared.
//   - Materials with different names stay apart: variants, configurators and a
//     shop's own scripts find materials by name.
//   - So do meshes, where a node that shows one has no name: viewers then call
//     the thing by its mesh's. Nodes that have names keep them.
//
// Images that show light, normals and numbers stay apart, though their bytes are kept
// once: whoever resizes or codes them does not do the same to each.
//
// Materials with other levels of detail (MSFT_lod) stay apart. Nodes, skins and
// animations stay as many as they were. Where an unknown extension may refer to
// things by number, lists keep their entries and only memory is shared.
func (s *Scene) Dedup() *Scene {
	out, pools := s.share()
	if s.numbered() {
		return out
	}
	samplers := alike(len(s.Samplers), func(i int) any {
		x := out.Samplers[i]
		x.Name = ""
		return x
	})
	out.Samplers = pick(out.Samplers, samplers.list)

	kinds := s.imageKinds(pools)
	images := alike(len(s.Images), func(i int) any {
		x := &out.Images[i]
		return []any{pools.imageNumber(x.Data), x.MIME, x.Extra, kinds[i]}
	})
	out.Images = pick(out.Images, images.list)

	out.Textures = slices.Clone(s.Textures)
	for i := range out.Textures {
		t := &out.Textures[i]
		t.Sampler, t.Source = samplers.of(t.Sampler), images.of(t.Source)
	}
	numbers := alike(len(s.Textures), func(i int) any {
		x := out.Textures[i]
		x.Name = ""
		return x
	})
	out.Textures = pick(out.Textures, numbers.list)

	out.dedupMaterials(&numbers)
	out.dedupMeshes(pools)
	return out
}

// imageKinds tells of each image which of light, normals and numbers it holds for the
// materials that use it. One that none uses is like the first of its bytes that one does.
func (s *Scene) imageKinds(pools *pools) [][3]bool {
	out := make([][3]bool, len(s.Images))
	for m := range s.Materials {
		for _, slot := range s.Materials[m].Slots() {
			src := s.Textures[slot.Texture].Source
			if src == None {
				continue
			}
			kind := 2
			switch {
			case slot.Role.Light():
				kind = 0
			case slot.Role == textures.Normal:
				kind = 1
			}
			out[src][kind] = true
		}
	}
	first := map[int][3]bool{}
	for i, kind := range out {
		n := pools.imageNumber(s.Images[i].Data)
		if _, known := first[n]; !known && kind != [3]bool{} {
			first[n] = kind
		}
	}
	for i, kind := range out {
		if kind == [3]bool{} {
			out[i] = first[pools.imageNumber(s.Images[i].Data)]
		}
	}
	return out
}

// dedupMaterials takes textures by the numbers they had.
func (s *Scene) dedupMaterials(numbers *classes) {
	s.Materials = slices.Clone(s.Materials)
	for i := range s.Materials {
		s.Materials[i] = s.Materials[i].Retexture(func(slot Slot) int { return numbers.of(slot.Texture) })
	}
	materials := alike(len(s.Materials), func(i int) any {
		if _, levels := s.Materials[i].Extensions[lod]; levels {
			return nil
		}
		return s.Materials[i]
	})
	s.Materials = pick(s.Materials, materials.list)
	for i := range s.Materials {
		s.Materials[i].Extra = relevel(s.Materials[i].Extra, materials.of)
	}
	for i := range s.Meshes {
		for j := range s.Meshes[i].Primitives {
			p := &s.Meshes[i].Primitives[j]
			*p = p.rematerial(materials.of)
		}
	}
}

func (s *Scene) dedupMeshes(pools *pools) {
	called := make([]bool, len(s.Meshes)) // by its own name, in viewers
	for i := range s.Nodes {
		if n := &s.Nodes[i]; n.Mesh != None && n.Name == "" {
			called[n.Mesh] = true
		}
	}
	attributes := func(list []Attribute) (out []any) {
		for _, a := range list {
			out = append(out, a.Name, pools.arrayNumber(a.Array))
		}
		return out
	}
	meshes := alike(len(s.Meshes), func(i int) any {
		m := &s.Meshes[i]
		key := []any{m.Weights, m.Extra}
		if called[i] {
			key = append(key, m.Name)
		}
		for j := range m.Primitives {
			p := &m.Primitives[j]
			targets := []any{}
			for _, t := range p.Targets {
				targets = append(targets, attributes(t))
			}
			key = append(key, []any{p.Mode, pools.orderNumber(p.Indices), attributes(p.Attributes), targets, p.Material, p.Extra})
		}
		return key
	})
	s.Meshes = pick(s.Meshes, meshes.list)
	for i := range s.Nodes {
		s.Nodes[i].Mesh = meshes.of(s.Nodes[i].Mesh)
	}
}

// classes are the entries of a list after equal ones became one.
type classes struct {
	list []int // the first of each class, by its old number
	now  []int // the new number of each entry
}

// alike divides n entries by their keys, which are compared as JSON: pointers
// count by what they point to. What has no key is like nothing else.
func alike(n int, key func(i int) any) (c classes) {
	seen := map[string]int{}
	for i := range n {
		k := key(i)
		text, err := json.Marshal(k)
		number, known := seen[string(text)]
		if err != nil || k == nil || !known {
			number = len(c.list)
			c.list = append(c.list, i)
		}
		if err == nil && k != nil {
			seen[string(text)] = number
		}
		c.now = append(c.now, number)
	}
	return c
}

// of is the new number of entry i. None stays None, and so does what an
// extension names and isn't there.
func (c *classes) of(i int) int {
	if i < 0 || i >= len(c.now) {
		return i
	}
	return c.now[i]
}

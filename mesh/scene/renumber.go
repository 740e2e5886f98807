package scene

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
)

// Extensions that refer to materials, and to nodes, by number.
const (
	variants = "KHR_materials_variants"
	lod      = "MSFT_lod"
)

// rematerial returns p with its materials, those of its variants too, replaced by
// what choose says.
func (p *Primitive) rematerial(choose func(int) int) Primitive {
	out := *p
	out.Material = choose(p.Material)
	tree, ok := p.Extensions[variants].(map[string]any)
	if !ok {
		return out
	}
	mappings, _ := tree["mappings"].([]any)
	mappings = slices.Clone(mappings)
	for i, m := range mappings {
		entry, _ := m.(map[string]any)
		if old := int(number(entry["material"], None)); old != None {
			entry = maps.Clone(entry)
			entry["material"] = json.Number(strconv.Itoa(choose(old)))
			mappings[i] = entry
		}
	}
	tree = maps.Clone(tree)
	if mappings != nil {
		tree["mappings"] = mappings
	}
	out.Extra = p.With(variants, tree)
	return out
}

// levels lists what MSFT_lod on a node or material names as its coarser levels.
func levels(e Extra) (ids []int) {
	tree, _ := e.Extensions[lod].(map[string]any)
	list, _ := tree["ids"].([]any)
	for _, v := range list {
		if i, ok := jsonInt(v); ok {
			ids = append(ids, i)
		}
	}
	return ids
}

// relevel returns e with the levels of MSFT_lod replaced by what choose says.
func relevel(e Extra, choose func(int) int) Extra {
	tree, _ := e.Extensions[lod].(map[string]any)
	list, ok := tree["ids"].([]any)
	if !ok {
		return e
	}
	list = slices.Clone(list)
	for i, v := range list {
		if old, ok := jsonInt(v); ok {
			list[i] = json.Number(strconv.Itoa(choose(old)))
		}
	}
	tree = maps.Clone(tree)
	tree["ids"] = list
	return e.With(lod, tree)
}

// withoutLevels returns e without MSFT_lod, and without the hint that goes with it.
func (e Extra) withoutLevels() Extra {
	if _, ok := e.Extensions[lod]; !ok {
		return e
	}
	e = e.With(lod, nil)
	if extras, ok := e.Extras.(map[string]any); ok && extras[screenCoverage] != nil {
		extras = maps.Clone(extras)
		delete(extras, screenCoverage)
		if e.Extras = extras; len(extras) == 0 {
			e.Extras = nil
		}
	}
	return e
}

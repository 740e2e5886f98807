package pipeline

import (
	"encoding/binary"
	"math"
	"slices"
	"strings"

	"github.com/plinth3d/plinth/mesh/scene"
)

// maxShortEdge is the largest image for which texture coordinates fit 16 bits: a step
// is then a sixteenth of a texel, and rounding moves a picture by half of that.
const maxShortEdge = 4096

// withShortUVs packs texture coordinates that lie between 0 and 1 as normalized
// shorts, which the core of glTF allows: half their bytes. Arrays that are
// shared stay shared.
func withShortUVs(meshes []scene.Mesh) []scene.Mesh {
	short := map[*scene.Array]*scene.Array{}
	out := slices.Clone(meshes)
	for i := range out {
		out[i].Primitives = slices.Clone(out[i].Primitives)
		for j := range out[i].Primitives {
			p := &out[i].Primitives[j]
			p.Attributes = slices.Clone(p.Attributes)
			for k, a := range p.Attributes {
				if !strings.HasPrefix(a.Name, "TEXCOORD_") || a.Kind != scene.Float32 {
					continue
				}
				packed, seen := short[a.Array]
				if !seen {
					packed = shortened(a.Array)
					short[a.Array] = packed
				}
				p.Attributes[k].Array = packed
			}
		}
	}
	return out
}

// shortened returns a as normalized shorts, or a itself where a value is not between
// 0 and 1.
func shortened(a *scene.Array) *scene.Array {
	out := &scene.Array{Kind: scene.Uint16, Width: a.Width, Normalized: true, Data: make([]byte, 0, len(a.Data)/2)}
	for i := range a.Len() {
		for k := range a.Width {
			v := float64(a.At(i, k))
			if !(v >= 0 && v <= 1) {
				return a
			}
			out.Data = binary.LittleEndian.AppendUint16(out.Data, uint16(math.Round(v*math.MaxUint16)))
		}
	}
	return out
}

package meshtest

import (
	"math"

	"github.com/plinth3d/plinth/mesh"
)

// Subdivide makes a large mesh of a small one: each triangle becomes four, times over,
// with midpoints that neighbours share. Then each vertex moves along its smooth normal
// by up to noise times the mean edge length, so that the surface is as rough as a scan and
// no simplifier finds whole planes. The noise is a hash of the position: it is the
// same in every run, and the corners of a seam stay together.
//
// Normals, texture coordinates, colors and parts follow; poses are left out.
func Subdivide(m *mesh.Mesh, times int, noise float64) *mesh.Mesh {
	out := &mesh.Mesh{Positions: m.Positions, Normals: m.Normals, UVs: m.UVs, Colors: m.Colors, Indices: m.Indices, Parts: m.Parts}
	for range times {
		out = quarter(out)
	}
	if noise == 0 {
		return out
	}
	reach := noise * meanEdge(out)
	normals := SmoothNormals(out)
	moved := make([][3]float32, len(out.Positions))
	for v, p := range out.Positions {
		d := reach * hash(p)
		for k := range 3 {
			moved[v][k] = float32(float64(p[k]) + float64(d*float64(normals[v][k])))
		}
	}
	out.Positions = moved
	if m.Normals != nil {
		out.Normals = SmoothNormals(out)
	}
	return out
}

// quarter splits every edge of m in the middle.
func quarter(m *mesh.Mesh) *mesh.Mesh {
	var ends [][2]uint32 // of the edge of each new vertex
	middle := map[[2]uint32]uint32{}
	between := func(a, b uint32) uint32 {
		key := [2]uint32{min(a, b), max(a, b)}
		v, ok := middle[key]
		if !ok {
			v = uint32(len(m.Positions) + len(ends))
			middle[key] = v
			ends = append(ends, key)
		}
		return v
	}
	out := &mesh.Mesh{Indices: make([]uint32, 0, 4*len(m.Indices))}
	for t := 0; t+2 < len(m.Indices); t += 3 {
		a, b, c := m.Indices[t], m.Indices[t+1], m.Indices[t+2]
		ab, bc, ca := between(a, b), between(b, c), between(c, a)
		out.Indices = append(out.Indices, a, ab, ca, ab, b, bc, ca, bc, c, ab, bc, ca)
		if m.Parts != nil {
			p := m.Parts[t/3]
			out.Parts = append(out.Parts, p, p, p, p)
		}
	}
	out.Positions = midpoints(m.Positions, ends)
	if m.Normals != nil {
		out.Normals = midpoints(m.Normals, ends)
		for i := len(m.Normals); i < len(out.Normals); i++ {
			out.Normals[i] = unit(wide(out.Normals[i]))
		}
	}
	if m.Colors != nil {
		out.Colors = midpoints(m.Colors, ends)
	}
	for _, set := range m.UVs {
		out.UVs = append(out.UVs, midpoints(set, ends))
	}
	return out
}

// midpoints appends the mean of both ends of each edge to rows.
func midpoints[R [2]float32 | [3]float32 | [4]float32](rows []R, ends [][2]uint32) []R {
	out := make([]R, len(rows), len(rows)+len(ends))
	copy(out, rows)
	for _, e := range ends {
		a, b := rows[e[0]], rows[e[1]]
		for k := range len(a) {
			a[k] = (a[k] + b[k]) / 2
		}
		out = append(out, a)
	}
	return out
}

// SmoothNormals is one unit normal for each vertex of m: the mean around its place,
// weighted by area. No edge is sharp.
func SmoothNormals(m *mesh.Mesh) [][3]float32 {
	places := m.Places()
	sum := make([][3]float64, len(m.Positions))
	for t := 0; t+2 < len(m.Indices); t += 3 {
		a, b, c := wide(m.Positions[m.Indices[t]]), wide(m.Positions[m.Indices[t+1]]), wide(m.Positions[m.Indices[t+2]])
		for k := range 3 {
			i, j := (k+1)%3, (k+2)%3
			x := float64((b[i]-a[i])*(c[j]-a[j])) - float64((b[j]-a[j])*(c[i]-a[i]))
			for _, v := range m.Indices[t : t+3] {
				sum[places[v]][k] += x
			}
		}
	}
	out := make([][3]float32, len(m.Positions))
	for v := range out {
		out[v] = unit(sum[places[v]])
	}
	return out
}

func wide(p [3]float32) [3]float64 { return [3]float64{float64(p[0]), float64(p[1]), float64(p[2])} }

// unit is n with length 1; what has no direction points up.
func unit(n [3]float64) [3]float32 {
	l := math.Sqrt(float64(n[0]*n[0]) + float64(n[1]*n[1]) + float64(n[2]*n[2]))
	if l == 0 {
		return [3]float32{0, 1, 0}
	}
	return [3]float32{float32(n[0] / l), float32(n[1] / l), float32(n[2] / l)}
}

func meanEdge(m *mesh.Mesh) float64 {
	sum := 0.0
	for i := range m.Indices {
		a, b := wide(m.Positions[m.Indices[i]]), wide(m.Positions[m.Indices[i/3*3+(i+1)%3]])
		d := 0.0
		for k := range 3 {
			d += float64((b[k] - a[k]) * (b[k] - a[k]))
		}
		sum += math.Sqrt(d)
	}
	return sum / float64(max(1, len(m.Indices)))
}

// hash is a number in -1..1 that belongs to a place (the finalizer of MurmurHash3).
func hash(p [3]float32) float64 {
	h := uint64(0)
	for _, x := range p {
		h = (h ^ uint64(math.Float32bits(x+0))) * 0x9e3779b97f4a7c15 // + 0 makes -0 the same place
		h ^= h >> 33
		h *= 0xff51afd7ed558ccd
		h ^= h >> 33
	}
	return float64(h>>11)/(1<<52) - 1
}

package mesh_test

import (
	"context"
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/plinth3d/plinth/mesh"
	"github.com/plinth3d/plinth/mesh/meshtest"
)

// anyMesh draws a surface or a soup, with any attributes, parts and poses.
func anyMesh(r *rapid.T) *mesh.Mesh {
	var m *mesh.Mesh
	switch rapid.SampledFrom([]string{"soup", "grid", "sphere", "cube", "crowd"}).Draw(r, "kind") {
	case "soup":
		m = soup(r)
	case "grid":
		m = meshtest.Grid(rapid.IntRange(1, 12).Draw(r, "cells"), meshtest.Waves)
	case "sphere":
		m = meshtest.Sphere(rapid.IntRange(3, 16).Draw(r, "around"), rapid.IntRange(2, 10).Draw(r, "rings"))
	case "cube":
		m = meshtest.Cube(rapid.IntRange(1, 5).Draw(r, "cells"))
	case "crowd":
		m = gravel(rapid.IntRange(0, 20).Draw(r, "pieces"), 0.05)
	}
	noise := rapid.SampledFrom([]float64{0, 0.05, 0.5, 3}).Draw(r, "noise")
	m = meshtest.Subdivide(m, 0, noise) // places move as one
	n := len(m.Positions)
	random := func(name string) float32 { return float32(rapid.IntRange(-8, 8).Draw(r, name)) / 8 }

	m.Normals = nil
	switch rapid.SampledFrom([]string{"none", "smooth", "flat", "any"}).Draw(r, "normals") {
	case "smooth":
		m.Normals = meshtest.SmoothNormals(m)
	case "flat":
		normals, from, indices := mesh.Normals(m, 0.5)
		m = pick(m, from, indices)
		m.Normals = normals
		n = len(from)
	case "any":
		m.Normals = make([][3]float32, n)
		for v := range m.Normals {
			m.Normals[v][rapid.IntRange(0, 2).Draw(r, "axis")] = 1
		}
	}
	if rapid.Bool().Draw(r, "colors") {
		m.Colors = make([][4]float32, n)
		for v := range m.Colors {
			m.Colors[v] = [4]float32{max(0, random("red")), 0.5, 1, 1}
		}
	}
	for range rapid.IntRange(0, 2).Draw(r, "more texture coordinates") {
		set := make([][2]float32, n)
		for v := range set {
			set[v] = [2]float32{random("u"), m.Positions[v][0]}
		}
		m.UVs = append(m.UVs, set)
	}
	if parts := rapid.IntRange(0, 5).Draw(r, "parts"); parts > 0 {
		m.Parts = make([]uint32, m.Triangles())
		for tri := range m.Parts {
			m.Parts[tri] = uint32(tri * parts / len(m.Parts))
			if rapid.IntRange(0, 9).Draw(r, "odd one") == 0 {
				m.Parts[tri] = uint32(rapid.IntRange(0, parts).Draw(r, "part"))
			}
		}
	}
	for range rapid.IntRange(0, 2).Draw(r, "poses") {
		bend := random("bend")
		pose := make([][3]float32, n)
		for v, p := range m.Positions {
			pose[v] = [3]float32{p[0], p[1] + bend*p[0]*p[0], p[2] + bend}
		}
		m.Poses = append(m.Poses, pose)
	}
	return m
}

func soup(r *rapid.T) *mesh.Mesh {
	m := &mesh.Mesh{}
	n := rapid.IntRange(3, 24).Draw(r, "vertices")
	coord := func() float32 { return float32(rapid.IntRange(-3, 3).Draw(r, "x")) / 4 }
	for range n {
		m.Positions = append(m.Positions, [3]float32{coord(), coord(), coord()})
	}
	for range rapid.IntRange(1, 60).Draw(r, "triangles") {
		for range 3 {
			m.Indices = append(m.Indices, uint32(rapid.IntRange(0, n-1).Draw(r, "index")))
		}
	}
	return m
}

// pick is the mesh of some of m's vertices, which indices count.
func pick(m *mesh.Mesh, from, indices []uint32) *mesh.Mesh {
	out := &mesh.Mesh{Indices: indices, Parts: m.Parts}
	for _, v := range from {
		out.Positions = append(out.Positions, m.Positions[v])
	}
	for _, set := range m.UVs {
		var uvs [][2]float32
		for _, v := range from {
			uvs = append(uvs, set[v])
		}
		out.UVs = append(out.UVs, uvs)
	}
	return out
}

func hasSurface(m *mesh.Mesh) bool {
	places := m.Places()
	for i := 0; i < len(m.Indices); i += 3 {
		if a, b, c := places[m.Indices[i]], places[m.Indices[i+1]], places[m.Indices[i+2]]; a != b && b != c && c != a {
			return true
		}
	}
	return false
}

// anyTargets draws a chain: each at most as fine as the one before.
func anyTargets(r *rapid.T) (targets []mesh.Target) {
	ratio, deviation := 1.0, 0.0005
	for range rapid.IntRange(1, 4).Draw(r, "targets") {
		var t mesh.Target
		ratio *= rapid.SampledFrom([]float64{1, 0.7, 0.4, 0.1}).Draw(r, "ratio")
		deviation *= rapid.SampledFrom([]float64{1, 3, 30}).Draw(r, "deviation")
		if rapid.Bool().Draw(r, "by ratio") {
			t.Ratio = ratio
		}
		if rapid.Bool().Draw(r, "by deviation") {
			t.Deviation = float32(deviation)
		}
		targets = append(targets, t)
	}
	return targets
}

func TestAnyChainOfAnyMeshKeepsThePromises(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		m := anyMesh(r)
		if !hasSurface(m) {
			r.Skip("no triangle has an area")
		}
		targets := anyTargets(r)
		keep := rapid.Bool().Draw(r, "keep vertices")
		levels, err := mesh.Chain(context.Background(), m, targets, mesh.Options{KeepVertices: keep})
		if err != nil {
			r.Fatal(err)
		}
		for k := range levels {
			l, goal := &levels[k], math.Round(targets[k].Ratio*float64(m.Triangles()))
			meshtest.Check(r, m, l)
			if k > 0 && l.Triangles() > levels[k-1].Triangles() {
				r.Fatalf("level %d has %d triangles, the finer one %d", k, l.Triangles(), levels[k-1].Triangles())
			}
			if missed := targets[k].Ratio > 0 && float64(l.Triangles()) > 1.01*goal+1; missed != (l.Reason != "") {
				r.Fatalf("level %d has %d triangles of %g, the reason is %q", k, l.Triangles(), goal, l.Reason)
			}
			if keep || len(m.Poses) > 0 {
				keepsVertices(r, m, l)
			}
			if targets[k].Deviation > 0 && l.Deviation > targets[k].Deviation && (k == 0 || l.Triangles() < levels[k-1].Triangles()) {
				r.Fatalf("level %d is %g m off, the target says %g", k, l.Deviation, targets[k].Deviation)
			}
		}
	})
}

// keepsVertices fails where a vertex of l is not where its source is, in any pose.
func keepsVertices(t meshtest.Fataler, m *mesh.Mesh, l *mesh.Level) {
	for v, at := range l.Positions {
		s := l.Sources[v]
		if at != m.Positions[s] {
			t.Fatalf("vertex %d is at %v, its source %d at %v", v, at, s, m.Positions[s])
		}
		for k := range m.Poses {
			if l.Poses[k][v] != m.Poses[k][s] {
				t.Fatalf("vertex %d is at %v in pose %d, its source %d at %v", v, l.Poses[k][v], k, s, m.Poses[k][s])
			}
		}
	}
}

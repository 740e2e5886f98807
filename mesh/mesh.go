// Package mesh holds triangle meshes as parallel arrays and computes on them:
// checking, welding, simplification, normals and surface distance.
//
// Everything here is a function from values to values. Nothing opens a file,
// reads a clock or starts work that outlives the call. Lengths are meters and
// angles radians. The same input gives the same output on every machine:
// products that are added are converted explicitly (float64(a*b) + c), which
// forbids the compiler to fuse them into one instruction on processors that
// have it.
package mesh

import (
	"fmt"
	"math"
)

// A Mesh is a set of triangles over parallel vertex arrays, in glTF's own
// layout. All vertex slices are either empty or as long as Positions.
type Mesh struct {
	Positions [][3]float32   // meters
	Normals   [][3]float32   // unit length, or nil
	UVs       [][][2]float32 // sets of texture coordinates, or nil
	Colors    [][4]float32   // linear RGBA, or nil

	// Poses are other positions of the same vertices: a morph target fully
	// applied, a key frame of a skinned animation. A deviation is the largest
	// over Positions and all Poses.
	Poses [][][3]float32

	Indices []uint32 // three per triangle, counter-clockwise

	// Parts names the part (material, primitive) of each triangle, or is nil
	// when there is one. The border between two parts is kept.
	Parts []uint32
}

// Triangles is the number of triangles.
func (m *Mesh) Triangles() int { return len(m.Indices) / 3 }

// Validate reports the first thing that makes m unsafe to compute with: arrays
// of unequal length, an index out of range, a position that is not finite.
func (m *Mesh) Validate() error {
	n := len(m.Positions)
	if len(m.Indices)%3 != 0 {
		return fmt.Errorf("mesh: %d indices are not a whole number of triangles", len(m.Indices))
	}
	if m.Parts != nil && len(m.Parts) != m.Triangles() {
		return fmt.Errorf("mesh: %d parts for %d triangles", len(m.Parts), m.Triangles())
	}
	if m.Normals != nil && len(m.Normals) != n {
		return fmt.Errorf("mesh: %d normals for %d vertices", len(m.Normals), n)
	}
	if m.Colors != nil && len(m.Colors) != n {
		return fmt.Errorf("mesh: %d colors for %d vertices", len(m.Colors), n)
	}
	for i, set := range m.UVs {
		if len(set) != n {
			return fmt.Errorf("mesh: %d texture coordinates in set %d for %d vertices", len(set), i, n)
		}
	}
	for i, x := range m.Indices {
		if int(x) >= n {
			return fmt.Errorf("mesh: index %d is %d, there are %d vertices", i, x, n)
		}
	}
	if err := finite(m.Positions); err != nil {
		return fmt.Errorf("mesh: position %w", err)
	}
	for i, pose := range m.Poses {
		if len(pose) != n {
			return fmt.Errorf("mesh: %d positions in pose %d for %d vertices", len(pose), i, n)
		}
		if err := finite(pose); err != nil {
			return fmt.Errorf("mesh: pose %d: position %w", i, err)
		}
	}
	return nil
}

func finite(points [][3]float32) error {
	for i, p := range points {
		for _, x := range p {
			if f := float64(x); math.IsNaN(f) || math.IsInf(f, 0) {
				return fmt.Errorf("%d is not finite", i)
			}
		}
	}
	return nil
}

// Bounds returns the corners of the axis-aligned box around points; ok is
// false when there is none.
func Bounds(points [][3]float32) (lo, hi [3]float32, ok bool) {
	for i, p := range points {
		if i == 0 {
			lo, hi = p, p
			continue
		}
		for k := range 3 {
			lo[k] = min(lo[k], p[k])
			hi[k] = max(hi[k], p[k])
		}
	}
	return lo, hi, len(points) > 0
}

// Area is the surface of the triangle a, b, c.
func Area(a, b, c [3]float32) float64 {
	return 0.5 * length(cross(sub(wide(b), wide(a)), sub(wide(c), wide(a))))
}

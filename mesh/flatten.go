package mesh

import "math"

// What an error of an attribute counts as, as a share of a distance: of one in a normal, over
// the size of the triangle; of texture coordinates, in lengths on the surface; of one in a
// color. By measure: with normals at a half the surface is 6 % farther off, with nothing
// they are three times off.
const (
	shadeWeight = 0.2
	uvWeight    = 0.7
	colorWeight = 0.5
)

func newReducer(m *Mesh, fixed bool) *reducer {
	r := &reducer{m: m, fixed: fixed, limit: math.Inf(1)}
	if m.Normals != nil {
		r.shades = 3
	}
	r.width = r.shades + 2*len(m.UVs)
	if m.Colors != nil {
		r.width += 4
	}
	if r.width > 0 {
		r.stride = sumAttributes + 4*r.width
	}
	r.frame()
	r.number = r.findPlaces()
	r.findWedges(r.number)
	r.divide()
	r.chainCorners()
	r.parts = r.findComponents()
	r.fillQuadrics()
	r.fillQueues()
	return r
}

// frame chooses the unit of length: the power of two at or above the extent, so that
// scaling is exact.
func (r *reducer) frame() {
	lo, hi, ok := Bounds(r.m.Positions)
	if !ok {
		r.unit = 1
		return
	}
	r.middle = scale(add(wide(lo), wide(hi)), 0.5)
	_, exp := math.Frexp(max(float64(hi[0])-float64(lo[0]), float64(hi[1])-float64(lo[1]), float64(hi[2])-float64(lo[2]), 0))
	r.unit = math.Ldexp(1, exp)
}

func (r *reducer) inside(p [3]float32) vec { return scale(sub(wide(p), r.middle), 1/r.unit) }

// outside is where a place is in meters: at most what a float32 holds.
func (r *reducer) outside(p vec) (out [3]float32) {
	for k, x := range add(scale(p, r.unit), r.middle) {
		out[k] = float32(min(max(x, -math.MaxFloat32), math.MaxFloat32))
	}
	return out
}

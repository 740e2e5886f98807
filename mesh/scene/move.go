package scene

import (
	"encoding/binary"
	"math"
	"slices"
	"strings"
)

// movable says whether moved knows all that p holds.
func (p *Primitive) movable() bool {
	for _, a := range p.Attributes {
		switch {
		case a.Name == "POSITION" || a.Name == "NORMAL":
			if a.Kind != Float32 || a.Width != 3 {
				return false
			}
		case a.Name == "TANGENT":
			if a.Kind != Float32 || a.Width != 4 {
				return false
			}
		case !strings.HasPrefix(a.Name, "TEXCOORD_") && !strings.HasPrefix(a.Name, "COLOR_"):
			return false // joints, or a merchant's own numbers: they may be directions
		}
	}
	return len(p.Targets) == 0 && p.Attribute("POSITION") != nil
}

// moved returns p in another frame, as a renderer would see it there: normals
// stay across the surface, and triangles that a mirror turns inside out are wound the
// other way. ok is false where a has no inverse or a position leaves the range
// of float32.
func (p *Primitive) moved(a Mat) (out Primitive, ok bool) {
	if a == Identity {
		return *p, true
	}
	m, ok := a.Linear()
	if !ok {
		return out, false
	}
	out = *p
	out.Attributes = slices.Clone(p.Attributes)
	mirror := m.det() < 0
	for i := range out.Attributes {
		x := &out.Attributes[i]
		switch x.Name {
		case "POSITION":
			x.Array = x.each(a.Point)
			ok = ok && finite(x.Array)
		case "NORMAL":
			x.Array = x.each(m.Normals().Turn)
		case "TANGENT":
			w := x.Array
			x.Array = x.each(m.Turn)
			for v := range w.Len() {
				if sign := w.At(v, 3); mirror {
					binary.LittleEndian.PutUint32(x.Row(v)[12:], math.Float32bits(-sign))
				}
			}
		}
	}
	if mirror {
		out.Indices = slices.Clone(p.TriangleList())
		for t := 0; t < len(out.Indices); t += 3 {
			out.Indices[t+1], out.Indices[t+2] = out.Indices[t+2], out.Indices[t+1]
		}
	}
	return out, ok
}

// each returns a with the first three components of every row changed.
func (a *Array) each(f func([3]float32) [3]float32) *Array {
	out := *a
	out.Data = slices.Clone(a.Data)
	for i := range out.Len() {
		p := f([3]float32{a.At(i, 0), a.At(i, 1), a.At(i, 2)})
		row := out.Row(i)
		for k := range p {
			binary.LittleEndian.PutUint32(row[4*k:], math.Float32bits(p[k]))
		}
	}
	return &out
}

func finite(a *Array) bool {
	for i := 0; i < len(a.Data); i += 4 {
		if binary.LittleEndian.Uint32(a.Data[i:])&0x7f800000 == 0x7f800000 {
			return false
		}
	}
	return true
}

// A Turning is what a transform does to directions, column-major.
type Turning [9]float64

// Linear is the part of a that directions see, scaled so that its largest number is 1;
// ok is false where it makes things flat: then normals have no direction.
func (a Mat) Linear() (m Turning, ok bool) {
	most := 0.0
	for k := range m {
		m[k] = a[k/3*4+k%3]
		most = max(most, math.Abs(m[k]))
	}
	for k := range m {
		m[k] /= most
	}
	return m, math.Abs(m.det()) > 1e-12 // of a plate: 1e-6 is a thousand times thinner than paper
}

func (m Turning) det() float64 {
	c := m.cofactors()
	return float64(m[0]*c[0]) + float64(m[1]*c[1]) + float64(m[2]*c[2])
}

func (m Turning) cofactors() (c Turning) {
	for col := range 3 {
		for row := range 3 {
			a, b := 3*((col+1)%3), 3*((col+2)%3)
			i, j := (row+1)%3, (row+2)%3
			c[3*col+row] = float64(m[a+i]*m[b+j]) - float64(m[a+j]*m[b+i])
		}
	}
	return c
}

// Normals is what m does to normals: the inverse transpose, up to a positive factor.
func (m Turning) Normals() Turning {
	c := m.cofactors()
	if m.det() < 0 {
		for k := range c {
			c[k] = -c[k]
		}
	}
	return c
}

// Turn moves a direction and makes it a unit; no direction stays none.
func (m Turning) Turn(d [3]float32) (out [3]float32) {
	var x [3]float64
	for r := range 3 {
		x[r] = float64(m[r]*float64(d[0])) + float64(m[3+r]*float64(d[1])) + float64(m[6+r]*float64(d[2]))
	}
	l := math.Sqrt(float64(x[0]*x[0]) + float64(x[1]*x[1]) + float64(x[2]*x[2]))
	if l == 0 {
		return d
	}
	for r := range 3 {
		out[r] = float32(x[r] / l)
	}
	return out
}

package draco

import (
	"math"
	"math/bits"
)

// positions gathers the integer positions that entries of another attribute have:
// three for each.
func (d *decoder) positions(a *attribute) ([][3]int64, *FormatError) {
	p := d.position
	if p == nil || p == a || p.width != 3 || p.values == nil {
		return nil, d.bad("is predicted from positions that are not there as integers")
	}
	if err := d.take(a.entries, 3*8); err != nil {
		return nil, err
	}
	out := make([][3]int64, a.entries)
	for i, c := range a.order.corner {
		v := p.values[3*int(p.entry[d.mesh.Indices[c]]):]
		out[i] = [3]int64{int64(v[0]), int64(v[1]), int64(v[2])}
	}
	return out, nil
}

// predictTexCoords predicts a texture coordinate from those of a face's two others, as
// if the face were mapped without distortion (TexCoords Prediction Decoder).
func (d *decoder) predictTexCoords(a *attribute) *FormatError {
	sides, err := d.orientations(a)
	if err != nil {
		return err
	}
	w, err := d.wrap()
	if err != nil {
		return err
	}
	pos, err := d.positions(a)
	if err != nil {
		return err
	}
	at := func(e int32) [2]int64 { return [2]int64{int64(a.values[2*e]), int64(a.values[2*e+1])} }
	for e := range int32(a.entries) {
		c := a.order.corner[e]
		n := a.order.entry[a.table.vertex[next(c)]]
		p := a.order.entry[a.table.vertex[previous(c)]]
		var uv [2]int64
		done := false
		if n < e && p < e {
			f := flat{tip: pos[e], next: pos[n], previous: pos[p], nextUV: at(n), previousUV: at(p)}
			switch f.prepare() {
			case flatKnown:
				uv, done = f.nextUV, true
			case flatWide:
				return d.bad("has entry %d too far from others to predict", e)
			case flatTwo:
				if len(sides) == 0 {
					return d.bad("has too few orientations")
				}
				uv, done = f.unfold(sides[len(sides)-1]), true
				sides = sides[:len(sides)-1]
			}
		}
		switch {
		case done:
		case n < e:
			uv = at(n)
		case e > 0:
			uv = at(e - 1)
		}
		w.add([]int32{int32(uv[0]), int32(uv[1])}, a.values[2*e:2*e+2])
	}
	return nil
}

// orientations reads on which side of the known edge coordinates lie, the last first
// (DecodePredictionData_TexCoords).
func (d *decoder) orientations(a *attribute) ([]bool, *FormatError) {
	count := d.r.u32()
	if uint64(count) > uint64(a.entries) {
		return nil, d.bad("has %d orientations for %d entries", count, a.entries)
	}
	b, err := d.readBits()
	if err != nil {
		return nil, err
	}
	if err := d.take(int(count), 1); err != nil {
		return nil, err
	}
	sides := make([]bool, count)
	side := true
	for i := range sides {
		side = side == b.next() // a zero is a change
		sides[i] = side
	}
	if b.short {
		return nil, d.bad("has too few bits for %d orientations", count)
	}
	return sides, nil
}

// flat is a face laid into the plane of texture coordinates.
type flat struct {
	tip, next, previous [3]int64
	nextUV, previousUV  [2]int64

	edge, toTip    [3]int64 // from next to previous, from next to tip
	edgeUV         [2]int64
	square, onEdge int64 // edge * edge, toTip * edge
}

// What is known of a face.
const (
	flatNone  = iota // its edge has no length
	flatKnown        // both coordinates are the same: take it
	flatTwo          // there are two places
	flatWide         // numbers would not fit 64 bits
)

func (f *flat) prepare() int {
	if f.nextUV == f.previousUV {
		return flatKnown
	}
	f.edge, f.toTip = sub(f.previous, f.next), sub(f.tip, f.next)
	if f.square = dot(f.edge, f.edge); f.square == 0 {
		return flatNone
	}
	f.onEdge = dot(f.edge, f.toTip)
	f.edgeUV = [2]int64{f.previousUV[0] - f.nextUV[0], f.previousUV[1] - f.nextUV[1]}
	const most = math.MaxInt64
	along := magnitude(f.onEdge)
	if max(magnitude(f.nextUV[0]), magnitude(f.nextUV[1])) > most/uint64(f.square) ||
		along > most/max(magnitude(f.edgeUV[0]), magnitude(f.edgeUV[1])) ||
		along > most/max(magnitude(f.edge[0]), magnitude(f.edge[1]), magnitude(f.edge[2])) {
		return flatWide
	}
	return flatTwo
}

// unfold gives the place on one side of the edge or the other. Arithmetic wraps where
// it overflows, as the encoder's does.
func (f *flat) unfold(side bool) [2]int64 {
	foot := f.next
	for i := range foot {
		foot[i] += f.onEdge * f.edge[i] / f.square
	}
	height := sub(f.tip, foot)
	scale := int64(sqrt(uint64(dot(height, height)) * uint64(f.square)))
	up := [2]int64{f.edgeUV[1] * scale, -f.edgeUV[0] * scale}
	var out [2]int64
	for i := range out {
		x := f.nextUV[i]*f.square + f.onEdge*f.edgeUV[i]
		if side {
			out[i] = (x + up[i]) / f.square
		} else {
			out[i] = (x - up[i]) / f.square
		}
	}
	return out
}

func sub(a, b [3]int64) [3]int64 { return [3]int64{a[0] - b[0], a[1] - b[1], a[2] - b[2]} }
func dot(a, b [3]int64) int64    { return a[0]*b[0] + a[1]*b[1] + a[2]*b[2] }

func magnitude(v int64) uint64 {
	if v < 0 {
		return -uint64(v)
	}
	return uint64(v)
}

// sqrt is rounded down (IntSqrt). A double is off by one at most, which shows: and the
// square of what is too large may not fit.
func sqrt(n uint64) uint64 {
	r := min(uint64(math.Sqrt(float64(n))), 1<<32-1)
	for r > 0 && r*r > n {
		r--
	}
	for r < 1<<32-1 {
		if hi, lo := bits.Mul64(r+1, r+1); hi != 0 || lo > n {
			break
		}
		r++
	}
	return r
}

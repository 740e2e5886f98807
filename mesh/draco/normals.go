package draco

import (
	"math"
	"math/bits"
)

// predictNormals predicts normals on the octahedron: from the entry before, or from the
// faces around (Normal Prediction Decoder).
func (d *decoder) predictNormals(a *attribute, p predictor) *FormatError {
	o, err := d.octahedron(p.transform == transformCanonical)
	if err != nil {
		return err
	}
	if p.scheme == predictDifference {
		var last [2]int32
		for i := 0; i < len(a.values); i += 2 {
			last = o.add(last, [2]int32{a.values[i], a.values[i+1]})
			a.values[i], a.values[i+1] = last[0], last[1]
		}
		return nil
	}
	flips, err := d.readBits()
	if err != nil {
		return err
	}
	pos, err := d.positions(a)
	if err != nil {
		return err
	}
	for e, c := range a.order.corner {
		n := o.scale(a.area(c, pos))
		if flips.next() {
			n = [3]int32{-n[0], -n[1], -n[2]}
		}
		v := o.add(o.flatten(n), [2]int32{a.values[2*e], a.values[2*e+1]})
		a.values[2*e], a.values[2*e+1] = v[0], v[1]
	}
	if flips.short {
		return d.bad("has too few bits for %d normals", a.entries)
	}
	return nil
}

// area sums the cross products of the faces around a corner's vertex, and brings the
// sum to what fits 30 bits.
func (a *attribute) area(c int32, pos [][3]int64) [3]int32 {
	at := func(c int32) [3]int64 { return pos[a.order.entry[a.table.vertex[c]]] }
	center := at(c)
	var sum [3]int64
	first := a.table.fan[a.table.vertex[c]]
	for f := first; f >= 0; {
		u, v := sub(at(next(f)), center), sub(at(previous(f)), center)
		sum[0] += u[1]*v[2] - u[2]*v[1]
		sum[1] += u[2]*v[0] - u[0]*v[2]
		sum[2] += u[0]*v[1] - u[1]*v[0]
		if f = a.table.right(f); f == first {
			break
		}
	}
	const most = 1 << 29
	size := uint64(0)
	for _, v := range sum {
		var over uint64
		if size, over = bits.Add64(size, magnitude(v), 0); over != 0 || size > math.MaxInt64 {
			size = math.MaxInt64
		}
	}
	if by := int64(size / most); by > 0 && size > most {
		for i := range sum {
			sum[i] /= by
		}
	}
	return [3]int32{int32(sum[0]), int32(sum[1]), int32(sum[2])}
}

// octahedron is a grid on the unfolded octahedron: a square from 0 to twice its center,
// whose inner diamond is the half where x is not negative.
type octahedron struct {
	center, size int32
	canonical    bool // predictions are turned to one quarter before corrections are added
}

// octahedron reads the grid (ParseNormalOctahedronCanonicalizedTransformData).
func (d *decoder) octahedron(canonical bool) (octahedron, *FormatError) {
	top := d.r.u32()
	if canonical {
		d.r.u32() // the center, which follows from it
	}
	if err := d.short(); err != nil {
		return octahedron{}, err
	}
	n := bits.Len32(top)
	if top&1 == 0 || n < 2 || n > 30 {
		return octahedron{}, d.bad("has a grid to %d", int32(top))
	}
	size := int32(1)<<n - 1
	return octahedron{center: (size - 1) / 2, size: size, canonical: canonical}, nil
}

// scale brings a vector to where its components add up to the center
// (CanonicalizeIntegerVector).
func (o octahedron) scale(v [3]int32) [3]int32 {
	sum := abs64(v[0]) + abs64(v[1]) + abs64(v[2])
	if sum == 0 {
		return [3]int32{o.center, 0, 0}
	}
	x := int32(int64(v[0]) * int64(o.center) / sum)
	y := int32(int64(v[1]) * int64(o.center) / sum)
	z := o.center - int32(abs64(x)) - int32(abs64(y))
	if v[2] < 0 {
		z = -z
	}
	return [3]int32{x, y, z}
}

func abs64(v int32) int64 { return int64(magnitude(int64(v))) }

// flatten unfolds a vector (IntegerVectorToQuantizedOctahedralCoords).
func (o octahedron) flatten(v [3]int32) [2]int32 {
	last := 2 * o.center
	var s, t int32
	if v[0] >= 0 {
		s, t = v[1]+o.center, v[2]+o.center
	} else {
		if s = int32(abs64(v[2])); v[1] >= 0 {
			s = last - s
		}
		if t = int32(abs64(v[1])); v[2] >= 0 {
			t = last - t
		}
	}
	// Each point of the border is there twice, its corners four times: one is taken
	// (CanonicalizeOctahedralCoords).
	switch {
	case s == 0 && t == 0, s == 0 && t == last, s == last && t == 0:
		return [2]int32{last, last}
	case s == 0 && t > o.center, s == last && t < o.center:
		t = last - t
	case t == last && s < o.center, t == 0 && s > o.center:
		s = last - s
	}
	return [2]int32{s, t}
}

// add corrects a prediction (Prediction Normal Transform).
func (o octahedron) add(predicted, correction [2]int32) [2]int32 {
	p := [2]int32{predicted[0] - o.center, predicted[1] - o.center}
	outside := abs64(p[0])+abs64(p[1]) > int64(o.center)
	if outside {
		p = o.invert(p)
	}
	turns := 0
	if o.canonical {
		turns = quarters(p)
	}
	p = turn(p, turns)
	v := [2]int32{o.modulo(p[0] + correction[0]), o.modulo(p[1] + correction[1])}
	v = turn(v, (4-turns)%4)
	if outside {
		v = o.invert(v)
	}
	return [2]int32{v[0] + o.center, v[1] + o.center}
}

// invert swaps the inner diamond with the corners of the square (InvertDiamond).
func (o octahedron) invert(p [2]int32) [2]int32 {
	a, b := sign(p[0]), sign(p[1])
	switch {
	case p[0] >= 0 && p[1] >= 0:
		a, b = 1, 1
	case p[0] <= 0 && p[1] <= 0:
		a, b = -1, -1
	}
	a, b = a*o.center, b*o.center
	s, t := 2*p[0]-a, 2*p[1]-b
	if (a < 0) == (b < 0) {
		s, t = -t, -s
	} else {
		s, t = t, s
	}
	return [2]int32{(s + a) / 2, (t + b) / 2}
}

func sign(v int32) int32 {
	if v > 0 {
		return 1
	}
	return -1
}

// quarters is how many quarter turns bring a point to the lower left
// (GetRotationCount).
func quarters(p [2]int32) int {
	switch x, y := p[0], p[1]; {
	case x == 0 && y == 0, x < 0 && y <= 0:
		return 0
	case x >= 0 && y < 0:
		return 1
	case x > 0:
		return 2
	}
	return 3
}

func turn(p [2]int32, turns int) [2]int32 {
	switch turns {
	case 1:
		return [2]int32{p[1], -p[0]}
	case 2:
		return [2]int32{-p[0], -p[1]}
	case 3:
		return [2]int32{-p[1], p[0]}
	}
	return p
}

func (o octahedron) modulo(v int32) int32 {
	switch {
	case v > o.center:
		return v - o.size
	case v < -o.center:
		return v + o.size
	}
	return v
}

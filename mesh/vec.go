package mesh

import "math"

// vec is a point or direction in double precision. Its operations round each
// product by an explicit conversion, so that no compiler fuses it with the
// addition that follows and results are equal on all processors.
type vec [3]float64

func wide(p [3]float32) vec { return vec{float64(p[0]), float64(p[1]), float64(p[2])} }

func add(a, b vec) vec { return vec{a[0] + b[0], a[1] + b[1], a[2] + b[2]} }

func sub(a, b vec) vec { return vec{a[0] - b[0], a[1] - b[1], a[2] - b[2]} }

func scale(a vec, s float64) vec {
	return vec{float64(a[0] * s), float64(a[1] * s), float64(a[2] * s)}
}

func dot(a, b vec) float64 {
	return float64(a[0]*b[0]) + float64(a[1]*b[1]) + float64(a[2]*b[2])
}

func cross(a, b vec) vec {
	return vec{
		float64(a[1]*b[2]) - float64(a[2]*b[1]),
		float64(a[2]*b[0]) - float64(a[0]*b[2]),
		float64(a[0]*b[1]) - float64(a[1]*b[0]),
	}
}

func length(a vec) float64 { return math.Sqrt(dot(a, a)) }

// unit returns a scaled to length 1, or zero where a has no direction.
func unit(a vec) vec {
	l := length(a)
	if l == 0 {
		return vec{}
	}
	return scale(a, 1/l)
}

func narrow(a vec) [3]float32 { return [3]float32{float32(a[0]), float32(a[1]), float32(a[2])} }

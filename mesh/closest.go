package mesh

// closest returns the barycentric weights of the point of triangle a, b, c
// nearest to p (Ericson, "Real-Time Collision Detection", 2005, section 5.1.5:
// the Voronoi regions of corners and edges, then the inside). A degenerate
// triangle is treated as its longest reach: the weights are always valid.
func closest(p, a, b, c vec) (u, v, w float64) {
	ab, ac, ap := sub(b, a), sub(c, a), sub(p, a)
	d1, d2 := dot(ab, ap), dot(ac, ap)
	if d1 <= 0 && d2 <= 0 {
		return 1, 0, 0
	}
	bp := sub(p, b)
	d3, d4 := dot(ab, bp), dot(ac, bp)
	if d3 >= 0 && d4 <= d3 {
		return 0, 1, 0
	}
	vc := float64(d1*d4) - float64(d3*d2)
	if vc <= 0 && d1 >= 0 && d3 <= 0 {
		if d1 == d3 {
			return 1, 0, 0
		}
		t := d1 / (d1 - d3)
		return 1 - t, t, 0
	}
	cp := sub(p, c)
	d5, d6 := dot(ab, cp), dot(ac, cp)
	if d6 >= 0 && d5 <= d6 {
		return 0, 0, 1
	}
	vb := float64(d5*d2) - float64(d1*d6)
	if vb <= 0 && d2 >= 0 && d6 <= 0 {
		if d2 == d6 {
			return 1, 0, 0
		}
		t := d2 / (d2 - d6)
		return 1 - t, 0, t
	}
	va := float64(d3*d6) - float64(d5*d4)
	if va <= 0 && d4-d3 >= 0 && d5-d6 >= 0 {
		span := (d4 - d3) + (d5 - d6)
		if span == 0 {
			return 0, 1, 0
		}
		t := (d4 - d3) / span
		return 0, 1 - t, t
	}
	sum := va + vb + vc
	if sum == 0 {
		return 1, 0, 0
	}
	v, w = vb/sum, vc/sum
	return 1 - v - w, v, w
}

// blend is the point of triangle a, b, c with the given weights.
func blend(a, b, c vec, u, v, w float64) vec {
	return add(add(scale(a, u), scale(b, v)), scale(c, w))
}

// squaredDistance is from p to the nearest point of triangle a, b, c.
func squaredDistance(p, a, b, c vec) float64 {
	u, v, w := closest(p, a, b, c)
	d := sub(p, blend(a, b, c, u, v, w))
	return dot(d, d)
}

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

// squaredDistance is from p to the nearest point of triangle a, b, c. It is closest and
// blend once more, in local variables and without the weights: most of the time of
// measuring is spent here.
func squaredDistance(p, a, b, c *vec) float64 {
	abx, aby, abz := b[0]-a[0], b[1]-a[1], b[2]-a[2]
	acx, acy, acz := c[0]-a[0], c[1]-a[1], c[2]-a[2]
	apx, apy, apz := p[0]-a[0], p[1]-a[1], p[2]-a[2]
	d1 := float64(abx*apx) + float64(aby*apy) + float64(abz*apz)
	d2 := float64(acx*apx) + float64(acy*apy) + float64(acz*apz)
	if d1 <= 0 && d2 <= 0 {
		return square(apx, apy, apz)
	}
	bpx, bpy, bpz := p[0]-b[0], p[1]-b[1], p[2]-b[2]
	d3 := float64(abx*bpx) + float64(aby*bpy) + float64(abz*bpz)
	d4 := float64(acx*bpx) + float64(acy*bpy) + float64(acz*bpz)
	if d3 >= 0 && d4 <= d3 {
		return square(bpx, bpy, bpz)
	}
	vc := float64(d1*d4) - float64(d3*d2)
	if vc <= 0 && d1 >= 0 && d3 <= 0 {
		if d1 == d3 {
			return square(apx, apy, apz)
		}
		t := d1 / (d1 - d3)
		return square(apx-float64(abx*t), apy-float64(aby*t), apz-float64(abz*t))
	}
	cpx, cpy, cpz := p[0]-c[0], p[1]-c[1], p[2]-c[2]
	d5 := float64(abx*cpx) + float64(aby*cpy) + float64(abz*cpz)
	d6 := float64(acx*cpx) + float64(acy*cpy) + float64(acz*cpz)
	if d6 >= 0 && d5 <= d6 {
		return square(cpx, cpy, cpz)
	}
	vb := float64(d5*d2) - float64(d1*d6)
	if vb <= 0 && d2 >= 0 && d6 <= 0 {
		if d2 == d6 {
			return square(apx, apy, apz)
		}
		t := d2 / (d2 - d6)
		return square(apx-float64(acx*t), apy-float64(acy*t), apz-float64(acz*t))
	}
	va := float64(d3*d6) - float64(d5*d4)
	if va <= 0 && d4-d3 >= 0 && d5-d6 >= 0 {
		span := (d4 - d3) + (d5 - d6)
		if span == 0 {
			return square(bpx, bpy, bpz)
		}
		t := (d4 - d3) / span
		return square(bpx-float64((acx-abx)*t), bpy-float64((acy-aby)*t), bpz-float64((acz-abz)*t))
	}
	sum := va + vb + vc
	if sum == 0 {
		return square(apx, apy, apz)
	}
	v, w := vb/sum, vc/sum
	return square(apx-float64(abx*v)-float64(acx*w), apy-float64(aby*v)-float64(acy*w), apz-float64(abz*v)-float64(acz*w))
}

func square(x, y, z float64) float64 { return float64(x*x) + float64(y*y) + float64(z*z) }

package mesh

import "math"

// fillQuadrics adds up the planes and gradients of all triangles. Those inside a
// block are added in parallel, then those across, so that sums don't depend on
// who was first.
func (r *reducer) fillQuadrics() {
	r.shape = make([]quadric, len(r.at))
	r.sums = make([]float64, len(r.vertex)*r.stride)
	for _, pose := range r.poses {
		r.posed = append(r.posed, make([]quadric, len(pose)))
	}
	r.measureTextures()
	rims := make([][]int32, r.runs)
	parallel(0, r.runs, func(block int) {
		f := r.newFiller()
		from, to := r.run(block)
		for a := from; a < to; a++ {
			for c := r.head[a]; c >= 0; c = r.chain[c] {
				x, y := r.place[after(c)], r.place[before(c)]
				if int32(a) > x || int32(a) > y {
					continue // each triangle is seen from its lowest place
				}
				t := c / 3
				if r.block[0][x] != int32(block) || r.block[0][y] != int32(block) {
					rims[block] = append(rims[block], t)
					continue
				}
				f.add(t)
			}
		}
	})
	f := r.newFiller()
	for _, list := range rims {
		for _, t := range list {
			f.add(t)
		}
	}
}

type filler struct {
	*reducer
	values []float64 // of a triangle's three wedges
	sum    []float64 // what it adds to each
}

func (r *reducer) newFiller() *filler {
	return &filler{r, make([]float64, 3*r.width), make([]float64, r.stride)}
}

// add adds a triangle to the quadrics of its places and wedges.
func (f *filler) add(t int32) {
	r := f.reducer
	at := [3]int32(r.place[3*t : 3*t+3])
	p := [3]vec{r.at[at[0]], r.at[at[1]], r.at[at[2]]}
	n := cross(sub(p[1], p[0]), sub(p[2], p[0]))
	twice := length(n)
	if !(twice > 0) {
		return
	}
	n = scale(n, 1/twice)
	area := twice / 2
	var q quadric
	q.addPlane(n, -dot(n, p[0]), area)
	for _, a := range at {
		r.shape[a].add(&q)
	}
	for i, pose := range r.poses {
		pp := [3]vec{pose[at[0]], pose[at[1]], pose[at[2]]}
		n := cross(sub(pp[1], pp[0]), sub(pp[2], pp[0]))
		if l := length(n); l > 0 {
			n = scale(n, 1/l)
			var q quadric
			q.addPlane(n, -dot(n, pp[0]), l/2)
			for _, a := range at {
				r.posed[i][a].add(&q)
			}
		}
	}
	if r.width > 0 {
		f.addGradients(t, p, n, area)
	}
}

// addGradients adds how the attributes change over a triangle.
func (f *filler) addGradients(t int32, p [3]vec, n vec, area float64) {
	r := f.reducer
	w := [3]int32(r.corner[3*t : 3*t+3])
	for k, x := range w {
		r.attributes(f.values[k*r.width:(k+1)*r.width], x)
	}
	// The gradient of the weight of each corner: perpendicular to the side across,
	// one over the height long.
	g1, g2 := scale(cross(n, sub(p[0], p[2])), 0.5/area), scale(cross(n, sub(p[1], p[0])), 0.5/area)
	shade := float64(2 * area * area * (shadeWeight * shadeWeight))
	sum := f.sum
	clear(sum)
	sum[sumShade], sum[sumOther] = shade, area
	var q quadric
	for k := range r.width {
		weight := area
		if k < r.shades {
			weight = shade
		}
		v0 := f.values[k]
		d1, d2 := f.values[r.width+k]-v0, f.values[2*r.width+k]-v0
		x := float64(g1[0]*d1) + float64(g2[0]*d2)
		y := float64(g1[1]*d1) + float64(g2[1]*d2)
		z := float64(g1[2]*d1) + float64(g2[2]*d2)
		d := v0 - float64(x*p[0][0]) - float64(y*p[0][1]) - float64(z*p[0][2])
		wx, wy, wz, wd := float64(x*weight), float64(y*weight), float64(z*weight), float64(d*weight)
		q.xx += float64(wx * x)
		q.xy += float64(wx * y)
		q.xz += float64(wx * z)
		q.yy += float64(wy * y)
		q.yz += float64(wy * z)
		q.zz += float64(wz * z)
		q.x += float64(wx * d)
		q.y += float64(wy * d)
		q.z += float64(wz * d)
		q.c += float64(wd * d)
		i := sumAttributes + 4*k
		sum[i], sum[i+1], sum[i+2], sum[i+3] = wx, wy, wz, wd
	}
	for k, x := range w {
		r.shape[r.place[3*t+int32(k)]].add(&q)
		s := r.sumsOf(x)
		for i, v := range sum {
			s[i] += v
		}
	}
}

// attributes puts the attributes of a wedge into values, texture coordinates as
// lengths on the surface. What is not finite counts as 0.
func (r *reducer) attributes(values []float64, w int32) {
	v, m := r.vertex[w], r.m
	i := 0
	if m.Normals != nil {
		n := m.Normals[v]
		values[0], values[1], values[2] = float64(n[0]), float64(n[1]), float64(n[2])
		i = 3
	}
	for set, uv := range m.UVs {
		f := r.scales[set][r.part[w]]
		values[i], values[i+1] = float64(float64(uv[v][0])*f), float64(float64(uv[v][1])*f)
		i += 2
	}
	if m.Colors != nil {
		for k, x := range m.Colors[v] {
			values[i+k] = float64(x) * colorWeight
		}
	}
	for k, x := range values {
		if x-x != 0 {
			values[k] = 0
		}
	}
}

// measureTextures finds for each set of texture coordinates and part the length on
// the surface of one unit, the root of the ratio of the areas, and the range used.
func (r *reducer) measureTextures() {
	parts := uint32(0)
	for _, p := range r.part {
		parts = max(parts, p+1)
	}
	for _, set := range r.m.UVs {
		surface, texture := make([]float64, parts), make([]float64, parts)
		ranges := make([][2][2]float32, parts)
		for p := range ranges {
			ranges[p] = [2][2]float32{{math.MaxFloat32, math.MaxFloat32}, {-math.MaxFloat32, -math.MaxFloat32}}
		}
		for w, v := range r.vertex {
			at := &ranges[r.part[w]]
			for k, x := range set[v] {
				if x-x == 0 { // finite
					at[0][k], at[1][k] = min(at[0][k], x), max(at[1][k], x)
				}
			}
		}
		r.ranges = append(r.ranges, ranges)
		for t := range r.alive {
			w := [3]int32(r.corner[3*t : 3*t+3])
			var uv [3]vec
			for k := range uv {
				c := set[r.vertex[w[k]]]
				uv[k] = vec{float64(c[0]), float64(c[1])}
			}
			if a := math.Abs(cross(sub(uv[1], uv[0]), sub(uv[2], uv[0]))[2]); a > 0 && a <= math.MaxFloat64 {
				p := [3]vec{r.at[r.place[3*t]], r.at[r.place[3*t+1]], r.at[r.place[3*t+2]]}
				texture[r.part[w[0]]] += a
				surface[r.part[w[0]]] += length(cross(sub(p[1], p[0]), sub(p[2], p[0])))
			}
		}
		scales := make([]float64, parts)
		for p := range scales {
			if f := math.Sqrt(surface[p] / texture[p]); !math.IsNaN(f) && !math.IsInf(f, 0) {
				scales[p] = f * uvWeight
			}
		}
		r.scales = append(r.scales, scales)
	}
}

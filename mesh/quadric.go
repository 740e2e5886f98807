package mesh

// quadric is a sum of weighted squared distances to planes, as a function of a
// point: p'Ap + 2b'p + c (Garland and Heckbert, "Surface simplification using
// quadric error metrics", 1997). In double precision: single loses the small
// differences that decide on dense scans.
type quadric struct {
	xx, xy, xz, yy, yz, zz float64
	x, y, z                float64
	c                      float64
	weight                 float64 // the sum of the weights, usually an area
}

// addPlane adds the squared distance to the plane n·p + d = 0.
func (q *quadric) addPlane(n vec, d, weight float64) {
	wn := scale(n, weight)
	q.xx += float64(wn[0] * n[0])
	q.xy += float64(wn[0] * n[1])
	q.xz += float64(wn[0] * n[2])
	q.yy += float64(wn[1] * n[1])
	q.yz += float64(wn[1] * n[2])
	q.zz += float64(wn[2] * n[2])
	q.x += float64(wn[0] * d)
	q.y += float64(wn[1] * d)
	q.z += float64(wn[2] * d)
	q.c += float64(float64(d*d) * weight)
	q.weight += weight
}

func (q *quadric) add(o *quadric) {
	q.xx += o.xx
	q.xy += o.xy
	q.xz += o.xz
	q.yy += o.yy
	q.yz += o.yz
	q.zz += o.zz
	q.x += o.x
	q.y += o.y
	q.z += o.z
	q.c += o.c
	q.weight += o.weight
}

// at is the weighted sum of squares at p.
func (q *quadric) at(p vec) float64 {
	ax := float64(q.xx*p[0]) + float64(q.xy*p[1]) + float64(q.xz*p[2]) + 2*q.x
	ay := float64(q.xy*p[0]) + float64(q.yy*p[1]) + float64(q.yz*p[2]) + 2*q.y
	az := float64(q.xz*p[0]) + float64(q.yz*p[1]) + float64(q.zz*p[2]) + 2*q.z
	return max(0, float64(ax*p[0])+float64(ay*p[1])+float64(az*p[2])+q.c)
}

// A gradient quadric measures how far attribute values at a vertex are from what
// the original triangles around it interpolate at that point (Hoppe, "New
// quadric metric for simplifying meshes with appearance attributes", 1999). A
// value s over a triangle is the linear function g·p + d; its error is
// (g·p + d - s)^2. The part without s is an ordinary quadric; per attribute
// only the sums of weighted (g, d) are needed beside it.
type gradients struct {
	width   int       // attributes per vertex
	quadric []quadric // per vertex
	sums    [][4]float64
}

func newGradients(vertices, width int) gradients {
	return gradients{width, make([]quadric, vertices), make([][4]float64, vertices*width)}
}

// addTriangle adds the interpolants of a triangle to its three vertices.
func (g *gradients) addTriangle(vertices [3]int32, p [3]vec, values []float64, weight float64) {
	e1, e2 := sub(p[1], p[0]), sub(p[2], p[0])
	d11, d12, d22 := dot(e1, e1), dot(e1, e2), dot(e2, e2)
	det := float64(d11*d22) - float64(d12*d12)
	if det <= float64(d11*d22)*1e-12 {
		return // a needle has no direction to interpolate along
	}
	for k := range g.width {
		s0 := values[int(vertices[0])*g.width+k]
		s1 := values[int(vertices[1])*g.width+k] - s0
		s2 := values[int(vertices[2])*g.width+k] - s0
		a := (float64(s1*d22) - float64(s2*d12)) / det
		b := (float64(s2*d11) - float64(s1*d12)) / det
		dir := add(scale(e1, a), scale(e2, b))
		d := s0 - dot(dir, p[0])
		for _, v := range vertices {
			q := &g.quadric[v]
			total := q.weight
			q.addPlane(dir, d, weight)
			q.weight = total
			sum := &g.sums[int(v)*g.width+k]
			for i := range 3 {
				sum[i] += float64(dir[i] * weight)
			}
			sum[3] += float64(d * weight)
		}
	}
	for _, v := range vertices {
		g.quadric[v].weight += weight
	}
}

// at is the weighted sum of squares of vertex v's quadric for the values at p.
func (g *gradients) at(v int32, p vec, values []float64) float64 {
	q := &g.quadric[v]
	e := q.at(p)
	for k, s := range values {
		sum := &g.sums[int(v)*g.width+k]
		along := float64(sum[0]*p[0]) + float64(sum[1]*p[1]) + float64(sum[2]*p[2]) + sum[3]
		e += float64(s * (float64(s*q.weight) - 2*along))
	}
	return max(0, e)
}

func (g *gradients) merge(into, from int32) {
	g.quadric[into].add(&g.quadric[from])
	for k := range g.width {
		a, b := &g.sums[int(into)*g.width+k], &g.sums[int(from)*g.width+k]
		for i := range a {
			a[i] += b[i]
		}
	}
}

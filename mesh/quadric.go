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
func (q *quadric) at(p vec) float64 { return q.at3(p[0], p[1], p[2]) }

func (q *quadric) at3(x, y, z float64) float64 {
	ax := float64(q.xx*x) + float64(q.xy*y) + float64(q.xz*z) + 2*q.x
	ay := float64(q.xy*x) + float64(q.yy*y) + float64(q.yz*z) + 2*q.y
	az := float64(q.xz*x) + float64(q.yz*y) + float64(q.zz*z) + 2*q.z
	return max(0, float64(ax*x)+float64(ay*y)+float64(az*z)+q.c)
}

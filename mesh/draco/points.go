package draco

// assignPoints makes a point of each vertex, or of each of its parts between seams of
// any set (Attribute_AssignPointsToCorners).
func (d *decoder) assignPoints() *FormatError {
	d.part = "connectivity"
	t := d.corners
	if err := d.take(len(t.vertex), 4); err != nil {
		return err
	}
	out := make([]uint32, len(t.vertex))
	points := uint32(0)
	for v, c := range t.fan {
		if c < 0 {
			continue
		}
		first := c
		if !t.open(int32(v)) {
			first = d.firstSeam(c)
		}
		out[first] = points
		points++
		for last, c := first, t.right(first); c >= 0 && c != first; last, c = c, t.right(c) {
			if d.differ(last, c) {
				points++
			}
			out[c] = points - 1
		}
	}
	if err := d.atMost("points", uint64(points), d.lim.Points); err != nil {
		return err
	}
	d.mesh.Points, d.mesh.Indices = int(points), out
	return nil
}

// firstSeam is the first corner to the right of c, around a vertex that no border cuts,
// that is another vertex than c's in the first set where there is one; or c.
func (d *decoder) firstSeam(c int32) int32 {
	for i := range d.seams {
		s := &d.seams[i]
		if !s.open(s.vertex[c]) {
			continue
		}
		for a := d.corners.right(c); a != c; a = d.corners.right(a) {
			if s.vertex[a] != s.vertex[c] {
				return a
			}
		}
	}
	return c
}

// differ says whether two corners of a vertex are different vertices in some set.
func (d *decoder) differ(a, b int32) bool {
	for i := range d.seams {
		if d.seams[i].vertex[a] != d.seams[i].vertex[b] {
			return true
		}
	}
	return false
}

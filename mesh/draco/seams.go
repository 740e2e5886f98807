package draco

// readSeams reads which edges are seams (DecodeAttributeSeams), and makes of each set
// of attributes a corner table of its own: in it a seam is a border, and a vertex that
// seams cut is as many vertices as it has parts.
func (d *decoder) readSeams(bits []bitDecoder) *FormatError {
	d.part = "seams"
	t := d.corners
	if err := d.take(len(bits)*len(t.vertex), 4*3); err != nil {
		return err
	}
	d.seams = make([]corners, len(bits))
	for i := range d.seams {
		d.seams[i].opposite = append([]int32(nil), t.opposite...)
		s := d.seams[i].opposite
		for c, o := range t.opposite {
			// An edge is read once, at its first face; a border is always a seam.
			if o < int32(c) || !bits[i].next() {
				continue
			}
			s[c], s[o] = none, none
		}
		if bits[i].short {
			return d.bad("have too few bits for set %d", i)
		}
		d.seams[i].cut(t)
	}
	return nil
}

// cut numbers the vertices of a table whose opposite corners are t's but for seams
// (RecomputeVerticesInternal).
func (s *corners) cut(t *corners) {
	s.vertex = make([]int32, len(t.vertex))
	s.fan = make([]int32, 0, len(t.fan))
	for _, c := range t.fan {
		if c < 0 {
			continue
		}
		first := s.leftmost(c)
		for c := first; ; {
			if c == first || s.opposite[next(c)] < 0 {
				s.fan = append(s.fan, c)
			}
			s.vertex[c] = int32(len(s.fan) - 1)
			if c = t.right(c); c < 0 || c == first {
				break
			}
		}
	}
}

// leftmost is the first corner of the fan that c is in, or c if it is a ring.
func (t *corners) leftmost(c int32) int32 {
	first := c
	for {
		l := t.left(first)
		if l < 0 {
			return first
		}
		if l == c {
			return c
		}
		first = l
	}
}

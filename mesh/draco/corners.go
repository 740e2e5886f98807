package draco

// corners is a corner table (Corners): corner c belongs to face c/3, and the edge it
// faces is shared with the corner opposite to it, or is a border.
type corners struct {
	opposite []int32 // or none
	vertex   []int32
	fan      []int32 // of each vertex, the leftmost of its corners; any, where they close a ring; or none
}

// next and previous are written so that they compile to no branch, which no processor
// could foresee.
func next(c int32) int32 {
	n := c + 1
	if c%3 == 2 {
		n = c - 2
	}
	return n
}

func previous(c int32) int32 {
	p := c - 1
	if c%3 == 0 {
		p = c + 2
	}
	return p
}

// left is the next corner of the same vertex, counterclockwise, or none (SwingLeft).
func (t *corners) left(c int32) int32 {
	if o := t.opposite[next(c)]; o >= 0 {
		return next(o)
	}
	return none
}

// right is the next corner of the same vertex, clockwise, or none (SwingRight).
func (t *corners) right(c int32) int32 {
	if o := t.opposite[previous(c)]; o >= 0 {
		return previous(o)
	}
	return none
}

// open says whether a vertex lies on a border of the table (IsOnBoundary).
func (t *corners) open(v int32) bool { return t.left(t.fan[v]) < 0 }

func (t *corners) join(a, b int32) { t.opposite[a], t.opposite[b] = b, a }

// settle proves that the corners of each vertex are one fan or ring, that these share no
// corner and leave none out, and makes each fan begin at its leftmost corner. Opposite
// corners are pairs, so that going left or right from a corner can only end or come back
// to it. owner gives the vertex of a corner while vertices are still being merged.
//
// After it, walking around all vertices takes as many steps as there are corners.
func (t *corners) settle(owner func(c int32) int32) bool {
	met := 0
	for v, c := range t.fan {
		if c < 0 {
			continue
		}
		first := c
		for {
			// The owner is checked here too, so that two vertices that claim one fan
			// are found out at once and not after each has walked all of it.
			if owner(first) != int32(v) {
				return false
			}
			l := t.left(first)
			if l < 0 {
				break
			}
			if first = l; l == c {
				break
			}
		}
		t.fan[v] = first
		for c := first; ; {
			if owner(c) != int32(v) {
				return false
			}
			met++
			if c = t.right(c); c < 0 || c == first {
				break
			}
		}
	}
	return met == len(t.vertex)
}

// rename makes the vertex of each corner the one whose fan it is in.
func (t *corners) rename() {
	for v, first := range t.fan {
		for c := first; c >= 0; {
			t.vertex[c] = int32(v)
			if c = t.right(c); c == first {
				break
			}
		}
	}
}

package draco

// order is the sequence in which the values of a corner table's vertices are written:
// entries (GenerateSequence).
type order struct {
	corner []int32 // where each entry was met
	entry  []int32 // of each vertex
}

// Ways to walk a mesh (att_dec_traversal_method).
const (
	depthFirst       = 0
	predictionDegree = 1
)

// walker visits the faces of a table.
type walker struct {
	*corners
	order
	seen []bool // faces
}

// walk gives a table's order.
func (d *decoder) walk(t *corners, method uint8) (order, *FormatError) {
	faces := len(t.vertex) / 3
	// Stacks hold at most two corners for each face; growing them takes as much again.
	if err := d.take(faces, 1+4*4); err != nil {
		return order{}, err
	}
	if err := d.take(len(t.fan), 4*3); err != nil {
		return order{}, err
	}
	w := &walker{corners: t, seen: make([]bool, faces)}
	w.corner = make([]int32, 0, len(t.fan))
	w.entry = fill(make([]int32, len(t.fan)), none)
	if method == depthFirst {
		w.depthFirst()
	} else {
		w.predictionDegree()
	}
	return w.order, nil
}

// meet gives a vertex an entry if it has none yet, and says whether it had none.
func (w *walker) meet(c int32) bool {
	v := w.vertex[c]
	if w.entry[v] >= 0 {
		return false
	}
	w.entry[v] = int32(len(w.corner))
	w.corner = append(w.corner, c)
	return true
}

// free returns the corner opposite to c if its face was not seen yet, or none.
func (w *walker) free(c int32) int32 {
	if o := w.opposite[c]; o >= 0 && !w.seen[o/3] {
		return o
	}
	return none
}

// depthFirst goes around each new vertex, then right before left
// (EdgeBreakerTraverser_ProcessCorner).
func (w *walker) depthFirst() {
	var stack []int32
	for f := range int32(len(w.seen)) {
		if w.seen[f] {
			continue
		}
		w.meet(3*f + 1)
		w.meet(3*f + 2)
		for stack = append(stack[:0], 3*f); len(stack) > 0; {
			c := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			for c >= 0 && !w.seen[c/3] {
				w.seen[c/3] = true
				if w.meet(c) && !w.open(w.vertex[c]) {
					// No border is at the vertex, so there is a face to its right.
					c = w.opposite[next(c)]
					continue
				}
				right, left := w.free(next(c)), w.free(previous(c))
				if right >= 0 && left >= 0 {
					stack = append(stack, left)
				}
				if c = right; c < 0 {
					c = left
				}
			}
		}
	}
}

// Corners wait by how well their vertices can be predicted.
const priorities = 3

// predictionDegree takes first what has most known neighbors
// (PredictionDegree_TraverseFromCorner).
func (w *walker) predictionDegree() {
	var stacks [priorities][]int32
	degree := make([]int32, len(w.fan))
	best := 0
	rate := func(c int32) int {
		v := w.vertex[c]
		if w.entry[v] >= 0 {
			return 0
		}
		if degree[v]++; degree[v] > 1 {
			return 1
		}
		return 2
	}
	push := func(c int32, p int) {
		stacks[p] = append(stacks[p], c)
		best = min(best, p)
	}
	for f := range int32(len(w.seen)) {
		stacks[0], best = append(stacks[0], 3*f), 0
		w.meet(3*f + 1)
		w.meet(3*f + 2)
		w.meet(3 * f)
		for best < priorities {
			s := &stacks[best]
			if len(*s) == 0 {
				best++
				continue
			}
			c := (*s)[len(*s)-1]
			*s = (*s)[:len(*s)-1]
			for c >= 0 && !w.seen[c/3] {
				w.seen[c/3] = true
				w.meet(c)
				right, left := w.free(next(c)), w.free(previous(c))
				c = none
				if left >= 0 {
					p := rate(left)
					if right < 0 && p <= best {
						c = left
						continue
					}
					push(left, p)
				}
				if right >= 0 {
					p := rate(right)
					if p <= best {
						c = right
						continue
					}
					push(right, p)
				}
			}
		}
	}
}

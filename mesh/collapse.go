package mesh

// What is known of an edge stands at one of the corners that it leaves from.
const (
	named  uint8 = 1 << iota // the edge goes by this corner
	listed                   // the corner is in a queue
	held                     // the rules forbid it until something near moves
	parked                   // it would go beyond this level's deviation
)

// collapse moves the ends of an edge to where they meet: b's triangles and wedges
// become a's. It returns how many triangles died. s holds what weigh and mayMeet
// found.
func (r *reducer) collapse(s *scratch, a, b int32, m *meeting) int {
	r.shape[a].add(&r.shape[b])
	for i := range r.posed {
		r.posed[i][a].add(&r.posed[i][b])
		if !m.first {
			r.poses[i][a] = r.poses[i][b]
		}
	}
	r.at[a] = m.at
	r.into[b] = a

	clear(s.used[:])
	died := 0
	link := &r.head[a]
	for _, list := range [2][]spoke{s.near, s.far} {
		for _, t := range list {
			c := t.corner
			if r.place[c] < 0 {
				continue // it died with the other end
			}
			if t.next == b || t.prev == b || t.next == a || t.prev == a {
				died++
				first := c / 3 * 3
				r.place[first], r.place[first+1], r.place[first+2] = -1, -1, -1
				continue
			}
			*link = c
			link = &r.chain[c]
			r.place[c] = a
			r.corner[c] = s.becomes(r.corner[c])
		}
	}
	*link = -1
	r.head[b] = -1
	r.uniteWedges(s, a, m.first)
	return died
}

// becomes is the wedge that a wedge of the two ends becomes.
func (s *scratch) becomes(w int32) int32 {
	for k := range s.n {
		if s.wedges[k] == w {
			i := s.group[k]
			s.used[i] = true
			return s.wedges[i]
		}
	}
	return w
}

// uniteWedges adds up the wedges of each group, and makes those that a triangle
// still uses the wedges of place a.
func (r *reducer) uniteWedges(s *scratch, a int32, first bool) {
	last := int32(-1)
	for i := range s.n {
		if int(s.group[i]) != i {
			continue
		}
		w := s.wedges[i]
		if !s.used[i] {
			r.foldGroup(s, i, &r.shape[a]) // nobody shows it; what it cost stays
			continue
		}
		r.fitted[w] = true
		if r.fixed {
			r.vertex[w], r.fitted[w] = r.carried(s, i, first)
		}
		for j := i + 1; j < s.n && r.width > 0; j++ {
			if int(s.group[j]) == i {
				to := r.sumsOf(w)
				for k, x := range r.sumsOf(s.wedges[j]) {
					to[k] += x
				}
			}
		}
		if last < 0 {
			r.wedge[a] = w
		} else {
			r.kin[last] = w
		}
		r.kin[w], last = -1, w
	}
}

// carried is the vertex of the end that stays which a wedge becomes: one of its group,
// as it is; else one of its part, whose weights and morph targets it takes with its own
// attributes fitted to the place.
func (r *reducer) carried(s *scratch, group int, first bool) (vertex uint32, fitted bool) {
	from, to := 0, s.split
	if !first {
		from, to = s.split, s.n
	}
	part := r.part[s.wedges[group]]
	for k := from; k < to; k++ {
		if w := s.wedges[k]; int(s.group[k]) == group {
			return r.vertex[w], r.fitted[w]
		} else if r.part[w] == part {
			vertex = r.vertex[w]
		}
	}
	return vertex, true
}

// renew sees to it that each edge of the new ring that two edges became goes by one
// corner, and frees what was held around it. bin is a lower bound of the costs.
func (r *reducer) renew(s *scratch, queue int, a int32, bin int) {
	for _, x := range s.apexes {
		found, any := int32(-1), int32(-1)
		for _, list := range [2][]spoke{s.near, s.far} {
			for _, t := range list {
				c := t.corner
				if t.prev == x {
					c = before(c)
				} else if t.next != x {
					continue
				}
				if r.place[c] < 0 {
					continue
				}
				any = c
				if r.state[c]&named == 0 {
					continue
				}
				if found < 0 {
					found = c
				} else {
					r.state[c] &^= named | held
				}
			}
		}
		if found < 0 && any >= 0 {
			r.state[any] |= named
			r.queueUp(s, queue, any, bin)
		}
	}
	r.release(s, queue, a, bin)
	for _, list := range [2][]spoke{s.near, s.far} {
		for _, t := range list {
			r.release(s, queue, t.next, bin)
			r.release(s, queue, t.prev, bin)
		}
	}
}

// hold puts an edge aside until something near it moves.
func (r *reducer) hold(c, a, b int32) {
	r.state[c] |= held
	r.holds[a], r.holds[b] = true, true
}

// release puts the edges that were held at a place in line again. A hub's stay held
// until it is none.
func (r *reducer) release(s *scratch, queue int, x int32, bin int) {
	if !r.holds[x] {
		return
	}
	if r.border[x]&s.rim != 0 {
		s.touched = append(s.touched, touch{x, bin})
		return
	}
	var ok bool
	if s.around, ok = r.gather(s.around, x); !ok {
		return
	}
	r.holds[x] = false
	for _, t := range s.around {
		for _, e := range [2]int32{t.corner, before(t.corner)} {
			if r.state[e]&held != 0 {
				r.state[e] &^= held
				r.queueUp(s, queue, e, bin)
			}
		}
	}
}

// queueUp puts an edge in line, if it isn't.
func (r *reducer) queueUp(s *scratch, queue int, c int32, bin int) {
	if r.state[c]&listed != 0 {
		return
	}
	if s.rim == alone {
		queue = r.home(c)
	}
	r.state[c] |= listed
	r.queues[queue].push(r.link, c, bin)
}

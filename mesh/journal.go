package mesh

// journal is the collapses of a run, in order, with all that is needed to do them
// again.
type journal struct {
	steps []step
	maps  [][2]int32 // wedge, and what it became
	moves []move
}

// step is one collapse; its maps and moves end where those of the next begin.
type step struct {
	at, to      int32
	maps, moves int32
}

func (j *journal) add(at, to int32, maps *wedgeMap, moves []move) {
	j.steps = append(j.steps, step{at, to, int32(len(j.maps)), int32(len(j.moves))})
	for i := range maps.n {
		j.maps = append(j.maps, [2]int32{maps.from[i], maps.to[i]})
	}
	j.moves = append(j.moves, moves...)
}

// of returns the maps and moves of step i.
func (j *journal) of(i int) (maps wedgeMap, moves []move) {
	end := step{maps: int32(len(j.maps)), moves: int32(len(j.moves))}
	if i+1 < len(j.steps) {
		end = j.steps[i+1]
	}
	for _, m := range j.maps[j.steps[i].maps:end.maps] {
		maps.from[maps.n], maps.to[maps.n] = m[0], m[1]
		maps.n++
	}
	return maps, j.moves[j.steps[i].moves:end.moves]
}

// rerun is run to the same limit as a run before, whose journal is given, with
// less room for some places. Costs and rules look no farther than the
// stars of the two places, so a collapse that none of these places concerns,
// nor any that is done otherwise because of them, comes out the same: it is
// taken from the journal. What is left is run as usual.
func (d *decimator) rerun(limit float64, old *journal, tightened []int32) {
	d.limit = limit
	less := make([]bool, len(d.head)) // has less room
	for _, at := range tightened {
		less[at] = true
	}
	other := make([]bool, len(d.head)) // is not, or may not be, what it was then
	copy(other, less)
	for i := range old.steps {
		maps, moves := old.of(i)
		if st := &old.steps[i]; d.same(st, moves, less, other) {
			d.log.add(st.at, st.to, &maps, moves)
			d.apply(st.to, &maps, moves)
		} else {
			other[st.at], other[st.to] = true, true
			for k := range d.here.spokes {
				other[d.here.spokes[k].far] = true
			}
		}
	}
	d.queue = d.queue[:0]
	for at := range int32(len(d.state)) {
		if d.state[at].queued = false; other[at] {
			d.touch(at)
		}
	}
	d.drain()
}

// same says whether a step concerns only what is as it was then. It leaves the
// star of the place that moved in d.here.
func (d *decimator) same(s *step, moves []move, less, other []bool) bool {
	d.here.gather(d.piece, s.at)
	if other[s.at] || other[s.to] || !d.there.gather(d.piece, s.to) {
		return false
	}
	for _, star := range [...]*star{&d.here, &d.there} {
		for k := range star.spokes {
			if other[star.spokes[k].far] {
				return false
			}
		}
	}
	for _, m := range moves {
		if p := &d.samples[m.sample]; less[d.place[p.a]] || less[d.place[p.b]] {
			return false
		}
	}
	return true
}

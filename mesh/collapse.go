package mesh

import (
	"math"
	"slices"
)

// decimator takes a piece down by half-edge collapses: a place moves onto a
// neighbor and takes that one's wedges. Vertices of the result are vertices of
// the source, so everything a vertex carries stays what it was.
type decimator struct {
	*piece
	limit float64   // meters a sample may lie, or its picture slide, from the surface
	share []float64 // place -> share of the limit that it is given

	queue []entry
	state []placeState
	log   journal

	// Scratch, kept between calls.
	here, there star
	options     []option
	moves       []move
}

// placeState is what the queue knows of a place.
type placeState struct {
	version int32 // of the entry that counts
	queued  bool
	dirty   bool // something near it changed since its cost was found
	gone    bool
	cost    float64
}

// entry is a place and the cost of its best collapse when it was last looked at.
type entry struct {
	cost    float64
	place   int32
	version int32
}

// option is a collapse that the rules allow. maps says which wedge of the target
// each wedge of the center becomes.
type option struct {
	cost  float64
	spoke int
	maps  wedgeMap
}

type wedgeMap struct {
	n        int
	from, to [maxWedges]int32
}

func (m *wedgeMap) find(from int32) (to int32, ok bool) {
	for i := range m.n {
		if m.from[i] == from {
			return m.to[i], true
		}
	}
	return 0, false
}

// move puts a sample on another triangle.
type move struct{ sample, triangle int32 }

func newDecimator(p *piece) *decimator {
	d := &decimator{piece: p, state: make([]placeState, len(p.head)), share: make([]float64, len(p.head))}
	for at := range d.share {
		d.share[at] = 1
	}
	for at := range int32(len(p.head)) {
		d.push(at, 0)
		d.state[at].dirty = true
	}
	return d
}

// clone copies what collapses change, to return to when they went too far.
func (d *decimator) clone() *decimator {
	p := *d.piece
	p.corners, p.head, p.chain = slices.Clone(p.corners), slices.Clone(p.head), slices.Clone(p.chain)
	p.samples, p.on = slices.Clone(p.samples), slices.Clone(p.on)
	p.quadrics = slices.Clone(p.quadrics)
	for i := range p.quadrics {
		p.quadrics[i] = slices.Clone(p.quadrics[i])
	}
	for _, a := range []*attributes{&p.slide, &p.shade} {
		a.quadric, a.sums = slices.Clone(a.quadric), slices.Clone(a.sums)
	}
	return &decimator{piece: &p, share: d.share, queue: slices.Clone(d.queue), state: slices.Clone(d.state)}
}

// run collapses, cheapest first, until no collapse is left that keeps every sample
// within limit meters. What was too far under a smaller limit is tried again.
func (d *decimator) run(limit float64) {
	d.limit = limit
	for at := range int32(len(d.state)) {
		d.touch(at)
	}
	d.drain()
}

func (d *decimator) drain() {
	for n := 0; len(d.queue) > 0; n++ {
		if n%256 == 0 && d.stopped() {
			return
		}
		e := d.pop()
		s := &d.state[e.place]
		if s.gone || e.version != s.version {
			continue
		}
		s.queued = false
		if s.dirty {
			s.dirty = false
			if d.gather(e.place) {
				d.push(e.place, d.options[0].cost)
			}
			continue
		}
		d.collapse(e.place)
	}
}

func (d *decimator) collapse(at int32) {
	if !d.gather(at) {
		return
	}
	for i := range d.options {
		o := &d.options[i]
		if d.within(o) && d.keepsClose(o) {
			to := d.here.spokes[o.spoke].far
			d.log.add(at, to, &o.maps, d.moves)
			d.apply(to, &o.maps, d.moves)
			d.touchAround(to)
			return
		}
	}
}

// gather lists the collapses of a place that keep the surface in order, cheapest
// first, and says whether there is one.
func (d *decimator) gather(at int32) bool {
	d.options = d.options[:0]
	if !d.here.gather(d.piece, at) {
		return false
	}
	for i := range d.here.spokes {
		to := &d.here.spokes[i]
		if !d.here.may(to) || !d.there.gather(d.piece, to.far) {
			continue
		}
		if o, ok := d.weigh(i); ok && d.linked(to) && d.upright(&o) {
			d.options = append(d.options, o)
		}
	}
	slices.SortFunc(d.options, func(a, b option) int {
		switch {
		case a.cost != b.cost:
			if a.cost < b.cost {
				return -1
			}
			return 1
		}
		return a.spoke - b.spoke
	})
	return len(d.options) > 0
}

// weigh finds which wedges become which, and what that costs.
func (d *decimator) weigh(i int) (option, bool) {
	o := option{spoke: i}
	at, to := d.here.center, &d.here.spokes[i]
	sum, weight := 0.0, 0.0
	for pose := range d.poses {
		q := &d.quadrics[pose][at]
		sum += q.at(d.poses[pose][to.far])
		weight += q.weight
	}
	p, goal := d.poses[0][at], d.poses[0][to.far]
	along := sub(goal, p)
	squared := dot(along, along)
	for _, c := range d.here.corners {
		w := d.corners[c]
		if _, ok := o.maps.find(w); ok {
			continue
		}
		if o.maps.n == maxWedges {
			return o, false
		}
		target, cost, ok := d.partner(c, to, goal, squared)
		if !ok {
			return o, false
		}
		o.maps.from[o.maps.n], o.maps.to[o.maps.n] = w, target
		o.maps.n++
		sum += cost
	}
	// The error alone would take flat areas first and leave small parts with large
	// relative errors for last; the mean alone would take small parts whole. The
	// fourth root of the area between the two was best by measure.
	o.cost = sum / math.Sqrt(math.Sqrt(max(weight, math.SmallestNonzeroFloat64)))
	return o, true
}

// partner finds the wedge at the other end of an edge that a wedge becomes: the
// one it shares a triangle of the edge with; else, where only a crease of the
// normals lies between, the one on the same sheet that fits best.
func (d *decimator) partner(c int32, to *spoke, goal vec, squared float64) (wedge int32, cost float64, ok bool) {
	w := d.corners[c]
	cost = math.Inf(1)
	try := func(target int32) {
		if e := d.misfit(w, target, goal, squared); e < cost || !ok {
			wedge, cost, ok = target, e, true
		}
	}
	for _, edge := range to.corner[:min(to.count, 2)] {
		if d.corners[edge] == w && d.part[edge/3] == d.part[c/3] {
			far, _ := d.across(edge, to.far)
			try(d.corners[far])
		}
	}
	if ok {
		return wedge, cost, true
	}
	for _, edge := range to.corner[:min(to.count, 2)] {
		if d.sheet[d.corners[edge]] != d.sheet[w] || d.part[edge/3] != d.part[c/3] {
			continue
		}
		far, _ := d.across(edge, to.far)
		sheet := d.sheet[d.corners[far]]
		for _, other := range d.there.corners {
			if d.sheet[d.corners[other]] == sheet && d.part[other/3] == d.part[c/3] {
				try(d.corners[other])
			}
		}
	}
	return wedge, cost, ok
}

// shadeWeight is how much of the distance that a wedge moves an error of one in
// its normal or color counts as.
const shadeWeight = 0.5

// misfit is the error of the attributes of wedge w when it takes those of target
// at the point goal, squared meters times area.
func (d *decimator) misfit(w, target int32, goal vec, squared float64) float64 {
	e := d.slide.at(w, goal, d.slide.of(target))
	if d.shade.width > 0 {
		e += float64(d.shade.at(w, goal, d.shade.of(target)) * squared * (shadeWeight * shadeWeight))
	}
	return e
}

// linked is the link condition (Dey, Edelsbrunner, Guha and Nekhayev, "Topology
// preserving edge contraction", 1999): the places next to both ends are those
// opposite the edge, and no triangle comes to lie on another. It keeps
// holes, handles and thin walls what they are.
func (d *decimator) linked(to *spoke) bool {
	common := 0
	for i := range d.here.spokes {
		for k := range d.there.spokes {
			if d.here.spokes[i].far == d.there.spokes[k].far {
				common++
			}
		}
	}
	if common != to.count {
		return false
	}
	for _, c := range d.here.corners {
		a, b := d.opposite(c)
		if a == to.far || b == to.far {
			continue
		}
		for _, e := range d.there.corners {
			x, y := d.opposite(e)
			if x == a && y == b || x == b && y == a {
				return false
			}
		}
	}
	return true
}

// opposite is the two other places of the triangle of a corner.
func (d *decimator) opposite(c int32) (a, b int32) {
	n := next(uint32(c))
	return d.place[d.corners[n]], d.place[d.corners[next(n)]]
}

// Limits of what a triangle may become: it may turn by 75 degrees and get as
// thin as 1 : 100, or no thinner than it was.
const (
	leastTurn  = 0.2588 // cosine
	leastShape = 0.01   // height over longest edge
)

// apply collapses the center of d.here.
func (d *decimator) apply(to int32, maps *wedgeMap, moves []move) {
	at := d.here.center
	for _, c := range d.here.corners {
		d.on[c/3] = -1
	}
	for _, m := range moves {
		d.put(int(m.sample), m.triangle)
	}
	for i := range maps.n {
		d.slide.merge(maps.to[i], maps.from[i])
		d.shade.merge(maps.to[i], maps.from[i])
	}
	for pose := range d.poses {
		d.quadrics[pose][to].add(&d.quadrics[pose][at])
	}
	for _, c := range d.here.corners {
		if a, b := d.opposite(c); a == to || b == to {
			d.alive--
			for k := range int32(3) {
				d.corners[c/3*3+k] = -1
			}
			continue
		}
		d.corners[c], _ = maps.find(d.corners[c])
		d.chain[c] = d.head[to]
		d.head[to] = c
	}
	d.head[at] = -1
	d.state[at].gone = true
}

// touchAround touches all places that a collapse of the center of d.here onto a
// neighbor concerns.
func (d *decimator) touchAround(to int32) {
	d.touch(to)
	for i := range d.here.spokes {
		d.touch(d.here.spokes[i].far)
	}
	if d.there.gather(d.piece, to) {
		for i := range d.there.spokes {
			d.touch(d.there.spokes[i].far)
		}
	}
}

// touch says that something near a place changed: its cost is to be found anew
// when its turn comes, and if it had none left it gets another.
func (d *decimator) touch(at int32) {
	s := &d.state[at]
	if s.gone {
		return
	}
	s.dirty = true
	if !s.queued {
		d.push(at, s.cost)
	}
}

func (d *decimator) push(at int32, cost float64) {
	s := &d.state[at]
	s.version++
	s.queued, s.cost = true, cost
	d.queue = append(d.queue, entry{cost, at, s.version})
	for i := len(d.queue) - 1; i > 0; {
		up := (i - 1) / 2
		if !d.queue[i].before(&d.queue[up]) {
			break
		}
		d.queue[i], d.queue[up] = d.queue[up], d.queue[i]
		i = up
	}
}

func (d *decimator) pop() entry {
	top := d.queue[0]
	last := len(d.queue) - 1
	d.queue[0] = d.queue[last]
	d.queue = d.queue[:last]
	for i := 0; ; {
		child := 2*i + 1
		if child >= last {
			break
		}
		if child+1 < last && d.queue[child+1].before(&d.queue[child]) {
			child++
		}
		if !d.queue[child].before(&d.queue[i]) {
			break
		}
		d.queue[i], d.queue[child] = d.queue[child], d.queue[i]
		i = child
	}
	return top
}

func (e *entry) before(o *entry) bool {
	if e.cost != o.cost {
		return e.cost < o.cost
	}
	return e.place < o.place
}

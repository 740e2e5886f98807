package mesh

import (
	"cmp"
	"encoding/binary"
	"math"
	"slices"
	"sync"
)

// Weights of the planes that stand on edges which must not move: an open border
// and the border of two parts are as important as the surface, a seam of the
// texture less, since what lies on both sides of it says nearly the same.
const (
	borderWeight = 1.0
	seamWeight   = 0.1
)

// shadeWeight is how much of the distance that a wedge moves an error of one in
// its normal counts as; colorWeight, the same of its color.
const (
	shadeWeight = 0.2
	uvWeight    = 0.7
	colorWeight = 0.5
)

// perBlock is about how many places are worked on at a time: few enough to stay in
// a processor's cache.
const perBlock = 4096

func newReducer(m *Mesh, fixed bool) *reducer {
	r := &reducer{m: m, fixed: fixed, limit: math.Inf(1)}
	if m.Normals != nil {
		r.shades = 3
	}
	r.width = r.shades + 2*len(m.UVs)
	if m.Colors != nil {
		r.width += 4
	}
	if r.width > 0 {
		r.stride = sumAttributes + 4*r.width
	}
	r.frame()
	number := r.findPlaces()
	r.number = number
	r.findWedges(number)
	r.divide()
	r.chainCorners()
	r.parts = r.findComponents()
	r.fillQuadrics()
	r.fillQueues()
	return r
}

// frame chooses the unit of length: the power of two at or above the extent, so that
// scaling is exact.
func (r *reducer) frame() {
	lo, hi, ok := Bounds(r.m.Positions)
	if !ok {
		r.unit = 1
		return
	}
	r.middle = scale(add(wide(lo), wide(hi)), 0.5)
	_, exp := math.Frexp(max(float64(hi[0])-float64(lo[0]), float64(hi[1])-float64(lo[1]), float64(hi[2])-float64(lo[2]), 0))
	r.unit = math.Ldexp(1, exp)
}

func (r *reducer) inside(p [3]float32) vec { return scale(sub(wide(p), r.middle), 1/r.unit) }

// outside is where a place is in meters: at most what a float32 holds.
func (r *reducer) outside(p vec) (out [3]float32) {
	for k, x := range add(scale(p, r.unit), r.middle) {
		out[k] = float32(min(max(x, -math.MaxFloat32), math.MaxFloat32))
	}
	return out
}

// findPlaces numbers the places that triangles with an area use, in Morton order
// (Morton, "A computer oriented geodetic data base", 1966), so that what is near in
// space is near in memory; vertices at one place are neighbors in that order. It
// returns the number of each vertex's place, or -1.
func (r *reducer) findPlaces() (number []int32) {
	m := r.m
	items := make([]corner, len(m.Positions))
	const run = 1 << 15
	runs := (len(items) + run - 1) / run
	parallel(0, runs, func(i int) {
		part := items[i*run : min((i+1)*run, len(items))]
		for k := range part {
			v := i*run + k
			part[k] = corner{morton(r.inside(m.Positions[v])), uint32(v)}
		}
		slices.SortFunc(part, r.order)
	})
	items = r.mergeRuns(items, run)

	number = make([]int32, len(items))
	n := int32(-1)
	for i, it := range items {
		if i == 0 || !r.samePlace(items[i-1].vertex, it.vertex) {
			n++
		}
		number[it.vertex] = n
	}
	// Places that no triangle uses get no number.
	used := make([]int32, n+1)
	for t := range m.Triangles() {
		a, b, c := number[m.Indices[3*t]], number[m.Indices[3*t+1]], number[m.Indices[3*t+2]]
		if a != b && b != c && c != a {
			r.alive++
			used[a], used[b], used[c] = 1, 1, 1
		}
	}
	places := int32(0)
	for i := range used {
		if used[i] == 0 {
			used[i] = -1
			continue
		}
		used[i] = places
		places++
	}
	r.at = make([]vec, places)
	for range m.Poses {
		r.poses = append(r.poses, make([]vec, places))
	}
	for v := range number {
		a := used[number[v]]
		if number[v] = a; a >= 0 {
			r.at[a] = r.inside(m.Positions[v])
			for k, pose := range m.Poses {
				r.poses[k][a] = r.inside(pose[v])
			}
		}
	}
	return number
}

// corner is a vertex and where it is on the curve.
type corner struct {
	code   uint64
	vertex uint32
}

// order is that of codes; of equal ones, of the places.
func (r *reducer) order(a, b corner) int {
	if a.code != b.code {
		if a.code < b.code {
			return -1
		}
		return 1
	}
	if c := slices.Compare(r.m.Positions[a.vertex][:], r.m.Positions[b.vertex][:]); c != 0 {
		return c
	}
	for _, pose := range r.m.Poses {
		if c := slices.Compare(pose[a.vertex][:], pose[b.vertex][:]); c != 0 {
			return c
		}
	}
	return cmp.Compare(a.vertex, b.vertex)
}

func (r *reducer) samePlace(v, w uint32) bool {
	if r.m.Positions[v] != r.m.Positions[w] {
		return false
	}
	for _, pose := range r.m.Poses {
		if pose[v] != pose[w] {
			return false
		}
	}
	return true
}

// mergeRuns merges sorted runs, pairs at a time.
func (r *reducer) mergeRuns(items []corner, run int) []corner {
	if run >= len(items) {
		return items
	}
	spare := make([]corner, len(items))
	for ; run < len(items); run *= 2 {
		parallel(0, (len(items)+2*run-1)/(2*run), func(i int) {
			from, to := 2*i*run, min(2*(i+1)*run, len(items))
			middle := min(from+run, to)
			a, b, out := items[from:middle], items[middle:to], spare[from:to]
			for k := range out {
				if len(b) == 0 || len(a) > 0 && r.order(a[0], b[0]) < 0 {
					out[k], a = a[0], a[1:]
				} else {
					out[k], b = b[0], b[1:]
				}
			}
		})
		items, spare = spare, items
	}
	return items
}

// morton interleaves 21 bits of each coordinate, which are between -1 and 1.
func morton(p vec) uint64 {
	code := uint64(0)
	for k := range 3 {
		x := uint64(min(max((p[k]+1)*(1<<20), 0), 1<<21-1))
		x = (x | x<<32) & 0x1f00000000ffff
		x = (x | x<<16) & 0x1f0000ff0000ff
		x = (x | x<<8) & 0x100f00f00f00f00f
		x = (x | x<<4) & 0x10c30c30c30c30c3
		x = (x | x<<2) & 0x1249249249249249
		code |= x << k
	}
	return code
}

// findWedges makes one wedge of the vertices at a place that are equal in all
// attributes and of one part, and numbers triangles in the order of their places.
func (r *reducer) findWedges(number []int32) {
	m := r.m
	n := len(r.at)
	// A vertex is of the part of the first triangle that uses it; one that several
	// parts use has a wedge for each.
	first := make([]int32, n) // place -> its first triangle in the new order
	start := make([]int32, n+1)
	lowest := func(t int) int32 {
		a, b, c := number[m.Indices[3*t]], number[m.Indices[3*t+1]], number[m.Indices[3*t+2]]
		if a == b || b == c || c == a {
			return -1
		}
		return min(a, b, c)
	}
	for t := range m.Triangles() {
		if a := lowest(t); a >= 0 {
			start[a+1]++
		}
	}
	for a := range n {
		start[a+1] += start[a]
	}
	copy(first, start[:n])
	order := make([]uint32, r.alive)
	for t := range m.Triangles() {
		if a := lowest(t); a >= 0 {
			order[first[a]] = uint32(t)
			first[a]++
		}
	}

	same := r.weldWedges(number)
	r.place, r.corner = make([]int32, 3*r.alive), make([]int32, 3*r.alive)
	of := make([]int32, len(m.Positions)) // welded vertex -> its first wedge + 1
	var twin []int32                      // wedge -> the wedge of the same vertex and another part + 1
	r.vertex = make([]uint32, 0, n+n/8)
	r.part = make([]uint32, 0, n+n/8)
	const most = 16                // how many twins are asked one after the other
	crowd := map[[2]uint32]int32{} // the others: welded vertex, part -> wedge + 1
	r.names = names(m.Parts)
	for t, source := range order {
		part := uint32(0)
		if m.Parts != nil {
			part = r.partOf(m.Parts[source])
		}
		for k := range 3 {
			v := m.Indices[3*int(source)+k]
			link := &of[same[v]]
			n := 0
			for ; n < most && *link > 0 && r.part[*link-1] != part; n++ {
				link = &twin[*link-1]
			}
			w := *link
			if n == most {
				w = crowd[[2]uint32{same[v], part}]
			}
			if w == 0 {
				r.vertex, r.part = append(r.vertex, v), append(r.part, part)
				twin = append(twin, 0)
				w = int32(len(r.vertex))
				if n == most {
					crowd[[2]uint32{same[v], part}] = w
				} else {
					*link = w
				}
			}
			r.corner[3*t+k], r.place[3*t+k] = w-1, number[v]
		}
	}
	r.wedge, r.kin = make([]int32, n), make([]int32, len(r.vertex))
	for a := range r.wedge {
		r.wedge[a] = -1
	}
	for w := len(r.vertex) - 1; w >= 0; w-- {
		a := number[r.vertex[w]]
		r.kin[w] = r.wedge[a]
		r.wedge[a] = int32(w)
	}
}

// names lists the parts there are, in order, where their numbers are too large to count
// with; else it is nil.
func names(parts []uint32) []uint32 {
	if len(parts) == 0 || int64(slices.Max(parts)) < int64(len(parts)) {
		return nil
	}
	list := slices.Clone(parts)
	slices.Sort(list)
	return slices.Compact(list)
}

func (r *reducer) partOf(name uint32) uint32 {
	if r.names == nil {
		return name
	}
	at, _ := slices.BinarySearch(r.names, name)
	return uint32(at)
}

func (r *reducer) nameOf(part uint32) uint32 {
	if r.names == nil {
		return part
	}
	return r.names[part]
}

// weldWedges finds vertices that are equal in place and all attributes: for each
// the first like it. Only places with several vertices have any.
func (r *reducer) weldWedges(number []int32) []uint32 {
	m := r.m
	several := make([]uint8, len(r.at))
	for _, a := range number {
		if a >= 0 && several[a] < 2 {
			several[a]++
		}
	}
	same := make([]uint32, len(number))
	var vertices []uint32
	for v, a := range number {
		same[v] = uint32(v)
		if a >= 0 && several[a] > 1 {
			vertices = append(vertices, uint32(v))
		}
	}
	welded := Weld(len(vertices), []Stream{m.attributeStream(vertices, number)})
	for i, w := range welded {
		same[vertices[i]] = vertices[w]
	}
	return same
}

// attributeStream packs what makes a wedge: the place and all attributes.
func (m *Mesh) attributeStream(vertices []uint32, number []int32) Stream {
	stride := 4 + 8*len(m.UVs)
	if m.Normals != nil {
		stride += 12
	}
	if m.Colors != nil {
		stride += 16
	}
	data := make([]byte, 0, stride*len(vertices))
	put := func(values []float32) {
		for _, x := range values {
			data = binary.LittleEndian.AppendUint32(data, math.Float32bits(x+0))
		}
	}
	for _, v := range vertices {
		data = binary.LittleEndian.AppendUint32(data, uint32(number[v]))
		if m.Normals != nil {
			put(m.Normals[v][:])
		}
		for _, set := range m.UVs {
			put(set[v][:])
		}
		if m.Colors != nil {
			put(m.Colors[v][:])
		}
	}
	return Stream{data, stride}
}

// divide makes the two divisions into blocks.
func (r *reducer) divide() {
	n := len(r.at)
	r.runs = max(1, n/perBlock)
	r.block[0] = make([]int32, n)
	for a := range r.block[0] {
		r.block[0][a] = int32(int64(a) * int64(r.runs) / int64(max(n, 1)))
	}
	cells := 0
	if r.runs > 1 {
		r.block[1], cells = r.grid()
	}
	r.border = make([]uint8, n)
	for t := range r.alive {
		a, b, c := r.place[3*t], r.place[3*t+1], r.place[3*t+2]
		for k, rim := range [2]uint8{inRuns, inCells} {
			if of := r.block[k]; of != nil && (of[a] != of[b] || of[b] != of[c]) {
				r.border[a] |= rim
				r.border[b] |= rim
				r.border[c] |= rim
			}
		}
	}
	r.queues = make([]bins, r.runs+cells+1)
	for i := range r.queues {
		r.queues[i].clear()
	}
	r.scratch = make([]scratch, len(r.queues))
}

// grid divides places by the cells of a grid that has about as many which hold any as
// there are runs. It is off the dyadic planes that runs of the Morton order end at.
func (r *reducer) grid() (of []int32, cells int) {
	of = make([]int32, len(r.at))
	for fine := 2; ; fine *= 2 {
		const most = 64
		number := make([]int32, (fine+1)*(fine+1)*(fine+1))
		cells = 0
		for a := range r.at {
			p := &r.at[a]
			cell := 0
			for k := range 3 {
				x := int((float64(p[k]*0.5) + 0.5 + 1.0/3/float64(fine)) * float64(fine))
				cell = cell*(fine+1) + min(max(x, 0), fine)
			}
			if number[cell] == 0 {
				cells++
				number[cell] = int32(cells)
			}
			of[a] = number[cell] - 1
		}
		if cells*2 >= r.runs || fine >= most {
			return of, cells
		}
	}
}

func (r *reducer) chainCorners() {
	n := len(r.at)
	r.head, r.chain = make([]int32, n), make([]int32, len(r.place))
	for a := range r.head {
		r.head[a] = -1
	}
	for c := len(r.place) - 1; c >= 0; c-- {
		a := r.place[c]
		r.chain[c] = r.head[a]
		r.head[a] = int32(c)
	}
	r.link, r.state = make([]int32, len(r.place)), make([]uint8, len(r.place))
	r.holds = make([]bool, n)
	r.marks = &sync.Pool{New: func() any { mark := make([]uint8, n); return &mark }}
	r.slack, r.into = make([]float32, n), make([]int32, n)
	for a := range r.slack {
		r.slack[a], r.into[a] = 1, int32(a)
	}
	r.fitted = make([]bool, len(r.vertex))
}

// run is the places of a block of the first division.
func (r *reducer) run(block int) (from, to int) {
	n, count := int64(len(r.at)), int64(r.runs)
	begin := func(i int64) int { return int((i*n + count - 1) / count) }
	return begin(int64(block)), begin(int64(block) + 1)
}

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

// rim is an edge that leaves a place, while queues are filled: how many triangles
// have it and the corners at both its ends in the first two.
type rim struct {
	far   int32
	count int
	here  [2]int32
	there [2]int32
	edge  int32 // corner that it leaves from
}

// fillQueues finds all edges, adds the planes that stand on those which must not
// move, and puts each in line by its cost.
func (r *reducer) fillQueues() {
	lists := sync.Pool{New: func() any { return &rims{slot: make([]int32, len(r.at))} }}
	parallel(0, r.runs, func(block int) {
		e := lists.Get().(*rims)
		defer lists.Put(e)
		from, to := r.run(block)
		for a := int32(from); a < int32(to); a++ {
			for i := range e.around(r, a) {
				r.addBorder(a, &e.list[i])
			}
		}
	})
	pending := make([][]touch, r.runs)
	parallel(0, r.runs, func(block int) {
		e := lists.Get().(*rims)
		defer lists.Put(e)
		from, to := r.run(block)
		for a := int32(from); a < int32(to); a++ {
			for i := range e.around(r, a) {
				x := &e.list[i]
				if x.far < a {
					continue
				}
				c := x.edge
				r.state[c] |= named
				m, ok := r.weigh(&r.scratch[block], r.place[c], r.place[after(c)])
				switch {
				case !ok:
					r.state[c] |= held
				case (r.border[a]|r.border[x.far])&inRuns != 0:
					pending[block] = append(pending[block], touch{c, binOf(m.rank)})
				default:
					r.state[c] |= listed
					r.queues[block].push(r.link, c, binOf(m.rank))
				}
			}
		}
	})
	for _, list := range pending {
		for _, t := range list {
			r.state[t.x] |= listed
			r.queues[r.home(t.x)].push(r.link, t.x, t.bin)
		}
	}
	for c, st := range r.state {
		if st&held != 0 {
			r.holds[r.place[c]], r.holds[r.place[after(int32(c))]] = true, true
		}
	}
}

// rims lists the edges around a place. slot finds an edge by its far place in
// constant time: it counts only where the list agrees.
type rims struct {
	slot []int32
	list []rim
}

func (e *rims) around(r *reducer, a int32) []rim {
	e.list = e.list[:0]
	if r.smooth(a) {
		for c := r.head[a]; c >= 0; c = r.chain[c] {
			e.list = append(e.list, rim{far: r.place[after(c)], edge: c})
		}
		return e.list
	}
	for c := r.head[a]; c >= 0; c = r.chain[c] {
		n, p := after(c), before(c)
		e.add(r.place[n], c, n, c)
		e.add(r.place[p], c, p, p)
	}
	return e.list
}

// smooth says that a place and its neighbors have one wedge each and its triangles close
// around it, so that each edge is the next of one triangle and the prev of another, or of
// several: then it goes by several corners. It may miss one that is, but for the rarest of
// accidents it finds none that isn't.
func (r *reducer) smooth(a int32) bool {
	if r.kin[r.wedge[a]] >= 0 {
		return false
	}
	sum := uint64(0)
	for c := r.head[a]; c >= 0; c = r.chain[c] {
		n, p := r.place[after(c)], r.place[before(c)]
		if r.kin[r.wedge[n]] >= 0 {
			return false
		}
		sum += scatter(n) - scatter(p)
	}
	return sum == 0
}

func scatter(x int32) uint64 {
	h := uint64(x+1) * 0x9e3779b97f4a7c15
	h ^= h >> 29
	return h * 0xbf58476d1ce4e5b9
}

func (e *rims) add(far, here, there, edge int32) {
	i := e.slot[far]
	if int(i) >= len(e.list) || e.list[i].far != far {
		i = int32(len(e.list))
		e.slot[far] = i
		e.list = append(e.list, rim{far: far, edge: edge})
	}
	x := &e.list[i]
	if x.count < 2 {
		x.here[x.count], x.there[x.count] = here, there
	}
	x.count++
}

// addBorder adds to a place the planes that stand on an edge which must not move,
// one for each triangle there.
func (r *reducer) addBorder(a int32, x *rim) {
	weight := r.edgeWeight(x)
	if weight == 0 {
		return
	}
	for i := range min(x.count, 2) {
		c := x.here[i]
		r.standOn(&r.shape[a], r.at, a, x.far, c, weight)
		for k := range r.posed {
			r.standOn(&r.posed[k][a], r.poses[k], a, x.far, c, weight)
		}
	}
}

func (r *reducer) standOn(q *quadric, at []vec, a, far, c int32, weight float64) {
	p := [3]vec{at[r.place[c]], at[r.place[after(c)]], at[r.place[before(c)]]}
	along := sub(at[far], at[a])
	n := unit(cross(along, cross(sub(p[1], p[0]), sub(p[2], p[0]))))
	total := q.weight
	q.addPlane(n, -dot(n, at[a]), float64(dot(along, along)*weight))
	q.weight = total
}

// edgeWeight is how much an edge wants to stay, by what lies on its two sides.
func (r *reducer) edgeWeight(x *rim) float64 {
	switch x.count {
	case 0:
		return 0 // smooth
	case 2:
	default:
		return borderWeight
	}
	a, b := [2]int32{r.corner[x.here[0]], r.corner[x.there[0]]}, [2]int32{r.corner[x.here[1]], r.corner[x.there[1]]}
	switch {
	case r.part[a[0]] != r.part[b[0]]:
		return borderWeight
	case a == b || r.sameTexture(a[0], b[0]) && r.sameTexture(a[1], b[1]):
		return 0
	}
	return seamWeight
}

// sameTexture tells whether two wedges differ in their normals at most.
func (r *reducer) sameTexture(w, x int32) bool {
	a, b := r.vertex[w], r.vertex[x]
	for _, set := range r.m.UVs {
		if set[a] != set[b] {
			return false
		}
	}
	return r.m.Colors == nil || r.m.Colors[a] == r.m.Colors[b]
}

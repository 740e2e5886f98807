package mesh

import (
	"math"
	"slices"
)

// triangle holds the corners of one triangle in double precision.
type triangle [3]vec

func (t *triangle) squaredDistance(p *vec) float64 { return squaredDistance(p, &t[0], &t[1], &t[2]) }

func (t *triangle) centroid() vec { return scale(add(add(t[0], t[1]), t[2]), 1.0/3) }

// bvh is a tree of boxes over triangles, for nearest-triangle queries. Built by
// splitting at the median centroid along the longest axis: balanced whatever
// the input, so its depth is at most 32.
type bvh struct {
	tris  []triangle
	order []uint32 // leaves hold runs of this
	nodes []box
}

// box is a node: an inner one has its children at left and left+1, a leaf
// (count > 0) holds order[left : left+count].
type box struct {
	lo, hi      vec
	left, count uint32
}

const leafSize = 4

func newBVH(tris []triangle) *bvh {
	b := &bvh{tris: tris, order: make([]uint32, len(tris)), nodes: make([]box, 1, 1+len(tris))}
	centers := make([]vec, len(tris))
	for i := range tris {
		b.order[i] = uint32(i)
		centers[i] = tris[i].centroid()
	}
	b.split(0, 0, uint32(len(tris)), centers)
	return b
}

func (b *bvh) split(node, from, to uint32, centers []vec) {
	n := &b.nodes[node]
	n.lo, n.hi = infinite()
	lo, hi := infinite()
	for _, t := range b.order[from:to] {
		for _, p := range b.tris[t] {
			n.lo, n.hi = grow(n.lo, n.hi, p)
		}
		lo, hi = grow(lo, hi, centers[t])
	}
	if to-from <= leafSize {
		n.left, n.count = from, to-from
		return
	}
	size := sub(hi, lo)
	axis := 0
	for k := range 3 {
		if size[k] > size[axis] {
			axis = k
		}
	}
	selectNth(b.order[from:to], int(to-from)/2, func(x, y uint32) bool {
		if centers[x][axis] != centers[y][axis] {
			return centers[x][axis] < centers[y][axis]
		}
		return x < y
	})
	left := uint32(len(b.nodes))
	n.left = left
	b.nodes = append(b.nodes, box{}, box{})
	mid := from + (to-from)/2
	b.split(left, from, mid, centers)
	b.split(left+1, mid, to, centers)
}

func infinite() (lo, hi vec) {
	return vec{math.Inf(1), math.Inf(1), math.Inf(1)}, vec{math.Inf(-1), math.Inf(-1), math.Inf(-1)}
}

func grow(lo, hi, p vec) (vec, vec) {
	for k := range 3 {
		lo[k], hi[k] = min(lo[k], p[k]), max(hi[k], p[k])
	}
	return lo, hi
}

// selectNth puts the n smallest elements first (Hoare's selection). The pivot is
// the median of three; a run that shrinks too slowly is sorted instead, so
// that no input is quadratic.
func selectNth(s []uint32, n int, less func(x, y uint32) bool) {
	for budget := 2 * bitLen(len(s)); len(s) > 12; budget-- {
		if budget == 0 {
			break
		}
		pivot := medianOf3(s[0], s[len(s)/2], s[len(s)-1], less)
		i, j := 0, len(s)-1
		for i <= j {
			for less(s[i], pivot) {
				i++
			}
			for less(pivot, s[j]) {
				j--
			}
			if i <= j {
				s[i], s[j] = s[j], s[i]
				i++
				j--
			}
		}
		switch {
		case n <= j:
			s = s[:j+1]
		case n >= i:
			s, n = s[i:], n-i
		default:
			return
		}
	}
	slices.SortFunc(s, func(x, y uint32) int {
		switch {
		case less(x, y):
			return -1
		case less(y, x):
			return 1
		}
		return 0
	})
}

func bitLen(n int) int {
	bits := 1
	for ; n > 0; n /= 2 {
		bits++
	}
	return bits
}

func medianOf3(a, b, c uint32, less func(x, y uint32) bool) uint32 {
	if less(b, a) {
		a, b = b, a
	}
	if less(c, b) {
		b = c
		if less(b, a) {
			b = a
		}
	}
	return b
}

// nearest returns the triangle nearest to p and its squared distance. hint is a
// triangle that is likely near, to start from.
func (b *bvh) nearest(p vec, hint uint32) (tri uint32, squared float64) {
	tri, squared = hint, b.tris[hint].squaredDistance(&p)
	squared = b.search(&p, squared, func(t uint32, _ float64) float64 {
		d := b.tris[t].squaredDistance(&p)
		if d < squared {
			tri, squared = t, d
		}
		return squared
	})
	return tri, squared
}

// search visits the triangles whose boxes are within a squared distance of p, near ones
// first. visit is given the distance so far and returns what it is then.
func (b *bvh) search(p *vec, squared float64, visit func(t uint32, squared float64) float64) float64 {
	type branch struct {
		node    uint32
		squared float64
	}
	var stack [64]branch
	stack[0] = branch{0, b.nodes[0].squaredDistance(p)}
	depth := 1
	for depth > 0 {
		depth--
		if stack[depth].squared >= squared {
			continue
		}
		n := &b.nodes[stack[depth].node]
		if n.count > 0 {
			for _, t := range b.order[n.left : n.left+n.count] {
				squared = visit(t, squared)
			}
			continue
		}
		near, far := branch{n.left, b.nodes[n.left].squaredDistance(p)}, branch{n.left + 1, b.nodes[n.left+1].squaredDistance(p)}
		if far.squared < near.squared {
			near, far = far, near
		}
		stack[depth], stack[depth+1] = far, near
		depth += 2
	}
	return squared
}

func (n *box) squaredDistance(p *vec) float64 {
	x := max(n.lo[0]-p[0], p[0]-n.hi[0], 0)
	y := max(n.lo[1]-p[1], p[1]-n.hi[1], 0)
	z := max(n.lo[2]-p[2], p[2]-n.hi[2], 0)
	return square(x, y, z)
}

// normal is as long as twice the triangle's area.
func normal(t triangle) vec { return cross(sub(t[1], t[0]), sub(t[2], t[0])) }

// nearestFacing returns the nearest triangle whose normal is less than a right angle
// from n; ok is false when there is none.
func (b *bvh) nearestFacing(p, n vec, hint uint32) (tri uint32, ok bool) {
	visit := func(t uint32, squared float64) float64 {
		if d := b.tris[t].squaredDistance(&p); d < squared && dot(normal(b.tris[t]), n) > 0 {
			tri, squared, ok = t, d, true
		}
		return squared
	}
	b.search(&p, visit(hint, math.Inf(1)), visit)
	return tri, ok
}

// nearestOf returns the squared distance of the nearest triangle that counts; it is
// infinite when none does.
func (b *bvh) nearestOf(p vec, counts func(t uint32) bool) float64 {
	return b.search(&p, math.Inf(1), func(t uint32, squared float64) float64 {
		if d := b.tris[t].squaredDistance(&p); d < squared && counts(t) {
			return d
		}
		return squared
	})
}

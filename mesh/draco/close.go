package draco

// close adds the faces that the encoder began components with, where it could begin
// in the middle: what is left of the border there is a triangle (ProcessInteriorEdges).
func (b *builder) close() *FormatError {
	faces := int32(b.n.symbols)
	for len(b.active) > 0 {
		a := b.active[len(b.active)-1]
		b.active = b.active[:len(b.active)-1]
		if !b.start.next() {
			continue
		}
		if int(faces) >= b.n.faces {
			return b.d.bad("has more than the %d faces it promises", b.n.faces)
		}
		if !b.closeAt(a, 3*faces) {
			return b.d.bad("closes a component whose border is no triangle")
		}
		faces++
	}
	if b.start.short {
		return b.d.bad("has too few bits for its components")
	}
	if int(faces) != b.n.faces {
		return b.d.bad("has %d faces and promises %d", faces, b.n.faces)
	}
	return nil
}

func (b *builder) closeAt(a, c int32) bool {
	n := b.find(b.vertex[next(a)])
	second := next(b.fan[n])
	x := b.find(b.vertex[next(second)])
	third := next(b.fan[x])
	if a == second || a == third || second == third {
		return false
	}
	if b.opposite[a] >= 0 || b.opposite[second] >= 0 || b.opposite[third] >= 0 {
		return false
	}
	b.join(c, a)
	b.join(c+1, second)
	b.join(c+2, third)
	b.vertex[c], b.vertex[c+1], b.vertex[c+2] = x, b.find(b.vertex[next(third)]), n
	return true
}

// compact puts the last vertices into the places of those merged away, so that vertices
// can be points. Where attributes have seams points are numbered anew anyway.
func (b *builder) compact() {
	n := len(b.fan)
	for _, free := range b.merged {
		for n > 0 && b.fan[n-1] < 0 {
			n--
		}
		if last := int32(n - 1); last > free {
			b.fan[free], b.fan[last] = b.fan[last], none
			n--
		}
	}
	b.fan = b.fan[:n]
}

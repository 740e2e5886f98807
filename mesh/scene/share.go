package scene

import (
	"bytes"
	"encoding/binary"
	"hash/maphash"
	"slices"
)

// share returns s with one piece of memory for everything that is equal: arrays with
// equal rows of one kind, lists of indices, the bytes of images. Writers store
// what is one piece of memory once. No entry of a list goes or moves.
func (s *Scene) share() (*Scene, *pools) {
	p := &pools{
		seed:    maphash.MakeSeed(),
		arrays:  pool[*Array]{equal: equalArrays, byHash: map[uint64][]int{}},
		indices: pool[[]uint32]{equal: slices.Equal[[]uint32], byHash: map[uint64][]int{}},
		images:  pool[[]byte]{equal: bytes.Equal, byHash: map[uint64][]int{}},
		known:   map[*Array]int{},
		seen:    map[piece]int{},
	}
	out := *s
	out.Meshes = slices.Clone(s.Meshes)
	for i := range out.Meshes {
		m := &out.Meshes[i]
		m.Primitives = slices.Clone(m.Primitives)
		for j := range m.Primitives {
			prim := &m.Primitives[j]
			prim.Indices = p.order(prim.Indices)
			prim.Attributes = p.attributes(prim.Attributes)
			prim.Targets = slices.Clone(prim.Targets)
			for k := range prim.Targets {
				prim.Targets[k] = p.attributes(prim.Targets[k])
			}
		}
	}
	out.Nodes = slices.Clone(s.Nodes)
	for i := range out.Nodes {
		out.Nodes[i].Instances = p.attributes(out.Nodes[i].Instances)
	}
	out.Skins = slices.Clone(s.Skins)
	for i := range out.Skins {
		out.Skins[i].InverseBind = p.array(out.Skins[i].InverseBind)
	}
	out.Animations = slices.Clone(s.Animations)
	for i := range out.Animations {
		a := &out.Animations[i]
		a.Samplers = slices.Clone(a.Samplers)
		for j := range a.Samplers {
			a.Samplers[j].Input, a.Samplers[j].Output = p.array(a.Samplers[j].Input), p.array(a.Samplers[j].Output)
		}
	}
	out.Images = slices.Clone(s.Images)
	for i := range out.Images {
		out.Images[i].Data = p.image(out.Images[i].Data)
	}
	return &out, p
}

// pools hold the first of every set of equals. Their hash is seeded anew in every
// call, so that no file can be made to collide; what is first does not depend on it.
type pools struct {
	seed    maphash.Seed
	arrays  pool[*Array]
	indices pool[[]uint32]
	images  pool[[]byte]
	known   map[*Array]int // numbers of arrays that were looked up
	seen    map[piece]int  // the same of images, of which a file may have many in one place
	buffer  []byte
}

type piece struct {
	first *byte
	n     int
}

type pool[T any] struct {
	equal  func(a, b T) bool
	list   []T
	byHash map[uint64][]int // numbers in list
}

// number is that of the first thing equal to x.
func (p *pool[T]) number(hash uint64, x T) int {
	for _, i := range p.byHash[hash] {
		if p.equal(p.list[i], x) {
			return i
		}
	}
	p.list = append(p.list, x)
	p.byHash[hash] = append(p.byHash[hash], len(p.list)-1)
	return len(p.list) - 1
}

func equalArrays(a, b *Array) bool {
	return a.Kind == b.Kind && a.Width == b.Width && a.Matrix == b.Matrix && a.Normalized == b.Normalized &&
		a.Sparse == b.Sparse && a.Octahedral == b.Octahedral && bytes.Equal(a.Data, b.Data)
}

func (p *pools) arrayNumber(a *Array) int {
	n, ok := p.known[a]
	if !ok {
		n = p.arrays.number(maphash.Bytes(p.seed, a.Data), a)
		p.known[a] = n
	}
	return n
}

func (p *pools) array(a *Array) *Array {
	if a == nil {
		return nil
	}
	return p.arrays.list[p.arrayNumber(a)]
}

func (p *pools) attributes(list []Attribute) []Attribute {
	list = slices.Clone(list)
	for i := range list {
		list[i].Array = p.array(list[i].Array)
	}
	return list
}

// orderNumber tells lists of indices apart; to have none is not the same as an
// empty list.
func (p *pools) orderNumber(list []uint32) int {
	if list == nil {
		return None
	}
	p.buffer = p.buffer[:0]
	for _, i := range list {
		p.buffer = binary.LittleEndian.AppendUint32(p.buffer, i)
	}
	return p.indices.number(maphash.Bytes(p.seed, p.buffer), list)
}

func (p *pools) order(list []uint32) []uint32 {
	if list == nil {
		return nil
	}
	return p.indices.list[p.orderNumber(list)]
}

func (p *pools) imageNumber(data []byte) int {
	at := piece{n: len(data)}
	if len(data) > 0 {
		at.first = &data[0]
	}
	n, ok := p.seen[at]
	if !ok {
		n = p.images.number(maphash.Bytes(p.seed, data), data)
		p.seen[at] = n
	}
	return n
}

func (p *pools) image(data []byte) []byte { return p.images.list[p.imageNumber(data)] }

package cache

import "container/list"

// A piece is a block in memory of an object that isn't verified, or that no disk takes.
type piece struct {
	f    *fill
	i    int
	data []byte
	at   *list.Element
}

// pieces are the blocks that are kept in memory, the one used last first. They have a
// budget of their own, beside that of whole objects: a policy that chooses by frequency
// would turn away just the block that was fetched a moment ago. Guarded by Cache.mu.
type pieces struct {
	order        list.List // of *piece
	bytes, limit int64
}

// add keeps a block.
func (p *pieces) add(f *fill, i int, data []byte) {
	x := &piece{f: f, i: i, data: data}
	x.at = p.order.PushFront(x)
	p.bytes += int64(cap(data))
	f.blocks[i].piece = x
	f.present++
}

// overfull returns the block to drop, nil if there is room.
func (p *pieces) overfull() *piece {
	if p.bytes <= p.limit {
		return nil
	}
	return p.order.Back().Value.(*piece)
}

func (p *pieces) drop(x *piece) {
	p.order.Remove(x.at)
	p.bytes -= int64(cap(x.data))
	x.f.blocks[x.i].piece = nil
	x.f.present--
}

func (p *pieces) dropAll(f *fill) {
	if p.bytes == 0 {
		return
	}
	for i := range f.blocks {
		if x := f.blocks[i].piece; x != nil {
			p.drop(x)
		}
	}
}

// trim makes room among the pieces. A fill that nobody holds and that has lost all its
// blocks goes. mu is held.
func (c *Cache) trim(r *rubbish) {
	for x := c.pieces.overfull(); x != nil; x = c.pieces.overfull() {
		c.pieces.drop(x)
		if x.f.present == 0 && x.f.refs == 0 {
			c.drop(x.f, r)
		}
	}
}

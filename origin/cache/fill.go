package cache

import (
	"container/list"
	"fmt"
	"hash"
	"sync"
	"time"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// A fill is an object of which not all is here, or not all is hashed. Its blocks are in a
// partial file of the disk cache, or where that isn't possible among Cache.pieces; the
// only block of a small object is in whole until it is put away. It is held (refs) by the Objects that were
// opened on it and by its flights; once nobody does, it stays in Cache.idle for the sake
// of its blocks. All fields below making are guarded by mu.
type fill struct {
	c           *Cache
	key, digest string
	making      sync.Mutex // held while the partial file is made; taken before mu

	size     int64 // in bytes; -1 until somebody knew
	hint     int64 // the size, if it was a caller who knew; else 0
	answered bool  // by the backend: modified and tag are known
	modified time.Time
	tag      string
	err      error // once set, nothing is read any longer

	blocks   []block
	present  int    // of blocks
	whole    []byte // the object, if it has one block, while its flight has a slot for it
	sum      hash.Hash
	hashed   int  // blocks that are in sum
	hashing  bool // somebody is in advance, and owns sum
	verified bool // sum was the digest: whatever the blocks hold is right

	part     *part // the partial file
	tried    bool  // to make one
	torn     bool  // part failed: it takes no more blocks and becomes no file
	adopted  bool  // part is now a file of the disk cache
	reserved int64 // bytes of disk

	refs  int
	at    *list.Element // in Cache.idle
	moved chan struct{} // unless nil, closed when hashed, verified or err change
}

// A block of a fill.
type block struct {
	flight *flight // unless nil, on its way
	filed  bool    // it is in part
	piece  *piece  // unless nil, it is in memory
	mark   uint64  // hash of its bytes, if it was ever present: they don't change
	marked bool
}

// idleFills bounds how many unfinished objects are remembered that nobody reads. Each
// may have a file open.
const idleFills = 256

// begin adds a fill, held by its caller. mu is held.
func (c *Cache) begin(w Want) *fill {
	f := &fill{c: c, key: w.Key, digest: w.Digest, size: -1, blocks: make([]block, 1), refs: 1}
	if w.Size > 0 {
		f.hint = w.Size
		f.setSize(w.Size)
	}
	c.fills[w.Key] = f
	return f
}

func (f *fill) setSize(size int64) {
	f.size = size
	more := make([]block, f.c.blocksOf(size)-1)
	f.blocks = append(f.blocks, more...)
}

// length is how long a block is.
func (f *fill) length(i int) int { return int(min(f.c.conf.Block, f.size-int64(i)*f.c.conf.Block)) }

func (f *fill) small() bool { return len(f.blocks) == 1 }

func (f *fill) here(i int) bool {
	b := &f.blocks[i]
	return b.filed || b.piece != nil || f.whole != nil
}

// expect returns an error unless the fill is what w wants. It takes w's size for the
// fill's if nobody knows that and nobody is asking.
func (f *fill) expect(w Want) error {
	f.c.mu.Lock()
	defer f.c.mu.Unlock()
	if f.size < 0 && w.Size > 0 && f.blocks[0].flight == nil {
		f.hint = w.Size
		f.setSize(w.Size) // else the backend is about to tell
	}
	return agree(w, f.digest, f.size)
}

// agree returns an error unless an object with that digest and size (-1: not known) is
// the one that w wants.
func agree(w Want, digest string, size int64) error {
	if w.Digest != digest {
		return fmt.Errorf("%w: %s: %w: its digest is %s, not %s", asset.ErrUnavailable, w.Key, errWrong, digest, w.Digest)
	}
	if w.Size > 0 && size >= 0 && w.Size != size {
		return fmt.Errorf("%w: %s: %w: it has %d bytes, not %d", asset.ErrUnavailable, w.Key, errWrong, size, w.Size)
	}
	return nil
}

// hold keeps a fill for one more user. mu is held.
func (c *Cache) hold(f *fill) {
	f.refs++
	if f.at != nil {
		c.idle.Remove(f.at)
		f.at = nil
	}
}

// release ends what begin, hold and launch began.
func (f *fill) release() {
	c := f.c
	var r rubbish
	c.mu.Lock()
	f.refs--
	switch {
	case f.refs > 0:
	case f.present == 0 || c.fills[f.key] != f || c.closed:
		c.drop(f, &r)
	default:
		f.at = c.idle.PushFront(f)
		if c.idle.Len() > idleFills {
			c.drop(c.idle.Back().Value.(*fill), &r)
		}
	}
	c.mu.Unlock()
	c.clean(&r)
}

// drop forgets a fill that nobody holds. mu is held.
func (c *Cache) drop(f *fill, r *rubbish) {
	c.leave(f)
	if f.at != nil {
		c.idle.Remove(f.at)
		f.at = nil
	}
	c.pieces.dropAll(f)
	if f.part != nil {
		r.parts = append(r.parts, f.part)
		if !f.adopted {
			r.names = append(r.names, f.part.name)
		}
		f.part = nil
	}
	c.unreserve(f)
}

// leave takes a fill out of the table, so that the next Get begins anew. mu is held.
func (c *Cache) leave(f *fill) {
	if c.fills[f.key] == f {
		delete(c.fills, f.key)
	}
}

// fail ends a fill for all its readers. mu is held.
func (f *fill) fail(err error) {
	if f.err != nil {
		return
	}
	f.err = err
	f.c.leave(f)
	f.c.pieces.dropAll(f)
	f.unhand()
	f.tell()
}

// unhand gives up the block of a small object. mu is held.
func (f *fill) unhand() {
	if f.whole != nil {
		f.whole = nil
		f.present--
	}
}

// watch returns a channel that is closed by the next tell. mu is held for both.
func (f *fill) watch() chan struct{} {
	if f.moved == nil {
		f.moved = make(chan struct{})
	}
	return f.moved
}

func (f *fill) tell() {
	if f.moved != nil {
		close(f.moved)
		f.moved = nil
	}
}

// modification is when the object was put, the zero time until the backend has told.
func (f *fill) modification() time.Time {
	f.c.mu.Lock()
	defer f.c.mu.Unlock()
	return f.modified
}

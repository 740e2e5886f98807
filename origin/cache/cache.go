package cache

import (
	"container/list"
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"os"
	"sync"
	"time"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// opener is a store whose blobs are files of this machine.
type opener interface {
	OpenFile(key string) (*os.File, error)
}

// A Cache is used by any number of goroutines.
//
// Its lock, mu, guards what lies below it, and the fields of fills, blocks, pieces and
// entries that their types say. These hold whenever nobody has it:
//
//   - A key has at most one fill in fills and one entry in files, and not both, unless the
//     entry's file can't be opened. A fill leaves fills in the moment its entry appears.
//     (Memory may have a copy, and fills that have left may still be held and read.)
//   - A block of a fill has at most one flight, and none while it is present. (One that was
//     ended by its deadline may still have its slot, until the backend lets go.)
//   - A block never changes: a fill that sees other bytes, another tag or another size
//     for it fails, for good and for all its readers.
//   - used is the sum of the weights of the disk cache's entries, of what fills have
//     reserved, and of what shelve is writing; it is at most Disk. What lingers comes on top: files that were deleted and
//     are being read. Beyond a quarter of Disk no file is made and none in use deleted to
//     make room.
//   - A fill is in idle just when it is in fills and has no refs.
//
// With mu held no file is touched, no store, log or Admit called, and no channel waited
// for; only memory, which has locks of its own, is read. The lock of a flight is never
// taken together with mu. A fill's making is taken before mu.
type Cache struct {
	conf    Config
	local   opener // nil unless the store has files
	memory  memory
	disk    *disk // nil when there is none
	seed    maphash.Seed
	slots   chan struct{} // one for each block in memory that is on its way
	checks  chan struct{} // one for each file that is being hashed
	buffers sync.Pool     // of *[chunk]byte
	counts  counts

	life context.Context // ends with Close
	stop context.CancelFunc
	work sync.WaitGroup // flights and checks; joined under mu, while not closed

	mu        sync.Mutex
	closed    bool
	fills     map[string]*fill
	idle      list.List // of *fill, last used first
	pieces    pieces
	files     shelf
	used      int64 // bytes of disk
	parts     int64 // bytes of disk reserved by fills, a part of used
	lingering int64 // bytes of files that were deleted and are still being read
	refused   refusals
}

// chunk is how many bytes a reader takes at a time.
const chunk = 64 << 10

// mostBlocks bounds an object: 1 TiB in blocks of 1 MiB.
const mostBlocks = 1 << 20

// Close ends reads of the backend, waits for them, and closes files that nobody reads.
// Objects that are open stay readable as far as their bytes are here and were checked.
func (c *Cache) Close() error {
	var r rubbish
	c.mu.Lock()
	c.closed = true
	for c.files.pooled > 0 {
		r.handles = append(r.handles, c.files.unpoolOldest())
	}
	for _, f := range c.fills {
		f.tell()
	}
	for c.idle.Len() > 0 {
		c.drop(c.idle.Back().Value.(*fill), &r)
	}
	c.mu.Unlock()
	c.stop()
	c.work.Wait()
	c.clean(&r)
	return c.disk.close()
}

// errClosed is what a closed cache says.
var errClosed = fmt.Errorf("%w: the cache is closed", asset.ErrUnavailable)

// errGone and errDisk are why an entry doesn't help: there is none any longer, or the
// disk fails.
var (
	errGone = errors.New("the file is gone")
	errDisk = errors.New("the disk fails")
)

// A Want says which object is meant.
type Want struct {
	Key    string // of the store
	Digest string // SHA-256 of the object's bytes, in hexadecimal
	Size   int64  // in bytes, where the caller knows it; 0 elsewhere

	// Admit, unless nil, is asked once, before a read of the backend is begun for this
	// object. Its error goes to this caller alone: others that wait ask their own.
	Admit func() error
}

// Get opens an object. It is where it was found, and must be closed. One that isn't here
// and whose size is given costs no read of the backend yet: its Reader does that. A
// missing object is asset.ErrNotFound, a wrong one and a backend that doesn't answer
// asset.ErrUnavailable. The first two are remembered for five seconds, the last for one, in
// which the backend isn't asked for that object again.
func (c *Cache) Get(ctx context.Context, w Want) (Object, error) {
	if b, ok := c.memory.get(w.Key); ok {
		return c.fromMemory(b, w)
	}
	return c.find(ctx, w)
}

func (c *Cache) find(ctx context.Context, w Want) (Object, error) {
	for files := true; ; {
		b, e, f, err := c.look(w, files)
		switch {
		case err != nil:
			return Object{}, err
		case b != nil:
			return c.fromMemory(b, w)
		case f != nil:
			return c.fromFill(ctx, f, w)
		}
		o, err := c.fromFile(ctx, e, w)
		if !errors.Is(err, errGone) && !errors.Is(err, errDisk) {
			return o, err
		}
		files = files && !errors.Is(err, errDisk)
	}
}

// look says where an object is: in memory, in a file, or (to be) fetched. It looks into
// memory again, because a fill may have ended since Get did.
func (c *Cache) look(w Want, files bool) (*blob, *entry, *fill, error) {
	var r rubbish
	defer c.clean(&r)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil, nil, nil, errClosed
	}
	if c.refused.absent(w.Key, time.Now()) {
		return nil, nil, nil, fmt.Errorf("%s: %w", w.Key, asset.ErrNotFound)
	}
	if e := c.files.at[w.Key]; e != nil && files {
		return nil, e, nil, nil
	}
	if f := c.fills[w.Key]; f != nil {
		c.hold(f)
		return nil, nil, f, nil
	}
	if b, ok := c.memory.get(w.Key); ok {
		return b, nil, nil, nil
	}
	if err := c.checkWant(w); err != nil {
		return nil, nil, nil, err
	}
	if c.local != nil {
		return nil, c.mark(w.Key, &r), nil, nil
	}
	return nil, nil, c.begin(w), nil
}

func (c *Cache) checkWant(w Want) error {
	if err := asset.CheckKey(w.Key); err != nil {
		return err
	}
	if !asset.IsHash(w.Digest) || w.Size < 0 || c.blocksOf(w.Size) > mostBlocks {
		return fmt.Errorf("%w: %s: %.80q is no digest, or %d no size", asset.ErrInvalid, w.Key, w.Digest, w.Size)
	}
	return nil
}

// blocksOf is how many blocks an object of size bytes has. An empty one has one.
func (c *Cache) blocksOf(size int64) int64 { return max(1, (size-1)/c.conf.Block+1) }

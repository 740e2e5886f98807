package cache

import (
	"time"

	"github.com/maypok86/otter/v2"
)

// A blob is a whole object in memory. Its bytes were hashed on their way in and never
// change.
type blob struct {
	key, digest string
	data        []byte
	modified    time.Time
}

// blobCost is about what an entry of the cache takes beside its bytes: the blob, the
// node, its place in the table, and the rounding of the allocator.
const blobCost = 512

// memory holds whole objects of at most a block, chosen by how often and how lately
// they were asked for. Reading takes no lock.
type memory struct{ *otter.Cache[string, *blob] }

func newMemory(limit int64) (memory, error) {
	c, err := otter.New(&otter.Options[string, *blob]{
		MaximumWeight: uint64(limit),
		Weigher: func(key string, b *blob) uint32 {
			return uint32(cap(b.data) + len(key) + len(b.digest) + blobCost)
		},
		Executor: func(f func()) { f() },
	})
	return memory{c}, err
}

func (m memory) get(key string) (*blob, bool) { return m.GetIfPresent(key) }

// put adds an object. When it returns what had to leave has left, so that memory is
// exceeded at most by what its callers hold slots for.
func (m memory) put(b *blob) {
	m.Set(b.key, b)
	m.CleanUp()
}

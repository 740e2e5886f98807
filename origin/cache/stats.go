package cache

import (
	"errors"
	"sync/atomic"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// Stats are counts since Open, and what is there now.
type Stats struct {
	Memory, Disk, Misses int64 // objects opened, by where they were
	Reads, ReadBytes     int64 // of the backend: begun, and bytes that came
	Errors               Errors
	MemoryBytes          int64 // whole objects, blocks of unfinished ones, and slots that are taken
	DiskBytes            int64 // of the disk cache, with what unfinished objects have reserved, and deleted files that are being read
	DiskFiles            int64 // whole objects known as files
	OpenFiles            int64 // read from or idle
	Fetches              int64 // reads of the backend right now
	Unfinished           int64 // objects of which some blocks are here or on their way
}

// Errors counts what went wrong, by kind.
type Errors struct {
	NotFound    int64 // the backend has no such object
	Conflict    int64 // the object changed while it was read
	Timeout     int64 // the backend was too slow, or too busy to be asked in time
	Wrong       int64 // an object's bytes have not its digest, or not its size
	Unavailable int64 // any other error of the backend
	Disk        int64 // the disk cache failed
}

// counts are the parts of Stats that many goroutines add to.
type counts struct {
	memory, disk, misses, reads, bytes, open                    atomic.Int64
	notFound, conflict, timeout, wrong, unavailable, diskFailed atomic.Int64
}

// Stats returns what the cache has done and holds.
func (c *Cache) Stats() Stats {
	n := &c.counts
	s := Stats{
		Memory: n.memory.Load(), Disk: n.disk.Load(), Misses: n.misses.Load(),
		Reads: n.reads.Load(), ReadBytes: n.bytes.Load(),
		Errors: Errors{
			n.notFound.Load(), n.conflict.Load(), n.timeout.Load(),
			n.wrong.Load(), n.unavailable.Load(), n.diskFailed.Load(),
		},
		OpenFiles: n.open.Load(), Fetches: int64(len(c.slots)),
	}
	s.MemoryBytes = int64(c.memory.WeightedSize()) + s.Fetches*c.conf.Block
	c.mu.Lock()
	defer c.mu.Unlock()
	s.MemoryBytes += c.pieces.bytes
	s.DiskBytes = c.used + c.lingering
	s.DiskFiles = int64(len(c.files.at))
	s.Unfinished = int64(len(c.fills))
	return s
}

// errSlow, errCrowded and errWrong are kinds of their own in Errors; for callers they are
// asset.ErrUnavailable.
var (
	errSlow    = errors.New("too slow")
	errCrowded = errors.New("too many reads")
	errWrong   = errors.New("wrong bytes")
)

func (n *counts) fault(err error) {
	switch {
	case errors.Is(err, asset.ErrNotFound):
		n.notFound.Add(1)
	case errors.Is(err, asset.ErrConflict):
		n.conflict.Add(1)
	case errors.Is(err, errSlow), errors.Is(err, errCrowded):
		n.timeout.Add(1)
	case errors.Is(err, errWrong):
		n.wrong.Add(1)
	default:
		n.unavailable.Add(1)
	}
}

package cache

import (
	"context"
	"fmt"
	"hash/maphash"
	"io"
	"log/slog"
	"runtime"
	"time"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// A Source is as much of an asset.Store as a cache needs.
type Source interface {
	Read(ctx context.Context, key string, r asset.Range) (asset.Info, io.ReadCloser, error)
}

// Config says what a cache may use. A zero value has the default that its line names.
//
// A block waits at most FirstByte until fewer than Fetches are read, and then at most
// FirstByte for the backend, so that the worst wait of a caller is twice FirstByte. Who
// gets no turn costs the backend nothing.
//
// The disk cache has at most one file for each 2 KiB of Memory. What is known of a file
// takes about 600 bytes, beside Memory.
type Config struct {
	Store     Source        // where objects come from; required
	Memory    int64         // bytes; 256 MiB
	Dir       string        // folder of the disk cache, its own and this process's alone; required if Disk isn't 0
	Disk      int64         // bytes, and a quarter more for deleted files that are being read; 0 is no disk cache
	Block     int64         // bytes of one read of the backend; 1 MiB
	Fetches   int           // reads of the backend at a time; 32
	FirstByte time.Duration // for a turn, and again from asking the backend to the first byte; 5 s
	Stall     time.Duration // for every 64 KiB of it after that, and half of it on the whole; 5 s
	Idle      int           // files that stay open though nobody reads them; 512
	Log       *slog.Logger  // slog.Default()
}

// Open returns a cache. It removes what a former process left unfinished in Dir and
// learns what is there. If another process uses Dir it is asset.ErrConflict, and if Dir has
// files that are not a cache's, asset.ErrInvalid.
func Open(c Config) (*Cache, error) {
	c = withDefaults(c)
	switch {
	case c.Store == nil || !within(c.Memory, mostBytes) || !within(c.Disk, mostBytes) || !within(c.Block-1, 1<<30-1) || c.Fetches < 1 || c.Idle < 0:
		return nil, fmt.Errorf("%w: a cache needs a store, and sizes and numbers that are neither negative nor beyond measure", asset.ErrInvalid)
	case !within(int64(c.FirstByte), int64(longest)) || !within(int64(c.Stall), int64(longest)):
		return nil, fmt.Errorf("%w: a cache waits neither %v nor %v; set 0 to %v", asset.ErrInvalid, c.FirstByte, c.Stall, longest)
	case int64(c.Fetches) > c.Memory/2/c.Block:
		return nil, fmt.Errorf("%w: %d fetches of %d bytes need more than half of the cache's memory of %d bytes; allow more memory or fewer fetches", asset.ErrInvalid, c.Fetches, c.Block, c.Memory)
	}
	flying := int64(c.Fetches) * c.Block
	k := &Cache{conf: c, seed: maphash.MakeSeed(), fills: map[string]*fill{}}
	k.slots = make(chan struct{}, c.Fetches)
	k.checks = make(chan struct{}, runtime.GOMAXPROCS(0))
	k.buffers.New = func() any { return new([chunk]byte) }
	k.local, _ = c.Store.(opener)
	k.pieces.limit = k.unfinished()
	k.files.init()
	var err error
	if k.memory, err = newMemory(c.Memory - flying - k.pieces.limit); err != nil {
		return nil, fmt.Errorf("open the cache: %w", err)
	}
	if k.local == nil && c.Disk > 0 {
		if err := k.openDisk(); err != nil {
			return nil, fmt.Errorf("open the cache in %s: %w", c.Dir, err)
		}
	}
	k.life, k.stop = context.WithCancel(context.Background())
	return k, nil
}

// mostBytes and longest bound the settings, so that no sum or product of them overflows.
const (
	mostBytes = 1 << 60
	longest   = 24 * time.Hour
)

func within(n, most int64) bool { return n >= 0 && n <= most }

// patience is how long the bytes of a block may take: a backend that gives 64 KiB just in
// time, each time, shall not have a slot for ever.
func (c *Config) patience() time.Duration {
	return c.Stall * time.Duration(max(8, c.Block/chunk/2))
}

// unfinished is the part of memory for blocks of unfinished objects.
func (c *Cache) unfinished() int64 {
	switch {
	case c.local != nil:
		return 0 // there are none
	case c.conf.Disk > 0:
		return c.conf.Memory / 8 // for when the disk fails
	}
	return c.conf.Memory / 4
}

func withDefaults(c Config) Config {
	set := func(v *int64, to int64) {
		if *v == 0 {
			*v = to
		}
	}
	set(&c.Memory, 256<<20)
	set(&c.Block, 1<<20)
	set((*int64)(&c.FirstByte), int64(5*time.Second))
	set((*int64)(&c.Stall), int64(5*time.Second))
	if c.Fetches == 0 {
		c.Fetches = 32
	}
	if c.Idle == 0 {
		c.Idle = 512
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	return c
}

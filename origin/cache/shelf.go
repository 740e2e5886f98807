package cache

import (
	"container/list"
	"container/ring"
	"os"
	"time"
)

// An entry is a file that has a whole object: one of the disk cache, or one of the
// store's own. It is served once its bytes were hashed in this process; for how long that
// holds, the stamp says. All fields below modified are guarded by mu.
type entry struct {
	key      string
	name     string // in the disk cache; "" for the store's
	size     int64  // in bytes, of a file of the disk cache
	modified time.Time

	judged bool // the file with that stamp was hashed
	good   bool // and has that digest
	digest string
	stamp  stamp

	check     *check // unless nil, it is being hashed
	gone      bool   // no longer in the shelf
	promoting bool   // somebody is reading it into memory
	uses      uint64
	used      time.Time // when the file's own time of last use was set
	at        *list.Element
	pool      []*handle // open files that nobody reads
	open      int       // all open files, and the one that was adopted
}

// A stamp tells a file from another under the same name.
type stamp struct {
	size, modified int64 // bytes; nanoseconds, 0 in the disk cache, which uses it otherwise
}

func (e *entry) judge(digest string, s stamp, good bool) {
	e.judged, e.digest, e.stamp, e.good = true, digest, s, good
}

// A handle is an open file, with an offset of its own.
type handle struct {
	e        *entry
	file     *os.File
	stamp    stamp
	modified time.Time
	at       *ring.Ring // in shelf.idle, while it is in a pool
}

// shelf holds the entries, the one used last first, and the pools of their open files.
// Guarded by Cache.mu.
type shelf struct {
	at     map[string]*entry
	order  list.List
	idle   *ring.Ring // of all handles in pools, the one used last behind this one
	pooled int
}

// mostMarks bounds how many of the store's files are known to be right, and poolSize how
// many open files an object has that nobody reads.
const (
	mostMarks = 1 << 16
	poolSize  = 8
)

func (s *shelf) init() {
	s.at = map[string]*entry{}
	s.idle = ring.New(1)
}

func (s *shelf) add(e *entry) {
	s.at[e.key] = e
	e.at = s.order.PushFront(e)
}

func (s *shelf) oldest() *entry {
	if at := s.order.Back(); at != nil {
		return at.Value.(*entry)
	}
	return nil
}

// unpool takes an open file out of its entry's pool, nil if there is none.
func (s *shelf) unpool(e *entry) *handle {
	if len(e.pool) == 0 {
		return nil
	}
	h := e.pool[len(e.pool)-1]
	e.pool = e.pool[:len(e.pool)-1]
	h.at.Prev().Unlink(1)
	s.pooled--
	return h
}

// unpoolOldest takes out the file that was used longest ago. There must be one.
func (s *shelf) unpoolOldest() *handle {
	h := s.idle.Prev().Value.(*handle)
	for i, x := range h.e.pool {
		if x == h {
			h.e.pool = append(h.e.pool[:i], h.e.pool[i+1:]...)
		}
	}
	s.idle.Prev().Prev().Unlink(1)
	s.pooled--
	return h
}

// repool puts an open file into its entry's pool.
func (s *shelf) repool(h *handle) {
	if h.at == nil {
		h.at = &ring.Ring{Value: h}
	}
	s.idle.Link(h.at)
	h.e.pool = append(h.e.pool, h)
	s.pooled++
}

// mark adds an entry for a file of the store's. mu is held.
func (c *Cache) mark(key string, r *rubbish) *entry {
	if len(c.files.at) >= mostMarks {
		c.forget(c.files.oldest(), r)
	}
	e := &entry{key: key}
	c.files.add(e)
	return e
}

// enter adds the entry of a file that was just published, for which room is reserved.
// mu is held.
func (c *Cache) enter(e *entry, r *rubbish) {
	if old := c.files.at[e.key]; old != nil {
		c.forget(old, r)
		if old.name == e.name { // the new file has replaced it
			r.names = r.names[:len(r.names)-1]
		}
	}
	c.files.add(e)
}

// forget drops an entry, and its file if that is the cache's own. mu is held.
func (c *Cache) forget(e *entry, r *rubbish) {
	if e.gone {
		return
	}
	e.gone = true
	delete(c.files.at, e.key)
	c.files.order.Remove(e.at)
	for h := c.files.unpool(e); h != nil; h = c.files.unpool(e) {
		r.handles = append(r.handles, h)
	}
	if e.name != "" {
		c.used -= pages(e.size)
		r.names = append(r.names, e.name)
		c.lingering += e.lingers()
	}
}

// count keeps the number of an entry's open files. mu is held.
func (c *Cache) count(e *entry, n int) {
	c.lingering -= e.lingers()
	e.open += n
	c.lingering += e.lingers()
}

// lingers is how many bytes of disk a deleted file has until it is closed.
func (e *entry) lingers() int64 {
	if e.gone && e.open > 0 && e.name != "" {
		return pages(e.size)
	}
	return 0
}

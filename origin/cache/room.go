package cache

// chances is how many files that are being read are passed over at a time.
const chances = 64

// slack is how many bytes of deleted files there may be that are still being read, before
// no more room is made by deleting such.
func (c *Cache) slack() int64 { return c.conf.Disk / 4 }

// reserve makes room on the disk and takes it. Unfinished objects that nobody reads go
// first, then files by their last use. mu is held.
func (c *Cache) reserve(size int64, r *rubbish) bool {
	if c.disk == nil || pages(size) > c.conf.Disk {
		return false
	}
	if c.lingering > c.slack() {
		return false
	}
	for c.used+pages(size) > c.conf.Disk {
		if f := c.idleWithPart(); f != nil {
			c.drop(f, r)
		} else if !c.evict(r) {
			return false
		}
	}
	for int64(len(c.files.at)) >= c.mostFiles() {
		if !c.evict(r) {
			return false
		}
	}
	c.used += pages(size)
	return true
}

// evict deletes a file, if one may be. mu is held.
func (c *Cache) evict(r *rubbish) bool {
	e := c.victim()
	if e != nil {
		c.forget(e, r)
	}
	return e != nil
}

// mostFiles bounds the disk cache's files by the memory that they take: about 600 bytes each for
// the name, the digest and their place in the table.
func (c *Cache) mostFiles() int64 { return c.conf.Memory / (2 << 10) }

// victim is the file to delete: the one used longest ago, but for those whose readers would keep
// too much of the disk. nil if none was found soon.
func (c *Cache) victim() *entry {
	for range chances {
		e := c.files.oldest()
		if e == nil || e.open == len(e.pool) || c.lingering+pages(e.size) <= c.slack() {
			return e
		}
		c.files.order.MoveToFront(e.at) // it is in use
	}
	return nil
}

func (c *Cache) idleWithPart() *fill {
	for at := c.idle.Back(); at != nil; at = at.Prev() {
		if f := at.Value.(*fill); f.reserved > 0 {
			return f
		}
	}
	return nil
}

// reservePart is reserve for a fill. Fills may have half of the disk: those that are read
// right now can't be dropped, and shall not drive out whole objects. mu is held.
func (c *Cache) reservePart(f *fill, r *rubbish) bool {
	need := pages(f.size)
	for c.parts+need > c.conf.Disk/2 {
		idle := c.idleWithPart()
		if idle == nil {
			return false
		}
		c.drop(idle, r)
	}
	if !c.reserve(f.size, r) {
		return false
	}
	f.reserved = need
	c.parts += need
	return true
}

// unreserve gives back what a fill has reserved. mu is held.
func (c *Cache) unreserve(f *fill) {
	c.used -= f.reserved
	c.parts -= f.reserved
	f.reserved = 0
}

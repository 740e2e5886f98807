package cache

import (
	"crypto/sha256"
	"encoding/hex"
)

// cheap is the size up to which copying a file costs less than to send it otherwise.
const cheap = 32 << 10

// copied is the size up to which an object is kept in memory although a file has it. Beyond,
// the kernel sends it from the file (sendfile) for less than a copy from memory costs:
// measured over loopback, they meet at about 150 kB, and at 1 MiB the file costs a third.
const copied = 128 << 10

// promote reads a small object from its file into memory, and returns it. That is done
// every time for the smallest, and for others at their first, second, fourth, eighth …
// use: memory may not want to keep it. It takes a slot, as any block that is on its way.
func (c *Cache) promote(h *handle, digest string) (*blob, error) {
	size := h.stamp.size
	if size > min(c.conf.Block, copied) {
		return nil, nil
	}
	c.mu.Lock()
	h.e.uses++
	due := !h.e.promoting && (size <= cheap || h.e.uses&(h.e.uses-1) == 0)
	h.e.promoting = h.e.promoting || due
	c.mu.Unlock()
	if !due {
		return nil, nil
	}
	defer func() {
		c.mu.Lock()
		h.e.promoting = false
		c.mu.Unlock()
	}()
	select {
	case c.slots <- struct{}{}:
		defer func() { <-c.slots }()
		return c.load(h, digest)
	default:
		return nil, nil
	}
}

// load reads a file into memory. It is hashed once more: what is in memory isn't looked
// at again. If it is wrong now, errGone sends the caller to look anew.
func (c *Cache) load(h *handle, digest string) (*blob, error) {
	data := make([]byte, h.stamp.size)
	_, err := h.file.ReadAt(data, 0)
	if sum := sha256.Sum256(data); err != nil || hex.EncodeToString(sum[:]) != digest {
		c.distrust(h.e)
		return nil, errGone
	}
	b := &blob{h.e.key, digest, data, h.modified}
	c.memory.put(b)
	return b, nil
}

// distrust has an entry's file hashed again before it is served.
func (c *Cache) distrust(e *entry) {
	var r rubbish
	c.mu.Lock()
	e.judged = false
	for h := c.files.unpool(e); h != nil; h = c.files.unpool(e) {
		r.handles = append(r.handles, h)
	}
	c.mu.Unlock()
	c.clean(&r)
}

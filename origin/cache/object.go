package cache

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// A Layer is where an object was found.
type Layer uint8

// The layers.
const (
	Miss   Layer = iota // not here, or not all of it
	Memory              // whole in memory
	Disk                // a file of this machine
)

func (l Layer) String() string { return [...]string{"miss", "memory", "disk"}[l] }

// An Object is open until Close. It belongs to one goroutine, and mustn't be copied once
// it is used.
type Object struct {
	// Size is in bytes.
	Size int64
	// Layer is where the object was found.
	Layer Layer

	c      *Cache
	blob   *blob
	handle *handle
	fill   *fill
	ticket *ticket
}

// Modified is when the object was put, the zero time where nobody knows: the store has no
// such times, or nothing was read yet (see Want.Size).
func (o *Object) Modified() time.Time {
	switch {
	case o.blob != nil:
		return o.blob.modified
	case o.handle != nil:
		return o.handle.modified
	}
	return o.fill.modification()
}

// Bytes returns the whole object if it is in memory. They must not be changed, and may be
// used after Close.
func (o *Object) Bytes() ([]byte, bool) {
	if o.blob == nil {
		return nil, false
	}
	return o.blob.data, true
}

// File returns the object's file if it is one. Until Close its offset, which may be
// anywhere, is the caller's.
func (o *Object) File() (*os.File, bool) {
	if o.handle == nil {
		return nil, false
	}
	return o.handle.file, true
}

// Close gives the object back. Neither its file nor its readers may be used then.
func (o *Object) Close() {
	if o.handle != nil {
		o.c.put(o.handle)
	}
	if o.fill != nil {
		o.fill.release()
	}
	*o = Object{}
}

func (c *Cache) fromMemory(b *blob, w Want) (Object, error) {
	if w.Digest != b.digest || w.Size > 0 && w.Size != int64(len(b.data)) {
		return Object{}, agree(w, b.digest, int64(len(b.data)))
	}
	c.counts.memory.Add(1)
	return Object{Size: int64(len(b.data)), Layer: Memory, c: c, blob: b}, nil
}

func (c *Cache) fromFill(ctx context.Context, f *fill, w Want) (Object, error) {
	t := &ticket{admit: w.Admit}
	err := f.expect(w)
	if err == nil {
		err = f.known(ctx, t)
	}
	if err == nil {
		err = f.expect(w)
	}
	if err != nil {
		f.release()
		return Object{}, err
	}
	c.counts.misses.Add(1)
	return Object{Size: f.size, c: c, fill: f, ticket: t}, nil
}

func (c *Cache) fromFile(ctx context.Context, e *entry, w Want) (Object, error) {
	h, err := c.take(ctx, e, w.Digest)
	if err != nil {
		return Object{}, err
	}
	if err := agree(w, w.Digest, h.stamp.size); err != nil {
		c.put(h)
		return Object{}, err
	}
	b, err := c.promote(h, w.Digest)
	if err != nil {
		c.shut(h)
		return Object{}, err
	}
	c.counts.disk.Add(1)
	if b != nil {
		c.put(h)
		return Object{Size: h.stamp.size, Layer: Disk, c: c, blob: b}, nil
	}
	return Object{Size: h.stamp.size, Layer: Disk, c: c, handle: h}, nil
}

// Reader reads length bytes from offset on, wherever they are. It returns when the first
// of them is here, so that an early error can still become a status.
//
// What comes from the backend arrives as it does there, and ends with an error when the
// backend or the bytes turn out wrong. No complete answer is wrong: the last bytes of a
// whole object, and of any part of one that has a single block, come when the digest was
// found right. Parts of larger objects can't be checked before the whole is here.
func (o *Object) Reader(ctx context.Context, offset, length int64) (*Reader, error) {
	if offset < 0 || length < 0 || length > o.Size || offset > o.Size-length {
		return nil, fmt.Errorf("%w: no bytes %d+%d of %d", asset.ErrInvalid, offset, length, o.Size)
	}
	r := &Reader{ctx: ctx, c: o.c, pos: offset, end: offset + length, sure: offset + length, block: -1}
	switch {
	case o.blob != nil:
		r.data = o.blob.data
	case o.handle != nil:
		r.file = o.handle.file
	default:
		if err := o.fill.refusedPart(offset, length); err != nil {
			return nil, err
		}
		r.f, r.ticket = o.fill, o.ticket
		if o.fill.small() || length == o.Size {
			r.sure -= min(length, tail)
		}
		return r, r.wait()
	}
	return r, nil
}

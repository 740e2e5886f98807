package cache

import (
	"context"
	"io"
	"os"
)

// tail is how many bytes wait for the digest.
const tail = 32 << 10

// A Reader reads a part of an object. It belongs to one goroutine and is used before its
// Object is closed; it needs no Close.
type Reader struct {
	ctx      context.Context //nolint:containedctx // of the request that it reads for
	pos, end int64

	c    *Cache
	data []byte   // the object, if it is in memory
	file *os.File // or its file

	f      *fill // or where it comes from
	ticket *ticket
	sure   int64    // bytes before this may be given away before the object is verified
	block  int      // the one that was read last
	due    bool     // the next one may be to be fetched ahead
	from   *outcome // of the read of the backend that its bytes came from, so far
}

// Read reads what is here, and waits if nothing is.
func (r *Reader) Read(p []byte) (int, error) {
	if r.pos == r.end {
		return 0, io.EOF
	}
	if len(p) == 0 {
		return 0, nil
	}
	b, err := r.next(p)
	if err != nil {
		return 0, err
	}
	n := copy(p, b) // which may be p
	r.pos += int64(n)
	return n, nil
}

// wait returns when the first byte is here.
func (r *Reader) wait() error {
	if r.pos == r.end {
		return nil
	}
	var one [1]byte
	_, err := r.next(one[:])
	return err
}

// next returns the next bytes, at least one and at most len(p): in p, or where they are.
func (r *Reader) next(p []byte) ([]byte, error) {
	switch {
	case r.data != nil:
		return r.data[r.pos:min(r.pos+int64(len(p)), r.end)], nil
	case r.file != nil:
		n, err := r.file.ReadAt(p[:min(int64(len(p)), r.end-r.pos)], r.pos)
		if n > 0 {
			return p[:n], nil
		}
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	if r.pos >= r.sure {
		if err := r.f.verify(r.ctx, r.ticket); err != nil {
			return nil, err
		}
		r.sure = r.end
	}
	return r.fetch(p[:min(int64(len(p)), r.sure-r.pos)])
}

// fetch is next for an object on its way.
func (r *Reader) fetch(p []byte) ([]byte, error) {
	c := r.f.c
	i, off := int(r.pos/c.conf.Block), int(r.pos%c.conf.Block)
	if i != r.block {
		r.block, r.from, r.due = i, r.ticket.told(i), true
	}
	for {
		// Two reads of the backend are never mixed in one block: if the bytes of before
		// came from one that failed, they need not be those that come now. The last byte
		// of a block comes when its read has ended well, so that whoever is past it knows.
		s, err := r.f.acquire(i, r.ticket, r.from)
		if err != nil {
			return nil, err
		}
		r.prefetch(i)
		b, err := r.read(s, p, i, off)
		if err != nil || len(b) > 0 {
			r.prefetch(i)
			return b, err
		}
	}
}

// prefetch begins to fetch the block after i, once.
func (r *Reader) prefetch(i int) {
	if r.due && r.ticket.held && int64(i+1)*r.c.conf.Block < r.end {
		r.due = !r.f.ahead(i + 1)
	}
}

// read takes bytes of a block from where it is. None and no error: it is elsewhere now.
func (r *Reader) read(s spot, p []byte, i, off int) ([]byte, error) {
	switch {
	case s.flight != nil:
		b, err := s.flight.bytes(r.ctx, off)
		if len(b) > 0 {
			r.from = s.flight.outcome
		}
		return b[:min(len(b), len(p))], err
	case s.part != nil:
		p = p[:min(len(p), r.f.length(i)-off)]
		if _, err := s.part.file.ReadAt(p, r.pos); err != nil {
			r.f.lose(i, err)
			return nil, nil
		}
		return p, r.ctx.Err()
	}
	return s.data[off:min(off+len(p), len(s.data))], r.ctx.Err()
}

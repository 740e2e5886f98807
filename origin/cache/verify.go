package cache

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// advance hashes the blocks that are here and follow those that were hashed, and ends the
// fill with the last. It is called whenever a block has come; if somebody is at it
// already, he goes on with it. last has just brought one, whose bytes are still at hand.
//
// A block that was hashed and then dropped from memory may be fetched again. It must be
// the same (block.mark), so that what was hashed is what every reader gets.
func (f *fill) advance(last *flight) {
	for {
		i, s, ok := f.nextToHash(last)
		if !ok {
			return
		}
		if f.hashedBlock(i, f.hashBlock(i, s)) {
			f.conclude()
			return
		}
	}
}

// nextToHash takes the right to hash the next block, if it is here or was brought by last.
func (f *fill) nextToHash(last *flight) (i int, s spot, ok bool) {
	f.c.mu.Lock()
	defer f.c.mu.Unlock()
	if f.c.closed || f.hashing || f.verified || f.err != nil || f.hashed == len(f.blocks) || (!f.here(f.hashed) && f.hashed != last.i) {
		return 0, s, false
	}
	if f.sum == nil {
		f.sum = sha256.New()
	}
	f.hashing = true
	switch b := &f.blocks[f.hashed]; {
	case f.hashed == last.i:
		s.data = last.buf
	case b.filed:
		s.part = f.part
	default:
		s.data = b.piece.data
	}
	return f.hashed, s, true
}

func (f *fill) hashBlock(i int, s spot) error {
	if s.part == nil {
		f.sum.Write(s.data)
		return nil
	}
	buf := f.c.buffers.Get().(*[chunk]byte)
	defer f.c.buffers.Put(buf)
	length := int64(f.length(i))
	n, err := io.CopyBuffer(f.sum, io.NewSectionReader(s.part.file, int64(i)*f.c.conf.Block, length), buf[:])
	if err == nil && n < length {
		err = io.ErrUnexpectedEOF
	}
	return err
}

// hashedBlock gives the right back, and reports whether that was the last block. If the
// partial file couldn't be read, the block is lost and hashing begins anew.
func (f *fill) hashedBlock(i int, err error) bool {
	if err != nil {
		f.lose(i, err)
	}
	f.c.mu.Lock()
	defer f.c.mu.Unlock()
	f.hashing = false
	f.hashed++
	if err != nil {
		f.hashed = 0
		f.sum.Reset()
	}
	f.tell()
	return f.hashed == len(f.blocks)
}

// conclude compares the digest. A verified object goes to memory or to a file, and leaves
// the fills, unless no disk takes it: then its blocks stay as long as there is room.
func (f *fill) conclude() {
	c := f.c
	digest := hex.EncodeToString(f.sum.Sum(nil))
	c.mu.Lock()
	f.verified = digest == f.digest
	if !f.verified {
		f.fail(fmt.Errorf("%w: %s: %w: the digest is %s", asset.ErrUnavailable, f.key, errWrong, digest))
		f.remember(f.err)
	}
	f.tell()
	c.mu.Unlock()
	switch {
	case !f.verified:
		c.counts.fault(f.err)
		c.conf.Log.Error("the backend has wrong bytes", "key", f.key, "digest", digest)
	case f.small():
		b := f.blob()
		if f.size <= copied {
			c.memory.put(b)
		}
		c.shelve(f, b)
	default:
		c.adopt(f)
	}
}

// verify waits until the fill is verified. If need be it fetches again what was dropped
// before it was hashed.
func (f *fill) verify(ctx context.Context, t *ticket) error {
	for {
		f.c.mu.Lock()
		err, ok, closed, i, moved := f.err, f.verified, f.c.closed, f.hashed, f.watch()
		f.c.mu.Unlock()
		switch {
		case err != nil || ok:
			return err
		case closed:
			return errClosed // nobody hashes any longer
		}
		if i < len(f.blocks) {
			s, err := f.acquire(i, t, t.told(i))
			if err != nil {
				return err
			}
			if s.flight != nil {
				if err := s.flight.await(ctx, s.flight.done); err != nil {
					return err
				}
				continue
			}
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

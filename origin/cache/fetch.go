package cache

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"time"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// read fetches the block into buf.
func (fl *flight) read(ctx context.Context, late *time.Timer) error {
	f, c := fl.f, fl.f.c
	r := asset.Range{Offset: int64(fl.i) * c.conf.Block, Length: c.conf.Block}
	c.mu.Lock()
	r.Tag = f.tag
	if f.size >= 0 {
		r.Length = int64(f.length(fl.i))
	}
	c.mu.Unlock()
	c.counts.reads.Add(1)
	info, body, err := c.conf.Store.Read(ctx, f.key, r)
	if err != nil {
		return fl.refused(err)
	}
	defer body.Close() //nolint:errcheck // it was read to its end, or is given up
	length, err := fl.greet(info)
	if err != nil {
		return err
	}
	fl.mu.Lock()
	fl.buf = make([]byte, length)
	fl.mu.Unlock()
	return fl.fetch(body, late)
}

// refused says what an error means with which the backend answers. One that speaks of
// the object, not of this read, ends the fill.
func (fl *flight) refused(err error) error {
	f, c := fl.f, fl.f.c
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case errors.Is(err, asset.ErrNotFound):
		err = fmt.Errorf("%s: %w", f.key, asset.ErrNotFound)
		c.miss(f.key)
		f.fail(err)
	case errors.Is(err, asset.ErrConflict):
		err = f.changed(err)
		f.fail(err)
	case errors.Is(err, asset.ErrUnavailable):
		err = fmt.Errorf("read %s: %w", f.key, err)
	default:
		err = fmt.Errorf("%w: read %s: %v", asset.ErrUnavailable, f.key, err) //nolint:errorlint // what the backend calls invalid isn't the caller's fault
	}
	return err
}

// changed is the error of an object that isn't what it was a moment ago.
func (f *fill) changed(why error) error {
	return fmt.Errorf("%w: %s changed while it was read: %w", asset.ErrUnavailable, f.key, why)
}

// greet compares what the backend tells of the object with what is known of it, or learns
// it, and returns the length of the block.
func (fl *flight) greet(info asset.Info) (int, error) {
	f, c := fl.f, fl.f.c
	c.mu.Lock()
	err := f.learn(info)
	if err != nil {
		f.fail(err)
	}
	length := 0
	if err == nil {
		length = f.length(fl.i)
	}
	c.mu.Unlock()
	if err == nil {
		fl.mu.Lock()
		if !fl.answered {
			fl.answered = true
			close(fl.head)
		}
		fl.mu.Unlock()
	}
	return length, err
}

// digestOfNothing is the only one that an empty object may have: no reader of one comes to
// where the digest is waited for.
const digestOfNothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

// learn takes over what a backend tells first. mu is held.
func (f *fill) learn(info asset.Info) error {
	switch {
	case f.err != nil:
		return f.err
	case info.Size < 0 || f.c.blocksOf(info.Size) > mostBlocks:
		return fmt.Errorf("%w: %s: %w: the backend says it has %d bytes", asset.ErrUnavailable, f.key, errWrong, info.Size)
	case info.Size == 0 && f.digest != digestOfNothing:
		return fmt.Errorf("%w: %s: %w: the backend says it is empty", asset.ErrUnavailable, f.key, errWrong)
	case f.size >= 0 && info.Size != f.size && !f.answered:
		return fmt.Errorf("%w: %s: %w: it has %d bytes, not %d", asset.ErrUnavailable, f.key, errWrong, info.Size, f.size)
	case f.answered && (info.Size != f.size || info.Tag != f.tag):
		return f.changed(asset.ErrConflict)
	case f.answered:
		return nil
	}
	if f.size < 0 {
		f.setSize(info.Size)
	}
	f.answered, f.modified, f.tag = true, info.Modified, info.Tag
	return nil
}

// fetch reads the body, to its very end: only that says that all was well.
func (fl *flight) fetch(body io.Reader, late *time.Timer) error {
	c := fl.f.c
	var over [1]byte
	until := time.Now().Add(c.conf.patience())
	for n, due, idle := 0, 1, 0; ; {
		into := over[:]
		if n < len(fl.buf) {
			into = fl.buf[n:min(n+chunk, len(fl.buf))]
		}
		m, err := body.Read(into)
		c.counts.bytes.Add(int64(m))
		switch {
		case m > 0 && n == len(fl.buf):
			return fl.cut("it is longer than %d bytes", n)
		case err == io.EOF && n+m == len(fl.buf):
			return nil
		case err == io.EOF:
			return fl.cut("it ended after %d bytes", n+m)
		case err != nil:
			return fl.refused(err)
		case m == 0:
			if idle++; idle == 100 {
				return fl.refused(io.ErrNoProgress)
			}
			continue
		}
		idle = 0
		if n += m; n >= due {
			late.Reset(min(c.conf.Stall, time.Until(until)))
			due = n + chunk
		}
		fl.show(n)
	}
}

func (fl *flight) cut(format string, n int) error {
	return fmt.Errorf("%w: read block %d of %s: %w: "+format, asset.ErrUnavailable, fl.i, fl.f.key, errWrong, n)
}

// show lets readers have the first n bytes, but for the last byte of the block: see
// Reader.fetch.
func (fl *flight) show(n int) {
	fl.mu.Lock()
	defer fl.mu.Unlock()
	if !fl.quiet && !fl.decided {
		fl.n = min(n, len(fl.buf)-1)
		fl.tell()
	}
}

// keep puts a block that has arrived where it stays.
func (fl *flight) keep() error {
	f, c := fl.f, fl.f.c
	mark := maphash.Bytes(c.seed, fl.buf)
	filed := f.write(fl.i, fl.buf)
	var r rubbish
	c.mu.Lock()
	b := &f.blocks[fl.i]
	var err error
	switch {
	case f.err != nil:
		err = f.err
	case b.marked && b.mark != mark:
		err = f.changed(asset.ErrConflict)
		f.fail(err)
	default:
		b.mark, b.marked, b.flight = mark, true, nil
		f.place(fl.i, fl.buf, filed)
		c.trim(&r)
	}
	c.mu.Unlock()
	c.clean(&r)
	if err == nil {
		fl.mu.Lock()
		fl.n = len(fl.buf)
		fl.mu.Unlock()
	}
	return err
}

// place records where a block is. mu is held.
func (f *fill) place(i int, data []byte, filed bool) {
	switch {
	case f.small() && !f.verified:
		f.whole = data
		f.present++
	case filed:
		f.blocks[i].filed = true
		f.present++
	default:
		f.c.pieces.add(f, i, data)
	}
}

package cache

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// A flight is one read of the backend: one block on its way. It belongs to nobody who
// waits for it, so whoever leaves doesn't end it; it ends at the end of its block, by an
// error, or by a deadline.
//
// Under its lock: n bytes of buf have arrived and never change. decided says that its end
// is settled, so that a deadline and the last byte can't both have their way: whoever
// decides also finishes. ended says that no more bytes will come. An ended flight without
// an error either has kept its block (look for it where blocks are kept) or was never
// begun (nobody waited for it): whoever waits looks again.
type flight struct {
	f       *fill
	i       int
	quiet   bool         // shows its bytes only when they turn out to be those of before
	waiting atomic.Int32 // callers between acquire and the end of their wait

	outcome *outcome

	head chan struct{} // closed when the backend has answered, or the flight ended
	done chan struct{} // closed when the flight ended

	mu       sync.Mutex
	answered bool
	buf      []byte
	n        int
	decided  bool
	ended    bool
	err      error
	moved    chan struct{} // unless nil, closed when n or ended change
}

// An outcome is the error of a flight, once it failed. Readers remember it, and not the
// flight with its bytes.
type outcome struct{ err atomic.Pointer[error] }

// launch claims a block that is not here. The caller must call run or abandon. mu is held.
func (f *fill) launch(i int) *flight {
	b := &f.blocks[i]
	fl := &flight{f: f, i: i, quiet: b.marked, outcome: new(outcome), head: make(chan struct{}), done: make(chan struct{})}
	b.flight = fl
	f.refs++
	f.c.work.Add(1)
	return fl
}

// abandon gives a claim back.
func (fl *flight) abandon() {
	fl.end(nil)
	fl.f.release()
	fl.f.c.work.Done()
}

// run reads the block. The caller may have taken a slot for it.
func (fl *flight) run(slot bool) {
	c := fl.f.c
	defer c.work.Done()
	defer fl.f.release()
	ctx, cancel := context.WithCancel(c.life)
	defer cancel()
	late := time.AfterFunc(c.FirstByte, func() {
		fl.end(fmt.Errorf("%w: read %s: %w: no bytes within %v, %v between two", asset.ErrUnavailable, fl.f.key, errSlow, c.FirstByte, c.Stall))
		cancel()
	})
	defer late.Stop()
	if !slot && !fl.queue(ctx) {
		return
	}
	defer func() { <-c.slots }()
	if err := fl.read(ctx, late); err != nil {
		fl.end(err)
		return
	}
	if !fl.decide() {
		return // a deadline was first
	}
	late.Stop()
	err := fl.keep()
	fl.finish(err)
	if err == nil {
		fl.f.advance(fl)
	}
}

// queue waits for a slot. Whom nobody waits for when it is his turn, leaves.
func (fl *flight) queue(ctx context.Context) bool {
	c := fl.f.c
	select {
	case c.slots <- struct{}{}:
		return true
	default:
	}
	select {
	case c.slots <- struct{}{}:
		if fl.waiting.Load() > 0 {
			return true
		}
		<-c.slots
		fl.end(nil)
	case <-ctx.Done():
		fl.end(errClosed) // unless the deadline ended it before
	}
	return false
}

// read fetches the block into buf.
func (fl *flight) read(ctx context.Context, late *time.Timer) error {
	f, c := fl.f, fl.f.c
	r := asset.Range{Offset: int64(fl.i) * c.Block, Length: c.Block}
	c.mu.Lock()
	r.Tag = f.tag
	if f.size >= 0 {
		r.Length = int64(f.length(fl.i))
	}
	c.mu.Unlock()
	c.counts.reads.Add(1)
	info, body, err := c.Store.Read(ctx, f.key, r)
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
		c.absent.add(f.key, time.Now())
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

// learn takes over what a backend tells first. mu is held.
func (f *fill) learn(info asset.Info) error {
	switch {
	case f.err != nil:
		return f.err
	case info.Size < 0 || f.c.blocksOf(info.Size) > mostBlocks:
		return fmt.Errorf("%w: %s: %w: the backend says it has %d bytes", asset.ErrUnavailable, f.key, errWrong, info.Size)
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
	for n, idle := 0, 0; ; {
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
		late.Reset(c.Stall)
		n += m
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

func (fl *flight) tell() {
	if fl.moved != nil {
		close(fl.moved)
		fl.moved = nil
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
	case f.small():
		f.whole = data
		f.present++
	case filed:
		f.blocks[i].filed = true
		f.present++
	default:
		f.c.pieces.add(f, i, data)
	}
}

// end ends a flight, unless that is decided. The block may then be asked for again.
func (fl *flight) end(err error) {
	if fl.decide() {
		fl.finish(err)
	}
}

func (fl *flight) decide() bool {
	fl.mu.Lock()
	defer fl.mu.Unlock()
	first := !fl.decided
	fl.decided = true
	return first
}

// finish is called by whoever decided.
func (fl *flight) finish(err error) {
	f, c := fl.f, fl.f.c
	if err != nil {
		c.counts.fault(err)
		fl.outcome.err.Store(&err) // before another may begin: see acquire
	}
	c.mu.Lock()
	if b := &f.blocks[fl.i]; b.flight == fl {
		b.flight = nil
	}
	c.mu.Unlock()
	fl.mu.Lock()
	defer fl.mu.Unlock()
	fl.ended, fl.err = true, err
	if !fl.answered {
		fl.answered = true
		close(fl.head)
	}
	close(fl.done)
	fl.tell()
}

// bytes waits for bytes from off on, and returns what there is. Without an error and
// bytes the flight has ended, and the block is elsewhere.
func (fl *flight) bytes(ctx context.Context, off int) ([]byte, error) {
	defer fl.waiting.Add(-1)
	for {
		fl.mu.Lock()
		data, ended, err := fl.buf[min(off, fl.n):fl.n], fl.ended, fl.err
		if fl.moved == nil {
			fl.moved = make(chan struct{})
		}
		moved := fl.moved
		fl.mu.Unlock()
		if ended || len(data) > 0 {
			return data, err
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// await waits for head or done.
func (fl *flight) await(ctx context.Context, what chan struct{}) error {
	defer fl.waiting.Add(-1)
	select {
	case <-what:
		return fl.failed()
	case <-ctx.Done():
		return ctx.Err()
	}
}

// failed is why a flight ended before its block was here.
func (fl *flight) failed() error {
	fl.mu.Lock()
	defer fl.mu.Unlock()
	return fl.err
}

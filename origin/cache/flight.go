package cache

import (
	"context"
	"fmt"
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

// run reads the block. The caller may have taken a slot for it. The wait for a slot and the
// read have a deadline each: were it one for both, then under overload every read would
// begin with too little time left, and be given up after the backend had done its work.
func (fl *flight) run(slot bool) {
	c := fl.f.c
	defer c.work.Done()
	defer fl.f.release()
	if !slot && !fl.queue() {
		return
	}
	defer func() { <-c.slots }()
	ctx, cancel := context.WithCancel(c.life)
	defer cancel()
	late := time.AfterFunc(c.conf.FirstByte, func() {
		fl.end(fmt.Errorf("%w: read %s: %w: no bytes within %v, no more within %v, or not all within %v", asset.ErrUnavailable, fl.f.key, errSlow, c.conf.FirstByte, c.conf.Stall, c.conf.patience()))
		cancel()
	})
	defer late.Stop()
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
func (fl *flight) queue() bool {
	c := fl.f.c
	select {
	case c.slots <- struct{}{}:
		return true
	default:
	}
	late := time.NewTimer(c.conf.FirstByte)
	defer late.Stop()
	select {
	case c.slots <- struct{}{}:
		if fl.waiting.Load() > 0 {
			return true
		}
		<-c.slots
		fl.end(nil)
	case <-late.C:
		fl.end(fmt.Errorf("%w: read %s: %w: no turn within %v", asset.ErrUnavailable, fl.f.key, errCrowded, c.conf.FirstByte))
	case <-c.life.Done():
		fl.end(errClosed)
	}
	return false
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
	if err != nil {
		f.remember(err)
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

func (fl *flight) tell() {
	if fl.moved != nil {
		close(fl.moved)
		fl.moved = nil
	}
}

package cache

import "context"

// A spot is where a block is: one of the three is set.
type spot struct {
	data   []byte // in memory, the whole block
	part   *part  // in the partial file
	flight *flight
}

// A ticket is a caller's right to begin reads of the backend for one object.
type ticket struct {
	admit func() error
	held  bool
	head  *outcome // unless nil, of the read that told the object's size
}

// take returns an error if the caller isn't admitted.
func (t *ticket) take() error {
	if !t.held && t.admit != nil {
		if err := t.admit(); err != nil {
			return err
		}
	}
	t.held = true
	return nil
}

// told is the outcome of the read that told the size, if it is of block i. A caller whose
// read failed isn't made to wait for another, and pass its deadline.
func (t *ticket) told(i int) *outcome {
	if i == 0 {
		return t.head
	}
	return nil
}

// acquire finds a block, or begins to fetch it if nobody does. Whoever gets a flight must
// wait for it, by bytes or await. from, unless nil, is of the read of this block that the
// caller was served by before: its error is the caller's.
func (f *fill) acquire(i int, t *ticket, from *outcome) (spot, error) {
	s, mine, err := f.spot(i, from)
	if err != nil || !mine {
		return s, err
	}
	if err := t.take(); err != nil {
		s.flight.waiting.Add(-1)
		s.flight.abandon()
		return spot{}, err
	}
	go s.flight.run(false)
	return s, nil
}

// spot finds a block. If it is nowhere the caller has the claim (mine).
func (f *fill) spot(i int, from *outcome) (s spot, mine bool, err error) {
	c := f.c
	c.mu.Lock()
	defer c.mu.Unlock()
	b := &f.blocks[i]
	switch {
	case f.err != nil:
		return s, false, f.err
	case from != nil && from.err.Load() != nil:
		return s, false, *from.err.Load()
	case f.whole != nil:
		return spot{data: f.whole}, false, nil
	case f.verified && f.small():
		if b, ok := c.memory.get(f.key); ok && b.digest == f.digest {
			return spot{data: b.data}, false, nil
		}
	}
	switch {
	case b.filed:
		return spot{part: f.part}, false, nil
	case b.piece != nil:
		c.pieces.order.MoveToFront(b.piece.at)
		return spot{data: b.piece.data}, false, nil
	case b.flight == nil && c.closed:
		return s, false, errClosed
	case b.flight == nil:
		if err := f.refusal(); err != nil {
			return s, false, err
		}
		mine = true
		f.launch(i)
	}
	b.flight.waiting.Add(1)
	return spot{flight: b.flight}, mine, nil
}

// ahead begins to fetch a block that will be needed soon, if there is a slot for it. It
// reports whether that is settled: not before the backend has answered once, so that it is
// asked for no more than it has, and with the object's tag.
func (f *fill) ahead(i int) bool {
	c := f.c
	select {
	case c.slots <- struct{}{}:
	default:
		return true
	}
	c.mu.Lock()
	var fl *flight
	answered := f.answered
	if answered && f.err == nil && !c.closed && !f.here(i) && f.blocks[i].flight == nil && f.refusal() == nil {
		fl = f.launch(i)
	}
	c.mu.Unlock()
	if fl == nil {
		<-c.slots
		return answered
	}
	go fl.run(true)
	return true
}

// known waits until the size is.
func (f *fill) known(ctx context.Context, t *ticket) error {
	for {
		f.c.mu.Lock()
		size, err := f.size, f.err
		f.c.mu.Unlock()
		if size >= 0 || err != nil {
			return err
		}
		s, err := f.acquire(0, t, nil)
		if err == nil && s.flight != nil {
			t.head = s.flight.outcome
			err = s.flight.await(ctx, s.flight.head)
		}
		if err != nil {
			return err
		}
	}
}

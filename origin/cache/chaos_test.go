package cache

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// TestNothingWrongIsServedInAnyOrder lets many clients read and leave at random while the
// backend fails at random, with too little memory and disk for all; then looks whether
// the cache's books are right, and whether all is well once the backend is.
func TestNothingWrongIsServedInAnyOrder(t *testing.T) {
	for _, disk := range []int64{0, 40 * testBlock} {
		for seed := range uint64(3) {
			t.Run(fmt.Sprintf("disk %d, seed %d", disk, seed), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { chaos(t, disk, seed) })
			})
		}
	}
}

// A client of chaos asks for objects of which it knows the bytes.
type client struct {
	c     *Cache
	rng   *rand.Rand
	wants []Want
	datas [][]byte
}

func chaos(t *testing.T, disk int64, seed uint64) {
	s := &faulty{}
	conf := config(t, s)
	conf.Disk, conf.Memory, conf.Idle = disk, 32*testBlock, 6
	c := open(t, conf)
	var wants []Want
	var datas [][]byte
	for i := range 24 {
		w, data := s.add(fmt.Sprint(seed, i), 1+i%7*testBlock+i*1000)
		wants, datas = append(wants, w), append(datas, data)
	}
	var lock sync.Mutex
	rng := rand.New(rand.NewPCG(seed, 99))
	s.set(func(_ int, a *answer) {
		lock.Lock()
		defer lock.Unlock()
		if k := rng.IntN(60); k < len(faultsOf) && len(a.data) > 0 && a.err == nil {
			faultsOf[k].twist(a)
		}
	})
	var all sync.WaitGroup
	for i := range 12 {
		all.Go(func() {
			k := client{c, rand.New(rand.NewPCG(seed, uint64(i))), wants, datas}
			for range 40 {
				k.ask(t)
			}
		})
	}
	all.Wait()
	time.Sleep(time.Minute)
	audit(t, c)
	s.set(nil)
	for i, w := range wants {
		got, _, err := read(t.Context(), c, w, 0, -1)
		if errors.Is(err, asset.ErrUnavailable) && len(datas[i]) > testBlock {
			// A part that was read before had wrong bytes, which the digest has told
			// only now that all are here. They are dropped.
			time.Sleep(wrongFor)
			got, _, err = read(t.Context(), c, w, 0, -1)
		}
		if err != nil || !bytes.Equal(got, datas[i]) {
			t.Errorf("in the end object %d is %d bytes, %v", i, len(got), err)
		}
	}
	synctest.Wait()
	audit(t, c)
}

// ask reads one object, whole or a part, perhaps leaves, and looks at what it got. Parts
// of objects of many blocks can't be looked at: they may be wrong until the whole is here.
func (k *client) ask(t *testing.T) {
	i := k.rng.IntN(len(k.wants))
	w, data := k.wants[i], k.datas[i]
	if k.rng.IntN(2) == 0 {
		w.Size = int64(len(data))
	}
	if k.rng.IntN(8) == 0 {
		w.Admit = func() error { return errBusy }
	}
	off, n := int64(0), int64(len(data))
	if k.rng.IntN(2) == 0 {
		off = k.rng.Int64N(n)
		n = k.rng.Int64N(n-off) + 1
	}
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	if k.rng.IntN(4) == 0 {
		time.AfterFunc(time.Duration(k.rng.IntN(6))*time.Second, leave)
	}
	got, layer, err := read(ctx, k.c, w, off, n)
	switch {
	case errors.Is(err, asset.ErrInvalid) && w.Size == 0: // the size was a lie
	case err == nil && layer == Miss && len(data) > testBlock && n < int64(len(data)):
	case err == nil && !bytes.Equal(got, data[off:off+n]):
		t.Errorf("object %d, %d+%d from %v: wrong bytes", i, off, n, layer)
	case err != nil && !errors.Is(err, asset.ErrUnavailable) && !errors.Is(err, asset.ErrNotFound) &&
		!errors.Is(err, context.Canceled) && !errors.Is(err, errBusy):
		t.Errorf("object %d: %v", i, err)
	case err == nil && k.rng.IntN(4) == 0:
		time.Sleep(time.Duration(k.rng.IntN(1000)) * time.Millisecond)
	}
}

// audit compares the cache's books with what is there. Nobody uses it meanwhile.
func audit(t *testing.T, c *Cache) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	var used, parts, pieces int64
	pooled := 0
	for key, e := range c.files.at {
		used += pages(e.size)
		pooled += len(e.pool)
		if e.open != len(e.pool) {
			t.Errorf("%s: %d open files, %d of them idle", key, e.open, len(e.pool))
		}
		if e.gone || e.key != key || c.fills[key] != nil {
			t.Errorf("%s: gone %v, or unfinished", key, e.gone)
		}
	}
	for key, f := range c.fills {
		used += f.reserved
		parts += f.reserved
		present := 0
		for i := range f.blocks {
			if b := &f.blocks[i]; b.piece != nil {
				pieces += int64(len(b.piece.data))
			}
			if f.here(i) {
				present++
			}
			if f.blocks[i].flight != nil {
				t.Errorf("%s: block %d is on its way", key, i)
			}
		}
		if f.refs != 0 || f.at == nil || f.err != nil || f.key != key || f.present != present || present == 0 {
			t.Errorf("%s: %d refs, %d blocks of %d, %v", key, f.refs, f.present, present, f.err)
		}
	}
	_, onDisk := filesUnder(t, c.conf.Dir)
	if c.lingering != 0 || used != c.used || parts != c.parts || used > c.conf.Disk || onDisk > used {
		t.Errorf("got %d bytes of disk (%d counted, %d there), %d reserved (%d counted), allowed %d", used, c.used, onDisk, parts, c.parts, c.conf.Disk)
	}
	if pieces != c.pieces.bytes || pieces > c.pieces.limit || c.idle.Len() != len(c.fills) || c.files.order.Len() != len(c.files.at) {
		t.Errorf("got %d bytes of blocks (%d counted), %d idle of %d, %d files of %d", pieces, c.pieces.bytes, c.idle.Len(), len(c.fills), c.files.order.Len(), len(c.files.at))
	}
	if n := c.counts.open.Load(); pooled != c.files.pooled || int64(pooled) != n || c.files.idle.Len() != pooled+1 || pooled > c.conf.Idle || len(c.slots) != 0 {
		t.Errorf("got %d idle files, %d counted, %d open; %d slots taken", pooled, c.files.pooled, n, len(c.slots))
	}
}

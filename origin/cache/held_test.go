package cache

import (
	"bytes"
	"fmt"
	"io"
	"runtime"
	"testing"
)

// heap is how many bytes are live.
func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// Each reads a cold object of one block, of which it takes one byte and then stops.
func TestSlowReadersOfColdObjectsHoldNoMemory(t *testing.T) {
	const readers, block = 100, 1 << 20
	for _, disk := range []int64{0, 1 << 30} {
		t.Run(fmt.Sprintf("a disk of %d bytes", disk), func(t *testing.T) {
			s := &faulty{}
			conf := config(t, s)
			conf.Block, conf.Fetches, conf.Memory, conf.Disk = block, 4, 16*block, disk
			c := open(t, conf)
			before := heap()
			type reading struct {
				o    Object
				r    *Reader
				name string
			}
			var all []*reading
			for i := range readers {
				x := &reading{name: fmt.Sprint(i)}
				w, _ := s.add(x.name, block)
				var err error
				if x.o, err = c.Get(t.Context(), w); err != nil {
					t.Fatal(err)
				}
				if x.r, err = x.o.Reader(t.Context(), 0, block); err != nil {
					t.Fatal(err)
				}
				if _, err := io.CopyN(io.Discard, x.r, 1); err != nil {
					t.Fatal(err)
				}
				all = append(all, x)
				c.work.Wait()
				s.remove(w.Key)
			}
			if more := heap() - before; more > conf.Memory+(2<<20) {
				t.Errorf("%d slow readers hold %d bytes, more than %d", readers, more, conf.Memory)
			}
			if st := c.Stats(); st.MemoryBytes > conf.Memory {
				t.Errorf("got %d bytes of memory, allowed %d", st.MemoryBytes, conf.Memory)
			}
			for _, x := range all {
				_, data := s.add(x.name, block)
				got, err := io.ReadAll(x.r)
				if err != nil || !bytes.Equal(got, data[1:]) {
					t.Fatalf("%s: then got %d bytes, %v", x.name, len(got), err)
				}
				x.o.Close()
			}
			if n := c.Stats().Reads; disk > 0 && n != readers {
				t.Errorf("got %d reads of the backend, want one each", n)
			}
			c.work.Wait()
			if st := c.Stats(); st.Unfinished != 0 || c.pieces.bytes != 0 {
				t.Errorf("got %+v, and %d bytes of blocks", st, c.pieces.bytes)
			}
		})
	}
}

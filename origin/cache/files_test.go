package cache

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/plinth3d/plinth/pipeline/asset"
)

func TestOpenFilesAreBoundedAndOnesOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &faulty{}
		conf := config(t, s)
		conf.Idle = 5
		c := open(t, conf)
		for i := range 4 {
			w, data := s.add(fmt.Sprint(i), 2*testBlock)
			mustRead(t, c, w, data, Miss)
			synctest.Wait()
			var objects []Object
			seen := map[*os.File]bool{}
			for range 4 {
				o, err := c.Get(t.Context(), w)
				if err != nil {
					t.Fatal(err)
				}
				f, ok := o.File()
				if !ok || seen[f] {
					t.Error("no file, or another's")
				}
				if at, err := f.Seek(7, io.SeekStart); err != nil || at != 7 {
					t.Errorf("got %d, %v", at, err)
				}
				seen[f] = true
				objects = append(objects, o)
			}
			for i := range objects {
				objects[i].Close()
			}
			if n := c.Stats().OpenFiles; n != int64(min(5, 4*(i+1))) {
				t.Errorf("got %d open files", n)
			}
		}
		w, data := s.add("0", 2*testBlock)
		mustRead(t, c, w, data, Disk)
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() { mustRead(t, c, w, data, Disk) })
		}
		all.Wait()
		if n := c.Stats().OpenFiles; n != 5 {
			t.Errorf("got %d open files, want 5", n)
		}
		if err := c.Close(); err != nil || c.Stats().OpenFiles != 0 {
			t.Errorf("closed, got %d open files, %v", c.Stats().OpenFiles, err)
		}
	})
}

func TestAFileThatIsReadMayBeEvicted(t *testing.T) {
	bubble(t, func(t *testing.T, s *faulty, c *Cache) {
		w, data := s.add("x", 2*testBlock)
		mustRead(t, c, w, data, Miss)
		synctest.Wait()
		o, err := c.Get(t.Context(), w)
		if err != nil || o.Layer != Disk {
			t.Fatal(o.Layer, err)
		}
		var r rubbish
		c.mu.Lock()
		c.forget(c.files.at[w.Key], &r)
		c.mu.Unlock()
		c.clean(&r)
		f, _ := o.File()
		if got, err := io.ReadAll(f); err != nil || !bytes.Equal(got, data) {
			t.Errorf("got %d bytes, %v", len(got), err)
		}
		o.Close()
		if st := c.Stats(); st.OpenFiles != 0 || st.DiskBytes != 0 {
			t.Errorf("got %+v", st)
		}
		mustRead(t, c, w, data, Miss)
	})
}

// files is a store whose blobs are files of this machine.
type files struct {
	asset.Store // nil: nothing is asked for
	dir         string
}

func (s *files) OpenFile(key string) (*os.File, error) {
	f, err := os.Open(filepath.Join(s.dir, filepath.Base(key)))
	if os.IsNotExist(err) {
		return nil, fmt.Errorf("%s: %w", key, asset.ErrNotFound)
	}
	return f, err
}

func TestAStoreOfFilesIsReadWhereItLies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &files{dir: t.TempDir()}
		conf := config(t, s)
		c := open(t, conf)
		var maker faulty
		write := func(w Want, data []byte) {
			name := filepath.Join(s.dir, filepath.Base(w.Key))
			if err := os.WriteFile(name, data, 0o644); err != nil {
				t.Fatal(err)
			}
			if err := os.Chtimes(name, put, put.Add(time.Duration(len(data)))); err != nil {
				t.Fatal(err)
			}
		}
		small, few := maker.add("small", 100)
		large, many := maker.add("large", 3*testBlock)
		mustFail(t, c, small, asset.ErrNotFound)
		time.Sleep(absentFor)
		write(small, few)
		write(large, many)
		mustRead(t, c, small, few, Disk)
		mustRead(t, c, small, few, Memory)
		var all sync.WaitGroup
		for range 100 {
			all.Go(func() { mustRead(t, c, large, many, Disk) })
		}
		all.Wait()
		if names, _ := filesUnder(t, conf.Dir); len(names) != 0 {
			t.Errorf("the disk cache has %q", names)
		}
		if st := c.Stats(); st.OpenFiles > poolSize+1 || st.DiskBytes != 0 || st.Misses != 0 {
			t.Errorf("got %+v", st)
		}

		wrong, data := maker.add("wrong", 2*testBlock)
		data[5] ^= 1
		write(wrong, data)
		mustFail(t, c, wrong, asset.ErrUnavailable)
		mustFail(t, c, wrong, asset.ErrUnavailable)
		data[5] ^= 1
		write(wrong, append(data, 1))
		mustFail(t, c, wrong, asset.ErrUnavailable)
		write(wrong, data)
		mustRead(t, c, wrong, data, Disk)

		// A small one is hashed again when it goes to memory.
		h, err := c.take(t.Context(), c.files.at[small.Key], small.Digest)
		if err != nil {
			t.Fatal(err)
		}
		c.put(h)
		c.memory.InvalidateAll()
		few[0] ^= 1
		write(small, few)
		mustFail(t, c, small, asset.ErrUnavailable)
		few[0] ^= 1
		mustFail(t, c, small, asset.ErrUnavailable)

		emptyPools(c)
		if err := os.Remove(filepath.Join(s.dir, filepath.Base(large.Key))); err != nil {
			t.Fatal(err)
		}
		mustFail(t, c, large, asset.ErrNotFound)
	})
}

// emptyPools closes the files that are idle.
func emptyPools(c *Cache) {
	var r rubbish
	c.mu.Lock()
	for c.files.pooled > 0 {
		r.handles = append(r.handles, c.files.unpoolOldest())
	}
	c.mu.Unlock()
	c.clean(&r)
}

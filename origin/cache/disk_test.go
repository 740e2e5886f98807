package cache

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// filesUnder returns the files of a cache's folder, but for its lock, and the sum of their
// sizes in bytes.
func filesUnder(t *testing.T, dir string) (names []string, size int64) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || d.Name() == lockName {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		names = append(names, path)
		size += info.Size()
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return names, size
}

func TestARestartKeepsWhatIsRight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &faulty{}
		conf := config(t, s)
		c := open(t, conf)
		var wants []Want
		var datas [][]byte
		for i, size := range []int{0, 100, testBlock, 3*testBlock + 1, 50, 60, 70} {
			w, data := s.add(fmt.Sprint(i), size)
			mustRead(t, c, w, data, Miss)
			wants, datas = append(wants, w), append(datas, data)
		}
		half, _ := s.add("half", 4*testBlock)
		if _, _, err := read(t.Context(), c, half, 0, 10); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		file := func(i int) string {
			return filepath.Join(conf.Dir, filepath.FromSlash(nameOf(wants[i].Key, int64(len(datas[i])), put)))
		}
		flipped := bytes.Clone(datas[4])
		flipped[9] ^= 1
		junk := filepath.Join(conf.Dir, "objects", "rendition", "m", "junk")
		for name, data := range map[string][]byte{file(4): flipped, file(5): datas[5][:59], junk: {1}} {
			if err := os.WriteFile(name, data, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Remove(file(6)); err != nil {
			t.Fatal(err)
		}
		c = open(t, conf)
		if names, _ := filesUnder(t, conf.Dir); len(names) != 5 {
			t.Errorf("got %q, want five objects", names)
		}
		if st := c.Stats(); st.DiskFiles != 5 || st.DiskBytes < 4*testBlock {
			t.Errorf("got %+v", st)
		}
		for i, from := range []Layer{Disk, Disk, Disk, Disk, Miss, Miss, Miss} {
			mustRead(t, c, wants[i], datas[i], from)
		}
		o, err := c.Get(t.Context(), wants[3])
		if err != nil || !o.Modified().Equal(put) {
			t.Errorf("got %v, %v, want %v", o.Modified(), err, put)
		}
		o.Close()
		synctest.Wait()
		if got, err := os.ReadFile(file(4)); err != nil || !bytes.Equal(got, datas[4]) {
			t.Errorf("the corrupt file was not replaced: %v", err)
		}
	})
}

func TestTheDiskIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &faulty{}
		conf := config(t, s)
		conf.Disk = 10 * testBlock
		c := open(t, conf)
		first, data := s.add("first", 2*testBlock)
		mustRead(t, c, first, data, Miss)
		synctest.Wait()
		for i := range 30 {
			w, other := s.add(fmt.Sprint(i), 1+i%5*testBlock)
			w.Size = int64(len(other))
			if i%3 == 0 { // unfinished
				if _, _, err := read(t.Context(), c, w, 0, 1); err != nil {
					t.Fatal(err)
				}
			} else {
				mustRead(t, c, w, other, Miss)
			}
			synctest.Wait()
			mustRead(t, c, first, data, Disk) // it is used, so it stays
			_, size := filesUnder(t, conf.Dir)
			if st := c.Stats(); st.DiskBytes > conf.Disk || size > st.DiskBytes {
				t.Fatalf("got %d bytes on disk, counted %d, allowed %d", size, st.DiskBytes, conf.Disk)
			}
		}
		huge, data := s.add("huge", 11*testBlock)
		mustRead(t, c, huge, data, Miss)
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		conf.Disk = 3 * testBlock
		c = open(t, conf)
		if _, size := filesUnder(t, conf.Dir); size > conf.Disk || c.Stats().DiskBytes > conf.Disk {
			t.Errorf("after a restart with less room got %d bytes, counted %d", size, c.Stats().DiskBytes)
		}
	})
}

func TestTheOrderOfUseSurvivesARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &faulty{}
		conf := config(t, s)
		c := open(t, conf)
		var wants []Want
		var datas [][]byte
		for i := range 4 {
			w, data := s.add(fmt.Sprint(i), 2*testBlock)
			wants, datas = append(wants, w), append(datas, data)
			mustRead(t, c, w, data, Miss)
			synctest.Wait()
			name := filepath.Join(conf.Dir, filepath.FromSlash(nameOf(w.Key, 2*testBlock, put)))
			if err := os.Chtimes(name, time.Now(), time.Now()); err != nil { // the bubble's time
				t.Fatal(err)
			}
			time.Sleep(2 * touchEvery)
		}
		mustRead(t, c, wants[0], datas[0], Disk)
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		conf.Disk = 4 * testBlock
		c = open(t, conf)
		for _, i := range []int{0, 3} {
			mustRead(t, c, wants[i], datas[i], Disk)
		}
		for _, i := range []int{1, 2} {
			mustRead(t, c, wants[i], datas[i], Miss)
		}
	})
}

func TestADiskThatFailsHurtsNobody(t *testing.T) {
	t.Run("no file can be made", func(t *testing.T) {
		bubble(t, func(t *testing.T, s *faulty, c *Cache) {
			if err := c.disk.root.RemoveAll("partial"); err != nil {
				t.Fatal(err)
			}
			small, few := s.add("small", 100)
			large, many := s.add("large", 5*testBlock)
			mustRead(t, c, small, few, Miss)
			mustRead(t, c, large, many, Miss)
			synctest.Wait()
			mustRead(t, c, small, few, Memory)
			mustRead(t, c, large, many, Miss)
			if st := c.Stats(); st.Reads != 6 || st.DiskBytes != 0 || st.Errors.Disk == 0 {
				t.Errorf("got %+v", st)
			}
		})
	})
	for _, when := range []string{"written", "read back"} {
		t.Run("a block can't be "+when, func(t *testing.T) {
			bubble(t, func(t *testing.T, s *faulty, c *Cache) {
				w, data := s.add("x", 6*testBlock)
				w.Size = int64(len(data))
				if _, _, err := read(t.Context(), c, w, testBlock, 1); err != nil {
					t.Fatal(err)
				}
				synctest.Wait()
				if err := c.fills[w.Key].part.file.Close(); err != nil {
					t.Fatal(err)
				}
				if when == "written" {
					if got, _, err := read(t.Context(), c, w, 3*testBlock, 9); err != nil || !bytes.Equal(got, data[3*testBlock:3*testBlock+9]) {
						t.Errorf("got %d bytes, %v", len(got), err)
					}
					synctest.Wait()
				}
				mustRead(t, c, w, data, Miss)
				synctest.Wait()
				mustRead(t, c, w, data, Miss) // from memory, though not whole
				if st := c.Stats(); st.Reads != 7 || st.Errors.Disk == 0 {
					t.Errorf("got %+v", st)
				}
			})
		})
	}
	t.Run("a file is gone", func(t *testing.T) {
		bubble(t, func(t *testing.T, s *faulty, c *Cache) {
			w, data := s.add("x", 2*testBlock)
			mustRead(t, c, w, data, Miss)
			synctest.Wait()
			if err := c.disk.root.RemoveAll("objects"); err != nil {
				t.Fatal(err)
			}
			mustRead(t, c, w, data, Miss)
			synctest.Wait()
			mustRead(t, c, w, data, Disk)
		})
	})
	t.Run("a file can't be opened", func(t *testing.T) {
		bubble(t, func(t *testing.T, s *faulty, c *Cache) {
			w, data := s.add("x", 2*testBlock)
			mustRead(t, c, w, data, Miss)
			synctest.Wait()
			name := nameOf(w.Key, 2*testBlock, put)
			if err := c.disk.root.Remove(name); err != nil {
				t.Fatal(err)
			}
			if err := c.disk.root.Symlink("/", name); err != nil { // which leads out of the folder
				t.Fatal(err)
			}
			mustRead(t, c, w, data, Miss)
			synctest.Wait()
			mustRead(t, c, w, data, Disk) // it was replaced
		})
	})
	t.Run("a file can't be read", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := &faulty{}
			conf := config(t, s)
			w, data := s.add("x", 2*testBlock)
			name := filepath.Join(conf.Dir, filepath.FromSlash(nameOf(w.Key, 2*testBlock, put)))
			if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(os.WriteFile(name, data, 0o644), os.WriteFile(filepath.Join(conf.Dir, lockName), nil, 0o644)); err != nil {
				t.Fatal(err)
			}
			c := open(t, conf)
			if err := errors.Join(os.Remove(name), os.Mkdir(name, 0o755)); err != nil { // which opens, but doesn't read
				t.Fatal(err)
			}
			mustRead(t, c, w, data, Miss)
			synctest.Wait()
			mustRead(t, c, w, data, Disk)
			if n := c.Stats().Errors.Disk; n != 1 {
				t.Errorf("got %d faults of the disk, want 1", n)
			}
		})
	})
	t.Run("there is no folder", func(t *testing.T) {
		conf := config(t, &faulty{})
		conf.Dir = filepath.Join(conf.Dir, "file")
		if err := os.WriteFile(conf.Dir, nil, 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(conf); err == nil {
			t.Error("it opened")
		}
	})
}

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

func TestNamesOfFilesAreReadBack(t *testing.T) {
	for _, e := range []entry{{key: "rendition/m/abc", size: 7, modified: put}, {key: "a", modified: time.Unix(-5, 0).UTC()}, {key: "a.b/c-d"}} {
		got, ok := parseName(nameOf(e.key, e.size, e.modified))
		if !ok || got.key != e.key || got.size != e.size || !got.modified.Equal(e.modified) {
			t.Errorf("got %+v, %v, want %+v", got, ok, e)
		}
	}
	for _, bad := range []string{"objects/a", "objects/a@", "objects/a@x@", "objects/a@-1@", "objects/a@1@x", "objects/a@01@", "objects/A@1@", "objects/@1@", "objects/a@1@1@1"} {
		if _, ok := parseName(bad); ok {
			t.Errorf("%s was read", bad)
		}
	}
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

func TestOpenRefusesWhatCannotWork(t *testing.T) {
	for name, spoil := range map[string]func(c *Config){
		"no store":                   func(c *Config) { c.Store = nil },
		"a disk without a folder":    func(c *Config) { c.Dir = "" },
		"no room for its fetches":    func(c *Config) { c.Fetches = 33 },
		"a block of a negative size": func(c *Config) { c.Block = -1 },
		"a negative memory":          func(c *Config) { c.Memory = -1 },
		"a memory beyond measure":    func(c *Config) { c.Memory = 1<<63 - 1 },
		"a disk beyond measure":      func(c *Config) { c.Disk = 1<<63 - 1 },
		"a product that overflows":   func(c *Config) { c.Fetches, c.Block = 1<<34, 1<<30 },
		"a negative time":            func(c *Config) { c.FirstByte = -1 },
		"another negative time":      func(c *Config) { c.Stall = -1 },
		"a time beyond measure":      func(c *Config) { c.Stall = 1<<63 - 1 },
		"a negative number of files": func(c *Config) { c.Idle = -1 },
	} {
		t.Run(name, func(t *testing.T) {
			conf := config(t, &faulty{})
			spoil(&conf)
			if _, err := Open(conf); !errors.Is(err, asset.ErrInvalid) {
				t.Errorf("got %v, want %v", err, asset.ErrInvalid)
			}
		})
	}
	c := open(t, Config{Store: &faulty{}})
	if c.conf.Memory != 256<<20 || c.conf.Block != 1<<20 || c.conf.Fetches != 32 || c.disk != nil {
		t.Errorf("got %+v", c.conf)
	}
}

package cache

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
)

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

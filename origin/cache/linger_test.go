package cache

import (
	"fmt"
	"io"
	"testing"
	"testing/synctest"
)

func TestTheNumberOfFilesIsBoundedByMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &faulty{}
		conf := config(t, s)
		conf.Block, conf.Fetches, conf.Memory = 1000, 1, 40<<10
		c := open(t, conf)
		for i := range 50 {
			w, data := s.add(fmt.Sprint(i), 100)
			mustRead(t, c, w, data, Miss)
			synctest.Wait()
			if st := c.Stats(); st.DiskFiles != int64(min(i+1, 20)) {
				t.Fatalf("%d objects: got %d files", i+1, st.DiskFiles)
			}
		}
		if names, _ := filesUnder(t, conf.Dir); len(names) != 20 {
			t.Errorf("got %d files on the disk, want 20", len(names))
		}
	})
}

// Many objects are read slowly, each from its file, on a disk that has room for a few.
func TestDeletedFilesThatAreReadCount(t *testing.T) {
	for _, how := range []string{"from files", "as they come"} {
		t.Run(how, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &faulty{}
				conf := config(t, s)
				conf.Disk = 16 * testBlock
				c := open(t, conf)
				var objects []Object
				for i := range 60 {
					w, data := s.add(fmt.Sprint(i), 2*testBlock)
					if how == "from files" {
						mustRead(t, c, w, data, Miss)
						synctest.Wait()
					}
					o, err := c.Get(t.Context(), w)
					if err != nil {
						t.Fatal(err)
					}
					objects = append(objects, o)
					r, err := o.Reader(t.Context(), 0, o.Size)
					if err != nil {
						t.Fatal(err)
					}
					if _, err := io.CopyN(io.Discard, r, testBlock+100); err != nil {
						t.Fatal(err)
					}
					synctest.Wait()
					if st := c.Stats(); st.DiskBytes > conf.Disk+conf.Disk/4 {
						t.Fatalf("object %d: got %d bytes of disk, allowed %d and a quarter", i, st.DiskBytes, conf.Disk)
					}
				}
				if st := c.Stats(); st.DiskBytes <= conf.Disk {
					t.Errorf("got %d bytes of disk: nothing lingers, so nothing was tested", st.DiskBytes)
				}
				for i := range objects {
					objects[i].Close()
				}
				if c.lingering != 0 || c.used > conf.Disk {
					t.Errorf("in the end %d bytes linger, and %d are used", c.lingering, c.used)
				}
				w, data := s.add("another", 2*testBlock)
				mustRead(t, c, w, data, Miss)
				synctest.Wait()
				mustRead(t, c, w, data, Disk)
			})
		})
	}
}

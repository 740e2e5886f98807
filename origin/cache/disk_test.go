package cache

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"
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

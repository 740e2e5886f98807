package cache

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// disk is the folder of the disk cache. Under objects an object's file is named
//
//	key@size@seconds
//
// with its size in bytes and the time it was put (the backend's, since 1970; empty where
// nobody knows): a file that lost bytes in a crash is seen by its size. Its time of
// modification is that of its last use, to the hour. Under partial are unfinished ones.
// Nothing beside these two is touched.
type disk struct {
	root   *os.Root
	lock   *os.File // held until close: see lock
	log    *slog.Logger
	temps  atomic.Int64 // makes names
	logged atomic.Int64 // when a fault was last told, in Unix seconds
	faults *atomic.Int64
}

// A part is a file under partial.
type part struct {
	name  string
	file  *os.File
	entry *entry // unless nil, the object that it was published as
}

// page is what a file's size is rounded up to.
const page = 4 << 10

func pages(size int64) int64 { return max(1, (size+page-1)/page) * page }

// openDisk locks the folder, empties partial, and learns what is in objects.
func (c *Cache) openDisk() error {
	if c.conf.Dir == "" {
		return fmt.Errorf("%w: a disk cache needs a folder", asset.ErrInvalid)
	}
	held, err := lock(c.conf.Dir)
	if err != nil {
		return err
	}
	root, err := os.OpenRoot(c.conf.Dir)
	if err != nil {
		return errors.Join(err, held.Close())
	}
	c.disk = &disk{root: root, lock: held, log: c.conf.Log, faults: &c.counts.diskFailed}
	err = root.RemoveAll("partial")
	if err = errors.Join(err, root.MkdirAll("partial", 0o755), root.MkdirAll("objects", 0o755)); err == nil {
		err = c.survey()
	}
	if err != nil {
		return errors.Join(err, c.disk.close())
	}
	return nil
}

// close may be called again.
func (d *disk) close() error {
	if d == nil {
		return nil
	}
	err := d.root.Close()
	if e := d.lock.Close(); !errors.Is(e, fs.ErrClosed) {
		err = errors.Join(err, e)
	}
	return err
}

// survey lists the files of a former process, the last used first. What is no object, is
// there twice or has no room is removed.
func (c *Cache) survey() error {
	type found struct {
		entry *entry
		used  time.Time
	}
	var all []found
	var r rubbish
	err := fs.WalkDir(c.disk.root.FS(), "objects", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		e, ok := parseName(name)
		if !ok || !info.Mode().IsRegular() || e.size != info.Size() {
			r.names = append(r.names, name)
			return nil
		}
		all = append(all, found{e, info.ModTime()})
		return nil
	})
	slices.SortStableFunc(all, func(a, b found) int { return a.used.Compare(b.used) })
	c.mu.Lock()
	for _, x := range all {
		if old := c.files.at[x.entry.key]; old != nil {
			c.forget(old, &r)
		}
		if c.reserve(x.entry.size, &r) {
			c.files.add(x.entry)
		} else {
			r.names = append(r.names, x.entry.name)
		}
	}
	c.mu.Unlock()
	c.clean(&r)
	return err
}

func nameOf(key string, size int64, modified time.Time) string {
	at := ""
	if !modified.IsZero() {
		at = strconv.FormatInt(modified.Unix(), 10)
	}
	return path.Join("objects", key) + "@" + strconv.FormatInt(size, 10) + "@" + at
}

// parseName reads what nameOf wrote.
func parseName(name string) (*entry, bool) {
	key, rest, _ := strings.Cut(strings.TrimPrefix(name, "objects/"), "@")
	length, at, _ := strings.Cut(rest, "@")
	size, err := strconv.ParseInt(length, 10, 64)
	e := &entry{key: key, name: name, size: size}
	if at != "" && err == nil {
		var seconds int64
		seconds, err = strconv.ParseInt(at, 10, 64)
		e.modified = time.Unix(seconds, 0).UTC()
	}
	return e, err == nil && size >= 0 && asset.CheckKey(key) == nil && nameOf(key, size, e.modified) == name
}

// temp makes a partial file.
func (d *disk) temp() (*part, error) {
	name := "partial/" + strconv.FormatInt(d.temps.Add(1), 10)
	f, err := d.root.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return nil, err
	}
	return &part{name: name, file: f}, nil
}

// publish gives a partial file its name. It isn't synced: a crash may cost it, and whoever
// opens it in another process hashes it first.
func (d *disk) publish(p *part, name string) error {
	if err := d.root.MkdirAll(path.Dir(name), 0o755); err != nil {
		return err
	}
	return d.root.Rename(p.name, name)
}

// fault counts an error of the disk, and tells of one in a minute.
func (d *disk) fault(err error) {
	d.faults.Add(1)
	now, last := time.Now().Unix(), d.logged.Load()
	if now-last >= 60 && d.logged.CompareAndSwap(last, now) {
		d.log.Error("the disk cache fails; objects are served without it", "err", err)
	}
}

// rubbish is what mu's holder leaves to be cleaned up without it, for clean.
type rubbish struct {
	handles []*handle
	parts   []*part
	names   []string
}

func (c *Cache) clean(r *rubbish) {
	for _, h := range r.handles {
		c.shut(h)
	}
	for _, p := range r.parts {
		if err := p.file.Close(); err != nil {
			c.disk.fault(err)
		}
		if p.entry != nil {
			c.mu.Lock()
			c.count(p.entry, -1)
			c.mu.Unlock()
		}
	}
	for _, name := range r.names {
		if err := c.disk.root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrClosed) {
			c.disk.fault(err)
		}
	}
}

package cache

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// touchEvery is how exact the time of last use is that survives a restart.
const touchEvery = time.Hour

// open opens an entry's file anew.
func (c *Cache) open(e *entry) (*handle, error) {
	h := &handle{e: e, modified: e.modified}
	var err error
	if e.name != "" {
		h.file, err = c.disk.root.Open(e.name)
	} else {
		h.file, err = c.local.OpenFile(e.key)
	}
	if err != nil {
		return nil, err
	}
	c.counts.open.Add(1)
	c.mu.Lock()
	c.count(e, 1)
	c.mu.Unlock()
	info, err := h.file.Stat()
	if err != nil {
		c.shut(h)
		return nil, err
	}
	h.stamp.size = info.Size()
	if e.name == "" {
		h.stamp.modified = info.ModTime().UnixNano()
		h.modified = info.ModTime().UTC().Truncate(time.Second)
	}
	return h, nil
}

func (c *Cache) shut(h *handle) {
	c.counts.open.Add(-1)
	_ = h.file.Close() // it was only read
	c.mu.Lock()
	c.count(h.e, -1)
	c.mu.Unlock()
}

// take returns an open file of a verified object.
func (c *Cache) take(ctx context.Context, e *entry, digest string) (*handle, error) {
	for {
		h, touch, err := c.idleHandle(e, digest)
		if touch {
			c.touch(e)
		}
		if h != nil || err != nil {
			return h, err
		}
		if h, err = c.open(e); err != nil {
			return nil, c.unopened(e, err)
		}
		c.mu.Lock()
		judged, good := e.judged && e.stamp == h.stamp, e.good && e.digest == digest
		c.mu.Unlock()
		switch {
		case judged && good:
			return h, nil
		case judged:
			c.shut(h)
			return nil, c.wrongFile(e)
		}
		c.shut(h)
		if err := c.verifyFile(ctx, e, digest); err != nil {
			return nil, err
		}
	}
}

// idleHandle counts a use of an entry, and takes a file from its pool if there is one.
// It reports whether the time of last use shall be set.
func (c *Cache) idleHandle(e *entry, digest string) (*handle, bool, error) {
	now := time.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	if e.gone {
		return nil, false, errGone
	}
	c.files.order.MoveToFront(e.at)
	touch := e.name != "" && now.Sub(e.used) > touchEvery
	if touch {
		e.used = now
	}
	if !e.judged || !e.good || e.digest != digest {
		return nil, touch, nil
	}
	return c.files.unpool(e), touch, nil
}

func (c *Cache) touch(e *entry) {
	now := time.Now()
	if err := c.disk.root.Chtimes(e.name, now, now); err != nil && !errors.Is(err, fs.ErrNotExist) {
		c.disk.fault(err)
	}
}

// wrongFile is the error of a file that has other bytes than it should.
func (c *Cache) wrongFile(e *entry) error {
	return fmt.Errorf("%w: %s: %w: its file has another digest", asset.ErrUnavailable, e.key, errWrong)
}

// unopened says what it means that a file can't be opened. The disk cache does without
// it; the store has nothing else.
func (c *Cache) unopened(e *entry, err error) error {
	gone := errors.Is(err, fs.ErrNotExist) || errors.Is(err, asset.ErrNotFound)
	var r rubbish
	c.mu.Lock()
	if gone {
		c.forget(e, &r)
	}
	if gone && e.name == "" {
		c.miss(e.key)
	}
	c.mu.Unlock()
	c.clean(&r)
	switch {
	case e.name != "" && gone:
		return errGone
	case e.name != "":
		c.disk.fault(err)
		return errDisk
	case !gone:
		err = fmt.Errorf("%w: %w", asset.ErrUnavailable, err)
	}
	c.counts.fault(err)
	return err
}

// put gives an open file back.
func (c *Cache) put(h *handle) {
	c.mu.Lock()
	var over *handle
	switch {
	case c.closed || h.e.gone || len(h.e.pool) >= poolSize:
		over = h
	default:
		c.files.repool(h)
		if c.files.pooled > c.conf.Idle {
			over = c.files.unpoolOldest()
		}
	}
	c.mu.Unlock()
	if over != nil {
		c.shut(over)
	}
}

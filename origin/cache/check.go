package cache

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// A check hashes a file, for all who wait for it. It goes on when they leave.
type check struct {
	done chan struct{} // closed at its end
	err  error         // then
}

// verifyFile waits until an entry's file was hashed, at most FirstByte: a large file may
// take longer than a client waits. Who comes later finds it checked.
func (c *Cache) verifyFile(ctx context.Context, e *entry, digest string) error {
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return errClosed
	}
	k := e.check
	if k == nil {
		k = &check{done: make(chan struct{})}
		e.check = k
		c.work.Add(1)
		go c.runCheck(k, e, digest)
	}
	c.mu.Unlock()
	late := time.NewTimer(c.conf.FirstByte)
	defer late.Stop()
	select {
	case <-k.done:
		return k.err
	case <-late.C:
		return fmt.Errorf("%w: %s: its file is being checked, for more than %v", asset.ErrUnavailable, e.key, c.conf.FirstByte)
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (c *Cache) runCheck(k *check, e *entry, digest string) {
	defer c.work.Done()
	select {
	case c.checks <- struct{}{}:
		k.err = c.judge(e, digest)
		<-c.checks
	case <-c.life.Done():
		k.err = errClosed
	}
	c.mu.Lock()
	e.check = nil
	c.mu.Unlock()
	close(k.done)
}

// judge hashes a file. A wrong one of the disk cache is removed; of the store's it is
// remembered, until it is another file.
func (c *Cache) judge(e *entry, digest string) error {
	h, err := c.open(e)
	if err != nil {
		return c.unopened(e, err)
	}
	defer c.shut(h)
	got, err := c.hashFile(h)
	if err != nil {
		return c.unread(e, err)
	}
	good := got == digest
	var r rubbish
	c.mu.Lock()
	e.judge(digest, h.stamp, good)
	if !good && e.name != "" {
		c.forget(e, &r)
	}
	c.mu.Unlock()
	c.clean(&r)
	if good {
		return nil
	}
	err = c.wrongFile(e)
	c.counts.fault(err)
	c.conf.Log.Error("a file has wrong bytes", "key", e.key, "file", h.file.Name(), "digest", got)
	if e.name != "" {
		return errGone
	}
	return err
}

// unread says what it means that a file can't be read.
func (c *Cache) unread(e *entry, err error) error {
	if errors.Is(err, errClosed) || e.name == "" {
		return c.unopened(e, err)
	}
	var r rubbish
	c.mu.Lock()
	c.forget(e, &r)
	c.mu.Unlock()
	c.clean(&r)
	c.disk.fault(err)
	return errGone
}

// hashFile returns the digest of a file's bytes.
func (c *Cache) hashFile(h *handle) (string, error) {
	buf := c.buffers.Get().(*[chunk]byte)
	defer c.buffers.Put(buf)
	sum := sha256.New()
	for {
		n, err := h.file.Read(buf[:])
		sum.Write(buf[:n])
		switch {
		case err == io.EOF:
			return hex.EncodeToString(sum.Sum(nil)), nil
		case err != nil:
			return "", err
		case c.life.Err() != nil:
			return "", errClosed
		}
	}
}

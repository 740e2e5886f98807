package cache

import (
	"errors"
	"fmt"
	"time"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// How long a key is remembered to be absent, to have wrong bytes, and to be unavailable,
// and how many keys are. So long the backend isn't asked for them by each request.
const (
	absentFor   = 5 * time.Second
	wrongFor    = 5 * time.Second
	failedFor   = time.Second
	mostRefused = 1 << 14
)

// A refusal is why a key isn't asked for, and until when. It holds for everybody or, as it
// may be the caller's mistake, for those who want the same digest and size.
type refusal struct {
	err    error
	until  time.Time
	digest string // "" is any
	size   int64  // 0 is any
}

// refusals holds the keys that the store lately didn't have, or not rightly. When there are
// too many the oldest is forgotten: the store is asked again. Guarded by Cache.mu.
type refusals struct {
	of    map[string]refusal
	order []string // a ring, in the order they were added
	next  int
}

// get returns why an object with that digest and size, as its caller has it, isn't asked for.
func (a *refusals) get(key, digest string, size int64, now time.Time) error {
	r, ok := a.of[key]
	if !ok || !now.Before(r.until) || r.digest != "" && r.digest != digest || r.size != 0 && r.size != size {
		return nil
	}
	return r.err
}

// absent says whether the store lately didn't have a key, whoever asks.
func (a *refusals) absent(key string, now time.Time) bool {
	r := a.of[key]
	return now.Before(r.until) && errors.Is(r.err, asset.ErrNotFound)
}

func (a *refusals) add(key string, r refusal) {
	if a.of == nil {
		a.of = map[string]refusal{}
	}
	if _, ok := a.of[key]; ok {
		a.of[key] = r
		return
	}
	if len(a.order) < mostRefused {
		a.order = append(a.order, key)
	} else {
		delete(a.of, a.order[a.next])
		a.order[a.next] = key
		a.next = (a.next + 1) % mostRefused
	}
	a.of[key] = r
}

// miss remembers that the store has no such object. mu is held.
func (c *Cache) miss(key string) {
	c.refused.add(key, refusal{err: fmt.Errorf("%s: %w", key, asset.ErrNotFound), until: time.Now().Add(absentFor)})
}

// remember remembers why a read failed. mu is held. An object that changed is begun anew at
// once, and what isn't the backend's fault says nothing of it.
func (f *fill) remember(err error) {
	r := refusal{err: err, until: time.Now().Add(failedFor)}
	switch {
	case errors.Is(err, asset.ErrNotFound), errors.Is(err, asset.ErrConflict), errors.Is(err, errCrowded), errors.Is(err, errClosed):
		return
	case f.err != nil: // it is the object that is wrong
		r.until, r.digest, r.size = time.Now().Add(wrongFor), f.digest, f.hint
	}
	f.c.refused.add(f.key, r)
}

// refusedPart returns an error if bytes will be missing for which the backend isn't asked
// just now: better none of them than an answer that breaks off.
func (f *fill) refusedPart(offset, length int64) error {
	f.c.mu.Lock()
	defer f.c.mu.Unlock()
	err := f.refusal()
	if err == nil || f.verified && f.small() { // which memory may have
		return nil
	}
	for i := offset / f.c.conf.Block; i*f.c.conf.Block < offset+length; i++ {
		if !f.here(int(i)) && f.blocks[i].flight == nil {
			return err
		}
	}
	return nil
}

// refusal returns why the backend isn't asked for the object just now. mu is held.
func (f *fill) refusal() error { return f.c.refused.get(f.key, f.digest, f.hint, time.Now()) }

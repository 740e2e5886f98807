package cache

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// faulty is a store in memory that does what a test wants.
type faulty struct {
	asset.Store // nil: only Read is asked for

	mu    sync.Mutex
	blobs map[string][]byte
	tag   string
	asked []asset.Range
	twist func(n int, a *answer) // changes the nth answer, from 0
}

// An answer is what Read returns.
type answer struct {
	ctx  context.Context
	r    asset.Range
	info asset.Info
	data []byte // of the body
	err  error  // of Read

	part  int             // bytes that come before the rest, if gate isn't nil
	gate  <-chan struct{} // what the rest waits for
	after error           // how the body ends; nil is io.EOF
	deaf  bool            // doesn't heed ctx
	drip  time.Duration   // what each Read of the body takes
}

var put = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func (s *faulty) Read(ctx context.Context, key string, r asset.Range) (asset.Info, io.ReadCloser, error) {
	s.mu.Lock()
	n := len(s.asked)
	s.asked = append(s.asked, r)
	data, ok := s.blobs[key]
	a := &answer{ctx: ctx, r: r, info: asset.Info{Key: key, Size: int64(len(data)), Modified: put, Tag: s.tag}}
	twist := s.twist
	s.mu.Unlock()
	switch {
	case !ok:
		a.err = fmt.Errorf("%s: %w", key, asset.ErrNotFound)
	case r.Offset > int64(len(data)):
		a.err = asset.ErrInvalid
	case r.Tag != "" && r.Tag != a.info.Tag:
		a.err = asset.ErrConflict
	default:
		a.data = bytes.Clone(data[r.Offset:min(r.Offset+r.Length, int64(len(data)))])
	}
	if twist != nil {
		twist(n, a)
	}
	if a.err != nil {
		return asset.Info{}, nil, a.err
	}
	return a.info, io.NopCloser(a), nil
}

// Read is the body.
func (a *answer) Read(p []byte) (int, error) {
	if a.drip > 0 {
		select {
		case <-time.After(a.drip):
		case <-a.ctx.Done():
			return 0, a.ctx.Err()
		}
	}
	if a.gate != nil && a.part == 0 {
		if a.deaf {
			<-a.gate
		}
		select {
		case <-a.gate:
			a.gate = nil
		case <-a.ctx.Done():
			return 0, a.ctx.Err()
		}
	}
	if a.gate != nil {
		p = p[:min(len(p), a.part)]
	}
	n := copy(p, a.data)
	a.data = a.data[n:]
	if a.gate != nil {
		a.part -= n
	}
	if n == 0 && len(p) > 0 {
		if a.after != nil {
			return 0, a.after
		}
		return 0, io.EOF
	}
	return n, nil
}

func (s *faulty) set(twist func(n int, a *answer)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.twist = twist
}

func (s *faulty) reads() []asset.Range {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]asset.Range(nil), s.asked...)
}

// add puts a blob of size bytes and returns what wants it.
func (s *faulty) add(name string, size int) (Want, []byte) {
	data := make([]byte, size)
	r := rand.NewChaCha8(sha256.Sum256([]byte(name)))
	_, _ = r.Read(data) // never fails
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.blobs == nil {
		s.blobs = map[string][]byte{}
	}
	d := digestOf(data)
	key := asset.RenditionKey("m", d)
	s.blobs[key] = data
	return Want{Key: key, Digest: d}, data
}

// remove takes a blob away.
func (s *faulty) remove(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.blobs, key)
}

func digestOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

const testBlock = 64 << 10

// config is small: 64 KiB blocks, 8 at a time, 4 MiB of memory, 16 MiB of disk.
func config(t testing.TB, s asset.Store) Config {
	return Config{
		Store: s, Memory: 4 << 20, Dir: t.TempDir(), Disk: 16 << 20, Block: testBlock, Fetches: 8,
		FirstByte: 5 * time.Second, Stall: 3 * time.Second, Log: slog.New(slog.DiscardHandler),
	}
}

func open(t testing.TB, c Config) *Cache {
	t.Helper()
	k, err := Open(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := k.Close(); err != nil {
			t.Error(err)
		}
	})
	return k
}

// read opens an object and reads a part of it; a length of -1 is all from offset on.
func read(ctx context.Context, c *Cache, w Want, offset, length int64) ([]byte, Layer, error) {
	o, err := c.Get(ctx, w)
	if err != nil {
		return nil, 0, err
	}
	defer o.Close()
	if length < 0 {
		length = o.Size - offset
	}
	r, err := o.Reader(ctx, offset, length)
	if err != nil {
		return nil, o.Layer, err
	}
	b := bytes.NewBuffer(make([]byte, 0, length))
	_, err = io.Copy(b, r)
	return b.Bytes(), o.Layer, err
}

// mustRead fails unless a part is what it should be, from where it should be.
func mustRead(t *testing.T, c *Cache, w Want, data []byte, from Layer) {
	t.Helper()
	got, layer, err := read(t.Context(), c, w, 0, -1)
	if err != nil || !bytes.Equal(got, data) || layer != from {
		t.Fatalf("got %d bytes (right: %v) from %v, %v, want %d from %v", len(got), bytes.Equal(got, data), layer, err, len(data), from)
	}
}

// mustFail fails unless reading is an error of that kind, and less than all came.
func mustFail(t *testing.T, c *Cache, w Want, kind error) {
	t.Helper()
	got, _, err := read(t.Context(), c, w, 0, -1)
	if !errors.Is(err, kind) {
		t.Fatalf("got %d bytes and %v, want %v", len(got), err, kind)
	}
}

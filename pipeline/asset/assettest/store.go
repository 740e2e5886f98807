// Package assettest holds the contracts of the seams as tests. Every backend runs
// them; a hole found in practice becomes a case here.
package assettest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// Store tests a store that open makes, empty.
func Store(t *testing.T, open func(t *testing.T) asset.Store) {
	read := func(t *testing.T, s asset.Store, key string) string {
		t.Helper()
		data, err := readPart(t, s, key, asset.Range{Length: 1 << 20})
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	put := func(t *testing.T, s asset.Store, key, body string) error {
		return s.Put(t.Context(), key, strings.NewReader(body), int64(len(body)))
	}

	t.Run("what is put can be opened", func(t *testing.T) {
		s := open(t)
		if err := put(t, s, "a/b/c.glb", "hello"); err != nil {
			t.Fatal(err)
		}
		if got := read(t, s, "a/b/c.glb"); got != "hello" {
			t.Errorf("got %q", got)
		}
		if info, err := s.Stat(t.Context(), "a/b/c.glb"); err != nil || info.Size != 5 || info.Key != "a/b/c.glb" {
			t.Errorf("got %v, %v", info, err)
		}
	})
	t.Run("a missing object is ErrNotFound", func(t *testing.T) {
		s := open(t)
		if _, _, err := s.Read(t.Context(), "no/such", asset.Range{Length: 1}); !errors.Is(err, asset.ErrNotFound) {
			t.Errorf("Read: got %v", err)
		}
		if _, err := s.Stat(t.Context(), "no/such"); !errors.Is(err, asset.ErrNotFound) {
			t.Errorf("Stat: got %v", err)
		}
	})
	t.Run("a key is written once", func(t *testing.T) {
		s := open(t)
		if err := put(t, s, "k", "first"); err != nil {
			t.Fatal(err)
		}
		if err := put(t, s, "k", "other"); !errors.Is(err, asset.ErrConflict) {
			t.Errorf("got %v, want ErrConflict", err)
		}
		if got := read(t, s, "k"); got != "first" {
			t.Errorf("got %q", got)
		}
	})
	t.Run("of many writers one wins", func(t *testing.T) {
		s := open(t)
		errs := make([]error, 8)
		var wg sync.WaitGroup
		for i := range errs {
			wg.Go(func() { errs[i] = put(t, s, "k", fmt.Sprintf("writer %d", i)) })
		}
		wg.Wait()
		won := -1
		for i, err := range errs {
			switch {
			case err == nil && won < 0:
				won = i
			case err == nil:
				t.Errorf("%d and %d both won", won, i)
			case !errors.Is(err, asset.ErrConflict):
				t.Errorf("got %v, want ErrConflict", err)
			}
		}
		if got := read(t, s, "k"); got != fmt.Sprintf("writer %d", won) {
			t.Errorf("%d won, got %q", won, got)
		}
	})
	t.Run("a body of another size leaves nothing", func(t *testing.T) {
		s := open(t)
		for _, size := range []int64{3, 9} {
			if err := s.Put(t.Context(), "k", strings.NewReader("hello"), size); !errors.Is(err, asset.ErrInvalid) {
				t.Errorf("size %d: got %v, want ErrInvalid", size, err)
			}
			if _, err := s.Stat(t.Context(), "k"); !errors.Is(err, asset.ErrNotFound) {
				t.Errorf("size %d: got %v, want ErrNotFound", size, err)
			}
		}
	})
	t.Run("a body that fails leaves nothing", func(t *testing.T) {
		s := open(t)
		broken := io.MultiReader(strings.NewReader("hel"), failing{})
		if err := s.Put(t.Context(), "k", broken, 5); !errors.Is(err, errBody) {
			t.Errorf("got %v", err)
		}
		if _, err := s.Stat(t.Context(), "k"); !errors.Is(err, asset.ErrNotFound) {
			t.Errorf("got %v, want ErrNotFound", err)
		}
	})
	t.Run("a part can be read", func(t *testing.T) {
		s := open(t)
		if err := put(t, s, "k", "0123456789"); err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			offset, length int64
			want           string
		}{{0, 10, "0123456789"}, {0, 3, "012"}, {7, 3, "789"}, {7, 100, "789"}, {9, 1, "9"}, {10, 5, ""}, {3, 0, ""}} {
			got, err := readPart(t, s, "k", asset.Range{Offset: c.offset, Length: c.length})
			if err != nil || got != c.want {
				t.Errorf("%d+%d: got %q, %v, want %q", c.offset, c.length, got, err, c.want)
			}
		}
		for _, r := range []asset.Range{{Offset: 11, Length: 1}, {Offset: -1, Length: 1}, {Length: -1}} {
			if _, err := readPart(t, s, "k", r); !errors.Is(err, asset.ErrInvalid) {
				t.Errorf("%+v: got %v, want ErrInvalid", r, err)
			}
		}
	})
	t.Run("a part of another blob is ErrConflict", func(t *testing.T) {
		s := open(t)
		if err := put(t, s, "k", "0123456789"); err != nil {
			t.Fatal(err)
		}
		info, body, err := s.Read(t.Context(), "k", asset.Range{Length: 1})
		if err != nil {
			t.Fatal(err)
		}
		_ = body.Close() // it was only read
		if info.Size != 10 || info.Key != "k" || info.Modified.IsZero() {
			t.Errorf("it is told as %+v", info)
		}
		if got, err := readPart(t, s, "k", asset.Range{Offset: 2, Length: 2, Tag: info.Tag}); err != nil || got != "23" {
			t.Errorf("with its tag: got %q, %v", got, err)
		}
		if _, err := readPart(t, s, "k", asset.Range{Length: 2, Tag: `"another"`}); !errors.Is(err, asset.ErrConflict) {
			t.Errorf("with another tag: got %v, want ErrConflict", err)
		}
	})
	t.Run("a read ends with its context", func(t *testing.T) {
		s := open(t)
		if err := put(t, s, "k", strings.Repeat("x", 1<<20)); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		_, body, err := s.Read(ctx, "k", asset.Range{Length: 1 << 20})
		if err != nil {
			t.Fatal(err)
		}
		defer body.Close() //nolint:errcheck // only read
		cancel()
		if n, err := io.Copy(io.Discard, body); err == nil {
			t.Errorf("%d bytes and no error", n)
		}
	})
	t.Run("an empty object is an object", func(t *testing.T) {
		s := open(t)
		if err := put(t, s, "k", ""); err != nil {
			t.Fatal(err)
		}
		if got := read(t, s, "k"); got != "" {
			t.Errorf("got %q", got)
		}
	})
	t.Run("keys that are none are ErrInvalid", func(t *testing.T) {
		s := open(t)
		for _, key := range []string{"", "/a", "a/", "a//b", "..", "a/../b", "a/.b", "A", "a b", "a\\b", "a\x00", strings.Repeat("a", 600)} {
			if err := put(t, s, key, "x"); !errors.Is(err, asset.ErrInvalid) {
				t.Errorf("Put %q: got %v", key, err)
			}
			if _, _, err := s.Read(t.Context(), key, asset.Range{}); !errors.Is(err, asset.ErrInvalid) {
				t.Errorf("Read %q: got %v", key, err)
			}
		}
	})
	testLists(t, open)
}

// readPart reads a part of a blob.
func readPart(t *testing.T, s asset.Store, key string, r asset.Range) (string, error) {
	t.Helper()
	_, body, err := s.Read(t.Context(), key, r)
	if err != nil {
		return "", err
	}
	defer body.Close() //nolint:errcheck // only read
	data, err := io.ReadAll(body)
	return string(data), err
}

var errBody = errors.New("the body failed")

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errBody }

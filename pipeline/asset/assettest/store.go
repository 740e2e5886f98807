// Package assettest holds the contracts of the seams as tests. Every backend runs
// them; a hole found in practice becomes a case here.
package assettest

import (
	"bytes"
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
		o, err := s.Open(t.Context(), key)
		if err != nil {
			t.Fatal(err)
		}
		defer o.Close() //nolint:errcheck // only read
		data, err := io.ReadAll(o)
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
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
		if _, err := s.Open(t.Context(), "no/such"); !errors.Is(err, asset.ErrNotFound) {
			t.Errorf("Open: got %v", err)
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
	t.Run("an object can be sought", func(t *testing.T) {
		s := open(t)
		if err := put(t, s, "k", "0123456789"); err != nil {
			t.Fatal(err)
		}
		o, err := s.Open(t.Context(), "k")
		if err != nil {
			t.Fatal(err)
		}
		defer o.Close() //nolint:errcheck // only read
		if _, err := o.Seek(7, io.SeekStart); err != nil {
			t.Fatal(err)
		}
		rest, err := io.ReadAll(o)
		if err != nil || !bytes.Equal(rest, []byte("789")) {
			t.Errorf("got %q, %v", rest, err)
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
			if _, err := s.Open(t.Context(), key); !errors.Is(err, asset.ErrInvalid) {
				t.Errorf("Open %q: got %v", key, err)
			}
		}
	})
}

var errBody = errors.New("the body failed")

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errBody }

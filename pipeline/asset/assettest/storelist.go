package assettest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// listing lists all keys, in pages of that size.
func listing(t *testing.T, s asset.Store, prefix, after string, limit int) (keys []string) {
	t.Helper()
	for {
		page, err := s.List(t.Context(), prefix, after, limit)
		if err != nil {
			t.Fatalf("list %q after %q: %v", prefix, after, err)
		}
		if len(page) > limit {
			t.Errorf("%d blobs on a page of %d", len(page), limit)
		}
		for _, info := range page {
			keys = append(keys, info.Key)
		}
		if len(page) < limit {
			return keys
		}
		after = page[len(page)-1].Key
	}
}

// testLists tests what a store knows of all its blobs.
func testLists(t *testing.T, open func(t *testing.T) asset.Store) {
	put := func(t *testing.T, s asset.Store, keys ...string) {
		t.Helper()
		for i, key := range keys {
			if err := s.Put(t.Context(), key, strings.NewReader("0123456789"[:i%10]), int64(i%10)); err != nil {
				t.Fatal(err)
			}
		}
	}
	t.Run("blobs are listed by key, in pages of any size", func(t *testing.T) {
		s := open(t)
		all := []string{"a-/x", "a", "a0/b", "b/c", "b-c", "b.c", "b/c-", "b0", "b/d/e", "b/d-", "c/", "c", "b/d/f/g", "_", "b/cc"}
		all = slices.DeleteFunc(all, func(key string) bool { return asset.CheckKey(key) != nil })
		put(t, s, all...)
		slices.Sort(all)
		for _, prefix := range []string{"", "a", "b", "b/", "b/c", "b/d", "b/d/", "b/d/f/", "zz", "b/c/"} {
			for _, after := range []string{"", "_", "a", "a-/x", "b", "b/", "b-c", "b/c", "b/c0", "b/d/", "b/d/e", "b/d/zzz", "zzz"} {
				want := slices.DeleteFunc(slices.Clone(all), func(key string) bool { return !strings.HasPrefix(key, prefix) || key <= after })
				for _, limit := range []int{1, 2, 3, asset.PageLimit} {
					if got := listing(t, s, prefix, after, limit); !slices.Equal(got, want) {
						t.Errorf("%q after %q, by %d: got %q, want %q", prefix, after, limit, got, want)
					}
				}
			}
		}
	})
	t.Run("a list tells what Stat does", func(t *testing.T) {
		s := open(t)
		put(t, s, "empty", "one", "x/two")
		page, err := s.List(t.Context(), "", "", 10)
		if err != nil || len(page) != 3 {
			t.Fatalf("got %v, %v", page, err)
		}
		for _, got := range page {
			want, err := s.Stat(t.Context(), got.Key)
			if got.Tag == "" {
				want.Tag = ""
			}
			if err != nil || !got.Modified.Equal(want.Modified) || got.Size != want.Size || got.Tag != want.Tag {
				t.Errorf("it tells %+v, Stat %+v, %v", got, want, err)
			}
		}
	})
	t.Run("lists that are none are ErrInvalid", func(t *testing.T) {
		s := open(t)
		for _, c := range []struct {
			prefix, after string
			limit         int
		}{{"", "", 0}, {"", "", -1}, {"", "", asset.PageLimit + 1}, {"A", "", 1}, {"", "a b", 1}, {"a\x00", "", 1}, {strings.Repeat("a", 600), "", 1}} {
			if _, err := s.List(t.Context(), c.prefix, c.after, c.limit); !errors.Is(err, asset.ErrInvalid) {
				t.Errorf("%.20q after %q, by %d: got %v", c.prefix, c.after, c.limit, err)
			}
		}
	})
	t.Run("what is removed is gone, and may be put again", func(t *testing.T) {
		s := open(t)
		put(t, s, "x/a", "x/b")
		for range 2 { // removing what is not there is no error
			if err := s.Remove(t.Context(), "x/a"); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := s.Stat(t.Context(), "x/a"); !errors.Is(err, asset.ErrNotFound) {
			t.Errorf("got %v, want ErrNotFound", err)
		}
		if got := listing(t, s, "", "", 10); !slices.Equal(got, []string{"x/b"}) {
			t.Errorf("there is %q", got)
		}
		for _, key := range []string{"no/such", "x"} { // x is where others are, no blob
			if err := s.Remove(t.Context(), key); err != nil {
				t.Errorf("%s: %v", key, err)
			}
		}
		put(t, s, "x/a")
		if got := listing(t, s, "", "", 10); !slices.Equal(got, []string{"x/a", "x/b"}) {
			t.Errorf("there is %q", got)
		}
		if err := s.Remove(t.Context(), "../a"); !errors.Is(err, asset.ErrInvalid) {
			t.Errorf("a key that is none: got %v", err)
		}
	})
	t.Run("blobs that are removed while they are listed leave the rest", func(t *testing.T) {
		s := open(t)
		var keys []string
		for i := range 25 {
			keys = append(keys, fmt.Sprintf("x/%02d", i))
		}
		put(t, s, keys...)
		var got []string
		after := ""
		for {
			page, err := s.List(t.Context(), "x/", after, 4)
			if err != nil {
				t.Fatal(err)
			}
			for _, info := range page {
				got, after = append(got, info.Key), info.Key
				if err := s.Remove(t.Context(), info.Key); err != nil {
					t.Fatal(err)
				}
			}
			if len(page) < 4 {
				break
			}
		}
		if !slices.Equal(got, keys) {
			t.Errorf("got %q", got)
		}
	})
	t.Run("a blob that is refreshed is the same, and no older", func(t *testing.T) {
		s := open(t)
		put(t, s, "z", "x/k")
		before, err := s.Stat(t.Context(), "x/k")
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Refresh(t.Context(), "x/k"); err != nil {
			t.Fatal(err)
		}
		after, err := s.Stat(t.Context(), "x/k")
		if err != nil || after.Size != before.Size || after.Modified.Before(before.Modified) {
			t.Errorf("it was %+v and is %+v, %v", before, after, err)
		}
		if got, err := readPart(t, s, "x/k", asset.Range{Length: 10, Tag: after.Tag}); err != nil || got != "0" {
			t.Errorf("got %q, %v", got, err)
		}
		if err := s.Refresh(t.Context(), "no/such"); !errors.Is(err, asset.ErrNotFound) {
			t.Errorf("a missing one: got %v, want ErrNotFound", err)
		}
		if err := s.Refresh(t.Context(), "../a"); !errors.Is(err, asset.ErrInvalid) {
			t.Errorf("a key that is none: got %v", err)
		}
	})
	t.Run("a body is put from where it stands", func(t *testing.T) {
		s := open(t)
		body := strings.NewReader("0123456789")
		if _, err := body.Seek(3, 0); err != nil {
			t.Fatal(err)
		}
		if err := s.Put(t.Context(), "k", body, 7); err != nil {
			t.Fatal(err)
		}
		if got, err := readPart(t, s, "k", asset.Range{Length: 10}); err != nil || got != "3456789" {
			t.Errorf("got %q, %v", got, err)
		}
	})
}

package local

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// List tells of blobs in the order of their keys. Each page reads the folders that it is
// about anew: it is for folders with some hundred thousand files, not for many millions.
func (s *Store) List(ctx context.Context, prefix, after string, limit int) ([]asset.Info, error) {
	if err := asset.CheckList(prefix, after, limit); err != nil {
		return nil, err
	}
	for {
		l := listing{store: s, prefix: prefix, after: after, limit: limit}
		if err := l.folder(ctx, ""); err != nil {
			return nil, fmt.Errorf("list %s: %w", prefix, err)
		}
		if len(l.out) == limit || !l.moved {
			return l.out, nil
		}
	}
}

// listing is a page on its way.
type listing struct {
	store         *Store
	prefix, after string
	limit         int
	out           []asset.Info
	moved         bool // files went while it was made: those behind them may be missing
}

// name is the key of a file, or what keys in a folder begin with: that ends with a slash,
// by which it sorts as its keys do.
type name struct {
	key    string
	folder bool
}

// folder adds what is in a folder.
func (l *listing) folder(ctx context.Context, at string) error {
	names, err := l.names(ctx, at)
	if err != nil {
		return err
	}
	for _, n := range names {
		switch {
		case len(l.out) == l.limit:
			return nil
		case n.folder:
			err = l.folder(ctx, n.key)
		default:
			err = l.file(ctx, n.key)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// file adds a file, unless it has gone meanwhile.
func (l *listing) file(ctx context.Context, key string) error {
	info, err := l.store.Stat(ctx, key)
	switch {
	case errors.Is(err, asset.ErrNotFound):
		l.moved = true
		return nil
	case err != nil:
		return err
	}
	l.out = append(l.out, info)
	return nil
}

// names returns what of a folder may be on the page, in order. Of a folder with very many
// files only those that come first are held.
func (l *listing) names(ctx context.Context, at string) (out []name, err error) {
	dir, err := os.Open(l.store.Path(at)) // in the root it would look at each file
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer dir.Close() //nolint:errcheck // only read
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		entries, err := dir.ReadDir(4 * asset.PageLimit)
		for _, e := range entries {
			if n, ok := l.take(at, e); ok {
				out = append(out, n)
			}
		}
		slices.SortFunc(out, func(a, b name) int { return cmp.Compare(a.key, b.key) })
		out = first(out, l.limit)
		if err == io.EOF {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

// take says if an entry of a folder may be on the page, or have on it what is in it. What
// is no key was not put here.
func (l *listing) take(at string, e os.DirEntry) (name, bool) {
	n := name{at + e.Name(), e.IsDir()}
	ours := func() bool { return asset.CheckKey(n.key) == nil } // last, it takes longest
	if !n.folder {
		return n, n.key > l.after && strings.HasPrefix(n.key, l.prefix) && e.Type().IsRegular() && ours()
	}
	in := n.key + "/"
	inside := strings.HasPrefix(in, l.prefix) || strings.HasPrefix(l.prefix, in)
	return name{in, true}, inside && (in > l.after || strings.HasPrefix(l.after, in)) && ours()
}

// first keeps folders, which may be empty, and as many files as fit on a page.
func first(names []name, limit int) []name {
	files := 0
	return slices.DeleteFunc(names, func(n name) bool {
		if !n.folder {
			files++
		}
		return !n.folder && files > limit
	})
}

// Refresh makes a blob young.
func (s *Store) Refresh(ctx context.Context, key string) error {
	if _, err := s.Stat(ctx, key); err != nil {
		return err
	}
	now := time.Now()
	err := s.root.Chtimes(path(key), now, now)
	if errors.Is(err, fs.ErrNotExist) {
		err = asset.ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("refresh %s: %w", key, err)
	}
	return nil
}

// Remove removes a blob. Should the power fail a moment later, it may be there again.
func (s *Store) Remove(ctx context.Context, key string) error {
	_, err := s.Stat(ctx, key)
	if err == nil {
		err = s.root.Remove(path(key))
	}
	if errors.Is(err, asset.ErrNotFound) || errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("remove %s: %w", key, err)
	}
	return nil
}

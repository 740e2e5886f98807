// Package local holds the backends of one machine: a folder for blobs, NATS
// JetStream embedded in the process for jobs, SQLite for the catalog. Nothing
// listens on a port, nothing must be installed.
package local

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// Store keeps blobs as files in a folder. A blob is written under another name,
// synced, and linked to its own: so it is there whole or not at all, and of two
// writers one wins. What a crash leaves in the folder tmp is swept by OpenStore.
type Store struct{ root *os.Root }

// OpenStore opens a store in dir, making it if need be.
func OpenStore(dir string) (*Store, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("open the store: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("open the store: %w", err)
	}
	if err := errors.Join(root.MkdirAll("blobs", 0o755), root.MkdirAll("tmp", 0o755)); err != nil {
		return nil, fmt.Errorf("open the store: %w", err)
	}
	return &Store{root}, nil
}

// Sweep removes what writers that died left behind. No other process may write.
func (s *Store) Sweep() error {
	if err := s.root.RemoveAll("tmp"); err != nil {
		return fmt.Errorf("sweep the store: %w", err)
	}
	return s.root.MkdirAll("tmp", 0o755)
}

// Path is where the blob under a key is, for people.
func (s *Store) Path(key string) string { return filepath.Join(s.root.Name(), path(key)) }

// Close lets go of the folder.
func (s *Store) Close() error { return s.root.Close() }

func path(key string) string { return filepath.Join("blobs", filepath.FromSlash(key)) }

// Put writes a blob.
func (s *Store) Put(ctx context.Context, key string, body io.Reader, size int64) (err error) {
	if err := asset.CheckKey(key); err != nil {
		return err
	}
	if _, err := s.Stat(ctx, key); err == nil {
		return fmt.Errorf("put %s: %w", key, asset.ErrConflict)
	}
	tmp, err := os.CreateTemp(filepath.Join(s.root.Name(), "tmp"), "put-*")
	if err != nil {
		return fmt.Errorf("put %s: %w", key, err)
	}
	name := filepath.Join("tmp", filepath.Base(tmp.Name()))
	defer func() {
		_ = tmp.Close() // closed before, unless an error is on its way
		if e := s.root.Remove(name); e != nil && err == nil {
			err = fmt.Errorf("put %s: %w", key, e)
		}
	}()
	n, err := io.Copy(tmp, io.LimitReader(reader{ctx, body}, size+1))
	if err != nil {
		return fmt.Errorf("put %s: %w", key, err)
	}
	if n != size {
		return fmt.Errorf("%w: put %s: the body has %s %d bytes, not %d", asset.ErrInvalid, key, more(n, size), min(n, size), size)
	}
	if err := errors.Join(tmp.Sync(), tmp.Close()); err != nil {
		return fmt.Errorf("put %s: %w", key, err)
	}
	if err := s.root.MkdirAll(filepath.Dir(path(key)), 0o755); err != nil {
		return fmt.Errorf("put %s: %w", key, err)
	}
	if err := s.root.Link(name, path(key)); err != nil {
		if errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("put %s: %w", key, asset.ErrConflict)
		}
		return fmt.Errorf("put %s: %w", key, err)
	}
	return s.syncDirs(key)
}

func more(n, size int64) string {
	if n > size {
		return "more than"
	}
	return "only"
}

// syncDirs makes the new name, and the folders it needed, survive a loss of power.
func (s *Store) syncDirs(key string) error {
	for dir := filepath.Dir(path(key)); dir != "."; dir = filepath.Dir(dir) {
		d, err := s.root.Open(dir)
		if err != nil {
			return fmt.Errorf("put %s: %w", key, err)
		}
		if err := errors.Join(d.Sync(), d.Close()); err != nil {
			return fmt.Errorf("put %s: %w", key, err)
		}
	}
	return nil
}

// reader stops when its context does.
type reader struct {
	ctx context.Context
	r   io.Reader
}

func (r reader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.r.Read(p)
}

// Stat tells of a blob.
func (s *Store) Stat(_ context.Context, key string) (asset.Info, error) {
	if err := asset.CheckKey(key); err != nil {
		return asset.Info{}, err
	}
	info, err := s.root.Stat(path(key))
	if errors.Is(err, fs.ErrNotExist) || err == nil && info.IsDir() {
		return asset.Info{}, fmt.Errorf("%s: %w", key, asset.ErrNotFound)
	}
	if err != nil {
		return asset.Info{}, fmt.Errorf("stat %s: %w", key, err)
	}
	return asset.Info{Key: key, Size: info.Size()}, nil
}

// Open opens a blob. The file is opened at the first Read.
func (s *Store) Open(ctx context.Context, key string) (asset.Object, error) {
	info, err := s.Stat(ctx, key)
	if err != nil {
		return asset.Object{}, err
	}
	return asset.Object{Info: info, ReadSeekCloser: &object{store: s, info: info}}, nil
}

// object is a file that opens when it is read.
type object struct {
	store *Store
	info  asset.Info
	file  *os.File
	at    int64
}

func (o *object) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += o.at
	case io.SeekEnd:
		offset += o.info.Size
	}
	if offset < 0 {
		return 0, fmt.Errorf("seek %s to %d: %w", o.info.Key, offset, asset.ErrInvalid)
	}
	o.at = offset
	return offset, nil
}

func (o *object) Read(p []byte) (int, error) {
	if o.file == nil {
		f, err := o.store.root.Open(path(o.info.Key))
		if err != nil {
			return 0, fmt.Errorf("open %s: %w", o.info.Key, err)
		}
		o.file = f
	}
	n, err := o.file.ReadAt(p, o.at)
	o.at += int64(n)
	if n > 0 && err == io.EOF {
		err = nil
	}
	return n, err
}

func (o *object) Close() error {
	if o.file == nil {
		return nil
	}
	return o.file.Close()
}

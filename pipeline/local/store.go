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
	"time"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// Store keeps blobs as files in a folder. A blob is written under another name,
// synced, and linked to its own: so it is there whole or not at all, and of two
// writers one wins. What a crash leaves in the folder tmp goes with Sweep.
type Store struct{ root *os.Root }

// OpenStore opens a store in dir, making it if need be.
func OpenStore(dir string) (*Store, error) {
	dir, err := filepath.Abs(dir) // Path tells it to people, who may be elsewhere
	if err == nil {
		err = os.MkdirAll(dir, 0o755)
	}
	if err != nil {
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
	n, err := io.Copy(tmp, io.LimitReader(asset.Until(ctx, body), size+1))
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
	return infoOf(key, info), nil
}

func infoOf(key string, f fs.FileInfo) asset.Info {
	return asset.Info{Key: key, Size: f.Size(), Modified: f.ModTime().UTC().Truncate(time.Second)}
}

// OpenFile opens the file of a blob, for those who send it by the kernel.
func (s *Store) OpenFile(key string) (*os.File, error) {
	if err := asset.CheckKey(key); err != nil {
		return nil, err
	}
	f, err := s.root.Open(path(key))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: %w", key, asset.ErrNotFound)
	}
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", key, err)
	}
	if info, err := f.Stat(); err != nil || info.IsDir() {
		_ = f.Close() // it was only opened
		return nil, fmt.Errorf("%s: %w", key, asset.ErrNotFound)
	}
	return f, nil
}

// Read opens a part of a blob.
func (s *Store) Read(ctx context.Context, key string, r asset.Range) (asset.Info, io.ReadCloser, error) {
	f, err := s.OpenFile(key)
	if err != nil {
		return asset.Info{}, nil, err
	}
	stat, err := f.Stat()
	if err != nil {
		return asset.Info{}, nil, errors.Join(fmt.Errorf("read %s: %w", key, err), f.Close())
	}
	info := infoOf(key, stat)
	switch {
	case r.Offset < 0 || r.Length < 0 || r.Offset > info.Size:
		err = fmt.Errorf("%w: read %s: no bytes %d+%d of %d", asset.ErrInvalid, key, r.Offset, r.Length, info.Size)
	case r.Tag != info.Tag && r.Tag != "":
		err = fmt.Errorf("read %s: %w", key, asset.ErrConflict)
	}
	if err != nil {
		return asset.Info{}, nil, errors.Join(err, f.Close())
	}
	length := min(r.Length, info.Size-r.Offset)
	return info, &part{asset.Until(ctx, io.NewSectionReader(f, r.Offset, length)), f, length}, nil
}

// part is a part of a file.
type part struct {
	io.Reader
	file *os.File
	left int64
}

// Read tells a file that became shorter from the end of the part.
func (p *part) Read(b []byte) (int, error) {
	n, err := p.Reader.Read(b)
	if p.left -= int64(n); err == io.EOF && p.left > 0 {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

func (p *part) Close() error { return p.file.Close() }

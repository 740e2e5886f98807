package cloud

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// inMemory is the most bytes of a body that are held in memory.
const inMemory = 8 << 20

// gather reads a body of exactly size bytes, so that it can be sent more than once.
// release lets go of what holds it.
func (s *Store) gather(ctx context.Context, body io.Reader, size int64) (whole *io.SectionReader, release func() error, err error) {
	if size < 0 {
		return nil, nil, fmt.Errorf("%w: %d bytes", asset.ErrInvalid, size)
	}
	body = reader{ctx, body}
	if size > inMemory {
		return s.spool(body, size)
	}
	var b bytes.Buffer
	b.Grow(int(size) + bytes.MinRead)
	if err := exactly(&b, body, size); err != nil {
		return nil, nil, err
	}
	return io.NewSectionReader(bytes.NewReader(b.Bytes()), 0, size), func() error { return nil }, nil
}

// spool holds a body in a temporary file.
func (s *Store) spool(body io.Reader, size int64) (*io.SectionReader, func() error, error) {
	f, err := os.CreateTemp(s.Temp, "put-*")
	if err != nil {
		return nil, nil, err
	}
	release := func() error { return errors.Join(f.Close(), os.Remove(f.Name())) }
	if err := exactly(f, body, size); err != nil {
		return nil, nil, errors.Join(err, release())
	}
	return io.NewSectionReader(f, 0, size), release, nil
}

// exactly copies size bytes, and is ErrInvalid when there are more or fewer.
func exactly(w io.Writer, body io.Reader, size int64) error {
	n, err := io.Copy(w, io.LimitReader(body, size))
	if err != nil {
		return err
	}
	if n < size {
		return fmt.Errorf("%w: the body has only %d bytes, not %d", asset.ErrInvalid, n, size)
	}
	switch more, err := io.Copy(io.Discard, io.LimitReader(body, 1)); {
	case err != nil:
		return err
	case more > 0:
		return fmt.Errorf("%w: the body has more than %d bytes", asset.ErrInvalid, size)
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

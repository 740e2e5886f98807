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

// random is a body whose bytes can be read at any place, and more than once: a file,
// bytes in memory, a part of either.
type random interface {
	io.ReaderAt
	io.Seeker
}

// gather makes sure that a body of exactly size bytes can be sent more than once: where it
// is, or from what is read of it. release lets go of what holds that.
func (s *Store) gather(ctx context.Context, body io.Reader, size int64) (whole *io.SectionReader, release func() error, err error) {
	if size < 0 {
		return nil, nil, fmt.Errorf("%w: %d bytes", asset.ErrInvalid, size)
	}
	if r, ok := body.(random); ok {
		if at, err := r.Seek(0, io.SeekCurrent); err == nil { // a pipe is a file that can't
			whole, err = inPlace(r, at, size)
			return whole, func() error { return nil }, err
		}
	}
	body = asset.Until(ctx, body)
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

// inPlace is the rest of a body from where it stands, which is read then.
func inPlace(body random, at, size int64) (*io.SectionReader, error) {
	end, err := body.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, err
	}
	if end-at != size {
		return nil, fmt.Errorf("%w: the body has %d bytes, not %d", asset.ErrInvalid, end-at, size)
	}
	return io.NewSectionReader(body, at, size), nil
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

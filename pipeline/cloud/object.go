package cloud

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// An Object is a small one of S3 that people put there, and may put anew at any time: settings
// that are too secret, or change too often, for a command line.
type Object struct {
	store *Store
	key   string
}

// OpenObject returns the object at s3://BUCKET/KEY. It asks nothing of S3.
func OpenObject(ctx context.Context, url string) (*Object, error) {
	bucket, key, _ := strings.Cut(strings.TrimPrefix(url, "s3://"), "/")
	if err := asset.CheckKey(key); err != nil || !strings.HasPrefix(url, "s3://") {
		return nil, fmt.Errorf("%w: %.200q is no object; say s3://BUCKET/KEY, in lower-case letters, digits, dots, hyphens and _", asset.ErrInvalid, url)
	}
	s, err := Open(ctx, "s3://"+bucket)
	if err != nil {
		return nil, err
	}
	return &Object{s, key}, nil
}

// ReadAll reads the object, with one request. One of more than limit bytes is ErrInvalid, a
// missing one ErrNotFound. Errors say what to do.
func (o *Object) ReadAll(ctx context.Context, limit int64) ([]byte, error) {
	info, body, err := o.store.Read(ctx, o.key, asset.Range{Length: limit})
	switch {
	case errors.Is(err, asset.ErrNotFound):
		return nil, fmt.Errorf("there is no such object; put it there with: aws s3 cp FILE %s: %w", o.store.URL(o.key), err)
	case statusOf(err) == http.StatusForbidden:
		return nil, fmt.Errorf("allow s3:GetObject on it, and kms:Decrypt on the key that it is encrypted with; where s3:ListBucket isn't allowed, it may be missing: %w", err)
	case err != nil:
		return nil, err
	}
	defer body.Close() //nolint:errcheck // only read
	if info.Size > limit {
		return nil, fmt.Errorf("%w: %s has %d bytes, more than the %d it may have; is it the right object?", asset.ErrInvalid, o.store.URL(o.key), info.Size, limit)
	}
	return io.ReadAll(body)
}

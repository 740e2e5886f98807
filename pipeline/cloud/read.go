package cloud

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// Read opens a part of a blob, with one request; of an empty part at the end of a blob
// it takes two to tell.
func (s *Store) Read(ctx context.Context, key string, r asset.Range) (asset.Info, io.ReadCloser, error) {
	if err := asset.CheckKey(key); err != nil {
		return asset.Info{}, nil, err
	}
	if r.Offset < 0 || r.Length < 0 {
		return asset.Info{}, nil, fmt.Errorf("%w: read %s: no bytes %d+%d", asset.ErrInvalid, s.URL(key), r.Offset, r.Length)
	}
	if r.Length == 0 {
		return s.nothing(ctx, key, r) // HTTP has no such range
	}
	last := r.Offset + min(r.Length, math.MaxInt64-r.Offset) - 1
	out, err := s.client.GetObject(ctx, &s3.GetObjectInput{
		Bucket: &s.bucket, Key: s.name(key), IfMatch: optional(r.Tag),
		Range: aws.String(fmt.Sprintf("bytes=%d-%d", r.Offset, last)),
	})
	if statusOf(err) == http.StatusRequestedRangeNotSatisfiable {
		return s.nothing(ctx, key, r)
	}
	if err != nil {
		return asset.Info{}, nil, s.fault(ctx, "read", key, err)
	}
	if whole(out) && aws.ToInt64(out.ContentLength) == 0 { // some answer so for an empty blob
		_ = out.Body.Close() // it has no bytes
		return s.nothing(ctx, key, r)
	}
	info, n, err := s.told(key, r, last, out)
	if err != nil {
		return asset.Info{}, nil, errors.Join(err, out.Body.Close())
	}
	return info, &part{s, ctx, key, out.Body, n}, nil
}

// nothing answers for a part without bytes.
func (s *Store) nothing(ctx context.Context, key string, r asset.Range) (asset.Info, io.ReadCloser, error) {
	info, err := s.head(ctx, key, r.Tag)
	switch {
	case err != nil:
	case r.Offset > info.Size:
		err = fmt.Errorf("%w: read %s: no bytes %d+%d of %d", asset.ErrInvalid, s.URL(key), r.Offset, r.Length, info.Size)
	case r.Offset < info.Size && r.Length > 0: // it has become longer since
		err = fmt.Errorf("%w: read %s: bytes %d+%d of %d are refused", asset.ErrUnavailable, s.URL(key), r.Offset, r.Length, info.Size)
	}
	if err != nil {
		return asset.Info{}, nil, err
	}
	return info, http.NoBody, nil
}

// whole tells if an answer is a blob, not a part of it.
func whole(out *s3.GetObjectOutput) bool {
	raw, ok := awsmiddleware.GetRawResponse(out.ResultMetadata).(*smithyhttp.Response)
	return ok && raw.StatusCode != http.StatusPartialContent
}

// told reads the head of an answer, which must be the bytes from the offset to last or
// the blob's end. The number of bytes that follow is the second result.
func (s *Store) told(key string, r asset.Range, last int64, out *s3.GetObjectOutput) (asset.Info, int64, error) {
	var from, to, size int64
	text := aws.ToString(out.ContentRange)
	_, err := fmt.Sscanf(text, "bytes %d-%d/%d", &from, &to, &size)
	if err != nil || whole(out) || from != r.Offset || to != min(last, size-1) || to < from || aws.ToInt64(out.ContentLength) != to-from+1 {
		return asset.Info{}, 0, fmt.Errorf("%w: read %s: asked for bytes %d-%d, got %q, %d bytes",
			asset.ErrUnavailable, s.URL(key), r.Offset, last, text, aws.ToInt64(out.ContentLength))
	}
	info, err := s.info(key, r.Tag, size, out.ETag, out.LastModified)
	return info, to - from + 1, err
}

// part is the body of an answer.
type part struct {
	store *Store
	ctx   context.Context
	key   string
	body  io.ReadCloser
	left  int64 // bytes to come
}

// Read tells a body that was cut off from one that has ended.
func (p *part) Read(b []byte) (int, error) {
	if err := p.ctx.Err(); err != nil {
		return 0, p.store.fault(p.ctx, "read", p.key, err)
	}
	n, err := p.body.Read(b)
	p.left -= int64(n)
	if err == io.EOF && p.left > 0 {
		err = io.ErrUnexpectedEOF
	}
	if err == nil || err == io.EOF {
		return n, err
	}
	return n, p.store.fault(p.ctx, "read", p.key, &smithyhttp.RequestSendError{Err: err})
}

// Close lets go of the connection.
func (p *part) Close() error { return p.body.Close() }

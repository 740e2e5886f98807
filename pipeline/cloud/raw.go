package cloud

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// Raw is the bucket that merchants upload to, as PREFIX/MERCHANT/MODEL.glb. What is there
// may be replaced at any time, by another upload of the model.
type Raw struct {
	store *Store // for its client, its place and its words for faults
}

// OpenRaw returns the bucket at s3://BUCKET or s3://BUCKET/PREFIX. It asks nothing of S3.
func OpenRaw(ctx context.Context, url string) (*Raw, error) {
	s, err := Open(ctx, url)
	if err != nil {
		return nil, err
	}
	return &Raw{s}, nil
}

// unitField is the metadata, x-amz-meta-unit, that says what a model is drawn in.
const unitField = "unit"

// key is where a model arrives.
func (r *Raw) key(merchant, model string) (string, error) {
	if err := errors.Join(asset.CheckID(merchant), asset.CheckID(model)); err != nil {
		return "", err
	}
	return merchant + "/" + model + ".glb", nil
}

// A RawObject is an upload that is being read.
type RawObject struct {
	Merchant, Model string
	Unit            string    // as the uploader said; "" if he didn't
	Size            int64     // bytes
	Arrived         time.Time // to the second
	URL             string    // s3://BUCKET/KEY, for people
	Body            io.ReadCloser
}

// Read opens the upload that S3 told of. ErrInvalid says that it is not of this bucket and
// prefix; ErrConflict that it was replaced, of which S3 tells too; ErrNotFound that it is
// gone. S3 tells of uploads more than once and in any order: what is read is always what is
// there, and only if it is what was told of.
func (r *Raw) Read(ctx context.Context, u Upload) (*RawObject, error) {
	prefix, merchant, model, err := rawKey(u.Key)
	if err == nil && (u.Bucket != r.store.bucket || prefix != r.store.prefix) {
		err = fmt.Errorf("%w: %.80s/%.200q is not at %s", asset.ErrInvalid, u.Bucket, u.Key, r.store.URL(""))
	}
	if err != nil {
		return nil, err
	}
	in := &s3.GetObjectInput{Bucket: &r.store.bucket, Key: &u.Key}
	if u.ETag != "" {
		in.IfMatch = aws.String(`"` + strings.Trim(u.ETag, `"`) + `"`)
	}
	key := strings.TrimPrefix(u.Key, r.store.prefix)
	out, err := r.store.client.GetObject(ctx, in)
	if err != nil {
		return nil, r.store.fault(ctx, "read", key, err)
	}
	if out.ContentLength == nil || !whole(out) {
		return nil, errors.Join(fmt.Errorf("%w: read %s: the answer is not the whole of it", asset.ErrUnavailable, r.store.URL(key)), out.Body.Close())
	}
	o := &RawObject{
		Merchant: merchant, Model: model, Unit: out.Metadata[unitField], Size: *out.ContentLength,
		Arrived: aws.ToTime(out.LastModified).UTC(), URL: r.store.URL(key),
	}
	o.Body = &part{r.store, ctx, key, out.Body, o.Size}
	return o, nil
}

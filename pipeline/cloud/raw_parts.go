package cloud

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// A RawUpload is an upload of a model in parts. Whoever begins one hands its parts' signed
// requests to the uploader, and completes it with the tags that S3 answered these with.
// Each part but the last has 5 MiB at least. An upload that is neither completed nor
// aborted keeps its parts until the bucket's lifecycle removes them.
type RawUpload struct {
	raw     *Raw
	key, id string
}

// maxParts is how many an upload may have.
const maxParts = 10000

// Begin begins an upload in parts.
func (r *Raw) Begin(ctx context.Context, merchant, model, unit string) (*RawUpload, error) {
	key, err := r.key(merchant, model)
	if err != nil {
		return nil, err
	}
	out, err := r.store.client.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{
		Bucket: &r.store.bucket, Key: r.store.name(key), Metadata: unitOf(unit),
	})
	if err != nil {
		return nil, r.store.fault(ctx, "begin the upload of", key, err)
	}
	return &RawUpload{r, key, aws.ToString(out.UploadId)}, nil
}

// Resume is the upload of a model whose ID an earlier Begin made.
func (r *Raw) Resume(merchant, model, id string) (*RawUpload, error) {
	key, err := r.key(merchant, model)
	return &RawUpload{r, key, id}, err
}

// ID names the upload to Resume.
func (u *RawUpload) ID() string { return u.id }

// PresignPart lets someone upload a part of exactly size bytes. Parts are 1 to 10000.
func (u *RawUpload) PresignPart(ctx context.Context, part int, size int64, expires time.Duration) (Presigned, error) {
	if part < 1 || part > maxParts || size < 1 || expires < time.Second || expires > MaxExpires {
		return Presigned{}, fmt.Errorf("%w: part %d of %d bytes within %s", asset.ErrInvalid, part, size, expires)
	}
	until := time.Now().Add(expires)
	signed, err := u.raw.presigner().PresignUploadPart(ctx, &s3.UploadPartInput{
		Bucket: &u.raw.store.bucket, Key: u.raw.store.name(u.key), UploadId: &u.id, PartNumber: aws.Int32(int32(part)), ContentLength: &size,
	}, s3.WithPresignExpires(expires))
	if err != nil {
		return Presigned{}, u.raw.store.fault(ctx, "sign a part of", u.key, err)
	}
	return presigned(signed.Method, signed.URL, signed.SignedHeader, until), nil
}

// Complete makes the parts, from the first on, the model's upload. tags are what S3
// answered to each as ETag; a wrong one is ErrInvalid.
func (u *RawUpload) Complete(ctx context.Context, tags []string) error {
	if len(tags) < 1 || len(tags) > maxParts {
		return fmt.Errorf("%w: an upload of %d parts; it has 1 to %d", asset.ErrInvalid, len(tags), maxParts)
	}
	parts := make([]types.CompletedPart, len(tags))
	for i := range tags {
		parts[i] = types.CompletedPart{PartNumber: aws.Int32(int32(i + 1)), ETag: &tags[i]}
	}
	_, err := u.raw.store.client.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{
		Bucket: &u.raw.store.bucket, Key: u.raw.store.name(u.key), UploadId: &u.id, MultipartUpload: &types.CompletedMultipartUpload{Parts: parts},
	})
	switch codeOf(err) {
	case "InvalidPart", "InvalidPartOrder", "EntityTooSmall", "MalformedXML":
		return fmt.Errorf("%w: complete the upload of %s: %w", asset.ErrInvalid, u.raw.store.URL(u.key), err)
	case "NoSuchUpload":
		return fmt.Errorf("%w: complete the upload of %s: %w", asset.ErrNotFound, u.raw.store.URL(u.key), err)
	}
	return u.raw.store.fault(ctx, "complete the upload of", u.key, err)
}

// Abort removes the parts of an upload. One that is over is no error.
func (u *RawUpload) Abort(ctx context.Context) error { return u.raw.store.abandon(ctx, u.key, u.id) }

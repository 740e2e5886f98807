package cloud

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// directoryBucket is how names of buckets end whose lists have no order.
const directoryBucket = "--x-s3"

// List tells of blobs in the order of their keys. S3 may answer with fewer than it is
// asked for, and says so: then it is asked for more.
func (s *Store) List(ctx context.Context, prefix, after string, limit int) ([]asset.Info, error) {
	if err := asset.CheckList(prefix, after, limit); err != nil {
		return nil, err
	}
	if strings.HasSuffix(s.bucket, directoryBucket) {
		return nil, fmt.Errorf("%w: list %s: a directory bucket has no order; use a general purpose bucket", asset.ErrInvalid, s.URL(prefix))
	}
	in := &s3.ListObjectsV2Input{Bucket: &s.bucket, Prefix: optional(s.prefix + prefix)}
	if after != "" {
		in.StartAfter = aws.String(s.prefix + after)
	}
	var out []asset.Info
	for len(out) < limit {
		in.MaxKeys = aws.Int32(int32(limit - len(out)))
		page, err := s.client.ListObjectsV2(ctx, in)
		if err != nil {
			return nil, s.fault(ctx, "list", prefix, err)
		}
		if out, err = s.listed(out, page.Contents, after); err != nil {
			return nil, err
		}
		if !aws.ToBool(page.IsTruncated) {
			return out, nil
		}
		if in.ContinuationToken = page.NextContinuationToken; aws.ToString(in.ContinuationToken) == "" {
			return nil, fmt.Errorf("%w: list %s: the answer is a part and does not tell where the rest is", asset.ErrUnavailable, s.URL(prefix))
		}
	}
	return out, nil
}

// listed adds the blobs of an answer. What is no key was put by others, and is theirs.
// Whoever pages on from the last key must get on, so an answer out of order is refused.
func (s *Store) listed(out []asset.Info, objects []types.Object, after string) ([]asset.Info, error) {
	for _, o := range objects {
		key, ours := strings.CutPrefix(aws.ToString(o.Key), s.prefix)
		if !ours || asset.CheckKey(key) != nil {
			continue
		}
		if len(out) > 0 {
			after = out[len(out)-1].Key
		}
		if key <= after {
			return nil, fmt.Errorf("%w: list %s: %s comes after %s", asset.ErrUnavailable, s.URL(""), key, after)
		}
		out = append(out, asset.Info{
			Key: key, Size: aws.ToInt64(o.Size), Tag: aws.ToString(o.ETag),
			Modified: aws.ToTime(o.LastModified).UTC().Truncate(time.Second),
		})
	}
	return out, nil
}

// Refresh copies a blob onto itself, within S3. Its tag may be another then: readers that
// are in the middle of it get ErrConflict.
func (s *Store) Refresh(ctx context.Context, key string) error {
	if err := asset.CheckKey(key); err != nil {
		return err
	}
	// What S3 knows of a blob beside its bytes has to be said again.
	old, err := s.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &s.bucket, Key: s.name(key)})
	if err != nil {
		return s.fault(ctx, "refresh", key, err)
	}
	in := &s3.CopyObjectInput{
		Bucket: &s.bucket, Key: s.name(key), CopySource: aws.String(s.bucket + "/" + s.prefix + key), ContentType: old.ContentType,
		MetadataDirective: types.MetadataDirectiveReplace, // else S3 sees nothing to do
		ChecksumAlgorithm: checksum,
	}
	if s.kms != "" {
		in.ServerSideEncryption, in.SSEKMSKeyId, in.BucketKeyEnabled = types.ServerSideEncryptionAwsKms, &s.kms, aws.Bool(true)
	}
	_, err = s.client.CopyObject(ctx, in)
	return s.fault(ctx, "refresh", key, err)
}

// Remove removes a blob. A bucket that keeps versions keeps this one as long as its
// lifecycle says.
func (s *Store) Remove(ctx context.Context, key string) error {
	if err := asset.CheckKey(key); err != nil {
		return err
	}
	_, err := s.client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &s.bucket, Key: s.name(key)})
	return s.fault(ctx, "remove", key, err)
}

package cloud

//lint:file-ignore SA1019 manager's successor takes twenty times the memory: aws-sdk-go-v2#3453

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/s3/manager"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// How large bodies are sent. A part is read from where the body is while it is sent, so
// that what goes on at once costs connections, not memory.
const (
	partSize     = 8 << 20          // bytes; a body that is no larger is sent at once
	partsAtOnce  = 4                // of one body
	partAttempts = 4                // each: the others would have to be sent again with it
	abandoning   = 10 * time.Second // to tell S3 that parts are of no use
)

// checksum is what goes with each body and each part, and what S3 keeps. It is of the whole
// object however that was sent, as a SHA-256 can't be: keys have that, and readers check.
const checksum = types.ChecksumAlgorithmCrc64nvme

// Put writes a blob. A body that can be read at any place, a file or bytes in memory, is
// sent from there, and must stay as it is until Put returns; another is gathered first,
// since it may have to be sent twice and its end must be seen before its start is sent. A
// blob whose writer lost the connection just when it was done is put a second time, and
// that is ErrConflict.
func (s *Store) Put(ctx context.Context, key string, body io.Reader, size int64) (err error) {
	if err := asset.CheckKey(key); err != nil {
		return err
	}
	whole, release, err := s.gather(ctx, body, size)
	if err != nil {
		return fmt.Errorf("put %s: %w", s.URL(key), err)
	}
	defer func() { err = errors.Join(err, release()) }()
	err = s.send(ctx, key, whole)
	switch {
	case statusOf(err) == http.StatusConflict, codeOf(err) == "NoSuchUpload":
		// Somebody else writes or removes it this moment, or parts were put together and
		// the answer was lost. Only what is there is a conflict: who meets one goes on as
		// if the blob were safe.
		if _, there := s.Stat(ctx, key); there != nil {
			return fmt.Errorf("%w: put %s: %w", asset.ErrUnavailable, s.URL(key), err)
		}
		return fmt.Errorf("put %s: %w", s.URL(key), asset.ErrConflict)
	}
	return s.fault(ctx, "put", key, err)
}

// send sends a body, a large one in parts. The condition goes with the request that makes
// the object: PutObject, or CompleteMultipartUpload.
func (s *Store) send(ctx context.Context, key string, body *io.SectionReader) error {
	kind, err := mediaType(key, body)
	if err != nil {
		return err
	}
	in := &s3.PutObjectInput{
		Bucket: &s.bucket, Key: s.name(key), Body: body, ContentType: kind, IfNoneMatch: aws.String("*"), ChecksumAlgorithm: checksum,
	}
	if s.kms != "" {
		in.ServerSideEncryption, in.SSEKMSKeyId, in.BucketKeyEnabled = types.ServerSideEncryptionAwsKms, &s.kms, aws.Bool(true)
	}
	_, err = manager.NewUploader(s.client, uploading).Upload(ctx, in, func(u *manager.Uploader) {
		if body.Size() > partSize {
			u.ClientOptions = append(u.ClientOptions, func(o *s3.Options) { o.RetryMaxAttempts = partAttempts })
		}
	})
	if failed, ok := errors.AsType[manager.MultiUploadFailure](err); ok {
		if e := s.abandon(ctx, key, failed.UploadID()); e != nil {
			return fmt.Errorf("%w; its parts stay: %v", err, e) //nolint:errorlint // of the first one's kind
		}
	}
	return err
}

func uploading(u *manager.Uploader) {
	u.PartSize, u.Concurrency = partSize, partsAtOnce
	u.LeavePartsOnError = true // it can't remove them once its context is done; abandon can
}

// abandon removes the parts of an upload that came to nothing, which cost until then.
func (s *Store) abandon(ctx context.Context, key, id string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), abandoning)
	defer cancel()
	_, err := s.client.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{Bucket: &s.bucket, Key: s.name(key), UploadId: &id})
	if codeOf(err) == "NoSuchUpload" {
		return nil
	}
	return s.fault(ctx, "abandon the upload of", key, err)
}

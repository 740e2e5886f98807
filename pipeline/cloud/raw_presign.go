package cloud

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// A Presigned is a request that its holder may send, until it expires.
type Presigned struct {
	Method  string            `json:"method"`
	URL     string            `json:"url"`
	Headers map[string]string `json:"headers,omitempty"` // of a PUT, to be sent as they are
	Fields  map[string]string `json:"fields,omitempty"`  // of a form, before its file
	Expires time.Time         `json:"expires"`
}

// MaxExpires is how long a request can be signed for. One that is signed by a role ends
// with the role's session, if that is sooner.
const MaxExpires = 7 * 24 * time.Hour

// PresignPut lets someone upload a model of exactly size bytes, with one PUT.
func (r *Raw) PresignPut(ctx context.Context, merchant, model, unit string, size int64, expires time.Duration) (Presigned, error) {
	key, err := r.presignable(merchant, model, size, expires)
	if err != nil {
		return Presigned{}, err
	}
	in := &s3.PutObjectInput{Bucket: &r.store.bucket, Key: r.store.name(key), ContentLength: &size, Metadata: unitOf(unit)}
	until := time.Now().Add(expires)
	signed, err := r.presigner().PresignPutObject(ctx, in, s3.WithPresignExpires(expires))
	if err != nil {
		return Presigned{}, r.store.fault(ctx, "sign an upload of", key, err)
	}
	return presigned(signed.Method, signed.URL, signed.SignedHeader, until), nil
}

func presigned(method, url string, header http.Header, until time.Time) Presigned {
	p := Presigned{Method: method, URL: url, Headers: map[string]string{}, Expires: until.UTC().Truncate(time.Second)}
	for name, values := range header {
		if name != "Host" {
			p.Headers[name] = strings.Join(values, ",")
		}
	}
	return p
}

// PresignPost lets someone upload a model of 1 to size bytes, with a form.
func (r *Raw) PresignPost(ctx context.Context, merchant, model, unit string, size int64, expires time.Duration) (Presigned, error) {
	key, err := r.presignable(merchant, model, size, expires)
	if err != nil {
		return Presigned{}, err
	}
	conditions := []any{[]any{"content-length-range", 1, size}}
	field := "x-amz-meta-" + unitField
	if unit != "" {
		conditions = append(conditions, map[string]string{field: unit})
	}
	until := time.Now().Add(expires)
	signed, err := r.presigner().PresignPostObject(ctx, &s3.PutObjectInput{Bucket: &r.store.bucket, Key: r.store.name(key)},
		func(o *s3.PresignPostOptions) { o.Expires, o.Conditions = expires, conditions })
	if err != nil {
		return Presigned{}, r.store.fault(ctx, "sign an upload of", key, err)
	}
	if unit != "" {
		signed.Values[field] = unit
	}
	return Presigned{Method: http.MethodPost, URL: signed.URL, Fields: signed.Values, Expires: until.UTC().Truncate(time.Second)}, nil
}

func (r *Raw) presignable(merchant, model string, size int64, expires time.Duration) (string, error) {
	if size < 1 || expires < time.Second || expires > MaxExpires {
		return "", fmt.Errorf("%w: an upload of %d bytes within %s; it has 1 at least, and 1s to %s", asset.ErrInvalid, size, expires, MaxExpires)
	}
	return r.key(merchant, model)
}

func unitOf(unit string) map[string]string {
	if unit == "" {
		return nil
	}
	return map[string]string{unitField: unit}
}

// presigner signs for those who send what they like: checksums are theirs to add.
func (r *Raw) presigner() *s3.PresignClient {
	return s3.NewPresignClient(r.store.client, s3.WithPresignClientFromClientOptions(func(o *s3.Options) {
		o.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired
	}))
}

package cloud

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/plinth3d/plinth/pipeline/asset"
	"github.com/plinth3d/plinth/pipeline/cloud/s3test"
)

func TestAnObjectIsReadWhole(t *testing.T) {
	server := s3test.New(t)
	server.Setenv(t)
	o, err := OpenObject(t.Context(), "s3://bucket/keys/signing.json")
	if err != nil {
		t.Fatal(err)
	}
	if n := len(server.Requests()); n != 0 {
		t.Errorf("to open it takes %d requests", n)
	}
	for _, text := range []string{"first", "second, and longer", strings.Repeat("x", 100), ""} {
		server.Put("bucket/keys/signing.json", []byte(text))
		if got, err := o.ReadAll(t.Context(), 100); err != nil || string(got) != text {
			t.Errorf("got %q, %v; want %q", got, err, text)
		}
	}
}

func TestAnObjectThatCantBeReadSaysWhatToDo(t *testing.T) {
	server := s3test.New(t)
	server.Setenv(t)
	o, err := OpenObject(t.Context(), "s3://bucket/keys/signing.json")
	if err != nil {
		t.Fatal(err)
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	for what, c := range map[string]struct {
		ctx    context.Context
		fault  s3test.Fault
		size   int // -1: there is none
		kind   error
		advice string
	}{
		"a missing one":       {t.Context(), nil, -1, asset.ErrNotFound, "aws s3 cp FILE s3://bucket/keys/signing.json"},
		"a large one":         {t.Context(), nil, 101, asset.ErrInvalid, "101 bytes"},
		"one for others":      {t.Context(), s3test.Status(403, "AccessDenied"), 5, nil, "allow s3:GetObject"},
		"a bucket that isn't": {t.Context(), s3test.Status(404, "NoSuchBucket"), 5, nil, "NoSuchBucket"},
		"one of a busy S3":    {t.Context(), s3test.Status(503, "SlowDown"), 5, asset.ErrUnavailable, "SlowDown"},
		"one that breaks off": {t.Context(), s3test.Truncate(3), 5, asset.ErrUnavailable, "read"},
		"one nobody wants":    {over, nil, 5, context.Canceled, "canceled"},
	} {
		t.Run(what, func(t *testing.T) {
			server.Remove("bucket/keys/signing.json")
			if c.size >= 0 {
				server.Put("bucket/keys/signing.json", []byte(strings.Repeat("x", c.size)))
			}
			if c.fault != nil {
				defer server.Break("GET", "signing.json", c.fault)()
			}
			_, err := o.ReadAll(c.ctx, 100)
			if err == nil || c.kind != nil && !errors.Is(err, c.kind) || !strings.Contains(err.Error(), c.advice) {
				t.Errorf("got %v, want %v and %q", err, c.kind, c.advice)
			}
			for _, kind := range []error{asset.ErrInvalid, asset.ErrNotFound} { // the caller's fault, not the backend's
				if c.kind != kind && errors.Is(err, kind) { //nolint:errorlint // one of the table
					t.Errorf("%v is of kind %v", err, kind)
				}
			}
		})
	}
}

func TestAnObjectHasABucketAndAKey(t *testing.T) {
	s3test.New(t).Setenv(t)
	for _, url := range []string{"", "bucket/key", "s3://", "s3://bucket", "s3://bucket/", "s3://bucket/Key", "s3://bucket/../key", "s3://BUCKET/key", "s3:///key", "disk:/key"} {
		if _, err := OpenObject(t.Context(), url); !errors.Is(err, asset.ErrInvalid) {
			t.Errorf("%q: got %v", url, err)
		}
	}
}

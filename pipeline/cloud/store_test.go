package cloud

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/plinth3d/plinth/pipeline/asset"
	"github.com/plinth3d/plinth/pipeline/asset/assettest"
	"github.com/plinth3d/plinth/pipeline/cloud/s3test"
)

// connect opens a store on a server.
func connect(t *testing.T, s *s3test.Server, url string) *Store {
	t.Helper()
	s.Setenv(t)
	st, err := Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	st.Temp = t.TempDir()
	return st
}

func TestStore(t *testing.T) {
	assettest.Store(t, func(t *testing.T) asset.Store { return connect(t, s3test.New(t), "s3://bucket/some/prefix") })
}

// Bodies take another form over TLS: chunks, with the checksum behind them.
func TestStoreOverTLS(t *testing.T) {
	assettest.Store(t, func(t *testing.T) asset.Store { return connect(t, s3test.NewTLS(t), "s3://bucket") })
}

func TestBodiesArriveWholeInEachForm(t *testing.T) {
	for name, c := range map[string]struct {
		start   func(testing.TB) *s3test.Server
		chunked bool
	}{"plain": {s3test.New, false}, "over TLS": {s3test.NewTLS, true}} {
		t.Run(name, func(t *testing.T) {
			server := c.start(t)
			s := connect(t, server, "s3://bucket/p")
			for key, size := range map[string]int{"empty": 0, "one": 1, "memory": inMemory, "file": inMemory + 1, "parts": large} {
				body := bytes.Repeat([]byte("0123456789abcde"), size/15+1)[:size]
				for form, r := range map[string]io.Reader{"-seen": bytes.NewReader(body), "-stream": struct{ io.Reader }{bytes.NewReader(body)}} {
					key := key + form
					if err := s.Put(t.Context(), key, r, int64(size)); err != nil {
						t.Fatalf("%s: %v", key, err)
					}
					if got, ok := server.Get("bucket/p/" + key); !ok || !bytes.Equal(got, body) {
						t.Errorf("%s: %d bytes are there, not %d, or others", key, len(got), size)
					}
					requests := 1
					if size > partSize {
						requests = 2 + (size+partSize-1)/partSize
					}
					if n := server.Count("", key); n != requests {
						t.Errorf("%s: %d requests", key, n)
					}
				}
			}
			for _, r := range server.Requests() {
				makes, sends := r.Operation == "PutObject" || r.Operation == "CompleteMultipartUpload", r.Operation == "PutObject" || r.Operation == "UploadPart"
				empty := strings.HasPrefix(r.Path, "bucket/p/empty")
				if (r.IfNoneMatch == "*") != makes || r.Chunked != (c.chunked && sends && !empty) {
					t.Errorf("a request is %+v", r)
				}
			}
			if left, err := os.ReadDir(s.Temp); err != nil || len(left) > 0 {
				t.Errorf("temporary files are left: %v, %v", left, err)
			}
		})
	}
}

func TestALargeBodyOfAnotherSizeLeavesNothing(t *testing.T) {
	server := s3test.New(t)
	s := connect(t, server, "s3://bucket")
	body := make([]byte, inMemory+9)
	for _, size := range []int64{-1, inMemory + 8, inMemory + 10, 1 << 40} {
		for _, r := range []io.Reader{bytes.NewReader(body), struct{ io.Reader }{bytes.NewReader(body)}} {
			if err := s.Put(t.Context(), "k", r, size); !errors.Is(err, asset.ErrInvalid) {
				t.Errorf("size %d of a %T: got %v, want ErrInvalid", size, r, err)
			}
		}
	}
	if n := server.Count("", ""); n != 0 {
		t.Errorf("%d requests", n)
	}
	if left, err := os.ReadDir(s.Temp); err != nil || len(left) > 0 {
		t.Errorf("temporary files are left: %v, %v", left, err)
	}
}

func TestPlaces(t *testing.T) {
	server := s3test.New(t)
	for url, want := range map[string]string{
		"s3://bucket":             "s3://bucket/a/b",
		"s3://bucket/":            "s3://bucket/a/b",
		"s3://my.bucket-1/x/y":    "s3://my.bucket-1/x/y/a/b",
		"s3://my.bucket--az/x/y/": "s3://my.bucket--az/x/y/a/b",
	} {
		s := connect(t, server, url)
		if got := s.URL("a/b"); got != want {
			t.Errorf("%s: got %s, want %s", url, got, want)
		}
		if err := s.Put(t.Context(), "a/b", strings.NewReader("x"), 1); err != nil {
			t.Errorf("%s: %v", url, err)
		}
		if _, ok := server.Get(strings.TrimPrefix(want, "s3://")); !ok {
			t.Errorf("%s: there are only %v", url, server.Paths())
		}
		server.Remove(strings.TrimPrefix(want, "s3://"))
	}
	for _, url := range []string{
		"", "bucket", "s3:bucket", "s3://", "s3:///x", "s3://Bucket", "s3://a..b", "s3://a.", "s3://-a", "s3://bucket//x", "s3://bucket/x//y",
		"s3://bucket/../other", "s3://bucket/X", "s3://bucket/x?y", "s3://" + strings.Repeat("a", 64), "http://bucket/x", "s3://user@bucket/x",
	} {
		if _, err := Open(t.Context(), url); !errors.Is(err, asset.ErrInvalid) {
			t.Errorf("%q: got %v, want ErrInvalid", url, err)
		}
	}
}

func TestARegionIsAskedFor(t *testing.T) {
	s3test.New(t).Setenv(t)
	t.Setenv("AWS_REGION", "")
	t.Setenv("AWS_DEFAULT_REGION", "")
	if _, err := Open(t.Context(), "s3://bucket"); !errors.Is(err, asset.ErrInvalid) || !strings.Contains(err.Error(), "AWS_REGION") {
		t.Errorf("got %v", err)
	}
}

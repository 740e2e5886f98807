package cloud

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/plinth3d/plinth/pipeline/asset"
	"github.com/plinth3d/plinth/pipeline/cloud/s3test"
)

const large = 2*partSize + 77 // three parts

func TestBodiesAreSentFromWhereTheyAre(t *testing.T) {
	s := connect(t, s3test.New(t), "s3://bucket")
	s.Temp = filepath.Join(t.TempDir(), "missing") // nothing can be spooled
	body := make([]byte, large)
	for name, r := range map[string]random{"memory": bytes.NewReader(body), "a part": io.NewSectionReader(bytes.NewReader(body), 5, large-5)} {
		size, err := r.Seek(0, io.SeekEnd)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.Seek(0, io.SeekStart); err != nil {
			t.Fatal(err)
		}
		whole, _, err := s.gather(t.Context(), r.(io.Reader), size)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if outer, at, n := whole.Outer(); outer != r || at != 0 || n != size {
			t.Errorf("%s: it is sent from %T, %d+%d", name, outer, at, n)
		}
	}
	f, err := os.Create(filepath.Join(t.TempDir(), "file"))
	if err == nil {
		_, err = f.Write(body)
	}
	if err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close() //nolint:errcheck // only read
	if err := s.Put(t.Context(), "file", f, large); err != nil {
		t.Error(err)
	}
	if err := s.Put(t.Context(), "stream", io.LimitReader(bytes.NewReader(body), large), large); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a stream: got %v, want no place to gather it", err)
	}
}

func TestAPipeIsGathered(t *testing.T) {
	server := s3test.New(t)
	s := connect(t, server, "s3://bucket")
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close() //nolint:errcheck // only read
	go func() {
		_, _ = w.WriteString("hello") // the reader notices
		_ = w.Close()
	}()
	if err := s.Put(t.Context(), "k", r, 5); err != nil {
		t.Fatal(err)
	}
	if got, _ := server.Get("bucket/k"); string(got) != "hello" {
		t.Errorf("%q is there", got)
	}
}

func TestObjectsAreEncryptedWithTheKeyOfTheURL(t *testing.T) {
	const arn = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
	server := s3test.New(t)
	s := connect(t, server, "s3://bucket/p?kms="+arn)
	for key, size := range map[string]int{"small": 5, "large": large} {
		if err := s.Put(t.Context(), key, bytes.NewReader(make([]byte, size)), int64(size)); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Refresh(t.Context(), "small"); err != nil {
		t.Fatal(err)
	}
	told := map[string]bool{}
	for _, r := range server.Requests() {
		makes := r.Operation == "PutObject" || r.Operation == "CreateMultipartUpload" || r.Operation == "CopyObject"
		if want := "aws:kms " + arn + " bucket"; makes != (r.Encryption == want) || !makes && r.Encryption != "" {
			t.Errorf("%s asks for %q", r.Operation, r.Encryption)
		}
		told[r.Operation] = makes
	}
	if !told["PutObject"] || !told["CreateMultipartUpload"] || !told["CopyObject"] {
		t.Errorf("the requests were %v", told)
	}
	for _, url := range []string{"s3://bucket?kms=", "s3://bucket?kms=a b", "s3://bucket?kms=a&x=y", "s3://bucket?x=y"} {
		if _, err := Open(t.Context(), url); !errors.Is(err, asset.ErrInvalid) {
			t.Errorf("%s: got %v, want ErrInvalid", url, err)
		}
	}
}

func TestALargeBlobIsPutOnce(t *testing.T) {
	for name, open := range map[string]func(t *testing.T) *Store{
		"on the stub":   func(t *testing.T) *Store { return connect(t, s3test.New(t), "s3://bucket/p") },
		"over TLS":      func(t *testing.T) *Store { return connect(t, s3test.NewTLS(t), "s3://bucket/p") },
		"on a real one": func(t *testing.T) *Store { return openPeer(t, peerBucket(t)) },
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t)
			bodies := [2][]byte{bytes.Repeat([]byte{1}, large), bytes.Repeat([]byte{2}, large)}
			var errs [2]error
			var all sync.WaitGroup
			for i, body := range bodies {
				all.Go(func() { errs[i] = s.Put(t.Context(), "k", bytes.NewReader(body), large) })
			}
			all.Wait()
			won := 0
			if errs[0] != nil {
				won = 1
			}
			if errs[won] != nil || !is(errs[1-won], asset.ErrConflict) {
				t.Fatalf("got %v and %v", errs[0], errs[1])
			}
			info, body, err := s.Read(t.Context(), "k", asset.Range{Length: large})
			if err != nil {
				t.Fatal(err)
			}
			defer body.Close() //nolint:errcheck // only read
			if got, err := io.ReadAll(body); err != nil || info.Size != large || !bytes.Equal(got, bodies[won]) {
				t.Errorf("%d bytes of %d are there, %v, or the other's", len(got), info.Size, err)
			}
		})
	}
}

func TestTheChecksumIsOfTheWholeObject(t *testing.T) {
	s := openPeer(t, peerBucket(t))
	told := map[int]string{}
	for _, size := range []int{partSize, large} {
		if err := s.Put(t.Context(), "k", bytes.NewReader(make([]byte, size)), int64(size)); err != nil {
			t.Fatal(err)
		}
		for i := range 2 { // the second time it is one object, copied
			out, err := s.client.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: &s.bucket, Key: s.name("k"), ChecksumMode: types.ChecksumModeEnabled})
			if err != nil {
				t.Fatal(err)
			}
			if out.ChecksumCRC64NVME == nil || out.ChecksumType != types.ChecksumTypeFullObject || i == 1 && *out.ChecksumCRC64NVME != told[size] {
				t.Fatalf("%d bytes: the answer is %+v", size, out)
			}
			told[size] = *out.ChecksumCRC64NVME
			if err := s.Refresh(t.Context(), "k"); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Remove(t.Context(), "k"); err != nil {
			t.Fatal(err)
		}
	}
}

func TestPartsOfAnUploadThatFailsAreRemoved(t *testing.T) {
	put := func(ctx context.Context, s *Store) error {
		return s.Put(ctx, "k", bytes.NewReader(make([]byte, large)), large)
	}
	for name, c := range map[string]struct {
		method string
		fault  s3test.Fault
		before func(server *s3test.Server)
		want   error
	}{
		"a part is refused":             {"PUT", s3test.Status(403, "AccessDenied"), nil, errNone},
		"parts fail again and again":    {"PUT", s3test.Status(500, "InternalError"), nil, asset.ErrUnavailable},
		"a part fails a few times":      {"PUT", s3test.Times(partAttempts-1, s3test.Status(503, "SlowDown")), nil, nil},
		"another one is first":          {"", s3test.Times(0), func(s *s3test.Server) { s.Put("bucket/k", []byte("first")) }, asset.ErrConflict},
		"another one is at it":          {"POST", s3test.Skip(1, s3test.Times(1, s3test.Status(409, "ConditionalRequestConflict"))), nil, asset.ErrUnavailable},
		"the last answer is lost":       {"POST", s3test.Skip(1, s3test.Times(1, s3test.Lose())), nil, asset.ErrConflict},
		"the first answer is lost":      {"POST", s3test.Times(1, s3test.Lose()), nil, nil},
		"the end of the upload is lost": {"POST", s3test.Skip(1, s3test.Hangup()), nil, asset.ErrUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			server := s3test.New(t)
			s := connect(t, server, "s3://bucket")
			if c.before != nil {
				c.before(server)
			}
			server.Break(c.method, "", c.fault)
			if err := put(t.Context(), s); !is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
			left := 0
			if name == "the first answer is lost" {
				left = 1 // nobody knows of it; a bucket's lifecycle ends such uploads
			}
			if n := server.Uploads(); n != left {
				t.Errorf("%d uploads are open, want %d", n, left)
			}
		})
	}
	t.Run("the context ends", func(t *testing.T) {
		server := s3test.New(t)
		s := connect(t, server, "s3://bucket")
		heal := server.Break("PUT", "", s3test.Hold(nil))
		defer heal()
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- put(ctx, s) }()
		if err := server.Wait(t.Context(), "PUT", "k", 1); err != nil {
			t.Fatal(err)
		}
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) || !is(err, errNone) {
			t.Errorf("got %v", err)
		}
		if n := server.Uploads(); n != 0 {
			t.Errorf("%d uploads are open", n)
		}
	})
}

func TestALongListIsAskedForUntilItsEnd(t *testing.T) {
	server := s3test.New(t)
	s := connect(t, server, "s3://bucket/p")
	for _, key := range []string{"p/a", "p/b", "p/Not A Key", "p/c", "p/d", "q/e"} {
		server.Put("bucket/"+key, []byte("x"))
	}
	server.Page(1) // as S3 may, though it hardly does
	page, err := s.List(t.Context(), "", "a", 3)
	if err != nil || len(page) != 3 || page[0].Key != "b" || page[2].Key != "d" {
		t.Errorf("got %v, %v", page, err)
	}
	server.Break("GET", "", s3test.Status(503, "SlowDown"))
	if _, err := s.List(t.Context(), "", "", 3); !is(err, asset.ErrUnavailable) {
		t.Errorf("got %v", err)
	}
	if _, err := connect(t, server, "s3://x--use1-az1--x-s3").List(t.Context(), "", "", 1); !is(err, asset.ErrInvalid) {
		t.Errorf("of a directory bucket: got %v", err)
	}
}

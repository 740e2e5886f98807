package cloud

import (
	"context"
	"errors"
	"io"
	"testing"

	"github.com/plinth3d/plinth/pipeline/asset"
	"github.com/plinth3d/plinth/pipeline/cloud/s3test"
)

func readAll(ctx context.Context, s *Store, r asset.Range) error {
	_, body, err := s.Read(ctx, "k", r)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, body)
	return errors.Join(err, body.Close())
}

func TestOnePartIsOneRequest(t *testing.T) {
	server := s3test.New(t)
	server.Put("bucket/k", []byte("0123456789"))
	server.Put("bucket/none", nil)
	s := connect(t, server, "s3://bucket")
	for _, c := range []struct {
		key       string
		r         asset.Range
		get, head int
		sent      string
	}{
		{"k", asset.Range{Length: 10}, 1, 0, "bytes=0-9"},
		{"k", asset.Range{Length: 1 << 62}, 1, 0, "bytes=0-4611686018427387903"},
		{"k", asset.Range{Offset: 3, Length: 1<<63 - 1}, 1, 0, "bytes=3-9223372036854775806"},
		{"k", asset.Range{Offset: 3, Length: 2}, 1, 0, "bytes=3-4"},
		{"k", asset.Range{Offset: 3}, 0, 1, ""},
		{"k", asset.Range{Offset: 10, Length: 1}, 1, 1, "bytes=10-10"},
		{"none", asset.Range{Length: 10}, 1, 1, "bytes=0-9"},
	} {
		server.Forget()
		info, body, err := s.Read(t.Context(), c.key, c.r)
		if err != nil {
			t.Fatalf("%+v: %v", c.r, err)
		}
		if _, err := io.Copy(io.Discard, body); err != nil {
			t.Errorf("%+v: %v", c.r, err)
		}
		if err := body.Close(); err != nil || info.Tag == "" {
			t.Errorf("%+v: %v, %+v", c.r, err, info)
		}
		if g, h := server.Count("GET", ""), server.Count("HEAD", ""); g != c.get || h != c.head {
			t.Errorf("%+v: %d and %d requests, want %d and %d", c.r, g, h, c.get, c.head)
		}
		if got := server.Requests()[0].Range; got != c.sent {
			t.Errorf("%+v: asked for %q, want %q", c.r, got, c.sent)
		}
	}
}

func TestAnAnswerThatIsNotThePartIsRefused(t *testing.T) {
	for name, fault := range map[string]s3test.Fault{
		"the whole blob":          s3test.Whole(),
		"a later part":            s3test.Shift(1),
		"a part that is not told": s3test.Header("Content-Range", ""),
		"a part of anything":      s3test.Header("Content-Range", "bytes 2-4/*"),
		"a shorter part":          s3test.Header("Content-Range", "bytes 2-3/10"),
		"a blob that ends before": s3test.Header("Content-Range", "bytes 2-4/3"),
		"no tag":                  s3test.Header("ETag", ""),
	} {
		t.Run(name, func(t *testing.T) {
			server := s3test.New(t)
			server.Put("bucket/k", []byte("0123456789"))
			s := connect(t, server, "s3://bucket")
			server.Break("GET", "", fault)
			if _, _, err := s.Read(t.Context(), "k", asset.Range{Offset: 2, Length: 3}); err == nil || errors.Is(err, asset.ErrNotFound) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestABlobThatIsReplacedIsAConflict(t *testing.T) {
	server := s3test.New(t)
	server.Put("bucket/k", []byte("0123456789"))
	s := connect(t, server, "s3://bucket")
	server.Break("GET", "k", s3test.Times(1, s3test.Replace([]byte("another one"))))
	info, body, err := s.Read(t.Context(), "k", asset.Range{Length: 4})
	if err != nil {
		t.Fatal(err)
	}
	if data, err := io.ReadAll(body); err != nil || string(data) != "0123" {
		t.Errorf("got %q, %v", data, err)
	}
	_ = body.Close() // it was only read
	for name, r := range map[string]asset.Range{
		"the rest": {Offset: 4, Length: 6, Tag: info.Tag}, "nothing": {Tag: info.Tag}, "the end": {Offset: 11, Length: 1, Tag: info.Tag},
	} {
		if err := readAll(t.Context(), s, r); !is(err, asset.ErrConflict) {
			t.Errorf("%s: got %v, want ErrConflict", name, err)
		}
	}
	server.Break("GET", "k", s3test.Header("ETag", `"a server that does not know If-Match"`))
	now, err := s.Stat(t.Context(), "k")
	if err != nil {
		t.Fatal(err)
	}
	if err := readAll(t.Context(), s, asset.Range{Length: 4, Tag: now.Tag}); !is(err, asset.ErrConflict) {
		t.Errorf("with another tag: got %v, want ErrConflict", err)
	}
}

func TestABodyThatIsCutOffIsAnError(t *testing.T) {
	for name, start := range map[string]func(testing.TB) *s3test.Server{"plain": s3test.New, "over TLS": s3test.NewTLS} {
		t.Run(name, func(t *testing.T) {
			server := start(t)
			server.Put("bucket/k", make([]byte, 1<<20))
			s := connect(t, server, "s3://bucket")
			for _, n := range []int{0, 1, 5000, 1<<20 - 1} {
				heal := server.Break("GET", "", s3test.Truncate(n))
				_, body, err := s.Read(t.Context(), "k", asset.Range{Length: 1 << 20})
				if err != nil {
					t.Fatal(err)
				}
				got, err := io.Copy(io.Discard, body)
				if !is(err, asset.ErrUnavailable) || !errors.Is(err, io.ErrUnexpectedEOF) || got > int64(n) {
					t.Errorf("cut at %d: %d bytes, %v", n, got, err)
				}
				_ = body.Close() // it was only read
				heal()
			}
		})
	}
}

func TestBytesComeAsTheyArrive(t *testing.T) {
	server := s3test.New(t)
	server.Put("bucket/k", []byte("0123456789"))
	s := connect(t, server, "s3://bucket")
	tick := make(chan struct{})
	server.Break("GET", "", s3test.Drip(4, tick))
	_, body, err := s.Read(t.Context(), "k", asset.Range{Length: 10})
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close() //nolint:errcheck // only read
	for _, want := range []string{"0123", "4567", "89"} {
		tick <- struct{}{}
		got := make([]byte, len(want))
		if _, err := io.ReadFull(body, got); err != nil || string(got) != want {
			t.Errorf("got %q, %v, want %q", got, err, want)
		}
	}
	if n, err := body.Read(make([]byte, 1)); n != 0 || err != io.EOF {
		t.Errorf("at the end: %d, %v", n, err)
	}
}

func TestAReadEndsWithItsContext(t *testing.T) {
	server := s3test.New(t)
	server.Put("bucket/k", []byte("0123456789"))
	s := connect(t, server, "s3://bucket")
	t.Run("before the first byte", func(t *testing.T) {
		defer server.Break("", "", s3test.Hold(nil))()
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- readAll(ctx, s, asset.Range{Length: 10}) }()
		if err := server.Wait(t.Context(), "GET", "k", 1); err != nil {
			t.Fatal(err)
		}
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) || !is(err, errNone) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("between two bytes", func(t *testing.T) {
		tick := make(chan struct{})
		defer server.Break("", "", s3test.Drip(1, tick))()
		ctx, cancel := context.WithCancel(t.Context())
		_, body, err := s.Read(ctx, "k", asset.Range{Length: 10})
		if err != nil {
			t.Fatal(err)
		}
		tick <- struct{}{}
		if _, err := io.ReadFull(body, make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
		done := make(chan error, 1)
		go func() { _, err := body.Read(make([]byte, 1)); done <- err }()
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) || !is(err, errNone) {
			t.Errorf("got %v", err)
		}
		_ = body.Close() // it was only read
	})
	t.Run("at a deadline, which is the store's fault", func(t *testing.T) {
		defer server.Break("", "", s3test.Hold(nil))()
		ctx, cancel := context.WithTimeout(t.Context(), 1)
		defer cancel()
		if err := readAll(ctx, s, asset.Range{Length: 10}); !errors.Is(err, context.DeadlineExceeded) || !is(err, asset.ErrUnavailable) {
			t.Errorf("got %v", err)
		}
	})
}

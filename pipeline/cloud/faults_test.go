package cloud

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/plinth3d/plinth/pipeline/asset"
	"github.com/plinth3d/plinth/pipeline/cloud/s3test"
)

// errNone stands for no kind: only a person can help.
var errNone = errors.New("an error of no kind")

var kinds = []error{asset.ErrInvalid, asset.ErrNotFound, asset.ErrConflict, asset.ErrUnavailable}

// is tells if err is of the kind, and of no other.
func is(err, kind error) bool {
	for _, k := range kinds {
		if errors.Is(err, k) != (k == kind) {
			return false
		}
	}
	return (err == nil) == (kind == nil)
}

func TestFaultsHaveKinds(t *testing.T) {
	once := func(f s3test.Fault) func() s3test.Fault { return func() s3test.Fault { return s3test.Times(1, f) } }
	always := func(f s3test.Fault) func() s3test.Fault { return func() s3test.Fault { return f } }
	for name, c := range map[string]struct {
		fault    func() s3test.Fault // for one server: some count
		want     error
		requests int
	}{
		"S3 asks for less":               {always(s3test.Status(503, "SlowDown")), asset.ErrUnavailable, 2},
		"S3 fails":                       {always(s3test.Status(500, "InternalError")), asset.ErrUnavailable, 2},
		"a proxy has no server":          {always(s3test.Page(502)), asset.ErrUnavailable, 2},
		"a proxy waits for its server":   {always(s3test.Page(504)), asset.ErrUnavailable, 2},
		"the connection is closed":       {always(s3test.Hangup()), asset.ErrUnavailable, 2},
		"it fails once":                  {once(s3test.Status(500, "InternalError")), nil, 2},
		"it is slow once":                {once(s3test.Status(503, "SlowDown")), nil, 2},
		"the connection is closed once":  {once(s3test.Hangup()), nil, 2},
		"the object is not there":        {always(s3test.Status(404, "NoSuchKey")), asset.ErrNotFound, 1},
		"access is denied":               {always(s3test.Status(403, "AccessDenied")), errNone, 1},
		"the key is unknown":             {always(s3test.Status(403, "InvalidAccessKeyId")), errNone, 1},
		"the bucket is in another place": {always(s3test.Status(301, "PermanentRedirect")), errNone, 1},
	} {
		t.Run(name, func(t *testing.T) {
			for method, do := range map[string]func(*Store) error{
				"GET":  func(s *Store) error { return readAll(t.Context(), s, asset.Range{Length: 10}) },
				"PUT":  func(s *Store) error { return s.Put(t.Context(), "new", strings.NewReader("new"), 3) },
				"HEAD": func(s *Store) error { _, err := s.Stat(t.Context(), "k"); return err },
			} {
				server := s3test.New(t)
				server.Put("bucket/k", []byte("0123456789"))
				s := connect(t, server, "s3://bucket")
				server.Break("", "", c.fault())
				if err := do(s); !is(err, c.want) {
					t.Errorf("%s: got %v, want %v", method, err, c.want)
				}
				if n := server.Count(method, ""); n != c.requests || n != server.Count("", "") {
					t.Errorf("%s: %d requests, want %d", method, n, c.requests)
				}
			}
		})
	}
}

func readAll(ctx context.Context, s *Store, r asset.Range) error {
	_, body, err := s.Read(ctx, "k", r)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, body)
	return errors.Join(err, body.Close())
}

func TestAMissingBucketIsNotAMissingBlob(t *testing.T) {
	server := s3test.New(t)
	server.Break("", "", s3test.Status(404, "NoSuchBucket"))
	s := connect(t, server, "s3://bucket")
	if err := readAll(t.Context(), s, asset.Range{Length: 1}); !is(err, errNone) {
		t.Errorf("Read: got %v", err)
	}
	if err := s.Put(t.Context(), "k", strings.NewReader("x"), 1); !is(err, errNone) {
		t.Errorf("Put: got %v", err)
	}
}

func TestNobodyListens(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := s3test.New(t)
	s.URL = "http://" + l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	st := connect(t, s, "s3://bucket")
	// More often than the SDK has patience with one server: the kind stays.
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			for range 10 {
				if err := readAll(t.Context(), st, asset.Range{Length: 1}); !is(err, asset.ErrUnavailable) {
					t.Errorf("got %v", err)
				}
			}
		})
	}
	all.Wait()
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

func TestAPutWhoseAnswerIsLostIsAConflict(t *testing.T) {
	server := s3test.New(t)
	s := connect(t, server, "s3://bucket")
	server.Break("PUT", "", s3test.Times(1, s3test.Lose()))
	if err := s.Put(t.Context(), "k", strings.NewReader("hello"), 5); !is(err, asset.ErrConflict) {
		t.Errorf("got %v", err)
	}
	if got, _ := server.Get("bucket/k"); string(got) != "hello" {
		t.Errorf("%q is there", got)
	}
}

func TestOnlyABlobThatIsThereIsAConflict(t *testing.T) {
	server := s3test.New(t)
	s := connect(t, server, "s3://bucket")
	server.Break("PUT", "", s3test.Status(409, "ConditionalRequestConflict"))
	if err := s.Put(t.Context(), "k", strings.NewReader("hello"), 5); !is(err, asset.ErrUnavailable) {
		t.Errorf("with nothing there: got %v", err)
	}
	server.Put("bucket/k", []byte("hello"))
	if err := s.Put(t.Context(), "k", strings.NewReader("hello"), 5); !is(err, asset.ErrConflict) {
		t.Errorf("with a blob there: got %v", err)
	}
}

func TestWithoutCredentialsNothingIsMissing(t *testing.T) {
	server := s3test.New(t)
	server.Setenv(t)
	t.Setenv("AWS_ACCESS_KEY_ID", "")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "")
	s, err := Open(t.Context(), "s3://bucket")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Stat(t.Context(), "k"); !is(err, errNone) {
		t.Errorf("got %v", err)
	}
}

func TestTheEnvironmentCannotMakeItMorePatient(t *testing.T) {
	server := s3test.New(t)
	t.Setenv("AWS_MAX_ATTEMPTS", "8")
	t.Setenv("AWS_RETRY_MODE", "adaptive")
	s := connect(t, server, "s3://bucket")
	server.Break("", "", s3test.Status(503, "SlowDown"))
	if _, err := s.Stat(t.Context(), "k"); !is(err, asset.ErrUnavailable) {
		t.Errorf("got %v", err)
	}
	if n := server.Count("", ""); n != attempts {
		t.Errorf("%d requests, want %d", n, attempts)
	}
}

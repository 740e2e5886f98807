package cloud

import (
	"errors"
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

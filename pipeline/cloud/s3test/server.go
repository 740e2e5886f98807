// Package s3test holds a server that speaks as much of Amazon S3 as a store of
// blobs needs, in memory, and that can be told to fail in the ways S3 and the
// network in between fail. Production code does not import it.
//
// It knows GetObject, HeadObject, PutObject, CopyObject, DeleteObject, ListObjectsV2 and
// uploads in parts, path-style. Checksums and lengths are checked, signatures are only
// asked for. Every bucket exists.
package s3test

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"encoding/pem"
	"io"
	"log"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/plinth3d/plinth/pipeline/cloud/envtest"
)

// Server is a running server. All methods may be called at any time, by anyone.
type Server struct {
	envtest.Endpoint

	done chan struct{} // closed when the test ends: nothing is held any longer

	mu       sync.Mutex
	objects  map[string]object     // by bucket/key
	uploads  map[string]*multipart // by ID
	began    int                   // uploads so far
	page     int                   // most objects in an answer to a list
	rules    []*rule
	requests []Request
	arrived  chan struct{} // closed, and another one made, with each request
}

type object struct {
	data     []byte
	tag      string
	kind     string // Content-Type, "" if nobody said
	modified time.Time
}

// Request is a request that came.
type Request struct {
	Method, Path                string // Path is bucket/key
	Range, IfMatch, IfNoneMatch string
	Operation                   string // as S3 calls it: PutObject
	Type                        string // Content-Type
	Encryption                  string // algorithm and key that are asked for, "bucket" if it is the bucket's
	Chunked                     bool   // the body came in the streaming form, with its checksum behind it
}

// New starts a server that ends with the test.
func New(t testing.TB) *Server {
	s, h := prepare()
	h.Start()
	s.URL = h.URL
	s.endWith(t, h)
	return s
}

// NewTLS starts a server that speaks HTTPS.
func NewTLS(t testing.TB) *Server {
	s, h := prepare()
	h.StartTLS()
	s.URL, s.Bundle = h.URL, filepath.Join(t.TempDir(), "ca.pem")
	s.endWith(t, h)
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: h.Certificate().Raw})
	if err := os.WriteFile(s.Bundle, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return s
}

func prepare() (*Server, *httptest.Server) {
	s := &Server{Endpoint: envtest.Endpoint{Services: []string{"S3"}}, done: make(chan struct{}), objects: map[string]object{}, uploads: map[string]*multipart{}, page: 1000, arrived: make(chan struct{})}
	h := httptest.NewUnstartedServer(s)
	h.Config.ErrorLog = log.New(io.Discard, "", 0) // connections that clients drop are no news
	return s, h
}

func (s *Server) endWith(t testing.TB, h *httptest.Server) {
	t.Cleanup(func() {
		close(s.done)
		h.CloseClientConnections() // of processes that outlive the test
		h.Close()
	})
}

// Put keeps an object under bucket/key, in place of what is there.
func (s *Server) Put(path string, data []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.put(path, data, "")
}

func (s *Server) put(path string, data []byte, kind string) object {
	o := newObject(data)
	o.kind = kind
	s.objects[path] = o
	return o
}

func newObject(data []byte) object {
	sum := md5.Sum(data)
	return object{data: slices.Clone(data), tag: `"` + hex.EncodeToString(sum[:]) + `"`, modified: time.Now()}
}

// Get returns the bytes under bucket/key, and if there is an object.
func (s *Server) Get(path string) ([]byte, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o, ok := s.objects[path]
	return slices.Clone(o.data), ok
}

// Age makes the object under bucket/key older.
func (s *Server) Age(path string, by time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if o, ok := s.objects[path]; ok {
		o.modified = o.modified.Add(-by)
		s.objects[path] = o
	}
}

// Page makes answers to lists hold at most n objects.
func (s *Server) Page(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.page = n
}

// Uploads is how many uploads in parts are neither complete nor aborted.
func (s *Server) Uploads() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.uploads)
}

// Remove removes the object under bucket/key.
func (s *Server) Remove(path string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.objects, path)
}

// Paths are bucket/key of all objects, in order.
func (s *Server) Paths() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.objects))
}

// Requests are those that came since the start, or since Forget, in order.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// Count is how many requests came with that method, for objects whose path ends with
// key. An empty string is any.
func (s *Server) Count(method, key string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.count(method, key)
}

func (s *Server) count(method, key string) (n int) {
	for _, r := range s.requests {
		if matches(r, method, key) {
			n++
		}
	}
	return n
}

func matches(r Request, method, key string) bool {
	return (method == "" || r.Method == method) && strings.HasSuffix(r.Path, key)
}

// Forget sets all counts to zero.
func (s *Server) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = nil
}

// Wait returns once Count(method, key) is at least n, or with the error of ctx.
func (s *Server) Wait(ctx context.Context, method, key string, n int) error {
	for {
		s.mu.Lock()
		enough, next := s.count(method, key) >= n, s.arrived
		s.mu.Unlock()
		if enough {
			return nil
		}
		select {
		case <-next:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func encryption(h http.Header) string {
	text := h.Get("X-Amz-Server-Side-Encryption") + " " + h.Get("X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id")
	if h.Get("X-Amz-Server-Side-Encryption-Bucket-Key-Enabled") == "true" {
		text += " bucket"
	}
	return strings.TrimSpace(text)
}

// note counts a request and returns what the rules make of it.
func (s *Server) note(r *http.Request) plan {
	q := Request{
		Method: r.Method, Path: strings.TrimPrefix(r.URL.Path, "/"),
		Range: r.Header.Get("Range"), IfMatch: r.Header.Get("If-Match"), IfNoneMatch: r.Header.Get("If-None-Match"),
		Chunked: chunked(r.Header), Type: r.Header.Get("Content-Type"), Encryption: encryption(r.Header),
	}
	_, key, _ := strings.Cut(q.Path, "/")
	q.Operation = operation(r, key)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, q)
	close(s.arrived)
	s.arrived = make(chan struct{})
	p := plan{keep: -1}
	for _, rule := range s.rules {
		if matches(q, rule.method, rule.key) {
			for _, f := range rule.faults {
				f(&p)
			}
		}
	}
	return p
}

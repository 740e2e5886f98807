// Package sqstest holds a server that speaks as much of Amazon SQS as a queue of jobs
// needs, in memory, and that can be told to fail in the ways SQS and the network in
// between fail. Production code does not import it.
//
// It speaks the JSON protocol. It knows standard queues: sending, receiving with long
// polls, visibility, deletion, attributes and redrive policies. Unlike SQS it hands
// messages out in the order in which they came free, each once, and it notices clients
// that have gone, so that tests are certain.
package sqstest

import (
	"context"
	"io"
	"log"
	"net/http/httptest"
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
	queues   map[string]*queue // by name
	rules    []*rule
	requests []Request
	changed  chan struct{} // closed, and another one made, with each request and change
	serial   int
}

// queue is a standard queue.
type queue struct {
	url      string
	messages []*message
	dead     string // name of the queue for messages received more often than most
	most     int    // 0 is no limit
}

// message is a message that is not deleted.
type message struct {
	id, body   string
	group      string
	attributes map[string]Attribute
	sent       time.Time
	visible    time.Time // not received before
	received   int
	handle     string // of the last receipt
}

// Attribute is an attribute of a message.
type Attribute struct{ DataType, StringValue string }

// Message is a message in a queue.
type Message struct {
	ID, Body, Group string
	Attributes      map[string]string
	Received        int       // times
	Visible         time.Time // it can be received from then on
}

// Request is a request that came.
type Request struct {
	Operation, Queue string // ReceiveMessage, the queue's name
	Entries          int    // of a batch
	Max              int    // messages asked for
	Wait             int    // seconds of a long poll
}

// New starts a server that ends with the test.
func New(t testing.TB) *Server {
	s := Silent(t)
	h := httptest.NewUnstartedServer(s)
	h.Config.ErrorLog = log.New(io.Discard, "", 0) // connections that clients drop are no news
	h.Start()
	s.URL = h.URL
	t.Cleanup(func() {
		h.CloseClientConnections()
		h.Close()
	})
	return s
}

// Silent makes a server that listens on no port: only its Client reaches it. It works
// in the bubbles of testing/synctest.
func Silent(t testing.TB) *Server {
	at := envtest.Endpoint{URL: "http://sqs.test", Services: []string{"SQS"}}
	s := &Server{Endpoint: at, done: make(chan struct{}), queues: map[string]*queue{}, changed: make(chan struct{})}
	t.Cleanup(func() { close(s.done) })
	return s
}

// Create makes a queue and returns its URL.
func (s *Server) Create(name string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.queues[name] = &queue{url: s.URL + "/000000000000/" + name}
	return s.queues[name].url
}

// Redrive moves messages of a queue that were received more than most times to another.
func (s *Server) Redrive(name, dead string, most int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.queues[name].dead, s.queues[name].most = dead, most
}

// Send adds a message to a queue.
func (s *Server) Send(name, body string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.add(s.queues[name], body, "", nil)
}

// Messages are those in a queue, in flight or not, in the order in which they came.
func (s *Server) Messages(name string) []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []Message
	for _, m := range s.queues[name].messages {
		one := Message{ID: m.id, Body: m.body, Group: m.group, Attributes: map[string]string{}, Received: m.received, Visible: m.visible}
		for name, a := range m.attributes {
			one.Attributes[name] = a.StringValue
		}
		all = append(all, one)
	}
	slices.SortFunc(all, func(a, b Message) int { return strings.Compare(a.ID, b.ID) })
	return all
}

// Requests are those that came since the start, or since Forget, in order.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// Count is how many requests came for an operation of a queue. An empty string is any.
func (s *Server) Count(operation, queue string) (n int) {
	for _, r := range s.Requests() {
		if matches(r, operation, queue) {
			n++
		}
	}
	return n
}

func matches(r Request, operation, queue string) bool {
	return (operation == "" || r.Operation == operation) && (queue == "" || r.Queue == queue)
}

// Forget sets all counts to zero.
func (s *Server) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = nil
}

// Wait returns once Count(operation, queue) is at least n, or with the error of ctx.
func (s *Server) Wait(ctx context.Context, operation, queue string, n int) error {
	return s.await(ctx, func() bool { return s.Count(operation, queue) >= n })
}

// Length returns once a queue has n messages, in flight or not, or with the error of ctx.
func (s *Server) Length(ctx context.Context, name string, n int) error {
	return s.await(ctx, func() bool { return len(s.Messages(name)) == n })
}

func (s *Server) await(ctx context.Context, enough func() bool) error {
	for {
		s.mu.Lock()
		next := s.changed
		s.mu.Unlock()
		if enough() {
			return nil
		}
		select {
		case <-next:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// change tells those who wait. The server is locked.
func (s *Server) change() {
	close(s.changed)
	s.changed = make(chan struct{})
}

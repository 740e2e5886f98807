// Package lambdatest holds a server that speaks the Runtime API of AWS Lambda, for tests of
// what runs there. Production code does not import it.
package lambdatest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// Server is a running server. It takes one function at a time.
type Server struct {
	Address string // HOST:PORT

	events chan *invocation
	idle   chan struct{} // told each time a function asks for an event
	failed chan Outcome  // of init
	done   chan struct{} // closed when the test ends

	mu      sync.Mutex
	serial  int
	pending map[string]*invocation // by ID
}

// An Outcome is what a function told of an event, or of its start.
type Outcome struct {
	Error string // its type; "" if all went well
	Body  string
}

type invocation struct {
	id       string
	event    string
	deadline time.Time
	outcome  chan Outcome
}

// New starts a server for a test.
func New(t testing.TB) *Server {
	s := &Server{
		events: make(chan *invocation), idle: make(chan struct{}, 1), failed: make(chan Outcome, 1), done: make(chan struct{}),
		pending: map[string]*invocation{},
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /2018-06-01/runtime/invocation/next", s.next)
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/{what}", s.end)
	mux.HandleFunc("POST /2018-06-01/runtime/init/error", func(w http.ResponseWriter, r *http.Request) {
		s.take(w, r, s.failed)
	})
	h := httptest.NewServer(mux)
	s.Address = strings.TrimPrefix(h.URL, "http://")
	t.Cleanup(func() {
		close(s.done)
		h.Close()
	})
	return s
}

// Setenv lets functions of this process find the server.
func (s *Server) Setenv(t testing.TB) {
	t.Helper()
	t.Setenv("AWS_LAMBDA_RUNTIME_API", s.Address)
}

// Invoke hands an event to a function, which has so long, and waits for what it tells of it.
func (s *Server) Invoke(ctx context.Context, event string, patience time.Duration) (Outcome, error) {
	s.mu.Lock()
	s.serial++
	in := &invocation{fmt.Sprint("request-", s.serial), event, time.Now().Add(patience), make(chan Outcome, 1)}
	s.pending[in.id] = in
	s.mu.Unlock()
	select {
	case s.events <- in:
	case <-ctx.Done():
		return Outcome{}, fmt.Errorf("nobody asks for an event: %w", ctx.Err())
	}
	select {
	case out := <-in.outcome:
		return out, nil
	case <-ctx.Done():
		return Outcome{}, fmt.Errorf("an event has no outcome: %w", ctx.Err())
	}
}

// Idle waits until a function asks for an event.
func (s *Server) Idle(ctx context.Context) error {
	select {
	case <-s.idle:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Failed waits until a function tells that it can't start.
func (s *Server) Failed(ctx context.Context) (Outcome, error) {
	select {
	case out := <-s.failed:
		return out, nil
	case <-ctx.Done():
		return Outcome{}, ctx.Err()
	}
}

func (s *Server) next(w http.ResponseWriter, r *http.Request) {
	select {
	case s.idle <- struct{}{}:
	default:
	}
	select {
	case in := <-s.events:
		w.Header().Set("Lambda-Runtime-Aws-Request-Id", in.id)
		w.Header().Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(in.deadline.UnixMilli(), 10))
		w.Header().Set("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:us-east-1:111122223333:function:precheck")
		_, _ = io.WriteString(w, in.event) // the function may be gone: its event has no outcome then
	case <-r.Context().Done():
	case <-s.done:
	}
}

func (s *Server) end(w http.ResponseWriter, r *http.Request) {
	what := r.PathValue("what")
	s.mu.Lock()
	in := s.pending[r.PathValue("id")]
	delete(s.pending, r.PathValue("id"))
	s.mu.Unlock()
	if in == nil || what != "response" && what != "error" || (what == "error") != (r.Header.Get("Lambda-Runtime-Function-Error-Type") != "") {
		http.Error(w, `{"errorMessage":"no such invocation","errorType":"InvalidRequestID"}`, http.StatusBadRequest)
		return
	}
	s.take(w, r, in.outcome)
}

// take takes what a function tells.
func (s *Server) take(w http.ResponseWriter, r *http.Request, to chan<- Outcome) {
	body, err := io.ReadAll(r.Body)
	if err != nil || !json.Valid(body) {
		http.Error(w, errors.Join(errors.New("the body is no JSON"), err).Error(), http.StatusBadRequest)
		return
	}
	w.WriteHeader(http.StatusAccepted)
	to <- Outcome{r.Header.Get("Lambda-Runtime-Function-Error-Type"), string(body)}
}

// Batch is an event with messages of SQS, whose IDs are m0, m1 and so on.
func Batch(bodies ...string) string {
	type record struct {
		MessageID     string            `json:"messageId"`
		ReceiptHandle string            `json:"receiptHandle"`
		Body          string            `json:"body"`
		Attributes    map[string]string `json:"attributes"`
		EventSource   string            `json:"eventSource"`
		ARN           string            `json:"eventSourceARN"`
		Region        string            `json:"awsRegion"`
	}
	var all []record
	for i, b := range bodies {
		all = append(all, record{
			fmt.Sprint("m", i), "handle", b,
			map[string]string{"ApproximateReceiveCount": "2", "SentTimestamp": "1545082649183"},
			"aws:sqs", "arn:aws:sqs:us-east-1:111122223333:plinth-uploads", "us-east-1",
		})
	}
	text, err := json.Marshal(map[string]any{"Records": all})
	if err != nil {
		panic(err) // texts can't fail to be JSON
	}
	return string(text)
}

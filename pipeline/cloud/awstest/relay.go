// Package awstest stands between a program and the S3, SQS and DynamoDB that it uses,
// mostly peers on this machine: a Relay notes what is called, and lets calls go wrong.
//
// The folder calls lists what each role of Plinth calls: a line for each action that a policy
// must allow, and what it is done to. Tests hold the roles to these lists, and policies can be
// made of them. serve.txt is what plinth serve calls beside all that a worker does. Who is told
// that an object isn't there needs s3:ListBucket: without it S3 answers 403, not 404.
package awstest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"
)

// services are the endpoints' names in the environment.
var services = []string{"S3", "SQS", "DYNAMODB"}

// variable is where the SDK looks for an endpoint.
func variable(service string) string { return "AWS_ENDPOINT_URL_" + service }

// Endpoints returns an error unless the environment names all endpoints.
func Endpoints() error {
	for _, s := range services {
		if os.Getenv(variable(s)) == "" {
			return fmt.Errorf("%s is not set; .ci/peers/with COMMAND starts peers of AWS and sets it", variable(s))
		}
	}
	return nil
}

// An Exchange is a call and what became of it. Bodies of S3 are left out.
type Exchange struct {
	Call
	Target          string // of SQS and DynamoDB, such as AmazonSQS.SendMessage
	Path            string // of S3
	Status          int    // of the server's answer, whatever became of that on its way
	Request, Answer []byte
}

// A Relay passes calls on to the endpoints that the environment names. Its fields are set
// before programs use it.
type Relay struct {
	// Fault says what goes wrong with a call, which waits for it. It may be nil.
	Fault func(Call) Fault

	// See is told of all that servers answered, from several goroutines. It may be nil.
	See func(Exchange)

	wire    *http.Transport
	servers []*http.Server
	env     []string

	mu    sync.Mutex
	calls map[string]bool
	wrong map[Fault]int
}

// Start starts a relay.
func Start() (*Relay, error) {
	if err := Endpoints(); err != nil {
		return nil, err
	}
	r := &Relay{
		wire:  &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 256, IdleConnTimeout: 10 * time.Second},
		calls: map[string]bool{}, wrong: map[Fault]int{},
	}
	for _, s := range services {
		if err := r.listen(s); err != nil {
			return nil, errors.Join(err, r.Close())
		}
	}
	return r, nil
}

func (r *Relay) listen(service string) error {
	to, err := url.Parse(os.Getenv(variable(service)))
	if err != nil {
		return fmt.Errorf("%s: %w", variable(service), err)
	}
	var c net.ListenConfig
	l, err := c.Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	s := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) { r.pass(w, q, service, to) })}
	r.servers = append(r.servers, s)
	r.env = append(r.env, variable(service)+"=http://"+l.Addr().String())
	go s.Serve(l) //nolint:errcheck // it ends with Close
	return nil
}

// Env is what makes a program use the relay.
func (r *Relay) Env() []string { return r.env }

// Close ends the relay and all that is under way.
func (r *Relay) Close() error {
	var errs []error
	for _, s := range r.servers {
		errs = append(errs, s.Close())
	}
	r.wire.CloseIdleConnections()
	return errors.Join(errs...)
}

// Calls are what was called, one of each kind, as in the lists of roles.
func (r *Relay) Calls() map[string]bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return maps.Clone(r.calls)
}

// Faults counts what went wrong.
func (r *Relay) Faults() map[Fault]int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return maps.Clone(r.wrong)
}

// pass passes one call on, unless its fault is to be lost.
func (r *Relay) pass(w http.ResponseWriter, q *http.Request, service string, to *url.URL) {
	var body []byte
	if service != "S3" {
		var err error
		if body, err = io.ReadAll(q.Body); err != nil {
			panic(http.ErrAbortHandler) // its program was killed
		}
	}
	call := callOf(service, q, body)
	fault := r.note(call)
	switch fault {
	case Lost:
		panic(http.ErrAbortHandler) // closes the connection
	case Refused, Denied:
		refuse(w, q, service, fault)
		return
	}
	answer, err := r.wire.RoundTrip(forward(q, to, service, body))
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	defer answer.Body.Close() //nolint:errcheck // only read
	if answer.StatusCode == http.StatusNotFound && strings.HasPrefix(call.Actions[0], "s3:GetObject ") {
		r.calledToo("s3:ListBucket " + kindOfBucket(call.bucket))
	}
	e := Exchange{Call: call, Target: q.Header.Get("X-Amz-Target"), Path: q.URL.Path, Status: answer.StatusCode, Request: body}
	if service != "S3" {
		if e.Answer, err = io.ReadAll(answer.Body); err != nil {
			panic(http.ErrAbortHandler)
		}
		answer.Body = io.NopCloser(bytes.NewReader(e.Answer))
	}
	if r.See != nil {
		r.See(e)
	}
	send(w, answer, fault)
}

func (r *Relay) calledToo(action string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls[action] = true
}

// note counts a call and returns what goes wrong with it.
func (r *Relay) note(c Call) Fault {
	r.mu.Lock()
	for _, a := range c.Actions {
		r.calls[a] = true
	}
	r.mu.Unlock()
	if r.Fault == nil {
		return None
	}
	f := r.Fault(c)
	r.mu.Lock()
	defer r.mu.Unlock()
	if f != None {
		r.wrong[f]++
	}
	return f
}

// forward is the request as it came, Host included, which is signed. Who asks DynamoDB and is
// killed is not waited for by it: what it did then is to be seen too.
func forward(q *http.Request, to *url.URL, service string, body []byte) *http.Request {
	ctx := q.Context()
	if service == "DYNAMODB" {
		ctx = context.WithoutCancel(ctx)
	}
	out := q.Clone(ctx)
	out.URL.Scheme, out.URL.Host, out.RequestURI = to.Scheme, to.Host, ""
	out.Header.Del("Connection")
	if service != "S3" {
		out.Body = io.NopCloser(bytes.NewReader(body))
		out.ContentLength = int64(len(body))
	}
	return out
}

// send sends the answer, or what the fault leaves of it.
func send(w http.ResponseWriter, a *http.Response, fault Fault) {
	if fault == Unanswered {
		_, _ = io.Copy(io.Discard, a.Body) // so that the server has surely done all
		panic(http.ErrAbortHandler)
	}
	maps.Copy(w.Header(), a.Header)
	if a.ContentLength >= 0 {
		w.Header().Set("Content-Length", fmt.Sprint(a.ContentLength))
	}
	w.WriteHeader(a.StatusCode)
	body := io.Reader(a.Body)
	if fault == Cut {
		body = io.LimitReader(body, a.ContentLength/2)
	}
	_, err := io.Copy(w, body)
	if err == nil && fault == Cut {
		err = http.NewResponseController(w).Flush()
	}
	if err != nil || fault == Cut {
		panic(http.ErrAbortHandler)
	}
}

// refuse answers as a service does that has too much to do, or that denies it.
func refuse(w http.ResponseWriter, q *http.Request, service string, f Fault) {
	_, _ = io.Copy(io.Discard, io.LimitReader(q.Body, 1<<20)) // a client that still sends would miss the answer
	status, text := http.StatusServiceUnavailable, `{"__type":"com.amazon.coral.availability#ServiceUnavailable","message":"Please try again."}`
	xml := `<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>`
	if f == Denied {
		status, text = http.StatusForbidden, `{"__type":"com.amazon.coral.service#AccessDeniedException","message":"You may not."}`
		xml = `<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>`
	}
	if service == "S3" {
		w.Header().Set("Content-Type", "application/xml")
		text = xml
	}
	w.WriteHeader(status)
	if !strings.EqualFold(q.Method, http.MethodHead) {
		_, _ = io.WriteString(w, text) // who asked may be gone
	}
}

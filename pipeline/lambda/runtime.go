// Package lambda speaks the Runtime API of AWS Lambda, as custom runtimes do: it asks for the
// next event, hands it on, and tells what came of it, over HTTP to an address on the same
// machine. Lambda runs as many of these processes as it wants at once; each has one event at
// a time.
//
// It is written from "Using the Lambda runtime API for custom runtimes" in AWS's
// documentation, version 2018-06-01 of the API.
package lambda

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// Variable of the environment has the address of the Runtime API.
const Variable = "AWS_LAMBDA_RUNTIME_API"

const (
	version   = "2018-06-01"
	posting   = 5 * time.Second        // to tell what came of an event
	answering = 500 * time.Millisecond // is kept of an event's time for that
	eventMost = 8 << 20                // bytes; Lambda sends 6 MB at most
)

// ErrProtocol says that the API didn't answer as it should: the process is to end, and Lambda
// starts another.
var ErrProtocol = errors.New("the Lambda Runtime API does not answer as it should")

// Runtime is the Runtime API for this process.
type Runtime struct {
	base   string
	client *http.Client
}

// New returns the API at an address, HOST:PORT, as Variable says it.
func New(address string) (*Runtime, error) {
	if _, _, err := net.SplitHostPort(address); err != nil {
		return nil, fmt.Errorf("the Lambda Runtime API is at %.80q, not HOST:PORT: %w", address, err)
	}
	// No time limit: the next event may be hours away, and the process is frozen meanwhile.
	// No proxy either: it is on this machine.
	return &Runtime{"http://" + address + "/" + version + "/runtime/", &http.Client{Transport: &http.Transport{MaxIdleConns: 2}}}, nil
}

// A Handler does what an event asks for, until its context ends, which is a moment before
// Lambda loses patience. Its answer is JSON.
type Handler func(ctx context.Context, event []byte) (answer []byte, err error)

// Run hands events to a handler, one at a time, until ctx is done; the event at hand is
// finished then. An error of the handler is told to Lambda and doesn't end it.
func (r *Runtime) Run(ctx context.Context, handle Handler) error {
	for {
		e, err := r.next(ctx)
		if err != nil && ctx.Err() != nil {
			return nil //nolint:nilerr // it was waiting
		}
		if err != nil {
			return err
		}
		if err := r.do(context.WithoutCancel(ctx), e, handle); err != nil {
			return err
		}
	}
}

// FailInit tells Lambda that the process can't start, and why.
func (r *Runtime) FailInit(ctx context.Context, why error) error {
	return r.tell(ctx, "init/error", failure(why, "Runtime.InitError"))
}

// An event is one that Lambda wants to be handled.
type event struct {
	id       string
	deadline time.Time
	body     []byte
}

// next waits for an event.
func (r *Runtime) next(ctx context.Context) (*event, error) {
	q, err := http.NewRequestWithContext(ctx, http.MethodGet, r.base+"invocation/next", http.NoBody)
	if err != nil {
		return nil, err
	}
	answer, err := r.client.Do(q)
	if err != nil {
		return nil, fmt.Errorf("%w: next event: %w", ErrProtocol, err)
	}
	defer answer.Body.Close() //nolint:errcheck // only read
	body, err := io.ReadAll(io.LimitReader(answer.Body, eventMost+1))
	if err != nil {
		return nil, fmt.Errorf("%w: next event: %w", ErrProtocol, err)
	}
	id := answer.Header.Get("Lambda-Runtime-Aws-Request-Id")
	ms, bad := strconv.ParseInt(answer.Header.Get("Lambda-Runtime-Deadline-Ms"), 10, 64)
	switch {
	case answer.StatusCode != http.StatusOK:
		return nil, fmt.Errorf("%w: next event: %s: %.200s", ErrProtocol, answer.Status, body)
	case id == "" || bad != nil || len(body) > eventMost:
		return nil, fmt.Errorf("%w: next event: ID %q, deadline %q, %d bytes", ErrProtocol, id, answer.Header.Get("Lambda-Runtime-Deadline-Ms"), len(body))
	}
	return &event{id, time.UnixMilli(ms), body}, nil
}

// do handles an event and tells what came of it.
func (r *Runtime) do(ctx context.Context, e *event, handle Handler) error {
	limited, cancel := context.WithDeadline(ctx, e.deadline.Add(-answering))
	defer cancel()
	answer, err := handle(limited, e.body)
	path := "invocation/" + url.PathEscape(e.id)
	if err != nil {
		return r.tell(ctx, path+"/error", failure(err, "Runtime.HandlerError"))
	}
	return r.tell(ctx, path+"/response", told{"", answer})
}

// told is what is told to Lambda.
type told struct {
	kind string // of an error, "" if it is none
	body []byte
}

func failure(err error, kind string) told {
	text, bad := json.Marshal(struct {
		Message string   `json:"errorMessage"`
		Type    string   `json:"errorType"`
		Trace   []string `json:"stackTrace"`
	}{err.Error(), kind, []string{}})
	if bad != nil {
		text = []byte("{}") // strings can't fail to be JSON
	}
	return told{kind, text}
}

// tell posts to the API.
func (r *Runtime) tell(ctx context.Context, path string, what told) error {
	ctx, cancel := context.WithTimeout(ctx, posting)
	defer cancel()
	q, err := http.NewRequestWithContext(ctx, http.MethodPost, r.base+path, bytes.NewReader(what.body))
	if err != nil {
		return err
	}
	q.Header.Set("Content-Type", "application/json")
	if what.kind != "" {
		q.Header.Set("Lambda-Runtime-Function-Error-Type", what.kind)
	}
	answer, err := r.client.Do(q)
	if err != nil {
		return fmt.Errorf("%w: %s: %w", ErrProtocol, path, err)
	}
	defer answer.Body.Close()                                 //nolint:errcheck // only read
	text, _ := io.ReadAll(io.LimitReader(answer.Body, 1<<10)) // it only explains
	if answer.StatusCode != http.StatusAccepted {
		return fmt.Errorf("%w: %s: %s: %.200s", ErrProtocol, path, answer.Status, text)
	}
	return nil
}

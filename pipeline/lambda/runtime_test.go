package lambda_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/plinth3d/plinth/pipeline/lambda"
	"github.com/plinth3d/plinth/pipeline/lambda/lambdatest"
)

// start runs a handler until stop is called, which returns how it ended.
func start(t *testing.T, s *lambdatest.Server, handle lambda.Handler) (stop func() error) {
	t.Helper()
	r, err := lambda.New(s.Address)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	end := make(chan error, 1)
	go func() { end <- r.Run(ctx, handle) }()
	return func() error {
		cancel()
		return <-end
	}
}

func invoke(t *testing.T, s *lambdatest.Server, event string, patience time.Duration) lambdatest.Outcome {
	t.Helper()
	out, err := s.Invoke(t.Context(), event, patience)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestEventsAreHandledOneAfterAnother(t *testing.T) {
	s := lambdatest.New(t)
	stop := start(t, s, func(_ context.Context, event []byte) ([]byte, error) {
		if string(event) == `"bad"` {
			return nil, errors.New("it is \"bad\"")
		}
		return fmt.Appendf(nil, "[%s]", event), nil
	})
	for _, c := range []struct{ event, kind, body string }{
		{`"a"`, "", `["a"]`},
		{`"bad"`, "Runtime.HandlerError", `{"errorMessage":"it is \"bad\"","errorType":"Runtime.HandlerError","stackTrace":[]}`},
		{`"b"`, "", `["b"]`},
	} {
		if got := invoke(t, s, c.event, time.Minute); got.Error != c.kind || got.Body != c.body {
			t.Errorf("%s: got %+v, want %+v", c.event, got, c)
		}
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}

func TestAnEventEndsBeforeLambdaLosesPatience(t *testing.T) {
	s := lambdatest.New(t)
	deadline := time.Now().Add(time.Second)
	stop := start(t, s, func(ctx context.Context, _ []byte) ([]byte, error) {
		if d, ok := ctx.Deadline(); !ok || !d.Before(deadline) {
			t.Errorf("its deadline is %s", d)
		}
		<-ctx.Done()
		return nil, ctx.Err()
	})
	if got := invoke(t, s, "{}", time.Until(deadline)); !strings.Contains(got.Body, "deadline exceeded") {
		t.Errorf("got %+v", got)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}

func TestTheEventAtHandIsFinished(t *testing.T) {
	s := lambdatest.New(t)
	begun, finish := make(chan struct{}), make(chan struct{})
	stop := start(t, s, func(ctx context.Context, _ []byte) ([]byte, error) {
		close(begun)
		<-finish
		return []byte("{}"), ctx.Err()
	})
	out := make(chan lambdatest.Outcome, 1)
	go func() {
		o, err := s.Invoke(t.Context(), "{}", time.Minute)
		if err != nil {
			t.Error(err)
		}
		out <- o
	}()
	<-begun
	ended := make(chan error, 1)
	go func() { ended <- stop() }()
	close(finish)
	if got := <-out; got.Error != "" || got.Body != "{}" {
		t.Errorf("got %+v", got)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestAStartThatFailsIsTold(t *testing.T) {
	s := lambdatest.New(t)
	r, err := lambda.New(s.Address)
	if err == nil {
		err = r.FailInit(t.Context(), errors.New("no bucket"))
	}
	if err != nil {
		t.Fatal(err)
	}
	if out, err := s.Failed(t.Context()); err != nil || out.Error != "Runtime.InitError" || !strings.Contains(out.Body, `"errorMessage":"no bucket"`) {
		t.Errorf("got %+v, %v", out, err)
	}
}

func TestAnAPIThatIsNoneEndsTheProcess(t *testing.T) {
	for name, answer := range map[string]http.HandlerFunc{
		"an error":    func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) },
		"no ID":       func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Lambda-Runtime-Deadline-Ms", "1") },
		"no deadline": func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Lambda-Runtime-Aws-Request-Id", "1") },
		"a hangup":    func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"no thank you": func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodPost {
				w.WriteHeader(http.StatusForbidden)
			}
			w.Header().Set("Lambda-Runtime-Aws-Request-Id", "1")
			w.Header().Set("Lambda-Runtime-Deadline-Ms", "1")
		},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(answer)
			defer server.Close()
			r, err := lambda.New(strings.TrimPrefix(server.URL, "http://"))
			if err != nil {
				t.Fatal(err)
			}
			if err := r.Run(t.Context(), func(context.Context, []byte) ([]byte, error) { return []byte("{}"), nil }); !errors.Is(err, lambda.ErrProtocol) {
				t.Errorf("got %v, want ErrProtocol", err)
			}
		})
	}
	if _, err := lambda.New("nowhere"); err == nil {
		t.Error("an address without a port is taken")
	}
}

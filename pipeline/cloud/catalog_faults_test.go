package cloud

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/plinth3d/plinth/pipeline/asset"
	"github.com/plinth3d/plinth/pipeline/asset/assettest"
)

var sample = asset.Version{Merchant: "m", Model: "a", Version: "1"}

// everyCall makes each call of a catalog once, all at a time, and says what became of it.
func everyCall(ctx context.Context, c *Catalog) map[string]error {
	j := sample.Ref()
	calls := map[string]func() error{
		"Submit":     func() error { _, err := c.Submit(ctx, sample); return err },
		"SubmitOver": func() error { _, err := c.SubmitOver(ctx, sample, "", ""); return err },
		"Revert":     func() error { return c.Revert(ctx, "m", "a", "2", "1") },
		"Claim":      func() error { _, _, err := c.Claim(ctx, j, time.Hour); return err },
		"Progress":   func() error { return c.Progress(ctx, j, 1, "x", 1) },
		"Publish":    func() error { return c.Publish(ctx, j, 1, asset.Manifest{}) },
		"Requeue":    func() error { return c.Requeue(ctx, j, 1, true) },
		"Fail":       func() error { return c.Fail(ctx, j, 1, asset.Failure{}) },
		"Restore":    func() error { return c.Restore(ctx, "m", "a", "1") },
		"Newest":     func() error { _, err := c.Newest(ctx, "m", "a"); return err },
		"Manifest":   func() error { _, err := c.Manifest(ctx, "m", "a", "1"); return err },
		"Current":    func() error { _, err := c.Current(ctx, "m", "a"); return err },
		"Versions":   func() error { _, err := c.Versions(ctx, "m", "a"); return err },
		"List":       func() error { _, err := c.List(ctx, "m"); return err },
		"Unfinished": func() error { _, err := c.Unfinished(ctx); return err },
		"Models":     func() error { _, err := c.Models(ctx, "m", "a", 9); return err },
		"Merchants":  func() error { _, err := c.Merchants(ctx); return err },
		"Rescue":     func() error { _, err := c.Rescue(ctx, time.Now(), 9); return err },
		"Jobs":       func() error { _, err := c.Jobs(ctx, 9); return err },
	}
	out := map[string]error{}
	var mu sync.Mutex
	var wg sync.WaitGroup
	for name, call := range calls {
		wg.Go(func() {
			err := call()
			mu.Lock()
			defer mu.Unlock()
			out[name] = err
		})
	}
	wg.Wait()
	return out
}

func TestFaultsOfACatalogHaveKinds(t *testing.T) {
	code := func(status int, code string) func(http.ResponseWriter) {
		return func(w http.ResponseWriter) { refuse(w, status, code) }
	}
	for name, c := range map[string]struct {
		answer func(http.ResponseWriter)
		want   error
	}{
		"the table's throughput is used up": {code(400, "ProvisionedThroughputExceededException"), asset.ErrUnavailable},
		"the account's is":                  {code(400, "RequestLimitExceeded"), asset.ErrUnavailable},
		"it asks for less":                  {code(400, "ThrottlingException"), asset.ErrUnavailable},
		"it fails":                          {code(500, "InternalServerError"), asset.ErrUnavailable},
		"it is down":                        {code(503, "ServiceUnavailable"), asset.ErrUnavailable},
		"a proxy has no server":             {func(w http.ResponseWriter) { http.Error(w, "<html>", http.StatusBadGateway) }, asset.ErrUnavailable},
		"the connection is closed":          {func(http.ResponseWriter) { panic(http.ErrAbortHandler) }, asset.ErrUnavailable},
		"the answer breaks off":             {breakOff, asset.ErrUnavailable},
		"there is no such table":            {code(400, "ResourceNotFoundException"), errNone},
		"access is denied":                  {code(400, "AccessDeniedException"), errNone},
		"the key is unknown":                {code(400, "UnrecognizedClientException"), errNone},
		"the request is wrong":              {code(400, "ValidationException"), errNone},
	} {
		t.Run(name, func(t *testing.T) {
			s, catalog := newStub(t)
			s.fault = func(_ string, _ int, w http.ResponseWriter) bool { c.answer(w); return true }
			for what, err := range everyCall(t.Context(), catalog) {
				if !is(err, c.want) || !strings.Contains(err.Error(), "dynamodb://table") {
					t.Errorf("%s: got %v, want %v", what, err, c.want)
				}
			}
		})
	}
}

// breakOff sends the first part of an answer.
func breakOff(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	w.Header().Set("Content-Length", "99")
	_, _ = io.WriteString(w, `{"Item": {"pk":`) // the client notices
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}

func TestACatalogTriesAgainWhatBrokeOff(t *testing.T) {
	s, c := newStub(t)
	s.fault = func(_ string, n int, w http.ResponseWriter) bool {
		if n == 1 {
			breakOff(w)
		}
		return false
	}
	if _, err := c.Submit(t.Context(), sample); err != nil {
		t.Error(err)
	}
	if v, err := c.Newest(t.Context(), "m", "a"); err != nil || v.State != asset.Queued {
		t.Errorf("it is %s, %v", v.State, err)
	}
}

func TestACatalogTriesAgainButNotForLong(t *testing.T) {
	t.Setenv("AWS_MAX_ATTEMPTS", "9")
	for left, want := range map[int]error{1: nil, catalogAttempts - 1: nil, 1000: asset.ErrUnavailable} {
		s, c := newStub(t)
		s.fault = func(_ string, n int, w http.ResponseWriter) bool {
			if n > left {
				return false
			}
			refuse(w, 400, "ThrottlingException")
			return true
		}
		if _, err := c.Newest(t.Context(), "m", "a"); !is(err, want) && (want != nil || !is(err, asset.ErrNotFound)) {
			t.Errorf("throttled %d times: got %v, want %v", left, err, want)
		}
		if n, want := s.total(), min(left+1, catalogAttempts); n != want {
			t.Errorf("throttled %d times: %d requests, want %d", left, n, want)
		}
	}
}

func TestCanceledTransactionsHaveKinds(t *testing.T) {
	for name, c := range map[string]struct {
		reasons []string
		want    error
		tries   int
	}{
		"others are always faster":      {[]string{"None", "ConditionalCheckFailed"}, asset.ErrUnavailable, rounds},
		"others write the same":         {[]string{"TransactionConflict", "None"}, asset.ErrUnavailable, rounds},
		"it asks for less":              {[]string{"None", "ThrottlingError"}, asset.ErrUnavailable, 1},
		"throughput is used up as well": {[]string{"ConditionalCheckFailed", "ProvisionedThroughputExceeded"}, asset.ErrUnavailable, 1},
		"an item is too large":          {[]string{"ConditionalCheckFailed", "ValidationError"}, errNone, 1},
		"nobody knows":                  {nil, errNone, 1},
	} {
		t.Run(name, func(t *testing.T) {
			s, catalog := newStub(t)
			s.fault = func(operation string, _ int, w http.ResponseWriter) bool {
				if operation == "TransactWriteItems" {
					canceled(w, c.reasons...)
				}
				return operation == "TransactWriteItems"
			}
			if _, err := catalog.Submit(t.Context(), sample); !is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
			if n := s.requests["TransactWriteItems"]; n != c.tries {
				t.Errorf("%d transactions, want %d", n, c.tries)
			}
		})
	}
}

// What a write was decided on is gone: its reason is looked up, not guessed.
func TestALateWriteIsDecidedAnew(t *testing.T) {
	for name, late := range map[string]func(c *Catalog, epoch int64) error{
		"PutItem": func(c *Catalog, epoch int64) error { return c.Progress(t.Context(), sample.Ref(), epoch, "x", 1) },
		"TransactWriteItems": func(c *Catalog, epoch int64) error {
			return c.Publish(t.Context(), sample.Ref(), epoch, asset.Manifest{})
		},
	} {
		t.Run(name, func(t *testing.T) {
			s, c := newStub(t)
			if _, err := c.Submit(t.Context(), sample); err != nil {
				t.Fatal(err)
			}
			_, epoch, err := c.Claim(t.Context(), sample.Ref(), 0)
			if err != nil {
				t.Fatal(err)
			}
			// Just when the first worker's write is on its way a second one claims the version.
			s.fault = func(operation string, _ int, _ http.ResponseWriter) bool {
				if operation == name {
					i := s.items["m/a version/1"]
					i["epoch"], i["revision"] = map[string]any{"N": "9"}, map[string]any{"N": "77"}
				}
				return false
			}
			before := s.requests[name]
			if err := late(c, epoch); !is(err, asset.ErrConflict) || !strings.Contains(err.Error(), "epoch 9") {
				t.Errorf("got %v, want ErrConflict", err)
			}
			if n := s.requests[name] - before; n != 1 {
				t.Errorf("%d writes, want 1", n)
			}
		})
	}
}

func TestAWriteWhoseAnswerIsLostIsDoneOnce(t *testing.T) {
	s, c := newStub(t)
	last := map[string]int{}
	s.lost = func(operation string, n int) bool { // of every two answers the first
		if operation == "GetItem" || n == last[operation]+1 {
			return false
		}
		last[operation] = n
		return true
	}
	lose := func() { last["PutItem"], last["TransactWriteItems"] = -1, -1 } // the next one
	ctx := t.Context()
	lose()
	if v, err := c.Submit(ctx, sample); err != nil || v.State != asset.Queued {
		t.Fatalf("Submit: got %+v, %v", v, err)
	}
	lose()
	v, epoch, err := c.Claim(ctx, sample.Ref(), time.Hour)
	if err != nil || epoch != 1 || v.Attempts != 1 {
		t.Fatalf("Claim: got epoch %d, %d attempts, %v", epoch, v.Attempts, err)
	}
	lose()
	if err := c.Requeue(ctx, sample.Ref(), epoch, false); err != nil {
		t.Errorf("Requeue: %v", err)
	}
	if v, epoch, err = c.Claim(ctx, sample.Ref(), time.Hour); err != nil || epoch != 2 || v.Attempts != 1 {
		t.Fatalf("Claim: got epoch %d, %d attempts, %v", epoch, v.Attempts, err)
	}
	lose()
	if err := c.Publish(ctx, sample.Ref(), epoch, asset.Manifest{Version: "1"}); err != nil {
		t.Errorf("Publish: %v", err)
	}
	lose()
	if err := c.Restore(ctx, "m", "a", "1"); err != nil {
		t.Errorf("Restore: %v", err)
	}
	if m, err := c.model(ctx, "m", "a"); err != nil || m.Generation != 2 || m.CurrentGeneration != 2 {
		t.Errorf("got %+v, %v", m, err)
	}
	next := asset.Version{Merchant: "m", Model: "a", Version: "2"}
	lose()
	if v, err := c.SubmitOver(ctx, next, "1", "1"); err != nil || v.State != asset.Queued {
		t.Errorf("SubmitOver: got %+v, %v", v, err)
	}
	lose()
	if err := c.Revert(ctx, "m", "a", "2", "1"); err != nil {
		t.Errorf("Revert: %v", err)
	}
	if m, err := c.model(ctx, "m", "a"); err != nil || m.Generation != 3 || m.CurrentGeneration != 3 || m.Current != "1" {
		t.Errorf("got %+v, %v", m, err)
	}
	if n := s.requests["PutItem"]; n < 5 {
		t.Errorf("only %d requests: no answer was lost", n)
	}
}

func TestWhatABatchHoldsBackIsAskedForAgain(t *testing.T) {
	s, c := newStub(t)
	var keys []key
	for _, version := range []string{"1", "2", "3", "4", "5", "6", "7"} {
		if _, err := c.Submit(t.Context(), asset.Version{Merchant: "m", Model: "a", Version: version}); err != nil {
			t.Fatal(err)
		}
		keys = append(keys, versionKey(asset.Job{Merchant: "m", Model: "a", Version: version}))
	}
	items, err := c.fetch(t.Context(), keys)
	if err != nil || len(items) != len(keys) {
		t.Errorf("got %d items, %v, want %d", len(items), err, len(keys))
	}
	s.stingy = true
	if _, err := c.fetch(t.Context(), keys); !is(err, asset.ErrUnavailable) {
		t.Errorf("got %v, want ErrUnavailable", err)
	}
}

func TestACatalogEndsWithItsContext(t *testing.T) {
	s, c := newStub(t)
	open := make(chan struct{})
	s.fault = func(string, int, http.ResponseWriter) bool {
		s.mu.Unlock() // others may come
		<-open
		s.mu.Lock()
		return true
	}
	defer close(open)
	late, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	for what, err := range everyCall(late, c) {
		if !is(err, asset.ErrUnavailable) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: got %v, want the deadline and ErrUnavailable", what, err)
		}
	}
	over, stop := context.WithCancel(t.Context())
	stop()
	for what, err := range everyCall(over, c) {
		if !is(err, errNone) || !errors.Is(err, context.Canceled) {
			t.Errorf("%s: got %v, want the end of the context", what, err)
		}
	}
}

func TestNamesThatNoModelCanHave(t *testing.T) {
	s, c := newStub(t)
	for _, j := range []asset.Job{{}, {Merchant: "m/a", Model: "b", Version: "1"}, {Merchant: "m", Model: "A", Version: "1"}, {Merchant: "m", Model: strings.Repeat("a", 3000), Version: "1"}} {
		if _, err := c.Submit(t.Context(), asset.Version{Merchant: j.Merchant, Model: j.Model, Version: j.Version}); !is(err, asset.ErrInvalid) {
			t.Errorf("Submit %.20v: got %v", j, err)
		}
		if _, _, err := c.Claim(t.Context(), j, 0); !is(err, asset.ErrInvalid) {
			t.Errorf("Claim %.20v: got %v", j, err)
		}
		if _, err := c.Newest(t.Context(), j.Merchant, j.Model); !is(err, asset.ErrNotFound) {
			t.Errorf("Newest %.20v: got %v", j, err)
		}
		if _, err := c.Current(t.Context(), j.Merchant, j.Model); !is(err, asset.ErrNotFound) {
			t.Errorf("Current %.20v: got %v", j, err)
		}
	}
	if n := s.total(); n != 0 {
		t.Errorf("%d requests", n)
	}
}

func TestPlacesOfCatalogs(t *testing.T) {
	t.Setenv("AWS_REGION", "us-east-1")
	for _, url := range []string{"", "table", "dynamodb:table", "dynamodb://", "dynamodb://ab", "dynamodb://a/b", "dynamodb://ta ble", "s3://table", "dynamodb://" + strings.Repeat("a", 256)} {
		if _, err := OpenCatalog(t.Context(), url); !is(err, asset.ErrInvalid) {
			t.Errorf("%.40q: got %v, want ErrInvalid", url, err)
		}
	}
	if c := openTable(t, "dynamodb://My_Table-1.x", false); c.URL() != "dynamodb://My_Table-1.x" {
		t.Errorf("got %s", c.URL())
	}
	t.Setenv("AWS_REGION", "")
	t.Setenv("AWS_DEFAULT_REGION", "")
	if _, err := OpenCatalog(t.Context(), "dynamodb://table"); !is(err, asset.ErrInvalid) || !strings.Contains(err.Error(), "AWS_REGION") {
		t.Errorf("without a region: got %v", err)
	}
}

// The contract holds on a line that loses the answers to what was done.
func TestACatalogOverABadLine(t *testing.T) {
	assettest.Catalog(t, func(t *testing.T) asset.Catalog {
		c := catalogPeer(t)
		peer := os.Getenv("AWS_ENDPOINT_URL_DYNAMODB")
		var mu sync.Mutex
		n := 0
		lost := map[string]int{} // answers by request: the last try gets one
		lose := func(request []byte) bool {
			mu.Lock()
			defer mu.Unlock()
			if n++; n%4 != 0 || lost[string(request)] == catalogAttempts-1 {
				return false
			}
			lost[string(request)]++
			return true
		}
		line := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			if err != nil {
				panic(http.ErrAbortHandler)
			}
			to, err := http.NewRequestWithContext(r.Context(), r.Method, peer+r.URL.Path, bytes.NewReader(body))
			if err != nil {
				panic(http.ErrAbortHandler)
			}
			to.Header = r.Header.Clone()
			answer, err := http.DefaultClient.Do(to)
			if err != nil {
				panic(http.ErrAbortHandler)
			}
			defer answer.Body.Close() //nolint:errcheck // only read
			text, err := io.ReadAll(answer.Body)
			if err != nil || lose(body) {
				panic(http.ErrAbortHandler)
			}
			for _, name := range []string{"Content-Type", "X-Amz-Crc32", "X-Amzn-Requestid"} {
				w.Header().Set(name, answer.Header.Get(name))
			}
			w.WriteHeader(answer.StatusCode)
			_, _ = w.Write(text) // the client notices
		}))
		t.Cleanup(line.Close)
		t.Setenv("AWS_ENDPOINT_URL_DYNAMODB", line.URL)
		return openTable(t, c.URL(), false)
	})
}

package awstest

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
)

// between starts a relay before a server that counts what reaches it.
func between(t *testing.T) (r *Relay, at string, reached *atomic.Int64) {
	t.Helper()
	reached = &atomic.Int64{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		reached.Add(1)
		if strings.HasSuffix(q.URL.Path, "missing") {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		_, _ = io.WriteString(w, "Host "+q.Host) // who asked may be gone
	}))
	t.Cleanup(server.Close)
	for _, s := range services {
		t.Setenv(variable(s), server.URL)
	}
	r, err := Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	_, at, _ = strings.Cut(r.Env()[0], "=")
	return r, at, reached
}

func get(t *testing.T, url string) (status int, text string, err error) {
	t.Helper()
	// A body that can't be sent twice, so that the client doesn't try again by itself.
	q, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, io.NopCloser(strings.NewReader("x")))
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(q)
	if err != nil {
		return 0, "", err
	}
	defer answer.Body.Close() //nolint:errcheck // only read
	data, err := io.ReadAll(answer.Body)
	return answer.StatusCode, string(data), err
}

func TestARelayPassesOnAndNotes(t *testing.T) {
	r, at, _ := between(t)
	host := strings.TrimPrefix(at, "http://")
	if status, text, err := get(t, at+"/x-derived/source/1"); err != nil || status != 200 || text != "Host "+host {
		t.Errorf("got %d %q, %v; the host is signed and must stay %s", status, text, err, host)
	}
	if _, _, err := get(t, at+"/x-derived/source/missing"); err != nil {
		t.Error(err)
	}
	if calls := r.Calls(); len(calls) != 2 || !calls["s3:GetObject derived/source"] || !calls["s3:ListBucket derived"] {
		t.Errorf("got %v", calls)
	}
}

func TestFaultsGoWrongAsTheySay(t *testing.T) {
	r, at, reached := between(t)
	fault := None
	r.Fault = func(Call) Fault { return fault }
	for f, c := range map[Fault]struct {
		reached int64
		status  int
		broken  bool
	}{
		None: {1, 200, false}, Late: {1, 200, false}, Lost: {0, 0, true}, Refused: {0, 503, false}, Denied: {0, 403, false}, Unanswered: {1, 0, true}, Cut: {1, 200, true},
	} {
		fault = f
		reached.Store(0)
		status, text, err := get(t, at+"/x-derived/source/1")
		if reached.Load() != c.reached || status != c.status || err != nil != c.broken {
			t.Errorf("%q: reached %d times, %d %q, %v", f, reached.Load(), status, text, err)
		}
		if f != None && r.Faults()[f] != 1 {
			t.Errorf("%q is counted %d times", f, r.Faults()[f])
		}
	}
}

func TestRandomFaultsAreAsOftenAsTheySay(t *testing.T) {
	wrong := 0
	random := Random(1, 0.25, 0)
	for range 10_000 {
		if random(Call{}) != None {
			wrong++
		}
	}
	if wrong < 2300 || wrong > 2700 {
		t.Errorf("%d of 10,000 calls go wrong", wrong)
	}
}

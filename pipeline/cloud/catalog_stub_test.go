package cloud

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// stub is as much of DynamoDB as faults need: it gets, and it puts under conditions on
// revisions. Of a batch it gets one item at a time. It never cancels transactions of its own accord, and has no index.
type stub struct {
	mu       sync.Mutex
	items    map[string]map[string]any
	requests map[string]int // by operation
	fault    func(operation string, n int, w http.ResponseWriter) bool
	stingy   bool                               // of a batch it gets none
	lost     func(operation string, n int) bool // the work is done, the answer is lost
}

// newStub starts a stub and opens a catalog on it.
func newStub(t *testing.T) (*stub, *Catalog) {
	s := &stub{items: map[string]map[string]any{}, requests: map[string]int{}}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	t.Setenv("AWS_ENDPOINT_URL_DYNAMODB", server.URL)
	return s, openTable(t, "dynamodb://table", false)
}

func (s *stub) total() (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for v := range maps.Values(s.requests) {
		n += v
	}
	return n
}

type stubPut struct {
	Item                      map[string]map[string]any
	ExpressionAttributeValues map[string]map[string]any
	ConditionExpression       string
}

func (s *stub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	s.requests[operation]++
	n := s.requests[operation]
	if s.fault != nil && s.fault(operation, n, w) {
		return
	}
	var in struct {
		stubPut
		Key           map[string]map[string]any
		TransactItems []struct{ Put stubPut }
		RequestItems  map[string]struct{ Keys []map[string]map[string]any }
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		panic(err)
	}
	out := map[string]any{}
	switch operation {
	case "GetItem":
		if item, ok := s.items[place(in.Key)]; ok {
			out["Item"] = item
		}
	case "BatchGetItem":
		keys := in.RequestItems["table"].Keys
		if !s.stingy {
			out["Responses"] = map[string]any{"table": []any{s.items[place(keys[0])]}}
			keys = keys[1:]
		}
		if len(keys) > 0 {
			out["UnprocessedKeys"] = map[string]any{"table": map[string]any{"Keys": keys}}
		}
	case "PutItem":
		if !s.met(in.stubPut) {
			refuse(w, 400, "ConditionalCheckFailedException")
			return
		}
		s.put(in.stubPut)
	case "TransactWriteItems":
		for _, t := range in.TransactItems {
			if !s.met(t.Put) {
				canceled(w, "None", "ConditionalCheckFailed")
				return
			}
		}
		for _, t := range in.TransactItems {
			s.put(t.Put)
		}
	}
	if s.lost != nil && s.lost(operation, n) {
		panic(http.ErrAbortHandler)
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	if err := json.NewEncoder(w).Encode(out); err != nil {
		panic(http.ErrAbortHandler)
	}
}

func place(key map[string]map[string]any) string {
	return fmt.Sprint(key["pk"]["S"], " ", key["sk"]["S"])
}

func (s *stub) put(p stubPut) {
	item := map[string]any{}
	for name, v := range p.Item {
		item[name] = v
	}
	s.items[place(p.Item)] = item
}

// met tells if the one condition a write may have is.
func (s *stub) met(p stubPut) bool {
	item, there := s.items[place(p.Item)]
	switch p.ConditionExpression {
	case "":
		return true
	case "attribute_not_exists(pk)":
		return !there
	case "revision = :was":
		return there && fmt.Sprint(item["revision"]) == fmt.Sprint(p.ExpressionAttributeValues[":was"])
	}
	panic(p.ConditionExpression)
}

func refuse(w http.ResponseWriter, status int, code string) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, `{"__type": "com.amazonaws.dynamodb.v20120810#%s", "message": "so it is"}`, code) // the client notices
}

func canceled(w http.ResponseWriter, codes ...string) {
	var reasons []map[string]string
	for _, c := range codes {
		reasons = append(reasons, map[string]string{"Code": c})
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	w.WriteHeader(http.StatusBadRequest)
	_ = json.NewEncoder(w).Encode(map[string]any{ // the client notices
		"__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException", "message": "canceled", "CancellationReasons": reasons,
	})
}

package origin

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// statusGone is told in the log of a client that left before its answer; nobody gets it.
const statusGone = 499

// errTooMany is a client that asks for more uncached files than it may.
var errTooMany = errors.New("too many requests for files that are not cached; slow down")

// statusOf is the one place where kinds of errors become a status.
func statusOf(h http.Header, err error) int {
	switch {
	case errors.Is(err, context.Canceled):
		h["Cache-Control"] = noStore
		return statusGone
	case errors.Is(err, asset.ErrNotFound), errors.Is(err, asset.ErrInvalid):
		h["Cache-Control"] = missing
		return http.StatusNotFound
	case errors.Is(err, errTooMany):
		h["Cache-Control"], h["Retry-After"] = noStore, []string{"1"}
		return http.StatusTooManyRequests
	case errors.Is(err, errFailed):
		h["Cache-Control"], h["Retry-After"] = missing, []string{"60"}
		return http.StatusServiceUnavailable
	case errors.Is(err, asset.ErrUnavailable), errors.Is(err, asset.ErrConflict), errors.Is(err, context.DeadlineExceeded):
		h["Cache-Control"], h["Retry-After"] = noStore, []string{"2"}
		return http.StatusServiceUnavailable
	}
	h["Cache-Control"] = noStore
	return http.StatusInternalServerError
}

// missing is for how long a 404 may be kept.
var missing = []string{"public, max-age=5"}

// refuse answers with an error, as problem+json (RFC 9457). Faults of ours are not
// explained to strangers, and a missing file looks like one that is not for them.
func refuse(w http.ResponseWriter, q *request, status int, err error) {
	q.status, q.err, q.level, q.reason = status, err, -1, ""
	var detail string
	switch status {
	case http.StatusInternalServerError:
		detail = "something is wrong here, not with your request"
	case http.StatusNotFound:
		detail = "there is nothing at this address"
	case http.StatusServiceUnavailable:
		detail = "this is not available right now; ask again in a moment"
		if errors.Is(err, errPending) || errors.Is(err, errFailed) {
			detail = err.Error()
		}
	default:
		detail = err.Error()
	}
	text, e := json.Marshal(problem{"about:blank", http.StatusText(status), status, detail})
	if e != nil {
		panic(e) // it is plain data
	}
	h := w.Header()
	put(h, common)
	if h["Cache-Control"] == nil {
		h["Cache-Control"] = noStore
	}
	h["Content-Type"] = problemType
	h["Content-Length"] = []string{strconv.Itoa(len(text))}
	w.WriteHeader(status)
	if q.Method != http.MethodHead {
		n, _ := w.Write(text) // a client that left has no use for it
		q.sent = int64(n)
	}
}

// problem is the body of an error (RFC 9457, section 3.1).
type problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`
}

var problemType = []string{"application/problem+json"}

package s3test

import (
	"context"
	"encoding/xml"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// answer is what goes back: all of it, before faults.
type answer struct {
	status int
	header http.Header
	body   []byte
	of     *object // that the body is of; nil if it is of none
	first  int     // byte of the object that the body begins with
}

func newAnswer(status int) *answer { return &answer{status: status, header: http.Header{}} }

// failure is an error as S3 words it.
func failure(status int, code, message string) *answer {
	return answerXML(status, struct {
		XMLName                  xml.Name `xml:"Error"`
		Code, Message, RequestId string   //nolint:revive // S3's own spelling
	}{Code: code, Message: message, RequestId: "TEST"})
}

// answerXML is an answer with a body of XML.
func answerXML(status int, body any) *answer {
	a := newAnswer(status)
	a.header.Set("Content-Type", "application/xml")
	text, err := xml.Marshal(body)
	if err != nil { // strings can't fail
		return newAnswer(http.StatusInternalServerError)
	}
	a.body = append([]byte(xml.Header), text...)
	return a
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p := s.note(r)
	put, bad := upload(r)
	if p.hangup {
		panic(http.ErrAbortHandler) // closes the connection
	}
	path := strings.TrimPrefix(r.URL.Path, "/")
	a := p.refuse
	s.mu.Lock()
	switch {
	case a != nil:
	case bad != nil:
		a = bad
	default:
		a = s.do(r, path, put)
	}
	for _, f := range p.edits {
		f(a)
	}
	for _, f := range p.after {
		f(s, path)
	}
	s.mu.Unlock()
	if p.lose {
		panic(http.ErrAbortHandler)
	}
	for _, gate := range p.holds {
		s.await(r.Context(), gate)
	}
	s.send(w, r, a, p)
}

// do does what is asked. The server is locked.
func (s *Server) do(r *http.Request, path string, put []byte) *answer {
	bucket, key, _ := strings.Cut(path, "/")
	switch {
	case r.Header.Get("Authorization") == "" && !r.URL.Query().Has("X-Amz-Signature"): // whose is not looked at
		return failure(http.StatusForbidden, "AccessDenied", "The request is not signed.")
	case bucket == "":
		return failure(http.StatusNotImplemented, "NotImplemented", "Only buckets and objects are here.")
	}
	switch operation(r, key) {
	case "GetObject", "HeadObject":
		return s.get(r, path)
	case "PutObject":
		return s.take(r, path, put)
	case "CopyObject":
		return s.copy(r, path)
	case "DeleteObject":
		return s.drop(path)
	case "ListObjectsV2":
		return s.list(r, bucket)
	case "CreateMultipartUpload":
		return s.begin(r, path)
	case "UploadPart":
		return s.part(r, path, put)
	case "CompleteMultipartUpload":
		return s.complete(r, path, put)
	case "AbortMultipartUpload":
		return s.abort(r)
	}
	return failure(http.StatusNotImplemented, "NotImplemented", "That is not known here.")
}

// operation is S3's name of what is asked; "" is none that is known here.
func operation(r *http.Request, key string) string {
	query := r.URL.Query()
	maps.DeleteFunc(query, func(name string, _ []string) bool {
		return name == "x-id" || strings.HasPrefix(name, "X-Amz-") // the SDK's name of the operation, and a signature
	})
	has := func(names ...string) bool {
		for _, name := range names {
			if !query.Has(name) {
				return false
			}
		}
		return len(query) == len(names)
	}
	copies := r.Header.Get("X-Amz-Copy-Source") != ""
	switch {
	case r.Method == http.MethodGet && key == "" && query.Get("list-type") == "2":
		return "ListObjectsV2"
	case key == "":
		return ""
	case r.Method == http.MethodGet && has():
		return "GetObject"
	case r.Method == http.MethodHead && has():
		return "HeadObject"
	case r.Method == http.MethodPut && has() && copies:
		return "CopyObject"
	case r.Method == http.MethodPut && has():
		return "PutObject"
	case r.Method == http.MethodPut && has("partNumber", "uploadId") && !copies:
		return "UploadPart"
	case r.Method == http.MethodDelete && has():
		return "DeleteObject"
	case r.Method == http.MethodDelete && has("uploadId"):
		return "AbortMultipartUpload"
	case r.Method == http.MethodPost && has("uploads"):
		return "CreateMultipartUpload"
	case r.Method == http.MethodPost && has("uploadId"):
		return "CompleteMultipartUpload"
	}
	return ""
}

// await waits until something comes from gate, and gives the request up when its
// client or the test has gone.
func (s *Server) await(ctx context.Context, gate <-chan struct{}) {
	select {
	case <-gate:
	case <-ctx.Done():
		panic(http.ErrAbortHandler)
	case <-s.done:
		panic(http.ErrAbortHandler)
	}
}

func (s *Server) send(w http.ResponseWriter, r *http.Request, a *answer, p plan) {
	maps.Copy(w.Header(), a.header)
	w.Header().Set("X-Amz-Request-Id", "TEST")
	w.Header().Set("Date", time.Now().UTC().Format(http.TimeFormat))
	if w.Header().Get("Content-Length") == "" && a.status != http.StatusNotModified {
		w.Header().Set("Content-Length", strconv.Itoa(len(a.body)))
	}
	w.WriteHeader(a.status)
	if r.Method == http.MethodHead {
		return
	}
	body := a.body
	if p.keep >= 0 {
		body = body[:min(p.keep, len(body))]
	}
	if !s.write(w, r.Context(), body, p) || len(body) < len(a.body) {
		panic(http.ErrAbortHandler)
	}
}

// write writes the body, at the pace of the plan, out to the connection. It tells if
// there was somebody to read it.
func (s *Server) write(w http.ResponseWriter, ctx context.Context, body []byte, p plan) bool {
	out := http.NewResponseController(w)
	step := len(body)
	if p.tick != nil {
		step = min(p.step, len(body))
	}
	if (p.tick != nil || p.keep >= 0) && out.Flush() != nil { // the head goes first
		return false
	}
	for len(body) > 0 {
		if p.tick != nil {
			s.await(ctx, p.tick)
		}
		n := min(step, len(body))
		if _, err := w.Write(body[:n]); err != nil {
			return false
		}
		if body = body[n:]; out.Flush() != nil {
			return false
		}
	}
	return true
}

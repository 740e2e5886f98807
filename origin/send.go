package origin

import (
	"io"
	"net/http"
	"time"

	"github.com/plinth3d/plinth/origin/cache"
)

// prepare decides what is answered with what was found, and begins to get the first of its
// bytes: what can't be had at all is then still an answer of its own, or another file is.
func (q *request) prepare(w http.ResponseWriter, minRate int64) error {
	q.plan = Decide(q.Method, q.Header, q.head.Subject)
	q.send.w, q.send.q, q.send.minRate = w, q, minRate
	first := q.plan.Span
	switch {
	case q.plan.Parts != nil:
		q.parts = NewMultipart(q.head.media, q.head.ETag, q.head.Size, q.plan.Parts)
		first = q.plan.Parts[0]
	case !q.plan.Body && q.Method == http.MethodHead && q.plan.Status == http.StatusOK && q.opened && q.layer == cache.Miss:
		first = Span{Length: min(1, q.head.Size)} // HEAD says what GET would (RFC 9110, section 9.3.2)
	case !q.plan.Body:
		return nil
	}
	return q.send.begin(first)
}

// answer sends what was prepared. A part of a file that isn't all here can't be checked by the
// file's digest: nobody is to keep it for a year.
func (q *request) answer(w http.ResponseWriter) {
	if q.opened && q.layer == cache.Miss && q.plan.Status == http.StatusPartialContent {
		q.head = q.head.caching(shortly)
	}
	q.head.describe(w.Header(), q.plan, &q.parts, connOf(q.Context()))
	q.status = q.plan.Status
	w.WriteHeader(q.plan.Status)
	switch {
	case !q.plan.Body:
	case q.plan.Parts == nil:
		q.send.finish()
	default:
		q.send.multipart(q.plan.Parts, &q.parts)
	}
}

// sender writes the body of an answer.
type sender struct {
	w       http.ResponseWriter
	q       *request
	minRate int64
	bytes   []byte    // of the span at hand, where they are in memory
	from    io.Reader // else
	left    int64     // of the span, where it is read
}

// begin prepares a span: it is an error if not even its first byte can be had.
func (s *sender) begin(span Span) error {
	data, here := s.q.bytes, s.q.bytes != nil
	if !here {
		data, here = s.q.object.Bytes()
	}
	if s.bytes = nil; here {
		s.bytes = data[span.Start:span.End()]
		return nil
	}
	s.left = span.Length
	if file, ok := s.q.object.File(); ok {
		s.from = file
		_, err := file.Seek(span.Start, io.SeekStart)
		return err
	}
	r, err := s.q.object.Reader(s.q.Context(), span.Start, span.Length)
	s.from = r
	return err
}

// finish sends the span that was begun. What goes wrong now can only end the connection:
// the server sees an answer that is too short.
func (s *sender) finish() {
	if s.bytes != nil {
		s.allow(int64(len(s.bytes)))
		s.write(s.bytes)
		return
	}
	// A file goes by pieces, each with time of its own, and by the kernel.
	const piece = 4 << 20
	for s.left > 0 && s.q.err == nil {
		n := min(piece, s.left)
		s.allow(n)
		n, s.q.err = io.CopyN(s.w, s.from, n)
		s.q.sent += n
		s.left -= n
	}
}

func (s *sender) write(p []byte) {
	if s.q.err == nil {
		var n int
		n, s.q.err = s.w.Write(p)
		s.q.sent += int64(n)
	}
}

func (s *sender) multipart(spans []Span, parts *Multipart) {
	for i, span := range spans {
		if s.write(parts.Heads[i]); i > 0 && s.q.err == nil {
			s.q.err = s.begin(span)
		}
		if s.q.err == nil {
			s.finish()
		}
	}
	s.write(parts.Trailer)
}

// A client has patience seconds beyond what it needs at the least rate. Short answers have
// the server's own deadline, which is longer.
const (
	slack      = 20 * time.Second
	shortBytes = 64 << 10
)

// allow gives the client time to take n bytes.
func (s *sender) allow(n int64) {
	if n <= shortBytes {
		return
	}
	var until time.Time // none
	if s.minRate > 0 {
		until = time.Now().Add(slack + time.Duration(float64(n)/float64(s.minRate)*float64(time.Second)))
	}
	// Where a deadline can't be set the server's own holds.
	_ = http.NewResponseController(s.w).SetWriteDeadline(until)
}

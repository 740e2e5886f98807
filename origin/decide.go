package origin

import (
	"net/http"
	"time"
)

// A Subject is what a request is about, as far as the decision needs it.
type Subject struct {
	Size      int64     // bytes
	ETag      string    // strong, with its quotes
	Modified  time.Time // Last-Modified, to the second; zero if unknown: conditions on dates are then ignored
	Immutable bool      // Modified is a strong validator (RFC 9110, 8.8.2.2): If-Range with that very date holds
}

// A Plan is an answer: a status and which bytes follow. What the headers say follows
// from it and from what is known of the object beforehand, so there is no map here.
type Plan struct {
	Status int    // 200, 206, 304, 412 or 416
	Span   Span   // of a 200 (all of it) or of a 206 in one piece; of a HEAD, the bytes GET would send
	Parts  []Span // of a 206 in several, as multipart/byteranges: two or more, else nil
	Body   bool   // bytes follow
}

// Screen answers requests that need no object: preflights with 204, methods that no
// address here takes with 405, methods nobody knows with 501 (RFC 9110, 9.1; names of
// methods are case-sensitive), and a GET, HEAD or OPTIONS that brings a body with 400,
// for a body has no meaning there and is a way to smuggle requests (9.3.1). A status of
// 0 means: go on, to [Decide].
//
// The length is that of the request's body in bytes, 0 for none and negative if it is
// not known beforehand, as in [http.Request]. The connection is to be closed after the
// answer where a body came, as nobody reads it, and after CONNECT, whose client may
// have sent what it meant for the tunnel.
func Screen(method string, h http.Header, length int64) (status int, closing bool) {
	closing = length != 0 || len(h["Transfer-Encoding"]) > 0
	switch method {
	case http.MethodGet, http.MethodHead:
	case http.MethodOptions:
		status = http.StatusNoContent
	case http.MethodConnect:
		return http.StatusMethodNotAllowed, true
	case http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodPatch, http.MethodTrace:
		return http.StatusMethodNotAllowed, closing
	default:
		return http.StatusNotImplemented, closing
	}
	if closing {
		return http.StatusBadRequest, true
	}
	return status, false
}

// Decide plans the answer to a GET or a HEAD, the methods that [Screen] lets pass, for a
// subject that exists. It follows the order of RFC 9110, 13.2.2: If-Match, or else
// If-Unmodified-Since; If-None-Match, or else If-Modified-Since; then Range, if If-Range
// lets it. A Range counts for GET alone (14.2).
//
// The names in h are canonical, as net/http makes them. Nothing is allocated but the
// parts of a 206 with more than one.
func Decide(method string, h http.Header, s Subject) Plan {
	if !mayProceed(h, s) {
		return Plan{Status: http.StatusPreconditionFailed}
	}
	if isCurrent(h, s) {
		return Plan{Status: http.StatusNotModified}
	}
	get := method == http.MethodGet
	whole := Plan{Status: http.StatusOK, Span: Span{Length: s.Size}, Body: get && s.Size > 0}
	if lines := h["Range"]; get && len(lines) == 1 && rangeApplies(h["If-Range"], s) {
		return cut(whole, lines[0])
	}
	return whole
}

// cut narrows an answer to the ranges asked for, unless they are to be ignored.
func cut(whole Plan, ranges string) Plan {
	var room [maxRanges]Span
	spans, reading := readRanges(ranges, whole.Span.Length, room[:0])
	switch {
	case reading == unsatisfiable:
		return Plan{Status: http.StatusRequestedRangeNotSatisfiable}
	case reading == ignored:
		return whole
	case len(spans) == 1: // never multipart, which no one need understand (15.3.7.2)
		return Plan{Status: http.StatusPartialContent, Span: spans[0], Body: true}
	}
	return Plan{Status: http.StatusPartialContent, Parts: append([]Span(nil), spans...), Body: true}
}

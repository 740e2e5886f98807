// Package origin serves renditions and manifests to browsers and to the CDN. What to
// answer is decided by one pure function over the request's head and the object;
// how the bytes leave is another matter.
package origin

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// A Subject is what a request is about, as far as the answer's head needs it.
type Subject struct {
	Size  int64
	ETag  string // strong, with quotes
	Type  string
	Cache string // Cache-Control
}

// A Plan is an answer: a status, a head and which bytes follow.
type Plan struct {
	Status        int
	Header        http.Header
	Start, Length int64 // of the body; Length is 0 where there is none
}

// Decide plans the answer to a request for a subject that exists, in the order of
// RFC 9110, section 13.2.2: If-Match, If-None-Match, then Range with If-Range
// (section 14.2). There is no Last-Modified, so conditions on dates are ignored
// and an If-Range with a date never holds.
//
// One range is served; a set of several gets the whole object, as section 14.2
// allows. Units other than bytes and ranges that can't be parsed are ignored.
func Decide(method string, h http.Header, s Subject) Plan {
	head := http.Header{
		"Etag": {s.ETag}, "Cache-Control": {s.Cache}, "Accept-Ranges": {"bytes"},
	}
	if !holds(h["If-Match"], s.ETag, true, true) {
		head.Set("Cache-Control", "no-store")
		return Plan{Status: http.StatusPreconditionFailed, Header: head}
	}
	if len(h["If-None-Match"]) > 0 && holds(h["If-None-Match"], s.ETag, false, false) {
		return Plan{Status: http.StatusNotModified, Header: head}
	}
	head.Set("Content-Type", s.Type)
	whole := Plan{Status: http.StatusOK, Header: head, Length: s.Size}
	if method == http.MethodGet && len(h["Range"]) == 1 && ifRange(h["If-Range"], s.ETag) {
		start, length, outcome := parseRange(h.Get("Range"), s.Size)
		switch outcome {
		case satisfiable:
			head.Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", start, start+length-1, s.Size))
			whole = Plan{Status: http.StatusPartialContent, Header: head, Start: start, Length: length}
		case unsatisfiable:
			head.Del("Content-Type")
			head.Set("Cache-Control", "no-store") // it is about this range, not the object
			head.Set("Content-Range", fmt.Sprintf("bytes */%d", s.Size))
			return Plan{Status: http.StatusRequestedRangeNotSatisfiable, Header: head}
		}
	}
	head.Set("Content-Length", strconv.FormatInt(whole.Length, 10))
	if method == http.MethodHead {
		whole.Length = 0
	}
	return whole
}

// holds says whether a list of entity tags, over any number of lines, has etag or
// is "*"; an absent list is as told. A strong comparison takes no weak tag
// (section 8.8.3.2).
func holds(lines []string, etag string, strong, absent bool) bool {
	if len(lines) == 0 {
		return absent
	}
	for _, line := range lines {
		for line = strings.TrimLeft(line, " \t,"); line != ""; line = strings.TrimLeft(line, " \t,") {
			if strings.HasPrefix(line, "*") {
				return true
			}
			weak := strings.HasPrefix(line, "W/")
			line = strings.TrimPrefix(line, "W/")
			if !strings.HasPrefix(line, `"`) {
				break // what isn't a tag ends the line
			}
			end := strings.IndexByte(line[1:], '"')
			if end < 0 {
				break
			}
			if tag := line[:end+2]; tag == etag && !(weak && strong) {
				return true
			}
			line = line[end+2:]
		}
	}
	return false
}

// ifRange says whether a Range may be served (section 13.1.5).
func ifRange(lines []string, etag string) bool {
	return len(lines) == 0 || len(lines) == 1 && strings.TrimSpace(lines[0]) == etag
}

type outcome int

const (
	ignored outcome = iota
	satisfiable
	unsatisfiable
)

// parseRange reads "bytes=first-last", "bytes=first-" and "bytes=-suffix".
func parseRange(value string, size int64) (start, length int64, o outcome) {
	unit, set, ok := strings.Cut(value, "=")
	set = strings.Trim(set, " \t")
	if !ok || !strings.EqualFold(unit, "bytes") || strings.Contains(set, ",") {
		return 0, 0, ignored
	}
	first, last, ok := strings.Cut(set, "-")
	if !ok || !digits(first) || !digits(last) || first == "" && last == "" {
		return 0, 0, ignored
	}
	if first == "" { // the last so many bytes
		n, err := strconv.ParseInt(last, 10, 64)
		if err != nil {
			n = size // more than can be counted
		}
		n = min(n, size)
		if n == 0 {
			return 0, 0, unsatisfiable
		}
		return size - n, n, satisfiable
	}
	from, err := strconv.ParseInt(first, 10, 64)
	if err != nil || from >= size {
		return 0, 0, unsatisfiable
	}
	to := size - 1
	if last != "" {
		if n, err := strconv.ParseInt(last, 10, 64); err == nil {
			if n < from {
				return 0, 0, ignored
			}
			to = min(to, n)
		}
	}
	return from, to - from + 1, satisfiable
}

func digits(s string) bool {
	return strings.Trim(s, "0123456789") == ""
}

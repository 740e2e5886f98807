package s3test

import (
	"cmp"
	"net/http"
	"strconv"
	"strings"
)

// get answers GetObject and HeadObject. The server is locked.
func (s *Server) get(r *http.Request, path string) *answer {
	o, ok := s.objects[path]
	if !ok {
		return failure(http.StatusNotFound, "NoSuchKey", "There is no such key.")
	}
	match, none := r.Header.Get("If-Match"), r.Header.Get("If-None-Match")
	switch {
	case match != "" && !lists(match, o.tag):
		return failure(http.StatusPreconditionFailed, "PreconditionFailed", "If-Match does not hold.")
	case none != "" && lists(none, o.tag):
		a := newAnswer(http.StatusNotModified)
		a.header.Set("ETag", o.tag)
		return a
	}
	a := newAnswer(http.StatusOK)
	a.of, a.body = &o, o.data
	a.header.Set("ETag", o.tag)
	a.header.Set("Last-Modified", o.modified.UTC().Format(http.TimeFormat))
	a.header.Set("Accept-Ranges", "bytes")
	a.header.Set("Content-Type", cmp.Or(o.kind, "binary/octet-stream")) // S3's own word for what it wasn't told
	if text := r.Header.Get("Range"); text != "" {
		first, end, known := byteRange(text, len(o.data))
		if known && first >= end {
			return failure(http.StatusRequestedRangeNotSatisfiable, "InvalidRange", "The range is not there.")
		}
		if known {
			a.status = http.StatusPartialContent
			a.part(first, end)
		}
	}
	return a
}

func lists(field, tag string) bool {
	for one := range strings.SplitSeq(field, ",") {
		if one = strings.TrimSpace(one); one == "*" || one == tag || `"`+one+`"` == tag {
			return true
		}
	}
	return false
}

// byteRange reads one range of bytes. What it doesn't know is ignored, as S3 does.
func byteRange(text string, size int) (first, end int, known bool) {
	spec, ok := strings.CutPrefix(text, "bytes=")
	a, b, dash := strings.Cut(spec, "-")
	if !ok || !dash {
		return 0, 0, false
	}
	from, errA := strconv.Atoi(a)
	to, errB := strconv.Atoi(b)
	switch {
	case a == "" && errB == nil:
		return max(0, size-to), size, true
	case errA == nil && b == "":
		return from, size, true
	case errA == nil && errB == nil && from <= to:
		return from, min(to, size-1) + 1, true
	}
	return 0, 0, false
}

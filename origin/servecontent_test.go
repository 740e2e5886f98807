package origin

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestServeContent asks the standard library the same. Left out is what it gets wrong:
// Range on HEAD, other units, "-0", several lines, members that are malformed beside
// If-Match; and where the RFC leaves a choice, sets that touch or have several ranges.
func TestServeContent(t *testing.T) {
	ranges := []string{"", "bytes=0-0", "bytes=0-", "bytes=99-", "bytes=100-", "bytes=5-200", "bytes=-1", "bytes=-200", "bytes=9-3", "bytes=-", "bytes=1000-2000"}
	tags := []string{"", `"x"`, `"y"`, `W/"x"`, `"y", "x"`, "*"}
	dates := []string{"", before, same, after}
	asked := 0
	for _, r := range ranges {
		for _, tag := range tags {
			for _, date := range dates {
				for _, names := range [][3]string{
					{"If-Match", "If-Unmodified-Since", "GET"},
					{"If-None-Match", "If-Modified-Since", "GET"},
					{"If-Range", "If-Unmodified-Since", "GET"},
					{"If-None-Match", "If-Unmodified-Since", "HEAD"},
				} {
					if names[2] == "HEAD" && r != "" || names[0] == "If-Range" && r == "" {
						continue
					}
					h := http.Header{}
					for name, value := range map[string]string{"Range": r, names[0]: tag, names[1]: date} {
						if value != "" {
							h.Set(name, value)
						}
					}
					compare(t, names[2], h)
					asked++
				}
			}
		}
	}
	if asked < 500 {
		t.Errorf("got %d requests, want 500", asked)
	}
}

func compare(t *testing.T, method string, h http.Header) {
	t.Helper()
	if malformed := h.Get("Range"); malformed == "bytes=9-3" || malformed == "bytes=-" {
		h.Del("Range") // it answers 416, which is allowed (14.2)
	}
	w := httptest.NewRecorder()
	w.Header().Set("Etag", object.ETag)
	r := httptest.NewRequestWithContext(t.Context(), method, "/", nil)
	r.Header = h
	http.ServeContent(w, r, "a.glb", modified, strings.NewReader(strings.Repeat("x", int(object.Size))))
	p := Decide(method, h, object)
	var contentRange string
	switch p.Status {
	case 206:
		contentRange = ContentRange(p.Span, object.Size)
	case 416:
		contentRange = UnsatisfiedRange(object.Size)
	}
	if w.Code != p.Status || w.Header().Get("Content-Range") != contentRange {
		t.Errorf("%s %v: got %s %q, the standard library %d %q", method, h, p, contentRange, w.Code, w.Header().Get("Content-Range"))
	}
}

package origin

import (
	"fmt"
	"net/http"
	"testing"
)

// TestDecide is a table by clause of RFC 9110. The object has 100 bytes and the
// tag "x".
func TestDecide(t *testing.T) {
	s := Subject{Size: 100, ETag: `"x"`, Type: "model/gltf-binary", Cache: "public"}
	type header = map[string][]string
	for _, c := range []struct {
		clause string
		method string
		head   header
		status int
		want   string // start+length, and Content-Range where there is one
	}{
		{"9.3.1 a plain GET", "GET", nil, 200, "0+100 "},
		{"9.3.2 HEAD has the length and no body", "HEAD", nil, 200, "0+0 "},
		{"13.1.1 If-Match holds", "GET", header{"If-Match": {`"a", "x"`}}, 200, "0+100 "},
		{"13.1.1 If-Match over two lines", "GET", header{"If-Match": {`"a"`, `"x"`}}, 200, "0+100 "},
		{"13.1.1 If-Match fails", "GET", header{"If-Match": {`"a"`}}, 412, "0+0 "},
		{"13.1.1 If-Match is strong", "GET", header{"If-Match": {`W/"x"`}}, 412, "0+0 "},
		{"13.1.1 If-Match *", "GET", header{"If-Match": {`*`}}, 200, "0+100 "},
		{"13.1.2 If-None-Match holds", "GET", header{"If-None-Match": {`"x"`}}, 304, "0+0 "},
		{"13.1.2 If-None-Match is weak", "GET", header{"If-None-Match": {`W/"x"`}}, 304, "0+0 "},
		{"13.1.2 If-None-Match on the second line", "GET", header{"If-None-Match": {`"a"`, `"x"`}}, 304, "0+0 "},
		{"13.1.2 If-None-Match *", "HEAD", header{"If-None-Match": {"*"}}, 304, "0+0 "},
		{"13.1.2 another tag", "GET", header{"If-None-Match": {`"a"`}}, 200, "0+100 "},
		{"13.1.2 no tag at all", "GET", header{"If-None-Match": {`x`}}, 200, "0+100 "},
		{"13.1.2 a comma in a tag", "GET", header{"If-None-Match": {`"a,b", "x"`}}, 304, "0+0 "},
		{"13.2.2 If-None-Match before Range", "GET", header{"If-None-Match": {`"x"`}, "Range": {"bytes=0-1"}}, 304, "0+0 "},
		{"13.1.3 dates are ignored", "GET", header{"If-Modified-Since": {"Mon, 23 Nov 2026 00:00:00 GMT"}}, 200, "0+100 "},
		{"14.1.2 first and last", "GET", header{"Range": {"bytes=10-19"}}, 206, "10+10 bytes 10-19/100"},
		{"14.1.2 only first", "GET", header{"Range": {"bytes=90-"}}, 206, "90+10 bytes 90-99/100"},
		{"14.1.2 last beyond the end", "GET", header{"Range": {"bytes=90-500"}}, 206, "90+10 bytes 90-99/100"},
		{"14.1.2 last beyond counting", "GET", header{"Range": {"bytes=90-99999999999999999999"}}, 206, "90+10 bytes 90-99/100"},
		{"14.1.2 suffix", "GET", header{"Range": {"bytes=-5"}}, 206, "95+5 bytes 95-99/100"},
		{"14.1.2 suffix longer than all", "GET", header{"Range": {"bytes=-500"}}, 206, "0+100 bytes 0-99/100"},
		{"14.1.2 suffix of nothing", "GET", header{"Range": {"bytes=-0"}}, 416, "0+0 bytes */100"},
		{"14.1.2 first at the end", "GET", header{"Range": {"bytes=100-"}}, 416, "0+0 bytes */100"},
		{"14.1.2 first beyond counting", "GET", header{"Range": {"bytes=99999999999999999999-"}}, 416, "0+0 bytes */100"},
		{"14.1.2 last before first", "GET", header{"Range": {"bytes=9-3"}}, 200, "0+100 "},
		{"14.1.2 no numbers", "GET", header{"Range": {"bytes=-"}}, 200, "0+100 "},
		{"14.1.2 a sign", "GET", header{"Range": {"bytes=+1-2"}}, 200, "0+100 "},
		{"14.1.2 a set", "GET", header{"Range": {"bytes=0-1,5-6"}}, 200, "0+100 "},
		{"14.1 the unit in capitals", "GET", header{"Range": {"BYTES=0-0"}}, 206, "0+1 bytes 0-0/100"},
		{"14.2 another unit", "GET", header{"Range": {"seconds=1-2"}}, 200, "0+100 "},
		{"14.2 Range on HEAD", "HEAD", header{"Range": {"bytes=0-1"}}, 200, "0+0 "},
		{"13.1.5 If-Range holds", "GET", header{"Range": {"bytes=0-1"}, "If-Range": {`"x"`}}, 206, "0+2 bytes 0-1/100"},
		{"13.1.5 If-Range fails", "GET", header{"Range": {"bytes=0-1"}, "If-Range": {`"y"`}}, 200, "0+100 "},
		{"13.1.5 If-Range is strong", "GET", header{"Range": {"bytes=0-1"}, "If-Range": {`W/"x"`}}, 200, "0+100 "},
		{"13.1.5 If-Range with a date", "GET", header{"Range": {"bytes=0-1"}, "If-Range": {"Mon, 23 Nov 2026 00:00:00 GMT"}}, 200, "0+100 "},
		{"13.1.5 If-Range fails before 416", "GET", header{"Range": {"bytes=200-"}, "If-Range": {`"y"`}}, 200, "0+100 "},
	} {
		p := Decide(c.method, http.Header(c.head), s)
		got := fmt.Sprintf("%d+%d %s", p.Start, p.Length, p.Header.Get("Content-Range"))
		if p.Status != c.status || got != c.want {
			t.Errorf("%s: got %d %s, want %d %s", c.clause, p.Status, got, c.status, c.want)
		}
		if p.Header.Get("Etag") != s.ETag {
			t.Errorf("%s: no ETag", c.clause)
		}
		if p.Status < 300 && p.Header.Get("Content-Length") == "" {
			t.Errorf("%s: no Content-Length", c.clause)
		}
	}
}

func FuzzDecide(f *testing.F) {
	f.Add("GET", "bytes=0-1", `"x"`, `"x"`, `W/"y"`)
	f.Fuzz(func(t *testing.T, method, r, ifRange, match, none string) {
		h := http.Header{"Range": {r}, "If-Range": {ifRange}, "If-Match": {match}, "If-None-Match": {none}}
		p := Decide(method, h, Subject{Size: 100, ETag: `"x"`})
		if p.Start < 0 || p.Length < 0 || p.Start+p.Length > 100 {
			t.Errorf("got %d+%d of 100", p.Start, p.Length)
		}
	})
}

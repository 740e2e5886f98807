package origin

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// modified is when the object of these tests was; its Subject has 100 bytes.
var (
	modified = time.Date(2026, time.November, 23, 10, 20, 30, 0, time.UTC)
	object   = Subject{Size: 100, ETag: `"x"`, Modified: modified, Immutable: true}
)

// A row is one request for an object and the answer: its status, then the spans that
// follow as start+length; "silent" is an answer about bytes that do not follow.
type row struct {
	name string // begins with the clause of RFC 9110
	head http.Header
	want string
}

// fields makes a header of names and values; a name may come again.
func fields(pairs ...string) http.Header {
	h := http.Header{}
	for pair := range slices.Chunk(pairs, 2) {
		h.Add(pair[0], pair[1])
	}
	return h
}

func (p Plan) String() string {
	said := []string{fmt.Sprint(p.Status)}
	spans := p.Parts
	if p.Parts == nil && (p.Status == 200 || p.Status == 206) {
		spans = []Span{p.Span}
	}
	for _, s := range spans {
		said = append(said, fmt.Sprintf("%d+%d", s.Start, s.Length))
	}
	if !p.Body && len(spans) > 0 {
		said = append(said, "silent")
	}
	return strings.Join(said, " ")
}

func run(t *testing.T, method string, s Subject, rows []row) {
	t.Helper()
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			if got := Decide(method, r.head, s).String(); got != r.want {
				t.Errorf("%s %v: got %s, want %s", method, r.head, got, r.want)
			}
		})
	}
}

func TestScreen(t *testing.T) {
	for _, c := range []struct {
		name, method string
		length       int64
		head         http.Header
		status       int
		closing      bool
	}{
		{"9.3.1: GET goes on", "GET", 0, nil, 0, false},
		{"9.3.2: HEAD goes on", "HEAD", 0, nil, 0, false},
		{"9.3.1: a body of no bytes is none", "GET", 0, fields("Content-Length", "0"), 0, false},
		{"9.3.1: a GET with a body is refused and the connection ends", "GET", 5, nil, 400, true},
		{"9.3.1: a GET with a body of unknown length is refused", "GET", -1, nil, 400, true},
		{"9.3.1: a GET with a transfer coding is refused", "GET", 0, fields("Transfer-Encoding", "chunked"), 400, true},
		{"9.3.2: a HEAD with a body is refused", "HEAD", 1, nil, 400, true},
		{"9.3.7: OPTIONS is a preflight", "OPTIONS", 0, nil, 204, false},
		{"9.3.7: OPTIONS with a body is refused", "OPTIONS", 2, nil, 400, true},
		{"13.2.1: OPTIONS has no conditions", "OPTIONS", 0, fields("If-Match", `"y"`), 204, false},
		{"9.3.3: POST is not allowed", "POST", 0, nil, 405, false},
		{"9.3.3: POST with a body is not allowed and ends the connection", "POST", 5, nil, 405, true},
		{"9.3.4: PUT is not allowed", "PUT", -1, nil, 405, true},
		{"9.3.5: DELETE is not allowed", "DELETE", 0, nil, 405, false},
		{"9.3.6: CONNECT is not allowed and what follows it is not a request", "CONNECT", 0, nil, 405, true},
		{"9.3.8: TRACE is not allowed", "TRACE", 0, nil, 405, false},
		{"RFC 5789: PATCH is not allowed", "PATCH", 9, nil, 405, true},
		{"9.1: a method nobody knows is not implemented", "BREW", 0, nil, 501, false},
		{"9.1: a method nobody knows with a body ends the connection", "BREW", 3, nil, 501, true},
		{"9.1: names of methods are case-sensitive", "get", 0, nil, 501, false},
		{"9.1: no method is none that is known", "", 0, nil, 501, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			status, closing := Screen(c.method, c.head, c.length)
			if status != c.status || closing != c.closing {
				t.Errorf("got %d, closing %v; want %d, %v", status, closing, c.status, c.closing)
			}
		})
	}
}

const (
	before = "Mon, 23 Nov 2026 10:20:29 GMT"
	same   = "Mon, 23 Nov 2026 10:20:30 GMT"
	after  = "Mon, 23 Nov 2026 10:20:31 GMT"
)

func TestPrecedence(t *testing.T) {
	run(t, "GET", object, []row{
		{"9.3.1: a plain GET is all of it", nil, "200 0+100"},
		{"13.2.2: If-Match fails before If-None-Match holds", fields("If-Match", `"y"`, "If-None-Match", `"x"`), "412"},
		{"13.2.2: If-Match holds and If-None-Match is asked", fields("If-Match", `"x"`, "If-None-Match", `"x"`), "304"},
		{"13.2.2: If-Match holds and If-Modified-Since is asked", fields("If-Match", `"x"`, "If-Modified-Since", same), "304"},
		{"13.2.2: If-Match holds and If-Unmodified-Since is not asked", fields("If-Match", `"x"`, "If-Unmodified-Since", before), "200 0+100"},
		{"13.2.2: If-Unmodified-Since fails before If-None-Match holds", fields("If-Unmodified-Since", before, "If-None-Match", `"x"`), "412"},
		{"13.2.2: If-Unmodified-Since fails before If-Modified-Since", fields("If-Unmodified-Since", before, "If-Modified-Since", same), "412"},
		{"13.2.2: both dates hold", fields("If-Unmodified-Since", same, "If-Modified-Since", same), "304"},
		{"13.2.2: If-None-Match does not match and the date is not asked", fields("If-None-Match", `"y"`, "If-Modified-Since", after), "200 0+100"},
		{"13.2.2: 304 before a range", fields("If-None-Match", `"x"`, "Range", "bytes=0-1"), "304"},
		{"13.2.2: 304 before a range that can't be satisfied", fields("If-Modified-Since", same, "Range", "bytes=500-"), "304"},
		{"13.2.2: 412 before a range", fields("If-Match", `"y"`, "Range", "bytes=0-1"), "412"},
		{"13.2.2: 412 before a range that can't be satisfied", fields("If-Match", `"y"`, "Range", "bytes=500-"), "412"},
		{"13.2.2: a range once If-None-Match is passed", fields("If-None-Match", `"y"`, "Range", "bytes=0-1"), "206 0+2"},
		{"13.2.2: a range once If-Match is passed", fields("If-Match", `"x"`, "Range", "bytes=0-1"), "206 0+2"},
		{"13.2.2: If-None-Match comes before If-Range", fields("If-None-Match", `"x"`, "If-Range", `"y"`, "Range", "bytes=0-1"), "304"},
	})
}

func TestHead(t *testing.T) {
	run(t, "HEAD", object, []row{
		{"9.3.2: HEAD knows the length and sends no body", nil, "200 0+100 silent"},
		{"14.2: Range counts for GET alone", fields("Range", "bytes=0-1"), "200 0+100 silent"},
		{"14.2: HEAD is never unsatisfiable", fields("Range", "bytes=500-"), "200 0+100 silent"},
		{"13.1.2: HEAD gets 304 too", fields("If-None-Match", `"x"`), "304"},
		{"13.1.3: HEAD gets 304 by date too", fields("If-Modified-Since", same), "304"},
		{"13.1.1: HEAD gets 412 too", fields("If-Match", `"y"`), "412"},
	})
}

func TestDecideAllocatesNothing(t *testing.T) {
	for name, c := range map[string]struct {
		method string
		head   http.Header
		want   string
	}{
		"a plain GET":               {"GET", fields("Accept", "*/*", "User-Agent", "x"), "200 0+100"},
		"a HEAD":                    {"HEAD", nil, "200 0+100 silent"},
		"a 304 by tag":              {"GET", fields("If-None-Match", `"a", W/"b"`, "If-None-Match", `W/"x"`), "304"},
		"a 304 by date":             {"GET", fields("If-Modified-Since", "Monday, 23-Nov-26 10:20:30 GMT"), "304"},
		"a 412":                     {"GET", fields("If-Match", `"a", "b`), "412"},
		"a range":                   {"GET", fields("Range", "bytes=10-19", "If-Range", same), "206 10+10"},
		"a range beyond counting":   {"GET", fields("Range", "bytes=10-99999999999999999999"), "206 10+90"},
		"a 416":                     {"GET", fields("Range", "bytes=500-"), "416"},
		"a set that becomes one":    {"GET", fields("Range", "bytes=0-4, 5-9"), "206 0+10"},
		"a set that is not for us":  {"GET", fields("Range", "bytes=0-9,0-9,0-9"), "200 0+100"},
		"a Range that is malformed": {"GET", fields("Range", "bytes=a-b"), "200 0+100"},
	} {
		t.Run(name+" allocates nothing", func(t *testing.T) {
			var p Plan
			if n := testing.AllocsPerRun(100, func() { p = Decide(c.method, c.head, object) }); n != 0 {
				t.Errorf("got %v allocations", n)
			}
			if p.String() != c.want {
				t.Errorf("got %s, want %s", p, c.want)
			}
		})
	}
}

// FuzzDecide holds what is true of every answer, whatever the request says. Lines of a
// field are parted by line breaks.
func FuzzDecide(f *testing.F) {
	f.Add("GET", "bytes=0-1", `"x"`, `"x"`, `W/"y"`, same, after, int64(100))
	f.Add("GET", "bytes=90-, 0-9,,-5", same, "*", "\"a,b\"\n\"x\"", "Monday, 23-Nov-26 10:20:30 GMT", "Mon Nov 23 10:20:30 2026", int64(100))
	f.Add("HEAD", "bytes=-99999999999999999999", "", "", "", "", "", int64(0))
	f.Fuzz(func(t *testing.T, method, ranges, ifRange, match, none, since, unmodified string, size int64) {
		if size < 0 {
			t.Skip("no object has fewer than no bytes")
		}
		h := http.Header{}
		for name, value := range map[string]string{
			"Range": ranges, "If-Range": ifRange, "If-Match": match, "If-None-Match": none,
			"If-Modified-Since": since, "If-Unmodified-Since": unmodified,
		} {
			if value != "" {
				h[name] = strings.Split(value, "\n")
			}
		}
		s := Subject{Size: size, ETag: `"x"`, Modified: modified, Immutable: true}
		p := Decide(method, h, s)
		if again := Decide(method, h, s); again.String() != p.String() {
			t.Errorf("got %s, then %s", p, again)
		}
		checkPlan(t, p, method, size)
	})
}

// checkPlan checks that a plan can be carried out.
func checkPlan(t *testing.T, p Plan, method string, size int64) {
	t.Helper()
	spans := p.Parts
	switch p.Status {
	case 200:
		if p.Span != (Span{0, size}) || p.Parts != nil || p.Body != (method == "GET" && size > 0) {
			t.Errorf("got %s of %d bytes", p, size)
		}
		return
	case 304, 412, 416:
		if p.Body || p.Parts != nil || p.Span != (Span{}) {
			t.Errorf("got %s with bytes", p)
		}
		return
	case 206:
		if p.Parts == nil {
			spans = []Span{p.Span}
		} else if len(p.Parts) < 2 || len(p.Parts) > maxRanges {
			t.Errorf("got %d parts", len(p.Parts))
		}
		if method != "GET" || !p.Body {
			t.Errorf("got %s for %s", p, method)
		}
	default:
		t.Fatalf("got status %d", p.Status)
	}
	ordered := slices.SortedFunc(slices.Values(spans), func(a, b Span) int {
		return int(min(1, max(-1, a.Start-b.Start)))
	})
	end, sum := int64(-1), int64(0)
	for _, s := range ordered {
		if s.Length < 1 || s.Start <= end || s.Length > size-s.Start {
			t.Errorf("got %s of %d bytes: %v is empty, touches another or is outside", p, size, s)
		}
		end, sum = s.End(), sum+s.Length
	}
	if sum > size {
		t.Errorf("got %d bytes of %d", sum, size)
	}
}

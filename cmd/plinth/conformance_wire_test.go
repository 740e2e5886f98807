package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// A socket is a raw connection to a server. Answers are read strictly, so that what a
// tolerant client would put right is seen.
type socket struct {
	net.Conn
	in *bufio.Reader
}

// hang is how long a server may be silent before a test gives up on it.
const hang = 15 * time.Second

func dial(t testing.TB, address string) *socket {
	t.Helper()
	c, err := (&net.Dialer{Timeout: hang}).DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.SetDeadline(time.Now().Add(hang)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() }) // it may be closed
	return &socket{c, bufio.NewReader(c)}
}

// say sends text as it is.
func (w *socket) say(t testing.TB, text string) {
	t.Helper()
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatalf("send: %v", err)
	}
}

// ended returns an error unless the server has closed the connection in order, with
// nothing more to read.
func (w *socket) ended() error {
	rest, err := io.ReadAll(w.in)
	if err != nil || len(rest) > 0 {
		return fmt.Errorf("the connection should end: %.200q, %w", rest, err)
	}
	return nil
}

// A reply is one answer as it came.
type reply struct {
	version string
	status  int
	fields  []headerField // in order
	framing string        // none, length, chunked or close
	body    []byte
}

type headerField struct{ name, value string }

// all are the values of a field, whatever the case of its name.
func (r *reply) all(name string) (values []string) {
	for _, f := range r.fields {
		if strings.EqualFold(f.name, name) {
			values = append(values, f.value)
		}
	}
	return values
}

// get is the value of a field that occurs once, else "".
func (r *reply) get(name string) string {
	if all := r.all(name); len(all) == 1 {
		return all[0]
	}
	return ""
}

// last says that the server announced that it closes the connection.
func (r *reply) last() bool {
	says := strings.ToLower(strings.Join(r.all("Connection"), ","))
	return strings.Contains(says, "close") || r.version == "HTTP/1.0" && !strings.Contains(says, "keep-alive")
}

// receive reads one answer to a request with that method: the head and the body.
func (w *socket) receive(method string) (*reply, error) {
	r, err := w.head()
	if err != nil {
		return nil, err
	}
	return r, w.content(r, method)
}

// head reads a status line and a header.
func (w *socket) head() (*reply, error) {
	line, err := w.line()
	if err != nil {
		return nil, fmt.Errorf("status line: %w", err)
	}
	r := &reply{}
	// RFC 9112, section 4: version, three digits, and a reason that may be empty.
	version, rest, a := strings.Cut(line, " ")
	code, reason, b := strings.Cut(rest, " ")
	r.status, err = strconv.Atoi(code)
	if version != "HTTP/1.1" && version != "HTTP/1.0" || !a || !b || len(code) != 3 || err != nil || r.status < 100 || !isText(reason) {
		return nil, fmt.Errorf("%.100q is no status line", line)
	}
	r.version = version
	for {
		line, err := w.line()
		if err != nil {
			return nil, fmt.Errorf("header: %w", err)
		}
		if line == "" {
			return r, r.checkHeader()
		}
		name, value, ok := strings.Cut(line, ":")
		if !ok || !isToken(name) || !isText(value) {
			return nil, fmt.Errorf("%.100q is no header field", line)
		}
		r.fields = append(r.fields, headerField{name, strings.Trim(value, " \t")})
	}
}

// line reads up to CR LF; a bare CR or LF is an error.
func (w *socket) line() (string, error) {
	text, err := w.in.ReadString('\n')
	if err != nil {
		if text != "" && errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return "", err
	}
	text, ok := strings.CutSuffix(text, "\r\n")
	if !ok || strings.ContainsAny(text, "\r\n") {
		return "", fmt.Errorf("%.100q does not end with CR LF", text)
	}
	return text, nil
}

func isToken(s string) bool {
	return s != "" && strings.Trim(s, "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}

// isText says whether a field's value has no control characters but tabs.
func isText(s string) bool {
	return !strings.ContainsFunc(s, func(c rune) bool { return c < ' ' && c != '\t' || c == 0x7f })
}

// singletons are fields that are no lists: they must not occur twice.
var singletons = []string{
	"Content-Length", "Content-Type", "Content-Range", "Content-Location", "Date", "ETag", "Last-Modified", "Retry-After",
	"Location", "Access-Control-Allow-Origin", "Cross-Origin-Resource-Policy", "X-Content-Type-Options", "Transfer-Encoding",
}

func (r *reply) checkHeader() error {
	for _, name := range singletons {
		if n := len(r.all(name)); n > 1 {
			return fmt.Errorf("%s occurs %d times", name, n)
		}
	}
	if te := r.get("Transfer-Encoding"); te != "" && (te != "chunked" || r.get("Content-Length") != "" || r.status < 200 || r.status == 204) {
		return fmt.Errorf("a %d has Transfer-Encoding %q and Content-Length %q (RFC 9112, 6.1)", r.status, te, r.get("Content-Length"))
	}
	if l := r.get("Content-Length"); l != "" && (strings.Trim(l, "0123456789") != "" || r.status < 200 || r.status == 204) {
		return fmt.Errorf("a %d has Content-Length %q (RFC 9110, 8.6)", r.status, l)
	}
	if d := r.get("Date"); d != "" {
		if _, err := time.Parse(http.TimeFormat, d); err != nil {
			return fmt.Errorf("the Date is no IMF-fixdate: %w", err)
		}
	}
	return nil
}

// content reads the body, as RFC 9112, section 6.3, says where it ends.
func (w *socket) content(r *reply, method string) (err error) {
	length := r.get("Content-Length")
	switch {
	case method == http.MethodHead, r.status < 200, r.status == http.StatusNoContent, r.status == http.StatusNotModified:
		r.framing = "none"
	case r.get("Transfer-Encoding") != "":
		r.framing = "chunked"
		r.body, err = w.chunks()
	case length != "":
		n, e := strconv.ParseInt(length, 10, 63)
		if e != nil || n > 1<<30 {
			return fmt.Errorf("Content-Length is %s", length)
		}
		r.framing, r.body = "length", make([]byte, n)
		n2, e := io.ReadFull(w.in, r.body)
		if r.body, err = r.body[:n2], e; err != nil {
			return fmt.Errorf("the body ends after %d of %d bytes: %w", n2, n, err)
		}
	default:
		r.framing = "close"
		r.body, err = io.ReadAll(w.in)
	}
	return err
}

// chunks reads a chunked body without extensions or trailer, which Plinth doesn't send.
func (w *socket) chunks() (body []byte, err error) {
	for {
		line, err := w.line()
		if err != nil {
			return body, fmt.Errorf("chunk: %w", err)
		}
		n, err := strconv.ParseUint(line, 16, 30)
		if err != nil {
			return body, fmt.Errorf("chunk: %w", err)
		}
		part := make([]byte, n)
		if _, err := io.ReadFull(w.in, part); err != nil {
			return body, fmt.Errorf("chunk: %w", err)
		}
		body = append(body, part...)
		if line, err = w.line(); err != nil || line != "" {
			return body, fmt.Errorf("a chunk ends with %q, %w", line, err)
		}
		if n == 0 {
			return body, nil
		}
	}
}

// parts reads multipart/byteranges (RFC 9110, 14.6) to the letter: no preamble, no
// epilogue, in each part a Content-Type and a Content-Range. It returns Content-Range
// and bytes of each.
func (r *reply) parts(media string) (ranges []string, bodies [][]byte, err error) {
	boundary, ok := strings.CutPrefix(r.get("Content-Type"), "multipart/byteranges; boundary=")
	if !ok || len(boundary) > 70 || !isToken(boundary) {
		return nil, nil, fmt.Errorf("Content-Type is %q", r.get("Content-Type"))
	}
	rest, ok := strings.CutSuffix("\r\n"+string(r.body), "\r\n--"+boundary+"--\r\n")
	if !ok {
		return nil, nil, errors.New("the last boundary is missing")
	}
	for i, part := range strings.Split(rest, "\r\n--"+boundary+"\r\n") {
		if i == 0 {
			if part != "" {
				return nil, nil, fmt.Errorf("before the first boundary: %.100q", part)
			}
			continue
		}
		head, body, ok := strings.Cut(part, "\r\n\r\n")
		lines := strings.Split(head, "\r\n")
		if !ok || len(lines) != 2 || !slices.Contains(lines, "Content-Type: "+media) {
			return nil, nil, fmt.Errorf("the head of a part is %.200q", head)
		}
		at := slices.IndexFunc(lines, func(s string) bool { return strings.HasPrefix(s, "Content-Range: ") })
		if at < 0 {
			return nil, nil, fmt.Errorf("the head of a part is %.200q", head)
		}
		ranges = append(ranges, strings.TrimPrefix(lines[at], "Content-Range: "))
		bodies = append(bodies, []byte(body))
	}
	return ranges, bodies, nil
}

// over is a socket that has said all it will.
func over(text string) *socket { return &socket{in: bufio.NewReader(strings.NewReader(text))} }

func TestTheReaderOfAnswersIsStrict(t *testing.T) {
	const ok = "HTTP/1.1 200 OK\r\n"
	for name, c := range map[string]struct{ method, text string }{
		"a line that ends with LF":                {"GET", "HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n"},
		"a status of two digits":                  {"GET", "HTTP/1.1 20 OK\r\nContent-Length: 0\r\n\r\n"},
		"a status line without a second space":    {"GET", "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n"},
		"another protocol":                        {"GET", "HTTP/2 200 OK\r\nContent-Length: 0\r\n\r\n"},
		"a space before a colon":                  {"GET", ok + "Content-Length : 0\r\n\r\n"},
		"a control character":                     {"GET", ok + "X: a\x01\r\nContent-Length: 0\r\n\r\n"},
		"a carriage return in a value":            {"GET", ok + "X: a\rb\r\nContent-Length: 0\r\n\r\n"},
		"two lengths":                             {"GET", ok + "Content-Length: 1\r\ncontent-length: 1\r\n\r\na"},
		"a length with a sign":                    {"GET", ok + "Content-Length: +1\r\n\r\na"},
		"a length and chunks":                     {"GET", ok + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
		"a length on 204":                         {"GET", "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n"},
		"a date of another format":                {"GET", ok + "Date: 2026-11-23\r\nContent-Length: 0\r\n\r\n"},
		"a body that ends too early":              {"GET", ok + "Content-Length: 5\r\n\r\nfour"},
		"a chunked body without end":              {"GET", ok + "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n"},
		"a chunk that is longer than it says":     {"GET", ok + "Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n"},
		"a header without end":                    {"HEAD", ok + "Content-Length: 5\r\n"},
		"nothing":                                 {"GET", ""},
		"a body where none was said to be, later": {"HEAD", ""},
	} {
		if r, err := over(c.text).receive(c.method); err == nil {
			t.Errorf("%s: taken as %+v", name, r)
		}
	}
	w := over(ok + "Content-Length: 5\r\n\r\n" + ok + "Content-Length: 2\r\n\r\nhi")
	head, err := w.receive("HEAD")
	next, err2 := w.receive("GET")
	if err != nil || err2 != nil || len(head.body) != 0 || string(next.body) != "hi" || w.ended() != nil {
		t.Errorf("two answers in a row: %v, %v", err, err2)
	}
	if over("more").ended() == nil {
		t.Error("bytes after the end are not seen")
	}
}

func TestTheReaderOfPartsIsStrict(t *testing.T) {
	const first, second, end = "--b\r\nContent-Type: a/b\r\nContent-Range: bytes 0-1/9\r\n\r\nab", "\r\n--b\r\nContent-Range: bytes 4-4/9\r\nContent-Type: a/b\r\n\r\ne", "\r\n--b--\r\n"
	read := func(body string) error {
		r := &reply{fields: []headerField{{"Content-Type", "multipart/byteranges; boundary=b"}}, body: []byte(body)}
		ranges, bodies, err := r.parts("a/b")
		if err == nil && (len(ranges) != 2 || string(bodies[1]) != "e" || ranges[0] != "bytes 0-1/9") {
			err = fmt.Errorf("%q %q", ranges, bodies)
		}
		return err
	}
	if err := read(first + second + end); err != nil {
		t.Error(err)
	}
	for _, body := range []string{
		first + second, "hello\r\n" + first + second + end, first + second + end + "bye", "", end,
		strings.Replace(first+second+end, "Content-Type: a/b\r\n", "", 1), strings.ReplaceAll(first+second+end, "\r\n", "\n"),
	} {
		if read(body) == nil {
			t.Errorf("taken: %q", body)
		}
	}
}

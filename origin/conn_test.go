package origin

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"sort"
	"strings"
	"testing"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// listening accepts connections of ours.
type listening struct{ *net.TCPListener }

func (l listening) Accept() (net.Conn, error) {
	c, err := l.AcceptTCP()
	if err != nil {
		return nil, err
	}
	return &Conn{TCPConn: c}, nil
}

// TestHeadsThatAreReadyAreTheSame asks for everything through a connection of ours and
// without one: only the order of fields may differ.
func TestHeadsThatAreReadyAreTheSame(t *testing.T) {
	s := newStall(t, nil)
	l, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: s, ConnContext: func(ctx context.Context, c net.Conn) context.Context {
		return ConnContext(ctx, c.(*Conn))
	}}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listening{l}) }()
	t.Cleanup(func() {
		_ = server.Close()
		<-ended
	})
	conn, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close() //nolint:errcheck // a test's
	read := bufio.NewReader(conn)
	tag := `"` + asset.Hash(s.levels[3]) + `"`
	small, large := "/o/acme/"+asset.Hash(s.levels[3])+"/lamp.glb", "/o/acme/"+asset.Hash(s.levels[0])+"/lamp.glb"
	for _, c := range []struct {
		method, path string
		header       http.Header
	}{
		{"GET", small, nil},
		{"HEAD", small, nil},
		{"GET", large, nil},
		{"GET", large, nil},
		{"GET", large, http.Header{"Range": {"bytes=5-100000"}}},
		{"GET", large, http.Header{"Range": {"bytes=0-1,5-6"}}},
		{"GET", small, http.Header{"If-None-Match": {tag}}},
		{"GET", small, http.Header{"If-Match": {`"x"`}}},
		{"GET", small, http.Header{"Range": {"bytes=999999-"}}},
		{"GET", "/p/acme/lamp.glb", nil},
		{"GET", "/p/acme/lamp.json", nil},
		{"GET", "/p/acme/lamp.json", http.Header{"Accept-Encoding": {"br"}}},
		{"OPTIONS", small, nil},
		{"GET", "/none", nil},
		{"GET", small, nil},
	} {
		r := httptest.NewRequest(c.method, c.path, nil)
		r.Header = c.header.Clone()
		if r.Header == nil {
			r.Header = http.Header{}
		}
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		want := w.Result()

		out, err := http.NewRequest(c.method, "http://origin.test"+c.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		maps.Copy(out.Header, c.header)
		if err := out.Write(conn); err != nil {
			t.Fatal(err)
		}
		got, err := http.ReadResponse(read, out)
		if err != nil {
			t.Fatalf("%s %s %v: %v", c.method, c.path, c.header, err)
		}
		body, err := io.ReadAll(got.Body)
		if err != nil {
			t.Fatal(err)
		}
		if c.method != "HEAD" && !bytes.Equal(body, w.Body.Bytes()) {
			t.Errorf("%s %s %v: %d bytes, want %d", c.method, c.path, c.header, len(body), w.Body.Len())
		}
		if a, b := lines(got), lines(want); got.StatusCode != want.StatusCode || a != b {
			t.Errorf("%s %s %v: got %d\n%s\nwant %d\n%s", c.method, c.path, c.header, got.StatusCode, a, want.StatusCode, b)
		}
	}
}

// lines are the fields of an answer, sorted, but for what differs from moment to moment.
func lines(r *http.Response) string {
	var out []string
	for name, values := range r.Header {
		if name == "Date" || name == "Server-Timing" || r.StatusCode == http.StatusNotModified && strings.HasPrefix(name, "Content-") {
			continue
		}
		for _, v := range values {
			out = append(out, name+": "+v)
		}
	}
	sort.Strings(out)
	return strings.Join(out, "\n")
}

func TestAConnectionTellsOfWhatItDoesNotKnow(t *testing.T) {
	a, b := pair(t)
	a.prepend([]byte("X: y\r\n"))
	if n, err := a.Write([]byte("no status line\r\n")); n != 0 || !errors.Is(err, errHead) {
		t.Errorf("got %d, %v", n, err)
	}
	a.prepend([]byte("X: y\r\n"))
	if n, err := a.Write([]byte("HTTP/1.1 200 OK\r\nA: b\r\n\r\nbody")); n != len("HTTP/1.1 200 OK\r\nA: b\r\n\r\nbody") || err != nil {
		t.Errorf("got %d, %v", n, err)
	}
	if n, err := a.Write([]byte("more")); n != 4 || err != nil {
		t.Errorf("got %d, %v", n, err)
	}
	_ = a.Close()
	text, err := io.ReadAll(b)
	if want := "HTTP/1.1 200 OK\r\nX: y\r\nA: b\r\n\r\nbodymore"; string(text) != want || err != nil {
		t.Errorf("got %q, %v", text, err)
	}
}

func pair(t *testing.T) (*Conn, net.Conn) {
	t.Helper()
	l, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close() //nolint:errcheck // a test's
	other, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	c, err := l.AcceptTCP()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = other.Close() })
	return &Conn{TCPConn: c}, other
}

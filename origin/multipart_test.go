package origin

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/plinth3d/plinth/pipeline/asset"
)

func TestMultipart(t *testing.T) {
	m := NewMultipart("model/gltf-binary", `"x"`, 100, []Span{{50, 10}, {0, 2}})
	t.Run("14.6: the bytes are these", func(t *testing.T) {
		sum := sha256.Sum256([]byte(`"x" 50+10 0+2`))
		line := hex.EncodeToString(sum[:])
		got := string(assemble(m, bytes.Repeat([]byte("."), 100), []Span{{50, 10}, {0, 2}}))
		want := "--" + line + "\r\nContent-Type: model/gltf-binary\r\nContent-Range: bytes 50-59/100\r\n\r\n.........." +
			"\r\n--" + line + "\r\nContent-Type: model/gltf-binary\r\nContent-Range: bytes 0-1/100\r\n\r\n.." +
			"\r\n--" + line + "--\r\n"
		if got != want || m.Length != int64(len(want)) {
			t.Errorf("got %q (%d), want %q (%d)", got, m.Length, want, len(want))
		}
		if m.Type != "multipart/byteranges; boundary="+line {
			t.Errorf("got type %q", m.Type)
		}
	})
	t.Run("14.6: another object or other parts have another boundary", func(t *testing.T) {
		seen := map[string]bool{m.Type: true}
		for _, o := range []Multipart{
			NewMultipart("model/gltf-binary", `"y"`, 100, []Span{{50, 10}, {0, 2}}),
			NewMultipart("model/gltf-binary", `"x"`, 100, []Span{{0, 2}, {50, 10}}),
			NewMultipart("model/gltf-binary", `"x"`, 100, []Span{{50, 1}, {0, 2}}),
		} {
			if seen[o.Type] {
				t.Errorf("got %q twice", o.Type)
			}
			seen[o.Type] = true
		}
	})
	t.Run("15.3.7.2: parts of what has no type have none", func(t *testing.T) {
		m := NewMultipart("", `"x"`, 100, []Span{{0, 1}, {5, 1}})
		if strings.Contains(string(m.Heads[0]), "Content-Type") {
			t.Errorf("got %q", m.Heads[0])
		}
	})
	t.Run("RFC 2046, 5.1.1: a boundary has at most 70 characters", func(t *testing.T) {
		_, parameters, err := mime.ParseMediaType(m.Type)
		if n := len(parameters["boundary"]); err != nil || n > 70 || n < 32 {
			t.Errorf("got %d, %v", n, err)
		}
	})
}

// assemble is what a sender would write.
func assemble(m Multipart, body []byte, parts []Span) []byte {
	var b []byte
	for i, s := range parts {
		b = append(append(b, m.Heads[i]...), body[s.Start:s.End()]...)
	}
	return append(b, m.Trailer...)
}

// TestMultipartIsRead lets the standard library take apart what is laid out.
func TestMultipartIsRead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		body := rapid.SliceOfN(rapid.Byte(), 1, 200).Draw(t, "body")
		cuts := rapid.SliceOfN(rapid.IntRange(0, len(body)), 2, 12).Draw(t, "cuts")
		slices.Sort(cuts)
		var parts []Span
		for pair := range slices.Chunk(cuts, 2) {
			if len(pair) == 2 && pair[0] < pair[1] {
				parts = append(parts, Span{int64(pair[0]), int64(pair[1] - pair[0])})
			}
		}
		if len(parts) == 0 {
			t.Skip("no byte in any part")
		}
		m := NewMultipart("image/png", `"z"`, int64(len(body)), parts)
		sent := assemble(m, body, parts)
		if int64(len(sent)) != m.Length {
			t.Errorf("got %d bytes, want %d", len(sent), m.Length)
		}
		readParts(t, m.Type, sent, body, parts)
	})
}

// readParts checks that a multipart body has these parts and no more.
func readParts(t rapid.TB, contentType string, sent, body []byte, parts []Span) {
	kind, parameters, err := mime.ParseMediaType(contentType)
	if err != nil || kind != "multipart/byteranges" {
		t.Fatalf("got type %q, %v", kind, err)
	}
	r := multipart.NewReader(bytes.NewReader(sent), parameters["boundary"])
	for _, s := range parts {
		p, err := r.NextRawPart()
		if err != nil {
			t.Fatalf("part %v: %v", s, err)
		}
		got, err := io.ReadAll(p)
		if want := body[s.Start:s.End()]; err != nil || !bytes.Equal(got, want) {
			t.Errorf("part %v: got %q, %v; want %q", s, got, err, want)
		}
		if got, want := p.Header.Get("Content-Range"), ContentRange(s, int64(len(body))); got != want {
			t.Errorf("got Content-Range %q, want %q", got, want)
		}
	}
	if _, err := r.NextRawPart(); !errors.Is(err, io.EOF) {
		t.Errorf("got %v after the last part", err)
	}
}

func TestSendParts(t *testing.T) {
	body := []byte("0123456789abcdefghijklmnopqrstuvwxyz")
	d := newHead(kindRendition, Subject{Size: int64(len(body))}, "model/gltf-binary", asset.Hash(body), forever)
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header = fields("Range", "bytes=-3,0-9,20-20")
	q := request{Request: r, head: d, bytes: body}
	if err := q.prepare(w, 0); err != nil {
		t.Fatal(err)
	}
	q.answer(w)
	if q.err != nil || w.Code != http.StatusPartialContent || q.status != w.Code || w.Header().Get("Content-Length") != strconv.FormatInt(q.sent, 10) || int(q.sent) != w.Body.Len() {
		t.Errorf("got %d, %d bytes, %v, %v", w.Code, q.sent, w.Header(), q.err)
	}
	if got := w.Header().Get("Content-Range"); got != "" {
		t.Errorf("15.3.7.2: got Content-Range %q outside the parts", got)
	}
	readParts(t, w.Header().Get("Content-Type"), w.Body.Bytes(), body, []Span{{33, 3}, {0, 10}, {20, 1}})
}

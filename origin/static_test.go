package origin

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
)

func TestStaticFiles(t *testing.T) {
	s := &Static{
		Files: fstest.MapFS{
			"index.html":       {Data: []byte("<p>shop")},
			"assets/a.js":      {Data: []byte(strings.Repeat("script ", 100))},
			"assets/a.js.br":   {Data: []byte("in brotli")},
			"assets/a.js.gz":   {Data: []byte("in gzip")},
			"plain.css":        {Data: []byte(strings.Repeat("css ", 100))},
			"decoder/d.wasm":   {Data: []byte("program")},
			"secret.env":       {Data: []byte("x")},
			"decoder/.keep":    {},
			"assets/deep/x.js": {Data: []byte("1")},
		},
		Forever: func(name string) bool { return strings.HasPrefix(name, "assets/") },
		Header:  map[string]string{"Referrer-Policy": "no-referrer"},
	}
	ask := func(method, path string, header ...string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, path, nil)
		for i := 0; i < len(header); i += 2 {
			r.Header.Add(header[i], header[i+1])
		}
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if w.Header().Get("Referrer-Policy") == "" || w.Header().Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s %s: got %v", method, path, w.Header())
		}
		return w
	}
	for _, c := range []struct{ path, accept, coding, body, cache, media string }{
		{"/", "", "", "<p>shop", "no-cache", "text/html; charset=utf-8"},
		{"/assets/a.js", "gzip, br", "br", "in brotli", forever, "text/javascript; charset=utf-8"},
		{"/assets/a.js", "gzip", "gzip", "in gzip", forever, "text/javascript; charset=utf-8"},
		{"/assets/a.js", "", "", strings.Repeat("script ", 100), forever, "text/javascript; charset=utf-8"},
		{"/decoder/d.wasm", "br", "", "program", "no-cache", "application/wasm"},
	} {
		w := ask(http.MethodGet, c.path, "Accept-Encoding", c.accept)
		h := w.Header()
		if w.Code != 200 || h.Get("Content-Encoding") != c.coding || w.Body.String() != c.body || h.Get("Cache-Control") != c.cache || h.Get("Content-Type") != c.media || h.Get("Vary") != "Accept-Encoding" {
			t.Errorf("%s as %q: got %d %q %v", c.path, c.accept, w.Code, w.Body, h)
		}
		if again := ask(http.MethodGet, c.path, "Accept-Encoding", c.accept, "If-None-Match", h.Get("ETag")); again.Code != http.StatusNotModified {
			t.Errorf("%s as %q again: got %d", c.path, c.accept, again.Code)
		}
	}
	if w := ask(http.MethodGet, "/plain.css", "Accept-Encoding", "gzip"); w.Header().Get("Content-Encoding") != "gzip" {
		t.Errorf("without neighbours: got %v", w.Header())
	}
	for _, path := range []string{"/secret.env", "/decoder/.keep", "/decoder", "/assets/a.js.br", "/no.js", "/../index.go", "/assets/deep"} {
		if w := ask(http.MethodGet, path); w.Code != http.StatusNotFound {
			t.Errorf("%s: got %d", path, w.Code)
		}
	}
	if w := ask(http.MethodPost, "/"); w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") == "" {
		t.Errorf("POST: got %d, %v", w.Code, w.Header())
	}
}

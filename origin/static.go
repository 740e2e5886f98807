package origin

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"sync"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// Static serves files that are part of the program: pages, scripts, decoders. A file that
// has a neighbour with ".br" or ".gz" at its end is served in that coding to those who
// take it; text without neighbours is compressed when it is first asked for.
type Static struct {
	// Files are what there is; the path "/" is index.html.
	Files fs.FS
	// Forever says which files never change, because their names do.
	Forever func(name string) bool
	// Header is on every answer, beside what lets scripts of any site read it.
	Header map[string]string

	pages sync.Map // name -> func() (*page, error)
}

// staticRate is the least number of bytes per second that a client takes.
const staticRate = 16 << 10

var staticTypes = map[string]string{
	".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8",
	".json": "application/json", ".wasm": "application/wasm", ".svg": "image/svg+xml", ".txt": "text/plain; charset=utf-8",
	".png": "image/png", ".webp": "image/webp", ".ktx2": "image/ktx2", ".glb": "model/gltf-binary",
}

// ServeHTTP answers for one file.
func (s *Static) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q := &request{Request: r, level: -1}
	h := w.Header()
	for name, value := range s.Header {
		h.Set(name, value)
	}
	status, last := Screen(r.Method, r.Header, r.ContentLength)
	if last {
		h["Connection"] = closing
	}
	switch {
	case status == http.StatusNoContent:
		put(h, common)
		h["Allow"] = []string{"GET, HEAD, OPTIONS"}
		w.WriteHeader(status)
		return
	case status != 0:
		refuse(w, q, status, screened(h, status))
		return
	}
	p, err := s.page(r)
	if err != nil {
		refuse(w, q, statusOf(h, err), err)
		return
	}
	c := p.choose(r.Header["Accept-Encoding"])
	q.head, q.bytes = c.head, c.body
	if err := q.prepare(w, staticRate); err != nil {
		refuse(w, q, statusOf(h, err), err)
		return
	}
	q.answer(w)
}

func (s *Static) page(r *http.Request) (*page, error) {
	name := strings.TrimPrefix(path.Clean("/"+r.URL.Path), "/")
	if name == "" {
		name = "index.html"
	}
	if staticTypes[path.Ext(name)] == "" || !fs.ValidPath(name) {
		return nil, errPath
	}
	if info, err := fs.Stat(s.Files, name); err != nil || info.IsDir() {
		return nil, errPath
	}
	load, _ := s.pages.LoadOrStore(name, sync.OnceValues(func() (*page, error) { return s.load(name) }))
	return load.(func() (*page, error))()
}

func (s *Static) load(name string) (*page, error) {
	text, err := fs.ReadFile(s.Files, name)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	cache := "no-cache"
	if s.Forever != nil && s.Forever(name) {
		cache = forever
	}
	var ready []*coded
	for _, c := range []struct{ coding, end string }{{"br", ".br"}, {"gzip", ".gz"}} {
		body, err := fs.ReadFile(s.Files, name+c.end)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", name+c.end, err)
		}
		ready = append(ready, &coded{coding: c.coding, digest: asset.Hash(body), body: body})
	}
	return newPage(text, ready, pageHead{media: staticTypes[path.Ext(name)], cache: cache}), nil
}

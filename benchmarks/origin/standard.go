package main

import (
	"fmt"
	"mime"
	"net"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"slices"
)

// serve is a server in Go as its documentation has it, with headers (name, value, name...)
// added to every answer. It runs as a process of its own, and ends with an error.
func serve(kind, dir string, headers []string) error {
	if err := mime.AddExtensionType(".glb", "model/gltf-binary"); err != nil {
		return err
	}
	kinds := map[string]http.Handler{"servecontent": textbook(dir), "fileserver": http.FileServer(http.Dir(dir))}
	handler, ok := kinds[kind]
	if !ok {
		return fmt.Errorf("no server is called %q", kind)
	}
	if len(headers) > 0 {
		handler = with(headers, handler)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Printf("Listening on http://%s\n", l.Addr())
	return http.Serve(l, handler)
}

// textbook opens the file of a request and hands it to ServeContent.
func textbook(dir string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f, err := os.Open(filepath.Join(dir, filepath.FromSlash(path.Clean("/"+r.URL.Path))))
		if err != nil {
			http.NotFound(w, r)
			return
		}
		defer f.Close() //nolint:errcheck // only read
		info, err := f.Stat()
		if err != nil || info.IsDir() {
			http.NotFound(w, r)
			return
		}
		http.ServeContent(w, r, info.Name(), info.ModTime(), f)
	})
}

// with adds headers.
func with(headers []string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		for pair := range slices.Chunk(headers, 2) {
			h.Set(pair[0], pair[1])
		}
		next.ServeHTTP(w, r)
	})
}

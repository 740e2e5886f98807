// Package viewer is the shop page: a grid of products, each shown in model-viewer at
// the level its element needs. npm and Vite build it into dist/, which is
// embedded; without that the page says how to build it.
package viewer

import (
	"embed"
	"errors"
	"io/fs"
	"net/http"
	"strings"

	"github.com/plinth3d/plinth/origin"
)

//go:embed all:dist
var dist embed.FS

// policy lets the page load from its own host only. Model-viewer makes blobs of
// textures and compiles decoders.
const policy = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval' blob:; worker-src 'self' blob:; " +
	"connect-src 'self' blob: data:; img-src 'self' blob: data:; style-src 'self' 'unsafe-inline'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'self'"

const missing = `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Plinth</title>
<body style="font: 16px/1.5 system-ui; max-width: 40em; margin: 4em auto; padding: 0 1em">
<h1>Plinth is running; its shop page is not built</h1>
<p>This binary was built without the page. With Node 20 or newer, run</p>
<pre>make viewer build</pre>
<p>and start it again. The API is at <a href="/v1/models">/v1/models</a>.</p>
</body></html>
`

// Handler serves the page. Products are fetched from assets, an origin such as
// https://cdn.example.com, or from the page's own host where that is "".
func Handler(assets string) (http.Handler, error) {
	files, err := fs.Sub(dist, "dist")
	if err != nil {
		return nil, err
	}
	return handler(files, assets), nil
}

func handler(files fs.FS, assets string) http.Handler {
	static := &origin.Static{
		Files:   files,
		Forever: func(name string) bool { return strings.HasPrefix(name, "assets/") }, // named by their content
		Header: map[string]string{
			"Content-Security-Policy": strings.Replace(policy, "connect-src", "connect-src "+assets, 1),
			"Referrer-Policy":         "no-referrer",
		},
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := fs.Stat(files, "index.html"); r.URL.Path == "/" && errors.Is(err, fs.ErrNotExist) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = w.Write([]byte(missing)) // a client that left has no use for it
			return
		}
		static.ServeHTTP(w, r)
	})
}

package origin

import "net/http"

// Health answers probes: /healthz while the process lives, /readyz while it takes
// requests. A store that is down doesn't make it unready, since what is cached is still
// served, and all origins have the same store.
func (o *Origin) Health(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h["Cache-Control"], h["Content-Type"] = noStore, []string{"text/plain; charset=utf-8"}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		h.Set("Allow", "GET, HEAD")
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	if r.URL.Path == "/readyz" && o.draining.Load() {
		h["Connection"] = closing
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = w.Write([]byte("draining\n")) // a probe that left has no use for it
		return
	}
	_, _ = w.Write([]byte("ok\n"))
}

package viewer

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
)

func get(h http.Handler, path string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	return w
}

func TestAPageThatIsNotBuiltSaysHowToBuildIt(t *testing.T) {
	w := get(handler(fstest.MapFS{".keep": {}}, ""), "/")
	if w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), "make viewer build") {
		t.Errorf("got %d: %s", w.Code, w.Body)
	}
}

func TestFilesAreServedWithAPolicy(t *testing.T) {
	h := handler(fstest.MapFS{"index.html": {Data: []byte("<p>shop")}, "assets/a.js": {Data: []byte("1")}, ".keep": {}}, "http://cdn.test")
	if w := get(h, "/"); w.Code != 200 || !strings.Contains(w.Body.String(), "shop") || !strings.Contains(w.Header().Get("Content-Security-Policy"), "connect-src http://cdn.test 'self'") {
		t.Errorf("got %d: %s, %v", w.Code, w.Body, w.Header())
	}
	if w := get(h, "/assets/a.js"); !strings.Contains(w.Header().Get("Cache-Control"), "immutable") {
		t.Errorf("got %v", w.Header())
	}
	for _, path := range []string{"/no", "/.keep", "/assets", "/../viewer.go"} {
		if w := get(h, path); w.Code != http.StatusNotFound {
			t.Errorf("%s: got %d", path, w.Code)
		}
	}
}

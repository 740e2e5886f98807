package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestProbeTellsIfAllIsWell(t *testing.T) {
	held := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/well", "/empty":
			if r.Method != http.MethodGet {
				t.Errorf("it was asked by %s", r.Method)
			}
			if r.URL.Path == "/empty" {
				w.WriteHeader(http.StatusNoContent)
			}
		case "/moved":
			http.Redirect(w, r, "/well", http.StatusFound)
		case "/slow":
			select {
			case <-held:
			case <-r.Context().Done():
			}
		default:
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	defer server.Close()
	defer close(held)
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	t.Setenv("HTTP_PROXY", gone.URL)
	for name, c := range map[string]struct {
		args []string
		code int
		says string
	}{
		"200":                    {[]string{server.URL + "/well"}, exitOK, "200 OK"},
		"204":                    {[]string{server.URL + "/empty"}, exitOK, "204"},
		"503":                    {[]string{server.URL + "/ill"}, exitInput, "503 Service Unavailable"},
		"a redirect":             {[]string{server.URL + "/moved"}, exitInput, "302 Found"},
		"nobody listens":         {[]string{gone.URL}, exitInput, "refused"},
		"no answer in time":      {[]string{server.URL + "/slow", "--timeout", "20ms"}, exitInput, "deadline"},
		"what is no URL of ours": {[]string{"file:///etc/passwd"}, exitUsage, "no URL like"},
		"no URL":                 {nil, exitUsage, "wants a URL"},
	} {
		t.Run(name, func(t *testing.T) {
			code, out, err := plinth(t, append([]string{"probe"}, c.args...)...)
			if code != c.code || !strings.Contains(out+err, c.says) {
				t.Errorf("exit %d, want %d: %s%s", code, c.code, out, err)
			}
		})
	}
}

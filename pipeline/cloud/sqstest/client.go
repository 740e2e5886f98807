package sqstest

import (
	"io"
	"net/http"
	"net/http/httptest"
)

// Client is an HTTP client that reaches this server without a connection.
func (s *Server) Client() *http.Client { return &http.Client{Transport: direct{s}} }

// direct carries requests to a server within the process.
type direct struct{ server *Server }

// RoundTrip answers one request.
func (d direct) RoundTrip(r *http.Request) (*http.Response, error) {
	type result struct {
		answer *http.Response
		err    error
	}
	done := make(chan result, 1)
	go func() {
		w := httptest.NewRecorder()
		defer func() {
			if recover() != nil { // the server closes the connection
				done <- result{nil, io.ErrUnexpectedEOF}
				return
			}
			done <- result{w.Result(), nil}
		}()
		d.server.ServeHTTP(w, r)
	}()
	select {
	case got := <-done:
		return got.answer, got.err
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
}

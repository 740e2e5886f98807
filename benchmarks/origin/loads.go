package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// A load is what is asked of a server again and again.
type load struct {
	name, title string
	file        string // name of the object
	length      int    // bytes of a range at a random offset, 0 asks for all
	known       bool   // the client has it already
}

func (l load) id() string { return l.name }

var loads = []load{
	{"4k", "4 KiB", "4k", 0, false},
	{"200k", "200 KiB", "200k", 0, false},
	{"5m", "5 MiB", "5m", 0, false},
	{"range", "64 KiB of 50 MB", "50mb", 64 << 10, false},
	{"304", "304 of 200 KiB", "200k", 0, true},
}

// A request is one line of a load, with what must come back.
type request struct {
	field, value string // a header field, or ""
	status       int
	body         []byte
}

// requests are those of a load, in an order that is always the same. A 304 asks with the
// validator that the server sent: its ETag or, where it has none, its date.
func (b *bench) requests(ctx context.Context, l load, base string) ([]request, error) {
	o := b.files[l.file]
	switch {
	case l.known:
		field, value, err := validator(ctx, base+o.path)
		return []request{{field, value, http.StatusNotModified, nil}}, err
	case l.length == 0:
		return []request{{"", "", http.StatusOK, o.data}}, nil
	}
	r := rand.New(rand.NewPCG(seed, uint64(l.length)))
	out := make([]request, 1000)
	for i := range out {
		at := r.IntN(len(o.data) - l.length)
		out[i] = request{"Range", fmt.Sprintf("bytes=%d-%d", at, at+l.length-1), http.StatusPartialContent, o.data[at : at+l.length]}
	}
	return out, nil
}

// validator is the condition for a 304.
func validator(ctx context.Context, address string) (field, value string, err error) {
	answer, _, err := get(ctx, address, request{})
	if err != nil {
		return "", "", err
	}
	if tag := answer.Header.Get("Etag"); tag != "" {
		return "If-None-Match", tag, nil
	}
	if date := answer.Header.Get("Last-Modified"); date != "" {
		return "If-Modified-Since", date, nil
	}
	return "", "", fmt.Errorf("%s has no validator", address)
}

// get asks once; the body is read.
func get(ctx context.Context, address string, q request) (*http.Response, []byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, nil, err
	}
	r.Header.Set("Accept-Encoding", "identity")
	if q.field != "" {
		r.Header.Set(q.field, q.value)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, nil, err
	}
	body, err := io.ReadAll(answer.Body)
	return answer, body, errors.Join(err, answer.Body.Close())
}

// verify asks a few of the requests and looks at every byte.
func verify(ctx context.Context, address string, all []request) error {
	for _, q := range all[:min(20, len(all))] {
		answer, body, err := get(ctx, address, q)
		switch {
		case err != nil:
			return err
		case answer.StatusCode != q.status:
			return fmt.Errorf("%s (%s %s): %s, want %d", address, q.field, q.value, answer.Status, q.status)
		case !slices.Equal(body, q.body):
			return fmt.Errorf("%s (%s %s): %d bytes that are not the %d wanted", address, q.field, q.value, len(body), len(q.body))
		}
	}
	return nil
}

// usual are the header fields that servers of files send of their own.
var usual = []string{"Accept-Ranges", "Connection", "Content-Length", "Content-Range", "Content-Type", "Date", "Etag", "Last-Modified", "Server"}

// extra are the others of an answer, by name: name, value, name...
func (b *bench) extra(ctx context.Context, address string) ([]string, error) {
	answer, _, err := get(ctx, address, request{})
	if err != nil {
		return nil, err
	}
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s", address, answer.Status)
	}
	out := []string{}
	for name, values := range answer.Header {
		if !slices.Contains(usual, name) {
			out = append(out, name+"\x00"+strings.Join(values, ", "))
		}
	}
	slices.Sort(out)
	return strings.Split(strings.Join(out, "\x00"), "\x00"), nil
}

// head is how many bytes come before the body of an answer to wrk's plainest request.
func head(ctx context.Context, address string) (int, error) {
	u, err := url.Parse(address)
	if err != nil {
		return 0, err
	}
	c, err := (&net.Dialer{}).DialContext(ctx, "tcp", u.Host)
	if err != nil {
		return 0, err
	}
	defer c.Close() //nolint:errcheck // only read
	if _, err := fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", u.Path, u.Host); err != nil {
		return 0, err
	}
	text, err := io.ReadAll(c)
	if err != nil {
		return 0, err
	}
	before, _, ok := strings.Cut(string(text), "\r\n\r\n")
	if !ok {
		return 0, fmt.Errorf("%s: no end of the header", address)
	}
	// "Connection: close" is there only because it was asked for.
	return len(strings.Replace(before, "Connection: close\r\n", "", 1)) + 4, nil
}

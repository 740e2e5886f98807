package origin

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// Catalog is what the origin asks of a catalog.
type Catalog interface {
	Current(ctx context.Context, merchant, model string) (asset.Manifest, error)
	Newest(ctx context.Context, merchant, model string) (asset.Version, error)
}

// Origin answers for /o/ and /p/. Its fields are set once.
type Origin struct {
	Store   asset.Store
	Catalog Catalog
	Log     *slog.Logger
}

// Cache policies.
const (
	forever = "public, max-age=31536000, immutable"
	brief   = "public, max-age=60, stale-while-revalidate=600"
)

// exposed are the headers that scripts of other sites may read.
const exposed = "Accept-Ranges, Content-Length, Content-Location, Content-Range, ETag, Plinth-Reason, Retry-After, Server-Timing"

// ServeHTTP answers one request and logs one line.
func (o *Origin) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	began := time.Now()
	status, sent, err := o.answer(w, r)
	level := slog.LevelInfo
	if status >= 500 && status != http.StatusServiceUnavailable {
		level = slog.LevelError
	}
	o.Log.Log(r.Context(), level, "serve", "method", r.Method, "path", r.URL.Path, "status", status, "ms", time.Since(began).Milliseconds(), "bytes", sent, "err", err)
}

// errMethod, errBody: requests that no path takes.
var (
	errMethod = errors.New("only GET, HEAD and OPTIONS are allowed here")
	errBody   = errors.New("a request for an asset has no body")
)

func (o *Origin) answer(w http.ResponseWriter, r *http.Request) (status int, sent int64, err error) {
	h := w.Header()
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Access-Control-Expose-Headers", exposed)
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	h.Set("X-Content-Type-Options", "nosniff")
	status, closing := Screen(r.Method, r.Header, r.ContentLength)
	if closing {
		h.Set("Connection", "close")
	}
	switch status {
	case http.StatusNoContent:
		h.Set("Access-Control-Allow-Methods", "GET, HEAD, OPTIONS")
		h.Set("Access-Control-Allow-Headers", "Range, If-Match, If-None-Match, If-Range")
		h.Set("Access-Control-Max-Age", "86400")
		h.Set("Allow", "GET, HEAD, OPTIONS")
		w.WriteHeader(http.StatusNoContent)
		return http.StatusNoContent, 0, nil
	case http.StatusMethodNotAllowed, http.StatusNotImplemented:
		h.Set("Allow", "GET, HEAD, OPTIONS")
		return refuse(w, r, status, errMethod), 0, errMethod
	case http.StatusBadRequest:
		return refuse(w, r, status, errBody), 0, errBody
	}
	found, err := o.find(r)
	if err != nil {
		return refuse(w, r, statusOf(h, err), err), 0, err
	}
	plan := Decide(r.Method, r.Header, found.Subject)
	maps.Copy(h, found.extra)
	sent, err = send(w, found, plan, describe(h, found, plan))
	return plan.Status, sent, err
}

// found is what a path leads to.
type found struct {
	Subject
	kind  string // Content-Type
	cache string // Cache-Control
	open  func(start, length int64) (io.ReadCloser, error)
	extra http.Header
}

// errPath is a path that leads nowhere.
var errPath = fmt.Errorf("%w: there is nothing at this address", asset.ErrNotFound)

// find follows a path: /o/{merchant}/{hash}/{name}.glb, /p/{merchant}/{model}.glb or
// .json.
func (o *Origin) find(r *http.Request) (*found, error) {
	parts := strings.Split(r.URL.Path, "/")
	switch {
	case len(parts) == 5 && parts[1] == "o":
		return o.rendition(r.Context(), parts[2], parts[3], parts[4])
	case len(parts) == 4 && parts[1] == "p":
		if model, ok := strings.CutSuffix(parts[3], ".glb"); ok {
			return o.product(r, parts[2], model)
		}
		if model, ok := strings.CutSuffix(parts[3], ".json"); ok {
			return o.manifest(r.Context(), parts[2], model)
		}
	}
	return nil, errPath
}

func (o *Origin) rendition(ctx context.Context, merchant, hash, name string) (*found, error) {
	stem, ok := strings.CutSuffix(name, ".glb")
	if !ok || !asset.IsHash(hash) || asset.CheckID(merchant) != nil || asset.CheckID(stem) != nil {
		return nil, errPath
	}
	key := asset.RenditionKey(merchant, hash)
	info, err := o.Store.Stat(ctx, key)
	if err != nil {
		return nil, err
	}
	open := func(start, length int64) (io.ReadCloser, error) {
		_, body, err := o.Store.Read(ctx, key, asset.Range{Offset: start, Length: length, Tag: info.Tag})
		return body, err
	}
	return &found{Subject{Size: info.Size, ETag: `"` + hash + `"`}, "model/gltf-binary", forever, open, nil}, nil
}

func (o *Origin) product(r *http.Request, merchant, model string) (*found, error) {
	m, err := o.current(r.Context(), merchant, model)
	if err != nil {
		return nil, err
	}
	rendition, why, ok := Pick(m, DeviceOf(r.Header, r.URL.RawQuery))
	if !ok {
		return nil, fmt.Errorf("%w: %s has no renditions", asset.ErrNotFound, model)
	}
	f, err := o.rendition(r.Context(), merchant, rendition.SHA256, model+".glb")
	if err != nil {
		return nil, err
	}
	f.cache = brief
	f.extra = http.Header{
		"Content-Location": {"/o/" + merchant + "/" + rendition.SHA256 + "/" + model + ".glb"},
		"Plinth-Reason":    {why.String()},
		"Server-Timing":    {fmt.Sprintf(`level;desc="%s"`, why)},
	}
	return f, nil
}

func (o *Origin) manifest(ctx context.Context, merchant, model string) (*found, error) {
	m, err := o.current(ctx, merchant, model)
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(m)
	if err != nil {
		return nil, err
	}
	open := func(start, length int64) (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(text[start : start+length])), nil
	}
	return &found{Subject{Size: int64(len(text)), ETag: `"` + asset.Hash(text) + `"`}, "application/json", brief, open, nil}, nil
}

// errPending is a product whose levels are being made.
var errPending = fmt.Errorf("%w: its levels are being made; ask again in a moment", asset.ErrUnavailable)

// current is the manifest of a model; one that is known and has none yet is
// errPending.
func (o *Origin) current(ctx context.Context, merchant, model string) (asset.Manifest, error) {
	if asset.CheckID(merchant) != nil || asset.CheckID(model) != nil {
		return asset.Manifest{}, errPath
	}
	m, err := o.Catalog.Current(ctx, merchant, model)
	if !errors.Is(err, asset.ErrNotFound) {
		return m, err
	}
	v, newest := o.Catalog.Newest(ctx, merchant, model)
	if newest == nil && (v.State == asset.Queued || v.State == asset.Running) {
		return m, errPending
	}
	return m, err
}

// progress is how long one piece of an answer may take to leave.
const progress = 30 * time.Second

// describe sets the headers of an answer and lays out its parts, if it has such.
func describe(h http.Header, f *found, p Plan) (parts Multipart) {
	h.Set("Etag", f.ETag)
	h.Set("Cache-Control", f.cache)
	h.Set("Accept-Ranges", "bytes")
	switch {
	case p.Status == http.StatusNotModified:
		return parts
	case p.Status == http.StatusPreconditionFailed:
		h.Set("Cache-Control", "no-store")
		return parts
	case p.Status == http.StatusRequestedRangeNotSatisfiable:
		h.Set("Cache-Control", "no-store") // it is about this range, not the object
		h.Set("Content-Range", UnsatisfiedRange(f.Size))
		return parts
	case p.Parts != nil:
		parts = NewMultipart(f.kind, f.ETag, f.Size, p.Parts)
		h.Set("Content-Type", parts.Type)
		h.Set("Content-Length", strconv.FormatInt(parts.Length, 10))
		return parts
	case p.Status == http.StatusPartialContent:
		h.Set("Content-Range", ContentRange(p.Span, f.Size))
	}
	h.Set("Content-Type", f.kind)
	h.Set("Content-Length", strconv.FormatInt(p.Span.Length, 10))
	return parts
}

// send writes an answer.
func send(w http.ResponseWriter, f *found, p Plan, parts Multipart) (sent int64, err error) {
	switch {
	case !p.Body:
		w.WriteHeader(p.Status)
		return 0, nil
	case p.Parts == nil:
		return sendSpan(w, f, p.Status, nil, p.Span)
	}
	for i, s := range p.Parts {
		n, err := sendSpan(w, f, p.Status, parts.Heads[i], s)
		if sent += n; err != nil {
			return sent, err
		}
		p.Status = 0 // it has been said
	}
	n, err := w.Write(parts.Trailer)
	return sent + int64(n), err
}

// sendSpan writes a status unless it is 0, a head and a span. A client that takes
// nothing for a while is dropped.
func sendSpan(w http.ResponseWriter, f *found, status int, head []byte, s Span) (int64, error) {
	from, err := f.open(s.Start, s.Length)
	if err != nil {
		return 0, err
	}
	defer from.Close() //nolint:errcheck // only read
	if status != 0 {
		w.WriteHeader(status)
	}
	n, err := w.Write(head)
	sent := int64(n)
	if err != nil {
		return sent, fmt.Errorf("send: %w", err)
	}
	control := http.NewResponseController(w)
	const piece = 1 << 20
	for left := s.Length; left > 0; {
		// Where a deadline can't be set the server's own hold.
		_ = control.SetWriteDeadline(time.Now().Add(progress))
		n, err := io.CopyN(w, from, min(piece, left))
		sent, left = sent+n, left-n
		if err != nil {
			return sent, fmt.Errorf("send: %w", err)
		}
	}
	_ = control.SetWriteDeadline(time.Time{})
	return sent, nil
}

// statusOf is the one place where kinds of errors become a status.
func statusOf(h http.Header, err error) int {
	switch {
	case errors.Is(err, asset.ErrNotFound), errors.Is(err, asset.ErrInvalid):
		h.Set("Cache-Control", "public, max-age=5")
		return http.StatusNotFound
	case errors.Is(err, asset.ErrUnavailable):
		h.Set("Cache-Control", "no-store")
		h.Set("Retry-After", "2")
		return http.StatusServiceUnavailable
	}
	h.Set("Cache-Control", "no-store")
	return http.StatusInternalServerError
}

// refuse answers with an error, as problem+json (RFC 9457). Faults of ours are not
// explained to strangers.
func refuse(w http.ResponseWriter, r *http.Request, status int, err error) int {
	detail := "something is wrong here, not with your request"
	if status != http.StatusInternalServerError {
		detail = err.Error()
	}
	text, e := json.Marshal(map[string]any{"type": "about:blank", "title": http.StatusText(status), "status": status, "detail": detail})
	if e != nil {
		text = []byte("{}")
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Content-Length", strconv.Itoa(len(text)))
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(text) // a client that left has no use for it
	}
	return status
}

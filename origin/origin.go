// Package origin serves renditions and manifests to browsers and to the CDN. What to
// answer is decided by pure functions over the request's head and the object; how the
// bytes leave is another matter.
package origin

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/maypok86/otter/v2"

	"github.com/plinth3d/plinth/origin/cache"
	"github.com/plinth3d/plinth/pipeline/asset"
)

// Config is what an origin is made of. Store, Catalog and Log are needed; the rest may be
// left zero.
type Config struct {
	Cache   *cache.Cache
	Catalog Catalog
	Log     *slog.Logger

	Fresh     time.Duration // how long a manifest is taken as it is; 0 asks the catalog each time
	Manifests int64         // bytes of memory for manifests and what was picked from them
	Keys      Keys          // of merchants whose URLs are signed
	Verify    []string      // values of X-Origin-Verify, one of which each request must have
	Misses    float64       // uncached files a client may ask for per second; 0 is no limit
	MinRate   int64         // bytes per second that a client must take; 0 is no limit
	Quiet     bool          // no line for each request
}

// Origin answers for /o/ and /p/.
type Origin struct {
	Config
	cache    *cache.Cache
	models   *models
	answers  *otter.Cache[answerKey, []choice]
	heads    *otter.Cache[string, *head] // of renditions, by path
	limits   *limits
	metrics  *metrics
	draining atomic.Bool
}

// New returns an origin.
func New(c Config) (*Origin, error) {
	for _, v := range c.Verify {
		if len(v) < 16 {
			return nil, fmt.Errorf("%w: a value of X-Origin-Verify has %d characters; it is a secret, make it 16 or more", asset.ErrInvalid, len(v))
		}
	}
	o := &Origin{
		Config: c, cache: c.Cache,
		models:  newModels(c.Catalog, c.Fresh, c.Manifests*3/4),
		answers: newAnswers(c.Manifests / 4),
		heads:   otter.Must(&otter.Options[string, *head]{MaximumSize: headsKept}),
		limits:  newLimits(c.Misses),
	}
	o.metrics = newMetrics(o)
	return o, nil
}

// headsKept bounds the heads that are kept, of about a kilobyte each.
const headsKept = 1 << 14

// Cache policies.
const (
	forever = "public, max-age=31536000, immutable"
	brief   = "public, max-age=60, stale-while-revalidate=600"
	shortly = "public, max-age=2"
)

// request is one request on its way, with what its line in the log says.
type request struct {
	*http.Request
	route  route
	status int
	sent   int64
	level  int // that was picked; -1 for none
	reason string
	layer  cache.Layer
	err    error
}

// notCached is where what is no file came from.
const notCached = cache.Layer(layers)

func (q *request) from() string {
	if q.layer == notCached {
		return "-"
	}
	return q.layer.String()
}

// ServeHTTP answers one request and logs one line.
func (o *Origin) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	began := time.Now()
	q := request{Request: r, level: -1, layer: notCached}
	o.answer(w, &q)
	took := time.Since(began)
	o.metrics.count(&q, took)
	if !o.Quiet {
		o.line(&q, took)
	}
}

// line is one request in the log.
func (o *Origin) line(q *request, took time.Duration) {
	level := slog.LevelInfo
	if q.status >= 500 && q.status != http.StatusServiceUnavailable {
		level = slog.LevelError
	}
	attrs := [...]slog.Attr{
		slog.String("method", q.Method), slog.String("path", q.URL.Path), slog.Int("status", q.status),
		slog.Int64("bytes", q.sent), slog.Float64("ms", float64(took.Microseconds())/1e3),
		slog.String("from", q.from()), slog.String("reason", q.reason), slog.Any("err", q.err),
	}
	n := len(attrs)
	if q.err == nil {
		n--
		if q.reason == "" {
			n--
		}
	}
	o.Log.LogAttrs(q.Context(), level, "serve", attrs[:n]...)
}

// Requests that no path takes.
var (
	errMethod  = errors.New("only GET, HEAD and OPTIONS are allowed here")
	errUnknown = errors.New("this method is not known here")
	errBody    = errors.New("a request for an asset has no body")
	errLong    = errors.New("the address is longer than any of this origin")
)

// longest is the most bytes that an address has here.
const longest = 4 << 10

// answer does one request. What it decides is in this order: the method, who may ask, what
// the path names, and then what RFC 9110 says of conditions and ranges.
func (o *Origin) answer(w http.ResponseWriter, q *request) {
	h := w.Header()
	put(h, common)
	if o.draining.Load() {
		h["Connection"] = closing
	}
	status, last := Screen(q.Method, q.Header, q.ContentLength)
	if last {
		end(w)
	}
	switch {
	case status == http.StatusNoContent:
		put(h, preflight)
		q.status = status
		w.WriteHeader(status)
		return
	case status != 0:
		refuse(w, q, status, reasonOf(h, status))
		return
	case len(q.RequestURI) > longest:
		refuse(w, q, http.StatusRequestURITooLong, errLong)
		return
	}
	f, err := o.find(q)
	if err != nil {
		refuse(w, q, statusOf(h, err), err)
		return
	}
	defer f.close()
	q.level, q.reason, q.layer = f.level, f.reason, f.layer()
	if f.timing != nil {
		h["Server-Timing"] = f.timing
	}
	send(w, q, f, o.MinRate)
}

// linger is how long the rest of a request that is refused may take to come.
const linger = time.Second

// end makes an answer the last on its connection. The body that nobody reads has a
// moment to arrive, so that the client sees the answer and no reset; one that never comes
// must not hold the connection, for which the server has no deadline of its own.
func end(w http.ResponseWriter) {
	w.Header()["Connection"] = closing
	// Where a deadline can't be set there is no connection.
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(linger))
}

var preflight = []field{
	fieldOf("Access-Control-Allow-Methods", "GET, HEAD, OPTIONS"),
	fieldOf("Access-Control-Allow-Headers", "Range, If-Match, If-None-Match, If-Modified-Since, If-Unmodified-Since, If-Range"),
	fieldOf("Access-Control-Max-Age", "86400"),
	fieldOf("Allow", "GET, HEAD, OPTIONS"),
	fieldOf("Cache-Control", "public, max-age=86400"),
}

func reasonOf(h http.Header, status int) error {
	switch status {
	case http.StatusMethodNotAllowed:
		h["Allow"] = []string{"GET, HEAD, OPTIONS"}
		return errMethod
	case http.StatusNotImplemented:
		return errUnknown
	}
	return errBody
}

// errPath is a path that leads nowhere, or nowhere for this client: the two can't be told
// apart.
var errPath = fmt.Errorf("%w: there is nothing at this address", asset.ErrNotFound)

// find follows a path to what it names.
func (o *Origin) find(q *request) (*found, error) {
	q.route = routeOf(q.URL.Path, q.URL.RawPath)
	if q.route.kind == kindNone || !verified(o.Verify, q.Header["X-Origin-Verify"]) {
		return nil, errPath
	}
	left, ok := o.Keys.verify(q.route, q.URL.Path, q.URL.RawQuery, time.Now())
	if !ok {
		return nil, errPath
	}
	f, err := o.open(q.Context(), q)
	if err == nil && left > 0 {
		f.head = f.head.until(left)
	}
	return f, err
}

func (o *Origin) open(ctx context.Context, q *request) (*found, error) {
	admit := func() error { return o.limits.admit(o.client(q)) }
	if q.route.kind == kindRendition {
		return o.rendition(ctx, q.URL.Path, q.route, admit)
	}
	m, old, err := o.models.get(ctx, q.route.merchant, q.route.model)
	if err != nil {
		return nil, err
	}
	var f *found
	if q.route.kind == kindManifest {
		f, err = m.text(q.Header["Accept-Encoding"])
	} else {
		f, err = o.product(ctx, m, DeviceOf(q.Header, q.URL.RawQuery), admit)
	}
	if err == nil && old {
		f.head = f.head.caching(shortly)
	}
	return f, err
}

// text is a model's manifest.
func (m *model) text(accept []string) (*found, error) {
	if m.pending() {
		if m.upload.State == asset.Failed {
			return nil, errFailed
		}
		return nil, errPending
	}
	c := m.page.choose(accept)
	return &found{head: c.head, text: c.body, level: -1}, nil
}

func (o *Origin) rendition(ctx context.Context, path string, at route, admit func() error) (*found, error) {
	f := &found{level: -1}
	var err error
	f.object, err = o.cache.Get(ctx, cache.Want{Key: asset.RenditionKey(at.merchant, at.hash), Digest: at.hash, Admit: admit})
	if err != nil {
		return nil, err
	}
	s := Subject{Size: f.object.Size, Modified: toSecond(f.object.Modified()), Immutable: true}
	if d, ok := o.heads.GetIfPresent(path); ok && d.Size == s.Size && d.Modified.Equal(s.Modified) {
		f.head = d
		return f, nil
	}
	f.head = newHead(kindRendition, s, at.media, at.hash, forever)
	o.heads.Set(path, f.head)
	return f, nil
}

// Drain makes all further answers the last on their connections, and /readyz say so.
func (o *Origin) Drain() { o.draining.Store(true) }

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

// Config is what an origin is made of. Cache, Catalog and Log are needed; the rest may be
// left zero.
type Config struct {
	Cache   *cache.Cache
	Catalog Catalog
	Log     *slog.Logger

	Fresh     time.Duration // how long a manifest is taken as it is; 0 asks the catalog each time
	Manifests int64         // bytes of memory for manifests and what was picked from them
	Keys      Keys          // of merchants whose URLs are signed, until SetKeys says others
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
	answers  *otter.Cache[answerKey, *answer]
	heads    *otter.Cache[string, keyed] // of renditions, by path
	limits   *limits
	metrics  *counts
	keys     atomic.Pointer[Keys] // that count now; never nil
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
		answers: newAnswers(c.Manifests / 8),
		heads:   newHeads(c.Manifests / 8),
		limits:  newLimits(c.Misses),
	}
	o.metrics = newCounts(o)
	o.SetKeys(c.Keys)
	return o, nil
}

// Cache policies.
const (
	forever = "public, max-age=31536000, immutable"
	brief   = "public, max-age=60, stale-while-revalidate=600, stale-if-error=86400"
	shortly = "public, max-age=2"
)

// ServeHTTP answers one request and logs one line.
func (o *Origin) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	began := time.Now()
	q := requests.Get().(*request)
	defer q.free()
	q.Request, q.origin = r, o
	o.answer(w, q)
	took := time.Since(began)
	o.metrics.count(q, took)
	if !o.Quiet {
		o.line(q, took)
	}
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
	if o.draining.Load() {
		h["Connection"] = closing
	}
	status, last := Screen(q.Method, q.Header, q.ContentLength)
	if last {
		h["Connection"] = closing
	}
	switch {
	case status == http.StatusNoContent:
		put(h, common)
		put(h, preflight)
		q.status = status
		w.WriteHeader(status)
		return
	case status != 0:
		refuse(w, q, status, screened(h, status))
		return
	case len(q.RequestURI) > longest:
		refuse(w, q, http.StatusRequestURITooLong, errLong)
		return
	}
	defer q.object.Close()
	if err := o.find(w, q); err != nil {
		refuse(w, q, statusOf(h, err), err)
		return
	}
	if q.timing != nil {
		h["Server-Timing"] = q.timing
	}
	q.answer(w)
}

var preflight = []field{
	fieldOf("Access-Control-Allow-Methods", "GET, HEAD, OPTIONS"),
	fieldOf("Access-Control-Allow-Headers", "Range, If-Match, If-None-Match, If-Modified-Since, If-Unmodified-Since, If-Range"),
	fieldOf("Access-Control-Max-Age", "86400"),
	fieldOf("Allow", "GET, HEAD, OPTIONS"),
	fieldOf("Cache-Control", "public, max-age=86400"),
}

// screened is why a request was refused before anything was looked for.
func screened(h http.Header, status int) error {
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
func (o *Origin) find(w http.ResponseWriter, q *request) error {
	q.route = routeOf(q.URL.Path, q.URL.RawPath)
	if q.route.kind == kindNone || !verified(o.Verify, q.Header["X-Origin-Verify"]) {
		return errPath
	}
	left, ok := o.keys.Load().verify(q.route, q.URL.Path, q.URL.RawQuery, time.Now())
	if !ok {
		return errPath
	}
	if err := o.open(q.Context(), w, q); err != nil {
		return err
	}
	if left > 0 {
		q.head = q.head.until(left)
	}
	return nil
}

func (o *Origin) open(ctx context.Context, w http.ResponseWriter, q *request) error {
	if q.route.kind == kindRendition {
		if err := o.rendition(ctx, q); err != nil {
			return err
		}
		return q.prepare(w, o.MinRate)
	}
	m, old, err := o.models.get(ctx, q.route.merchant, q.route.model, q.admit)
	if err != nil {
		return err
	}
	if q.route.kind == kindManifest {
		if err = m.text(q); err == nil {
			err = q.prepare(w, o.MinRate)
		}
	} else {
		d := DeviceOf(q.Header, q.URL.RawQuery)
		q.class = d.number()
		err = o.product(ctx, w, q, m, d)
	}
	if err == nil && old {
		q.head = q.head.caching(shortly)
	}
	return err
}

// text is a model's manifest.
func (m *model) text(q *request) error {
	if m.pending() {
		if m.upload.State == asset.Failed {
			return errFailed
		}
		return errPending
	}
	c := m.page.choose(q.Header["Accept-Encoding"])
	q.head, q.bytes = c.head, c.body
	return nil
}

// Drain makes all further answers the last on their connections, and /readyz say so.
func (o *Origin) Drain() { o.draining.Store(true) }

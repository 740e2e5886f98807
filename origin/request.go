package origin

import (
	"context"
	"net/http"
	"sync"

	"github.com/plinth3d/plinth/origin/cache"
)

// request is one request on its way: what it names, what was found there, and what its
// line in the log says. Requests are used again, so that a hot one allocates nothing.
type request struct {
	*http.Request
	origin *Origin
	route  route

	// What was found: a head, and bytes or an object.
	head   *head
	bytes  []byte
	object cache.Object
	timing []string // Server-Timing

	status int
	sent   int64 // bytes of the body
	level  int   // that was picked; -1 for none
	class  int   // number of the device's, where a product was asked for; 0 for none
	reason string
	opened bool // object was, so its layer counts
	layer  cache.Layer
	err    error

	plan  Plan
	parts Multipart // of a plan with several
	send  sender
	admit func() error // the method mayMiss, bound once
}

var requests = sync.Pool{New: func() any {
	q := &request{level: -1}
	q.admit = q.mayMiss
	return q
}}

// free gives a request back.
func (q *request) free() {
	admit := q.admit
	*q = request{level: -1, admit: admit}
	requests.Put(q)
}

// mayMiss returns errTooMany where the client has had too many files that aren't cached.
func (q *request) mayMiss() error { return q.origin.limits.admit(q.origin.client(q)) }

// get opens an object of the cache, in place of one that is open.
func (q *request) get(ctx context.Context, w cache.Want) (err error) {
	q.object.Close()
	w.Admit = q.admit
	q.object, err = q.origin.cache.Get(ctx, w)
	q.opened, q.layer = err == nil, q.object.Layer
	return err
}

// layerName is where the bytes came from, "-" for what is no file.
func (q *request) layerName() string {
	if !q.opened {
		return "-"
	}
	return q.layer.String()
}

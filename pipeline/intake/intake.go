// Package intake is where merchants send their models and ask what became of them.
package intake

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/plinth3d/plinth/pipeline"
	"github.com/plinth3d/plinth/pipeline/asset"
)

// Intake answers for /v1/. Its fields are set once.
type Intake struct {
	Store   asset.Store
	Queue   asset.Queue
	Catalog asset.Catalog
	Recipe  pipeline.Recipe
	Temp    string // folder for uploads on their way
	Assets  string // where shoppers fetch products, such as https://cdn.example.com; "" is this host
	Log     *slog.Logger
	Ending  <-chan struct{} // closed when streams of events are to end; nil is never

	turns   sync.Once
	looking chan struct{} // full while no other file can be looked at
}

// Handler returns the routes. merchant is who everybody is: there are no accounts.
func (in *Intake) Handler(merchant string) http.Handler {
	mux := http.NewServeMux()
	route := func(pattern string, h func(http.ResponseWriter, *http.Request) error) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			began := time.Now()
			// An upload, or a stream of events, may take longer than an answer may.
			_ = http.NewResponseController(w).SetWriteDeadline(time.Time{}) // where there is none, none is in the way
			err := h(w, r)
			status := http.StatusOK
			if r.Method == http.MethodPut {
				status = http.StatusAccepted // as upload answers
			}
			if err != nil {
				status = in.refuse(w, err)
			}
			in.Log.Info("intake", "method", r.Method, "path", r.URL.Path, "status", status, "ms", time.Since(began).Milliseconds(), "err", err)
		})
	}
	route("PUT /v1/models/{id}", func(w http.ResponseWriter, r *http.Request) error { return in.upload(w, r, merchant) })
	route("GET /v1/models/{id}", func(w http.ResponseWriter, r *http.Request) error { return in.status(w, r, merchant) })
	route("GET /v1/models/{id}/events", func(w http.ResponseWriter, r *http.Request) error { return in.events(w, r, merchant) })
	route("GET /v1/models", func(w http.ResponseWriter, r *http.Request) error { return in.list(w, r, merchant) })
	for path, methods := range map[string]string{"/v1/models": "GET", "/v1/models/{id}": "GET, PUT", "/v1/models/{id}/events": "GET"} {
		route(path, func(w http.ResponseWriter, r *http.Request) error {
			w.Header().Set("Allow", methods)
			return fmt.Errorf("%w: %s is not allowed here, %s is", errMethod, r.Method, methods)
		})
	}
	route("/v1/", func(_ http.ResponseWriter, r *http.Request) error {
		return fmt.Errorf("%w: there is no %s %s; see /v1/models", asset.ErrNotFound, r.Method, r.URL.Path)
	})
	return mux
}

// errMethod is a method that a path doesn't take.
var errMethod = errors.New("method not allowed")

// A Receipt answers an upload.
type Receipt struct {
	asset.Version
	Duplicate bool         `json:"duplicate"` // the same file was here before
	Measured  asset.Source `json:"measured"`
	Links     Links        `json:"links"`
}

// Links say where to go on.
type Links struct {
	Status   string `json:"status"`
	Events   string `json:"events"`
	Product  string `json:"product"`
	Manifest string `json:"manifest"`
}

func (in *Intake) links(v asset.Version) Links {
	status := "/v1/models/" + v.Model
	product := in.Assets + "/p/" + v.Merchant + "/" + v.Model
	return Links{status, status + "/events", product + ".glb", product + ".json"}
}

// upload takes a file, looks at it, stores it and queues its job. A file that can't be
// used is told at once, and nothing of it stays.
func (in *Intake) upload(w http.ResponseWriter, r *http.Request, merchant string) error {
	id := r.PathValue("id")
	if err := asset.CheckID(id); err != nil {
		return err
	}
	recipe := in.Recipe
	if unit := r.URL.Query().Get("unit"); unit != "" {
		recipe.Unit = unit
		if err := recipe.Check(); err != nil {
			return fmt.Errorf("%w: unit %q is none of m, cm, mm, in, ft", asset.ErrInvalid, unit)
		}
	}
	limit := recipe.Limits.Bytes
	if r.ContentLength > limit {
		return errTooLarge(limit)
	}
	body := &moving{r: http.MaxBytesReader(w, r.Body, limit), limit: limit, control: http.NewResponseController(w)}
	file, err := spool(in.Temp, body, limit)
	// What is left of the deadline must not end the request while it is looked at.
	_ = body.control.SetReadDeadline(time.Time{})
	if err != nil {
		return err
	}
	defer in.discard(file)
	model, err := in.look(r.Context(), file, recipe)
	if err != nil {
		return err
	}
	v, duplicate, err := in.register(r.Context(), in.version(merchant, id, file, recipe.Unit, model.Findings), file, in.Catalog.Submit)
	if err != nil {
		return err
	}
	if v.State == asset.Queued || v.State == asset.Running {
		ctx, cancel := lasting(r.Context())
		defer cancel()
		if err := in.Queue.Send(ctx, v.Ref()); err != nil {
			return err
		}
	}
	receipt := Receipt{Version: v, Duplicate: duplicate, Measured: model.Source, Links: in.links(v)}
	w.Header().Set("Location", receipt.Links.Status)
	return reply(w, http.StatusAccepted, receipt)
}

// idle is how long an upload may stand still.
const idle = 30 * time.Second

// moving is a body that must not stand still. When it breaks off that is the client's
// fault.
type moving struct {
	r       io.Reader
	limit   int64
	control *http.ResponseController
}

func (m *moving) Read(p []byte) (int, error) {
	// Where a deadline can't be set the server's own hold.
	_ = m.control.SetReadDeadline(time.Now().Add(idle))
	n, err := m.r.Read(p)
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return n, errTooLarge(m.limit)
	}
	if err != nil && err != io.EOF {
		err = fmt.Errorf("%w: the upload broke off; send it again: %w", asset.ErrInvalid, err)
	}
	return n, err
}

// Status is a model as merchants see it.
type Status struct {
	asset.Version
	Links Links `json:"links"`
}

func (in *Intake) status(w http.ResponseWriter, r *http.Request, merchant string) error {
	v, err := in.Catalog.Newest(r.Context(), merchant, r.PathValue("id"))
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, Status{v, in.links(v)})
}

func (in *Intake) list(w http.ResponseWriter, r *http.Request, merchant string) error {
	list, err := in.Catalog.List(r.Context(), merchant)
	if err != nil {
		return err
	}
	out := make([]Status, len(list))
	for i, v := range list {
		out[i] = Status{v, in.links(v)}
	}
	return reply(w, http.StatusOK, map[string]any{"models": out})
}

// events tells the status as server-sent events, each time it changes, until the
// version is ready or failed.
func (in *Intake) events(w http.ResponseWriter, r *http.Request, merchant string) error {
	ctx, control := r.Context(), http.NewResponseController(w)
	v, err := in.Catalog.Newest(ctx, merchant, r.PathValue("id"))
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusOK)
	poll := time.NewTicker(200 * time.Millisecond)
	defer poll.Stop()
	told, quiet := "", time.Now()
	for {
		text, err := json.Marshal(Status{v, in.links(v)})
		if err != nil {
			return err
		}
		out := ""
		switch {
		case string(text) != told:
			out = "event: status\ndata: " + string(text) + "\n\n"
		case time.Since(quiet) > 15*time.Second:
			out = ": still here\n\n" // so that proxies don't hang up
		}
		if out != "" {
			_ = control.SetWriteDeadline(time.Now().Add(idle))
			if _, err := io.WriteString(w, out); err != nil {
				return nil //nolint:nilerr // the client left
			}
			if err := control.Flush(); err != nil {
				return nil //nolint:nilerr // the client left
			}
			told, quiet = string(text), time.Now()
		}
		if v.State == asset.Ready || v.State == asset.Failed {
			return nil
		}
		select {
		case <-ctx.Done():
			return nil
		case <-in.Ending:
			return nil
		case <-poll.C:
		}
		if v, err = in.Catalog.Newest(ctx, merchant, r.PathValue("id")); err != nil {
			if ctx.Err() == nil {
				in.Log.Error("events", "id", r.PathValue("id"), "err", err)
			}
			return nil
		}
	}
}

func reply(w http.ResponseWriter, status int, body any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(text)))
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(text) // a client that left has no use for it
	return nil
}

// Problem is an error as merchants see it (RFC 9457).
type Problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`
	Code   string `json:"code,omitempty"`
	Where  string `json:"where,omitempty"`
	Do     string `json:"do,omitempty"`
}

// refuse is the one place where kinds of errors become a status.
func (in *Intake) refuse(w http.ResponseWriter, err error) int {
	p := Problem{Type: "about:blank", Detail: err.Error()}
	finding, refused := pipeline.Refusal(err)
	switch {
	case refused:
		p.Status, p.Code, p.Where, p.Do = http.StatusUnprocessableEntity, finding.Code, finding.Where, finding.Do
	case errors.Is(err, errMethod):
		p.Status = http.StatusMethodNotAllowed
	case errors.Is(err, asset.ErrInvalid):
		p.Status = http.StatusBadRequest
	case errors.Is(err, asset.ErrNotFound):
		p.Status = http.StatusNotFound
	case errors.Is(err, asset.ErrUnavailable):
		p.Status = http.StatusServiceUnavailable
		w.Header().Set("Retry-After", "5")
	default:
		in.Log.Error("intake", "err", err)
		p.Status, p.Detail = http.StatusInternalServerError, "something is wrong here, not with your request"
	}
	p.Title = http.StatusText(p.Status)
	text, e := json.Marshal(p)
	if e != nil {
		text = []byte("{}")
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	_, _ = w.Write(text) // a client that left has no use for it
	return p.Status
}

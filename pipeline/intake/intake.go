// Package intake is where merchants send their models and ask what became of them.
package intake

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"strconv"
	"time"

	"github.com/plinth3d/plinth/mesh/scene"
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

	looking chan struct{}
}

// Handler returns the routes. merchant is who everybody is: there are no accounts.
func (in *Intake) Handler(merchant string) http.Handler {
	// A file is read whole and unpacked to be looked at: only so many at a time.
	in.looking = make(chan struct{}, 2)
	mux := http.NewServeMux()
	route := func(pattern string, h func(http.ResponseWriter, *http.Request) error) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			began := time.Now()
			// An upload, or a stream of events, may take longer than an answer may.
			_ = http.NewResponseController(w).SetWriteDeadline(time.Time{}) // where there is none, none is in the way
			err := h(w, r)
			status := http.StatusOK
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

// upload takes a file: streams it to disk, hashed on the way, looks at it, stores
// it and queues its job. A file that can't be used is told at once, and nothing of
// it stays.
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
	file, hash, size, err := in.spool(w, r, recipe.Limits.Bytes)
	if err != nil {
		return err
	}
	defer func() {
		_ = file.Close() // only read since
		if err := os.Remove(file.Name()); err != nil {
			in.Log.Error("remove an upload's spool", "err", err)
		}
	}()
	model, err := in.look(r.Context(), file, size, recipe)
	if err != nil {
		return err
	}
	receipt, err := in.accept(r.Context(), asset.Version{
		Merchant: merchant, Model: id, Version: pipeline.VersionOf(hash, in.Recipe, recipe.Unit), Source: hash, Bytes: size,
		Unit: recipe.Unit, Recipe: asset.RecipeRef{Name: in.Recipe.Name, Hash: in.Recipe.Hash()}, Findings: model.Findings,
	}, io.NewSectionReader(file, 0, size))
	if err != nil {
		return err
	}
	receipt.Measured = model.Source
	w.Header().Set("Location", receipt.Links.Status)
	return reply(w, http.StatusAccepted, receipt)
}

// patience is how long an upload waits for its turn to be looked at.
const patience = 30 * time.Second

// look reads and measures a file on disk.
func (in *Intake) look(ctx context.Context, file *os.File, size int64, r pipeline.Recipe) (*pipeline.Model, error) {
	wait, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	select {
	case in.looking <- struct{}{}:
		defer func() { <-in.looking }()
	case <-wait.Done():
		return nil, fmt.Errorf("%w: too many uploads at once; send it again in a moment", asset.ErrUnavailable)
	}
	src := make([]byte, size)
	if _, err := file.ReadAt(src, 0); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read the upload back: %w", err)
	}
	return pipeline.Examine(src, r)
}

// idle is how long an upload may stand still.
const idle = 30 * time.Second

// spool writes the request's body to a temporary file.
func (in *Intake) spool(w http.ResponseWriter, r *http.Request, limit int64) (f *os.File, hash string, size int64, err error) {
	if r.ContentLength > limit {
		return nil, "", 0, errTooLarge(limit)
	}
	if f, err = os.CreateTemp(in.Temp, "upload-*"); err != nil {
		return nil, "", 0, fmt.Errorf("spool an upload: %w", err)
	}
	sum := sha256.New()
	body := &moving{http.MaxBytesReader(w, r.Body, limit), http.NewResponseController(w)}
	disk := &noted{w: io.MultiWriter(f, sum)}
	size, err = io.Copy(disk, body)
	// What is left of the deadline must not end the request while it is looked at.
	_ = body.control.SetReadDeadline(time.Time{})
	if err == nil {
		return f, hex.EncodeToString(sum.Sum(nil)), size, nil
	}
	if disk.err != nil { // our fault, not the client's
		return nil, "", 0, errors.Join(fmt.Errorf("spool an upload: %w", err), f.Close(), os.Remove(f.Name()))
	}
	err = fmt.Errorf("%w: the upload broke off after %d bytes; send it again: %w", asset.ErrInvalid, size, err)
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		err = errTooLarge(limit)
	}
	return nil, "", 0, errors.Join(err, f.Close(), os.Remove(f.Name()))
}

func errTooLarge(limit int64) error {
	return &scene.FormatError{Code: "too-large", Where: "the file", What: fmt.Sprintf("has more than %d bytes", limit), Do: "reduce the model"}
}

// noted is a writer that remembers its error.
type noted struct {
	w   io.Writer
	err error
}

func (n *noted) Write(p []byte) (int, error) {
	k, err := n.w.Write(p)
	n.err = err
	return k, err
}

// moving is a body that must not stand still.
type moving struct {
	io.Reader
	control *http.ResponseController
}

func (m *moving) Read(p []byte) (int, error) {
	// Where a deadline can't be set the server's own hold.
	_ = m.control.SetReadDeadline(time.Now().Add(idle))
	return m.Reader.Read(p)
}

// accept stores a source, records it and queues its job, in this order: what a crash
// leaves between two of them is harmless or resumed.
func (in *Intake) accept(ctx context.Context, v asset.Version, body io.Reader) (Receipt, error) {
	err := in.Store.Put(ctx, asset.SourceKey(v.Merchant, v.Source), body, v.Bytes)
	duplicate := errors.Is(err, asset.ErrConflict)
	if err != nil && !duplicate {
		return Receipt{}, err
	}
	v, err = in.Catalog.Submit(ctx, v)
	if err != nil {
		return Receipt{}, err
	}
	if v.State == asset.Queued || v.State == asset.Running {
		if err := in.Queue.Send(ctx, v.Ref()); err != nil {
			return Receipt{}, err
		}
	}
	return Receipt{Version: v, Duplicate: duplicate, Links: in.links(v)}, nil
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

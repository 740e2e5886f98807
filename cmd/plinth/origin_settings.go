package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/plinth3d/plinth/origin"
	"github.com/plinth3d/plinth/origin/cache"
)

// originSettings are those of an origin, alone or within serve.
type originSettings struct {
	memory, disk, manifests, minRate byteSize
	cacheDir, keysAt, admin          string
	verify                           []string
	fetches, connections             int
	patience, fresh                  time.Duration
	misses                           float64
	quiet                            bool

	keys signingKeys            // at keysAt, once they were read
	set  func(flag string) bool // on the command line or in the environment
}

func (s *originSettings) add(cmd *cobra.Command) {
	s.memory, s.disk, s.manifests, s.minRate = 256<<20, 4<<30, 64<<20, 16<<10
	f := cmd.Flags()
	s.set = f.Changed
	f.Var(&s.memory, "memory", "memory for files that are served")
	f.Var(&s.disk, "disk", "disk for files of a remote store; 0 is none")
	f.StringVar(&s.cacheDir, "cache", "", "folder for files of a remote store; empty is cache in the data folder")
	f.IntVar(&s.fetches, "fetches", 32, "reads of the store at a time, each of 1 MiB at most")
	f.DurationVar(&s.patience, "store-timeout", 5*time.Second, "how long the store may be silent before a request gets 503")
	f.DurationVar(&s.fresh, "manifest-ttl", time.Second, "how long a manifest is served before the catalog is asked again")
	f.Var(&s.manifests, "manifest-memory", "memory for manifests")
	f.StringVar(&s.keysAt, "signing-keys", "", `keys of merchants whose URLs are signed, a file or s3://BUCKET/KEY, read again each minute: {"acme": ["base64 of 32 bytes"]}`)
	f.StringSliceVar(&s.verify, "origin-verify", nil, "secret that X-Origin-Verify must have, for /metrics too where --admin is empty; two, with a comma, while it is changed")
	f.Float64Var(&s.misses, "miss-rate", 200, "files that aren't cached a client may ask for per second; 0 is no limit")
	f.Var(&s.minRate, "min-rate", "bytes per second that a client must take; 0 is no limit")
	f.IntVar(&s.connections, "connections", 10000, "connections at a time; more wait")
	f.StringVar(&s.admin, "admin", "", "address for /metrics, /healthz and /readyz alone; empty has them beside the files")
	f.BoolVar(&s.quiet, "no-access-log", false, "write no line for each request")
}

// check returns an error for settings that can't be. A secret that is set and empty is one
// that was to be there and isn't: it must not open what it was to close.
func (s *originSettings) check() error {
	for name, n := range map[string]int{"fetches": s.fetches, "connections": s.connections} {
		if n < 1 {
			return fmt.Errorf("--%s is %d, less than 1", name, n)
		}
	}
	for name, n := range map[string]byteSize{"memory": s.memory, "manifest-memory": s.manifests} {
		if n < 1<<20 {
			return fmt.Errorf("--%s is %s, less than 1MiB", name, &n)
		}
	}
	switch {
	case s.patience < 10*time.Millisecond:
		return fmt.Errorf("--store-timeout is %s, less than 10ms", s.patience)
	case s.fresh < 0:
		return fmt.Errorf("--manifest-ttl is %s, below 0", s.fresh)
	case !(s.misses >= 0 && s.misses <= 1e9):
		return fmt.Errorf("--miss-rate is %g, not 0 to 1e9", s.misses)
	case s.set("origin-verify") && len(s.verify) == 0, len(s.verify) > 2:
		return fmt.Errorf("--origin-verify has %d secrets, not one or two; leave it out to serve everybody", len(s.verify))
	case s.set("signing-keys") && s.keysAt == "":
		return errors.New("--signing-keys is empty; leave it out to have no signed addresses")
	}
	return nil
}

// openCache opens the cache that an origin serves from.
func (s *originSettings) openCache(h *home) (*cache.Cache, error) {
	dir := s.cacheDir
	if dir == "" {
		dir = filepath.Join(h.data, "cache")
	}
	return cache.Open(cache.Config{
		Store: h.store, Memory: int64(s.memory), Dir: dir, Disk: int64(s.disk),
		Fetches: s.fetches, FirstByte: s.patience, Stall: s.patience, Log: h.log,
	})
}

// open makes the origin; close gives back what it holds.
func (s *originSettings) open(ctx context.Context, h *home) (o *origin.Origin, closing func() error, err error) {
	if err := s.check(); err != nil {
		return nil, nil, usageError{err}
	}
	var keys origin.Keys
	if s.keysAt != "" {
		if s.keys, err = openKeys(ctx, s.keysAt); err == nil {
			keys, err = s.keys.read(ctx)
		}
		if err != nil {
			return nil, nil, err
		}
	}
	c, err := s.openCache(h)
	if err != nil {
		return nil, nil, err
	}
	o, err = origin.New(origin.Config{
		Cache: c, Catalog: h.catalog, Log: h.log, Fresh: s.fresh, Manifests: int64(s.manifests),
		Keys: keys, Verify: s.verify, Misses: s.misses, MinRate: int64(s.minRate), Quiet: s.quiet,
	})
	if err != nil {
		return nil, nil, errors.Join(usageError{fmt.Errorf("--origin-verify: %w", err)}, c.Close())
	}
	return o, c.Close, nil
}

// routes sends probes and Prometheus where they belong, unless that has an address of its
// own, and all else to next. (A ServeMux would answer some odd paths itself.)
func (s *originSettings) routes(o *origin.Origin, next http.Handler, others ...prometheus.Gatherer) http.Handler {
	if s.admin != "" {
		return next
	}
	return operations(o, o.Metrics(false, others...), next)
}

// operations are for probes and Prometheus.
func operations(o *origin.Origin, metrics, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/healthz", "/readyz":
			o.Health(w, r)
		case "/metrics":
			metrics.ServeHTTP(w, r)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// serveAdmin serves operations on an address of their own, where there is one.
func (s *originSettings) serveAdmin(ctx context.Context, o *origin.Origin, others ...prometheus.Gatherer) error {
	if s.admin == "" {
		return nil
	}
	return (&server{address: s.admin, handler: operations(o, o.Metrics(true, others...), http.NotFoundHandler()), connections: 64, ready: func(net.Addr) {}}).run(ctx)
}

// secret are settings whose values are not shown.
var secret = map[string]bool{"origin-verify": true}

// showSettings lists the settings of a command as they are, wherever they came from.
func showSettings(c console, cmd *cobra.Command) error {
	t := table.NewWriter()
	t.SetStyle(table.StyleLight)
	t.AppendHeader(table.Row{"Flag", "Environment", "Value", "Default", "What"})
	cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
		if f.Name == "help" || f.Name == "config" {
			return
		}
		value := f.Value.String()
		if secret[f.Name] && f.Changed {
			value = "(set)"
		}
		t.AppendRow(table.Row{"--" + f.Name, variable(f.Name), value, f.DefValue, f.Usage})
	})
	_, err := fmt.Fprintln(c.out, t.Render())
	return err
}

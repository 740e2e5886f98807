package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"runtime/debug"

	"github.com/spf13/cobra"
)

func newOrigin(c console) *cobra.Command {
	var s settings
	var o originSettings
	var show bool
	cmd := &cobra.Command{
		Use:   "origin",
		Short: "Only serve renditions and manifests",
		Long: `Origin serves what workers made: /p/MERCHANT/MODEL.glb is the right level for the
device that asks, /p/MERCHANT/MODEL.json the manifest, /o/... the files themselves,
forever. Files of a remote store are cached in memory and on disk, and served on when
the store is down. On SIGTERM nobody new is let in, and answers at hand are finished.

The process takes about 128 MiB beside --memory and --manifest-memory; GOMEMLIMIT says otherwise.

/metrics is for Prometheus, /healthz and /readyz for load balancers.`,
		Example: `  plinth origin --data /var/lib/plinth --listen :8081
  plinth origin --store s3://renditions/prod --catalog dynamodb://plinth --memory 1GiB --disk 20GiB --cache /mnt/cache
  PLINTH_ORIGIN_VERIFY=the-secret-of-today,the-secret-of-before plinth origin --admin 127.0.0.1:9090
  plinth origin --config`,
		Args: args(0, 0, "nothing"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if show {
				return showSettings(c, cmd)
			}
			return runOrigin(cmd.Context(), c, s, o)
		},
	}
	s.addData(cmd)
	s.addListen(cmd)
	o.add(cmd)
	s.addMetrics(cmd)
	cmd.Flags().BoolVar(&show, "config", false, "show all settings as they are, and end")
	return cmd
}

// held is the memory that an origin may take, in bytes.
func (s *originSettings) held() int64 { return int64(s.memory) + int64(s.manifests) + besideCaches }

// besideCaches is the memory that an origin may take beside what its settings give to caches,
// before its garbage is collected at any cost: connections, answers on their way.
const besideCaches = 128 << 20

func runOrigin(ctx context.Context, c console, s settings, set originSettings) (err error) {
	h, err := s.open(ctx, c, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.close()) }()
	if h.records != nil { // one elsewhere may be down for now
		known, err := h.catalog.Jobs(ctx, 1)
		if err != nil {
			return err
		}
		if len(known) == 0 {
			h.log.Warn("the catalog has no products yet; is --data the right folder?", "data", s.data)
		}
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(set.held())
	}
	o, closing, err := set.open(ctx, h)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closing()) }()
	main := &server{
		address: s.listen, handler: set.routes(o, o), connections: set.connections, drain: o.Drain,
		ready: func(a net.Addr) { _, _ = fmt.Fprintf(c.out, "Plinth's origin listens on http://%s\n", a) },
	}
	count := func(ctx context.Context) error { return h.countOrigin(ctx, o, c.out) }
	watch := func(ctx context.Context) error { return set.keys.watch(ctx, o) }
	return together(ctx, count, main.run, watch, func(ctx context.Context) error { return set.serveAdmin(ctx, o) })
}

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/plinth3d/plinth/pipeline"
	"github.com/plinth3d/plinth/pipeline/asset"
	"github.com/plinth3d/plinth/testdata/models"
	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"
)

func newServe(c console) *cobra.Command {
	var s settings
	var o originSettings
	var demo bool
	var assets string
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run everything in one process: uploads, worker, origin and shop page",
		Long: `Serve takes uploads, makes their levels and serves them and a shop page, from one
folder, with nothing else installed. It ends on SIGTERM once jobs at hand are done, those
that --grace is too short for are put back in line; a process that is killed loses
nothing: its successor goes on.`,
		Example: `  plinth serve --demo
  plinth serve --data /var/lib/plinth --listen :8080
  curl -T chair.glb http://localhost:8080/v1/models/chair
  curl -N http://localhost:8080/v1/models/chair/events`,
		Args: args(0, 0, "nothing"),
		RunE: func(cmd *cobra.Command, _ []string) error { return runServe(cmd.Context(), c, s, o, demo, assets) },
	}
	s.addData(cmd)
	s.addListen(cmd)
	s.addWork(cmd)
	o.add(cmd)
	s.addRaw(cmd)
	s.addMetrics(cmd)
	cmd.Flags().StringVar(&assets, "assets", "", "where shoppers fetch products, such as https://cdn.example.com; empty is this server")
	cmd.Flags().BoolVar(&demo, "demo", false, "make the sample products and upload them")
	return cmd
}

func runServe(ctx context.Context, c console, s settings, set originSettings, demo bool, assets string) (err error) {
	if err := checkAssets(assets); err != nil {
		return err
	}
	h, err := s.open(ctx, c, true)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.close()) }()
	o, closing, err := set.open(ctx, h)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closing()) }()
	handler, err := h.handler(ctx, o, assets)
	if err != nil {
		return err
	}
	worker, figures, err := h.worker()
	if err != nil {
		return err
	}
	if s.memory == 0 { // the origin has its share
		worker.Memory = max(worker.Memory-set.held(), worker.Memory/2)
	}
	if worker.Memory > 0 {
		pipeline.LimitMemory(worker.Memory + set.held())
	}
	if err := h.resume(ctx); err != nil {
		return err
	}
	listening := make(chan string, 1)
	main := &server{
		address: s.listen, handler: set.routes(o, handler, figures.worker.Gatherer()), connections: set.connections, drain: o.Drain,
		uploads: func(r *http.Request) bool { return r.Method == http.MethodPut && strings.HasPrefix(r.URL.Path, "/v1/") },
		ready: func(a net.Addr) {
			_, _ = fmt.Fprintf(c.out, "Plinth listens on http://%s\n", a)
			listening <- "http://" + a.String()
		},
	}
	samples := func(ctx context.Context) error {
		select {
		case base := <-listening:
			if demo {
				return uploadSamples(ctx, base, filepath.Join(s.data, "demo"))
			}
		case <-ctx.Done():
		}
		return nil
	}
	count := func(ctx context.Context) error {
		group, ctx := errgroup.WithContext(ctx)
		group.Go(func() error { return h.countOrigin(ctx, o, c.out) })
		group.Go(func() error { return figures.run(ctx, c.out) })
		return group.Wait()
	}
	watch := func(ctx context.Context) error { return set.keys.watch(ctx, o) }
	return together(ctx, count, worker.Run, h.adopt, main.run, samples, watch, func(ctx context.Context) error {
		return set.serveAdmin(ctx, o, figures.worker.Gatherer())
	})
}

// checkAssets wants an origin as browsers write it: it goes into a page's policy.
func checkAssets(assets string) error {
	if assets == "" {
		return nil
	}
	u, err := url.Parse(assets)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || assets != u.Scheme+"://"+u.Host || strings.ContainsAny(u.Host, " ;,'\"") {
		return usageError{fmt.Errorf("--assets is %q, not like https://cdn.example.com", assets)}
	}
	return nil
}

// uploadSamples sends the sample products the way a merchant would.
func uploadSamples(ctx context.Context, base, dir string) error {
	paths, err := models.Write(dir)
	if err != nil {
		return fmt.Errorf("make the sample products: %w", err)
	}
	for _, p := range paths {
		if err := upload(ctx, base, p); err != nil {
			if ctx.Err() != nil {
				return nil //nolint:nilerr // the server ends before the samples are all there
			}
			return err
		}
	}
	return nil
}

func upload(ctx context.Context, base, path string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPut, base+"/v1/models/"+asset.ID(path), bytes.NewReader(data))
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return fmt.Errorf("upload %s: %w", path, err)
	}
	defer answer.Body.Close() //nolint:errcheck // only read
	if text, _ := io.ReadAll(io.LimitReader(answer.Body, 4096)); answer.StatusCode != http.StatusAccepted {
		return fmt.Errorf("upload %s: %s: %s", path, answer.Status, text)
	}
	return nil
}

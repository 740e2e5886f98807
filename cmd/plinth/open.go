package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/plinth3d/plinth/origin"
	"github.com/plinth3d/plinth/origin/viewer"
	"github.com/plinth3d/plinth/pipeline"
	"github.com/plinth3d/plinth/pipeline/asset"
	"github.com/plinth3d/plinth/pipeline/intake"
)

// settings are what the roles share. Each is declared once, here, as a flag.
type settings struct {
	data, listen, logs  string
	where               where
	lease, grace, limit time.Duration
	checkpoint          time.Duration
	slots               int
	guest               bool // see openThere
	memory, most        byteSize
	prices, metrics     string
	recipe              recipeFlags
}

// where names the backends.
type where struct{ store, catalog, queue, lanes, raw string }

func (s *settings) addData(cmd *cobra.Command) {
	cmd.Flags().StringVar(&s.data, "data", "data", "folder that holds everything")
	cmd.Flags().StringVar(&s.where.store, "store", "", "where files are kept: disk:PATH or s3://BUCKET/PREFIX; empty is the data folder")
	cmd.Flags().StringVar(&s.where.catalog, "catalog", "local", "where models and manifests are known: local, in the data folder; or dynamodb://TABLE, shared")
	cmd.Flags().StringVar(&s.logs, "log", "text", "form of log lines: text or json")
}

func (s *settings) addListen(cmd *cobra.Command) {
	cmd.Flags().StringVar(&s.listen, "listen", "127.0.0.1:8080", "address to listen on; port 0 takes a free one")
}

func (s *settings) addQueue(cmd *cobra.Command) {
	cmd.Flags().StringVar(&s.where.queue, "queue", "local", "local: in this process, kept in the data folder; or nats://HOST:PORT or sqs://NAME, shared. NAME-interactive is the queue of a lane, NAME-interactive-dead its dead letters")
	cmd.Flags().StringVar(&s.where.lanes, "lanes", asset.DefaultLanes, "lanes of SQS and how often each has its turn; uploads and unnamed jobs go to the first")
}

// home is all that a role works with.
type home struct {
	settings
	place
	backends
	log *slog.Logger
}

func (s *settings) open(ctx context.Context, c console, withQueue bool) (*home, error) {
	h := &home{settings: *s}
	switch s.logs {
	case "text":
		h.log = slog.New(slog.NewTextHandler(c.err, nil))
	case "json":
		h.log = slog.New(slog.NewJSONHandler(c.err, nil))
	default:
		return nil, usageError{fmt.Errorf("--log is %q, not text or json", s.logs)}
	}
	if _, err := s.tellsCloudWatch(); err != nil {
		return nil, err
	}
	var err error
	if h.place, err = s.openPlace(ctx); err != nil {
		return nil, err
	}
	if err = h.openCatalog(ctx); err == nil && withQueue {
		err = h.openQueue(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, h.close())
	}
	return h, nil
}

func (h *home) close() error {
	err := h.backends.close()
	if h.folder != nil {
		err = errors.Join(err, h.folder.Close())
	}
	return err
}

// resume sends the queue what a process that was killed between catalog and queue left
// behind. SQS keeps its messages through all that, and can't know of duplicates.
func (h *home) resume(ctx context.Context) error {
	if h.lanes != nil {
		return nil
	}
	n, err := pipeline.Resume(ctx, h.catalog, h.jobs)
	if n > 0 {
		h.log.Info("resume", "jobs", n)
	}
	return err
}

func (h *home) serverRecipe() (pipeline.Recipe, error) {
	r, err := h.recipe.recipe()
	if err != nil {
		return r, err
	}
	if r.Unit != "m" && h.recipe.unit != "" {
		return r, usageError{errors.New("a server takes models in meters; say ?unit= with an upload that is not")}
	}
	return r, nil
}

// handler routes all of Plinth: the API, assets and the shop page, whose products are
// fetched from assets.
func (h *home) handler(ctx context.Context, o *origin.Origin, assets string) (http.Handler, error) {
	r, err := h.serverRecipe()
	if err != nil {
		return nil, err
	}
	if err := pipeline.StoreRecipe(ctx, h.store, r); err != nil {
		return nil, err
	}
	in := &intake.Intake{Store: h.store, Queue: h.jobs, Catalog: h.catalog, Recipe: r, Temp: h.temp, Assets: assets, Log: h.log, Ending: ctx.Done()}
	api := in.Handler(asset.Merchant)
	page, err := viewer.Handler(assets)
	if err != nil {
		return nil, err
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch path := r.URL.Path; {
		case strings.HasPrefix(path, "/o/"), strings.HasPrefix(path, "/p/"):
			o.ServeHTTP(w, r)
		case strings.HasPrefix(path, "/v1/"):
			api.ServeHTTP(w, r)
		default:
			page.ServeHTTP(w, r)
		}
	}), nil
}

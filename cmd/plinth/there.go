package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/plinth3d/plinth/pipeline"
	"github.com/plinth3d/plinth/pipeline/asset"
)

// openThere opens what is there: a command that only looks, or acts on what it finds, makes
// no folder and no catalog of a name that was mistyped.
func (s *settings) openThere(ctx context.Context, c console) (*home, error) {
	if err := s.there(); err != nil {
		return nil, err
	}
	guest := *s
	guest.guest = true
	return guest.open(ctx, c, false)
}

// there returns ErrNotFound unless all that the settings name on this machine is there.
func (s *settings) there() error {
	dir, onDisk := strings.CutPrefix(s.where.store, "disk:")
	switch {
	case s.where.catalog == "local" && !exists(filepath.Join(s.data, "catalog.db")):
		return fmt.Errorf("%w: the folder %s has no catalog.db; --data names the one of plinth serve, or say --catalog", asset.ErrNotFound, s.data)
	case s.where.store == "" && s.where.catalog != "local" && !exists(filepath.Join(s.data, "store")):
		return fmt.Errorf("%w: the folder %s has no store; say --store where the files of %s are", asset.ErrNotFound, s.data, s.where.catalog)
	case onDisk && dir != "" && !exists(dir):
		return fmt.Errorf("%w: --store: there is no folder %s", asset.ErrNotFound, dir)
	}
	return nil
}

// exists says whether a file or folder is there. One that can't be looked at is told by
// whoever opens it.
func exists(path string) bool {
	_, err := os.Stat(path)
	return !errors.Is(err, fs.ErrNotExist)
}

// dataFolder is the data folder, whatever it is called from where.
func (s *settings) dataFolder() (string, error) {
	dir, err := filepath.Abs(s.data)
	if err == nil {
		dir, err = filepath.EvalSymlinks(dir)
	}
	if err != nil {
		return "", fmt.Errorf("--data: %w", err)
	}
	return dir, nil
}

// isFor returns an error unless the settings name the catalog that a plan is for.
func (s *settings) isFor(p pipeline.BatchPlan) error {
	if p.Catalog != s.where.catalog {
		say := "--catalog " + word(p.Catalog)
		if p.Data != "" {
			say += " --data " + word(p.Data)
		}
		return usageError{fmt.Errorf("the plan is for --catalog %s, not %s; say %s, and --store and --queue that go with it", p.Catalog, s.where.catalog, say)}
	}
	if err := s.there(); err != nil || p.Catalog != "local" {
		return err
	}
	dir, err := s.dataFolder()
	if err == nil && dir != p.Data {
		err = usageError{fmt.Errorf("the plan is for the catalog in %s, not in %s; say --data %s, or plan again", p.Data, dir, word(p.Data))}
	}
	return err
}

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/plinth3d/plinth/pipeline/asset"
	"github.com/plinth3d/plinth/pipeline/cloud"
	"github.com/plinth3d/plinth/pipeline/local"
)

// place is where blobs are, and where those on their way are meanwhile.
type place struct {
	store  asset.Store
	folder *local.Store // the store, if it is a folder
	bucket *cloud.Store // the store, if it is in S3
	temp   string       // folder that only processes of this data folder write to
	// sweep removes what such processes that died left behind; no other one may run. A
	// folder that --store names may have other writers: its own is left alone.
	sweep func() error
}

// openPlace opens the store that --store names.
func (s *settings) openPlace(ctx context.Context) (place, error) {
	dir, onDisk := strings.CutPrefix(s.where.store, "disk:")
	switch {
	case s.where.store == "":
		dir = filepath.Join(s.data, "store")
		f, err := local.OpenStore(dir)
		if err != nil {
			return place{}, err
		}
		return place{store: f, folder: f, temp: filepath.Join(dir, "tmp"), sweep: f.Sweep}, nil
	case onDisk && dir != "":
		return s.elsewhere(func(p *place) (err error) {
			p.folder, err = local.OpenStore(dir)
			p.store = p.folder
			return err
		})
	case strings.HasPrefix(s.where.store, "s3://"):
		return s.elsewhere(func(p *place) (err error) {
			if p.bucket, err = cloud.Open(ctx, s.where.store); err != nil {
				return usageError{fmt.Errorf("--store: %w", err)} // it asks nothing of S3
			}
			p.bucket.Temp, p.store = p.temp, p.bucket
			return nil
		})
	}
	return place{}, usageError{fmt.Errorf("--store is %q, not disk:PATH or s3://BUCKET/PREFIX", s.where.store)}
}

// elsewhere is a place outside the data folder.
func (s *settings) elsewhere(open func(*place) error) (place, error) {
	temp := filepath.Join(s.data, "tmp")
	p := place{temp: temp, sweep: func() error { return removeFiles(temp) }}
	if s.guest && s.where.catalog != "local" {
		p.temp = "" // the system's: nothing is in the data folder
	} else if err := os.MkdirAll(temp, 0o755); err != nil {
		return place{}, fmt.Errorf("open the store: %w", err)
	}
	if err := open(&p); err != nil {
		return place{}, err
	}
	return p, nil
}

// removeFiles removes the files of a folder and leaves its folders: --store may name one
// of them.
func removeFiles(dir string) error {
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		if !e.IsDir() {
			err = errors.Join(err, os.Remove(filepath.Join(dir, e.Name())))
		}
	}
	if err != nil {
		return fmt.Errorf("sweep %s: %w", dir, err)
	}
	return nil
}

// reproduce is a command that shows the failure of a version again.
func (p place) reproduce(v asset.Version) string {
	source, recipe := asset.SourceKey(v.Merchant, v.Source), asset.RecipeKey(v.Recipe.Hash)
	convert := func(source, recipe string) string {
		return command("plinth", "convert", source, "--recipe", recipe, "--unit", v.Unit, "-o", "/tmp/"+v.Model)
	}
	if p.folder != nil {
		return convert(p.folder.Path(source), p.folder.Path(recipe))
	}
	return fmt.Sprintf("aws s3 cp %s source.glb && aws s3 cp %s recipe.json && %s",
		p.bucket.URL(source), p.bucket.URL(recipe), convert("source.glb", "recipe.json"))
}

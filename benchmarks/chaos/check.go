package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/plinth3d/plinth/pipeline"
	"github.com/plinth3d/plinth/pipeline/asset"
	"github.com/plinth3d/plinth/pipeline/cloud/awstest"
)

// report is what became of the uploads.
type report struct {
	options
	uploads []upload
	fleet   *fleet
	relay   *awstest.Relay
	history *history
	took    time.Duration

	versions, models, broken  int
	attempts, most            int // of all versions; of one
	letters                   int // dead ones, of broken files
	lost, twice, partial      []string
	behind, stuck, dead, more []string
}

// check holds what there is against what there should be. Fields are lists of what is wrong.
func (r *report) check(ctx context.Context, at *awstest.Installation, recipe pipeline.Recipe) error {
	versions, newest := map[string]upload{}, map[string]upload{}
	for _, u := range r.uploads {
		versions[u.Version.Version] = u
		newest[u.Merchant+"/"+u.Model] = u
	}
	r.versions, r.models = len(versions), len(newest)
	group, looking := errgroup.WithContext(ctx)
	group.SetLimit(2 * runtime.GOMAXPROCS(0)) // a part of each waits for S3
	var mu sync.Mutex
	for _, u := range versions {
		group.Go(func() error { return r.version(looking, at, u, recipe, &mu) })
	}
	for _, u := range newest {
		group.Go(func() error { return r.current(looking, at, u, &mu) })
	}
	if err := group.Wait(); err != nil {
		return err
	}
	var err error
	if r.more, err = r.relay.Unlisted("worker"); err != nil {
		return err
	}
	return errors.Join(r.graves(ctx, at, versions), errors.Join(r.history.faults...))
}

// version checks one version: its state, what was published of it and what is in S3.
func (r *report) version(ctx context.Context, at *awstest.Installation, u upload, recipe pipeline.Recipe, mu *sync.Mutex) error {
	all, err := at.Catalog.Versions(ctx, u.Merchant, u.Model)
	if err != nil {
		return err
	}
	var v asset.Version
	for _, one := range all {
		if one.Version == u.Version.Version {
			v = one
		}
	}
	r.history.mu.Lock()
	published := r.history.manifests[u.Merchant+"/"+u.Model+" manifest/"+v.Version]
	r.history.mu.Unlock()
	want, wantErr := pipeline.Process(ctx, u.source, recipe)
	mu.Lock()
	r.attempts, r.most = r.attempts+v.Attempts, max(r.most, v.Attempts)
	name := fmt.Sprintf("%s/%s/%s", u.Merchant, u.Model, v.Version)
	switch {
	case v.State == asset.Queued || v.State == asset.Running:
		r.stuck = append(r.stuck, fmt.Sprintf("%s is %s", name, v.State))
	case u.broken && (v.State != asset.Failed || v.Failure == nil || wantErr == nil || v.Failure.Reason != wantErr.Error() || len(published) > 0):
		r.lost = append(r.lost, fmt.Sprintf("%s is broken, and %s: %+v", name, v.State, v.Failure))
	case !u.broken && (v.State != asset.Ready || len(published) == 0):
		r.lost = append(r.lost, fmt.Sprintf("%s is %s, published %d times: %+v", name, v.State, len(published), v.Failure))
	}
	if u.broken {
		r.broken++
	}
	mu.Unlock()
	if u.broken || wantErr != nil {
		return nil
	}
	return r.published(ctx, at, u, want, published, mu)
}

// published holds all manifests of a version against what Process makes, here and now.
func (r *report) published(ctx context.Context, at *awstest.Installation, u upload, want *pipeline.Result, got []asset.Manifest, mu *sync.Mutex) error {
	expected, err := published(u, want)
	if err != nil {
		return err
	}
	for _, m := range got {
		m.Published = ""
		text, err := json.Marshal(m)
		if err != nil {
			return err
		}
		if !bytes.Equal(text, expected) {
			mu.Lock()
			r.twice = append(r.twice, fmt.Sprintf("%s/%s/%s is not what its source makes", u.Merchant, u.Model, m.Version))
			mu.Unlock()
		}
		for _, l := range m.Levels {
			for _, rd := range l.Renditions {
				if err := whole(ctx, at.Store, rd); err != nil {
					mu.Lock()
					r.partial = append(r.partial, fmt.Sprintf("%s/%s: %v", u.Merchant, u.Model, err))
					mu.Unlock()
				}
			}
		}
	}
	return nil
}

// published is a manifest as a worker publishes it, but for the time.
func published(u upload, r *pipeline.Result) ([]byte, error) {
	keys := map[string]string{}
	for _, o := range r.Outputs {
		keys[o.Name] = asset.RenditionKey(u.Merchant, asset.Hash(o.Data))
	}
	m := r.Manifest
	m.Model, m.Version, m.Recipe = u.Model, u.Version.Version, u.Recipe
	for i := range m.Levels {
		for k := range m.Levels[i].Renditions {
			rd := &m.Levels[i].Renditions[k]
			rd.Key = keys[rd.Key]
		}
	}
	return json.Marshal(m)
}

// whole returns an error unless a rendition is in the store, as its manifest says.
func whole(ctx context.Context, s asset.Store, rd asset.Rendition) error {
	info, body, err := s.Read(ctx, rd.Key, asset.Range{Length: rd.Bytes + 1})
	if err != nil {
		return err
	}
	defer body.Close() //nolint:errcheck // only read
	data, err := io.ReadAll(body)
	if err == nil && (info.Size != rd.Bytes || asset.Hash(data) != rd.SHA256) {
		err = fmt.Errorf("%s has %d bytes with the hash %s, not %d with %s", rd.Key, info.Size, asset.Hash(data), rd.Bytes, rd.SHA256)
	}
	return err
}

// current checks that the newest upload of a model is live.
func (r *report) current(ctx context.Context, at *awstest.Installation, u upload, mu *sync.Mutex) error {
	m, err := at.Catalog.Current(ctx, u.Merchant, u.Model)
	if u.broken && errors.Is(err, asset.ErrNotFound) {
		return nil
	}
	if err != nil && !errors.Is(err, asset.ErrNotFound) {
		return err
	}
	if m.Version != u.Version.Version {
		mu.Lock()
		defer mu.Unlock()
		r.behind = append(r.behind, fmt.Sprintf("%s/%s: %q is live, not %s", u.Merchant, u.Model, m.Version, u.Version.Version))
	}
	return nil
}

// graves checks that all dead letters are of broken files, with their reason, and that each
// of those has one.
func (r *report) graves(ctx context.Context, at *awstest.Installation, versions map[string]upload) error {
	all, err := at.Queue.Buried(ctx, 10*r.jobs)
	if err != nil {
		return err
	}
	found := map[string]bool{}
	for _, b := range all {
		if !versions[b.Job.Version].broken || b.Reason == "" || b.Source != versions[b.Job.Version].Source || !strings.Contains(b.Reproduce, "plinth convert") {
			r.dead = append(r.dead, fmt.Sprintf("%+v", b))
			continue
		}
		found[b.Job.Version] = true
		r.letters++
	}
	for _, u := range versions {
		if u.broken && !found[u.Version.Version] {
			r.dead = append(r.dead, fmt.Sprintf("%s/%s has no dead letter", u.Merchant, u.Model))
		}
	}
	return nil
}

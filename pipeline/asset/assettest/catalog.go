package assettest

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// Catalog tests a catalog that open makes, empty.
func Catalog(t *testing.T, open func(t *testing.T) asset.Catalog) {
	version := func(model, v string) asset.Version {
		return asset.Version{
			Merchant: "m", Model: model, Version: v, Source: asset.Hash([]byte(v)), Bytes: 7, Unit: "m",
			Recipe:   asset.RecipeRef{Name: "default", Hash: "h"},
			Findings: []asset.Finding{{Code: "size", Severity: "note", Where: "w", What: "x", Do: "y"}},
		}
	}
	submit := func(t *testing.T, c asset.Catalog, v asset.Version) asset.Version {
		t.Helper()
		got, err := c.Submit(t.Context(), v)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	claimFor := func(t *testing.T, c asset.Catalog, v asset.Version, lease time.Duration) int64 {
		t.Helper()
		_, epoch, err := c.Claim(t.Context(), v.Ref(), lease)
		if err != nil {
			t.Fatal(err)
		}
		return epoch
	}
	claim := func(t *testing.T, c asset.Catalog, v asset.Version) int64 {
		t.Helper()
		return claimFor(t, c, v, time.Hour)
	}
	state := func(t *testing.T, c asset.Catalog, model string, want asset.State) asset.Version {
		t.Helper()
		v, err := c.Newest(t.Context(), "m", model)
		if err != nil || v.State != want {
			t.Fatalf("got %q, %v, want %q", v.State, err, want)
		}
		return v
	}
	manifest := func(v asset.Version) asset.Manifest {
		return asset.Manifest{Schema: 1, Model: v.Model, Version: v.Version, Findings: []asset.Finding{}, Levels: []asset.Level{{Level: 0, Height: 100}}}
	}
	publish := func(t *testing.T, c asset.Catalog, v asset.Version, epoch int64) {
		t.Helper()
		if err := c.Publish(t.Context(), v.Ref(), epoch, manifest(v)); err != nil {
			t.Fatal(err)
		}
	}
	current := func(t *testing.T, c asset.Catalog, model, want string) {
		t.Helper()
		m, err := c.Current(t.Context(), "m", model)
		if err != nil || m.Version != want {
			t.Fatalf("got version %q, %v, want %q", m.Version, err, want)
		}
	}

	t.Run("a version goes from queued to ready", func(t *testing.T) {
		c := open(t)
		v := submit(t, c, version("a", "1"))
		if v.State != asset.Queued || v.Submitted.IsZero() || len(v.Findings) != 1 {
			t.Errorf("got %+v", v)
		}
		epoch := claim(t, c, v)
		if got := state(t, c, "a", asset.Running); got.Attempts != 1 {
			t.Errorf("got %d attempts", got.Attempts)
		}
		if err := c.Progress(t.Context(), v.Ref(), epoch, "simplify", 42); err != nil {
			t.Fatal(err)
		}
		if got := state(t, c, "a", asset.Running); got.Stage != "simplify" || got.Percent != 42 {
			t.Errorf("got %q, %g", got.Stage, got.Percent)
		}
		publish(t, c, v, epoch)
		if got := state(t, c, "a", asset.Ready); !got.Live || got.Percent != 100 {
			t.Errorf("got live %v, %g percent", got.Live, got.Percent)
		}
		current(t, c, "a", "1")
	})
	t.Run("what is not there is ErrNotFound", func(t *testing.T) {
		c := open(t)
		if _, err := c.Newest(t.Context(), "m", "a"); !errors.Is(err, asset.ErrNotFound) {
			t.Errorf("Newest: got %v", err)
		}
		if _, err := c.Current(t.Context(), "m", "a"); !errors.Is(err, asset.ErrNotFound) {
			t.Errorf("Current: got %v", err)
		}
		if _, _, err := c.Claim(t.Context(), asset.Job{Merchant: "m", Model: "a", Version: "1"}, time.Hour); !errors.Is(err, asset.ErrNotFound) {
			t.Errorf("Claim: got %v", err)
		}
		if list, err := c.Versions(t.Context(), "m", "a"); !errors.Is(err, asset.ErrNotFound) {
			t.Errorf("Versions: got %v, %v", list, err)
		}
		if err := c.Restore(t.Context(), "m", "a", "1"); !errors.Is(err, asset.ErrNotFound) {
			t.Errorf("Restore: got %v", err)
		}
		submit(t, c, version("a", "1"))
		if _, err := c.Current(t.Context(), "m", "a"); !errors.Is(err, asset.ErrNotFound) {
			t.Errorf("Current of what isn't ready: got %v", err)
		}
		if err := c.Restore(t.Context(), "m", "a", "2"); !errors.Is(err, asset.ErrNotFound) {
			t.Errorf("Restore of an unknown version: got %v", err)
		}
	})
	t.Run("a submission is noticed as a duplicate", func(t *testing.T) {
		c := open(t)
		v := submit(t, c, version("a", "1"))
		epoch := claim(t, c, v)
		if got := submit(t, c, version("a", "1")); got.State != asset.Running {
			t.Errorf("a running version became %q", got.State)
		}
		publish(t, c, v, epoch)
		if got := submit(t, c, version("a", "1")); got.State != asset.Ready {
			t.Errorf("a ready version became %q", got.State)
		}
	})
	t.Run("a failed version can be submitted again", func(t *testing.T) {
		c := open(t)
		v := submit(t, c, version("a", "1"))
		epoch := claim(t, c, v)
		failure := asset.Failure{Code: "broken", Stage: "read", Reason: "no", Reproduce: "plinth convert"}
		if err := c.Fail(t.Context(), v.Ref(), epoch, failure); err != nil {
			t.Fatal(err)
		}
		if got := state(t, c, "a", asset.Failed); got.Failure == nil || *got.Failure != failure {
			t.Errorf("got %v", got.Failure)
		}
		if _, _, err := c.Claim(t.Context(), v.Ref(), time.Hour); !errors.Is(err, asset.ErrConflict) || errors.Is(err, asset.ErrBusy) {
			t.Errorf("claim of a failed version: got %v, want ErrConflict", err)
		}
		if got := submit(t, c, version("a", "1")); got.State != asset.Queued || got.Failure != nil || got.Attempts != 0 {
			t.Errorf("got %+v", got)
		}
	})
	t.Run("an old epoch changes nothing", func(t *testing.T) {
		c := open(t)
		v := submit(t, c, version("a", "1"))
		old := claimFor(t, c, v, 0)
		young := claim(t, c, v)
		if young <= old {
			t.Errorf("epochs are %d and %d", old, young)
		}
		for name, do := range map[string]func() error{
			"Progress": func() error { return c.Progress(t.Context(), v.Ref(), old, "x", 1) },
			"Publish":  func() error { return c.Publish(t.Context(), v.Ref(), old, manifest(v)) },
			"Fail":     func() error { return c.Fail(t.Context(), v.Ref(), old, asset.Failure{}) },
			"Requeue":  func() error { return c.Requeue(t.Context(), v.Ref(), old, true) },
		} {
			if err := do(); !errors.Is(err, asset.ErrConflict) {
				t.Errorf("%s: got %v, want ErrConflict", name, err)
			}
		}
		if got := state(t, c, "a", asset.Running); got.Attempts != 2 {
			t.Errorf("got %d attempts", got.Attempts)
		}
		publish(t, c, v, young)
	})
	t.Run("of many claims each has its own epoch", func(t *testing.T) {
		c := open(t)
		v := submit(t, c, version("a", "1"))
		epochs := make([]int64, 8)
		var wg sync.WaitGroup
		for i := range epochs {
			wg.Go(func() { epochs[i] = claimFor(t, c, v, 0) })
		}
		wg.Wait()
		seen := map[int64]bool{}
		for _, e := range epochs {
			if seen[e] {
				t.Errorf("epoch %d twice", e)
			}
			seen[e] = true
		}
	})
	t.Run("an older upload does not replace a newer one", func(t *testing.T) {
		c := open(t)
		first := submit(t, c, version("a", "1"))
		e1 := claim(t, c, first)
		second := submit(t, c, version("a", "2"))
		e2 := claim(t, c, second)
		publish(t, c, second, e2)
		publish(t, c, first, e1) // slower
		current(t, c, "a", "2")
		if got := state(t, c, "a", asset.Ready); got.Version != "2" {
			t.Errorf("newest is %q", got.Version)
		}
	})
	t.Run("submitting a ready version again makes it current", func(t *testing.T) {
		c := open(t)
		for _, name := range []string{"1", "2"} {
			v := submit(t, c, version("a", name))
			publish(t, c, v, claim(t, c, v))
		}
		current(t, c, "a", "2")
		submit(t, c, version("a", "1"))
		current(t, c, "a", "1")
	})
	t.Run("while a new version is made the old one stays", func(t *testing.T) {
		c := open(t)
		v := submit(t, c, version("a", "1"))
		publish(t, c, v, claim(t, c, v))
		submit(t, c, version("a", "2"))
		current(t, c, "a", "1")
	})
	t.Run("a version put back keeps its attempts, if they count", func(t *testing.T) {
		c := open(t)
		v := submit(t, c, version("a", "1"))
		for i, counted := range []bool{true, false} {
			if err := c.Requeue(t.Context(), v.Ref(), claim(t, c, v), counted); err != nil {
				t.Fatal(err)
			}
			if got := state(t, c, "a", asset.Queued); got.Attempts != 1 {
				t.Errorf("after %d times: %d attempts, want 1", i+1, got.Attempts)
			}
		}
	})
	t.Run("the versions of a model are listed, the newest upload first", func(t *testing.T) {
		c := open(t)
		for _, name := range []string{"1", "3", "2", "1"} {
			submit(t, c, version("a", name))
		}
		submit(t, c, version("ab", "4"))
		v := version("a", "3")
		publish(t, c, v, claim(t, c, v))
		list, err := c.Versions(t.Context(), "m", "a")
		if err != nil || len(list) != 3 {
			t.Fatalf("got %v, %v", list, err)
		}
		for i, want := range []string{"1", "2", "3"} {
			if got := list[i]; got.Version != want || got.Live != (want == "3") || got.Source != asset.Hash([]byte(want)) || len(got.Findings) > 1 {
				t.Errorf("number %d is %+v, want version %s", i, got, want)
			}
		}
	})
	t.Run("a large manifest comes back whole", func(t *testing.T) {
		c := open(t)
		v := submit(t, c, version("a", "1"))
		m := manifest(v)
		m.Published = "2026-01-02T03:04:05Z"
		for i := range 2000 {
			hash := asset.Hash(fmt.Append(nil, i))
			m.Findings = append(m.Findings, asset.Finding{Code: "c", Severity: "note", Where: fmt.Sprint("materials", i), What: hash, Do: "nothing"})
			m.Levels[0].Renditions = append(m.Levels[0].Renditions, asset.Rendition{
				Form: "web", Key: "rendition/m/" + hash, SHA256: hash, Bytes: int64(i), Type: "model/gltf-binary", Textures: []asset.Texture{},
			})
		}
		if err := c.Publish(t.Context(), v.Ref(), claim(t, c, v), m); err != nil {
			t.Fatal(err)
		}
		got, err := c.Current(t.Context(), "m", "a")
		if err != nil || !reflect.DeepEqual(got, m) {
			t.Errorf("got %d findings, %v", len(got.Findings), err)
		}
		if v := state(t, c, "a", asset.Ready); !reflect.DeepEqual(v.Findings, m.Findings) {
			t.Errorf("the version has %d findings", len(v.Findings))
		}
	})
	t.Run("the manifest of each version can be read", func(t *testing.T) {
		c := open(t)
		for _, name := range []string{"1", "2"} {
			v := submit(t, c, version("a", name))
			publish(t, c, v, claim(t, c, v))
		}
		waiting := submit(t, c, version("a", "3"))
		for _, name := range []string{"1", "2"} {
			if m, err := c.Manifest(t.Context(), "m", "a", name); err != nil || m.Version != name || len(m.Levels) != 1 {
				t.Errorf("version %s: got %+v, %v", name, m, err)
			}
		}
		// One that waits, others that are not there, and what can't be.
		for _, j := range []asset.Job{waiting.Ref(), {Merchant: "m", Model: "a", Version: "4"}, {Merchant: "m", Model: "b", Version: "1"}, {Merchant: "m", Model: "a"}, {Merchant: "m", Model: "/", Version: "1"}} {
			if _, err := c.Manifest(t.Context(), j.Merchant, j.Model, j.Version); !errors.Is(err, asset.ErrNotFound) {
				t.Errorf("%v: got %v, want ErrNotFound", j, err)
			}
		}
	})
	t.Run("of many uploads at once one is the newest, and current at last", func(t *testing.T) {
		c := open(t)
		versions := make([]asset.Version, 6)
		each := func(do func(i int)) {
			var wg sync.WaitGroup
			for i := range versions {
				wg.Go(func() { do(i) })
			}
			wg.Wait()
		}
		var err [6]error
		each(func(i int) { versions[i], err[i] = c.Submit(t.Context(), version("a", fmt.Sprint(i))) })
		if e := errors.Join(err[:]...); e != nil {
			t.Fatal(e)
		}
		newest := state(t, c, "a", asset.Queued)
		each(func(i int) {
			var epoch int64
			if _, epoch, err[i] = c.Claim(t.Context(), versions[i].Ref(), time.Hour); err[i] == nil {
				err[i] = c.Publish(t.Context(), versions[i].Ref(), epoch, manifest(versions[i]))
			}
		})
		if e := errors.Join(err[:]...); e != nil {
			t.Fatal(e)
		}
		current(t, c, "a", newest.Version)
		list, e := c.Versions(t.Context(), "m", "a")
		if e != nil || len(list) != len(versions) {
			t.Fatalf("got %d versions, %v", len(list), e)
		}
		for i, v := range list {
			if v.State != asset.Ready || v.Live != (i == 0) {
				t.Errorf("number %d is %s, live %v", i, v.State, v.Live)
			}
		}
	})
	t.Run("lists are in order", func(t *testing.T) {
		c := open(t)
		for _, name := range []string{"b", "a", "c"} {
			submit(t, c, version(name, "1"))
		}
		done := version("a", "1")
		publish(t, c, done, claim(t, c, done))
		list, err := c.List(t.Context(), "m")
		if err != nil || len(list) != 3 || list[0].Model != "a" || list[2].Model != "c" {
			t.Errorf("List: got %v, %v", list, err)
		}
		if other, err := c.List(t.Context(), "other"); err != nil || len(other) != 0 {
			t.Errorf("List of another merchant: got %v, %v", other, err)
		}
		for after, want := range map[string][]string{"": {"a", "b"}, "a": {"b", "c"}, "aa": {"b", "c"}, "b": {"c"}, "c": nil} {
			page, err := c.Models(t.Context(), "m", after, 2)
			var got []string
			for _, v := range page {
				got = append(got, v.Model)
			}
			if err != nil || !slices.Equal(got, want) {
				t.Errorf("Models after %q: got %v, %v, want %v", after, got, err, want)
			}
		}
		other := version("x", "1")
		other.Merchant = "another"
		publish(t, c, other, claim(t, c, submit(t, c, other)))
		if got, err := c.Merchants(t.Context()); err != nil || !slices.Equal(got, []string{"another", "m"}) {
			t.Errorf("Merchants: got %v, %v", got, err)
		}
		open, err := c.Unfinished(t.Context())
		if err != nil || len(open) != 2 || open[0].Model != "b" || open[1].Model != "c" {
			t.Errorf("Unfinished: got %v, %v", open, err)
		}
		ready, err := c.Jobs(t.Context(), 10, asset.Ready)
		if err != nil || len(ready) != 2 || ready[0].Model != "x" || ready[1].Model != "a" {
			t.Errorf("Jobs: got %v, %v", ready, err)
		}
		if all, err := c.Jobs(t.Context(), 2); err != nil || len(all) != 2 {
			t.Errorf("Jobs with a limit: got %v, %v", all, err)
		}
	})
	testClaims(t, open)
	testRescue(t, open)
	testSubmit(t, open)
	testRestore(t, open)
}

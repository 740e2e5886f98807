package main

import (
	"bufio"
	"bytes"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/plinth3d/plinth/pipeline/asset"
	"github.com/plinth3d/plinth/pipeline/cloud/s3test"
)

func TestFilesAreKeptWhereStoreSays(t *testing.T) {
	s3 := s3test.New(t)
	elsewhere := filepath.Join(t.TempDir(), "elsewhere")
	for name, c := range map[string]struct {
		store string
		there func(key string) bool
	}{
		"in S3": {"s3://bucket/some/prefix", func(key string) bool { _, ok := s3.Get("bucket/some/prefix/" + key); return ok }},
		"in a folder": {"disk:" + elsewhere, func(key string) bool {
			_, err := os.Stat(filepath.Join(elsewhere, "blobs", key))
			return err == nil
		}},
	} {
		t.Run(name, func(t *testing.T) {
			data := t.TempDir()
			p := serve(t, data, append(s3.Env(), "PLINTH_STORE="+c.store)...)
			if answer, text := p.ask("PUT", "/v1/models/fern", sample(t, "fern")); answer.StatusCode != http.StatusAccepted {
				t.Fatalf("%s: %s", answer.Status, text)
			}
			last, _ := p.follow("fern")
			if last.State != asset.Ready {
				t.Fatalf("it is %+v\n%s", last, p.log)
			}
			key := asset.SourceKey(last.Merchant, last.Source)
			if !c.there(key) {
				t.Errorf("the source is not there")
			}
			answer, glb := p.ask("GET", "/p/"+last.Merchant+"/fern.glb", nil)
			if answer.StatusCode != http.StatusOK || !bytes.HasPrefix(glb, []byte("glTF")) {
				t.Errorf("it is served as %s, %.20q", answer.Status, glb)
			}
			if left, err := os.ReadDir(filepath.Join(data, "tmp")); err != nil || len(left) > 0 {
				t.Errorf("temporary files are left: %v, %v", left, err)
			}
			if _, err := os.Stat(filepath.Join(data, "store")); err == nil {
				t.Error("the data folder has a store")
			}
		})
	}
}

func TestAFailureInS3IsReproducedFromThere(t *testing.T) {
	s3test.New(t).Setenv(t)
	s := settings{data: t.TempDir(), where: where{store: "s3://bucket/p"}}
	p, err := s.openPlace(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	v := asset.Version{Merchant: "m", Model: "chair", Source: "abc", Unit: "m"}
	v.Recipe.Hash = "def"
	want := `aws s3 cp s3://bucket/p/source/m/abc source.glb && aws s3 cp s3://bucket/p/recipe/def recipe.json && ` +
		`plinth convert source.glb --recipe recipe.json --unit m -o /tmp/chair`
	if got := p.reproduce(v); got != want {
		t.Errorf("got %s", got)
	}
}

func TestAFailureIsReproducedFromAFolderOfAnyName(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "it's $(date)")
	s := settings{data: dir}
	p, err := s.openPlace(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer p.folder.Close() //nolint:errcheck // only opened
	v := asset.Version{Merchant: "m", Model: "chair", Source: "abc", Unit: "m"}
	line := strings.Replace(p.reproduce(v), "plinth convert", "printf %s", 1)
	out, err := exec.CommandContext(t.Context(), "sh", "-c", line).Output()
	if want := filepath.Join(dir, "store/blobs/source/m/abc"); err != nil || !strings.HasPrefix(string(out), want) {
		t.Errorf("%s: a shell reads %s, %v", line, out, err)
	}
}

func TestASweepLeavesTheStoreAlone(t *testing.T) {
	data := t.TempDir()
	for _, store := range []string{"disk:" + filepath.Join(data, "tmp"), "disk:" + filepath.Join(data, "tmp", "deeper"), "disk:" + data} {
		s := settings{data: data, where: where{store: store}}
		p, err := s.openPlace(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := p.store.Put(t.Context(), "k", strings.NewReader("hello"), 5); err != nil {
			t.Fatal(err)
		}
		left := filepath.Join(p.temp, "upload-1")
		if err := os.WriteFile(left, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := p.sweep(); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(left); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s: what a dead process left is still there: %v", store, err)
		}
		if _, err := p.store.Stat(t.Context(), "k"); err != nil {
			t.Errorf("%s: %v", store, err)
		}
		if err := p.folder.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestStoresThatAreNone(t *testing.T) {
	s3test.New(t).Setenv(t)
	data := t.TempDir()
	catalog(t, data)
	for _, store := range []string{"disk:", "s3:bucket", "s3://", "s3://Bucket", "ftp://x", "nowhere"} {
		code, _, stderr := plinth(t, "jobs", "--data", data, "--store", store)
		if code != exitUsage || !strings.Contains(stderr, "s3://BUCKET/PREFIX") {
			t.Errorf("%s: exit %d: %s", store, code, stderr)
		}
	}
}

// The origin is a process of its own and starts whether S3 answers or not.
func TestAnOriginStartsWhileS3IsDown(t *testing.T) {
	s3 := s3test.New(t)
	s3.Break("", "", s3test.Hangup())
	cmd := exec.CommandContext(t.Context(), os.Args[0], "origin", "--data", t.TempDir(), "--listen", "127.0.0.1:0", "--store", "s3://b/p")
	cmd.Env = append(append(os.Environ(), "PLINTH_TEST_MAIN=1"), s3.Env()...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it may be gone
		_ = cmd.Wait()
	})
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || !strings.Contains(line, "listens on") {
		t.Errorf("got %q, %v", line, err)
	}
	if n := s3.Count("", ""); n != 0 {
		t.Errorf("%d requests", n)
	}
}

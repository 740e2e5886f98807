package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/plinth3d/plinth/pipeline/asset"
	"github.com/plinth3d/plinth/pipeline/intake"
	"github.com/plinth3d/plinth/pipeline/local"
)

// testKeysEvery is the variable that says how often such a plinth reads its keys again.
const testKeysEvery = "PLINTH_TEST_KEYS_EVERY"

// TestMain lets tests start this binary as plinth itself, to kill it.
func TestMain(m *testing.M) {
	if os.Getenv("PLINTH_TEST_MAIN") != "" {
		if every, err := time.ParseDuration(os.Getenv(testKeysEvery)); err == nil {
			keysEvery = every
		}
		main()
		return
	}
	os.Exit(m.Run())
}

// process is a running plinth serve.
type process struct {
	t    *testing.T
	cmd  *exec.Cmd
	base string
	log  *bytes.Buffer
}

func serve(t *testing.T, data string, env ...string) *process {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "serve", "--data", data, "--listen", "127.0.0.1:0")
	cmd.Env = append(append(os.Environ(), "PLINTH_TEST_MAIN=1"), env...)
	p := &process{t: t, cmd: cmd, log: &bytes.Buffer{}}
	cmd.Stderr = p.log
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
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("serve does not start: %v\n%s", err, p.log)
	}
	p.base = strings.TrimSpace(line[strings.Index(line, "http://"):])
	return p
}

func (p *process) end(s os.Signal) error {
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatal(err)
	}
	return p.cmd.Wait()
}

// ask sends a request and reads the answer. header is name, value, name, value.
func (p *process) ask(method, path string, body []byte, header ...string) (*http.Response, []byte) {
	p.t.Helper()
	r, err := http.NewRequestWithContext(p.t.Context(), method, p.base+path, bytes.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	defer answer.Body.Close() //nolint:errcheck // only read
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return answer, text
}

// follow reads events until the version is ready or failed.
func (p *process) follow(id string) (last intake.Status, events int) {
	p.t.Helper()
	_, text := p.ask("GET", "/v1/models/"+id+"/events", nil)
	for line := range strings.Lines(string(text)) {
		if data, ok := strings.CutPrefix(line, "data: "); ok {
			events++
			if err := json.Unmarshal([]byte(data), &last); err != nil {
				p.t.Fatal(err)
			}
		}
	}
	return last, events
}

func catalog(t *testing.T, data string) *local.Catalog {
	t.Helper()
	c, err := local.OpenCatalog(t.Context(), filepath.Join(data, "catalog.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func sample(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(samples + name + ".glb")
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestFromUploadToProduct(t *testing.T) {
	p := serve(t, t.TempDir())
	src := sample(t, "fern")
	answer, text := p.ask("PUT", "/v1/models/fern", src)
	var receipt intake.Receipt
	if err := json.Unmarshal(text, &receipt); err != nil || answer.StatusCode != http.StatusAccepted {
		t.Fatalf("%s: %s", answer.Status, text)
	}
	if receipt.Duplicate || receipt.Source != asset.Hash(src) || receipt.Measured.Triangles == 0 || receipt.Links.Events == "" {
		t.Errorf("the receipt is %+v", receipt)
	}
	last, events := p.follow("fern")
	if last.State != asset.Ready || !last.Live || last.Percent != 100 || events < 1 {
		t.Fatalf("after %d events: %+v", events, last)
	}
	if answer, text = p.ask("PUT", "/v1/models/fern", src); !bytes.Contains(text, []byte(`"duplicate":true`)) {
		t.Errorf("a duplicate is not noticed: %s %s", answer.Status, text)
	}

	answer, text = p.ask("GET", "/p/default/fern.json", nil)
	var m asset.Manifest
	if err := json.Unmarshal(text, &m); err != nil || len(m.Levels) != 4 || m.Model != "fern" || m.Published == "" {
		t.Fatalf("%s: %s", answer.Status, text)
	}
	for h, level := range map[string]int{"": 2, "300": 3, "1153": 1, "5000": 0} {
		r := m.Levels[level].Renditions[0]
		answer, body := p.ask("GET", "/p/default/fern.glb?h="+h, nil)
		if answer.StatusCode != 200 || asset.Hash(body) != r.SHA256 {
			t.Fatalf("h=%s: %s, not level %d", h, answer.Status, level)
		}
		if got := answer.Header.Get("Plinth-Reason"); !strings.Contains(got, fmt.Sprintf("level=%d", level)) {
			t.Errorf("h=%s: the reason is %q", h, got)
		}
		at := answer.Header.Get("Content-Location")
		if got := answer.Header.Get("ETag"); got != `"`+r.SHA256+`"` || answer.Header.Get("Access-Control-Allow-Origin") != "*" || answer.Header.Get("Content-Type") != "model/gltf-binary" {
			t.Errorf("h=%s: head is %v", h, answer.Header)
		}
		if immutable, same := p.ask("GET", at, nil); !bytes.Equal(body, same) || !strings.Contains(immutable.Header.Get("Cache-Control"), "immutable") {
			t.Errorf("%s: %s, equal %v", at, immutable.Status, bytes.Equal(body, same))
		}
		if head, none := p.ask("HEAD", at, nil); head.ContentLength != r.Bytes || len(none) != 0 {
			t.Errorf("HEAD: %d bytes, want %d", head.ContentLength, r.Bytes)
		}
		part, some := p.ask("GET", at, nil, "Range", "bytes=100-199")
		if part.StatusCode != http.StatusPartialContent || !bytes.Equal(some, body[100:200]) || part.Header.Get("Content-Range") != fmt.Sprintf("bytes 100-199/%d", r.Bytes) {
			t.Errorf("range: %s, %d bytes, %s", part.Status, len(some), part.Header.Get("Content-Range"))
		}
		if cached, none := p.ask("GET", at, nil, "If-None-Match", answer.Header.Get("ETag")); cached.StatusCode != http.StatusNotModified || len(none) != 0 {
			t.Errorf("If-None-Match: %s", cached.Status)
		}
	}
	for path, want := range map[string]int{
		"/p/default/nothing.glb": 404, "/p/default/fern.exe": 404, "/p/default/../fern.glb": 404, "/o/default/" + strings.Repeat("0", 64) + "/fern.glb": 404,
		"/o/default/x/fern.glb": 404, "/v1/models/nothing": 404, "/v1/nothing": 404, "/v1/models": 200, "/p/other/fern.glb": 404,
	} {
		if answer, text := p.ask("GET", path, nil); answer.StatusCode != want {
			t.Errorf("%s: %s, want %d: %s", path, answer.Status, want, text)
		}
	}
	if answer, _ := p.ask("POST", "/p/default/fern.glb", nil); answer.StatusCode != 405 || answer.Header.Get("Allow") == "" {
		t.Errorf("POST: %s", answer.Status)
	}
	if answer, _ := p.ask("DELETE", "/v1/models/fern", nil); answer.StatusCode != 405 || answer.Header.Get("Allow") != "GET, PUT" {
		t.Errorf("DELETE: %s, %v", answer.Status, answer.Header)
	}
	if answer, _ := p.ask("GET", "/p/default/fern.glb", nil, "Range", "bytes=99999999-"); answer.StatusCode != 416 || answer.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("beyond the end: %s, %v", answer.Status, answer.Header)
	}
	if answer, _ := p.ask("GET", "/p/default/fern.glb", []byte("body")); answer.StatusCode != 400 {
		t.Errorf("a body on GET: %s", answer.Status)
	}
	if answer, _ := p.ask("OPTIONS", "/p/default/fern.glb", nil); answer.StatusCode != 204 || answer.Header.Get("Access-Control-Allow-Methods") == "" {
		t.Errorf("preflight: %s", answer.Status)
	}
	if err := p.end(syscall.SIGTERM); err != nil {
		t.Errorf("SIGTERM: %v\n%s", err, p.log)
	}
}

func TestBadUploadsAreRefusedWithAReason(t *testing.T) {
	p := serve(t, t.TempDir())
	src := sample(t, "fern")
	for name, c := range map[string]struct {
		path   string
		body   []byte
		status int
		says   string
	}{
		"cut":       {"/v1/models/a", src[:len(src)/2], 422, "upload it again"},
		"not glTF":  {"/v1/models/a", []byte("hello"), 422, "is not glTF"},
		"a value":   {"/v1/models/a", bytes.Replace(src, []byte(`:5126`), []byte(`:5124`), 1), 422, "accessors["},
		"the name":  {"/v1/models/A%20b", src, 400, "is no name"},
		"the unit":  {"/v1/models/a?unit=parsec", src, 400, "parsec"},
		"no upload": {"/v1/models/a", nil, 422, "empty"},
	} {
		answer, text := p.ask("PUT", c.path, c.body)
		var problem intake.Problem
		if err := json.Unmarshal(text, &problem); err != nil || answer.StatusCode != c.status || answer.Header.Get("Content-Type") != "application/problem+json" || !strings.Contains(problem.Detail, c.says) {
			t.Errorf("%s: %s %s (%v)", name, answer.Status, text, err)
		}
	}
	if _, text := p.ask("GET", "/v1/models", nil); !bytes.Contains(text, []byte(`"models":[]`)) {
		t.Errorf("something is left: %s", text)
	}
}

func TestOversizedUploadsAreRefused(t *testing.T) {
	recipe := filepath.Join(t.TempDir(), "recipe.json")
	if err := os.WriteFile(recipe, []byte(`{"name": "small", "limits": {"bytes": 60000}}`), 0o644); err != nil {
		t.Fatal(err)
	}
	data := t.TempDir()
	p := serve(t, data, "PLINTH_RECIPE="+recipe)
	answer, text := p.ask("PUT", "/v1/models/fern", sample(t, "fern"))
	if answer.StatusCode != 422 || !bytes.Contains(text, []byte("60000 bytes")) {
		t.Errorf("told beforehand: %s %s", answer.Status, text)
	}
	// A body of unknown length.
	r, err := http.NewRequestWithContext(t.Context(), "PUT", p.base+"/v1/models/fern", io.MultiReader(bytes.NewReader(sample(t, "fern"))))
	if err != nil {
		t.Fatal(err)
	}
	if answer, err = http.DefaultClient.Do(r); err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close() //nolint:errcheck // only read
	if answer.StatusCode != 422 {
		t.Errorf("noticed on the way: %s", answer.Status)
	}
	if left, _ := os.ReadDir(filepath.Join(data, "store", "tmp")); len(left) != 0 {
		t.Errorf("%v is left", left)
	}
	if answer, text := p.ask("PUT", "/v1/models/rack", sample(t, "rack")); answer.StatusCode != 202 {
		t.Errorf("a smaller one: %s %s", answer.Status, text)
	}
	if last, _ := p.follow("rack"); last.State != asset.Ready || last.Recipe.Name != "small" {
		t.Errorf("it is %s by %q", last.State, last.Recipe.Name)
	}
	if code, _, stderr := plinth(t, "convert", samples+"fern.glb", "--recipe", recipe, "-o", t.TempDir()); code != exitInput || !strings.Contains(stderr, "60000") {
		t.Errorf("convert: exit %d: %s", code, stderr)
	}
}

// TestAKilledServerLosesNothing kills serve, as hard as can be, while jobs run.
func TestAKilledServerLosesNothing(t *testing.T) {
	data := t.TempDir()
	p := serve(t, data)
	names := []string{"flag", "lamp", "rack", "fern"}
	for _, name := range names {
		if answer, text := p.ask("PUT", "/v1/models/"+name, sample(t, name)); answer.StatusCode != http.StatusAccepted {
			t.Fatalf("%s: %s", answer.Status, text)
		}
	}
	for running := false; !running; time.Sleep(time.Millisecond) {
		_, text := p.ask("GET", "/v1/models", nil)
		running = bytes.Contains(text, []byte(`"running"`))
		if !running && !bytes.Contains(text, []byte(`"queued"`)) {
			t.Fatal("all jobs were done before the kill")
		}
	}
	_ = p.end(syscall.SIGKILL) // it ends by the signal
	if err := os.WriteFile(filepath.Join(data, "store", "tmp", "put-orphan"), []byte("half"), 0o644); err != nil {
		t.Fatal(err)
	}

	p = serve(t, data)
	for _, name := range names {
		if last, _ := p.follow(name); last.State != asset.Ready || !last.Live {
			t.Errorf("%s is %s", name, last.State)
		}
	}
	_, text := p.ask("GET", "/v1/models", nil)
	if n := bytes.Count(text, []byte(`"version"`)); n != len(names) {
		t.Errorf("%d versions of %d models", n, len(names))
	}
	if err := p.end(syscall.SIGTERM); err != nil {
		t.Errorf("SIGTERM: %v\n%s", err, p.log)
	}
	// No orphan: every rendition in the store is one that a manifest names.
	named := map[string]bool{}
	for _, name := range names {
		m, err := catalog(t, data).Current(t.Context(), asset.Merchant, name)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range m.Levels {
			for _, r := range l.Renditions {
				named[r.SHA256] = true
			}
		}
	}
	files, err := os.ReadDir(filepath.Join(data, "store", "blobs", "rendition", asset.Merchant))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !named[f.Name()] {
			t.Errorf("%s is in no manifest", f.Name())
		}
	}
	if left, _ := os.ReadDir(filepath.Join(data, "store", "tmp")); len(left) != 0 {
		t.Errorf("%v is left in tmp", left)
	}
}

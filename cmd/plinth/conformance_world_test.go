package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/plinth3d/plinth/origin"
	"github.com/plinth3d/plinth/pipeline/asset"
	"github.com/plinth3d/plinth/pipeline/cloud/s3test"
	"github.com/plinth3d/plinth/pipeline/local"
)

// A world is what an origin is tested with: a catalog, blobs whose bytes are known, and
// what texts of requests and expectations may name in braces.
//
//	{L1}         SHA-256 of blob L1      {L1.size} {L1.last}   its length, its last byte's place
//	{L1.digest}  the same in base64      {J}                   of default/chair.json
type world struct {
	data  string // folder
	keys  string // file
	blobs map[string][]byte
	names map[string]string
	store map[string][]byte // by the store's keys
	sign  origin.Keys
}

// The levels of default/chair: two larger than the block that is fetched at once, and
// forms that not all have.
var chairBlobs = map[string]int{
	"L0": 3<<20 + 17, "L1": 700<<10 + 3, "L2": 64 << 10, "L3": 5 << 10,
	"W0": 1<<20 + 1, "W1": 200 << 10, "W2": 20<<10 + 5,
}

const chairPublished = "2026-02-03T04:05:06Z"

// blobOf is so many bytes, the same for the same name, that begin as a GLB does.
func blobOf(name string, size int) []byte {
	out := make([]byte, size)
	_, _ = rand.NewChaCha8(sha256.Sum256([]byte(name))).Read(out) // it can't fail
	copy(out, "glTF\x02\x00\x00\x00")
	return out
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{data: t.TempDir(), blobs: map[string][]byte{}, names: map[string]string{}, store: map[string][]byte{}}
	c, err := local.OpenCatalog(t.Context(), filepath.Join(w.data, "catalog.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close() //nolint:errcheck // the origin has it open, too
	for name, size := range chairBlobs {
		w.rendition("default", name, blobOf(name, size))
	}
	w.rendition("default", "empty", nil)
	w.rendition("acme", "A", blobOf("A", 9000))
	w.rendition("other", "O", blobOf("O", 8000))
	w.name("absent", blobOf("absent", 7000))

	w.publish(t, c, "default", "chair", w.level(0, "L0", "W0"), w.level(1, "L1", "W1"), w.level(2, "L2", "W2"), w.level(3, "L3"))
	w.publish(t, c, "default", "hole", w.level(0, "L0"), w.level(1, "L1"), w.level(2, "absent"), w.level(3, "L3"))
	w.publish(t, c, "default", "gone", w.level(0, "absent"))
	w.publish(t, c, "acme", "chair", w.level(2, "A"))
	w.publish(t, c, "other", "lamp", w.level(2, "O"))
	w.manifest(t, c, "J", "default", "chair")

	w.pending(t, c, "fresh", "S", blobOf("S", 6000), 6000)
	w.pending(t, c, "heavy", "H", blobOf("H", 6000), 5<<20) // its length is only told
	w.pending(t, c, "text", "T", []byte(strings.Repeat("solid\n", 1000)), 6000)
	w.pending(t, c, "broken", "B", blobOf("B", 6000), 6000)
	j := asset.Job{Merchant: "default", Model: "broken", Version: "1"}
	_, epoch, err := c.Claim(t.Context(), j, time.Minute)
	if err == nil {
		err = c.Fail(t.Context(), j, epoch, asset.Failure{Code: "no-faces", Reason: "it has none"})
	}
	if err != nil {
		t.Fatal(err)
	}
	hidden := len(w.expand(asked))
	w.names["asked"], w.names["asked+5"], w.names["askedHex"] = strconv.Itoa(hidden), strconv.Itoa(hidden+5), strconv.FormatInt(int64(hidden), 16)
	w.secrets(t)
	w.fill(t)
	return w
}

// name makes a blob known to texts.
func (w *world) name(name string, data []byte) {
	sum := sha256.Sum256(data)
	w.blobs[name] = data
	w.names[name] = asset.Hash(data)
	w.names[name+".upper"] = strings.ToUpper(asset.Hash(data))
	w.names[name+".size"] = strconv.Itoa(len(data))
	w.names[name+".last"] = strconv.Itoa(len(data) - 1)
	w.names[name+".digest"] = base64.StdEncoding.EncodeToString(sum[:])
}

func (w *world) rendition(merchant, name string, data []byte) {
	w.name(name, data)
	w.store[asset.RenditionKey(merchant, w.names[name])] = data
}

var heights = [...]int{2592, 1728, 1152, 640}

// level has a blob for each form: universal, then web.
func (w *world) level(n int, blobs ...string) func(merchant string) asset.Level {
	return func(merchant string) asset.Level {
		l := asset.Level{Level: n, Height: heights[n], Triangles: 1000, Pixels: 0.8}
		for i, b := range blobs {
			l.Renditions = append(l.Renditions, asset.Rendition{
				Form: []string{asset.Universal, asset.Web}[i], Key: asset.RenditionKey(merchant, w.names[b]), SHA256: w.names[b],
				Bytes: int64(len(w.blobs[b])), Type: "model/gltf-binary", Textures: []asset.Texture{},
			})
		}
		return l
	}
}

func (w *world) publish(t testing.TB, c *local.Catalog, merchant, model string, levels ...func(string) asset.Level) {
	t.Helper()
	w.publishAs(t, c, asset.Job{Merchant: merchant, Model: model, Version: "1"}, levels...)
}

func (w *world) publishAs(t testing.TB, c *local.Catalog, j asset.Job, levels ...func(string) asset.Level) {
	t.Helper()
	m := asset.Manifest{Schema: 1, Model: j.Model, Version: j.Version, Published: chairPublished, Findings: []asset.Finding{}}
	for range 8 { // so that it is worth a coding
		m.Findings = append(m.Findings, asset.Finding{Code: "unit", Severity: "note", What: "it was read as being drawn in meters"})
	}
	for _, l := range levels {
		m.Levels = append(m.Levels, l(j.Merchant))
	}
	_, err := c.Submit(t.Context(), asset.Version{Merchant: j.Merchant, Model: j.Model, Version: j.Version, Source: asset.Hash([]byte(j.Model)), Bytes: 1, Unit: "m"})
	if err != nil {
		t.Fatal(err)
	}
	_, epoch, err := c.Claim(t.Context(), j, time.Minute)
	if err == nil {
		err = c.Publish(t.Context(), j, epoch, m)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// manifest makes the text of a manifest known.
func (w *world) manifest(t testing.TB, c *local.Catalog, name, merchant, model string) {
	t.Helper()
	m, err := c.Current(t.Context(), merchant, model)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	w.name(name, text)
}

// pending is a product of default that has only a source.
func (w *world) pending(t testing.TB, c *local.Catalog, model, name string, source []byte, told int64) {
	t.Helper()
	w.name(name, source)
	w.store[asset.SourceKey("default", w.names[name])] = source
	_, err := c.Submit(t.Context(), asset.Version{Merchant: "default", Model: model, Version: "1", Source: w.names[name], Bytes: told, Unit: "m"})
	if err != nil {
		t.Fatal(err)
	}
}

// secrets are keys of acme, and addresses signed with them.
func (w *world) secrets(t testing.TB) {
	t.Helper()
	w.sign = origin.Keys{"acme": {bytes.Repeat([]byte{7}, 32), bytes.Repeat([]byte{8}, 32)}}
	text, err := json.Marshal(w.sign)
	if err != nil {
		t.Fatal(err)
	}
	w.keys = filepath.Join(w.data, "keys.json")
	if err := os.WriteFile(w.keys, text, 0o600); err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	old := origin.Keys{"acme": {w.sign["acme"][1]}}
	wrong := origin.Keys{"acme": {bytes.Repeat([]byte{9}, 32)}}
	for name, s := range map[string]struct {
		keys origin.Keys
		path string
		at   time.Time
	}{
		"signedJSON":  {w.sign, "/p/acme/chair.json", now.Add(time.Hour)},
		"signedLong":  {w.sign, "/p/acme/chair.glb", now.Add(time.Hour)},
		"signedOld":   {old, "/p/acme/chair.glb", now.Add(time.Hour)},
		"signedWrong": {wrong, "/p/acme/chair.glb", now.Add(time.Hour)},
		"expired":     {w.sign, "/p/acme/chair.glb", now.Add(-time.Second)},
		"signedFile":  {w.sign, "/o/acme/" + w.names["A"] + "/chair.glb", now.Add(time.Hour)},
	} {
		w.signed(t, name, s.keys, s.path, s.at)
	}
}

func (w *world) signed(t testing.TB, name string, keys origin.Keys, path string, until time.Time) {
	t.Helper()
	text, err := keys.Sign(path, until)
	if err != nil {
		t.Fatal(err)
	}
	w.names[name] = text
	w.names[name+".query"] = strings.TrimPrefix(text, path+"?")
}

// fill puts the blobs into the folder's store.
func (w *world) fill(t testing.TB) {
	t.Helper()
	s, err := local.OpenStore(filepath.Join(w.data, "store"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close() //nolint:errcheck // all is written
	for key, data := range w.store {
		if err := s.Put(t.Context(), key, bytes.NewReader(data), int64(len(data))); err != nil && !errors.Is(err, asset.ErrConflict) {
			t.Fatal(err)
		}
	}
}

// upload puts the blobs into a bucket instead.
func (w *world) upload(s *s3test.Server) {
	for key, data := range w.store {
		s.Put("bucket/p/"+key, data)
	}
}

// expand puts what is known in the place of {NAME}.
func (w *world) expand(text string) string {
	for name, value := range w.names {
		if strings.Contains(text, "{") {
			text = strings.ReplaceAll(text, "{"+name+"}", value)
		}
	}
	return text
}

// A plinthProcess is a running plinth.
type plinthProcess struct {
	cmd     *exec.Cmd
	address string
	log     *bytes.Buffer
	done    chan struct{} // closed when it has ended
	err     error         // of its end
}

// start runs an origin on a world and waits until it listens.
func (w *world) start(t testing.TB, env []string, flags ...string) *plinthProcess {
	t.Helper()
	all := append([]string{"origin", "--data", w.data, "--listen", "127.0.0.1:0", "--signing-keys", w.keys}, flags...)
	p := &plinthProcess{cmd: exec.Command(os.Args[0], all...), log: &bytes.Buffer{}, done: make(chan struct{})} //nolint:noctx // it is ended below
	p.cmd.Env = append(append(os.Environ(), "PLINTH_TEST_MAIN=1"), env...)
	p.cmd.Stderr = p.log
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(out)
	line, err := lines.ReadString('\n')
	go func() {
		_, _ = io.Copy(io.Discard, lines)
		p.err = p.cmd.Wait()
		close(p.done)
	}()
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill() // it may be gone
		<-p.done
		if t.Failed() {
			t.Logf("the last the origin said: %s", p.log.Bytes()[max(0, p.log.Len()-2000):])
		}
	})
	if err != nil {
		_ = p.cmd.Process.Kill()
		<-p.done
		t.Fatalf("the origin does not start: %v\n%s", err, p.log)
	}
	_, p.address, _ = strings.Cut(strings.TrimSpace(line), "http://")
	return p
}

// onS3 runs an origin on a world whose blobs are in S3.
func (w *world) onS3(t testing.TB, s *s3test.Server, flags ...string) *plinthProcess {
	t.Helper()
	return w.start(t, s.Env(), append([]string{"--store", "s3://bucket/p", "--cache", t.TempDir()}, flags...)...)
}

// fetch sends one request on a connection of its own and returns the answer.
func (p *plinthProcess) fetch(t testing.TB, request string) *reply {
	t.Helper()
	r, err := p.try(t, request)
	if err != nil {
		t.Fatalf("%.200q: %v", request, err)
	}
	return r
}

// try is fetch for answers that may be cut off.
func (p *plinthProcess) try(t testing.TB, request string) (*reply, error) {
	t.Helper()
	c := dial(t, p.address)
	defer c.Close() //nolint:errcheck // the answer is all
	c.say(t, request)
	method, _, _ := strings.Cut(request, " ")
	return c.receive(method)
}

// getting and asking make a request, fields being lines of its header.
func getting(path string, fields ...string) string { return asking(http.MethodGet, path, fields...) }

func asking(method, path string, fields ...string) string {
	lines := slices.Concat([]string{method + " " + path + " HTTP/1.1", "Host: origin.test"}, fields, []string{"", ""})
	return strings.Join(lines, "\r\n")
}

// warm makes an origin know all of chair's blobs, and learns from its answers what texts
// may say of dates and codings.
func (w *world) warm(t testing.TB, p *plinthProcess) {
	t.Helper()
	for _, name := range []string{"L0", "L1", "L2", "L3", "W0", "W1", "W2", "empty"} {
		at := w.expand("/o/default/{" + name + "}/chair.glb")
		r := p.fetch(t, getting(at))
		if r.status != http.StatusOK || !bytes.Equal(r.body, w.blobs[name]) {
			t.Fatalf("%s: %d, %d bytes", name, r.status, len(r.body))
		}
		w.dates(t, name, r.get("Last-Modified"))
	}
	w.dates(t, "J", p.fetch(t, getting("/p/default/chair.json")).get("Last-Modified"))
	for _, coding := range []string{"br", "gzip"} {
		r := p.fetch(t, getting("/p/default/chair.json", "Accept-Encoding: "+coding))
		if got := r.get("Content-Encoding"); got != coding {
			t.Fatalf("Accept-Encoding %s: %d in %q", coding, r.status, got)
		}
		w.name("J."+coding, r.body)
	}
}

// dates makes {L1.date} known, in all three formats of RFC 9110, section 5.6.7, and
// those of a second before and after it.
func (w *world) dates(t testing.TB, name, text string) {
	t.Helper()
	at, err := time.Parse(http.TimeFormat, text)
	if err != nil {
		t.Fatalf("Last-Modified of %s: %v", name, err)
	}
	w.names[name+".date"] = text
	w.names[name+".rfc850"] = at.Format("Monday, 02-Jan-06 15:04:05 GMT")
	w.names[name+".asctime"] = at.Format(time.ANSIC)
	w.names[name+".before"] = at.Add(-time.Second).Format(http.TimeFormat)
	w.names[name+".after"] = at.Add(time.Second).Format(http.TimeFormat)
}

// soon returns a context that ends when the server can be thought to hang.
func soon(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), hang)
	t.Cleanup(cancel)
	return ctx
}

// body returns bytes of a blob as an expectation names them: L1 or L1[10:20].
func (w *world) body(text string) ([]byte, error) {
	name, span, cut := strings.Cut(strings.TrimSuffix(text, "]"), "[")
	data, ok := w.blobs[name]
	if !ok {
		return nil, fmt.Errorf("there is no blob %q", name)
	}
	if !cut {
		return data, nil
	}
	from, to, ok := strings.Cut(span, ":")
	a, errA := strconv.Atoi(from)
	b, errB := strconv.Atoi(to)
	if !ok || errA != nil || errB != nil || a > b || b > len(data) {
		return nil, fmt.Errorf("%q has no bytes %q", name, span)
	}
	return data[a:b], nil
}

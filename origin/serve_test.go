package origin

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/plinth3d/plinth/origin/cache"
	"github.com/plinth3d/plinth/pipeline/asset"
	"github.com/plinth3d/plinth/pipeline/local"
	"github.com/plinth3d/plinth/pipeline/metrics"
	"github.com/plinth3d/plinth/pipeline/metrics/metricstest"
)

// stall is an origin over a folder, with a product of merchant acme.
type stall struct {
	*Origin
	t       testing.TB
	store   *local.Store
	catalog *shelf
	levels  [][]byte
}

func newStall(t testing.TB, change func(*Config)) *stall {
	t.Helper()
	s := &stall{t: t, catalog: newShelf()}
	var err error
	if s.store, err = local.OpenStore(t.TempDir()); err != nil {
		t.Fatal(err)
	}
	m := asset.Manifest{Schema: 1, Model: "lamp", Version: "1", Published: "2026-11-23T12:00:00Z"}
	for i, h := range []int{2592, 1728, 1152, 640} {
		data := bytes.Repeat([]byte{byte('a' + i)}, 400_000>>(2*i))
		s.levels = append(s.levels, data)
		key := s.put(asset.RenditionKey("acme", asset.Hash(data)), data)
		m.Levels = append(m.Levels, asset.Level{Level: i, Height: h, Pixels: 1, Renditions: []asset.Rendition{{
			Form: asset.Universal, Key: key, SHA256: asset.Hash(data), Bytes: int64(len(data)), Type: "model/gltf-binary",
		}}})
	}
	s.catalog.manifest["acme/lamp"] = m
	files, err := cache.Open(cache.Config{Store: s.store})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = files.Close() })
	c := Config{Cache: files, Catalog: s.catalog, Log: slog.New(slog.DiscardHandler), Fresh: time.Second, Manifests: 1 << 20, Quiet: true}
	if change != nil {
		change(&c)
	}
	if s.Origin, err = New(c); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *stall) put(key string, data []byte) string {
	if err := s.store.Put(s.t.Context(), key, bytes.NewReader(data), int64(len(data))); err != nil {
		s.t.Fatal(err)
	}
	return key
}

// get sends a request; header is name, value, name, value.
func (s *stall) get(path string, header ...string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodGet, path, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	s.ServeHTTP(w, r)
	return w
}

func TestADeviceGetsItsLevel(t *testing.T) {
	s := newStall(t, nil)
	for _, c := range []struct {
		query  string
		header []string
		level  int
		reason string
	}{
		{"", nil, 2, "h=1152 level=2 px=1.00 cap=- form=universal from=default"},
		{"?h=500", nil, 3, "h=640 level=3 px=1.00 cap=- form=universal from=query"},
		{"?h=9999&form=web", nil, 0, "h=2592 level=0 px=1.00 cap=- form=universal from=query"},
		{"", []string{"CloudFront-Is-Tablet-Viewer", "true"}, 1, "h=1728 level=1 px=1.00 cap=- form=universal from=cloudfront"},
		{"", []string{"Save-Data", "on"}, 3, "h=1152 level=3 px=1.80 cap=- form=universal from=default lite"},
		{"", []string{"Plinth-Class", "2592"}, 0, "h=2592 level=0 px=1.00 cap=- form=universal from=class"},
	} {
		w := s.get("/p/acme/lamp.glb"+c.query, c.header...)
		if w.Code != http.StatusOK || !bytes.Equal(w.Body.Bytes(), s.levels[c.level]) || w.Header().Get("Plinth-Reason") != c.reason {
			t.Errorf("%s %v: got %d, %d bytes, %q", c.query, c.header, w.Code, w.Body.Len(), w.Header().Get("Plinth-Reason"))
		}
		again := s.get(w.Header().Get("Content-Location"))
		if again.Code != http.StatusOK || !bytes.Equal(again.Body.Bytes(), w.Body.Bytes()) || again.Header().Get("Cache-Control") != forever {
			t.Errorf("%s: at its Content-Location: got %d, %d bytes", c.query, again.Code, again.Body.Len())
		}
	}
}

func TestAKnownProductIsNeverMissing(t *testing.T) {
	s := newStall(t, nil)
	m := s.catalog.manifest["acme/lamp"]
	m.Levels[2].Renditions[0].Key = asset.RenditionKey("acme", asset.Hash(nil)) // nobody put that
	w := s.get("/p/acme/lamp.glb")
	if w.Code != http.StatusOK || !bytes.Equal(w.Body.Bytes(), s.levels[3]) || w.Header().Get("Cache-Control") != shortly || !strings.HasSuffix(w.Header().Get("Plinth-Reason"), "missing=2") {
		t.Errorf("without its level: got %d, %d bytes, %v", w.Code, w.Body.Len(), w.Header())
	}
	glb := append([]byte("glTF\x02\x00\x00\x00"), make([]byte, 1000)...)
	upload := func(model string, data []byte, state asset.State) {
		s.put(asset.SourceKey("acme", asset.Hash(data)), data)
		s.catalog.newest["acme/"+model] = asset.Version{Model: model, Source: asset.Hash(data), Bytes: int64(len(data)), State: state}
	}
	upload("fresh", glb, asset.Running)
	if w := s.get("/p/acme/fresh.glb"); w.Code != http.StatusOK || !bytes.Equal(w.Body.Bytes(), glb) || !strings.Contains(w.Header().Get("Plinth-Reason"), "form=source") || w.Header().Get("Cache-Control") != shortly {
		t.Errorf("a source that stands in: got %d, %d bytes, %v", w.Code, w.Body.Len(), w.Header())
	}
	upload("heavy", append(glb, make([]byte, 4<<20)...), asset.Running)
	upload("other", []byte("solid of a stereolithography file"), asset.Queued)
	upload("broken", append(glb, 1), asset.Failed)
	for _, path := range []string{"/p/acme/heavy.glb", "/p/acme/other.glb", "/p/acme/broken.glb", "/p/acme/fresh.json"} {
		if w := s.get(path); w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" {
			t.Errorf("%s: got %d, %v", path, w.Code, w.Header())
		}
	}
	if w := s.get("/p/acme/heavy.glb?h=2592"); w.Code != http.StatusOK {
		t.Errorf("a source of 4 MB for a desktop: got %d", w.Code)
	}
	if w := s.get("/p/acme/nothing.glb"); w.Code != http.StatusNotFound {
		t.Errorf("what nobody uploaded: got %d", w.Code)
	}
}

// remote is a store elsewhere, whose reads of some keys fail.
type remote struct {
	asset.Store
	mu   sync.Mutex
	fail map[string]error
}

func (r *remote) Read(ctx context.Context, key string, part asset.Range) (asset.Info, io.ReadCloser, error) {
	r.mu.Lock()
	err := r.fail[key]
	r.mu.Unlock()
	if err != nil {
		return asset.Info{}, nil, fmt.Errorf("read %s: %w", key, err)
	}
	return r.Store.Read(ctx, key, part)
}

func TestAStoreElsewhereThatFails(t *testing.T) {
	for _, method := range []string{http.MethodGet, http.MethodHead} {
		s := newStall(t, nil)
		far := &remote{Store: s.store, fail: map[string]error{}}
		files, err := cache.Open(cache.Config{Store: far, Log: s.Log})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = files.Close() })
		c := s.Config
		c.Cache = files
		if s.Origin, err = New(c); err != nil {
			t.Fatal(err)
		}
		ask := func(path string, header ...string) *httptest.ResponseRecorder {
			w := httptest.NewRecorder()
			r := httptest.NewRequest(method, path, nil)
			for i := 0; i < len(header); i += 2 {
				r.Header.Add(header[i], header[i+1])
			}
			s.ServeHTTP(w, r)
			return w
		}
		set := func(level int, err error) {
			far.mu.Lock()
			defer far.mu.Unlock()
			far.fail[asset.RenditionKey("acme", asset.Hash(s.levels[level]))] = err
		}
		gone := asset.ErrNotFound
		set(2, gone)
		w := ask("/p/acme/lamp.glb")
		if w.Code != http.StatusOK || w.Header().Get("Content-Length") != strconv.Itoa(len(s.levels[3])) || !strings.HasSuffix(w.Header().Get("Plinth-Reason"), "missing=2") || w.Header().Get("Cache-Control") != shortly {
			t.Errorf("%s without its level: got %d, %v", method, w.Code, w.Header())
		}
		set(1, asset.ErrUnavailable) // levels 2 and 3 are none and cached
		if w := ask("/p/acme/lamp.glb?h=1728"); w.Code != http.StatusOK || !strings.HasSuffix(w.Header().Get("Plinth-Reason"), "missing=1,2") {
			t.Errorf("%s while another level is cached: got %d, %v", method, w.Code, w.Header())
		}
		for i := range 4 {
			set(i, asset.ErrUnavailable)
		}
		if w := ask("/p/acme/lamp.glb?h=640"); w.Code != http.StatusOK || strings.Contains(w.Header().Get("Plinth-Reason"), "missing") {
			t.Errorf("%s of what is cached: got %d, %v", method, w.Code, w.Header())
		}
		w = ask("/o/acme/" + asset.Hash(s.levels[0]) + "/lamp.glb")
		if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" || w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s of what isn't: got %d, %v", method, w.Code, w.Header())
		}
		if w := ask("/p/acme/lamp.glb?h=2592", "If-None-Match", `"`+asset.Hash(s.levels[0])+`"`); w.Code != http.StatusNotModified {
			t.Errorf("%s of what the client has: got %d", method, w.Code)
		}
	}
}

func TestAClientThatLeavesIsNoFault(t *testing.T) {
	s := newStall(t, nil)
	ctx, leave := context.WithCancel(t.Context())
	leave()
	w := httptest.NewRecorder()
	r := httptest.NewRequestWithContext(ctx, http.MethodGet, "/p/acme/other.glb", nil)
	s.catalog.set(func() { s.catalog.hang = true })
	s.ServeHTTP(w, r)
	if w.Code != statusGone && w.Code != http.StatusServiceUnavailable {
		t.Errorf("got %d", w.Code)
	}
	h := http.Header{}
	if status := statusOf(h, fmt.Errorf("wait: %w", context.Canceled)); status != statusGone {
		t.Errorf("got %d", status)
	}
	if status := statusOf(h, fmt.Errorf("wait: %w", context.DeadlineExceeded)); status != http.StatusServiceUnavailable {
		t.Errorf("got %d", status)
	}
}

func TestForbiddenIsMissing(t *testing.T) {
	const good = "a secret of sixteen"
	s := newStall(t, func(c *Config) {
		c.Verify = []string{good, "another secret, as long"}
		c.Keys = Keys{"acme": {keyOf(1)}}
	})
	want := s.get("/p/acme/nothing.glb", "X-Origin-Verify", good)
	signed, err := s.Keys.Sign("/p/acme/lamp.glb", time.Now().Add(30*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	for what, w := range map[string]*httptest.ResponseRecorder{
		"no secret":     s.get(signed),
		"a wrong one":   s.get(signed, "X-Origin-Verify", good+"x"),
		"two at once":   s.get(signed, "X-Origin-Verify", good, "X-Origin-Verify", good),
		"no signature":  s.get("/p/acme/lamp.glb", "X-Origin-Verify", good),
		"the immutable": s.get("/o/acme/"+asset.Hash(s.levels[0])+"/lamp.glb", "X-Origin-Verify", good),
	} {
		if w.Code != http.StatusNotFound || w.Body.String() != want.Body.String() || fmt.Sprint(w.Header()) != fmt.Sprint(want.Header()) {
			t.Errorf("%s: got %d %s %v", what, w.Code, w.Body, w.Header())
		}
	}
	for _, secret := range s.Verify {
		w := s.get(signed+"&h=640", "X-Origin-Verify", secret)
		var age int
		_, err := fmt.Sscanf(w.Header().Get("Cache-Control"), "public, max-age=%d", &age)
		if w.Code != http.StatusOK || err != nil || age < 1 || age > 30 || !bytes.Equal(w.Body.Bytes(), s.levels[3]) {
			t.Errorf("got %d, %v", w.Code, w.Header())
		}
	}
}

func TestUncachedFilesAreLimitedPerClient(t *testing.T) {
	limits := newLimits(2)
	o := &Origin{limits: limits, Config: Config{Verify: []string{"x"}}}
	from := func(remote, viewer string) error {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = remote
		if viewer != "" {
			r.Header.Set("CloudFront-Viewer-Address", viewer)
		}
		return limits.admit(o.client(&request{Request: r}))
	}
	for i := range 8 {
		if err := from("192.0.2.1:100"+fmt.Sprint(i), ""); err != nil {
			t.Fatalf("file %d of a burst: %v", i, err)
		}
	}
	if err := from("192.0.2.1:99", ""); !errors.Is(err, errTooMany) {
		t.Errorf("beyond the burst: got %v", err)
	}
	if err := from("192.0.2.2:99", ""); err != nil {
		t.Errorf("another client: got %v", err)
	}
	for i := range 9 { // one network of IPv6, through the CDN
		err := from("192.0.2.9:1", fmt.Sprintf("2001:db8::%x:44%d", i+1, i))
		if (err != nil) != (i == 8) {
			t.Errorf("viewer %d: got %v", i, err)
		}
	}
	h := http.Header{}
	if status := statusOf(h, fmt.Errorf("wrapped: %w", errTooMany)); status != http.StatusTooManyRequests || h.Get("Retry-After") == "" {
		t.Errorf("got %d, %v", status, h)
	}
}

func TestMetricsCount(t *testing.T) {
	s := newStall(t, nil)
	s.get("/p/acme/lamp.glb?h=640")
	s.get("/p/acme/lamp.glb?h=640")
	s.get("/p/acme/lamp.glb?h=640&lite=1")
	s.get("/p/acme/stool.glb?h=640")
	s.get("/nowhere")
	w := httptest.NewRecorder()
	s.Metrics(false).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	for _, line := range []string{
		`plinth_origin_requests_total{class="640",kind="product",status="200"} 2`,
		`plinth_origin_requests_total{class="640-lite",kind="product",status="200"} 1`,
		`plinth_origin_requests_total{class="-",kind="product",status="404"} 1`,
		`plinth_origin_requests_total{class="-",kind="none",status="404"} 1`,
		`plinth_origin_objects_total{layer="disk"} 1`,
		`plinth_origin_objects_total{layer="memory"} 2`,
		fmt.Sprintf(`plinth_origin_bytes_total{level="3"} %d`, 3*len(s.levels[3])),
		`plinth_origin_manifests_total{outcome="asked"} 2`,
		`plinth_origin_request_seconds_count{kind="product"} 4`,
	} {
		if !strings.Contains(w.Body.String(), line+"\n") {
			t.Errorf("no line %s in\n%s", line, w.Body)
		}
	}
}

// All that the origin counts is in its table, as the table has it, and the other way round.
func TestTheTableIsWhatIsCounted(t *testing.T) {
	metricstest.Covers(t, AllMetrics(), newStall(t, nil).Gatherer(), "plinth_")
}

func TestCloudWatchIsTold(t *testing.T) {
	s := newStall(t, nil)
	var out bytes.Buffer
	e, err := metrics.NewEMF(&out, "Plinth", AllMetrics(), s.Gatherer())
	if err != nil {
		t.Fatal(err)
	}
	s.get("/p/acme/lamp.glb?h=640")
	if err := e.Flush(time.Unix(1_800_000_000, 0)); err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{
		`"Dimensions":[["kind","status","class"],["kind","status"],["status"]]`,
		`"class":"640","kind":"product","plinth_origin_requests_total":1,"status":"200"}`,
		fmt.Sprintf(`"level":"3","plinth_origin_bytes_total":%d}`, len(s.levels[3])),
	} {
		if !strings.Contains(out.String(), part) {
			t.Errorf("no %s in\n%s", part, &out)
		}
	}
}

func TestClassesAreNumberedInTheirOrder(t *testing.T) {
	for i, c := range Classes() {
		if c.number() != i+1 {
			t.Errorf("%s: got %d, want %d", c, c.number(), i+1)
		}
	}
	if len(Classes()) != classes {
		t.Errorf("there are %d classes, and counters for %d", len(Classes()), classes)
	}
}

// null takes an answer and keeps only its header map.
type null struct {
	header http.Header
	sent   int64
}

func (n *null) Header() http.Header { return n.header }
func (n *null) WriteHeader(int)     {}
func (n *null) Write(p []byte) (int, error) {
	n.sent += int64(len(p))
	return len(p), nil
}

// hot is a request whose answer is in memory, and a place for the answer with room for its
// header, as net/http has when it makes them.
func (s *stall) hot(path string) func() {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	w := &null{header: make(http.Header, 24)}
	return func() {
		clear(w.header)
		s.ServeHTTP(w, r)
	}
}

func TestAHotRequestAllocatesNothing(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector empties pools")
	}
	s := newStall(t, nil)
	s.SetKeys(Keys{"bcme": {keyOf(1)}}) // of another merchant
	for _, path := range []string{"/p/acme/lamp.glb?h=640", "/o/acme/" + asset.Hash(s.levels[3]) + "/lamp.glb"} {
		ask := s.hot(path)
		ask()
		ask()
		if n := testing.AllocsPerRun(100, ask); n > 0 {
			t.Errorf("%s: %v allocations", path, n)
		}
	}
}

func BenchmarkHot(b *testing.B) {
	s := newStall(b, nil)
	for name, path := range map[string]string{
		"product": "/p/acme/lamp.glb?h=640", "rendition": "/o/acme/" + asset.Hash(s.levels[3]) + "/lamp.glb", "manifest": "/p/acme/lamp.json",
	} {
		b.Run(name, func(b *testing.B) {
			ask := s.hot(path)
			ask()
			b.ReportAllocs()
			for b.Loop() {
				ask()
			}
		})
	}
}

var _ io.Writer = (*null)(nil)

package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/plinth3d/plinth/pipeline/asset"
	"github.com/plinth3d/plinth/pipeline/cloud/s3test"
)

// A bucket is an origin on a store in S3 that can be told to fail.
type bucket struct {
	*world
	*plinthProcess
	s *s3test.Server
}

func onBucket(t *testing.T, flags ...string) *bucket {
	t.Helper()
	w, s := newWorld(t), s3test.New(t)
	w.upload(s)
	return &bucket{w, w.onS3(t, s, append([]string{"--miss-rate", "0", "--store-timeout", "2s"}, flags...)...), s}
}

// cold puts a blob into the store that the origin doesn't know yet, and returns its hash,
// the request for it and its bytes.
func (b *bucket) cold(name string, size int) (hash, request string, data []byte) {
	data = blobOf(name, size)
	hash = asset.Hash(data)
	b.put(hash, data)
	return hash, getting("/o/default/" + hash + "/chair.glb"), data
}

func (b *bucket) put(hash string, data []byte) {
	b.s.Put("bucket/p/"+asset.RenditionKey("default", hash), data)
}

// right wants an answer with all of these bytes.
func (b *bucket) right(t *testing.T, request string, data []byte) {
	t.Helper()
	if r, err := b.try(t, request); err != nil || r.status != http.StatusOK || !bytes.Equal(r.body, data) {
		t.Errorf("the store is well: %v, %v", r, err)
	}
}

// neverWrong wants an answer that is right, that says to come back, or that is visibly
// cut off. One that is cut is right as far as it goes, unless the store lies: a digest
// speaks at the end.
func (b *bucket) neverWrong(t *testing.T, request string, status int, data []byte, lies bool) {
	t.Helper()
	switch r, err := b.try(t, request); {
	case r == nil:
		t.Errorf("no answer: %v", err)
	case r.status == http.StatusServiceUnavailable && err == nil:
		if e := errorsIn(r.has("Retry-After"), r.has("Cache-Control: no-store"), r.common(false)); e != nil {
			t.Error(e)
		}
	case r.status != status:
		t.Errorf("it is %v", r)
	case err == nil && !bytes.Equal(r.body, data):
		t.Errorf("the answer is complete and wrong: %v", r)
	case !lies && !bytes.HasPrefix(data, r.body):
		t.Errorf("%d bytes, with wrong ones among them", len(r.body))
	}
}

func ranged(request, span string) string {
	return strings.Replace(request, "\r\n\r\n", "\r\nRange: bytes="+span+"\r\n\r\n", 1)
}

func errorsIn(all ...error) error {
	for _, err := range all {
		if err != nil {
			return err
		}
	}
	return nil
}

// storeFaults are what goes wrong in a read of the store. They are made for each file,
// because those of them that count do so once.
func storeFaults() map[string][]s3test.Fault {
	return map[string][]s3test.Fault{
		"an answer that breaks off at once":         {s3test.Truncate(0)},
		"an answer that breaks off":                 {s3test.Truncate(100_000)},
		"an answer that breaks off before its end":  {s3test.Truncate(199_999)},
		"the second answer breaks off":              {s3test.Skip(1, s3test.Truncate(50_000))},
		"a wrong bit at the start":                  {s3test.Flip(20)},
		"a wrong bit later":                         {s3test.Flip(150_000)},
		"a wrong bit in the second answer":          {s3test.Skip(1, s3test.Flip(1000))},
		"a wrong bit, once":                         {s3test.Times(1, s3test.Flip(7))},
		"503 SlowDown":                              {s3test.Status(503, "SlowDown")},
		"500 InternalError":                         {s3test.Status(500, "InternalError")},
		"403 AccessDenied":                          {s3test.Status(403, "AccessDenied")},
		"503 for all but the first":                 {s3test.Skip(1, s3test.Status(503, "SlowDown"))},
		"503 once":                                  {s3test.Times(1, s3test.Status(503, "SlowDown"))},
		"a proxy's page":                            {s3test.Page(502)},
		"a connection that is closed":               {s3test.Hangup()},
		"the second connection is closed":           {s3test.Skip(1, s3test.Hangup())},
		"the range is ignored":                      {s3test.Whole()},
		"the range is ignored in the second answer": {s3test.Skip(1, s3test.Whole())},
		"another range comes":                       {s3test.Shift(1)},
		"another range comes in the second answer":  {s3test.Skip(1, s3test.Shift(1))},
		"no ETag":                                     {s3test.Header("ETag", "")},
		"another ETag in the second answer":           {s3test.Skip(1, s3test.Header("ETag", `"other"`))},
		"no Content-Range":                            {s3test.Header("Content-Range", "")},
		"another object from now on":                  {s3test.Replace(blobOf("other", 3<<20))},
		"another object of the same size from now on": {s3test.Replace(blobOf("same size", 200_000))},
	}
}

// TestFaultsOfTheStoreAreNeverServed lets every read go wrong first and be well later, as
// failures are remembered for seconds, and those of all files then pass at once.
func TestFaultsOfTheStoreAreNeverServed(t *testing.T) {
	t.Parallel()
	b := onBucket(t)
	type well struct {
		title, request string
		data           []byte
	}
	var later []well
	for name := range storeFaults() {
		for size, bytes := range map[string]int{"small": 200_000, "large": 5 << 19} {
			title := name + ", a " + size + " file"
			t.Run(title, func(t *testing.T) {
				hash, request, data := b.cold(name+size, bytes)
				lies := strings.Contains(name, "wrong bit") || strings.Contains(name, "another object")
				heal := b.s.Break("", hash, storeFaults()[name]...)
				b.neverWrong(t, request, http.StatusOK, data, lies)
				b.neverWrong(t, request, http.StatusOK, data, lies)
				heal()
				b.put(hash, data) // where it was replaced
				if strings.Contains(name, "another ETag") {
					b.neverWrong(t, request, http.StatusOK, data, lies) // half of it is known under a tag that is gone
				}
				if !lies || size == "small" { // of a part of a large file no digest is known
					b.partsToo(t, title, bytes, storeFaults()[name], lies)
				}
				later = append(later, well{title + ", is right later", request, data})
			})
		}
	}
	for _, l := range later {
		t.Run(l.title, func(t *testing.T) {
			b.recovered(t, l.request)
			b.right(t, l.request, l.data)
			b.right(t, l.request, l.data)
		})
	}
}

// partsToo asks for a part of a file that nobody has asked for: that a file failed is
// remembered, and would be the answer.
func (b *bucket) partsToo(t *testing.T, name string, size int, faults []s3test.Fault, lies bool) {
	t.Helper()
	hash, request, data := b.cold("a part: "+name, size)
	defer b.s.Break("", hash, faults...)()
	b.neverWrong(t, ranged(request, "100-150099"), http.StatusPartialContent, data[100:150100], lies)
}

// recovered waits until what failed is asked for again: a failure is remembered for a
// second, wrong bytes for five.
func (b *bucket) recovered(t *testing.T, request string) {
	t.Helper()
	for began := time.Now(); time.Since(began) < 10*time.Second; time.Sleep(50 * time.Millisecond) {
		if b.fetch(t, request).status != http.StatusServiceUnavailable {
			return
		}
	}
	t.Error("after ten seconds it is still unavailable")
}

func TestASlowStoreIs503InTime(t *testing.T) {
	t.Parallel()
	b := onBucket(t, "--store-timeout", "500ms")
	hash, request, data := b.cold("slow", 3<<20)
	gate := make(chan struct{})
	heal := b.s.Break("GET", hash, s3test.Hold(gate))
	r := b.fetch(t, request)
	if err := errorsIn(r.has("Retry-After"), r.has("Cache-Control: no-store"), r.common(false)); err != nil || r.status != http.StatusServiceUnavailable {
		t.Errorf("%v\n%v", err, r)
	}
	product := b.fetch(t, asking("HEAD", "/p/default/chair.glb"))
	if product.status != http.StatusOK {
		t.Errorf("what needs no read: %v", product)
	}
	heal()
	close(gate)
	b.recovered(t, request)
	b.right(t, request, data)
}

func TestFirstBytesComeBeforeTheRest(t *testing.T) {
	t.Parallel()
	b := onBucket(t, "--store-timeout", "15s")
	for size, bytesOf := range map[string]int{"small": 700_000, "large": 3 << 20} {
		t.Run(size, func(t *testing.T) {
			hash, request, data := b.cold("drip"+size, bytesOf)
			tick := make(chan struct{}, 2) // of the first block the store gives two pieces and no more
			tick <- struct{}{}
			tick <- struct{}{}
			b.s.Break("GET", hash, s3test.Times(1, s3test.Drip(64<<10, tick)))
			c := dial(t, b.address)
			c.say(t, request)
			r, err := c.head()
			first := make([]byte, 60<<10)
			if err == nil {
				_, err = io.ReadFull(c.in, first)
			}
			if err != nil || r.status != http.StatusOK {
				t.Fatalf("%v, %v", r, err)
			}
			close(tick)
			rest := make([]byte, len(data)-len(first))
			if _, err := io.ReadFull(c.in, rest); err != nil || !bytes.Equal(append(first, rest...), data) {
				t.Errorf("the rest: %v", err)
			}
		})
	}
}

func TestOneReadForAnyNumberOfRequests(t *testing.T) {
	t.Parallel()
	b := onBucket(t, "--store-timeout", "15s")
	for _, c := range []struct {
		size, clients, reads int
	}{{700_000, 200, 1}, {5 << 19, 40, 3}} {
		hash, request, data := b.cold(fmt.Sprint("many", c.size), c.size)
		gate := make(chan struct{})
		b.s.Break("GET", hash, s3test.Hold(gate))
		var all sync.WaitGroup
		for range c.clients {
			conn := dial(t, b.address)
			conn.say(t, request)
			all.Go(func() {
				r, err := conn.receive(http.MethodGet)
				if err != nil || !bytes.Equal(r.body, data) {
					t.Errorf("%v", err)
				}
			})
		}
		if err := b.s.Wait(soon(t), "GET", hash, 1); err != nil {
			t.Fatal(err)
		}
		close(gate)
		all.Wait()
		if n := b.s.Count("", hash); n != c.reads {
			t.Errorf("%d requests for %d bytes cost %d reads of the store, want %d", c.clients, c.size, n, c.reads)
		}
	}
}

func TestReadsOfTheStoreAreFew(t *testing.T) {
	t.Parallel()
	b := onBucket(t)
	reads := func(hash string) int { return b.s.Count("", hash) }
	t.Run("what sends no bytes of a product reads none", func(t *testing.T) {
		for _, request := range []string{
			getting("/p/default/chair.glb", "If-None-Match: *"),
			getting("/p/default/chair.glb", `If-Match: "x"`), getting("/p/default/chair.glb", "Range: bytes=99999999-"),
		} {
			b.fetch(t, request)
		}
		if n := reads(b.names["L2"]); n != 0 {
			t.Errorf("%d reads", n)
		}
	})
	t.Run("HEAD reads once, to say what GET would", func(t *testing.T) {
		for range 2 {
			b.fetch(t, asking("HEAD", "/p/default/chair.glb"))
		}
		if n := reads(b.names["L2"]); n != 1 {
			t.Errorf("%d reads", n)
		}
	})
	t.Run("a range of a large file reads its block", func(t *testing.T) {
		hash, request, data := b.cold("range", 9<<20)
		r := b.fetch(t, ranged(request, "5000000-5000099"))
		if r.status != http.StatusPartialContent || !bytes.Equal(r.body, data[5000000:5000100]) {
			t.Errorf("%v", r)
		}
		if n := reads(hash); n > 2 { // one may be needed to know its length
			t.Errorf("%d reads", n)
		}
	})
	t.Run("each read but the first is of the same object", func(t *testing.T) {
		hash, request, data := b.cold("match", 5<<20)
		b.right(t, request, data)
		n := 0
		for _, r := range b.s.Requests() {
			if !strings.HasSuffix(r.Path, hash) {
				continue
			}
			if n++; n > 1 && r.IfMatch == "" {
				t.Errorf("read %d, of %s, has no If-Match", n, r.Range)
			}
		}
		if n != 5 {
			t.Errorf("%d reads of 5 MiB", n)
		}
	})
	t.Run("what is missing is asked for once", func(t *testing.T) {
		hash := asset.Hash([]byte("nobody has it"))
		for range 3 {
			if r := b.fetch(t, getting("/o/default/"+hash+"/chair.glb")); r.status != http.StatusNotFound {
				t.Errorf("%v", r)
			}
		}
		if n := reads(hash); n != 1 {
			t.Errorf("%d reads", n)
		}
	})
	t.Run("who leaves doesn't end the read that others wait for", func(t *testing.T) {
		hash, request, data := b.cold("leave", 600_000)
		gate := make(chan struct{})
		b.s.Break("GET", hash, s3test.Hold(gate))
		leaves, stays := dial(t, b.address), dial(t, b.address)
		leaves.say(t, request)
		if err := b.s.Wait(soon(t), "GET", hash, 1); err != nil {
			t.Fatal(err)
		}
		stays.say(t, request)
		if err := leaves.Close(); err != nil {
			t.Fatal(err)
		}
		close(gate)
		if r, err := stays.receive(http.MethodGet); err != nil || !bytes.Equal(r.body, data) || reads(hash) != 1 {
			t.Errorf("%v, %d reads", err, reads(hash))
		}
	})
}

func TestAStoreThatIsDown(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	b := onBucket(t, "--cache", dir, "--store-timeout", "1s")
	b.warm(t, b.plinthProcess)
	_, request, data := b.cold("during", 100_000)
	for name, fault := range map[string]s3test.Fault{"it hangs up": s3test.Hangup(), "it answers 503": s3test.Status(503, "SlowDown")} {
		t.Run(name, func(t *testing.T) {
			b.s.Break("", "", fault)
			defer b.s.Heal()
			b.cachedOnly(t)
			b.probeAll(t, b.plinthProcess, selectionProbes)
		})
	}
	b.right(t, request, data) // it recovered by itself

	t.Run("a process that starts meanwhile serves what its disk has", func(t *testing.T) {
		if err := b.cmd.Process.Signal(termination); err != nil {
			t.Fatal(err)
		}
		<-b.done
		if b.err != nil {
			t.Errorf("SIGTERM: %v", b.err)
		}
		b.s.Break("", "", s3test.Hangup())
		b.plinthProcess = b.onS3(t, b.s, "--miss-rate", "0", "--cache", dir, "--store-timeout", "1s")
		b.cachedOnly(t)
		b.right(t, request, data)
	})
}

// cachedOnly wants what was served before to be served, and others to come back.
func (b *bucket) cachedOnly(t *testing.T) {
	t.Helper()
	for _, name := range []string{"L0", "L1", "L3"} {
		b.right(t, getting("/o/default/"+b.names[name]+"/chair.glb"), b.blobs[name])
	}
	b.right(t, getting("/p/default/chair.glb"), b.blobs["L2"])
	b.right(t, getting(manifestPath), b.blobs["J"])
	r := b.fetch(t, getting("/o/other/"+b.names["O"]+"/lamp.glb"))
	if err := errorsIn(r.has("Retry-After"), r.has("Cache-Control: no-store"), r.common(false)); err != nil || r.status != http.StatusServiceUnavailable {
		t.Errorf("what isn't cached: %v\n%v", err, r)
	}
	if r := b.fetch(t, getting("/readyz")); r.status != http.StatusOK {
		t.Errorf("it says that it isn't ready: %v", r)
	}
}

func TestWhoMayAsk(t *testing.T) {
	t.Parallel()
	const verify = "X-Origin-Verify: "
	const now, before = "the-secret-of-now", "the-secret-of-before"
	admin := freeAddress(t)
	w, s := newWorld(t), s3test.New(t)
	w.upload(s)
	p := w.onS3(t, s, "--miss-rate", "0.05", "--origin-verify", now+","+before, "--admin", admin)
	at := w.expand("/o/default/{L3}/chair.glb")
	t.Run("only who knows one of two secrets", func(t *testing.T) {
		missing := p.fetch(t, getting(w.expand("/o/default/{absent}/chair.glb"), verify+now))
		for name, fields := range map[string][]string{
			"none": nil, "another": {verify + "the-secret-of-none"}, "an empty one": {verify}, "a part": {verify + now[:10]},
			"both at once": {verify + now, verify + before}, "a list": {verify + now + ", " + before},
		} {
			r := p.fetch(t, getting(at, fields...))
			if essence(r) != essence(missing) || !bytes.Equal(r.body, missing.body) {
				t.Errorf("%s: %v", name, r)
			}
		}
	})
	viewer := func(n int) string { return fmt.Sprintf("CloudFront-Viewer-Address: 198.51.100.%d:4321", n) }
	t.Run("a client may not ask for many files that aren't cached", func(t *testing.T) {
		first := p.fetch(t, getting(at, verify+now, viewer(1)))
		if first.status != http.StatusOK {
			t.Errorf("the first: %v", first)
		}
		second := p.fetch(t, getting(w.expand("/o/default/{L2}/chair.glb"), verify+before, viewer(1)))
		if err := errorsIn(second.has("Retry-After"), second.has("Cache-Control: no-store"), second.common(false)); err != nil || second.status != http.StatusTooManyRequests {
			t.Errorf("the second: %v\n%v", err, second)
		}
		for range 10 {
			if r := p.fetch(t, getting(at, verify+now, viewer(1))); r.status != http.StatusOK {
				t.Errorf("one that is cached: %v", r)
			}
		}
		if r := p.fetch(t, getting(w.expand("/o/default/{L2}/chair.glb"), verify+now, viewer(2))); r.status != http.StatusOK {
			t.Errorf("another client: %v", r)
		}
		if r := p.fetch(t, getting(w.expand("/o/default/{L2}/chair.glb"), verify+now, viewer(1))); r.status != http.StatusOK {
			t.Errorf("what another client had fetched: %v", r)
		}
	})
	t.Run("what an address of its own has isn't where shoppers ask", func(t *testing.T) {
		for _, path := range []string{"/metrics", "/healthz", "/readyz"} {
			if r := p.fetch(t, getting(path, verify+now)); r.status != http.StatusNotFound {
				t.Errorf("%s: %v", path, r)
			}
			if r := (&plinthProcess{address: admin}).fetch(t, getting(path)); r.status != http.StatusOK {
				t.Errorf("%s of the other address: %v", path, r)
			}
		}
		if r := (&plinthProcess{address: admin}).fetch(t, getting(at)); r.status != http.StatusNotFound {
			t.Errorf("a file of the other address: %v", r)
		}
	})
}

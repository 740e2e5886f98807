package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/plinth3d/plinth/pipeline/asset"
	"github.com/plinth3d/plinth/pipeline/cloud/s3test"
)

// A probe is what one connection is sent, and what must come back. Names in braces are a
// world's.
//
// want is one answer for each that must come, in order, separated by " || ". An answer is
// parts separated by " | ": first the status (or several, "400/404") and words on it;
//
//	head     it answers a HEAD: there is no body
//	closed   it says "Connection: close", and the connection ends behind it
//	kept     the connection is good for another request: what goes for the last without "closed"
//	either   the one or the other, as it says
//	raw      it is the HTTP server's own, not the origin's: it has none of the fields of all
//
// then "Name: value", a field that occurs once, with that value; "Name ~ text", that has
// the text in it; "Name", that is there; "!Name", that isn't; and "= L1[0:10]", the bytes
// of the body, or "= parts L1 0-9 20-29" for a multipart of these.
type probe struct{ name, send, want string }

// conformance is what holds whatever the origin's files are in.
var conformance = map[string][]probe{
	"framing": framingProbes, "requests": requestProbes, "methods": methodProbes,
	"conditions": conditionProbes, "ranges": rangeProbes, "codings": codingProbes,
	"fields": fieldProbes, "selection": selectionProbes, "paths": pathProbes, "signatures": signatureProbes,
}

func TestConformance(t *testing.T) {
	if n := count(conformance); n < 200 {
		t.Errorf("there are %d cases, fewer than promised", n)
	}
	t.Run("files in memory", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		p := w.start(t, nil)
		conform(t, w, p)
		p.layers(t, "memory", "disk", "disk") // above 128 KiB by the kernel
	})
	t.Run("files on disk", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		p := w.start(t, nil, "--fetches", "1", "--memory", "2MiB")
		conform(t, w, p)
		p.layers(t, "", "", "disk") // memory is for one file of a megabyte at most
	})
	t.Run("files in S3", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		s := s3test.New(t)
		w.upload(s)
		p := w.onS3(t, s, "--miss-rate", "0")
		conform(t, w, p)
		p.layers(t, "memory", "disk", "disk") // above 128 KiB by the kernel
	})
}

func count(groups map[string][]probe) (n int) {
	for _, probes := range groups {
		n += len(probes)
	}
	return n
}

// conform runs all that holds for any origin.
func conform(t *testing.T, w *world, p *plinthProcess) {
	w.warm(t, p)
	for group, probes := range conformance {
		t.Run(group, func(t *testing.T) { w.probeAll(t, p, probes) })
	}
	t.Run("HEAD", func(t *testing.T) { headsAreThoseOfGet(t, w, p) })
	t.Run("hidden", func(t *testing.T) { whatIsHiddenLooksMissing(t, w, p) })
	t.Run("twins", func(t *testing.T) { codingsAreOneText(t, w, p) })
	t.Run("versions", func(t *testing.T) { newVersionsAreServed(t, w, p) })
}

// layers wants a small, a larger and a large file to have come from there.
func (p *plinthProcess) layers(t *testing.T, layers ...string) {
	for i, height := range []string{"640", "1728", "2592"} {
		r := p.fetch(t, asking("HEAD", "/p/default/chair.glb?h="+height))
		if err := r.has("Server-Timing ~ cache;desc=" + layers[i]); err != nil {
			t.Errorf("h=%s: %v", height, err)
		}
	}
}

func (w *world) probeAll(t *testing.T, p *plinthProcess, probes []probe) {
	w.signed(t, "signed", w.sign, "/p/acme/chair.glb", time.Now().Add(39*time.Second))
	for _, c := range probes {
		t.Run(c.name, func(t *testing.T) {
			if err := w.probe(t, p, c); err != nil {
				t.Errorf("%v\nsent %.400q", err, w.expand(c.send))
			}
		})
	}
}

// probe sends what a probe says and holds what comes against what it wants.
func (w *world) probe(t *testing.T, p *plinthProcess, c probe) error {
	conn := dial(t, p.address)
	defer conn.Close() //nolint:errcheck // it may be closed
	conn.say(t, w.expand(c.send))
	answers := strings.Split(w.expand(c.want), " || ")
	for i, text := range answers {
		want, err := readWanted(text)
		if err != nil {
			return err
		}
		got, err := conn.receive(want.method())
		if err != nil {
			return fmt.Errorf("answer %d: %w", i+1, err)
		}
		if err := w.compare(got, want); err != nil {
			return fmt.Errorf("answer %d, %s\n%s", i+1, err, got)
		}
		if i == len(answers)-1 {
			return conn.after(t, w, got, want)
		}
	}
	return nil
}

func (r *reply) String() string {
	var text strings.Builder
	fmt.Fprintf(&text, "%s %d\n", r.version, r.status)
	for _, f := range r.fields {
		fmt.Fprintf(&text, "%s: %s\n", f.name, f.value)
	}
	fmt.Fprintf(&text, "\n%d bytes: %.200q", len(r.body), r.body)
	return text.String()
}

// wanted is one answer that a probe wants.
type wanted struct {
	statuses []int
	words    []string
	fields   []string
	body     string
}

func (w *wanted) is(word string) bool { return slices.Contains(w.words, word) }

func (w *wanted) method() string {
	if w.is("head") {
		return http.MethodHead
	}
	return http.MethodGet
}

func readWanted(text string) (*wanted, error) {
	parts := strings.Split(text, " | ")
	words := strings.Fields(parts[0])
	w := &wanted{words: words[1:]}
	for code := range strings.SplitSeq(words[0], "/") {
		status, err := strconv.Atoi(code)
		if err != nil {
			return nil, err
		}
		w.statuses = append(w.statuses, status)
	}
	for _, word := range w.words {
		if !slices.Contains([]string{"head", "closed", "kept", "either", "raw"}, word) {
			return nil, fmt.Errorf("nobody knows %q", word)
		}
	}
	for _, part := range parts[1:] {
		if body, ok := strings.CutPrefix(part, "= "); ok {
			w.body = body
			continue
		}
		w.fields = append(w.fields, part)
	}
	return w, nil
}

func (w *world) compare(got *reply, want *wanted) error {
	if !slices.Contains(want.statuses, got.status) {
		return fmt.Errorf("the status is %d, want %v", got.status, want.statuses)
	}
	for _, f := range want.fields {
		if err := got.has(f); err != nil {
			return err
		}
	}
	if !want.is("raw") {
		if err := got.common(want.is("head")); err != nil {
			return err
		}
	}
	if text, ok := strings.CutPrefix(want.body, "parts "); ok {
		return w.compareParts(got, strings.Fields(text))
	}
	if want.body == "" {
		return nil
	}
	body, err := w.body(want.body)
	if err == nil && !bytes.Equal(got.body, body) {
		err = fmt.Errorf("the body is %d bytes that are not %s", len(got.body), want.body)
	}
	return err
}

// compareParts wants a multipart of ranges of a blob: "L1 0-9 20-29".
func (w *world) compareParts(got *reply, want []string) error {
	ranges, bodies, err := got.parts("model/gltf-binary")
	if err != nil {
		return err
	}
	if len(ranges) != len(want)-1 {
		return fmt.Errorf("%d parts, want %d: %q", len(ranges), len(want)-1, ranges)
	}
	size := len(w.blobs[want[0]])
	for i, span := range want[1:] {
		from, to, _ := strings.Cut(span, "-")
		last, err := strconv.Atoi(to)
		if err != nil {
			return err
		}
		body, err := w.body(fmt.Sprintf("%s[%s:%d]", want[0], from, last+1))
		if err != nil {
			return err
		}
		if ranges[i] != fmt.Sprintf("bytes %s/%d", span, size) || !bytes.Equal(bodies[i], body) {
			return fmt.Errorf("part %d is %q with %d bytes", i, ranges[i], len(bodies[i]))
		}
	}
	return nil
}

// has holds one field against an expectation.
func (r *reply) has(want string) error {
	if name, ok := strings.CutPrefix(want, "!"); ok {
		if len(r.all(name)) > 0 {
			return fmt.Errorf("there is a %s", name)
		}
		return nil
	}
	if name, part, ok := strings.Cut(want, " ~ "); ok {
		if !strings.Contains(r.get(name), part) {
			return fmt.Errorf("%s is %q, want %q in it", name, r.all(name), part)
		}
		return nil
	}
	name, value, exact := strings.Cut(want, ": ")
	if all := r.all(name); len(all) != 1 || exact && all[0] != value {
		return fmt.Errorf("%s is %q, want %q", name, all, value)
	}
	return nil
}

// common holds what every answer of the origin has, whatever its status.
func (r *reply) common(head bool) error {
	all := []string{
		"Access-Control-Allow-Origin: *", "Access-Control-Expose-Headers ~ ETag", "Access-Control-Expose-Headers ~ Content-Range",
		"Access-Control-Expose-Headers ~ Plinth-Reason", "Cross-Origin-Resource-Policy: cross-origin", "Timing-Allow-Origin: *",
		"X-Content-Type-Options: nosniff", "Date", "Cache-Control", "!Access-Control-Allow-Credentials", "!Set-Cookie", "!Server",
	}
	switch {
	case r.status == http.StatusNoContent:
		all = append(all, "!Content-Length", "!Content-Type")
	case r.status == http.StatusNotModified:
		all = append(all, "ETag", "!Content-Length", "!Content-Type", "!Content-Encoding", "!Content-Range", "!Last-Modified", "!Repr-Digest")
	case r.status == http.StatusOK:
		all = append(all, "ETag", "Content-Length", "Content-Type", "Accept-Ranges: bytes", "Repr-Digest", "!Content-Range")
	case r.status == http.StatusPartialContent:
		all = append(all, "ETag", "Content-Length", "Content-Type")
	case r.status == http.StatusPreconditionFailed:
		all = append(all, "Content-Length: 0", "Cache-Control: no-store")
	case r.status == http.StatusRequestedRangeNotSatisfiable:
		all = append(all, "Content-Length: 0", "Cache-Control: no-store", "Content-Range ~ bytes */")
	default:
		all = append(all, "Content-Type: application/problem+json", "Content-Length", "!ETag", "!Last-Modified", "!Accept-Ranges", "!Content-Location")
	}
	for _, f := range all {
		if err := r.has(f); err != nil {
			return fmt.Errorf("of the fields that a %d has: %w", r.status, err)
		}
	}
	if at, err := time.Parse(http.TimeFormat, r.get("Date")); err != nil || time.Since(at).Abs() > time.Hour {
		return fmt.Errorf("the Date is %q", r.get("Date"))
	}
	if r.get("Content-Type") == "application/problem+json" && !head {
		var problem struct{ Status int }
		if err := json.Unmarshal(r.body, &problem); err != nil || problem.Status != r.status {
			return fmt.Errorf("the problem is %q (%w)", r.body, err)
		}
	}
	return nil
}

// after holds what becomes of the connection.
func (c *socket) after(t *testing.T, w *world, got *reply, want *wanted) error {
	last := got.last()
	if !want.is("either") && last != want.is("closed") {
		return fmt.Errorf("Connection is %q on %s", got.all("Connection"), got.version)
	}
	if got.framing == "close" && !last {
		return fmt.Errorf("a %d without length keeps the connection", got.status)
	}
	if last {
		return c.ended()
	}
	c.say(t, w.expand(getting("/o/default/{L3}/chair.glb", "Range: bytes=1-3")))
	next, err := c.receive(http.MethodGet)
	if err != nil || next.status != http.StatusPartialContent || !bytes.Equal(next.body, w.blobs["L3"][1:4]) {
		return fmt.Errorf("the next answer on the connection: %v, %w", next, err)
	}
	if n := c.in.Buffered(); n > 0 {
		return fmt.Errorf("behind the next answer come %d bytes more", n)
	}
	return nil
}

// headsAreThoseOfGet: RFC 9110, 9.3.2.
func headsAreThoseOfGet(t *testing.T, w *world, p *plinthProcess) {
	for _, path := range []string{
		"/o/default/{L0}/chair.glb", "/o/default/{L2}/chair.glb", "/o/default/{empty}/chair.glb", "/o/default/{absent}/chair.glb", "/p/default/chair.glb",
		"/p/default/chair.glb?h=2592&form=web", "/p/default/chair.json", "/p/default/fresh.glb", "/p/default/heavy.glb", "/p/default/nothing.json", "{signedFile}", "/x",
	} {
		for _, field := range []string{"Accept: */*", "Accept-Encoding: br", `If-None-Match: "{L2}"`, `If-Match: "nothing"`, "Origin: https://shop.test"} {
			path, field := w.expand(path), w.expand(field)
			get := p.fetch(t, getting(path, field))
			head := p.fetch(t, asking("HEAD", path, field))
			if a, b := essence(get), essence(head); a != b {
				t.Errorf("%s, %s: GET has\n%s\nHEAD has\n%s", path, field, a, b)
			}
		}
	}
}

// newVersionsAreServed: a product's address leads to another file once another version is
// published, and files of before stay.
func newVersionsAreServed(t *testing.T, w *world, p *plinthProcess) {
	c := catalog(t, w.data)
	request, manifest := getting("/p/default/news.glb"), getting("/p/default/news.json")
	for i, name := range []string{"L3", "L2"} {
		w.publishAs(t, c, asset.Job{Merchant: "default", Model: "news", Version: strconv.Itoa(i)}, w.level(2, name))
		w.until(t, p, request, name)
		first := p.fetch(t, manifest)
		again := p.fetch(t, getting("/p/default/news.json", "If-None-Match: "+first.get("ETag")))
		if again.status != http.StatusNotModified || !bytes.Contains(first.body, []byte(w.names[name])) {
			t.Errorf("the manifest of version %d: %v, %v", i, first, again)
		}
	}
	if r := p.fetch(t, getting(w.expand("/o/default/{L3}/news.glb"))); !bytes.Equal(r.body, w.blobs["L3"]) {
		t.Errorf("a file of before: %v", r)
	}
}

// until asks until an answer is that blob.
func (w *world) until(t *testing.T, p *plinthProcess, request, name string) {
	t.Helper()
	for ctx := soon(t); ; {
		r := p.fetch(t, request)
		if r.get("ETag") == `"`+w.names[name]+`"` && bytes.Equal(r.body, w.blobs[name]) {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("it doesn't become %s: %v", name, r)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// essence is a head without what differs from moment to moment.
func essence(r *reply) string {
	var text strings.Builder
	text.WriteString(strconv.Itoa(r.status))
	for _, f := range r.fields {
		switch {
		case f.name == "Date", f.name == "Server-Timing":
		case f.name == "Cache-Control" && strings.HasPrefix(f.value, "public, max-age=3"): // the rest of a signature's hour
		default:
			text.WriteString("\n" + f.name + ": " + f.value)
		}
	}
	return text.String()
}

// whatIsHiddenLooksMissing: another merchant's file, one that needs a signature and one
// that isn't there are answered with the same bytes.
func whatIsHiddenLooksMissing(t *testing.T, w *world, p *plinthProcess) {
	whole := func(path string) string {
		r := p.fetch(t, getting(w.expand(path)))
		return essence(r) + "\n\n" + string(r.body)
	}
	missing := whole("/o/default/{absent}/chair.glb")
	for _, path := range []string{
		"/o/default/{O}/lamp.glb", "/o/other/{L1}/chair.glb", "/o/acme/{A}/chair.glb", "/o/default/{A}/chair.glb", "/o/nobody/{L1}/chair.glb",
		"/p/acme/chair.glb", "/p/acme/chair.json", "/p/acme/nothing.glb", "/p/default/lamp.glb", "/p/nobody/chair.glb", "{expired}", "{signedWrong}", "/o/default/{S}/fresh.glb", "/p/default/nothing.glb",
	} {
		if got := whole(path); got != missing || !strings.HasPrefix(got, "404") {
			t.Errorf("%s: %s\nwhat is missing: %s", path, got, missing)
		}
	}
}

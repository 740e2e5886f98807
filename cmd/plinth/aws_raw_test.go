package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/plinth3d/plinth/pipeline/asset"
	"github.com/plinth3d/plinth/pipeline/cloud"
	"github.com/plinth3d/plinth/pipeline/cloud/awstest"
)

// awsRaw follows a file from the bucket that merchants upload to: its event comes to the queue,
// a worker takes it up, and an origin serves its levels from S3. In the end its merchant is closed.
func awsRaw(t *testing.T, called *calledBy) {
	queue := newBridge(t)
	startS3(t, queue.URL)
	p := awsPlace(t, 5*time.Second)
	queue.to(p)
	raw, err := cloud.OpenRaw(t.Context(), p.RawURL)
	if err != nil {
		t.Fatal(err)
	}
	awsWorker(t, called.relay(t, "worker"), p, "--raw", p.RawURL)
	awsPutKeys(t, p, map[string][][]byte{})
	_, origin := startRoleWith(t, append(called.relay(t, "origin").Env(), testKeysEvery+"=50ms"), true,
		append([]string{"origin", "--listen", "127.0.0.1:0", "--signing-keys", p.StoreURL + "/" + awsKeys}, p.Flags(false)...)...)

	src := sample(t, "fern")
	arrive(t, raw, "fern", src)
	v := awsAwait(t, p, "fern", in(asset.Ready, asset.Failed))
	if v.State != asset.Ready || !v.Live || v.Source != asset.Hash(src) || v.Attempts != 1 {
		t.Fatalf("it is %+v", v)
	}
	awsServed(t, p, origin)

	// The same model again, with other bytes; and a file that is cut off.
	arrive(t, raw, "fern", sample(t, "lamp"))
	lamp := asset.Hash(sample(t, "lamp"))
	awsAwait(t, p, "fern", func(v asset.Version) bool { return v.Live && v.Source == lamp })
	arrive(t, raw, "broken", src[:len(src)/2])
	v = awsAwait(t, p, "broken", in(asset.Ready, asset.Failed))
	out := awsRun(t, called.relay(t, "operator"), append([]string{"jobs", "list"}, p.Flags(false)...)...)
	if v.State != asset.Failed || !strings.Contains(out, "upload it again") || !strings.Contains(out, "broken: ") {
		t.Errorf("its merchant can't see why: %s", out)
	}
	if answer, text := origin.ask("GET", "/p/acme/broken.glb", nil); answer.StatusCode != 503 || !strings.Contains(string(text), "no levels could be made") {
		t.Errorf("broken: %s %s", answer.Status, text)
	}
	if answer, _ := origin.ask("GET", "/o/acme/"+asset.Hash(nil)+"/fern.glb", nil); answer.StatusCode != 404 {
		t.Errorf("a file that isn't there: %s", answer.Status)
	}

	awsSigned(t, p, origin)

	// What is no model at all is dead at once.
	queue.send(t, `{"Records":[{"eventSource":"aws:s3","eventName":"ObjectRemoved:Delete"}]}`)
	if b := awsGrave(t, p); b.Code != "not-understood" || b.Reason == "" {
		t.Errorf("buried is %+v", b)
	}
	if _, _, dead, err := p.Messages(t.Context()); dead != 1 || err != nil {
		t.Errorf("%d messages are dead, %v", dead, err)
	}
}

// awsServed asks an origin for each level.
func awsServed(t *testing.T, p *awstest.Installation, origin *process) {
	t.Helper()
	answer, text := origin.ask("GET", "/p/acme/fern.json", nil)
	var m asset.Manifest
	if err := json.Unmarshal(text, &m); err != nil || answer.StatusCode != 200 || len(m.Levels) != 4 {
		t.Fatalf("%s: %s", answer.Status, text)
	}
	for h, level := range map[string]int{"300": 3, "": 2, "1153": 1, "5000": 0} {
		want := m.Levels[level].Renditions[0]
		answer, body := origin.ask("GET", "/p/acme/fern.glb?h="+h, nil)
		if answer.StatusCode != 200 || asset.Hash(body) != want.SHA256 {
			t.Errorf("h=%s: %s, %d bytes; level %d has %d", h, answer.Status, len(body), level, want.Bytes)
		}
		part, some := origin.ask("GET", answer.Header.Get("Content-Location"), nil, "Range", "bytes=100-199")
		if part.StatusCode != 206 || !bytes.Equal(some, body[100:200]) {
			t.Errorf("h=%s: a range is %s, %d bytes", h, part.Status, len(some))
		}
	}
}

// arrive uploads a model as its merchant does, by a signed request.
func arrive(t *testing.T, raw *cloud.Raw, model string, data []byte) {
	t.Helper()
	signed, err := raw.PresignPut(t.Context(), "acme", model, "", int64(len(data)), time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	q, err := http.NewRequestWithContext(t.Context(), signed.Method, signed.URL, bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range signed.Headers {
		q.Header.Set(name, value)
	}
	answer, err := http.DefaultClient.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close() //nolint:errcheck // only read
	if text, _ := io.ReadAll(answer.Body); answer.StatusCode != 200 {
		t.Fatalf("upload %s: %s: %s", model, answer.Status, text)
	}
}

// A bridge sends the events of an S3 to a queue, as AWS does itself. The gateway can't.
type bridge struct {
	*httptest.Server
	place chan *awstest.Installation // holds one, once it is known
}

func newBridge(t *testing.T) *bridge {
	b := &bridge{place: make(chan *awstest.Installation, 1)}
	b.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		// It asks when it starts, before there is a queue. It sends events of all buckets,
		// where AWS sends those of buckets that were told to; and it names them as the
		// settings of a bucket do, s3:ObjectCreated:Put, where AWS's events have no "s3:".
		// All else is as it is on AWS, and passed on as it is.
		event := string(text)
		if strings.Contains(event, "s3:TestEvent") || !strings.Contains(event, "-raw\"") {
			return
		}
		p := <-b.place
		b.place <- p
		if err := sendTo(r.Context(), p.Lanes[0].URL, strings.ReplaceAll(event, `"eventName":"s3:`, `"eventName":"`)); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(b.Close)
	return b
}

func (b *bridge) to(p *awstest.Installation) { b.place <- p }

func (b *bridge) send(t *testing.T, body string) {
	t.Helper()
	p := <-b.place
	b.place <- p
	if err := sendTo(t.Context(), p.Lanes[0].URL, body); err != nil {
		t.Fatal(err)
	}
}

// sendTo sends a message that is none of ours. The peer does not look at signatures.
func sendTo(ctx context.Context, url, body string) error {
	text, err := json.Marshal(map[string]string{"QueueUrl": url, "MessageBody": body})
	if err != nil {
		return err
	}
	q, err := http.NewRequestWithContext(ctx, http.MethodPost, os.Getenv("AWS_ENDPOINT_URL_SQS"), bytes.NewReader(text))
	if err != nil {
		return err
	}
	q.Header.Set("Content-Type", "application/x-amz-json-1.0")
	q.Header.Set("X-Amz-Target", "AmazonSQS.SendMessage")
	answer, err := http.DefaultClient.Do(q)
	if err != nil {
		return err
	}
	defer answer.Body.Close() //nolint:errcheck // only read
	if said, _ := io.ReadAll(answer.Body); answer.StatusCode != 200 {
		return fmt.Errorf("send a message: %s: %s", answer.Status, said)
	}
	return nil
}

// startS3 starts a gateway of the test's own, whose events go to a URL.
func startS3(t *testing.T, events string) {
	t.Helper()
	dir := t.TempDir() + "/s3"
	start := exec.CommandContext(t.Context(), "../../.ci/peers/s3/start", dir)
	start.Env = append(os.Environ(), "EVENTS="+events)
	var talk bytes.Buffer
	start.Stderr = &talk
	out, err := start.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, &talk)
	}
	t.Cleanup(func() {
		if said, err := exec.CommandContext(context.WithoutCancel(t.Context()), "../../.ci/peers/s3/stop", dir).CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, said)
		}
	})
	for line := range strings.Lines(string(out)) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok {
			t.Setenv(name, value)
		}
	}
}

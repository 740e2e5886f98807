package main

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/plinth3d/plinth/origin"
	"github.com/plinth3d/plinth/pipeline/cloud/s3test"
)

// often has a role read its keys all the time.
const often = testKeysEvery + "=5ms"

func TestOriginsReadTheirKeysAgainFromS3(t *testing.T) {
	server, w := s3test.New(t), newWorld(t)
	const object = "bucket/keys/signing.json"
	keys, err := json.Marshal(w.sign)
	if err != nil {
		t.Fatal(err)
	}
	server.Put(object, []byte(`{}`))
	_, shop := startRoleWith(t, append(server.Env(), often), true,
		"origin", "--data", w.data, "--listen", "127.0.0.1:0", "--signing-keys", "s3://"+object)
	signed, open := w.names["signedLong"], "/p/acme/chair.glb"
	expect := func(what string, unsigned int) {
		t.Helper()
		// A reading is done when the next is asked for; each asks twice at most.
		if err := server.Wait(t.Context(), "GET", object, server.Count("GET", object)+5); err != nil {
			t.Fatal(err)
		}
		for path, want := range map[string]int{open: unsigned, signed: 200} {
			if answer, _ := shop.ask("GET", path, nil); answer.StatusCode != want {
				t.Errorf("%s: %s: %s, want %d", what, path, answer.Status, want)
			}
		}
	}
	faults := func() string {
		_, text := shop.ask("GET", "/metrics", nil)
		return string(regexp.MustCompile(`(?m)^plinth_origin_signing_keys_errors_total (\d+)`).Find(text))
	}
	expect("nobody has keys", 200)
	if n := faults(); !strings.HasSuffix(n, " 0") {
		t.Errorf("nothing has failed yet: %q", n)
	}
	server.Put(object, keys)
	expect("keys were put", 404)
	for what, fault := range map[string]s3test.Fault{
		"S3 is down": s3test.Hangup(), "S3 is busy": s3test.Status(503, "SlowDown"), "the role may not": s3test.Status(403, "AccessDenied"),
		"the bucket is gone": s3test.Status(404, "NoSuchBucket"), "answers break off": s3test.Truncate(20), "a proxy answers": s3test.Page(200),
	} {
		before, heal := faults(), server.Break("GET", object, fault)
		expect(what, 404)
		if after := faults(); after == before {
			t.Errorf("%s: it is not counted: %q", what, after)
		}
		heal()
	}
	for what, text := range map[string][]byte{
		"it is half a file": keys[:len(keys)/2], "it is empty": nil, "it is null": []byte("null"), "it is large": bytes.Repeat([]byte{' '}, keysMost+1), "a key is short": []byte(`{"acme": ["AAAA"]}`),
	} {
		before := faults()
		server.Put(object, text)
		expect(what, 404)
		if after := faults(); after == before {
			t.Errorf("%s: it is not counted: %q", what, after)
		}
	}
	server.Remove(object)
	expect("the object is gone", 404)
	server.Put(object, []byte(`{}`))
	expect("somebody says that all URLs are open", 200)
}

func TestOriginsReadTheirKeysAgainFromAFile(t *testing.T) {
	w := newWorld(t)
	keys, err := os.ReadFile(w.keys)
	if err != nil {
		t.Fatal(err)
	}
	replace := func(text []byte) {
		next := filepath.Join(t.TempDir(), "keys")
		if err := os.WriteFile(next, text, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(next, w.keys); err != nil {
			t.Fatal(err)
		}
	}
	replace([]byte(`{}`))
	role, shop := startRoleWith(t, []string{often}, true, "origin", "--data", w.data, "--listen", "127.0.0.1:0", "--signing-keys", w.keys)
	await := func(what string, done func() bool) {
		t.Helper()
		for end := time.Now().Add(30 * time.Second); !done(); time.Sleep(5 * time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("it doesn't happen: %s", what)
			}
		}
	}
	status := func() int {
		answer, _ := shop.ask("GET", "/p/acme/chair.glb", nil)
		return answer.StatusCode
	}
	if got := status(); got != 200 {
		t.Errorf("nobody has keys: got %d", got)
	}
	replace(keys)
	await("a new file closes a merchant", func() bool { return status() == 404 })
	if err := os.Remove(w.keys); err != nil {
		t.Fatal(err)
	}
	await("the missing file is told", func() bool { return strings.Contains(role.text(), "no such file") })
	if got := status(); got != 404 {
		t.Errorf("the file is gone: got %d", got)
	}
}

// What is wrong at the start ends the process, and says what to do.
func TestKeysThatCantBeReadAtTheStart(t *testing.T) {
	server := s3test.New(t)
	server.Setenv(t)
	large := filepath.Join(t.TempDir(), "large.json")
	if err := os.WriteFile(large, bytes.Repeat([]byte{' '}, keysMost+1), 0o600); err != nil {
		t.Fatal(err)
	}
	server.Put("bucket/text.json", []byte("hello"))
	server.Put("bucket/large.json", bytes.Repeat([]byte{' '}, keysMost+1))
	server.Put("bucket/short.json", []byte(`{"acme": ["c2hvcnQ="]}`))
	server.Break("GET", "denied.json", s3test.Status(403, "AccessDenied"))
	server.Break("GET", "busy.json", s3test.Status(503, "SlowDown"))
	for _, c := range []struct {
		place string
		code  int
		says  string
	}{
		{"s3://bucket/none.json", exitInput, "aws s3 cp"},
		{"s3://bucket/text.json", exitInput, `keys are {"merchant": ["base64", ...]}`},
		{"s3://bucket/large.json", exitInput, "right object?"},
		{"s3://bucket/short.json", exitInput, "openssl"},
		{"s3://bucket/denied.json", exitUnavailable, "allow s3:GetObject"},
		{"s3://bucket/busy.json", exitUnavailable, "SlowDown"},
		{"s3://bucket", exitUsage, "s3://BUCKET/KEY"},
		{"s3://BUCKET/keys.json", exitUsage, "lower-case"},
		{large, exitInput, "right file?"},
	} {
		for _, args := range [][]string{
			{"origin", "--data", t.TempDir(), "--listen", "127.0.0.1:0"},
			{"serve", "--data", t.TempDir(), "--listen", "127.0.0.1:0"},
			{"sign", "/p/acme/chair.glb"},
		} {
			errs := &bytes.Buffer{}
			code := run(t.Context(), append(args, "--signing-keys", c.place), &bytes.Buffer{}, errs)
			if code != c.code || !strings.Contains(errs.String(), c.says) || !strings.Contains(errs.String(), "--signing-keys") {
				t.Errorf("%s: %s: exit %d, want %d and %q: %s", args[0], c.place, code, c.code, c.says, errs)
			}
		}
	}
}

// What comes from a pipe is there once: it would be waited for, or empty, the next time.
func TestKeysFromNoFileAreReadOnce(t *testing.T) {
	log := &bytes.Buffer{}
	o := &origin.Origin{Config: origin.Config{Log: slog.New(slog.NewTextHandler(log, nil))}}
	if err := (signingKeys{place: os.DevNull}).watch(t.Context(), o); err != nil || !strings.Contains(log.String(), "not read again") {
		t.Errorf("got %v: %s", err, log)
	}
}

func TestAnAddressIsSignedByAKeyInS3(t *testing.T) {
	server := s3test.New(t)
	server.Setenv(t)
	server.Put("bucket/keys/signing.json", []byte(`{"acme": ["`+strings.Repeat("A", 43)+`="]}`))
	out, errs := &bytes.Buffer{}, &bytes.Buffer{}
	if code := run(t.Context(), []string{"sign", "/p/acme/chair.glb", "--signing-keys", "s3://bucket/keys/signing.json"}, out, errs); code != exitOK || !strings.HasPrefix(out.String(), "/p/acme/chair.glb?exp=") {
		t.Errorf("exit %d: %s%s", code, out, errs)
	}
}

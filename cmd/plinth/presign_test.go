package main

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/plinth3d/plinth/pipeline/asset"
	"github.com/plinth3d/plinth/pipeline/cloud"
	"github.com/plinth3d/plinth/pipeline/cloud/s3test"
)

func TestPresignTellsHowToUpload(t *testing.T) {
	s3test.New(t).Setenv(t)
	code, out, stderr := plinth(t, "presign", "acme/chair", "--raw", "s3://bucket/raw", "--size", "5", "--unit", "cm")
	if code != exitOK || !strings.HasPrefix(out, "PUT http://127.0.0.1") || !strings.Contains(out, "curl --fail-with-body -H 'X-Amz-Meta-Unit: cm' -T chair.glb 'http") {
		t.Errorf("exit %d: %s%s", code, out, stderr)
	}
	var p struct {
		cloud.Presigned
		Curl string
	}
	code, out, stderr = plinth(t, "presign", "acme/chair", "--raw", "s3://bucket/raw", "--post", "--json")
	if err := json.Unmarshal([]byte(out), &p); err != nil || code != exitOK || p.Method != http.MethodPost || p.Fields["key"] != "raw/acme/chair.glb" || !strings.Contains(p.Curl, "-F file=@chair.glb") {
		t.Errorf("exit %d: %s%s", code, out, stderr)
	}
	for _, c := range []struct {
		args []string
		code int
	}{
		{[]string{"chair", "--raw", "s3://b", "--size", "5"}, exitUsage},
		{[]string{"acme/chair", "--size", "5"}, exitUsage},
		{[]string{"acme/chair", "--raw", "s3://b"}, exitUsage},
		{[]string{"acme/chair", "--raw", "s3://b", "--size", "5", "--unit", "parsec"}, exitInput},
		{[]string{"acme/chair", "--raw", "s3://b", "--size", "5", "--expires", "169h"}, exitInput},
		{[]string{"acme/Chair", "--raw", "s3://b", "--size", "5"}, exitInput},
		{[]string{"acme/Chair", "--raw", "s3://b", "--size", "5", "--part-size", "5MiB"}, exitInput},
		{[]string{"acme/chair", "--raw", "s3://b", "--size", "5", "--part-size", "4MiB"}, exitUsage},
		{[]string{"acme/chair", "--raw", "s3://b", "--size", "5", "--part-size", "6GiB"}, exitUsage},
		{[]string{"acme/chair", "--raw", "s3://b", "--post", "--part-size", "5MiB"}, exitUsage},
		{[]string{"acme/chair", "--raw", "s3://b", "--size", "52428800001", "--part-size", "5MiB"}, exitUsage},
		{[]string{"complete", "acme/chair", "--raw", "s3://b", "some-upload"}, exitUsage},
		{[]string{"complete", "acme/chair", "--raw", "s3://b", "some-upload", "tag"}, exitInput},
		{[]string{"complete", "chair", "--raw", "s3://b", "some-upload", "tag"}, exitUsage},
		{[]string{"abort", "acme/chair", "--raw", "nowhere", "some-upload"}, exitUsage},
	} {
		if code, _, stderr := plinth(t, append([]string{"presign"}, c.args...)...); code != c.code {
			t.Errorf("%q: exit %d, want %d: %s", c.args, code, c.code, stderr)
		}
	}
}

func TestAnUploadInPartsIsCompletedOrAborted(t *testing.T) {
	s := s3test.New(t)
	s.Setenv(t)
	file := append(bytes.Repeat([]byte("x"), partLeast), "end"...)
	begin := func() (p signedParts) {
		t.Helper()
		code, out, stderr := plinth(t, "presign", "acme/chair", "--raw", "s3://bucket/raw", "--size", fmt.Sprint(len(file)), "--part-size", "5MiB", "--unit", "cm", "--json")
		if err := json.Unmarshal([]byte(out), &p); err != nil || code != exitOK || len(p.Parts) != 2 || s.Uploads() != 1 {
			t.Fatalf("exit %d: %s%s", code, out, stderr)
		}
		return p
	}
	run := func(line string, more ...string) (code int, out string) {
		t.Helper()
		code, out, stderr := plinth(t, append(strings.Fields(line)[1:], more...)...)
		return code, out + stderr
	}
	p := begin()
	if code, out := run(p.Abort); code != exitOK || s.Uploads() != 0 {
		t.Errorf("exit %d: %s", code, out)
	}
	if code, out := run(p.Complete, "tag"); code != exitInput || !strings.Contains(out, "--part-size") {
		t.Errorf("what was aborted is completed: exit %d: %s", code, out)
	}

	p = begin()
	var tags []string
	for _, part := range p.Parts {
		r, err := http.NewRequestWithContext(t.Context(), part.Method, part.URL, bytes.NewReader(file[part.Offset:part.Offset+part.Bytes]))
		if err != nil {
			t.Fatal(err)
		}
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close() // its tag is in its head
		if answer.StatusCode != http.StatusOK {
			t.Fatalf("part %d: %s", part.Part, answer.Status)
		}
		tags = append(tags, answer.Header.Get("ETag"))
	}
	if code, out := run(p.Complete, tags[1], tags[0]); code != exitInput {
		t.Errorf("the wrong way round: exit %d: %s", code, out)
	}
	if code, out := run(p.Complete, tags[0], strings.Trim(tags[1], `"`)); code != exitOK {
		t.Errorf("exit %d: %s", code, out)
	}
	if data, there := s.Get("bucket/raw/acme/chair.glb"); !there || !bytes.Equal(data, file) {
		t.Errorf("there are %d bytes, want %d", len(data), len(file))
	}
}

// curl uploads to a real server what presign tells it to.
func TestCurlUploadsWhatIsSigned(t *testing.T) {
	if os.Getenv("PLINTH_AWS_PEERS") == "" || os.Getenv("AWS_ENDPOINT_URL_S3") == "" {
		t.Skip("this test needs an S3: .ci/peers/s3/start runs versitygw; PLINTH_AWS_PEERS=1 and AWS_ENDPOINT_URL_S3 say that it may be used and where it is")
	}
	for name, value := range map[string]string{"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "us-east-1"} {
		t.Setenv(name, value)
	}
	bucket := "plinth-" + strings.ToLower(rand.Text())
	dir := t.TempDir()
	shell := func(line string) string {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), "sh", "-c", line)
		cmd.Dir = dir
		if ca := os.Getenv("AWS_CA_BUNDLE"); ca != "" {
			cmd.Env = append(os.Environ(), "CURL_CA_BUNDLE="+ca)
		}
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v\n%s", line, err, out)
		}
		return string(out)
	}
	shell("curl -sS --fail-with-body --aws-sigv4 aws:amz:us-east-1:s3 --user test:test -H 'x-amz-content-sha256: UNSIGNED-PAYLOAD' -X PUT " + os.Getenv("AWS_ENDPOINT_URL_S3") + "/" + bucket)
	raw, err := cloud.OpenRaw(t.Context(), "s3://"+bucket+"/in")
	if err != nil {
		t.Fatal(err)
	}
	long := bytes.Repeat([]byte("hello"), partLeast/4)
	for model, c := range map[string]struct {
		file  []byte
		flags []string
	}{
		"chair": {[]byte("hello"), []string{"--size", "5"}},
		"table": {[]byte("hello"), []string{"--post", "--size", "9"}},
		"hall":  {long, []string{"--size", fmt.Sprint(len(long)), "--part-size", "5MiB"}},
	} {
		if err := os.WriteFile(filepath.Join(dir, model+".glb"), c.file, 0o600); err != nil {
			t.Fatal(err)
		}
		code, out, stderr := plinth(t, append([]string{"presign", "acme/" + model, "--raw", "s3://" + bucket + "/in", "--unit", "mm"}, c.flags...)...)
		if code != exitOK {
			t.Fatalf("exit %d: %s", code, stderr)
		}
		if slices.Contains(c.flags, "--part-size") {
			words := shell(`plinth() { printf '%s\n' "$@"; }` + "\n" + lastLine(shell(out)))
			if code, _, stderr := plinth(t, strings.Fields(words)...); code != exitOK {
				t.Fatalf("%s: exit %d: %s", words, code, stderr)
			}
		} else {
			shell(lastLine(out))
		}
		o, err := raw.Read(t.Context(), cloud.Upload{Bucket: bucket, Key: "in/acme/" + model + ".glb"})
		if err != nil {
			t.Fatal(err)
		}
		if o.Size != int64(len(c.file)) || o.Unit != "mm" || o.Merchant != "acme" || asset.CheckID(o.Model) != nil {
			t.Errorf("%s: there is %+v", model, o)
		}
		_ = o.Body.Close() // it was only looked at
	}
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return lines[len(lines)-1]
}

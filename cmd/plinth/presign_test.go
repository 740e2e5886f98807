package main

import (
	"crypto/rand"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
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
	} {
		if code, _, stderr := plinth(t, append([]string{"presign"}, c.args...)...); code != c.code {
			t.Errorf("%q: exit %d, want %d: %s", c.args, code, c.code, stderr)
		}
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
	for model, flags := range map[string][]string{"chair": {"--size", "5"}, "table": {"--post", "--size", "9"}} {
		if err := os.WriteFile(filepath.Join(dir, model+".glb"), []byte("hello"), 0o600); err != nil {
			t.Fatal(err)
		}
		code, out, stderr := plinth(t, append([]string{"presign", "acme/" + model, "--raw", "s3://" + bucket + "/in", "--unit", "mm"}, flags...)...)
		if code != exitOK {
			t.Fatalf("exit %d: %s", code, stderr)
		}
		lines := strings.Split(strings.TrimSpace(out), "\n")
		shell(lines[len(lines)-1])
		o, err := raw.Read(t.Context(), cloud.Upload{Bucket: bucket, Key: "in/acme/" + model + ".glb"})
		if err != nil {
			t.Fatal(err)
		}
		if o.Size != 5 || o.Unit != "mm" || o.Merchant != "acme" || asset.CheckID(o.Model) != nil {
			t.Errorf("%s: there is %+v", model, o)
		}
		_ = o.Body.Close() // it was only looked at
	}
}

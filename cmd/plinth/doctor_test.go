package main

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/plinth3d/plinth/pipeline/cloud/surveytest"
	"github.com/plinth3d/plinth/pipeline/doctor"
)

const soundTemplates = "../../pipeline/doctor/testdata/sound"

// ill is a folder with the sound templates, but that a subnet is public and a security
// group is open.
func ill(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(soundTemplates)); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "plinth-network.template.json")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	made := strings.Replace(string(text), `"MapPublicIpOnLaunch": false`, `"MapPublicIpOnLaunch": true`, 1)
	made = strings.Replace(made, `"CidrIp": "10.40.0.0/16"`, `"CidrIp": "0.0.0.0/0"`, 1)
	if err := os.WriteFile(file, []byte(made), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestDoctorFindsNothingInSoundTemplates(t *testing.T) {
	code, out, errs := plinth(t, "doctor", soundTemplates)
	if code != exitOK || errs != "" || !strings.Contains(out, "errors: 0, warnings: 0, notes: 0") {
		t.Errorf("exit %d: %s%s", code, out, errs)
	}
}

func TestDoctorFailsOnWhatItFinds(t *testing.T) {
	dir := ill(t)
	for _, c := range []struct {
		name string
		args []string
		code int
		want string // rules, in order
	}{
		{"a warning and an error", nil, exitInput, "security-group-open subnet-public"},
		{"errors only", []string{"--severity", "error"}, exitInput, "security-group-open"},
		{"one rule", []string{"--rule", "subnet-public"}, exitInput, "subnet-public"},
		{"a warning that is no failure", []string{"--rule", "subnet-public", "--fail-on", "error"}, exitOK, "subnet-public"},
		{"what never fails", []string{"--fail-on", "never"}, exitOK, "security-group-open subnet-public"},
		{"another rule", []string{"--rule", "bucket-tls,nat-gateway"}, exitOK, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			code, out, errs := plinth(t, append([]string{"doctor", dir, "--json"}, c.args...)...)
			var got []string
			for dec := json.NewDecoder(strings.NewReader(out)); dec.More(); {
				var f doctor.Finding
				if err := dec.Decode(&f); err != nil {
					t.Fatal(err)
				}
				got = append(got, f.Rule)
			}
			if code != c.code || errs != "" || strings.Join(got, " ") != c.want {
				t.Errorf("exit %d, %q, %s, want %d, %s", code, got, errs, c.code, c.want)
			}
		})
	}
	code, out, _ := plinth(t, "doctor", filepath.Join(dir, "plinth-network.template.json"))
	for _, want := range []string{"│ security-group-open", "│ plinth-network │ SubnetA", "subnet-public: set MapPublicIpOnLaunch to false", "errors: 1, warnings: 1"} {
		if code != exitInput || !strings.Contains(out, want) {
			t.Errorf("exit %d: there is no %q in\n%s", code, want, out)
		}
	}
}

func TestDoctorListsItsRules(t *testing.T) {
	code, out, _ := plinth(t, "doctor", "--list")
	if code != exitOK || strings.Count(out, "\n") != len(doctor.Rules())+4 || !strings.Contains(out, "bucket-public-access") {
		t.Errorf("exit %d:\n%s", code, out)
	}
	code, out, _ = plinth(t, "doctor", "--list", "--json", "--rule", "queue-dlq")
	if code != exitOK || !strings.Contains(out, `"id":"queue-dlq"`) || !strings.Contains(out, `"live":true`) || strings.Count(out, "\n") != 1 {
		t.Errorf("exit %d:\n%s", code, out)
	}
}

func TestDoctorSaysWhatItCannotLookAt(t *testing.T) {
	broken := filepath.Join(t.TempDir(), "a.template.json")
	if err := os.WriteFile(broken, []byte(`{"Resources":{"Q":{}}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args string
		code int
		want string
	}{
		{"", exitUsage, "wants a folder"},
		{"--severity bad .", exitUsage, "--severity"},
		{"--fail-on bad .", exitUsage, "--fail-on"},
		{"--rule bad .", exitUsage, `no rule "bad"`},
		{"--live", exitUsage, "what to look at"},
		{"--live --queue sqs://plinth .", exitUsage, "give one of them"},
		{"--live --queue local", exitUsage, "--queue"},
		{"--live --queue sqs://plinth --lanes bulk", exitUsage, "--lanes"},
		{"--live --store disk:data", exitUsage, "--store is \"disk:data\", not s3://BUCKET/PREFIX"},
		{"--live --catalog local", exitUsage, "--catalog is \"local\", not dynamodb://TABLE"},
		{broken, exitInput, "Resources.Q: it has no Type"},
		{filepath.Dir(broken) + "/none", exitInput, "no such file"},
		{t.TempDir(), exitInput, "cdk synth"},
	} {
		if code, out, errs := plinth(t, append([]string{"doctor"}, strings.Fields(c.args)...)...); code != c.code || out != "" || !strings.Contains(errs, c.want) {
			t.Errorf("%s: exit %d: %s%s", c.args, code, out, errs)
		}
	}
}

func TestDoctorLooksAtWhatRuns(t *testing.T) {
	s := surveytest.New(t)
	args := []string{"doctor", "--live", "--store", "s3://plinth-derived", "--raw", "s3://plinth-raw", "--catalog", "dynamodb://plinth", "--queue", "sqs://plinth", "--lanes", "bulk=1"}
	if code, out, errs := plinth(t, args...); code != exitOK || !strings.Contains(out, "resources: 5; errors: 0") {
		t.Errorf("exit %d: %s%s", code, out, errs)
	}
	s.Fail("GetBucketPolicyStatus", http.StatusForbidden, "AccessDenied")
	code, out, _ := plinth(t, args...)
	if code != exitInput || strings.Count(out, "could not look at PolicyStatus (needs s3:GetBucketPolicyStatus)") != 2 {
		t.Errorf("exit %d: %s", code, out)
	}
}

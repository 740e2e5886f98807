// Package envtest says by which environment the AWS SDK finds a server that stands in for
// AWS. Production code does not import it.
package envtest

import (
	"os"
	"strings"
	"testing"
)

// An Endpoint is where a server is. Servers for tests embed it.
type Endpoint struct {
	URL      string   // http://127.0.0.1:PORT, or https
	Services []string // that it speaks for, as the environment names them: S3, SQS, DYNAMODB
	Bundle   string   // file with the certificate to trust; "" without TLS
}

// Env is what the environment of a process must have for the AWS SDK in it to talk to
// this server, as nobody whom AWS knows.
func (e *Endpoint) Env() []string {
	env := []string{
		"AWS_CA_BUNDLE=" + e.Bundle,
		"AWS_REGION=us-east-1",
		"AWS_ACCESS_KEY_ID=test",
		"AWS_SECRET_ACCESS_KEY=test",
		"AWS_SESSION_TOKEN=",
		"AWS_PROFILE=",
		"AWS_CONFIG_FILE=" + os.DevNull,
		"AWS_SHARED_CREDENTIALS_FILE=" + os.DevNull,
		"AWS_EC2_METADATA_DISABLED=true",
	}
	for _, s := range e.Services {
		env = append(env, "AWS_ENDPOINT_URL_"+s+"="+e.URL)
	}
	return env
}

// Setenv gives the test's own process that environment.
func (e *Endpoint) Setenv(t testing.TB) {
	t.Helper()
	for _, pair := range e.Env() {
		name, value, _ := strings.Cut(pair, "=")
		t.Setenv(name, value)
	}
}

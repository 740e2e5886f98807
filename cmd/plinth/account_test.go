package main

import (
	"os"
	"strings"
	"testing"

	"github.com/plinth3d/plinth/pipeline/cloud/s3test"
)

// awsless is an environment without credentials and region.
func awsless(t *testing.T) {
	t.Helper()
	s3test.New(t).Setenv(t)
	for _, name := range []string{"AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"} {
		t.Setenv(name, "")
	}
	for _, name := range []string{"AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"} {
		t.Setenv(name, os.DevNull)
	}
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
}

func TestWithoutARegionNothingIsUnderstood(t *testing.T) {
	awsless(t)
	data := t.TempDir()
	catalog(t, data)
	for _, args := range []string{
		"doctor --live --store s3://bucket", "doctor --live --catalog dynamodb://plinth", "doctor --live --queue sqs://plinth",
		"sweep --store s3://bucket --data " + data, "jobs list --dead --queue sqs://plinth --data " + data,
		"jobs --catalog dynamodb://plinth --store s3://bucket --data " + data, "presign a/b --post --raw s3://raw",
	} {
		if _, errs := done(t, exitUsage, strings.Fields(args)...); !strings.Contains(errs, "no region is set; say AWS_REGION") {
			t.Errorf("%s: %s", args, errs)
		}
	}
}

func TestWithoutCredentialsItIsToldWhatToSet(t *testing.T) {
	awsless(t)
	t.Setenv("AWS_REGION", "us-east-1")
	data := t.TempDir()
	catalog(t, data)
	for _, args := range []string{
		"sweep --store s3://bucket --data " + data, "jobs list --dead --queue sqs://plinth --data " + data,
		"jobs --catalog dynamodb://plinth --store disk:" + data + " --data " + data,
	} {
		if _, errs := done(t, exitUnavailable, strings.Fields(args)...); !strings.Contains(errs, "no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE") {
			t.Errorf("%s: %s", args, errs)
		}
	}
}

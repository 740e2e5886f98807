package cloud

import (
	"crypto/rand"
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/plinth3d/plinth/pipeline/asset"
	"github.com/plinth3d/plinth/pipeline/asset/assettest"
)

// peerBucket makes a bucket on the S3 that the environment names and returns its URL.
func peerBucket(t *testing.T) string {
	t.Helper()
	if os.Getenv("PLINTH_AWS_PEERS") == "" || os.Getenv("AWS_ENDPOINT_URL_S3") == "" {
		t.Skip("this test needs an S3: .ci/peers/s3/start runs versitygw; PLINTH_AWS_PEERS=1 and AWS_ENDPOINT_URL_S3 say that it may be used and where it is")
	}
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "us-east-1",
		"AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
	} {
		t.Setenv(name, value)
	}
	bucket := "plinth-" + strings.ToLower(rand.Text())
	client, err := connectS3(t.Context(), "s3://"+bucket)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &bucket}); err != nil {
		t.Fatal(err)
	}
	return "s3://" + bucket
}

func openPeer(t *testing.T, url string) *Store {
	t.Helper()
	s, err := Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	s.Temp = t.TempDir()
	return s
}

// It is run once over http and once over TLS, where bodies take another form.
func TestStoreOnItsPeer(t *testing.T) {
	bucket := peerBucket(t)
	assettest.Store(t, func(t *testing.T) asset.Store {
		return openPeer(t, bucket+"/"+strings.ToLower(rand.Text()))
	})
}

package awstest

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

func TestCallsAreNamedAsPoliciesNameThem(t *testing.T) {
	for _, c := range []struct {
		service, method, url, target, body string
		want                               []string
	}{
		{"S3", "GET", "/x-derived/source/acme/1", "", "", []string{"s3:GetObject derived/source"}},
		{"S3", "HEAD", "/x-derived/rendition/acme/1", "", "", []string{"s3:GetObject derived/rendition"}},
		{"S3", "PUT", "/x-derived/rendition/acme/1?x-id=PutObject", "", "", []string{"s3:PutObject derived/rendition"}},
		{"S3", "POST", "/x-derived/rendition/acme/1?uploads", "", "", []string{"s3:PutObject derived/rendition"}},
		{"S3", "PUT", "/x-derived/rendition/acme/1?partNumber=1&uploadId=2", "", "", []string{"s3:PutObject derived/rendition"}},
		{"S3", "DELETE", "/x-derived/rendition/acme/1?uploadId=2", "", "", []string{"s3:AbortMultipartUpload derived/rendition"}},
		{"S3", "DELETE", "/x-derived/rendition/acme/1", "", "", []string{"s3:DeleteObject derived/rendition"}},
		{"S3", "GET", "/x-derived?list-type=2", "", "", []string{"s3:ListBucket derived"}},
		{"S3", "PUT", "/x-raw", "", "", []string{"s3:CreateBucket raw"}},
		{"SQS", "POST", "/", "AmazonSQS.DeleteMessageBatch", `{"QueueUrl":"http://h/0/x-bulk"}`, []string{"sqs:DeleteMessage lane"}},
		{"SQS", "POST", "/", "AmazonSQS.GetQueueUrl", `{"QueueName":"x-bulk-dead"}`, []string{"sqs:GetQueueUrl dead"}},
		{"DYNAMODB", "POST", "/", "DynamoDB_20120810.Query", `{"IndexName":"by-state"}`, []string{"dynamodb:Query table/by-state"}},
		{"DYNAMODB", "POST", "/", "DynamoDB_20120810.TransactWriteItems", `{"TransactItems":[{"Put":{}},{"ConditionCheck":{}}]}`, []string{"dynamodb:PutItem table", "dynamodb:ConditionCheckItem table"}},
	} {
		q := httptest.NewRequestWithContext(t.Context(), c.method, c.url, http.NoBody)
		q.Header.Set("X-Amz-Target", c.target)
		if got := callOf(c.service, q, []byte(c.body)).Actions; !slices.Equal(got, c.want) {
			t.Errorf("%s %s %s: got %q, want %q", c.method, c.url, c.target, got, c.want)
		}
	}
}

func TestListsAreSortedAndHaveNothingTwice(t *testing.T) {
	entries, err := lists.ReadDir("calls")
	if err != nil || len(entries) == 0 {
		t.Fatal(entries, err)
	}
	for _, e := range entries {
		calls, err := Listed(strings.TrimSuffix(e.Name(), ".txt"))
		if err != nil || !slices.IsSorted(calls) || len(slices.Compact(calls)) != len(calls) {
			t.Errorf("%s: %v", e.Name(), err)
		}
	}
}

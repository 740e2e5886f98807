package doctor

import (
	"slices"
	"testing"
)

func TestWhatASurveyDoesNotSeeIsNotFine(t *testing.T) {
	bucket := &Resource{Stack: "live", ID: "raw", Type: "AWS::S3::Bucket", Properties: map[string]any{"VersioningConfiguration": map[string]any{"Status": "Enabled"}}, Unseen: map[string]string{
		"PublicAccessBlockConfiguration": "s3:GetBucketPublicAccessBlock", "PolicyStatus": "s3:GetBucketPolicyStatus",
		"BucketEncryption": "s3:GetEncryptionConfiguration", "LifecycleConfiguration": "s3:GetLifecycleConfiguration",
	}}
	found := Examine(Survey(bucket))
	if got := ids(found); !slices.Equal(got, []string{"unseen", "unseen", "unseen", "unseen"}) {
		t.Fatalf("got %+v", found)
	}
	var got []string
	for _, f := range found {
		got = append(got, f.What)
	}
	want := []string{
		"could not look at BucketEncryption (needs s3:GetEncryptionConfiguration)",
		"could not look at LifecycleConfiguration (needs s3:GetLifecycleConfiguration)",
		"could not look at PolicyStatus (needs s3:GetBucketPolicyStatus)",
		"could not look at PublicAccessBlockConfiguration (needs s3:GetBucketPublicAccessBlock)",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestRulesHoldForWhatRuns(t *testing.T) {
	dead := &Resource{ID: "plinth-bulk-dead", Type: "AWS::SQS::Queue", Properties: map[string]any{"MessageRetentionPeriod": "345600", "ApproximateNumberOfMessages": "3"}}
	lane := &Resource{ID: "plinth-bulk", Type: "AWS::SQS::Queue", Properties: map[string]any{"VisibilityTimeout": "30", "DeadLetterQueue": Link{To: dead}}}
	table := &Resource{ID: "plinth", Type: "AWS::DynamoDB::Table", Properties: map[string]any{"BillingMode": "PAY_PER_REQUEST"}}
	found := Examine(Survey(dead, lane, table))
	want := []string{"table-deletion", "table-pitr", "queue-dlq", "dlq-filled", "dlq-retention"}
	if got := ids(found); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q: %+v", got, want, found)
	}
}

func TestARuleAboutTemplatesIsNotAskedOfASurvey(t *testing.T) {
	r := &Resource{ID: "raw", Type: "AWS::S3::Bucket", Properties: map[string]any{}}
	for _, f := range Examine(Survey(r)) {
		if f.Rule == "bucket-tls" || f.Rule == "bucket-logs" || f.Rule == "stateful-delete" {
			t.Errorf("got %+v", f)
		}
	}
}

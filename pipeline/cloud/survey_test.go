package cloud

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/plinth3d/plinth/pipeline/asset"
	"github.com/plinth3d/plinth/pipeline/cloud/surveytest"
	"github.com/plinth3d/plinth/pipeline/doctor"
)

// installation is what a server of surveytest tells of.
var installation = Places{Store: "s3://plinth-derived/prod", Catalog: "dynamodb://plinth", Queue: "plinth", Lanes: []string{"bulk"}}

// surveyFinds looks at an installation and returns what the rules find, by rule.
func surveyFinds(t *testing.T, p Places) (found []doctor.Finding, rules []string) {
	t.Helper()
	e, err := Survey(t.Context(), p)
	must(t, err)
	found = doctor.Examine(e)
	for _, f := range found {
		rules = append(rules, f.Rule)
	}
	return found, rules
}

func TestASurveyOnlyReads(t *testing.T) {
	s := surveytest.New(t)
	p := installation
	p.Raw = "s3://plinth-raw/uploads"
	if found, _ := surveyFinds(t, p); len(found) != 0 {
		t.Errorf("all is well, and got %+v", found)
	}
	want := []string{
		"DescribeContinuousBackups", "DescribeTable", "GetBucketEncryption", "GetBucketLifecycleConfiguration",
		"GetBucketPolicyStatus", "GetBucketVersioning", "GetPublicAccessBlock", "GetQueueAttributes", "GetQueueUrl",
	}
	if got := s.Calls(); !slices.Equal(got, want) {
		t.Errorf("got the calls %q, want %q", got, want)
	}
}

func TestASurveySeesWhatIsSetUpBadly(t *testing.T) {
	const attributes = "GetQueueAttributes plinth-bulk"
	for _, c := range []struct {
		name, call, body string // of an answer, or of a failure whose code it is
		want             []string
	}{
		{"public access is partly open", "GetPublicAccessBlock", `<PublicAccessBlockConfiguration><BlockPublicAcls>true</BlockPublicAcls></PublicAccessBlockConfiguration>`, []string{"bucket-public-access"}},
		{"public access is open", "GetPublicAccessBlock", "NoSuchPublicAccessBlockConfiguration", []string{"bucket-public-access"}},
		{"a public policy", "GetBucketPolicyStatus", `<PolicyStatus><IsPublic>true</IsPublic></PolicyStatus>`, []string{"bucket-public"}},
		{"no policy", "GetBucketPolicyStatus", "NoSuchBucketPolicy", nil},
		{"no encryption", "GetBucketEncryption", "ServerSideEncryptionConfigurationNotFoundError", []string{"bucket-encryption"}},
		{"no bucket key", "GetBucketEncryption", `<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>aws:kms</SSEAlgorithm></ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>`, []string{"bucket-key"}},
		{"no versioning", "GetBucketVersioning", `<VersioningConfiguration/>`, []string{"bucket-versioning"}},
		{"no lifecycle", "GetBucketLifecycleConfiguration", "NoSuchLifecycleConfiguration", []string{"bucket-noncurrent", "bucket-uploads"}},
		{"a table without a summary", "DescribeTable", `{"Table":{"DeletionProtectionEnabled":true}}`, []string{"table-capacity"}},
		{"an unprotected table", "DescribeTable", `{"Table":{"BillingModeSummary":{"BillingMode":"PAY_PER_REQUEST"}}}`, []string{"table-deletion"}},
		{"no recovery", "DescribeContinuousBackups", `{"ContinuousBackupsDescription":{"ContinuousBackupsStatus":"ENABLED","PointInTimeRecoveryDescription":{"PointInTimeRecoveryStatus":"DISABLED"}}}`, []string{"table-pitr"}},
		{"no dead letters", attributes, `{"Attributes":{"VisibilityTimeout":"30"}}`, []string{"queue-dlq"}},
		{"few receives", attributes, `{"Attributes":{"RedrivePolicy":"{\"deadLetterTargetArn\":\"arn:aws:sqs:us-east-1:000000000000:plinth-bulk-dead\",\"maxReceiveCount\":\"5\"}"}}`, []string{"queue-receives"}},
		{"long lives", attributes, `{"Attributes":{"MessageRetentionPeriod":"1209600","RedrivePolicy":"{\"deadLetterTargetArn\":\"arn:aws:sqs:us-east-1:000000000000:plinth-bulk-dead\",\"maxReceiveCount\":10}"}}`, []string{"queue-outlives"}},
		{"short visibility", attributes, `{"Attributes":{"VisibilityTimeout":"5","RedrivePolicy":"{\"deadLetterTargetArn\":\"arn:aws:sqs:us-east-1:000000000000:plinth-bulk-dead\",\"maxReceiveCount\":10}"}}`, []string{"queue-visibility"}},
		{"long polls", attributes, `{"Attributes":{"ReceiveMessageWaitTimeSeconds":"20","RedrivePolicy":"{\"deadLetterTargetArn\":\"arn:aws:sqs:us-east-1:000000000000:plinth-bulk-dead\",\"maxReceiveCount\":10}"}}`, []string{"queue-wait"}},
		{"dead letters that end soon", attributes + "-dead", `{"Attributes":{"MessageRetentionPeriod":"604800"}}`, []string{"dlq-retention"}},
		{"dead letters", attributes + "-dead", `{"Attributes":{"MessageRetentionPeriod":"1209600","ApproximateNumberOfMessages":"3"}}`, []string{"dlq-filled"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := surveytest.New(t)
			if strings.HasPrefix(c.body, "<") || strings.HasPrefix(c.body, "{") {
				s.Answer(c.call, c.body)
			} else {
				s.Fail(c.call, http.StatusNotFound, c.body)
			}
			if found, rules := surveyFinds(t, installation); !slices.Equal(rules, c.want) {
				t.Errorf("got %+v, want %q", found, c.want)
			}
		})
	}
}

func TestWhatIsDeniedIsToldAsUnseen(t *testing.T) {
	s := surveytest.New(t)
	s.Fail("", http.StatusForbidden, "AccessDenied")
	found, _ := surveyFinds(t, installation)
	var got []string
	for _, f := range found {
		if f.Rule != "unseen" {
			t.Errorf("got %+v", f)
		}
		got = append(got, f.Resource+" "+f.What[strings.Index(f.What, "("):])
	}
	want := []string{
		"plinth (needs dynamodb:DescribeContinuousBackups)", "plinth (needs dynamodb:DescribeTable)",
		"plinth-bulk (needs sqs:GetQueueUrl)", "plinth-bulk-dead (needs sqs:GetQueueUrl)",
		"plinth-derived (needs s3:GetBucketPolicyStatus)", "plinth-derived (needs s3:GetBucketPublicAccessBlock)", "plinth-derived (needs s3:GetBucketVersioning)",
		"plinth-derived (needs s3:GetEncryptionConfiguration)", "plinth-derived (needs s3:GetLifecycleConfiguration)",
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestALaneThatMayNotBeSeenSaysNothingOfItsDeadLetters(t *testing.T) {
	s := surveytest.New(t)
	s.Fail("GetQueueAttributes plinth-bulk-dead", http.StatusForbidden, "AccessDeniedException")
	if found, rules := surveyFinds(t, installation); !slices.Equal(rules, []string{"unseen"}) || !strings.Contains(found[0].What, "sqs:GetQueueAttributes") {
		t.Errorf("got %+v", found)
	}
}

func TestASurveyThatFailsIsAnError(t *testing.T) {
	for call, c := range map[string]struct {
		status int
		code   string
	}{
		"GetBucketVersioning":            {http.StatusNotFound, "NoSuchBucket"},
		"GetPublicAccessBlock":           {http.StatusForbidden, "InvalidAccessKeyId"},
		"DescribeTable":                  {http.StatusBadRequest, "ResourceNotFoundException"},
		"GetQueueAttributes plinth-bulk": {http.StatusForbidden, "InvalidClientTokenId"},
	} {
		s := surveytest.New(t)
		s.Fail(call, c.status, c.code)
		if _, err := Survey(t.Context(), installation); err == nil || !strings.Contains(err.Error(), c.code) {
			t.Errorf("%s: got %v, want %s", call, err, c.code)
		}
	}
	s := surveytest.New(t)
	s.Fail("GetQueueUrl plinth-bulk-dead", http.StatusBadRequest, "QueueDoesNotExist")
	if _, err := Survey(t.Context(), installation); !errors.Is(err, asset.ErrInvalid) || !strings.Contains(err.Error(), "plinth-bulk-dead") {
		t.Errorf("a queue that isn't there: %v", err)
	}
	s = surveytest.New(t)
	s.Answer("GetQueueAttributes plinth-bulk", `{"Attributes":{"RedrivePolicy":"all"}}`)
	if _, err := Survey(t.Context(), installation); !errors.Is(err, asset.ErrInvalid) {
		t.Errorf("a redrive policy that is none: %v", err)
	}
	for _, p := range []Places{{Store: "disk:data"}, {Catalog: "local"}, {Raw: "s3://"}} {
		if _, err := Survey(t.Context(), p); !errors.Is(err, asset.ErrInvalid) {
			t.Errorf("%+v: got %v", p, err)
		}
	}
}

func TestTheProductBuriesBeforeTheRedrivePolicyDoes(t *testing.T) {
	s := surveytest.New(t)
	for count, want := range map[int]int{MaxReceives: 1, MaxReceives + 1: 0} {
		s.Answer("GetQueueAttributes plinth-bulk", `{"Attributes":{"RedrivePolicy":"{\"deadLetterTargetArn\":\"arn:aws:sqs:us-east-1:000000000000:plinth-bulk-dead\",\"maxReceiveCount\":`+strconv.Itoa(count)+`}"}}`)
		found, _ := surveyFinds(t, installation)
		if len(found) != want {
			t.Errorf("with %d receives, and %d by the product, got %+v", count, MaxReceives, found)
		}
	}
}

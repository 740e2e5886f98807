// Package surveytest holds a server that tells how buckets, queues and a table are set up,
// as S3, SQS and DynamoDB tell it. Production code does not import it.
//
// It answers what it is given, each call by its name, and knows nothing of what that means.
// At first all is set up well: the installation plinth with the lane bulk.
package surveytest

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/plinth3d/plinth/pipeline/cloud/envtest"
)

// Server is a running server. All methods may be called at any time, by anyone.
type Server struct {
	mu      sync.Mutex
	answers map[string]answer
	calls   map[string]bool
}

type answer struct {
	status int
	body   string
}

// How S3 names what is asked about a bucket.
var aboutBuckets = map[string]string{
	"publicAccessBlock": "GetPublicAccessBlock", "policyStatus": "GetBucketPolicyStatus", "encryption": "GetBucketEncryption",
	"versioning": "GetBucketVersioning", "lifecycle": "GetBucketLifecycleConfiguration",
}

// well are the answers of an installation that is set up well.
var well = map[string]string{
	"GetPublicAccessBlock":            `<PublicAccessBlockConfiguration><BlockPublicAcls>true</BlockPublicAcls><IgnorePublicAcls>true</IgnorePublicAcls><BlockPublicPolicy>true</BlockPublicPolicy><RestrictPublicBuckets>true</RestrictPublicBuckets></PublicAccessBlockConfiguration>`,
	"GetBucketPolicyStatus":           `<PolicyStatus><IsPublic>false</IsPublic></PolicyStatus>`,
	"GetBucketEncryption":             `<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>aws:kms</SSEAlgorithm></ApplyServerSideEncryptionByDefault><BucketKeyEnabled>true</BucketKeyEnabled></Rule></ServerSideEncryptionConfiguration>`,
	"GetBucketVersioning":             `<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>`,
	"GetBucketLifecycleConfiguration": `<LifecycleConfiguration><Rule><ID>tidy</ID><Status>Enabled</Status><Filter/><AbortIncompleteMultipartUpload><DaysAfterInitiation>3</DaysAfterInitiation></AbortIncompleteMultipartUpload><NoncurrentVersionExpiration><NoncurrentDays>30</NoncurrentDays></NoncurrentVersionExpiration></Rule></LifecycleConfiguration>`,
	"DescribeTable":                   `{"Table":{"TableName":"plinth","BillingModeSummary":{"BillingMode":"PAY_PER_REQUEST"},"DeletionProtectionEnabled":true}}`,
	"DescribeContinuousBackups":       `{"ContinuousBackupsDescription":{"ContinuousBackupsStatus":"ENABLED","PointInTimeRecoveryDescription":{"PointInTimeRecoveryStatus":"ENABLED"}}}`,
	"GetQueueUrl plinth-bulk":         `{"QueueUrl":"https://sqs.test/000000000000/plinth-bulk"}`,
	"GetQueueUrl plinth-bulk-dead":    `{"QueueUrl":"https://sqs.test/000000000000/plinth-bulk-dead"}`,
	"GetQueueAttributes plinth-bulk":  `{"Attributes":{"VisibilityTimeout":"120","MessageRetentionPeriod":"345600","ApproximateNumberOfMessages":"7","SqsManagedSseEnabled":"true","RedrivePolicy":"{\"deadLetterTargetArn\":\"arn:aws:sqs:us-east-1:000000000000:plinth-bulk-dead\",\"maxReceiveCount\":10}"}}`,

	"GetQueueAttributes plinth-bulk-dead": `{"Attributes":{"VisibilityTimeout":"30","MessageRetentionPeriod":"1209600","ApproximateNumberOfMessages":"0","SqsManagedSseEnabled":"true"}}`,
}

// New starts a server that ends with the test, and lets the AWS SDK in the test's process
// talk to it and to nothing else.
func New(t testing.TB) *Server {
	s := &Server{answers: map[string]answer{}, calls: map[string]bool{}}
	for call, body := range well {
		s.answers[call] = answer{http.StatusOK, body}
	}
	h := httptest.NewServer(s)
	t.Cleanup(h.Close)
	at := envtest.Endpoint{URL: h.URL, Services: []string{"S3", "SQS", "DYNAMODB"}}
	at.Setenv(t)
	return s
}

// Answer lets a call be answered with a body: XML of S3, JSON of the others, whose name of
// the queue follows that of the call.
func (s *Server) Answer(call, body string) { s.set(call, answer{http.StatusOK, body}) }

// Fail lets a call fail with a code: AccessDenied, NoSuchLifecycleConfiguration. An empty
// call is any.
func (s *Server) Fail(call string, status int, code string) {
	for _, c := range slices.Sorted(maps.Keys(well)) {
		if call == "" || c == call {
			s.set(c, answer{status, code})
		}
	}
}

func (s *Server) set(call string, a answer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answers[call] = a
}

// Calls are the names of the calls that came, in alphabetical order, each once.
func (s *Server) Calls() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.calls))
}

// ServeHTTP answers one call.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	call := name(r)
	s.mu.Lock()
	operation, _, _ := strings.Cut(call, " ")
	s.calls[operation] = true
	a, known := s.answers[call]
	s.mu.Unlock()
	if !known {
		a = answer{http.StatusNotImplemented, "NotImplemented"}
	}
	code := ""
	if a.status != http.StatusOK {
		code = a.body
	}
	switch {
	case r.Header.Get("X-Amz-Target") == "" && code != "":
		a.body = fmt.Sprintf("<Error><Code>%s</Code><Message>It is told to fail.</Message></Error>", code)
	case code != "":
		a.body = fmt.Sprintf(`{"__type":"test#%s","message":"It is told to fail."}`, code)
	}
	w.Header().Set("Content-Type", "application/xml")
	if r.Header.Get("X-Amz-Target") != "" {
		w.Header().Set("Content-Type", r.Header.Get("Content-Type"))
	}
	w.WriteHeader(a.status)
	_, _ = w.Write([]byte(a.body)) // a client that has gone gets nothing
}

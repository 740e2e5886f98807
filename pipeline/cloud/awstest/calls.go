package awstest

import (
	"embed"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// A Call is what a program asks a service for.
type Call struct {
	// Actions are what a policy must allow, each with what it is done to, such as
	// "s3:GetObject derived/source", "sqs:SendMessage dead" or "dynamodb:Query
	// table/by-state". A call of S3 is named by its bucket and the first part of its key.
	Actions []string

	Name string // what the last part of a key, or of a queue's name, is
	Key  string // of S3, without the bucket

	bucket string
}

// callOf reads a request as a policy would.
func callOf(service string, q *http.Request, body []byte) Call {
	_, operation, _ := strings.Cut(q.Header.Get("X-Amz-Target"), ".")
	switch service {
	case "SQS":
		return callOfSQS(operation, body)
	case "DYNAMODB":
		return callOfDynamoDB(operation, body)
	}
	return callOfS3(q)
}

// callOfSQS names a queue by what it is: a lane or its dead letters. What is done to a batch
// needs the permission for one.
func callOfSQS(operation string, body []byte) Call {
	var in struct {
		QueueURL  string `json:"QueueUrl"`
		QueueName string
	}
	_ = json.Unmarshal(body, &in) // SQS answers for what it can't read
	name := in.QueueName
	if name == "" {
		name = in.QueueURL[strings.LastIndexByte(in.QueueURL, '/')+1:]
	}
	kind := "lane"
	if strings.HasSuffix(name, "-dead") {
		kind = "dead"
	}
	return Call{Actions: []string{"sqs:" + strings.TrimSuffix(operation, "Batch") + " " + kind}, Name: name}
}

// callOfDynamoDB names the table, or an index of it. What is written in a transaction needs
// the permission for each write.
func callOfDynamoDB(operation string, body []byte) Call {
	var in struct {
		IndexName     string
		TransactItems []map[string]json.RawMessage
	}
	_ = json.Unmarshal(body, &in) // DynamoDB answers for what it can't read
	place := "table"
	if in.IndexName != "" {
		place += "/" + in.IndexName
	}
	c := Call{}
	for _, item := range in.TransactItems {
		for what := range item {
			c.Actions = append(c.Actions, "dynamodb:"+what+"Item "+place) // Put, Update, Delete or ConditionCheck
		}
	}
	if len(in.TransactItems) == 0 {
		c.Actions = []string{"dynamodb:" + operation + " " + place}
	}
	return c
}

// callOfS3 reads the action from method and query. A HEAD needs the permission to read; all
// parts of a multipart upload need that to put.
func callOfS3(q *http.Request) Call {
	bucket, key, object := strings.Cut(strings.TrimPrefix(q.URL.Path, "/"), "/")
	object = object && key != ""
	has := q.URL.Query().Has
	action := ""
	switch m := q.Method; {
	case object && (m == http.MethodGet && !has("uploadId") || m == http.MethodHead):
		action = "GetObject"
	case object && m == http.MethodGet:
		action = "ListMultipartUploadParts"
	case object && (m == http.MethodPut || m == http.MethodPost):
		action = "PutObject"
	case object && m == http.MethodDelete && has("uploadId"):
		action = "AbortMultipartUpload"
	case m == http.MethodDelete && object, m == http.MethodPost && has("delete"):
		action = "DeleteObject"
	case m == http.MethodGet && has("uploads"):
		action = "ListBucketMultipartUploads"
	case m == http.MethodGet, m == http.MethodHead:
		action = "ListBucket"
	case m == http.MethodPut:
		action = "CreateBucket"
	default:
		action = m
	}
	c := Call{bucket: bucket, Key: key, Name: key[strings.LastIndexByte(key, '/')+1:]}
	place := kindOfBucket(bucket)
	if folder, _, in := strings.Cut(key, "/"); in {
		place += "/" + folder
	}
	c.Actions = []string{"s3:" + action + " " + place}
	return c
}

// kindOfBucket is what a bucket is for, by the end of its name: raw or derived.
func kindOfBucket(name string) string { return name[strings.LastIndexByte(name, '-')+1:] }

//go:embed calls/*.txt
var lists embed.FS

// Listed are the calls of a role, as its list has them.
func Listed(role string) ([]string, error) {
	text, err := lists.ReadFile("calls/" + role + ".txt")
	if err != nil {
		return nil, fmt.Errorf("the calls of %s: %w", role, err)
	}
	return strings.Split(strings.TrimSpace(string(text)), "\n"), nil
}

// Unlisted are calls of a relay that its role's list has not.
func (r *Relay) Unlisted(role string) (more []string, err error) {
	listed, err := Listed(role)
	for call := range r.Calls() {
		if !slices.Contains(listed, call) {
			more = append(more, call)
		}
	}
	slices.Sort(more)
	return more, err
}

package sqstest

import (
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// input has the fields of all requests.
type input struct {
	QueueName           string // of GetQueueUrl, which has no URL yet
	QueueURL            string `json:"QueueUrl"`
	MessageBody         string
	MessageGroupID      string `json:"MessageGroupId"`
	MessageAttributes   map[string]Attribute
	DelaySeconds        int
	MaxNumberOfMessages int
	WaitTimeSeconds     int
	VisibilityTimeout   *int
	ReceiptHandle       string
	Entries             []entry
}

type entry struct {
	ID                string `json:"Id"`
	ReceiptHandle     string
	VisibilityTimeout *int
}

// answer is what goes back: a value for JSON, or a page.
type answer struct {
	status int
	header http.Header
	value  any
	page   string
}

// failure is an error as SQS words it.
func failure(status int, code, message string) *answer {
	return &answer{status, http.Header{"X-Amzn-Query-Error": {code + ";Sender"}}, map[string]string{"__type": "com.amazonaws.sqs#" + code, "message": message}, ""}
}

func success(value any) *answer { return &answer{http.StatusOK, http.Header{}, value, ""} }

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var in input
	err := json.NewDecoder(r.Body).Decode(&in)
	operation := strings.TrimPrefix(r.Header.Get("X-Amz-Target"), "AmazonSQS.")
	name := in.QueueName
	if name == "" {
		name = in.QueueURL[strings.LastIndexByte(in.QueueURL, '/')+1:]
	}
	p := s.note(Request{operation, name, len(in.Entries), in.MaxNumberOfMessages, in.WaitTimeSeconds})
	for _, gate := range p.holds {
		hold(s, r, gate)
	}
	if p.delay > 0 {
		timer := time.NewTimer(p.delay)
		defer timer.Stop()
		hold(s, r, timer.C)
	}
	if p.hangup {
		panic(http.ErrAbortHandler) // closes the connection
	}
	a := p.refuse
	switch {
	case a != nil:
	case err != nil || r.Header.Get("Content-Type") != "application/x-amz-json-1.0":
		a = failure(http.StatusBadRequest, "SerializationException", "That is no JSON 1.0.")
	case r.Header.Get("Authorization") == "":
		a = failure(http.StatusForbidden, "AccessDeniedException", "The request is not signed.")
	default:
		a = s.do(r, operation, name, in, p)
	}
	if p.lose {
		panic(http.ErrAbortHandler)
	}
	s.send(w, a)
}

// hold waits for a gate, and gives the request up when its client or the test has gone.
func hold[T any](s *Server, r *http.Request, gate <-chan T) {
	select {
	case <-gate:
	case <-r.Context().Done():
		panic(http.ErrAbortHandler)
	case <-s.done:
		panic(http.ErrAbortHandler)
	}
}

func (s *Server) send(w http.ResponseWriter, a *answer) {
	maps.Copy(w.Header(), a.header)
	w.Header().Set("X-Amzn-Requestid", "TEST")
	w.Header().Set("Date", time.Now().UTC().Format(http.TimeFormat))
	text := []byte(a.page)
	if a.page == "" {
		w.Header().Set("Content-Type", "application/x-amz-json-1.0")
		var err error
		if text, err = json.Marshal(a.value); err != nil {
			panic(err) // a bug of this package
		}
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(text) // a client that has gone gets nothing
}

// do does what is asked.
func (s *Server) do(r *http.Request, operation, name string, in input, p plan) *answer {
	s.mu.Lock()
	q := s.queues[name]
	s.mu.Unlock()
	if q == nil || q.url != in.QueueURL && operation != "GetQueueUrl" {
		return failure(http.StatusBadRequest, "QueueDoesNotExist", "The specified queue does not exist.")
	}
	switch operation {
	case "SendMessage":
		s.mu.Lock()
		defer s.mu.Unlock()
		m := s.add(q, in.MessageBody, in.MessageGroupID, in.MessageAttributes)
		m.visible = m.sent.Add(time.Duration(in.DelaySeconds) * time.Second)
		return success(map[string]string{"MessageId": m.id, "MD5OfMessageBody": sum(m.body)})
	case "ReceiveMessage":
		return s.receive(r, q, in)
	case "ChangeMessageVisibilityBatch":
		return s.batch(q, in, p, s.show)
	case "DeleteMessageBatch":
		return s.batch(q, in, p, s.remove)
	case "DeleteMessage":
		s.mu.Lock()
		defer s.mu.Unlock()
		s.remove(q, entry{ReceiptHandle: in.ReceiptHandle})
		return success(struct{}{})
	case "GetQueueAttributes":
		return s.tell(q)
	case "GetQueueUrl":
		return success(map[string]string{"QueueUrl": q.url})
	}
	return failure(http.StatusBadRequest, "InvalidAction", "The action "+operation+" is not known here.")
}

func sum(body string) string {
	s := md5.Sum([]byte(body))
	return hex.EncodeToString(s[:])
}

// add adds a message. The server is locked.
func (s *Server) add(q *queue, body, group string, attributes map[string]Attribute) *message {
	s.serial++
	now := time.Now()
	m := &message{id: fmt.Sprintf("message-%06d", s.serial), body: body, group: group, attributes: attributes, sent: now, visible: now}
	q.messages = append(q.messages, m)
	s.change()
	return m
}

// failed is an entry of a batch that failed.
type failed struct {
	ID          string `json:"Id"`
	Code        string
	Message     string
	SenderFault bool
}

// batch does one thing to each entry, unless the plan fails it.
func (s *Server) batch(q *queue, in input, p plan, one func(*queue, entry) (code, message string)) *answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(in.Entries) == 0 || len(in.Entries) > 10 {
		return failure(http.StatusBadRequest, "TooManyEntriesInBatchRequest", strconv.Itoa(len(in.Entries))+" entries.")
	}
	var good []map[string]string
	var bad []failed
	for i, e := range in.Entries {
		if p.entry != nil {
			if f, drop := p.entry(i); drop {
				continue
			} else if f != nil {
				f.ID = e.ID
				bad = append(bad, *f)
				continue
			}
		}
		if code, message := one(q, e); code != "" {
			bad = append(bad, failed{e.ID, code, message, true})
		} else {
			good = append(good, map[string]string{"Id": e.ID})
		}
	}
	s.change()
	return success(map[string]any{"Successful": good, "Failed": bad})
}

// tell answers GetQueueAttributes.
func (s *Server) tell(q *queue) *answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	free, flying := 0, 0
	for _, m := range q.messages {
		if m.visible.After(now) {
			flying++
		} else {
			free++
		}
	}
	attributes := map[string]string{
		"ApproximateNumberOfMessages": strconv.Itoa(free), "ApproximateNumberOfMessagesNotVisible": strconv.Itoa(flying),
		"ApproximateNumberOfMessagesDelayed": "0", "ReceiveMessageWaitTimeSeconds": "0",
	}
	if q.most > 0 {
		attributes["RedrivePolicy"] = fmt.Sprintf(`{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:%s","maxReceiveCount":%d}`, q.dead, q.most)
	}
	return success(map[string]any{"Attributes": attributes})
}

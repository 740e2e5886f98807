package sqstest

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// ask sends a request and returns the status and the answer.
func ask(t *testing.T, s *Server, client *http.Client, operation, body string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL, strings.NewReader(strings.ReplaceAll(body, "URL", s.URL+"/000000000000/")))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "signed")
	r.Header.Set("Content-Type", "application/x-amz-json-1.0")
	r.Header.Set("X-Amz-Target", "AmazonSQS."+operation)
	answer, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close() //nolint:errcheck // only read
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(text)
}

// received is an answer to ReceiveMessage.
type received struct {
	Messages []struct {
		Body, ReceiptHandle string
		Attributes          map[string]string
	}
}

func receive(t *testing.T, s *Server, body string) received {
	t.Helper()
	status, text := ask(t, s, s.Client(), "ReceiveMessage", body)
	var got received
	if err := json.Unmarshal([]byte(text), &got); err != nil || status != 200 {
		t.Fatalf("%d %s, %v", status, text, err)
	}
	return got
}

func TestMessagesAreHiddenWhileTheyAreInFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := Silent(t)
		s.Create("q")
		s.Send("q", "hello")
		first := receive(t, s, `{"QueueUrl":"URLq","MaxNumberOfMessages":10,"VisibilityTimeout":30}`)
		began := time.Now()
		if n := len(receive(t, s, `{"QueueUrl":"URLq","MaxNumberOfMessages":1,"WaitTimeSeconds":20}`).Messages); n != 0 || time.Since(began) != 20*time.Second {
			t.Errorf("%d messages after %s", n, time.Since(began))
		}
		again := receive(t, s, `{"QueueUrl":"URLq","MaxNumberOfMessages":1,"WaitTimeSeconds":20,"VisibilityTimeout":30}`)
		if time.Since(began) != 30*time.Second || again.Messages[0].Attributes["ApproximateReceiveCount"] != "2" {
			t.Errorf("after %s: %+v", time.Since(began), again)
		}
		for handle, want := range map[string]string{first.Messages[0].ReceiptHandle: "Failed\":[{", again.Messages[0].ReceiptHandle: "Successful\":[{"} {
			_, text := ask(t, s, s.Client(), "ChangeMessageVisibilityBatch", `{"QueueUrl":"URLq","Entries":[{"Id":"0","ReceiptHandle":"`+handle+`","VisibilityTimeout":60}]}`)
			if !strings.Contains(text, want) {
				t.Errorf("got %s, want %s", text, want)
			}
		}
		if left := time.Until(s.Messages("q")[0].Visible); left != time.Minute {
			t.Errorf("hidden for %s", left)
		}
		ask(t, s, s.Client(), "DeleteMessageBatch", `{"QueueUrl":"URLq","Entries":[{"Id":"0","ReceiptHandle":"`+again.Messages[0].ReceiptHandle+`"}]}`)
		if n := len(s.Messages("q")); n != 0 {
			t.Errorf("%d messages are left", n)
		}
	})
}

func TestTheRedrivePolicyTakesPoisonAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := Silent(t)
		s.Create("q")
		s.Create("dead")
		s.Redrive("q", "dead", 2)
		s.Send("q", "poison")
		for _, want := range []int{1, 1, 0} {
			if n := len(receive(t, s, `{"QueueUrl":"URLq","MaxNumberOfMessages":1,"VisibilityTimeout":0}`).Messages); n != want {
				t.Errorf("%d messages, want %d", n, want)
			}
		}
		if m := s.Messages("dead"); len(m) != 1 || m[0].Body != "poison" {
			t.Errorf("got %+v", m)
		}
	})
}

func TestWhatSQSRefuses(t *testing.T) {
	s := New(t)
	s.Create("q")
	for _, c := range []struct{ operation, body, code string }{
		{"ReceiveMessage", `{"QueueUrl":"URLother","MaxNumberOfMessages":1}`, "QueueDoesNotExist"},
		{"ReceiveMessage", `{"QueueUrl":"URLq","MaxNumberOfMessages":11}`, "InvalidParameterValue"},
		{"ReceiveMessage", `{"QueueUrl":"URLq","MaxNumberOfMessages":1,"WaitTimeSeconds":21}`, "InvalidParameterValue"},
		{"DeleteMessageBatch", `{"QueueUrl":"URLq"}`, "TooManyEntriesInBatchRequest"},
		{"PurgeQueue", `{"QueueUrl":"URLq"}`, "InvalidAction"},
		{"SendMessage", `{`, "SerializationException"},
	} {
		if status, text := ask(t, s, http.DefaultClient, c.operation, c.body); status != 400 || !strings.Contains(text, c.code) {
			t.Errorf("%s %s: %d %s, want %s", c.operation, c.body, status, text, c.code)
		}
	}
	if n := s.Count("ReceiveMessage", "q"); n != 2 {
		t.Errorf("%d requests", n)
	}
}

package lambda

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
)

// A Message is one of SQS that Lambda received. Lambda deletes it once it is done.
type Message struct {
	ID, Body string
	Receives int // times, this one included; 1 where that isn't told
}

// batch is an event with messages of SQS.
type batch struct {
	Records []struct {
		ID         string            `json:"messageId"`
		Body       string            `json:"body"`
		Source     string            `json:"eventSource"`
		Attributes map[string]string `json:"attributes"`
	} `json:"Records"`
}

// failed lists the messages of a batch that are to come again. It is read where the function
// is set up for ReportBatchItemFailures.
type failed struct {
	Items []item `json:"batchItemFailures"`
}

type item struct {
	ID string `json:"itemIdentifier"`
}

// Each is a handler of events with messages of SQS. Those for which take returns an error,
// and those for which no time is left, come again; the others are done. It is take that tells
// people why. An event that is none of SQS is an error: then all of it comes again.
func Each(take func(context.Context, Message) error) Handler {
	return func(ctx context.Context, event []byte) ([]byte, error) {
		all, err := messages(event)
		if err != nil {
			return nil, err
		}
		answer := failed{Items: []item{}}
		for _, m := range all {
			if ctx.Err() != nil || take(ctx, m) != nil {
				answer.Items = append(answer.Items, item{m.ID})
			}
		}
		return json.Marshal(answer)
	}
}

// messages are those of an event. One without an ID could not be told to have failed.
func messages(event []byte) ([]Message, error) {
	var b batch
	if err := json.Unmarshal(event, &b); err != nil {
		return nil, fmt.Errorf("the event is no batch of SQS: %w", err)
	}
	if len(b.Records) == 0 {
		return nil, fmt.Errorf("the event is no batch of SQS: it has no Records")
	}
	all := make([]Message, len(b.Records))
	for i, r := range b.Records {
		if r.Source != "aws:sqs" || r.ID == "" {
			return nil, fmt.Errorf("the event is no batch of SQS: record %d is %.80q of %.80q", i, r.ID, r.Source)
		}
		all[i] = Message{r.ID, r.Body, 1}
		if n, err := strconv.Atoi(r.Attributes["ApproximateReceiveCount"]); err == nil {
			all[i].Receives = n
		}
	}
	return all, nil
}

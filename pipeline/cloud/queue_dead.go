package cloud

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// Attributes of dead letters. Their body is that of the message, unchanged.
const (
	attrLane      = "plinth-lane"
	attrReceives  = "plinth-receives"
	attrCode      = "plinth-code"
	attrStage     = "plinth-stage"
	attrReason    = "plinth-reason"
	attrSource    = "plinth-source" // SHA-256
	attrReproduce = "plinth-reproduce"
)

// bury sends a message to the dead letters, records that unless record is nil, then deletes it
// from its lane. Should this process end between, or one of them fail, it comes again.
func (q *Queue) bury(ctx context.Context, m *message, b asset.Burial, record func(context.Context) error) error {
	err := q.sendLetter(ctx, m, b)
	if record != nil {
		err = errors.Join(err, record(ctx)) // merchants are told, with or without a letter
	}
	if err != nil {
		return err
	}
	return m.lane.remove.do(ctx, m.handle, 0)
}

// buryOwn buries a message that no worker leased, or could.
func (q *Queue) buryOwn(ctx context.Context, m *message, b asset.Burial, record func(context.Context) error) error {
	err := q.bury(ctx, m, b, record)
	if err == nil {
		q.tellBuried(m, b)
	}
	return err
}

func (q *Queue) tellBuried(m *message, b asset.Burial) {
	if q.config.Buried != nil {
		q.config.Buried(m.lane.Name, b)
	}
}

func (q *Queue) sendLetter(ctx context.Context, m *message, b asset.Burial) error {
	ctx, cancel := context.WithTimeout(ctx, calling)
	defer cancel()
	attributes := map[string]types.MessageAttributeValue{}
	for name, value := range map[string]string{
		attrLane: m.lane.Name, attrReceives: strconv.Itoa(m.count), attrCode: b.Code, attrStage: b.Stage,
		attrReason: b.Reason, attrSource: b.Source, attrReproduce: b.Reproduce,
	} {
		if value = legible(value); value != "" {
			attributes[name] = types.MessageAttributeValue{DataType: new("String"), StringValue: &value}
		}
	}
	_, err := q.client.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: &m.lane.Dead, MessageBody: &m.body, MessageAttributes: attributes})
	if err != nil {
		return queueFault(ctx, "bury a message in", m.lane.Dead, err)
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	m.lane.buried++
	return nil
}

// maxAttribute bounds an attribute's text, in bytes.
const maxAttribute = 2 << 10

// legible leaves of a text what SQS takes.
func legible(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < 0x20 && r != '\t' && r != '\n' && r != '\r' || r == 0xfffe || r == 0xffff {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
	for len(s) > maxAttribute {
		s = s[:maxAttribute]
		for !utf8.ValidString(s) {
			s = s[:len(s)-1]
		}
	}
	return s
}

// A BuriedJob is a dead letter. SQS itself tells no reason: then Code is empty.
type BuriedJob struct {
	asset.Burial
	Job      asset.Job // empty if the message is none of ours
	Lane, ID string
	Body     string
	Receives int       // in its lane; 0 is unknown
	Sent     time.Time // to the dead letters, or, if SQS put it there, to its lane
}

// peeking is how long dead letters that are looked at are hidden from others.
const peeking = 30 * time.Second

// Buried looks at dead letters, at most limit. SQS lists nothing: letters are received
// and released. Those that somebody else looks at just then are missing, and after many
// looks the count of their receipts says nothing.
func (q *Queue) Buried(ctx context.Context, limit int) (all []BuriedJob, err error) {
	for _, l := range q.graves() {
		if len(all) >= limit {
			break
		}
		err := q.dig(ctx, l, limit-len(all), func(b BuriedJob, _ string) (dug, error) {
			all = append(all, b)
			return lies, nil
		})
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

// graves is one lane for each queue of dead letters.
func (q *Queue) graves() (lanes []*lane) {
	for _, l := range q.lanes {
		if !slices.ContainsFunc(lanes, func(o *lane) bool { return o.Dead == l.Dead }) {
			lanes = append(lanes, l)
		}
	}
	return lanes
}

// Redrive sends a dead letter to its lane again and deletes it. It is searched for: SQS
// finds nothing by name. ErrNotFound says that it is gone, or that somebody else looks at
// it; ask again after half a minute.
func (q *Queue) Redrive(ctx context.Context, b BuriedJob) error {
	l, err := q.laneOf(b)
	if err != nil {
		return err
	}
	found := false
	err = q.dig(ctx, l, most, func(o BuriedJob, handle string) (dug, error) {
		if o.ID != b.ID {
			return lies, nil
		}
		found = true
		return last, q.again(ctx, l, o, handle)
	})
	if err == nil && !found {
		err = fmt.Errorf("redrive %s of lane %s: %w", b.ID, b.Lane, asset.ErrNotFound)
	}
	return err
}

// RedriveAll looks at dead letters, sends those that are wanted to their lanes again and
// deletes them. It returns these, as far as it came. Those that somebody else looks at just
// then are missing.
func (q *Queue) RedriveAll(ctx context.Context, wanted func(BuriedJob) bool) (all []BuriedJob, err error) {
	for _, grave := range q.graves() {
		err := q.dig(ctx, grave, most, func(b BuriedJob, handle string) (dug, error) {
			if !wanted(b) {
				return lies, nil
			}
			l, err := q.laneOf(b)
			if err == nil {
				err = q.again(ctx, l, b, handle)
			}
			if err == nil {
				all = append(all, b)
			}
			return taken, err
		})
		if err != nil {
			return all, err
		}
	}
	return all, nil
}

func (q *Queue) laneOf(b BuriedJob) (*lane, error) {
	i := slices.IndexFunc(q.lanes, func(l *lane) bool { return l.Name == b.Lane })
	if i < 0 {
		return nil, fmt.Errorf("%w: there is no lane %q", asset.ErrInvalid, b.Lane)
	}
	return q.lanes[i], nil
}

// again sends a dead letter to its lane, then deletes it. Should this process end between
// the two, it is there twice.
func (q *Queue) again(ctx context.Context, l *lane, b BuriedJob, handle string) error {
	in := &sqs.SendMessageInput{QueueUrl: &l.URL, MessageBody: &b.Body}
	if b.Job.Merchant != "" {
		in.MessageGroupId = &b.Job.Merchant
	}
	if _, err := q.client.SendMessage(ctx, in); err != nil {
		return queueFault(ctx, "redrive a job to", l.URL, err)
	}
	_, err := q.client.DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: &l.Dead, ReceiptHandle: &handle})
	return queueFault(ctx, "delete a message of", l.Dead, err)
}

// most is how many dead letters are searched through.
const most = 10_000

// dug says what became of a dead letter.
type dug int

const (
	lies  dug = iota // it stays, and is released
	taken            // it is no longer there
	last             // nor are others of interest
)

// dig receives dead letters of a lane until see has seen the last of interest or limit is
// reached, and releases all that are still there.
func (q *Queue) dig(ctx context.Context, l *lane, limit int, see func(b BuriedJob, handle string) (dug, error)) (err error) {
	grave := hide(q, l.Dead, "release a message of", 0)
	seen := map[string]string{} // handles by ID
	defer func() {
		err = errors.Join(err, releaseAll(context.WithoutCancel(ctx), grave, seen))
	}()
	for len(seen) < limit {
		out, err := q.client.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
			QueueUrl: &l.Dead, MaxNumberOfMessages: int32(min(batching, limit-len(seen))), WaitTimeSeconds: 1, // asks all of SQS's servers
			VisibilityTimeout: int32(peeking / time.Second), MessageAttributeNames: []string{"All"},
			MessageSystemAttributeNames: []types.MessageSystemAttributeName{types.MessageSystemAttributeNameSentTimestamp},
		})
		if err != nil {
			return queueFault(ctx, "receive from", l.Dead, err)
		}
		var fresh []types.Message
		for _, m := range out.Messages {
			// Those that come again were hidden for less time than this takes.
			if _, again := seen[text(m.MessageId)]; !again {
				fresh = append(fresh, m)
			}
			seen[text(m.MessageId)] = text(m.ReceiptHandle)
		}
		for _, m := range fresh {
			end, err := see(exhume(l, m), text(m.ReceiptHandle))
			if err == nil && end != lies {
				delete(seen, text(m.MessageId))
			}
			if end == last || err != nil {
				return err
			}
		}
		if len(fresh) == 0 {
			return nil
		}
	}
	return nil
}

func releaseAll(ctx context.Context, b *batcher, handles map[string]string) error {
	errs := make(chan error, len(handles))
	for _, h := range handles {
		go func() { errs <- conflictIsFine(b.do(ctx, h, 0)) }()
	}
	var all error
	for range handles {
		all = errors.Join(all, <-errs)
	}
	return all
}

// exhume reads a dead letter.
func exhume(l *lane, m types.Message) BuriedJob {
	get := func(name string) string { return text(m.MessageAttributes[name].StringValue) }
	got, sent := read(l, m, time.Now())
	b := BuriedJob{
		Lane: l.Name, ID: got.id, Body: got.body, Sent: sent,
		Burial: asset.Burial{
			Failure: asset.Failure{Code: get(attrCode), Stage: get(attrStage), Reason: get(attrReason), Reproduce: get(attrReproduce)},
			Source:  get(attrSource),
		},
	}
	if name := get(attrLane); name != "" {
		b.Lane = name
	}
	if n, err := strconv.Atoi(get(attrReceives)); err == nil {
		b.Receives = n
	}
	if a, err := decodeMessage(got.body); err == nil {
		b.Job = a.job
	}
	return b
}

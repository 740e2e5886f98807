package sqstest

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// receive answers ReceiveMessage, once there is a message or the wait is over.
func (s *Server) receive(r *http.Request, q *queue, in input) *answer {
	hidden := 30 * time.Second
	if in.VisibilityTimeout != nil {
		hidden = time.Duration(*in.VisibilityTimeout) * time.Second
	}
	if in.MaxNumberOfMessages < 1 || in.MaxNumberOfMessages > 10 || in.WaitTimeSeconds < 0 || in.WaitTimeSeconds > 20 || hidden > 12*time.Hour {
		return failure(http.StatusBadRequest, "InvalidParameterValue", "A number is out of range.")
	}
	over := time.Now().Add(time.Duration(in.WaitTimeSeconds) * time.Second)
	for {
		got, first, changed := s.take(q, in.MaxNumberOfMessages, hidden)
		left := time.Until(over)
		if len(got) > 0 || left <= 0 {
			return success(map[string]any{"Messages": got})
		}
		if !first.IsZero() {
			left = min(left, max(time.Until(first), time.Millisecond))
		}
		timer := time.NewTimer(left)
		select {
		case <-changed:
		case <-timer.C:
		case <-s.done:
			left = -1
		case <-r.Context().Done():
			left = -1
		}
		timer.Stop()
		if left < 0 {
			panic(http.ErrAbortHandler)
		}
	}
}

// take receives what is visible: at most n. It tells when the next message comes free,
// and what to wait for.
func (s *Server) take(q *queue, n int, hidden time.Duration) (got []map[string]any, first time.Time, changed chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	slices.SortStableFunc(q.messages, func(a, b *message) int { return a.visible.Compare(b.visible) })
	for _, m := range slices.Clone(q.messages) {
		if m.visible.After(now) {
			first = m.visible
			break
		}
		if len(got) == n {
			break
		}
		if q.most > 0 && m.received >= q.most {
			q.messages = slices.DeleteFunc(q.messages, func(o *message) bool { return o == m })
			s.queues[q.dead].messages = append(s.queues[q.dead].messages, m)
			m.received++
			continue
		}
		s.serial++
		m.received++
		m.visible, m.handle = now.Add(hidden), fmt.Sprintf("receipt-%d", s.serial)
		got = append(got, map[string]any{
			"MessageId": m.id, "ReceiptHandle": m.handle, "Body": m.body, "MD5OfBody": sum(m.body), "MessageAttributes": m.attributes,
			"Attributes": map[string]string{"ApproximateReceiveCount": strconv.Itoa(m.received), "SentTimestamp": strconv.FormatInt(m.sent.UnixMilli(), 10)},
		})
	}
	if len(got) > 0 {
		s.change()
	}
	return got, first, s.changed
}

// of finds the message in flight that a receipt is for.
func of(q *queue, e entry) *message {
	for _, m := range q.messages {
		if m.handle == e.ReceiptHandle && m.visible.After(time.Now()) {
			return m
		}
	}
	return nil
}

// show changes when a message can be received.
func (s *Server) show(q *queue, e entry) (code, text string) {
	m := of(q, e)
	switch {
	case e.VisibilityTimeout == nil || *e.VisibilityTimeout < 0 || *e.VisibilityTimeout > 43200:
		return "InvalidParameterValue", "The visibility timeout is out of range."
	case m == nil:
		return "InvalidParameterValue", "Value " + e.ReceiptHandle + " for parameter ReceiptHandle is invalid. Reason: Message does not exist or is not available for visibility timeout change."
	}
	m.visible = time.Now().Add(time.Duration(*e.VisibilityTimeout) * time.Second)
	return "", ""
}

// remove deletes a message. Like SQS it says nothing when there is none.
func (s *Server) remove(q *queue, e entry) (code, text string) {
	if m := of(q, e); m != nil {
		q.messages = slices.DeleteFunc(q.messages, func(o *message) bool { return o == m })
	}
	s.change()
	return "", ""
}

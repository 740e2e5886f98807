package lambda_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/plinth3d/plinth/pipeline/lambda"
	"github.com/plinth3d/plinth/pipeline/lambda/lambdatest"
)

func TestMessagesThatFailComeAgain(t *testing.T) {
	var got []lambda.Message
	handle := lambda.Each(func(_ context.Context, m lambda.Message) error {
		got = append(got, m)
		if m.Body == "bad" {
			return errors.New("bad")
		}
		return nil
	})
	for _, c := range []struct {
		bodies []string
		want   string
	}{
		{[]string{"a"}, `{"batchItemFailures":[]}`},
		{[]string{"a", "bad", "b", "bad"}, `{"batchItemFailures":[{"itemIdentifier":"m1"},{"itemIdentifier":"m3"}]}`},
	} {
		got = nil
		answer, err := handle(t.Context(), []byte(lambdatest.Batch(c.bodies...)))
		if err != nil || string(answer) != c.want {
			t.Errorf("%q: got %s, %v", c.bodies, answer, err)
		}
		if len(got) != len(c.bodies) || !slices.Contains(got, lambda.Message{ID: "m0", Body: "a", Receives: 2}) {
			t.Errorf("%q: taken were %+v", c.bodies, got)
		}
	}
}

func TestMessagesForWhichNoTimeIsLeftComeAgain(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	answer, err := lambda.Each(func(_ context.Context, m lambda.Message) error {
		if m.ID == "m1" {
			cancel()
		}
		return nil
	})(ctx, []byte(lambdatest.Batch("a", "b", "c", "d")))
	if want := `{"batchItemFailures":[{"itemIdentifier":"m2"},{"itemIdentifier":"m3"}]}`; err != nil || string(answer) != want {
		t.Errorf("got %s, %v", answer, err)
	}
}

func TestAnEventOfAnotherKindIsRefused(t *testing.T) {
	handle := lambda.Each(func(context.Context, lambda.Message) error { return nil })
	for _, event := range []string{
		"", "null", "[]", "{}", `{"Records":[]}`, `{"Records":[{"messageId":"1","body":"x"}]}`,
		`{"Records":[{"eventSource":"aws:s3","s3":{}}]}`, `{"Records":[{"messageId":"","eventSource":"aws:sqs","body":"x"}]}`,
	} {
		if answer, err := handle(t.Context(), []byte(event)); err == nil {
			t.Errorf("%s: got %s", event, answer)
		}
	}
}

package cloud

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// Drop looks at dead letters and deletes those that are wanted, for good. It returns these, as
// far as it came. Those that somebody else looks at just then are missing.
func (q *Queue) Drop(ctx context.Context, wanted func(BuriedJob) bool) (all []BuriedJob, err error) {
	for _, grave := range q.graves() {
		err := q.dig(ctx, grave, most, func(b BuriedJob, handle string) (dug, error) {
			if !wanted(b) {
				return lies, nil
			}
			_, err := q.client.DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: &grave.Dead, ReceiptHandle: &handle})
			if err == nil {
				all = append(all, b)
			}
			return taken, queueFault(ctx, "delete a message of", grave.Dead, err)
		})
		if err != nil {
			return all, err
		}
	}
	return all, nil
}

package cloud

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// Stats asks SQS how all lanes stand. The age of the oldest message is not SQS's, which
// tells it to CloudWatch only, but that of the oldest of the last answer this process got.
func (q *Queue) Stats(ctx context.Context) ([]asset.LaneStats, error) {
	all := make([]asset.LaneStats, len(q.lanes))
	for i, l := range q.lanes {
		lane, err := q.attributes(ctx, l.URL)
		if err != nil {
			return nil, err
		}
		dead, err := q.attributes(ctx, l.Dead)
		if err != nil {
			return nil, err
		}
		q.mu.Lock()
		all[i] = asset.LaneStats{
			Lane: l.Name, Waiting: lane.count(types.QueueAttributeNameApproximateNumberOfMessages),
			InFlight: lane.count(types.QueueAttributeNameApproximateNumberOfMessagesNotVisible),
			Delayed:  lane.count(types.QueueAttributeNameApproximateNumberOfMessagesDelayed),
			Dead:     dead.count(types.QueueAttributeNameApproximateNumberOfMessages),
			Buried:   l.buried, Oldest: l.oldest,
		}
		q.mu.Unlock()
	}
	return all, nil
}

type attributes map[string]string

// count is a number among them; what SQS doesn't tell is 0.
func (a attributes) count(name types.QueueAttributeName) int64 {
	n, err := strconv.ParseInt(a[string(name)], 10, 64)
	if err != nil {
		return 0
	}
	return n
}

func (q *Queue) attributes(ctx context.Context, url string) (attributes, error) {
	ctx, cancel := context.WithTimeout(ctx, calling)
	defer cancel()
	out, err := q.client.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: &url, AttributeNames: []types.QueueAttributeName{types.QueueAttributeNameAll}})
	if err != nil {
		return nil, queueFault(ctx, "ask about", url, err)
	}
	return out.Attributes, nil
}

// Check asks SQS about all queues and tells what is wrong with how they are set up.
func (q *Queue) Check(ctx context.Context) error {
	var all error
	for _, l := range q.lanes {
		lane, err := q.attributes(ctx, l.URL)
		if err == nil {
			_, err = q.attributes(ctx, l.Dead)
		}
		if err != nil {
			all = errors.Join(all, err)
			continue
		}
		all = errors.Join(all, checkRedrive(l, lane["RedrivePolicy"]))
		if wait := lane["ReceiveMessageWaitTimeSeconds"]; len(q.lanes) > 1 && wait != "" && wait != "0" {
			all = errors.Join(all, fmt.Errorf("%w: %s has ReceiveMessageWaitTimeSeconds %s, which keeps other lanes waiting; set it to 0", asset.ErrInvalid, l.URL, wait))
		}
	}
	return all
}

// checkRedrive says whether SQS takes poison away before it can be buried with a reason,
// or never.
func checkRedrive(l *lane, policy string) error {
	var p struct {
		Count any `json:"maxReceiveCount"` // a number, or a number as text
	}
	err := json.Unmarshal([]byte(policy), &p)
	if n, bad := strconv.Atoi(fmt.Sprint(p.Count)); err != nil || bad != nil || n <= MaxReceives {
		return fmt.Errorf("%w: %s has the redrive policy %.200q; set maxReceiveCount to more than %d, 10 say: it is a net, and tells no reason", asset.ErrInvalid, l.URL, policy, MaxReceives)
	}
	return nil
}

package cloud

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// What this file makes is, like a table that CreateTable makes, for tests and trials. What
// customers rely on has keys, alarms and an owner, and comes from where those are declared.

// CreateQueues makes the queues of lanes, and those of their dead letters, unless they are
// there, and returns the lanes with their URLs.
func CreateQueues(ctx context.Context, installation string, lanes []Lane) ([]Lane, error) {
	client, err := queueClient(ctx)
	if err != nil {
		return nil, err
	}
	made := make([]Lane, len(lanes))
	for i, l := range lanes {
		made[i] = l
		if made[i].Dead, err = createQueue(ctx, client, DeadName(installation, l.Name), nil); err != nil {
			return nil, err
		}
		policy, err := redrivePolicy(ctx, client, made[i].Dead)
		if err != nil {
			return nil, err
		}
		if made[i].URL, err = createQueue(ctx, client, LaneName(installation, l.Name), map[string]string{"RedrivePolicy": policy}); err != nil {
			return nil, err
		}
	}
	return made, nil
}

func createQueue(ctx context.Context, c *sqs.Client, name string, attributes map[string]string) (string, error) {
	out, err := c.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: &name, Attributes: attributes})
	if err != nil {
		return "", queueFault(ctx, "create", name, err)
	}
	return text(out.QueueUrl), nil
}

// redrivePolicy is the net below MaxReceives.
func redrivePolicy(ctx context.Context, c *sqs.Client, dead string) (string, error) {
	name := sqstypes.QueueAttributeNameQueueArn
	out, err := c.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: &dead, AttributeNames: []sqstypes.QueueAttributeName{name}})
	if err != nil {
		return "", queueFault(ctx, "ask about", dead, err)
	}
	arn := out.Attributes[string(name)]
	return fmt.Sprintf(`{"deadLetterTargetArn":%q,"maxReceiveCount":%q}`, arn, strconv.Itoa(2*MaxReceives)), nil
}

// CreateBucket makes the store's bucket unless it is there.
func (s *Store) CreateBucket(ctx context.Context) error {
	_, err := s.client.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: &s.bucket})
	if _, there := errors.AsType[*types.BucketAlreadyOwnedByYou](err); there {
		return nil
	}
	return s.fault(ctx, "create the bucket of", "", err)
}

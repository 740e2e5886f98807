package cloud

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/plinth3d/plinth/pipeline/asset"
	"github.com/plinth3d/plinth/pipeline/doctor"
)

// surveyed are the attributes of a queue that rules read.
var surveyed = []string{"RedrivePolicy", "VisibilityTimeout", "ReceiveMessageWaitTimeSeconds", "MessageRetentionPeriod", "ApproximateNumberOfMessages", "SqsManagedSseEnabled", "KmsMasterKeyId"}

func surveyQueues(ctx context.Context, installation string, lanes []string) (all []*doctor.Resource, err error) {
	client, err := queueClient(ctx)
	if err != nil {
		return nil, err
	}
	for _, lane := range lanes {
		dead, err := surveyQueue(ctx, client, DeadName(installation, lane))
		if err != nil {
			return nil, err
		}
		q, err := surveyQueue(ctx, client, LaneName(installation, lane))
		if err != nil {
			return nil, err
		}
		q.Properties["DeadLetterQueue"] = doctor.Link{To: dead} // by its name, whatever the redrive policy says
		all = append(all, q, dead)
	}
	return all, nil
}

func surveyQueue(ctx context.Context, client *sqs.Client, name string) (*doctor.Resource, error) {
	r := seen("AWS::SQS::Queue", name, map[string]any{"QueueName": name})
	url := ""
	err := see(ctx, r, look{permission: "sqs:GetQueueUrl", properties: surveyed, ask: func(ctx context.Context) (_ map[string]any, err error) {
		url, err = queueURL(ctx, client, name)
		return nil, err
	}})
	if err != nil || url == "" {
		return r, err
	}
	return r, see(ctx, r, look{permission: "sqs:GetQueueAttributes", properties: surveyed, ask: func(ctx context.Context) (map[string]any, error) {
		out, err := client.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: &url, AttributeNames: []types.QueueAttributeName{types.QueueAttributeNameAll}})
		if err != nil {
			return nil, err
		}
		return queueProperties(out.Attributes)
	}})
}

// queueProperties are a queue's attributes as CloudFormation has them.
func queueProperties(attributes map[string]string) (map[string]any, error) {
	told := map[string]any{}
	for _, name := range surveyed {
		text, there := attributes[name]
		if !there || text == "" {
			continue
		}
		told[name] = text
		if name != "RedrivePolicy" {
			continue
		}
		var policy map[string]any
		if err := json.Unmarshal([]byte(text), &policy); err != nil {
			return nil, fmt.Errorf("%w: the redrive policy %.200q: %w", asset.ErrInvalid, text, err)
		}
		told[name] = policy
	}
	return told, nil
}

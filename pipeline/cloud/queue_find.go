package cloud

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/plinth3d/plinth/pipeline/asset"
)

// LaneName is what the queue of a lane is called in an installation.
func LaneName(installation, lane string) string { return installation + "-" + lane }

// DeadName is what the dead-letter queue of a lane is called.
func DeadName(installation, lane string) string { return LaneName(installation, lane) + "-dead" }

// FindLanes returns lanes with the URLs of their queues, which are called by LaneName and
// DeadName. A queue that isn't there is ErrInvalid.
func FindLanes(ctx context.Context, installation string, lanes []Lane) ([]Lane, error) {
	client, err := queueClient(ctx)
	if err != nil {
		return nil, err
	}
	found := make([]Lane, len(lanes))
	for i, l := range lanes {
		found[i] = l
		if found[i].URL, err = queueURL(ctx, client, LaneName(installation, l.Name)); err != nil {
			return nil, err
		}
		if found[i].Dead, err = queueURL(ctx, client, DeadName(installation, l.Name)); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// queueURL is the URL of a queue.
func queueURL(ctx context.Context, client *sqs.Client, name string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, calling)
	defer cancel()
	out, err := client.GetQueueUrl(ctx, &sqs.GetQueueUrlInput{QueueName: &name})
	if code := codeOf(err); strings.HasSuffix(code, "QueueDoesNotExist") || strings.HasSuffix(code, "NonExistentQueue") {
		return "", fmt.Errorf("%w: there is no queue %s in this account and region", asset.ErrInvalid, name)
	}
	if err != nil {
		return "", queueFault(ctx, "find", name, err)
	}
	return text(out.QueueUrl), nil
}

package cloud

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/plinth3d/plinth/pipeline/asset"
	"github.com/plinth3d/plinth/pipeline/asset/assettest"
)

// peer makes a queue on the server that the environment names, with that many lanes.
func peer(t *testing.T, lanes int) *Queue {
	t.Helper()
	cfg, err := config.LoadDefaultConfig(t.Context())
	must(t, err)
	client := sqs.NewFromConfig(cfg)
	create := func(name string, attributes map[string]string) (url, arn string) {
		name = fmt.Sprintf("plinth-test-%d-%s", time.Now().UnixNano(), name)
		out, err := client.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: &name, Attributes: attributes})
		must(t, err)
		t.Cleanup(func() {
			if _, err := client.DeleteQueue(context.WithoutCancel(t.Context()), &sqs.DeleteQueueInput{QueueUrl: out.QueueUrl}); err != nil {
				t.Error(err)
			}
		})
		told, err := client.GetQueueAttributes(t.Context(), &sqs.GetQueueAttributesInput{QueueUrl: out.QueueUrl, AttributeNames: []types.QueueAttributeName{types.QueueAttributeNameQueueArn}})
		must(t, err)
		return *out.QueueUrl, told.Attributes["QueueArn"]
	}
	c := QueueConfig{LeaseTime: time.Second, LongPoll: time.Second}
	for i := range lanes {
		name := fmt.Sprint("lane", i)
		dead, arn := create(name+"-dead", nil)
		url, _ := create(name, map[string]string{"RedrivePolicy": fmt.Sprintf(`{"deadLetterTargetArn":%q,"maxReceiveCount":"10"}`, arn)})
		c.Lanes = append(c.Lanes, Lane{Name: name, URL: url, Dead: dead, Weight: 1 + lanes - i})
	}
	q, err := OpenQueue(t.Context(), c)
	must(t, err)
	t.Cleanup(func() { must(t, q.Close()) })
	must(t, q.Check(t.Context()))
	return q
}

func needPeer(t *testing.T) {
	t.Helper()
	if os.Getenv("AWS_ENDPOINT_URL_SQS") == "" {
		t.Skip("no SQS to test against: AWS_ENDPOINT_URL_SQS is not set; .ci/peers/sqs/start starts one")
	}
}

func TestQueueOnPeer(t *testing.T) {
	needPeer(t)
	assettest.Queue(t, func(t *testing.T) asset.Queue { return peer(t, 1) })
}

func TestQueueWithLanesOnPeer(t *testing.T) {
	needPeer(t)
	assettest.Queue(t, func(t *testing.T) asset.Queue { return peer(t, 3) })
}

func TestPoisonOnPeerIsBuriedAfterFiveReceivesAndRedriven(t *testing.T) {
	needPeer(t)
	q := peer(t, 1)
	mustSend(t, q, jobOf("m", "poison"))
	for i := range MaxReceives {
		if l := mustLease(t, q); l.Job() != jobOf("m", "poison") || l.message.count != i+1 {
			t.Fatalf("got %v, receipt %d", l.Job(), l.message.count)
		}
	}
	var all []BuriedJob
	ctx := short(t, time.Minute)
	for len(all) == 0 {
		if l, err := q.Lease(short(t, 3*time.Second)); err == nil {
			t.Fatalf("got %v a sixth time", l.Job())
		}
		var err error
		all, err = q.Buried(ctx, 10)
		must(t, err)
	}
	if len(all) != 1 || all[0].Job != jobOf("m", "poison") || all[0].Code != "exhausted" || all[0].Receives != MaxReceives+1 {
		t.Errorf("buried are %+v", all)
	}
	must(t, q.Redrive(t.Context(), all[0]))
	l := mustLease(t, q)
	must(t, l.Extend(t.Context()))
	must(t, l.Done(t.Context()))
	stats, err := q.Stats(t.Context())
	must(t, err)
	if s := stats[0]; s.Waiting+s.InFlight+s.Dead != 0 || s.Buried != 1 {
		t.Errorf("the stats are %+v", s)
	}
}

// short is a context that ends soon.
func short(t *testing.T, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}
